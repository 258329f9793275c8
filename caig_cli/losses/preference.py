"""Preference losses as pure functions on summed log-probabilities of responses: tensors in, tensors out.

The product-centric loss [CAIG, arXiv 2502.06823] for a product (I, C) of image and caption, the chosen
prompt y+, the rejected one y-, the same product with wrong information (I^, C^) and the log-ratios
r = log policy - log reference::

    L_DPO  = -log sigmoid( beta   [ r(y+|I,C) - r(y-|I,C)   ] )      Rafailov et al. 2023, equation 7
    L_PCPO = -log sigmoid( beta_p [ r(y+|I,C) - r(y+|I^,C^) ] )
    L      = L_DPO + w L_PCPO

Beside it stand plain DPO, IPO and KTO, and a policy gradient on the advantages within a product's candidates.

Legend of shape names: P pairs, N response tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy, logsigmoid

from caig_cli.losses.objective import LOSSES, Objective


class Replies(NamedTuple):
    """One number for each pair's three replies: a log-probability, a log-ratio or a length, all [P]."""

    chosen: torch.Tensor
    """y+ for the product."""
    rejected: torch.Tensor
    """y- for the product."""
    negative: torch.Tensor | None = None
    """y+ for the product with wrong information; None where the loss does not compare with it."""


def token_logps(logits_NV: torch.Tensor, target_N: torch.Tensor) -> torch.Tensor:
    """log softmax(logits)[target] of each response token [N]: float32, or float64 where the logits are."""
    precise = logits_NV if logits_NV.dtype == torch.float64 else logits_NV.float()
    return -cross_entropy(precise, target_N, reduction="none")


# --- the losses, each a row of ``objective.LOSSES`` -------------------------------------------------


def dpo(ratio: Replies, how: Objective, advantage_P: torch.Tensor) -> dict[str, torch.Tensor]:
    """Direct preference optimisation, with label smoothing e as in Mitchell's conservative DPO (2023).

    -(1 - e) log sigmoid(h) - e log sigmoid(-h), h = beta (r+ - r-): the judge is believed to err with
    probability e.
    """
    h_P = how.beta * (ratio.chosen - ratio.rejected)
    wrong = how.label_smoothing
    return {"dpo": -(1 - wrong) * logsigmoid(h_P) - wrong * logsigmoid(-h_P)}


def ipo(ratio: Replies, how: Objective, advantage_P: torch.Tensor) -> dict[str, torch.Tensor]:
    """Identity preference optimisation, Azar et al. 2023, equation 17: ((r+ - r-) - 1 / (2 beta))^2.

    The margin is pulled to a finite value, so that sure pairs stop pushing. Here r is the mean over the
    response's tokens. The paper does not say so; its authors told TRL's, who corrected theirs (Hugging Face
    blog "pref-tuning", January 2024, and huggingface/trl#1265): of sums, the margin that is wanted would be
    less a token the longer the response.
    """
    return {"ipo": (ratio.chosen - ratio.rejected - 1 / (2 * how.beta)).pow(2)}


def pcpo(ratio: Replies, how: Objective, advantage_P: torch.Tensor) -> dict[str, torch.Tensor]:
    """The paper's loss: ``dpo``, and w times the preference for y+ under the true product over the wrong one.

    The second is not smoothed: whichever prompt is clicked more, the true product is the true product.
    """
    return dpo(ratio, how, advantage_P) | product_centric(ratio, how)


def product_centric(ratio: Replies, how: Objective) -> dict[str, torch.Tensor]:
    """w L_PCPO; nothing where the weight is 0, and no negative was drawn."""
    if ratio.negative is None:
        return {}
    return {"pcpo": -how.pcpo_weight * logsigmoid(how.pcpo_beta * (ratio.chosen - ratio.negative))}


def kto(ratio: Replies, how: Objective, advantage_P: torch.Tensor) -> dict[str, torch.Tensor]:
    """Kahneman-Tversky optimisation, Ethayarajh et al. 2024, equation 8, with both weights 1.

    Each prompt counts alone, as desirable or undesirable: 1 - sigmoid(beta (r+ - z)) and
    1 - sigmoid(beta (z - r-)), where z, the distance from the reference, is not learnt from. Theirs is
    estimated on mismatched prompts; here it is the batch's mean log-ratio, at least 0.
    """
    z = torch.cat([ratio.chosen, ratio.rejected]).detach().mean().clamp(min=0)
    desirable, undesirable = how.beta * (ratio.chosen - z), how.beta * (z - ratio.rejected)
    return {"kto": 2 - torch.sigmoid(desirable) - torch.sigmoid(undesirable)}


