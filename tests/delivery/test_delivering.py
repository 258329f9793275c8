"""Files that platforms take: made of a run's kept ads, and checked against the platforms' rules."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_generate import ad_file, make, photo, recipe, rows

from caig_cli import cli
from caig_cli.delivery import rules
from caig_cli.delivery.checking import check
from caig_cli.delivery.delivering import wanted
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import UsageError
from caig_cli.painters.layout import moved_inside, safe_box
from caig_cli.provenance.claims import Claims
from caig_cli.provenance.image_files import encode, read
from caig_cli.records import Box
from caig_cli.stages import deliver
from caig_cli.stages.deliver import DeliverRecipe

ALL = "google-pmax,meta-feed,meta-story,amazon-main,amazon-sb,shopify,tiktok,pinterest"
SMALLER = 8


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> list[rules.DeliveryShape]:
    """The table with an eighth of every size, so that files are quick to make."""
    real = rules.shapes()
    less = tuple(
        shape.model_copy(
            update={
                "size": tuple(side // SMALLER for side in shape.size),
                "least": tuple(side // SMALLER for side in shape.least),
                "bytes": max(12_000, shape.bytes // SMALLER**2),
            }
        )
        for shape in real
    )
    monkeypatch.setattr(rules, "shapes", lambda: less)
    return list(less)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two ads of each of two products."""
    folder = tmp_path_factory.mktemp("deliver")
    for name in ("cup", "jug"):
        photo(folder / "products" / f"{name}.png", len(name + name[0]))
    make(folder / "run", recipe(folder / "products", caption="Blue mug"))
    return folder / "run"


def delivered(run: Path, out: Path, /, **given: Any) -> tuple[Any, SilentReporter]:
    sign = given.pop("sign", {})
    values = {"run": run, "platforms": ALL, **given}
    chosen = DeliverRecipe.model_validate({"deliver": values, "sign": sign})
    report = SilentReporter()
    with RunDir.open(out, "deliver", chosen) as folder:
        return deliver.run(chosen, folder, report), report


def test_every_row_of_the_table_has_its_source() -> None:
    assert rules.platforms() == ALL.split(",")
    for shape in rules.shapes():
        area = safe_box(shape.size, shape.safe)
        assert shape.source.startswith("https://") and shape.read.year >= 2026
        assert area.width > 0.5 * shape.size[0] and area.height > 0.5 * shape.size[1]
        assert all(side >= least for side, least in zip(shape.size, shape.least, strict=True))
    with pytest.raises(ValueError, match=r"no such platform: mysapce; known: google-pmax, "):
        DeliverRecipe.model_validate({"deliver": {"platforms": "shopify,mysapce"}})


def test_a_kept_ad_becomes_a_file_for_every_platform(
    run: Path, small: list[rules.DeliveryShape], workdir: Path
) -> None:
    outcome, _ = delivered(run, workdir / "out", keep=rows(run)[0]["id"])
    assert outcome.failed == () and len(outcome.result["files"]) == len(small) == 13
    shapes = {shape.label: shape for shape in small}
    for row in rows(workdir / "out"):
        shape, path = shapes[row["for"]], workdir / "out" / row["path"]
        assert [one for one in check(path, shape) if one.ok is False] == []
        assert tuple(row["size"]) == shape.size and row["bytes"] == path.stat().st_size <= shape.bytes
        area, box = safe_box(shape.size, shape.safe), Box(*row["product_box"])
        assert area.left <= box.left and area.top <= box.top
        assert box.right <= area.right and box.bottom <= area.bottom
        assert row["fidelity"]["interior"] == 0, "not cropped or scaled: photographed anew"
        claims = read(path).claims
        assert claims is not None and claims.facts["of"] == row["of"] == rows(run)[0]["id"]
        assert row["id"] in path.name and claims.facts["for"] == row["for"]
    white = next((workdir / "out").glob("amazon-main/*.png"))
    assert np.asarray(Image.open(white))[0].min() == 255
    ids = {row["id"] for row in rows(workdir / "out")}
    assert len(ids) == 13, "clicks on each file are told apart"
    again, _ = delivered(run, workdir / "again", keep=rows(run)[0]["id"], platforms="tiktok,shopify")
    for one in again.result["files"]:
        name = Path(one["path"])
        assert name.read_bytes() == (workdir / "out" / name.parent.name / name.name).read_bytes()


