"""``caig generate``: product photos become finished ads.

Products stream through: cut out, prompts written by the prompt model (or given by the user), more of them
than asked for painted as small previews, which the judge ranks; the best are photographed at full size, and
each ad is saved with its provenance before the next one starts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.parking import Turns
from caig_cli.engine.runtime import derive_seed, use_threads
from caig_cli.engine.sources import ModelName
from caig_cli.errors import ItemError, UsageError
from caig_cli.mllm.sections import PlannedRecipe
from caig_cli.mllm.writing import Writer, WriterSection
from caig_cli.painters import table
from caig_cli.painters.candidates import Candidates
from caig_cli.painters.diffusion.sections import DiffusionSection
from caig_cli.painters.layout import FrameSize, Placement, parse_size
from caig_cli.painters.table import PainterName
from caig_cli.recipe import Section, recipe_hash
from caig_cli.records import Failure, Product
from caig_cli.rounds.generating import LEAN as LEAN
from caig_cli.rounds.generating import InTurn
from caig_cli.rounds.previews import has_judge, ranker

if TYPE_CHECKING:
    from caig_cli.cutouts.cutout import Cutout
    from caig_cli.engine.memory import Phase
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.engine.sources import Check
    from caig_cli.painters import Painter, Shot
    from caig_cli.painters.album import Job

CANDIDATES = 8
"""Previews of each product where a judge is there and nothing else is said."""
_RESULT = ("product", "prompt", "seed", "score")


class GenerateSection(Section):
    """What to advertise and how the ads should look."""

    product: Path | None = None
    """Product image, folder of images, or JSON, JSONL or CSV file of products."""

    caption: str | None = None
    """Title of the product, where its record has none."""

    attributes: dict[str, str] = {}
    """Facts about the product (key=value), added to those of its record."""

    mask: Path | None = None
    """Image that is white where the product is, for a single product image."""

    allow_outside: bool = False
    """Accept images outside the folder of the file that names them."""

    prompt: str | None = None
    """Background prompt in your own words; empty lets the prompt model write."""

    rewrite: bool = False
    """Let the prompt model improve the given prompt."""

    n: Annotated[int, Field(ge=1, le=64)] = 4
    """Ads per product."""

    candidates: Annotated[int, Field(ge=1, le=64)] | None = None
    """Ads tried as previews per product, of which the n that the judge ranks highest are made; empty means
    8 (at least n) where there is a judge, and n where there is none."""

    size: FrameSize = "square"
    """Size of an ad: square, portrait, story, landscape or WIDTHxHEIGHT in pixels."""

    placement: Placement = "centre"
    """Where the product stands in the frame."""

    scale: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the frame's width and height that the product may fill; empty suits the frame."""

    painter: PainterName = "studio"
    """What paints the background: studio photographs a ray-traced set, diffusion uses the model of section
    diffusion, fake paints a gradient."""

    batch: Annotated[int, Field(ge=1, le=64)] | None = None
    """Ads painted at once, which a killed run paints again; empty: diffusion.batch for diffusion, else 1."""


class JudgeSection(Section):
    """Who says which previews are worth painting large."""

    model: ModelName | None = "embedded"
    """Reward model: embedded, a folder of caig train-rm, or org/name[@revision]; empty does not rank."""


class GenerateRecipe(PlannedRecipe):
    """Recipe of ``caig generate``."""

    generate: GenerateSection = GenerateSection()
    """Products and ads."""

    writer: WriterSection = WriterSection()
    """Prompt model."""

    judge: JudgeSection = JudgeSection()
    """Judge."""

    diffusion: DiffusionSection = DiffusionSection()
    """Model of the painter diffusion."""


def models(recipe: GenerateRecipe) -> dict[str, Check | None]:
    """The models that a run opens."""
    from caig_cli.mllm.families import check_folder

    named = [recipe.writer.model] * _writes(recipe) + [str(recipe.judge.model)] * _ranks(recipe)
    mllms: dict[str, Check | None] = dict.fromkeys(named, check_folder)
    return mllms | table.models(recipe.generate.painter, recipe.diffusion)