def group(ratio: Replies, how: Objective, advantage_P: torch.Tensor) -> dict[str, torch.Tensor]:
    """Policy gradient on advantages within a product's K candidates, held by beta KL, and w L_PCPO.

    With rewards u and RLOO's advantages a_k = u_k - mean of the others' u (Ahmadian et al. 2024),

        mean of a_k r_k  =  half the mean over pairs (k, j) of (u_k - u_j) (r_k - r_j),

    so that the pairs that the other losses read give its gradient, where all pairs of the product are there.
    GRPO's advantages are divided by the standard deviation of u (Shao et al. 2024). KL is estimated as
    r^2 / 2 on either prompt, whose gradient under the policy's own samples is that of KL (Schulman's k2).
    One pass only: the prompts must be the policy's own.
    """
    gain_P = advantage_P * (ratio.chosen - ratio.rejected) / 2
    kl_P = how.beta * (ratio.chosen.pow(2) + ratio.rejected.pow(2)) / 4
    return {"group": -gain_P, "kl": kl_P} | product_centric(ratio, how)


# --- terms and weights that any of them takes -------------------------------------------------------


def nll(policy: Replies, length: Replies, how: Objective) -> torch.Tensor:
    """Anchor on y+, Pang et al. 2024 (iterative reasoning PO): weight * -log pi(y+|I,C) / |y+|, [P].

    A margin can grow while both log-probabilities fall; this holds the chosen one up.
    """
    return -how.nll_weight * policy.chosen / length.chosen


def anchored(ratio: Replies, how: Objective) -> torch.Tensor:
    """Anchor of mDPO, Wang et al. 2024 (arXiv 2406.11839): weight * -log sigmoid(beta r+), [P].

    The reward of y+ itself is pushed above 0. With ``pcpo`` and cropped images as negatives this is mDPO.
    """
    return -how.anchor_weight * logsigmoid(how.beta * ratio.chosen)


def margin_weights(p_chosen_P: torch.Tensor, how: Objective) -> torch.Tensor:
    """What each pair counts, [P]: (2 p - 1)^m, when the judge says y+ is clicked more with probability p.

    m = 0 counts all pairs alike, 1 a near-tie almost nothing.
    """
    return (2 * p_chosen_P - 1).clamp(min=1e-3).pow(how.margin_weight)


def preference_loss(
    policy: Replies,
    reference: Replies,
    length: Replies,
    how: Objective,
    advantage_P: torch.Tensor | None = None,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Loss of each pair [P], and the figures to log of each pair.

    ``policy`` and ``reference`` are summed log-probabilities, ``length`` counts response tokens. With
    ``normalise_length``, and always for ``ipo``, they are divided by it first, so that a long prompt is not
    wanted for being long. ``advantage_P`` is what only ``group`` reads; None counts all pairs alike.
    """
    if advantage_P is None:
        advantage_P = torch.ones_like(policy.chosen)
    ratio = _each(torch.sub, policy, reference)
    if how.per_token:
        ratio = _each(torch.div, ratio, length)
    terms = dict(LOSSES[how.loss].function()(ratio, how, advantage_P))
    if how.nll_weight:
        terms["nll"] = nll(policy, length, how)
    if how.anchor_weight:
        terms["anchor"] = anchored(ratio, how)
    loss_P = torch.stack(list(terms.values())).sum(0)
    return loss_P, _figures(policy, ratio, length, how) | {f"loss/{k}": v.detach() for k, v in terms.items()}


def _each(operation: Callable[..., torch.Tensor], one: Replies, other: Replies) -> Replies:
    """The operation on each kind of reply that both have."""
    both = one.negative is not None and other.negative is not None
    negative = operation(one.negative, other.negative) if both else None
    return Replies(operation(one.chosen, other.chosen), operation(one.rejected, other.rejected), negative)


@torch.no_grad()
def _figures(policy: Replies, ratio: Replies, length: Replies, how: Objective) -> dict[str, torch.Tensor]:
    """Rewards beta r, their margin and its sign, log-probabilities and lengths."""
    chosen, rejected = how.beta * ratio.chosen, how.beta * ratio.rejected
    figures = {
        "rewards/chosen": chosen,
        "rewards/rejected": rejected,
        "rewards/margins": chosen - rejected,
        "rewards/accuracies": (chosen > rejected).float(),
        "logps/chosen": policy.chosen,
        "logps/rejected": policy.rejected,
        "length/chosen": length.chosen.float(),
        "length/rejected": length.rejected.float(),
    }
    if ratio.negative is not None and policy.negative is not None:
        margin = how.pcpo_beta * (ratio.chosen - ratio.negative)
        figures |= {
            "product/margins": margin,
            "product/accuracies": (margin > 0).float(),
            "logps/negative": policy.negative,
        }
    return figures
