"""Preference losses against values worked out by hand."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from caig_cli.losses.objective import LOSSES, Objective
from caig_cli.losses.preference import Replies, margin_weights, preference_loss, token_logps
from caig_cli.pcpo.preference_pairs import compare_all
from caig_cli.records import Verdict

LN2 = math.log(2)
LENGTH = Replies(torch.tensor([4.0]), torch.tensor([2.0]), torch.tensor([4.0]))
REFERENCE = Replies(torch.tensor([-10.0]), torch.tensor([-6.0]), torch.tensor([-12.0]))


def replies(chosen: float, rejected: float, negative: float) -> Replies:
    return Replies(torch.tensor([chosen]), torch.tensor([rejected]), torch.tensor([negative]))


POLICY = replies(-8.0, -7.0, -12.5)  # log-ratios 2, -1 and -0.5


def loss_of(how: Objective, policy: Replies = POLICY) -> float:
    return float(preference_loss(policy, REFERENCE, LENGTH, how)[0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_the_first_step() -> None:
    """Before training the policy is the reference: every log-ratio is 0."""
    for weight in (0.0, 0.7, 1.0):
        how = Objective(pcpo_weight=weight)
        assert loss_of(how, REFERENCE) == pytest.approx((1 + weight) * LN2, rel=1e-6)
    assert loss_of(Objective(loss="dpo"), REFERENCE) == pytest.approx(LN2, rel=1e-6)
    assert loss_of(Objective(loss="dpo", label_smoothing=0.2), REFERENCE) == pytest.approx(LN2, rel=1e-6)
    assert loss_of(Objective(loss="ipo", beta=0.25), REFERENCE) == pytest.approx(4.0)
    assert loss_of(Objective(loss="dpo", anchor_weight=0.5), REFERENCE) == pytest.approx(1.5 * LN2, rel=1e-6)


def test_dpo_and_pcpo() -> None:
    first, second = softplus(-0.1 * 3.0), softplus(-0.3 * 2.5)
    assert loss_of(Objective(loss="dpo", beta=0.1)) == pytest.approx(first, rel=1e-6)
    how = Objective(loss="pcpo", beta=0.1, pcpo_beta=0.3, pcpo_weight=0.7)
    assert loss_of(how) == pytest.approx(first + 0.7 * second, rel=1e-6)


def test_kto_takes_each_prompt_alone() -> None:
    """Log-ratios 2 and -1: z is their mean, one half."""
    expected = 2 - sigmoid(0.1 * (2 - 0.5)) - sigmoid(0.1 * (0.5 + 1))
    assert loss_of(Objective(loss="kto", beta=0.1)) == pytest.approx(expected, rel=1e-6)
    worse = replies(-12.0, -9.0, -12.5)  # log-ratios -2 and -3: a distance is not below 0
    expected = 2 - sigmoid(0.1 * -2) - sigmoid(0.1 * 3)
    assert loss_of(Objective(loss="kto", beta=0.1), worse) == pytest.approx(expected, rel=1e-6)


def test_group_by_hand() -> None:
    """Log-ratios 2 and -1, an advantage of 0.8: -0.8 * 3 / 2 + beta (4 + 1) / 4 + w L_PCPO."""
    how = Objective(loss="group", beta=0.1, pcpo_beta=0.3, pcpo_weight=0.7)
    loss, _ = preference_loss(POLICY, REFERENCE, LENGTH, how, torch.tensor([0.8]))
    assert float(loss) == pytest.approx(-1.2 + 0.125 + 0.7 * softplus(-0.3 * 2.5), rel=1e-6)
    alone = how.model_copy(update={"pcpo_weight": 0.0})
    assert how.needs_negatives and not alone.needs_negatives
    plain = preference_loss(POLICY._replace(negative=None), REFERENCE, LENGTH, alone, torch.tensor([0.8]))[0]
    assert float(plain) == pytest.approx(-1.2 + 0.125, rel=1e-6)


@pytest.mark.parametrize("advantages", ["rloo", "grpo"])
def test_pairs_give_the_policy_gradient_of_the_group(advantages: str) -> None:
    """Three candidates: the mean over their three pairs is the mean of -a_k r_k."""
    u, r = np.array([0.3, -1.1, 0.6]), np.array([0.5, 0.2, -0.4])
    if advantages == "rloo":
        a = np.array([u[k] - np.delete(u, k).mean() for k in range(3)])
    else:
        a = (u - u.mean()) / u.std()
    verdicts = [Verdict(p, p) for p in (sigmoid(u[i] - u[j]) for i, j in combinations(range(3), 2))]
    pairs, dropped = compare_all(["x", "y", "z"], verdicts, advantages == "grpo")
    policy = Replies(*(torch.tensor([r[getattr(c, side)] for c in pairs]) for side in ("chosen", "rejected")))
    nothing = Replies(torch.zeros(3), torch.zeros(3))
    advantage = torch.tensor([choice.advantage for choice in pairs])
    _, figures = preference_loss(policy, nothing, LENGTH, Objective(loss="group", pcpo_weight=0.0), advantage)
    assert not dropped and all(choice.advantage >= 0 for choice in pairs)
    assert float(figures["loss/group"].mean()) == pytest.approx(-(a * r).mean(), rel=1e-6)
    assert float(figures["loss/kl"].mean()) == pytest.approx(0.5 * (r**2 / 2).mean(), rel=1e-6)


def test_each_option() -> None:
    h = 0.5 * 3.0
    smooth = Objective(loss="dpo", label_smoothing=0.1)
    assert loss_of(smooth) == pytest.approx(0.9 * softplus(-h) + 0.1 * softplus(h), rel=1e-6)
    per_token = 2 / 4 + 1 / 2
    assert loss_of(Objective(loss="dpo", normalise_length=True)) == pytest.approx(
        softplus(-0.5 * per_token), rel=1e-6
    )
    assert loss_of(Objective(loss="dpo", nll_weight=0.2)) == pytest.approx(
        softplus(-h) + 0.2 * 8 / 4, rel=1e-6
    )
    anchored = Objective(loss="dpo", anchor_weight=0.3)
    assert loss_of(anchored) == pytest.approx(softplus(-h) + 0.3 * softplus(-1.0), rel=1e-6)


def test_ipo_is_per_token() -> None:
    """Log-ratios 2 of 4 tokens and -1 of 2: a margin of 1/2 + 1/2, wanted are 1 / (2 beta) = 2."""
    assert loss_of(Objective(loss="ipo", beta=0.25)) == pytest.approx((1.0 - 2.0) ** 2)
    same = loss_of(Objective(loss="ipo", beta=0.25, normalise_length=True))
    assert same == loss_of(Objective(loss="ipo", beta=0.25)), "not divided twice"
    policy = Replies(*(2 * t for t in POLICY if t is not None))
    reference = Replies(*(2 * t for t in REFERENCE if t is not None))
    length = Replies(*(2 * t for t in LENGTH if t is not None))
    twice = preference_loss(policy, reference, length, Objective(loss="ipo", beta=0.25))[0]
    assert float(twice) == pytest.approx(1.0), "twice the tokens, each as likely as before: the same loss"


def test_smoothing_leaves_the_true_product_true() -> None:
    plain, smooth = Objective(loss="pcpo"), Objective(loss="pcpo", label_smoothing=0.3)
    second = [preference_loss(POLICY, REFERENCE, LENGTH, how)[1]["loss/pcpo"] for how in (plain, smooth)]
    assert second[0] == second[1] == pytest.approx(softplus(-0.5 * 2.5), rel=1e-6)


def test_margin_weights() -> None:
    p = torch.tensor([0.5, 0.75, 1.0])
    assert margin_weights(p, Objective()).tolist() == [1, 1, 1]
    assert margin_weights(p, Objective(margin_weight=1.0)).tolist() == pytest.approx([1e-3, 0.5, 1.0])
    assert margin_weights(p, Objective(margin_weight=2.0)).tolist() == pytest.approx([1e-6, 0.25, 1.0])


def test_figures() -> None:
    figures = {k: float(v) for k, v in preference_loss(POLICY, REFERENCE, LENGTH, Objective())[1].items()}
    assert figures["rewards/chosen"] == 1.0 and figures["rewards/rejected"] == -0.5
    assert figures["rewards/margins"] == 1.5 and figures["rewards/accuracies"] == 1.0
    assert figures["product/margins"] == 1.25 and figures["product/accuracies"] == 1.0
    assert (figures["logps/chosen"], figures["logps/rejected"], figures["logps/negative"]) == (-8, -7, -12.5)
    assert (figures["length/chosen"], figures["length/rejected"]) == (4, 2)
    assert figures["loss/dpo"] == pytest.approx(softplus(-1.5), rel=1e-6)
    plain = preference_loss(POLICY._replace(negative=None), REFERENCE, LENGTH, Objective(loss="dpo"))[1]
    assert "product/margins" not in plain


def test_the_gradient_of_dpo_is_the_papers() -> None:
    """-beta sigmoid(-h) on the chosen log-probability, and its opposite on the rejected one."""
    policy = Replies(*(t.clone().requires_grad_() for t in POLICY if t is not None))
    preference_loss(policy, REFERENCE, LENGTH, Objective(loss="dpo"))[0].sum().backward()
    expected = 0.5 / (1 + math.exp(1.5))
    assert policy.chosen.grad == pytest.approx(-expected, rel=1e-6)
    assert policy.rejected.grad == pytest.approx(expected, rel=1e-6)
    assert policy.negative is not None and policy.negative.grad is None


def test_every_value_of_the_objective_moves_every_loss_that_takes_it() -> None:
    other = {
        "beta": 0.3, "pcpo_beta": 0.3, "pcpo_weight": 0.3, "label_smoothing": 0.2, "nll_weight": 1.0,
        "anchor_weight": 1.0, "normalise_length": True,
    }  # fmt: skip
    unread = {
        "dpo": {"pcpo_beta", "pcpo_weight"},
        "ipo": {"pcpo_beta", "pcpo_weight", "label_smoothing", "normalise_length"},
        "kto": {"pcpo_beta", "pcpo_weight", "label_smoothing"},
        "group": {"label_smoothing"},
    }
    for loss in LOSSES:
        how = Objective(loss=loss)
        for name in other.keys() - unread.get(loss, set()):
            assert loss_of(how.model_copy(update={name: other[name]})) != loss_of(how), (loss, name)


def test_what_a_loss_would_not_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no such loss; known: dpo, ipo, kto, pcpo, group"):
        Objective(loss="dpoo")
    with pytest.raises(ValueError, match="label_smoothing"):
        Objective(loss="ipo", label_smoothing=0.1)


def test_token_log_probabilities() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]])
    target = torch.tensor([1, 0])
    assert token_logps(logits, target).tolist() == pytest.approx([math.log(0.75), -LN2], rel=1e-6)
    assert token_logps(logits.double(), target).dtype == torch.float64
    assert token_logps(logits.bfloat16(), target).dtype == torch.float32
