"""Every family's shared prefix: trees equal the model's own forwards, answers its own next words."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_families import FAMILIES, as_given, make_checkpoint, plain_inputs, plain_logits

from caig_cli.engine.report import SilentReporter
from caig_cli.losses.objective import Objective
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import loading
from caig_cli.mllm.images import Pixels, flatten, size_of
from caig_cli.mllm.inputs import TreeRow
from caig_cli.mllm.instructions import instruction
from caig_cli.mllm.loading import Mllm, add_lora
from caig_cli.mllm.prompt_model import PromptModel, Sampler
from caig_cli.mllm.sampling import QuestionPictures, sample_many
from caig_cli.mllm.scoring import ResponseScorer, response_logps, why_no_tree
from caig_cli.pcpo.negatives import Negative
from caig_cli.pcpo.preference_batches import PackedRow, PreferenceSet, PromptTemplate, preference_step
from caig_cli.pcpo.preference_config import NegativesSection
from caig_cli.records import Preference, Product

REPORT = SilentReporter()
SHAPES = ((40, 70), (90, 30), (50, 50))
REPLIES = (
    ("walnut wood and soft window light", "walnut wood"),
    ("a linen cloth", "a linen cloth on walnut wood by the window"),
    ("soft light on linen", "soft light on walnut wood, a bottle"),
)
MIXED = [Negative("caption", 1, 1), Negative("mask", 2), Negative("image", 3, 0)]


def preferences() -> list[Preference]:
    titles = ("red mug", "walnut jar", "linen can with a long title")
    return [
        Preference(f"p{n}", Product(str(n), Path(f"{n}.png"), title), *REPLIES[n], p_chosen=0.7)
        for n, title in enumerate(titles)
    ]


@pytest.fixture(scope="module", params=FAMILIES)
def adapted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Mllm, Path]:
    """A model with adapters that are not at zero, and its folder."""
    folder = make_checkpoint(tmp_path_factory.mktemp(request.param), request.param)
    mllm = loading.load(str(folder), device=torch.device("cpu"), dtype=torch.float32)
    mllm = add_lora(mllm, str(folder), rank=4, alpha=8, dropout=0.0)
    torch.manual_seed(1)
    for name, weight in mllm.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    mllm.model.eval()
    return mllm, folder


def make_set(mllm: Mllm) -> PreferenceSet:
    def picture(product: Product) -> Pixels:
        height, width = SHAPES[int(product.id)]
        levels = np.random.default_rng(height).integers(0, 255, (height, width, 4), np.uint8)
        levels[..., 3] = 255
        return mllm.rules.frame(Image.fromarray(levels))

    asking = PromptTemplate(lambda product: instruction("write", caption=product.caption), picture)
    made = PreferenceSet(mllm, preferences(), MIXED, NegativesSection(mask_patch=8), asking)
    made.look(REPORT)
    return made


def apart(mllm: Mllm, folder: Path, made: PreferenceSet) -> list[torch.Tensor]:
    """Each conversation by transformers' own forward from pixels: log-probabilities of its response."""
    out = []
    for number, branch in made.talks:
        view = made.view(*made.shown[number])
        prefix = mllm.encoder.prefix(image=True, size=size_of(view))
        ids = torch.tensor(prefix + branch.ids)
        inputs = plain_inputs(mllm.family.name, folder, view)
        if mllm.core.dtype == torch.float64:  # theirs differ from ours in the last bit of float32
            inputs["pixel_values"] = as_given(mllm.rules.tensor([view]), inputs["pixel_values"])
        logits = plain_logits(mllm, ids.tolist(), inputs)
        own = torch.tensor([False] * len(prefix) + list(branch.is_response))
        out.append(logits[:-1].log_softmax(-1).gather(1, ids[1:, None])[:, 0][own[1:]])
    return out


def packed(mllm: Mllm, made: PreferenceSet) -> list[torch.Tensor]:
    """The same of all rows of the set in as few passes as it makes."""
    passes, talks = made.passes([row for product in made.rows for row in product])
    tokens = [
        each
        for batch in passes
        for each in token_logps(ResponseScorer(mllm)(batch), batch.target_N).split(
            batch.branch_N.bincount().tolist()
        )
    ]
    return [tokens[talks.index(number)] for number in range(len(talks))]


def test_trees_equal_the_models_own_forward(adapted: tuple[Mllm, Path]) -> None:
    mllm, folder = adapted
    assert why_no_tree(mllm) is None
    made = make_set(mllm)
    assert [len(row.talks) for row in made.rows[0]] == [3] and len(made.rows[1]) == 2
    with torch.no_grad():
        for mine, theirs in zip(packed(mllm, made), apart(mllm, folder, made), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=0, atol=2e-5)


