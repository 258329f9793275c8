"""Does the background suit the product? A model that has nothing to do with the reward model looks at the ad.

The protocol for products whose truth nobody knows: the finished ad and the title are shown, both answers are
scored as continuations of one question, and the background suits when yes is likelier than no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from PIL import Image

from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import loading
from caig_cli.mllm.images import flatten, size_of
from caig_cli.mllm.inputs import Branch, collate
from caig_cli.mllm.instructions import knowledge
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.mllm.vision import patches
from caig_cli.records import Product

QUESTION = (
    "This is an advertising picture. Is its background one in which people would expect to see this product? "
    "Answer with one word: yes or no."
)
ANSWERS = ("yes", "Yes", "no", "No")
"""The first half says yes, the second no; models differ in how they begin an answer."""


@dataclass(frozen=True, slots=True)
class RelevanceJudge:
    """P(yes) / (P(yes) + P(no)) of a model's answer, summed over the ways to begin it."""

    mllm: loading.Mllm

    @classmethod
    def load(cls, source: str, runtime: Runtime) -> Self:
        """A model or adapter folder. Raises UsageError when there is none."""
        return cls(
            loading.load(source, device=runtime.device, dtype=runtime.dtype, quantised=runtime.quantise)
        )

    @torch.inference_mode()
    def suits(self, product: Product, ads: Sequence[Image.Image]) -> list[float]:
        """Probability of yes for each ad of a product."""
        rules = self.mllm.rules
        pictures = [flatten(rules.frame(ad), rules.fill) for ad in ads]
        sizes = [size_of(picture) for picture in pictures]
        seen, branches = patches(self.mllm, rules.tensor(pictures), sizes), self._branches(product)
        rows = [self.mllm.encoder.row(branches, image=True, size=size) for size in sizes]
        batch = collate(rows, self.mllm.tokenizer.pad_token_id or 0, patches=seen, sizes=sizes)
        logp_D, _ = response_logps(ResponseScorer(self.mllm), [batch.to(self.mllm.core.device)])
        yes_R2, no_R2 = logp_D.cpu().double().view(len(ads), 2, -1).unbind(1)
        relevance: list[float] = torch.sigmoid(yes_R2.logsumexp(1) - no_R2.logsumexp(1)).tolist()
        return relevance

    def _branches(self, product: Product) -> list[Branch]:
        """What the shop says, and the question with each answer as a branch."""
        encoder = self.mllm.encoder
        facts = knowledge(product.caption, product.attributes)
        asked = encoder.question("\n".join([*facts, QUESTION]), image=True)
        branches = []
        for answer in ANSWERS:
            answer_ids = encoder.answer(answer)
            branches.append(Branch(asked + answer_ids, (False,) * len(asked) + (True,) * len(answer_ids)))
        return branches
