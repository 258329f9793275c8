"""``caig generate``: product photos become finished ads.

What is wanted is settled first, then every photo is cut out, and what can't be used is told. Then products
stream through: prompts are written by the prompt model (or given by the user), more of them than asked for
painted as small previews, which the judge ranks; the best are photographed at full size, and each ad is
saved with its provenance before the next one starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caig_cli.engine.outcome import NothingUsableError, Outcome
from caig_cli.engine.runtime import use_threads
from caig_cli.errors import UsageError
from caig_cli.generating.config import GenerateRecipe as GenerateRecipe
from caig_cli.generating.config import PreviewJudgeSection as PreviewJudgeSection
from caig_cli.generating.generate_memory import MEMORY_SAVERS as MEMORY_SAVERS
from caig_cli.generating.generate_memory import planned
from caig_cli.generating.order import Order, forget_order, make_order
from caig_cli.painters import registry
from caig_cli.recipe import differences, resolve
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.generating.models import Models
    from caig_cli.generating.photos import PhotoCheck, Photos
    from caig_cli.painters.ad_store import Album

MAY_DIFFER = {"generate.again", "generate.prompt", "generate.size", "seed"}
"""What ``--again`` may change of the run that it adds an ad to."""


def run_of(ad: Path) -> tuple[Path, Path]:
    """The run folder of an ad and the recipe in it. Raises UsageError where it is in none."""
    folders = ad.resolve().parents[1:3]  # of a large run, ads are in folders of their folder
    folder = next((one for one in folders if (one / "recipe.yaml").is_file()), None)
    if not ad.is_file() or folder is None:
        raise UsageError(f"--again {ad}: no ad in the run folder of a caig generate")
    return folder, folder / "recipe.yaml"


def whole_run(recipe: GenerateRecipe) -> GenerateRecipe | None:
    """The recipe of the run that ``--again`` adds an ad to; None without it.

    Raises UsageError where other values are changed than prompt, seed and size, or none.
    """
    if recipe.generate.again is None:
        return None
    whole = resolve(GenerateRecipe, run_of(recipe.generate.again)[1])
    changed = set(differences(recipe, whole.model_dump(mode="json"))) - {"generate.again"}
    if changed - MAY_DIFFER:
        other = ", ".join(sorted(changed - MAY_DIFFER))
        raise UsageError(f"--again: changes prompt, seed and size only, not {other}")
    if not changed:
        raise UsageError("--again: would be the same ad; give another --prompt, --seed or --size")
    return whole


def check(recipe: GenerateRecipe) -> None:
    """Read the records of the products; nothing is written for an order that can't be met.

    Raises UsageError in one line.
    """
    order = make_order(recipe)
    if not order.items and recipe.generate.shard is None:
        raise _nothing(order.failed)
    registry.planned(recipe.generate.painter, recipe.diffusion)


def models(recipe: GenerateRecipe) -> dict[str, Check | None]:
    """The models that a run opens."""
    from caig_cli.cutouts.source import hub_name

    order = make_order(recipe, known=True)
    mllms: dict[str, Check | None] = {}
    if order.writer is not None:
        from caig_cli.mllm.folders import check_folder

        mllms[order.writer] = check_folder
    if order.judge is not None:
        from caig_cli.judges import opened_models

        mllms |= opened_models(order.judge)
    hubs = {hub_name(item.cutout) for item in order.items}
    networks = {str(name): None for name in hubs if name is not None}
    return mllms | networks | registry.models(recipe.generate.painter, recipe.diffusion)


def plan(recipe: GenerateRecipe, report: Reporter) -> list[str]:
    """What a run would do, and what each photo would come to; opens all of them and keeps nothing."""
    from caig_cli.generating.photos import looks

    order = make_order(recipe, report.warn, report.info, known=True)
    use_threads(recipe.threads)
    found = looks(order.items, recipe.generate.accept_doubtful, report)
    failures = [*order.failed, *_failures(found)]
    if recipe.generate.shard is None and not any(look.error is None for look in found):
        _tell(failures, len(order.items) + len(order.failed), report)
        raise _nothing(failures)
    lines = [_counted(order), *_photo_lines(found, order.failed)]
    if order.writer is not None:
        from caig_cli.engine import sources
        from caig_cli.mllm import folders

        lines.append(f"prompt model {sources.describe(order.writer, folders.locate)}")
        if not sources.is_remote(order.writer):
            from caig_cli.mllm.questions import question_of

            question = question_of(recipe.writer.question, folders.locate(order.writer), folders.locate)
            lines.append(f"asked {question.described}")
        lines.append(recipe.reason())
    if order.judge is not None:
        lines.append(f"judge {order.judge} ranks {order.most_candidates} previews of each product")
    return [*lines, *registry.planned(recipe.generate.painter, recipe.diffusion)]


def memory(recipe: GenerateRecipe) -> list[Phase]:
    """What each phase of a product needs on the device."""
    return planned(recipe, make_order(recipe, known=True))[0]


def run(recipe: GenerateRecipe, run_dir: RunDir, report: Reporter, models: Models | None = None) -> Outcome:
    """Make the ads; the outcome has all ads of the run folder, those of a resumed part included.

    ``models`` are those of an earlier run of the same ones, else they are loaded.
    """
    from caig_cli.generating.again import of_run
    from caig_cli.generating.finish import finish
    from caig_cli.generating.painting import paint
    from caig_cli.generating.photos import Photos
    from caig_cli.painters.ad_store import Album

    whole = whole_run(recipe)
    order = make_order(whole or recipe, report.warn, report.info, known=True)
    forget_order()
    if recipe.generate.engine == "ray":
        from caig_cli.generating.ray_engine import make_with_ray

        run_dir.remember("data", [order.table] if order.table else [], report.warn)
        return make_with_ray(recipe, order, run_dir, report)
    use_threads(recipe.threads)
    album = Album(run_dir, order.origin)
    if whole is None:
        run_dir.remember("data", order.files, report.warn)
    else:  # what came into the folder of products since does not matter to one ad
        order = of_run(order, album, run_dir)
    done = album.slots()
    photos = Photos(run_dir, recipe.generate.accept_doubtful, report, spread=order.spread)
    found = photos.check(order.items, order.finished(done))
    failures = [*order.failed, *_failures(found)]
    _tell(failures, len(order.items) + len(order.failed), report)
    usable = order.photographed(look.product for look in found)
    usable = usable.without({look.product.id for look in found if look.error is not None})
    if whole is not None:
        _paint_again(recipe, whole, usable, album, photos, run_dir, report)
    elif usable.items:
        try:
            paint(recipe, usable, album, photos, run_dir, report, models)
        except UsageError:  # such as a model that is none: the right one may have the folder
            if not album.slots():
                run_dir.made_nothing()
            raise
    outcome = finish(run_dir, order, album, found, failures)
    report.info(f"report {run_dir.path / 'report.html'}")
    if not len(outcome.lines) and recipe.generate.shard is None:
        run_dir.made_nothing()
        raise _nothing(failures)
    return outcome


def _paint_again(
    recipe: GenerateRecipe,
    whole: GenerateRecipe,
    order: Order,
    album: Album,
    photos: Photos,
    run_dir: RunDir,
    report: Reporter,
) -> None:
    """Add to the run one of its ads with another prompt, seed or size. Raises UsageError if it can't be."""
    from caig_cli.generating.again import jobs_again

    means = registry.PainterConfig(recipe.threads, recipe.device, recipe.diffusion)
    painter = registry.PAINTERS[recipe.generate.painter].build(means)
    for job in jobs_again(recipe, whole, order, album, photos, run_dir.path):
        album.add(job, painter.paint([job.shot])[0], painter.notes(job.shot))
        report.info(f"{job.product.id}: made once more, as its ad {job.slot.index + 1}")