def test_in_float64_the_difference_is_rounding(adapted: tuple[Mllm, Path]) -> None:
    """Rotary angles stay float32 in transformers: the same in both ways."""
    mllm, folder = copy.deepcopy(adapted[0]), adapted[1]
    mllm.model.double()
    made = make_set(mllm)
    with torch.no_grad():
        for mine, theirs in zip(packed(mllm, made), apart(mllm, folder, made), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_gradients_are_those_of_replies_alone(adapted: tuple[Mllm, Path]) -> None:
    mllm, _ = adapted
    made = make_set(mllm)
    step = preference_step(Objective(), torch.device("cpu"))
    grads = []
    for rows in (made.rows, split(made)):
        mllm.model.zero_grad()
        made.rows = rows
        step(ResponseScorer(mllm), made.collate(range(3))).loss_sum.backward()
        grads.append({n: p.grad.clone() for n, p in mllm.model.named_parameters() if p.grad is not None})
    assert len(grads[0]) == 28, "seven linear layers of two blocks, two matrices each"
    for name, grad in grads[0].items():
        largest = grads[1][name].abs().max()
        torch.testing.assert_close(grad / largest, grads[1][name] / largest, rtol=1e-4, atol=1e-4)


def split(made: PreferenceSet) -> list[list[PackedRow]]:
    """The same set with every conversation in a row of its own."""
    return [
        [
            replace(row, row=TreeRow(row.row.prefix, (branch,), places=row.row.places), talks=(talk,))
            for row in product
            for branch, talk in zip(row.row.branches, row.talks, strict=True)
        ]
        for product in made.rows
    ]


def test_a_frozen_tower_is_as_good_as_pixels_with_checkpoints(adapted: tuple[Mllm, Path]) -> None:
    mllm = copy.deepcopy(adapted[0])
    made, scorer = make_set(mllm), ResponseScorer(mllm).train()
    (batch, *_), _ = made.passes(made.rows[2][:1])
    views = [made.view(*made.shown[row.picture]) for row in made.rows[2][:1]]
    batches = [batch, replace(batch, patches=None, pixels=mllm.rules.tensor(views))]
    grads = []
    for one in batches:
        mllm.model.zero_grad()
        response_logps(scorer, [one])[0].sum().backward()
        grads.append(torch.cat([p.grad.flatten() for p in mllm.model.parameters() if p.grad is not None]))
        scorer.gradient_checkpointing_enable()
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-3, atol=1e-5)


def test_answers_from_one_prefill_are_the_models_next_words(adapted: tuple[Mllm, Path]) -> None:
    """Greedy, in one batch of questions and pictures of unlike lengths, against the plain forward."""
    mllm, folder = adapted
    made, encoder = make_set(mllm), mllm.encoder
    views = [flatten(made.asking.picture(p.product), mllm.rules.fill) for p in preferences()]
    sizes = tuple(map(size_of, views))
    texts = ("Write", "Write a prompt about a red mug", "What is it?")
    rows = [encoder.asked(text, size) for text, size in zip(texts, sizes, strict=True)]
    forbidden = PromptModel(mllm, "tiny")._forbidden()
    sampled = sample_many(
        mllm.core, rows, QuestionPictures(mllm.rules.tensor(views), sizes), seeds=[[1, 2]] * 3,
            end=encoder.end,
        forbidden=forbidden, max_new_tokens=6, temperature=0,
    )  # fmt: skip
    for row, view, answers in zip(rows, views, sampled, strict=True):
        assert answers[0] == answers[1]
        ids = [*row.prefix, *answers[0]]
        with torch.no_grad():
            logits = plain_logits(mllm, ids, plain_inputs(mllm.family.name, folder, view))
        logits[:, forbidden] = -torch.inf
        best = logits.argmax(-1)[len(row.prefix) - 1 :].tolist()
        assert best[: len(answers[0])] == answers[0]
        assert len(answers[0]) == 6 or best[len(answers[0])] == encoder.end


def test_an_answer_depends_on_its_seed_alone(adapted: tuple[Mllm, Path]) -> None:
    model = PromptModel(adapted[0], "tiny")
    pictures = [Image.new("RGB", (70, 40), "red"), Image.new("RGB", (30, 60), "blue")]
    how = Sampler(max_new_tokens=8)
    together = model.write_many(pictures, ["a", "b c d"], seeds=[[5, 6], [7]], sampler=how)
    alone = [model.write_prompts(pictures[0], "a", seeds=[s], max_new_tokens=8)[0] for s in (5, 6)]
    assert together[0] == alone and alone[0] != alone[1]
    assert together[1] == model.write_prompts(pictures[1], "b c d", seeds=[7], max_new_tokens=8)
