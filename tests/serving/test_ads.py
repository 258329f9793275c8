"""Prompts and ads over HTTP: the same as the command line makes, as jobs that can be followed and ended."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw
from serving.test_serve import LIMITS, asked, is_short_error
from tiny_mllm import make_tiny

from caig_cli.engine.offload import DeviceSharing
from caig_cli.engine.report import Reporter
from caig_cli.errors import ItemError, UsageError
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.models import Models
from caig_cli.provenance.formats import ENCODINGS
from caig_cli.serving.ad_routes import AdJobs
from caig_cli.serving.ads import AdMaker
from caig_cli.serving.app import Service
from caig_cli.serving.jobs import JobReporter, Jobs, ServedJob
from caig_cli.serving.limits import Refused
from caig_cli.serving.scoring import Scorer
from caig_cli.stages import generate


def photo() -> str:
    image = Image.new("RGBA", (96, 96))
    ImageDraw.Draw(image).ellipse((20, 12, 76, 88), fill=(200, 40, 30, 255))
    file = io.BytesIO()
    image.save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


PHOTO = photo()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("serve")
    make_tiny().save(folder / "base", torch.float32)
    recipe = GenerateRecipe.model_validate(
        {"generate": {"painter": "fake"}, "writer": {"model": str(folder / "base"), "max_new_tokens": 8},
         "judge": {"model": "heldout"}, "device": "cpu", "dtype": "fp32"}
    )  # fmt: skip
    models = Models(recipe, DeviceSharing())
    maker = AdMaker(recipe, models, generate.run, LIMITS)
    jobs = Jobs(folder / "jobs", waiting=2, kept=3)
    service = Service(Scorer(models.reward_model("heldout")), LIMITS, None, AdJobs(maker, jobs, LIMITS))
    yield service
    service.close()


def until_over(service: Service, href: str) -> dict[str, Any]:
    for _ in range(400):
        answer: dict[str, Any] = asked(service, "GET", href).json()
        if answer["state"] not in ("queued", "running"):
            return answer
        time.sleep(0.05)
    raise AssertionError(answer)


def test_prompts_and_ads_are_those_of_the_command_line(service: Service) -> None:
    same = {"image": PHOTO, "product": "mug", "caption": "Red mug", "seed": 5}
    written = asked(service, "POST", "/write", json=same | {"n": 2}).json()
    assert len(written["prompts"]) == 2 and written["cutout"]["method"] == "alpha"
    more = {"n": 2, "candidates": 2, "size": "64x96,96x64", "format": "webp"}
    begun = asked(service, "POST", "/generate", json=same | more)
    assert begun.status_code == 202
    job = until_over(service, begun.json()["href"])
    assert job["state"] == "done" and job["progress"] == {"step": "ads", "done": 4, "of": 4}
    assert sorted({ad["prompt"] for ad in job["ads"]}) == sorted(written["prompts"])
    assert [ad["size"] for ad in job["ads"]] == [[64, 96], [96, 64]] * 2
    whole = asked(service, "GET", f"{job['href']}?images=base64").json()
    for ad in whole["ads"]:
        file = asked(service, "GET", ad["href"])
        assert file.headers["content-type"] == ENCODINGS["webp"].mime
        assert base64.b64decode(ad["image"]) == file.content and len(file.content) == ad["bytes"]
        assert list(Image.open(io.BytesIO(file.content)).size) == ad["size"]
        assert ad["id"] in ad["name"] and ad["source_type"].endswith("/composite")
    assert 'caig_jobs{state="done"} 1.0' in asked(service, "GET", "/metrics").text


BAD: list[tuple[str, int, dict[str, Any]]] = [
    ("/write", 422, {}), ("/write", 422, {"image": "%"}), ("/write", 422, {"image": PHOTO, "n": 0}),
    ("/write", 422, {"image": PHOTO, "n": "2"}), ("/write", 422, {"image": PHOTO, "caption": "x" * 3000}),
    ("/write", 422, {"image": PHOTO, "product": "../x"}), ("/write", 422, {"image": PHOTO, "mask": ""}),
    ("/generate", 422, {"image": PHOTO, "size": "9x9"}), ("/generate", 422, {"image": PHOTO, "size": "x"}),
    ("/generate", 413, {"image": PHOTO, "size": "512x512"}), ("/generate", 422, {"image": PHOTO, "n": 65}),
    ("/generate", 422, {"image": PHOTO, "rewrite": True}),
    ("/generate", 422, {"image": PHOTO, "cutout": "x"}),
    ("/generate", 422, {"image": PHOTO, "product": "a", "painter": "diffusion"}),
    ("/generate", 422, {"image": PHOTO, "relight": True}),
    ("/generate", 422, {"image": PHOTO, "format": "gif"}),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_orders_leave_nothing(service: Service, case: int) -> None:
    path, status, body = BAD[case]
    before = asked(service, "GET", "/jobs").json()
    response = asked(service, "POST", path, json=body)
    is_short_error(response, status)
    assert "/tmp" not in response.text
    assert asked(service, "GET", "/jobs").json() == before


def test_a_product_that_can_not_be_cut_out_is_reported(service: Service) -> None:
    body = {"image": base64.b64encode(_noise()).decode(), "size": "64x64", "n": 1}
    job = until_over(service, asked(service, "POST", "/generate", json=body).json()["href"])
    assert job["state"] == "failed" and "no ad could be made" in job["error"] and "/tmp" not in job["error"]


def _noise() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 120).convert("RGB").save(file, format="PNG")
    return file.getvalue()


@pytest.mark.parametrize("path", ["/jobs/x", "/jobs/..%2f..", "/jobs/x/ads/y", "/jobs/%00"])
def test_what_is_not_there(service: Service, path: str) -> None:
    is_short_error(asked(service, "GET", path), 404)


# --- jobs, whatever their work is ------------------------------------------------------------------


def endless(run: Path, report: Reporter) -> None:
    with report.progress("ads", 10**6) as bar:
        while True:
            time.sleep(0.005)
            bar.advance()


def wait_for(state: str, job: ServedJob) -> None:
    for _ in range(400):
        if job.state == state:
            return
        time.sleep(0.01)
    raise AssertionError(job)


def test_jobs_end_when_they_are_told_to(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, waiting=1, kept=9)
    first = jobs.add(lambda folder: endless)
    wait_for("running", first)
    second = jobs.add(lambda folder: endless)
    with pytest.raises(Refused, match="too many jobs"):
        jobs.add(lambda folder: endless)
    jobs.cancel(second.id)
    third = jobs.add(lambda folder: lambda run, report: report.warn("told"))
    jobs.cancel(first.id)
    wait_for("done", third)
    assert (first.state, second.state, third.warnings) == ("cancelled", "cancelled", ["told"])
    jobs.cancel(third.id)
    with pytest.raises(Refused, match="no such job"):
        jobs.get(third.id)
    assert not (tmp_path / third.id).exists()
    jobs.close()


def test_a_job_that_fails_does_not_end_the_worker_and_old_ones_are_cleaned_away(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, waiting=9, kept=2)

    def fails(error: BaseException) -> Callable[[Path], Any]:
        def work(run: Path, report: Reporter) -> None:
            raise error

        return lambda folder: work

    made = [jobs.add(fails(error)) for error in (ItemError("one line"), ZeroDivisionError(), MemoryError())]
    last = jobs.add(lambda folder: lambda run, report: None)
    wait_for("done", last)
    time.sleep(0.05)
    assert [job.state for job in made] == ["failed"] * 3 and made[0].error == "one line"
    assert [job.id for job in jobs.all()] == [made[2].id, last.id]
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {made[2].id, last.id}
    jobs.close()


def test_another_service_finds_the_jobs_of_the_last_one(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, waiting=9, kept=9)
    done = jobs.add(lambda folder: lambda run, report: None)
    wait_for("done", done)
    with pytest.raises(UsageError, match="--jobs"):
        Jobs(tmp_path, waiting=9, kept=9)
    begun = jobs.add(lambda folder: endless)
    wait_for("running", begun)
    jobs.close()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "job.json").write_text("[")
    again = Jobs(tmp_path, waiting=9, kept=9)
    assert [(job.id, job.state) for job in again.all()] == [(done.id, "done"), (begun.id, "failed")]
    again.close()


def test_progress_is_kept_and_read_while_it_moves() -> None:
    job = ServedJob("x", "running")
    report = JobReporter(job)
    with report.progress("ads", 2) as bar:
        bar.advance()
    assert job.progress == {"step": "ads", "done": 1, "of": 2}
