"""The ads of a run folder: files with their provenance, and one manifest row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from caig_cli.engine.environment import version
from caig_cli.engine.run_dir import RunDir
from caig_cli.painters import Notes, Shot
from caig_cli.painters.candidates import Opinion
from caig_cli.painters.compose import measure, measure_relit
from caig_cli.painters.studio.language import nearest
from caig_cli.painters.studio.lexicon_told import UNKNOWN
from caig_cli.records import Product

MANIFEST = "manifest.jsonl"

_SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One ad to make: its file in the run folder, whose it is, its place among the product's ads, the shot
    that the painter gets, what the judge said of its preview, if it was asked, and where it is made otherwise
    than the others."""

    path: str
    product: Product
    index: int
    shot: Shot
    opinion: Opinion | None
    origin: Mapping[str, str] = field(default_factory=dict)


class Album:
    """Saves ads one by one: killed at any instant, it holds whole ads only, each once.

    ``origin`` says how the ads are made (recipe hash, model names); it goes into every file.
    """

    def __init__(self, run_dir: RunDir, origin: Mapping[str, str]) -> None:
        self._run = run_dir
        self._origin = origin
        self._rows: dict[str, Row] | None = None

    def rows(self) -> list[Row]:
        """The manifest's rows of ads that are on disk, each ad once."""
        if self._rows is None:
            rows = {row["path"]: row for row in self._run.rows(MANIFEST, _checked)}
            self._rows = {path: row for path, row in rows.items() if self._run.has_png(path)}
        return list(self._rows.values())

    def add(self, job: Job, image: Image.Image, notes: Notes) -> None:
        """Save an ad, then its row: an ad without a row is painted again, to the same bytes."""
        shot, opinion = job.shot, job.opinion
        box = shot.box
        row = {
            "path": job.path,
            "product": job.product.id,
            "index": job.index,
            "feed": None if job.product.feed is None else asdict(job.product.feed),
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
        self._run.save_png(job.path, image, self._provenance(job))
        self._run.append_jsonl(MANIFEST, row)
        self._rows = None
        self._run.count("ads")

    def _provenance(self, job: Job) -> dict[str, str]:
        """What an ad says about itself; no time and no path, so that its bytes are reproducible."""
        facts = {
            "product": job.product.id,
            "prompt": job.shot.prompt,
            "seed": str(job.shot.seed),
            "wins": "unknown" if job.opinion is None else job.opinion.wins,
            "predicted_ctr": "unknown" if job.opinion is None else job.opinion.predicted,
        }
        return {
            "Software": f"caig {version('caig') or ''}".strip(),
            "Description": "Advertising image: software made the background around a photo of the product.",
            "DigitalSourceType": _SYNTHETIC,
            **{f"caig:{name}": value for name, value in {**facts, **self._origin, **job.origin}.items()},
        }


def _checked(row: Row) -> Row:
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


def hinted(word: str, reason: str | None = None) -> str:
    """A word that had no effect, with the reason, and the nearest known word if it is not known itself."""
    known = nearest(word) if reason in (None, UNKNOWN) else None
    hint = [f"known: {known}"] if known and known != word else [reason] if reason else []
    return f"{word} ({hint[0]})" if hint else word


def plain(name: str) -> str:
    """A name of the vocabulary as a word."""
    return name.replace("_", " ")
