"""Adding one is adding a row: each table gets one from outside, and it is driven as a user drives it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_diffusion import make_sd
from tiny_families import FAMILIES as TINY
from tiny_families import TEMPLATES, make_checkpoint
from tiny_pairs import write_pairs

from caig_cli import cli, tables
from caig_cli.clicks import platforms
from caig_cli.losses.objective import LOSSES, PreferenceLoss
from caig_cli.losses.preference import Replies, preference_loss
from caig_cli.mllm.families import FAMILIES
from caig_cli.painters.diffusion.kinds import KINDS
from caig_cli.pcpo.config import PcpoSection
from caig_cli.provenance.image_files import read
from caig_cli.rewards.architectures import ARCHITECTURES, Architecture

ROOT = Path(__file__).parents[1]


def run(capfd: pytest.CaptureFixture[str], *args: object, expected: int = 0) -> Any:
    """What a command prints with ``--json``, or the line of its error."""
    code = cli.run([*map(str, args), "--json"])
    out, err = capfd.readouterr()
    assert code == expected, err
    return json.loads(out)


@pytest.fixture
def product(workdir: Path) -> Path:
    rgba = np.zeros((60, 40, 4), np.uint8)
    rgba[8:52, 8:32] = (180, 40, 40, 255)
    Image.fromarray(rgba).save(workdir / "mug.png")
    return workdir / "mug.png"


def generate(capfd: pytest.CaptureFixture[str], product: Path, *args: object) -> dict[str, Any]:
    """The manifest row of one small ad."""
    given = ("--prompt", "walnut", "--size", "96x96", "-n", 1, "--out", "run", "--set", "judge.model=null")
    run(capfd, "generate", "--product", product, "--caption", "Red mug", *given, *args)
    (row,) = (json.loads(line) for line in Path("run/manifest.jsonl").read_text().splitlines())
    return row


def painter_of(row: dict[str, Any]) -> str:
    """What an ad says of itself."""
    claims = read(Path("run", row["path"])).claims
    assert claims is not None
    return claims.facts["painter"]


# --- another package -------------------------------------------------------------------------------


@pytest.fixture
def example(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shipped example as an installer leaves it: its module beside what says what it brings."""
    folder, site = ROOT / "examples" / "caig-sunset", tmp_path_factory.mktemp("site")
    shutil.copy(folder / "caig_sunset.py", site)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join([*lines, "[caig.painters]", "broken = no_such:ROW"]))
    monkeypatch.syspath_prepend(str(site))
    tables.plugins.cache_clear()
    yield site
    tables.plugins.cache_clear()
    sys.modules.pop("caig_sunset", None)


