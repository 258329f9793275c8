"""Pages for people: the self-contained ``report.html`` of a run and the contact sheet of its pictures."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import numpy as np
from PIL import Image, ImageOps

from caig_cli.data.images import open_image
from caig_cli.errors import ItemError

THUMBNAIL = 420
_GROUND = ((206, 74, 160), (188, 60, 144))
"""Two tones of a checkered ground that few products have, so that rims and scraps of a cut-out show."""
_SQUARE = 14
_SHEET_GAP = 0.0375  # of a cell
_SHEET_PAPER = (247, 246, 243)


@dataclass(frozen=True, slots=True)
class Card:
    """One picture of a gallery: where it is, what to say about it, and facts in small print.

    ``pick`` names it in the list of what is kept; without, it is not to be kept or discarded.
    """

    image: Path
    title: str
    text: str = ""
    note: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    pick: str = ""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Any picture of the user's, and beside it what was cut out of it (None: nothing was).

    ``state`` is a word that stands out, ``text`` and ``fault`` what to say, ``facts`` small print.
    """

    before: Path
    after: Path | None
    title: str
    text: str = ""
    fault: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    state: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Cards under a heading; ``text`` is the sentence below it, ``lead`` comes before the cards."""

    heading: str
    cards: Sequence[Card]
    text: str = ""
    lead: BeforeAfter | None = None


@dataclass(frozen=True, slots=True)
class Picks:
    """The list of the cards that are kept, to copy; once on a page."""

    heading: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TextTable:
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


@dataclass(frozen=True, slots=True)
class PicturePairs:
    """Pairs of pictures under a heading."""

    heading: str
    pairs: Sequence[BeforeAfter]
    text: str = ""


Section = Gallery | TextTable | Figure | PicturePairs | Picks
_KINDS: Mapping[type[Section], str] = {
    Gallery: "gallery", TextTable: "table", Figure: "figure", PicturePairs: "pairs", Picks: "picks",
}  # fmt: skip
"""What the template calls each kind of section."""


def report(
    title: str,
    summary: str,
    facts: Mapping[str, str],
    sections: Iterable[Section],
    *,
    root: Path,
    verdict: str = "",
    picks: bool = False,
) -> Iterable[str]:
    """The HTML of a report, in pieces, so that memory does not grow with the number of pictures.

    Every text is escaped. Thumbnails are inlined, and link to the pictures by paths relative to ``root``.
    ``verdict`` is a sentence that stands out. With ``picks`` the page has the script of keep and discard, the
    only one that its policy lets run.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("caig_cli.engine"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["thumbnail"] = _thumbnail
    environment.filters["photo"] = _photo
    environment.filters["on_ground"] = _on_ground
    environment.filters["png"] = lambda data: _inline(data, "png")
    environment.filters["link"] = lambda path: Path(path).relative_to(root).as_posix()
    kinds = ((_KINDS[type(section)], section) for section in sections)
    script = (Path(__file__).parent / "templates" / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html").generate(
        title=title, summary=summary, facts=facts, sections=kinds, verdict=verdict, picks=picks,
        script=script, script_hash=f"sha256-{digest}",
    )  # fmt: skip


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
    return _jpeg(_small(path, THUMBNAIL))


def _photo(path: Path) -> str:
    """A user's picture, which may be anything; empty where it can't be opened."""
    try:
        image = open_image(path)
    except ItemError:
        return ""
    return _jpeg(_on(image, lambda size: Image.new("RGB", size, _SHEET_PAPER)))


def _on_ground(path: Path) -> str:
    """A transparent picture on the checkered ground; empty where it can't be opened."""
    try:
        image = open_image(path)
    except ItemError:
        return ""
    return _jpeg(_on(image, _checkered))


def _on(image: Image.Image, ground: Callable[[tuple[int, int]], Image.Image]) -> Image.Image:
    """The picture, its longer side a thumbnail's, on a ground made for its size."""
    small = ImageOps.contain(image, (THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    picture = ground(small.size)
    picture.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    return picture


def _checkered(size: tuple[int, int]) -> Image.Image:
    squares = np.add.outer(np.arange(size[1]) // _SQUARE, np.arange(size[0]) // _SQUARE) % 2
    return Image.fromarray(np.array(_GROUND, dtype=np.uint8)[squares])


def _jpeg(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return _inline(buffer.getvalue(), "jpeg")


def _inline(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
