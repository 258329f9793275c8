"""Threads that wait asleep: what ``OMP_WAIT_POLICY=PASSIVE`` is worth, on an idle and on a loaded machine.

``python benchmarks/threads.py [--busy 0 4] [--threads N]``: a small network's forward passes in a process of
its own, with threads that spin while they wait (torch's default) and with threads that sleep (as caig sets
them before torch is loaded), beside so many processes that are busy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from caig_cli.engine.process import PASSIVE, processors

WORK = """
import json, time, torch
torch.manual_seed(0)
layers = [torch.nn.Linear(256, 256) for _ in range(24)]
x = torch.randn(64, 256)
def once():
    y = x
    for layer in layers: y = torch.tanh(layer(y))
    return y
with torch.no_grad():
    for _ in range(20): once()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(PASSES): once()
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def measure(settings: dict[str, str], threads: int, busy: int, passes: int) -> tuple[float, float]:
    """Wall and CPU seconds of the work beside ``busy`` busy processes."""
    neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        env = {name: value for name, value in os.environ.items() if name not in PASSIVE}
        env |= settings | {"OMP_NUM_THREADS": str(threads)}
        code = WORK.replace("PASSES", str(passes))
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
    wall, cpu = json.loads(done.stdout)
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 2 * processors()])
    parser.add_argument("--threads", type=int, default=processors())
    parser.add_argument("--passes", type=int, default=400)
    given = parser.parse_args()
    print(f"{given.threads} threads on {processors()} processors")
    print(f"{'busy':>4} {'waiting':>8} {'wall s':>7} {'CPU s':>6}")
    for busy in given.busy:
        for name, settings in (("spinning", {}), ("asleep", PASSIVE)):
            wall, cpu = measure(settings, given.threads, busy, given.passes)
            print(f"{busy:>4} {name:>8} {wall:7.2f} {cpu:6.2f}", flush=True)


if __name__ == "__main__":
    main()
