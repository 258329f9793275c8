"""``caig eval-rm`` end to end: formats, judges, resume, reports and mistakes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny

from caig_cli import cli
from caig_cli.clicks.posteriors import probability_higher
from caig_cli.data.pairs import read_pairs
from caig_cli.engine.files import read_lines
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.judge_metrics import mcnemar
from caig_cli.judges import parse
from caig_cli.judges.question import question
from caig_cli.judges.random_judge import RandomJudge
from caig_cli.judges.verdicts import oracle, verdicts_file
from caig_cli.judges.zero_shot import ANSWERS, ZeroShotJudge
from caig_cli.mllm.families import FAMILIES
from caig_cli.mllm.images import preprocess
from caig_cli.records import Creative, Pair
from caig_cli.stages import eval_rm
from caig_cli.stages.eval_rm import EvalRmRecipe

CONTRACT = (
    "accuracy",
    "accuracy_ci",
    "order_agreement",
    "ceiling",
    "attainable",
    "auc",
    "ece",
    "pairs_per_s",
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")


@pytest.fixture
def market(workdir: Path) -> Path:
    """18 pairs of the simulated market: six products, three ads each, rates and q known."""
    rows = []
    for item, colour in enumerate(COLOURS):
        for ad in range(3):
            picture = Image.new("RGB", (32, 32), colour)
            picture.paste(Image.new("RGB", (16, 32), (80 * ad, 80, 80)))
            picture.save(workdir / f"{item}-{ad}.png")
        for left, right in ((0, 1), (1, 2), (2, 0)):
            ctr = {side: 0.02 + 0.001 * ad + 0.002 * item for side, ad in (("left", left), ("right", right))}
            q = 0.5 + 0.1 * (left - right)
            rows.append(
                {"id": f"{item}/{left}-{right}", "item": f"p{item}", "left": f"{item}-{left}.png",
                 "right": f"{item}-{right}.png", "left_ctr": ctr["left"], "right_ctr": ctr["right"],
                 "left_impressions": 1000 * (item + 1), "right_impressions": 5000, "p_observed_left": q,
                 "target": "left" if q > 0.5 else "right", "caption": f"<b>{colour}</b> mug",
                 "category": "mugs" if item < 4 else "lamps"}
            )  # fmt: skip
    return write_rows(workdir / "pairs.jsonl", rows)


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def official(folder: Path, count: int = 4) -> list[dict[str, Any]]:
    """Pictures of two ads, the brighter one on alternating sides."""
    rows = []
    for n in range(count):
        sheet = Image.new("RGB", (128, 64), "white")
        sheet.paste(Image.new("RGB", (64, 64), "black"), (64 * (n % 2), 0))
        sheet.save(folder / f"both-{n}.png")
        rows.append({"image": f"both-{n}.png", "target": "right" if n % 2 == 0 else "left"})
    return rows


def tiny_vam(folder: Path, *, simulated: bool) -> Path:
    """A real trained judge's folder; its weights are random."""
    from caig_cli.rewards.architectures import ARCHITECTURES
    from caig_cli.rewards.config import VisionSection
    from caig_cli.rewards.encoders import new_vision
    from caig_cli.rewards.facts import RewardFacts
    from caig_cli.rewards.rankers import Vam
    from caig_cli.rewards.storage import write_reward

    torch.manual_seed(0)
    model = Vam(new_vision(VisionSection(size=16, widths=(4, 8), depths=(1, 1))))
    torch.nn.init.normal_(model.head.weight)
    facts = RewardFacts(
        arch="vam", settings=dict(ARCHITECTURES["vam"].implementation().settings(model)), form="facts",
        caption=False,
        attributes=False, ctr_mean=0.03, ctr_std=0.01, ctr_log_spread=0.2, temperature=1.0, base=None,
        base_fingerprint=None, simulated=simulated, prior=None, recipe="0" * 12, evaluation={},
    )  # fmt: skip
    write_reward(model.eval(), facts, "card", folder, torch.float32)
    return folder


def run_cli(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, dict[str, Any], str]:
    code = cli.run(["eval-rm", "--json", "--device", "cpu", *args])
    out, err = capfd.readouterr()
    return code, json.loads(out), err


