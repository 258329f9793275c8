"""Cut-outs: product pixels kept, edges without halo, photos cut or refused, never butchered."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import intake_photos as photos
import numpy as np
import pytest
from intake_photos import Photo
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts import plain as background
from caig_cli.cutouts.cutout import SOLID, Cutout, resize
from caig_cli.cutouts.loading import load_cutout
from caig_cli.cutouts.matting import enlarge_alpha, solve_alpha
from caig_cli.errors import ItemError
from caig_cli.records import Product

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "tiny_dataset" / "images"


def silent(_: str) -> None:
    """A notification nobody reads."""


def cut(path: Path, image: Image.Image, mask: Image.Image | None = None) -> Cutout:
    image.save(path / "p.png")
    if mask is not None:
        mask.save(path / "m.png")
    product = Product("p", path / "p.png", mask=path / "m.png" if mask else None)
    return load_cutout(product, silent, source="plain")


def placed(cutout: Cutout, photo: Photo) -> np.ndarray:
    """The cut-out back in the frame of its photo, float [H, W, 4]: where it fits the true alpha best."""
    height, width = photo.alpha.shape
    rows, columns = np.nonzero(photo.alpha > 0.06)
    rgba = cutout.rgba.astype(float)
    best = np.zeros((height, width, 4))
    error = np.inf
    for top in range(rows.min() - 4, rows.min() + 5):
        for left in range(columns.min() - 4, columns.min() + 5):
            bottom, right = top + rgba.shape[0], left + rgba.shape[1]
            if min(top, left) < 0 or bottom > height or right > width:
                continue
            frame = np.zeros((height, width, 4))
            frame[top:bottom, left:right] = rgba
            off = np.abs(frame[..., 3] / 255 - photo.alpha).mean()
            if off < error:
                best, error = frame, off
    return best


def halo(cutout: Cutout, photo: Photo) -> float:
    """Mean excess of light, in levels, along the edge when the cut-out stands on black."""
    rgba = placed(cutout, photo)
    got = rgba[..., :3] * rgba[..., 3:] / 255
    truth = photo.colour * photo.alpha[..., None]
    edge = (photo.alpha > 0.02) & (photo.alpha < 0.98)
    return float((got - truth)[edge].mean())


def uncleaned(photo: Photo) -> Cutout:
    """The photo with its true alpha, but with the colours as they were photographed."""
    image = contaminated(photo)
    return Cutout(np.asarray(image.crop(image.getchannel("A").getbbox())).copy())


def errors(cutout: Cutout, photo: Photo) -> tuple[float, float]:
    """Shares of true product that was eaten, and of true background that was kept."""
    alpha = placed(cutout, photo)[..., 3] / 255
    eaten = float((alpha[photo.alpha > 0.98] < 0.9).mean())
    kept = float((alpha[photo.alpha < 0.02] > 0.1).mean())
    return eaten, kept


# --- transparent images -------------------------------------------------------------------------------


def contaminated(photo: Photo) -> Image.Image:
    """A transparent export whose edge colours still hold the background."""
    return Image.fromarray(np.dstack([photo.rgb, np.rint(photo.alpha * 255).astype(np.uint8)]))


def test_transparent_png_keeps_its_solid_pixels_and_loses_its_halo(tmp_path: Path) -> None:
    photo = photos.bottle(photos.plain(), shadow=0.0)
    image = contaminated(photo)
    cutout = cut(tmp_path, image)
    box = image.getchannel("A").getbbox()
    original = np.asarray(image.crop(box))
    solid = original[..., 3] >= SOLID
    assert np.array_equal(cutout.rgba[solid], original[solid])
    assert np.array_equal(cutout.rgba[..., 3], original[..., 3])
    assert halo(uncleaned(photo), photo) > 25
    assert abs(halo(cutout, photo)) < 2


def test_wide_translucent_areas_keep_their_colours(tmp_path: Path) -> None:
    rgba = np.zeros((80, 80, 4), np.uint8)
    rgba[10:70, 10:70] = (200, 220, 240, 90)
    rgba[30:50, 30:50] = (40, 10, 10, 255)
    cutout = cut(tmp_path, Image.fromarray(rgba))
    assert np.array_equal(cutout.rgba, rgba[10:70, 10:70])


def test_stray_specks_do_not_move_the_bounding_box(tmp_path: Path) -> None:
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[20:80, 30:70] = (90, 30, 30, 255)
    rgba[115, 110] = (0, 0, 0, 255)
    rgba[100:, :, 3] = np.maximum(rgba[100:, :, 3], 2)
    assert cut(tmp_path, Image.fromarray(rgba)).size == (40, 60)


def test_opaque_alpha_is_a_photo(tmp_path: Path) -> None:
    photo = photos.bottle(photos.plain())
    opaque = Image.fromarray(photo.rgb).convert("RGBA")
    eaten, kept = errors(cut(tmp_path, opaque), photo)
    assert max(eaten, kept) < 0.001


def test_mask_decides_and_stays_soft(tmp_path: Path) -> None:
    photo = photos.plush(photos.plain())
    mask = Image.fromarray(np.rint(photo.alpha * 255).astype(np.uint8))
    cutout = cut(tmp_path, Image.fromarray(photo.rgb), mask)
    assert np.abs(placed(cutout, photo)[..., 3] / 255 - photo.alpha).max() < 0.05
    assert halo(cutout, photo) < 8


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 2), (90, 130), (400, 500)])
def test_resize_gives_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    cutout = cut(tmp_path, contaminated(photos.bottle(photos.plain())))
    assert resize(cutout, size).size == size
    assert resize(cutout, cutout.size) is cutout


def test_resize_is_lanczos_of_premultiplied_colours() -> None:
    rgba = np.zeros((60, 60, 4), np.uint8)
    rgba[..., 1] = 255  # hidden green, which must not bleed
    rgba[10:50, 10:50] = (220, 20, 20, 255)
    small = resize(Cutout(rgba), (23, 23)).rgba
    solid = small[..., 3] == 255
    assert solid.sum() > 150
    assert np.abs(small[solid][:, :3].astype(int) - (220, 20, 20)).max() <= 1
    visible = small[small[..., 3] > 40].astype(int)
    assert visible[:, 1].max() <= 30


def test_cutouts_cannot_be_changed() -> None:
    cutout = Cutout(np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        cutout.rgba[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        cutout.rgba = np.zeros((4, 4, 4), np.uint8)  # type: ignore[misc]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared sample products are not here")
def test_real_products_keep_their_pixels() -> None:
    softened = []
    for path in sorted(SHARED.iterdir()):
        cutout = load_cutout(Product(path.stem, path), silent)
        pixels = np.asarray(Image.open(path).convert("RGBA"))
        solid = cutout.rgba[cutout.rgba[..., 3] >= SOLID]
        assert len(solid) > 0.3 * cutout.rgba[..., 3].size
        if any("hard rim" in note for note in cutout.facts.notes):
            softened.append(path.name)
            assert interior_is_found_in(cutout.rgba, pixels)
        else:
            assert abs(len(solid) - int((pixels[..., 3] >= SOLID).sum())) < 0.002 * len(solid)
    assert softened == ["6.png"]


def interior_is_found_in(rgba: np.ndarray, pixels: np.ndarray) -> bool:
    """Whether the file's pixels [H, W, 4], three pixels away from its rim, are in the cut-out unchanged.

    Its rim got soft: the cut-out may be a few pixels smaller on each side.
    """
    rows, columns = np.nonzero(pixels[..., 3] >= SOLID)
    inner = ndimage.binary_erosion(pixels[..., 3] >= SOLID, np.ones((3, 3)), iterations=3)
    height, width = rgba.shape[:2]
    for top in range(rows.min(), rows.min() + 4):
        for left in range(columns.min(), columns.min() + 4):
            whole = np.zeros_like(pixels)
            part = whole[top : top + height, left : left + width]
            part[:] = rgba[: part.shape[0], : part.shape[1]]
            if np.array_equal(whole[inner], pixels[inner]):
                return True
    return False


@pytest.mark.parametrize("name", ["serum.png", "tea.png"])
def test_own_samples_keep_their_pixels(name: str) -> None:
    cutout = load_cutout(Product("s", ROOT / "samples" / name), silent)
    pixels = np.asarray(Image.open(ROOT / "samples" / name).convert("RGBA"))
    solid = pixels[pixels[..., 3] >= SOLID]
    assert np.array_equal(cutout.rgba[cutout.rgba[..., 3] >= SOLID], solid)


# --- photos -------------------------------------------------------------------------------------------

WHITE = photos.plain(252)
SWEEP = photos.plain(232, slope=60)
# A faint outline can be told only where it has enough pixels.
FINE_WHITE = photos.plain(252, side=420)
FINE_SWEEP = photos.plain(232, slope=60, side=420)
BLUE = photos.plain(230, slope=20, tint=(0.7, 0.8, 1.0))

PHOTOS = {
    "bottle on white": (lambda: photos.bottle(WHITE), 0.001, 0.001),
    "bottle on a grey sweep": (lambda: photos.bottle(SWEEP), 0.001, 0.001),
    "bottle on blue": (lambda: photos.bottle(BLUE), 0.001, 0.001),
    "ring on a grey sweep": (lambda: photos.ring_light(SWEEP), 0.001, 0.001),
    "plush on white": (lambda: photos.plush(WHITE), 0.001, 0.012),
    "grey box on white": (lambda: photos.grey_box(FINE_WHITE), 0.003, 0.01),
    "white mug on a grey sweep": (lambda: photos.white_mug(FINE_SWEEP), 0.025, 0.012),
}


@pytest.mark.parametrize("case", PHOTOS)
def test_photo_on_a_plain_background_is_cut(case: str, tmp_path: Path) -> None:
    make, most_eaten, most_kept = PHOTOS[case]
    photo = make()
    cutout = cut(tmp_path, Image.fromarray(photo.rgb))
    eaten, kept = errors(cutout, photo)
    assert eaten <= most_eaten
    assert kept <= most_kept


@pytest.mark.parametrize(
    ("case", "most"), [("bottle on white", 1.5), ("bottle on a grey sweep", 1.5), ("plush on white", 14.0)]
)
def test_cut_photo_has_no_halo_on_black(case: str, most: float, tmp_path: Path) -> None:
    photo = PHOTOS[case][0]()
    cutout = cut(tmp_path, Image.fromarray(photo.rgb))
    assert halo(uncleaned(photo), photo) > 18
    assert abs(halo(cutout, photo)) < most


@pytest.mark.parametrize("edge", [30, 12])
def test_white_mug_on_white_is_cut_as_far_as_it_has_an_edge(edge: float, tmp_path: Path) -> None:
    photo = photos.white_mug(FINE_WHITE, edge)
    alpha = placed(cut(tmp_path, Image.fromarray(photo.rgb)), photo)[..., 3] / 255
    # What its handle encloses cannot be told from a white label: it stays.
    handle = int(0.64 * len(alpha))
    body, found = photo.alpha[:, :handle], alpha[:, :handle]
    assert (found[body > 0.98] < 0.9).mean() < 0.006
    assert (found[body < 0.02] > 0.1).mean() < 0.016


@pytest.mark.parametrize("edge", [6, 3, 0])
def test_white_mug_without_a_clear_edge_is_refused(edge: float, tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="give a mask"):
        cut(tmp_path, Image.fromarray(photos.white_mug(FINE_WHITE, edge).rgb))


def test_face_of_the_backdrop_own_grey_is_refused_not_eaten(tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="too faint"):
        cut(tmp_path, Image.fromarray(photos.grey_box(FINE_SWEEP).rgb))


def test_own_mug_photo_is_cut() -> None:
    told: list[str] = []
    cutout = load_cutout(Product("mug", ROOT / "samples" / "mug.jpg"), told.append, source="plain")
    assert "finding the product" in told[0]
    width, height = cutout.size
    assert abs(width - 531) < 3  # a rest of the backdrop hung on the left
    assert abs(height - 525) < 10
    alpha = cutout.rgba[..., 3]
    assert alpha[height // 2, width // 3] == 255
    assert alpha[height // 2, int(width * 0.84)] == 0  # seen through the handle
    assert alpha[-4:, :20].max() == 0
    # Its foot is glazed in tan; grey there would be a rest of the shadow.
    foot = cutout.rgba[int(0.85 * height) :, : width // 3].astype(int)
    assert not ((foot[..., 0] - foot[..., 2] < 25) & (foot[..., 3] > 100)).any()


def test_large_photo_is_cut_at_full_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "WORKING_SIDE", photos.SIDE)
    photo = photos.bottle(WHITE)
    large = Image.fromarray(photo.rgb).resize((900, 900), Image.Resampling.BICUBIC)
    cutout = cut(tmp_path, large)
    small = cut(tmp_path, Image.fromarray(photo.rgb))
    assert abs(cutout.size[1] - 3 * small.size[1]) <= 9
    band = (cutout.rgba[..., 3] > 8) & (cutout.rgba[..., 3] < 247)
    assert band.mean() < 0.04  # the edge is as narrow as the photo's, not a blown-up ramp


def test_transparent_and_masked_products_never_wait_for_matting(tmp_path: Path) -> None:
    mask = Image.new("L", (800, 800))
    mask.paste(255, (200, 150, 700, 660))
    mask.save(tmp_path / "m.png")
    script = f"""
