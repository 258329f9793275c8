"""Varied views: nothing at strength 0, the same alone as in a batch, fill where there is no picture."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from caig_cli.mllm.augment import TINTS, augment, augment_all, augment_each, cut_together
from caig_cli.mllm.images import Pixels, flatten

FILL = (10, 120, 230)


def _picture(seed: int, height: int = 24, width: int = 24) -> Pixels:
    """Smooth colours, so that a shift by part of a pixel changes little."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    waves = [np.sin(3 * (x * a + y * b + c)) for a, b, c in rng.random((3, 3))]
    colours = np.stack([128 + 100 * wave for wave in waves], axis=-1)
    return np.dstack([colours, np.full((height, width), 255)]).astype(np.uint8)


def _cut_out(seed: int) -> Pixels:
    picture = _picture(seed)
    picture[:, :8, 3] = 0
    return picture


def test_strength_zero_only_lays_the_picture_over_the_fill() -> None:
    pictures = [_cut_out(seed) for seed in range(8)]
    plain = np.stack([flatten(picture, FILL) for picture in pictures])
    together = augment_all(torch.from_numpy(np.stack(pictures)), FILL, random.Random(0), 0.0).numpy()
    assert np.array_equal(together, plain)
    assert np.array_equal(augment(pictures[0], FILL, random.Random(0), 0.0), plain[0])


def test_a_picture_varies_alike_alone_and_in_a_batch() -> None:
    pictures = [_picture(0), _cut_out(1), _picture(2)]
    together = augment_all(torch.from_numpy(np.stack(pictures)), FILL, random.Random(5), 0.7).numpy()
    rng = random.Random(5)
    for picture, view in zip(pictures, together, strict=True):
        assert np.abs(augment(picture, FILL, rng, 0.7).astype(int) - view).max() <= 1


def test_pictures_of_many_sizes_vary_each_as_alone() -> None:
    for pictures in ([_picture(0), _cut_out(1)], [_picture(0), _picture(1, 16, 40)]):
        views = augment_each(pictures, FILL, random.Random(5), 0.7)
        rng = random.Random(5)
        for picture, view in zip(pictures, views, strict=True):
            assert view.shape == (*picture.shape[:2], 3)
            assert np.abs(augment(picture, FILL, rng, 0.7).astype(int) - view).max() <= 1


def test_half_of_the_views_are_mirrored_and_else_hardly_changed_at_low_strength() -> None:
    picture = _picture(3)
    plain = flatten(picture, FILL).astype(int)
    inner = np.s_[4:-4, 4:-4]
    rng, mirrored = random.Random(1), 0
    for _ in range(40):
        view = augment(picture, FILL, rng, 0.02).astype(int)
        far = [np.abs(view[inner] - other[inner]).mean() for other in (plain, plain[:, ::-1])]
        assert min(far) < 3 < max(far)
        mirrored += far[1] < far[0]
    assert 10 <= mirrored <= 30


def test_beside_an_opaque_picture_is_the_fill_and_under_a_cut_out_sometimes_a_tint() -> None:
    rng = random.Random(2)
    seen = set()
    for _ in range(60):
        opaque, cut = (
            augment(p, FILL, rng, 1.0).astype(int) for p in (np.full_like(_picture(0), 255), _cut_out(0))
        )
        outside = np.abs(opaque - 255).max(axis=-1) > 60
        assert np.abs(opaque[outside] - FILL).max(initial=0) < 255 - 60
        left, right = cut[:, 0].mean(axis=0), cut[:, -1].mean(axis=0)
        seen.add(min(np.abs(side - FILL).max() for side in (left, right)) < 45)
    assert seen == {True, False}
    assert len(TINTS) > 1


def test_turning_keeps_a_picture_that_is_not_square_in_proportion() -> None:
    """A disc stays a disc: its extent across and down is the same, whatever the angle."""
    y, x = np.mgrid[-20:20, -40:40]
    picture = np.full((40, 80, 4), 255, np.uint8)
    picture[..., :3][(x**2 + y**2) > 100] = 0
    for seed in range(12):
        view = augment(picture, (0, 0, 0), random.Random(seed), 1.0)[..., 0] > 128
        across, down = view.any(axis=0).sum(), view.any(axis=1).sum()
        assert abs(int(across) - int(down)) <= 2


def test_cut_together_takes_one_rectangle_of_the_neighbour_and_tells_the_share_that_is_left() -> None:
    views = torch.arange(1, 6, dtype=torch.uint8)[:, None, None, None].expand(5, 12, 20, 3)
    rng, shares = random.Random(4), []
    for _ in range(60):
        mixed, share = cut_together(views, rng)
        for own, left in zip(range(5), mixed, strict=True):
            kept = left == own + 1
            assert torch.equal(left[~kept], torch.full_like(left[~kept], (own - 1) % 5 + 1))
            assert float(kept.float().mean()) == pytest.approx(share)
            rows, columns = (~kept[..., 0]).any(1).nonzero(), (~kept[..., 0]).any(0).nonzero()
            assert (~kept[..., 0]).sum() == len(rows) * len(columns)
        shares.append(share)
    assert min(shares) < 0.2 < 0.8 < max(shares)


def test_chances_that_round_to_one_still_name_a_colour() -> None:
    class Nearly(random.Random):
        def random(self) -> float:
            return 1 - 2.0**-40  # in float32 that is 1

    picture = torch.zeros((1, 8, 8, 4), dtype=torch.uint8)
    view = augment_all(picture, (255, 255, 255), Nearly(), 1.0)
    assert view.shape == (1, 8, 8, 3)
