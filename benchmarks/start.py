"""Processor seconds until ``caig`` shows a help page, one row a subcommand: the best of three starts.

Run: ``python benchmarks/start.py``
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from caig_cli.cli import COMMANDS


def cpu_seconds(arguments: list[str]) -> float:
    """What the best of three processes cost."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "caig_cli", *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(3))


if __name__ == "__main__":
    print(f"{'help page of':<12} {'CPU s':>6} {'wall s':>7}")
    for command in ("", *COMMANDS, "env"):
        arguments = [*command.split(), "--help"]
        start = time.perf_counter()
        cpu = cpu_seconds(arguments)
        print(f"{command or 'caig':<12} {cpu:6.2f} {(time.perf_counter() - start) / 3:7.2f}")
