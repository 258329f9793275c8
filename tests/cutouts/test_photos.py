"""Cut-outs by network and colour: holes, shadows, sides that are cut off, rims; and how sure they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cutout_photos as photos
import numpy as np
import pytest
from cutout_photos import Layer, Network, busy, drawn, framed, plain, taken, with_mirror
from intake_photos import Photo
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts import assessment, masks
from caig_cli.cutouts import photo as photo_module
from caig_cli.cutouts.attached import reflection
from caig_cli.cutouts.background import find_background
from caig_cli.cutouts.contour import blended, busy_contour
from caig_cli.cutouts.cutout import DOUBTFUL, SOLID, Cutout
from caig_cli.cutouts.edges import blurred, find_edges
from caig_cli.cutouts.frame import inside_frame, photo_window
from caig_cli.cutouts.fusion import decide
from caig_cli.cutouts.loading import load_cutout
from caig_cli.cutouts.looks import NetworkPrior, find_prior
from caig_cli.cutouts.lost_parts import belongs, cores
from caig_cli.cutouts.matting import enlarge, product_colours, solve_alpha
from caig_cli.cutouts.openings import find_openings
from caig_cli.cutouts.photo import PhotoCut, cut_photo
from caig_cli.errors import ItemError, RunError
from caig_cli.records import Product

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"

Mask = NDArray[np.bool_]
Cutter = Callable[..., PhotoCut]

SIDE = 320
"""Pixels of a photo's side."""

WHITE, GREY, BLUE = (255, 255, 255), (172, 172, 172), (96, 150, 196)
GROUNDS = {"white": WHITE, "grey": GREY, "blue": BLUE}
RED, GREEN, TAN = (176, 40, 44), (32, 84, 60), (196, 158, 84)


def silent(_: str) -> None:
    """A notification nobody reads."""


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cutter:
    """Cuts rgb [H, W, 3] by a network that sees ``seen`` [H, W] in it."""

    def by(rgb: photos.Pixels, seen: photos.Floats) -> PhotoCut:
        monkeypatch.setattr(photo_module, "load_segmenter", lambda source, notify: Network(rgb, seen))
        return cut_photo(rgb, "shop.jpg", silent)

    return by


def deep(mask: Mask, pixels: int) -> Mask:
    """The mask without its outermost pixels; beyond the frame it goes on."""
    return np.asarray(ndimage.binary_erosion(mask, np.ones((3, 3)), iterations=pixels, border_value=1))


def whole(cut_out: PhotoCut, mask: Mask, rim: int = 2) -> bool:
    """Whether all of a mask is solid product, but for a ``rim`` of a few pixels."""
    inner = deep(mask, rim)
    assert inner.any()
    return int(cut_out.alpha[inner].min()) >= SOLID


def gone(cut_out: PhotoCut, mask: Mask, rim: int = 2) -> bool:
    """Whether all of a mask is as good as empty (a tenth), but for a ``rim`` of a few pixels."""
    inner = deep(mask, rim)
    assert inner.any()
    return int(cut_out.alpha[inner].max()) <= 25


def exact(cut_out: PhotoCut, alpha: photos.Floats, rim: int = 2) -> bool:
    """Whether product and background are what they are, a few pixels away from the true outline."""
    return whole(cut_out, alpha > 0.5, rim) and gone(cut_out, alpha < 0.5, rim)


def sentences(notes: tuple[str, ...]) -> bool:
    """Whether each note is one sentence, as they are listed with semicolons or line by line."""
    return all(note == note.strip(" .") and note and "\n" not in note and ". " not in note for note in notes)


# --- holes -----------------------------------------------------------------------------------------

CRATE = Layer("rectangle", (0.2, 0.2, 0.8, 0.8), GREEN)
HOLE = Layer("ellipse", (0.27, 0.3, 0.47, 0.5), None)
OPENED = "the background seen through the product was removed; if that is wrong, give a mask"


@pytest.mark.parametrize(
    ("level", "quality", "rim"), [(251, None, 2), (251, 90, 2), (246, 90, 2), (251, 75, 5)]
)
def test_a_hole_on_white_is_open_and_a_white_part_beside_it_is_whole(
    level: int, quality: int | None, rim: int, cut: Cutter
) -> None:
    label = Layer("rectangle", (0.54, 0.3, 0.72, 0.7), (level, level, level))
    photo = taken([CRATE, HOLE, label], plain(SIDE, WHITE), quality=quality)
    got = cut(photo.rgb, np.maximum(photo.alpha, 0.9 * drawn(SIDE, [CRATE])[0]))
    assert exact(got, photo.alpha, rim)
    assert got.facts.notes == (OPENED,)
    assert got.facts.doubt <= DOUBTFUL


def test_a_hole_on_white_that_the_network_is_sure_of_may_be_a_label_and_is_told(cut: Cutter) -> None:
    photo = taken([CRATE, HOLE], plain(SIDE, WHITE), quality=None)
    filled = drawn(SIDE, [CRATE])[0]
    got = cut(photo.rgb, filled)
    assert exact(got, filled)
    assert got.facts.notes[0] == "parts with the background's colour were kept as product"
    assert 0.1 < got.facts.doubt <= DOUBTFUL


@pytest.mark.parametrize(("quality", "rim"), [(None, 4), (90, 4), (75, 5)])
def test_a_ring_on_white_is_open(quality: int | None, rim: int, cut: Cutter) -> None:
    """Strong compression tints white beside tan: scraps of it stay within five pixels of the rim."""
    disc = Layer("ellipse", (0.2, 0.2, 0.8, 0.8), TAN)
    hole = Layer("ellipse", (0.28, 0.28, 0.72, 0.72), None)
    photo = taken([disc, hole], plain(SIDE, WHITE), quality=quality)
    got = cut(photo.rgb, drawn(SIDE, [disc])[0])
    assert exact(got, photo.alpha, rim)
    assert got.facts.notes == (OPENED,) or (quality == 75 and got.facts.notes[-1] == OPENED)
    assert got.facts.doubt < (0.3 if quality == 75 else 0.2)


def test_things_apart_within_an_opening_raise_the_doubt() -> None:
    """A dial whose face was taken for background leaves its digits in the air."""
    measures = dict.fromkeys([*assessment.SIGNS, *assessment._LIMITS], 0.0)
    sound, _ = assessment.doubt_of(measures)
    floating, notes = assessment.doubt_of(measures | {"floating": 0.01, "apart": 0.3})
    assert sound == 0 and floating > 0.15
    assert any("float in an opening" in note for note in notes)
    ring = drawn(
        60, [Layer("ellipse", (0.1, 0.1, 0.9, 0.9), TAN), Layer("ellipse", (0.2, 0.2, 0.8, 0.8), None)]
    )
    product = ring[0] > 0.5
    assert assessment._floating(product) == 0
    product[28:32, 28:32] = True
    assert assessment._floating(product) == 16


def ladder() -> list[Layer]:
    """Two legs with four rungs."""
    legs = [Layer("rectangle", (x, 0.1, x + 0.05, 0.9), (220, 212, 200)) for x in (0.3, 0.65)]
    rungs = [Layer("rectangle", (0.3, y, 0.7, y + 0.03), (206, 198, 184)) for y in (0.2, 0.4, 0.6, 0.8)]
    return legs + rungs


def test_ground_between_rungs_is_open_and_all_rungs_stay(cut: Cutter) -> None:
    photo = taken(ladder(), plain(SIDE, BLUE), quality=75)
    filled = drawn(SIDE, [*ladder(), Layer("rectangle", (0.3, 0.2, 0.7, 0.83), TAN)])[0]
    got = cut(photo.rgb, filled)
    assert exact(got, photo.alpha)
    assert OPENED in got.facts.notes