# --- the command -----------------------------------------------------------------------------------


def test_a_whole_evaluation(market: Path, capfd: pytest.CaptureFixture[str]) -> None:
    args = ("--testset", str(market), "--judge", "random", "--out", "run")
    code, found, err = run_cli(capfd, *args)
    assert code == 0, err
    figures = found["judges"]["random"]
    assert set(CONTRACT) <= set(figures) and list(found["judges"]) == ["random"]
    # |q - 1/2| is .1, .1, .2 for every product.
    assert figures["ceiling"] == pytest.approx(0.5 + 0.4 / 3) and figures["ceiling_estimated"] is False
    assert figures["attainable"] == pytest.approx((figures["accuracy"] - 0.5) / (0.4 / 3))
    assert (figures["pairs"], figures["failed"], found["pairs"]) == (18, 0, 18)
    assert [(row["group"], row["pairs"]) for row in figures["by_category"]] == [("mugs", 12), ("lamps", 6)]
    assert sum(row["pairs"] for row in figures["by_gap"]) == 18
    assert [row["group"] for row in figures["by_impressions"]] == [
        "1,000 to 2,000",
        "2,000 to 5,000",
        "5,000 to 10,000",
    ]
    assert figures["simulated"] is True and figures["note"] == "simulated market (clicks from it)"
    assert figures["pairs_per_s"] > 0 and found["mcnemar"] == [] and found["failed"] == []
    assert "judging: random: 18/18" in err and "noise ceiling 0.633 (simulated market, exact)" in err
    folder = Path("run")
    assert json.loads((folder / "results.json").read_text())["judges"] == found["judges"]
    assert {p.name for p in (folder / "plots").iterdir()} == {
        "reliability.png", "by_gap.png", "by_impressions.png", "by_category.png",
    }  # fmt: skip
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png") == 4 and "simulated market" in page
    assert "<b>red</b>" not in page and "Most confidently wrong: random (simulated market)" in page
    wrong = sorted((folder / "wrong").rglob("*.png"))
    assert len(wrong) == len(figures["wrong"]) > 0
    with Image.open(wrong[0]) as picture:
        assert picture.size == (512, 256)
        assert {picture.getpixel((2, 2)), picture.getpixel((509, 2))} == {(62, 142, 65), (196, 64, 48)}


