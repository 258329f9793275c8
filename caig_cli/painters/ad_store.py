"""The ads of a run folder: files with their provenance, and one manifest row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, field

import numpy as np
from PIL import Image

from caig_cli.engine.files import placed_lines, to_json
from caig_cli.engine.row_file import Row as Row
from caig_cli.engine.row_file import RowFile
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import ItemError
from caig_cli.painters import Notes, Shot
from caig_cli.painters.ad_name import AS_PNG, Filing, Slot, Source, ad_file, name_ad
from caig_cli.painters.alt_text import alt_text
from caig_cli.painters.candidates import PreviewOpinion
from caig_cli.painters.compose import measure, measure_relit
from caig_cli.painters.registry import source_type
from caig_cli.painters.studio.language import nearest
from caig_cli.painters.studio.lexicon_ignored import UNKNOWN
from caig_cli.provenance.claims import Claims
from caig_cli.provenance.image_files import encode, pixels_digest
from caig_cli.provenance.signing import ROOM
from caig_cli.records import Product

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True)
class AdJob:
    """One ad to make: its place in the run, its product and the photo of it, the shot that the painter gets,
    what the judge said of its preview, if it was asked, which of the product's candidates it is, where it is
    made otherwise than the others, and how it is filed."""

    slot: Slot
    product: Product
    source: Source
    shot: Shot
    opinion: PreviewOpinion | None
    candidate: int | None = None
    origin: Mapping[str, str] = field(default_factory=dict)
    filing: Filing = AS_PNG


Seal = Callable[[bytes, AdJob, Claims], bytes]
"""Signs the file of an ad."""


class Album:
    """Saves ads one by one: killed at any instant, it holds whole ads only, each once.

    ``origin`` says how the ads are made (recipe hash, model names); it goes into every file. ``seal`` signs
    the files.
    """

    def __init__(self, run_dir: RunDir, origin: Mapping[str, str], seal: Seal | None = None) -> None:
        self._run = run_dir
        self._origin, self._seal = origin, seal
        self._ordered: tuple[Mapping[str, int], RowFile] | None = None

    def rows(self) -> Iterator[Row]:
        """The manifest's rows of ads that are on disk, each ad once, one in memory at a time."""
        seen: set[int] = set()
        for row in self._run.rows(MANIFEST, checked):
            if (key := hash(row["path"])) not in seen and self._run.has_image(row["path"]):
                seen.add(key)
                yield row

    def ordered(self, ranks: Mapping[str, int]) -> RowFile:
        """The same rows as the products come by their ``ranks``, an ad after the other by its number."""
        if self._ordered is None or self._ordered[0] is not ranks:
            self._run.sync()
            found: dict[int, tuple[int, int, int, int]] = {}
            path = self._run.path / MANIFEST
            for place, row in placed_lines(path):  # ``rows`` has told of those that are damaged
                if _is_row(row) and self._run.has_image(row["path"]):
                    rank = ranks.get(row["product"], 0)
                    found[hash(row["path"])] = (rank, int(row["index"]), place.start, place.length)
            places = np.array(list(found.values()), np.int64).reshape(-1, 4)
            order = np.lexsort((places[:, 1], places[:, 0]))
            self._ordered = ranks, RowFile(path, places[order, 2:])
        return self._ordered[1]

    def slots(self) -> set[Slot]:
        """The places that have their ads."""
        return {Slot(row["product"], row["index"], tuple(row["size"]), row.get("for")) for row in self.rows()}

    def row_of(self, path: str) -> Row | None:
        """The row of an ad by its file in the run folder."""
        return next((row for row in self.rows() if row["path"] == path), None)

    def add(self, job: AdJob, image: Image.Image, notes: Notes) -> None:
        """Save an ad, and its row when it is on disk: one without a row is painted again, to the same bytes.

        Raises ItemError where it can't be as small as it has to be.
        """
        shot, opinion = job.shot, job.opinion
        box = shot.box
        origin = {**self._origin, **job.origin}
        identifier = name_ad(shot, job.slot, job.source, origin, job.filing.kind)
        path = ad_file(job.slot, identifier, job.filing)
        alt = alt_text(job.product, shot.prompt, [*notes.ignored, *notes.left_out])
        data = self._file(job, image, self._claims(job, identifier, alt))
        row = {
            "id": identifier,
            "of": job.filing.of,
            "for": job.slot.shape,
            "path": path,
            "format": job.filing.kind,
            "bytes": len(data),
            "product": job.product.id,
            "title": job.product.caption,
            "attributes": dict(job.product.attributes),
            "alt": alt,
            "source_type": source_type(origin["painter"]),
            "photo": job.source.photo,
            "photo_sha256": job.source.sha256,
            "index": job.slot.index,
            "feed": None if job.product.feed is None else asdict(job.product.feed),
            "candidate": job.candidate,
            "prompt": shot.prompt,
            "ignored": notes.ignored,
            "reasons": notes.reasons,
            "left_out": notes.left_out,
            "seed": shot.seed,
            "background": notes.background,
            "score": None if opinion is None else round(opinion.win, 4),
            "predicted_ctr": None if opinion is None else opinion.ctr,
            "predicted_ctr_interval": None if opinion is None else opinion.interval,
            "simulated": None if opinion is None else opinion.simulated,
            "size": shot.size,
            "product_box": astuple(box),
            "cutout": asdict(shot.product.facts),
            "height_cm": shot.height_cm,
            "stance": shot.pose.stance,
            "stance_by": shot.posed_by,
            "fidelity": asdict(measure(np.asarray(image), shot.product, box)),
            "relight": asdict(measure_relit(np.asarray(image), shot.product, box)) if shot.relight else None,
        }
        self._run.write_bytes(path, data, sync=False)
        self._run.append_later(MANIFEST, row)
        self._ordered = None
        self._run.count("ads")

    def _file(self, job: AdJob, image: Image.Image, claims: Claims) -> bytes:
        """The bytes of an ad's file, signed where that is asked."""
        filing = job.filing
        if self._seal is None:
            return encode(image, filing.kind, claims, job.shot.box, filing.max_bytes)
        room = None if filing.max_bytes is None else filing.max_bytes - ROOM
        data = self._seal(encode(image, filing.kind, claims, job.shot.box, room), job, claims)
        if filing.max_bytes is not None and len(data) > filing.max_bytes:
            raise ItemError(f"signed it is {len(data)} bytes, over the limit of {filing.max_bytes}")
        return data

    def _claims(self, job: AdJob, identifier: str, alt: str) -> Claims:
        """What an ad says about itself; no time and no path, so that its bytes are reproducible."""
        shot, origin = job.shot, {**self._origin, **job.origin}
        facts = {
            "id": identifier,
            "product": job.product.id,
            "attributes": to_json(dict(job.product.attributes)),
            "prompt": shot.prompt,
            "seed": str(shot.seed),
            "wins": "unknown" if job.opinion is None else job.opinion.wins,
            "predicted_ctr": "unknown" if job.opinion is None else job.opinion.predicted,
            "photo_sha256": job.source.sha256 or "unknown",
            "cutout": job.source.cutout,
            "cutout_pixels": pixels_digest(shot.product.rgba),
            "box": " ".join(map(str, astuple(shot.box))),
            "relit": str(shot.relight).lower(),
            **({"of": job.filing.of} if job.filing.of else {}),
            **({"for": job.slot.shape} if job.slot.shape else {}),
            **origin,
        }
        return Claims(job.product.caption or "", alt, source_type(origin["painter"]), facts)


def checked(row: Row) -> Row:
    """A row as ``add`` writes it. Raises KeyError, TypeError or ValueError for any other."""
    for name in ("path", "product", "prompt"):
        if not isinstance(row[name], str):
            raise TypeError(name)
    width, height = row["size"]
    int(row["index"]), int(row["seed"]), int(width), int(height)
    [*map(str, row["ignored"]), *map(str, row["left_out"]), *dict(row["background"])]
    if row["score"] is not None:
        float(row["score"]), row["predicted_ctr"], row["predicted_ctr_interval"], row["simulated"]
    return row


def _is_row(row: Row) -> bool:
    try:
        checked(row)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


def hinted(word: str, reason: str | None = None) -> str:
    """A word that had no effect, with the reason, and the nearest known word if it is not known itself."""
    known = nearest(word) if reason in (None, UNKNOWN) else None
    hint = [f"known: {known}"] if known and known != word else [reason] if reason else []
    return f"{word} ({hint[0]})" if hint else word


def plain(name: str) -> str:
    """A name of the vocabulary as a word."""
    return name.replace("_", " ")
