"""One HTTP exchange that ends in time, whatever the server does: connect, send, headers and body together.

A time-out of a socket counts from byte to byte, so a server that sends one now and then is never late. Here a
clock shuts the connection when the time for all of it is over.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

MOST_BYTES = 4_000_000


class TooMuch(Exception):  # noqa: N818
    """An answer that does not end."""


class Exchange:
    """The time of one exchange, and its connections."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._open: list[socket.socket] = []

    @property
    def rest(self) -> float:
        """Seconds that are left."""
        return max(0.001, self._end - time.monotonic())

    @property
    def late(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() >= self._end

    def connect(self, address: tuple[str, int], *_: Any) -> socket.socket:
        """A connection that ends with the exchange; stands in for ``socket.create_connection``."""
        made = socket.create_connection(address, self.rest)
        self._open.append(made.dup())  # TLS takes the socket itself over
        return made

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Shut all connections when the time is over, within the block."""
        timer = threading.Timer(self.rest, self._shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            for one in self._open:
                one.close()

    def _shut(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def post(url: str, data: bytes, headers: Mapping[str, str], exchange: Exchange) -> bytes:
    """The body of a server's answer; redirects are not followed, as they would take a key elsewhere.

    Raises OSError (``urllib.error.HTTPError`` among them, with its body not yet read),
    ``http.client.HTTPException`` and TooMuch.
    """
    request = urllib.request.Request(url, data, dict(headers), method="POST")
    opener = urllib.request.build_opener(_NoRedirects, _Http(exchange), _Https(exchange))
    with opener.open(request, timeout=exchange.rest) as response:
        return read(response, exchange)


def read(response: Any, exchange: Exchange) -> bytes:
    """The body, unless it trickles in past the end of the exchange or never ends."""
    parts, size = [], 0
    while part := response.read1(65536):
        parts.append(part)
        size += len(part)
        if exchange.late:
            raise TimeoutError
        if size > MOST_BYTES:
            raise TooMuch
    if exchange.late:
        raise TimeoutError  # the clock has shut it: what is there is a part
    return b"".join(parts)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect stays an error."""

    def redirect_request(self, *_: Any, **__: Any) -> None: ...


class _Clocked:
    """A connection that the exchange's clock covers."""

    def __init__(self, *args: Any, exchange: Exchange, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = exchange.connect


class _Connection(_Clocked, http.client.HTTPConnection): ...


class _SecureConnection(_Clocked, http.client.HTTPSConnection): ...


class _Http(urllib.request.HTTPHandler):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    def http_open(self, req: urllib.request.Request) -> Any:
        """Called by the opener."""
        return self.do_open(partial(_Connection, exchange=self._exchange), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    def https_open(self, req: urllib.request.Request) -> Any:
        """Called by the opener."""
        return self.do_open(partial(_SecureConnection, exchange=self._exchange), req)