def test_a_handle_is_open_although_the_ground_seen_through_it_lies_in_shadow(cut: Cutter) -> None:
    side = SIDE
    mug = [
        Layer("ellipse", (0.5, 0.35, 0.82, 0.71), RED),
        Layer("ellipse", (0.58, 0.43, 0.74, 0.63), None),
        Layer("rectangle", (0.25, 0.25, 0.6, 0.8), RED),
    ]
    y, x = np.mgrid[:side, :side] / side
    shade = 0.35 * np.exp(-(((x - 0.62) / 0.2) ** 2) - ((y - 0.6) / 0.2) ** 2)
    photo = taken(mug, plain(side, BLUE) * (1 - shade[..., None]), quality=90)
    filled = drawn(side, [mug[0], mug[2]])[0]
    assert float(np.median(plain(side, BLUE)[0, 0] - photo.rgb[int(0.53 * side), int(0.66 * side)])) > 35
    got = cut(photo.rgb, filled)
    assert exact(got, photo.alpha, rim=4)


@pytest.mark.parametrize("level", [WHITE, (246, 246, 246)])
def test_a_dial_of_the_grounds_colour_stays_with_its_print(level: photos.Colour, cut: Cutter) -> None:
    """Hands and figures that hold on to no rim stand on a dial: nothing floats in a hole."""
    rim = Layer("ellipse", (0.15, 0.15, 0.85, 0.85), (24, 24, 28))
    dial = Layer("ellipse", (0.2, 0.2, 0.8, 0.8), level)
    hands = [Layer("line", (0.5, 0.5, x, y), (20, 20, 24), 7) for x, y in ((0.35, 0.42), (0.62, 0.33))]
    hours = [Layer("rectangle", (x, 0.66, x + 0.04, 0.72), (20, 20, 24)) for x in (0.35, 0.48, 0.6)]
    photo = taken([rim, dial, *hands, *hours], plain(SIDE, level))
    assert whole(cut(photo.rgb, photo.alpha), photo.alpha > 0.5)


def test_a_product_of_nearly_a_coloured_grounds_hue_has_no_holes_where_it_matches(cut: Cutter) -> None:
    """Yellow on yellow: somewhere between its dark and its light sides it has the ground's colour."""
    ground = (250, 208, 64)
    photo = taken([Layer("rectangle", (0.2, 0.25, 0.8, 0.8), (200, 150, 30))], plain(SIDE, ground))
    light = np.clip((np.mgrid[:SIDE, :SIDE].sum(axis=0) / SIDE - 0.6)[..., None], 0, 1)
    body = (190, 140, 30) + light * np.array([90.0, 100.0, 80.0])
    share = photo.alpha[..., None]
    rgb = np.clip(share * body + (1 - share) * photo.rgb, 0, 255).astype(np.uint8)
    assert whole(cut(rgb, photo.alpha), photo.alpha > 0.5, rim=4)


@pytest.mark.parametrize("shade", [0.93, 1.04])
def test_a_rim_of_shadow_or_halo_goes_and_a_cord_stays(shade: float, cut: Cutter) -> None:
    """What is left around a product that was cut out badly before, or its narrow shadow."""
    ground = plain(SIDE, (240, 240, 240))
    rim = tuple(round(240 * shade) for _ in range(3))
    body = Layer("rectangle", (0.25, 0.3, 0.7, 0.8), (30, 80, 150))
    cord = Layer("line", (0.5, 0.3, 0.6, 0.05), (120, 120, 126), 8)
    wide = Layer("rectangle", (0.24, 0.29, 0.715, 0.815), rim)
    photo = taken([wide, cord, body], ground)
    alpha = drawn(SIDE, [cord, body])[0]
    got = cut(photo.rgb, np.maximum(ndimage.gaussian_filter(alpha, 3), 0.95 * drawn(SIDE, [cord])[0]))
    assert whole(got, alpha > 0.5)
    assert gone(got, alpha < 0.5, rim=3)


def test_a_product_on_grey_has_no_halo_of_its_own_shadow(cut: Cutter) -> None:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    shade = 0.6 * np.exp(-(((x - 0.62) / 0.15) ** 2) - ((y - 0.62) / 0.15) ** 2)
    body = Layer("rectangle", (0.3, 0.3, 0.7, 0.7), (22, 22, 22))
    photo = taken([body], plain(SIDE, (190, 190, 190)) * (1 - shade[..., None]))
    got = cut(photo.rgb, ndimage.gaussian_filter(photo.alpha, 2))
    assert whole(got, photo.alpha > 0.5)
    assert gone(got, photo.alpha < 0.5, rim=2)


@pytest.mark.parametrize("glass", [True, False])
def test_a_lens_shows_the_ground_in_the_frames_shadow_and_paper_shines(glass: bool, cut: Cutter) -> None:
    rim = Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (48, 28, 24))
    inner = Layer("ellipse", (0.3, 0.3, 0.7, 0.7), None if glass else (250, 250, 250))
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    shade = 0.12 * np.exp(-(((x - 0.4) / 0.15) ** 2) - ((y - 0.4) / 0.15) ** 2)
    photo = taken([rim, inner], plain(SIDE, (240, 240, 240)) * (1 - shade[..., None]))
    got = cut(photo.rgb, drawn(SIDE, [rim])[0])
    assert exact(got, photo.alpha, rim=4)
    assert (OPENED in got.facts.notes) == glass


def test_a_fragment_that_the_network_hardly_sees_at_the_border_goes(cut: Cutter) -> None:
    disc = Layer("ellipse", (0.25, 0.25, 0.7, 0.75), (206, 40, 150))
    piece = Layer("rectangle", (0.85, 0.1, 1.0, 0.3), (200, 180, 120))
    photo = taken([disc, piece], busy(SIDE))
    product, scrap = (drawn(SIDE, [layer])[0] for layer in (disc, piece))
    got = cut(photo.rgb, np.maximum(product, 0.55 * scrap))
    assert whole(got, deep(product > 0.5, 4))
    assert gone(got, deep(product < 0.5, 8))


def test_the_ground_between_white_threads_is_open(cut: Cutter) -> None:
    """What lies between them is mixed with their white, and has more of the ground's hue than of none."""
    block = Layer("rectangle", (0.2, 0.5, 0.8, 0.85), RED)
    leaning = [(x, x + 0.1) for x in np.arange(0.3, 0.62, 0.03)]
    crossing = [(x + 0.1, x) for x in np.arange(0.3, 0.62, 0.06)]
    threads = [Layer("line", (top, 0.15, foot, 0.5), (238, 232, 222), 4) for top, foot in leaning + crossing]
    photo = taken([block, *threads], plain(SIDE, BLUE), quality=90)
    filled = drawn(SIDE, [block, Layer("rectangle", (0.3, 0.15, 0.72, 0.5), RED)])[0]
    got = cut(photo.rgb, np.maximum(0.9 * filled, photo.alpha))
    between = (filled > 0.5) & (photo.alpha < 0.1)
    assert float((got.alpha[between] > 128).mean()) < 0.025
    assert float((got.alpha[photo.alpha > 0.95] > 128).mean()) > 0.99


def test_nearly_black_on_colour_is_no_shadow_where_the_network_is_sure(cut: Cutter) -> None:
    """Of so little light the hue says nothing: a dark bottle before red, print on a dial."""
    body = Layer("rectangle", (0.3, 0.2, 0.7, 0.85), (225, 222, 214))
    dark = Layer("rectangle", (0.38, 0.3, 0.62, 0.6), (34, 8, 8))
    photo = taken([body, dark], plain(SIDE, (196, 36, 40)))
    assert exact(cut(photo.rgb, photo.alpha), photo.alpha, rim=3)


@pytest.mark.parametrize("doubted", [True, False])
def test_a_ring_before_a_busy_ground_is_open_unless_both_looks_are_sure_of_it(doubted: bool) -> None:
    disc = Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (206, 40, 150))
    photo = taken([disc, Layer("ellipse", (0.33, 0.33, 0.67, 0.67), None)], busy(SIDE))
    filled = drawn(SIDE, [disc])[0].astype(np.float32)
    hole = (filled > 0.5) & (photo.alpha < 0.5)
    evidence = photo_module._weighed(photo.rgb, NetworkPrior(filled, 0.4 * doubted * hole))
    assert evidence is not None
    product = decide(evidence).product
    assert product[deep(photo.alpha > 0.5, 6)].all()
    assert not product[deep(filled < 0.5, 8)].any()
    assert float(product[deep(hole, 6)].mean()) == (0 if doubted else 1)


