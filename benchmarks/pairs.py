"""Time and memory of ``caig pairs`` on a made-up click log.

    python benchmarks/pairs.py [--rows 1000000] [--ads 4] [--days 10]

Writes a CreativeRanking list of items with some ads each, shown on some days, and a file of its own for every
ad, as large as ads are (sparse: only their last bytes take room on the disk), so that about half of them have
the size of another. Then reads the log alone, runs the command without and with a split, and prints seconds
of one processor, most memory and the pairs that were kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def make_log(folder: Path, rows: int, ads: int, days: int) -> Path:
    """A log of about ``rows`` rows and the images that it names; rates follow the published prior."""
    rng, sizes = np.random.default_rng(0), np.random.default_rng(1)
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
                with (folder / name).open("wb") as picture:
                    picture.seek(int(np.exp(sizes.normal(11.5, 0.4))))
                    picture.write(f"{item:09d}{ad:09d}".encode())
                log.writelines(
                    f"item{item}\t{name}\t{20250301 + day}\t{shown[ad, day]}\t{clicks[ad, day]}\n"
                    for day in range(days)
                )
    return path


READ = """
import sys
from pathlib import Path
from caig_cli.clicks.pictures import PictureIndex
from caig_cli.clicks.read_logs import read_click_logs
read_click_logs([sys.argv[1]], pictures=PictureIndex([Path(sys.argv[2])]) if sys.argv[2:] else None)
"""


def cost(what: str, command: list[str]) -> str:
    """Run a command, print what it takes, and return what it prints."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{what} failed")
    memory = used.ru_maxrss / 2 ** (20 if sys.platform == "darwin" else 10)
    print(
        f"{what}: {used.ru_utime + used.ru_stime:.1f} s of one processor, {memory:.0f} MB, "
        f"{time.monotonic() - start:.1f} s on the clock"
    )
    return out


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
        print(f"{platform.machine()}, {os.cpu_count()} CPU threads, load {os.getloadavg()[0]:.1f}")
        python = sys.executable
        cost("start of Python and numpy", [python, "-c", "import numpy"])
        cost(f"{options.rows} rows read", [python, "-c", READ, str(log)])
        cost(f"{options.rows} rows read and their pictures found", [python, "-c", READ, str(log), name])
        command = [python, "-m", "caig_cli", "pairs", str(log), "--images", str(folder)]
        command += ["--out", str(folder / "pairs.jsonl"), "--window-days", "5", "--min-stability", "0.5"]
        command += ["--json", "--quiet", "--overwrite"]
        cost("caig pairs", command)
        command += ["--test-share", "0.1", "--prior", "items"]
        result = json.loads(cost("caig pairs --test-share 0.1 --prior items", command))
    found = result["log"]
    print(f"{found['creatives']} creatives of {found['items']} items, {result['pairs']} pairs kept")


if __name__ == "__main__":
    main()
