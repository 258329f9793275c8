"""A patient client of OpenAI-compatible chat endpoints, on the standard library alone.

Busy and broken answers are asked for again, ever later and when the server says so; all threads keep to one
rate. A key goes to the address that the user named and nowhere else: redirects are not followed.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import math
import os
import threading
import time
import urllib.error
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caig_cli.engine import transport
from caig_cli.engine.redaction import redacted
from caig_cli.errors import CaigError, RunError, UsageError
from caig_cli.judges.config import ApiSection
from caig_cli.parsing import MAX_DIGITS, Malformed, parse_json

DEFAULT_BASE = "https://api.openai.com/v1"
BASES = ("CAIG_API_BASE", "OPENAI_BASE_URL")
KEYS = ("CAIG_API_KEY", "OPENAI_API_KEY")

BUSY = (408, 409, 425, 429)
"""Client errors that may pass, besides all of the server's own (5xx)."""
HOPELESS = (301, 302, 303, 307, 308, 401, 403, 404, 405)
"""Answers that every further call would get too: wrong address, key or model."""
LONGEST_WAIT_S = 300.0
SHORTEST_KEY = 4
"""Characters of a key that is looked for in answers; servers of one's own take any letter for a key."""
MOST_DEPTH = 32
"""Lists and objects inside each other that are kept of an answer."""
MOST_FAILURES = 8
"""Calls that may fail in a row, each with all its tries, before the run is stopped: it can be resumed."""

Payload = dict[str, Any]

ADAPTATIONS: Mapping[str, Callable[[Payload], Payload]] = {
    "logprob": lambda p: {k: v for k, v in p.items() if k not in ("logprobs", "top_logprobs")},
    "max_tokens": lambda p: {("max_completion_tokens" if k == "max_tokens" else k): v for k, v in p.items()},
    "temperature": lambda p: {k: v for k, v in p.items() if k != "temperature"},
}
"""What to change where a server complains (400) about an option: word of the complaint -> new payload."""


class CallError(CaigError):
    """A call that got no usable answer, after all tries."""

    def __init__(self, text: str, attempts: int) -> None:
        super().__init__(text)
        self.attempts = attempts


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable answer: the server's JSON, the tries it took, and the seconds of the last one."""

    body: Payload
    attempts: int
    seconds: float


class _Trouble(Exception):  # noqa: N818
    """One failed try: what happened, and whether another may help.

    ``wait_s`` is what the server asks for; ``adapted``: the next try goes without what it complained about.
    """

    def __init__(
        self,
        text: str,
        *,
        again: bool,
        wait_s: float | None = None,
        status: int | None = None,
        adapted: bool = False,
    ) -> None:
        super().__init__(text)
        self.again, self.wait_s, self.status, self.adapted = again, wait_s, status, adapted


def endpoint(environment: Mapping[str, str] = os.environ) -> tuple[str, str | None]:
    """Address and key from the environment. Raises UsageError when they cannot work."""
    base = next((environment[name].strip() for name in BASES if environment.get(name)), DEFAULT_BASE)
    key = next((environment[name].strip() for name in KEYS if environment.get(name)), None) or None
    fault = _fault_of_address(base)
    if fault is not None:
        raise UsageError(f"{BASES[0]}: {redacted(base)!r} {fault}; give one such as {DEFAULT_BASE}")
    base = base.rstrip("/")
    if key is None and base == DEFAULT_BASE:
        raise UsageError(f"no key for {base}: set {' or '.join(KEYS)}, or {BASES[0]} for another server")
    if key is not None and not (key.isascii() and key.isprintable()):
        raise UsageError(f"{KEYS[0]} or {KEYS[1]} holds characters that no key has; set it again")
    return base, key


def _fault_of_address(base: str) -> str | None:
    """What keeps an address from being one that can be asked; None for a good one."""
    if not base.startswith(("http://", "https://")):
        return "is no http(s) address"
    if not (base.isascii() and base.isprintable()) or " " in base:
        return "holds characters that no address has"
    try:
        parts = urllib.parse.urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host or any(not label or len(label) > 63 for label in host.rstrip(".").split(".")):
        return "names no server"
    if parts.username is not None:
        return f"holds a user or password, which belong into {KEYS[0]}"
    return "holds a fragment" if parts.fragment else None


def _calls(base: str) -> str:
    """Where chat completions of an address are asked for; its query, if any, stays at the end."""
    parts = urllib.parse.urlsplit(base)
    path = f"{parts.path.rstrip('/')}/chat/completions"
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


