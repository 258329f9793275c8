"""Time and memory of ``caig generate`` as a user sees it, process start included.

    python benchmarks/generate.py [--product samples/serum.png]

Prints: 4 ads of 512x512 from a cold start, the cost of each further ad of 512x512 and of 1024x1024
(difference of two runs), and the peak resident memory of the largest process.
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


def timed(product: Path, count: int, size: str) -> float:
    """Seconds of one whole run that makes ``count`` ads."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "caig_cli", "generate", "--product", str(product), "-n", str(count)]
        command += ["--size", size, "--out", str(Path(folder) / "run"), "--json", "--quiet"]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        ads = json.loads(done.stdout)["ads"]
        if len(ads) != count:
            raise SystemExit(f"asked for {count} ads, got {len(ads)}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--product", type=Path, default=Path(__file__).parents[1] / "samples" / "serum.png")
    product = parser.parse_args().product
    four = timed(product, 4, "512x512")
    six = timed(product, 6, "512x512")  # as many previews as for four
    one_large, three_large = timed(product, 1, "1024x1024"), timed(product, 3, "1024x1024")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print(f"4 ads of 512x512, cold start included: {four:.1f} s   (goal 45)")
    print(f"each further ad of 512x512:            {(six - four) / 2:.1f} s   (goal 7)")
    print(f"each further ad of 1024x1024:          {(three_large - one_large) / 2:.1f} s   (goal 22)")
    print(f"peak memory:                           {peak:.2f} GiB (goal 2.5)")


if __name__ == "__main__":
    main()
