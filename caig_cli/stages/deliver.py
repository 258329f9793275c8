"""``caig deliver``: the kept ads of a run as files that platforms take.

The run's ads are photographed once more in every shape, saved in a format and size that is taken, and checked
against the platform's rules before they are called done.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.delivery.rules import DeliveryShape, Platforms, shapes_for
from caig_cli.engine.outcome import NothingUsableError, Outcome
from caig_cli.engine.runtime import use_threads
from caig_cli.errors import ItemError, UsageError
from caig_cli.painters import registry
from caig_cli.provenance.formats import Format
from caig_cli.recipe import Recipe, Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.delivery.delivering import FinishedRun
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.painters import Painter
    from caig_cli.painters.ad_store import AdJob, Row


class DeliverSection(Section):
    """Which ads go where."""

    run: Path | None = None
    """Run folder of caig generate whose ads are delivered."""

    platforms: Platforms | None = None
    """Platforms, with commas between: google-pmax, meta-feed, meta-story, amazon-main, amazon-sb, shopify,
    tiktok, pinterest; or one shape of theirs, as google-pmax-square."""

    keep: str = "best"
    """Ads that are kept: best (the first of each product), all, ids or files with commas between, or a text
    file with one a line, as the report's list of kept ads."""

    format: Format | None = None
    """Format of the files; empty takes each platform's best."""


class SignSection(Section):
    """Signed manifests inside the files, after C2PA; needs caig[c2pa]."""

    certificates: Path | None = None
    """PEM file of the signer's certificate and those above it; empty does not sign."""

    key: Path | None = None
    """PEM file of the certificate's private key."""

    algorithm: str = "es256"
    """Algorithm of the key: es256, es384, es512, ps256, ps384, ps512 or ed25519."""


class DeliverRecipe(Recipe):
    """Recipe of ``caig deliver``."""

    deliver: DeliverSection = DeliverSection()
    """Ads and platforms."""

    sign: SignSection = SignSection()
    """Signature."""


def check(recipe: DeliverRecipe) -> None:
    """Read the run. Raises UsageError in one line for what can't be delivered."""
    _opened(recipe)


def models(recipe: DeliverRecipe) -> dict[str, Check | None]:
    """The models that the run's painter opens."""
    run = _opened(recipe)[0].recipe
    return registry.models(run.generate.painter, run.diffusion)


def plan(recipe: DeliverRecipe, report: Reporter) -> list[str]:
    """What would be made."""
    _, rows, _, shapes = _opened(recipe)
    from caig_cli.delivery.delivering import wanted

    lines = [f"kept ads: {len(rows)}, files: {len(wanted(rows, shapes))}"]
    for shape in shapes:
        kind = recipe.deliver.format or shape.formats[0]
        width, height = shape.size
        lines.append(f"{shape.label}: {width}x{height} {kind}, at most {shape.bytes} bytes ({shape.source})")
    return lines