def test_a_part_with_a_colour_of_its_own_before_a_busy_ground_is_no_hole(cut: Cutter) -> None:
    disc = Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (206, 40, 150))
    photo = taken([disc, Layer("ellipse", (0.33, 0.33, 0.67, 0.67), (230, 230, 240))], busy(SIDE))
    got = cut(photo.rgb, photo.alpha)
    assert whole(got, deep(photo.alpha > 0.5, 6))
    assert OPENED not in got.facts.notes


# --- what lies below, behind and around the product ------------------------------------------------

SUN = Layer("ellipse", (0.4, 0.3, 0.6, 0.5), (238, 214, 90))
VASE = [Layer("rectangle", (0.3, 0.2, 0.7, 0.75), RED), SUN]


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_own_soft_shadow_goes(ground: str, cut: Cutter) -> None:
    photo = taken(VASE, plain(SIDE, GROUNDS[ground]), shadow=0.45)
    below = (photo.alpha < 0.02) & (apart(photo.rgb, GROUNDS[ground]) > 25)
    assert below.sum() > 1000, "a shadow that one can see"
    # Networks take some of a dark shadow for product.
    got = cut(photo.rgb, np.maximum(photo.alpha, 0.45 * below))
    assert whole(got, photo.alpha > 0.5)
    assert gone(got, photo.alpha < 0.5, rim=6)
    assert got.facts.doubt < 0.1


@pytest.mark.parametrize("doubted", [True, False])
def test_a_ring_in_shadow_is_open_if_one_look_of_the_network_sees_ground_there(doubted: bool) -> None:
    disc = Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (40, 44, 60))
    hole = Layer("ellipse", (0.4, 0.4, 0.6, 0.6), None)
    shade = 14 + 16 * np.mgrid[:SIDE, :SIDE][0] / SIDE
    shade *= drawn(SIDE, [Layer("ellipse", (0.35, 0.35, 0.65, 0.65), RED)])[0]
    photo = taken([disc, hole], plain(SIDE, (226, 226, 226)) - shade[..., None], noise=0.3, quality=None)
    filled = drawn(SIDE, [disc])[0].astype(np.float32)
    inside = (filled > 0.5) & (photo.alpha < 0.5)
    evidence = photo_module._weighed(photo.rgb, NetworkPrior(0.99 * filled, 0.9 * doubted * inside))
    assert evidence is not None
    kept = float(decide(evidence).product[deep(inside, 4)].mean())
    assert kept < 0.02 if doubted else kept > 0.9


@pytest.mark.parametrize(("tone", "is_shadow"), [((78, 92, 112), True), ((120, 40, 24), False)])
def test_a_shadow_may_have_some_of_the_products_light(tone: photos.Colour, is_shadow: bool) -> None:
    """Less of the blue and a little red; a dark red part is as dark, but has the product's hue."""
    block = Layer("rectangle", (0.3, 0.2, 0.6, 0.7), (214, 60, 30))
    shade = drawn(SIDE, [Layer("ellipse", (0.3, 0.7, 0.8, 0.85), RED)])[0]
    soft = ndimage.gaussian_filter(shade, 5)[..., None]
    photo = taken([block], plain(SIDE, BLUE) * (1 - soft) + soft * np.array(tone))
    seen = np.maximum(photo.alpha, 0.8 * (soft[..., 0] > 0.05)).astype(np.float32)
    evidence = photo_module._weighed(photo.rgb, NetworkPrior(seen, np.zeros_like(seen)))
    assert evidence is not None
    found = float(evidence.shadow[deep(shade > 0.5, 8)].mean())
    assert found > 0.8 if is_shadow else found < 0.05


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_mirror_image_below_goes(ground: str, cut: Cutter) -> None:
    clean, rgb = mirrored(ground)
    got = cut(rgb, widened(clean.alpha))
    assert whole(got, clean.alpha > 0.5)
    below = deep(clean.alpha < 0.5, 5)
    assert (got.alpha[below] > 10).sum() < 0.1 * (below & (apart(rgb, GROUNDS[ground]) > 25)).sum()
    assert got.cut_off == frozenset()


def test_the_mirror_image_below_goes_where_the_network_sees_no_more_than_the_product(cut: Cutter) -> None:
    clean, rgb = mirrored("grey")
    got = cut(rgb, clean.alpha)
    assert gone(got, clean.alpha < 0.5, rim=5)
    assert got.facts.doubt <= DOUBTFUL, "what was known for a mirror image is nothing that was left out"


@pytest.mark.parametrize("ground", GROUNDS)
def test_what_hangs_on_the_product_belongs_to_it_unless_it_mirrors_it(ground: str) -> None:
    clean, rgb = mirrored(ground)
    assert not belongs_below(rgb, clean, GROUNDS[ground])
    base = Layer("rectangle", (0.35, 0.75, 0.65, 0.9), (20, 20, 24))
    stood = taken([*VASE, base], plain(SIDE, GROUNDS[ground]), quality=None)
    assert belongs_below(stood.rgb, clean, GROUNDS[ground])


@pytest.mark.parametrize("ends_softly", [True, False])
def test_a_mirror_image_that_the_network_sees_goes_and_a_paler_foot_stays(ends_softly: bool) -> None:
    ground = np.full((200, 200, 3), 255.0)
    levels, product = ground.copy(), np.zeros((200, 200), dtype=bool)
    levels[40:140, 50:150], product[40:180, 50:150] = 20.0, True
    depth = np.arange(40)[:, None, None]
    levels[140:180, 50:150] = 120.0 + (135 * depth / 40 if ends_softly else 0 * depth)
    sharp = find_edges(levels, ~product).sharp
    found = reflection(product, levels, ground, ndimage.binary_dilation(sharp, masks.disk(2)), 1.0)
    assert not found[:140].any()
    assert (found[142:180, 52:148].mean() > 0.95) if ends_softly else not found.any()


def test_a_mirror_image_goes_also_below_a_product_with_a_stronger_step_above_its_foot() -> None:
    ground = np.full((200, 200, 3), 255.0)
    levels, product = ground.copy(), np.zeros((200, 200), dtype=bool)
    levels[40:125, 50:150], product[40:180, 50:150] = 20.0, True
    levels[125:140, 50:150] = (210.0, 160.0, 60.0)  # a golden collar
    fade = 0.5 * (1 - np.arange(40) / 40)[:, None, None]
    levels[140:180] = 255 - fade * (255 - levels[100:140][::-1])
    sharp = find_edges(levels, ~product).sharp
    found = reflection(product, levels, ground, ndimage.binary_dilation(sharp, masks.disk(2)), 1.0)
    assert not found[:140].any()
    assert found[142:180, 52:148].mean() > 0.95


def belongs_below(rgb: photos.Pixels, product: Photo, ground: photos.Colour) -> bool:
    """Whether what one can see below a product that the network knows exactly would be added to it."""
    evidence = photo_module._weighed(rgb, NetworkPrior(product.alpha, np.zeros_like(product.alpha)))
    assert evidence is not None
    mask = product.alpha > 0.5
    foot = int(np.flatnonzero(mask.any(axis=1))[-1])
    below = (apart(rgb, ground) > 25) & (np.arange(SIDE) > foot)[:, None]
    (part,) = masks.parts(masks.without_dust(below, 50))
    return belongs(evidence, part, mask, True, int(mask.sum()), float(foot))


def mirrored(ground: str) -> tuple[Photo, photos.Pixels]:
    """A photo, and the same with a mirror image that one can see."""
    clean = taken(VASE, plain(SIDE, GROUNDS[ground]), quality=None)
    rgb = with_mirror(clean, plain(SIDE, GROUNDS[ground]), 0.5)
    below = (clean.alpha < 0.02) & (apart(rgb, GROUNDS[ground]) > 25)
    assert below.sum() > 2000
    return clean, rgb


