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
from caig_cli.painters.studio.places.outdoors import GROUNDS
from caig_cli.painters.studio.places.rooms import ROOMS
from caig_cli.painters.studio.props import PROPS
from caig_cli.painters.studio.props.kit import box_of
from caig_cli.painters.studio.scene import PropLook, Scene
from caig_cli.painters.studio.set import APERTURES
from caig_cli.painters.studio.surfaces import SURFACES
from caig_cli.painters.studio.threads import set_threads
from caig_cli.painters.studio.vocabulary import BLURS, COLOURS

SIZE = (40, 40)
CHROMA, GLARING = 0.42, 0.05


def test_every_name_has_a_row() -> None:
    assert set(SURFACES) == {*vocabulary.SURFACES, *catalogue.MORE_SURFACES}
    assert set(BACKDROPS) == {*vocabulary.BACKDROPS, *catalogue.MORE_BACKDROPS}
    assert set(LIGHTS) == {*vocabulary.LIGHTS, *catalogue.MORE_LIGHTS}
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


MORE = [
    *(Scene(name, row.backdrop, light=light) for (name, row), light in zip(
        catalogue.MORE_SURFACES.items(), itertools.cycle(LIGHTS), strict=False)),
    *(Scene(row.surface, name, light=row.light) for name, row in catalogue.MORE_BACKDROPS.items()),
]  # fmt: skip


@pytest.mark.parametrize("scene", MORE, ids=lambda scene: f"{scene.surface}-{scene.backdrop}")
def test_the_catalogue_prints_well_and_nothing_is_garish(scene: Scene) -> None:
    """The bounds of docs/words.md: mean chroma, share of the frame in glaring colours, share burnt out."""
    product = bottle()
    box = place(product.size, SIZE)
    picture = photograph(scene, product, SIZE, box, 20.0, 3, spp=2)
    high, low = picture.max(axis=2).astype(float), picture.min(axis=2).astype(float)
    assert 8 < picture.mean() < 235 and picture.std() > 3
    assert (low > 252).mean() < 0.25
    chroma = (high - low) / 255
    assert chroma.mean() < CHROMA and (chroma > 0.85).mean() < GLARING


def test_furniture_stands_on_the_floor_and_is_whole() -> None:
    """Each piece: finite, on its floor or above, faces enough to be seen and few enough to be quick."""
    pieces = {piece.build for row in (*ROOMS.values(), *GROUNDS.values()) for piece in row.pieces}
    for build in pieces:
        parts = build(np.random.default_rng(1), True)
        low, high = box_of(parts)
        assert np.isfinite([low, high]).all() and low[2] > -12 and np.ptp([low, high], axis=0).min() > 1
        assert sum(len(mesh.faces) for mesh, _ in parts) <= 120_000, build


def test_a_place_has_the_same_bytes_with_any_number_of_threads() -> None:
    looks = (PropLook("eggs", "brown", 2),)
    scene, product = Scene("oak", "living_room", ("eggs", "laptop"), looks=looks), bottle()
    box, pictures = place(product.size, SIZE), []
    for threads in (1, 2):
        set_threads(threads)
        pictures.append(photograph(scene, product, SIZE, box, 20.0, 7, spp=2))
    set_threads(2)
    assert np.array_equal(*pictures)
