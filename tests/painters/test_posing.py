"""Who decides how a product is placed: words, then the option, then the title, then the photo."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from caig_cli.cutouts.cutout import Cutout, CutoutFacts, Edge
from caig_cli.painters.composition import composition
from caig_cli.painters.layout import PRESETS
from caig_cli.painters.outline import Outline, outline
from caig_cli.painters.pose import Pose
from caig_cli.painters.posing import Posing, pose_of
from caig_cli.painters.stances import HABITS
from caig_cli.painters.studio.viewpoint import View, view_of
from caig_cli.records import Product


def block(width: int = 100, height: int = 120, cut_off: Collection[Edge] = (), note: str = "") -> Cutout:
    rgba = np.full((height, width, 4), 255, np.uint8)
    return Cutout(rgba, frozenset(cut_off), CutoutFacts(notes=(note,) if note else ()))


def posed(title: str, prompt: str = "", option: str | None = None, cutout: Cutout | None = None) -> Posing:
    cutout = cutout or block()
    product = Product("p", Path("p.png"), title)
    return pose_of(product, cutout, outline(cutout), view_of(prompt), option)  # type: ignore[arg-type]


def test_words_then_option_then_title_then_photo() -> None:
    assert posed("Blue Hoodie", "lying flat on linen", "float").pose.stance == "lie"
    assert posed("Blue Hoodie", "on linen", "float").pose.stance == "float"
    assert posed("Blue Hoodie", "the product stands on oak").pose.stance == "hang"
    asked = (("floating above sand", None), ("on sand", "lie"), ("on sand", None))
    assert [posed("Blue Hoodie", *one).why for one in asked] == ["words", "option", "title"]
    assert (posed("Aurora").pose.stance, posed("Aurora").why) == ("stand", "default")
    assert (posed("Sneakers", cutout=block(80, 100)).pose.stance, posed("Sneakers").why) == ("lie", "photo")
    assert posed("Sneakers", cutout=block(160, 100)).pose.stance == "stand"


@pytest.mark.parametrize(
    ("title", "fixture"),
    [
        ("T-shirt", "hanger"),
        ("Jeans", "clips"),
        ("Tote bag", "hook"),
        ("Pendant lamp", "cord"),
        ("Poster", "none"),
    ],
)
def test_what_it_hangs_on(title: str, fixture: str) -> None:
    assert posed(title).pose.fixture == fixture
    assert posed(title, "hanging on a wooden hanger").pose.fixture == "hanger"
    assert posed("Mug", option="hang").pose.fixture == "hook"


def test_what_its_photo_cuts_off_stays_at_the_side() -> None:
    worn = posed("Leggings", cutout=block(50, 120, {"top"}, "it seems to be worn or held by a person"))
    assert (worn.pose.stance, worn.why, worn.contradictions) == ("worn", "photo", ())
    assert posed("Vase", cutout=block(cut_off={"bottom"})).pose.stance == "worn"
    assert posed("Light shade", cutout=block(cut_off={"top"})).pose.stance == "hang"
    assert posed("Carpet", cutout=block(cut_off={"left"})).pose.stance == "lie"


def test_a_tight_crop_is_not_cut_off() -> None:
    rgba = np.zeros((100, 100, 4), np.uint8)
    y, x = np.mgrid[-1:1:100j, -1:1:100j]
    rgba[x**2 + y**2 <= 1] = 255
    sides: Collection[Edge] = ("left", "top", "right", "bottom")
    ball = posed("Ball", cutout=Cutout(rgba, frozenset(sides)))
    assert ball.cutout.cut_off == frozenset() and ball.pose.stance == "stand"
    stool = np.zeros((100, 100, 4), np.uint8)
    stool[:40] = 255
    stool[:, :6] = stool[:, -6:] = 255
    assert posed("Stool", cutout=Cutout(stool, frozenset({"bottom"}))).cutout.cut_off == frozenset()
    assert posed("Cloth", cutout=block(cut_off=sides)).cutout.cut_off == frozenset(sides)


@pytest.mark.parametrize(
    ("title", "prompt", "option", "cut_off", "part"),
    [
        ("Hoodie", "lying flat on a bed", "hang", "", "the words count"),
        ("Vase", "floating over sand", None, "bottom", "its photo cuts it off at the bottom"),
        ("Road bike", "hanging on a wall", None, "", "things like it stand"),
        ("Mug", "shot from above", None, "", "its photo is not from above"),
        ("Mug", "", "worn", "", "its photo shows it whole"),
    ],
)
def test_contradictions_are_reported(
    title: str, prompt: str, option: str | None, cut_off: str, part: str
) -> None:
    cutout = block(cut_off=cut_off.split())  # type: ignore[arg-type]
    assert any(part in sentence for sentence in posed(title, prompt, option, cutout).contradictions)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("hanging on a wooden hanger before a wall", View("hang", "hanger")),
        ("lying flat on the bed, shot from above", View("lie", camera="above")),
        ("floating above the sea", View("float")),
        ("floating petals around it, on marble", View(things=True)),
        ("lemons hanging from a branch, on marble", View(things=True)),
        ("hanging plants behind, oak table", View(things=True)),
        ("not floating, on sand", View()),
        ("close-up on marble, empty space on the left for text", View(camera="close", placement="right")),
        ("oak table, product on the left", View(placement="left")),
        ("The product stands on oak against a wall", View()),
        ("aufgehängt, weiße Wand", View("hang")),
        ("vue de dessus, table en bois", View(camera="above")),
    ],
)
def test_words_about_stance_and_camera(prompt: str, expected: View) -> None:
    assert view_of(prompt) == expected


def test_a_view_from_above_lays_flat_what_is_flat() -> None:
    assert posed("Hoodie", "on linen, shot from above").pose.stance == "lie"
    mug = posed("Mug", "on linen, shot from above")
    assert mug.pose.stance == "stand" and (mug.pose.elevation or 0) >= 30


def test_the_outline_tells_the_angle_of_a_box() -> None:
    """A box turned by 45 degrees, seen from 20 degrees above: two edges below that rise to both sides."""
    rise = 0.5 * 120 * np.sin(np.radians(20))
    y, x = np.mgrid[0:150, 0:120] + 0.5
    inside = y < 150 - rise * np.abs(x - 60) / 60
    rgba = np.zeros((150, 120, 4), np.uint8)
    rgba[inside] = 255
    shape = outline(Cutout(rgba))
    assert shape.steady and shape.parts == 1
    assert shape.elevation == pytest.approx(np.degrees(np.arctan(np.sin(np.radians(20)))), abs=3)


def test_the_feet_of_a_stool_tell_the_angle() -> None:
    """Four feet of a square base turned by 30 degrees, seen from 20 degrees above."""
    rgba = np.zeros((220, 140, 4), np.uint8)
    rgba[:60, 10:130] = 255
    turned = np.radians([45 + 30, 135 + 30, 225 + 30, 315 + 30])
    for x, depth in zip(70 + 55 * np.cos(turned), 55 * np.sin(turned), strict=True):
        rgba[: int(200 - depth * np.sin(np.radians(20))), int(x) - 4 : int(x) + 4] = 255
    rgba = rgba[: int(np.nonzero(rgba[..., 3].any(axis=1))[0].max()) + 1]
    assert outline(Cutout(rgba)).elevation == pytest.approx(20, abs=3)


def test_what_the_photo_shows_on_its_tip_or_from_above_lies() -> None:
    y, x = np.mgrid[0:100, 0:160]
    tipped = np.zeros((100, 160, 4), np.uint8)
    tipped[np.abs(y - 0.45 * x - 20) < 12] = 255
    assert posed("Running shoe", cutout=Cutout(tipped[:, ::-1])).pose.stance == "lie"
    steep = np.zeros((100, 100, 4), np.uint8)
    steep[np.abs(y - 50)[:, :100] + np.abs(x - 50)[:, :100] < 50] = 255
    assert posed("Book", cutout=Cutout(steep)).pose.stance == "lie"
    assert posed("Book").pose.stance == "stand"


def test_the_outline_tells_what_cannot_stand() -> None:
    y, x = np.mgrid[0:100, 0:100]
    stick = np.zeros((100, 100, 4), np.uint8)
    stick[np.abs(x + y - 100) < 8] = 255  # balances on an end
    assert not outline(Cutout(stick)).steady
    tip = np.zeros((100, 100, 4), np.uint8)
    tip[np.abs(x - 50) < (100 - y) * 0.5] = 255
    assert not outline(Cutout(tip)).steady
    assert outline(block()).steady
    several = np.zeros((100, 100, 4), np.uint8)
    several[:30, :30] = several[60:, 60:] = several[:30, 60:] = 255
    assert outline(Cutout(several)).parts == 3


@pytest.mark.parametrize("frame", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("stance", ["stand", "lie", "hang", "float"])
def test_compact_products_cover_a_quarter_to_nearly_half(frame: tuple[int, int], stance: str) -> None:
    if max(frame) > 1.5 * min(frame):
        return
    for aspect, coverage in ((0.8, 0.78), (1.0, 0.78), (1.3, 0.75), (1.0, 1.0)):
        shape = Outline(aspect, coverage, 1, True, None)
        for number in range(8):
            one = composition(Pose(stance, elevation=12.0), shape, frame, "p", number)  # type: ignore[arg-type]
            width = min(one.scale * frame[0], one.scale * frame[1] * aspect)
            assert 0.22 <= coverage * width * (width / aspect) / math.prod(frame) <= 0.45


def test_a_pair_of_boots_seen_from_above_does_not_stand() -> None:
    boots = HABITS["boots"]
    assert not boots.shown_by(Outline(0.61, 0.78, 1, True, None, 0.94))
    assert boots.shown_by(Outline(0.61, 0.6, 1, True, None, 0.7)), "one boot, seen from its side"
    assert boots.shown_by(Outline(1.1, 0.7, 1, True, None, 0.94)), "two, seen from their front"


def test_candidates_differ_and_do_not_depend_on_how_many_there_are() -> None:
    shape = Outline(0.8, 0.95, 1, True, None)
    made = [composition(Pose(elevation=12.0), shape, (512, 512), "mug", k) for k in range(8)]
    assert made[:3] == [composition(Pose(elevation=12.0), shape, (512, 512), "mug", k) for k in range(3)]
    assert len({one.placement for one in made}) >= 3
    for spread in (
        [one.scale for one in made], [one.pose.elevation / 30 for one in made if one.pose.elevation],
        [one.pose.depth for one in made],
    ):  # fmt: skip
        assert np.ptp(spread) > 0.1 and len(set(spread)) == 8
    assert made != [composition(Pose(elevation=12.0), shape, (512, 512), "cup", k) for k in range(8)]
    close, wide = (
        composition(Pose(), shape, (512, 512), "mug", 0, camera).scale for camera in ("close", "wide")
    )
    assert close > max(one.scale for one in made) > min(one.scale for one in made) > wide
