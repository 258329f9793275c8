"""caig score ranks ads of one product; caig generate paints large only what its judge likes best."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from caig_cli.cli import run
from caig_cli.data.images import open_image
from caig_cli.engine.runtime import choose_device
from caig_cli.mllm import prompt_model
from caig_cli.provenance.image_files import read
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.config import RewardSection, VamSection, VisionSection
from caig_cli.rewards.storage import FILE


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny vam with random weights, as a folder of train-rm."""
    folder = tmp_path_factory.mktemp("judge")
    section = RewardSection(
        arch="vam", vam=VamSection(vision=VisionSection(size=32, widths=(4,), depths=(1,)))
    )
    row = ARCHITECTURES["vam"].implementation()
    torch.manual_seed(0)
    model = row.start(section, [], choose_device("cpu", "fp32"))
    torch.nn.init.normal_(model.head.weight)
    row.write(model, folder, torch.float32)
    facts = {
        "format": 1, "arch": "vam", "settings": row.settings(model), "form": "own", "caption": False,
        "attributes": False, "ctr_mean": 0.03, "ctr_std": 0.01, "ctr_log_spread": 0.3, "temperature": 1.0,
        "base": None, "base_fingerprint": None, "simulated": True, "prior": None, "recipe": "0" * 12,
        "evaluation": {},
    }  # fmt: skip
    (folder / FILE).write_text(json.dumps(facts))
    return folder


@pytest.fixture
def ads(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{name}.png" for name in ("dark", "grey", "bright")]
    for path, level in zip(paths, (20, 120, 250), strict=True):
        Image.new("RGB", (40, 40), (level, level, 255 - level)).save(path)
    return [str(path) for path in paths]


def test_ads_are_ranked_and_labelled(judge: Path, ads: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", *ads, "--model", str(judge), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["ads"]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert {row["path"] for row in rows} == set(ads)
    wins = [row["win"] for row in rows]
    assert wins == sorted(wins, reverse=True) and sum(wins) == pytest.approx(1.5, abs=1e-3)
    assert all(
        row["simulated"] and row["ctr_interval"][0] < row["ctr"] < row["ctr_interval"][1] for row in rows
    )


def test_the_order_given_does_not_matter(
    judge: Path, ads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    wins = []
    for order in (ads, ads[::-1]):
        assert run(["score", *order, "--model", str(judge), "--json"]) == 0
        wins.append({row["path"]: row["win"] for row in json.loads(capsys.readouterr().out)["ads"]})
    assert wins[0] == pytest.approx(wins[1], abs=1e-4)


def test_an_unreadable_ad_is_one_line_and_the_others_go_on(
    judge: Path, ads: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    assert run(["score", *ads, str(bad), "--model", str(judge), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert len(found["ads"]) == 3 and [row["path"] for row in found["failed"]] == [str(bad)]


@pytest.mark.parametrize("count", [0, 1])
def test_one_ad_has_nothing_to_be_compared_with(count: int, ads: list[str], judge: Path) -> None:
    assert run(["score", *ads[:count], "--model", str(judge)]) == 2


def test_the_best_previews_are_made_and_say_so(
    judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    product = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    product.paste((200, 40, 40, 255), (10, 10, 30, 30))
    product.save(tmp_path / "product.png")
    command = ["generate", "--product", str(tmp_path / "product.png"), "--prompt", "oak", "--size", "160x128"]
    command += ["--set", "generate.painter=fake", "--set", f"judge.model={judge}", "--json"]
    assert run([*command, "-n", "6", "--candidates", "6", "--out", str(tmp_path / "all")]) == 0
    plain = {row["seed"] for row in json.loads(capsys.readouterr().out)["ads"]}
    assert run([*command, "-n", "2", "--candidates", "6", "--out", str(tmp_path / "best")]) == 0
    best = json.loads(capsys.readouterr().out)["ads"]
    assert len(best) == 2 and {row["seed"] for row in best} < plain
    assert best[0]["score"] >= best[1]["score"]
    rows = [json.loads(line) for line in (tmp_path / "best" / "manifest.jsonl").read_text().splitlines()]
    assert all(row["simulated"] and 0 < row["predicted_ctr"] < 1 for row in rows)
    claims = read(Path(best[0]["path"])).claims
    assert claims is not None and "simulated market" in claims.facts["predicted_ctr"]


def test_candidates_without_a_judge_are_refused(ads: list[str], tmp_path: Path) -> None:
    command = ["generate", "--product", ads[0], "--prompt", "oak", "--candidates", "6", "-n", "2"]
    assert run([*command, "--set", "judge.model=null", "--out", str(tmp_path / "run")]) == 2


def test_explain_says_what_carried_the_verdict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = Path(prompt_model.__file__).parents[1] / "embedded" / "testset"
    row = json.loads((folder / "pairs.jsonl").read_text().splitlines()[0])
    ads = [str(tmp_path / f"{side}.png") for side in ("left", "right")]
    for side, path in zip(("left", "right"), ads, strict=True):
        open_image(folder / row[side]).save(path)
    assert run(["score", *ads, "--explain", "--json"]) == 0
    best, other = json.loads(capsys.readouterr().out)["ads"]
    for told in (best["explanation"], other["explanation"]):
        concepts = [one["concept"] for one in told["contributions"]]
        assert sorted(concepts) == ["backdrop", "blur", "light", "mood", "props", "surface"]
        weights = [abs(one["log_odds"]) for one in told["contributions"]]
        assert weights == sorted(weights, reverse=True)
        gains = [one["log_odds"] for one in told["changes"]]
        assert gains == sorted(gains, reverse=True) and all(gain > 0 for gain in gains)
    # The two ads' own parts mirror each other: what carries one is missing in the other.
    assert best["explanation"]["unnamed"] == pytest.approx(-other["explanation"]["unnamed"], abs=1e-4)
    carried = {one["concept"]: one["log_odds"] for one in best["explanation"]["contributions"]}
    assert any(abs(value) > 1e-3 for value in carried.values())


def test_a_judge_that_names_nothing_explains_nothing(
    judge: Path, ads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", *ads, "--model", str(judge), "--explain"]) == 2
    assert "judges by no concepts" in capsys.readouterr().err
