"""``caig generate``: product photos become finished ads.

Products stream through: cut out, prompts written by the prompt model (or given by the user), more of them
than asked for painted as small previews, which the judge ranks; the best are photographed at full size, and
each ad is saved with its provenance before the next one starts.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import choose_device, derive_seed, use_threads
from caig_cli.errors import ItemError, UsageError
from caig_cli.mllm.redraw import distinct
from caig_cli.painters.layout import Placement, parse_size
from caig_cli.painters.table import PAINTERS
from caig_cli.recipe import Recipe, Section, recipe_hash
from caig_cli.records import Failure, Product

if TYPE_CHECKING:
    from caig_cli.data.cutout import Cutout
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.mllm.prompt_model import PromptModel
    from caig_cli.mllm.rewards.judge import TrainedJudge
    from caig_cli.painters import Painter, Shot
    from caig_cli.painters.album import Opinion

CANDIDATES = 8
"""Previews of each product where a judge is there and nothing else is said."""
PREVIEW = 128
"""Pixels of a preview's longer side: what the embedded judge sees."""
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

    size: str = "square"
    """Size of an ad: square, portrait, story, landscape or WIDTHxHEIGHT in pixels."""

    placement: Placement = "centre"
    """Where the product stands in the frame."""

    scale: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the frame's width and height that the product may fill; empty suits the frame."""

    painter: str = "studio"
    """What paints the background: studio photographs a ray-traced set, fake paints a gradient."""

    batch: Annotated[int, Field(ge=1, le=64)] = 1
    """Ads painted at once; a killed run paints this many again."""

    @field_validator("size")
    @classmethod
    def _readable(cls, size: str) -> str:
        parse_size(size)
        return size

    @field_validator("painter")
    @classmethod
    def _known(cls, painter: str) -> str:
        if painter not in PAINTERS:
            raise ValueError(f"no such painter; known: {', '.join(PAINTERS)}")
        return painter


class WriterSection(Section):
    """The prompt model and how it samples."""

    model: str = "embedded"
    """Prompt model: embedded, or the folder of a model or adapter."""

    temperature: Annotated[float, Field(ge=0)] = 1.0
    """Sampling temperature; 0 always takes the most likely word."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Share of the probability that words are sampled from, most likely first."""

    max_new_tokens: Annotated[int, Field(ge=8, le=1024)] = 96
    """Length of a prompt in tokens, at most."""


class JudgeSection(Section):
    """Who says which previews are worth painting large."""

    model: str | None = "embedded"
    """Reward model: embedded, or a folder of caig train-rm; empty does not rank."""


class GenerateRecipe(Recipe):
    """Recipe of ``caig generate``."""

    generate: GenerateSection = GenerateSection()
    """Products and ads."""

    writer: WriterSection = WriterSection()
    """Prompt model."""

    judge: JudgeSection = JudgeSection()
    """Judge."""


@dataclass(frozen=True, slots=True)
class Job:
    """One ad to make: its file in the run folder, whose it is, the shot that the painter gets, and what the
    judge said of its preview, if it was asked."""

    path: str
    product: Product
    index: int
    shot: Shot
    opinion: Opinion | None