def test_people_read_lines_and_a_table(market: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["eval-rm", "--testset", str(market), "--judge", "random"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("random (simulated market): accuracy 0.") and out.count("\n") == 1
    head = next(line for line in err.splitlines() if line.strip().startswith("judge "))
    for column in (
        "accuracy",
        "attainable",
        "left first",
        "right first",
        "orders agree",
        "AUC",
        "ECE",
        "note",
    ):
        assert column in head


@pytest.mark.parametrize("args", [(), ("--testset",), ("--testset", "--limit", "5")])
def test_without_a_file_the_shipped_test_set_is_used(
    market: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.setattr(eval_rm, "EMBEDDED_TESTSET", market)
    code, found, _ = run_cli(capfd, "--judge", "random", *args)
    assert (code, found["pairs"]) == (0, 5 if "--limit" in args else 18)
    monkeypatch.setattr(eval_rm, "EMBEDDED_TESTSET", market.with_name("gone.jsonl"))
    code, found, _ = run_cli(capfd, "--judge", "random", *args)
    assert (code, found["error"][:32]) == (2, "the shipped test set is missing ")


def test_two_judges_are_compared(market: Path, capfd: pytest.CaptureFixture[str]) -> None:
    vam = tiny_vam(market.parent / "vam-model", simulated=True)
    args = ("--judge", "vam", "--judge", "random", "--judge", "random", "--set", f"eval_rm.trained.vam={vam}")
    code, found, _ = run_cli(capfd, "--testset", str(market), *args)
    assert code == 0 and list(found["judges"]) == ["vam", "random"]
    (test,) = found["mcnemar"]
    assert (test["first"], test["second"], test["pairs"]) == ("vam", "random", 18)
    run = Path(found["report"]).parent
    right = {}
    for name in ("vam", "random"):
        rows = {row["pair"]: row for row in read_lines(run / verdicts_file(name))}
        given = [json.loads(line) for line in market.read_text().splitlines()]
        # With both logits of equal sign or of unequal size, the mean probability tells the side as well.
        right[name] = np.array(
            [
                (rows[g["id"]]["shown"] + rows[g["id"]]["swapped"] > 1) == (g["p_observed_left"] > 0.5)
                for g in given
            ]
        )
    expected = mcnemar(right["vam"], right["random"])
    assert {key: test[key] for key in expected} == pytest.approx(expected)


def test_a_trained_judge_predicts_rates_and_is_labelled(
    workdir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a file of real clicks only the judge's own label is left; no impressions, no ceiling."""
    folders = [tiny_vam(workdir / name, simulated=name == "sim") for name in ("sim", "real")]
    rows = [{"id": str(n), "left_ctr": 0.03, "right_ctr": 0.02 + 0.02 * (n % 2), "conversations": [], **row}
            for n, row in enumerate(official(workdir))]  # fmt: skip
    (workdir / "train.json").write_text(json.dumps(rows))
    judges = [arg for folder in folders for arg in ("--judge", str(folder))]
    code, found, _ = run_cli(capfd, "--testset", "train.json", *judges, "--out", "run")
    assert code == 0
    sim, real = (found["judges"][str(folder)] for folder in folders)
    assert sim["note"] == "simulated market (judge trained on it)" and sim["simulated"]
    assert real["note"] is None and real["simulated"] is False
    assert sim["accuracy"] == real["accuracy"] and sim["order_agreement"] == 1
    assert sim["ctr_rmse"] is not None and sim["ceiling"] is None and sim["attainable"] is None
    page = (workdir / "run/report.html").read_text()
    assert f"{folders[0]} (simulated market)" in page and f"{folders[1]} (simulated market)" not in page


def test_a_judge_that_learnt_the_very_file_says_so(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tiny_vam(workdir / "judge", simulated=False)
    rows = [{"id": str(n), "left_ctr": 0.03, "right_ctr": 0.02 + 0.02 * (n % 2), "conversations": [], **row}
            for n, row in enumerate(official(workdir))]  # fmt: skip
    (workdir / "train.json").write_text(json.dumps(rows))
    for text, learnt in (((workdir / "train.json").read_bytes(), True), (b"another", False)):
        facts = json.loads((folder / "reward.json").read_text())
        facts["log"] = hashlib.sha256(text).hexdigest()[:12]
        (folder / "reward.json").write_text(json.dumps(facts))
        code, found, err = run_cli(
            capfd, "--testset", "train.json", "--judge", str(folder), "--out", "run", "--overwrite"
        )
        assert code == 0
        assert (found["judges"][str(folder)]["note"] == "it learnt these pairs") == learnt
        assert ("learnt from this very file" in err) == learnt


# --- data ------------------------------------------------------------------------------------------


def test_official_files_are_read_as_they_are(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"question": "<image>\nWhich part is better?", **row} for row in official(workdir)]
    (workdir / "test.json").write_text(json.dumps(rows))
    tiny = make_tiny()
    tiny.save(workdir / "tiny", torch.float32)
    code, found, err = run_cli(capfd, "--testset", "test.json", "--judge", "zero-shot:tiny", "--out", "run")
    assert code == 0, err
    figures = found["judges"]["zero-shot:tiny"]
    assert figures["pairs"] == 4 and figures["ceiling"] is None and figures["note"] is None
    shown = {row["shown"] for row in read_lines(workdir / "run" / verdicts_file("zero-shot:tiny"))}
    assert len(shown) == 2, "its halves are told apart, and equal pictures get equal verdicts"


def test_the_truth_and_what_knowing_the_order_is_worth(tmp_path: Path) -> None:
    """q before target before belief. On logs the oracle is right as often as the posterior says."""

    def ad(clicks: int | None, impressions: int | None = 1000, ctr: float | None = None) -> Creative:
        return Creative(tmp_path / "x.png", impressions, clicks, ctr)

    pairs = [
        Pair("market", "i", ad(None), ad(None), target="left", p_left=0.9, p_observed_left=0.3),
        Pair("log", "i", ad(50), ad(40), target="right", p_left=0.8),
        Pair("belief", "i", ad(None, None), ad(None, None), p_left=0.2),
        Pair("counts", "i", ad(50), ad(40), target="left"),
        Pair("rates", "i", ad(None, ctr=0.05), ad(None, ctr=0.04), target="left"),
        Pair("label", "i", ad(None, None), ad(None, None), target="left"),
        Pair("nothing", "i", ad(None, None), ad(None, None)),
    ]
    assert [pair.truth for pair in pairs] == [0.3, 0.0, 0.2, 1.0, 1.0, 1.0, None]
    p = probability_higher([50], [1000], [40], [1000])[0]
    expected = [0.7, 0.2, 0.8, p, p, np.nan, np.nan]
    assert oracle(pairs) == pytest.approx(expected, nan_ok=True)


def test_the_ceiling_of_a_log_is_marked_as_estimated(market: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in market.read_text().splitlines()]
    write_rows(market, [{key: row[key] for key in row if key != "p_observed_left"} for row in rows])
    _, found, err = run_cli(capfd, "--testset", str(market), "--judge", "random")
    figures = found["judges"]["random"]
    assert figures["ceiling_estimated"] is True and 0.5 < figures["ceiling"] < 1
    assert "estimated from posteriors" in err and figures["note"] is None
    write_rows(market, [{**row, "left_impressions": None, "p_observed_left": None} for row in rows[:1]] + [
        {key: row[key] for key in row if key != "p_observed_left"} for row in rows[1:]])  # fmt: skip
    _, found, _ = run_cli(capfd, "--testset", str(market), "--judge", "random")
    assert found["judges"]["random"]["ceiling"] is None, "a mean over some pairs would not be that of all"


def test_unusable_pairs_are_listed_and_spare_the_others(
    market: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    vam = tiny_vam(market.parent / "m", simulated=False)
    tiny = make_tiny()
    tiny.save(market.parent / "tiny", torch.float32)
    rows = [json.loads(line) for line in market.read_text().splitlines()]
    rows += [{**rows[0], "id": "mute", "p_observed_left": None, "target": None}, {"id": "broken"}]
    write_rows(market, rows)
    (market.parent / "0-0.png").write_bytes(b"no picture")
    judges = ("--judge", str(vam), "--judge", "zero-shot:tiny", "--judge", "random")
    code, found, err = run_cli(capfd, "--testset", str(market), *judges)
    assert code == 3 and found["pairs"] == 18
    failed = {row["item"]: row["error"] for row in found["failed"]}
    assert set(failed) == {f"{market}:20", "mute", *(
        f"{pair} ({judge})" for pair in ("0/0-1", "0/2-0") for judge in (vam, "zero-shot:tiny")
    )}  # fmt: skip
    assert [found["judges"][name]["pairs"] for name in (str(vam), "zero-shot:tiny", "random")] == [16, 16, 18]
    assert [row["pairs"] for row in found["mcnemar"]] == [16, 16, 16]
    assert "warning: 0/0-1 (zero-shot:tiny): " in err
    for path in market.parent.glob("*.png"):
        path.write_bytes(b"no picture")
    code, found, _ = run_cli(capfd, "--testset", str(market), "--judge", str(vam))
    assert code == 2 and found["error"].startswith("no pair could be judged; 5/2-0")


def test_a_limit_draws_pairs_by_the_seed(market: Path) -> None:
    def drawn(seed: int) -> list[str]:
        tree = {"seed": seed, "eval_rm": {"testset": market, "limit": 6}}
        return [pair.id for pair in eval_rm._pairs(EvalRmRecipe.model_validate(tree))[0]]

    assert drawn(0) == drawn(0) == sorted(drawn(0)) != drawn(1)
    assert len(set(drawn(0))) == 6


# --- resume ----------------------------------------------------------------------------------------


class Killed(SilentReporter):
    """Dies at the third line of progress."""

    interval_s = 0.0

    def _line(self, text: str) -> None:
        super()._line(text)
        if sum("judging" in line for line in self.lines) == 3:
            raise KeyboardInterrupt


def evaluate(recipe: EvalRmRecipe, out: Path, report: SilentReporter, *, resume: bool = False) -> Outcome:
    with RunDir.open(out, "eval-rm", recipe, resume=resume) as run:
        return eval_rm.run(recipe, run, report)


def test_a_killed_evaluation_resumed_gives_the_same_table(market: Path) -> None:
    vam = tiny_vam(market.parent / "m", simulated=True)
    section = {
        "testset": market,
        "judges": ["vam", "random"],
        "trained": {"vam": vam},
        "batch": 4,
    }
    recipe = EvalRmRecipe.model_validate({"device": "cpu", "eval_rm": section})
    whole = evaluate(recipe, market.parent / "whole", SilentReporter())
    with pytest.raises(KeyboardInterrupt):
        evaluate(recipe, market.parent / "part", Killed())
    file = market.parent / "part" / verdicts_file("vam")
    before = file.read_text().splitlines()
    assert len(before) == 8, "two batches, the killed one included"
    with file.open("a") as stream:
        stream.write('{"pair": "3/0-1", "err')  # a kill in the middle of a write
    resumed = evaluate(recipe, market.parent / "part", SilentReporter(), resume=True)
    assert file.read_text().splitlines()[:8] == before and len(read_lines(file)) == 18
    tables = []
    for outcome in (whole, resumed):
        judges = outcome.result["judges"]
        tables.append(
            {name: {k: v for k, v in judges[name].items() if k != "pairs_per_s"} for name in judges}
        )
    assert tables[0] == tables[1] and whole.lines == resumed.lines
    assert whole.result["mcnemar"] == resumed.result["mcnemar"]


# --- judges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("random", ("random", "")),
        ("zero-shot", ("zero-shot", "embedded")),
        ("zero-shot:some/model:7b", ("zero-shot", "some/model:7b")),
        ("api:gpt-4o", ("api", "gpt-4o")),
        ("embedded", ("trained", "embedded")),
        ("heldout", ("trained", "heldout")),
        ("vam", ("trained", "runs/vam")),
        ("my judge", ("trained", "runs/mine")),
        (".", ("trained", ".")),
    ],
)
def test_names_of_judges(spec: str, expected: tuple[str, str]) -> None:
    assert parse(spec, {"vam": Path("runs/vam"), "my judge": Path("runs/mine")}) == expected


KNOWN = "embedded, heldout, vam, cg4ctr, random, zero-shot[:MODEL], api:MODEL"


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("gpt-4o", f"judge 'gpt-4o': no such judge or folder; known: {KNOWN}, or a folder of caig train-rm"),
        ("api:", "judge 'api:': no such judge"),
        ("zero-shot:", "judge 'zero-shot:': no such judge"),
        ("random:7", "judge 'random:7': no such judge"),
        ("", "judge '': no such judge"),
        ("vam", "judge vam: no weights are shipped; name the folder that caig train-rm made"),
        ("zero-shot:nowhere", "nowhere: no such folder"),
        ("api:gpt-4o", "no key for https://api.openai.com/v1"),
        ("empty", "empty: no reward model here"),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_any_judge_works(
    market: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    spec: str,
    complaint: str,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    Path("empty").mkdir()
    for more in (("--dry-run",), ()):
        args = ("--testset", str(market), "--judge", "random", "--judge", spec, *more)
        code, found, err = run_cli(capfd, *args)
        assert code == 2 and complaint in found["error"] and "\n" not in found["error"]
        assert "Traceback" not in err
    assert not list(Path("runs").rglob("verdicts*"))


def test_a_plan_says_what_would_be_asked(
    market: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    args = ("--testset", str(market), "--judge", "random", "--judge", "api:m", "--dry-run")
    _, found, _ = run_cli(capfd, *args, "--set", "api.requests_per_minute=6")
    assert found["plan"] == [
        "pairs: 18 of 6 products, each in both orders",
        "judge random: draws from seed 0",
        "judge api:m: 36 requests to http://127.0.0.1:1/v1, at least 6 minutes",
    ]
    assert not Path("runs").exists()


def test_chance_depends_on_the_pair_alone() -> None:
    pairs = [Pair(str(n), "i", Creative(Path("a")), Creative(Path("b"))) for n in range(400)]
    judge = RandomJudge(1)
    verdicts = judge.judge(pairs)
    assert judge.judge(pairs[7:8]) == verdicts[7:8] and RandomJudge(2).judge(pairs) != verdicts
    draws = np.array([p for verdict in verdicts for p in (verdict.shown, verdict.swapped)])
    assert draws.min() >= 0 and draws.max() < 1 and abs(draws.mean() - 0.5) < 4 * (1 / 12 / 800) ** 0.5


def pictured(folder: Path) -> list[Pair]:
    rng = np.random.default_rng(0)
    ads = []
    for n in range(4):
        path = folder / f"{n}.png"
        Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(path)
        ads.append(Creative(path))
    facts = {"caption": "red mug", "attributes": {"material": "clay"}}
    return [Pair("a", "i", ads[0], ads[1], **facts), Pair("b", "i", ads[2], ads[3], question="Which?")]


def swapped(pair: Pair) -> Pair:
    return replace(pair, left=pair.right, right=pair.left)


@pytest.mark.parametrize("family", ["embedded", "llava"])
def test_zero_shot_is_the_probability_of_the_words(tmp_path: Path, family: str) -> None:
    """Against one plain forward pass of transformers per answer, ads in one image or two."""
    pairs = pictured(tmp_path)
    mllm = replace(make_tiny(), family=FAMILIES[family])
    mllm.model.double()
    judge = ZeroShotJudge(mllm, "tiny")
    encoder, core = mllm.encoder, mllm.core

    def plain(pair: Pair) -> float:
        with Image.open(pair.left.image) as left, Image.open(pair.right.image) as right:
            if family == "embedded":
                pixels = torch.cat([preprocess(left, mllm.rules), preprocess(right, mllm.rules)])
            else:
                sheet = Image.new("RGB", (1024, 512))
                sheet.paste(left.resize((512, 512), Image.Resampling.LANCZOS), (0, 0))
                sheet.paste(right.resize((512, 512), Image.Resampling.LANCZOS), (512, 0))
                pixels = preprocess(sheet, mllm.rules)
        ids = list(encoder.prefix(image=True))
        if family == "embedded":
            ids += [
                *mllm.tokenizer("\n", add_special_tokens=False)["input_ids"],
                *encoder.picture(),
            ]
        ids += encoder.question(question(pair), image=True)
        chances = []
        for answer in ANSWERS:
            answer_ids = mllm.tokenizer(answer, add_special_tokens=False)["input_ids"]
            with torch.no_grad():
                logits = core(
                    input_ids=torch.tensor([ids + answer_ids]), pixel_values=pixels.double()
                ).logits[0]
            logp = logits.log_softmax(-1)[len(ids) - 1 : -1]
            chances.append(float(logp[range(len(answer_ids)), answer_ids].sum().exp()))
        return sum(chances[:2]) / sum(chances)

    verdicts = judge.judge(pairs)
    for pair, verdict in zip(pairs, verdicts, strict=True):
        assert verdict.shown == pytest.approx(plain(pair), abs=1e-6)
        assert 1 - verdict.swapped == pytest.approx(plain(swapped(pair)), abs=1e-6)
        assert verdict.shown != 1 - verdict.swapped  # in float64; random weights may be very sure of a side
        alone = judge.judge([pair])[0]
        assert (alone.shown, alone.swapped) == pytest.approx((verdict.shown, verdict.swapped), abs=1e-6)


def test_questions_hold_facts_as_data() -> None:
    here = Creative(Path("a"))
    plain = Pair("a", "i", here, here)
    told = replace(plain, caption="Mug <image>\n" + "x" * 300, attributes={"a\x00b": "c"}, question="Which?")
    assert question(plain).endswith("Answer with one word: left or right.") and "\n" not in question(plain)
    title, attribute, asked = question(told).split("\n")
    assert title.startswith("Title: Mug image xxx") and len(title) == len("Title: ") + 200
    assert (attribute, asked) == ("ab: c", "Which? Answer with one word: left or right.")


def test_the_shipped_test_set_is_whole() -> None:
    pairs, failed = read_pairs(eval_rm.EMBEDDED_TESTSET)
    assert len(pairs) == 2091 and not failed and all(pair.truth is not None for pair in pairs)
