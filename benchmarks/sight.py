"""How much of what is clicked a linear judge finds, by what it is told of the ads: words, or a model's sight.

    python benchmarks/sight.py MARKET [--model embedded] [--judge heldout] [--items N]

The judge is a ridge regression of an ad's log click rate in MARKET's training logs, within its item, weighted
by how sure the log is. It is told the scene's true words, the mean features that a prompt model's tower or a
reward model's encoder has of the ad, or the chances of names that a reward model judges by: words say what
the clicks teach, features and names how much of it the model sees. Judged on items of the other splits, on
pairs that the official filter keeps by true rates (``attainable`` as in ``caig eval-rm``).
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from caig_cli.clicks.posteriors import q_observed_higher
from caig_cli.engine.runtime import choose_device
from caig_cli.mllm import loading, vision
from caig_cli.mllm.images import preprocess
from caig_cli.painters.studio.scene import CHOICES
from caig_cli.rewards.concepts import GAIN
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.rewards.model import encode

LEAST_IMPRESSIONS, RATIOS = 1000, (1.05, 1.20)
PRIOR = 20.0
"""Impressions at the mean rate that smooth a log rate."""
ITEM_NOISE = 0.03
"""Variance of log rates that impressions cannot take away: no ad counts without bounds."""
PENALTIES = (3.0, 30.0, 300.0, 3000.0)
TOGETHER = 64

Floats = NDArray[np.float64]


class Ads:
    """The ads of a market: scenes, true rates, and what was logged of them."""

    def __init__(self, market: Path, items: int | None) -> None:
        self.folder = market
        self.rows = [json.loads(line) for line in (market / "ground_truth.jsonl").read_text().splitlines()]
        shown, clicked = Counter[str](), Counter[str]()
        for log in sorted((market / "logs").glob("clicks_*.csv")):
            with log.open() as lines:
                for row in csv.DictReader(lines):
                    shown[row["image"]] += int(row["impressions"])
                    clicked[row["image"]] += int(row["clicks"])
        images = [row["image"] for row in self.rows]
        self.impressions = np.array([shown[image] for image in images], np.float64)
        clicks = np.array([clicked[image] for image in images], np.float64)
        mean = clicks.sum() / self.impressions.sum()
        self.log_rate = np.log((clicks + PRIOR * mean) / (self.impressions + PRIOR))
        expected = self.impressions * mean
        self.weight = expected / (1 + expected * ITEM_NOISE)
        self.true = np.array([row["ctr"] for row in self.rows])
        names, self.item = np.unique([row["item_id"] for row in self.rows], return_inverse=True)
        learnt = sorted({row["item_id"] for row in self.rows if row["split"] == "train"})[:items]
        self.learnt = np.isin(names[self.item], learnt)
        self.judged = np.array([row["split"] != "train" for row in self.rows])

    def within_items(self, values: Floats) -> Floats:
        """Values [ads, ...] less their weighted mean over the ads of the item."""
        weight = self.weight.reshape(-1, *[1] * (values.ndim - 1))
        sums, total = np.zeros((self.item.max() + 1, *values.shape[1:])), np.zeros(self.item.max() + 1)
        np.add.at(sums, self.item, values * weight)
        np.add.at(total, self.item, self.weight)
        return values - (sums / total.reshape(-1, *[1] * (values.ndim - 1)))[self.item]

    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of ads of judged items that the official filter keeps by true rates."""
        low, high = np.log(RATIOS)
        kept = []
        for item in np.unique(self.item[self.judged]):
            for a, b in combinations(np.flatnonzero(self.item == item), 2):
                sure = min(self.impressions[a], self.impressions[b]) > LEAST_IMPRESSIONS
                if sure and low <= abs(np.log(self.true[a] / self.true[b])) <= high:
                    kept.append((int(a), int(b)))
        return kept


