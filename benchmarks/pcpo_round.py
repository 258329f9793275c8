"""Time of a round of ``caig pcpo`` over market products, process start and evaluation included.

    python benchmarks/pcpo_round.py MARKET [--products 64] [--out DIR] [--set key=value]...

MARKET is a folder made by caig market. Prints wall and processor seconds of one round, seconds of each phase
and of each product, and the peak memory. The goal is one round over 64 products in 4 minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_S = 240


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("market", type=Path, help="folder made by caig market")
    parser.add_argument("--products", type=int, default=64, help="products of the round")
    parser.add_argument("--out", type=Path, help="run folder; a temporary one by default")
    parser.add_argument("--set", action="append", default=[], help="any recipe value")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = args.out or Path(folder) / "run"
        command = [sys.executable, "-m", "caig_cli", "pcpo", "--products", str(args.market / "products.json")]
        command += ["--rounds", "1", "--out", str(out), "--overwrite", "--json", "--quiet"]
        for value in [f"pcpo.products_per_round={args.products}", *args.set]:
            command += ["--set", value]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        wall = time.perf_counter() - start
        status = json.loads((out / "run.json").read_text())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    row = json.loads(done.stdout)["rounds"][0]
    print(f"{os.cpu_count()} cores: one round of {args.products} products")
    print(f"  wall       {wall:8.1f} s   (goal {GOAL_S})")
    print(f"  processor  {used.ru_utime + used.ru_stime:8.1f} s, painters included")
    for phase, seconds in status["timings"].items():
        print(f"  {phase:22} {seconds:8.1f} s   {seconds / args.products:6.2f} s a product")
    print(f"  peak memory {status['peak_memory_mb']['resident']} MB; {row['pairs']} pairs, {row['dropped']}")


if __name__ == "__main__":
    main()