def widened(alpha: photos.Floats) -> photos.Floats:
    """As a network sees it that is generous at outlines."""
    return np.asarray(ndimage.maximum_filter(alpha, 9))


def test_a_horizon_behind_the_product_is_no_product(cut: Cutter) -> None:
    ground = plain(SIDE, (206, 206, 208))
    ground[200:] = (168, 170, 172)
    photo = taken(VASE, ground)
    got = cut(photo.rgb, photo.alpha)
    assert exact(got, photo.alpha)
    assert got.cut_off == frozenset()


FRAME_NOTE = "a thin frame along the photo's borders was cut off"


@pytest.mark.parametrize("margin", [0, 3])
def test_a_thin_frame_line_goes_and_is_told(margin: int, cut: Cutter) -> None:
    photo = taken(VASE, plain(SIDE, WHITE), quality=None)
    got = cut(framed(photo.rgb, 2, (120, 120, 120), margin), photo.alpha)
    assert got.alpha.shape == photo.alpha.shape, "in the photo's own frame"
    assert exact(got, photo.alpha)
    assert got.facts.notes == (FRAME_NOTE,)
    assert got.cut_off == frozenset()


def test_what_a_frame_surrounds() -> None:
    rgb = np.full((100, 120, 3), 250, np.uint8)
    assert inside_frame(rgb) is None
    # Two pixels of line, and one that it bleeds into.
    assert inside_frame(framed(rgb, 2, (0, 0, 0))) == (slice(3, 97), slice(3, 117))
    three_sides = framed(rgb, 2, (0, 0, 0))
    three_sides[:3, 5:-5] = 250
    assert inside_frame(three_sides) is None
    dashed = framed(rgb, 2, (0, 0, 0))
    dashed[:2, ::8] = 250
    assert inside_frame(dashed) is None
    two_colours = framed(rgb, 2, (0, 0, 0))
    two_colours[:, :2] = (200, 0, 0)
    assert inside_frame(two_colours) is None
    thick = framed(rgb, 12, (0, 0, 0))
    assert inside_frame(thick) is None, "a passe-partout is no line"


def test_a_photo_between_transparent_bars_is_cut_out_as_a_photo(tmp_path: Path) -> None:
    photo = taken(VASE, plain(SIDE, WHITE), quality=None)
    file = np.zeros((SIDE, SIDE + 80, 4), np.uint8)
    file[:, 40:-40] = np.dstack([photo.rgb, np.full((SIDE, SIDE), 255, np.uint8)])
    assert photo_window(file) == (slice(0, SIDE), slice(40, SIDE + 40))
    Image.fromarray(file).save(tmp_path / "bars.png")
    got = load_cutout(Product("vase", tmp_path / "bars.png"), lambda _: None, source="plain")
    rows, columns = (np.flatnonzero((photo.alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    assert got.size == pytest.approx((np.ptp(columns) + 1, np.ptp(rows) + 1), abs=4)
    assert any("only frames a photo" in note for note in got.facts.notes)


def test_a_rectangular_product_is_no_photo_between_bars() -> None:
    card = np.zeros((100, 140, 4), np.uint8)
    card[:, 20:-20] = (30, 60, 120, 255)
    assert photo_window(card) is None
    round_product = np.zeros((100, 100, 4), np.uint8)
    round_product[drawn(100, [Layer("ellipse", (0.1, 0.1, 0.9, 0.9), WHITE)])[0] > 0.5] = 255
    assert photo_window(round_product) is None, "white, but no rectangle"


def test_no_frame_is_seen_where_there_is_none(cut: Cutter) -> None:
    slope = np.linspace(90, 240, 300)[:, None, None] * np.ones((300, 300, 3))
    both = slope / 2 + slope.swapaxes(0, 1) / 2
    vignette = 240 - 120 * np.hypot(*np.mgrid[-1:1:300j, -1:1:300j])[..., None] ** 2 * np.ones(3)
    for ground in (slope, both, vignette.clip(0, 255), busy(300)):
        assert inside_frame(taken(VASE, ground).rgb) is None
    touching = taken([Layer("rectangle", (0.0, 0.3, 1.0, 1.0), RED)], plain(300, WHITE))
    assert inside_frame(touching.rgb) is None
    got = cut(touching.rgb, touching.alpha)
    assert FRAME_NOTE not in got.facts.notes
    assert got.cut_off == {"left", "right", "bottom"}


def apart(rgb: photos.Pixels, colour: photos.Colour) -> NDArray[np.float64]:
    """The largest difference of the three channels from one colour [H, W], in levels."""
    return np.asarray(np.abs(rgb.astype(float) - colour).max(axis=-1))


# --- sides that the photo cuts off -----------------------------------------------------------------


@pytest.mark.parametrize("ground", ["white", "blue"])
def test_legs_that_leave_the_photo_end_at_its_border(ground: str, cut: Cutter) -> None:
    legs = [Layer("rectangle", (x, 0.45, x + 0.1, 1.01), RED) for x in (0.35, 0.55)]
    photo = taken([Layer("rectangle", (0.3, 0.2, 0.7, 0.5), RED), *legs], plain(SIDE, GROUNDS[ground]))
    got = cut(photo.rgb, photo.alpha)
    assert got.cut_off == {"bottom"}
    row = photo.alpha[-1] > 0.99
    assert row.sum() > 0.19 * SIDE
    assert int(got.alpha[-1][row].min()) == 255
    assert exact(got, photo.alpha)
    assert got.facts.notes == ("the photo cuts it off at the bottom: it stays there in ads",)


@pytest.mark.parametrize("wide", [True, False])
def test_a_thin_cord_that_the_network_does_not_see_stays_up_to_the_border(wide: bool, cut: Cutter) -> None:
    lamp = Layer("ellipse", (0.3, 0.45, 0.7, 0.75), (225, 222, 214))
    cord = Layer("line", (0.5, -0.01, 0.5, 0.5), (236, 234, 230), 3)
    photo = taken([lamp, cord], plain(500, (24, 86, 92)))
    seen = drawn(500, [lamp])[0]
    got = cut(photo.rgb, widened(seen) if wide else seen)
    assert got.cut_off == {"top"}
    rows = got.alpha[: int(0.44 * 500)]
    assert int(rows[:, 246:255].max(axis=1).min()) > 200, "no gap in it"
    assert int(rows[:, :240].max()) == int(rows[:, 260:].max()) == 0


def test_seams_of_boards_are_no_part_of_what_lies_on_them(cut: Cutter) -> None:
    """Upright seams through the photo and up to the product, and short ones between them."""
    side, seam = 500, (95, 92, 88)
    ground = plain(side, (200, 197, 188))
    for column in (50, 210, 290, 450):
        ground[:, column : column + 2] = seam
    ground[100, 50:210] = ground[275, 50:175] = seam
    photo = taken([Layer("rectangle", (0.35, 0.35, 0.65, 0.7), RED)], ground)
    got = cut(photo.rgb, widened(photo.alpha))
    assert whole(got, photo.alpha > 0.5)
    assert gone(got, photo.alpha < 0.5, rim=6)
    assert got.cut_off == frozenset()


def test_a_dark_handle_is_told_from_the_shadow_that_it_throws() -> None:
    off = np.zeros((80, 120), np.float32)
    off[20:40, 10:110] = 50
    off[30:38, 60:100] = 130
    evidence: Any = SimpleNamespace(off=off, unlike=off > 20, prior=np.where(off > 100, 0.4, 0.05))
    (whole_part,) = masks.parts(evidence.unlike)
    (core,) = cores(evidence, whole_part)
    assert 8 * 40 - 4 <= core.area <= 8 * 40  # its corners are rounded
    evidence.prior[:] = 0.05
    assert not list(cores(evidence, whole_part)), "the darkest of a shadow"


def test_what_only_comes_near_the_border_is_not_cut_off(cut: Cutter) -> None:
    gap = 4 / 300
    photo = taken([Layer("ellipse", (gap, gap, 1 - gap, 1 - gap), RED)], plain(300, WHITE), quality=75)
    got = cut(photo.rgb, photo.alpha)
    assert got.cut_off == frozenset()
    assert int(got.alpha[[0, -1]].max()) == int(got.alpha[:, [0, -1]].max()) == 0
    assert whole(got, photo.alpha > 0.5)


# --- several things --------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["white", "grey"])
def test_of_two_things_of_which_the_network_sees_one_both_are_kept(ground: str, cut: Cutter) -> None:
    first = Layer("rectangle", (0.1, 0.2, 0.5, 0.7), RED)
    second = Layer("rectangle", (0.72, 0.6, 0.92, 0.8), (40, 40, 44))
    photo = taken([first, second], plain(SIDE, GROUNDS[ground]))
    got = cut(photo.rgb, drawn(SIDE, [first])[0])
    assert exact(got, photo.alpha)


# --- no rim of the background's colour -------------------------------------------------------------


def halo(got: PhotoCut, photo: Photo) -> float:
    """Mean excess of light, in levels, along the edge when the cut-out stands on black."""
    colours = np.where((got.alpha < 250)[..., None], got.colours, photo.rgb)
    excess = colours * (got.alpha[..., None] / 255) - photo.colour * photo.alpha[..., None]
    edge = ndimage.binary_dilation((photo.alpha > 0.02) & (photo.alpha < 0.98))
    return float(excess[edge].mean())


@pytest.mark.parametrize("quality", [90, 75])
def test_no_rim_of_white_is_left(quality: int, cut: Cutter) -> None:
    shade = Layer("ellipse", (0.2, 0.2, 0.8, 0.7), (30, 62, 120))
    foot = Layer("rectangle", (0.4, 0.6, 0.6, 0.85), RED)
    photo = taken([shade, foot], plain(SIDE, WHITE), quality=quality)
    got = cut(photo.rgb, photo.alpha)
    assert abs(halo(got, photo)) < 2
    photographed = PhotoCut(photo.rgb, np.rint(255 * photo.alpha).astype(np.uint8), frozenset(), got.facts)
    assert halo(photographed, photo) > 10, "what would be left of it otherwise"
    length = int(masks.outline(photo.alpha > 0.5).sum())
    growth = (got.alpha / 255 - photo.alpha).sum() / length
    assert abs(growth) < 0.15, "in pixels, all along the outline"


# --- alpha that files bring ------------------------------------------------------------------------


def saved(folder: Path, colour: photos.Floats, alpha: photos.Floats) -> Path:
    """A PNG of colours [H, W, 3] in levels and alpha [H, W] in 0..1."""
    rgba = np.dstack([colour, 255 * alpha])
    Image.fromarray(np.rint(rgba).astype(np.uint8)).save(folder / "p.png")
    return folder / "p.png"


def loaded(path: Path) -> Cutout:
    return load_cutout(Product("p", path), silent)


def cropped(path: Path, window: tuple[slice, slice]) -> photos.Pixels:
    return np.asarray(Image.open(path).convert("RGBA"))[window]


def extent(alpha: photos.Floats) -> tuple[slice, slice]:
    """The window that holds all of alpha [H, W]."""
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.01), np.flatnonzero(alpha.max(axis=0) > 0.01)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


SHADOW_NOTE = "the soft shadow stored in the file was left out"
RIM_NOTE = "its hard rim, mixed with an old background, was made soft"


@pytest.mark.parametrize("gap", [-10, 25])
def test_a_shadow_stored_in_alpha_goes(gap: int, tmp_path: Path) -> None:
    """At the foot (the shadow reaches 10 pixels under the product) and detached from it."""
    side = SIDE
    alpha, colour = drawn(side, [Layer("ellipse", (0.3, 0.15, 0.7, 0.7), TAN)])
    y, x = np.mgrid[:side, :side]
    middle = 0.7 * side + gap + 12
    shadow = 0.55 * np.exp(-(((x - side / 2) / 75) ** 4) - ((y - middle) / 9) ** 2)
    shadow[shadow < 0.02] = 0
    both = alpha + (1 - alpha) * shadow
    mixed = colour * (alpha / np.maximum(both, 1e-6))[..., None]
    path = saved(tmp_path, np.where((both > 0)[..., None], mixed, 0), both)
    got = loaded(path)
    assert SHADOW_NOTE in got.facts.notes
    rows, columns = extent(alpha)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert abs(got.size[0] - width) <= 2
    assert abs(got.size[1] - height) <= 3
    assert abs(int((got.rgba[..., 3] > 250).sum()) - int((alpha > 0.98).sum())) < 0.01 * alpha.sum()


def test_what_is_soft_but_no_shadow_stays_to_the_byte(tmp_path: Path) -> None:
    alpha, colour = drawn(300, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), GREEN)])
    glass = drawn(300, [Layer("rectangle", (0.4, 0.4, 0.6, 0.6), GREEN)])[0] > 0.5
    veil = drawn(300, [Layer("rectangle", (0.45, 0.1, 0.55, 0.25), RED)])[0] > 0.5
    alpha = np.where(glass, 0.4, np.where(veil & (alpha < 0.5), 0.4, alpha))
    colour = np.where(veil[..., None], (90.0, 40.0, 44.0), colour)
    colour = np.where(glass[..., None], (50.0, 52.0, 54.0), colour)
    colour = np.where((alpha > 0)[..., None], colour, 0)
    path = saved(tmp_path, colour, alpha)
    got = loaded(path)
    assert got.facts.notes == ()
    assert np.array_equal(got.rgba[..., 3], cropped(path, extent(alpha))[..., 3])


