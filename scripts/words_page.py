"""Write docs/words.md from the studio's own tables; ``--check`` only says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from made_page import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "words.md"
SHOWN = 8  # phrases of each name

HEAD = """# Words that the studio understands

Made by `python scripts/words_page.py` from the tables; do not edit by hand. Of each name some of its phrases
are shown; near spellings, singular, plural, hyphens and capitals make no difference.

- *Colours and numbers* belong to the thing that they stand before or follow with "in": "red ribbons", "three
  candles", "a wall in #0A7B83". A hex code colours what it stands beside. A material colours a thing: "a
  concrete pedestal". Of things marked `n` a prompt may say how many, up to nine; at most six kinds of things
  stand around.
- *Places and seasons* set what the prompt does not say itself; a place's own things stand there unless the
  prompt names things, or says "no props".
- *Negations* ("no flowers", "without props", "free of") undo what follows.
- *German, French and Spanish* are read by a word list (below).
- *Contradictions* end by one rule: a thing keeps its own colour, and a tone laid over the whole picture gives
  way. Snow and a white background stay white under "warm cosy tones"; the tone is told as without effect.
- *No set is garish*: each of the catalogue's sets, drawn in its own light, has a mean chroma (highest minus
  lowest channel) below 0.42, less than 5 % of its area above 0.85 and less than 25 % burnt out.
- *Whatever has no effect is told* with its reason: an unknown word (with the nearest known one), a second
  surface, or one of these.

- *A prompt's own product is no thing of the set*: in "our mug on a wooden table" no second mug stands there.
- *Things that a prompt names get room*: the product stands aside and a little smaller; what still finds none
  is told.

How much of what merchants write has an effect (`python benchmarks/words.py`): of 423 words that carry meaning
in 40 sentences written beforehand 93.6 % have one and 6.4 % are told; of 216 in 20 further ones 87.5 and
12.5 %; of 344 in 40 more 89.2 and 10.8 %. The word lists grew by what the first 40 lacked, and a little by
the others after one reading: before it, 79.8 % of the words of the last ones had an effect.

"""


def page() -> str:
    """The whole page."""
    sys.path.insert(0, str(ROOT))
    from caig_cli.painters.studio import lexicon, lexicon_light, lexicon_props, lexicon_words
    from caig_cli.painters.studio.catalogue import (
        COUNTED,
        MORE_BACKDROPS,
        MORE_LIGHTS,
        MORE_PLACES,
        MORE_PROPS,
        MORE_SURFACES,
    )
    from caig_cli.painters.studio.lexicon_foreign import LANGUAGES, WORDS
    from caig_cli.painters.studio.lexicon_ignored import NOT_CHOSEN, NOT_PAINTED

    ignored = {**NOT_PAINTED, **NOT_CHOSEN}
    counted = {*COUNTED, *(name for name, row in MORE_PROPS.items() if row.one)}
    core = {name: "|".join(phrases) for name, phrases in lexicon_props.PROPS.items()}
    things = {**core, **{name: row.words for name, row in MORE_PROPS.items()}}
    sections = [
        _table(("reason", "for example"), ((reason, _some(words)) for reason, words in ignored.items())),
        f"## Things: {len(things)}\n",
        _table(("thing", "", "phrases"), (
            (_plain(name), "n" if name in counted else "", _some(words)) for name, words in things.items())),
    ]  # fmt: skip
    sets = (("Surfaces", lexicon.SURFACES, MORE_SURFACES), ("Backdrops", lexicon.BACKDROPS, MORE_BACKDROPS))
    for title, old, new in sets:
        words = {name: "|".join(phrases) for name, phrases in old.items()}
        words |= {name: row.words for name, row in new.items()}
        sections += [f"## {title}: {len(words)}\n", _table(("name", "phrases"), _rows(words))]
    sections += ["## Places and seasons\n", _table(("phrases", "sets", "things there"), (
        (_some(row.words), ", ".join(map(_plain, row.fields.values())), ", ".join(map(_plain, row.props)))
        for row in MORE_PLACES))]  # fmt: skip
    for title, table in (
        ("Light", lexicon_light.LIGHTS),
        ("Moods", lexicon_light.MOODS),
        ("Blur", lexicon_light.BLURS),
    ):
        words = {name: "|".join(phrases) for name, phrases in table.items()}
        words |= {name: row.words for name, row in MORE_LIGHTS.items() if title == "Light"}
        sections += [f"## {title}\n", _table(("name", "phrases"), _rows(words))]
    sections += ["## Colours\n", _table(("name", "phrases"), _rows(lexicon_words.COLOUR_WORDS))]
    foreign = ((english.lstrip("~"), *map(_some, row)) for english, row in WORDS.items())
    sections += ["## German, French, Spanish\n", _table(("English", *LANGUAGES), foreign)]
    return HEAD + "\n".join(sections)


def _rows(words: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((_plain(name), _some(phrases)) for name, phrases in words.items())


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _some(words: str) -> str:
    phrases = words.split("|")
    return ", ".join(phrases[:SHOWN]) + (", …" if len(phrases) > SHOWN else "")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> int:
    """Write the page, or compare it."""
    return write_or_check(PAGE, page())


if __name__ == "__main__":
    sys.exit(main())
