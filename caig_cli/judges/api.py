"""Any OpenAI-compatible chat endpoint with images as a judge. Every answer is kept: it was paid for."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

from PIL import Image

from caig_cli.data.creatives import open_creative
from caig_cli.engine.files import slug
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import ItemError
from caig_cli.judges.answers import probability, side_of
from caig_cli.judges.chat import CallError, Chat, Payload, Reply, endpoint
from caig_cli.judges.config import ApiSection
from caig_cli.judges.question import question
from caig_cli.records import Creative, Failure, Pair, Verdict

Order = Literal["shown", "swapped"]
ORDERS: tuple[Order, Order] = ("shown", "swapped")

REFUSED = 0.5
"""P(left) of an order that the judge gave no usable answer for: it earns what a coin earns."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is needed of an answer once it is on disk: P(first ad), or why there is none."""

    p_first: float | None
    error: str | None


class ApiJudge:
    """Asks once per pair and order; answers already in the run folder are not asked for again."""

    simulated = False

    def __init__(self, model: str, chat: Chat, section: ApiSection, run: RunDir) -> None:
        self.name = f"api:{model}"
        self._model, self._chat, self._section, self._run = model, chat, section, run
        self._file = answers_file(self.name)
        rows = run.rows(self._file, _checked)
        self._kept = {(row["pair"], row["order"]): _kept(row) for row in rows if row["error"] is None}

    @classmethod
    def open(cls, model: str, section: ApiSection, run: RunDir) -> Self:
        """The judge behind the address and key of the environment. Raises UsageError without them."""
        return cls(model, Chat(*endpoint(), section), section, run)

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict | Failure]:
        """A verdict for each pair; a Failure where a call got no answer or an ad cannot be opened."""
        todo = [(pair, order) for pair in pairs for order in ORDERS if (pair.id, order) not in self._kept]
        with ThreadPoolExecutor(self._section.concurrency) as pool:
            calls = {pool.submit(self._ask, *one): one for one in todo}
            try:
                for call in as_completed(calls):
                    self._keep(*calls.pop(call), call)
            except BaseException:
                self._chat.stop.set()
                pool.shutdown(cancel_futures=True)
                self._rescue(calls)
                raise
        return [self._verdict(pair) for pair in pairs]

    def _ask(self, pair: Pair, order: Order) -> Reply:
        ads = (pair.left, pair.right) if order == "shown" else (pair.right, pair.left)
        pictures = [_data_url(ad, self._section.image_side) for ad in ads]
        return self._chat.ask(
            {
                "model": self._model,
                "messages": [{"role": "user", "content": _content(question(pair), pictures)}],
                "max_tokens": self._section.max_tokens,
                "temperature": 0,
                "logprobs": True,
                "top_logprobs": 20,
            }
        )

    def _keep(self, pair: Pair, order: Order, call: Future[Reply]) -> None:
        """Write what came of a call. Raises what ends the run."""
        row: dict[str, Any] = {"pair": pair.id, "order": order, "error": None, "attempts": 0}
        try:
            reply = call.result()
            row |= {"attempts": reply.attempts, "seconds": round(reply.seconds, 3), **read_answer(reply.body)}
        except CallError as error:
            row |= {"error": str(error), "attempts": error.attempts}
        except ItemError as error:
            row |= {"error": str(error)}
        self._run.append_jsonl(self._file, row)
        self._kept[pair.id, order] = _kept(row)

    def _rescue(self, calls: Mapping[Future[Reply], tuple[Pair, Order]]) -> None:
        """Keep the answers that came while the run was ending."""
        for call, one in calls.items():
            if not call.cancelled() and call.exception() is None:
                self._keep(*one, call)

    def _verdict(self, pair: Pair) -> Verdict | Failure:
        """Both orders in one; they are forgotten here, so that memory does not grow with the test set."""
        shown, swapped = (self._kept.pop((pair.id, order)) for order in ORDERS)
        error = shown.error or swapped.error
        if error is not None:
            return Failure(pair.id, error)
        first, second = (REFUSED if one.p_first is None else one.p_first for one in (shown, swapped))
        return Verdict(first, 1 - second)


