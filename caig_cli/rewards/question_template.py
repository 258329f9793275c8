"""What a reward model is told about a pair besides its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from caig_cli.mllm.instructions import COMPARISON, MAX_DRAFT, knowledge, one_line
from caig_cli.records import Pair

OFFICIAL = (
    "Comparing the left part and right part of this image, which part is more suitable for advertising?",
    "Which part will bring more click-through rate in this image?",
    "In this image, which side, left or right, is preferred by users?",
)
"""The questions that the released checkpoint knows, as far as they are documented; the first one is asked
where a file has none of its own."""


@dataclass(frozen=True, slots=True)
class QuestionTemplate:
    """Whose question is asked, and what of the product is told with our own.

    ``facts`` asks nothing: it is for text encoders, to which a question would only be padding.
    """

    form: Literal["own", "official", "facts"] = "own"
    caption: bool = True
    attributes: bool = False
    question: str = COMPARISON

    def text(self, pair: Pair, draw: int = 0) -> str:
        """The text of a pair; ``draw`` chooses from the official pool where the pair has no question."""
        if self.form == "official":
            asked = one_line(pair.question or "", MAX_DRAFT)
            return asked or OFFICIAL[draw % len(OFFICIAL)]
        return self.tell(pair.caption, pair.attributes)

    def tell(self, caption: str | None, attributes: Mapping[str, str]) -> str:
        """The text for ads of a product that are in no pair file."""
        if self.form == "official":
            return OFFICIAL[0]
        facts = knowledge(caption if self.caption else None, attributes if self.attributes else None)
        return "\n".join(facts if self.form == "facts" else [self.question, *facts])
