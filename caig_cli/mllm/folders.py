"""Where the files of a prompt model are. No torch: plans and checks of inputs come by here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from caig_cli.engine import hub_name, sources
from caig_cli.errors import UsageError

EMBEDDED = hub_name.EMBEDDED
EMBEDDED_FOLDER = Path(__file__).parents[1] / "embedded" / "prompt-model"


def find_base(adapter: Path, name: str, find: Callable[[str], Path] | None = None) -> Path:
    """The folder of the model that an adapter's folder stands on by ``name``.

    Raises UsageError where there is none.
    """
    try:
        return (find or locate)(name)
    except UsageError:
        if hub_name.HubName.parse(name) is not None:
            raise
        raise UsageError(
            f"{adapter}: its base {name} is not here; name its folder or its hub name as "
            "base_model_name_or_path in adapter_config.json"
        ) from None


def check_whole(source: str) -> None:
    """Raises UsageError where a model to start from is an adapter, or is not here."""
    if (locate(source) / "adapter_config.json").is_file():
        raise UsageError(
            f"{source}: is an adapter, and this starts from a whole model; caig merge {source} OUT makes one"
        )


def locate(source: str) -> Path:
    """The folder of ``embedded``, a path or a hub name, fetched if need be. Raises UsageError without one."""
    folder = EMBEDDED_FOLDER if source == EMBEDDED else sources.locate(source)
    if not any((folder / name).is_file() for name in ("config.json", "adapter_config.json")):
        if source == EMBEDDED:
            raise UsageError("the embedded prompt model is missing from this installation")
        gguf = folder.suffix == ".gguf" or (folder.is_dir() and any(folder.glob("*.gguf")))
        more = "; GGUF files are for other programs: take the same model as a folder" if gguf else ""
        raise UsageError(f"{source}: no model here (expected a folder with config.json){more}")
    return folder


def check_folder(folder: Path) -> None:
    """``families.check_folder``, which loads torch, only where there is a configuration to look at."""
    if (folder / "config.json").is_file():
        from caig_cli.mllm import families

        families.check_folder(folder)