def read_answer(body: Payload) -> dict[str, Any]:
    """Text, side, P(first ad) and tokens of a response; a refusal has no side. Never raises.

    Without logprobs a named side counts as certain; the measures know such answers by that.
    """
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    text = _text(message.get("content") if isinstance(message, dict) else None)
    side = side_of(text)
    logprobs = choice.get("logprobs")
    p_first = None
    if side is not None:
        graded = probability(logprobs.get("content") if isinstance(logprobs, dict) else None, side)
        p_first = float(side == "left") if graded is None else graded
    usage = body.get("usage")
    tokens = usage if isinstance(usage, dict) else {}
    return {
        "side": side,
        "p_first": p_first,
        "tokens_in": _count(tokens.get("prompt_tokens")),
        "tokens_out": _count(tokens.get("completion_tokens")),
        "response": body,
    }


def usage(name: str, section: ApiSection, run: RunDir) -> dict[str, Any]:
    """Calls, tries beyond the first, refusals, tokens and cost of all answers in the run folder.

    Tokens are None where no answer told them; the cost is None without prices too.
    """
    totals = dict.fromkeys(("calls", "retries", "refusals", "failed_calls", "tokens_in", "tokens_out"), 0)
    counted = False
    for row in run.rows(answers_file(name), _checked):
        totals["calls"] += row["attempts"]
        totals["retries"] += max(0, row["attempts"] - 1)
        totals["failed_calls"] += row["error"] is not None
        totals["refusals"] += row["error"] is None and row["side"] is None
        for key in ("tokens_in", "tokens_out"):
            counted = counted or row.get(key) is not None
            totals[key] += row.get(key) or 0
    prices = (section.price_in, section.price_out)
    cost = None
    if counted and None not in prices:
        spent = zip(prices, (totals["tokens_in"], totals["tokens_out"]), strict=True)
        cost = sum((price or 0) * tokens for price, tokens in spent) / 1e6
    unknown: Mapping[str, Any] = {} if counted else {"tokens_in": None, "tokens_out": None}
    return {**totals, **unknown, "cost": cost}


def answers_file(name: str) -> str:
    """Where the raw answers of a judge are, within the run folder."""
    return f"answers-{slug(name)}.jsonl"


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(row.get("p_first"), row["error"])


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    """A row as ``_keep`` writes it. Raises KeyError, TypeError or ValueError for any other."""
    p_first = row.get("p_first")
    if not isinstance(row["pair"], str) or row["order"] not in ORDERS:
        raise TypeError("pair")
    if p_first is not None and not 0 <= float(p_first) <= 1:
        raise ValueError("no probability")
    side = row.get("side") if row["error"] is not None else row["side"]
    tokens = {key: _count(row.get(key)) for key in ("tokens_in", "tokens_out")}
    return {**row, "attempts": int(row["attempts"]), "side": side, **tokens}


def _content(text: str, pictures: Sequence[str]) -> list[Payload]:
    parts: list[Payload] = [{"type": "text", "text": text}]
    for name, url in zip(("Left ad:", "Right ad:"), pictures, strict=True):
        parts += [{"type": "text", "text": name}, {"type": "image_url", "image_url": {"url": url}}]
    return parts


@lru_cache(maxsize=64)  # an ad is in two calls at least, and often in several pairs
def _data_url(ad: Creative, side: int) -> str:
    """The ad as a JPEG of at most ``side`` pixels inside a URL. Raises ItemError."""
    image = open_creative(ad)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    buffer = io.BytesIO()
    paper.save(buffer, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _text(content: Any) -> str:
    """The words of a message: plain, or the text parts of a list."""
    if isinstance(content, list):
        return "\n".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _count(value: Any) -> int | None:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12
    return value if known else None
