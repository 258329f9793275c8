"""Photos from web addresses: https only, nothing of a private network, bounded, polite, kept by address.

The name of a host is looked up once, every address that it stands for must be public, and the connection goes
to the very address that was checked: a second look-up could answer otherwise. Redirects are followed by hand,
each checked like the first. Proxies of the environment are not used, as they would look names up themselves.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from caig_cli.data.cache import whole_file
from caig_cli.data.images import shown
from caig_cli.engine.environment import version
from caig_cli.engine.transport import Exchange
from caig_cli.errors import ItemError

MAX_BYTES = 32 << 20
"""Largest photo that is fetched."""
SECONDS = 60.0
"""For one photo, from looking its host up to the last byte."""
PAUSE = 0.25
"""Seconds between two requests to one host."""
TRIES = 3
MAX_WAIT = 30.0
"""Seconds that a server may ask to wait."""
REDIRECTS = 5
GIVEN_UP = 3
"""Photos in a row that a host fails to send, after which it is asked no more."""

_SIGNATURES: Sequence[tuple[int, bytes]] = (
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (0, b"GIF8"), (8, b"WEBP"), (0, b"BM"),
    (0, b"II*\x00"), (0, b"MM\x00*"), (4, b"ftypavif"), (4, b"ftypavis"), (4, b"ftyphei"), (4, b"ftypmif1"),
    (4, b"jP  "),
)  # fmt: skip
"""Where and how files of photos begin."""
_KINDS = ("image/", "application/octet-stream", "binary/")
"""How types of files begin that may be photos."""
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], list[str]]
Connect = Callable[[str, str, int, Exchange], http.client.HTTPConnection]


class _Again(Exception):  # noqa: N818
    """What another try may mend; ``wait`` is what the server asks for."""

    def __init__(self, text: str, wait: float = 0.0) -> None:
        super().__init__(text)
        self.wait = wait


class Fetcher:
    """Fetches photos one at a time; what fails is told once and not tried again."""

    def __init__(
        self, resolve: Resolve | None = None, connect: Connect | None = None, pause: float = PAUSE
    ) -> None:
        self._resolve, self._connect, self._pause = resolve or resolved, connect or connected, pause
        self._last: dict[str, float] = {}
        self._failed: dict[str, str] = {}
        self._failing: Counter[str] = Counter()

    def fetch(self, address: str, path: Path) -> None:
        """Have the photo at an address as a file; one that is there already counts. Raises ItemError."""
        if path.is_file():
            return
        if address not in self._failed:
            try:
                host = split_address(address)[0]
                if self._failing[host] >= GIVEN_UP:
                    raise ItemError(f"not fetched, as {shown(host)} failed {GIVEN_UP} times in a row")
                data = self._photo(address)
                self._failing[host] = 0
                _keep(path, data)
                return
            except ItemError as error:
                self._failed[address] = str(error)
        raise ItemError(f"{shown(address[:200])}: {self._failed[address]}")

    def _photo(self, address: str) -> bytes:
        """The bytes of a photo, after as many tries as are allowed."""
        host = split_address(address)[0]
        for attempt in range(1, TRIES + 1):
            try:
                return self._follow(address)
            except _Again as error:
                if attempt == TRIES:
                    self._failing[host] += 1
                    raise ItemError(f"{error}; try again later") from None
                time.sleep(min(MAX_WAIT, max(error.wait, self._pause * 4**attempt)))
        raise AssertionError

    def _follow(self, address: str) -> bytes:
        exchange = Exchange(SECONDS)
        for _ in range(REDIRECTS + 1):
            found = self._ask(address, exchange)
            if isinstance(found, bytes):
                return found
            try:
                address = urljoin(address, found)
            except ValueError:
                raise ItemError("leads to no usable address; check it") from None
        raise ItemError(f"more than {REDIRECTS} redirects; give the address of the photo itself")

    def _ask(self, address: str, exchange: Exchange) -> bytes | str:
        """The photo, or where it is said to be. Raises ItemError, and _Again for what may pass."""
        host, port, target = split_address(address)
        try:
            place = public(self._resolve(host, port), host)
            self._be_polite(host)
            connection = self._connect(host, place, port, exchange)
            try:
                with exchange.clock():
                    headers = {"User-Agent": f"caig/{version('caig') or '0'}", "Accept": "image/*"}
                    connection.request("GET", target, headers=headers)
                    return _answer(connection.getresponse(), exchange)
            finally:
                connection.close()
                self._last[host] = time.monotonic()
        except ssl.SSLCertVerificationError as error:
            raise ItemError(f"its certificate is not valid ({error.verify_message})") from None
        except (OSError, http.client.HTTPException) as error:
            why = "too slow" if exchange.late else " ".join(str(error).split())[:100] or type(error).__name__
            raise _Again(f"{shown(host)} can't be reached ({why})") from None

    def _be_polite(self, host: str) -> None:
        since = time.monotonic() - self._last.get(host, float("-inf"))
        time.sleep(max(0.0, self._pause - since))


def _answer(response: http.client.HTTPResponse, exchange: Exchange) -> bytes | str:
    status = response.status
    if status in _MOVED and (target := response.getheader("Location")):
        return target
    if status in _BUSY:
        wait = response.getheader("Retry-After") or ""
        raise _Again(f"the server answers {status}", float(wait) if wait.isdecimal() else 0.0)
    if status != 200:
        raise ItemError(f"the server answers {status}; check the address")
    kind = (response.getheader("Content-Type") or "").split(";")[0].strip().lower()
    if kind == "image/svg+xml" or not (kind or "image/").startswith(_KINDS):
        raise ItemError(f"is {shown(kind[:40])}, no photo; check the address")
    if (_length(response) or 0) > MAX_BYTES:
        raise ItemError(f"is over the limit of {MAX_BYTES >> 20} MB; shrink the photo")
    data = _body(response, exchange)
    if not any(data[at : at + len(mark)] == mark for at, mark in _SIGNATURES):
        raise ItemError(
            "what came is no photo (PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF, HEIC); check the address"
        )
    return data


def _body(response: http.client.HTTPResponse, exchange: Exchange) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise ItemError(f"is over the limit of {MAX_BYTES >> 20} MB; shrink the photo")
        if exchange.late:
            raise TimeoutError
    if exchange.late:
        raise TimeoutError
    if size < (_length(response) or 0):
        raise _Again("the answer broke off")
    return b"".join(parts)


def _length(response: http.client.HTTPResponse) -> int | None:
    """What the server says the body's length is."""
    length = response.getheader("Content-Length") or ""
    return int(length) if length.isdecimal() and len(length) < 20 else None


