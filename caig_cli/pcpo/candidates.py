"""Candidates: prompts sampled by a model, the ads painted from them, and what a judge says of the ads.

Each product's prompts, each ad and each judged group of products are on disk as soon as they exist, so a
killed run goes on where it was. In a distributed run every process takes its share of the products and keeps
its own files; all of them read all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch

from caig_cli.cutouts.storage import open_cutout
from caig_cli.data.product_height import estimate_height_cm
from caig_cli.engine.files import png_bytes, slug
from caig_cli.engine.offload import HOME
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.engine.workers import Workers
from caig_cli.errors import CaigError, RunError, in_words
from caig_cli.judges import PairJudge
from caig_cli.painters import Painter, Shot
from caig_cli.painters.layout import parse_size
from caig_cli.painters.outline import outline
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.posing import pose_of
from caig_cli.painters.registry import PAINTERS, PainterConfig, described
from caig_cli.painters.studio.viewpoint import View, view_of
from caig_cli.pcpo.config import PainterSection
from caig_cli.provenance.claims import DESCRIPTION, SOFTWARE
from caig_cli.records import Creative, Pair, Product, Verdict

VERDICTS = "verdicts"
"""What the training judge said, in the folder of a round."""
TOGETHER = 8
"""Products that are judged in one call. Always the same ones, so that a resumed run gets the same numbers."""

T = TypeVar("T")
Prompts = Mapping[str, list[str]]
"""Product id -> its prompts."""


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """This process among those of a distributed run; ``wait`` until all are here."""

    rank: int
    size: int
    wait: Callable[[], None]

    def shard(self, items: Sequence[T]) -> list[T]:
        """What this process does."""
        return list(items[self.rank :: self.size])

    def write(self, folder: RunDir, stem: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows to this process's own file."""
        own = f".{self.rank}" if self.rank else ""
        folder.part("", writes=True).extend_jsonl(f"{stem}{own}.jsonl", rows)

    @staticmethod
    def read(folder: RunDir, stem: str) -> dict[str, dict[str, Any]]:
        """Rows of all processes, by product."""
        paths = [folder.path / f"{stem}.jsonl", *sorted(folder.path.glob(f"{stem}.[0-9]*.jsonl"))]
        return {row["product"]: row for path in paths for row in folder.rows(path.name, _of_a_product)}


def _of_a_product(row: dict[str, Any]) -> dict[str, Any]:
    """A row of prompts, relevance or verdicts. Raises KeyError, TypeError or ValueError for any other."""
    if not isinstance(row["product"], str):
        raise TypeError("product")
    if "prompts" in row:
        [*map(str.strip, row["prompts"])]
    elif "suits" in row:
        [*map(float, row["suits"])]
    else:
        [Verdict(float(shown), float(swapped), ctr) for shown, swapped, ctr in row["verdicts"]], row["error"]
    return row


# --- prompts ---------------------------------------------------------------------------------------


def sample(
    write: Callable[[Sequence[Product]], list[list[str]]],
    products: Sequence[Product],
    batch: int,
    folder: RunDir,
    processes: ProcessGroup,
    report: Reporter,
) -> dict[str, list[str]]:
    """Every product's prompts, sampled by ``write`` or read back, in the order of ``products``.

    ``batch`` products are sampled together, always the same ones, so that a resumed run gets the same words.
    """
    done, mine = processes.read(folder, "prompts"), iter(processes.shard(products))
    with report.progress("sampling prompts", len(products)) as bar, folder.timed("sample"):
        while group := list(islice(mine, batch)):
            if any(product.id not in done for product in group):
                written = zip(group, write(group), strict=True)
                processes.write(
                    folder, "prompts", [{"product": p.id, "prompts": texts} for p, texts in written]
                )
            bar.advance(processes.size * len(group))
    processes.wait()
    rows = processes.read(folder, "prompts")
    return {product.id: [str(text) for text in rows[product.id]["prompts"]] for product in products}


# --- ads -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CandidateJob:
    """A product's ads to paint, all from one seed: rivals differ in their prompts, not in chance."""

    product: Product
    cutout: Path
    prompts: tuple[str, ...]
    seed: int


def ad_path(folder: RunDir, product: Product, number: int) -> Path:
    """Where the ad of a product's prompt ``number`` is."""
    return folder.path / "ads" / f"{slug(product.id)}-{number + 1}.png"


def paint(
    jobs: Sequence[CandidateJob], painter: PainterSection, means: PainterConfig, folder: RunDir, pool: Workers
) -> Iterator[None]:
    """Paint what is missing; yields once for each job, in order, as soon as its ads are on disk."""
    mine = folder.part("", writes=True)
    missing = [job for job in jobs if not _painted(folder, job)]
    shots = max((len(job.prompts) for job in missing), default=1)
    size = math.ceil(PAINTERS[painter.name].batch(means.diffusion) / shots)
    groups = [missing[start : start + size] for start in range(0, len(missing), size)]
    made = chain.from_iterable(pool.each(partial(paint_jobs, painter, means), groups))
    for job in jobs:
        if not _painted(folder, job):
            with folder.timed("wait for the painter"):
                pictures = next(made)
            for number, png in enumerate(pictures):
                mine.write_bytes(str(ad_path(folder, job.product, number).relative_to(folder.path)), png)
        yield


def _painted(folder: RunDir, job: CandidateJob) -> bool:
    paths = (ad_path(folder, job.product, k) for k in range(len(job.prompts)))
    return all(folder.has_image(path.relative_to(folder.path).as_posix()) for path in paths)


