"""Whether an ad is what it says: unchanged since it was made, and its product's pixels those of the photo.

Two checks that do not lean on each other. The digests in the file find any change of any pixel, but somebody
who changes pixels may write new digests; a signed manifest prevents that. The photo, cut out once more and
composed as the ad says, finds any change of the product's own pixels, whatever the file says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from caig_cli.cutouts.cutout import Cutout
from caig_cli.cutouts.loading import load_cutout
from caig_cli.data.images import shown
from caig_cli.engine.files import digest_or_none
from caig_cli.painters.compose import laid_out
from caig_cli.painters.see_through import clear_parts
from caig_cli.parsing import Malformed, parse_json
from caig_cli.provenance.claims import WITH_TRAINED_MODEL, Claims
from caig_cli.provenance.formats import ENCODINGS
from caig_cli.provenance.image_files import Read, digest, pixels_digest, read
from caig_cli.provenance.signing import read_manifest
from caig_cli.records import Box, Product

Pixels = npt.NDArray[np.uint8]
Answer = Literal["verified", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of an ad; ``lines`` say it to people, ``facts`` to programs."""

    path: Path
    answer: Answer
    why: str
    lines: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PixelComparison:
    """An ad's product beside the photo's: ``pixels`` differ, of ``of`` solid ones, by at most ``most`` levels
    and by ``mean`` on average; ``first`` is the first one's column and row. ``same_cutout``: it is the very
    cut-out that the ad was made of; ``same_photo``: the photo is the very file."""

    pixels: int
    of: int
    most: int
    mean: float
    first: tuple[int, int] | None
    same_cutout: bool
    same_photo: bool


def verify(
    path: Path, photo: Path | None, mask: Path | None, anchors: Path | None, notify: Callable[[str], None]
) -> Finding:
    """What can be said of an ad, with the product's ``photo`` if it is at hand.

    Raises ItemError for files that are no pictures.
    """
    ad = read(path)
    signed = read_manifest(path, anchors)
    claims = ad.claims
    if claims is None or "pixels" not in claims.facts:
        return _finding(path, ad, signed, None, None, "unknown", "the file has no provenance of caig")
    box = _box(claims)
    intact = _intact(ad, claims, box)
    compared = None
    if photo is not None and box is not None:
        compared = compare(ad, claims, box, photo, mask, notify)
    answer, why = _judge(ad, claims, intact, compared, signed)
    return _finding(path, ad, signed, compared, intact, answer, why)


def compare(
    ad: Read, claims: Claims, box: Box, photo: Path, mask: Path | None, notify: Callable[[str], None]
) -> PixelComparison:
    """The ad's product beside the one in the photo, cut out and placed as the ad says."""
    cutout = _cutout(claims, photo, mask, notify)
    product = laid_out(cutout, box, ad.image.size)
    solid = product[..., 3] == 255
    difference = np.abs(np.asarray(ad.image).astype(np.int16) - product[..., :3]).max(axis=-1) * solid
    rows, columns = np.nonzero(difference)
    return PixelComparison(
        pixels=int(rows.size),
        of=int(solid.sum()),
        most=int(difference.max(initial=0)),
        mean=float(difference.sum() / max(1, solid.sum())),
        first=(int(columns[0]), int(rows[0])) if rows.size else None,
        same_cutout=pixels_digest(cutout.rgba) == claims.facts.get("cutout_pixels"),
        same_photo=digest_or_none(photo) == claims.facts.get("photo_sha256"),
    )


def _cutout(claims: Claims, photo: Path, mask: Path | None, notify: Callable[[str], None]) -> Cutout:
    """The product as the ad was made of it: by the same means, with glass as clear as the title says."""
    try:
        stated = parse_json(claims.facts.get("attributes", "{}").encode())
    except Malformed:
        stated = {}
    attributes = {str(k): str(v) for k, v in stated.items()} if isinstance(stated, dict) else {}
    product = Product(claims.facts.get("product", "product"), photo, claims.title or None, attributes, mask)
    source = claims.facts.get("cutout", "auto")
    return clear_parts(load_cutout(product, notify, source=source), product)[0]


