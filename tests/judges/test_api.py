"""The judge behind an API, against a real local server that misbehaves in every way that real ones do."""

from __future__ import annotations

import base64
import email.utils
import io
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from caig_cli import cli
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import RunError, UsageError
from caig_cli.judges import chat
from caig_cli.judges.answers import probability, side_of
from caig_cli.judges.api import ApiJudge, answers_file, read_answer, usage
from caig_cli.judges.chat import CallError, Chat, endpoint
from caig_cli.judges.config import ApiSection
from caig_cli.records import Creative, Failure, Pair, Side, Verdict
from caig_cli.stages.eval_rm import EvalRmRecipe

# --- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "left", "Left.", " LEFT\n", "**Left**", "(left)", "the left ad", "The left one.", "A", "(A)",
        "Option A", "Image A.", "ad 1", "the first ad", '"left"', '{"answer": "left"}',
        '```json\n{"answer": "Left"}\n```',
        '{"winner": "A", "confidence": 0.8}', '{"side": "left"}', "Answer: left", "My answer is **left**.",
        "The answer is left, because the right ad is dull.", "I think the ad on the left is nicer.",
        "Both have merits. Answer: A", '{"left_or_right": "left"}', "Final choice: the left ad",
    ],
)  # fmt: skip
def test_answers_that_name_a_side(text: str) -> None:
    """Read with left and right exchanged, each names the other side."""
    assert side_of(text) == "left"
    exchanged = text
    for old, new in (("left", "\0"), ("right", "left"), ("\0", "right")):
        for form in (str, str.capitalize, str.upper):
            exchanged = exchanged.replace(form(old), form(new))
    for old, new in ((r"\bA\b", "B"), (r"\b1\b", "2"), (r"\bfirst\b", "second")):
        exchanged = re.sub(old, new, exchanged)
    assert exchanged != text and side_of(exchanged) == "right"


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "neither", "both", "left or right", "I cannot tell.", "I can't say whether left is better",
        "Sorry, I am unable to judge ads on the left.", "It is not the left one.", "C", "left right", "{}",
        '{"answer": null}', '{"answer": "maybe"}', '{"answer": ["left"]}', "{" * 100_000, "<html>busy</html>",
        "Answer: left. Answer: right.", "\x00\x01", "1.5", "leftover", "copyright",
    ],
)  # fmt: skip
def test_answers_that_name_none(text: str) -> None:
    assert side_of(text) is None


def token(text: str, *listed: tuple[str, float]) -> dict[str, Any]:
    top = [{"token": t, "logprob": math.log(p)} for t, p in listed]
    return {"token": text, "logprob": 0.0, "top_logprobs": top}


def test_probabilities_from_logprobs() -> None:
    """Ways to write a side add up: (.5 + .1) of (.6 + .2). A side not listed gets the least of the others."""
    start = token("The", ("The", 0.9), ("A", 0.1))
    named = token(" left", (" left", 0.5), (" Left", 0.1), (" right", 0.2), (" up", 0.1))
    assert probability([start, named], "left") == pytest.approx(0.75)
    assert probability([token("Right", ("Right", 0.9), ("The", 0.1))], "right") == pytest.approx(0.1)
    assert probability([token("A", ("A", 0.6), ("B", 0.3))], "left") == pytest.approx(2 / 3)
    assert probability([token(" a", (" a", 0.6), (" b", 0.3))], "left") is None  # "a" is a word


BROKEN = [None, {}, "x", [None], [{}], [{"token": 1}], [token("left")],
          [{"token": "left", "top_logprobs": [{"token": "left", "logprob": "x"}] * 2}]]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_logprobs_are_no_logprobs(broken: Any) -> None:
    assert probability(broken, "left") is None


@pytest.mark.parametrize(
    "body",
    [{}, {"choices": 3}, {"choices": []}, {"choices": [3]}, {"choices": [{"message": None}]},
     {"choices": [{"message": {"content": None}}], "usage": "much"},
     {"choices": [{"message": {"content": 7}, "logprobs": 7}], "usage": {"prompt_tokens": -1}}],
)  # fmt: skip
def test_any_json_is_at_worst_a_refusal(body: dict[str, Any]) -> None:
    answer = read_answer(body)
    assert (answer["side"], answer["p_first"], answer["tokens_in"]) == (None, None, None)


# --- a server that misbehaves ----------------------------------------------------------------------

Reaction = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


