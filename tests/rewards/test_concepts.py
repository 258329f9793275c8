"""Names and judgements are learnt from features: a judgement follows from names, and never bends them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.mllm.attribute_pretraining import AttributeTask, TrainingRun
from caig_cli.recipe import Recipe
from caig_cli.rewards import concept_training, concepts
from caig_cli.rewards.concepts import GAIN, ConceptBottleneck, open_concepts

COLOUR, THING = (
    AttributeTask("colour", ("red", "blue"), several=False),
    AttributeTask("thing", ("cup", "jar"), several=False),
)
MATCH = AttributeTask("match", ("no", "yes"), several=False)


def _pictures(count: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Features with noise, and answers: a red jar and a blue cup match, which no linear layer can say."""
    generator = torch.Generator().manual_seed(0)
    colour, thing = (torch.randint(2, (count,), generator=generator) for _ in range(2))
    seen = torch.stack([colour, thing, colour + thing], dim=1).float()
    seen += 0.1 * torch.randn(seen.shape, generator=generator)
    one_hot = torch.nn.functional.one_hot
    answers = {"colour": colour, "thing": thing, "match": (colour != thing).long()}
    return seen, {name: one_hot(answer, 2).float() for name, answer in answers.items()}


def _taught(folder: Path, *tasks: AttributeTask, auxiliary: tuple[str, ...] = ()) -> ConceptBottleneck:
    torch.manual_seed(1)
    seen, answers = _pictures(600)
    concepts = ConceptBottleneck(3, tasks, auxiliary)
    with RunDir.open(folder, "train-rm", Recipe()) as run:
        training = TrainingRun(0, 0.0, choose_device("cpu", "fp32"), run, SilentReporter())
        concept_training._teach(concepts, seen, [answers[task.name] for task in concepts.tasks], training)
    return concepts.requires_grad_(False).eval()


def test_a_judgement_follows_from_names_together(tmp_path: Path) -> None:
    concepts = _taught(tmp_path / "run", MATCH, COLOUR, THING)
    assert [task.name for task in concepts.tasks] == ["colour", "thing", "match"] and concepts.width == 6
    seen, answers = _pictures(600)
    chances = (concepts(seen) / GAIN).split(2, dim=1)
    for task, chance in zip(concepts.tasks, chances, strict=True):
        assert torch.allclose(chance.sum(1), torch.ones(len(seen)), atol=1e-5)
        right = (chance.argmax(1) == answers[task.name].argmax(1)).float().mean()
        assert right > 0.97, task.name


def test_names_are_not_bent_to_what_is_judged_by_them(tmp_path: Path) -> None:
    alone, judging = _taught(tmp_path / "a", COLOUR, THING), _taught(tmp_path / "b", COLOUR, THING, MATCH)
    for one, other in zip(alone.layers.parameters(), judging.layers.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_aside_is_read_by_judgements_alone(tmp_path: Path) -> None:
    concepts = _taught(tmp_path / "run", MATCH, COLOUR, THING, auxiliary=("thing",))
    assert [task.name for task in concepts.tasks] == ["thing", "colour", "match"] and concepts.width == 4
    seen, answers = _pictures(600)
    colour, match = (concepts(seen) / GAIN).split(2, dim=1)
    assert (colour.argmax(1) == answers["colour"].argmax(1)).float().mean() > 0.97
    assert (match.argmax(1) == answers["match"].argmax(1)).float().mean() > 0.97


def test_a_judgement_alone_is_read_off_features(tmp_path: Path) -> None:
    concepts = _taught(tmp_path / "run", MATCH)
    assert len(concepts.layers) == 1 and not concepts.judgements and concepts.width == 2
    assert concepts(_pictures(4)[0]).shape == (4, 2)


def test_settings_make_the_same_layers_again(tmp_path: Path) -> None:
    concepts = _taught(tmp_path / "run", MATCH, COLOUR, auxiliary=("colour",))
    again = open_concepts(3, concepts.settings)
    again.load_state_dict(concepts.state_dict())
    seen, _ = _pictures(5)
    assert torch.equal(again(seen), concepts(seen))


@pytest.mark.parametrize("answers", [("yes", "no"), ("no",)])
def test_what_is_answered_with_yes_or_no_is_a_judgement(answers: tuple[str, ...]) -> None:
    assert concepts.is_judgement(AttributeTask("match", answers, several=False))
    assert not concepts.is_judgement(COLOUR)
