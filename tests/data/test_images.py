"""Every kind of image file a merchant may have becomes upright 8-bit sRGB."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from caig_cli.data import images
from caig_cli.data.images import open_image
from caig_cli.errors import ItemError

RED = (200, 40, 30)


def picture(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Red, with a blue upper left quarter that tells which way is up."""
    image = Image.new("RGB", size, RED)
    image.paste((20, 40, 210), (0, 0, size[0] // 2, size[1] // 2))
    return image


def opened(path: Path) -> np.ndarray:
    return np.asarray(open_image(path)).astype(int)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp", "gif", "avif", "jp2"])
def test_common_formats(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "avif" and "AVIF" not in Image.registered_extensions().values():
        pytest.skip("this Pillow has no AVIF")
    picture().save(path)
    image = open_image(path)
    assert image.mode == "RGB"
    assert image.size == (48, 32)
    assert np.abs(np.asarray(image).astype(int)[24, 36] - RED).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(orientation: int, tmp_path: Path) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = picture().transpose(undo[orientation]) if orientation > 1 else picture()
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    image = open_image(tmp_path / "a.jpg")
    assert image.size == (48, 32)
    assert np.abs(np.asarray(image).astype(int) - np.asarray(picture())).mean() < 3


def test_sixteen_bit_grey_keeps_its_tones(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64), (32, 1)).astype(np.uint16)
    for name in ("a.png", "a.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        assert np.abs(opened(tmp_path / name)[0, :, 0] - np.linspace(0, 255, 64)).max() <= 1


def test_float_and_32_bit_tiffs_keep_their_tones(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 64), (32, 1))
    for scale, kind in ((1.0, np.float32), (255.0, np.float32), (65535, np.int32)):
        Image.fromarray((ramp * scale).astype(kind)).save(tmp_path / "a.tif")
        assert np.abs(opened(tmp_path / "a.tif")[0, :, 0] - np.linspace(0, 255, 64)).max() <= 1


def test_palette_and_grey_keep_their_transparency(tmp_path: Path) -> None:
    alpha = Image.linear_gradient("L").resize((48, 32))
    rgba = picture()
    rgba.putalpha(alpha)
    rgba.quantize(64).save(tmp_path / "palette.png")
    Image.merge("LA", (picture().convert("L"), alpha)).save(tmp_path / "grey.png")
    for name in ("palette.png", "grey.png"):
        image = open_image(tmp_path / name)
        assert image.mode == "RGBA"
        difference = np.asarray(image.getchannel("A")).astype(int) - np.asarray(alpha)
        assert np.abs(difference).mean() < 12


def test_transparent_colour_key_becomes_alpha(tmp_path: Path) -> None:
    picture().save(tmp_path / "key.png", transparency=RED)
    picture().quantize(4).save(tmp_path / "index.gif", transparency=0)
    alpha = np.asarray(open_image(tmp_path / "key.png").getchannel("A"))
    assert alpha[24, 36] == 0
    assert alpha[4, 4] == 255
    assert open_image(tmp_path / "index.gif").mode == "RGBA"


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    for name in ("a.gif", "a.webp", "a.png", "a.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert np.abs(opened(tmp_path / name)[16, 16, :3] - RED).max() <= 6


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    picture().convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.abs(opened(tmp_path / "a.jpg")[24, 36] - RED).max() <= 8


def test_icc_profile_is_applied(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    stored = ImageCms.profileToProfile(picture(), srgb, lab, outputMode="LAB")
    assert stored is not None
    stored.save(tmp_path / "lab.tif")
    assert np.abs(opened(tmp_path / "lab.tif") - np.asarray(picture())).max() <= 4


def test_damaged_icc_profile_does_not_lose_the_photo(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png", icc_profile=b"no profile at all" * 20)
    assert np.array_equal(opened(tmp_path / "a.png"), np.asarray(picture()))


def test_heic_where_the_plugin_is_installed(tmp_path: Path) -> None:
    plugin = pytest.importorskip("pillow_heif")
    plugin.register_heif_opener()
    buffer = io.BytesIO()
    picture((64, 64)).save(buffer, "HEIF", quality=95)
    (tmp_path / "phone.heic").write_bytes(buffer.getvalue())
    assert np.abs(opened(tmp_path / "phone.heic")[48, 48] - RED).max() <= 10


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("MPO", "RGB")])
def test_jpegs_over_the_limit_are_decoded_smaller(
    kind: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = picture((480, 320)).transpose(Image.Transpose.ROTATE_90).convert(mode)
    more = {"save_all": True, "append_images": [picture()]} if kind == "MPO" else {}
    stored.save(tmp_path / "a.jpg", kind, exif=exif, quality=95, **more)
    whole = open_image(tmp_path / "a.jpg")
    assert whole.size == (480, 320)
    for limit, size in ((100_000, (240, 160)), (20_000, (120, 80)), (3_000, (60, 40))):
        monkeypatch.setattr(images, "MAX_PIXELS", limit)
        image = open_image(tmp_path / "a.jpg")
        assert (image.mode, image.size) == ("RGB", size)
        small = np.asarray(whole.resize(size, Image.Resampling.BOX)).astype(int)
        assert np.abs(np.asarray(image) - small).mean() < 4
    monkeypatch.setattr(images, "MAX_PIXELS", 2_000)
    with pytest.raises(ItemError, match=r"over the limit of 0 million pixels; shrink the image"):
        open_image(tmp_path / "a.jpg")


def test_what_a_progressive_jpeg_would_hold_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its decoder keeps two bytes of every sample: 3 samples a pixel at 4:4:4, 1.5 at 4:2:0."""
    monkeypatch.setattr(images, "MAX_PIXELS", 480 * 320 - 1)
    monkeypatch.setattr(images, "MAX_COEFFICIENTS", 3 * 480 * 320)
    picture((480, 320)).save(tmp_path / "a.jpg", progressive=True, subsampling=2)
    assert open_image(tmp_path / "a.jpg").size == (240, 160)
    picture((480, 320)).save(tmp_path / "b.jpg", progressive=True, subsampling=0)
    with pytest.raises(ItemError, match=r"too much for a progressive JPEG .*save it without progressive"):
        open_image(tmp_path / "b.jpg")
    picture((480, 320)).save(tmp_path / "c.png")
    with pytest.raises(ItemError, match=r"480x320 pixels is over the limit .*shrink the image"):
        open_image(tmp_path / "c.png")
