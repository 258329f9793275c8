"""``caig pairs``: click logs -> pairs of ads whose winner is known, split so that nothing leaks.

The official filter is the default: both creatives above 1,000 impressions, both rates above 0, their ratio
from 1.05 to 1.20. Beyond it, labels may be asked to be sure (Beta posteriors) and stable (over days).
With the truth of a simulated market, pairs are chosen by true rates and say how they will be observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.engine.click_pairs import FilterSection, Probability
from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import DataError, UsageError
from caig_cli.recipe import Recipe, Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.data.click_logs import ClickLog, Ints
    from caig_cli.data.facts import Facts
    from caig_cli.data.selection import Floats
    from caig_cli.engine.click_pairs import Chosen, Material
    from caig_cli.engine.report import Reporter
    from caig_cli.posteriors import Prior

LISTED = 10
"""Skipped rows and images that are told one by one; of the others only the number."""


class PairsSection(Section):
    """What to read and what to write."""

    logs: tuple[Path, ...] = ()
    """Click logs: CreativeRanking lists, CG4CTR JSON, CSV, JSONL or Parquet."""

    images: Path | None = None
    """Folder that image names start from; empty means the folder of the first log."""

    allow_outside: bool = False
    """Accept images that links lead to outside the folder."""

    out: Path | None = None
    """File to write, NAME.jsonl; with shares of validation or test, NAME_train.jsonl and so on instead."""

    overwrite: bool = False
    """Replace files that are already there."""

    official: bool = False
    """Also write both official layouts, with a 1024x512 picture of each pair."""

    skip_bad: bool = False
    """Leave out malformed rows and go on, instead of ending at the first."""

    validation_share: Probability = 0.0
    """Share of the items whose pairs are for validation."""

    test_share: Probability = 0.0
    """Share of the items whose pairs are for testing."""

    truth: Path | None = None
    """The market's ground_truth.jsonl: pairs are chosen by true rates, which are written in their place."""

    products: tuple[Path, ...] = ()
    """Files with caption, attributes and category by item id; empty means those beside the truth, if any."""


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
    from caig_cli.engine.click_pairs import as_pairs
    from caig_cli.engine.pair_files import write_official, write_pairs

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
        write_pairs(path, as_pairs(material, chosen, facts, parts[split], seed))
        if recipe.pairs.official:
            with report.progress("pictures of pairs", len(parts[split])) as bar:
                pairs = as_pairs(material, chosen, facts, parts[split], seed)
                failures = write_official(path, pairs, bar)
            failed += _listed("pictures", failures, len(failures))
    result = _summary(recipe, material, chosen, {split: (files[split], parts[split]) for split in files})
    atomic_write(_summary_file(recipe), (to_json(result, indent=2) + "\n").encode())
    return Outcome(result, tuple(failed), _lines(result, material.prior))


# --- reading ---------------------------------------------------------------------------------------


def _files(recipe: PairsRecipe) -> dict[str, Path]:
    """The file of each split; the only one is for all pairs. Raises UsageError for what cannot be."""
    from caig_cli.engine.pair_files import official_files

    section = recipe.pairs
    if not section.logs or section.out is None:
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
    read = [path.absolute() for path in (*section.logs, *section.products, section.truth) if path is not None]
    for path in written:
        if path in read:
            raise UsageError(f"--out: {path} is read here; choose another name")
        if path.exists() and not section.overwrite:
            raise UsageError(f"{path} is already there; choose another --out or replace it with --overwrite")
    return files


def _summary_file(recipe: PairsRecipe) -> Path:
    assert recipe.pairs.out is not None
    return recipe.pairs.out.absolute().with_suffix(".summary.json")


