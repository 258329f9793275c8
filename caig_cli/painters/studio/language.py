"""The scene language: ``read`` a background prompt into a scene, ``write`` a scene as a prompt.

``read(write(scene, rng)).scene == scene`` with nothing ignored, for every scene.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Sequence

from caig_cli.painters.studio.lexicon import BACKDROPS, SURFACES, Lexicon
from caig_cli.painters.studio.lexicon_light import BLURS, LIGHTS, MOODS
from caig_cli.painters.studio.lexicon_props import PROPS
from caig_cli.painters.studio.lexicon_words import COLOUR_WORDS
from caig_cli.painters.studio.phrases import nearest
from caig_cli.painters.studio.reading import Reading, read, read_core
from caig_cli.painters.studio.scene import CHOICES, MAX_PROPS, Scene, harmonise, random_scene

__all__ = ["MAX_PROPS", "Reading", "Scene", "harmonise", "nearest", "random_scene", "read",
    "read_core", "recombined", "scene_parts", "scene_words", "write",
]  # fmt: skip

# [..] is dropped where a slot in it is empty.
_TEMPLATES = (
    "{surface} in front of {backdrop}[, with {props} nearby]. {light}, {mood}[, {blur}].",
    "The product stands on {surface} against {backdrop}[, beside {props}], in {light}, {mood}[ and {blur}].",
    "{backdrop} behind, {surface} below[, {props} beside the product]. {light} and {mood}[, {blur}].",
    "Placed on {surface}[, surrounded by {props}], {backdrop} in the distance, {light}, {mood}[, {blur}].",
    "{light} falls on {surface}[ with {props}], {backdrop} behind the product, {mood}[, {blur}].",
    "A styled scene: {surface}[ with {props}], {backdrop} behind. {mood} under {light}[, {blur}].",
    "{mood} and {light}: the product rests on {surface}[ next to {props}], {backdrop} behind it[, {blur}].",
    "Against {backdrop}, on {surface}[, accompanied by {props}]. {light}, {mood}[, {blur}].",
    "On {surface}[, arranged with {props}], lit by {light}. {backdrop} behind, {mood}[, {blur}].",
    "[{props} on ]{surface}, {backdrop} in the background, bathed in {light}, {mood}[, {blur}].",
    "Advertising photo with {mood}: {surface}, {backdrop}[, {props}], {light}[, {blur}].",
    "The product sits on {surface}[ among {props}]; behind it {backdrop}. {light}, {mood}[ and {blur}].",
    "{light} over {surface}, {backdrop} beyond[, accents of {props}], {mood}[, {blur}].",
    "[{blur}, ]{backdrop} framing {surface}[ with {props}], captured in {light} with {mood}.",
    "Elegant product shot: {surface}[ decorated with {props}] before {backdrop}, {light}, {mood}[, {blur}].",
    "With {backdrop} behind, the product on {surface}[, {props} at its side], {light}, {mood}[, {blur}].",
)
_TRIES = 24
_WORDS = range(12, 36)


def write(scene: Scene, rng: random.Random) -> str:
    """A prompt in ordinary advertising English, 12 to 35 words, that reads back as exactly this scene."""
    for _ in range(_TRIES):
        prompt = _compose(scene, rng)
        if len(prompt.split()) in _WORDS and _exact(prompt, scene):
            return prompt
    return _plainly(scene)


def scene_words(prompt: str) -> frozenset[str]:
    """What the studio shows of a prompt, one name a choice: ``surface oak``, ``prop candle``."""
    return frozenset().union(*scene_parts(prompt))


@functools.lru_cache(16384)
def scene_parts(prompt: str) -> tuple[frozenset[str], ...]:
    """The words of a prompt by the parts of its scene: a set for each field of ``CHOICES``, and the props."""
    scene = read_core(prompt).scene
    chosen = (frozenset([f"{field} {getattr(scene, field)}"]) for field in CHOICES)
    return (*chosen, frozenset(f"prop {prop}" for prop in scene.props))


def recombined(parents: Sequence[str], rng: random.Random) -> str:
    """A prompt whose n-th part, as ``scene_parts`` counts them, is that of the n-th parent."""
    surface, backdrop, light, mood, blur, props = (read_core(text).scene for text in parents)
    return write(
        Scene(
            surface.surface,
            backdrop.backdrop,
            props.props,
            light.light,
            mood.mood,
            blur.blur,
            surface.surface_colour,
            backdrop.backdrop_colour,
        ),
        rng,
    )


def _exact(prompt: str, scene: Scene) -> bool:
    reading = read_core(prompt)
    return reading.scene == scene and not reading.ignored


def _compose(scene: Scene, rng: random.Random) -> str:
    unsaid = _blur_follows(scene) and rng.random() < 0.6
    slots = {
        "surface": _coloured(_phrase_for(SURFACES, scene.surface, rng), scene.surface_colour, rng),
        "backdrop": _coloured(_phrase_for(BACKDROPS, scene.backdrop, rng), scene.backdrop_colour, rng),
        "props": _listed([_phrase_for(PROPS, prop, rng) for prop in scene.props], rng),
        "light": _phrase_for(LIGHTS, scene.light, rng),
        "mood": _phrase_for(MOODS, scene.mood, rng),
        "blur": "" if unsaid else _phrase_for(BLURS, scene.blur, rng),
    }
    return _fill(rng.choice(_TEMPLATES), slots)


def _blur_follows(scene: Scene) -> bool:
    """Whether the lens may go unsaid, because the reader would assume it anyway."""
    return harmonise({"backdrop": scene.backdrop}).blur == scene.blur


def _plainly(scene: Scene) -> str:
    """The one shape that always reads back: a clause per field, colours after their nouns."""
    rows = [(SURFACES, scene.surface, _tint(scene.surface_colour))]
    rows += [(BACKDROPS, scene.backdrop, " behind" + _tint(scene.backdrop_colour))]
    rows += [(PROPS, prop, "") for prop in scene.props]
    rows += [(LIGHTS, scene.light, ""), (MOODS, scene.mood, ""), (BLURS, scene.blur, "")]
    clauses = [table[name][0].split("|")[0] + tail for table, name, tail in rows]
    return _sentences("The product on " + ", ".join(clauses) + ".")


def _tint(colour: str | None) -> str:
    return f" tinted {COLOUR_WORDS[colour].split('|')[0]}" if colour else ""


def _phrase_for(table: Lexicon, name: str, rng: random.Random) -> str:
    return rng.choice(table[name][0].split("|"))


def _coloured(noun: str, colour: str | None, rng: random.Random) -> str:
    """A noun with a colour before it ("a teal plaster wall") or, less often, after it."""
    if colour is None:
        return noun
    words = COLOUR_WORDS[colour].split("|")[:4]
    if rng.random() < 0.3:
        return f"{noun} {rng.choice(('in', 'tinted', 'in shades of', 'toned'))} {words[0]}"
    word = rng.choice(words)
    article, _, rest = noun.partition(" ")
    return f"{article} {word} {rest}" if article in ("a", "an", "the") else f"{word} {noun}"


def _listed(nouns: list[str], rng: random.Random) -> str:
    rng.shuffle(nouns)
    if len(nouns) < 2:
        return "".join(nouns)
    return ", ".join(nouns[:-1]) + " and " + nouns[-1]


def _fill(template: str, slots: dict[str, str]) -> str:
    def option(match: re.Match[str]) -> str:
        text = match.group(1)
        return "" if any(f"{{{name}}}" in text and not value for name, value in slots.items()) else text

    return _sentences(re.sub(r"\[(.*?)\]", option, template).format(**slots))


def _sentences(text: str) -> str:
    """Capital letters at sentence starts, and "an" before a vowel."""
    text = re.sub(r"\b([Aa])n? (?=([a-z]))", lambda m: f"{m[1]}{'n' if m[2] in 'aeiou' else ''} ", text)
    return re.sub(r"(^|[.!?] )([a-z])", lambda m: m[1] + m[2].upper(), text)
