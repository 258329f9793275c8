"""A model hub on this machine: the few addresses that a download asks for, and their failures."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""The commit of every repository, unless ``TinyHub.commits`` says otherwise."""


@dataclass
class TinyHub:
    """``repos`` are folders by name; ``faults`` say how a repository fails: (when, status, error code)."""

    repos: dict[str, Path] = field(default_factory=dict)
    faults: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def files_asked(self) -> list[str]:
        """Names of the files whose content was sent."""
        sent = [line for line in self.asked if line.startswith("GET /") and "/resolve/" in line]
        return [line.split("/resolve/")[1].partition("/")[2] for line in sent]


def commit_of(hub: TinyHub, repo: str) -> str:
    return hub.commits.get(repo, COMMIT)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: TinyHub

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        path = self.path.partition("?")[0].strip("/")
        if path.startswith("api/models/"):
            repo, _, revision = path.removeprefix("api/models/").partition("/revision/")
            self._info(repo, revision or "main")
        else:
            repo, _, rest = path.partition("/resolve/")
            revision, _, file = rest.partition("/")
            self._file(repo, revision, file, body=body)

    def _info(self, repo: str, revision: str) -> None:
        when, status, code = self.hub.faults.get(repo, ("", 0, ""))
        if when == "slow":
            time.sleep(status)
        if when == "info":
            return self._send(status, b"<html>oops</html>" if status == 200 else b"{}", code)
        folder = self.hub.repos.get(repo)
        if folder is None:
            return self._send(401, b'{"error": "Invalid username or password."}', "RepoNotFound")
        if revision not in ("main", commit_of(self.hub, repo)):
            return self._send(404, b"{}", "RevisionNotFound")
        siblings = [
            {"rfilename": str(path.relative_to(folder)), "size": path.stat().st_size, "blobId": _etag(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        facts = {"id": repo, "modelId": repo, "sha": commit_of(self.hub, repo), "siblings": siblings}
        return self._send(200, json.dumps(facts).encode(), "")

    def _file(self, repo: str, revision: str, file: str, *, body: bool) -> None:
        when, status, code = self.hub.faults.get(repo, ("", 0, ""))
        if when == "files":
            return self._send(status, b"", code)
        if when == file:  # this one file arrives as something else
            return self._send(
                200, b"<html>a login page</html>", "", {"ETag": '"x"', **self._commit(repo)}, body
            )
        path = self.hub.repos[repo] / file
        return self._send(
            200, path.read_bytes(), "", {"ETag": f'"{_etag(path)}"', **self._commit(repo)}, body
        )

    def _commit(self, repo: str) -> dict[str, str]:
        return {"X-Repo-Commit": commit_of(self.hub, repo)}

    def _send(
        self, status: int, content: bytes, code: str, headers: dict[str, str] | None = None, body: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body and self.command == "GET":
            self.wfile.write(content)


def _etag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


@contextmanager
def serve() -> Iterator[TinyHub]:
    """A hub without repositories that answers until the block ends."""
    hub = TinyHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
