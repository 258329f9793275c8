"""Plain German, French and Spanish: one row per English phrase. Words are separated by ``|``.

Endings of case and number are cut off before words are compared (``translating``). A ``~`` marks adjectives,
which stand behind their noun in French and Spanish. An empty English phrase says nothing.
"""

from __future__ import annotations

LANGUAGES = ("German", "French", "Spanish")

WORDS: dict[str, tuple[str, str, str]] = {
    "and": ("und", "et", "y|e"),
    "with": ("mit", "avec", "con"),
    "on": (
        "auf|auf einem|auf einer|auf dem|auf der",
        "sur|sur une|sur un",
        "sobre|sobre una|sobre un|encima de",
    ),
}
