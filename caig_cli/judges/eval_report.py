"""What a test of judges shows: the table, the lines and ``report.html`` with plots and the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from caig_cli.data.creatives import open_creative, side_by_side
from caig_cli.engine import pages
from caig_cli.engine.files import slug
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import ItemError
from caig_cli.judge_metrics import Judged, mcnemar, right
from caig_cli.judges import plots
from caig_cli.records import Failure, Pair

MARKET = "simulated market"
SIDE = 256
"""Pixels of an ad in the pictures of wrong cases."""
TRUE, WRONG = (62, 142, 65), (196, 64, 48)
"""Frames of the ad that is clicked more and of the one that the judge chose."""
SHOWN_FAILURES = 200
TOO_FEW = "too few pairs"
"""Stands for an attainable share whose interval holds both a coin and perfect knowledge."""

_COLUMNS = {
    "accuracy": "accuracy", "attainable": "attainable", "accuracy_left_first": "left first",
    "accuracy_right_first": "right first", "order_agreement": "orders agree", "auc": "AUC",
    "log_loss": "log-loss", "ece": "ECE", "ctr_rmse": "CTR error", "ctr_spearman": "CTR rank",
    "pairs_per_s": "pairs/s",
}  # fmt: skip
_PLOTS = {
    "by_gap": ("Accuracy by gap of the rates", "higher / lower click-through rate"),
    "by_impressions": ("Accuracy by impressions", "impressions of the less shown ad"),
    "by_category": ("Accuracy by category", "category"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One judge's verdicts, the indices of their pairs in the test set, what failed, and its figures."""

    judged: Judged
    kept: list[int]
    failed: list[Failure]
    figures: Mapping[str, Any]


Results = Mapping[str, Result]


def note(trained_on_market: bool, measured_on_market: bool, learnt: bool) -> str | None:
    """How far figures are from the real world; None where nothing is simulated and the pairs are new."""
    parts = ["judge trained on it"] * trained_on_market + ["clicks from it"] * measured_on_market
    market = [f"{MARKET} ({', '.join(parts)})"] if parts else []
    return "; ".join(["it learnt these pairs"] * learnt + market) or None


def compare(results: Results) -> list[dict[str, Any]]:
    """McNemar's test between every two judges, on the pairs that both judged."""
    rows = []
    for (first, a), (second, b) in combinations(results.items(), 2):
        _, at_a, at_b = np.intersect1d(a.kept, b.kept, assume_unique=True, return_indices=True)
        test = mcnemar(right(a.judged)[at_a], right(b.judged)[at_b])
        rows.append({"first": first, "second": second, "pairs": len(at_a), **test})
    return rows