def _box(claims: Claims) -> Box | None:
    try:
        left, top, right, bottom = map(int, claims.facts["box"].split())
    except (KeyError, ValueError):
        return None
    return Box(left, top, right, bottom) if left < right and top < bottom else None


def _intact(ad: Read, claims: Claims, box: Box | None) -> Literal["all", "product", "none"]:
    """What of the pixels is as it was when the file was made."""
    if digest(ad.image) == claims.facts["pixels"]:
        return "all"
    same = box is not None and digest(ad.image, box) == claims.facts.get("product_pixels")
    return "product" if same else "none"


def _judge(
    ad: Read, claims: Claims, intact: str, compared: PixelComparison | None, signed: dict[str, Any] | None
) -> tuple[Answer, str]:
    """The answer, and the reason in a sentence."""
    exact = ENCODINGS[ad.kind].exact and claims.facts.get("relit") != "true"
    if (
        compared is not None
        and exact
        and compared.pixels
        and (compared.same_cutout or not compared.same_photo)
    ):
        x, y = compared.first or (0, 0)
        photo = "" if compared.same_photo else "; nor is that the photo that the ad says it was made of"
        return "changed", (
            f"{compared.pixels} of {compared.of} pixels of the product are not the photo's, the first at "
            f"column {x}, row {y}, by at most {compared.most} levels{photo}"
        )
    if signed is not None and signed["state"] == "Invalid":
        return "changed", "the signed manifest does not fit the file"
    if intact != "all":
        where = "the background" if intact == "product" else "the product or what is around it"
        return "changed", f"pixels of {where} were changed after the file was made"
    if compared is None:
        return "verified", "no pixel was changed since the file was made; --photo compares the product too"
    if not compared.same_photo and not compared.same_cutout:
        return "changed", "the photo is not the one that the ad says it was made of"
    if not compared.same_cutout:
        return "unknown", "the photo is the ad's, but is cut out in another way here: see caig env, cutout"
    return "verified", _agreement(ad, claims, compared)


def _agreement(ad: Read, claims: Claims, compared: PixelComparison) -> str:
    if claims.facts.get("relit") == "true":
        return (
            "no pixel was changed since the file was made; the product was lit anew on purpose (--relight), "
            f"by {compared.mean:.1f} levels on average"
        )
    if not ENCODINGS[ad.kind].exact:
        return (
            f"no pixel was changed since the file was made; {ad.kind} is lossy: the product differs from the "
            f"photo by {compared.mean:.2f} levels on average, at most {compared.most}"
        )
    return f"all {compared.of} solid pixels of the product are the photo's"


def _finding(
    path: Path,
    ad: Read,
    signed: dict[str, Any] | None,
    compared: PixelComparison | None,
    intact: str | None,
    answer: Answer,
    why: str,
) -> Finding:
    claims = ad.claims or Claims("", "", "")
    facts = claims.facts
    claimed: dict[str, Any] = {
        "id": facts.get("id"), "title": claims.title or None, "alt": claims.alt or None,
        "source_type": claims.source or None, "painter": facts.get("painter"),
        "prompt_model": facts.get("prompt_model"), "prompt": facts.get("prompt"), "seed": facts.get("seed"),
        "recipe": facts.get("recipe"), "photo_sha256": facts.get("photo_sha256"), "format": ad.kind,
    }  # fmt: skip
    lines = [f"{answer}: {shown(path)}: {why}"]
    lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in claimed.items() if value]
    if claims.source == WITH_TRAINED_MODEL:
        lines.append("  made with generative AI")
    if signed is not None:
        lines.append(f"  signature: {signed['state'].lower()}, {signed.get('signer') or 'nobody'}")
    product = None
    if compared is not None:
        product = {"different": compared.pixels, "of": compared.of, "most": compared.most,
                   "mean": round(compared.mean, 4), "same_photo": compared.same_photo}  # fmt: skip
    result = {"path": str(path), "answer": answer, "why": why, **claimed}
    result |= {"unchanged": intact, "product": product, "signature": signed}
    return Finding(path, answer, why, tuple(lines), result)
