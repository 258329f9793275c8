"""``caig score``: ads of one product, from the one that is predicted to be clicked most.

Every ad is compared with every other in both orders; what a judge learnt on the simulated market is labelled.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import use_threads
from caig_cli.errors import ItemError, UsageError
from caig_cli.mllm.config import ModelRecipe
from caig_cli.recipe import Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.rewards.judge import Estimate, Ranking, TrainedJudge


class ScoreSection(Section):
    """The ads, what is known of their product, and who judges."""

    images: tuple[Path, ...] = ()
    """Ads of one product: image files, at least two."""

    caption: str | None = None
    """Title of the product, for judges that read it."""

    attributes: dict[str, str] = {}
    """Facts about the product (key=value), for judges that read them."""

    explain: bool = False
    """Say which concepts carried the verdict, and which change would help most."""

    model: ModelName = "embedded"
    """Judge: embedded, heldout, a folder of caig train-rm, or a hub name org/name[@revision]."""


class ScoreRecipe(ModelRecipe):
    """Recipe of ``caig score``."""

    score: ScoreSection = ScoreSection()
    """Ads and judge."""


def models(recipe: ScoreRecipe) -> dict[str, Check | None]:
    """The judge."""
    from caig_cli.mllm.folders import check_folder

    return {recipe.score.model: check_folder}


def plan(recipe: ScoreRecipe, report: Reporter) -> list[str]:
    """What a run would do; opens no image."""
    from caig_cli.engine import sources
    from caig_cli.rewards.folders import locate

    return [f"ads: {len(_named(recipe))}", f"judge {sources.describe(recipe.score.model, locate)}"]


def run(recipe: ScoreRecipe, report: Reporter) -> Outcome:
    """Rank the ads; those that cannot be opened are failures."""
    given = recipe.score
    ads, failed = opened_ads(_named(recipe))
    if len(ads) < 2:
        reason = f"; {failed[0].error}" if failed else ""
        raise UsageError(f"an ad is judged against others, and only {len(ads)} can be used{reason}")
    from caig_cli.rewards.judge import TrainedJudge  # loads torch

    use_threads(recipe.threads)
    judge = TrainedJudge.load(given.model, recipe.runtime())
    ranking = judge.rank(list(ads.values()), given.caption, given.attributes)
    paths = list(ads)
    rows: list[dict[str, Any]] = [
        {
            "path": str(paths[n].absolute()),
            "rank": place + 1,
            "win": round(ranking.wins[n], 4),
            "ctr": None if (ctr := ranking.ctr[n]) is None else round(ctr.rate, 6),
            "ctr_interval": None if ctr is None else [round(ctr.low, 6), round(ctr.high, 6)],
            "simulated": judge.simulated,
        }
        for place, n in enumerate(ranking.order)
    ]
    title = f"ads by {judge.name}" + (" (simulated market)" if judge.simulated else "")
    table = [[row["rank"], f"{row['win']:.1%}", _shown(ranking.ctr[n]), paths[n]]
             for row, n in zip(rows, ranking.order, strict=True)]  # fmt: skip
    report.table(title, ["rank", "wins", "predicted CTR, 95 %", "ad"], table)
    if given.explain:
        _explain(judge, list(ads.values()), ranking, recipe, rows, report)
    lost = [{"path": failure.item, "error": failure.error} for failure in failed]
    return Outcome({"ads": rows, "failed": lost}, tuple(failed), tuple(str(row["path"]) for row in rows))


def _explain(
    judge: TrainedJudge,
    images: list[Image.Image],
    ranking: Ranking,
    recipe: ScoreRecipe,
    rows: list[dict[str, Any]],
    report: Reporter,
) -> None:
    """Tell for each ad, best first, what carried its place and what to change; into its row too."""
    from dataclasses import asdict

    from caig_cli.rewards.explain import explain

    given = recipe.score
    explanations = explain(judge, images, ranking, given.caption, given.attributes)
    for row, n in zip(rows, ranking.order, strict=True):
        why = explanations[n]
        row["explanation"] = asdict(why)
        table = [[c.concept, c.seen, f"{c.chance:.0%}", f"{c.log_odds:+.2f}"] for c in why.contributions]
        table.append(["what has no name", "", "", f"{why.unnamed:+.2f}"])
        report.table(f"{row['path']}: what carries it", ["concept", "seen", "sure", "log-odds"], table)
        for change in why.changes:
            what = f"{change.now} -> {change.then}" if change.now else change.then
            report.info(f"  would help: {change.concept}: {what} ({change.log_odds:+.2f} log-odds)")


def _named(recipe: ScoreRecipe) -> list[Path]:
    """Each file once, in the order given."""
    images = list(dict.fromkeys(recipe.score.images))
    if len(images) < 2:
        raise UsageError("name at least two ads of one product, as in caig score a.png b.png")
    return images


def scores_of(judge: TrainedJudge, ads: list[Image.Image]) -> list[float]:
    """For each ad a score in units where differences count: the logarithm of its predicted rate, or the
    log-odds of winning where the judge predicts none."""
    ranking = judge.rank(ads, None, {})
    if all(ctr is not None for ctr in ranking.ctr):
        return [math.log(max(ctr.rate, 1e-6)) for ctr in ranking.ctr if ctr is not None]
    return [math.log(p / (1 - p)) for win in ranking.wins for p in [min(0.999, max(0.001, win))]]


def opened_ads(paths: list[Path]) -> tuple[dict[Path, Image.Image], list[Failure]]:
    """The pictures that can be opened, by path, and why others can't."""
    from caig_cli.data.images import open_image

    ads: dict[Path, Image.Image] = {}
    failed: list[Failure] = []
    for path in paths:
        try:
            ads[path] = open_image(path)
        except ItemError as error:
            failed.append(Failure(str(path), str(error)))
    return ads, failed


def _shown(ctr: Estimate | None) -> str:
    return "unknown" if ctr is None else f"{ctr.rate:.2%} ({ctr.low:.2%} to {ctr.high:.2%})"
