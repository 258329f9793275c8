"""The customer's pixels are kept exactly, edges take no colour from anywhere else, and both are measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from caig_cli.cutouts.cutout import Cutout, resize
from caig_cli.cutouts.loading import load_cutout
from caig_cli.painters import Shot
from caig_cli.painters.compose import compose, laid_out, measure
from caig_cli.painters.layout import place
from caig_cli.records import Box, Product

ROOT = Path(__file__).parents[2]
PHOTOS = sorted((ROOT / "samples").glob("*.png")) + sorted(
    (ROOT.parent / "shared" / "tiny_dataset" / "images").glob("*.png")
)


def disc(size: int = 300, colour: tuple[int, int, int] = (200, 40, 60)) -> Cutout:
    """A disc with a soft edge, three pixels wide, whose hidden colours are its own."""
    y, x = np.mgrid[:size, :size]
    radius = np.hypot(x - size / 2 + 0.5, y - size / 2 + 0.5)
    alpha = np.clip((size / 2 - radius) / 3, 0, 1)
    noise = np.random.default_rng(0).integers(-4, 4, (size, size, 3))
    rgba = np.dstack([np.clip(np.array(colour) + noise, 0, 255), np.rint(alpha * 255)]).astype(np.uint8)
    rgba[rgba[..., 3] == 0] = 0
    return Cutout(rgba)


def noisy(height: int, width: int, mean: int = 40) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.clip(rng.normal(mean, 3, (height, width, 3)), 0, 255).astype(np.uint8)


def test_solid_pixels_are_exact_and_the_rest_is_background() -> None:
    product, background = disc(), noisy(512, 640)
    before = background.copy()
    box = place(product.size, (640, 512))
    ad = compose(background, product, box)
    rgba = resize(product, (box.width, box.height)).rgba
    window = ad[box.top : box.bottom, box.left : box.right]
    assert (window[rgba[..., 3] == 255] == rgba[..., :3][rgba[..., 3] == 255]).all()
    outside = np.ones(ad.shape[:2], dtype=bool)
    outside[box.top : box.bottom, box.left : box.right] = rgba[..., 3] == 0
    assert (ad[outside] == background[outside]).all()
    assert (background == before).all()


def test_alpha_mixes_linearly() -> None:
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[..., :3], rgba[0, :, 3] = 200, (0, 51, 255)
    ad = compose(np.full((1, 3, 3), 100, np.uint8), Cutout(rgba), Box(0, 0, 3, 1))
    assert ad[0, :, 0].tolist() == [100, 120, 200]


@pytest.mark.skipif(not PHOTOS, reason="no photos here")
@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("mean", [8, 128], ids=["dark", "grey"])
def test_real_photos_are_preserved_without_halo(photo: Path, mean: int) -> None:
    product = load_cutout(Product(photo.stem, photo), lambda _: None)
    box = place(product.size, (512, 512))
    fidelity = measure(compose(noisy(512, 512, mean), product, box), product, box)
    assert fidelity.interior == 0
    assert fidelity.edge < (12 if "shared" in photo.parts else 2)  # two of those bring their own fringe
    assert fidelity.growth < 0.002


def test_a_halo_is_measured() -> None:
    product = disc()
    box = Box(100, 100, 400, 400)
    clean = measure(compose(noisy(512, 512), product, box), product, box)
    rgba = product.rgba.copy()
    soft = (rgba[..., 3] > 0) & (rgba[..., 3] < 255)
    rgba[soft, :3] = 255
    haloed = measure(compose(noisy(512, 512), Cutout(rgba), box), product, box)
    assert clean.edge < 0.5
    assert haloed.edge > 20


def test_growth_is_measured() -> None:
    product = disc()
    box = Box(100, 100, 400, 400)
    ad = compose(noisy(512, 512), product, box)
    assert measure(ad, product, box).growth < 0.001
    grown = np.zeros(ad.shape[:2], dtype=bool)
    grown[100:400, 100:400] = product.rgba[..., 3] > 0
    ring = ndimage.binary_dilation(grown, iterations=3) & ~grown
    ad[ring] = (200, 40, 60)
    assert measure(ad, product, box).growth == pytest.approx(ring.sum() / grown.sum(), rel=0.1)


def cut(*sides: str, size: tuple[int, int] = (120, 200)) -> Cutout:
    """A noisy product that ends in a soft edge where the photo does not cut it off."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(float)
    apart = {"left": x, "right": width - 1 - x, "top": y, "bottom": height - 1 - y}
    free = [np.full((height, width), 99.0), *(apart[side] for side in apart if side not in sides)]
    alpha = np.rint(255 * np.clip(np.min(free, axis=0) / 3, 0, 1))
    colours = np.random.default_rng(0).integers(90, 160, (height, width, 3))
    rgba = np.dstack([colours, alpha]).astype(np.uint8)
    rgba[alpha == 0] = 0
    return Cutout(rgba, frozenset(sides))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(53, 88), (119, 199), (360, 600), (700, 1100), (1, 1)], ids=str)
