"""Building a market: formats, same bytes whatever the workers, nothing lost or doubled by a kill."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caig_cli.data.dialogues import read_dialogues
from caig_cli.data.products import read_products
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.market.build import lightness
from caig_cli.market.catalogue import SPLITS
from caig_cli.market.dialogues import AD_TASKS
from caig_cli.market.look import ProductLook
from caig_cli.market.photos import photograph
from caig_cli.market.shapes import SHAPES
from caig_cli.recipe import resolve
from caig_cli.stages import market

TINY = (
    "market.products=3",
    "market.photo_products=7",
    "market.ads_per_product=2",
    "market.photo_size=48",
    "market.ad_size=48",
    "market.dialogues_per_product=5",
    "market.painter=fake",
)
PICTURES = 10 + 3 * 2


def make(out: Path, *sets: str, resume: bool = False) -> dict[str, object]:
    recipe = resolve(market.MarketRecipe, sets=[*TINY, "market.workers=1", *sets])
    with RunDir.open(out, "market", recipe, resume=resume) as run:
        return market.run(recipe, run, SilentReporter()).result


def digests(folder: Path) -> dict[str, str]:
    """What a build made: all but the diary of the run."""
    diary = {"run.json", "env.json", "recipe.yaml", "inputs.json", ".lock", ".caig-files"}
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in diary)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("markets") / "tiny"
    make(out)
    return out


def test_everything_is_there(built: Path) -> None:
    summary = json.loads((built / "summary.json").read_text())
    assert (summary["products"], summary["ads"]) == (10, 6)
    assert summary["splits"] == {"train": 8, "validation": 1, "test": 1}
    assert len(list(built.rglob("products/*.png"))) + len(list(built.rglob("ads/*/*.png"))) == PICTURES
    assert Image.open(built / "contact_sheet.png").width > 100


def test_the_files_are_read_by_the_readers_of_users_files(built: Path) -> None:
    products, failures = read_products(built / "products.json")
    assert len(products) == 10 and not failures
    assert all(one.image.is_file() for one in products)
    assert not {"category", "shape", "split"} & {key for one in products for key in one.attributes}
    files = [built / f"dialogues_{split}.json" for split in SPLITS]
    dialogues = [dialogue for file in files for dialogue in read_dialogues(file)]
    assert len(dialogues) == 10 * 5 + 6 * len(AD_TASKS)
    assert all(d.image is not None and d.image.is_file() for d in dialogues)


def test_nothing_of_a_product_leaks_between_splits(built: Path) -> None:
    splits = json.loads((built / "splits.json").read_text())
    everyone = [one for ids in splits.values() for one in ids]
    assert sorted(everyone) == sorted(photo.stem for photo in (built / "products").iterdir())
    for split, ids in splits.items():
        texts = [(built / f"dialogues_{split}.json").read_text()]
        texts += [path.read_text() for path in (built / "logs").iterdir() if split in path.name]
        strangers = [one for other, theirs in splits.items() if other != split for one in theirs]
        assert not [one for one in strangers for text in texts if one in text]
        assert all(one in texts[0] for one in ids)


def test_logs_are_in_the_formats_of_real_ones(built: Path) -> None:
    truth = {
        row["image"]: row for row in map(json.loads, (built / "ground_truth.jsonl").read_text().splitlines())
    }
    assert len(truth) == 6 and all(0 < row["ctr"] < 0.3 for row in truth.values())
    seen = set()
    for split in SPLITS:
        ranking = (built / f"logs/creative_ranking_{split}.txt").read_text().splitlines()
        table = (built / f"logs/clicks_{split}.csv").read_text().splitlines()
        assert table[0] == "item_id,image,day,impressions,clicks"
        assert [line.replace("\t", ",") for line in ranking] == table[1:]
        for line in ranking:
            item_id, image, day, impressions, clicks = line.split("\t")
            assert truth[image]["item_id"] == item_id and truth[image]["split"] == split
            assert len(day) == 8 and 0 <= int(clicks) <= int(impressions) > 0
            seen.add(image)
    assert seen == set(truth)


def test_same_seed_same_bytes_in_any_process(built: Path, tmp_path: Path) -> None:
    make(tmp_path / "again", "market.workers=2")
    assert digests(tmp_path / "again") == digests(built)


def test_another_seed_is_another_market(built: Path, tmp_path: Path) -> None:
    make(tmp_path / "other", "seed=1", "market.photo_products=0", "market.ads_per_product=0")
    assert not set(digests(tmp_path / "other").values()) & set(digests(built / "products").values())


def test_a_killed_build_goes_on_where_it_was(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    sets = [part for text in (*TINY, "market.workers=1") for part in ("--set", text)]
    command = [sys.executable, "-m", "caig_cli", "market", str(out), *sets]
    child = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline, enough = time.monotonic() + 120, random.randint(1, 6)
    while len(list(out.rglob("products/*.png"))) < enough and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("products/*.png")}
    assert kept
    make(out, resume=True)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert digests(out) == digests(built)


def test_the_plan_touches_nothing_and_says_how_much(tmp_path: Path) -> None:
    recipe = resolve(market.MarketRecipe, sets=["market.products=1000", "market.workers=2"])
    first, second = market.plan(recipe, SilentReporter())
    assert first.startswith("1000 product photos, 6000 ads") and "minutes with 2 workers" in second


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_can_be_built_in_every_finish(name: str) -> None:
    for number, finish in enumerate(SHAPES[name].finishes * 3):
        rng = random.Random(f"{name} {number}")
        parts = SHAPES[name].build(rng, ProductLook("red", "white", finish, "Brand", "hand cream"))
        points = np.concatenate([mesh.vertices for mesh, _ in parts])
        assert np.isfinite(points).all()
        assert np.ptp(points, axis=0).min() > 0.05 and np.ptp(points, axis=0).max() < 60
        assert all(len(mesh.faces) and mesh.faces.max() < len(mesh.vertices) for mesh, _ in parts)


def test_a_photo_is_a_cropped_cut_out_and_repeatable(tmp_path: Path) -> None:
    parts = SHAPES["pump bottle"].build(
        random.Random(1), ProductLook("white", "pink", "gloss", "Brand", "shower gel")
    )
    photo = photograph(parts, 48, seed=3)
    assert photo.mode == "RGBA" and 46 <= max(photo.size) <= 50
    rgba = np.asarray(photo)
    solid = rgba[..., 3] > 200
    assert 0.2 < solid.mean() < 0.95
    assert all(edge.any() for edge in (rgba[0, :, 3], rgba[-1, :, 3], rgba[:, 0, 3], rgba[:, -1, 3]))
    assert (np.asarray(photograph(parts, 48, seed=3)) == rgba).all()
    photo.save(tmp_path / "white.png")
    assert lightness(tmp_path / "white.png") > 0.55


def test_painters_in_workers_end_without_a_word(tmp_path: Path) -> None:
    """The denoiser's library complains of what outlives it, on the user's screen."""
    sets = ["market.products=2", "market.ads_per_product=1", "market.photo_products=0"]
    sets += [
        "market.ad_size=48",
        "market.photo_size=48",
        "market.dialogues_per_product=1",
        "market.workers=2",
    ]
    command = [sys.executable, "-m", "caig_cli", "market", str(tmp_path / "m"), "--quiet"]
    command += [part for text in sets for part in ("--set", text)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
