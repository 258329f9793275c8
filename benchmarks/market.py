"""Time and memory of ``caig market``, and what of the truth can be seen in what it made.

    python benchmarks/market.py [--products 200] [--workers 2]

Prints: seconds of a whole build with 6 ads of 128x128 per product, the same per photo, ad and dialogue,
what 1,000 products would take at that pace, and the share of ads that suit their product.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path


def build(products: int, workers: int, out: Path) -> tuple[dict[str, object], dict[str, float], float]:
    """Summary, seconds by phase, and seconds of the whole run."""
    command = [sys.executable, "-m", "caig_cli", "market", str(out), "--products", str(products)]
    command += ["--workers", str(workers), "--json", "--quiet"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    status = json.loads((out / "run.json").read_text())
    return json.loads(done.stdout), status["timings"], status["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        summary, timings, seconds = build(options.products, options.workers, Path(folder) / "market")
    ads = int(str(summary["ads"]))
    print(f"{platform.machine()}, {os.cpu_count()} CPU threads, {options.workers} workers")
    print(f"{options.products} products with {ads} ads: {seconds / 60:.1f} min")
    print(f"photo {timings['photos'] / options.products:.3f} s, ad {timings['ads'] / ads:.3f} s")
    print(f"dialogues of a product {timings['dialogues'] / options.products:.3f} s")
    print(f"1,000 products at this pace: {seconds / options.products * 1000 / 60:.0f} min")
    print(f"ads that suit their product: {summary['match_rate']:.1%}; mean CTR {summary['mean_ctr']:.2%}")


if __name__ == "__main__":
    main()
