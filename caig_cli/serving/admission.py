"""Who may ask, and how a request's body is read: bounded in bytes and time, JSON and nothing else."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from typing import Any

from starlette.requests import Request

from caig_cli.parsing import Malformed, parse_json
from caig_cli.serving.limits import Refused, ServiceLimits

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def admit(request: Request, token: str | None) -> None:
    """Raises Refused where the token is wrong, or where there is none and a web page of elsewhere asks."""
    if token is not None:
        given = _given_token(request.headers.get("authorization", ""))
        if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
            raise Refused(401, "a token is needed: Authorization: Bearer TOKEN")
        return
    # Without a token the host name protects: a page whose name is made to lead here has another one.
    if request.url.hostname not in LOOPBACK:
        raise Refused(403, "ask as localhost, or start the service with a token")


def _given_token(header: str) -> str:
    """Of ``Bearer TOKEN``, or the password of ``Basic``, which is what an address with a password becomes."""
    kind, _, value = header.strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


async def read_body(request: Request, limits: ServiceLimits) -> bytes:
    """The body. Raises Refused where it is no JSON by its own word, too large or too slow."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "the body must be JSON: Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "the body must come unpacked")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > limits.body:
        raise Refused(413, f"the body is over {limits.body} bytes")
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                size += len(part)
                if size > limits.body:
                    raise Refused(413, f"the body is over {limits.body} bytes")
                parts.append(part)
    except TimeoutError:
        raise Refused(408, f"the body did not come within {limits.seconds:g} s") from None
    return b"".join(parts)


def parse_body(data: bytes) -> Any:
    """The JSON value. Raises Refused."""
    try:
        return parse_json(data)
    except Malformed as error:
        raise Refused(400, f"the body: {error}") from None
