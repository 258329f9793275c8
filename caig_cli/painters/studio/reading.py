"""Reads a background prompt into a scene. Anything is readable; what was not understood is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caig_cli.painters.studio.phrases import Item, items
from caig_cli.painters.studio.scene import MAX_PROPS, Scene, harmonise

_COLOURABLE = ("surface", "backdrop")
# What takes the place of a default that the prompt refused.
_SPARE = {"surface": "paper", "backdrop": "gradient", "light": "softbox", "mood": "neutral", "blur": "none"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A scene and how it was come by.

    ``understood``: the phrases used; ``ignored``: content words that had no effect, in the prompt's
    order; ``named``: the fields of the scene that the prompt itself set, the rest are defaults.
    """

    scene: Scene
    understood: tuple[str, ...]
    ignored: tuple[str, ...]
    named: frozenset[str]


@dataclass
class _Reader:
    """Collects what a prompt names, phrase by phrase; the first name of a field wins."""

    found: Sequence[Item]
    names: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)
    lit_place: str | None = None  # the backdrop that the light in ``weak`` belongs to
    props: list[str] = field(default_factory=list)
    props_said: bool = False
    refused: set[tuple[str, str]] = field(default_factory=set)
    understood: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    last_noun: str | None = None
    linked: bool = False
    negated: str | None = None

    def read(self) -> Reading:
        for at, item in enumerate(self.found):
            self._take(at, item)
        for name, value in self.weak.items():
            moved = (
                self.lit_place is not None and self.names.get("backdrop", self.lit_place) != self.lit_place
            )
            if (name, value) not in self.refused and not (name == "light" and moved):
                self.names.setdefault(name, value)
        wanted = [prop for prop in dict.fromkeys(self.props) if ("prop", prop) not in self.refused]
        props = tuple(wanted[:MAX_PROPS])
        named = set(self.names) | ({"props"} if props or self.props_said else set())
        scene = self._without_refused(harmonise(self.names, props), named)
        return Reading(scene, _distinct(self.understood), _distinct(self.ignored), frozenset(named))

    def _take(self, at: int, item: Item) -> None:
        kind = item.meaning.kind
        if kind == "negation":
            self.negated = ""
            self.understood.append(item.text)
        elif kind == "unknown":
            self.ignored.append(item.text)
        elif kind in ("glue", "stop", "link"):
            self._between(item)
        elif self.negated is not None and self._refuse(item):
            return
        elif kind == "no_props":
            self.props_said = True
            self.understood.append(item.text)
        elif kind == "colour":
            self._colour(at, item)
        else:
            self._noun(at, item)

    def _between(self, item: Item) -> None:
        """Small words only steer: a link lets a colour reach back, a mark or preposition ends a reach."""
        mark = not item.text[0].isalnum()
        if mark or item.text == "but" or (self.negated and item.text not in ("or", "nor", "and", "any")):
            self.negated = None
        if item.meaning.kind == "link":
            self.linked = True
        elif mark:
            self.last_noun, self.linked = None, False
        elif item.meaning.kind == "stop" and item.text not in ("a", "an", "the", "is", "are"):
            self.linked = False

    def _refuse(self, item: Item) -> bool:
        """Applies "no ..." to a phrase; "and" and "or" carry it on to phrases of the same field only."""
        fields = {name for name, _ in item.meaning.names}
        if self.negated and self.negated not in fields:
            self.negated = None
            return False
        self.refused |= {(name, value) for name, value in item.meaning.names if value}
        self.understood.append(item.text)
        if item.meaning.kind != "colour":
            self.negated = next(iter(fields), None)
        return True

    def _noun(self, at: int, item: Item) -> None:
        kind, names = item.meaning.kind, item.meaning.names
        if kind == "name" and names[0][0] == "surface" and self._is_adjective(at):
            self.ignored.append(item.text)
            return
        if kind == "place":
            for name, value in names:
                # A time of day says more about the light than a room does.
                if len(names) == 1 or name not in self.weak:
                    self.weak[name] = value or ""
                    if name == "light":
                        self.lit_place = dict(names).get("backdrop")
        elif kind == "bare":
            name, plain = names[1]
            if plain:
                self.weak.setdefault(name, plain)
        elif not self._name(names[0][0], names[0][1] or "", item):
            return
        self.understood.append(item.text)
        if names[0][0] in _COLOURABLE and kind != "place":
            self.last_noun, self.linked = names[0][0], False

    def _name(self, name: str, value: str, item: Item) -> bool:
        """Sets a field, or says that the phrase came too late to have an effect."""
        if name == "prop":
            late = value not in self.props and len(set(self.props)) >= MAX_PROPS
            self.props += [] if late else [value]
        else:
            late = self.names.setdefault(name, value) != value
        if late:
            self.ignored.append(item.text)
        return not late

    def _is_adjective(self, at: int) -> bool:
        """A material right before a prop or a wall describes that: "glass vase", "slate wall"."""
        follower = self.found[at + 1].meaning if at + 1 < len(self.found) else None
        if follower is None or not follower.names:
            return False
        name = follower.names[0][0]
        return (follower.kind, name) in (("name", "prop"), ("bare", "backdrop"))

    def _colour(self, at: int, item: Item) -> None:
        target, coloured = self._ahead(at)
        if target is None and self.linked:
            target = self.last_noun
        value = item.meaning.names[0][1] or ""
        if target is not None and self.names.setdefault(f"{target}_colour", value) == value:
            if coloured:
                self.weak[target] = coloured
            self.understood.append(item.text)
        elif target is None and value == "orange" and item.text == "orange":
            self._name("prop", "oranges", item)
            self.understood.append(item.text)
        else:
            self.ignored.append(item.text)

    def _ahead(self, at: int) -> tuple[str | None, str | None]:
        """The field of the noun that a colour stands before, and the name that a bare noun then means."""
        for item in self.found[at + 1 :]:
            kind, names = item.meaning.kind, item.meaning.names
            if kind in ("name", "bare") and names[0][0] in _COLOURABLE:
                return names[0][0], names[0][1] if kind == "bare" else None
            if kind not in ("glue", "colour", "unknown") and not (kind == "name" and names[0][0] == "mood"):
                break
            if kind == "glue" and item.text in ("light", "lighting", "glow"):
                break
        return None, None

    def _without_refused(self, scene: Scene, named: set[str]) -> Scene:
        """A default that the prompt refused gives way to the next harmless one."""
        refused = {
            name: value
            for name, value in _SPARE.items()
            if name not in named and (name, getattr(scene, name)) in self.refused
        }
        return harmonise({**self.names, **refused}, scene.props) if refused else scene


def _distinct(phrases: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrases))


def read(prompt: str) -> Reading:
    """Understands a background prompt; unnamed fields become harmonious defaults. Never raises."""
    return _Reader(items(prompt)).read()
