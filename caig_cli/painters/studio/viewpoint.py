"""What a prompt asks of the product's stance, of the camera and of the place in the frame."""

from __future__ import annotations

from dataclasses import dataclass, fields

from caig_cli.painters.studio.phrases import items
from caig_cli.painters.studio.subject import subject


@dataclass(frozen=True, slots=True)
class View:
    """What the words say, each field None where they say nothing.

    ``stance`` and ``fixture`` as in :class:`~caig_cli.painters.pose.Pose`, ``camera``: above, close, wide or
    low, ``placement`` a name of the layout. ``things``: whether the prompt names some beside the product.
    """

    stance: str | None = None
    fixture: str | None = None
    camera: str | None = None
    placement: str | None = None
    things: bool = False


def view_of(prompt: str) -> View:
    """Reads a prompt; the first word about a field counts, refused ones ("not floating") do not, nor those
    about another thing ("lemons hanging from a branch")."""
    found: dict[str, str] = {}
    refused = thing = things = False
    phrases = items(prompt)
    product = subject(phrases)
    for at, item in enumerate(phrases):
        kind = item.meaning.kind
        if kind == "view" and not refused:
            for name, value in item.meaning.names:
                if not (thing and name == "stance"):
                    found.setdefault(name, value or "")
        named = bool(item.meaning.names) and item.meaning.names[0][0] == "prop" and at not in product
        things = things or (named and not refused)
        ends = kind not in ("glue", "stop") or not item.text[0].isalnum()
        refused = kind == "negation" or (refused and not ends)
        thing = named
    known = {field.name for field in fields(View)} - {"things"}
    return View(**{name: value for name, value in found.items() if name in known}, things=things)
