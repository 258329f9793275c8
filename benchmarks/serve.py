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
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
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
    plain = pairs / in_process(args, files)
    served = pairs / over_http(args, files)
    figures = {
        "judge": args.judge, "clients": args.clients, "ads": args.ads, "pairs": pairs,
        "threads": args.threads,
        "in_process_pairs_per_s": round(plain, 1), "served_pairs_per_s": round(served, 1),
        "share": round(served / plain, 3), "goal": GOAL,
    }  # fmt: skip
    print(json.dumps(figures))


def pictures(count: int) -> list[bytes]:
    """PNG files of smooth colour, as large as ads are."""
    files = []
    for number in range(count):
        small = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, format="PNG")
        files.append(file.getvalue())
    return files


def in_process(args: argparse.Namespace, files: list[bytes]) -> float:
    """Seconds for all requests, one after the other."""
    use_threads(args.threads)
    judge = TrainedJudge.load(args.judge, choose_device("cpu", "fp32"))

    def once() -> None:
        judge.rank([open_bytes(data, "ad") for data in files], "Red mug", {})

    once()
    start = time.perf_counter()
    for _ in range(args.clients * args.requests):
        once()
    return time.perf_counter() - start


def over_http(args: argparse.Namespace, files: list[bytes]) -> float:
    """Seconds for all requests of all clients at the same time."""
    command = [sys.executable, "-m", "caig_cli", "serve", "--port", "0", "--judge", args.judge]
    command += ["--device", "cpu", "--dtype", "fp32", "--threads", str(args.threads)]
    environment = {name: value for name, value in os.environ.items() if name != "CAIG_SERVE_TOKEN"}
    body = json.dumps(
        {"images": [base64.b64encode(f).decode() for f in files], "caption": "Red mug"}
    ).encode()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "serving at" in line)
            port = int(line.split("127.0.0.1:")[1].split("/")[0])
            send(port, body, 1)
            start = time.perf_counter()
            with ThreadPoolExecutor(args.clients) as pool:
                list(pool.map(lambda _: send(port, body, args.requests), range(args.clients)))
            return time.perf_counter() - start
        finally:
            process.terminate()


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
