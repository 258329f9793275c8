"""Pictures as files of the formats that platforms take, with claims and sRGB inside.

- The same picture and claims give the same bytes.
- ``pixels`` among the facts is a digest of what a reader decodes, so that any later change shows; in a lossy
  format that is not what was painted, but it is what was delivered.
"""

from __future__ import annotations

import functools
import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from caig_cli.data.images import MAX_BYTES, MAX_PIXELS, shown
from caig_cli.errors import ItemError
from caig_cli.provenance.claims import Claims
from caig_cli.provenance.formats import ENCODINGS
from caig_cli.provenance.xmp import LONGEST, packet, read_packet
from caig_cli.records import Box

_XMP_CHUNK = "XML:com.adobe.xmp"
_BEST, _WORST = 92, 40
"""Qualities of lossy formats: what is tried first, and below which an ad is no longer fit to be seen."""

_MARGIN = 600
"""Bytes that digests add to the claims, and a container to the packet."""


def encode(
    image: Image.Image, kind: str, claims: Claims, box: Box | None = None, max_bytes: int | None = None
) -> bytes:
    """A picture (RGB) as a file of a format that is at most ``max_bytes`` long, with its claims.

    Adds to the claims the digests of the pixels, and of those in the ``box`` of the product. The best quality
    that fits is taken. Raises ItemError where none does.
    """
    exact = ENCODINGS[kind].exact
    reserved = 0 if exact else len(packet(claims)) + _MARGIN
    room = None if max_bytes is None else max_bytes - reserved
    for quality in [None] if exact else _qualities(image, kind, room):
        shown_ = image if quality is None else _decoded(_bytes(image, kind, quality, None))
        facts = {**claims.facts, "format": kind, "pixels": digest(shown_)}
        if box is not None:
            facts["product_pixels"] = digest(shown_, box)
        metadata = packet(replace(claims, facts=facts))
        if len(metadata) > LONGEST:
            raise ItemError(f"its provenance is {len(metadata)} bytes long; give a shorter prompt or title")
        data = _bytes(image, kind, quality, metadata)
        if max_bytes is None or len(data) <= max_bytes:
            return data
    raise ItemError(f"as {kind} it is {len(data)} bytes, over the limit of {max_bytes}; take another format")


def _qualities(image: Image.Image, kind: str, room: int | None) -> list[int]:
    """The best quality that fits into ``room`` bytes, found by halving, as a list; else the worst."""
    if room is None or len(_bytes(image, kind, _BEST, None)) <= room:
        return [_BEST]
    low, high = _WORST, _BEST
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_bytes(image, kind, middle, None)) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return [low]


def _bytes(image: Image.Image, kind: str, quality: int | None, xmp: bytes | None) -> bytes:
    options: dict[str, Any] = {**ENCODINGS[kind].options, "icc_profile": srgb_profile()}
    if quality is not None:
        options["quality"] = quality
    if kind == "png":
        info = PngInfo()
        if xmp is not None:
            info.add_itxt(_XMP_CHUNK, xmp.decode())
        options["pnginfo"] = info
    elif xmp is not None:
        options["xmp"] = xmp
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, kind.upper(), **options)
    return buffer.getvalue()


def _decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


@functools.cache
def srgb_profile() -> bytes:
    """The sRGB profile of little CMS, with a fixed date of its making instead of now."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes([7, 208, 0, 1, 0, 1]) + bytes(6)  # 2000-01-01 00:00:00
    return bytes(data)


def digest(image: Image.Image, box: Box | None = None) -> str:
    """SHA-256 of the colours of a picture (RGB), or of those in a box as far as it is inside the frame."""
    if box is not None:
        left, top = max(box.left, 0), max(box.top, 0)
        image = image.crop((left, top, min(box.right, image.width), min(box.bottom, image.height)))
    return pixels_digest(np.asarray(image.convert("RGB")))


def pixels_digest(pixels: npt.NDArray[np.uint8]) -> str:
    """SHA-256 of pixels uint8 [H, W, C] and their shape."""
    return hashlib.sha256(f"{pixels.shape}:".encode() + pixels.tobytes()).hexdigest()


# --- reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """A picture as it is in its file: ``kind`` is its format, ``claims`` None where it has none."""

    image: Image.Image
    kind: str
    claims: Claims | None
    srgb: bool
    see_through: float = 0.0
    """Share of the pixels that are not fully opaque."""


def read(path: Path) -> Read:
    """A picture (RGB) and what it says of itself. Raises ItemError, in one line, for what is no picture."""
    name = shown(path)
    try:
        if not path.is_file():
            raise ItemError(f"{name}: no such file; check the path")
        if path.stat().st_size > MAX_BYTES:
            raise ItemError(f"{name}: over the limit of {MAX_BYTES >> 20} MB")
        Image.init()
        with Image.open(path, formats=("PNG", "JPEG", "WEBP", "AVIF")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ItemError(f"{name}: {image.width}x{image.height} pixels is too much; shrink the image")
            kind = (image.format or "").lower().replace("mpo", "jpeg")
            image.load()
            xmp = _xmp(image)
            profile = image.info.get("icc_profile")
            claims = read_packet(xmp) if xmp else None
            return Read(image.convert("RGB"), kind, claims, _is_srgb(profile), _see_through(image))
    except ItemError:
        raise
    except Exception:
        # As for photos: what decoders raise of damaged files differs by format and version.
        raise ItemError(f"{name}: not a whole PNG, JPEG, WebP or AVIF picture") from None


def _see_through(image: Image.Image) -> float:
    """Share of the pixels that are not fully opaque."""
    if not image.has_transparency_data:
        return 0.0
    alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    return float((alpha < 255).mean())


def _xmp(image: Image.Image) -> bytes | None:
    found = image.info.get("xmp") or getattr(image, "text", {}).get(_XMP_CHUNK)
    return found.encode() if isinstance(found, str) else found


def _is_srgb(profile: bytes | None) -> bool:
    """Whether a profile is sRGB; a file without one is read as sRGB by every browser."""
    if not profile:
        return True
    try:
        return "srgb" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).lower()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
