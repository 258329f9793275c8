"""What an ad shows, in a sentence for those who can't see it, and for the upload form of a platform."""

from __future__ import annotations

import re
from collections.abc import Sequence

from caig_cli.records import Product

LONGEST = 250
"""Characters; screen readers read an alternative text at one go, and forms cut longer ones."""


def alt_text(product: Product, prompt: str, missing: Sequence[str]) -> str:
    """The product's title and the things of the prompt that are in the picture.

    ``missing`` are words of the prompt that had no effect, and names of things that found no room: parts of
    the prompt that hold them are left out.
    """
    title = " ".join((product.caption or product.id.replace("-", " ").replace("_", " ")).split())
    gone = [re.compile(rf"\b{re.escape(word.replace('_', ' '))}", re.IGNORECASE) for word in missing]
    parts = [" ".join(part.split()).rstrip(".") for part in re.split(r"[,;\n]", prompt)]
    shown = [part for part in parts if part and not any(word.search(part) for word in gone)]
    text = f"{title}. Setting: " if shown else title
    if len(text) > LONGEST:
        return _cut(title)
    return _cut(text + ", ".join(shown))


def _cut(text: str) -> str:
    """A text of at most ``LONGEST`` characters, cut between words."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rpartition(" ")[0].rstrip(",;: ") + "…"
