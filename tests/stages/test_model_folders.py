"""Folders of models that can't be used: each ends in one line that says what is wrong, before any work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import real_models
from gpu_check import write_data

from caig_cli.cli import run as caig

DRY = ["--dry-run"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of a model but its weights."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    return real_models.write(folder, "qwen3-vl-4b", layers=2, thin=True, small=True)


def without(*names: str) -> Callable[[Path], None]:
    def lose(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return lose


def saying(name: str, **values: Any) -> Callable[[Path], None]:
    """Other values of a JSON file; None takes one away."""

    def say(folder: Path) -> None:
        found = json.loads((folder / name).read_text()) | values
        (folder / name).write_text(json.dumps({key: v for key, v in found.items() if v is not None}))

    return say


def holding(name: str, content: str | bytes) -> Callable[[Path], None]:
    def hold(folder: Path) -> None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return hold


def adapter(**values: Any) -> Callable[[Path], None]:
    """An adapter in the model's place, on a folder that is nowhere."""
    told = {
        "peft_type": "LORA",
        "r": 4,
        "lora_alpha": 8,
        "base_model_name_or_path": "/nowhere/base",
        **values,
    }

    def make(folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "adapter_config.json").write_text(json.dumps(told))

    return make


INDEX = json.dumps({"weight_map": {"x": "model-00001-of-00002.safetensors"}})
LLAMA = json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]})
CODE = json.dumps({"model_type": "phi3_v", "auto_map": {"AutoConfig": "own.Config"}})
GGUF = "GGUF files are for other programs"
TOLD: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "no template": (without("chat_template.jinja"), "it has no chat template"),
    "a tokenizer alone": (without("config.json"), "no model here"),
    "no tokenizer": (without("tokenizer.json"), "lacks tokenizer.json"),
    "no image processor": (without("preprocessor_config.json"), "lacks preprocessor_config.json"),
    "no tower": (saying("config.json", vision_config=None), "describes no vision tower"),
    "a language model": (holding("config.json", LLAMA), "'llama' are not supported; known families"),
    "code of its own": (holding("config.json", CODE), "whose own Python code caig never runs"),
    "a broken configuration": (holding("config.json", "{"), "config.json: cannot be read"),
    "a broken tokenizer": (holding("tokenizer.json", "{}"), "its tokenizer can't be read"),
    "no picture among the words": (saying("config.json", image_token_id=7), "no token 7 for pictures"),
    "an adapter whose base is gone": (adapter(), "its base /nowhere/base is not here"),
    "an adapter of another kind": (
        adapter(peft_type="IA3", base_model_name_or_path="embedded"),
        "is an adapter of kind IA3",
    ),
}
"""What is wrong with a folder, and what the plan of a run says."""
UNREADABLE: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "no weights": (lambda _folder: None, "it lacks safetensors weights"),
    "a shard is missing": (
        holding("model.safetensors.index.json", INDEX), "lacks model-00001-of-00002.safetensors"
    ),
    "a shard is elsewhere": (
        holding("model.safetensors.index.json", INDEX.replace("model-", "../model-")),
        "'../model-00001-of-00002.safetensors' is not the name of a weight file beside it",
    ),
    "cut weights": (holding("model.safetensors", b"\x10\0\0\0\0\0\0\0{}"), "model.safetensors is damaged"),
    "GGUF": (holding("model-q4.gguf", "GGUF"), "model-q4.gguf is for other programs"),
}  # fmt: skip
"""The same of weights, which a plan can do without."""


def generate(model: Path, data: Path, *more: str) -> list[str]:
    given = ["--product", f"{data}/0.png", "--set", f"writer.model={model}", "--set", "generate.painter=fake"]
    return ["generate", *given, "--device", "cpu", *more]


def train_rm(model: Path, data: Path, *more: str) -> list[str]:
    given = ["--pairs", f"{data}/pairs.jsonl", "--base", str(model)]
    return ["train-rm", "--recipe", "consumer/12gb", *given, "--device", "cpu", *more]


def last_line(capsys: pytest.CaptureFixture[str], args: list[str]) -> str:
    assert caig(args) == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("fault", TOLD)
def test_a_plan_says_what_is_wrong(
    fault: str, whole: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, words = TOLD[fault]
    folder = Path(shutil.copytree(whole, tmp_path / "model"))
    damage(folder)
    assert words in last_line(capsys, generate(folder, data, *DRY))


@pytest.mark.parametrize("fault", UNREADABLE)
def test_weights_that_cant_be_read_end_a_run_at_once(
    fault: str, whole: Path, data: Path, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, words = UNREADABLE[fault]
    folder = Path(shutil.copytree(whole, workdir / "model"))
    damage(folder)
    assert words in last_line(capsys, generate(folder, data))
    assert words in last_line(capsys, train_rm(folder, data))
    assert {path.name for path in workdir.iterdir()} == {"model"}


def test_a_plan_warns_of_weights(
    whole: Path, data: Path, capsys: pytest.CaptureFixture[str], workdir: Path
) -> None:
    assert caig(generate(whole, data, *DRY)) == 0
    assert (
        f"prompt model {whole} (a run can't open it: it lacks safetensors weights" in capsys.readouterr().out
    )


def test_an_adapter_is_no_model_to_start_from(
    whole: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "model"))
    adapter(base_model_name_or_path=str(whole))(folder)
    assert "is an adapter, and this starts from a whole model" in last_line(
        capsys, train_rm(folder, data, *DRY)
    )


def test_pictures_of_another_size_than_the_towers(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = real_models.write(tmp_path / "model", "llava-1.5-7b", layers=2, thin=True, small=True)
    side = {"height": 56, "width": 56}
    saying("preprocessor_config.json", size=side, crop_size=side)(folder)
    assert "it makes pictures of 56 pixels, and the tower takes 84" in last_line(
        capsys, generate(folder, data, *DRY)
    )


@pytest.mark.parametrize("name", ["model-q4.gguf", "folder"])
def test_gguf_is_named(name: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "model-q4.gguf", tmp_path / "folder" / "model-q4.gguf"):
        path.write_bytes(b"GGUF")
    assert GGUF in last_line(capsys, generate(tmp_path / name, data, *DRY))
