"""Made-up ads whose colour alone decides how often they are clicked: red sells, blue does not."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from PIL import Image

from caig_cli.clicks.posteriors import probability_higher, q_observed_higher

Ad = tuple[str, float, int, int]
"""File name, true rate, impressions, clicks."""


def write_pairs(folder: Path, items: int = 24, ads: int = 3, *, seed: int = 0, truth: bool = False) -> Path:
    """A pair file in our layout, as ``caig pairs`` writes it (``truth``: with --truth); returns its path."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for item in range(items):
        creatives = [_ad(folder / f"{item}-{n}.png", rng) for n in range(ads)]
        for a in range(ads):
            for b in range(a):
                order = [creatives[a], creatives[b]]
                rng.shuffle(order)
                rows.append(_row(f"{item}-{a}-{b}", f"item {item}", *order, truth=truth))
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _ad(path: Path, rng: random.Random) -> Ad:
    red = rng.random()
    Image.new("RGB", (32, 32), (round(40 + 180 * red), 60, round(220 - 180 * red))).save(path)
    rate = 0.04 * math.exp(2 * (red - 0.5))
    shown = rng.randrange(2000, 6000)
    return path.name, rate, shown, sum(rng.random() < rate for _ in range(shown))


def _row(name: str, item: str, left: Ad, right: Ad, *, truth: bool) -> dict[str, Any]:
    observed = [clicks / shown for _, _, shown, clicks in (left, right)]
    row: dict[str, Any] = {"id": name, "item": item, "caption": f"red mug, {item}"}
    row |= {"attributes": {"size": "3 cm"}, "target": "left" if observed[0] >= observed[1] else "right"}
    row["p_left"] = float(probability_higher([left[3]], [left[2]], [right[3]], [right[2]])[0])
    if truth:
        row["p_observed_left"] = float(q_observed_higher([left[1]], [left[2]], [right[1]], [right[2]])[0])
    for side, (image, rate, shown, clicks), seen in zip(
        ("left", "right"), (left, right), observed, strict=True
    ):
        row |= {side: image, f"{side}_impressions": shown, f"{side}_clicks": clicks}
        row[f"{side}_ctr"] = rate if truth else seen
    return row