def plan(recipe: GenerateRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the records of the products but opens no image."""
    products, failures = _products(recipe)
    width, height = parse_size(recipe.generate.size)
    lines = [f"products: {len(products)}, ads of each: {recipe.generate.n}, pixels: {width}x{height}"]
    lines += [f"cannot use {failure.item}: {failure.error}" for failure in failures]
    if _writes(recipe):
        from caig_cli.engine import sources
        from caig_cli.mllm import loading

        lines.append(f"prompt model {sources.describe(recipe.writer.model, loading.locate)}")
        lines.append(recipe.runtime().reason)
    if _ranks(recipe):
        lines.append(f"judge {recipe.judge.model} ranks {_candidates(recipe)} previews of each product")
    return [*lines, *table.planned(recipe.generate.painter, recipe.diffusion)]


def memory(recipe: GenerateRecipe) -> list[Phase]:
    """What each phase of a product needs on the device."""
    return _planned(recipe)[0]


def _planned(recipe: GenerateRecipe) -> tuple[list[Phase], bool]:
    from caig_cli.rounds.generating import Order, planned

    given = recipe.generate
    order = Order(
        _products(recipe)[0],
        _candidates(recipe),
        parse_size(given.size),
        recipe.writer if _writes(recipe) else None,
        recipe.judge.model if _ranks(recipe) else None,
        given.painter,
        recipe.diffusion,
        given.prompt if given.rewrite else None,
    )
    return planned(order, recipe.planned_runtime(), recipe.room())


def run(recipe: GenerateRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Make the ads; the outcome has all ads of the run folder, those of a resumed part included."""
    from caig_cli.painters import remarks
    from caig_cli.painters.album import Album

    products, failures = _products(recipe)
    use_threads(recipe.threads)
    if not _ranks(recipe):
        report.info(f"ads are not ranked{_unranked(recipe)}")
    album = Album(run_dir, _origin(recipe))
    done = {str(row["path"]) for row in album.rows()}
    means = table.Means(recipe.threads, recipe.device, recipe.diffusion)
    turns = _turns(recipe, report)
    painter = InTurn(table.PAINTERS[recipe.generate.painter](means), turns)
    size = recipe.generate.batch or table.together(recipe.generate.painter, recipe.diffusion)
    with report.progress("ads", recipe.generate.n * len(products)) as bar:
        bar.advance(len(done))
        jobs = _jobs(recipe, products, done, failures, painter, turns, run_dir, report)
        while batch := list(itertools.islice(jobs, size)):
            with run_dir.timed("paint"):
                images = painter.paint([job.shot for job in batch])
            for job, image in zip(batch, images, strict=True):
                album.add(job, image, painter.notes(job.shot))
                bar.advance()
    order = {product.id: rank for rank, product in enumerate(products)}
    ads = sorted(album.rows(), key=lambda row: (order.get(row["product"], 0), row["index"]))
    if not ads:
        raise UsageError(_nothing_made(failures))
    for remark in remarks.about_ads(ads, recipe.diffusion.growth_limit):
        report.warn(remark)
    with run_dir.timed("report"):
        album.show(ads, products, failures)
    report.info(f"report {run_dir.path / 'report.html'}")
    return _outcome(run_dir, ads, failures)


def _products(recipe: GenerateRecipe) -> tuple[list[Product], list[Failure]]:
    from caig_cli.data.products import read_products

    given = recipe.generate
    if given.product is None:
        raise UsageError("no product: give an image, a folder or a file of products with --product")
    if given.rewrite and not given.prompt:
        raise UsageError("--rewrite: there is no prompt to improve; give it with --prompt")
    products, failures = read_products(
        given.product,
        caption=given.caption,
        attributes=given.attributes,
        mask=given.mask,
        allow_outside=given.allow_outside,
    )
    if not products:
        raise UsageError(_nothing_made(failures))
    return products, failures


def _turns(recipe: GenerateRecipe, report: Reporter) -> Turns:
    """Models take turns on a GPU that can't hold all of them."""
    if not (_writes(recipe) or _ranks(recipe)):
        return Turns()
    device = recipe.runtime().device
    taken = recipe.room() is not None and _planned(recipe)[1]
    if taken:
        report.info("the models take turns on the GPU, which can't hold all of them")
    return Turns(device, taken=taken)


def _writes(recipe: GenerateRecipe) -> bool:
    """Whether the prompt model is needed."""
    return not recipe.generate.prompt or recipe.generate.rewrite


def _jobs(
    recipe: GenerateRecipe,
    products: Sequence[Product],
    done: set[str],
    failures: list[Failure],
    painter: Painter,
    turns: Turns,
    run_dir: RunDir,
    report: Reporter,
) -> Iterator[Job]:
    """The ads still to make, one product in memory at a time; unusable products join ``failures``."""
    from caig_cli.cutouts.cutout import load_cutout
    from caig_cli.painters import remarks
    from caig_cli.painters.album import Job

    waiting = [product for product in products if not done.issuperset(_paths(recipe, product))]
    finished = {product.id for product in products} - {product.id for product in waiting}
    candidates, write = None, _writer(recipe, turns)
    if _ranks(recipe):
        rank = ranker(str(recipe.judge.model), recipe.runtime, turns)
        candidates = Candidates(run_dir, painter, rank, finished)
    for product in waiting:
        try:
            with run_dir.timed("cut out"):
                cutout = load_cutout(product, report.info)
        except ItemError as error:
            failures.append(Failure(product.id, str(error)))
            continue
        with run_dir.timed("write"):
            shots = _shots(recipe, product, cutout, write(product, cutout))
        for remark in remarks.about_photo(product.id, shots[0]):
            report.warn(remark)
        best = candidates.best_first(product, shots) if candidates else [(shot, None) for shot in shots]
        for index, (path, (shot, opinion)) in enumerate(zip(_paths(recipe, product), best, strict=False)):
            if path not in done:
                yield Job(path, product, index, shot, opinion)


def _paths(recipe: GenerateRecipe, product: Product) -> list[str]:
    """The files of a product's ads, best first."""
    return [f"ads/{product.id}-{index + 1}.png" for index in range(recipe.generate.n)]


def _shots(recipe: GenerateRecipe, product: Product, cutout: Cutout, prompts: Sequence[str]) -> list[Shot]:
    """One shot per prompt, each with a seed of its own that does not depend on how many there are."""
    from caig_cli.data.sizes import estimate_height_cm
    from caig_cli.painters import Shot

    given, size = recipe.generate, parse_size(recipe.generate.size)
    height = estimate_height_cm(product.caption, product.attributes, cutout.size[0] / cutout.size[1])
    seeds = (derive_seed(recipe.seed, product.id, k) for k in range(len(prompts)))
    return [
        Shot(cutout, prompt, size, seed, given.placement, given.scale, height)
        for prompt, seed in zip(prompts, seeds, strict=True)
    ]


def _writer(recipe: GenerateRecipe, turns: Turns) -> Callable[[Product, Cutout], list[str]]:
    """A function that gives the prompts of a product's candidates."""
    given, count = recipe.generate, _candidates(recipe)
    if not _writes(recipe):
        return lambda product, cutout: [given.prompt or ""] * count
    writer = Writer(recipe.writer, recipe.runtime, recipe.seed, turns)

    def write(product: Product, cutout: Cutout) -> list[str]:
        from PIL import Image

        draft = given.prompt if given.rewrite else None
        return writer.write(product, Image.fromarray(cutout.rgba), count, draft=draft)

    return write


# --- the judge -------------------------------------------------------------------------------------


def _ranks(recipe: GenerateRecipe) -> bool:
    """Whether candidates are ranked: one alone has no rivals."""
    return has_judge(recipe.judge.model) and _candidates(recipe) > 1


def _candidates(recipe: GenerateRecipe) -> int:
    """Prompts of each product: as many as ads where nobody ranks them.

    Raises UsageError when ranking was asked for and cannot be had.
    """
    given = recipe.generate
    if has_judge(recipe.judge.model):
        return max(given.n, given.candidates or CANDIDATES)
    if (given.candidates or 0) > given.n:
        raise UsageError(
            "--candidates: there is no judge to rank them; name one with --set judge.model=FOLDER"
        )
    return given.n


def _unranked(recipe: GenerateRecipe) -> str:
    if recipe.judge.model is None or has_judge(recipe.judge.model):
        return ""
    return f": the {recipe.judge.model} reward model is missing from this installation"


def _origin(recipe: GenerateRecipe) -> dict[str, str]:
    """How the ads are made, for every file and the report."""
    writer = Path(recipe.writer.model).name if _writes(recipe) else "none, prompt as given"
    judge = Path(str(recipe.judge.model)).name if _ranks(recipe) else "none"
    painter = table.described(recipe.generate.painter, recipe.diffusion)
    facts = {"prompt_model": writer, "painter": painter, "judge": judge}
    return facts | {"recipe": recipe_hash(recipe)}


def _outcome(run_dir: RunDir, ads: Sequence[dict[str, Any]], failures: Sequence[Failure]) -> Outcome:
    shown = [{"path": str(run_dir.path / row["path"])} | {key: row[key] for key in _RESULT} for row in ads]
    failed = [{"product": failure.item, "error": failure.error} for failure in failures]
    lines = tuple(str(one["path"]) for one in shown)
    return Outcome({"ads": shown, "failed": failed}, tuple(failures), lines)


def _nothing_made(failures: Sequence[Failure]) -> str:
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return "no ad could be made" + "".join(f"; {one.item}: {one.error}{more}" for one in failures[:1])
