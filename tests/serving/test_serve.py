"""The service as its clients see it: each trainer's form, and what hostile requests get."""

from __future__ import annotations

import asyncio
import base64
import http.client
import io
import json
import math
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from caig_cli.cli import run
from caig_cli.engine.runtime import choose_device
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.serving.app import Service
from caig_cli.serving.limits import ServiceLimits
from caig_cli.serving.scoring import Scorer

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef-the-token"
LIMITS = ServiceLimits(body=200_000, images=6, pixels=60_000, requests=4, seconds=20.0)
Post = Callable[..., httpx2.Response]


def picture(colour: str, size: tuple[int, int] = (32, 32), kind: str = "PNG") -> str:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format=kind)
    return base64.b64encode(file.getvalue()).decode()


RED, BLUE, GREEN = (picture(colour) for colour in ("red", "blue", "green"))


@pytest.fixture(scope="module")
def judge() -> TrainedJudge:
    return TrainedJudge.load("heldout", choose_device("cpu", "fp32"))


def asked(service: Service, method: str, path: str, **more: Any) -> httpx2.Response:
    """The answer to one request, in this process."""
    headers = {"authorization": f"Bearer {TOKEN}"} | more.pop("headers", {})

    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(service.app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers, **more)

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def service(judge: TrainedJudge) -> Iterator[Service]:
    service = Service(Scorer(judge), LIMITS, TOKEN)
    yield service
    service.close()


@pytest.fixture(scope="module")
def post(service: Service) -> Post:
    return lambda path, **more: asked(service, "POST", path, **more)


def test_own_form_says_what_score_says(post: Post, judge: TrainedJudge) -> None:
    body = {"images": [RED, f"data:image/png;base64,{BLUE}", GREEN], "caption": "Red mug"}
    answer = post("/score", json=body).json()
    ads = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue", "green")]
    ranking = judge.rank(ads, "Red mug", {})
    assert [ad["win"] for ad in answer["ads"]] == pytest.approx(ranking.wins)
    assert [ad["log_odds"] for ad in answer["ads"]] == pytest.approx(ranking.margins)
    assert sorted(range(3), key=lambda n: answer["ads"][n]["rank"]) == list(ranking.order)
    for ad, ctr in zip(answer["ads"], ranking.ctr, strict=True):
        assert ctr is not None and ad["log_ctr"] == pytest.approx(math.log(ctr.rate))
    assert answer["simulated"] and answer["judge"] == "heldout"


def unirl(colour: str, group: str | None, *rewards: str) -> dict[str, Any]:
    """A request item as UniRL's client makes it."""
    return {
        "history": [{"text": "a mug", "image_b64": RED},
                    {"text": "a mug", "image_b64": picture(colour, kind="JPEG")}],
        "required_rewards": list(rewards),
        "metadata": {"policy_version": 3},
        "request_id": colour, "sample_id": colour, "group_id": group, "source_rank": None,
        "policy_version": 3, "scorer_version": None, "idempotency_key": "00ff",
    }  # fmt: skip


def test_unirl(post: Post, service: Service) -> None:
    health = asked(service, "GET", "/health").json()
    assert health["status"] == "ok" and set(health["rewards"]) == {"log_ctr", "log_odds", "win"}
    items = [
        unirl("red", "a", "log_odds"), unirl("blue", "a", "log_odds"),
        unirl("green", None, "log_ctr", "win", "beauty"),
    ]  # fmt: skip
    answer = post("/score", json={"protocol_version": "1", "requests": items}).json()
    first, second, alone = answer["results"]
    assert first["log_odds"]["log_odds"] == pytest.approx(-second["log_odds"]["log_odds"])
    assert set(alone) == {"log_ctr"} and math.isfinite(alone["log_ctr"]["log_ctr"])
    assert answer["errors"][:2] == [{}, {}] and set(answer["errors"][2]) == {"win", "beauty"}
    for item, identity in zip(items, answer["identities"], strict=True):
        for key in (
            "request_id",
            "sample_id",
            "group_id",
            "source_rank",
            "policy_version",
            "idempotency_key",
        ):
            assert identity[key] == item[key]