def words(ads: Ads, fields: Sequence[str]) -> Floats:
    """The scenes' true words, one column each."""
    words_of = [
        {(name, row["scene"][name]) for name in fields if name != "props"}
        | {("props", prop) for prop in row["scene"]["props"] if "props" in fields}
        for row in ads.rows
    ]
    known = sorted(set().union(*words_of))
    return np.array([[word in one for word in known] for one in words_of], np.float64)


def features(ads: Ads, see_all: Callable[[list[Image.Image]], torch.Tensor]) -> Floats:
    """Mean features of each ad."""
    seen = []
    for start in range(0, len(ads.rows), TOGETHER):
        images = [
            Image.open(ads.folder / row["image"]).convert("RGB") for row in ads.rows[start : start + TOGETHER]
        ]
        look_at = see_all(images).float().numpy()
        seen.append(look_at.mean(1) if look_at.ndim == 3 else look_at)
    return np.concatenate(seen).astype(np.float64)


def level(values: Floats) -> Floats:
    """Each feature in units of its spread."""
    return (values - values.mean(0)) / (values.std(0) + 1e-6)


def attainable(ads: Ads, told: Floats, q: Floats, pairs: Sequence[tuple[int, int]]) -> float:
    """Share of the way from a coin to the noise ceiling; the penalty that does best is taken for all."""
    inside, target = ads.within_items(told), ads.within_items(ads.log_rate)
    root = np.sqrt(ads.weight[ads.learnt])
    x, y = inside[ads.learnt] * root[:, None], target[ads.learnt] * root
    a, b = np.array(pairs).T
    best = 0.0
    for penalty in PENALTIES:
        score = inside @ np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
        right = np.where(score[a] > score[b], q, 1 - q).mean()
        best = max(best, (right - 0.5) / (np.maximum(q, 1 - q).mean() - 0.5))
    return float(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("market", type=Path, help="folder made by caig market")
    parser.add_argument("--model", action="append", default=[], help="prompt model; may be given many times")
    parser.add_argument("--judge", action="append", default=[], help="reward model; may be given many times")
    parser.add_argument("--items", type=int, help="training items to learn from; empty means all")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    ads, runtime = Ads(args.market, args.items), choose_device("cpu", "fp32")
    pairs = ads.pairs()
    a, b = np.array(pairs).T
    q = q_observed_higher(ads.true[a], ads.impressions[a], ads.true[b], ads.impressions[b])
    told: dict[str, Callable[[], Floats]] = {
        "all words": lambda: words(ads, [*CHOICES, "props"]),
        "all words, and whether they suit": lambda: np.column_stack(
            [words(ads, [*CHOICES, "props"]), [float(row["match"]) for row in ads.rows]]
        ),
        "words without props": lambda: words(ads, list(CHOICES)),
        "light and mood": lambda: words(ads, ["light", "mood"]),
    }
    for name in args.model:
        mllm = loading.load(name, device=runtime.device, dtype=runtime.dtype)
        told[name] = lambda mllm=mllm: level(
            features(
                ads,
                lambda images: vision.patches(mllm, torch.cat([preprocess(i, mllm.rules) for i in images])),
            )
        )
    for name in args.judge:
        model: Any = TrainedJudge.load(name, runtime).model
        seen = cache(lambda model=model: features(ads, lambda images: encode(model, images)))
        told[name] = lambda seen=seen: level(seen())
        if model.concepts is not None:
            told[f"{name}, names"] = lambda model=model, seen=seen: (
                model.concepts(torch.from_numpy(seen()).float()).numpy() / GAIN
            )
    rows = {}
    with torch.inference_mode():
        for name, make in told.items():
            rows[name] = round(attainable(ads, make(), q, pairs), 3)
            print(f"{name:<34} {rows[name]:.3f}", flush=True)
    learnt = len(np.unique(ads.item[ads.learnt]))
    print(json.dumps({"attainable": rows, "pairs": len(pairs), "items_learnt": learnt}))


if __name__ == "__main__":
    main()
