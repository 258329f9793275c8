"""Reports in a real browser, on a phone and on a screen: nothing is cut off, asked for or in error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import test_pcpo
import test_pretrain
import test_train_rm
import torch
from browser import FOUND, Browser, browsing
from experiments.test_stages import arms, clicks
from PIL import Image
from test_generate import photo
from tiny_mllm import make_tiny
from tiny_pairs import write_pairs
from tiny_rewards import make_reward

from caig_cli.cli import run
from caig_cli.engine.pages import BeforeAfter, Card, Figure, Gallery, Picks, PicturePairs, TextTable, report
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.stages import generate
from caig_cli.stages.generate import GenerateRecipe

pytestmark = pytest.mark.skipif(FOUND is None, reason="no Chromium on this machine")

WIDTHS = (390, 1280)
CAVEAT = "3.61%, 2.11% to 6.18% (simulated market)"
LONG = "a-very-long-name-without-any-space-that-must-break-somewhere-" * 3
WORDS = "a walnut table by a window, candles, warm light, " * 6


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with every kind of section, long words and all caveats."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("a", "b"):
        Image.new("RGB", (60, 40), (200, 90, 30)).save(folder / f"{name}.png")
    facts = {"wins": "97% (simulated market)", "predicted CTR": CAVEAT, "seed": "1234567890123456789"}
    pair = BeforeAfter(folder / "a.png", folder / "b.png", LONG, WORDS, WORDS, facts, "doubtful, used")
    cards = [
        Card(folder / f"{name}.png", LONG, WORDS, WORDS, facts, f"ads/{name}.png") for name in ("a", "b")
    ]
    columns = ["judge", *(f"figure {n}" for n in range(12)), "note"]
    rows = [[LONG, *["0.712 [0.655, 0.762]"] * 12, "simulated market (judge trained on it, clicks from it)"]]
    sections = [
        Gallery(LONG, cards, WORDS, pair), PicturePairs("Pairs", [pair, pair], WORDS),
        TextTable("Judges", columns, rows, WORDS), TextTable("Nothing", columns, []),
        Figure("plot", (folder / "a.png").read_bytes()), Picks("Kept ads", "To copy."),
    ]  # fmt: skip
    text = report(LONG, WORDS, {LONG: LONG, "judge": WORDS}, sections, root=folder, verdict=WORDS, picks=True)
    path = folder / "report.html"
    path.write_text("".join(text), "utf-8")
    return path


def look(browser: Browser, page: Path, width: int) -> None:
    """What holds of every report."""
    browser.open(page, width)
    assert browser.clipped() == []
    assert browser.log == [] and browser.requests == [page.absolute().as_uri()]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_asked_for_or_in_error(browser: Browser, page: Path, width: int) -> None:
    look(browser, page, width)
    assert CAVEAT in browser.run("document.body.innerText")


def test_what_is_measured_would_be_found(browser: Browser, tmp_path: Path) -> None:
    """A caveat as it was: on one line in a box that hides what overflows; and a request."""
    path = tmp_path / "bad.html"
    path.write_text(
        '<div style="width: 120px; overflow: hidden"><span style="white-space: nowrap">'
        f'{CAVEAT}</span></div><img src="missing.png"><script>nothing()</script>'
    )
    browser.open(path, 390)
    assert any("simulated market" in line or "3.61%" in line for line in browser.clipped())
    assert len(browser.requests) == 2 and browser.log


def test_ads_are_kept_and_discarded_by_keyboard_and_listed(browser: Browser, page: Path) -> None:
    browser.open(page, 1280)
    browser.run("document.querySelector('button[value=keep]').focus()")
    browser.press("Enter", 13)
    assert browser.run("document.getElementById('kept').value") == "ads/a.png"
    browser.run("document.querySelectorAll('button[value=discard]')[1].click()")
    assert browser.run("document.getElementById('told').textContent") == "1 kept, 1 discarded, 0 open"
    browser.open(page, 390)
    assert browser.run("document.getElementById('kept').value") == "ads/a.png", "remembered"
    browser.run("document.querySelector('button[value=keep]').click()")
    assert browser.run("document.getElementById('kept').value") == ""
    browser.run("document.querySelectorAll('button[value=keep]')[1].click()")
    browser.run("document.getElementById('copy').click()")
    assert browser.run("getSelection().toString()") == "ads/b.png" and browser.log == []


def test_tables_work_on_a_phone_and_by_keyboard(browser: Browser, page: Path) -> None:
    browser.open(page, 1280)
    browser.run("document.querySelector('.scroll').focus()")
    assert browser.run("document.activeElement.getAttribute('aria-label')") == "Judges"
    assert browser.run("document.querySelectorAll('th[scope=col]').length") == 14
    browser.open(page, 390)
    before = "getComputedStyle(document.querySelectorAll('td')[0], '::before').content"
    assert browser.run(before) == '"figure 0"', "each cell has its column's name"
    assert browser.run("document.querySelector('tbody tr').getBoundingClientRect().width") <= 390


# --- pages of real runs ----------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_generate(browser: Browser, ads: Path, width: int) -> None:
    look(browser, ads, width)
    text = browser.run("document.body.innerText")
    assert "(simulated market)" in text and "predicted CTR" in text
    assert browser.run("document.querySelectorAll('.pair').length") == 1, "photo and cut-out beside the ads"
    assert browser.run("document.querySelectorAll('[data-pick]').length") == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_pcpo_begins_with_its_verdict(browser: Browser, rounds: Path, width: int) -> None:
    look(browser, rounds, width)
    verdict = browser.run("document.querySelector('.verdict').textContent")
    assert verdict.split(":")[0] in ("Better", "Worse", "Unresolved") and "Kept: the adapter of" in verdict
    assert "What the words mean" in browser.run("document.body.innerText")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("stage", ["train_rm", "pretrain"])
def test_the_pages_of_trainings(browser: Browser, trained: dict[str, Path], stage: str, width: int) -> None:
    look(browser, trained[stage], width)
    assert browser.run("document.querySelectorAll('.plot').length") >= 2
    words = {"train_rm": "held-out pairs (95 %:", "pretrain": "of whole answers are right"}
    assert words[stage] in browser.run("document.querySelector('.verdict').textContent")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page_of", ["plan", "read"])
def test_the_pages_of_an_experiment(browser: Browser, experiment: Path, page_of: str, width: int) -> None:
    look(browser, experiment / page_of / "report.html", width)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiment")
    plan, read = folder / "plan", folder / "read"
    words = ["experiment", "plan", *arms(folder, 12), "--start", "2026-12-01", "--out", str(plan), "--quiet"]
    assert run(words) == 0
    log = clicks(plan, folder / "log.csv", days=3)
    assert run(["experiment", "read", str(plan), str(log), "--out", str(read), "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def ads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ads of a product that a judge of the simulated market ranked."""
    folder = tmp_path_factory.mktemp("ads")
    make_tiny().save(folder / "base", torch.float32)
    judge = make_reward(folder / "judge", "mllm", folder / "base")
    facts = json.loads((judge / "reward.json").read_text()) | {"ctr_log_spread": 0.27}
    (judge / "reward.json").write_text(json.dumps(facts))
    tree = {
        "generate": {
            "product": photo(folder / "cup.png"), "prompt": "a walnut table, unicorns, " * 6,
            "painter": "fake", "size": "96x80", "n": 2, "candidates": 3,
        },
        "judge": {"model": str(judge)}, "device": "cpu",
    }  # fmt: skip
    recipe = GenerateRecipe.model_validate(tree)
    with RunDir.open(folder / "run", "generate", recipe) as run:
        generate.run(recipe, run, SilentReporter())
    return folder / "run/report.html"


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = test_pcpo.make_parts(tmp_path_factory.mktemp("rounds"))
    test_pcpo.run(test_pcpo.recipe_for(folder, pcpo={"rounds": 1}), folder / "run")
    return folder / "run/report.html"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("trained")
    data = write_pairs(folder / "pairs", items=24, truth=True)
    second = {"train": True, "arch": "cg4ctr", "optim": {"learning_rate": 0.01, "steps": 3, "log_every": 1}}
    judge = test_train_rm.recipe_for(folder, data, "vam", second=second)
    test_train_rm.run(judge, folder / "judge")
    (folder / "dialogues").mkdir()
    dialogues = test_pretrain.write_dialogues(folder / "dialogues")
    test_pretrain.run(test_pretrain.recipe_for(dialogues), folder / "model")
    return {"train_rm": folder / "judge/report.html", "pretrain": folder / "model/report.html"}
