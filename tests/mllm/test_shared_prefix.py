"""A product's replies as one tree: the same numbers and gradients as every reply computed on its own."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_mllm import make_tiny

from caig_cli.engine.report import SilentReporter
from caig_cli.engine.runtime import choose_device
from caig_cli.engine.stream import Stream
from caig_cli.losses.objective import Objective
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import loading, packing
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.images import Pixels, to_tensor
from caig_cli.mllm.inputs import Branch, TreeRow, collate
from caig_cli.mllm.instructions import instruction
from caig_cli.mllm.loading import Mllm, add_lora
from caig_cli.mllm.packing import Cost, group_by_length, pack
from caig_cli.mllm.scoring import ResponseScorer, response_logps, why_no_tree
from caig_cli.pcpo.negatives import Negative
from caig_cli.pcpo.policy import START, make_policy, save_policy, starting_state
from caig_cli.pcpo.preference_batches import (
    BatchSizes,
    PackedRow,
    PreferenceSet,
    PromptTemplate,
    preference_step,
)
from caig_cli.pcpo.preference_config import NegativesSection
from caig_cli.records import Preference, Product

REPORT = SilentReporter()
SIZES = BatchSizes(products=8, tokens=10_000)
TITLES = ("red mug", "walnut jar", "soft linen can with a long title", "bottle")
PROMPTS = (
    ("walnut wood and soft window light", "walnut wood"),
    ("a linen cloth", "a linen cloth on walnut wood by the window with a bottle and a jar and a can"),
    ("window", "carton"),
    ("soft light on linen", "soft light on walnut wood, a bottle"),
)


def ask(product: Product) -> str:
    return instruction("write", caption=product.caption)


def picture(product: Product) -> Pixels:
    return np.random.default_rng(len(product.id)).integers(0, 255, (32, 32, 4), dtype=np.uint8)


def preferences() -> list[Preference]:
    return [
        Preference(f"p{n}", Product("x" * (n + 1), Path(f"{n}.png"), title), *texts, p_chosen=0.6 + n / 10)
        for n, (title, texts) in enumerate(zip(TITLES, PROMPTS, strict=True))
    ]


MIXED = [Negative("caption", 1, 1), Negative("mask", 2), Negative("image", 3, 0), Negative("caption", 4, 2)]


def make_set(mllm: Mllm, negatives: list[Negative] = MIXED) -> PreferenceSet:
    made = PreferenceSet(mllm, preferences(), negatives, NegativesSection(), PromptTemplate(ask, picture))
    made.look(REPORT)
    return made


@pytest.fixture(scope="module")
def tiny() -> Mllm:
    """A tiny model whose adapters are not at zero, so that they matter."""
    mllm = add_lora(make_tiny(), "base", rank=4, alpha=8, dropout=0.0)
    torch.manual_seed(1)
    for name, weight in mllm.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    mllm.core.model.vision_tower.requires_grad_(False)
    mllm.model.eval()
    return mllm


def apart(tiny: Mllm, made: PreferenceSet) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each conversation by transformers' own forward, alone: its response's log-probabilities and sum."""
    out = []
    for (picture_number, branch), number in made.talks.items():
        assert number == len(out)
        ids = torch.tensor([tiny.encoder.prefix(image=True) + branch.ids])
        shown = made.view(*made.shown[picture_number])
        pixels = to_tensor([shown], tiny.rules)
        logits = tiny.core(input_ids=ids, pixel_values=pixels.to(tiny.core.dtype)).logits[0]
        own = torch.tensor([False] * len(tiny.encoder.prefix(image=True)) + list(branch.is_response))
        precise = logits if logits.dtype == torch.float64 else logits.float()
        logps = precise[:-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0][own[1:]]
        out.append((logps, logps.sum()))
    return out


def packed(tiny: Mllm, made: PreferenceSet) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Sums [M] of all conversations of the set, and the log-probabilities of each one's tokens."""
    rows = [row for product in made.rows for row in product]
    passes, talks = made.passes(rows)
    scorer = ResponseScorer(tiny)
    sums_D, length_D = response_logps(scorer, passes)
    tokens = [
        list(token_logps(scorer(batch), batch.target_N).split(batch.branch_N.bincount().tolist()))
        for batch in passes
    ]
    flat = [each for batch in tokens for each in batch]
    assert [len(each) for each in flat] == length_D.tolist()
    order = sorted(range(len(talks)), key=talks.__getitem__)
    return sums_D[order], [flat[place] for place in order]


def close(one: torch.Tensor, other: torch.Tensor, rtol: float, atol: float) -> None:
    torch.testing.assert_close(one, other, rtol=rtol, atol=atol)


