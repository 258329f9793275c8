"""What a product costs besides its painting: CPU milliseconds of ``caig generate`` with the painter that is free.

``python benchmarks/product_cost.py [--products 40 240] [--ads 1] [--size 512x512] [--profile]``

The transparent sample photos stand for all products, each under many ids. Printed is the difference between a
large and a small run, by product, so that the start does not count; and the peak of memory of both.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def catalogue(folder: Path, count: int) -> Path:
    """A file of ``count`` products that share the sample photos."""
    folder.mkdir(parents=True)
    photos = sorted(path for path in SAMPLES.iterdir() if path.suffix == ".png")
    for photo in photos:
        shutil.copyfile(photo, folder / photo.name)
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


def measured(count: int, ads: int, size: str) -> tuple[float, float]:
    """CPU seconds and peak MB of a run of ``count`` products."""
    with tempfile.TemporaryDirectory() as folder:
        products = catalogue(Path(folder) / "shop", count)
        arguments = [sys.executable, "-m", "caig_cli", *command(products, Path(folder) / "run", ads, size)]
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status):
            raise SystemExit("the run failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def profile(count: int, ads: int, size: str) -> None:
    """Print what most of a run's time goes to."""
    import cProfile
    import pstats

    from caig_cli import cli

    with tempfile.TemporaryDirectory() as folder:
        cli.run(command(catalogue(Path(folder) / "a", 4), Path(folder) / "first", ads, size))  # imports
        products = catalogue(Path(folder) / "b", count)
        profiler = cProfile.Profile()
        profiler.runcall(cli.run, command(products, Path(folder) / "second", ads, size))
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(90)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, nargs=2, default=[40, 240])
    parser.add_argument("--ads", type=int, default=1)
    parser.add_argument("--size", default="512x512")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    small, large = given.products
    if given.profile:
        profile(large, given.ads, given.size)
        return
    (few, low), (many, high) = (measured(count, given.ads, given.size) for count in (small, large))
    print(f"a product: {(many - few) / (large - small) * 1000:.1f} ms CPU (start {few:.1f} s with {small})")
    print(f"memory: {low:.0f} MB with {small}, {high:.0f} MB with {large}")


if __name__ == "__main__":
    main()
