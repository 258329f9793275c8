"""Every name of the vocabulary has a row, and every set gives a picture that is neither black nor burnt."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from studio_scenes import bottle

from caig_cli.painters.layout import place
from caig_cli.painters.studio import catalogue, vocabulary
from caig_cli.painters.studio.backdrops import BACKDROPS
from caig_cli.painters.studio.grading import MOODS
from caig_cli.painters.studio.lights import LIGHTS
from caig_cli.painters.studio.painter import photograph
from caig_cli.painters.studio.props import PROPS
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import APERTURES
from caig_cli.painters.studio.surfaces import SURFACES
from caig_cli.painters.studio.vocabulary import BLURS, COLOURS

SIZE = (40, 40)


def test_every_name_has_a_row() -> None:
    assert set(SURFACES) == {*vocabulary.SURFACES, *catalogue.MORE_SURFACES}
    assert set(BACKDROPS) == {*vocabulary.BACKDROPS, *catalogue.MORE_BACKDROPS}
    assert set(LIGHTS) == set(vocabulary.LIGHTS)
    assert set(MOODS) == set(vocabulary.MOODS)
    assert set(PROPS) == {*vocabulary.PROPS, *catalogue.MORE_PROPS}
    assert set(APERTURES) == set(BLURS)


def everything() -> list[Scene]:
    """Few scenes that hold every name at least once."""
    lists = (
        vocabulary.BACKDROPS,
        vocabulary.LIGHTS,
        vocabulary.MOODS,
        BLURS,
        tuple(COLOURS),
        tuple(COLOURS)[::-1],
    )
    rows = zip(vocabulary.SURFACES, *(itertools.cycle(names) for names in lists), strict=False)
    props = itertools.cycle(vocabulary.PROPS)
    return [
        Scene(surface, backdrop, (next(props), next(props)), light, mood, blur, one, other)
        for surface, backdrop, light, mood, blur, one, other in rows
    ]


@pytest.mark.parametrize("number", range(len(vocabulary.SURFACES)))
def test_every_set_prints_well(number: int) -> None:
    scene, product = everything()[number], bottle()
    height_cm = (24.0, 120.0, 6.0)[number % 3]
    picture = photograph(scene, product, SIZE, place(product.size, SIZE), height_cm, number, spp=2)
    assert picture.shape == (*SIZE[::-1], 3)
    assert 8 < picture.mean() < 235, scene
    assert (picture.min(axis=2) > 252).mean() < 0.25, scene
    assert picture.std() > 3, scene


def test_a_set_depends_on_its_seed_alone() -> None:
    scene, product = Scene("moss", "foliage", ("pebbles", "petals")), bottle()
    box = place(product.size, SIZE)
    one, again, other = (photograph(scene, product, SIZE, box, 24.0, seed, spp=2) for seed in (5, 5, 6))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
