"""Whether the doubt of a cut-out tells damaged from usable ones, on photos that somebody judged; and its fit.

    python benchmarks/doubt.py LABELS.csv OUT [--fit]

LABELS.csv has the columns ``image`` (a path from its own folder) and ``damaged`` (0 or 1), as somebody who
looked at the cut-outs of this version says. What is measured of each photo is appended to OUT/measures.jsonl,
and a photo that is there already is not cut again. Printed: the area under the ROC curve, and which share of
the damaged and of the usable ones is told at the limit. With ``--fit`` the signs' weights are fitted anew: a
logistic regression, its weights at least 0, with a half value for each sign (the median of the damaged that
show it), and the figures are cross-validated: each photo is judged by weights fitted without its tenth.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from caig_cli.cutouts import assessment, photo
from caig_cli.cutouts.cutout import DOUBTFUL
from caig_cli.cutouts.loading import load_cutout
from caig_cli.engine.files import append_lines, read_lines
from caig_cli.errors import ItemError
from caig_cli.records import Product

Floats = NDArray[np.float64]

RIDGE = 0.5
FOLDS, REPEATS = 10, 6
FALSE_ALARMS = (0.05, 0.08, 0.15)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fit", action="store_true", help="fit the weights anew, cross-validated")
    args = parser.parse_args()
    with args.labels.open(newline="", encoding="utf-8") as file:
        labels = {row["image"]: row["damaged"] == "1" for row in csv.DictReader(file)}
    args.out.mkdir(parents=True, exist_ok=True)
    rows = [row for row in measures(args.labels.parent, list(labels), args.out) if row["measures"]]
    damaged = np.array([labels[row["image"]] for row in rows])
    print(f"{len(rows)} photos cut by a network, {int(damaged.sum())} of them damaged")
    report("as shipped", np.array([row["doubt"] for row in rows]), damaged)
    told = np.array([row["doubt"] > DOUBTFUL for row in rows])
    shares = told[damaged].mean(), told[~damaged].mean()
    print(f"  at the limit: {shares[0]:.0%} of the damaged, {shares[1]:.0%} of the usable")
    if args.fit:
        fit([row["measures"] for row in rows], damaged)


def measures(folder: Path, images: Sequence[str], out: Path) -> list[dict[str, Any]]:
    """A row a photo: ``image``, ``doubt``, and ``measures`` (None where no network's view was used)."""
    path = out / "measures.jsonl"
    rows = list(read_lines(path)) if path.exists() else []
    have = {row["image"] for row in rows}
    seen: dict[str, float] = {}

    def remembered(found: dict[str, float]) -> tuple[float, list[str]]:
        seen.update(found)
        return assessment.doubt_of(found)

    photo.doubt_of = remembered
    for image in images:
        if image in have:
            continue
        seen.clear()
        try:
            doubt: float | None = load_cutout(Product(image, folder / image), lambda _: None).facts.doubt
        except ItemError as error:
            print(error)
            doubt = None
        rows.append({"image": image, "doubt": doubt, "measures": dict(seen) or None})
        append_lines(path, [json.dumps(rows[-1])])
    return [row for row in rows if row["image"] in set(images)]


def report(name: str, score: Floats, damaged: NDArray[np.bool_]) -> None:
    ranks, count = rankdata(score), int(damaged.sum())
    area = (ranks[damaged].sum() - count * (count + 1) / 2) / (count * (len(score) - count))
    shares = [
        f"{np.mean(score[damaged] > np.quantile(score[~damaged], 1 - share)):.0%} at {share:.0%}"
        for share in FALSE_ALARMS
    ]
    print(f"{name}: AUC {area:.3f}; damaged told at a share of the usable told too: {', '.join(shares)}")


def fit(rows: Sequence[Mapping[str, float]], damaged: NDArray[np.bool_]) -> None:
    """Print weights for ``assessment.SIGNS`` and what they are worth on photos that they did not see."""
    names = list(assessment.SIGNS)
    values = np.array([[row[name] for name in names] for row in rows])
    halves = np.array([_half(column, damaged) for column in values.T])
    signs = values / (values + halves)
    generator = np.random.default_rng(0)
    odds = np.zeros(len(rows))
    for _ in range(REPEATS):
        fold = generator.permutation(len(rows)) % FOLDS
        for number in range(FOLDS):
            weights = _regressed(signs[fold != number], damaged[fold != number])
            odds[fold == number] += (weights[0] + signs[fold == number] @ weights[1:]) / REPEATS
    report("signs alone, cross-validated", odds, damaged)
    weights = _regressed(signs, damaged)
    print(f"SOUND = {weights[0]:.2f}")
    for name, half, weight in zip(names, halves, weights[1:], strict=True):
        print(f'"{name}": Sign({half:.4g}, {weight:.2f}),')


def _half(column: Floats, damaged: NDArray[np.bool_]) -> float:
    shown = column[damaged & (column > 0)]
    return max(float(np.median(shown)), 1e-4) if shown.size else 1.0


def _regressed(signs: Floats, damaged: NDArray[np.bool_]) -> Floats:
    """Intercept and weights [1 + N] of a ridge logistic regression; weights at least 0."""
    table = np.column_stack([np.ones(len(signs)), signs])

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = table @ weights
        slope = table.T @ (1 / (1 + np.exp(-odds)) - damaged)
        slope[1:] += 2 * RIDGE * weights[1:]
        return float((np.logaddexp(0, odds) - damaged * odds).sum() + RIDGE * (weights[1:] ** 2).sum()), slope

    bounds = [(None, None)] + [(0, None)] * signs.shape[1]
    found = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x)


if __name__ == "__main__":
    main()
