"""What a product costs besides its painting: CPU milliseconds of ``caig generate``, the fake painter's too.

``python benchmarks/product_cost.py [--products 450 1050] [--ads 1] [--size 512x512] [--photos tiny|samples]``

Printed is the difference between a large and a small run, by product, without start and report page, and
the peak of memory of both. ``tiny``: photos of 40x60 and ads of 96x80, where pixels cost nothing;
``samples``: the transparent sample photos. ``--profile`` prints where the time of the large run goes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def tiny_photo(path: Path, number: int) -> Path:
    """A transparent photo of 40x60."""
    y, x = np.mgrid[:60, :40]
    alpha = 255 * ((abs(x - 20) < 12) & (abs(y - 30) < 20))
    pattern = np.random.default_rng(number).integers(40, 220, (60, 40, 3))
    Image.fromarray(np.dstack([pattern, alpha]).astype(np.uint8)).save(path)
    return path


def catalogue(folder: Path, count: int, kind: str) -> Path:
    """A file of ``count`` products that share some photos."""
    folder.mkdir(parents=True)
    if kind == "tiny":
        photos = [tiny_photo(folder / f"photo-{k}.png", k) for k in range(8)]
    else:
        samples = sorted(path for path in SAMPLES.iterdir() if path.suffix == ".png")
        photos = [Path(shutil.copyfile(photo, folder / photo.name)) for photo in samples]
    path = folder / "products.jsonl"
    with path.open("w") as stream:
        for k in range(count):
            photo = photos[k % len(photos)]
            row = {"id": f"sku-{k:06d}", "image": photo.name, "caption": f"{photo.stem} number {k}"}
            stream.write(json.dumps(row) + "\n")
    return path


def command(products: Path, out: Path, ads: int, size: str) -> list[str]:
    """A run that neither writes prompts, nor ranks, nor renders."""
    return [
        *("generate", "--product", str(products), "--out", str(out), "-n", str(ads), "--size", size),
        *("--prompt", "a wooden table by a window, two candles", "--quiet", "--threads", "1"),
        *("--set", "judge.model=null", "--set", "generate.painter=fake"),
    ]


def measured(count: int, ads: int, size: str, kind: str) -> tuple[float, float]:
    """CPU seconds and peak MB of a run of ``count`` products."""
    with tempfile.TemporaryDirectory() as folder:
        products = catalogue(Path(folder) / "shop", count, kind)
        arguments = [sys.executable, "-m", "caig_cli", *command(products, Path(folder) / "run", ads, size)]
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status):
            raise SystemExit("the run failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def profile(count: int, ads: int, size: str, kind: str) -> None:
    """Print what most of a run's time goes to."""
    import cProfile
    import pstats

    from caig_cli import cli

    with tempfile.TemporaryDirectory() as folder:
        cli.run(command(catalogue(Path(folder) / "a", 4, kind), Path(folder) / "first", ads, size))  # imports
        products = catalogue(Path(folder) / "b", count, kind)
        profiler = cProfile.Profile(time.process_time)
        profiler.runcall(cli.run, command(products, Path(folder) / "second", ads, size))
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(120)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, nargs=2, default=[450, 1050])
    parser.add_argument("--ads", type=int, default=1)
    parser.add_argument("--size")
    parser.add_argument("--photos", choices=["tiny", "samples"], default="tiny")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    small, large = given.products
    size = given.size or {"tiny": "96x80", "samples": "512x512"}[given.photos]
    if given.profile:
        profile(large, given.ads, size, given.photos)
        return
    (few, low), (many, high) = (measured(count, given.ads, size, given.photos) for count in (small, large))
    print(f"a product: {(many - few) / (large - small) * 1000:.1f} ms CPU (start {few:.1f} s with {small})")
    print(f"memory: {low:.0f} MB with {small}, {high:.0f} MB with {large}")


if __name__ == "__main__":
    main()
