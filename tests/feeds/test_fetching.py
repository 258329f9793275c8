"""Photos from addresses: what is public, what is refused, what is tried again, each once."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from caig_cli.errors import ItemError
from caig_cli.feeds import fetching
from caig_cli.feeds.fetching import Fetcher, is_public, split_address

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


class Shop(BaseHTTPRequestHandler):
    """Answers by its path; counts what it was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['Host']}{self.path}")
        name = self.path.split("/")[-1].split("?")[0]
        if name == "moved.png":
            self._send(302, b"", {"Location": "https://other.example/ok.png"})
        elif name == "inside.png":
            self._send(302, b"", {"Location": "https://private.example/ok.png"})
        elif name == "plain.png":
            self._send(301, b"", {"Location": "http://cdn.example/ok.png"})
        elif name == "astray.png":
            self._send(302, b"", {"Location": "https://[::1/ok.png"})
        elif name == "loop.png":
            self._send(302, b"", {"Location": "/loop.png"})
        elif name == "busy.png" and self.asked.count(f"{self.headers['Host']}{self.path}") < 3:
            self._send(503, b"", {})
        elif name == "page.png":
            self._send(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
        elif name == "lie.png":
            self._send(200, b"<html>Sign in</html>", {"Content-Type": "image/png"})
        elif name == "huge.png":
            self._send(200, b"", {"Content-Type": "image/png", "Content-Length": str(10**9)})
        elif name == "endless.png":
            self._send(200, PNG * 1000, {"Content-Type": "image/png"})
        elif name == "gone.png":
            self._send(404, b"", {})
        elif name == "down.png":
            self._send(500, b"", {})
        else:
            self._send(200, PNG, {"Content-Type": "image/png"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for title, value in headers.items():
            self.send_header(title, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


HOSTS = {"private.example": ["10.0.0.5"], "mixed.example": ["93.184.216.34", "127.0.0.1"]}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Fetcher, list[str]]]:
    """A fetcher whose every public address leads to a server here, without TLS."""
    asked: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Shop,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def connect(host: str, place: str, port: int, exchange: Any) -> http.client.HTTPConnection:
        assert is_public(place) and port == 443

        class Here(http.client.HTTPConnection):
            default_port = 443

            def connect(self) -> None:
                self.sock = exchange.connect(server.server_address)

        return Here(host, port)

    monkeypatch.setattr(fetching, "MAX_BYTES", 50_000)
    resolve = lambda host, port: HOSTS.get(host, ["93.184.216.34"])  # noqa: E731
    yield Fetcher(resolve, connect, pause=0.0), asked
    server.shutdown()
    server.server_close()


def test_a_photo_is_fetched_once(shop: tuple[Fetcher, list[str]], tmp_path: Path) -> None:
    fetcher, asked = shop
    for _ in range(2):
        fetcher.fetch("https://cdn.example/a%20b.png?v=1", tmp_path / "a" / "b.png")
    assert (tmp_path / "a" / "b.png").read_bytes() == PNG
    assert asked == ["cdn.example/a%20b.png?v=1"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.png"]


def test_redirects_and_busy_servers(shop: tuple[Fetcher, list[str]], tmp_path: Path) -> None:
    fetcher, asked = shop
    fetcher.fetch("https://cdn.example/moved.png", tmp_path / "a.png")
    fetcher.fetch("https://cdn.example/busy.png", tmp_path / "b.png")
    assert asked[:2] == ["cdn.example/moved.png", "other.example/ok.png"] and len(asked) == 5


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://cdn.example/a.png", "only https"),
        ("file:///etc/passwd", "only https"),
        ("ftp://cdn.example/a.png", "only https"),
        ("https://user:secret@cdn.example/a.png", "not a usable address"),
        ("https://cdn.example:8443/a.png", "port 8443"),
        ("https://", "not a usable address"),
        ("https://[::1/a.png", "not a usable address"),
        ("https://cdn.example/astray.png", "no usable address"),
        ("https://private.example/a.png", "private network"),
        ("https://mixed.example/a.png", "private network"),
        ("https://cdn.example/inside.png", "private network"),
        ("https://cdn.example/plain.png", "only https"),
        ("https://cdn.example/loop.png", "more than 5 redirects"),
        ("https://cdn.example/page.png", "text/html"),
        ("https://cdn.example/lie.png", "no photo"),
        ("https://cdn.example/huge.png", "over the limit"),
        ("https://cdn.example/endless.png", "over the limit"),
        ("https://cdn.example/gone.png", "404"),
    ],
)
def test_what_is_refused(shop: tuple[Fetcher, list[str]], tmp_path: Path, address: str, why: str) -> None:
    with pytest.raises(ItemError, match=why) as raised:
        shop[0].fetch(address, tmp_path / "x.png")
    assert "\n" not in str(raised.value) and not (tmp_path / "x.png").exists()


def test_a_host_that_fails_is_given_up(shop: tuple[Fetcher, list[str]], tmp_path: Path) -> None:
    fetcher, asked = shop
    for number in range(5):
        with pytest.raises(ItemError):
            fetcher.fetch(f"https://cdn.example/{number}/down.png", tmp_path / "x.png")
    assert len(asked) == fetching.GIVEN_UP * fetching.TRIES


def test_public_addresses() -> None:
    assert all(map(is_public, ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34")))
    private = (
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "localhost",
    )  # fmt: skip
    assert not any(map(is_public, private))


def test_addresses_are_written_as_the_wire_wants_them() -> None:
    assert split_address("https://münchen.example/ä b.png?q=ü") == (
        "xn--mnchen-3ya.example",
        443,
        "/%C3%A4%20b.png?q=%C3%BC",
    )
