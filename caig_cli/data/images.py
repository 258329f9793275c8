"""Opens any image file a merchant may have, as upright 8-bit sRGB.

Files are hostile until decoded: only plain raster formats are tried (no PostScript, no vector
interpreters), the pixel count is checked before any pixel is decoded, and every way in which a
decoder can fail ends in one ``ItemError`` line. JPEGs over the limit are decoded smaller.
"""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from caig_cli.data import archives
from caig_cli.errors import ItemError

MAX_PIXELS = 64_000_000
"""Largest width x height that is decoded, to 256 MB of RGBA; JPEGs of larger cameras are decoded smaller."""

MAX_COEFFICIENTS = 560_000_000
"""Most bytes that the decoder of a progressive JPEG may hold while it draws the image in."""

MIN_SIDE = 16
"""Shortest accepted side in pixels; below it there is nothing to advertise."""

MAX_BYTES = 512 * 1024 * 1024
"""Largest accepted file in bytes."""

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff"}
    | {".bmp", ".gif", ".avif", ".heic", ".heif", ".jp2", ".mpo"}
)
"""File name endings (lower case) that a folder of products is searched for."""

_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "HEIF")
_FORMAT_WORDS = "PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF or HEIC"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_EMBEDDED_ALPHA = {"LA": "L", "La": "L", "RGBA": "RGB", "RGBa": "RGB", "PA": "RGB"}


def shown(path: Path | str) -> str:
    """The path as one printable line, whatever characters its name holds."""
    return "".join(c if c.isprintable() else "?" for c in str(path))


def open_image(path: Path) -> Image.Image:
    """First frame of an image file as upright sRGB, mode RGB, or RGBA if it carries transparency.

    A JPEG of more than ``MAX_PIXELS`` comes at a half, a quarter or an eighth.
    The path may lead into a TAR archive (see ``archives``).
    Raises ItemError (one line: file, why, what to do) for anything that cannot be decoded.
    """
    archive = archives.archive_of(path)
    if archive is not None:
        return _opened(io.BytesIO(archives.read_member(archive, path)), path)
    _check_file(path)
    return _opened(path, path)


