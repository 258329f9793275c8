"""``caig pairs``: click logs -> pairs of ads whose winner is known, split so that nothing leaks.

The official filter is the default: both creatives above 1,000 impressions, both rates above 0, their ratio
from 1.05 to 1.20. Beyond it, labels may be asked to be sure (Beta posteriors) and stable (over days).
With the truth of a simulated market, pairs are chosen by true rates and say how they will be observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.clicks.choosing import FilterSection
from caig_cli.clicks.config import PairsSection as PairsSection
from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.process import no_cycle_collection
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import DataError, UsageError
from caig_cli.recipe import Recipe
from caig_cli.records import Failure, Pair

if TYPE_CHECKING:
    from caig_cli.clicks.choosing import Chosen, CreativeArrays
    from caig_cli.clicks.facts import Facts
    from caig_cli.clicks.log import ClickLog, Ints
    from caig_cli.clicks.posteriors import Prior
    from caig_cli.clicks.selection import Floats
    from caig_cli.engine.report import Reporter
    from caig_cli.experiments.plan_file import ExperimentPlan

NOT_PLANNED = "--plan: no ad of the plan is in the logs; leave the plan out, or give its own exports"

LISTED = 10
"""Skipped rows and images that are told one by one; of the others only the number."""


class PairsRecipe(Recipe):
    """Recipe of ``caig pairs``."""

    pairs: PairsSection = PairsSection()
    """Files."""

    filter: FilterSection = FilterSection()
    """Which pairs are kept."""


def plan(recipe: PairsRecipe, report: Reporter) -> list[str]:
    """What would be written: everything is read and chosen, nothing touched."""
    files = _files(recipe)
    _facts(recipe)
    material, _ = _read(recipe, report)
    chosen = _choose(recipe, material, report)
    pictures = " with as many pictures" if recipe.pairs.official else ""
    return [f"{len(chosen.p_P)} pairs{pictures} would go to {', '.join(map(str, files.values()))}"]


def run(recipe: PairsRecipe, report: Reporter) -> Outcome:
    """Read the logs, choose pairs, write them split by split, and a summary last."""
    from caig_cli.clicks.choosing import as_pairs, in_order
    from caig_cli.clicks.pair_files import write_official, write_pairs
    from caig_cli.clicks.preference_layout import preference_file, write_preferences

    files = _files(recipe)
    facts, failed = _facts(recipe)
    material, skipped = _read(recipe, report)
    failed += skipped
    if facts and facts.keys().isdisjoint(material.log.items):
        report.warn("no item of the logs is among the products; are these the same ids?")
    chosen = _choose(recipe, material, report)
    parts = _split(recipe, material.log, chosen)
    for split, path in files.items():
        seed = derive_seed(recipe.seed, "sides", split)
        write_pairs(path, material, in_order(material, chosen, parts[split], seed), facts)
        if recipe.pairs.official:
            with report.progress("pictures of pairs", len(parts[split])) as bar:
                pairs = as_pairs(material, in_order(material, chosen, parts[split], seed), facts)
                failures = write_official(path, pairs, bar)
            failed += _listed("pictures", failures, len(failures))
        if recipe.pairs.hugging_face:
            with report.progress("pairs with pictures", len(parts[split])) as bar:
                pairs = as_pairs(material, in_order(material, chosen, parts[split], seed), facts)
                write_preferences(preference_file(path), pairs, bar)
    result = _summary(recipe, material, chosen, {split: (files[split], parts[split]) for split in files})
    atomic_write(_summary_file(recipe), (to_json(result, indent=2) + "\n").encode())
    return Outcome(result, tuple(failed), _lines(result, material.prior))


def make_pairs(recipe: PairsRecipe, report: Reporter) -> tuple[list[Pair], list[Failure]]:
    """The pairs that a run would write, of all items, and what could not be read; nothing is written."""
    import numpy as np

    from caig_cli.clicks.choosing import as_pairs, in_order

    facts, failed = _facts(recipe)
    material, skipped = _read(recipe, report)
    chosen = _choose(recipe, material, report)
    everything = np.arange(len(chosen.p_P))
    seed = derive_seed(recipe.seed, "sides", "train")
    pairs = as_pairs(material, in_order(material, chosen, everything, seed), facts)
    return list(pairs), [*failed, *skipped]


# --- reading ---------------------------------------------------------------------------------------


def _files(recipe: PairsRecipe) -> dict[str, Path]:
    """The file of each split; the only one is for all pairs. Raises UsageError for what cannot be."""
    from caig_cli.clicks.pair_files import official_files
    from caig_cli.clicks.preference_layout import check_parquet, preference_file

    section = recipe.pairs
    if not (section.logs or section.query) or section.out is None:
        raise UsageError("logs and --out are needed, as in caig pairs LOGS --images DIR --out pairs.jsonl")
    if section.out.suffix != ".jsonl":
        raise UsageError(
            f"--out {section.out}: pairs are written as JSON Lines; name it {section.out.stem}.jsonl"
        )
    if section.validation_share + section.test_share >= 1:
        raise UsageError("validation_share and test_share leave nothing to train on; make them smaller")
    shares = {"train": 1.0, "validation": section.validation_share, "test": section.test_share}
    splits = [split for split, share in shares.items() if share > 0]
    out = section.out.absolute()
    files = (
        {split: out.with_name(f"{out.stem}_{split}.jsonl") for split in splits}
        if splits[1:]
        else {"train": out}
    )
    written = [*files.values(), _summary_file(recipe)]
    if section.official:
        written += [file for path in files.values() for file in official_files(path)]
    if section.hugging_face:
        check_parquet()
        written += [preference_file(path) for path in files.values()]
    given = (*map(Path, section.logs), *section.products, section.truth, section.plan)
    read = [path.absolute() for path in given if path is not None]
    for path in written:
        if path in read:
            raise UsageError(f"--out: {path} is read here; choose another name")
        if path.exists() and not section.overwrite:
            raise UsageError(f"{path} is already there; choose another --out or replace it with --overwrite")
    return files


def _summary_file(recipe: PairsRecipe) -> Path:
    assert recipe.pairs.out is not None
    return recipe.pairs.out.absolute().with_suffix(".summary.json")


@no_cycle_collection()
def _read(recipe: PairsRecipe, report: Reporter) -> tuple[CreativeArrays, list[Failure]]:
    """What the logs, their images and the truth say, and what of them is left out."""
    import numpy as np

    from caig_cli.clicks.choosing import CreativeArrays
    from caig_cli.clicks.posteriors import prior_of

    plan = _plan(recipe.pairs.plan)
    log = _log(recipe, plan, report)
    impressions, clicks = _counted(plan, log, report)
    observed = np.divide(clicks, impressions, out=np.zeros(len(clicks)), where=impressions > 0)
    true, doubtful = _true_rates(recipe, log)
    skipped = _listed("log rows", log.bad, log.bad_rows)
    skipped += _listed("truth", doubtful, len(doubtful))
    skipped += _listed("images", log.missing, len(log.missing))
    try:
        prior = prior_of(recipe.filter.prior, clicks, impressions, log.contests())
    except ValueError as error:
        raise UsageError(f"filter.prior: {error}") from None
    return CreativeArrays(log, impressions, clicks, observed, true, prior), skipped


def _plan(path: Path | None) -> ExperimentPlan | None:
    """The plan of the experiment, if there is one: only then its room, and scipy.stats, are imported."""
    if path is None:
        return None
    from caig_cli.experiments.plan_file import read_plan

    return read_plan(path)


def _counted(
    plan: ExperimentPlan | None, log: ClickLog, report: Reporter
) -> tuple[Ints | Floats, Ints | Floats]:
    """Impressions and clicks of each creative [C]: as they are, or weighed by propensities."""
    if plan is None and log.propensity_R is None:
        return log.totals()
    from caig_cli.experiments.weighed import weighed_totals

    weighed = weighed_totals(plan, log)
    plain = log.totals()[0]
    if not weighed.known.any():
        raise UsageError(NOT_PLANNED)
    whose = "the plan's (the logs have no column of them)" if log.propensity_R is None else "the logs'"
    report.info(
        f"{int(weighed.known.sum())} of {len(plain)} creatives weighed by propensities, {whose}: their "
        f"{int(plain[weighed.known].sum())} impressions tell as much as "
        f"{int(weighed.shown_C[weighed.known].sum())}"
    )
    if weighed.stray:
        report.warn(f"{weighed.stray} impressions of ads that the plan does not show then left out")
    return weighed.shown_C, weighed.clicks_C


def _log(recipe: PairsRecipe, plan: ExperimentPlan | None, report: Reporter) -> ClickLog:
    """The click log of all files, and what was done to make it one."""
    from caig_cli.clicks.bad_rows import BadRowRules
    from caig_cli.clicks.pictures import PictureIndex
    from caig_cli.clicks.platforms import named
    from caig_cli.clicks.products import NoProductError
    from caig_cli.clicks.read_logs import read_click_logs
    from caig_cli.clicks.reading import Options

    section = recipe.pairs
    decimal = None if section.decimal == "auto" else section.decimal
    dates = None if section.dates == "auto" else section.dates
    options = Options(named(section.platform), _columns(section.columns), decimal, dates)
    rules = BadRowRules(
        section.skip_bad,
        section.max_bad_share,
        section.repeats,
        section.pool,
        bool(section.columns.get("item")),
        _pattern(section.item_pattern),
    )
    folders = section.images or (Path(section.logs[0]).parent if section.logs else Path(),)
    make: Callable[..., PictureIndex] = PictureIndex
    if plan is not None:
        from caig_cli.experiments.weighed import PlannedPictures

        make = partial(PlannedPictures, plan)
    pictures = make(folders, allow_outside=section.allow_outside, deep=bool(section.images))
    try:
        with report.progress("log rows") as bar:
            log = read_click_logs(
                section.logs, options, rules, pictures=pictures, query=section.query, advance=bar.advance
            )
    except NoProductError:
        if not getattr(pictures, "has_planned", True):
            raise UsageError(NOT_PLANNED) from None
        raise
    for note in log.notes:
        report.info(note)
    for warning in log.warnings:
        report.warn(warning)
    return log


def _pattern(text: str | None) -> str | None:
    """A regular expression. Raises UsageError where it is none."""
    try:
        re.compile(text or "")
    except re.error as error:
        raise UsageError(f"--item-pattern {text}: not a regular expression ({error}); fix it") from None
    return text or None


def _columns(given: Mapping[str, str]) -> Mapping[str, str]:
    """The columns that the user names. Raises UsageError for a field that there is not."""
    from caig_cli.clicks.platforms import FIELDS

    for name in given:
        if name not in FIELDS:
            raise UsageError(f"--column {name}: no such field; it is one of {', '.join(FIELDS)}")
    return given


def _true_rates(recipe: PairsRecipe, log: ClickLog) -> tuple[Floats | None, Sequence[Failure]]:
    import numpy as np

    from caig_cli.clicks.facts import read_true_rates

    if recipe.pairs.truth is None:
        return None, ()
    known, doubtful = read_true_rates(recipe.pairs.truth)
    _refuse(recipe, doubtful)
    keys = ((log.items[item], image) for item, image in zip(log.item_C.tolist(), log.image_C, strict=True))
    return np.array([known.get(key, np.nan) for key in keys], np.float64), doubtful


def _facts(recipe: PairsRecipe) -> tuple[dict[str, Facts], list[Failure]]:
    from caig_cli.clicks.facts import join_facts

    facts, doubtful = join_facts(recipe.pairs.products, recipe.pairs.truth)
    _refuse(recipe, doubtful)
    return facts, _listed("products", doubtful, len(doubtful))


def _refuse(recipe: PairsRecipe, doubtful: Sequence[Failure]) -> None:
    if doubtful and not recipe.pairs.skip_bad:
        more = f" (and {len(doubtful) - 1} more bad rows)" if len(doubtful) > 1 else ""
        raise DataError(f"{doubtful[0].error}{more}")


def _listed(what: str, failures: Sequence[Failure], number: int) -> list[Failure]:
    """The first failures, without the place that their item already names, and the number of others."""
    short = [Failure(f.item, f.error.removeprefix(f"{f.item}:").strip()) for f in failures[:LISTED]]
    return short + [Failure(what, f"{number - len(short)} more like these")] * (number > len(short))


# --- choosing --------------------------------------------------------------------------------------


def _choose(recipe: PairsRecipe, material: CreativeArrays, report: Reporter) -> Chosen:
    """The pairs that pass, told in a table. Raises UsageError when none does."""
    from caig_cli.clicks.choosing import choose

    shares = recipe.pairs.validation_share + recipe.pairs.test_share
    chosen = choose(material, recipe.filter, report, across_items=shares > 0)
    _tell(material, chosen, report)
    if not len(chosen.high_P):
        reason, number = max(chosen.fallen.items(), key=lambda one: one[1])
        why = f"most fell for: {reason} ({number}); widen the filter" if number else "no item has two ads"
        if material.log.missing and number and reason == "image not usable":
            why = f"no picture was found for {len(material.log.missing)} ads: {material.log.missing[0].error}"
        raise UsageError(f"no pair is left; {why}")
    return chosen


def _split(recipe: PairsRecipe, log: ClickLog, chosen: Chosen) -> dict[str, Ints]:
    """Numbers of the pairs of each split: items stay whole and with all that they share a picture with."""
    import numpy as np

    from caig_cli.clicks.selection import SPLITS, share_out, units

    if not recipe.pairs.validation_share + recipe.pairs.test_share:
        return {"train": np.arange(len(chosen.high_P))}
    high, low = chosen.high_P, chosen.low_P
    unit_P = units(log.item_C[high], chosen.picture_C[high], chosen.picture_C[low])
    drawn = sorted(set(unit_P.tolist()), key=lambda unit: derive_seed(recipe.seed, "split", log.items[unit]))
    split_of = share_out(drawn, recipe.pairs.validation_share, recipe.pairs.test_share)
    split_P = np.array([split_of[unit] for unit in unit_P.tolist()])
    return {split: np.flatnonzero(split_P == split) for split in SPLITS}


# --- telling ---------------------------------------------------------------------------------------


def _tell(material: CreativeArrays, chosen: Chosen, report: Reporter) -> None:
    """The table of what the log holds and what became of its pairs."""
    kept, fallen, figures = len(chosen.high_P), chosen.fallen, _figures(material, chosen)
    rows: list[tuple[str, object]] = [
        *((name.replace("_", " "), number) for name, number in _counts(material).items()),
        ("pairs of two ads of an item", kept + fallen.total()),
        *((f"- {reason}", number) for reason, number in fallen.items() if number),
        ("pairs kept", kept),
        ("expected label accuracy", figures["expected_label_accuracy"]),
    ]
    if chosen.q_P is not None:
        rows.append(("noise ceiling (simulated market)", figures["ceiling"]))
    report.table("click log", ("what", "number"), rows)


def _counts(material: CreativeArrays) -> dict[str, int]:
    return {
        "bad_rows": material.log.bad_rows,
        "items": len(material.log.items),
        "creatives": len(material.log.image_C),
        "creatives_without_image": sum(path is None for path in material.log.path_C),
        "impressions": int(material.impressions_C.sum()),
        "clicks": int(material.clicks_C.sum()),
    }


def _figures(material: CreativeArrays, chosen: Chosen, of: Ints | slice = slice(None)) -> dict[str, Any]:
    """How many pairs there are, and how often a label can be right."""
    import numpy as np

    from caig_cli.clicks.posteriors import ceiling, label_accuracy

    high, low, p = chosen.high_P[of], chosen.low_P[of], chosen.p_P[of]
    ahead = material.observed_C[high] - material.observed_C[low]
    labelled = ahead != 0  # ties have no label
    return {
        "pairs": len(high),
        "items": len(np.unique(material.log.item_C[high])),
        "expected_label_accuracy": label_accuracy(p[labelled], ahead[labelled] > 0)
        if labelled.any()
        else None,
        "ceiling": ceiling(chosen.q_P[of]) if chosen.q_P is not None and len(high) else None,
    }


def _summary(
    recipe: PairsRecipe, material: CreativeArrays, chosen: Chosen, parts: Mapping[str, tuple[Path, Ints]]
) -> dict[str, Any]:
    files = {
        split: {"path": str(path), **_figures(material, chosen, of)} for split, (path, of) in parts.items()
    }
    return {
        **_figures(material, chosen),
        "log": _counts(material),
        "exports": list(material.log.facts),
        "fallen": dict(chosen.fallen),
        "prior": str(material.prior),
        "files": files,
        "recipe": recipe.model_dump(mode="json"),
    }


def _lines(result: Mapping[str, Any], prior: Prior) -> tuple[str, ...]:
    """What was written and how often its labels can be right, for people."""
    lines = [
        f"{one['pairs']} pairs of {one['items']} items in {one['path']}" for one in result["files"].values()
    ]
    if result["expected_label_accuracy"] is not None:
        lines.append(f"expected label accuracy {result['expected_label_accuracy']:.3f} (prior {prior})")
    if result["ceiling"] is not None:
        lines.append(f"noise ceiling {result['ceiling']:.3f} (true rates of a simulated market)")
    return tuple(lines)