def test_a_hard_rim_mixed_with_white_becomes_soft_without_any_white(tmp_path: Path) -> None:
    alpha, colour = drawn(300, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (30, 62, 120))])
    mixed = alpha[..., None] * colour + (1 - alpha[..., None]) * 255
    path = saved(tmp_path, mixed, alpha > 0.05)
    got = loaded(path)
    assert got.facts.notes == (RIM_NOTE,)
    share = got.rgba[..., 3] / 255
    assert ((share > 0.1) & (share < 0.9)).sum() > 200
    on_black = got.rgba[..., :3] * share[..., None]
    assert np.all(on_black <= np.array((30, 62, 120)) + 12), "nothing brighter than the product itself"
    inner = deep(alpha > 0.5, 4)[extent(alpha)]
    height, width = got.rgba.shape[:2]
    assert abs(height - inner.shape[0]) <= 2
    assert abs(width - inner.shape[1]) <= 2


def test_a_colour_key_png_becomes_soft(tmp_path: Path) -> None:
    alpha, colour = drawn(300, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (30, 62, 120))])
    mixed = np.rint(alpha[..., None] * colour + (1 - alpha[..., None]) * 255).astype(np.uint8)
    Image.fromarray(mixed).save(tmp_path / "p.png", transparency=(255, 255, 255))
    got = loaded(tmp_path / "p.png")
    assert got.facts.notes == (RIM_NOTE,)
    on_black = got.rgba[..., :3] * (got.rgba[..., 3:] / 255)
    assert np.all(on_black <= np.array((30, 62, 120)) + 12)


def test_a_hard_rim_with_its_own_colours_stays_to_the_byte(tmp_path: Path) -> None:
    alpha, colour = drawn(300, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), TAN), SUN])
    hard = alpha > 0.5
    path = saved(tmp_path, np.where(hard[..., None], colour, 255), hard)
    got = loaded(path)
    assert got.facts.notes == ()
    window = extent(hard.astype(float))
    solid = hard[window]
    assert np.array_equal(got.rgba[solid], cropped(path, window)[solid])
    assert np.array_equal(got.rgba[..., 3], 255 * solid)


def test_an_outline_through_one_texture_is_told_and_one_between_two_is_not() -> None:
    alpha, colour = drawn(SIDE, [Layer("rectangle", (0.2, 0.2, 0.8, 0.8), TAN)])
    product = alpha > 0.5
    levels = np.where(product[..., None], colour, busy(SIDE)).astype(np.float32)
    assert blended(levels, product, masks.outline(product), 1.0) < 0.05
    halved = product & (np.arange(SIDE) < SIDE / 2)
    side = masks.outline(halved) & ~masks.outline(product)
    assert blended(levels, halved, side, 1.0) > 0.5


