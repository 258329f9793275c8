"""``caig verify``: who made an ad, how, and whether its product's pixels are those of the photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from caig_cli.engine.outcome import NothingUsableError, Outcome
from caig_cli.errors import ItemError, UsageError
from caig_cli.recipe import Recipe, Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.delivery.verifying import Finding
    from caig_cli.engine.report import Reporter


class VerifySection(Section):
    """Which ads are checked, and against what."""

    ads: tuple[Path, ...] = ()
    """Ads to check: PNG, JPEG, WebP or AVIF files."""

    photo: Path | None = None
    """Photo of the product, which is cut out and compared with the ad pixel by pixel."""

    mask: Path | None = None
    """Mask that the photo was cut out with, if there was one."""

    anchors: Path | None = None
    """PEM file of the certificates that are trusted to sign; without it a signature is only checked for
    fitting its file."""


class VerifyRecipe(Recipe):
    """Recipe of ``caig verify``."""

    verify: VerifySection = VerifySection()
    """Ads."""


def plan(recipe: VerifyRecipe, report: Reporter) -> list[str]:
    """What would be checked."""
    return [f"ads to check: {len(_ads(recipe))}"]


def run(recipe: VerifyRecipe, report: Reporter) -> Outcome:
    """Check every ad; an ad that is not what it says makes the exit code 1, one that can't be judged 3."""
    from caig_cli.delivery.verifying import verify

    given = recipe.verify
    findings: list[Finding] = []
    failed: list[Failure] = []
    for path in _ads(recipe):
        try:
            findings.append(verify(path, given.photo, given.mask, given.anchors, report.info))
        except ItemError as error:
            failed.append(Failure(str(path), str(error)))
    if not findings:
        raise NothingUsableError("; ".join(failure.error for failure in failed), failed)
    failed += [Failure(str(one.path), one.why) for one in findings if one.answer == "unknown"]
    return Outcome(
        {"ads": [one.facts for one in findings]},
        tuple(failed),
        tuple(line for one in findings for line in one.lines),
        failed_check=any(one.answer == "changed" for one in findings),
    )


def _ads(recipe: VerifyRecipe) -> tuple[Path, ...]:
    if not recipe.verify.ads:
        raise UsageError("no ad: name the files to check")
    return recipe.verify.ads
