"""Reads a background prompt into a scene. Anything is readable; what has no effect is told with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from caig_cli.painters.studio import lexicon_ignored as ignored
from caig_cli.painters.studio.catalogue import COUNTED, MORE_BACKDROPS, MORE_PROPS, SHOWS
from caig_cli.painters.studio.lexicon_props import PROPS
from caig_cli.painters.studio.lexicon_words import PLAIN_COLOURS
from caig_cli.painters.studio.phrases import FoundPhrase, items
from caig_cli.painters.studio.scene import MAX_COUNT, MAX_PROPS, MAX_RANDOM_PROPS, PropLook, Scene, harmonise
from caig_cli.painters.studio.subject import subject

_COLOURABLE = ("surface", "backdrop")
INDOORS = frozenset(name for name, row in MORE_BACKDROPS.items() if not row.outside)
# What takes the place of a default that the prompt refused.
_SPARE = {"surface": "paper", "backdrop": "gradient", "light": "softbox", "mood": "neutral", "blur": "none"}


_AS = frozenset({"as", "coloured", "colored", "toned", "tinted"})
_FOR = frozenset({"on", "for", "the", "a", "at", "to", "as"})
"""Words that a colour reaches over to its noun, and those that one given as a number does."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A scene and how it was come by.

    ``understood``: the phrases used; ``ignored``: content words that had no effect, in the prompt's
    order; ``reasons``: why, for each of them; ``named``: the fields of the scene that the prompt itself set,
    the rest are defaults.
    """

    scene: Scene
    understood: tuple[str, ...]
    ignored: tuple[str, ...]
    named: frozenset[str]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Target:
    """What a colour or a number stands beside: a field, for a prop its name, and the name that a bare noun
    then means."""

    field: str
    name: str | None = None


@dataclass
class _Reader:
    """Collects what a prompt names, phrase by phrase; the first name of a field wins."""

    found: Sequence[FoundPhrase]
    core: bool = False
    names: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)
    lit_place: str | None = None  # the backdrop that the light in ``weak`` belongs to
    props: list[str] = field(default_factory=list)
    place_props: list[str] = field(default_factory=list)
    looks: dict[str, PropLook] = field(default_factory=dict)
    props_named: bool = False
    refused: set[tuple[str, str]] = field(default_factory=set)
    understood: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)  # of the ignored phrases
    phrases_of: dict[tuple[str, str], list[str]] = field(
        default_factory=dict
    )  # the phrases that name something
    last_noun: _Target | None = None
    bare: set[str] = field(default_factory=set)  # fields that a bare noun named
    late: list[tuple[str, str, str]] = field(default_factory=list)  # field, name, phrase
    linked: bool = False
    negated: str | None = None

    def read(self) -> Reading:
        product = range(0) if self.core else subject(self.found)
        for at, item in enumerate(self.found):
            if at not in product:
                self._take(at, item)
            elif item.meaning.kind not in ("glue", "stop", "link"):
                self._ignore(item.text, ignored.PRODUCT)
        self._settle()
        self._forgive()
        limit = MAX_RANDOM_PROPS if self.core else MAX_PROPS
        props = tuple(self._wanted(self.props or ([] if self.props_named else self.place_props)))[:limit]
        named = set(self.names) | ({"props"} if props or self.props_named else set())
        scene = self._without_refused(harmonise(self.names, props), named)
        if not self.core:
            scene = self._agreed(replace(scene, looks=tuple(self.looks.values())))
        ineffective = tuple(self.reasons)
        used = tuple(phrase for phrase in dict.fromkeys(self.understood) if phrase not in self.reasons)
        return Reading(scene, used, ineffective, frozenset(named), self.reasons)

    def _settle(self) -> None:
        """What places and bare nouns name takes effect where nothing more definite is said."""
        for name, value in sorted(self.weak.items(), key=lambda pair: pair[0] == "light"):
            backdrop = self.names.get("backdrop", self.lit_place)
            seen = not self.core and self.lit_place in SHOWS.get(backdrop or "", ())
            moved = self.lit_place is not None and backdrop != self.lit_place and not seen
            if name == "backdrop" and not self.core and self.names.get(name) in SHOWS.get(value, ()):
                self.names[name] = value  # a kitchen with a window is still a kitchen
            if name == "light" and value == "moonlight" and self.names.get("backdrop") in INDOORS:
                value = "candlelight"  # by night a room has its own lamps
            if (name, value) not in self.refused and not (name == "light" and moved):
                self.names.setdefault(name, value)

    def _forgive(self) -> None:
        """A second name is no contradiction where the first one's place shows it too."""
        backdrop = self.names.get("backdrop", "")
        for field_, value, phrase in self.late:
            if value in SHOWS.get(backdrop, ()):
                self.reasons.pop(phrase, None)
                self.understood.append(phrase)
            elif field_ == "backdrop" and backdrop in SHOWS.get(value, ()) and not self.core:
                self.names["backdrop"] = backdrop = value
                self.reasons.pop(phrase, None)
                self.understood.append(phrase)

    def _wanted(self, props: Iterable[str]) -> Iterable[str]:
        return (prop for prop in dict.fromkeys(props) if ("prop", prop) not in self.refused)

    def _agreed(self, scene: Scene) -> Scene:
        """The scene without contradictions, by the rule of ``lexicon_ignored.CONFLICTS``."""
        for row in ignored.CONFLICTS:
            value = getattr(scene, row.other)
            plain = getattr(scene, f"{row.field}_colour", None) is None
            if plain and getattr(scene, row.field) in row.names and value in row.gives_way:
                scene = replace(scene, **{row.other: row.becomes})  # type: ignore[arg-type]
                for phrase in self.phrases_of.get((row.other, value), ()):
                    self._ignore(phrase, row.reason)
        return scene

    def _take(self, at: int, item: FoundPhrase) -> None:
        kind = item.meaning.kind
        if kind == "negation":
            self.negated = ""
            self.understood.append(item.text)
        elif kind in ("glue", "stop", "link"):
            self._between(item)
        elif self.negated is not None and self._refuse(item):
            return
        elif kind in ("unknown", "ignored"):
            self._ignore(item.text, item.meaning.names[0][1] if item.meaning.names else None)
        elif kind == "view":  # about the product and the camera: viewpoint reads it
            self.understood.append(item.text)
        elif kind == "no_props":
            self.props_named = True
            self.understood.append(item.text)
        elif kind == "colour":
            self._colour(at, item)
        elif kind == "number":
            self._number(at, item)
        else:
            self._noun(at, item)

    def _ignore(self, phrase: str, reason: str | None = None) -> None:
        self.reasons.setdefault(phrase, reason or ignored.UNKNOWN)

    def _between(self, item: FoundPhrase) -> None:
        """Small words only steer: a link lets a colour reach back, a mark or preposition ends a reach."""
        mark = not item.english[0].isalnum()
        if (
            mark
            or item.english == "but"
            or (self.negated and item.english not in ("or", "nor", "and", "any"))
        ):
            self.negated = None
        if item.meaning.kind == "link":
            self.linked = True
        elif mark:
            self.last_noun, self.linked = None, False
        elif item.meaning.kind == "stop" and item.english not in ("a", "an", "the", "is", "are"):
            self.linked = False

    def _refuse(self, item: FoundPhrase) -> bool:
        """Applies "no ..." to a phrase; "and" and "or" carry it on to phrases of the same field only."""
        if item.meaning.kind == "unknown" and self.core:
            return False
        fields = {name for name, _ in item.meaning.names}
        if self.negated and self.negated not in fields:
            self.negated = None
            return False
        self.refused |= {(name, value) for name, value in item.meaning.names if value}
        self.understood.append(item.text)
        if item.meaning.kind != "colour":
            self.negated = next(iter(fields), None)
        return True

    def _noun(self, at: int, item: FoundPhrase) -> None:
        kind, names = item.meaning.kind, item.meaning.names
        if kind == "name" and names[0][0] == "surface" and self._is_adjective(at):
            self._material(at, item)
            return
        if kind == "place":
            self._place(names)
        elif kind == "bare":
            name, plain = names[1]
            if plain and (self.core or name in self.bare):
                self.weak.setdefault(name, plain)
            elif plain:  # "a balcony table" is a table, whatever a place has
                self.weak[name] = plain
                self.bare.add(name)
        elif not self._name(names[0][0], names[0][1] or "", item):
            return
        self.understood.append(item.text)
        if kind == "place":
            return
        if names[0][0] in _COLOURABLE:
            self.last_noun, self.linked = _Target(names[0][0]), False
        elif names[0][0] == "prop" and not self.core:
            self.last_noun, self.linked = _Target("prop", names[0][1]), False
            if colour := _colour_within(item.english):
                self._ask(names[0][1] or "", colour=colour)

    def _material(self, at: int, item: FoundPhrase) -> None:
        """What a thing is made of gives it its colour: "a concrete pedestal" is grey."""
        field_, name = self.found[at + 1].meaning.names[0]
        colour = ignored.MATERIALS.get(item.meaning.names[0][1] or "")
        if field_ == "prop" and colour and not self.core:
            self._ask(name or "", colour=colour)
            self.understood.append(item.text)
        else:
            self._ignore(item.text, ignored.MADE_OF)

    def _place(self, names: Sequence[tuple[str, str | None]]) -> None:
        fields = {name: value or "" for name, value in names if name != "prop"}
        self.place_props += [value for name, value in names if name == "prop" and value]
        for name, value in fields.items():
            # A time of day says more about the light than a room does.
            if len(fields) == 1 or name not in self.weak:
                self.weak[name] = value
                if name == "light":
                    self.lit_place = fields.get("backdrop")

    def _name(self, name: str, value: str, item: FoundPhrase) -> bool:
        """Sets a field, or says that the phrase came too late to have an effect."""
        self.phrases_of.setdefault((name, value), []).append(item.text)
        if name == "prop":
            limit = MAX_RANDOM_PROPS if self.core else MAX_PROPS
            late = value not in self.props and len(set(self.props)) >= limit
            self.props += [] if late else [value]
        else:
            late = self.names.setdefault(name, value) != value
        if late:
            reason = (
                ignored.FULL.format(count=MAX_PROPS) if name == "prop" else ignored.SECOND.format(field=name)
            )
            self._ignore(item.text, reason)
            self.late.append((name, value, item.text))
        return not late

    def _is_adjective(self, at: int) -> bool:
        """A material right before a prop or a wall describes that: "glass vase", "slate wall"."""
        follower = self.found[at + 1].meaning if at + 1 < len(self.found) else None
        if follower is None or not follower.names:
            return False
        name = follower.names[0][0]
        return (follower.kind, name) in (("name", "prop"), ("bare", "backdrop"))

    def _colour(self, at: int, item: FoundPhrase) -> None:
        value = item.meaning.names[0][1] or ""
        target = self._ahead(at, far=value.startswith("#"))
        if target is None and (self.linked or value.startswith("#")):
            target = self.last_noun
        if target is not None and target.field == "prop":
            self._ask(target.name or "", colour=value)
            self.understood.append(item.text)
        elif target is not None and self.names.setdefault(f"{target.field}_colour", value) == value:
            if target.name:
                self.weak[target.field] = target.name
            self.understood.append(item.text)
        elif target is None and value == "orange" and item.english == "orange":
            self._name("prop", "oranges", item)
            self.understood.append(item.text)
        elif target is None and item.english == "lavender" and not self.core:
            self._name("prop", "pampas", item)
            self.understood.append(item.text)
        else:
            self._ignore(item.text, ignored.NO_NOUN)

    def _number(self, at: int, item: FoundPhrase) -> None:
        target, count = self._ahead(at), min(int(item.meaning.names[0][1] or 1), MAX_COUNT)
        if target is not None and target.field == "prop" and _countable(target.name or ""):
            self._ask(target.name or "", count=count)
            self.understood.append(item.text)
        elif count > 1:
            self._ignore(item.text, ignored.NO_COUNT)

    def _ask(self, prop: str, *, colour: str | None = None, count: int | None = None) -> None:
        """Notes how a prop shall look; what was asked first counts."""
        look = self.looks.get(prop, PropLook(prop))
        self.looks[prop] = PropLook(prop, look.colour or colour, look.count or count)

    def _ahead(self, at: int, *, far: bool = False) -> _Target | None:
        """The noun that a colour or a number stands before; ``far``: prepositions may be between."""
        passed = {"glue", "colour", "unknown"} | (set() if self.core else {"number", "ignored"})
        for item in self.found[at + 1 :]:
            kind, names = item.meaning.kind, item.meaning.names
            if kind in ("name", "bare") and names[0][0] in _COLOURABLE:
                return _Target(names[0][0], names[0][1] if kind == "bare" else None)
            if kind == "name" and names[0][0] == "prop" and not self.core:
                return _Target("prop", names[0][1])
            if not self.core and (item.english in _AS or (far and item.english in _FOR)):
                continue
            if kind not in passed and not (kind == "name" and names[0][0] == "mood"):
                break
            if kind == "glue" and item.english in ("light", "lighting", "glow"):
                break
        return None

    def _without_refused(self, scene: Scene, named: set[str]) -> Scene:
        """A default that the prompt refused gives way to the next harmless one."""
        refused = {
            name: value
            for name, value in _SPARE.items()
            if name not in named and (name, getattr(scene, name)) in self.refused
        }
        return harmonise({**self.names, **refused}, scene.props) if refused else scene


def _colour_within(phrase: str) -> str | None:
    """The colour that a phrase like "green apples" begins with. Phrases that are written stay as they are."""
    first = phrase.partition(" ")[0]
    return PLAIN_COLOURS.get(first) if phrase != first and phrase not in _written() else None


@cache
def _written() -> frozenset[str]:
    return frozenset(phrase for written, _ in PROPS.values() for phrase in written.split("|"))


def _countable(prop: str) -> bool:
    return prop in COUNTED or (prop in MORE_PROPS and MORE_PROPS[prop].one is not None)


@lru_cache(maxsize=256)
def read(prompt: str) -> Reading:
    """Understands a background prompt; unnamed fields become harmonious defaults. Never raises."""
    return _Reader(items(prompt)).read()


def read_core(prompt: str) -> Reading:
    """The same with the core's names alone, as they were when markets and judges learnt them: scenes of
    English prompts stay what they were, whatever the catalogue gets."""
    return _Reader(items(prompt, core=True), core=True).read()
