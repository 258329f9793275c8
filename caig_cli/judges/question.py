"""What a judge that was never trained for it is asked, in words."""

from __future__ import annotations

from caig_cli.data.tables import clean_text
from caig_cli.records import Pair

QUESTION = (
    "Two ads of the same product are shown, the left ad first and the right ad second. "
    "Which of them will be clicked more often by people who see it?"
)
ENDING = "Answer with one word: left or right."

MAX_FACT = 200
"""Characters of a title or attribute that a judge gets to see."""


def question(pair: Pair) -> str:
    """The file's own question if it has one, what is known of the product, and how to answer.

    Titles and attributes are data: they are one line each, of bounded length, and come before the question.
    """
    facts = [] if pair.caption is None else [f"Title: {_fact(pair.caption)}"]
    facts += [f"{_fact(name)}: {_fact(value)}" for name, value in pair.attributes.items()]
    return "\n".join([*facts, f"{pair.question or QUESTION} {ENDING}"])


def _fact(text: str) -> str:
    """One line; the image placeholder loses its brackets, so that no title calls for another image."""
    return clean_text(text).replace("<image>", "image")[:MAX_FACT]