def table(results: Results) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of all judges."""
    notes = any(result.figures["note"] for result in results.values())
    head = ["judge", *_COLUMNS.values(), *(["note"] if notes else [])]
    rows = []
    for name, result in results.items():
        figures = result.figures
        cells = [_figure(figures, key) for key in _COLUMNS]
        rows.append([name, *cells, *([figures["note"] or ""] if notes else [])])
    return head, rows


def lines(results: Results) -> list[str]:
    """One line per judge, for standard output."""
    out = []
    for name, result in results.items():
        label = f" ({MARKET})" if result.figures["simulated"] else ""
        keys = ("accuracy", "attainable", "order_agreement", "ece")
        figures = ", ".join(f"{_COLUMNS[key]} {_figure(result.figures, key)}" for key in keys)
        out.append(f"{name}{label}: {figures}, of {result.figures['pairs']} pairs")
    return out


def ceiling_line(results: Results) -> str:
    """The noise ceiling in words."""
    figures = next((r.figures for r in results.values() if r.figures["ceiling"] is not None), None)
    if figures is None:
        return "noise ceiling unknown: the pairs have neither q nor impressions"
    how = "estimated from posteriors of the log" if figures["ceiling_estimated"] else f"{MARKET}, exact"
    return f"noise ceiling {figures['ceiling']:.3f} ({how})"


def write_report(
    testset: str, pairs: Sequence[Pair], results: Results, failures: Sequence[Failure], run: RunDir
) -> None:
    """Write ``plots/``, ``wrong/`` and ``report.html``; pictures are opened one pair at a time."""
    items = len({pair.item for pair in pairs})
    facts = {
        "test set": testset,
        "pairs": f"{len(pairs):,} of {items:,} products",
        "truth": f"q of the {MARKET}"
        if any(p.p_observed_left is not None for p in pairs)
        else "observed clicks",
        "ceiling": ceiling_line(results).removeprefix("noise ceiling "),
    }
    summary = "Which of two ads of a product is clicked more? Each judge saw every pair in both orders."
    sections = _sections(pairs, results, failures, run)
    page = "".join(pages.report("Judges of ads", summary, facts, sections, root=run.path))
    run.write_text("report.html", page)


def _sections(
    pairs: Sequence[Pair], results: Results, failures: Sequence[Failure], run: RunDir
) -> Iterator[pages.Section]:
    head, rows = table(results)
    yield pages.TextTable(
        "Judges",
        head,
        rows,
        "Accuracy and attainable with 95 % intervals; pairs of one product count as one sample of it.",
    )
    yield from _figures(results, run)
    tests = compare(results)
    if tests:
        cells = [[t["first"], t["second"], *map(str, (t["pairs"], t["only_first"], t["only_second"])),
                  f"{t['p']:.2g}"] for t in tests]  # fmt: skip
        head = ["first", "second", "pairs", "only the first is right", "only the second", "p"]
        yield pages.TextTable("Between judges", head, cells, "McNemar's test, exact and two-sided.")
    costs = {name: r.figures["usage"] for name, r in results.items() if "usage" in r.figures}
    if costs:
        keys = list(next(iter(costs.values())))
        cells = [
            [name, *("-" if used[key] is None else f"{used[key]:,}" for key in keys)]
            for name, used in costs.items()
        ]
        yield pages.TextTable("Calls", ["judge", *(key.replace("_", " ") for key in keys)], cells)
    for name, result in results.items():
        yield from _gallery(name, result, pairs, run)
    if failures:
        shown = [[failure.item, failure.error] for failure in failures[:SHOWN_FAILURES]]
        yield pages.TextTable("Not judged", ["item", "why"], shown, f"{len(failures):,} in all.")


def _figures(results: Results, run: RunDir) -> Iterator[pages.Figure]:
    labelled = {f"{n} ({MARKET})" if r.figures["simulated"] else n: r.figures for n, r in results.items()}
    graded = {name: figures["reliability"] for name, figures in labelled.items() if figures["reliability"]}
    if graded:
        png = plots.reliability_plot(graded)
        run.write_bytes("plots/reliability.png", png)
        yield pages.Figure("Reliability", png, "A calibrated judge is right as often as it claims.")
    for key, (heading, label) in _PLOTS.items():
        rows_of = {name: figures[key] for name, figures in labelled.items() if figures[key]}
        if any(len(rows) > 1 for rows in rows_of.values()):
            png = plots.group_plot(rows_of, label)
            run.write_bytes(f"plots/{key}.png", png)
            yield pages.Figure(heading, png)


def _gallery(name: str, result: Result, pairs: Sequence[Pair], run: RunDir) -> Iterator[pages.Gallery]:
    """The pairs that a judge is most confidently wrong about."""
    cards = []
    for rank, index in enumerate(result.figures["wrong"], start=1):
        pair, p = pairs[result.kept[index]], float(result.judged.probability[index])
        try:
            picture = _framed(pair, chose_left=p > 0.5)
        except ItemError:
            continue  # judged before, gone since: the verdict stands, there is nothing to show
        path = run.save_png(f"wrong/{slug(name)}/{rank:03}-{slug(pair.id)}.png", picture, {})
        cards.append(_card(path, pair, p, result.judged.predicted_ctr_P2[index]))
    if cards:
        label = f" ({MARKET})" if result.figures["simulated"] else ""
        text = "Green frame: clicked more. Red frame: what the judge chose."
        yield pages.Gallery(f"Most confidently wrong: {name}{label}", cards, text)


def _card(path: Any, pair: Pair, p: float, predicted_ctr: Any) -> pages.Card:
    left = pair.truth
    assert left is not None
    chosen, true = ("left", "right") if p > 0.5 else ("right", "left")
    chance = max(left, 1 - left)
    worth = f", with a chance of {chance:.0%}" if chance < 0.995 else ""
    facts: dict[str, str] = {}
    for side, ad, value in (("left", pair.left, predicted_ctr[0]), ("right", pair.right, predicted_ctr[1])):
        known = [] if ad.ctr is None else [f"CTR {ad.ctr:.2%}"]
        known += [f"judged {value:.2%}"] if np.isfinite(value) else []
        facts |= {side: ", ".join(known)} if known else {}
    note = f"Said {chosen} ({max(p, 1 - p):.0%} sure); {true} is clicked more{worth}."
    return pages.Card(path, pair.id, pair.caption or "", note, facts)


def _framed(pair: Pair, *, chose_left: bool) -> Image.Image:
    """Both ads, the chosen one framed red and the other, which is clicked more, green."""
    sheet = side_by_side(open_creative(pair.left), open_creative(pair.right), SIDE)
    draw = ImageDraw.Draw(sheet)
    for column, wrong in enumerate((chose_left, not chose_left)):
        box = (column * SIDE, 0, (column + 1) * SIDE - 1, SIDE - 1)
        draw.rectangle(box, outline=WRONG if wrong else TRUE, width=6)
    return sheet


def _figure(figures: Mapping[str, Any], key: str) -> str:
    """A figure as the table shows it, with its interval if it has one."""
    value, ends = figures[key], figures.get(f"{key}_ci")
    if value is None:
        return "-"
    if key == "attainable" and ends and ends[0] <= 0 and ends[1] >= 1:
        return TOO_FEW
    if key == "ctr_rmse":
        return f"{value:.2%}"
    if key == "pairs_per_s":
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:.3f}" + (f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else "")