def test_a_cut_side_stays_solid(size: tuple[int, int]) -> None:
    """Resizing mixes the rows at a cut with nothing from outside: no seam at the frame."""
    product = cut("top", "bottom", "left", "right")
    assert (resize(product, size).rgba[..., 3] == 255).all()
    assert resize(product, size).cut_off == product.cut_off
    even = Cutout(np.full((200, 120, 4), (90, 60, 30, 255), np.uint8), product.cut_off)
    assert (resize(even, size).rgba == (90, 60, 30, 255)).all()
    foot = resize(cut("bottom"), (53, 88)).rgba[-1]
    assert (foot[3:-3, 3] == 255).all()


@pytest.mark.parametrize("sides", [("bottom",), ("top",), ("left", "bottom"), ("top", "bottom"), ("right",)])
@pytest.mark.parametrize("mean", [8, 250])
def test_the_product_reaches_the_frame_where_it_is_cut_off(sides: tuple[str, ...], mean: int) -> None:
    shot = Shot(cut(*sides), "", (256, 300), 0)
    ad = compose(noisy(300, 256, mean), shot.product, shot.box)
    small = resize(shot.product, (shot.box.width, shot.box.height)).rgba
    rim = {"top": np.s_[0], "bottom": np.s_[-1], "left": np.s_[:, 0], "right": np.s_[:, -1]}
    window = ad[shot.box.top : shot.box.bottom, shot.box.left : shot.box.right]
    for side in sides:
        solid = small[rim[side]][:, 3] == 255
        assert solid.mean() > 0.9
        assert (window[rim[side]][solid] == small[rim[side]][solid, :3]).all()
        line = ad[rim[side]][:, 0].astype(int)
        assert ((line > 60) & (line < 200)).sum() >= solid.sum()  # at the frame itself
    fidelity = measure(ad, shot.product, shot.box)
    assert fidelity.interior == 0
    assert fidelity.edge < 2 and fidelity.growth < 0.002


def test_what_sticks_out_is_cut_off_at_the_frame() -> None:
    product, background = cut("left", "top", "right", "bottom", size=(220, 200)), noisy(200, 200)
    box = place(product.size, (200, 200), cut_off=product.cut_off)
    assert box == Box(-10, 0, 210, 200)
    ad = compose(background, product, box)
    assert (ad == product.rgba[:, 10:210, :3]).all()
    assert (laid_out(product, box, (200, 200)) == product.rgba[:, 10:210]).all()
    assert measure(ad, product, box).interior == 0
    ad[0, 0, 0] ^= 7  # nothing lies between the product and the frame, so all of it is measured
    assert measure(ad, product, box).interior > 0
    half = cut("left", size=(220, 100))
    ad = compose(background, half, Box(-20, 50, 200, 150))
    assert (ad[60:140, 0] == half.rgba[10:90, 20, :3]).all()
    assert measure(ad, half, Box(-20, 50, 200, 150)).interior == 0


def test_a_changed_pixel_is_measured() -> None:
    product = disc()
    box = Box(100, 100, 400, 400)
    ad = compose(noisy(512, 512), product, box)
    ad[250, 250, 1] ^= 7
    assert 1 <= measure(ad, product, box).interior <= 7


@pytest.mark.parametrize("size", [(1, 1), (1, 1000), (1000, 1)])
def test_odd_products(size: tuple[int, int]) -> None:
    rgba = np.full((size[1], size[0], 4), 255, np.uint8)
    product = Cutout(rgba)
    box = place(product.size, (128, 96))
    ad = compose(np.zeros((96, 128, 3), np.uint8), product, box)
    assert ad[box.top, box.left].tolist() == [255, 255, 255]
    assert measure(ad, product, box).interior == 0
