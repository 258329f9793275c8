"""A prompt's own product is no thing of the set; what may as well stand beside it stays one."""

from __future__ import annotations

import pytest

from caig_cli.painters.studio.language import read, read_core
from caig_cli.painters.studio.viewpoint import view_of


@pytest.mark.parametrize(
    ("prompt", "props", "surface"),
    [
        ("our ceramic mug on a marble counter", (), "white_marble"),
        ("wireless headphones on a walnut desk beside a laptop", ("laptop",), "walnut"),
        ("a leather handbag on white marble", (), "white_marble"),
        ("Whisky glass on an oak table with ice cubes", ("ice_cubes",), "oak"),
        ("Die Sonnenbrille liegt auf dem Holztisch", (), "oak"),
        ("a vase on a wooden table", ("vase",), "oak"),
        ("a few books on a walnut table", ("books",), "walnut"),
        ("candles and towels on white marble", ("candles", "towels"), "white_marble"),
        ("a raw concrete block in front of a dark background", (), "concrete"),
    ],
)
def test_products_at_the_head_of_a_prompt(prompt: str, props: tuple[str, ...], surface: str) -> None:
    scene = read(prompt).scene
    assert scene.props == props and scene.surface == surface


def test_what_models_have_learnt_is_read_as_it_was() -> None:
    assert "cup" in read_core("our ceramic mug on a marble counter").scene.props


def test_the_product_is_told_and_takes_its_stance() -> None:
    reading = read("the sunglasses lying on a towel")
    assert "sunglasses" in reading.ignored and "photo shows it" in reading.reasons["sunglasses"]
    assert view_of("the sunglasses lying on sand").stance == "lie"
    assert view_of("on oak with lemons").things and not view_of("our mug on oak, no lemons").things


@pytest.mark.parametrize("prompt", ["on oak, hex #f4c2c2 on the wall behind", "oak, a wall in #f4c2c2"])
def test_a_hex_colour_reaches_its_wall_over_a_preposition(prompt: str) -> None:
    assert read(prompt).scene.backdrop_colour == "#f4c2c2"
