"""Pages of a run of ads: the contact sheet, and ``report.html`` with ads, cut-outs and what is not used."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from caig_cli.cutouts.cutout import DOUBTFUL, CutoutFacts
from caig_cli.engine import pages
from caig_cli.engine.run_dir import RunDir
from caig_cli.painters.ad_store import MANIFEST, Row, hinted, plain
from caig_cli.painters.candidates import PreviewOpinion
from caig_cli.records import Failure, Product

SHOWN = 400
"""Ads on the report page; one with all ads of a large catalogue could not be opened."""

SHEET = 48
"""Ads on the contact sheet."""

SHOWN_CUTOUTS = 60
"""Cut-outs on it: all that were refused or are doubtful come first, so that few of these are left out."""

_METHODS = {
    "alpha": "the file's own transparency",
    "mask": "a mask",
    "plain": "the backdrop's colour",
    "network": "a segmentation network",
    "network+plain": "a segmentation network and the backdrop's colour",
}


@dataclass(frozen=True, slots=True)
class CutoutPicture:
    """A product's photo and its cut-out: ``facts`` None where there is none, ``error`` why it isn't used."""

    product: Product
    path: Path
    facts: CutoutFacts | None
    error: str | None


def show_ads(
    run: RunDir,
    origin: Mapping[str, str],
    ads: Sequence[Row],
    cutouts: Sequence[CutoutPicture],
    failures: Sequence[Failure],
) -> None:
    """Write ``contact-sheet.png`` and ``report.html``; pictures are read back one at a time."""
    if ads:
        run.save_png(
            "contact-sheet.png",
            pages.contact_sheet([run.path / row["path"] for row in ads[:SHEET]], most=SHEET),
            {},
        )
    known = {one.product.id: one for one in cutouts}
    galleries: list[pages.Section] = [
        _gallery(run, known.get(identifier), identifier, list(rows))
        for identifier, rows in itertools.groupby(ads[:SHOWN], key=lambda row: str(row["product"]))
    ]
    # What has to be looked at comes before what is fine; that stands beside its ads.
    urgent = [one for one in cutouts if one.error is not None or one.facts is None]
    sections: list[pages.Section] = [_cutouts(urgent)] if urgent else []
    sections += galleries
    if ads:
        sections.append(pages.Picks("Kept ads", "What is kept, to copy: one file of this folder a line."))
    if failures:
        rows = [[failure.item, failure.error] for failure in failures]
        sections.append(pages.TextTable("Not used", ["item", "why"], rows))
    products = sum(1 for _ in itertools.groupby(ads, key=lambda row: row["product"]))
    summary = f"{len(ads)} ad{'s' * (len(ads) != 1)} for {products} product{'s' * (products != 1)}"
    if failures:
        summary += f"; {len(failures)} not used"
    if len(ads) > SHOWN:
        summary += f"; the first {SHOWN} are shown, {MANIFEST} has them all"
    facts = {name.replace("_", " "): value for name, value in origin.items()}
    page = pages.report("Advertising images", summary, facts, sections, root=run.path, picks=bool(ads))
    run.write_text("report.html", "".join(page))


def _cutouts(cutouts: Sequence[CutoutPicture]) -> pages.PicturePairs:
    """Photos beside their cut-outs, what needs a look first."""
    ordered = sorted(cutouts, key=_urgency)
    text = "Photos that made no ad, and what was cut out of them. Doubtful ones come first."
    if len(ordered) > SHOWN_CUTOUTS:
        text += f" {SHOWN_CUTOUTS} of {len(ordered)} are shown."
    return pages.PicturePairs("Cut-outs", [_pair(one) for one in ordered[:SHOWN_CUTOUTS]], text)


def _urgency(one: CutoutPicture) -> tuple[int, float, str]:
    """Doubtful ones can be judged by a look, refused ones can't; the rest by their doubt."""
    if one.facts is None:
        return 1, 0.0, one.product.id
    return 0 if one.facts.doubt > DOUBTFUL else 2, -one.facts.doubt, one.product.id


def _pair(one: CutoutPicture) -> pages.BeforeAfter:
    notes: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    if one.facts is not None:
        notes = one.facts.notes
        facts = {"cut out by": _METHODS.get(one.facts.method, one.facts.method)}
        facts |= {"network": one.facts.model} if one.facts.model else {}
        facts |= {"doubt": f"{one.facts.doubt:.2f}"}
    state = "refused" if one.facts is None else "doubtful" if one.facts.doubt > DOUBTFUL else ""
    return pages.BeforeAfter(
        one.product.image,
        None if one.facts is None else one.path,
        one.product.id,
        "" if one.error else " ".join(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in notes),
        one.error or "",
        facts,
        f"{state}, used" if state and one.error is None else state,
    )


def _gallery(
    run: RunDir, cutout: CutoutPicture | None, identifier: str, rows: Sequence[Row]
) -> pages.Gallery:
    """One product's photo, cut-out and ads under its title."""
    product = cutout.product if cutout else None
    title = (product.caption if product else None) or identifier
    words = [] if title == identifier else [identifier]
    words += [f"{name}: {value}" for name, value in product.attributes.items()] if product else []
    cards = [_card(run, row) for row in rows]
    return pages.Gallery(title, cards, " · ".join(words), _pair(cutout) if cutout else None)


def _card(run: RunDir, row: Row) -> pages.Card:
    ignored = [hinted(word, row.get("reasons", {}).get(word)) for word in row["ignored"]]
    notes = {"Without effect": ignored, "No room for": map(plain, row["left_out"])}
    width, height = row["size"]
    return pages.Card(
        run.path / row["path"],
        f"{row['product']}-{row['index'] + 1}",
        row["prompt"],
        "; ".join(f"{what}: {words}" for what, of in notes.items() if (words := ", ".join(of))),
        {"seed": str(row["seed"]), "size": f"{width}x{height}"} | _liked(row) | _named(row),
        str(row["path"]),
    )


def _named(row: Row) -> dict[str, str]:
    """An ad's id; runs of an earlier caig have none."""
    return {"id": row["id"]} if "id" in row else {}


def _liked(row: Row) -> dict[str, str]:
    """What the judge said of an ad, for its card."""
    if row["score"] is None:
        return {}
    opinion = PreviewOpinion(
        row["score"], row["predicted_ctr"], row["predicted_ctr_interval"], bool(row["simulated"])
    )
    return {"wins": opinion.wins, "predicted CTR": opinion.predicted}
