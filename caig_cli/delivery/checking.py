"""What a platform's rules say of a picture file: which it obeys, and which it misses by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caig_cli.delivery.rules import DeliveryShape
from caig_cli.painters.layout import safe_box
from caig_cli.provenance.image_files import Read, read
from caig_cli.records import Box

Pixels = npt.NDArray[np.uint8]

RATIO = 0.01
"""Difference from a ratio of width and height that platforms take: 1 %."""
_BORDER = 0.02
"""Share of the shorter side that is looked at along the border for the colour of the background."""
_PLAIN = 3
"""Levels within which a background is one colour."""
_INK = 8
"""Levels below white from which a pixel on white belongs to the product and not to its shadow's end."""


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One rule and one picture. ``ok`` None: it can't be told; ``says`` has the figures."""

    rule: str
    ok: bool | None
    says: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture to check: its pixels uint8 [H, W, 3], and where its product is, if the file tells."""

    file: Read
    bytes: int
    pixels: Pixels
    box: Box | None


def check(path: Path, shape: DeliveryShape) -> list[RuleVerdict]:
    """What all rules of a shape say of a file. Raises ItemError for what is no picture."""
    file = read(path)
    subject = Subject(file, path.stat().st_size, np.asarray(file.image), _stated_box(file))
    return [verdict for rule in RULES for verdict in rule(subject, shape)]


def nearest_shape(path: Path, shapes: list[DeliveryShape]) -> DeliveryShape:
    """The shape whose ratio of width and height is nearest to a file's. Raises ItemError for no picture."""
    width, height = read(path).image.size
    return min(shapes, key=lambda shape: abs(np.log(width / height * shape.size[1] / shape.size[0])))


def _stated_box(file: Read) -> Box | None:
    try:
        left, top, right, bottom = map(int, file.claims.facts["box"].split())  # type: ignore[union-attr]
    except (AttributeError, KeyError, ValueError):
        return None
    box = Box(max(0, left), max(0, top), min(right, file.image.width), min(bottom, file.image.height))
    return box if box.width > 0 and box.height > 0 else None


# --- rules -----------------------------------------------------------------------------------------


def _format(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    kind = subject.file.kind
    yield RuleVerdict("format", kind in shape.formats, f"{kind}; taken: {', '.join(shape.formats)}")


def _bytes(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    over = subject.bytes - shape.bytes
    finding = f"{subject.bytes} bytes of at most {shape.bytes}" + (f": {over} too many" if over > 0 else "")
    yield RuleVerdict("bytes", over <= 0, finding)


def _size(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    width, height = subject.file.image.size
    wide, high = shape.least
    wrong = {"narrow": wide - width, "low": high - height}
    if shape.most is not None:
        wrong |= {"wide": width - shape.most[0], "high": height - shape.most[1]}
    missed = ", ".join(f"{pixels} px too {word}" for word, pixels in wrong.items() if pixels > 0)
    finding = f"{width}x{height}, at least {wide}x{high}" + (f": {missed}" if missed else "")
    yield RuleVerdict("size", not missed, finding)


def _ratio(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    if shape.any_ratio:
        return
    ratio, asked = (width / height for width, height in (subject.file.image.size, shape.size))
    off = ratio / asked - 1
    missed = f": {off:+.1%}" if abs(off) > RATIO else ""
    yield RuleVerdict("ratio", not missed, f"{ratio:.3f}, asked for {asked:.3f}{missed}")


def _colour(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    yield RuleVerdict(
        "colour", subject.file.srgb, "sRGB" if subject.file.srgb else "a profile other than sRGB"
    )


def _opaque(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    if share := subject.file.see_through:
        finding = f"{share:.1%} of the picture is transparent, and shown on any ground; put it on one"
        yield RuleVerdict("opaque", False, finding)


def _background(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    border = _border(subject.pixels, shape.background == "white")
    if shape.background == "white":
        off = int((border.min(axis=-1) < 255).sum())
        share = off / len(border)
        darkest = int(border.min())
        finding = "exactly white" if not off else f"{share:.1%} of the border is not white, down to {darkest}"
        yield RuleVerdict("background", off == 0, finding)
    if shape.background == "scene":
        middle = np.median(border, axis=0)
        plain = float((np.abs(border - middle).max(axis=-1) <= _PLAIN).mean())
        yield RuleVerdict(
            "background", plain < 0.95, f"{plain:.0%} of the border is one colour, a scene is wanted"
        )


def _product(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    if shape.product is None:
        return
    white = (_border(subject.pixels, outermost=True) >= 255 - _INK).all(axis=-1).mean()
    on_white = white > 0.5 and not subject.file.see_through
    box = subject.box or (_ink(subject.pixels) if on_white else None)
    if box is None:
        yield RuleVerdict("product", None, "the file does not say where its product is, nor is it on white")
        return
    height, width = subject.pixels.shape[:2]
    share = max(box.width / width, box.height / height)
    missing = f": {shape.product - share:.1%} too little" if share < shape.product else ""
    yield RuleVerdict(
        "product", share >= shape.product, f"fills {share:.1%} of at least {shape.product:.0%}{missing}"
    )


def _safe(subject: Subject, shape: DeliveryShape) -> Iterator[RuleVerdict]:
    if not any(shape.safe):
        return
    if subject.box is None:
        yield RuleVerdict("safe area", None, "the file does not say where its product is")
        return
    box, safe = subject.box, safe_box(subject.file.image.size, shape.safe)
    out = {
        "left": safe.left - box.left, "top": safe.top - box.top,
        "right": box.right - safe.right, "bottom": box.bottom - safe.bottom,
    }  # fmt: skip
    finding = ", ".join(f"{pixels} px out at the {side}" for side, pixels in out.items() if pixels > 0)
    yield RuleVerdict("safe area", not finding, finding or "the product is inside")


RULES: tuple[Callable[[Subject, DeliveryShape], Iterator[RuleVerdict]], ...] = (
    _format, _bytes, _size, _ratio, _colour, _opaque, _background, _product, _safe,
)  # fmt: skip


def _border(pixels: Pixels, outermost: bool) -> Pixels:
    """The pixels uint8 [N, 3] along the four sides; the outermost alone, where a soft shadow has ended."""
    wide = 1 if outermost else max(1, round(_BORDER * min(pixels.shape[:2])))
    strips = (pixels[:wide], pixels[-wide:], pixels[wide:-wide, :wide], pixels[wide:-wide, -wide:])
    return np.concatenate([strip.reshape(-1, 3) for strip in strips])


def _ink(pixels: Pixels) -> Box | None:
    """The box of what is not white."""
    marked = pixels.min(axis=-1) < 255 - _INK
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