# --- how sure a cut-out is -------------------------------------------------------------------------


def test_clean_photos_are_sure(cut: Cutter) -> None:
    for ground in (BLUE, (30, 30, 32)):
        photo = taken(VASE, plain(300, ground))
        got = cut(photo.rgb, photo.alpha)
        assert (got.facts.doubt < 0.05, got.facts.notes) == (True, ())
        assert (got.facts.method, got.facts.model) == ("network+plain", "fakenet")


def test_an_outline_that_follows_no_edge_is_doubtful(cut: Cutter) -> None:
    """The network sees the lower third of a thing that goes on without an edge, before a busy ground."""
    photo = taken([Layer("rectangle", (0.05, 0.2, 0.95, 0.8), TAN)], busy(SIDE))
    got = cut(photo.rgb, photo.alpha * (np.arange(SIDE) > 0.63 * SIDE)[:, None])
    assert got.facts.doubt > DOUBTFUL
    assert "of the outline follows no edge of the photo" in got.facts.notes[0]
    assert sentences(got.facts.notes)


@pytest.mark.parametrize("quality", [None, 90])
def test_a_product_of_exactly_the_backgrounds_colour_is_refused(quality: int | None, cut: Cutter) -> None:
    photo = taken([Layer("rectangle", (0.3, 0.3, 0.7, 0.7), GREY)], plain(SIDE, GREY), quality=quality)
    with pytest.raises(ItemError, match=r"^shop\.jpg: .*give a mask"):
        cut(photo.rgb, photo.alpha)


def test_a_half_of_exactly_the_backgrounds_colour_is_doubtful(cut: Cutter) -> None:
    halves = [(RED, 0.2, 0.5), (GREY, 0.5, 0.8)]
    box = [Layer("rectangle", (0.25, top, 0.75, bottom), colour) for colour, top, bottom in halves]
    photo = taken(box, plain(SIDE, GREY))
    got = cut(photo.rgb, photo.alpha)
    assert whole(got, photo.alpha > 0.5) or got.facts.doubt > DOUBTFUL


def test_of_a_product_that_is_half_lost_to_the_network_all_is_kept_or_it_is_doubtful(cut: Cutter) -> None:
    photo = taken([Layer("rectangle", (0.1, 0.3, 0.9, 0.7), RED)], plain(SIDE, WHITE))
    got = cut(photo.rgb, photo.alpha * (np.arange(SIDE) < SIDE / 2))
    assert exact(got, photo.alpha) or got.facts.doubt > DOUBTFUL


def test_notes_are_one_sentence_each(cut: Cutter) -> None:
    ring = [Layer("ellipse", (0.2, 0.2, 0.8, 1.2), GREEN), Layer("ellipse", (0.3, 0.3, 0.7, 0.7), None)]
    photo = taken(ring, plain(SIDE, WHITE), quality=None)
    got = cut(framed(photo.rgb, 2, (0, 0, 0)), drawn(SIDE, ring[:1])[0])
    assert len(got.facts.notes) == 3
    assert sentences(got.facts.notes)


def test_a_photo_in_which_nothing_is_found_is_refused_in_one_line(cut: Cutter) -> None:
    photo = taken(VASE, busy(300))
    with pytest.raises(ItemError) as refused:
        cut(photo.rgb, np.zeros_like(photo.alpha))
    assert str(refused.value) == (
        "shop.jpg: no product stands out in it, to fakenet or by its colour; "
        "give a mask (--mask) or a transparent PNG"
    )


def test_where_the_network_sees_nothing_a_plain_background_tells(cut: Cutter) -> None:
    photo = taken(VASE, plain(300, WHITE))
    got = cut(photo.rgb, np.zeros_like(photo.alpha))
    assert exact(got, photo.alpha)
    assert got.facts.notes == (
        "fakenet sees no product that stands out; it was found by the background's colour alone",
    )
    assert (got.facts.method, got.facts.model) == ("plain", "fakenet")
    assert 0 < got.facts.doubt <= DOUBTFUL


def test_without_the_default_network_a_plain_background_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(source: str, notify: Callable[[str], None]) -> Network:
        raise RunError("the cut-out model fakenet can't be fetched")

    monkeypatch.setattr(photo_module, "load_segmenter", unavailable)
    photo, said = taken(VASE, plain(300, WHITE)), []
    got = cut_photo(photo.rgb, "shop.jpg", said.append)
    reason, advice = "can't be fetched", "without it, only photos on a plain background can be cut out"
    assert [line for line in said if "fakenet" in line] == [f"the cut-out model fakenet {reason}; {advice}"]
    assert exact(got, photo.alpha)
    assert (got.facts.method, got.facts.model, got.facts.doubt) == ("plain", None, 0)
    with pytest.raises(RunError, match="fetched"):
        cut_photo(photo.rgb, "shop.jpg", silent, "org/name/net.onnx")


def test_plain_never_opens_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(source: str, notify: Callable[[str], None]) -> Network:
        raise AssertionError("a network was opened")

    monkeypatch.setattr(photo_module, "load_segmenter", opened)
    photo = taken(VASE, plain(300, WHITE))
    got = cut_photo(photo.rgb, "shop.jpg", silent, "plain")
    assert exact(got, photo.alpha)
    assert (got.facts.method, got.facts.model) == ("plain", None)


# --- the same photo gives the same bytes -----------------------------------------------------------

_SCRIPT = """
import hashlib
import cutout_photos as photos
from caig_cli.cutouts import photo as module
shot = photos.taken([photos.Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (206, 40, 150))], photos.busy(240))
module.load_segmenter = lambda source, notify: photos.Network(shot.rgb, shot.alpha)
for _ in range(2):
    cut = module.cut_photo(shot.rgb, "p", print)
    print(hashlib.sha256(cut.alpha.tobytes() + cut.colours.tobytes()).hexdigest(), cut.facts.doubt)
"""


def test_the_number_of_threads_changes_no_byte() -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    said = []
    for threads in "12":
        settings = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT], env={**os.environ, **settings, "PYTHONPATH": paths},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        said += done.stdout.splitlines()
    assert len(said) == 4
    assert len(set(said)) == 1


# --- matting ---------------------------------------------------------------------------------------


def test_trust_is_the_weight_of_the_guess() -> None:
    """One unknown pixel in an even photo: nine windows tie it to its neighbours by 8 / 9 each."""
    image = np.full((9, 9, 3), 0.5)
    known = np.ones((9, 9), dtype=bool)
    known[4, 4] = False
    guess = np.zeros((9, 9))
    guess[4, 4] = 1.0
    for trust, expected in ((None, 0.0), (0.0, 0.0), (8.0, 0.5), (24.0, 0.75)):
        weights = None if trust is None else np.full((9, 9), trust)
        alpha = solve_alpha(image, known, guess, weights)
        assert alpha[4, 4] == pytest.approx(expected, abs=1e-5)
        assert np.array_equal(alpha[known], guess[known])


def test_a_known_ramp_is_solved_with_and_without_trust() -> None:
    truth = np.clip((np.arange(40) - 14) / 12, 0, 1)[None].repeat(30, axis=0)
    front, back = np.array((0.8, 0.2, 0.1)), np.array((0.1, 0.3, 0.9))
    image = truth[..., None] * front + (1 - truth[..., None]) * back
    known = (truth == 0) | (truth == 1)
    unsure = np.where(known, truth, 0.5)
    assert np.abs(solve_alpha(image, known, unsure) - truth).max() < 0.01
    assert np.abs(solve_alpha(image, known, truth, np.full_like(truth, 0.1)) - truth).max() < 0.01
    # Without any colours to follow, a guess that is trusted decides.
    even = np.full_like(image, 0.5)
    trusted = solve_alpha(even, known, np.where(known, truth, 0.2), np.full_like(truth, 1e4))
    assert np.abs(trusted[~known] - 0.2).max() < 0.01
    assert float(np.ptp(solve_alpha(even, known, np.where(known, truth, 0.2))[~known])) > 0.5


