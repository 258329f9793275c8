"""How much of a prompt a kind of diffusion model reads: what is beyond it paints nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from caig_cli.engine import auto, sources
from caig_cli.painters.diffusion.config import DiffusionSection

_BREAK = re.compile(r"[,.;:!?]\s+|\s+")
"""Where a prompt may end."""


def unread(tokenizer: Any, limit: int, text: str) -> str:
    """The end of a text that is beyond ``limit`` tokens; empty where all fits."""
    read = tokenizer(text, return_offsets_mapping=True, truncation=False, verbose=False)
    if len(read["input_ids"]) <= limit:
        return ""
    start, _ = read["offset_mapping"][limit - 1]  # the last place belongs to the end token
    return text[start:].strip()


def room(tokenizer: Any, limit: int) -> int:
    """Tokens left of a limit for the prompt itself, where a chat model's form is put around it."""
    if not getattr(tokenizer, "chat_template", None):
        return limit
    asked = [{"role": "user", "content": "x"}]
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    return limit - len(tokenizer(text)["input_ids"]) + len(tokenizer("x")["input_ids"])


def fitter(section: DiffusionSection) -> Callable[[str], str]:
    """Cuts a prompt to what the section's model reads, between two words or, better, at a comma.

    The model's tokenizer is read when the first prompt comes. Raises UsageError where it can't be.
    """
    name, limit = section.row.reads
    tokenizer: Any = None

    def fit(prompt: str) -> str:
        nonlocal tokenizer
        if tokenizer is None:
            tokenizer = auto.read_tokenizer(sources.locate(section.model or section.row.model) / name)
        text = section.row.template.format(prompt=prompt)
        rest = unread(tokenizer, room(tokenizer, limit), text)
        return _shortened(prompt, len(prompt) - len(rest)) if rest else prompt

    return fit


def _shortened(prompt: str, most: int) -> str:
    """At most so many characters; the last phrase goes whole where that costs less than a third."""
    ends = [found for found in _BREAK.finditer(prompt) if found.start() <= most]
    phrases = [found.start() for found in ends if found[0].strip() and 3 * found.start() >= 2 * most]
    return prompt[: (phrases or [found.start() for found in ends] or [most])[-1]].rstrip(" ,;:")
