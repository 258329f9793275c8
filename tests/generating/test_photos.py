"""``caig generate`` looks at every photo before it paints: what it tells, keeps and refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_generate import ad_file, make, photo, recipe, rows

from caig_cli import cli
from caig_cli.cutouts.cutout import Cutout, CutoutFacts
from caig_cli.data.product_columns import Columns
from caig_cli.data.products import read_products
from caig_cli.engine.outcome import NothingUsableError
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import read_status
from caig_cli.errors import DataError
from caig_cli.generating import photos
from caig_cli.generating.order import make_order
from caig_cli.painters import Shot
from caig_cli.painters.fake import FakePainter
from caig_cli.records import Product
from caig_cli.stages import generate

FAKE = (
    "--set", "generate.painter=fake", "--set", "judge.model=null", "--prompt", "oak", "--size", "96x80",
    "-n", "1",
)  # fmt: skip
NOTE = "Product and backdrop have one colour."


def caig(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.run(["generate", *map(str, words), *FAKE])
    out, err = capfd.readouterr()
    return code, out, err


def shop(folder: Path, good: Sequence[str], bad: Sequence[str] = ()) -> Path:
    for number, name in enumerate(good):
        photo(folder / f"{name}.png", number)
    for name in bad:
        (folder / f"{name}.png").write_bytes((folder / f"{good[0]}.png").read_bytes()[:150])
    return folder


def table(folder: Path, *records: dict[str, Any], name: str = "p.csv") -> Path:
    for record in records:
        photo(folder / record["image"])
    columns = list(dict.fromkeys(column for record in records for column in record))
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(records)
    return folder / name


@pytest.fixture
def doubted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cut-outs of files named odd* are doubtful; the names of the files that were cut out."""
    cut: list[str] = []
    real = photos.load_cutout

    def load(product: Product, notify: Any, *, source: str = "auto") -> Cutout:
        cutout = real(product, notify, source=source)
        cut.append(product.image.name)
        if product.image.name.startswith("odd"):
            return replace(cutout, facts=CutoutFacts("network", "tiny", 0.72, (NOTE,)))
        return replace(cutout, facts=CutoutFacts("plain", None, 0.1, ("A hole was opened.",)))

    monkeypatch.setattr(photos, "load_cutout", load)
    return cut


# --- told before -----------------------------------------------------------------------------------


