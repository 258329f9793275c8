"""Time and memory of ``caig pairs`` on a made-up click log.

    python benchmarks/pairs.py [--rows 1000000] [--ads 4] [--days 10]

Writes a CreativeRanking list of items with some ads each, shown on some days, and a small image of its own
for every ad; then runs the command and prints its seconds, its most memory and the pairs that it kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def make_log(folder: Path, rows: int, ads: int, days: int) -> Path:
    """A log of about ``rows`` rows and the images that it names; rates follow the published prior."""
    rng = np.random.default_rng(0)
    items = max(1, rows // (ads * days))
    path = folder / "log.txt"
    with path.open("w") as log:
        for item in range(items):
            rate = rng.beta(2.04, 54.06) * np.exp(rng.normal(0, 0.12, ads))
            shown = np.maximum(1, np.exp(rng.normal(6.2, 1.2, (ads, days)))).astype(int)
            clicks = rng.binomial(shown, np.minimum(rate, 1)[:, None])
            (folder / f"{item % 100}").mkdir(exist_ok=True)
            for ad in range(ads):
                name = f"{item % 100}/{item}_{ad}.jpg"
                # Bytes of their own and of one size: the dearest case for the search for equal images.
                (folder / name).write_bytes(f"{item:09d}{ad:09d}".encode() * 500)
                log.writelines(
                    f"item{item}\t{name}\t{20250301 + day}\t{shown[ad, day]}\t{clicks[ad, day]}\n"
                    for day in range(days)
                )
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ads", type=int, default=4, help="ads of an item")
    parser.add_argument("--days", type=int, default=10, help="days on which an ad is shown")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = make_log(folder, options.rows, options.ads, options.days)
        command = [sys.executable, "-m", "caig_cli", "pairs", str(log), "--images", str(folder)]
        command += ["--out", str(folder / "pairs.jsonl"), "--test-share", "0.1", "--window-days", "5"]
        command += ["--min-stability", "0.5", "--prior", "items", "--json", "--quiet"]
        start = time.monotonic()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(done.stdout)
    print(f"{platform.machine()}, {os.cpu_count()} CPU threads")
    print(f"{options.rows} rows: {seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of one processor")
    print(f"most memory: {used.ru_maxrss / 2 ** (30 if sys.platform == 'darwin' else 20):.2f} GB")
    log_facts = result["log"]
    print(f"{log_facts['creatives']} creatives of {log_facts['items']} items, {result['pairs']} pairs kept")


if __name__ == "__main__":
    main()