def split_address(address: str) -> tuple[str, int, str]:
    """(host, port, path and query) of an https address. Raises ItemError for any other."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 443
        host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise ItemError("is not a usable address; check it") from None
    if parts.scheme.lower() != "https":
        raise ItemError("only https addresses are fetched; change it to https:// in the feed")
    if not host or parts.username is not None or parts.password is not None:
        raise ItemError("is not a usable address; check it")
    if port != 443:
        raise ItemError(f"port {port} is not fetched from, only 443")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return host, port, path + (f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else "")


def resolved(host: str, port: int) -> list[str]:
    """All addresses of a host. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def public(places: Sequence[str], host: str) -> str:
    """The first of a host's addresses, if all of them are public. Raises ItemError."""
    for place in places:
        if not is_public(place):
            raise ItemError(f"{shown(host)} is in a private network, which is not fetched from")
    if not places:
        raise ItemError(f"{shown(host)} has no address; check it")
    return places[0]


def is_public(place: str) -> bool:
    """Whether an IP address belongs to the public internet, whatever it is wrapped in."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner: list[Any] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or int(address) >> 32 == 0:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(one is not None and not is_public(str(one)) for one in inner):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def connected(host: str, place: str, port: int, exchange: Exchange) -> http.client.HTTPConnection:
    """A connection to an IP address that proves to be ``host`` by its certificate."""

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            bare = exchange.connect((place, port))
            self.sock = context.wrap_socket(bare, server_hostname=host)

    context = ssl.create_default_context()
    return Secure(host, port, timeout=exchange.rest)


def _keep(path: Path, data: bytes) -> None:
    """Write a whole file or none."""
    try:
        with whole_file(path) as file:
            file.write(data)
    except OSError as error:
        raise ItemError(f"can't be kept in {shown(path.parent)} ({error.strerror}); set CAIG_CACHE") from None
