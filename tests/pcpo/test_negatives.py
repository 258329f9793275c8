"""Product-centric negatives: never the same product, the same ones again, nothing hidden comes to light."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from caig_cli.errors import UsageError
from caig_cli.pcpo.negatives import (
    Negative,
    draw_negatives,
    keep_patches,
    negative_picture,
    patch_count,
    random_box,
)
from caig_cli.pcpo.preference_config import Kind, NegativesSection
from caig_cli.records import Preference, Product

GOLDENS = Path(__file__).parents[2].parent / "shared" / "goldens"
FILL = (200, 100, 50)


def preferences(count: int) -> list[Preference]:
    return [
        Preference(f"p{n}", Product(f"item{n}", Path(f"{n}.png"), f"Title {n}"), f"prompt {n}", "other")
        for n in range(count)
    ]


def only(kind: Kind, **values: object) -> NegativesSection:
    return NegativesSection.model_validate(
        {"mask": 0, "caption": 0, "crop": 0, "image": 0, kind: 1, **values}
    )


def square(alpha: int = 255) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(1, 255, (128, 128, 4), dtype=np.uint8)
    pixels[..., 3] = alpha
    return pixels


# --- drawing -----------------------------------------------------------------------------------------


def test_drawn_once_for_each_seed_round_and_pair() -> None:
    pairs, section = preferences(50), NegativesSection()
    first = draw_negatives(pairs, section, seed=1, round_number=2)
    assert first == draw_negatives(pairs, section, seed=1, round_number=2)
    assert first != draw_negatives(pairs, section, seed=2, round_number=2)
    assert first != draw_negatives(pairs, section, seed=1, round_number=3)
    shorter = draw_negatives(pairs[:25], section, seed=1, round_number=2)
    assert [(n.kind, n.seed) for n in shorter] == [(n.kind, n.seed) for n in first[:25]]


def test_half_the_time_each() -> None:
    kinds = Counter(
        n.kind for n in draw_negatives(preferences(400), NegativesSection(), seed=0, round_number=0)
    )
    assert kinds.keys() == {"mask", "caption"} and 160 < kinds["mask"] < 240
    thirds = NegativesSection(mask=0, caption=1, crop=0, image=2)
    kinds = Counter(n.kind for n in draw_negatives(preferences(400), thirds, seed=0, round_number=0))
    assert kinds.keys() == {"image", "caption"} and 110 < kinds["caption"] < 160


@pytest.mark.parametrize("kind", ["caption", "image"])
def test_never_the_same_product(kind: Kind) -> None:
    """Two pairs of each product, and two products that are called alike but for letter case and spaces."""
    pairs = [replace(p, id=f"{p.id}{half}") for p in preferences(6) for half in "ab"]
    same = {0, 1, 2, 3}
    for n in same:
        title = "red" + " " * (n + 1) + ("MUG" if n % 2 else "mug")
        like = replace(pairs[n].product, caption=title, image=Path("one.png"))
        pairs[n] = replace(pairs[n], product=like)
    seen = set()
    for round_number in range(120):
        drawn = draw_negatives(pairs, only(kind), seed=0, round_number=round_number)
        for n, negative in enumerate(drawn):
            assert negative.kind == kind and negative.other is not None
            assert pairs[negative.other].product.id != pairs[n].product.id
            assert not (n in same and negative.other in same)
            seen.add((n, negative.other))
    assert len(seen) == 4 * 8 + 8 * 10, "all others come up"


def test_a_product_without_a_title_lends_none() -> None:
    pairs = preferences(3)
    pairs[0] = replace(pairs[0], product=replace(pairs[0].product, caption=None))
    for round_number in range(10):
        others = [n.other for n in draw_negatives(pairs, only("caption"), seed=0, round_number=round_number)]
        assert 0 not in others


def test_another_kind_takes_the_place_of_an_impossible_one() -> None:
    drawn = draw_negatives(preferences(1), NegativesSection(), seed=0, round_number=0)
    assert [n.kind for n in drawn] == ["mask"]
    with pytest.raises(UsageError, match=r"item0: no other product has another caption or image"):
        draw_negatives(preferences(1), NegativesSection(mask=0, image=1), seed=0, round_number=0)


def test_a_mixture_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one kind"):
        NegativesSection(mask=0, caption=0)
    with pytest.raises(ValueError, match="crop_least"):
        NegativesSection(crop_least=0.5)


# --- pictures ----------------------------------------------------------------------------------------


def test_three_quarters_of_the_patches_are_black() -> None:
    seen = negative_picture(Negative("mask", 5), square(), None, NegativesSection(), FILL)
    patches = seen.reshape(4, 32, 4, 32, 3).transpose(0, 2, 1, 3, 4).reshape(16, -1)
    black = (patches == 0).all(1)
    assert black.sum() == 12
    whole = square()[..., :3].reshape(4, 32, 4, 32, 3).transpose(0, 2, 1, 3, 4).reshape(16, -1)
    assert (patches[~black] == whole[~black]).all()
    again = negative_picture(Negative("mask", 5), square(), None, NegativesSection(), FILL)
    other = negative_picture(Negative("mask", 6), square(), None, NegativesSection(), FILL)
    assert (seen == again).all() and (seen != other).any()


def test_hidden_colour_stays_hidden() -> None:
    for kind in ("mask", "crop", "image"):
        seen = negative_picture(Negative(kind, 5), square(0), square(0), NegativesSection(), FILL)
        colours = {tuple(colour) for colour in seen.reshape(-1, 3).tolist()}
        assert colours == ({FILL, (0, 0, 0)} if kind == "mask" else {FILL})


def test_a_picture_of_one_patch_is_not_left_as_it_is() -> None:
    section = NegativesSection(mask_patch=128)
    assert (negative_picture(Negative("mask", 1), square(), None, section, FILL) == 0).all()


def test_another_products_photo() -> None:
    lent = square()[::-1]
    seen = negative_picture(Negative("image", 1, 3), square(), lent, NegativesSection(), FILL)
    assert (seen == lent[..., :3]).all()


def test_a_crop_is_a_small_piece() -> None:
    section, rng = NegativesSection(crop_least=0.05, crop_most=0.2), random.Random(0)
    boxes = [random_box(100, 100, section, rng) for _ in range(300)]
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= 100 and 0 <= top < bottom <= 100
        assert 0.04 < (right - left) * (bottom - top) / 100**2 < 0.21
        assert 0.7 < (right - left) / (bottom - top) < 1.4
    assert len(set(boxes)) > 290
    whole = only("crop", crop_least=1, crop_most=1)
    seen = negative_picture(Negative("crop", 1), np.full((64, 64, 4), 90, np.uint8), None, whole, FILL)
    assert seen.shape == (64, 64, 3)


@pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")
@pytest.mark.parametrize("case", ["d0", "d1", "d3", "d4", "d5", "d6"])
def test_the_masks_of_the_reference(case: str) -> None:
    """Where sides are whole patches; elsewhere (d2) the original stretches a smaller mask, we cut patches."""
    arrays = np.load(GOLDENS / "d_patchmasker.npz")
    rows = json.loads((GOLDENS / "d_patchmasker.json").read_text())
    facts = next(row for row in rows if row.get("case") == case)
    height, width = facts["shape"][-2:]
    masked = arrays[f"{case}_masked_indices"].tolist()
    kept = keep_patches(height, width, facts["patch"], masked)
    assert patch_count(height, width, facts["patch"]) == facts["n_patches"]
    assert int(facts["ratio"] * facts["n_patches"]) == facts["n_masked"] == len(masked)
    assert (kept == arrays[f"{case}_mask"][0].astype(bool)).all()
    if case != "d4":
        assert (arrays[f"{case}_x"] * kept == arrays[f"{case}_y"]).all()