def paint_jobs(
    painter: PainterSection, means: PainterConfig, jobs: Sequence[CandidateJob]
) -> list[list[bytes]]:
    """PNGs of each job. Runs in a worker."""
    shots = [shot for job in jobs for shot in _shots(painter, job)]
    images = iter(_painter(painter.name, means).paint(shots))
    return [
        [png_bytes(next(images), _provenance(painter, means, job, k)) for k in range(len(job.prompts))]
        for job in jobs
    ]


def _shots(painter: PainterSection, job: CandidateJob) -> list[Shot]:
    cutout = open_cutout(job.cutout)
    product, size = job.product, parse_size(painter.size)
    height = estimate_height_cm(product.caption, product.attributes, cutout.size[0] / cutout.size[1])
    shape = outline(cutout)

    def pose(prompt: str) -> Pose:
        if painter.stance == "stand":
            return STANDS
        return pose_of(
            product, cutout, shape, View() if painter.stance else view_of(prompt), painter.stance
        ).pose

    return [
        Shot(cutout, prompt, size, job.seed, painter.placement, painter.scale, height, pose(prompt))
        for prompt in job.prompts
    ]


_painters: dict[tuple[str, PainterConfig], Painter] = {}


def _painter(name: str, means: PainterConfig) -> Painter:
    """The painter of this process, made when it is first needed."""
    if (name, means) not in _painters:
        _painters[name, means] = PAINTERS[name].build(means)
    return _painters[name, means]


@contextmanager
def painter_on_device(painter: PainterSection, means: PainterConfig, device: torch.device) -> Iterator[None]:
    """A painter with a model has it on the device within the block only."""
    key = (painter.name, means)
    if key in _painters:
        _send(_painters[key], device, device)
    try:
        yield
    finally:
        if key in _painters:
            _send(_painters[key], HOME, device)


def _send(painter: Any, where: Any, device: torch.device) -> None:
    if device.type != HOME and hasattr(painter, "to"):
        painter.to(where)


def _provenance(
    painter: PainterSection, means: PainterConfig, job: CandidateJob, number: int
) -> dict[str, str]:
    """What an ad says about itself; no time and no path, so that its bytes are reproducible."""
    facts = {
        "product": job.product.id, "prompt": job.prompts[number], "seed": str(job.seed),
        "painter": described(painter.name, means.diffusion), "predicted_ctr": "unknown",
    }  # fmt: skip
    return {
        "Software": SOFTWARE,
        "Description": DESCRIPTION,
        **{f"caig:{name}": value for name, value in facts.items()},
    }


# --- verdicts --------------------------------------------------------------------------------------


class Match(Protocol):
    """The pairs of ads to judge of a product."""

    def __call__(self, product: Product) -> list[Pair]: ...


def between(
    folder: RunDir,
    product: Product,
    numbers: Sequence[tuple[int, int]],
    with_caption: bool,
    rival: RunDir | None = None,
) -> list[Pair]:
    """Pairs of a product's ads by their numbers; the right one is of folder ``rival`` where one is given."""
    other = rival or folder
    return [
        Pair(
            id=f"{product.id} {left} {right}",
            item=product.id,
            left=Creative(ad_path(folder, product, left)),
            right=Creative(ad_path(other, product, right)),
            caption=product.caption if with_caption else None,
            attributes=product.attributes if with_caption else {},
        )
        for left, right in numbers
    ]


@dataclass(frozen=True, slots=True)
class NamedJudge:
    """Whom to ask, and under which name the answers are kept."""

    judge: PairJudge
    stem: str


def rank(
    match: Match,
    products: Sequence[Product],
    bench: NamedJudge,
    folder: RunDir,
    processes: ProcessGroup,
    painted: Iterator[None],
) -> Iterator[Product]:
    """Judge this process's share of the products as they are painted; yields each when it is judged.

    Raises RunError when the judge fails, which --resume can go on from.
    """
    done, mine = processes.read(folder, bench.stem), iter(processes.shard(products))
    while group := list(islice(mine, TOGETHER)):
        for _ in group:
            next(painted, None)
        if any(product.id not in done for product in group):
            with folder.timed("rank"):
                rows = _judge_group(match, group, bench.judge, folder)
            processes.write(folder, bench.stem, rows)
        yield from group


def _judge_group(
    match: Match, group: Sequence[Product], judge: PairJudge, folder: RunDir
) -> list[dict[str, Any]]:
    pairs = [match(product) for product in group]
    flat = [pair for some in pairs for pair in some]
    try:
        answers = iter(judge.judge(flat) if flat else ())
    except CaigError:
        raise
    except Exception as error:
        raise RunError(
            f"judge {judge.name} failed on products {group[0].id} to {group[-1].id} in {folder.path}: "
            f"{in_words(error)}; --resume goes on from here"
        ) from error
    rows = []
    for product, some in zip(group, pairs, strict=True):
        answers_here = list(islice(answers, len(some)))
        fault = next((one.error for one in answers_here if not isinstance(one, Verdict)), None)
        verdicts = [[v.shown, v.swapped, v.ctr] for v in answers_here if isinstance(v, Verdict)]
        rows.append({"product": product.id, "verdicts": verdicts, "error": fault})
    return rows


def verdicts(folder: RunDir, stem: str, products: Sequence[Product]) -> dict[str, list[Verdict] | None]:
    """What was said of each product's pairs; None where they could not be judged."""
    rows = ProcessGroup.read(folder, stem)
    return {
        product.id: None if rows[product.id]["error"] else verdicts_of(rows[product.id])
        for product in products
    }


def verdicts_of(row: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts of a product's row."""
    return [Verdict(shown, swapped, ctr) for shown, swapped, ctr in row["verdicts"]]


def paint_seed(seed: int, product: Product) -> int:
    """The seed that all rivals of a product share."""
    return derive_seed(seed, product.id, "paint")
