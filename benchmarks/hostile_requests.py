"""Hostile requests to a ``caig serve`` on a real socket: whether it crashes, leaks memory or files, or hangs.

Bytes that are no HTTP, requests that break off, broken and huge pictures, JSON of any shape, paths that
climb, tokens that are wrong. Between them a good request has to be answered. Memory and open files are read
after the first tenth, when all code is loaded, and at the end.

Usage: python benchmarks/hostile_requests.py [--requests 10000] [--seed 0]
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import random
import socket
import time
import zlib
from collections import Counter
from collections.abc import Callable

import psutil
from PIL import Image
from serve import service

TOKEN = "hostile-requests-0123456789"
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
POSTS = ("/score", "/compute", "/write", "/generate")
LEAK = 32 << 20
"""Bytes by which memory may differ: allocators keep some."""

Answer = int | None
"""An answer's status; None where none came, as to what is no HTTP."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, seen = random.Random(args.seed), Counter[str]()
    options = ["--judge", "heldout", "--device", "cpu", "--threads", "1", "--set", "serve.timeout=5",
               "--set", "serve.painter=fake"]  # fmt: skip
    with service(options, CAIG_SERVE_TOKEN=TOKEN) as (port, process):
        start, before = time.perf_counter(), None
        for number in range(args.requests):
            kind = rng.choice(list(KINDS))
            seen[f"{kind} {KINDS[kind](rng, port)}"] += 1
            if number % 500 == 0:
                assert good(port) == 200, f"a good request failed after {number} hostile ones"
            if number == args.requests // 10:
                before = held(process)
        time.sleep(6)  # bodies that never came are given up
        assert good(port) == 200
        after = held(process)
    assert before is not None
    errors = sorted(name for name in seen if name.endswith((" 500", " 504")))
    figures = {
        "requests": args.requests, "seconds": round(time.perf_counter() - start, 1), "before": before,
        "after": after, "errors_inside": errors, "answers": dict(sorted(seen.items())),
    }  # fmt: skip
    print(json.dumps(figures))
    assert not errors and after["memory"] - before["memory"] < LEAK and after["files"] <= before["files"] + 2


def held(process: psutil.Process) -> dict[str, int]:
    """Bytes of memory, open files and sockets, threads."""
    files = process.num_fds()
    return {"memory": process.memory_info().rss, "files": files, "threads": process.num_threads()}


def good(port: int) -> Answer:
    return asked(port, "POST", "/score", json.dumps({"images": [PNG, PNG]}).encode(), HEADERS)


def asked(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):  # it may close while a body is still being sent
        return None
    finally:
        connection.close()
    return response.status


def posted(rng: random.Random, port: int, value: object) -> Answer:
    return asked(port, "POST", rng.choice(POSTS), json.dumps(value).encode(), HEADERS)


# --- what is sent ----------------------------------------------------------------------------------


def file(kind: str) -> bytes:
    data = io.BytesIO()
    Image.effect_noise((48, 48), 60).convert("RGB").save(data, format=kind)
    return data.getvalue()


