"""``caig feed``: the ads of a run as a file that a shop or catalogue takes in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.engine.outcome import Outcome
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, Section

if TYPE_CHECKING:
    from caig_cli.engine.report import Reporter
    from caig_cli.feeds.targets import Target
    from caig_cli.feeds.writing import Written

MANIFEST = "manifest.jsonl"


class FeedSection(Section):
    """Which ads go to whom."""

    run: Path | None = None
    """Run folder of caig generate."""

    target: str | None = None
    """Who takes the file in: google, meta, pinterest, shopify, shopify_classic or woocommerce."""

    base_url: str | None = None
    """Address of the folder that the ads are uploaded to, such as https://cdn.shop/ads/."""

    out: Path | None = None
    """File to write, as CSV, TSV or XML by its ending."""

    overwrite: bool = False
    """Replace the file if it is there."""


class FeedRecipe(Recipe):
    """Recipe of ``caig feed``."""

    feed: FeedSection = FeedSection()
    """Ads and file."""


def plan(recipe: FeedRecipe, report: Reporter) -> list[str]:
    """What a run would write."""
    target, out, done = _made(recipe.feed, report)
    return [_summary(target, out, done)]


def run(recipe: FeedRecipe, report: Reporter) -> Outcome:
    """Write the file. Raises UsageError where the run or the file can't be used."""
    from caig_cli.engine.files import atomic_write
    from caig_cli.feeds.writing import to_bytes

    target, out, done = _made(recipe.feed, report)
    atomic_write(out, to_bytes(done.rows, target, out.suffix.lower()))
    if done.left_out:
        some = ", ".join(f"{name} ({count})" for name, count in list(done.left_out.items())[:3])
        more = f" and {len(done.left_out) - 3} more products" if len(done.left_out) > 3 else ""
        limit = f"{target.most} pictures" + (
            f" or {target.characters} characters" if target.characters else ""
        )
        report.warn(f"no room for all ads of {some}{more}: {target.name} takes {limit} beside the main one")
    if done.variants:
        report.warn(f"{done.variants} variants have other pictures, and no ads; generate --variants picture")
    result = {"out": str(out), "for": target.name, "rows": len(done.rows), "left_out": done.left_out}
    return Outcome(result, (), (_summary(target, out, done),))


def _summary(target: Target, out: Path, done: Written) -> str:
    return f"{out}: {len(done.rows)} rows for {target.title}"


def _made(section: FeedSection, report: Reporter) -> tuple[Target, Path, Written]:
    """Whom the file is for, its path, and its rows."""
    from caig_cli.data.images import shown
    from caig_cli.feeds import targets, writing

    if section.run is None or section.target is None or section.base_url is None or section.out is None:
        raise UsageError(
            "a run folder, --for, --base-url and --out are needed, as in "
            "caig feed RUN --for google --base-url https://cdn.shop/ads/ --out ads.tsv"
        )
    target = targets.target(section.target)
    base = writing.base_address(section.base_url)
    out = section.out
    if out.suffix.lower() not in target.formats:
        raise UsageError(
            f"--out {shown(out)}: {target.name} takes {', '.join(target.formats)}; change the ending"
        )
    if out.exists() and not section.overwrite:
        raise UsageError(
            f"{shown(out)} is already there; choose another --out or replace it with --overwrite"
        )
    rows = _manifest(section.run)
    ids = {str((row.get("feed") or {}).get("platform")) for row in rows}
    if target.name.startswith("shopify") and not any(name.startswith("shopify") for name in ids):
        report.warn("the ads are not of a Shopify feed: their product ids stand in for handles")
    return target, out, writing.written(writing.advertised(rows, base), target)


def _manifest(folder: Path) -> list[dict[str, Any]]:
    """The rows of a run's ads that are there. Raises UsageError where there are none."""
    from caig_cli.data.images import shown
    from caig_cli.engine.files import numbered_lines

    path = folder / MANIFEST
    if not path.is_file():
        raise UsageError(f"{shown(folder)}: holds no {MANIFEST}; give a run folder of caig generate")
    found: dict[str, dict[str, Any]] = {}
    for number, row in numbered_lines(path, _refuse(path)):
        if not isinstance(row.get("path"), str) or not isinstance(row.get("product"), str):
            raise UsageError(
                f"{shown(path)}:{number}: is no row of an ad; give a run folder of caig generate"
            )
        if (folder / row["path"]).is_file():
            found[row["path"]] = row
    if not found:
        raise UsageError(f"{shown(folder)}: none of its ads is there; make them with caig generate")
    return list(found.values())


def _refuse(path: Path) -> Any:
    from caig_cli.data.images import shown

    def fault(line: int, what: str) -> None:
        raise UsageError(f"{shown(path)}:{line}: {what}; make the run again")

    return fault