class Pacer:
    """Spreads the starts of requests over all threads; a busy server holds all of them back."""

    def __init__(self, per_minute: float, stop: threading.Event) -> None:
        self._interval_s = 60.0 / per_minute
        self._stop = stop
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when the next request may start. Raises RunError when the run has ended."""
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + self._interval_s
                    return
                rest = self._next - now
            self.sleep(rest)

    def hold(self, seconds: float) -> None:
        """Let no request start for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait unless the run ends."""
        if self._stop.wait(seconds):
            raise RunError("interrupted")


class Chat:
    """One endpoint and model; safe to use from many threads."""

    def __init__(self, base: str, key: str | None, section: ApiSection) -> None:
        self.stop = threading.Event()
        self._url, self._key, self._section = _calls(base), key, section
        self._pacer = Pacer(section.requests_per_minute, self.stop)
        self._lock = threading.Lock()
        self._changes: list[str] = []
        self._failed_in_a_row = 0

    def ask(self, payload: Payload) -> Reply:
        """The server's answer. Raises CallError, UsageError where no call can succeed, RunError where
        so many fail in a row that going on would only cost time."""
        attempts = failures = 0
        while True:
            self._pacer.wait()
            attempts += 1
            started = time.monotonic()
            try:
                body = self._post(self._adapted(payload))
            except _Trouble as trouble:
                if trouble.adapted:
                    continue
                failures += 1
                if not trouble.again or failures > self._section.retries:
                    raise self._given_up(trouble, attempts) from None
                self._wait(trouble, failures)
            else:
                self._failed_in_a_row = 0
                return Reply(body, attempts, time.monotonic() - started)

    def _given_up(self, trouble: _Trouble, attempts: int) -> CaigError:
        if trouble.status in HOPELESS:
            return UsageError(
                f"{redacted(self._url)}: {trouble}; check {BASES[0]}, {KEYS[0]} and the model's name"
            )
        with self._lock:
            self._failed_in_a_row += 1
        if self._failed_in_a_row >= MOST_FAILURES:
            last = f"{MOST_FAILURES} calls failed in a row, the last one with: {trouble}"
            return RunError(f"{redacted(self._url)}: {last}; continue later with --resume")
        return CallError(f"{trouble} (after {attempts} tries)" if attempts > 1 else str(trouble), attempts)

    def _wait(self, trouble: _Trouble, failures: int) -> None:
        """Ever longer; where the server names a time, all threads leave it in peace for that long."""
        wait_s = self._section.backoff_s * 2 ** (failures - 1)
        if trouble.wait_s is not None:
            wait_s = max(wait_s, trouble.wait_s)
            self._pacer.hold(min(wait_s, LONGEST_WAIT_S))
        self._pacer.sleep(min(wait_s, LONGEST_WAIT_S))

    def _adapted(self, payload: Payload) -> Payload:
        for word in self._changes:
            payload = ADAPTATIONS[word](payload)
        return payload

    def _post(self, payload: Payload) -> Payload:
        """One try. Raises _Trouble."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "caig"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        exchange = transport.Exchange(self._section.timeout_s)
        with exchange.clock():
            try:
                return self._json(transport.post(self._url, json.dumps(payload).encode(), headers, exchange))
            except urllib.error.HTTPError as error:
                with error:
                    raise self._refused(error, payload, exchange) from None
            except transport.TooMuch:
                raise _Trouble(f"an answer of more than {transport.MOST_BYTES} bytes", again=False) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = getattr(error, "reason", None) or error
                late = exchange.late or isinstance(reason, TimeoutError)
                raise _Trouble(self._late() if late else self._line(reason), again=True) from None

    def _late(self) -> str:
        return f"no answer within {self._section.timeout_s:g} s"

    def _refused(
        self, error: urllib.error.HTTPError, payload: Payload, exchange: transport.Exchange
    ) -> _Trouble:
        """What an HTTP error means; an option that the server does not know is left out from now on."""
        status = error.code
        try:
            complaint = self._complaint(transport.read(error, exchange))
        except (OSError, http.client.HTTPException, ValueError, transport.TooMuch):
            complaint = ""
        text = self._line(f"HTTP {status} {complaint or error.reason or ''}")
        if status in (400, 422) and self._adapt(complaint.lower(), payload):
            return _Trouble(text, again=True, adapted=True)
        again = status in BUSY or status >= 500
        wait_s = _retry_after(error.headers.get("Retry-After"))
        return _Trouble(text, again=again, wait_s=wait_s, status=status)

    def _adapt(self, complaint: str, payload: Payload) -> bool:
        """Whether the complaint is about an option that can be left out; if so it is, from now on."""
        for word, change in ADAPTATIONS.items():
            if word in complaint and change(payload) != payload:
                with self._lock:
                    self._changes += [word] if word not in self._changes else []
                return True
        return False

    def _json(self, body: bytes) -> Payload:
        """A usable answer, without the key: servers repeat what they were sent."""
        try:
            value = json.loads(body, parse_int=_whole_number)
        except (ValueError, RecursionError):
            raise _Trouble(f"the answer is not JSON: {self._line(body[:80])}", again=True) from None
        if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
            raise _Trouble(f"the answer has no choices: {self._line(body[:80])}", again=True)
        kept: Payload = storable(value, self._secrets)
        return kept

    def _complaint(self, body: bytes) -> str:
        """The message inside an error body, in any of the layouts that servers use."""
        try:
            value = parse_json(body)
        except Malformed:
            return self._line(body[:200])
        for key in ("error", "message", "detail"):
            if isinstance(value, dict) and key in value:
                value = value[key]
        return self._line(value)

    def _line(self, value: object) -> str:
        """One printable line without the key."""
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        text = redacted(text, self._secrets)
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (self._key,) if self._key is not None and len(self._key) >= SHORTEST_KEY else ()


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else math.inf


def storable(value: Any, secrets: Sequence[str], depth: int = 0) -> Any:
    """A server's JSON as it can be kept: without secrets, and not deeper or longer than anything reads it."""
    if isinstance(value, str):
        return redacted(value, secrets)
    if isinstance(value, dict | list) and depth >= MOST_DEPTH:
        return f"(nested more than {MOST_DEPTH} deep)"
    if isinstance(value, dict):
        return {redacted(key, secrets): storable(item, secrets, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, secrets, depth + 1) for item in value]
    if isinstance(value, int) and value.bit_length() > 63:
        return f"(a number of {value.bit_length()} bits)"
    return value


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds == seconds else None  # not-a-number is no time
