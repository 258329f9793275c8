"""Verdicts on disk, and as columns to measure: what was judged is never judged again."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caig_cli.clicks.posteriors import probability_higher
from caig_cli.engine.files import slug
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import ItemError
from caig_cli.judge_metrics import Floats, Judged
from caig_cli.judges import PairJudge
from caig_cli.records import Creative, Failure, Pair, Verdict


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a judge said: columns, the indices of their pairs in the test set, and what failed."""

    judged: Judged
    kept: list[int]
    failed: list[Failure]
    pairs_per_s: float | None


def oracle(pairs: Sequence[Pair]) -> Floats:
    """How often someone who knew the true order would be right about each pair [P]; NaN where unknown.

    max(q, 1 - q) on the market; on real logs, the posterior probability of the observed order.
    """
    belief_P = _beliefs(pairs)
    right_P = np.full(len(pairs), np.nan)
    for n, pair in enumerate(pairs):
        if pair.p_observed_left is not None:
            right_P[n] = max(pair.p_observed_left, 1 - pair.p_observed_left)
        elif pair.target is not None:
            right_P[n] = belief_P[n] if pair.target == "left" else 1 - belief_P[n]
        else:
            right_P[n] = max(belief_P[n], 1 - belief_P[n])
    return right_P


def collect(
    judge: PairJudge, name: str, pairs: Sequence[Pair], batch: int, run: RunDir, report: Reporter
) -> None:
    """Judge what has no verdict in the run folder yet; a batch is on disk before the next one starts."""
    file = verdicts_file(name)
    done = {row["pair"] for row in run.rows(file, _checked) if row["error"] is None}
    rest = iter([pair for pair in pairs if pair.id not in done])
    with report.progress(f"judging: {name}", len(pairs)) as bar:
        bar.advance(len(done))
        while some := list(itertools.islice(rest, batch)):
            started = time.perf_counter()
            verdicts = _judge(judge, some)
            seconds = (time.perf_counter() - started) / len(some)
            both = zip(some, verdicts, strict=True)
            run.extend_jsonl(file, (_row(pair, verdict, seconds) for pair, verdict in both))
            bar.advance(len(some))


def load(name: str, pairs: Sequence[Pair], oracle_P: Floats, run: RunDir) -> Verdicts:
    """The verdicts of a judge that has been through all pairs."""
    rows = {row["pair"]: row for row in run.rows(verdicts_file(name), _checked)}
    failed = [Failure(f"{p.id} ({name})", rows[p.id]["error"]) for p in pairs if rows[p.id]["error"]]
    kept = [n for n, pair in enumerate(pairs) if rows[pair.id]["error"] is None]
    judged = _columns([pairs[n] for n in kept], [rows[pairs[n].id] for n in kept], oracle_P[kept])
    seconds = sum(row["seconds"] for row in rows.values())
    return Verdicts(judged, kept, failed, len(rows) / seconds if seconds > 0 else None)


def verdicts_file(name: str) -> str:
    """Where a judge's verdicts are, within the run folder."""
    return f"verdicts-{slug(name)}.jsonl"


def _judge(judge: PairJudge, pairs: Sequence[Pair]) -> Sequence[Verdict | Failure]:
    """A batch; where one of its pairs spoils it, each alone."""
    try:
        return judge.judge(pairs)
    except ItemError as error:
        if len(pairs) == 1:
            return [Failure(pairs[0].id, str(error))]
        return [_judge(judge, [pair])[0] for pair in pairs]


def _row(pair: Pair, verdict: Verdict | Failure, seconds: float) -> Mapping[str, Any]:
    if isinstance(verdict, Failure):
        return {"pair": pair.id, "error": verdict.error, "seconds": seconds}
    values = {"shown": verdict.shown, "swapped": verdict.swapped, "ctr": verdict.ctr}
    return {"pair": pair.id, "error": None, **values, "seconds": seconds}


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    """A row as ``_row`` makes it. Raises KeyError, TypeError or ValueError for any other."""
    if not isinstance(row["pair"], str):
        raise TypeError("pair")
    seconds = float(row["seconds"])
    if row["error"] is not None:
        return {"pair": row["pair"], "error": str(row["error"]), "seconds": seconds}
    low, high = row["ctr"] or (None, None)
    shown, swapped = float(row["shown"]), float(row["swapped"])
    if not all(0 <= p <= 1 for p in (shown, swapped)):
        raise ValueError("no probability")
    ctr = None if low is None or high is None else (float(low), float(high))
    return {**row, "shown": shown, "swapped": swapped, "ctr": ctr, "seconds": seconds}


def _columns(pairs: Sequence[Pair], rows: Sequence[Mapping[str, Any]], oracle_P: Floats) -> Judged:
    def column(values: Iterator[float | None]) -> Floats:
        return np.asarray([math.nan if value is None else value for value in values], dtype=np.float64)

    ctr = column(c.ctr for pair in pairs for c in (pair.left, pair.right)).reshape(-1, 2)
    predicted_ctr_P2 = column(value for row in rows for value in row["ctr"] or (None, None)).reshape(-1, 2)
    return Judged(
        item_P=[pair.item for pair in pairs],
        shown_P=column(row["shown"] for row in rows),
        swapped_P=column(row["swapped"] for row in rows),
        truth_P=column(pair.truth for pair in pairs),
        oracle_P=oracle_P,
        estimated=any(pair.p_observed_left is None for pair in pairs),
        gap_P=column(_gap(pair) for pair in pairs),
        impressions_P=column(_impressions(pair) for pair in pairs),
        category_P=[pair.category for pair in pairs],
        ctr_P2=ctr,
        predicted_ctr_P2=predicted_ctr_P2,
    )


def _gap(pair: Pair) -> float | None:
    """The higher over the lower rate."""
    left, right = pair.left.ctr, pair.right.ctr
    return max(left, right) / min(left, right) if left and right else None


def _impressions(pair: Pair) -> float | None:
    """Those of the less shown ad."""
    left, right = pair.left.impressions, pair.right.impressions
    return None if left is None or right is None else min(left, right)


def _beliefs(pairs: Sequence[Pair]) -> Floats:
    """P(left's true rate is higher | log) [P]: as the file says, else from its counts; NaN without."""
    belief_P = np.asarray([math.nan if pair.p_left is None else pair.p_left for pair in pairs])
    counts_P4 = np.asarray([[*_counts(pair.left), *_counts(pair.right)] for pair in pairs])
    todo_P = np.isnan(belief_P) & np.isfinite(counts_P4).all(axis=1)
    belief_P[todo_P] = probability_higher(*counts_P4[todo_P].T)
    return belief_P


def _counts(ad: Creative) -> tuple[float, float]:
    """Clicks and impressions; official files of pairs have rates in the place of clicks."""
    shown = math.nan if ad.impressions is None else ad.impressions
    rate = math.nan if ad.ctr is None else ad.ctr
    return (rate * shown if ad.clicks is None else ad.clicks), shown
