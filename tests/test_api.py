"""caig as a library, from a product photo to a choice among its ads, as a stranger would use it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import caig_cli as caig


@pytest.fixture(scope="module")
def mug(tmp_path_factory: pytest.TempPathFactory) -> caig.Product:
    path = tmp_path_factory.mktemp("mug") / "mug.png"
    rgba = np.zeros((40, 30, 4), np.uint8)
    rgba[6:36, 5:25] = (180, 30, 30, 255)
    Image.fromarray(rgba).save(path)
    return caig.Product("mug", path, caption="Red mug")


def test_from_a_photo_to_the_best_ad(mug: caig.Product) -> None:
    cutout = caig.cut_out(mug)
    writer = caig.load_prompt_model(device="cpu")
    prompts = writer.write(mug, cutout, n=2, seed=3)
    assert len(set(prompts)) == 2 and writer.write(mug, cutout, n=1, seed=3) == prompts[:1]
    ads = caig.load_painter("fake").paint(mug, cutout, prompts, size=(96, 96))
    assert [ad.size for ad in ads] == [(96, 96)] * 2
    judge = caig.load_judge("heldout", device="cpu")
    ranking = judge.rank(ads, mug)
    assert judge.simulated and sorted(ranking.order) == [0, 1]
    won = judge.compare(*ads, mug)
    assert won == pytest.approx(ranking.wins[0]) and won == pytest.approx(1 - judge.compare(*ads[::-1], mug))


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(caig.CaigError, match=r"nothing\.png"):
        caig.cut_out(caig.Product("x", tmp_path / "nothing.png"))
    with pytest.raises(caig.CaigError, match="no such painter: brush"):
        caig.load_painter("brush")


def test_a_log_becomes_pairs(tmp_path: Path) -> None:
    rows = ["item,image,impressions,clicks"]
    for number in range(6):
        Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
        rows.append(f"mug {number // 2},{number}.png,100000,{10000 + 1200 * (number % 2)}")
    log = tmp_path / "log.csv"
    log.write_text("\n".join(rows))
    pairs = caig.read_log(log, images=[tmp_path])
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


def test_the_page_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/python.md, with the cheapest painter and the smaller judge."""
    page = (Path(__file__).parents[1] / "docs/python.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    code = code.replace("painter()", 'painter("fake")').replace("judge()", 'judge("heldout")')
    rgba = np.zeros((40, 30, 4), np.uint8)
    rgba[6:36, 5:25] = (180, 30, 30, 255)
    Image.fromarray(rgba).save(tmp_path / "mug.png")
    (tmp_path / "ads").mkdir()
    for number in range(2):
        Image.new("RGB", (8, 8), (90 * number, 0, 0)).save(tmp_path / f"ads/{number}.png")
    rows = ["item,image,impressions,clicks", "mug,0.png,100000,10000", "mug,1.png,100000,11200"]
    (tmp_path / "meta.csv").write_text("\n".join(rows))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/python.md", "exec"), {})