def _read(recipe: PairsRecipe, report: Reporter) -> tuple[Material, list[Failure]]:
    """What the logs, their images and the truth say, and what of them is left out."""
    import numpy as np

    from caig_cli.data.click_logs import read_click_logs
    from caig_cli.data.creative_files import find_images
    from caig_cli.engine.click_pairs import Material
    from caig_cli.posteriors import prior_of

    section = recipe.pairs
    with report.progress("log rows") as bar:
        log = read_click_logs(section.logs, skip_bad=section.skip_bad, advance=bar.advance)
    folder = section.images or section.logs[0].parent
    with report.progress("images looked for", len(log.image_C)) as bar:
        outside = section.allow_outside
        paths, missing = find_images(log, folder, allow_outside=outside, advance=bar.advance)
    impressions, clicks = log.totals()
    observed = np.divide(clicks, impressions, out=np.zeros(len(clicks)), where=impressions > 0)
    true, doubtful = _true_rates(recipe, log)
    skipped = _listed("log rows", log.bad, log.bad_rows)
    skipped += _listed("truth", doubtful, len(doubtful))
    skipped += _listed("images", missing, len(missing))
    try:
        prior = prior_of(recipe.filter.prior, clicks, impressions, log.item_C)
    except ValueError as error:
        raise UsageError(f"filter.prior: {error}") from None
    return Material(log, paths, impressions, clicks, observed, true, prior), skipped


def _true_rates(recipe: PairsRecipe, log: ClickLog) -> tuple[Floats | None, Sequence[Failure]]:
    import numpy as np

    from caig_cli.data.facts import read_true_rates

    if recipe.pairs.truth is None:
        return None, ()
    known, doubtful = read_true_rates(recipe.pairs.truth)
    _refuse(recipe, doubtful)
    keys = ((log.items[item], image) for item, image in zip(log.item_C.tolist(), log.image_C, strict=True))
    return np.array([known.get(key, np.nan) for key in keys], np.float64), doubtful


def _facts(recipe: PairsRecipe) -> tuple[dict[str, Facts], list[Failure]]:
    from caig_cli.data.facts import join_facts

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


def _choose(recipe: PairsRecipe, material: Material, report: Reporter) -> Chosen:
    """The pairs that pass, told in a table. Raises UsageError when none does."""
    from caig_cli.engine.click_pairs import choose

    chosen = choose(material, recipe.filter, report)
    _tell(material, chosen, report)
    if not len(chosen.high_P):
        reason, number = max(chosen.fallen.items(), key=lambda one: one[1])
        why = f"most fell for: {reason} ({number}); widen the filter" if number else "no item has two ads"
        raise UsageError(f"no pair is left; {why}")
    return chosen


def _split(recipe: PairsRecipe, log: ClickLog, chosen: Chosen) -> dict[str, Ints]:
    """Numbers of the pairs of each split: items stay whole and with all that they share a picture with."""
    import numpy as np

    from caig_cli.data.selection import SPLITS, share_out, units

    high, low = chosen.high_P, chosen.low_P
    unit_P = units(log.item_C[high], chosen.picture_C[high], chosen.picture_C[low])
    drawn = sorted(set(unit_P.tolist()), key=lambda unit: derive_seed(recipe.seed, "split", log.items[unit]))
    split_of = share_out(drawn, recipe.pairs.validation_share, recipe.pairs.test_share)
    split_P = np.array([split_of[unit] for unit in unit_P.tolist()])
    return {split: np.flatnonzero(split_P == split) for split in SPLITS}


# --- telling ---------------------------------------------------------------------------------------


def _tell(material: Material, chosen: Chosen, report: Reporter) -> None:
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


def _counts(material: Material) -> dict[str, int]:
    return {
        "bad_rows": material.log.bad_rows,
        "items": len(material.log.items),
        "creatives": len(material.log.image_C),
        "creatives_without_image": sum(path is None for path in material.path_C),
        "impressions": int(material.impressions_C.sum()),
        "clicks": int(material.clicks_C.sum()),
    }


def _figures(material: Material, chosen: Chosen, of: Ints | slice = slice(None)) -> dict[str, Any]:
    """How many pairs there are, and how often a label can be right."""
    import numpy as np

    from caig_cli.posteriors import ceiling, label_accuracy

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
    recipe: PairsRecipe, material: Material, chosen: Chosen, parts: Mapping[str, tuple[Path, Ints]]
) -> dict[str, Any]:
    files = {
        split: {"path": str(path), **_figures(material, chosen, of)} for split, (path, of) in parts.items()
    }
    return {
        **_figures(material, chosen),
        "log": _counts(material),
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
