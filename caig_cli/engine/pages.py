"""Pages for people: the self-contained ``report.html`` of a run and the contact sheet of its pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from PIL import Image, ImageOps

THUMBNAIL = 420
_SHEET_GAP = 0.0375  # of a cell
_SHEET_PAPER = (247, 246, 243)


@dataclass(frozen=True, slots=True)
class Card:
    """One picture of a gallery: where it is, what to say about it, and facts in small print."""

    image: Path
    title: str
    text: str = ""
    note: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Cards under a heading; ``text`` is the sentence below it."""

    heading: str
    cards: Sequence[Card]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a heading."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot, as PNG bytes, under a heading."""

    heading: str
    png: bytes
    text: str = ""


Section = Gallery | Table | Figure


def report(
    title: str, summary: str, facts: Mapping[str, str], sections: Iterable[Section], *, root: Path
) -> Iterable[str]:
    """The HTML of a report, in pieces, so that memory does not grow with the number of pictures.

    Every text is escaped. Thumbnails are inlined, and link to the pictures by paths relative to ``root``.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("caig_cli.engine"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["thumbnail"] = _thumbnail
    environment.filters["png"] = lambda data: _inline(data, "png")
    environment.filters["link"] = lambda path: Path(path).relative_to(root).as_posix()
    kinds = ((type(section).__name__, section) for section in sections)
    return environment.get_template("report.html").generate(
        title=title, summary=summary, facts=facts, sections=kinds
    )


def contact_sheet(
    images: Sequence[Path], *, columns: int | None = None, cell: int = 320, most: int = 48
) -> Image.Image:
    """A grid of the first ``most`` pictures, each whole within a square of ``cell`` pixels.

    ``columns`` None is a little wider than high. Transparent pictures stand on the sheet's paper.
    """
    shown = images[:most]
    columns = columns or min(len(shown), max(2, round(len(shown) ** 0.5 * 1.25))) or 1
    rows = -(-len(shown) // columns) or 1
    gap = max(2, round(_SHEET_GAP * cell))
    step = cell + gap
    sheet = Image.new("RGB", (columns * step + gap, rows * step + gap), _SHEET_PAPER)
    for index, path in enumerate(shown):
        picture = _small(path, cell)
        left = gap + (index % columns) * step + (cell - picture.width) // 2
        top = gap + (index // columns) * step + (cell - picture.height) // 2
        sheet.paste(picture, (left, top))
    return sheet


def _small(path: Path, side: int) -> Image.Image:
    """The picture on paper, its longer side ``side`` pixels."""
    with Image.open(path) as image:
        if not image.has_transparency_data:
            return ImageOps.contain(image.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
        picture = ImageOps.contain(image.convert("RGBA"), (side, side), Image.Resampling.LANCZOS)
    paper = Image.new("RGBA", picture.size, _SHEET_PAPER)
    return Image.alpha_composite(paper, picture).convert("RGB")


def _thumbnail(path: Path) -> str:
    buffer = io.BytesIO()
    _small(path, THUMBNAIL).save(buffer, "JPEG", quality=82)
    return _inline(buffer.getvalue(), "jpeg")


def _inline(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
