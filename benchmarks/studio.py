"""How long the studio takes per ad, by size, and its peak memory: ``python benchmarks/studio.py``.

Paints random scenes around the sample products, or around the folder given as the first argument.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path

from caig_cli.cutouts.loading import load_cutout
from caig_cli.data.products import read_products
from caig_cli.painters import Shot
from caig_cli.painters.studio.language import random_scene, write
from caig_cli.painters.studio.painter import StudioPainter, samples

ADS = {(128, 128): 40, (512, 512): 6, (1024, 1024): 3, (1080, 1920): 1}


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "samples"
    products, _ = read_products(source)
    cutouts = [load_cutout(product, lambda message: None) for product in products[:4]]
    rng = random.Random(0)
    painter = StudioPainter()
    print(f"{'size':>10} {'spp':>4} {'first s':>8} {'further s':>10} {'CPU s':>6}")
    for size, count in ADS.items():
        walls, cpus = [], []
        for number in range(count + 1):
            product = cutouts[number % len(cutouts)]
            shot = Shot(product, write(random_scene(rng), rng), size, seed=number)
            wall, cpu = time.perf_counter(), time.process_time()
            painter.paint([shot])
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        further, cpu = sum(walls[1:]) / count, sum(cpus[1:]) / count
        print(f"{size[0]:>5}x{size[1]:<4} {samples(size):>4} {walls[0]:8.2f} {further:10.2f} {cpu:6.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main()
