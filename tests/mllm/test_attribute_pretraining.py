"""Pre-training by attributes teaches a tower to tell pictures apart; a resumed run gets the same tower."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_mllm import WIDTH, make_tiny
from torch import nn

from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.mllm.attribute_pretraining import (
    FILE,
    FILE_OF_NETWORK,
    AttributeTask,
    TrainingRun,
    level,
    name_pictures,
    pretrain_attributes,
    sum_losses,
)
from caig_cli.mllm.batching import TrainingPictures
from caig_cli.mllm.config import AttributePretrainingSection, TowerShape
from caig_cli.mllm.images import ImageRules, Pixels, to_tensor
from caig_cli.mllm.loading import Mllm, from_scratch, hybrid_tower, llama
from caig_cli.recipe import Recipe
from caig_cli.records import Dialogue, Turn

SIDE = 32
RULES = ImageRules(SIDE)


def _dialogue(task: str, image: str, answer: str) -> Dialogue:
    return Dialogue(f"{image}-{task}", Path(image), (Turn("human", "?"), Turn("gpt", answer)), task)


def _picture(path: Path) -> Pixels:
    """Bright stripes that run as the name tells, across or down; its number moves them."""
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    pixels[..., 3] = 255
    first = int(path.name[-1])
    if path.name.startswith("across"):
        pixels[first::8, :, :3] = pixels[first + 1 :: 8, :, :3] = 220
    else:
        pixels[:, first::8, :3] = pixels[:, first + 1 :: 8, :3] = 220
    return pixels


def _model(side: int = SIDE) -> Mllm:
    """A hybrid tower of three stages before a tiny language model."""
    torch.manual_seed(0)
    tokenizer = make_tiny().tokenizer
    shape = TowerShape(image_size=side, width=8, depths=(1, 1, 1), hidden_size=32, intermediate_size=32)
    return from_scratch(hybrid_tower(shape), llama(WIDTH, tokenizer), tokenizer, (200, 200, 200))


DIALOGUES = [_dialogue("shape", f"{way}-{n}", way) for way in ("across", "down") for n in range(4)]


def _look(out: Path, *, resume: bool = False, mix: float = 0.0) -> nn.Module:
    mllm = _model()
    section = AttributePretrainingSection(
        tasks=("shape",), steps=60, batch=8, learning_rate=3e-3, cutmix_prob=mix
    )
    with RunDir.open(out, "pretrain", Recipe(), resume=resume) as run:
        training = TrainingRun(1, 0.0, choose_device("cpu", "fp32"), run, SilentReporter())
        pretrain_attributes(mllm, DIALOGUES, TrainingPictures(RULES, opener=_picture), section, training)
    assert all(weight.requires_grad for weight in mllm.tower.parameters())
    tower: nn.Module = mllm.tower.eval()
    return tower


def test_names_are_classes_and_lists_are_many() -> None:
    dialogues = [
        _dialogue("shape", "a", "a jar"),
        _dialogue("shape", "b", "a box"),
        _dialogue("props", "b", "books, apples"),
        _dialogue("props", "c", "apples"),
        _dialogue("write", "a", "a long prompt, with a comma"),
    ]
    taught, tasks = name_pictures(dialogues, ("shape", "weather", "props"))
    assert taught == [(Path("a"), ((0,), ())), (Path("b"), ((1,), (0, 1))), (Path("c"), ((), (1,)))]
    assert tasks == [
        AttributeTask("shape", ("a jar", "a box"), several=False),
        AttributeTask("props", ("books", "apples"), several=True),
    ]


def test_losses_and_shares_of_a_choice_and_of_a_list() -> None:
    logits = torch.tensor([[2.0, 0.0], [-1.0, 3.0], [5.0, 5.0]])
    choice, several = (
        AttributeTask("shape", ("across", "down"), several=False),
        AttributeTask("props", ("books", "apples"), several=True),
    )
    answers = choice.answers([(0,), (0,), ()])  # nothing is known of the third picture
    assert answers.tolist() == [[1, 0], [1, 0], [0, 0]]
    assert choice.loss(logits, answers) == pytest.approx((np.log1p(np.exp(-2)) + np.log1p(np.exp(4))) / 2)
    assert choice.right(logits, answers) == 0.5
    answers = several.answers([(0, 1), (1,), ()])
    yes, no = (lambda x: np.log1p(np.exp(-x))), (lambda x: np.log1p(np.exp(x)))
    expected = (yes(2) + yes(0) + no(-1) + yes(3)) / 2
    assert several.loss(logits, answers) == pytest.approx(expected)
    assert several.right(logits, answers) == pytest.approx(2 / 3)  # one of two named, and the one of one


def _apart(tower: nn.Module) -> float:
    """Distance of the two names' mean pictures, in units of the spread within a name."""
    paths = [Path(f"{way}-{n}") for way in ("across", "down") for n in range(4)]
    pixels = to_tensor([_picture(path)[..., :3] for path in paths], RULES)
    with torch.no_grad():
        seen = tower(pixels, output_hidden_states=True).hidden_states[-1][:, 1:].mean(dim=1)
    across, down = seen[:4], seen[4:]
    spread = torch.cat([across - across.mean(0), down - down.mean(0)]).norm(dim=1).mean()
    return float((across.mean(0) - down.mean(0)).norm() / spread)


