"""Pairs are read from anywhere: pictures outside the folder of the pairs are vouched for by their bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from caig_cli.data.pairs import pair_record, read_pairs
from caig_cli.engine.report import SilentReporter
from caig_cli.recipe import resolve
from caig_cli.stages import pairs


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Pairs in one folder, their pictures in another, the log in a third."""
    lines = ["item,image,day,impressions,clicks"]
    (tmp_path / "ads").mkdir()
    for number, clicks in enumerate((200, 220, 236)):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(tmp_path / "ads" / f"{number}.png")
        lines.append(f"A,{number}.png,2026-10-01,5000,{clicks}")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/log.csv").write_text("\n".join(lines))
    sets = [f"pairs.logs=[{tmp_path}/logs/log.csv]", f"pairs.images=[{tmp_path}/ads]"]
    out = tmp_path / "elsewhere/pairs.jsonl"
    pairs.run(resolve(pairs.PairsRecipe, sets=[*sets, f"pairs.out={out}"]), SilentReporter())
    return out


def test_pictures_outside_are_read_by_their_digest(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for here in (tmp_path, tmp_path / "ads", Path("/")):
        monkeypatch.chdir(here)
        found, failures = read_pairs(written)
        assert len(found) == 3 and not failures
    row = json.loads(written.read_text().splitlines()[0])
    assert row["left"].startswith("../ads/") and len(row["left_sha256"]) == 64


def test_a_picture_that_was_exchanged_is_refused(written: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "white").save(tmp_path / "ads/0.png")
    found, failures = read_pairs(written)
    assert len(found) == 1 and len(failures) == 2
    assert all("is not the picture that the pair was made of" in failure.error for failure in failures)


def test_a_file_from_elsewhere_cannot_name_pictures_of_this_machine(written: Path) -> None:
    rows = [json.loads(line) for line in written.read_text().splitlines()]
    for row in rows:
        row.pop("left_sha256")
        row["right_sha256"] = "0" * 64
    written.write_text("\n".join(map(json.dumps, rows)))
    found, failures = read_pairs(written)
    assert not found and all("lies outside the folder of the data" in one.error for one in failures)
    assert len(read_pairs(written, allow_outside=True)[0]) == 3


def test_pictures_inside_need_no_digest(written: Path, tmp_path: Path) -> None:
    sets = [
        f"pairs.logs=[{tmp_path}/logs/log.csv]",
        f"pairs.images=[{tmp_path}/ads]",
        f"pairs.out={tmp_path}/p.jsonl",
    ]
    pairs.run(resolve(pairs.PairsRecipe, sets=sets), SilentReporter())
    assert (
        "sha256" not in (tmp_path / "p.jsonl").read_text() and len(read_pairs(tmp_path / "p.jsonl")[0]) == 3
    )


def test_a_line_is_the_record_of_its_pair(tmp_path: Path) -> None:
    """Lines are written by hand, for speed; whatever a record has must be in them too."""
    folder = tmp_path / "pairs"
    names = [folder / 'a "b"\u00e9.png', tmp_path / "outside.png", folder / "c.png"]
    folder.mkdir()
    log = [{"item": 'mug "40"', "impressions": 5000, "clicks": 200 + 18 * n} for n in range(len(names))]
    for number, (name, row) in enumerate(zip(names, log, strict=True)):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(name)
        row["image"] = str(name)
    (tmp_path / "log.json").write_text(json.dumps(log))
    about = {
        "id": 'mug "40"',
        "caption": 'Mug "40"\n\u2028',
        "attributes": {"size": "4\u00d75"},
        "category": "x",
    }
    (tmp_path / "products.jsonl").write_text(json.dumps(about))
    for products in ("[]", f"[{tmp_path}/products.jsonl]"):
        sets = [f"pairs.logs=[{tmp_path}/log.json]", f"pairs.images=[{tmp_path}]", "pairs.overwrite=true"]
        sets += [f"pairs.out={folder}/p.jsonl", f"pairs.products={products}"]
        recipe = resolve(pairs.PairsRecipe, sets=sets)
        pairs.run(recipe, SilentReporter())
        found, _ = pairs.make_pairs(recipe, SilentReporter())
        lines = (folder / "p.jsonl").read_text().split("\n")[:-1]
        assert len(found) > 1 and bool(found[0].caption) is (products != "[]")
        assert [json.loads(line) for line in lines] == [pair_record(pair, folder) for pair in found]