FILES = [file(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")]
PNG = base64.b64encode(FILES[0]).decode()


def bomb() -> bytes:
    """A PNG whose header promises 30000 x 30000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (30_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1 << 20), 9))


BOMB = base64.b64encode(bomb()).decode()


def raw(rng: random.Random, port: int) -> Answer:
    """Bytes on the socket that are no request, or break off in one."""
    length = rng.choice((0, 10, 10**6))
    texts = (
        rng.randbytes(rng.randrange(1, 4000)),
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * rng.randrange(5000) + b"\r\n",
        b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + str(length).encode() + b"\r\n\r\n{",
        b"POST /score HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
        b"GET /" + b"a" * rng.randrange(100_000) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(rng.choice(texts))
            if rng.random() < 0.5:
                connection.settimeout(0.05)
                connection.recv(4096)
        except OSError:
            pass
    return None


def headers(rng: random.Random, port: int) -> Answer:
    """Wrong methods, types, tokens and hosts."""
    given = dict(HEADERS)
    given[rng.choice(("Authorization", "Content-Type", "Content-Encoding", "Host", "X"))] = rng.choice(
        ("", "x" * 5000, "Basic !!!!", "Bearer ", "application/x-pickle", "gzip", "shop.example", "\xff")
    )
    method = rng.choice(("POST", "PUT", "DELETE", "GET", "OPTIONS", "TRACE", "BREW"))
    path = rng.choice((*POSTS, "/jobs", "/metrics", "/docs", "/", "//", "/%00", "*"))
    return asked(port, method, path, b"{}", given)


def paths(rng: random.Random, port: int) -> Answer:
    """Paths that climb, and numbers of jobs that are none."""
    part = rng.choice(
        ("..", "%2e%2e", "..%2f..%2f..%2fetc", "%00", "a" * 3000, "null", "é", "job.json", "run")
    )
    whole = f"/jobs/{part}/ads/{part}" if rng.random() < 0.5 else f"/jobs/{part}"
    path = "".join(c if c.isascii() else "%C3%A9" for c in whole)
    return asked(port, rng.choice(("GET", "DELETE")), path, None, HEADERS)


def no_json(rng: random.Random, port: int) -> Answer:
    """Bodies that are no JSON, or such as break readers of it."""
    body = rng.choice(
        (rng.randbytes(500), b"[" * 100_000, b'{"a":' * 20_000, b"1" * 5000, b"NaN",
         b'"\\ud800"', b"\xff\xfe{", b'{"images": ["a", "a"], "images": 1e999}', b"\x80\x04\x95.")
    )  # fmt: skip
    return asked(port, "POST", rng.choice(POSTS), body, HEADERS)


def pictures(rng: random.Random, port: int) -> Answer:
    """Pictures of all kinds with bytes changed, cut off or doubled; bombs."""
    data = bytearray(rng.choice(FILES))
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    cut = bytes(data[: rng.randrange(1, len(data) + 1)]) if rng.random() < 0.7 else bytes(data)
    text = BOMB if rng.random() < 0.1 else base64.b64encode(cut).decode()
    if rng.random() < 0.5:
        return posted(rng, port, {"image": text, "n": 1, "size": "64x64", "candidates": 1})
    return posted(rng, port, {"images": [text, PNG]})


def values(rng: random.Random, port: int) -> Answer:
    """JSON of any shape under the keys of all forms."""
    keys = (
        "images image prompts prompt requests history image_b64 metadata caption attributes n size seed mask "
        "product candidates required_rewards group_id kwargs scale placement stance format"
    ).split()

    def value(depth: int) -> object:
        plain = (
            None,
            True,
            -1,
            10**30,
            0.5,
            "",
            "x" * 4000,
            PNG,
            "../../etc/passwd",
            "\x00",
            "1x1",
            "\ud83d",
        )
        if depth == 0 or rng.random() < 0.5:
            return rng.choice(plain)
        if rng.random() < 0.5:
            return [value(depth - 1) for _ in range(rng.randrange(4))]
        return {rng.choice(keys): value(depth - 1) for _ in range(rng.randrange(5))}

    return posted(rng, port, {rng.choice(keys): value(3) for _ in range(rng.randrange(1, 5))})


def jobs(rng: random.Random, port: int) -> Answer:
    """Photos that are pictures and no products, as jobs: they are taken and fail, or find no room."""
    body = {"image": PNG, "n": 64, "size": rng.choice(("64x64", "64x64,96x64", "4096x4096"))}
    return asked(port, "POST", "/generate", json.dumps(body).encode(), HEADERS)


KINDS: dict[str, Callable[[random.Random, int], Answer]] = {
    "raw": raw, "headers": headers, "paths": paths, "no_json": no_json, "pictures": pictures,
    "values": values, "jobs": jobs,
}  # fmt: skip

if __name__ == "__main__":
    main()
