"""Clear glass lets the set shine through, labels do not, and on white nothing has changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters.compose import compose
from caig_cli.painters.see_through import clear_parts
from caig_cli.records import Box, Product


def tumbler(height: int = 300, width: int = 200) -> Cutout:
    """A clear tumbler as photographed on white: dark rims, a thick base, a white label with blue print."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u = np.abs((x + 0.5) / width * 2 - 1)
    grey = np.where(u > 0.94, 60, 238 - 26 * u**4)
    grey = np.where(y > 0.93 * height, 130, grey)
    grey = np.where(y < 6, 90, grey)
    rgba = np.repeat(grey[..., None], 4, axis=-1).astype(np.uint8)
    rgba[..., 3] = 255
    rgba[110:210, 50:150, :3] = 250
    rgba[118:204:6, 56:144, :3] = rgba[119:204:6, 56:144, :3] = (30, 60, 160)
    return Cutout(rgba)


def product(caption: str, **attributes: str) -> Product:
    return Product("x", Path("x.png"), caption, attributes=attributes)


def test_the_set_shines_through_and_the_label_stays() -> None:
    cutout, told = clear_parts(tumbler(), product("Clear glass jar for spices"))
    assert told is not None and "clear glass jar" in told
    alpha = cutout.rgba[..., 3]
    assert alpha[60, 100] < 100 and alpha[250, 100] < 100
    assert (alpha[112:208, 54:146] == 255).mean() > 0.97, "label"
    assert (alpha[10:270, :4] == 255).all(), "rim"
    assert alpha[-8:, 60:140].mean() > alpha[250, 60:140].mean() + 60, "the thick base is less clear"
    box = Box(0, 0, *tumbler().size)
    green = np.full((300, 200, 3), (30, 120, 50), np.uint8)
    seen = compose(green, cutout, box)[60, 100].astype(int)
    assert seen[1] > seen[0] + 40


def test_on_white_it_looks_as_in_its_photo() -> None:
    before = tumbler()
    after, _ = clear_parts(before, product("wine glass"))
    white, box = np.full((300, 200, 3), 255, np.uint8), Box(0, 0, *before.size)
    apart = np.abs(compose(white, before, box).astype(int) - compose(white, after, box))
    assert apart.max() <= 4


@pytest.mark.parametrize(
    "caption",
    [
        "Ceramic mug",
        "Sunglasses with clear frame",
        "Reading glasses",
        "Glass cleaner bottle",
        "Phone, clear coat",
    ],
)
def test_other_words_change_nothing(caption: str) -> None:
    cutout = tumbler()
    assert clear_parts(cutout, product(caption)) == (cutout, None)


def test_where_the_photo_does_not_allow_it_nothing_changes() -> None:
    """Green glass on a dark ground, and a file with transparency of its own."""
    rgba = np.full((100, 60, 4), (40, 90, 50, 255), np.uint8)
    dark = Cutout(rgba)
    assert clear_parts(dark, product("glass bottle")) == (dark, None)
    own = tumbler().rgba.copy()
    own[20:100, 20:180, 3] = 90
    assert clear_parts(Cutout(own), product("glass bottle"))[1] is None
