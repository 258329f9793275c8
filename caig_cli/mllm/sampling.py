"""Many answers to many questions: each image and question is computed once, then every row goes its own way.

Legend of shape names: Q questions, R rows (a question's answers, question by question), L tokens of the
longest question, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import torch

from caig_cli.engine.runtime import exact_dtype
from caig_cli.mllm.attention import causal_mask, mask_for
from caig_cli.mllm.families import family_of
from caig_cli.mllm.images import Size
from caig_cli.mllm.inputs import TreeRow
from caig_cli.mllm.vision import embed, language


class QuestionPictures(NamedTuple):
    """Pictures of questions, in order: their pieces, and sizes where the model sees more than squares."""

    pixels: torch.Tensor
    sizes: tuple[Size, ...] = ()


def sample(
    model: Any,
    ids_1L: torch.Tensor,
    pixels_13HW: torch.Tensor | None,
    *,
    seeds: Sequence[int],
    end: int,
    forbidden: Sequence[int] = (),
    max_new_tokens: int = 96,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> list[list[int]]:
    """``sample_many`` of one question: one answer per seed."""
    return sample_many(
        model,
        [TreeRow(tuple(ids_1L[0].tolist()), ())],
        None if pixels_13HW is None else QuestionPictures(pixels_13HW),
        seeds=[seeds],
        end=end,
        forbidden=forbidden,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_p=top_p,
    )[0]


@torch.inference_mode()
def sample_many(
    model: Any,
    questions: Sequence[TreeRow],
    shown: QuestionPictures | None,
    *,
    seeds: Sequence[Sequence[int]],
    end: int,
    stops: Collection[int] = (),
    forbidden: Sequence[int] = (),
    max_new_tokens: int = 96,
    temperature: float = 1.0,
    top_p: float = 1.0,
    repetition_penalty: float = 1.0,
) -> list[list[list[int]]]:
    """For each question (the prefix of a row) one answer per seed, as token ids without the end token.

    Every row draws from its own generator: what it says does not depend on the other rows, but for rounding.
    ``temperature`` 0 takes the likeliest token. ``top_p`` keeps the smallest set of tokens that holds that
    much probability; there is no other filter. ``forbidden`` ids are never drawn (image, padding). ``stops``
    are further tokens that end an answer. ``repetition_penalty`` makes tokens of the question and of the
    answer so far less likely, as transformers does it (Keskar et al. 2019); 1 leaves them.
    """
    device = model.device
    owner = [q for q, some in enumerate(seeds) for _ in some]
    generators = [torch.Generator().manual_seed(seed % 2**63) for some in seeds for seed in some]
    rows = _Rows(model, questions, shown, owner, end)
    answers: list[list[int]] = [[] for _ in owner]
    ends = {end, *stops}
    for step in range(max_new_tokens):
        uniform_R = torch.stack(
            [torch.rand((), generator=generators[row], dtype=torch.float64) for row in rows.live]
        )
        logits_RV = rows.logits_RV
        if repetition_penalty != 1:
            context = [[*questions[owner[row]].prefix, *answers[row]] for row in rows.live]
            logits_RV = penalised(logits_RV, context, repetition_penalty)
        next_R = pick(logits_RV, uniform_R, temperature, top_p, forbidden)
        going = [
            n
            for n, token in enumerate(next_R.tolist())
            if token not in ends and rows.live[n] not in rows.done
        ]
        for n in going:
            answers[rows.live[n]].append(int(next_R[n]))
        if not going or step == max_new_tokens - 1:
            break
        rows.advance(next_R.to(device), going)
    remaining = iter(answers)
    return [[next(remaining) for _ in some] for some in seeds]


class _Rows:
    """The rows that are still computed: their cache, and the logits of their next token.

    Questions of unequal length are padded on the left, where nothing looks. Rows that have ended are dropped
    when they are as many as the others.
    """

    def __init__(
        self,
        model: Any,
        questions: Sequence[TreeRow],
        shown: QuestionPictures | None,
        owner: Sequence[int],
        end: int,
    ) -> None:
        self.model, self.live, self.done = model, list(range(len(owner))), set[int]()
        self.family = family_of(model.config)
        longest, device = max(map(len, questions)), model.device
        ids_QL = torch.full((len(questions), longest), end, device=device)
        mask_QL = torch.zeros((len(questions), longest), dtype=torch.long, device=device)
        position_3QL = torch.zeros((3, len(questions), longest), dtype=torch.long, device=device)
        for q, row in enumerate(questions):
            begin = longest - len(row)
            ids_QL[q, begin:] = torch.tensor(row.prefix, device=device)
            mask_QL[q, begin:] = 1
            if row.places:
                position_3QL[:, q, begin:] = torch.tensor(row.places, device=device).T
        given: dict[str, Any] = {}
        padded = not bool(mask_QL.all())
        if padded:
            given = {"attention_mask": mask_QL, "position_ids": (mask_QL.cumsum(1) - 1).clamp(min=0)}
        if any(row.places for row in questions):
            given["position_ids"] = position_3QL
        if self.family.sees_ahead:
            before = causal_mask(mask_QL.bool(), model.dtype)
            given["attention_mask"] = mask_for(model, self.family, ids_QL, before, mask_QL.cumsum(1))
        seen = None if shown is None else self.family.view.encode(model, *shown)
        sizes = () if shown is None else shown.sizes
        out = self._read(embed(model, self.family, ids_QL, seen, sizes), **given)
        owner_R = torch.tensor(owner, device=device)
        self.cache = out.past_key_values
        self.cache.batch_select_indices(owner_R)
        self.logits_RV = self.model.lm_head(out.last_hidden_state[:, -1:])[owner_R, -1]
        self.position_R = torch.tensor([row.next for row in questions], device=device)[owner_R]
        self.mask_RL = mask_QL[owner_R] if padded else None

    def _read(self, rows: dict[str, Any], **given: Any) -> Any:
        return language(self.model, self.family)(**rows, use_cache=True, **given)

    def advance(self, next_R: torch.Tensor, going: Sequence[int]) -> None:
        """Read the next tokens; ``going`` are the numbers of the live rows that have not ended."""
        self.done.update(row for n, row in enumerate(self.live) if n not in set(going))
        if 2 * len(going) <= len(self.live):
            kept = torch.tensor(going, device=next_R.device)
            self.cache.batch_select_indices(kept)
            next_R, self.position_R = next_R[kept], self.position_R[kept]
            self.live = [self.live[n] for n in going]
            self.mask_RL = None if self.mask_RL is None else self.mask_RL[kept]
        given = {}
        if self.mask_RL is not None:
            self.mask_RL = torch.nn.functional.pad(self.mask_RL, (0, 1), value=1)
            given = {"attention_mask": self.mask_RL}
        out = self._read(
            embed(self.model, self.family, next_R[:, None], None),
            position_ids=self.position_R[:, None],
            past_key_values=self.cache,
            **given,
        )
        self.position_R = self.position_R + 1
        self.logits_RV = self.model.lm_head(out.last_hidden_state)[:, -1]


def penalised(logits_RV: torch.Tensor, context: Sequence[Sequence[int]], penalty: float) -> torch.Tensor:
    """The logits with those of each row's ``context`` tokens divided by the penalty, or times it below 0."""
    found_RV = logits_RV.clone()
    for row, ids in enumerate(context):
        place = torch.tensor(sorted(set(ids)), device=found_RV.device)
        own = found_RV[row, place]
        found_RV[row, place] = torch.where(own < 0, own * penalty, own / penalty)
    return found_RV


