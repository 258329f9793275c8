"""What names an ad: its place in the run, the photo it is made of, its id and its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from caig_cli import __version__
from caig_cli.data.ad_id import ad_id
from caig_cli.painters import Shot
from caig_cli.provenance.formats import ENCODINGS, Format


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a run that an ad fills: whose it is, its number among the product's ads, best first, its
    size (width, height), and the platform's shape that it is for, if any. Known before anything is written or
    painted, so that a resumed run finds its ads."""

    product: str
    index: int
    size: tuple[int, int]
    shape: str | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """How an ad is filed: its format, its folder in the run, the bytes that it may have, and the id of the ad
    that it shows in another shape, or with other words."""

    kind: Format = "png"
    folder: str = "ads"
    max_bytes: int | None = None
    of: str | None = None


AS_PNG = Filing()


@dataclass(frozen=True, slots=True)
class Source:
    """A product's photo: its file's name, the SHA-256 of it and of its mask (None: no such file can be read),
    and how the product is cut out of it."""

    photo: str
    sha256: str | None
    mask_sha256: str | None
    cutout: str


def name_ad(shot: Shot, slot: Slot, source: Source, origin: Mapping[str, str], kind: Format) -> str:
    """The id of an ad: of all that decides its pixels, of the recipe and the models of ``origin``, and of
    what it is for."""
    placing = [shot.placement, shot.scale, shot.height_cm, asdict(shot.pose), shot.relight, shot.safe]
    return ad_id(
        {
            "product": slot.product,
            "file": [kind, slot.shape],
            "source": [source.sha256, source.mask_sha256, source.cutout],
            "prompt": shot.prompt,
            "seed": shot.seed,
            "size": shot.size,
            "placement": placing,
            "origin": dict(origin),
            "version": __version__,
        }
    )


def ad_file(slot: Slot, identifier: str, filing: Filing) -> str:
    """Where an ad is in its run folder: its product, place and shape for people, its id for programs."""
    shape = f"-{slot.shape}" if slot.shape else ""
    suffix = ENCODINGS[filing.kind].suffix
    return f"{filing.folder}/{slot.product}-{slot.index + 1}{shape}-{identifier}{suffix}"