def run(recipe: DeliverRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Make the files; those that miss a rule, and ads that can't be made, are told and listed."""
    from caig_cli.delivery.delivering import jobs, slot_of, wanted
    from caig_cli.painters.ad_report import show_ads
    from caig_cli.painters.ad_store import MANIFEST, Album

    source, rows, failed, shapes = _opened(recipe)
    use_threads(recipe.threads)
    run_dir.remember("data", [source.folder / MANIFEST], report.warn)
    album = Album(run_dir, source.order.origin, _seal(recipe))
    painters: dict[str, Painter] = {}
    done = album.slots()
    pairs = wanted(rows, shapes)
    missing = [pair for pair in pairs if slot_of(*pair) not in done]
    with report.progress("files", len(pairs)) as bar:
        bar.advance(len(pairs) - len(missing))
        for shape, job in jobs(source, missing, recipe.deliver.format, report.info, failed.append):
            painter = _painter(recipe, source, shape, painters)
            with run_dir.timed("paint"):
                image = painter.paint([job.shot])[0]
            try:
                album.add(job, image, painter.notes(job.shot))
            except ItemError as error:
                failed.append(Failure(job.product.id, f"{job.product.id} for {shape.label}: {error}"))
            bar.advance()
    made = sorted(album.rows(), key=lambda row: (row["product"], row["index"], row["for"]))
    failed += _missed(run_dir, made, {shape.label: shape for shape in shapes})
    show_ads(run_dir, source.order.origin, made, [], failed)
    if not made:
        run_dir.made_nothing()
        raise NothingUsableError(f"no file could be made: {failed[0].error}", failed)
    return _outcome(run_dir, made, failed)


def _opened(recipe: DeliverRecipe) -> tuple[FinishedRun, list[Row], list[Failure], list[DeliveryShape]]:
    """The run, its kept ads, what names none, and the shapes that are asked for."""
    from caig_cli.delivery.delivering import kept, open_finished

    given = recipe.deliver
    if given.run is None:
        raise UsageError("no run: name the folder of a finished caig generate")
    if given.platforms is None:
        raise UsageError("no platform: name it with --for, as in --for google-pmax,shopify")
    if (recipe.sign.certificates is None) != (recipe.sign.key is None):
        raise UsageError("sign.certificates and sign.key: both are needed to sign, or neither")
    source = open_finished(given.run)
    rows, failed = kept(source, given.keep)
    if not rows:
        why = failed[0].error if failed else f"{given.run}: it has no ads"
        raise UsageError(f"--keep {given.keep}: {why}")
    shapes = shapes_for(given.platforms.split(","))
    for shape in shapes:
        if given.format is not None and given.format not in shape.formats:
            raise UsageError(
                f"--format {given.format}: {shape.label} does not take it; taken: {', '.join(shape.formats)}"
            )
    return source, rows, failed, shapes


def _painter(
    recipe: DeliverRecipe, source: FinishedRun, shape: DeliveryShape, painters: dict[str, Painter]
) -> Painter:
    """The run's painter, but for packshots, which are the studio's; each is opened once."""
    name = "studio" if shape.background == "white" else source.recipe.generate.painter
    if name not in painters:
        means = registry.PainterConfig(recipe.threads, recipe.device, source.recipe.diffusion)
        painters[name] = registry.PAINTERS[name].build(means)
    return painters[name]


def _seal(recipe: DeliverRecipe) -> Any:
    """What signs a file, or None."""
    from caig_cli.provenance.signing import sign

    given = recipe.sign
    if given.certificates is None or given.key is None:
        return None
    certificates, key = given.certificates, given.key

    def seal(data: bytes, job: AdJob, claims: Any) -> bytes:
        photo = job.product.image if job.product.image.is_file() else None
        return sign(data, job.filing.kind, claims, photo, certificates, key, given.algorithm)

    return seal


def _missed(run_dir: RunDir, rows: list[Row], shapes: Mapping[str, DeliveryShape]) -> list[Failure]:
    """The rules that files miss, one failure each."""
    from caig_cli.delivery.checking import check as check_file

    return [
        Failure(row["path"], f"{row['path']} for {row['for']}: {one.rule}: {one.says}")
        for row in rows
        if row["for"] in shapes
        for one in check_file(run_dir.path / row["path"], shapes[row["for"]])
        if one.ok is False
    ]


_RESULT = ("id", "of", "for", "product", "title", "alt", "size", "bytes", "format", "source_type")


def _outcome(run_dir: RunDir, rows: list[Row], failed: list[Failure]) -> Outcome:
    made = [{"path": str(run_dir.path / row["path"])} | {key: row[key] for key in _RESULT} for row in rows]
    errors = [{"item": failure.item, "error": failure.error} for failure in failed]
    return Outcome({"files": made, "failed": errors}, tuple(failed), tuple(str(one["path"]) for one in made))