def test_soft_pixels_get_the_products_own_colour() -> None:
    alpha, colour = drawn(200, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), RED)])
    alpha = ndimage.gaussian_filter(alpha, 1.5)
    mixed = alpha[..., None] * colour + (1 - alpha[..., None]) * 255
    found = 255 * product_colours(mixed / 255, alpha)
    soft = (alpha > 0.15) & (alpha < 0.95)
    assert np.abs(mixed - colour)[soft].max() > 150
    assert np.abs(found - colour)[soft].max() < 3


def test_a_frayed_guess_before_a_busy_ground_gets_a_smooth_contour_at_the_edge() -> None:
    """The guess is up to 14 pixels off the edge of a disc, at every pixel of it otherwise."""
    alpha, colour = drawn(SIDE, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), TAN)])
    disc, ground = alpha > 0.5, busy(SIDE)
    levels = blurred(np.where(disc[..., None], colour, ground).astype(np.float32))
    noise = np.random.default_rng(2).integers(-14, 15, (SIDE, SIDE))
    inward = ndimage.distance_transform_edt(disc) - ndimage.distance_transform_edt(~disc)
    guess = inward + noise > 0
    assert masks.outline(guess).sum() > 5 * masks.outline(disc).sum()
    band = np.abs(inward) < 18
    found = busy_contour(levels, guess, np.where(guess, 0.6, 0.4), band, unit=1.0)
    assert (found & disc).sum() > 0.985 * (found | disc).sum()
    assert masks.outline(found).sum() < 1.2 * masks.outline(disc).sum()


def test_a_window_of_an_enlargement_is_a_part_of_it() -> None:
    values = np.random.default_rng(1).random((30, 40)).astype(np.float32)
    whole_one = enlarge(values, (97, 133))
    window = slice(20, 71), slice(33, 120)
    part = enlarge(values, (97, 133), window)
    assert part.shape == (51, 87)
    inner = slice(4, -4), slice(4, -4)
    assert np.abs(part[inner] - whole_one[window][inner]).max() < 1e-6


# --- the parts it is made of -----------------------------------------------------------------------


def test_masks_grow_shrink_and_fall_into_parts() -> None:
    mask = np.zeros((9, 12), dtype=bool)
    mask[1:4, 1:4] = mask[6, 9] = True
    assert masks.grown(mask, 1).sum() == 25 + 9
    assert masks.grown(mask, 1)[5:8, 8:11].all()
    assert np.argwhere(masks.shrunk(mask, 1)).tolist() == [[2, 2]]
    assert masks.shrunk(np.ones((5, 5), dtype=bool), 2).all(), "the frame is no outside"
    assert masks.outline(mask).sum() == 8 + 1
    assert masks.without_dust(mask, 2).sum() == 9
    first, second = masks.parts(mask, margin=1)
    assert (first.area, first.at_frame, first.window) == (9, True, (slice(0, 5), slice(0, 5)))
    assert (second.area, second.at_frame, second.window) == (1, False, (slice(5, 8), slice(8, 11)))
    assert second.ring().sum() == 8
    assert masks.connected(mask, mask & (np.arange(12) > 6)).sum() == 1


def test_openings_look_like_the_surroundings_and_not_like_the_rim() -> None:
    disc, colour = drawn(300, [Layer("ellipse", (0.2, 0.2, 0.8, 0.8), (206, 40, 150))])
    hole = drawn(300, [Layer("ellipse", (0.35, 0.35, 0.65, 0.65), RED)])[0] > 0.5
    product = disc > 0.5
    ground = busy(300)
    ring = np.where((product & ~hole)[..., None], colour, ground)
    found = find_openings(ring, product)
    assert (found & hole).sum() / (found | hole).sum() > 0.85
    filled = np.where(hole[..., None], (240.0, 240.0, 230.0), ring)
    assert not find_openings(filled, product).any(), "a label is like nothing around"
    alike = np.where(product[..., None], busy(300, seed=8), ground)
    assert not find_openings(alike, product).any(), "all of it is like the ground: nothing is told"


def test_an_opening_is_whole_with_parts_of_it_that_are_like_nothing_around() -> None:
    disc, colour = drawn(300, [Layer("ellipse", (0.1, 0.2, 0.9, 0.8), (206, 40, 150))])
    hole = drawn(300, [Layer("ellipse", (0.3, 0.4, 0.7, 0.6), RED)])[0] > 0.5
    product, ground = disc > 0.5, busy(300)
    seen_through = ground.copy()
    seen_through[:, 190:] = (250, 246, 235)  # a skirting board
    found = find_openings(np.where((product & ~hole)[..., None], colour, seen_through), product)
    assert (found & hole).sum() / (found | hole).sum() > 0.85