def pick(
    logits_RV: torch.Tensor,
    uniform_R: torch.Tensor,
    temperature: float,
    top_p: float,
    forbidden: Sequence[int] = (),
) -> torch.Tensor:
    """The token of each row, int64 [R], by inverting its cumulative distribution at ``uniform_R`` in [0, 1).

    With top-p probabilities are sorted first, so that it is a bound on the same cumulative sum. Without,
    any order will do, and sorting the vocabulary would be a third of a small model's time.
    """
    scores_RV = logits_RV.to(exact_dtype(logits_RV.device), copy=True)
    scores_RV[:, list(forbidden)] = -torch.inf
    if temperature <= 0:
        return scores_RV.argmax(-1)
    p_RV = (scores_RV / temperature).softmax(-1)
    uniform_R1 = uniform_R.to(p_RV.dtype).to(p_RV.device)[:, None]
    if top_p >= 1:
        cumulative_RV = p_RV.cumsum(-1)
        threshold_R1 = uniform_R1 * cumulative_RV[:, -1:]
        last_R1 = (cumulative_RV < cumulative_RV[:, -1:]).sum(-1, keepdim=True)  # guards against rounding
        return torch.searchsorted(cumulative_RV, threshold_R1, right=True).minimum(last_R1).squeeze(-1)
    sorted_RV, order_RV = p_RV.sort(dim=-1, descending=True, stable=True)
    cumulative_RV = sorted_RV.cumsum(-1)
    kept_RV = cumulative_RV - sorted_RV < top_p
    mass_R1 = (sorted_RV * kept_RV).sum(-1, keepdim=True)
    threshold_R1 = uniform_R1 * mass_R1
    index_R1 = torch.searchsorted(cumulative_RV, threshold_R1, right=True)
    index_R1 = index_R1.minimum(kept_RV.sum(-1, keepdim=True) - 1)
    return order_RV.gather(-1, index_R1).squeeze(-1)
