"""The memory plan: what each phase of a run keeps on the device, and whether that fits. No torch.

GB are 2^30 bytes here, as on the box of a graphics card.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ValidationError

from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, leaves, replaced

GB = 1 << 30
RESERVE = GB // 2
"""What a device keeps for itself: CUDA's context and the libraries' workspaces."""
COLUMNS = ("weights", "adapters", "training", "activations", "cache", "peak")

R = TypeVar("R", bound=Recipe)


@dataclass(frozen=True, slots=True)
class Phase:
    """Bytes on the device. ``training``: gradients and the optimiser's moments; ``cache``: keys, values."""

    name: str
    weights: int = 0
    adapters: int = 0
    training: int = 0
    activations: int = 0
    cache: int = 0

    @property
    def peak(self) -> int:
        """All of it together."""
        return self.weights + self.adapters + self.training + self.activations + self.cache


def peak(phases: Iterable[Phase]) -> Phase:
    """The phase that needs most."""
    return max(phases, key=lambda phase: phase.peak)


def table(phases: Sequence[Phase]) -> list[str]:
    """The plan for people, in GB."""
    rows: list[tuple[str, ...]] = [("memory, GB", *COLUMNS)]
    rows += [(p.name, *(f"{getattr(p, c) / GB:.2f}" for c in COLUMNS)) for p in phases]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def facts(phases: Sequence[Phase]) -> dict[str, Any]:
    """The plan for programs, in bytes."""
    return {"phases": [asdict(p) | {"peak": p.peak} for p in phases], "peak": peak(phases).peak}


def parse_size(text: str) -> int:
    """``12GB`` as bytes. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(GB|GiB|MB|MiB)", text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError("expected a size such as 12GB or 900MB")
    return int(float(found[1]) * (GB if found[2][0] in "gG" else GB >> 10))


def _well_formed(text: str) -> str:
    parse_size(text)
    return text


MemorySize = Annotated[str, AfterValidator(_well_formed)]
"""A recipe value such as 12GB."""


def check(
    recipe: R,
    phases: Sequence[Phase],
    room: int,
    lean: Mapping[str, Any],
    planned: Callable[[R], Sequence[Phase]],
) -> None:
    """Refuse what does not fit into ``room`` bytes, with what each ``lean`` value of a recipe key would save.

    Raises UsageError.
    """
    need = peak(phases)
    if need.peak + RESERVE <= room:
        return
    known = dict(leaves(recipe.model_dump(mode="json")))
    saved = []
    useful: dict[str, Any] = {}
    for key, value in lean.items():
        if key in known and known[key] != value:
            try:
                less = need.peak - peak(planned(replaced(recipe, {key: value}))).peak
            except ValidationError:
                continue  # not of this recipe's kind of model
            if less > need.peak // 100:
                saved.append((less, f"{key}={_text(value)} (saves {less / GB:.1f} GB)"))
                useful[key] = value
    raise UsageError(f"{_shortage(need, room)}; {_advice(recipe, saved, useful, room, planned)}")


def _shortage(need: Phase, room: int) -> str:
    return (
        f"phase {need.name} needs {need.peak / GB:.1f} GB and {RESERVE / GB:.1f} GB for the driver, and the "
        f"device has {room / GB:.1f} GB"
    )


def _advice(
    recipe: R,
    saved: Sequence[tuple[int, str]],
    useful: Mapping[str, Any],
    room: int,
    planned: Callable[[R], Sequence[Phase]],
) -> str:
    if not saved:
        return "a smaller model is needed"
    hints = ", ".join(text for _, text in sorted(saved, reverse=True))
    least = peak(planned(replaced(recipe, useful))).peak
    verdict = "" if least + RESERVE <= room else "; even that is too much, so a smaller model is needed"
    return f"set {hints}; all of that needs {least / GB:.1f} GB{verdict}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
