"""``caig check``: which rules of a platform a picture obeys, and which it misses by how much."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from caig_cli.delivery.rules import Platforms, shapes_for
from caig_cli.engine.outcome import NothingUsableError, Outcome
from caig_cli.errors import ItemError, UsageError
from caig_cli.recipe import Recipe, Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.engine.report import Reporter


class CheckSection(Section):
    """Which pictures are checked, and for which platforms."""

    images: tuple[Path, ...] = ()
    """Pictures: PNG, JPEG, WebP or AVIF files."""

    platforms: Platforms | None = None
    """Platforms, with commas between: google-pmax, meta-feed, meta-story, amazon-main, amazon-sb, shopify,
    tiktok, pinterest; or one shape of theirs, as google-pmax-square. Of several shapes of a platform the one
    nearest to the picture's counts."""


class CheckRecipe(Recipe):
    """Recipe of ``caig check``."""

    check: CheckSection = Field(default=CheckSection())
    """Pictures."""


def plan(recipe: CheckRecipe, report: Reporter) -> list[str]:
    """What would be checked."""
    images, platforms = _given(recipe)
    return [f"pictures: {len(images)}, for {', '.join(platforms)}"]


def run(recipe: CheckRecipe, report: Reporter) -> Outcome:
    """Check every picture; a rule that is missed makes the exit code 1, a file that is none 3."""
    from caig_cli.delivery.checking import check, nearest_shape

    images, platforms = _given(recipe)
    rows: list[dict[str, Any]] = []
    failed: list[Failure] = []
    for path in images:
        try:
            for platform in platforms:
                shape = nearest_shape(path, shapes_for([platform]))
                rules = {one.rule: {"ok": one.ok, "says": one.says} for one in check(path, shape)}
                rows.append({"path": str(path), "for": shape.label, "source": shape.source,
                             "read": shape.read.isoformat(), "own_page": shape.own_page,
                             "ok": all(one["ok"] is not False for one in rules.values()),
                             "rules": rules})  # fmt: skip
        except ItemError as error:
            failed.append(Failure(str(path), str(error)))
    if not rows:
        raise NothingUsableError("; ".join(failure.error for failure in failed), failed)
    lines = [line for row in rows for line in _lines(row)]
    return Outcome({"checks": rows}, tuple(failed), tuple(lines), failed_check=not all(r["ok"] for r in rows))


def _lines(row: dict[str, Any]) -> list[str]:
    words = {True: "ok", False: "FAILS", None: "not checked"}
    lines = [f"{'ok' if row['ok'] else 'FAILS'}: {row['path']} for {row['for']}"]
    lines += [f"  {name}: {words[one['ok']]}: {one['says']}" for name, one in row["rules"].items()]
    if not row["ok"]:
        whose = "" if row["own_page"] else ", not the platform's own page"
        lines.append(f"  rules: {row['source']}, read {row['read']}{whose}")
    return lines


def _given(recipe: CheckRecipe) -> tuple[tuple[Path, ...], list[str]]:
    if not recipe.check.images:
        raise UsageError("no picture: name the files to check")
    if recipe.check.platforms is None:
        raise UsageError("no platform: name it with --for, as in --for google-pmax,shopify")
    return recipe.check.images, recipe.check.platforms.split(",")