def test_a_painter_and_a_size_of_another_package(
    example: Path, product: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    row = generate(capfd, product, "--set", "generate.painter=sunset", "--size", "billboard")
    assert row["size"] == [970, 250] and painter_of(row) == "sunset" and row["ignored"] == ["walnut"]
    assert row["fidelity"]["interior"] == 0 and row["source_type"].endswith("/composite")
    corner = Image.open(Path("run", row["path"])).getpixel((0, 0))
    assert corner == (70, 50, 110)


def test_a_judge_of_another_package(example: Path, workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pairs = write_pairs(workdir / "ads", items=4)
    found = run(capfd, "eval-rm", "--testset", pairs, "--judge", "bright:9", "--judge", "bright")
    assert set(found["judges"]) == {"bright:9", "bright"} and found["judges"]["bright"]["failed"] == 0


def test_a_judge_of_another_package_ranks_previews_and_teaches(
    example: Path, product: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of ads of different sets the brightest win, and from them the policy learns."""
    command = ("generate", "--product", product, "--set", "generate.painter=fake", "--judge", "bright:9")
    many = ("--candidates", "3", "-n", "2", "--size", "64x64", "--device", "cpu", "--out", "ranked")
    found = run(capfd, *command, *many, "--set", "writer.max_new_tokens=24")
    scores = [ad["score"] for ad in found["ads"]]
    assert len(scores) == 2 and all(0 < score < 1 for score in scores) and scores[0] >= scores[1]
    light = [np.asarray(Image.open(ad["path"]).convert("L")).mean() for ad in found["ads"]]
    assert light[0] >= light[1] - 1
    Path("products.json").write_text(json.dumps([{"id": f"p{n}", "image": str(product)} for n in range(2)]))
    tree = {
        "pcpo": {"rounds": 1, "products_per_round": 1, "candidates": 2, "pairs_per_product": 1},
        "painter": {"name": "fake", "size": "64x64"}, "writer": {"max_new_tokens": 16},
        "judge": {"heldout": None}, "eval": {"products": 1, "prompts": 1}, "optim": {"checkpoint_every": 1},
    }  # fmt: skip
    Path("small.yaml").write_text(json.dumps(tree))
    command = ("pcpo", "--recipe", "small.yaml", "--products", "products.json", "--judge", "bright:9")
    taught = run(capfd, *command, "--device", "cpu", "--out", "taught")
    assert taught["rounds"][0]["pairs"] == 1
    assert json.loads(Path(taught["adapter"], "judge.json").read_text()) == {"judge": "bright:9"}


def test_plug_ins_are_told_and_a_broken_one_is_one_line(
    example: Path, product: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = tables.described()
    assert told["caig.judges bright"] == told["caig.sizes billboard"] == "caig-sunset 0.1.0"
    failed = run(capfd, "generate", "--product", product, "--set", "generate.painter=broken", expected=2)
    assert failed["error"] == (
        "plug-in broken (caig.painters) of the package caig-sunset can't be loaded: "
        "ModuleNotFoundError: No module named 'no_such'; update or remove the package"
    )
    unknown = run(capfd, "generate", "--product", product, "--set", "generate.painter=brush", expected=2)
    assert "no such painter; known: studio, diffusion, fake, sunset, broken" in unknown["error"]


# --- learning ---------------------------------------------------------------------------------------


def test_a_preference_loss(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Hinge, max(0, 1 - beta (r+ - r-)): a margin of 3 costs 1 - 0.5 * 1.5."""
    row = PreferenceLoss(lambda r, how, _: {"hinge": (1 - how.beta * (r.chosen - r.rejected)).clamp(min=0)})
    monkeypatch.setitem(LOSSES, "hinge", row)  # type: ignore[arg-type]
    planned = run(capfd, "pcpo", "--loss", "hinge", "--out", "run", "--dry-run")
    assert planned["recipe"]["pcpo"]["loss"] == "hinge" and any("loss hinge" in s for s in planned["plan"])
    how = PcpoSection(loss="hinge", pcpo_beta=9.0)
    policy, reference, length = (Replies(torch.tensor([a]), torch.tensor([b])) for a, b in
                                 ((-3.0, -5.5), (-4.0, -5.0), (2.0, 2.0)))  # fmt: skip
    loss, figures = preference_loss(policy, reference, length, how)
    assert float(loss) == pytest.approx(0.25) and not how.needs_negatives and "loss/hinge" in figures
    with pytest.raises(ValueError, match="label_smoothing: hinge"):
        PcpoSection(loss="hinge", label_smoothing=0.1)


def test_a_reward_architecture(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Trained, calibrated, stored, tested and asked as the shipped ones are."""
    own = ARCHITECTURES["vam"].implementation()
    monkeypatch.setitem(
        ARCHITECTURES,  # type: ignore[arg-type]
        "redness",
        Architecture("a ranker", own, lambda _: [], lambda _: True, needs_rates=True),
    )
    pairs = write_pairs(workdir / "ads", items=8)
    size = ("--set", "model.vam.vision.size=16", "--set", "model.vam.vision.widths=[4]")
    size += ("--set", "model.vam.vision.depths=[1]", "--set", "optim.epochs=1", "--device", "cpu")
    made = run(capfd, "train-rm", "--pairs", pairs, "--arch", "redness", "--out", "run", *size)
    assert made["arch"] == "redness"
    assert json.loads(Path("run/model/reward.json").read_text())["arch"] == "redness"
    told = run(
        capfd, "eval-rm", "--testset", pairs, "--judge", "run/model", "--device", "cpu", "--out", "test"
    )
    assert told["judges"]["run/model"]["failed"] == 0
    scored = run(capfd, "score", "ads/0-0.png", "ads/0-1.png", "--model", "run/model", "--device", "cpu")
    assert len(scored["ads"]) == 2
    unknown = run(capfd, "train-rm", "--pairs", pairs, "--arch", "blueness", expected=2)
    assert "no such architecture; known: mllm, vam, cg4ctr, redness" in unknown["error"]


# --- models ------------------------------------------------------------------------------------------


def test_a_family_of_language_models(
    product: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(FAMILIES, "madeup", replace(FAMILIES["llava"], name="madeup"))  # type: ignore[arg-type]
    monkeypatch.setitem(TEMPLATES, "madeup", TEMPLATES["llava"])
    monkeypatch.setitem(TINY, "madeup", TINY["llava"])
    folder = make_checkpoint(Path("model"), "madeup")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"caig_family": "madeup"}))
    values = ("--set", f"writer.model={folder}", "--set", "writer.max_new_tokens=8", "--rewrite")
    row = generate(capfd, product, "--set", "generate.painter=fake", "--device", "cpu", *values)
    assert row["prompt"]


def test_a_kind_of_diffusion_model(
    product: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(KINDS, "madeup", replace(KINDS["sd15"], steps=2, template="an ad, {prompt}"))
    folder = make_sd(Path("sd"))
    values = {"kind": "madeup", "model": folder / "model", "controlnet": folder / "controlnet"}
    values |= {"resolution": 64, "growth_limit": 100}
    sets = [word for name, value in values.items() for word in ("--set", f"diffusion.{name}={value}")]
    row = generate(capfd, product, "--set", "generate.painter=diffusion", "--device", "cpu", *sets)
    assert painter_of(row).startswith("diffusion, madeup (")
    assert row["source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")


# --- click logs ---------------------------------------------------------------------------------------


def test_columns_of_a_click_log(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    columns = {"item": ["Thing"], "image": ["Artwork"], "impressions": ["Eyeballs"], "clicks": ["Pokes"]}
    row = {"title": "Adzilla", "sources": ["https://example.com"], "en": columns}
    table: Any = platforms.platforms()
    monkeypatch.setitem(table, "adzilla", platforms.make_platform("adzilla", row))
    platforms._all_names.cache_clear()
    lines = ["Thing,Artwork,Eyeballs,Pokes"]
    for number in range(4):
        Image.new("RGB", (8, 8), (60 * number, 0, 0)).save(workdir / f"{number}.png")
        lines.append(f"mug {number // 2},{number}.png,100000,{2000 + 600 * number}")
    (workdir / "log.csv").write_text("\n".join(lines))
    found = run(capfd, "pairs", "log.csv", "--images", workdir, "--out", "pairs.jsonl")
    platforms._all_names.cache_clear()
    assert found["pairs"] >= 1 and found["exports"][0]["platform"] == "adzilla"


# --- the studio ----------------------------------------------------------------------------------------

STUDIO = """
import sys, types
from caig_cli.painters.studio import catalogue_props, catalogue_sets
from caig_cli.painters.studio.catalogue_rows import BackdropRow, Lamp, Light, LightRow, PropRow, SurfaceRow

ours = types.ModuleType("caig_cli.painters.studio.props.madeup")
sys.modules[ours.__name__] = ours
def gizmo(rng, colour=None):
    from caig_cli.painters.studio.materials import Material
    from caig_cli.painters.studio.mesh import box
    return [(box((6, 6, 8), 0.2), Material("matte", colour or (200, 30, 30), 0.8))]
ours.gizmo = gizmo
there = types.ModuleType("caig_cli.painters.studio.places.madeup")
sys.modules[there.__name__] = there
def wall(stage):
    from caig_cli.painters.studio.backdrops import gradient
    return gradient(stage)
there.wall = wall
catalogue_props.MORE_PROPS["gizmo"] = PropRow("madeup.gizmo", 8.5, 6, "beside", "gizmo|gizmos")
catalogue_sets.MORE_SURFACES["slab"] = SurfaceRow("matte", "concrete", "zorbite slab", "gradient")
catalogue_sets.MORE_BACKDROPS["void"] = BackdropRow("madeup.wall", "zorbite void", "paper", "softbox", 200)
catalogue_sets.MORE_LIGHTS["zap"] = LightRow(
    "zorbite glow", Light((Lamp(-40, 40, 0.8),), 0.4, (1, 1, 1), (1, 1, 1), "day"), "gradient", "neutral")
from caig_cli.cli import run
sys.exit(run(sys.argv[1:]))
"""


def test_a_prop_a_surface_a_backdrop_and_a_light(product: Path) -> None:
    prompt = "on a zorbite slab before a zorbite void, a red gizmo, zorbite glow"
    command = ["generate", "--product", str(product), "--caption", "Red mug", "--prompt", prompt, "-n", "1"]
    command += ["--size", "64x64", "--out", "run", "--set", "judge.model=null"]
    ours = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", STUDIO, *command], cwd=product.parent, capture_output=True, text=True, env=ours
    )
    assert done.returncode == 0, done.stderr
    (row,) = (json.loads(line) for line in Path("run/manifest.jsonl").read_text().splitlines())
    assert row["ignored"] == [] and row["left_out"] == [] and row["fidelity"]["interior"] == 0
    assert all(name in row["alt"] for name in ("slab", "void", "gizmo"))
