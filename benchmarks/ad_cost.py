"""What an ad of the studio costs, against another checkout in one run: CPU seconds, and how clean it is.

``python benchmarks/ad_cost.py --before CHECKOUT [--sizes 512 1024] [--sets 12] [--reference 256]``

Both paint the same random sets around the sample products, one thread each, in turns. PSNR in dB is that of
the ad against the same ad with ``--reference`` samples a pixel, by this checkout; 0 leaves it out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parents[1]


def paint(out: Path, side: int, number: int, spp: int | None) -> float:
    """Paint one ad into ``out``; returns its processor seconds, without those of the start."""
    import random

    import drjit

    from caig_cli.cutouts.loading import load_cutout
    from caig_cli.data.products import read_products
    from caig_cli.painters import Shot
    from caig_cli.painters.studio.language import random_scene, write
    from caig_cli.painters.studio.painter import StudioPainter

    drjit.set_thread_count(1)
    products, _ = read_products(HERE / "samples")
    rng = random.Random(1000 + number)
    product = load_cutout(products[number % len(products)], lambda message: None)
    shot = Shot(product, write(random_scene(rng), rng), (side, side), seed=number)
    StudioPainter().paint([Shot(product, "a table", (64, 64), seed=0)])  # what is loaded once
    start = time.process_time()
    picture = StudioPainter(spp).paint([shot])[0]
    seconds = time.process_time() - start
    picture.save(out)
    return seconds


def painted(checkout: Path, side: int, number: int, spp: int = 0) -> tuple[float, np.ndarray]:
    """Processor seconds and picture of an ad by a checkout, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "ad.png"
        given = [sys.executable, __file__, "--paint", str(out), str(side), str(number), str(spp)]
        env = os.environ | {"PYTHONPATH": str(checkout)}
        done = subprocess.run(given, capture_output=True, text=True, check=True, env=env)
        return float(json.loads(done.stdout)), np.asarray(Image.open(out)).astype(np.float64)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal to noise of 8-bit pictures, in dB."""
    return float(10 * np.log10(255**2 / max(np.mean((one - other) ** 2), 1e-9)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--sets", type=int, default=12)
    parser.add_argument("--reference", type=int, default=256)
    parser.add_argument("--paint", nargs=4)
    given = parser.parse_args()
    if given.paint:
        out, side, number, spp = given.paint
        print(paint(Path(out), int(side), int(number), int(spp) or None))
        return
    checkouts = {"now": HERE} | ({"before": given.before.resolve()} if given.before else {})
    print(f"{'size':>5} {'sets':>4} {'':>7} {'CPU s':>6} {'PSNR':>6}")
    for side in given.sizes:
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in checkouts}
        for number in range(given.sets):
            truth = painted(HERE, side, number, given.reference)[1] if given.reference else None
            for name, checkout in checkouts.items():
                seconds, picture = painted(checkout, side, number)
                rows[name].append((seconds, np.nan if truth is None else psnr(picture, truth)))
        for name, found in rows.items():
            cpu, clean = np.mean(found, axis=0)
            print(f"{side:>5} {given.sets:>4} {name:>7} {cpu:6.2f} {clean:6.2f}")
        if given.before:
            ratio = np.mean(rows["now"], axis=0)[0] / np.mean(rows["before"], axis=0)[0]
            print(f"{side:>5} now / before {ratio:.3f}")


if __name__ == "__main__":
    main()
