"""Conversations as tensors: what is learnt, what sees what, what padding may not move."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny

from caig_cli.losses.supervised import length_weights, token_nll
from caig_cli.mllm.images import ImageRules, preprocess, square
from caig_cli.mllm.inputs import TreeRow, collate
from caig_cli.mllm.instructions import TASKS, instruction
from caig_cli.mllm.loading import Mllm, level_projector
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.records import Turn

ASK = "<image>\nWhat kind of object is this?"


@pytest.fixture(scope="module")
def tiny() -> Mllm:
    return make_tiny()


def talk(question: str, *more: str) -> tuple[Turn, ...]:
    return tuple(Turn("human" if i % 2 == 0 else "gpt", text) for i, text in enumerate((question, *more)))


def picture(seed: int) -> Image.Image:
    data = torch.randint(
        0, 255, (40, 30, 3), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )
    return Image.fromarray(data.numpy())


def rows_of(tiny: Mllm) -> tuple[list[TreeRow], torch.Tensor]:
    texts = [("bottle",), ("a mug on walnut wood",), ("can", "And where?", "on linen"), ("jar",)]
    encoder = tiny.encoder
    prefix = encoder.prefix(image=True)
    rows = [TreeRow(prefix, (encoder.branch(talk(ASK, *answer), image=True),)) for answer in texts]
    return rows, torch.cat([preprocess(picture(i), tiny.rules) for i in range(4)])


def test_only_the_models_own_words_are_learnt(tiny: Mllm) -> None:
    encoder = tiny.encoder
    branch = encoder.branch(talk(ASK, "A Bottle", "Where is it?", "on wood"), image=True)
    own = [i for i, mine in zip(branch.ids, branch.is_response, strict=True) if mine]
    end = tiny.tokenizer.eos_token_id
    assert own.count(end) == 2 and own[-1] == end
    assert encoder.decode(own[: own.index(end)]) == "a bottle"
    batch = collate([TreeRow(encoder.prefix(image=True), (branch,))], pad=0)
    assert batch.target_N.tolist() == own
    before = batch.ids_BL[batch.row_N, batch.at_N + 1]
    assert torch.equal(before, batch.target_N), "a token is predicted from the one before it"


def test_the_question_of_generation_is_the_question_of_training(tiny: Mllm) -> None:
    encoder = tiny.encoder
    for task in TASKS:
        text = instruction(task, caption="Red mug", attributes={"size": "2"}, draft="on wood")
        trained = encoder.branch(talk(f"<image>\n{text}", "x"), image=True).ids
        asked = encoder.question(text, image=True)
        assert trained[: len(asked)] == asked


def test_special_tokens_in_a_title_are_plain_text(tiny: Mllm) -> None:
    text = instruction("write", caption="mug </s> <image> <pad>")
    ids = tiny.encoder.question(text, image=True)
    assert not set(ids) & set(tiny.tokenizer.all_special_ids)


def test_batch_of_four_equals_four_of_one(tiny: Mllm) -> None:
    rows, pixels = rows_of(tiny)
    scorer = ResponseScorer(tiny)
    together = scorer(collate(rows, 0, pixels))
    alone = torch.cat([scorer(collate([row], 0, pixels[i : i + 1])) for i, row in enumerate(rows)])
    torch.testing.assert_close(together, alone, rtol=0, atol=2e-6)


def test_padding_moves_no_logit(tiny: Mllm) -> None:
    rows, pixels = rows_of(tiny)
    long = TreeRow(rows[0].prefix, (tiny.encoder.branch(talk(ASK, "wood " * 40), image=True),))
    scorer = ResponseScorer(tiny)
    plain = scorer(collate(rows[:1], 0, pixels[:1]))
    padded = scorer(collate([rows[0], long], pad=7, pixels=pixels[:2]))[: len(plain)]
    torch.testing.assert_close(padded, plain, rtol=0, atol=2e-6)


def test_conversations_that_share_an_image_do_not_see_each_other(tiny: Mllm) -> None:
    rows, pixels = rows_of(tiny)
    shared = TreeRow(rows[0].prefix, tuple(row.branches[0] for row in rows))
    scorer = ResponseScorer(tiny)
    packed = scorer(collate([shared], 0, pixels[:1]))
    separate = scorer(collate(rows, 0, pixels[:1].expand(4, -1, -1, -1)))
    torch.testing.assert_close(packed, separate, rtol=0, atol=2e-6)


def test_tree_forward_equals_the_plain_forward_of_transformers(tiny: Mllm) -> None:
    rows, pixels = rows_of(tiny)
    ours = ResponseScorer(tiny)(collate(rows[1:2], 0, pixels[1:2]))
    ids = torch.tensor([rows[1].prefix + rows[1].branches[0].ids])
    theirs = tiny.model(input_ids=ids, pixel_values=pixels[1:2]).logits[0]
    mine = torch.tensor(rows[1].branches[0].is_response)
    torch.testing.assert_close(ours, theirs[len(rows[1].prefix) - 1 : -1][mine], rtol=0, atol=2e-6)


def test_gradients_of_packed_and_separate_rows_agree(tiny: Mllm) -> None:
    rows, pixels = rows_of(tiny)
    shared = TreeRow(rows[0].prefix, tuple(row.branches[0] for row in rows))
    grads = []
    for batch in (collate([shared], 0, pixels[:1]), collate(rows, 0, pixels[:1].expand(4, -1, -1, -1))):
        tiny.model.zero_grad()
        token_nll(ResponseScorer(tiny)(batch), batch.target_N).sum().backward()
        grads.append([p.grad.clone() for p in tiny.model.parameters() if p.grad is not None])
    for packed, separate in zip(*grads, strict=True):
        torch.testing.assert_close(packed, separate, rtol=1e-4, atol=1e-5)


def test_images_enter_a_new_model_as_large_as_words() -> None:
    mllm = make_tiny()
    pixels = torch.cat([preprocess(picture(i), mllm.rules) for i in range(4)])
    with torch.no_grad():
        mllm.model.model.vision_tower.encoder.layers[-1].mlp.fc2.weight *= 100.0
    level_projector(mllm, pixels)
    options = {"vision_feature_layer": -1, "vision_feature_select_strategy": "default", "return_dict": True}
    tokens = torch.stack(list(mllm.model.model.get_image_features(pixels, **options).pooler_output))
    words = mllm.model.model.language_model.embed_tokens.weight
    torch.testing.assert_close(tokens.pow(2).mean(), words.pow(2).mean(), rtol=1e-4, atol=0)


def test_length_weights_by_hand() -> None:
    owner = torch.tensor([0, 1, 1, 1, 1])
    assert length_weights(owner, 0.0).tolist() == [1, 1, 1, 1, 1]
    assert length_weights(owner, 1.0).tolist() == [1, 0.25, 0.25, 0.25, 0.25]
    assert length_weights(owner, 0.5).tolist() == [1, 0.5, 0.5, 0.5, 0.5]


def test_instruction_is_one_form_whatever_the_title_holds() -> None:
    text = instruction(
        "write", caption="Mug\n\x00red\tTitle: x " + "y" * 500, attributes={"size\n": " 3\n cm"}
    )
    question, attributes, title = text.split("\n")
    assert question == TASKS["write"].question and attributes == "size: 3 cm"
    assert title.startswith("Title: Mug red Title: x") and len(title) <= 150
    assert instruction("write") == TASKS["write"].question


def test_a_product_fills_the_square_whatever_its_canvas() -> None:
    rules = ImageRules(32, matte=(9, 9, 9))
    small = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    small.paste((255, 0, 0, 255), (10, 12, 30, 32))
    large = Image.new("RGBA", (300, 90), (1, 2, 3, 0))
    large.paste((255, 0, 0, 255), (200, 40, 220, 60))
    one, other = (square(image, rules.size, rules.fill) for image in (small, large))
    assert (one == other).all() and one[16, 16].tolist() == [255, 0, 0, 255]
    wide = square(Image.new("RGB", (60, 20), (255, 0, 0)), 30, (9, 9, 9))
    assert wide[0, 0].tolist() == [9, 9, 9, 255] and wide[15, 15].tolist() == [255, 0, 0, 255]
