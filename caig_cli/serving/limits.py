"""What one request may ask, and how a request is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """Bounds of the service; together they bound its memory."""

    body: int = 16 << 20
    """Bytes of a request's body."""

    images: int = 64
    """Pictures in a request."""

    pixels: int = 80_000_000
    """Pixels of all pictures of a request together."""

    requests: int = 16
    """Requests that are read, wait or are worked on at the same time."""

    seconds: float = 60.0
    """For the body to come, and then for the answer to be found."""


class Refused(Exception):  # noqa: N818
    """A request that is not answered, with its HTTP status and one line for people."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status
