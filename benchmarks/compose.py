"""Time of composition alone: one product put on a finished 1024x1024 background.

    python benchmarks/compose.py

Prints the median and the worst of 30 compositions, the resize of the cut-out included. CPU time, so that
other programs count little: composition runs on one thread, on an idle machine it is the time that passes.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from caig_cli.cutouts.cutout import Cutout
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
        start = time.process_time()
        ad = compose(background, product, box)
        times.append(1000 * (time.process_time() - start))
    start = time.process_time()
    measure(ad, product, box)
    measured = 1000 * (time.process_time() - start)
    print(f"compose 1024x1024, product {box.width}x{box.height} from {product.size[0]}x{product.size[1]}:")
    print(f"median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms (goal {GOAL_MS})")
    print(f"measure: {measured:.0f} ms")


if __name__ == "__main__":
    main()