class HalfBlind:
    """A network that sees the upper half of a product that fills its photo, and all of it in a margin."""

    name = "halfblind"

    def __init__(self, seen: NDArray[np.bool_]) -> None:
        self.seen = seen

    def predict(self, rgb: photos.Pixels) -> NDArray[np.float32]:
        mask = self.seen.astype(np.float32)
        if len(rgb) > len(mask):
            return np.pad(mask, (len(rgb) - len(mask)) // 2)
        mask[len(mask) // 2 :] = 0
        return mask[: rgb.shape[0], : rgb.shape[1]]


@pytest.mark.parametrize("even", [True, False])
def test_a_product_that_fills_its_photo_is_looked_at_with_a_margin(even: bool) -> None:
    mask, _ = drawn(200, [Layer("ellipse", (0.01, 0.01, 0.99, 0.99), RED)])
    tiles = np.indices((200, 200)).sum(axis=0) // 20 % 2
    ground = np.full((200, 200), 240) if even else 40 + 160 * tiles
    rgb = np.where((mask > 0.5)[..., None], RED, ground[..., None]).astype(np.uint8)
    prior = find_prior(rgb, HalfBlind(mask > 0.5))
    assert bool(prior.share[150, 100] > 0.9) == even, "beside a busy border a margin would be a frame"


class Wavering:
    """A network that sees red things, but says the opposite of a part in each look at the whole photo."""

    name = "wavering"

    def __init__(self, part: NDArray[np.bool_]) -> None:
        self.part, self.looks = part, 0

    def predict(self, rgb: photos.Pixels) -> NDArray[np.float32]:
        self.looks += 1
        red = (rgb == RED).all(axis=-1).astype(np.float32)
        if rgb.shape[:2] == self.part.shape:
            part = self.part if self.looks == 1 else self.part[:, ::-1]
            red[part] = 0.9 if self.looks == 1 else 0.1
        return red


@pytest.mark.parametrize("belongs", [True, False])
def test_a_part_of_which_two_looks_say_the_opposite_is_looked_at_by_itself(belongs: bool) -> None:
    rgb = np.full((200, 200, 3), 240, np.uint8)
    part = np.zeros((200, 200), bool)
    part[100:180, 60:150] = True
    rgb[20:100, 20:180] = RED
    rgb[part] = RED if belongs else (90, 140, 60)
    network = Wavering(part)
    prior = find_prior(rgb, network)
    assert network.looks == 3
    assert (prior.share[part] > 0.9).mean() == pytest.approx(float(belongs), abs=0.05)
    assert prior.apart[part].max() == 0 and (prior.share[25:90, 25:175] > 0.9).all()


def test_a_part_at_the_border_is_not_looked_at_by_itself() -> None:
    """A mirror image that the photo cuts off would be a product there."""
    rgb = np.full((200, 200, 3), 240, np.uint8)
    rgb[20:130, 20:180] = RED
    part = np.zeros((200, 200), bool)
    part[130:, 40:160] = True
    network = Wavering(part)
    find_prior(rgb, network)
    assert network.looks == 2


def background_of(levels: photos.Floats, prior: photos.Floats) -> object:
    levels = levels.astype(np.float32)
    return find_background(levels, blurred(levels), prior, find_edges(levels, prior < 0.15))


def test_no_background_is_found_where_all_is_product() -> None:
    assert background_of(plain(200, RED), np.ones((200, 200))) is None


def test_a_gradient_is_continued_behind_the_product() -> None:
    side = 300
    y, x = np.mgrid[:side, :side] / side
    ground = np.stack([150 + 40 * y, 160 + 20 * x, 200 - 30 * y + 10 * x], axis=-1)
    photo = taken([Layer("ellipse", (0.3, 0.3, 0.7, 0.7), RED)], ground, quality=None)
    found = background_of(photo.rgb, photo.alpha)
    assert found is not None
    assert np.abs(found.colour - ground).max(axis=-1)[photo.alpha > 0.5].mean() < 2
    assert np.abs(found.colour - ground)[deep(photo.alpha < 0.02, 10)].max() < 4
    assert found.smooth.all()
    assert not found.others.any()


# --- real photos, by the real network --------------------------------------------------------------

NETWORK = SHARED / "models" / "u2netp.onnx"
HERE = all(path.exists() for path in (NETWORK, SHARED / "photos", SHARED / "cases"))
needs_photos = pytest.mark.skipif(not HERE, reason="the shared photos and network are not here")
Places = list[tuple[int, int]]
"""x and y in pixels of a photo, looked at in full size."""

# Photo: the side that cuts it off; what is product there; what is background.
REAL: dict[str, tuple[set[str], Places, Places]] = {
    # The loop at the top and beside the strap are open; both straps and the grey foot stay.
    "mb02-blue-0.jpg": (
        set(), [(571, 185), (795, 216), (463, 540), (834, 463), (664, 1150)], [(571, 239), (386, 1204)]
    ),
    # The strap stays and is open.
    "wb05-red-0.jpg": (set(), [(363, 370), (713, 401), (540, 193), (540, 957)], [(540, 463), (120, 540)]),
    # Slots of the strap are open; its buttons and screen stay.
    "mg03-br-0.jpg": (set(), [(154, 463), (695, 664), (908, 517), (200, 926)], [(270, 616), (275, 696)]),
    # The slot, and the ground between rungs and legs, are open; all of these stay.
    "ruslan-bardash-351288.jpg": (
        set(), [(672, 554), (529, 1008), (277, 1092), (361, 1062), (571, 1021), (645, 776)],
        [(577, 561), (420, 840), (672, 890), (655, 1176)],
    ),
    # The shoe with its loop; nothing around the lace.
    "imani-clovis-234736.jpg": (set(), [(816, 898), (1030, 520)], [(388, 469), (1030, 553), (440, 320)]),
    "wp02-red_main.jpg": (
        {"top"}, [(551, 62), (463, 618), (494, 1112), (564, 1235), (330, 200)],
        [(530, 618), (374, 179), (800, 900)],
    ),
    # Tower, screen, its foot, keyboard and mouse.
    "compaq_presario.jpg": (
        set(), [(85, 130), (280, 120), (285, 218), (240, 265), (410, 265)],
        [(150, 150), (400, 235), (50, 270)],
    ),
    # Its shadow is gone.
    "luma-stability-ball.jpg": (
        set(), [(494, 485), (497, 931), (60, 480)], [(242, 893), (700, 925), (383, 970)]
    ),
}  # fmt: skip


@cache
def by_real_network(path: Path, half: bool = False) -> PhotoCut:
    image = Image.open(path).convert("RGB")
    rgb = np.asarray(image.reduce(2) if half else image)
    return cut_photo(rgb, path.name, silent, str(NETWORK))


@needs_photos
@pytest.mark.parametrize("name", REAL)
def test_real_photos_are_cut_as_a_person_would(name: str) -> None:
    """At half their size, which takes a third of the time, but for small ones and narrow openings."""
    cut_off, product, background = REAL[name]
    half = name not in ("compaq_presario.jpg", "ruslan-bardash-351288.jpg")
    got = by_real_network(SHARED / "photos" / name, half)
    size = 2 if half else 1
    assert [place for place in product if got.alpha[place[1] // size, place[0] // size] < SOLID] == []
    assert [place for place in background if got.alpha[place[1] // size, place[0] // size] > 10] == []
    assert got.cut_off == cut_off
    assert got.facts.doubt <= DOUBTFUL
    assert sentences(got.facts.notes)


@needs_photos
def test_a_real_lamp_hangs_by_its_cord_from_the_border() -> None:
    """At its full size, larger than that at which soft edges are solved."""
    got = by_real_network(SHARED / "photos" / "pierre-chatel-innocenti-483198.jpg")
    assert got.cut_off == {"top"}
    assert got.alpha[:390, 474:490].max(axis=1).min() > 128, "no gap in it"
    assert got.alpha[592, 480] == got.alpha[708, 480] == 255, "shade and light"
    assert int(got.alpha[:380, :460].max()) == int(got.alpha[:380, 500:].max()) == 0
    assert int(got.alpha[816:].max()) == 0
    assert got.facts.doubt <= DOUBTFUL


@needs_photos
def test_case_of_a_ring_on_white() -> None:
    got = by_real_network(SHARED / "cases" / "ring-hole-on-white" / "ring_on_white.jpg")
    y, x = np.mgrid[:600, :600]
    radius = np.hypot(x - 300, y - 300)
    assert int(got.alpha[radius < 150].max()) == 0
    assert int(got.alpha[(radius > 160) & (radius < 195)].min()) == 255
    assert OPENED in got.facts.notes


@needs_photos
@pytest.mark.parametrize("case", ["thin-frame-line/thin_frame.jpg", "jpeg-ringing-white-scraps/two.mpo"])
def test_cases_of_a_bottle_on_white(case: str) -> None:
    """Red cap, blue body from 150 to 330, cream label: no frame, no white scraps."""
    path = SHARED / "cases" / case
    got = by_real_network(path)
    rgb = np.asarray(Image.open(path).convert("RGB"))
    assert (got.facts.notes == (FRAME_NOTE,)) == ("frame" in case)
    assert int(got.alpha[285:415, 154:327].min()) == int(got.alpha[85:126, 205:276].min()) == 255
    around = np.ones((600, 480), dtype=bool)
    around[174:526, 144:336] = around[74:180, 189:291] = False
    assert int(got.alpha[around].max()) == 0
    white = rgb.min(axis=-1) > 246
    assert int(((got.alpha > 128) & white).sum()) == 0
    assert (got.alpha[290:410] / 255).sum(axis=1) == pytest.approx(181, abs=1.5)


@needs_photos
def test_case_of_a_colour_key() -> None:
    got = loaded(SHARED / "cases" / "colour-key-png-halo" / "rgb_trns.png")
    assert got.facts.notes == (RIM_NOTE,)
    share = got.rgba[..., 3:] / 255
    red = (got.rgba[..., :3] * share)[..., 0]
    assert red[350:436].max() < 60, "a blue body without a white rim"
    blue = (got.rgba[..., :3] * share)[..., 2]
    assert blue[4:46].max() < 70, "a red cap"
    assert blue[215:330, [0, 1, 2, -3, -2, -1]].max() < 210, "a cream label"


@needs_photos
def test_case_of_a_shadow_in_alpha() -> None:
    path = SHARED / "cases" / "baked-shadow-in-alpha" / "baked_shadow.png"
    got = loaded(path)
    assert got.facts.notes == (SHADOW_NOTE,)
    solid = np.asarray(Image.open(path))[..., 3] >= SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    assert abs(got.size[1] - (np.ptp(rows) + 1)) <= 6, "it ends where its body ends"
    assert int((got.rgba[..., 3] >= SOLID).sum()) == int(solid.sum())


@needs_photos
@pytest.mark.xfail(
    strict=True, reason="at half the photo's size a wedge of white stays between arm and waist"
)
def test_a_narrow_wedge_of_background_goes() -> None:
    got = by_real_network(SHARED / "photos" / "wp02-red_main.jpg", True)
    assert int(got.alpha[69 // 2, 396 // 2]) <= 10
