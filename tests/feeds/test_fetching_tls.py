"""Photos over TLS: a real server with a certificate that is made here, for some names and not for others."""

from __future__ import annotations

import datetime
import http.client
import ssl
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from feeds.test_fetching import HOSTS, PNG, Shop

from caig_cli.engine.transport import Exchange
from caig_cli.errors import ItemError
from caig_cli.feeds import fetching
from caig_cli.feeds.fetching import Fetcher, connected


class SlowShop(Shop):
    """Sends one byte now and then, where it is asked for ``slow.png``."""

    ended = threading.Event()

    def do_GET(self) -> None:  # noqa: N802 (http.server's name)
        if not self.path.endswith("slow.png"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        while not self.ended.wait(0.05):
            try:
                self.wfile.write(b"x")
            except OSError:
                return


def certificate(folder: Path) -> tuple[Path, Path]:
    """PEM files of a certificate for cdn.example and other.example that signs itself, and of its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cdn.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in ("cdn.example", "other.example")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "shop.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return folder / "shop.pem", folder / "key.pem"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetcher]:
    """A fetcher with its own TLS, whose every public address leads to a server here."""
    chain, key = certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (SlowShop,), {"asked": []}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up is no news
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def connect(host: str, place: str, port: int, exchange: Exchange) -> http.client.HTTPConnection:
        real = exchange.connect
        exchange.connect = lambda address, *_: real(server.server_address)  # type: ignore[method-assign]
        return connected(host, place, port, exchange)

    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    monkeypatch.setattr(fetching, "TRIES", 1)
    monkeypatch.setattr(fetching, "MAX_BYTES", 50_000)
    SlowShop.ended.clear()
    resolve: Any = lambda host, port: HOSTS.get(host, ["93.184.216.34"])  # noqa: E731
    yield Fetcher(resolve, connect, pause=0.0)
    SlowShop.ended.set()
    server.shutdown()
    server.server_close()


def test_a_photo_comes_over_tls(shop: Fetcher, tmp_path: Path) -> None:
    shop.fetch("https://cdn.example/moved.png", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == PNG


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://evil.example/a.png", "certificate is not valid"),
        ("https://cdn.example/inside.png", "private network"),
        ("https://cdn.example/plain.png", "only https"),
        ("https://cdn.example/page.png", "text/html"),
        ("https://cdn.example/lie.png", "no photo"),
        ("https://cdn.example/huge.png", "over the limit"),
        ("https://cdn.example/endless.png", "over the limit"),
    ],
)
def test_what_is_refused_over_tls(shop: Fetcher, tmp_path: Path, address: str, why: str) -> None:
    with pytest.raises(ItemError, match=why):
        shop.fetch(address, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_a_slow_server_is_given_up(shop: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    with pytest.raises(ItemError, match="too slow"):
        shop.fetch("https://cdn.example/slow.png", tmp_path / "x.png")


def test_who_is_not_trusted_is_refused(
    shop: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(ItemError, match="certificate is not valid"):
        shop.fetch("https://cdn.example/a.png", tmp_path / "x.png")
