"""caig as a library, from a product photo to a choice among its ads, as a stranger would use it."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import caig_cli as caig
from caig_cli import api

ROOT = Path(__file__).parents[1]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the page names: a photo, and a click log of three products with their ads."""
    rgba = np.zeros((40, 30, 4), np.uint8)
    rgba[6:36, 5:25] = (180, 30, 30, 255)
    Image.fromarray(rgba).save(tmp_path / "mug.png")
    rows = ["item,image,impressions,clicks"]
    for number in range(6):
        Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
        rows.append(f"mug {number // 2},{number}.png,100000,{10000 + 1200 * (number % 2)}")
    (tmp_path / "log.csv").write_text("\n".join(rows))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_is_right_line_by_line(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a doctest, with the cheapest painter and the smaller judge in the places of the default ones."""
    monkeypatch.setattr(api.load_painter, "__defaults__", ("fake",))
    monkeypatch.setattr(api.load_judge, "__defaults__", ("heldout",))
    failed, tried = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False)
    assert tried > 12 and failed == 0
    failed, tried = doctest.testmod(api, extraglobs={"Path": Path})
    assert tried >= 2 and failed == 0
    page = (ROOT / "docs" / "python.md").read_text()
    assert [name for name in api.__all__ if name[0].islower() and f"`{name}(" not in page] == []


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(caig.CaigError, match=r"nothing\.png"):
        caig.cut_out(caig.Product("x", tmp_path / "nothing.png"))
    with pytest.raises(caig.CaigError, match="no such painter: brush"):
        caig.load_painter("brush")


def test_a_log_becomes_pairs(shop: Path) -> None:
    pairs = caig.read_log("log.csv", images=[shop])
    assert {pair.item for pair in pairs} == {"mug 0", "mug 1", "mug 2"} and not pairs.left_out
    assert all(pair.left.image.is_file() and pair.left.ctr != pair.right.ctr for pair in pairs)


def test_importing_it_waits_for_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import caig_cli, sys; caig_cli.Product; print('torch' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
    with pytest.raises(AttributeError):
        caig.nothing  # noqa: B018
