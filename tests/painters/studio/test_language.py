"""The scene language: what it writes reads back exactly, and ordinary prose is understood."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from caig_cli.painters.studio import phrases, vocabulary
from caig_cli.painters.studio.catalogue import (
    MORE_BACKDROPS,
    MORE_PROPS,
    MORE_SURFACES,
    BackdropRow,
    PropRow,
    SurfaceRow,
)
from caig_cli.painters.studio.language import Scene, nearest, random_scene, read, read_core, write
from caig_cli.painters.studio.lexicon import BACKDROPS, SURFACES
from caig_cli.painters.studio.lexicon_foreign import WORDS
from caig_cli.painters.studio.lexicon_ignored import CONFLICTS
from caig_cli.painters.studio.lexicon_light import BLURS, LIGHTS, MOODS
from caig_cli.painters.studio.lexicon_props import PROPS
from caig_cli.painters.studio.lexicon_words import COLOUR_WORDS
from caig_cli.painters.studio.scene import PropLook
from caig_cli.painters.studio.translating import tokens

CONTRADICTED = {row.reason for row in CONFLICTS}

TABLES = {
    vocabulary.SURFACES: SURFACES,
    vocabulary.BACKDROPS: BACKDROPS,
    vocabulary.PROPS: PROPS,
    vocabulary.LIGHTS: LIGHTS,
    vocabulary.MOODS: MOODS,
    vocabulary.BLURS: BLURS,
}


def test_what_is_written_reads_back() -> None:
    rng = random.Random(20)
    shapes: Counter[str] = Counter()
    for _ in range(2000):
        scene = random_scene(rng)
        prompt = write(scene, rng)
        for reading in (read(prompt), read_core(prompt)):
            if not set(reading.reasons.values()) & CONTRADICTED:
                assert reading.scene == scene, prompt
                assert reading.ignored == (), prompt
        assert 12 <= len(prompt.split()) <= 35, prompt
        shapes[prompt.split()[0]] += 1
    assert len(shapes) > 100


def test_writing_is_decided_by_its_generator() -> None:
    scene = random_scene(random.Random(1))
    assert write(scene, random.Random(2)) == write(scene, random.Random(2))
    assert len({write(scene, random.Random(seed)) for seed in range(50)}) >= 48


def test_random_scenes_are_uniform() -> None:
    rng = random.Random(3)
    scenes = [random_scene(rng) for _ in range(4000)]
    assert {len(s.props) for s in scenes} == {0, 1, 2, 3}
    assert {s.surface for s in scenes} == set(vocabulary.SURFACES)
    assert 0.45 < sum(s.surface_colour is None for s in scenes) / 4000 < 0.55
    assert 0.22 < sum(not s.props for s in scenes) / 4000 < 0.28


@pytest.mark.parametrize(("names", "table"), TABLES.items(), ids=lambda v: "")
def test_every_name_has_synonyms_and_all_of_them_are_understood(
    names: tuple[str, ...], table: dict[str, tuple[str, str]]
) -> None:
    assert tuple(table) == names
    for name, (written, heard) in table.items():
        assert len(written.split("|")) >= 3
        assert len(heard.split("|")) >= 5
        for phrase in f"{written}|{heard}".split("|"):
            reading = read_core(phrase)
            scene = reading.scene
            assert name in (
                *scene.props,
                scene.surface,
                scene.backdrop,
                scene.light,
                scene.mood,
                scene.blur,
            ), phrase
            assert not reading.ignored, phrase


@pytest.mark.parametrize(
    "table", [MORE_PROPS, MORE_SURFACES, MORE_BACKDROPS], ids=["props", "surfaces", "backdrops"]
)
def test_every_phrase_of_the_catalogue_is_understood(
    table: dict[str, PropRow | SurfaceRow | BackdropRow],
) -> None:
    for name, row in table.items():
        assert row.words.count("|") >= 2, name
        for phrase in row.words.split("|"):
            reading = read(phrase)
            assert name in (*reading.scene.props, reading.scene.surface, reading.scene.backdrop), phrase
            assert not reading.ignored, phrase


def test_every_colour_is_understood() -> None:
    assert tuple(COLOUR_WORDS) == tuple(vocabulary.COLOURS)
    for name, words in COLOUR_WORDS.items():
        for word in words.split("|"):
            assert read(f"a {word} stucco wall").scene.backdrop_colour == name, word


def test_no_phrase_means_two_things() -> None:
    for table in (phrases.meanings(), phrases.catalogue_meanings()):
        seen: dict[tuple[str, ...], phrases.Meaning] = {}
        for phrase, meaning in table:
            if meaning.kind in ("name", "colour", "place"):
                key = tuple(tokens(phrase))
                assert seen.setdefault(key, meaning) == meaning, phrase


# prompt -> the fields that it must set, and the words it must give back
PROSE = [
    ("a perfume on a sage green wall", {"backdrop": "plaster", "backdrop_colour": "sage"}, ("perfume",)),
    (
        "A wall in dusty pink with sprigs of dried pampas, the product stands on polished concrete.",
        {"backdrop_colour": "pink", "surface": "concrete", "surface_colour": None, "props": ("pampas",)},
        (),
    ),
    (
        "Weathered oak table, soft morning light through a window, a stack of books",
        {"surface": "oak", "light": "window_light", "backdrop": "plaster", "props": ("books",)},
        (),
    ),
    (
        "marble countertop, out-of-focus city lights",
        {"surface": "white_marble", "backdrop": "bokeh_city"},
        (),
    ),
    ("MARBEL countertops & EUCALIPTUS leafs", {"surface": "white_marble", "props": ("leaves",)}, ()),
    ("roses and candles, no flowers or candles", {"props": ()}, ()),
    ("without candles, with pebbles", {"props": ("pebbles",)}, ()),
    ("no flowers and a marble table", {"props": (), "surface": "white_marble"}, ()),
    ("not on wood, please", {"surface": "paper"}, ()),
    ("stands on oak in front of a teal wall", {"surface_colour": None, "backdrop_colour": "teal"}, ()),
    ("an orange on an orange wall", {"props": ("oranges",), "backdrop_colour": "orange"}, ()),
    ("a pink vase on a white table", {"surface": "whitewood", "looks": (PropLook("vase", "pink"),)}, ()),
    (
        "minimalist pink background",
        {"backdrop": "gradient", "backdrop_colour": "pink", "surface": "paper"},
        (),
    ),
    ("on a beach at sunset", {"surface": "sand", "backdrop": "sea", "light": "golden_hour"}, ()),
    ("at the sea", {"surface": "sand", "light": "hard_sun"}, ()),
    ("a glass vase on slate", {"surface": "slate", "props": ("vase",)}, ()),
    ("a concrete podium on sand", {"surface": "sand", "looks": (PropLook("podium", "grey"),)}, ()),
    ("shells, candles, books, roses", {"props": ("candles", "books", "roses", "shells")}, ()),
    ("shells, candles, books, roses, a vase, lemons, ice", {}, ("ice",)),
    ("a dark green velvet curtain", {"backdrop": "curtain", "backdrop_colour": "green"}, ()),
    ("", {"backdrop": "plaster", "props": ()}, ()),
    ("42, 8k !!! 10% ; — <b>", {"props": ()}, ("42", "10")),
    ("木のテーブル", {"props": ()}, ("木のテーフル",)),
]


@pytest.mark.parametrize(("prompt", "fields", "ignored"), PROSE, ids=[p[0][:30] for p in PROSE])
def test_prose(prompt: str, fields: dict[str, object], ignored: tuple[str, ...]) -> None:
    reading = read(prompt)
    assert {name: getattr(reading.scene, name) for name in fields} == fields
    assert reading.ignored == ignored


def test_named_fields_are_those_of_the_prompt() -> None:
    assert read("on oak with shells").named == {"surface", "props"}
    assert read("a teal wall, no props").named == {"backdrop", "backdrop_colour", "props"}
    assert read("something nice").named == frozenset()


def test_a_scene_is_normal() -> None:
    assert Scene("oak", "brick", ("shells", "vase", "shells")).props == ("vase", "shells")
    assert len(Scene("oak", "brick", vocabulary.PROPS[:8]).props) == 6
    for bad in ({"surface": "lava"}, {"props": ("dragon",)}, {"surface_colour": "infrared"}):
        with pytest.raises(ValueError, match="unknown"):
            Scene(**{"surface": "oak", "backdrop": "brick", **bad})  # type: ignore[arg-type]


def test_hints() -> None:
    assert nearest("lemos") == "lemons"
    assert nearest("xylophone") is None


def test_reading_is_safe_and_quick_on_anything() -> None:
    rng = random.Random(4)
    for _ in range(200):
        text = "".join(
            chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x250, 0x3000)))) for _ in range(80)
        )
        read(text)
    assert read("marble " * 20_000).scene.surface == "white_marble"


# Prompts as people write them; every field was decided by hand before it was read.
LONG_PROSE = [
    (
        "shot at 50mm, overhead, shallow depth of field, on a beige linen surface, blurred terracotta wall",
        {
            "surface": "linen",
            "surface_colour": "beige",
            "backdrop": "plaster",
            "backdrop_colour": "orange",
            "blur": "soft",
        },
    ),
    (
        "on a light-coloured natural wood table next to a small sprig of dried eucalyptus, bright, airy, "
        "modern Zen-style interior with soft-focus sunlight streaming through a window, 8k, photorealistic",
        {"surface": "oak", "props": ("leaves",), "light": "window_light", "mood": "airy"},
    ),
    ("standing on a wet slate counter, morning side light", {"surface": "slate", "light": "window_light"}),
    ("seamless white cyclorama, fill card on the right", {"surface": "paper", "surface_colour": "white"}),
    (
        "a gym floor, dramatic neon lighting, concrete and exposed brick at night",
        {"surface": "rubber_floor", "backdrop": "brick", "light": "night_neon"},
    ),
    ("rooftop terrace high above the city at night", {"backdrop": "bokeh_city", "light": "night_neon"}),
    ("a bed of crushed ice with lime wedges and fresh mint", {"props": ("leaves", "ice_cubes", "limes")}),
    (
        "black volcanic sand with rough rocks, stormy ocean behind",
        {"surface": "sand", "backdrop": "sea", "light": "overcast"},
    ),
    (
        "deep navy velvet drapes, theatrical spotlight",
        {"backdrop": "curtain", "backdrop_colour": "navy", "light": "spotlight"},
    ),
    ("spring garden with tulips, soft bokeh", {"backdrop": "garden", "props": ("tulips",), "blur": "soft"}),
    (
        "folded white towels, an orchid, luxury bathroom",
        {"surface": "white_marble", "props": ("roses", "towels")},
    ),
    ("champagne glasses on a silver tray", {"surface": "metal"}),
]


@pytest.mark.parametrize(("prompt", "fields"), LONG_PROSE, ids=[p[0][:30] for p in LONG_PROSE])
def test_long_prose(prompt: str, fields: dict[str, object]) -> None:
    scene = read(prompt).scene
    assert {name: getattr(scene, name) for name in fields} == fields


# prompt -> what it asks of its things
LOOKS = [
    ("red ribbons and gold balloons", {"ribbons": ("red", None), "balloons": ("gold", None)}),
    ("three burning candles on a white table", {"candles": (None, 3)}),
    ("5 green apples, lemons", {"apples": ("green", 5)}),
    ("two #2A9D8F candles", {"candles": ("#2a9d8f", 2)}),
    ("ribbons in dusty pink", {"ribbons": ("pink", None)}),
    ("a podium in #abc", {"podium": ("#aabbcc", None)}),
    ("two fairy lights", {}),
]


@pytest.mark.parametrize(("prompt", "looks"), LOOKS, ids=[p[0][:30] for p in LOOKS])
def test_a_colour_or_a_number_before_a_thing_is_its_own(
    prompt: str, looks: dict[str, tuple[str | None, int | None]]
) -> None:
    reading = read(prompt)
    assert {look.name: (look.colour, look.count) for look in reading.scene.looks} == looks
    assert reading.scene.surface_colour is None


HEXES = [
    ("our brand colour #0A7B83 as background", "backdrop_colour", "#0a7b83"),
    ("plain background in #F4E1D2, soft shadow", "backdrop_colour", "#f4e1d2"),
    ("a #fff plaster wall", "backdrop_colour", "#ffffff"),
    ("on a table #123456, airy", "surface_colour", "#123456"),
]


@pytest.mark.parametrize(("prompt", "field", "colour"), HEXES, ids=[p[0][:30] for p in HEXES])
def test_hex_colours_colour_what_they_stand_beside(prompt: str, field: str, colour: str) -> None:
    reading = read(prompt)
    assert getattr(reading.scene, field) == colour
    assert not reading.ignored


def test_what_has_no_effect_is_told_with_its_reason() -> None:
    reading = read("a woman holding it, no text, #12345, seven winds, on oak and on marble, unicorns")
    assert reading.reasons["woman"] == "people and hands are never painted"
    assert reading.reasons["marble"].startswith("only one surface")
    assert {"#12345", "unicorns", "seven", "winds"} <= set(reading.ignored)
    assert "text" not in reading.ignored  # refused, and so fulfilled
    assert set(reading.ignored) == set(reading.reasons)


def test_things_win_over_tones() -> None:
    reading = read("christmas, fresh snow, warm cosy tones")
    assert reading.scene.mood == "neutral" and reading.reasons["warm cosy tones"].startswith(
        "snow stays white"
    )


# prompt in another language -> the English one that means the same
FOREIGN = [
    ("auf einem Holztisch in der Küche mit drei Zitronen, helles Tageslicht",
     "on a wooden table in the kitchen with three lemons, daylight"),
    ("rote Schleifen und vier Kerzen vor einer weißen Wand",
     "red ribbons and four candles in front of a white wall"),
    ("im Garten mit gelben Tulpen, ohne Menschen und ohne Text",
     "in the garden with yellow tulips, no people and no text"),
    ("sur une table en bois clair avec des fleurs blanches",
     "on a light wooden table with white flowers"),
    ("fond rose pâle avec des pétales de rose et des bougies",
     "pale pink background with rose petals and candles"),
    ("sobre mármol blanco con hojas verdes y dos limones",
     "on white marble with green leaves and two lemons"),
    ("en la playa al atardecer con conchas", "on the beach at sunset with seashells"),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "english"), FOREIGN, ids=[p[0][:30] for p in FOREIGN])
def test_plain_german_french_and_spanish_mean_the_same(prompt: str, english: str) -> None:
    reading = read(prompt)
    assert reading.scene == read(english).scene
    assert not reading.ignored


def test_every_foreign_word_is_understood_as_its_english() -> None:
    for english, row in WORDS.items():
        known = {item.meaning for item in phrases.items(english.lstrip("~"))}
        assert known and not any(meaning.kind == "unknown" for meaning in known), english
        assert all(row), english


# what a place is made of; a place in words is a row
PLACES_READ = [
    ("on a kitchen counter with a window", {"surface": "white_marble", "backdrop": "kitchen"}),
    ("cosy living room with a sofa and a fireplace", {"backdrop": "living_room"}),
    ("an office desk", {"surface": "oak", "backdrop": "office", "props": ("cup", "laptop", "notebook")}),
    ("an office desk with a phone", {"props": ("phone",)}),
    ("an office desk, no props", {"props": ()}),
    ("restaurant table at night", {"backdrop": "restaurant", "light": "candlelight"}),
    ("forest floor in autumn", {"surface": "autumn_floor", "backdrop": "autumn_forest"}),
    ("by the pool with palm trees and blue sky", {"surface": "pool_deck", "backdrop": "pool"}),
    ("city street at night, wet asphalt", {"surface": "wet_asphalt", "backdrop": "street_night"}),
    ("black friday sale", {"backdrop": "dark", "light": "spotlight"}),
    ("halloween with two carved pumpkins", {"backdrop": "halloween_night", "props": ("jack_o_lantern",)}),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "fields"), PLACES_READ, ids=[p[0][:30] for p in PLACES_READ])
def test_a_place_composes_what_exists(prompt: str, fields: dict[str, object]) -> None:
    reading = read(prompt)
    assert {name: getattr(reading.scene, name) for name in fields} == fields
    assert not reading.ignored


def test_markets_read_with_the_core_alone() -> None:
    for prompt in ("a gym with dumbbells", "sur une table en bois", "christmas, a decorated christmas tree"):
        scene = read_core(prompt).scene
        assert scene.surface in vocabulary.SURFACES and scene.backdrop in vocabulary.BACKDROPS
        assert set(scene.props) <= set(vocabulary.PROPS) and not scene.looks


def test_the_page_of_all_words_is_up_to_date() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "scripts/words_page.py", "--check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", ["0 candles", "zero candles", "00 candles"])
def test_none_of_a_thing_is_no_thing(words: str) -> None:
    """A count of 0 once was a bunch of nothing, which nobody can stand on a table."""
    scene = read(f"On oak before a brick wall with {words}").scene
    assert "candles" not in scene.props and not scene.looks