def respond(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def say(text: str, **more: Any) -> Reaction:
    """A proper answer that took 1,000 tokens in and 2 out."""
    choice = {"message": {"role": "assistant", "content": text}, **more}
    used = {"prompt_tokens": 1000, "completion_tokens": 2}
    body = json.dumps({"choices": [choice], "usage": used}).encode()
    return lambda handler, _: respond(handler, 200, body)


def fail(status: int, message: str = "no", **headers: str) -> Reaction:
    body = json.dumps({"error": {"message": message}}).encode()
    return lambda handler, _: respond(handler, status, body, **headers)


def raw(body: bytes) -> Reaction:
    return lambda handler, _: respond(handler, 200, body)


def drop(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    handler.close_connection = True
    handler.connection.close()


def torn(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def slow(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
    time.sleep(0.6)
    say("left")(handler, request)


def trickle(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    """Never quiet for long, never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(15):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.08)


@dataclass
class Server:
    """What the server does with each request in turn (the last thing for ever), and what it was asked."""

    script: list[Reaction]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    busiest: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _inside: int = 0

    @contextmanager
    def thinking(self) -> Iterator[None]:
        """Count those that are in here at once: before they answer, or the next might already have come."""
        with self._lock:
            self._inside += 1
            self.busiest = max(self.busiest, self._inside)
        yield
        with self._lock:
            self._inside -= 1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server([say("left")])
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                state.requests.append(request)
                state.headers.append(dict(self.headers))
                state.times.append(time.monotonic())
                reaction = state.script.pop(0) if len(state.script) > 1 else state.script[0]
            with suppress(OSError):  # the client has left
                reaction(self, request)

        def do_GET(self) -> None:
            raise AssertionError("a redirect was followed")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    state.url = f"http://127.0.0.1:{httpd.server_port}/v1"
    for name in (*chat.BASES, *chat.KEYS, "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CAIG_API_BASE", state.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    yield state
    httpd.shutdown()
    httpd.server_close()


QUICK = {"concurrency": 1, "requests_per_minute": 60_000, "timeout_s": 0.4, "retries": 2, "backoff_s": 0.01}


def section(**values: Any) -> ApiSection:
    return ApiSection.model_validate(QUICK | values)


def ask(server: Server, **values: Any) -> chat.Reply:
    return Chat(server.url, "sk-test", section(**values)).ask({"model": "m", "max_tokens": 5})


@pytest.mark.parametrize(
    "trouble",
    [fail(500), fail(503), fail(429), fail(408), raw(b"<html>busy</html>"), raw(b"[]"), raw(b"null"),
     raw(b'{"error": {"message": "overloaded"}}'), raw(b""), drop, torn, slow, trickle],
    ids="500 503 429 408 html list null error-in-200 empty drop torn slow trickle".split(),
)  # fmt: skip
def test_trouble_that_may_pass_is_tried_again(server: Server, trouble: Reaction) -> None:
    server.script = [trouble, trouble, say("left")]
    reply = ask(server)
    assert reply.attempts == len(server.requests) == 3
    assert side_of(reply.body["choices"][0]["message"]["content"]) == "left"


def test_tries_come_to_an_end(server: Server) -> None:
    server.script = [fail(500, "out of\nmemory")]
    with pytest.raises(CallError, match=r"^HTTP 500 out of memory \(after 3 tries\)$") as caught:
        ask(server)
    assert caught.value.attempts == len(server.requests) == 3
    server.script = [slow]
    with pytest.raises(CallError, match=r"no answer within 0.4 s \(after 3 tries\)"):
        ask(server)


@pytest.mark.parametrize("status", [400, 413, 418])
def test_trouble_that_will_not_pass_is_told_at_once(server: Server, status: int) -> None:
    server.script = [fail(status, "the picture is odd")]
    with pytest.raises(CallError, match=f"^HTTP {status} the picture is odd$"):
        ask(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_address_ends_the_run(server: Server, status: int) -> None:
    server.script = [fail(status, "who are you")]
    with pytest.raises(
        UsageError, match=f"HTTP {status} who are you; check CAIG_API_BASE, CAIG_API_KEY"
    ) as caught:
        ask(server)
    assert "sk-test" not in str(caught.value) and len(server.requests) == 1


def test_a_redirect_is_not_followed_with_the_key(server: Server) -> None:
    server.script = [fail(302, Location=f"{server.url}/elsewhere"), say("left")]
    with pytest.raises(UsageError, match="HTTP 302"):
        ask(server)
    assert len(server.requests) == 1


def test_a_server_may_ask_to_wait(server: Server) -> None:
    """Retry-After in seconds and as a date; without it the wait doubles: .05, .1."""
    server.script = [fail(429, Retry_After="0.3"), say("left")]
    ask(server)
    assert server.times[1] - server.times[0] >= 0.3
    date = email.utils.formatdate(time.time() + 2, usegmt=True)
    server.script, server.times = [fail(503, Retry_After=date), say("left")], []
    ask(server)
    assert server.times[1] - server.times[0] >= 0.9  # dates have whole seconds
    server.script, server.times = [fail(500), fail(500, Retry_After="soon"), say("left")], []
    ask(server, backoff_s=0.05)
    first, second = (b - a for a, b in zip(server.times, server.times[1:], strict=False))
    assert first >= 0.05 and second >= 0.1


def test_requests_keep_to_the_rate(server: Server) -> None:
    """600 a minute: at least .1 s between two starts, over all threads."""
    client = Chat(server.url, None, section(requests_per_minute=600))
    threads = [threading.Thread(target=client.ask, args=({"model": "m"},)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gaps = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert len(gaps) == 4 and server.times[-1] - server.times[0] >= 0.35
    assert "Authorization" not in server.headers[0]


def test_options_that_a_server_does_not_know_are_left_out(server: Server) -> None:
    """One try each, none of them counted as a failure, and later requests have learnt it."""
    server.script = [
        fail(400, "logprobs is not supported"),
        fail(400, "Unsupported parameter: 'max_tokens'; use 'max_completion_tokens'"),
        fail(400, "temperature must be 1"),
        say("left"),
    ]
    client = Chat(server.url, None, section(retries=0))
    payload = {"model": "m", "max_tokens": 5, "temperature": 0, "logprobs": True, "top_logprobs": 20}
    assert client.ask(payload).attempts == 4
    client.ask(payload)
    assert server.requests[3] == server.requests[4] == {"model": "m", "max_completion_tokens": 5}
    server.script = [fail(400, "logprobs again")]
    with pytest.raises(CallError):
        client.ask(payload)


def test_where_and_who(monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint({"OPENAI_API_KEY": " k\n"}) == ("https://api.openai.com/v1", "k")
    both = {"OPENAI_BASE_URL": "http://b/v1/", "CAIG_API_BASE": "http://a/v1/", "CAIG_API_KEY": "x"}
    assert endpoint(both) == ("http://a/v1", "x")
    assert endpoint({"OPENAI_BASE_URL": "http://b/v1"}) == ("http://b/v1", None)
    for environment, complaint in (
        ({}, "no key for https://api.openai.com/v1: set CAIG_API_KEY or OPENAI_API_KEY"),
        ({"CAIG_API_BASE": "file:///etc/passwd"}, "is no http"),
        ({"OPENAI_API_KEY": "a\nb"}, "holds characters"),
    ):
        with pytest.raises(UsageError, match=complaint) as caught:
            endpoint(environment)
        assert "a\nb" not in str(caught.value)


# --- the judge -------------------------------------------------------------------------------------


@pytest.fixture
def pairs(tmp_path: Path) -> list[Pair]:
    """Four pairs: the red ad is left in the even ones. Sizes and modes as users have them."""
    Image.new("RGB", (1200, 900), "red").save(tmp_path / "red.png")
    Image.new("RGBA", (300, 300), (0, 0, 255, 128)).save(tmp_path / "blue.png")
    red, blue = Creative(tmp_path / "red.png"), Creative(tmp_path / "blue.png")
    sides: list[Side] = ["left", "right"]
    return [
        Pair(f"p{n}", f"i{n}", *ads, target=sides[n % 2], caption="A <image>\nmug")
        for n, ads in enumerate([(red, blue), (blue, red)] * 2)
    ]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunDir]:
    with RunDir.open(tmp_path / "run", "eval-rm", EvalRmRecipe()) as folder:
        yield folder


def pictures(request: dict[str, Any]) -> list[Image.Image]:
    """The ads that a request shows, in order."""
    found = []
    for part in request["messages"][0]["content"]:
        if part["type"] == "image_url":
            head, data = part["image_url"]["url"].split(",")
            assert head == "data:image/jpeg;base64"
            found.append(Image.open(io.BytesIO(base64.b64decode(data))))
    return found


def likes_red(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
    """A real, if simple, judge: it looks at the pictures that it is sent."""
    red, _, blue = pictures(request)[0].convert("RGB").getpixel((40, 40))  # type: ignore[misc]
    say("Left" if red > blue + 50 else "Right")(handler, request)


def test_both_orders_are_asked_and_read(server: Server, pairs: list[Pair], run: RunDir) -> None:
    def slowly(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        with server.thinking():
            time.sleep(0.15)  # long enough for the others to be asked meanwhile, also on a busy machine
        likes_red(handler, request)

    server.script = [slowly]
    judge = ApiJudge.open("m", section(concurrency=3, image_side=256), run)
    assert judge.name == "api:m" and not judge.simulated
    verdicts = judge.judge(pairs)
    assert verdicts == [Verdict(1.0, 1.0), Verdict(0.0, 0.0), Verdict(1.0, 1.0), Verdict(0.0, 0.0)]
    assert len(server.requests) == 8 and 1 < server.busiest <= 3
    request = server.requests[0]
    assert request["model"] == "m" and request["temperature"] == 0 and request["top_logprobs"] == 20
    assert sorted(p.size for p in pictures(request)) == [(256, 192), (256, 256)]
    texts = [part["text"] for part in request["messages"][0]["content"] if part["type"] == "text"]
    assert texts[1:] == ["Left ad:", "Right ad:"]
    assert texts[0].startswith("Title: A image mug\n") and texts[0].endswith("left or right.")
    assert server.headers[0]["Authorization"] == "Bearer sk-test"


def test_probabilities_are_used_where_the_server_gives_them(
    server: Server, pairs: list[Pair], run: RunDir
) -> None:
    """Left at 3 to 1 whatever is shown: .75 in the first order, .25 in the second, undecided together."""
    server.script = [say("left", logprobs={"content": [token("left", ("left", 0.6), ("right", 0.2))]})]
    (verdict,) = ApiJudge.open("m", section(), run).judge(pairs[:1])
    assert isinstance(verdict, Verdict)
    assert (verdict.shown, verdict.swapped) == (pytest.approx(0.75), pytest.approx(0.25))
    assert verdict.p_left == pytest.approx(0.5)


def test_garbage_is_a_refusal_and_counted(server: Server, pairs: list[Pair], run: RunDir) -> None:
    server.script = [say("I cannot judge ads."), say("left")]
    verdicts = ApiJudge.open("m", section(), run).judge(pairs[:2])
    assert verdicts == [Verdict(0.5, 0.0), Verdict(1.0, 0.0)]
    assert usage("api:m", section(), run)["refusals"] == 1


def test_failed_calls_are_listed_and_spare_the_others(server: Server, pairs: list[Pair], run: RunDir) -> None:
    (pairs[1].left.image.parent / "bad.png").write_bytes(b"no picture")
    broken = Pair("bad", "i", Creative(pairs[1].left.image.parent / "bad.png"), pairs[1].right)
    server.script = [fail(400, "blocked"), say("left")]
    first, second, third = ApiJudge.open("m", section(), run).judge([pairs[0], broken, pairs[1]])
    assert first == Failure("p0", "HTTP 400 blocked")
    assert isinstance(second, Failure) and "not an image" in second.error
    assert third == Verdict(1.0, 0.0)


def test_calls_tokens_and_cost_are_counted(server: Server, pairs: list[Pair], run: RunDir) -> None:
    """Two pairs, four answers, two of them at the second try: 4,000 tokens in at 5, 8 out at 10 a million."""
    server.script = [fail(500), say("left"), say("left"), fail(429), say("left"), say("nothing")]
    priced = section(price_in=5.0, price_out=10.0)
    ApiJudge.open("m", priced, run).judge(pairs[:2])
    assert usage("api:m", priced, run) == {
        "calls": 6, "retries": 2, "refusals": 1, "failed_calls": 0, "tokens_in": 4000, "tokens_out": 8,
        "cost": pytest.approx((4000 * 5 + 8 * 10) / 1e6),
    }  # fmt: skip
    assert usage("api:m", section(price_in=5.0), run)["cost"] is None
    nobody = usage("api:other", priced, run)
    assert (nobody["calls"], nobody["tokens_in"], nobody["cost"]) == (0, None, None)


def test_answers_are_kept_and_not_paid_for_twice(server: Server, pairs: list[Pair], run: RunDir) -> None:
    """Resumed, only what failed is asked again; raw answers stay in the run folder, the key does not."""
    server.script = [say("left"), fail(400, "blocked"), say("left")]
    before = ApiJudge.open("m", section(), run).judge(pairs[:3])
    assert [type(one) for one in before] == [Failure, Verdict, Verdict]
    asked = len(server.requests)
    again = ApiJudge.open("m", section(), run).judge(pairs[:3])
    assert len(server.requests) == asked + 1 and again == [Verdict(1.0, 0.0)] * 3
    rows = run.read_jsonl(answers_file("api:m"))
    assert len(rows) == 7 and rows[0]["response"]["choices"][0]["message"]["content"] == "left"
    assert usage("api:m", section(), run)["failed_calls"] == 1
    assert "sk-test" not in "".join(p.read_text() for p in run.path.rglob("*") if p.is_file())


def test_a_dead_server_ends_the_run_after_a_few_calls(server: Server, run: RunDir, pairs: list[Pair]) -> None:
    """Not after thousands of calls with all their waits; a later run goes on with what is there."""
    server.script = [say("left"), fail(503, "down")]
    many = [Pair(f"m{n}", "i", pairs[0].left, pairs[0].right) for n in range(15)]
    with pytest.raises(
        RunError, match=r"8 calls failed in a row.*HTTP 503 down; continue later with --resume"
    ):
        ApiJudge.open("m", section(retries=0), run).judge(many)
    assert len(server.requests) < 20
    server.script = [say("left")]
    asked = len(server.requests)
    ApiJudge.open("m", section(), run).judge(many)
    assert len(server.requests) - asked == 29


def test_an_interrupt_keeps_the_answers_on_their_way(server: Server, run: RunDir, pairs: list[Pair]) -> None:
    """The first answer ends the run while others are being given: all that were asked for are on disk."""

    class Interrupted(RunDir):
        def append_jsonl(self, rel: str, value: Any) -> None:
            super().append_jsonl(rel, value)
            if len(self.read_jsonl(rel)) == 1:
                raise KeyboardInterrupt

    def late(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        time.sleep(0.2)
        say("left")(handler, request)

    server.script = [say("left"), late]
    run.__class__ = Interrupted
    with pytest.raises(KeyboardInterrupt):
        ApiJudge.open("m", section(concurrency=2), run).judge(pairs)
    kept = run.read_jsonl(answers_file("api:m"))
    assert len(kept) == len(server.requests) < 8 and len(kept) > 1


def test_the_command_counts_what_answers_cost(
    workdir: Path, server: Server, pairs: list[Pair], capfd: pytest.CaptureFixture[str]
) -> None:
    """One pair fails for good (exit 3), one answer is garbage; resumed, the failed pair is asked again."""
    ads = {p.id: {"left": p.left.image.name, "right": p.right.image.name} for p in pairs}
    rows = [{"id": p.id, "item": p.item, "target": p.target, **ads[p.id]} for p in pairs]
    (workdir / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    server.script = [fail(400, "blocked"), say("left"), say("both"), likes_red]
    sets = [f"api.{key}={value}" for key, value in {**QUICK, "price_in": 5, "price_out": 10}.items()]
    args = ["eval-rm", "--testset", "pairs.jsonl", "--judge", "api:m", "--out", "run", "--json"]
    code = cli.run([*args, *(part for text in sets for part in ("--set", text))])
    out, err = capfd.readouterr()
    found = json.loads(out)
    figures = found["judges"]["api:m"]
    assert (code, found["failed"]) == (3, [{"item": "p0 (api:m)", "error": "HTTP 400 blocked"}])
    assert (figures["pairs"], figures["failed"], figures["usage"]["refusals"]) == (3, 1, 1)
    assert figures["usage"]["calls"] == 8 and figures["usage"]["cost"] == pytest.approx(7 * 5020 / 1e6)
    assert figures["log_loss"] is None and figures["ece"] is None, "bare sides say nothing of certainty"
    assert "api:m: 1 answers name no side and count as a coin" in err
    code = cli.run(["eval-rm", "--resume", "--out", "run", "--json"])
    resumed = json.loads(capfd.readouterr().out)["judges"]["api:m"]
    assert (code, resumed["pairs"], resumed["usage"]["calls"]) == (0, 4, 9) and len(server.requests) == 9
    page = (workdir / "run/report.html").read_text()
    assert "Calls" in page and "0.04" in page and "sk-test" not in page
