"""How much of what merchants write has an effect: sentences of their kind, word by word.

    python benchmarks/words.py [--each]

``words_first.txt``: 40 sentences written before the word lists were looked at, which then grew by what they
lacked. ``words_second.txt``: 20 more, written after that and read once before anything was changed for them.
``words_third.txt``: 40 more, ``words_fourth.txt`` and ``words_fifth.txt``: 20 more each, written and read
likewise.
A word carries meaning unless it is a function word
or speaks of the product or the picture itself.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from caig_cli.painters.studio.language import read
from caig_cli.painters.studio.phrases import items
from caig_cli.painters.studio.subject import subject

EMPTY = frozenset(
    """
    a an the and or of on in at with to for by from next beside in front behind as it her his our we my is are
    lots into out also up put product picture frame scene look set mood feeling style background camera please
    burns place show shot between before above after colour coloured hex overlooking
    below underneath everything bit por
    distance over through under away around stands against can viel still life
    auf einem einer der die das dem den in mit und vom ein eine am neben im bitte vor
    daneben hintergrund arriere plan junto
    sur une un dans le la les des de du et en avec ni d l sobre una con y el la al en
    """.split()
)


def main() -> int:
    """Print the shares of each file, and with ``--each`` what every sentence became."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", action="store_true")
    each = parser.parse_args().each
    for name in (
        "words_first.txt",
        "words_second.txt",
        "words_third.txt",
        "words_fourth.txt",
        "words_fifth.txt",
    ):
        counts: Counter[str] = Counter()
        for sentence in (Path(__file__).parent / name).read_text().splitlines():
            found = judged(sentence)
            counts += Counter(found.values())
            if each:
                print(sentence, [f"{word}: {what}" for word, what in found.items() if what != "effect"])
        total = counts.total()
        shares = ", ".join(f"{what} {counts[what] / total:.1%}" for what in ("effect", "told", "silent"))
        print(f"{name}: {total} words that carry meaning: {shares}")
    return 0


def judged(sentence: str) -> dict[str, str]:
    """Each word of the sentence that carries meaning: effect, told or silent."""
    reading, found, phrases = read(sentence), {}, items(sentence)
    product = subject(phrases)
    for at, item in enumerate(phrases):
        for word in item.text.split():
            if word in EMPTY or at in product or (not word[0].isalnum() and word[0] != "#"):
                continue
            quiet = item.meaning.kind in ("glue", "stop", "link")
            found[word] = "silent" if quiet else "told" if item.text in reading.reasons else "effect"
    return found


if __name__ == "__main__":
    raise SystemExit(main())
