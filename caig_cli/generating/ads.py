"""The ads still to make, one product after the other: prompts, shots, and the judge's choice among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from PIL import Image

from caig_cli.data.product_height import estimate_height_cm
from caig_cli.data.shards import bucket
from caig_cli.engine.files import digest_or_none
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.models import Models
from caig_cli.generating.order import Order, OrderItem
from caig_cli.generating.photos import Photos
from caig_cli.judges.previews import ranker
from caig_cli.mllm.prompt_text import Finisher
from caig_cli.mllm.writing import Writer
from caig_cli.painters import Painter, Shot, registry, warnings
from caig_cli.painters.ad_name import AS_PNG, Filing, Slot, Source
from caig_cli.painters.ad_store import AdJob
from caig_cli.painters.belonging import background, clashing, oddness
from caig_cli.painters.candidates import Candidates, PreviewOpinion
from caig_cli.painters.composition import composition
from caig_cli.painters.consistency import most_usual
from caig_cli.painters.outline import Outline, outline
from caig_cli.painters.plain_sets import is_plain, plain_sets
from caig_cli.painters.posing import pose_of
from caig_cli.painters.see_through import clear_parts
from caig_cli.painters.studio.packshot import framed
from caig_cli.painters.studio.viewpoint import view_of

if TYPE_CHECKING:
    from caig_cli.cutouts.cutout import Cutout

Write = Callable[[OrderItem, "Cutout"], list[str]]

AS_GIVEN = {"prompt_model": "none, prompt as given"}
AS_PLAIN = {"prompt_model": "none, a plain set: too little of what was written suits the product"}
TOO_ODD = 0.4
"""Points of oddness above which a plain set takes a written prompt's place."""


@dataclass(frozen=True, slots=True)
class Set:
    """What ads are made with: the run, who paints, who writes, and who ranks (None: nobody)."""

    run: RunDir
    report: Reporter
    photos: Photos
    painter: Painter
    write: Write
    candidates: Candidates | None
    filing: Filing = AS_PNG
    spread: bool = False


def open_set(
    recipe: GenerateRecipe, order: Order, run: RunDir, report: Reporter, photos: Photos, models: Models,
    finished: Collection[str], finish: Finisher,
) -> Set:  # fmt: skip
    """Ready to make ads; language models are loaded when the first product comes."""
    candidates, painter = None, models.painter()
    if order.judge is not None:
        rank = ranker(partial(models.judge, order.judge, run), models.turns)
        candidates = Candidates(run, painter, rank, finished)
    write = writing(Writer(recipe.writer, models.prompt_model, models.turns, finish), recipe)
    filing = Filing(recipe.generate.format)
    return Set(run, report, photos, painter, write, candidates, filing, order.spread)


def ads(making: Set, items: Sequence[OrderItem], done: Collection[Slot]) -> Iterator[AdJob]:
    """The jobs of products whose photos can be used, but for those that are ``done``."""
    for item in items:
        product = item.product
        if set(item.slots).issubset(done):
            continue
        cutout = making.photos.cutout(item)
        item = titled(item, cutout, making.report)
        product = item.product
        with making.run.timed("write"):
            prompts = making.write(item, cutout)
        cutout, clear = clear_parts(cutout, product)
        if clear is not None:
            making.report.info(f"{product.id}: {clear}")
        shots = shots_of(item, cutout, prompts)
        for remark in (*warnings.about_photo(product.id, shots[0]), *warnings.about_poses(product.id, shots)):
            making.report.warn(remark)
        ranks = making.candidates if item.ranked else None
        best = (
            varied(ranks.best_first(product, shots), background)
            if ranks
            else [(shot, None) for shot in shots]
        )
        filing = spread_filing(making.filing, product.id) if making.spread else making.filing
        yield from _jobs(item, cutout, shots, best, done, filing)


def spread_filing(filing: Filing, product: str) -> Filing:
    """As ``filing``, in the product's one of many folders."""
    return replace(filing, folder=f"{filing.folder}/{bucket(product)}")


def varied(
    best: Sequence[tuple[Shot, PreviewOpinion | None]], look: Callable[[str], object] = str
) -> list[tuple[Shot, PreviewOpinion | None]]:
    """The best shot of each look first, then those whose look has been: ads are not to be alike.

    ``look``: what two prompts that paint alike have in common.
    """
    firsts: dict[object, int] = {}
    looks = [look(shot.prompt) for shot, _ in best]
    for rank, one in enumerate(looks):
        firsts.setdefault(one, rank)
    again = [rank for rank, one in enumerate(looks) if firsts[one] != rank]
    return [best[rank] for rank in (*firsts.values(), *again)]


