"""CPU seconds until ``caig`` has done what needs no model: the best of three starts.

``python benchmarks/start.py``: help pages, one row a subcommand; then a dry run, an order that cannot be met,
and one ad by the fake painter with a given prompt and no judge.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from caig_cli.commands import COMMANDS

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
GIVEN = ["--prompt", "a table", "--set", "judge.model=null", "--set", "generate.painter=fake"]
RUNS = {
    "dry run": ["generate", "--product", str(SAMPLES / "serum.png"), "--dry-run"],
    "error": ["generate", "--product", "missing.png"],
    "fake ad": ["generate", "--product", str(SAMPLES / "serum.png"), "-n", "1", "--size", "512x512", *GIVEN],
}


def cpu_seconds(arguments: list[str]) -> float:
    """What the best of three processes cost."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "caig_cli", *arguments], capture_output=True, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(3))


if __name__ == "__main__":
    print(f"{'':<12} {'CPU s':>6} {'wall s':>7}")
    pages = {
        command or "caig": [*([command] if command else []), "--help"] for command in ("", *COMMANDS, "env")
    }
    for name, arguments in {**pages, **RUNS}.items():
        start = time.perf_counter()
        cpu = cpu_seconds(arguments)
        print(f"{name:<12} {cpu:6.2f} {(time.perf_counter() - start) / 3:7.2f}", flush=True)