def test_which_ads_are_kept(run: Path, small: list[rules.DeliveryShape], workdir: Path) -> None:
    first, second, *_ = rows(run)

    def kept(keep: str) -> list[str]:
        out = workdir / f"out-{keep}"
        outcome, _ = delivered(run, out, keep=keep, platforms="tiktok-square")
        return [one["of"] for one in outcome.result["files"]]

    assert len(kept("best")) == 2 and len(kept("all")) == 4
    shapes = rules.shapes_for(["amazon-main", "tiktok-square"])
    assert len(wanted(rows(run), shapes)) == 2 + 4, "packshots of one product would be alike"
    (workdir / "list.txt").write_text(f"{second['path']}\n\n{first['id']}\n")
    assert kept("list.txt") == [first["id"], second["id"]]
    with pytest.raises(UsageError, match=r"no ad of .* has this name"):
        kept("nothing")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"run": None}, "no run: name the folder"),
        ({"run": Path("nowhere")}, "nowhere: no run of caig generate"),
        ({"platforms": None}, "--for google-pmax"),
        ({"format": "webp", "platforms": "tiktok"}, "--format webp: tiktok-vertical does not take it"),
    ],
)
def test_bad_use(run: Path, workdir: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        delivered(run, workdir / "out", **given)


def test_a_delivered_file_is_signed(run: Path, small: list[rules.DeliveryShape], workdir: Path) -> None:
    pytest.importorskip("c2pa")
    from delivery.certificates import make_certificates

    from caig_cli.provenance.signing import read_manifest

    chain, key, root = make_certificates(workdir)
    outcome, _ = delivered(
        run, workdir / "out", platforms="shopify", sign={"certificates": chain, "key": key}
    )
    told = read_manifest(Path(outcome.result["files"][0]["path"]), root)
    assert told == {"state": "Trusted", "signer": "Test shop", "ingredients": ["cup.png"]}


def test_a_box_is_moved_inside_as_little_as_can_be() -> None:
    area, chance = Box(10, 20, 90, 150), random.Random(1)
    assert moved_inside(Box(20, 30, 60, 100), area) == Box(20, 30, 60, 100)
    assert moved_inside(Box(0, 100, 40, 170), area) == Box(10, 80, 50, 150)
    for _ in range(200):
        left, top = chance.randrange(-50, 150), chance.randrange(-50, 200)
        box = Box(left, top, left + chance.randrange(1, 300), top + chance.randrange(1, 300))
        one = moved_inside(box, area)
        assert area.left <= one.left < one.right <= area.right
        assert area.top <= one.top < one.bottom <= area.bottom


# --- check -----------------------------------------------------------------------------------------


def misses(path: Path, label: str) -> dict[str, str]:
    (shape,) = rules.shapes_for([label])
    return {one.rule: one.says for one in check(path, shape) if one.ok is False}


def test_check_says_which_rule_is_missed_by_how_much(workdir: Path) -> None:
    white = np.full((1000, 1000, 3), 255, np.uint8)
    white[200:800, 300:700] = 90
    Image.fromarray(white).save(good := workdir / "white.png")
    assert misses(good, "amazon-main") == {"product": "fills 60.0% of at least 85%: 25.0% too little"}
    white[0, :100] = 240
    Image.fromarray(white[:900]).save(grey := workdir / "grey.jpg", quality=100, subsampling=0)
    told = misses(grey, "amazon-main")
    assert (
        told["size"] == "1000x900, at least 1000x1000: 100 px too low" and "not white" in told["background"]
    )
    assert misses(good, "amazon-sb-landscape")["background"].startswith("100% of the border is one colour")
    assert misses(good, "tiktok-vertical")["ratio"] == "1.000, asked for 0.562: +77.8%"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8)).save(
        noise := workdir / "noise.webp", lossless=True
    )
    told = misses(noise, "tiktok-square")
    assert told["format"] == "webp; taken: jpeg, png" and "too many" in told["bytes"]


def test_check_of_what_is_not_on_white(workdir: Path) -> None:
    clear = np.full((1000, 1000, 4), 90, np.uint8)
    clear[..., 3] = np.where(np.arange(1000) < 250, 0, 255)
    Image.fromarray(clear).save(path := workdir / "clear.png")
    told = {one.rule: (one.ok, one.says) for one in check(path, rules.shapes_for(["amazon-main"])[0])}
    assert told["product"][0] is None, "where it is can't be seen"
    assert told["opaque"][0] is False and told["opaque"][1].startswith("25.0% of the picture is transparent")


def test_check_finds_a_product_outside_the_safe_area(workdir: Path) -> None:
    claims = Claims("", "", "", {"box": "100 200 600 1800"})
    image = Image.new("RGB", (1080, 1920), "grey")
    (path := workdir / "story.jpg").write_bytes(encode(image, "jpeg", claims))
    assert misses(path, "meta-story-story") == {"safe area": "69 px out at the top, 264 px out at the bottom"}


