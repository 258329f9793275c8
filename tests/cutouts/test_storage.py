"""Kept cut-outs: what comes back is what was put away, and nothing else is taken for one."""

from __future__ import annotations

import json
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caig_cli.cutouts.cutout import Cutout, CutoutFacts
from caig_cli.cutouts.storage import cutout_png, open_cutout
from caig_cli.engine.files import png_bytes
from caig_cli.errors import ItemError
from caig_cli.pcpo import candidates
from caig_cli.pcpo.config import PainterSection
from caig_cli.records import Product

SIDES = ("left", "top", "right", "bottom")
SUBSETS = list(chain.from_iterable(combinations(SIDES, n) for n in range(5)))
FACTS = CutoutFacts("network+plain", "u2netp", 0.1 + 0.2, ("Kept: a shadow.", "Füße 靴 \u2028 end"))
GOOD = {"cut_off": ["top"], "method": "alpha", "model": None, "doubt": 0, "notes": []}


def pixels(height: int = 20, width: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 4), dtype=np.uint8)


@pytest.mark.parametrize("sides", SUBSETS, ids="-".join)
@pytest.mark.parametrize("facts", [CutoutFacts(), FACTS], ids=["plain", "told"])
def test_round_trip(tmp_path: Path, sides: tuple, facts: CutoutFacts) -> None:
    cutout = Cutout(pixels(), frozenset(sides), facts)
    (tmp_path / "one.png").write_bytes(cutout_png(cutout))
    again = open_cutout(tmp_path / "one.png")
    assert np.array_equal(again.rgba, cutout.rgba) and again.rgba.dtype == np.uint8
    assert again.cut_off == cutout.cut_off
    assert again.facts == cutout.facts
    assert not again.rgba.flags.writeable


def test_pcpo_paints_what_was_kept(tmp_path: Path) -> None:
    """The painter's shots know at which sides the photo ends."""
    (tmp_path / "one.png").write_bytes(cutout_png(Cutout(pixels(), frozenset({"bottom"}), FACTS)))
    job = candidates.CandidateJob(Product("one", tmp_path / "photo.jpg"), tmp_path / "one.png", ("a", "b"), 1)
    for shot in candidates._shots(PainterSection(), job):
        assert (shot.product.cut_off, shot.product.facts) == ({"bottom"}, FACTS)
        assert shot.box.bottom == 128


def test_equal_cutouts_give_equal_bytes() -> None:
    one, two = (Cutout(pixels(), frozenset(order)) for order in (SIDES, SIDES[::-1]))
    assert cutout_png(one) == cutout_png(two)


def test_a_torn_file_is_one_line(tmp_path: Path) -> None:
    path, whole = tmp_path / "one.png", cutout_png(Cutout(pixels(200, 90)))
    for length in (0, 7, 40, len(whole) // 2, len(whole) - 20):
        path.write_bytes(whole[:length])
        refused(path, "not a cut-out")


def test_a_flipped_byte_is_never_a_crash_nor_another_product(tmp_path: Path) -> None:
    path, whole = tmp_path / "one.png", cutout_png(Cutout(pixels()))
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            assert np.array_equal(open_cutout(path).rgba, pixels())
        except ItemError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    "change",
    [
        {"cut_off": ["below"]}, {"cut_off": "top"}, {"cut_off": [["top"]]}, {"cut_off": None},
        {"method": 3}, {"model": 3}, {"doubt": "low"}, {"doubt": True}, {"doubt": 2}, {"doubt": float("nan")},
        {"notes": "one"}, {"notes": [1]}, {"notes": None}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_other_facts_are_refused(tmp_path: Path, change: dict) -> None:
    path, image = tmp_path / "one.png", Image.fromarray(pixels())
    path.write_bytes(png_bytes(image, {"caig:cut-out": json.dumps(GOOD)}))
    assert open_cutout(path).cut_off == {"top"}
    path.write_bytes(png_bytes(image, {"caig:cut-out": json.dumps(GOOD | change)}))
    refused(path, "not a cut-out")


@pytest.mark.parametrize("text", [{}, {"caig:cut-out": "{"}, {"caig:cut-out": "[]"}], ids=str)
def test_other_files_are_refused(tmp_path: Path, text: dict) -> None:
    (tmp_path / "one.png").write_bytes(png_bytes(Image.fromarray(pixels()), text))
    refused(tmp_path / "one.png", "not a cut-out")


def test_other_pixels_are_refused(tmp_path: Path) -> None:
    grey = Image.fromarray(pixels()[..., 0])
    (tmp_path / "one.png").write_bytes(png_bytes(grey, {"caig:cut-out": json.dumps(GOOD)}))
    refused(tmp_path / "one.png", "not a cut-out")


def test_no_file_is_said(tmp_path: Path) -> None:
    refused(tmp_path / "none.png", "cannot be opened")


def refused(path: Path, why: str) -> None:
    with pytest.raises(ItemError, match=why) as caught:
        open_cutout(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