def test_keys_of_verl_omni_and_flow_factory(post: Post) -> None:
    scores = post("/score", json={"images": [RED, BLUE], "prompts": ["mug", "cup"], "metadata": {}}).json()
    alone = post("/score", json={"images": [RED], "prompts": ["mug"], "metadata": {}}).json()
    assert len(scores["scores"]) == 2 and alone["scores"][0] == pytest.approx(scores["scores"][0])
    theirs = {"prompt": ["mug"] * 3, "image": [RED, BLUE, RED], "video": None, "condition_images": None,
              "condition_videos": None, "kwargs": {"reward": "win"}}  # fmt: skip
    rewards = post("/compute", json=theirs).json()["rewards"]
    assert rewards[0] == pytest.approx(rewards[2]) and sum(rewards) == pytest.approx(1.5)
    assert (
        post("/compute", json={"prompt": ["mug"], "image": [RED], "kwargs": {"reward": "win"}}).status_code
        == 422
    )


def test_metrics_and_pages(service: Service) -> None:
    asked(service, "POST", "/score", json={"images": [RED, BLUE, GREEN]})
    text = asked(service, "GET", "/metrics").text
    assert 'caig_requests_total{path="/score",status="200"}' in text and "caig_requests_inside 0.0" in text
    described = asked(service, "GET", "/openapi.json").json()
    assert set(described["components"]["schemas"]) >= {"AdsRequest", "UniRlSample", "UniRLRequest"}
    page = asked(service, "GET", "/docs").text
    assert "POST /score" in page and "http:" not in page and "<script" not in page
    assert asked(service, "GET", "/nothing").json() == {"error": "no such address; see /docs"}
    assert asked(service, "GET", "/score").status_code == 405


# --- hostile requests ------------------------------------------------------------------------------