def test_a_tree_is_laid_out_by_hand() -> None:
    """<s> img | q t a </s> | b </s> | u a </s>: chosen, another title, rejected, in the file's order."""
    chosen = Branch((5, 6, 7, 2), (False, False, True, True))
    other = Branch((5, 9, 7, 2), (False, False, True, True))
    rejected = Branch((5, 6, 8, 2), (False, False, True, True))
    row = TreeRow((1, 3), (chosen, other, rejected), merged=True)
    batch = collate([row], pad=0)
    assert len(row) == 11
    assert batch.ids_BL.tolist() == [[1, 3, 5, 6, 7, 2, 8, 2, 9, 7, 2]]
    assert batch.position.tolist() == [[0, 1, 2, 3, 4, 5, 4, 5, 3, 4, 5]]
    assert batch.target_N.tolist() == [7, 2, 7, 2, 8, 2]
    assert batch.at_N.tolist() == [3, 4, 8, 9, 3, 6]
    assert batch.branch_N.tolist() == [0, 0, 1, 1, 2, 2]
    seen = (batch.mask_B1LL[0, 0] == 0).int().tolist()
    assert seen[7] == [1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0], "the end of the rejected reply"
    assert seen[10] == [1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1], "the end of the reply to another title"


def test_replies_share_all_they_begin_with(tiny: Mllm) -> None:
    made = make_set(tiny)
    caption, mask = made.rows[0], made.rows[1]
    assert [len(row.talks) for row in caption] == [3] and [len(row.talks) for row in mask] == [2, 1]
    talks = list(made.talks)
    chosen, rejected, negative = (talks[number][1].ids for number in made.replies[0])
    together = len(tiny.encoder.prefix(image=True)) + len(chosen) + len(rejected) + len(negative)
    question = tiny.encoder.question(ask(made.preferences[0].product), image=True)
    until_title = tiny.encoder.question("Write a background prompt for this product.\nTitle:", image=True)
    saved = together - len(caption[0].row)
    assert saved >= len(question) + len(until_title) - 2, (
        "the answer mark after the short question counts not"
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_to_replies_alone(tiny: Mllm, dtype: torch.dtype) -> None:
    mllm = copy.deepcopy(tiny)
    mllm.model.to(dtype)
    made = make_set(mllm)
    assert any(len(batch.ids_BL) > 1 and not batch.real.all() for batch in made.passes(all_rows(made))[0])
    with torch.no_grad():
        sums, tokens = packed(mllm, made)
        expected = apart(mllm, made)
    per_token = 2e-5 if dtype == torch.float32 else 1e-10
    for mine, (theirs, _) in zip(tokens, expected, strict=True):
        close(mine, theirs, rtol=0, atol=per_token)
    close(sums, torch.stack([total for _, total in expected]), rtol=1e-6, atol=0)


def all_rows(made: PreferenceSet) -> list[PackedRow]:
    return [row for product in made.rows for row in product]


def test_bfloat16_stays_near_float32(tiny: Mllm) -> None:
    """bfloat16 keeps 8 bits: 0.02 nats per token is what rounding does, whichever way is computed."""
    low = copy.deepcopy(tiny)
    low.model.to(torch.bfloat16)
    with torch.no_grad():
        sums, tokens = packed(low, make_set(low))
        exact, _ = packed(tiny, make_set(tiny))
        alone = torch.stack([total for _, total in apart(low, make_set(low))])
    lengths = torch.tensor([len(each) for each in tokens])
    assert ((sums - exact).abs() / lengths).max() < 0.02
    assert ((sums - alone).abs() / lengths).max() < 0.02


def test_padding_and_company_move_nothing(tiny: Mllm) -> None:
    made = make_set(tiny)
    rows = all_rows(made)
    with torch.no_grad():
        passes, talks = made.passes(rows)
        together, _ = response_logps(ResponseScorer(tiny), passes)
        for row in rows:
            alone, _ = response_logps(ResponseScorer(tiny), made.passes([row])[0])
            close(alone, together[[talks.index(talk) for talk in row.talks]], rtol=1e-6, atol=0)


def test_gradients_are_those_of_replies_alone(tiny: Mllm) -> None:
    made, how = make_set(tiny), Objective()
    batch = made.collate(range(4))
    step = preference_step(how, torch.device("cpu"))
    grads = []
    for rows in (made.rows, split(made)):
        tiny.model.zero_grad()
        made.rows = rows
        step(ResponseScorer(tiny), made.collate(range(4))).loss_sum.backward()
        grads.append({n: p.grad.clone() for n, p in tiny.model.named_parameters() if p.grad is not None})
    assert len(grads[0]) == 28 and all("lora" in name for name in grads[0])
    assert batch.reply_PR.shape == (4, 3)
    for name, packed_grad in grads[0].items():
        largest = grads[1][name].abs().max()
        close(packed_grad / largest, grads[1][name] / largest, rtol=1e-4, atol=1e-4)


def split(made: PreferenceSet) -> list[list[PackedRow]]:
    """The same set with every conversation in a row of its own."""
    return [
        [
            replace(row, row=TreeRow(row.row.prefix, (branch,)), talks=(talk,))
            for row in product
            for branch, talk in zip(row.row.branches, row.talks, strict=True)
        ]
        for product in made.rows
    ]


def test_checkpointing_changes_no_gradient(tiny: Mllm) -> None:
    mllm = copy.deepcopy(tiny)
    step, made = preference_step(Objective(), torch.device("cpu")), make_set(mllm)
    scorer = ResponseScorer(mllm).train()
    grads = []
    for enable in (False, True):
        if enable:
            scorer.gradient_checkpointing_enable()
        mllm.model.zero_grad()
        step(scorer, made.collate([0, 1])).loss_sum.backward()
        grads.append([p.grad.clone() for p in mllm.model.parameters() if p.grad is not None])
    for plain, again in zip(*grads, strict=True):
        close(plain, again, rtol=1e-5, atol=1e-7)


def test_features_of_the_tower_are_as_good_as_pixels(tiny: Mllm) -> None:
    made = make_set(tiny)
    row = made.rows[0][0]
    pixels = to_tensor([made.view(*made.shown[row.picture])], tiny.rules)
    with torch.no_grad():
        seen = ResponseScorer(tiny)(made.passes([row])[0][0])
        shown = ResponseScorer(tiny)(collate([row.row], 0, pixels))
    close(seen, shown, rtol=0, atol=2e-6)


def test_the_cheaper_way_is_taken() -> None:
    """18 tokens in a tree are 18 + 18^2, and 14 + 14^2 each on their own."""
    branches = [Branch((i,) * 4, (True,) * 4) for i in (5, 6)]
    prefix = tuple(range(10))
    for cost, rows in ((Cost(1, 0), 1), (Cost(1, 1), 1), (Cost(0, 1), 1)):
        assert len(pack(prefix, branches, cost)) == rows
    long = [Branch((i,) * 40, (True,) * 40) for i in (5, 6, 7, 8)]
    assert len(pack((1,), long, Cost(1, 0))) == 1, "160 tokens and one prefix are fewer than four prefixes"
    assert len(pack((1,), long, Cost(1, 1))) == 4, "161^2 is more than four times 41^2"
    assert len(pack(prefix, branches, None)) == 2


def test_cost_counts_the_weights_of_a_layer(tiny: Mllm) -> None:
    layer = tiny.core.model.language_model.layers[0]
    weights = sum(w.numel() for n, w in layer.named_parameters() if "norm" not in n and "lora" not in n)
    assert Cost.of(tiny).per_token == weights
    assert Cost.of(tiny).per_two == 2 * tiny.config.text_config.hidden_size


def test_rows_of_like_length_go_together() -> None:
    assert group_by_length([100, 50, 95, 98]) == [[0, 3, 2], [1]]
    assert group_by_length([100, 50]) == [[0], [1]]
    assert group_by_length([7]) == [[0]]


def test_a_kernel_without_tree_masks_computes_replies_apart(
    tiny: Mllm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As flash attention would; the plain forward is asked for, with an ordinary padding mask."""
    made = make_set(tiny)
    with torch.no_grad():
        expected, _ = packed(tiny, made)
        monkeypatch.setattr(packing, "why_no_tree", lambda mllm: "no")
        monkeypatch.setattr("caig_cli.mllm.scoring.why_no_tree", lambda mllm: "no")
        alone = make_set(tiny)
        assert all(len(row.talks) == 1 for row in all_rows(alone))
        got, _ = packed(tiny, alone)
    close(got, expected, rtol=1e-6, atol=0)


def test_why_no_tree(tiny: Mllm) -> None:
    assert why_no_tree(tiny) is None
    other = copy.deepcopy(tiny)
    other.config.get_text_config()._attn_implementation = "flash_attention_2"
    assert "flash_attention_2" in str(why_no_tree(other))


# --- reference ---------------------------------------------------------------------------------------


def answer(mllm: Mllm, made: PreferenceSet) -> torch.Tensor:
    made.ask_reference(ResponseScorer(mllm), SIZES, REPORT)
    return made.reference_M.clone()


def test_the_reference_is_the_base_with_adapters_off(tiny: Mllm) -> None:
    made = make_set(tiny)
    tiny.model.train()
    with starting_state(tiny):
        off = answer(tiny, made)
    assert tiny.model.training and any(p.requires_grad for p in tiny.model.parameters())
    tiny.model.eval()
    plain = make_tiny()
    close(off, answer(plain, make_set(plain)), rtol=1e-6, atol=0)
    assert (off - answer(tiny, made)).abs().max() > 1e-3


def test_the_reference_is_the_starting_adapter(tiny: Mllm, tmp_path: Path) -> None:
    base, adapter, after = tmp_path / "base", tmp_path / "adapter", tmp_path / "after"
    make_tiny().save(base, torch.float32)
    for saved in tiny.model.peft_config.values():
        saved.base_model_name_or_path = str(base)
    tiny.save(adapter, torch.float32)
    policy = make_policy(str(adapter), LoraSection(), choose_device("cpu", "fp32"))
    trained = [n for n, p in policy.model.named_parameters() if p.requires_grad]
    assert len(trained) == 28 and not any(START in name for name in trained)
    made = make_set(policy)
    before = answer(policy, made)
    close(before, answer(tiny, make_set(tiny)), rtol=1e-6, atol=0)
    with torch.no_grad():
        for name, weight in policy.model.named_parameters():
            if name in trained:
                weight += 0.1
    with starting_state(policy):
        assert torch.equal(answer(policy, made), before)
    assert not torch.equal(moved := answer(policy, made), before)
    assert [n for n, p in policy.model.named_parameters() if p.requires_grad] == trained
    save_policy(policy, after)
    again = loading.load(str(after), device=torch.device("cpu"), dtype=torch.float32)
    assert torch.equal(answer(again, make_set(again)), moved)


@pytest.mark.parametrize(("loss", "first"), [("dpo", np.log(2)), ("pcpo", 2 * np.log(2)), ("ipo", 1.0)])
def test_the_first_step_of_a_new_policy(loss: str, first: float) -> None:
    mllm = add_lora(make_tiny(), "base", rank=4, alpha=8, dropout=0.0)
    made = make_set(mllm, MIXED if loss == "pcpo" else [])
    with starting_state(mllm):
        answer(mllm, made)
    batch = made.collate(range(4))
    out = preference_step(Objective(loss=loss), torch.device("cpu"))(ResponseScorer(mllm), batch)
    assert float(out.loss_sum) / out.weight == pytest.approx(first, rel=1e-5)


# --- batches -----------------------------------------------------------------------------------------


def test_every_epoch_has_every_product_once(tiny: Mllm) -> None:
    made = make_set(tiny)
    sizes = BatchSizes(products=2, tokens=10_000)
    first, second = made.epoch(0, 0, sizes), made.epoch(0, 1, sizes)
    for batches in (first, second):
        assert sorted(product for batch in batches for product in batch) == [0, 1, 2, 3]
        assert [len(batch) for batch in batches] == [2, 2]
    assert first != second and first == made.epoch(0, 0, sizes)
    tight = made.epoch(0, 0, BatchSizes(products=8, tokens=1))
    assert [len(batch) for batch in tight] == [1, 1, 1, 1]
    stream = Stream(lambda epoch: made.epoch(0, epoch, sizes), made.collate)
    assert len(stream) == 2
    assert torch.equal(stream[3].p_chosen_P, made.collate(second[1]).p_chosen_P)


def test_pairs_of_a_product_share_their_replies(tiny: Mllm) -> None:
    """Best against two others: the best prompt is computed once, and all three in one row."""
    one = preferences()[0]
    two = replace(one, id="again", rejected="carton")
    made = PreferenceSet(tiny, [one, two], [], NegativesSection(), PromptTemplate(ask, picture))
    assert made.products == [[0, 1]] and len(made.rows[0]) == 1
    assert made.replies == [(0, 1), (0, 2)]


def test_weights_and_figures_are_summed_over_pairs(tiny: Mllm) -> None:
    made = make_set(tiny)
    how = Objective(margin_weight=1.0)
    step = preference_step(how, torch.device("cpu"))
    with torch.no_grad():
        whole = step(ResponseScorer(tiny), made.collate(range(4)))
        parts = [step(ResponseScorer(tiny), made.collate([n])) for n in range(4)]
    assert whole.weight == pytest.approx(2 * (0.1 + 0.2 + 0.3 + 0.4))
    assert float(whole.loss_sum) == pytest.approx(sum(float(part.loss_sum) for part in parts), rel=1e-5)
    name = "rewards/margins"
    total = sum(float(part.figures[name]) for part in parts)
    assert float(whole.figures[name]) == pytest.approx(total, rel=1e-4)


def test_the_answer_of_a_caption_negative(tiny: Mllm) -> None:
    same = make_set(tiny)
    section = NegativesSection(answer="theirs")
    theirs = PreferenceSet(tiny, preferences(), MIXED, section, PromptTemplate(ask, picture))

    def chosen_text(made: PreferenceSet) -> str:
        branch = list(made.talks)[made.replies[0][2]][1]
        own = [i for i, mine in zip(branch.ids, branch.is_response, strict=True) if mine]
        return tiny.encoder.decode(own)

    assert chosen_text(same) == PROMPTS[0][0] and chosen_text(theirs) == PROMPTS[1][0]
