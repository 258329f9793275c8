"""A large catalogue by the fake painter on Ray: memory, what is lost or doubled with killed actors, resume.

``python benchmarks/catalogue.py [--products 10000] [--actors 2] [--kill-every 60] [--engine ray|local]``

Products are tiny photos, so that what is measured is caig's own. Every ``--kill-every`` seconds one actor is
ended by SIGKILL. Printed: wall seconds, the resident memory of each kind of process after a fifth of the time
and at most, products without a row and with more than one, and the seconds that ``--resume`` needs to find
that nothing is to be made.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import psutil
from product_cost import catalogue, command


def kind_of(process: psutil.Process) -> str | None:
    """What a process of the run does; None for Ray's own."""
    line = " ".join(process.cmdline())
    if "AdActor" in line:
        return "actor"
    return "driver" if "caig_cli generate" in line else None


def watched(
    child: subprocess.Popen[bytes], kill_every: float
) -> tuple[dict[str, list[tuple[float, float]]], int]:
    """(seconds, MB) of each kind of process until the run ends, and how many actors were killed."""
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    start = last = time.monotonic()
    killed = 0
    while child.poll() is None:
        actors = []
        for process in [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]:
            try:
                kind = kind_of(process)
                if kind is not None:
                    memory = process.memory_info()
                    own = memory.rss - getattr(memory, "shared", 0)  # Ray's object store is everybody's
                    seen[kind].append((time.monotonic() - start, own / 2**20))
                    actors += [process] if kind == "actor" else []
            except psutil.Error:
                continue
        if kill_every and actors and time.monotonic() - last > kill_every:
            random.choice(actors).send_signal(signal.SIGKILL)
            last, killed = time.monotonic(), killed + 1
        time.sleep(0.5)
    return seen, killed


def counted(run: Path, engine: str) -> Counter[str]:
    """How often each product has its ad."""
    if engine == "ray":
        import pyarrow.parquet as parquet

        tables = [parquet.read_table(path, columns=["product"]) for path in (run / "parts").glob("*.parquet")]
        return Counter(name for table in tables for name in table["product"].to_pylist())
    from caig_cli.engine.files import each_line

    return Counter(row["product"] for row in each_line(run / "manifest.jsonl"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--actors", type=int, default=2)
    parser.add_argument("--kill-every", type=float, default=60)
    parser.add_argument("--engine", choices=["ray", "local"], default="ray")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        products = catalogue(Path(folder) / "shop", given.products, "tiny")
        run = Path(folder) / "run"
        arguments = [sys.executable, "-m", "caig_cli", *command(products, run, 1, "96x80")]
        if given.engine == "ray":
            arguments += ["--engine", "ray", "--set", f"ray.actors={given.actors}"]
        env = os.environ | {"RAY_worker_niceness": "0"}
        start = time.monotonic()
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, env=env)
        seen, killed = watched(child, given.kill_every if given.engine == "ray" else 0)
        wall = time.monotonic() - start
        times = counted(run, given.engine)
        print(f"{given.products} products, {given.engine}: {wall:.0f} s, exit code {child.returncode}, "
              f"{killed} actors killed")  # fmt: skip
        for kind, rows in seen.items():
            early = max((mb for at, mb in rows if at <= wall / 5), default=0.0)
            print(f"{kind}: {early:.0f} MB in the first fifth, {max(mb for _, mb in rows):.0f} MB at most")
        doubled = sum(count > 1 for count in times.values())
        print(f"without a row: {given.products - len(times)}, with more than one: {doubled}")
        start = time.monotonic()
        resume = [sys.executable, "-m", "caig_cli", "generate", "--resume", "--out", str(run), "--quiet"]
        code = subprocess.run(resume, stdout=subprocess.DEVNULL, env=env).returncode
        print(f"resume: {time.monotonic() - start:.1f} s, exit code {code}")


if __name__ == "__main__":
    main()