def bomb() -> str:
    """A PNG of 20000 x 20000 pixels in a few bytes: its header alone tells."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (20000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    data = zlib.compress(bytes(100_000), 9)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data)).decode()


JSON = {"content-type": "application/json"}
BAD: list[tuple[int, bytes, dict[str, str]]] = [
    (400, b"", JSON), (400, b"{", JSON), (400, b"\xff\xfe{}", JSON), (400, b"[" * 100_000, JSON),
    (400, b'{"images": ' + b"[" * 500 + b"]" * 500 + b"}", JSON),
    (422, b"[]", JSON), (422, b"null", JSON), (400, b"1" * 400, JSON), (422, b"{}", JSON),
    (422, b'{"images": []}', JSON), (422, b'{"images": "x"}', JSON), (422, b'{"images": [1]}', JSON),
    (413, b'{"images": ["' + b"A" * 250_000 + b'"]}', JSON),
    (415, b"{}", {}), (415, b"{}", {"content-type": "application/octet-stream"}),
    (415, b"\x80\x04}.", {"content-type": "application/x-pickle"}),
    (415, b"{}", JSON | {"content-encoding": "gzip"}),
    (401, b"{}", JSON | {"authorization": "Bearer wrong"}), (401, b"{}", JSON | {"authorization": ""}),
    (401, b"{}", JSON | {"authorization": "Basic ????"}), (401, b"{}", JSON | {"authorization": "Bearer"}),
]  # fmt: skip
BAD_BODIES: list[tuple[int, dict[str, Any]]] = [
    (422, {"images": ["not base64!"]}), (422, {"images": [""]}),
    (422, {"images": ["data:image/png;base64,"]}),
    (422, {"images": [base64.b64encode(b"<svg/>").decode()]}), (422, {"images": ["/etc/passwd"]}),
    (422, {"images": [RED[:60]]}), (422, {"images": [bomb()]}), (413, {"images": [RED] * 7}),
    (422, {"images": [picture("red", (200, 200))] * 2}), (422, {"images": [picture("red", (8, 8))]}),
    (422, {"images": [picture("red", (300, 300), "JPEG")]}),
    (422, {"images": [RED], "more": 1}), (422, {"images": [RED], "attributes": {"a": 1}}),
    (422, {"images": [RED], "prompts": []}),
    (422, {"images": [RED], "prompts": ["a"], "metadata": {"reward": []}}),
    (422, {"requests": []}), (422, {"requests": [{}]}), (422, {"protocol_version": "2", "requests": [{}]}),
    (422, {"requests": [{"history": [{"text": "x"}], "required_rewards": ["win"]}]}),
    (422, {"requests": [{"history": [{"video_b64": RED}], "required_rewards": ["win"]}]}),
]  # fmt: skip


def is_short_error(response: httpx2.Response, status: int) -> None:
    assert response.status_code == status, response.text
    answer = response.json()
    assert set(answer) == {"error"} and 0 < len(answer["error"]) <= 300
    for leak in (TOKEN, "Traceback", str(ROOT), "site-packages", "caig_cli"):
        assert leak not in response.text


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_requests(post: Post, case: int) -> None:
    status, body, headers = BAD[case]
    is_short_error(post("/score", content=body, headers=headers), status)


@pytest.mark.parametrize("case", range(len(BAD_BODIES)))
def test_bad_values(post: Post, case: int) -> None:
    status, body = BAD_BODIES[case]
    is_short_error(post("/score", json=body), status)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.just(RED),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "images prompts requests history image_b64 metadata caption attributes group_id".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(VALUES | st.binary(max_size=40))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json(post: Post, value: Any) -> None:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    response = post("/score", content=body, headers=JSON)
    if response.status_code != 200:
        is_short_error(response, response.status_code)
        assert response.status_code in (400, 413, 422)


def test_a_slow_body_and_a_crowd(judge: TrainedJudge) -> None:
    """A body that does not come is given up; while it is waited for, there is room for so many only."""
    service = Service(Scorer(judge), ServiceLimits(requests=1, seconds=0.3), TOKEN)
    headers = {"authorization": f"Bearer {TOKEN}"} | JSON

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async def both() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(service.app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            slow = asyncio.create_task(client.post("/score", content=slowly(), headers=headers))
            await asyncio.sleep(0.1)
            return [await client.post("/score", content=b"{}", headers=headers), await slow]

    crowded, slow = asyncio.run(both())
    is_short_error(crowded, 503)
    is_short_error(slow, 408)
    is_short_error(asked(service, "POST", "/score", json={}), 422)


def test_without_a_token_only_localhost_by_name(judge: TrainedJudge) -> None:
    service = Service(Scorer(judge), LIMITS, None)
    assert asked(service, "POST", "/score", json={"images": [RED]}).status_code == 200
    other = asked(service, "POST", "/score", json={"images": [RED]}, headers={"host": "shop.example"})
    is_short_error(other, 403)


def test_basic_password_is_the_token(post: Post) -> None:
    given_ = base64.b64encode(f"caig:{TOKEN}".encode()).decode()
    assert (
        post("/score", json={"images": [RED]}, headers={"authorization": f"Basic {given_}"}).status_code
        == 200
    )


def test_an_error_inside_tells_nothing(judge: TrainedJudge) -> None:
    scorer = Scorer(judge)
    scorer.score = lambda groups: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    is_short_error(asked(Service(scorer, LIMITS, TOKEN), "POST", "/score", json={"images": [RED]}), 500)


# --- the command -----------------------------------------------------------------------------------


def test_what_cannot_be_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "0.0.0.0"]) == 2
    assert "token" in capsys.readouterr().err
    (tmp_path / "token").write_text("short")
    assert run(["serve", "--token-file", str(tmp_path / "token")]) == 2
    assert "fewer than 16" in capsys.readouterr().err
    assert run(["serve", "--host", "192.0.2.1", "--token-file", str(tmp_path / "none")]) == 2


def test_the_command_serves_until_interrupted() -> None:
    """A real process and a real socket; thousands of requests leave its memory as it was."""
    command = [
        sys.executable,
        "-m",
        "caig_cli",
        "serve",
        "--port",
        "0",
        "--judge",
        "heldout",
        "--device",
        "cpu",
    ]
    environment = os.environ | {"CAIG_SERVE_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "serving at" in line)
            port = int(line.split("127.0.0.1:")[1].split("/")[0])
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            headers = JSON | {"Authorization": f"Bearer {TOKEN}"}

            def send(body: bytes) -> int:
                client.request("POST", "/score", body, headers)
                response = client.getresponse()
                response.read()
                return response.status

            good = json.dumps({"images": [RED, BLUE]}).encode()
            bodies = [b"{", b"[" * 5000, json.dumps({"images": [bomb()]}).encode(), b'{"images": ["%"]}']
            assert send(good) == 200
            for _ in range(100):
                assert {send(body) for body in bodies} == {400, 422}
            before = psutil.Process(process.pid).memory_info().rss
            for _ in range(200):
                assert {send(body) for body in bodies} == {400, 422}
            assert psutil.Process(process.pid).memory_info().rss - before < 20 << 20
            assert send(good) == 200
            client.close()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