def test_check_as_a_command(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (1200, 1200), "tan").save("good.png")
    assert cli.run(["check", "good.png", "--for", "google-pmax,shopify", "--json"]) == 0
    first, second = json.loads(capfd.readouterr().out)["checks"]
    assert (first["for"], second["for"]) == ("google-pmax-square", "shopify-product")
    assert first["rules"]["safe area"]["ok"] is None, "nobody says where its product is"
    Image.new("RGB", (100, 100)).save("small.png")
    Path("none.png").write_text("no picture")
    assert cli.run(["check", "good.png", "none.png", "--for", "shopify"]) == 3
    assert cli.run(["check", "small.png", "none.png", "--for", "shopify"]) == 1
    assert cli.run(["check", "none.png", "--for", "shopify"]) == 2
    assert cli.run(["check", "good.png"]) == 2
    assert "--for google-pmax,shopify" in capfd.readouterr().err


# --- sizes, formats, once more ---------------------------------------------------------------------


def test_sizes_and_formats_of_generate(workdir: Path) -> None:
    source = photo(workdir / "cup.png")
    chosen = recipe(source, size="96x80,80x96", format="webp")
    outcome, _ = make(workdir / "run", chosen)
    found = rows(workdir / "run")
    assert [row["size"] for row in found] == [[96, 80], [80, 96]] * 2 and len({r["id"] for r in found}) == 4
    assert len({row["seed"] for row in found}) == 2, "one ad in two sizes has one seed"
    for ad in outcome.result["ads"]:
        assert read(Path(ad["path"])).kind == "webp"
    whole = {row["path"]: (workdir / "run" / row["path"]).read_bytes() for row in found}
    (workdir / "run" / found[1]["path"]).write_bytes(b"torn")
    make(workdir / "run", chosen, resume=True)
    assert {path: (workdir / "run" / path).read_bytes() for path in whole} == whole


def test_an_ad_is_made_once_more_in_its_run(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    photo(workdir / "cup.png")
    ask = ["generate", "--product", "cup.png", "--prompt", "oak", "--size", "96x80", "-n", "2", "--quiet"]
    ask += ["--set", "generate.painter=fake", "--set", "judge.model=null", "--out", "run"]
    assert cli.run(ask) == 0
    before = {path.name: path.read_bytes() for path in (workdir / "run/ads").iterdir()}
    ad = ad_file(workdir / "run", "cup-2")
    again = ["generate", "--again", str(ad), "--quiet"]
    assert cli.run([*again, "--prompt", "marble, roses", "--size", "64x64,64x80"]) == 0
    assert cli.run([*again, "--seed", "9"]) == 0
    new = rows(workdir / "run")[2:]
    old = rows(workdir / "run")[1]
    assert [(row["index"], row["size"]) for row in new] == [(2, [64, 64]), (2, [64, 80]), (3, [96, 80])]
    assert new[0]["prompt"] == "marble, roses" and new[0]["seed"] == old["seed"] != new[2]["seed"]
    assert new[2]["prompt"] == "oak" and {row["of"] for row in new} == {old["id"]}
    assert {name: (workdir / "run/ads" / name).read_bytes() for name in before} == before
    assert cli.run(["generate", "--resume", "--out", "run", "--quiet"]) == 0
    assert len(rows(workdir / "run")) == 5
    capfd.readouterr()
    for words, said in (
        ([], "would be the same ad"),
        (["-n", "3"], "changes prompt, seed and size only, not generate.n"),
    ):
        assert cli.run([*again, *words]) == 2
        assert said in capfd.readouterr().err
    assert cli.run(["generate", "--again", "cup.png", "--prompt", "x"]) == 2
    assert "no ad in the run folder" in capfd.readouterr().err


def test_what_came_into_the_folder_since_does_not_matter_to_one_ad(workdir: Path) -> None:
    photo(workdir / "shop/cup.png")
    ask = ["generate", "--product", "shop", "--prompt", "oak", "--size", "96x80", "-n", "1", "--quiet"]
    ask += ["--set", "generate.painter=fake", "--set", "judge.model=null", "--out", "run"]
    assert cli.run(ask) == 0
    photo(workdir / "shop/jug.png", 3)
    ad = ad_file(workdir / "run", "cup-1")
    assert cli.run(["generate", "--again", str(ad), "--prompt", "marble", "--quiet"]) == 0
    assert [row["product"] for row in rows(workdir / "run")] == ["cup", "cup"]
    assert "jug" not in (workdir / "run/report.html").read_text()
