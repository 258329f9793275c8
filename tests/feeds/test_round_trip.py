"""A shop's feed in, ads made, a file for the shop out, and that file read again."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from feeds.example_feeds import CDN, FEEDS, GOOGLE, google_rows, table
from PIL import Image

from caig_cli.cli import run
from caig_cli.errors import UsageError
from caig_cli.feeds.options import FeedOptions
from caig_cli.feeds.reading import read_source
from caig_cli.feeds.targets import make_target, targets
from caig_cli.feeds.writing import Advertised, base_address, written

BASE = "https://cdn.example.com/ads, new/"
ADS = "https://cdn.example.com/ads%2C%20new/"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transparent packshots; the red mug's is broken, so that its back is photographed instead."""
    folder = tmp_path_factory.mktemp("photos")
    y, x = np.mgrid[:60, :40]
    alpha = np.clip((20 - np.maximum(abs(x - 19.5), abs(y - 29.5) - 10)) * 127, 0, 255)
    for name in ("mug-back", "mug-blue", "bottle"):
        picture = np.dstack([*[np.full_like(alpha, 40 * len(name) % 255)] * 3, alpha]).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{name}.png")
    (folder / "mug-red.png").write_bytes(b"\x89PNG broken")
    return folder


def generate(source: Path, photos: Path, out: Path, *more: str) -> list[dict[str, Any]]:
    made = run([
        "generate", "--product", str(source), "--images", str(photos), "--out", str(out), "--quiet",
        "-n", "2", "--prompt", "a walnut table", "--size", "64x64", "--set", "generate.painter=fake", "--set",
        "judge.model=null", *more,
    ])  # fmt: skip
    assert made == 0
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def write(ads: Path, target: str, name: str) -> list[dict[str, str]]:
    out = ads.parent / name
    assert run(["feed", str(ads), "--for", target, "--base-url", BASE, "--out", str(out)]) == 0
    text = out.read_bytes().decode()
    return list(
        csv.DictReader(io.StringIO(text, newline=""), delimiter="," if name.endswith("csv") else "\t")
    )


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> tuple[Path, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("google")
    red, blue, bottle = google_rows()
    small = {**red, "id": "MUG-S", "title": "Stoneware mug, red, small"}
    source = table(folder / "g.txt", GOOGLE, red, blue, small, bottle, delimiter="\t")
    return folder / "run", generate(source, photos, folder / "run")


def test_the_manifest_keeps_where_a_product_stands(google: tuple[Path, list[dict[str, Any]]]) -> None:
    """Every row says which ids an ad is for; the second photo was taken, as the first is broken."""
    rows = google[1]
    assert [row["product"] for row in rows] == ["MUG-R", "MUG-R", "BOTTLE", "BOTTLE"]
    assert rows[0]["feed"] == {
        "platform": "google", "ids": ["MUG-R", "MUG-S"], "group": "MUG", "sku": None,
        "title": "Stoneware mug, red", "pictures": [f"{CDN}/mug-red.png", f"{CDN}/mug-back.png"], "others": 1,
    }  # fmt: skip
    photo = json.loads((google[0] / "products/photos.jsonl").read_text().splitlines()[0])
    assert (photo["product"], photo["photo"]) == ("MUG-R", 1)


@pytest.mark.parametrize("name", ["g.tsv", "g.csv", "g.xml"])
def test_google(google: tuple[Path, list[dict[str, Any]]], name: str) -> None:
    ads, rows = google
    paths = [f"{ADS}{Path(row['path']).name}" for row in rows]
    if name != "g.xml":
        made = write(ads, "google", name)
        assert [row["id"] for row in made] == ["MUG-R", "MUG-S", "BOTTLE"]
        assert made[0]["lifestyle_image_link"] == made[1]["lifestyle_image_link"] == paths[0]
        assert made[0]["additional_image_link"] == f"{CDN}/mug-back.png,{paths[1]}"
        assert made[2]["additional_image_link"] == paths[3]
    else:
        out = str(ads.parent / name)
        assert run(["feed", str(ads), "--for", "google", "--base-url", BASE, "--out", out]) == 0
    again, failures = read_source(ads.parent / name, FeedOptions(fetch=True))
    assert failures == [] and [one.id for one in again] == ["MUG-R", "MUG-S", "BOTTLE"]
    assert again[0].feed and again[0].feed.pictures == (f"{CDN}/mug-back.png", paths[1])


@pytest.mark.parametrize("target", ["meta", "pinterest"])
def test_catalogues_without_a_column_for_the_best(
    google: tuple[Path, list[dict[str, Any]]], target: str
) -> None:
    ads, rows = google
    made = write(ads, target, f"{target}.csv")
    named = [f"{ADS}{Path(row['path']).name}" for row in rows[:2]]
    assert made[0] == {"id": "MUG-R", "additional_image_link": ",".join([f"{CDN}/mug-back.png", *named])}


@pytest.mark.parametrize(("feed", "target"), [("shopify", "shopify"), ("shopify_classic", "shopify_classic")])
def test_shopify(tmp_path: Path, photos: Path, feed: str, target: str) -> None:
    """New rows of pictures after the three that the handle has; the file is a feed of the same handles."""
    rows = generate(FEEDS[feed](tmp_path), photos, tmp_path / "run")
    assert rows[0]["feed"]["group"] == "mug"
    made = write(tmp_path / "run", target, "out.csv")
    row = targets()[target]
    assert row.group and row.position and row.alt
    assert [(one[row.group], one[row.position]) for one in made] == [
        ("mug", "4"), ("mug", "5"), ("bottle", "2"), ("bottle", "3"),
    ]  # fmt: skip
    assert [one["Title"] for one in made] == ["Stoneware mug", "", "Bottle 750 ml", ""]
    assert all(one[row.alt] and one[row.more].startswith(ADS) for one in made)
    again, _ = read_source(tmp_path / "out.csv", FeedOptions(fetch=True))
    assert [one.id for one in again] == ["mug", "bottle"]
    assert [len(one.feed.pictures) for one in again if one.feed] == [2, 2]


def test_woocommerce(tmp_path: Path, photos: Path) -> None:
    """The list replaces the shop's, so it begins with the pictures that are there; variations keep theirs."""
    generate(FEEDS["woocommerce"](tmp_path), photos, tmp_path / "run")
    mug, bottle = write(tmp_path / "run", "woocommerce", "out.csv")
    assert (mug["ID"], mug["SKU"], bottle["ID"]) == ("10", "MUG", "13")
    assert mug["Images"].split(", ")[:2] == [f"{CDN}/mug-red.png", f"{CDN}/mug-back.png"]
    assert len(mug["Images"].split(", ")) == 4 and bottle["Images"].startswith(f"{CDN}/bottle.png, {ADS}")


def test_ads_of_plain_photos_go_by_the_product(tmp_path: Path, photos: Path) -> None:
    generate(photos / "bottle.png", photos, tmp_path / "run")
    assert [row["id"] for row in write(tmp_path / "run", "google", "g.tsv")] == ["bottle"]


def test_limits_are_kept_and_what_finds_no_room_is_counted() -> None:
    ads = [(f"{ADS}{number}.png", "") for number in range(4)]
    entry = {"ids": ["1"], "pictures": [f"{CDN}/{number}.png" for number in range(10)]}
    done = written([Advertised("1", ads, entry, "Mug")], targets()["google"])
    (row,) = done.rows
    assert len(row["additional_image_link"]) == 10 and row["lifestyle_image_link"] == [ads[0][0]]
    assert done.left_out == {"1": 2}
    done = written(
        [Advertised("1", ads, {"pictures": ["a", f"{CDN}/{'x' * 1900}.png"]}, "")], targets()["meta"]
    )
    assert len(",".join(done.rows[0]["additional_image_link"])) <= 2000 and done.left_out == {"1": 3}


@pytest.mark.parametrize(
    "base", ["cdn.example.com", "ftp://a/", "https://", "https://a.example/?x=1", "/ads"]
)
def test_a_base_is_the_address_of_a_folder(base: str) -> None:
    with pytest.raises(UsageError, match="--base-url"):
        base_address(base)


def test_mistakes_get_one_line(
    google: tuple[Path, list[dict[str, Any]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.tsv"
    there.write_text("")
    for arguments, why in (
        (["--for", "gogle", "--out", "x.tsv"], "did you mean google?"),
        (["--for", "shopify", "--out", "x.tsv"], "takes .csv"),
        (["--for", "google", "--out", str(there)], "is already there"),
        (["--for", "google"], "--out are needed"),
    ):
        assert run(["feed", str(google[0]), "--base-url", BASE, *arguments]) == 2
        assert why in capsys.readouterr().err
    assert run(["feed", str(tmp_path), "--for", "google", "--base-url", BASE, "--out", "x.tsv"]) == 2
    assert "holds no manifest.jsonl" in capsys.readouterr().err


def test_adding_a_target_is_a_row() -> None:
    row = {"title": "New", "rows": "product", "formats": [".csv"], "id": "nr", "more": "pics", "most": 3,
           "sources": ["https://new.example"], "checked": "2026-11-30"}  # fmt: skip
    done = written([Advertised("7", [("https://a/1.png", "")], {}, "")], make_target("new", row))
    assert done.rows == [{"nr": ["7"], "pics": ["https://a/1.png"]}]
