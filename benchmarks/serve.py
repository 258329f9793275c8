"""Pairs per second of ``caig serve`` with many clients, against the judge called in this process.

Each client sends groups of ads as PNG in caig's own form, one request after the other, over its own
connection. The process compared with opens the same files from memory and ranks them, as ``caig score`` does.

Usage: python benchmarks/serve.py [--judge embedded] [--clients 8] [--ads 8] [--requests 6] [--threads 2]
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from caig_cli.data.images import open_bytes
from caig_cli.engine.runtime import choose_device, use_threads
from caig_cli.rewards.judge import TrainedJudge

GOAL = 0.9
SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", default="embedded", help="embedded, heldout, or a folder of caig train-rm")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--ads", type=int, default=8, help="ads of a request")
    parser.add_argument("--requests", type=int, default=6, help="requests of each client")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of either side")
    args = parser.parse_args()
    files = pictures(args.ads)
    pairs = args.clients * args.requests * args.ads * (args.ads - 1) // 2
    plain, plain_cpu = in_process(args, files)
    served, served_cpu = over_http(args, files)
    figures = {
        "judge": args.judge, "clients": args.clients, "ads": args.ads, "pairs": pairs,
        "threads": args.threads, "processor": processor(), "cores": os.cpu_count(),
        "in_process_pairs_per_s": round(pairs / plain, 1), "served_pairs_per_s": round(pairs / served, 1),
        "share": round(plain / served, 3), "goal": GOAL,
        "in_process_cpu_s": round(plain_cpu, 2), "served_cpu_s": round(served_cpu, 2),
        "share_by_cpu": round(plain_cpu / served_cpu, 3),
    }  # fmt: skip
    print(json.dumps(figures))


def processor() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def pictures(count: int) -> list[bytes]:
    """PNG files of smooth colour, as large as ads are."""
    files = []
    for number in range(count):
        small = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, format="PNG")
        files.append(file.getvalue())
    return files


def in_process(args: argparse.Namespace, files: list[bytes]) -> tuple[float, float]:
    """Seconds by the clock and of CPU for all requests, one after the other."""
    use_threads(args.threads)
    judge = TrainedJudge.load(args.judge, choose_device("cpu", "fp32"))

    def once() -> None:
        judge.rank([open_bytes(data, "ad") for data in files], "Red mug", {})

    once()
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(args.clients * args.requests):
        once()
    return time.perf_counter() - start, time.process_time() - cpu


def over_http(args: argparse.Namespace, files: list[bytes]) -> tuple[float, float]:
    """Seconds by the clock, and of the service's CPU, for all requests of all clients at the same time."""
    body = json.dumps(
        {"images": [base64.b64encode(f).decode() for f in files], "caption": "Red mug"}
    ).encode()
    options = ["--judge", args.judge, "--device", "cpu", "--dtype", "fp32", "--threads", str(args.threads)]
    with service(options) as (port, process):
        send(port, body, 1)
        start, cpu = time.perf_counter(), cpu_of(process)
        with ThreadPoolExecutor(args.clients) as pool:
            list(pool.map(lambda _: send(port, body, args.requests), range(args.clients)))
        return time.perf_counter() - start, cpu_of(process) - cpu


@contextmanager
def service(options: list[str], **environment: str) -> Iterator[tuple[int, psutil.Process]]:
    """A ``caig serve`` of its own: its port and its process."""
    inherited = {name: value for name, value in os.environ.items() if name != "CAIG_SERVE_TOKEN"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "caig_cli", "serve", "--port", "0", "--jobs", folder, *options]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env=inherited | environment
        ) as process:
            try:
                assert process.stderr is not None
                line = next(line for line in process.stderr if "serving at" in line)
                yield int(line.split("127.0.0.1:")[1].split("/")[0]), psutil.Process(process.pid)
            finally:
                process.terminate()


def cpu_of(process: psutil.Process) -> float:
    """CPU seconds that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def send(port: int, body: bytes, times: int) -> None:
    """Ask so many times over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    for _ in range(times):
        connection.request("POST", "/score", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer[:200]
    connection.close()


if __name__ == "__main__":
    main()