def test_all_bad_photos_are_told_before_the_first_ad(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [f"bad{k}" for k in range(6)]
    source = shop(workdir / "shop", [f"good{k:02}" for k in range(34)], bad)
    report, reported = SilentReporter(), []
    real = FakePainter.paint

    def paint(self: FakePainter, shots: Sequence[Shot]) -> list[Image.Image]:
        reported.append(len([line for line in report.lines if "truncated" in line or "damaged" in line]))
        return real(self, shots)

    monkeypatch.setattr(FakePainter, "paint", paint)
    monkeypatch.setattr("test_generate.SilentReporter", lambda: report)
    outcome, _ = make(workdir / "run", recipe(source, n=1))
    assert reported == [6] * 34
    assert [failure.item for failure in outcome.failed] == bad and outcome.reported
    assert "warning: 6 of 40 products can't be used" in report.lines
    assert sum(line.startswith("warning: bad") for line in report.lines) == 6, "each once, in one line"
    kept = {path.stem for path in (workdir / "run" / "products").glob("*.png")}
    assert len(kept) == 34 and not kept & set(bad)


def test_where_nothing_can_be_used_each_is_named(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = shop(workdir / "shop", ["a"], ["b", "c", "d"])
    (source / "a.png").write_text("no picture")
    code, out, err = caig(capfd, "--product", source, "--out", "run")
    assert code == 2 and not out
    for name in "abcd":
        assert f"warning: {name}: {source}/{name}.png: " in err
    assert err.splitlines()[-1] == "caig: no ad could be made: none of 4 can be used: a, b, c, d"
    assert "Cut-outs" in (workdir / "run" / "report.html").read_text()
    code, out, _ = caig(capfd, "--product", source, "--out", "two", "--json")
    (line,) = out.splitlines()
    assert code == 2 and [one["product"] for one in json.loads(line)["failed"]] == list("abcd")
    shop(workdir / "shop", ["a"])
    code, out, _ = caig(capfd, "--product", source / "a.png", "--out", "run")
    assert code == 0 and read_status(workdir / "run") == "done", "a run that made nothing is in nobody's way"


def test_what_an_empty_run_did_not_write_stays(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (workdir / "a.png").write_text("no picture")
    assert caig(capfd, "--product", "a.png", "--out", "run")[0] == 2
    (workdir / "run" / "notes.txt").write_text("mine")
    photo(workdir / "a.png")
    assert caig(capfd, "--product", "a.png", "--out", "run")[0] == 0
    assert (workdir / "run" / "notes.txt").read_text() == "mine"


def test_a_typo_leaves_no_run(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    photo(workdir / "cup.png")
    assert caig(capfd, "--product", "cap.png", "--out", "run")[0] == 2
    assert not (workdir / "run").exists()
    assert caig(capfd, "--product", "cup.png", "--out", "run")[0] == 0
    code, _, err = caig(capfd, "--product", "cap.png", "--out", "run", "--overwrite")
    assert code == 2 and "cap.png" in err
    assert read_status(workdir / "run") == "done", "a typo overwrites nothing"


def test_a_dry_run_says_what_each_photo_would_come_to(
    workdir: Path, capfd: pytest.CaptureFixture[str], doubted: list[str]
) -> None:
    source = shop(workdir / "shop", ["good", "odd"], ["bad"])
    before = sorted(workdir.rglob("*"))
    code, out, _ = caig(capfd, "--product", source, "--dry-run")
    assert code == 0 and sorted(workdir.rglob("*")) == before
    lines = [
        line for line in out.splitlines() if line.startswith(("photos", "accepted", "doubtful", "refused"))
    ]
    assert lines[0] == "photos: 1 accepted, 1 doubtful, 1 refused"
    assert lines[1].startswith("refused bad: ")
    assert lines[2] == "accepted good: plain, doubt 0.10; A hole was opened."
    assert lines[3].startswith(
        "doubtful odd: doubtful cut-out (0.72): Product and backdrop have one colour; "
    )
    (source / "good.png").unlink()
    (source / "odd.png").unlink()
    assert caig(capfd, "--product", source, "--dry-run")[0] == 2


def test_nothing_is_cut_out_twice(workdir: Path, doubted: list[str]) -> None:
    source = shop(workdir / "shop", ["a", "b", "c"])
    chosen = recipe(source, n=2)
    make(workdir / "run", chosen)
    assert doubted == ["a.png", "b.png", "c.png"]
    whole = {path.name: path.read_bytes() for path in (workdir / "run" / "ads").iterdir()}
    for name in ("a-1", "c-2"):
        ad_file(workdir / "run", name).unlink()
    outcome, _ = make(workdir / "run", chosen, resume=True)
    assert doubted == ["a.png", "b.png", "c.png"] and len(outcome.result["ads"]) == 6
    assert {path.name: path.read_bytes() for path in (workdir / "run" / "ads").iterdir()} == whole


def test_a_damaged_kept_cutout_is_made_again(workdir: Path, doubted: list[str]) -> None:
    source = shop(workdir / "shop", ["a", "b"])
    make(workdir / "run", recipe(source))
    ad = ad_file(workdir / "run", "a-1")
    whole = ad.read_bytes()
    ad.unlink()
    (workdir / "run" / "products" / "a.png").write_bytes(b"torn")
    make(workdir / "run", recipe(source), resume=True)
    assert ad.read_bytes() == whole


def test_of_many_photos_what_is_of_all_is_told_once(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = photos.load_cutout

    def load(product: Product, notify: Any, *, source: str) -> Cutout:
        notify("fetching the network")
        notify(f"{product.image}: looking for its edges")
        return real(product, notify, source=source)

    monkeypatch.setattr(photos, "load_cutout", load)
    _, report = make(workdir / "run", recipe(shop(workdir / "shop", ["a", "b", "c"])))
    assert report.lines.count("fetching the network") == 1
    assert not any("edges" in line for line in report.lines)
    _, report = make(workdir / "one", recipe(workdir / "shop" / "a.png"))
    assert any("edges" in line for line in report.lines)


def test_an_exchanged_photo_is_cut_out_again_and_told(workdir: Path, doubted: list[str]) -> None:
    source = shop(workdir / "shop", ["a", "b"])
    make(workdir / "run", recipe(source))
    ad_file(workdir / "run", "a-1").unlink()
    photo(source / "a.png", 7)
    _, report = make(workdir / "run", recipe(source), resume=True, accept_changed=True)
    assert doubted == ["a.png", "b.png", "a.png"]
    assert any(line.startswith("warning: a: the photo is not the one") for line in report.lines)


# --- doubtful cut-outs -----------------------------------------------------------------------------


def test_a_doubtful_cutout_makes_no_ad_unless_accepted(workdir: Path, doubted: list[str]) -> None:
    source = shop(workdir / "shop", ["good", "odd"])
    outcome, report = make(workdir / "run", recipe(source))
    assert {ad["product"] for ad in outcome.result["ads"]} == {"good"}
    (failure,) = outcome.failed
    assert failure.item == "odd"
    assert failure.error.startswith("doubtful cut-out (0.72): Product and backdrop have one colour; ")
    assert "--accept-doubtful" in failure.error and "mask" in failure.error
    assert "good: A hole was opened." in report.lines
    outcome, report = make(workdir / "run", recipe(source, accept_doubtful=True), resume=True)
    assert {ad["product"] for ad in outcome.result["ads"]} == {"good", "odd"} and not outcome.failed
    assert doubted == ["good.png", "odd.png"], "what was cut out before is used"
    odd = next(row for row in rows(workdir / "run") if row["product"] == "odd")
    assert odd["cutout"] == {"method": "network", "model": "tiny", "doubt": 0.72, "notes": [NOTE]}


def test_where_all_are_doubtful_the_report_shows_them(workdir: Path, doubted: list[str]) -> None:
    source = photo(workdir / "odd.png")
    with pytest.raises(NothingUsableError, match="odd: doubtful cut-out"):
        make(workdir / "run", recipe(source))
    page = (workdir / "run" / "report.html").read_text()
    assert "Cut-outs" in page and "products/odd.png" in page and page.count("data:image/jpeg") == 2
    outcome, _ = make(workdir / "run", recipe(source, accept_doubtful=True), resume=True)
    assert len(outcome.result["ads"]) == 2 and doubted == ["odd.png"]


def test_the_report_has_doubtful_photos_first(workdir: Path, doubted: list[str]) -> None:
    source = shop(workdir / "shop", ["a", "odd"], ["torn"])
    make(workdir / "run", recipe(source))
    page = (workdir / "run" / "report.html").read_text()
    section = page[page.index("<h2>Cut-outs") :]
    assert section.index("<b>odd</b>") < section.index("<b>torn</b>") < section.index("<b>a</b>")
    assert page.index("<h2>Cut-outs") < page.index("<h2>a</h2>"), "what needs a look comes first"
    assert ">doubtful</span>" in section and ">refused</span>" in section and "cannot be opened" in section
    assert "A hole was opened." in section and "doubt 0.10" in section


def test_pcpo_learns_nothing_from_doubtful_cutouts(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from caig_cli.pcpo import products

    asked = []

    def load(product: Product, notify: Any, *, source: str) -> Cutout:
        asked.append(source)
        return Cutout(np.full((8, 8, 4), 255, np.uint8), facts=CutoutFacts("network", "tiny", 0.9, (NOTE,)))

    monkeypatch.setattr(products, "load_cutout", load)
    answer = products.cut_out((Product("a", photo(workdir / "a.png")), "plain"))
    assert isinstance(answer, str) and answer.startswith("doubtful cut-out (0.90): Product and backdrop")
    assert asked == ["plain"]


# --- columns ---------------------------------------------------------------------------------------


def test_columns_mean_what_the_options_mean(workdir: Path) -> None:
    source = table(
        workdir,
        {"id": "A", "image": "a.png", "prompt": "on a beach", "Size": "80x128", "n": 1, "seed": "7"},
        {"id": "B", "image": "b.png", "prompt": "", "Size": "", "n": "3", "seed": "", "placement": "left"},
        {"id": "C", "image": "c.png", "scale": "0.3", "cutout": "plain"},
    )
    outcome, report = make(workdir / "run", recipe(source, prompt="an oak table", n=2, batch=4))
    assert not outcome.failed and "ads: 6/6 in" in " ".join(report.lines)
    made = rows(workdir / "run")
    assert [row["product"] for row in made] == ["A", "B", "B", "B", "C", "C"]
    assert [row["prompt"] for row in made] == ["on a beach"] + ["an oak table"] * 5
    assert [row["size"] for row in made] == [[80, 128]] + [[96, 80]] * 5
    for row in made:
        with Image.open(workdir / "run" / row["path"]) as ad:
            assert list(ad.size) == row["size"]
    boxes = {row["product"]: row["product_box"] for row in made}
    assert boxes["B"][0] < boxes["C"][0] and boxes["C"][3] - boxes["C"][1] <= 0.3 * 80 + 1
    other, _ = make(
        workdir / "other", recipe(source, prompt="an oak table", n=2).model_copy(update={"seed": 6})
    )
    seeds, others = ({ad["product"]: ad["seed"] for ad in one.result["ads"]} for one in (outcome, other))
    assert seeds["A"] == others["A"] and seeds["B"] != others["B"]
    whole = {path.name: path.read_bytes() for path in (workdir / "run" / "ads").iterdir()}
    ad_file(workdir / "run", "B-3").unlink()
    make(workdir / "run", recipe(source, prompt="an oak table", n=2, batch=4), resume=True)
    assert {path.name: path.read_bytes() for path in (workdir / "run" / "ads").iterdir()} == whole


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("size", "M", "size 'M': expected square"),
        ("n", "0", "input should be greater than or equal to 1, is '0'"),
        ("n", "many", "input should be a valid integer"),
        ("seed", "x", "input should be a valid integer"),
        ("placement", "top", "input should be 'centre'"),
        ("scale", "1.5", "input should be less than or equal to 1, is '1.5'"),
        ("cutout", "magic", "expected auto, plain"),
    ],
)
def test_a_bad_value_is_a_failure_with_its_place(workdir: Path, column: str, value: str, fault: str) -> None:
    source = table(workdir, {"id": "A", "image": "a.png"}, {"id": "B", "image": "b.png", column: value})
    order = make_order(recipe(source))
    assert [item.product.id for item in order.items] == ["A"]
    (failure,) = order.failed
    assert failure.error.startswith(f"{source}:3:{column}: ") and fault in failure.error
    assert f"attr_{column}" in failure.error


def test_json_values_have_the_types_of_options(workdir: Path) -> None:
    photo(workdir / "a.png")
    records = [
        {"id": str(n), "image": "a.png", "n": value} for n, value in enumerate([2, None, True, [1], 1.5])
    ]
    (workdir / "p.json").write_text(json.dumps(records))
    order = make_order(recipe(workdir / "p.json"))
    assert [item.n for item in order.items] == [2, 2]
    assert [failure.error.split(":")[2] for failure in order.failed] == ["n"] * 3


def test_what_looks_like_an_option_is_told_once_and_stays_a_fact(workdir: Path) -> None:
    record = {"image": "a.png", "promt": "x", "sizes": "1", "--scale": "2", "candidates": "3", "sale": "1"}
    source = table(workdir, {**record, "id": "A"}, {**record, "id": "B"})
    told: list[str] = []
    order = make_order(recipe(source), told.append)
    (line,) = told
    for near in (
        "'promt' (did you mean prompt?)",
        "'sizes' (did you mean size?)",
        "'--scale' (did you mean scale?)",
    ):
        assert near in line
    assert "'candidates' (candidates is an option of the command, not of one product)" in line
    assert "sale'" not in line.replace("scale'", "")
    facts = {"promt": "x", "sizes": "1", "--scale": "2", "candidates": "3", "sale": "1"}
    assert order.items[0].product.attributes == facts


def test_columns_about_ads_are_no_facts_about_the_product(workdir: Path) -> None:
    source = table(workdir, {"id": "A", "image": "a.png", "size": "M", "prompt": "oak", "colour": "red"})
    (product,), failed = read_products(source, columns=Columns())
    assert product.attributes == {"colour": "red"} and not failed
    table(workdir, {"id": "A", "image": "a.png", "attr_size": "M"})
    assert read_products(source)[0][0].attributes == {"size": "M"}


def test_only_products_without_words_need_the_prompt_model(workdir: Path) -> None:
    source = table(workdir, {"id": "A", "image": "a.png", "prompt": "oak"}, {"id": "B", "image": "b.png"})
    order = make_order(recipe(source, prompt=None))
    assert [item.writes for item in order.items] == [False, True] and order.writer is not None
    assert make_order(recipe(source)).writer is None
    assert generate.plan(recipe(source), SilentReporter())[0] == "products: 2, ads of each: 2, pixels: 96x80"


def test_words_to_improve_may_be_in_a_column(workdir: Path) -> None:
    source = table(workdir, {"id": "A", "image": "a.png", "prompt": "oak"}, {"id": "B", "image": "b.png"})
    order = make_order(recipe(source, prompt=None, rewrite=True))
    assert [(item.product.id, item.writes) for item in order.items] == [("A", True)]
    assert [failure.item for failure in order.failed] == ["B"] and "--rewrite" in order.failed[0].error


# --- folders ---------------------------------------------------------------------------------------


def test_subfolders_are_told_or_read(workdir: Path) -> None:
    root = shop(workdir / "shop", ["cup", "shoes/red", "shoes/blue", "bags/old/red", ".hidden/x"])
    (root / "bags" / "loop").symlink_to(root)
    (root / "bags" / "again").symlink_to(root / "shoes")
    told: list[str] = []
    found, failed = read_products(root, notify=told.append)
    assert [one.id for one in found] == ["cup"] and not failed
    assert told == ["2 subfolders hold 3 images; --recursive reads them"]
    found, failed = read_products(root, recursive=True)
    assert len(found) == 4 and len({one.id for one in found}) == 4 and not failed
    assert {"cup", "bags-old-red"} <= {one.id for one in found}
    with pytest.raises(DataError, match="1 subfolder holds 1 image; --recursive reads them"):
        read_products(root / "bags" / "old" / "..", notify=told.append)


def test_linked_folders_outside_need_a_word(workdir: Path) -> None:
    shop(workdir, ["shop/cup", "other/pot"])
    (workdir / "shop" / "more").symlink_to(workdir / "other")
    assert len(read_products(workdir / "shop", recursive=True)[0]) == 1
    assert len(read_products(workdir / "shop", recursive=True, allow_outside=True)[0]) == 2


def test_a_dead_link_names_its_target(workdir: Path) -> None:
    root = shop(workdir / "shop", ["cup"])
    (root / "pot.png").symlink_to("gone/pot.png")
    (root / "self.png").symlink_to("self.png")
    (root / "p.csv").write_text("id,image\nA,cup.png\nB,pot.png\n")
    found, failed = read_products(root)
    assert [one.id for one in found] == ["cup"] and [one.item for one in failed] == ["pot.png", "self.png"]
    assert "is a link to gone/pot.png, which is not there" in failed[0].error
    assert "gone/pot.png" in read_products(root / "p.csv")[1][0].error
    with pytest.raises(DataError, match=r"link to gone/pot\.png"):
        read_products(root / "pot.png")


@pytest.mark.parametrize("name", ["cup_mask.png", "cup-mask.jpg", "mask_cup.png"])
def test_masks_are_known_by_their_names_everywhere(workdir: Path, name: str) -> None:
    root = shop(workdir / "shop", ["cup"])
    Image.new("L", (80, 120)).save(root / name)
    (root / "p.csv").write_text("id,image\nA,cup.png\n")
    for source in (root, root / "cup.png", root / "p.csv"):
        told: list[str] = []
        (product,), _ = read_products(source, notify=told.append)
        assert product.mask == root / name
        assert told == [f"taken as masks of the photos beside them: {name}"]
    (root / "cup.png").rename(root / "pot.png")
    told = []
    assert len(read_products(root, notify=told.append)[0]) == 2
    (line,) = told
    assert line.startswith("named like masks, but taken as products") and line.endswith(name)


def test_a_refusal_names_the_mask_to_make(workdir: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(workdir / "cup.png")
    with pytest.raises(NothingUsableError, match=r"cup_mask\.png"):
        make(workdir / "run", recipe(workdir / "cup.png", cutout="plain"))