# --- what is told ----------------------------------------------------------------------------------


def _counted(order: Order) -> str:
    """Products, ads and sizes in a line."""
    sizes = ", ".join(f"{width}x{height}" for width, height in order.sizes)
    each = {item.n for item in order.items}
    ads = f"ads of each: {each.pop()}" if len(each) == 1 else f"ads: {order.ads}"
    return f"products: {len(order.items)}, {ads}, pixels: {sizes}"


def _photo_lines(found: Sequence[PhotoCheck], failed: Sequence[Failure]) -> list[str]:
    """A line that counts the photos, and one for each."""
    words = {True: "doubtful", False: "refused"}
    kinds = ["accepted" if look.error is None else words[look.facts is not None] for look in found]
    kinds += ["refused"] * len(failed)
    lines = [f"{kind} {look.product.id}: {look.line}" for kind, look in zip(kinds, found, strict=False)]
    lines += [f"refused {_line(failure)}" for failure in failed]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("accepted", "doubtful", "refused"))
    return [f"photos: {counts}", *lines]


def _failures(found: Sequence[PhotoCheck]) -> list[Failure]:
    return [Failure(look.product.id, look.error) for look in found if look.error is not None]


def _tell(failures: Sequence[Failure], of: int, report: Reporter) -> None:
    """One line for each product that is not used, and one that counts them; before any ad is painted."""
    if of == 1:
        return  # the error says it all
    for failure in failures:
        report.warn(_line(failure))
    if failures:
        report.warn(f"{len(failures)} of {of} products can't be used")


def _line(failure: Failure) -> str:
    """What failed and why; a record without a name is named by its place, with which the reason begins."""
    named = failure.error.startswith(f"{failure.item}:")
    return failure.error if named else f"{failure.item}: {failure.error}"


def _nothing(failures: Sequence[Failure]) -> NothingUsableError:
    if len(failures) == 1:
        return NothingUsableError(f"no ad could be made; {_line(failures[0])}", failures)
    names = ", ".join(failure.item for failure in failures)
    return NothingUsableError(f"no ad could be made: none of {len(failures)} can be used: {names}", failures)
