"""Time of composition alone: one product put on a finished 1024x1024 background.

    python benchmarks/compose.py

Prints the median, best and worst of 30 compositions, the resize of the cut-out included; the best is what a
busy machine can still tell.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from caig_cli.data.cutout import Cutout
from caig_cli.painters.compose import compose, measure
from caig_cli.painters.layout import place

GOAL_MS = 60


def main() -> None:
    rng = np.random.default_rng(0)
    background = rng.integers(0, 255, (1024, 1024, 3)).astype(np.uint8)
    rgba = rng.integers(0, 255, (1600, 1200, 4)).astype(np.uint8)
    rgba[200:1400, 200:1000, 3] = 255
    product = Cutout(rgba)
    box = place(product.size, (1024, 1024))
    times = []
    for _ in range(30):
        start = time.perf_counter()
        ad = compose(background, product, box)
        times.append(1000 * (time.perf_counter() - start))
    start = time.perf_counter()
    measure(ad, product, box)
    measured = 1000 * (time.perf_counter() - start)
    print(f"compose 1024x1024, product {box.width}x{box.height} from {product.size[0]}x{product.size[1]}:")
    print(
        f"median {statistics.median(times):.1f} ms, best {min(times):.1f}, worst {max(times):.1f} (goal {GOAL_MS})"
    )
    print(f"measure: {measured:.0f} ms")


if __name__ == "__main__":
    main()