def plan(recipe: GenerateRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the records of the products but opens no image."""
    products, failures = _products(recipe)
    width, height = parse_size(recipe.generate.size)
    lines = [f"products: {len(products)}, ads of each: {recipe.generate.n}, pixels: {width}x{height}"]
    lines += [f"cannot use {failure.item}: {failure.error}" for failure in failures]
    if _writes(recipe):
        from caig_cli.mllm import loading

        lines.append(f"prompt model {loading.locate(recipe.writer.model)}")
        lines.append(choose_device(recipe.device, recipe.dtype).reason)
    if _candidates(recipe) > recipe.generate.n:
        lines.append(f"judge {recipe.judge.model} ranks {_candidates(recipe)} previews of each product")
    return [*lines, f"painter {recipe.generate.painter}"]


def run(recipe: GenerateRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Make the ads; the outcome has all ads of the run folder, those of a resumed part included."""
    from caig_cli.painters.album import Album, hinted

    products, failures = _products(recipe)
    use_threads(recipe.threads)
    if _candidates(recipe) == recipe.generate.n:
        report.info("ads are not ranked")
    album = Album(run_dir, _origin(recipe))
    done = {str(row["path"]) for row in album.rows()}
    painter = PAINTERS[recipe.generate.painter](recipe.threads)
    with report.progress("ads", recipe.generate.n * len(products)) as bar:
        bar.advance(len(done))
        jobs = _jobs(recipe, products, done, failures, painter, run_dir, report)
        while batch := list(itertools.islice(jobs, recipe.generate.batch)):
            with run_dir.timed("paint"):
                images = painter.paint([job.shot for job in batch])
            for job, image in zip(batch, images, strict=True):
                album.add(job.path, job.product, job.index, job.shot, image, job.opinion)
                bar.advance()
    order = {product.id: rank for rank, product in enumerate(products)}
    ads = sorted(album.rows(), key=lambda row: (order.get(row["product"], 0), row["index"]))
    if not ads:
        raise UsageError(_nothing_made(failures))
    for word, times in Counter(word for row in ads for word in row["ignored"]).items():
        report.warn(f"without effect: {hinted(word)} (in the prompts of {times} of {len(ads)} ads)")
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


def _writes(recipe: GenerateRecipe) -> bool:
    """Whether the prompt model is needed."""
    return not recipe.generate.prompt or recipe.generate.rewrite


def _jobs(
    recipe: GenerateRecipe,
    products: Sequence[Product],
    done: set[str],
    failures: list[Failure],
    painter: Painter,
    run_dir: RunDir,
    report: Reporter,
) -> Iterator[Job]:
    """The ads still to make, one product in memory at a time; unusable products join ``failures``.

    Of an unfinished product prompts and ranks are computed again: they are the same as before.
    """
    from caig_cli.data.cutout import load_cutout
    from caig_cli.data.sizes import estimate_height_cm
    from caig_cli.painters import Shot

    write, judge = _writer(recipe), _judge(recipe)
    given, size = recipe.generate, parse_size(recipe.generate.size)
    for product in products:
        paths = [f"ads/{product.id}-{index + 1}.png" for index in range(given.n)]
        if done.issuperset(paths):
            continue
        try:
            with run_dir.timed("cut out"):
                cutout = load_cutout(product, report.info)
        except ItemError as error:
            failures.append(Failure(product.id, str(error)))
            continue
        with run_dir.timed("write"):
            prompts = write(product, cutout)
        height = estimate_height_cm(product.caption, product.attributes, cutout.size[0] / cutout.size[1])
        shots = [
            Shot(
                cutout,
                text,
                size,
                derive_seed(recipe.seed, product.id, k),
                given.placement,
                given.scale,
                height,
            )
            for k, text in enumerate(prompts)
        ]
        with run_dir.timed("rank"):
            best = _ranked(shots, product, painter, judge)[: given.n]
        for index, (path, (shot, opinion)) in enumerate(zip(paths, best, strict=True)):
            if path not in done:
                yield Job(path, product, index, shot, opinion)


def _candidates(recipe: GenerateRecipe) -> int:
    """Prompts of each product: as many as ads where nobody ranks them.

    Raises UsageError when ranking was asked for and cannot be had.
    """
    given, has_judge = recipe.generate, _has_judge(recipe.judge.model)
    if not has_judge and (given.candidates or 0) > given.n:
        raise UsageError(
            "--candidates: there is no judge to rank them; name one with --set judge.model=FOLDER"
        )
    return max(given.n, given.candidates or CANDIDATES) if has_judge else given.n


def _has_judge(source: str | None) -> bool:
    """Whether previews can be ranked; raises UsageError where the user's own folder holds no reward model."""
    from caig_cli.mllm.rewards.storage import SOURCES, locate

    if source is None or (source in SOURCES and not SOURCES[source].is_dir()):
        return False
    locate(source)
    return True


def _judge(recipe: GenerateRecipe) -> Callable[[], TrainedJudge] | None:
    """The judge, loaded when first needed; None where nothing is ranked."""
    if _candidates(recipe) == recipe.generate.n:
        return None

    @cache
    def load() -> TrainedJudge:
        from caig_cli.mllm.rewards.judge import TrainedJudge

        return TrainedJudge.load(str(recipe.judge.model), choose_device(recipe.device, recipe.dtype))

    return load


def _ranked(
    shots: Sequence[Shot], product: Product, painter: Painter, judge: Callable[[], TrainedJudge] | None
) -> list[tuple[Shot, Opinion | None]]:
    """The shots from the one whose preview is predicted to be clicked most; in order where nobody judges."""
    from caig_cli.painters.album import Opinion

    if judge is None:
        return [(shot, None) for shot in shots]
    previews = painter.paint([replace(shot, size=_small(shot.size)) for shot in shots])
    ranking = judge().rank(previews, product.caption, product.attributes)
    return [
        (
            shots[n],
            Opinion(
                ranking.wins[n], None if (ctr := ranking.ctr[n]) is None else ctr.rate, judge().simulated
            ),
        )
        for n in ranking.order
    ]


def _small(size: tuple[int, int]) -> tuple[int, int]:
    """The size of a preview: the same shape, its longer side as the embedded judge sees it."""
    longest = max(size)
    width, height = (max(16, round(side * PREVIEW / longest)) for side in size)
    return width, height


def _writer(recipe: GenerateRecipe) -> Callable[[Product, Cutout], list[str]]:
    """A function that gives the prompts of a product's candidates; the model is loaded when first needed."""
    given, count = recipe.generate, _candidates(recipe)
    if not _writes(recipe):
        return lambda product, cutout: [given.prompt or ""] * count

    @cache
    def model() -> PromptModel:
        from caig_cli.mllm.prompt_model import PromptModel

        return PromptModel.load(recipe.writer.model, choose_device(recipe.device, recipe.dtype))

    def write(product: Product, cutout: Cutout) -> list[str]:
        from PIL import Image

        from caig_cli.mllm.instructions import instruction

        sample = partial(
            model().write_prompts,
            Image.fromarray(cutout.rgba),
            instruction(
                "rewrite" if given.rewrite else "write",
                caption=product.caption,
                attributes=product.attributes,
                draft=given.prompt,
            ),
            temperature=recipe.writer.temperature,
            top_p=recipe.writer.top_p,
            max_new_tokens=recipe.writer.max_new_tokens,
        )
        return distinct(lambda seeds: sample(seeds=seeds), count, recipe.seed, product.id)

    return write


def _origin(recipe: GenerateRecipe) -> dict[str, str]:
    """How the ads are made, for every file and the report."""
    writer = Path(recipe.writer.model).name if _writes(recipe) else "none, prompt as given"
    judge = Path(str(recipe.judge.model)).name if _candidates(recipe) > recipe.generate.n else "none"
    facts = {"prompt_model": writer, "painter": recipe.generate.painter, "judge": judge}
    return facts | {"recipe": recipe_hash(recipe)}


def _outcome(run_dir: RunDir, ads: Sequence[dict[str, Any]], failures: Sequence[Failure]) -> Outcome:
    shown = [{"path": str(run_dir.path / row["path"])} | {key: row[key] for key in _RESULT} for row in ads]
    failed = [{"product": failure.item, "error": failure.error} for failure in failures]
    lines = tuple(str(one["path"]) for one in shown)
    return Outcome({"ads": shown, "failed": failed}, tuple(failures), lines)


def _nothing_made(failures: Sequence[Failure]) -> str:
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return "no ad could be made" + "".join(f"; {one.item}: {one.error}{more}" for one in failures[:1])
