"""What the prompt model is asked, word for word, in its three task families.

The market writes its dialogues with these texts, ``pretrain`` reads them back and ``generate`` asks with
them: a model is never asked in words that it was not trained on. They are short because every token costs.
What is known of the product comes last, its title at the very end, so that two questions which differ only
in the title share everything before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["understanding", "content", "prompt"]

MAX_CAPTION = 140
"""Characters of a title that the model gets to see; shops repeat themselves after that."""
MAX_DRAFT = 280
"""Characters of a user's own prompt that ``rewrite`` gets to see."""
MAX_ATTRIBUTES = 6
MAX_ATTRIBUTE = 40


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of question: its family in the paper, and its words."""

    family: Family
    question: str


TASKS: Mapping[str, Task] = {
    # 1. image understanding: the image alone
    "shape": Task("understanding", "What kind of object is this?"),
    "product": Task("understanding", "Describe this product."),
    "background": Task("understanding", "Describe the background."),
    "surface": Task("understanding", "What does the product stand on?"),
    "backdrop": Task("understanding", "What is behind the product?"),
    "light": Task("understanding", "What light falls on the product?"),
    "mood": Task("understanding", "What is the mood of this picture?"),
    "blur": Task("understanding", "How sharp is the background?"),
    "props": Task("understanding", "What stands around the product?"),
    "advertised": Task("understanding", "Which category of product is advertised?"),
    "match": Task("understanding", "Does the background suit the product?"),
    # 2. multimodal content understanding: the image and what the shop says
    "category": Task("content", "Which category does this product belong to?"),
    "suits": Task("content", "What should be under and behind this product?"),
    "title": Task("content", "Write a title for this product."),
    "setting": Task("content", "Describe the background around this product."),
    # 3. prompt generation
    "write": Task("prompt", "Write a background prompt for this product."),
    "rewrite": Task("prompt", "Improve this background prompt for this product."),
}

COMPARISON = "Which ad is clicked more?"
"""What a reward model is asked about two ads of a product. The prompt model is never asked this."""


def instruction(
    task: str,
    *,
    caption: str | None = None,
    attributes: Mapping[str, str] | None = None,
    draft: str | None = None,
) -> str:
    """The text of one question, without the image placeholder (that belongs to the model's family).

    ``draft`` is the user's own background prompt, for ``rewrite``. Title, attributes and draft are data:
    white space and control characters become single spaces, and lengths are bounded, so that neither markup
    nor a novel in a title changes the form of the question.
    """
    lines = [TASKS[task].question]
    if draft is not None:
        lines.append(f"Prompt: {one_line(draft, MAX_DRAFT)}")
    return "\n".join([*lines, *knowledge(caption, attributes)])


def knowledge(caption: str | None, attributes: Mapping[str, str] | None) -> list[str]:
    """What the shop says of a product, bounded: a line of attributes and one of its title, if known."""
    lines = []
    pairs = [
        f"{one_line(name, MAX_ATTRIBUTE)}: {one_line(value, MAX_ATTRIBUTE)}"
        for name, value in list((attributes or {}).items())[:MAX_ATTRIBUTES]
    ]
    if pairs:
        lines.append("; ".join(pairs))
    title = one_line(caption or "", MAX_CAPTION)
    if title:
        lines.append(f"Title: {title}")
    return lines


def one_line(text: str, limit: int) -> str:
    """One printable line of at most ``limit`` characters, cut at a word where possible.

    The image placeholder loses its brackets: a title must not be able to call for another image.
    """
    plain = "".join(c if c.isprintable() else " " for c in text).replace("<image>", "image")
    words = " ".join(plain.split())
    if len(words) <= limit:
        return words
    cut = words[:limit]
    return cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut
