"""Reports in a real browser, on a phone and on a screen: nothing is cut off, asked for or in error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import FOUND, Browser, browsing
from PIL import Image

from caig_cli.engine.pages import BeforeAfter, Card, Comparison, Figure, Gallery, Picks, Table, report

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
        Gallery(LONG, cards, WORDS, pair), Comparison("Pairs", [pair, pair], WORDS),
        Table("Judges", columns, rows, WORDS), Table("Nothing", columns, []),
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
