"""``caig generate`` as a user meets it: ads with provenance, resumed after a kill, bad products listed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny
from tiny_rewards import make_reward

from caig_cli.cutouts.loading import load_cutout
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.mllm.resampling import distinct
from caig_cli.painters import Notes
from caig_cli.painters.compose import measure
from caig_cli.painters.fake import FakePainter
from caig_cli.provenance.image_files import read
from caig_cli.records import Box, Product
from caig_cli.stages import generate
from caig_cli.stages.generate import GenerateRecipe, PreviewJudgeSection

PROMPT = "a walnut table, a brick wall, candles, warm candlelight"


def photo(path: Path, seed: int = 0) -> Path:
    """A transparent PNG of a rounded block with a pattern."""
    y, x = np.mgrid[:120, :80]
    alpha = np.clip((40 - np.maximum(abs(x - 39.5), abs(y - 59.5) - 20)) * 127, 0, 255)
    pattern = np.random.default_rng(seed).integers(40, 220, (120, 80, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.dstack([pattern, alpha]).astype(np.uint8)).save(path)
    return path


def recipe(source: Path, **given: Any) -> GenerateRecipe:
    values = {"product": source, "prompt": PROMPT, "painter": "fake", "size": "96x80", "n": 2, **given}
    return GenerateRecipe.model_validate({"generate": values, "judge": {"model": None}, "seed": 5})


def make(folder: Path, chosen: GenerateRecipe, **how: bool) -> tuple[Any, SilentReporter]:
    report = SilentReporter()
    with RunDir.open(folder, "generate", chosen, **how) as run:
        return generate.run(chosen, run, report), report


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "ads").glob("*.png"))}


def ad_file(folder: Path, place: str) -> Path:
    """The file of an ad by its product and place: its name goes on with the ad's id."""
    (found,) = (folder / "ads").glob(f"{place}-c1*.png")
    return found


def facts_of(path: str) -> Mapping[str, str]:
    """What an ad says of itself."""
    claims = read(Path(path)).claims
    assert claims is not None
    return claims.facts


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_an_ad_has_the_product_and_its_provenance(workdir: Path) -> None:
    source = photo(workdir / "cup.png")
    outcome, report = make(workdir / "run", recipe(source, prompt=PROMPT + ", unicorns"))
    first, second = outcome.result["ads"]
    assert set(first) == {"path", "product", "prompt", "seed", "score", "id"}
    assert (first["product"], first["score"], outcome.failed) == ("cup", None, ())
    assert Path(first["path"]).is_absolute() and first["seed"] != second["seed"]
    ad = read(Path(first["path"]))
    assert ad.image.size == (96, 80) and ad.claims is not None
    pixels, facts = np.asarray(ad.image), ad.claims.facts
    assert facts["prompt"] == first["prompt"] and facts["product"] == "cup"
    assert facts["seed"] == str(first["seed"]) and facts["prompt_model"] == "none, prompt as given"
    assert str(workdir).encode() not in Path(first["path"]).read_bytes()
    row = rows(workdir / "run")[0]
    fidelity = measure(pixels, load_cutout(Product("cup", source), print), Box(*row["product_box"]))
    assert fidelity.interior == 0 == row["fidelity"]["interior"]
    assert row["ignored"] == ["unicorns"] and any("unicorns" in line for line in report.lines)
    page = (workdir / "run" / "report.html").read_text()
    assert "Without effect: unicorns" in page and page.count("<figure") == 3
    assert (workdir / "run" / "contact-sheet.png").is_file()


def test_a_photo_that_is_too_small_for_the_frame_is_reported(workdir: Path) -> None:
    source = photo(workdir / "cup.png")
    (told,) = [
        w
        for w in make(workdir / "a", recipe(source, size="512x640", scale=0.5))[1].lines
        if "larger photo" in w
    ]
    assert told.startswith("warning: cup: the product is 80x120 pixels and is shown 2.7")
    assert not any("larger photo" in line for line in make(workdir / "b", recipe(source))[1].lines)


def test_props_without_room_are_reported(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakePainter, "notes", lambda self, shot: Notes(left_out=["glass_spheres"]))
    _, report = make(workdir / "run", recipe(photo(workdir / "cup.png")))
    assert rows(workdir / "run")[0]["left_out"] == ["glass_spheres"]
    assert "warning: no room for: glass spheres (in 2 of 2 ads)" in report.lines
    assert "No room for: glass spheres" in (workdir / "run" / "report.html").read_text()


def test_same_seed_same_bytes_in_any_batch(workdir: Path) -> None:
    for name in "ab":
        photo(workdir / "products" / f"{name}.png", ord(name))
    make(workdir / "one", recipe(workdir / "products", n=4))
    make(workdir / "four", recipe(workdir / "products", n=4, batch=3))
    one, four = files(workdir / "one"), files(workdir / "four")
    assert len(one) == 8 and [name[:3] for name in one] == [name[:3] for name in four]
    for first, second in zip(one, four, strict=True):
        assert (
            Image.open(workdir / "one/ads" / first).tobytes()
            == Image.open(workdir / "four/ads" / second).tobytes()
        )
    make(workdir / "again", recipe(workdir / "products", n=4))
    assert files(workdir / "again") == one