def test_the_tower_learns_to_tell_names_apart(tmp_path: Path) -> None:
    assert _apart(_look(tmp_path / "run")) > 3 * _apart(_model().tower.eval())


def test_it_learns_from_parts_of_pictures_too(tmp_path: Path) -> None:
    tower = _look(tmp_path / "run", mix=1.0)
    assert _apart(tower) > 1.5 * _apart(_model().tower.eval())
    alone = _look(tmp_path / "alone")
    assert any(not torch.equal(a, b) for a, b in zip(tower.parameters(), alone.parameters(), strict=True))


def test_a_picture_with_a_part_of_its_neighbour_is_named_by_both() -> None:
    choice = AttributeTask("shape", ("across", "down"), several=False)
    logits, answers = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), choice.answers([(0,), (1,)])
    own = float(choice.loss(logits, answers))
    assert float(sum_losses([(choice, logits, answers)], 1.0)) == pytest.approx(own)
    right, wrong = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    answers = choice.answers([(0,), (0,)])  # the neighbour's answer is the same, whatever its share
    assert float(sum_losses([(choice, logits, answers)], 0.3)) == pytest.approx(right)
    logits, answers = torch.tensor([[2.0, 0.0], [0.0, 2.0]]), choice.answers([(0,), (1,)])
    expected = 0.3 * right + 0.7 * wrong
    assert float(sum_losses([(choice, logits, answers)], 0.3)) == pytest.approx(expected)


def test_a_resumed_run_reads_the_tower_that_the_first_one_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _look(tmp_path / "run")
    monkeypatch.setattr(
        "caig_cli.mllm.attribute_pretraining.AttributeClassifier", None
    )  # a second training would fail
    again = _look(tmp_path / "run", resume=True)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_run_killed_between_the_two_looks_keeps_the_network(
    tmp_path: Path,
) -> None:
    first = _look(tmp_path / "run")
    (tmp_path / "run" / FILE).unlink()
    again = _look(tmp_path / "run", resume=True)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_attention_learns_on_a_network_that_stays(tmp_path: Path) -> None:
    tower, new = _look(tmp_path / "run"), _model().tower
    learnt = load_file(tmp_path / "run" / FILE_OF_NETWORK)
    for name, value in tower.embeddings.backbone.state_dict().items():
        assert torch.equal(value, learnt[name]), name
    assert not torch.equal(tower.embeddings.projection.weight, new.embeddings.projection.weight)


def test_the_same_seed_gives_the_same_tower(tmp_path: Path) -> None:
    one, two = _look(tmp_path / "one"), _look(tmp_path / "two")
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name]), name


def test_levelling_leaves_what_the_tower_has_measured(tmp_path: Path) -> None:
    mllm = _model(64)
    measured = {name: value.clone() for name, value in mllm.tower.named_buffers()}
    assert any("running_mean" in name for name in measured)
    level(
        mllm,
        DIALOGUES,
        TrainingPictures(mllm.rules, opener=lambda path: np.repeat(np.repeat(_picture(path), 2, 0), 2, 1)),
    )
    for name, value in mllm.tower.named_buffers():
        assert torch.equal(value, measured[name]), name
