"""The product where a prompt names it itself: "our mug on a table" asks for no second mug beside it."""

from __future__ import annotations

from collections.abc import Sequence

from caig_cli.data.product_kinds import kind_of
from caig_cli.painters.studio.catalogue import MORE_PROPS
from caig_cli.painters.studio.phrases import FoundPhrase

_LEADS = frozenset("place put show photograph picture present display a an please pair of one set".split())
_DEFINITE = frozenset("the our my this these your".split())
_ENDS = frozenset(
    "on in at under against beside by between before upon stands sits rests lies burns among".split()
) | {"in front of", "next to", "on top of", "on a", "in the"}
_SET = frozenset({"backdrop", "light", "mood", "blur"})


def subject(found: Sequence[FoundPhrase]) -> range:
    """Which phrases name the product: those before the first preposition, if they name a kind of product.

    Empty where the prompt begins with the set, or with things that may as well stand beside the product
    ("a vase on a wooden table"): a definite word, or one that the studio does not have, tells the product.
    """
    start = next((at + 1 for at, item in enumerate(found[:4]) if item.english == ":"), 0)
    definite = False
    while start < len(found) and found[start].english in _LEADS | _DEFINITE:
        definite = definite or found[start].english in _DEFINITE
        start += 1
    end = start
    while end < len(found) and not _ends(found[end]):
        end += 1
    noun = found[start:end]
    if not noun or end == len(found) or not _is_product(noun, definite):
        return range(0)
    return range(start, end)


def _ends(item: FoundPhrase) -> bool:
    """Whether a noun phrase ends before the item."""
    stance = item.meaning.kind == "view" and item.meaning.names[0][0] == "stance"
    return item.english in _ENDS or stance


def _is_product(noun: Sequence[FoundPhrase], definite: bool) -> bool:
    meanings = [item.meaning for item in noun]
    mark = any(not item.text[0].isalnum() or item.english in ("and", "with") for item in noun)
    fields = {meaning.names[0][0] for meaning in meanings if meaning.kind == "name"}
    bare = any(meaning.kind in ("bare", "place", "negation", "no_props") for meaning in meanings[-1:])
    if mark or bare or (meanings[-1].names[:1] and meanings[-1].names[0][0] in _SET):
        return False
    strange = any(meaning.kind in ("unknown", "ignored") for meaning in meanings)
    things = {name for meaning in meanings for field, name in meaning.names if field == "prop"}
    own = strange or (definite and "surface" not in fields) or bool(things & set(MORE_PROPS))
    return own and kind_of(" ".join(item.text for item in noun)) is not None
