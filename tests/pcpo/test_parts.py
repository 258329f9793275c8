"""Parts of a round by themselves: values by hand, and equivalences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny
from tiny_rewards import make_reward

from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.errors import UsageError
from caig_cli.market.known import open_oracle
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.questions import OURS
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.pcpo.config import EvalSection, PcpoSection
from caig_cli.pcpo.loaded_judge import open_judge_on
from caig_cli.pcpo.policy import make_policy, restore_policy, save_policy, starting_state
from caig_cli.pcpo.preference_batches import PromptTemplate
from caig_cli.pcpo.preference_pairs import build_preferences, comparisons, expected_pairs
from caig_cli.pcpo.products import split_products
from caig_cli.pcpo.round_metrics import self_bleu, stops_at, win_rate
from caig_cli.pcpo.scoring import prompt_logps
from caig_cli.records import Creative, Pair, Product, Verdict
from caig_cli.rewards.judge import TrainedJudge

CPU = choose_device("cpu", "fp32")


def verdicts_of(*p_left: float) -> list[Verdict]:
    return [Verdict(p, p) for p in p_left]


# --- preferences -----------------------------------------------------------------------------------


def test_two_candidates_make_a_pair_or_a_near_tie() -> None:
    (choice,), dropped = build_preferences(["a", "b"], verdicts_of(0.3), 1, 0.1)
    assert (choice.chosen, choice.rejected, round(choice.p_chosen, 9)) == (1, 0, 0.7)
    assert choice.agrees and not dropped
    assert build_preferences(["a", "b"], verdicts_of(0.55), 1, 0.1) == ([], {"near_tie": 1})
    assert build_preferences(["a", "b"], verdicts_of(0.5), 1, 0.0) == ([], {"near_tie": 1}), (
        "a tie has no winner"
    )
    assert build_preferences(["a", "a"], [], 1, 0.0) == ([], {"same_prompt": 1})


def test_best_against_worst_then_the_next_widest_apart() -> None:
    """Wins: c 0.8, a 0.5, b 0.2; duels are (a, b), (a, c), (b, c)."""
    choices, dropped = build_preferences(["a", "b", "c"], verdicts_of(0.8, 0.2, 0.2), 3, 0.0)
    assert [(one.chosen, one.rejected) for one in choices] == [(2, 1), (0, 1), (2, 0)]
    assert [round(one.p_chosen, 9) for one in choices] == [0.8, 0.8, 0.8] and not dropped
    assert [
        (c.chosen, c.rejected)
        for c in build_preferences(["a", "b", "c"], verdicts_of(0.8, 0.2, 0.2), 1, 0.0)[0]
    ] == [(2, 1)]


def test_every_product_gives_what_it_owes() -> None:
    for prompts in (["a", "b", "c"], ["a", "a", "c"], ["a", "", "a"], ["", "", ""]):
        for margin in (0.0, 0.25, 0.45):
            verdicts = verdicts_of(*(0.9, 0.55, 0.3)[: len(comparisons(prompts))])
            choices, dropped = build_preferences(prompts, verdicts, 2, margin)
            assert len(choices) + dropped.total() == 2 == expected_pairs(3, 2), (prompts, margin)


def test_a_judge_that_contradicts_itself_gives_no_pair() -> None:
    """0 beats 1 and 2, 1 beats 0 on average only: the direct duel decides, and says it is a near-tie."""
    choices, dropped = build_preferences(["a", "b", "c"], verdicts_of(0.45, 0.95, 0.5), 3, 0.0)
    pairs = {(one.chosen, one.rejected) for one in choices}
    assert (0, 1) not in pairs and (1, 0) not in pairs and dropped["near_tie"] >= 1


# --- figures ---------------------------------------------------------------------------------------


def test_win_rate_by_hand() -> None:
    assert win_rate(verdicts_of(0.9, 0.2, 0.5, 0.5000001)) == pytest.approx((1 + 0 + 0.5 + 0.5) / 4)
    assert win_rate([]) is None


def test_self_bleu_by_hand() -> None:
    assert self_bleu(["on oak by a wall"] * 3) == 1.0
    assert self_bleu(["a b c d e", "f g h i j"]) == 0.0
    # 1-grams 4/5, 2-grams 3/4, 3-grams 2/3, 4-grams 1/2 are shared by both.
    assert self_bleu(["a b c d e", "a b c d f"]) == pytest.approx((4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    assert self_bleu(["alone"]) == 0.0


def test_when_the_held_out_judge_falls() -> None:
    evaluation = EvalSection(patience=2, drop=0.05)
    assert stops_at([0.6, 0.7], evaluation) is None
    assert stops_at([0.6, 0.7, 0.6], evaluation) is None, "once is not enough"
    assert stops_at([0.6, 0.7, 0.6, 0.66], evaluation) is None, "within the drop"
    assert stops_at([0.6, 0.7, 0.6, 0.64], evaluation) == 2
    assert stops_at([0.44, 0.43], evaluation) == 0, "the start has one half"
    assert stops_at([None, None, None], evaluation) is None
    assert stops_at([0.7, 0.1, 0.1], EvalSection(patience=0)) is None


# --- models ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    make_tiny().save(folder / "base", torch.float32)
    make_tiny(seed=1).save(folder / "stranger", torch.float32)
    make_reward(folder / "judge", "mllm", folder / "base")
    make_reward(folder / "foreign", "mllm", folder / "stranger")
    for number in range(3):
        rgb = np.random.default_rng(number).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(rgb).save(folder / f"{number}.png")
    return folder


def test_a_judge_on_the_policys_base_says_what_it_says_alone(parts: Path) -> None:
    """One base, several adapters: nothing that one learns moves the other."""
    policy = make_policy(str(parts / "base"), LoraSection(rank=2, alpha=4.0), CPU)
    loaded = open_judge_on(str(parts / "judge"), "judge", policy, CPU, 0, RunDir(parts, "pcpo", None, print))
    assert loaded.shares_base
    alone = TrainedJudge.load(str(parts / "judge"), CPU)
    pairs = [
        Pair(f"{a}{b}", "x", Creative(parts / f"{a}.png"), Creative(parts / f"{b}.png"), caption="red mug")
        for a, b in ((0, 1), (1, 2))
    ]
    asking, picture = Product("p", parts / "0.png", "red mug"), np.zeros((32, 32, 4), np.uint8)
    ask = PromptTemplate(OURS.ask, lambda _: picture)

    def logps() -> torch.Tensor:
        return prompt_logps(policy, ResponseScorer(policy), ask, [asking], {"p": ["on oak", "in a window"]})[
            0
        ]

    policy.model.eval()
    with torch.no_grad():
        for name, weight in policy.model.named_parameters():
            if name.endswith("lora_B.default.weight"):
                weight.normal_(0, 0.1)
    before = logps()
    with loaded.on_device():
        shared = loaded.judge.judge(pairs)
    for one, other in zip(shared, alone.judge(pairs), strict=True):
        assert isinstance(one, Verdict) and isinstance(other, Verdict)
        assert (one.shown, one.swapped) == pytest.approx((other.shown, other.swapped), abs=1e-6)
        assert abs(one.shown - 0.5) > 1e-3, "it has an opinion"
    assert torch.equal(before, logps())
    trained = {name for name, p in policy.model.named_parameters() if p.requires_grad}
    assert trained and all(".default." in name for name in trained)
    with starting_state(policy):
        assert not torch.equal(before, logps())


def test_a_judge_of_another_base_has_a_model_of_its_own(parts: Path) -> None:
    policy = make_policy(str(parts / "base"), LoraSection(rank=2, alpha=4.0), CPU)
    assert not open_judge_on(
        str(parts / "foreign"), "judge", policy, CPU, 0, RunDir(parts, "pcpo", None, print)
    ).shares_base


def test_log_probabilities_together_are_those_alone(parts: Path) -> None:
    policy = make_policy(str(parts / "base"), LoraSection(rank=2, alpha=4.0), CPU)
    picture = np.full((32, 32, 4), 90, np.uint8)
    product, scorer = Product("p", parts / "0.png", "red mug"), ResponseScorer(policy)
    ask, texts = (
        PromptTemplate(OURS.ask, lambda _: picture),
        ["on oak", "a linen cloth, soft light", "on oak wood"],
    )
    together, lengths = prompt_logps(policy, scorer, ask, [product], {"p": texts})
    alone = [prompt_logps(policy, scorer, ask, [product], {"p": [text]}) for text in texts]
    torch.testing.assert_close(together, torch.cat([logp for logp, _ in alone]), rtol=1e-5, atol=1e-5)
    assert lengths.tolist() == [int(length) for _, length in alone]


def test_a_restored_policy_is_the_saved_one(parts: Path, tmp_path: Path) -> None:
    policy = make_policy(str(parts / "base"), LoraSection(rank=2, alpha=4.0), CPU)
    with torch.no_grad():
        for weight in policy.model.parameters():
            if weight.requires_grad:
                weight.normal_(0, 1)
    kept = {name: p.clone() for name, p in policy.model.named_parameters() if p.requires_grad}
    save_policy(policy, tmp_path / "adapter")
    with torch.no_grad():
        for weight in policy.model.parameters():
            if weight.requires_grad:
                weight.zero_()
    restore_policy(policy, tmp_path / "adapter")
    for name, weight in policy.model.named_parameters():
        assert name not in kept or torch.equal(weight, kept[name])


# --- products --------------------------------------------------------------------------------------


def test_rounds_take_products_in_turn() -> None:
    goods = split_products(PcpoSection(), EvalSection(), 3)
    ids = [product.id for number in (1, 2, 3) for product in goods.of_round(number, 5)]
    assert len(goods.learn) == 12 and ids == [goods.learn[n % 12].id for n in range(15)]
    assert len(goods.of_round(1, None)) == 12 == len(goods.of_round(2, 64))
    assert not {p.id for p in goods.learn} & {p.id for p in goods.evaluate}
    assert [p.id for p in split_products(PcpoSection(), EvalSection(), 4).learn] != [
        p.id for p in goods.learn
    ]


def test_a_strangers_catalogue_is_no_market(tmp_path: Path) -> None:
    (tmp_path / "catalogue.jsonl").write_text('{"id": "a", "name": "x"}\n')
    assert open_oracle(tmp_path / "products.json") is None
    (tmp_path / "catalogue.jsonl").write_text("not json\n")
    assert open_oracle(tmp_path / "products.json") is None


def test_a_product_is_never_learnt_from_and_watched(tmp_path: Path) -> None:
    from caig_cli.pcpo.products import SHIPPED

    section = PcpoSection(products=SHIPPED, eval_products=SHIPPED)
    with pytest.raises(UsageError, match="is learnt from too"):
        split_products(section, EvalSection(), 0)