import sys
from pathlib import Path
from caig_cli.cutouts.loading import load_cutout
from caig_cli.records import Product
load_cutout(Product("s", Path("samples/serum.png")), print)
load_cutout(Product("m", Path("samples/mug.jpg"), mask=Path({str(tmp_path / "m.png")!r})), print)
assert not {{"onnxruntime", "caig_cli.cutouts.photo", "caig_cli.cutouts.segmentation"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_matting_solves_a_known_ramp() -> None:
    truth = np.clip((np.arange(40) - 14) / 12, 0, 1)[None].repeat(30, axis=0)
    image = truth[..., None] * (0.8, 0.2, 0.1) + (1 - truth[..., None]) * (0.1, 0.3, 0.9)
    known = (truth == 0) | (truth == 1)
    alpha = solve_alpha(image, known, np.where(known, truth, 0.5))
    assert np.abs(alpha - truth).max() < 0.01
    assert np.array_equal(solve_alpha(image, np.ones_like(known), truth), truth)


def test_enlarged_alpha_follows_the_large_photo() -> None:
    y, x = np.mgrid[:128, :128]
    large_alpha = ((x - 64) ** 2 + (y - 64) ** 2 < 40**2).astype(float)
    large = np.repeat(0.2 + 0.6 * large_alpha[..., None], 3, axis=2)
    small_alpha = large_alpha.reshape(32, 4, 32, 4).mean(axis=(1, 3))
    small = large.reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))
    assert np.abs(enlarge_alpha(small_alpha, small, large) - large_alpha).mean() < 0.01