def _jobs(
    item: OrderItem,
    cutout: Cutout,
    shots: Sequence[Shot],
    best: Sequence[tuple[Shot, PreviewOpinion | None]],
    done: Collection[Slot],
    filing: Filing,
) -> Iterator[AdJob]:
    """The best shots of a product in every size, but for those that are ``done``."""
    source = source_of(item)
    number = {shot.seed: k for k, shot in enumerate(shots)}
    for index, (shot, opinion) in enumerate(best[: item.n]):
        candidate = number[shot.seed]
        for size in item.sizes:
            slot = Slot(item.product.id, index, size)
            if slot in done:
                continue
            if size != shot.size:
                one = replace(item, sizes=(size,))
                shot = shot_again(one, cutout, shot.prompt, shot.seed, candidate)
            origin = origin_of(item, shot.prompt)
            yield AdJob(slot, item.product, source, shot, opinion, candidate, origin, filing)


def origin_of(item: OrderItem, prompt: str) -> dict[str, str]:
    """Where a prompt is from, if the prompt model has not written it."""
    if not item.writes:
        return AS_GIVEN
    return AS_PLAIN if is_plain(prompt) else {}


def shot_again(item: OrderItem, cutout: Cutout, prompt: str, seed: int, number: int | None) -> Shot:
    """Candidate ``number`` of a product in the first of the item's sizes, with any prompt and seed.

    Without a number, as manifests of earlier versions are, it is found by the seed.
    """
    if number is None:
        tried = range(max(item.candidates, item.n))
        number = next((k for k in tried if derive_seed(item.seed, item.product.id, k) == seed), 0)
    return _shot(item, cutout, outline(cutout), _height(item, cutout), prompt, seed, number)


def _height(item: OrderItem, cutout: Cutout) -> float:
    """The product's height in cm."""
    product = item.product
    return estimate_height_cm(product.caption, product.attributes, cutout.size[0] / cutout.size[1])


def source_of(item: OrderItem) -> Source:
    """The product's photo and how it is cut out; a file that can't be read any more has no digest."""
    photo, mask = item.product.image, item.product.mask
    masked = digest_or_none(mask) if mask is not None else None
    return Source(photo.name, digest_or_none(photo), masked, item.cutout)


def titled(item: OrderItem, cutout: Cutout, report: Reporter) -> OrderItem:
    """The order for a product; one without a title gets what its cut-out shows, where that is sure."""
    product = item.product
    if product.caption:
        return item
    from caig_cli.recognition.naming import recognise, usable

    if not usable(report.info):
        return item
    seen = recognise(cutout)
    if seen is None:
        report.info(f"{product.id}: has no title, and what it is can't be told; give one with --caption")
        return item
    report.info(f"{product.id}: has no title; taken for: {seen.noun} ({seen.share:.0%} {seen.family})")
    return replace(item, product=replace(product, caption=seen.noun))


def shots_of(item: OrderItem, cutout: Cutout, prompts: Sequence[str]) -> list[Shot]:
    """One shot per prompt, each with a seed of its own that does not depend on how many there are."""
    product = item.product
    height, shape = _height(item, cutout), outline(cutout)
    seeds = (derive_seed(item.seed, product.id, k) for k in range(len(prompts)))
    return [
        _shot(item, cutout, shape, height, prompt, seed, number)
        for number, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True))
    ]


def _shot(
    item: OrderItem, cutout: Cutout, shape: Outline, height: float, prompt: str, seed: int, number: int
) -> Shot:
    """Candidate ``number`` of a product: placed as words, options, title and photo say."""
    view = view_of(prompt)
    posing = pose_of(item.product, cutout, shape, view, item.stance)
    composed = composition(
        posing.pose, shape, item.sizes[0], item.product.id, number, view.camera, things=view.things
    )
    at_side = bool(posing.cutout.cut_off) and posing.pose.stance != "hang"
    shot = Shot(
        product=posing.cutout,
        prompt=prompt,
        size=item.sizes[0],
        seed=seed,
        placement=view.placement or item.placement or composed.placement,
        scale=item.scale or (None if at_side else composed.scale),
        height_cm=height,
        pose=composed.pose,
        posed_by=posing.why,
        contradictions=posing.contradictions,
        relight=item.relight,
    )
    return framed(shot, item.scale)


def writing(writer: Writer, recipe: GenerateRecipe) -> Write:
    """A function that gives the prompts of a product's candidates.

    Of more than are tried those are taken whose sets suit the product, the most usual first, and plain sets
    for what is still too odd; a prompt of the user's is only improved.
    """
    read, times = registry.PAINTERS[recipe.generate.painter].words(), recipe.generate.oversample

    def write(item: OrderItem, cutout: Cutout) -> list[str]:
        if not item.writes:
            return [item.prompt or ""] * item.candidates
        picture = Image.fromarray(cutout.rgba)
        drawn = item.candidates * (1 if item.prompt else times)
        prompts = writer.write(item.product, picture, drawn, seed=item.seed, draft=item.prompt)
        if drawn == item.candidates:
            return prompts
        stance = pose_of(item.product, cutout, outline(cutout), view_of(""), item.stance).pose.stance
        odd = partial(oddness, unwanted=clashing(item.product, stance), stance=stance)
        chosen = most_usual(prompts, item.candidates, read, odd)
        plain = cycle([prompt for prompt in plain_sets(item.product, stance) if odd(prompt) <= TOO_ODD])
        return [next(plain, prompt) if odd(prompt) > TOO_ODD else prompt for prompt in chosen]

    return write