def test_bad_products_are_listed_and_the_others_go_on(workdir: Path) -> None:
    photo(workdir / "good.png")
    (workdir / "torn.png").write_bytes((workdir / "good.png").read_bytes()[:200])
    records = [
        {"id": "good", "image": "good.png", "caption": "A <b>mug</b>"},
        {"id": "torn", "image": "torn.png"},
    ]
    (workdir / "products.json").write_text(json.dumps([*records, {"id": "gone", "image": "gone.png"}]))
    outcome, _ = make(workdir / "run", recipe(workdir / "products.json", n=1))
    assert [ad["product"] for ad in outcome.result["ads"]] == ["good"]
    assert len(outcome.result["failed"]) == 2
    assert all(
        "\n" not in one["error"] and set(one) == {"product", "error"} for one in outcome.result["failed"]
    )
    page = (workdir / "run" / "report.html").read_text()
    assert "<b>mug</b>" not in page and "&lt;b&gt;mug" in page and "Not used" in page


def test_nothing_made_is_a_usage_error(workdir: Path) -> None:
    (workdir / "bad.png").write_bytes(b"not an image")
    with pytest.raises(UsageError, match="no ad could be made") as caught:
        make(workdir / "run", recipe(workdir / "bad.png"))
    assert "bad.png" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"product": None}, "--product"),
        ({"prompt": None, "rewrite": True}, "--prompt"),
        ({"product": Path("nowhere")}, "nowhere"),
    ],
)
def test_bad_use(workdir: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        generate.plan(recipe(photo(workdir / "a.png"), **given), SilentReporter())


def test_the_plan_touches_nothing(workdir: Path) -> None:
    lines = generate.plan(recipe(photo(workdir / "a.png")), SilentReporter())
    assert lines[0] == "products: 1, ads of each: 2, pixels: 96x80"
    assert [path.name for path in workdir.iterdir()] == ["a.png"]


def test_resume_makes_only_what_is_missing(workdir: Path) -> None:
    for name in "abc":
        photo(workdir / "products" / f"{name}.png", ord(name))
    chosen = recipe(workdir / "products", n=3)
    make(workdir / "run", chosen)
    whole = files(workdir / "run")
    gone = ad_file(workdir / "run", "b-2").name
    (workdir / "run" / "ads" / gone).unlink()
    kept = {name: (workdir / "run" / "ads" / name).stat().st_mtime_ns for name in whole if name != gone}
    outcome, _ = make(workdir / "run", chosen, resume=True)
    assert files(workdir / "run") == whole
    assert {name: (workdir / "run" / "ads" / name).stat().st_mtime_ns for name in kept} == kept
    assert [Path(ad["path"]).stem for ad in outcome.result["ads"]] == sorted(name[:-4] for name in whole)


def test_another_photo_is_told_at_resume_and_refused(workdir: Path) -> None:
    chosen = recipe(photo(workdir / "p.png"), n=1)
    make(workdir / "run", chosen)
    before = files(workdir / "run")
    photo(workdir / "p.png", seed=5)
    with pytest.raises(UsageError, match=r"p\.png has changed; .*--accept-changed"):
        make(workdir / "run", chosen, resume=True)
    assert files(workdir / "run") == before
    _, report = make(workdir / "run", chosen, resume=True, accept_changed=True)
    assert any("p.png has changed" in line for line in report.lines)


def test_killed_at_any_moment_nothing_is_lost_or_doubled(workdir: Path) -> None:
    for name in "abcdef":
        photo(workdir / "products" / f"{name}.png", ord(name))
    chosen = recipe(workdir / "products", n=5, size="160x160")
    make(workdir / "whole", chosen)
    command = [sys.executable, "-m", "caig_cli", "generate", "--out", "run", "--quiet", "--seed", "5"]
    command += ["--product", str(workdir / "products"), "--prompt", PROMPT, "--size", "160x160", "-n", "5"]
    command += ["--set", "generate.painter=fake", "--set", "judge.model=null"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    wanted = random.Random(7).randrange(2, 20)
    ads = workdir / "run" / "ads"
    deadline = time.monotonic() + 60
    while len(list(ads.glob("*.png"))) < wanted and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(files(workdir / "run")) < 30
    outcome, _ = make(workdir / "run", chosen, resume=True)
    assert len(outcome.result["ads"]) == 30
    assert files(workdir / "run") == files(workdir / "whole")
    paths = [row["path"] for row in rows(workdir / "run")]
    assert len(paths) == len(set(paths)) == 30


def test_the_prompt_model_writes_and_rewrites(workdir: Path) -> None:
    folder = workdir / "model"
    make_tiny().save(folder, torch.float32)
    source = photo(workdir / "cup.png")
    texts = {}
    for name, given in {"write": {"prompt": None}, "rewrite": {"rewrite": True}}.items():
        chosen = recipe(source, n=3, **given)
        chosen = GenerateRecipe.model_validate(
            {**chosen.model_dump(), "writer": {"model": str(folder), "max_new_tokens": 8}, "device": "cpu"}
        )
        outcome, _ = make(workdir / name, chosen)
        texts[name] = [ad["prompt"] for ad in outcome.result["ads"]]
        assert len(set(texts[name])) == 3
        assert facts_of(outcome.result["ads"][0]["path"])["prompt_model"] == "model"
    assert texts["write"] != texts["rewrite"]


def test_repeated_prompts_are_drawn_again() -> None:
    calls: list[int] = []

    def sample(seeds: Sequence[int]) -> list[str]:
        calls.append(len(seeds))
        return ["oak", "oak", "", "sea"] if len(seeds) == 4 else [f"new {seed}" for seed in seeds]

    prompts = distinct(sample, 4, 0, "cup")
    assert prompts[0] == "oak" and prompts[3] == "sea" and len(set(prompts)) == 4
    assert calls == [4, 2]
    assert distinct(lambda seeds: ["same"] * len(seeds), 3, 0, "cup") == ["same"] * 3


def test_memory_does_not_grow_with_the_catalogue(workdir: Path) -> None:
    """Cut-outs of products that are done are gone: only records stay."""
    import gc

    from caig_cli.cutouts.cutout import Cutout

    for k in range(12):
        photo(workdir / "products" / f"{k:02}.png", k)
    gc.collect()
    before = {id(thing) for thing in gc.get_objects() if type(thing) is Cutout}  # of earlier tests
    make(workdir / "run", recipe(workdir / "products", n=1))
    gc.collect()
    kept = sum(type(thing) is Cutout and id(thing) not in before for thing in gc.get_objects())
    assert kept <= 3, "of twelve those that the painter still holds for the next candidate of a product"


@pytest.fixture
def judged(workdir: Path) -> GenerateRecipe:
    """Two of six candidates for each of two products, chosen by a real reward model with random weights."""
    make_reward(workdir / "judge", "vam", workdir)
    for name in "ab":
        photo(workdir / "products" / f"{name}.png", ord(name))
    plain = recipe(workdir / "products", n=2, candidates=6, size="160x128")
    return plain.model_copy(update={"judge": PreviewJudgeSection(model=str(workdir / "judge"))})


def test_the_best_candidates_are_made_best_first(workdir: Path, judged: GenerateRecipe) -> None:
    outcome, _ = make(workdir / "run", judged)
    tried = [json.loads(line) for line in (workdir / "run" / "candidates.jsonl").read_text().splitlines()]
    assert [row["product"] for row in tried] == ["a", "b"]
    for row in tried:
        wins = [one["win"] for one in row["ranking"]]
        assert wins == sorted(wins, reverse=True) and len(wins) == 6
        assert sum(wins) == pytest.approx(3.0), "who wins against one loses to the other"
        seeds = [derive_seed(5, row["product"], one["candidate"]) for one in row["ranking"]]
        ads = [ad for ad in outcome.result["ads"] if ad["product"] == row["product"]]
        assert [ad["seed"] for ad in ads] == seeds[:2]
        assert [ad["score"] for ad in ads] == [round(win, 4) for win in wins[:2]]
    page = (workdir / "run" / "report.html").read_text()
    assert page.count("% (simulated market)") == 4
    facts = facts_of(outcome.result["ads"][0]["path"])
    assert facts["wins"].endswith("% (simulated market)") and facts["judge"] == "judge"


def test_an_ad_does_not_depend_on_how_many_are_tried(workdir: Path, judged: GenerateRecipe) -> None:
    wide = judged.model_copy(update={"generate": judged.generate.model_copy(update={"n": 6})})
    few, all_six = (make(workdir / name, one)[0].result["ads"] for name, one in (("2", judged), ("6", wide)))
    seeds = {ad["seed"]: ad["path"] for ad in all_six}
    for ad in few:
        one, other = (Image.open(path).tobytes() for path in (ad["path"], seeds[ad["seed"]]))
        assert one == other


def test_a_resumed_run_keeps_its_choice(workdir: Path, judged: GenerateRecipe) -> None:
    """A rank that hangs by a digit must not make an ad twice and lose another."""
    make(workdir / "run", judged)
    whole = files(workdir / "run")
    ad_file(workdir / "run", "a-2").unlink()
    make_reward(workdir / "judge", "vam", workdir, seed=3)  # of another opinion
    make(workdir / "other", judged)
    assert files(workdir / "other") != whole
    make(workdir / "run", judged, resume=True)
    assert files(workdir / "run") == whole
    assert len((workdir / "run" / "candidates.jsonl").read_text().splitlines()) == 2


def test_a_choice_that_a_kill_tore_is_made_again(workdir: Path, judged: GenerateRecipe) -> None:
    make(workdir / "run", judged)
    whole, tried = files(workdir / "run"), (workdir / "run" / "candidates.jsonl").read_bytes()
    for name in ("b-1", "b-2"):
        ad_file(workdir / "run", name).unlink()
    (workdir / "run" / "candidates.jsonl").write_bytes(tried[:-20])
    make(workdir / "run", judged, resume=True)
    assert files(workdir / "run") == whole
    assert (workdir / "run" / "candidates.jsonl").read_bytes() == tried
