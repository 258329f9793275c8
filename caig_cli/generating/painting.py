"""The ads of an order, painted and saved as they come."""

from __future__ import annotations

import itertools

from caig_cli.engine.offload import DeviceSharing
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.generating.ads import ads, open_set
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.generate_memory import planned
from caig_cli.generating.models import Models
from caig_cli.generating.order import Order
from caig_cli.generating.photos import Photos
from caig_cli.judges.previews import has_judge
from caig_cli.judges.stored_judge import judge_for
from caig_cli.mllm.prompt_text import Finisher
from caig_cli.painters import registry, warnings
from caig_cli.painters.ad_store import Album


def paint(
    recipe: GenerateRecipe, order: Order, album: Album, photos: Photos, run_dir: RunDir, report: Reporter,
    models: Models | None,
) -> None:  # fmt: skip
    """Make the ads of an order that are not there yet, and tell what is not in them."""
    if order.judge is None:
        report.info(f"ads are not ranked{_unranked(recipe)}")
    done = album.slots()
    models = models or Models(recipe, turns_of(recipe, order, report))
    finish = Finisher(registry.PAINTERS[recipe.generate.painter].fitter(recipe.diffusion))
    making = open_set(recipe, order, run_dir, report, photos, models, order.finished(done), finish)
    painter = making.painter
    size = recipe.generate.batch or registry.PAINTERS[recipe.generate.painter].batch(recipe.diffusion)
    with report.progress("ads", order.ads) as bar:
        bar.advance(sum(slot in done for item in order.items for slot in item.slots))
        jobs = ads(making, order.items, done)
        while batch := list(itertools.islice(jobs, size)):
            with run_dir.timed("paint"):
                images = painter.paint([job.shot for job in batch])
            for job, image in zip(batch, images, strict=True):
                album.add(job, image, painter.notes(job.shot))
                bar.advance()
    for kind, count in finish.counts.items():
        run_dir.count(f"prompts {kind}", count)
    for remark in finish.remarks():
        report.warn(remark)
    for remark in warnings.about_ads(album.ordered(order.ranks), recipe.diffusion.growth_limit):
        report.warn(remark)


def turns_of(recipe: GenerateRecipe, order: Order, report: Reporter) -> DeviceSharing:
    """Models take turns on a GPU that can't hold all of them."""
    if order.writer is None and order.judge is None:
        return DeviceSharing()
    device = recipe.runtime().device
    taken = recipe.room() is not None and planned(recipe, order)[1]
    if taken:
        report.info("the models take turns on the GPU, which can't hold all of them")
    return DeviceSharing(device, taken=taken)


def _unranked(recipe: GenerateRecipe) -> str:
    judge = judge_for(recipe.judge.model, recipe.writer.model)
    if judge is None or has_judge(judge):
        return ""
    return f": the {judge} reward model is missing from this installation"
