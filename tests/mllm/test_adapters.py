"""Adapters are read whole or not at all, and others can open them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from test_pcpo import make_parts, recipe_for, run
from tiny_families import make_checkpoint

from caig_cli import cli
from caig_cli.errors import UsageError
from caig_cli.mllm import loading
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.prompt_model import PromptModel, question_for
from caig_cli.mllm.questions import PromptQuestion

CPU: dict[str, Any] = {"device": torch.device("cpu"), "dtype": torch.float32}
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base and an adapter on it that says something."""
    folder = tmp_path_factory.mktemp("made")
    base = make_checkpoint(folder / "base", "llava")
    mllm = loading.add_lora(loading.load(str(base), **CPU), str(base), rank=2, alpha=4, dropout=0)
    torch.manual_seed(1)
    for name, weight in mllm.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.2)
    mllm.save(folder / "adapter", torch.float32)
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def edit(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    path = folder / "adapter" / "adapter_model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def half(weights: Tensors) -> Tensors:
    return dict(list(weights.items())[::2])


def renamed(weights: Tensors) -> Tensors:
    return {name.replace("language_model.", ""): tensor for name, tensor in weights.items()}


def broken(weights: Tensors) -> Tensors:
    first = next(name for name, tensor in weights.items() if tensor.is_floating_point())
    return weights | {first: torch.full_like(weights[first], torch.inf)}


def wider(weights: Tensors) -> Tensors:
    return {name: torch.cat([t, t]) if "lora_A" in name else t for name, t in weights.items()}


def config(folder: Path, **values: Any) -> None:
    path = folder / "adapter" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def cut(folder: Path) -> None:
    path = folder / "adapter" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def other_weights(folder: Path) -> None:
    shutil.rmtree(folder / "base")
    make_checkpoint(folder / "base", "llava", seed=1)


def other_family(folder: Path) -> None:
    shutil.rmtree(folder / "base")
    make_checkpoint(folder / "base", "smolvlm")
    (folder / "adapter" / "base.json").unlink()


def other_words(folder: Path) -> None:
    path = folder / "base" / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    first, last = (next(iter(tokenizer["model"]["vocab"])), list(tokenizer["model"]["vocab"])[-1])
    vocab = tokenizer["model"]["vocab"]
    vocab[first], vocab[last] = vocab[last], vocab[first]
    path.write_text(json.dumps(tokenizer))


def listed(folder: Path) -> None:
    (folder / "adapter" / "adapter_config.json").write_text("[1]")


def beside(folder: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(folder / "base" / name, folder / "adapter" / name)


def whole(weights: Tensors) -> Tensors:
    return {name: (tensor * 10).to(torch.int8) for name, tensor in weights.items()}


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "half of it": (lambda f: edit(f, half), r"adapter: lacks base_model\S+, .* more; the adapter is damaged"),
    "another prefix": (lambda f: edit(f, renamed), r"lacks .*has unknown base_model"),
    "not finite": (lambda f: edit(f, broken), r"lora_A.weight not finite"),
    "another shape": (lambda f: edit(f, wider), "does not fit its base|should be"),
    "cut short": (cut, "is damaged"),
    "no weights": (lambda f: (f / "adapter" / "adapter_model.safetensors").unlink(), "missing; copy the"),
    "another kind": (lambda f: config(f, peft_type="IA3"), "kind IA3; caig reads LoRA"),
    "other weights": (other_weights, "trained on other weights of its base"),
    "another tokenizer": (other_words, "other words than those of the tokenizer"),
    "a model beside it": (beside, "holds an adapter and a whole model"),
    "no object": (listed, "does not hold an object"),
    "whole numbers": (lambda f: edit(f, whole), "are no fractions"),
    "fewer layers": (lambda f: config(f, target_modules="nothing"), "does not fit its base"),
    "another rank": (lambda f: config(f, r=3), "does not fit its base|should be"),
    "another family": (other_family, "does not fit its base"),
    "no base": (lambda f: shutil.rmtree(f / "base"), r"its base \./base is not here; name its folder"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_adapter_is_refused(copy: Path, kind: str) -> None:
    damage, told = DAMAGE[kind]
    damage(copy)
    with pytest.raises(UsageError, match=told) as caught:
        loading.load(str(copy / "adapter"), **CPU)
    assert "\n" not in str(caught.value)


def test_whole_models_without_some_weights_are_refused(copy: Path) -> None:
    path = copy / "base" / "model.safetensors"
    weights = load_file(path)
    del weights["lm_head.weight" if "lm_head.weight" in weights else "language_model.lm_head.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(UsageError, match=r"lacks the weights lm_head\.weight; copy"):
        loading.load(str(copy / "base"), **CPU)


def test_its_folder_names_no_path_and_is_found_from_anywhere(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole tree may move: the base is looked for around the adapter."""
    texts = [path.read_text() for path in (copy / "adapter").glob("*") if path.suffix in (".json", ".md")]
    assert not any("/tmp" in text or str(Path.cwd()) in text for text in texts)
    assert json.loads((copy / "adapter" / "adapter_config.json").read_text())["task_type"] is None
    (copy / "elsewhere").mkdir()
    monkeypatch.chdir(copy / "elsewhere")
    mllm = loading.load("../adapter", **CPU)
    assert Path(loading.base_name(mllm)).resolve() == (copy / "base").resolve()


def logits(mllm: Mllm | Any) -> torch.Tensor:
    model = getattr(mllm, "model", mllm)
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=torch.tensor([[1, 5, 9, 30]])).logits
    return found


def test_peft_opens_it_by_itself(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from peft import AutoPeftModel

    monkeypatch.chdir(copy)
    ours = loading.load("adapter", **CPU)
    assert torch.equal(logits(AutoPeftModel.from_pretrained("adapter").eval()), logits(ours))


def test_merge_makes_a_model_that_says_the_same(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = copy / "merged"
    config_path = copy / "adapter" / "prompt_model.json"
    config_path.write_text(json.dumps({"question": "What suits {caption} best?"}))
    given = ["merge", str(copy / "adapter"), str(out), "--dtype", "fp32"]
    assert cli.run([*given, "--dry-run"]) == 0 and not out.exists()
    assert cli.run(given) == 0
    merged = loading.load(str(out), **CPU)
    assert merged.model is merged.core
    torch.testing.assert_close(logits(merged), logits(loading.load(str(copy / "adapter"), **CPU)))
    assert question_for(str(out)) == PromptQuestion("What suits {caption} best?")
    capsys.readouterr()
    assert cli.run(given) == 2 and "replace it with --overwrite" in capsys.readouterr().err
    assert cli.run([*given, "--overwrite"]) == 0
    assert cli.run(["merge", str(out), str(copy / "again")]) == 2
    assert "is no adapter but a whole model" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The parts and the run folder of a ``caig pcpo`` that merges at the end."""
    parts = make_parts(tmp_path_factory.mktemp("parts"))
    out = tmp_path_factory.mktemp("tuned") / "run"
    run(recipe_for(parts, pcpo={"rounds": 1, "merge": "fp32"}), out)
    return parts, out


def program(card: Path) -> str:
    return re.findall(r"```python\n(.*?)```", card.read_text(), re.DOTALL)[0]


def test_the_card_of_pcpo_says_how_to_use_it(
    tuned: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The lines of the card run as they stand, with transformers and PEFT alone, beside the base."""
    parts, out = tuned
    card = (out / "adapter" / "README.md").read_text()
    assert "## Rounds" in card and "win_rate" in card and "round 1" in card and "caig pcpo" in card
    for text in (card, (out / "adapter" / "adapter_config.json").read_text()):
        assert str(parts) not in text and "/tmp" not in text and "More Information Needed" not in text
    shutil.copytree(out / "adapter", tmp_path / "adapter")
    shutil.copytree(parts / "base", tmp_path / "adapter" / "base")
    monkeypatch.chdir(tmp_path / "adapter")
    Image.new("RGB", (40, 40), "red").save("mug.png")
    exec(compile(program(Path("README.md")), "README.md", "exec"), {})
    assert len(capsys.readouterr().out) > 4, "it wrote something"


def test_a_run_is_accepted_where_its_model_is_meant(tuned: tuple[Path, Path]) -> None:
    _, out = tuned
    assert loading.locate(str(out)) == out / "adapter", "what the run was for"
    mllm = loading.load(str(out), **CPU)
    torch.testing.assert_close(logits(mllm), logits(loading.load(str(out / "model"), **CPU)))
    assert question_for(str(out)) == PromptQuestion("own")


def test_a_reward_model_writes_no_prompts(
    tuned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caig_cli.engine.runtime import choose_device

    parts, _ = tuned
    with pytest.raises(UsageError, match="judge: this is a reward model, which judges ads"):
        PromptModel.load(str(parts / "judge"), choose_device("cpu"))
    with pytest.raises(UsageError, match="this is a reward model"):
        run(recipe_for(parts, policy={"base": str(parts / "judge")}), tmp_path / "run")
    with pytest.raises(UsageError, match="this is a reward model"):
        question_for("caig_cli/embedded/reward-model")


def test_a_damaged_reward_model_is_refused(tuned: tuple[Path, Path], tmp_path: Path) -> None:
    from caig_cli.engine.runtime import choose_device
    from caig_cli.rewards.judge import TrainedJudge

    parts, _ = tuned
    for name, file in (("judge", "heads.safetensors"), ("other", "weights.safetensors")):
        shutil.copytree(parts / name, tmp_path / name)
        if name == "judge":
            shutil.copytree(parts / "base", tmp_path / "base")
        TrainedJudge.load(str(tmp_path / name), choose_device("cpu"))
        path = tmp_path / name / file
        weights = load_file(path)
        save_file(broken(weights), path)
        with pytest.raises(UsageError, match="not finite"):
            TrainedJudge.load(str(tmp_path / name), choose_device("cpu"))
        save_file(dict(list(weights.items())[1:]), path)
        with pytest.raises(UsageError, match=r"lacks .*damaged or of another model"):
            TrainedJudge.load(str(tmp_path / name), choose_device("cpu"))


def test_a_plain_adapter_is_applied_as_peft_merges_it(made: Path, copy: Path) -> None:
    """Bit by bit; what is richer, or does not fit, is PEFT's business."""
    alone = loading.load_to_judge(str(made / "adapter"), **CPU)
    assert alone.model is alone.core, "no adapter is left"
    whole = loading.load(str(made / "adapter"), **CPU)
    whole.model.merge_adapter()
    own = whole.core.state_dict()
    merged = {name.replace(".base_layer", ""): t for name, t in own.items() if "lora_" not in name}
    assert all(torch.equal(t, merged[name]) for name, t in alone.core.state_dict().items())
    layer = next(name for name in merged if "language_model" in name and "q_proj.weight" in name)
    bare = loading.load(str(made / "base"), **CPU)
    assert not torch.equal(alone.core.state_dict()[layer], bare.core.state_dict()[layer])
    config = copy / "adapter/adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"use_rslora": True}))
    assert loading.load_to_judge(str(copy / "adapter"), **CPU).model is not alone.core, "by PEFT"
    edit(copy, half)
    with pytest.raises(UsageError, match="lacks"):
        loading.load_to_judge(str(copy / "adapter"), **CPU)
