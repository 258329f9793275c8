"""Any multimodal language model as a judge, untrained: how likely it is to answer left, and right.

Both words are scored as answers to one question, in one row that holds the ads once; a row per order.

Legend of shape names: R rows (two orders of each pair), A answers per row, D = R x A answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from PIL import Image

from caig_cli.data.creatives import open_creative, side_by_side
from caig_cli.engine.runtime import Runtime
from caig_cli.judges.question import question
from caig_cli.mllm import loading
from caig_cli.mllm.images import Pixels, Size, flatten, size_of
from caig_cli.mllm.inputs import Branch, TreeRow, collate
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.mllm.vision import apart, patches
from caig_cli.records import Pair, Verdict

ANSWERS = ("left", "Left", "right", "Right")
"""The first half says left, the second right; models differ in how they begin an answer."""

SHEET_SIDE = 512
"""Pixels of an ad's side in a picture of two, as in the official files."""


@dataclass(frozen=True, slots=True)
class ZeroShotJudge:
    """P(left) / (P(left) + P(right)) of a model's answer, summed over the ways to begin it.

    A family that tells images apart sees two; others see the ads side by side in one.
    """

    mllm: loading.Mllm
    name: str
    simulated: bool = False

    @classmethod
    def load(cls, source: str, runtime: Runtime) -> Self:
        """``embedded``, a model folder or an adapter folder. Raises UsageError when there is none."""
        mllm = loading.load(source, device=runtime.device, dtype=runtime.dtype, quantised=runtime.quantise)
        return cls(mllm, f"zero-shot:{source}")

    @torch.inference_mode()
    def judge(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """All pairs in both orders in one batch. Raises ItemError when an ad cannot be opened."""
        views = [
            v for pair in pairs for v in self._views(open_creative(pair.left), open_creative(pair.right))
        ]
        texts = [question(pair) for pair in pairs for _ in range(2)]
        logp_RA = self.logps(self.mllm.rules.tensor(views), [size_of(view) for view in views], texts)
        half = len(ANSWERS) // 2
        left_R, right_R = logp_RA[:, :half].logsumexp(1), logp_RA[:, half:].logsumexp(1)
        first_R = torch.sigmoid((left_R - right_R).cpu().double()).tolist()
        return [Verdict(first_R[i], 1 - first_R[i + 1]) for i in range(0, len(first_R), 2)]

    def logps(self, pixels: torch.Tensor, sizes: Sequence[Size], texts: Sequence[str]) -> torch.Tensor:
        """Log-probability of each answer to each text, [R, A], in both orders of each pair.

        ``pixels`` of two pictures a pair, and their ``sizes``.
        """
        seen = apart(self.mllm, patches(self.mllm, pixels, sizes), sizes)
        numbers = [[n, n + 1] for n in range(0, len(sizes), 2)]
        if self.mllm.family.many_images:  # left, right for the first order; right, left for the second
            orders = [order for left, right in numbers for order in ([left, right], [right, left])]
        else:
            orders = [[n] for two in numbers for n in two]
        batch = collate(
            [self._row(text, [sizes[n] for n in order]) for text, order in zip(texts, orders, strict=True)],
            self.mllm.tokenizer.pad_token_id or 0,
            patches=torch.cat([seen[n] for order in orders for n in order]),
            sizes=[sizes[n] for order in orders for n in order],
        )
        logp_D, _ = response_logps(ResponseScorer(self.mllm), [batch.to(self.mllm.core.device)])
        return logp_D.view(-1, len(ANSWERS))

    def _row(self, text: str, sizes: Sequence[Size]) -> TreeRow:
        """The ads, and the question with each answer as a branch."""
        encoder = self.mllm.encoder
        asked = encoder.question(text, image=True)
        branches = []
        for answer in ANSWERS:
            answer_ids = encoder.answer(answer)
            marks = (False,) * len(asked) + (True,) * len(answer_ids)
            branches.append(Branch(asked + answer_ids, marks))
        prefix = encoder.prefix(image=True, size=sizes[0])
        for size in sizes[1:]:
            prefix += encoder.after_image + encoder.picture(size)
        return TreeRow(prefix, tuple(branches), merged=True, places=encoder.places(prefix, *sizes))

    def _views(self, left: Image.Image, right: Image.Image) -> list[Pixels]:
        """Two pictures [H, W, 3]: both ads, or both orders of them side by side."""
        rules = self.mllm.rules
        shown = [left, right]
        if not self.mllm.family.many_images:
            shown = [side_by_side(*ads, SHEET_SIDE) for ads in ((left, right), (right, left))]
        return [flatten(rules.frame(image), rules.fill) for image in shown]