def open_bytes(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """As ``open_image``, for a picture in memory, whose ``name`` is for errors.

    More than ``max_pixels`` (at most ``MAX_PIXELS``) are refused before any is decoded, in JPEGs too.
    """
    return _opened(io.BytesIO(data), Path(name), max_pixels)


def _opened(source: Path | io.BytesIO, path: Path, max_pixels: int | None = None) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow's own size warning is replaced by the check below; its other warnings
            # (odd metadata) do not concern a merchant.
            warnings.simplefilter("ignore")
            with Image.open(source, formats=_formats()) as image:
                size = image.size
                if max_pixels is not None and size[0] * size[1] > max_pixels:
                    raise ItemError(
                        f"{shown(path)}: {size[0]}x{size[1]} pixels, and {max_pixels} are allowed; shrink it"
                    )
                _draw_in(path, image)
                _check_size(path, image)
                image.load()
                return _to_srgb(_upright(image))
    except ItemError:
        raise
    except UnidentifiedImageError:
        raise ItemError(_unidentified(source, path)) from None
    except Image.DecompressionBombError:
        raise ItemError(_too_many_pixels(path)) from None
    except MemoryError:
        raise ItemError(f"{shown(path)}: not enough memory to decode it; shrink the image") from None
    except Exception as error:
        # Decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError, ... on
        # damaged files; the list differs by format and version, so nothing narrower is safe.
        raise ItemError(_damaged(path, error)) from None


def _check_file(path: Path) -> None:
    name = shown(path)
    try:
        if path.is_dir():
            raise ItemError(f"{name}: is a folder, not an image; give a file")
        if not path.exists():
            raise ItemError(f"{name}: no such file; check the path")
        if not path.is_file():
            # A pipe or a device would block for ever when read.
            raise ItemError(f"{name}: not a regular file; give an image file")
        size = path.stat().st_size
    except (OSError, ValueError):
        raise ItemError(f"{name}: cannot be opened; check the path and its permissions") from None
    if size == 0:
        raise ItemError(f"{name}: the file is empty (0 bytes); export or download it again")
    if size > MAX_BYTES:
        raise ItemError(f"{name}: {size >> 20} MB, over the limit of {MAX_BYTES >> 20} MB; shrink the image")


def _draw_in(path: Path, image: Image.Image) -> None:
    """Has a JPEG over the limit decoded at the largest of the sizes that its blocks of 8x8 offer."""
    width, height = image.size
    if width * height <= MAX_PIXELS or not isinstance(image, JpegImageFile):
        return
    across = [h * v for _, h, v, _ in image.layer]
    kept = (
        2 * width * height * sum(across) // max(across)
    )  # of a progressive one every coefficient, at any size
    if image.info.get("progressive") and kept > MAX_COEFFICIENTS:
        raise ItemError(
            f"{shown(path)}: {width}x{height} pixels is too much for a progressive JPEG of its kind; "
            "shrink the image, or save it without progressive"
        )
    scale = next((s for s in (2, 4, 8) if (width // s + 1) * (height // s + 1) <= MAX_PIXELS), 8)
    image.draft(None, (width // scale, height // scale))


def _check_size(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ItemError(_too_many_pixels(path, f"{width}x{height} pixels is "))
    if min(width, height) < MIN_SIDE:
        raise ItemError(
            f"{shown(path)}: {width}x{height} pixels is too small; "
            f"give an image of at least {MIN_SIDE}x{MIN_SIDE}"
        )


def _too_many_pixels(path: Path, size: str = "its size is ") -> str:
    limit = f"{MAX_PIXELS // 1_000_000} million pixels"
    return f"{shown(path)}: {size}over the limit of {limit}; shrink the image"


def _damaged(path: Path, error: Exception) -> str:
    name = shown(path)
    if isinstance(error, PermissionError):
        return f"{name}: cannot be opened; check the path and its permissions"
    if "truncated" in str(error).lower():
        return f"{name}: the file is truncated; export or download it again"
    return f"{name}: the image data is damaged; export or download it again"


def _unidentified(source: Path | io.BytesIO, path: Path) -> str:
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source.getvalue()[:32]) as file:
        head = file.read(32)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return f"{shown(path)}: HEIC needs a plugin; run pip install pillow-heif, or export it as JPEG or PNG"
    return f"{shown(path)}: not an image caig can read; give a {_FORMAT_WORDS} file"


@functools.cache
def _formats() -> tuple[str, ...]:
    """Formats to try, as far as this Pillow has them; HEIF where its plugin is installed."""
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # Damaged EXIF says nothing about the pixels: use them as they are.
        return image


def _to_srgb(image: Image.Image) -> Image.Image:
    """8-bit sRGB from whatever mode and colour profile the file has."""
    image = _to_eight_bits(image)
    profile = image.info.get("icc_profile")
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode not in _EMBEDDED_ALPHA:
        return _colours_to_srgb(image, profile)
    straight = image.convert("RGBA")
    colours = _colours_to_srgb(straight.convert(_EMBEDDED_ALPHA[image.mode]), profile)
    colours.putalpha(straight.getchannel("A"))
    return colours


def _colours_to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB image from one without alpha, through its ICC profile if that is usable."""
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _through_profile(image, lab)
    if profile and image.mode in ("L", "RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                return _through_profile(image, source)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A damaged profile, or one for another colour space: the plain conversion is closest.
            pass
    return image.convert("RGB")


def _through_profile(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        source,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        raise ValueError("no conversion")
    return converted


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Greys of 16 or 32 bits and floats as mode L; other modes unchanged (Pillow has them in 8 bits)."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
    top = float(grey.max(initial=0.0))
    full = next((scale for scale in (1.0, 255.0, 65535.0) if top <= scale), top)
    if image.mode.startswith("I"):
        full = max(65535.0, full)
    return Image.fromarray(np.clip(grey * (255.0 / full) + 0.5, 0, 255).astype(np.uint8))
