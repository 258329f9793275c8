"""Feeds of shop systems and catalogues, each as it would come, become products with photos and facts."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from feeds.example_feeds import CDN, FEEDS, GOOGLE, google_rows, table
from PIL import Image

from caig_cli.data.product_height import estimate_height_cm
from caig_cli.errors import CaigError, UsageError
from caig_cli.feeds.options import FeedOptions, columns_of
from caig_cli.feeds.platforms import make_platform, platforms
from caig_cli.feeds.reading import read_source
from caig_cli.records import Failure, Product

PICTURES = ("mug-red", "mug-back", "mug-blue", "bottle")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for number, name in enumerate(PICTURES):
        Image.new("RGB", (32, 32), (60 * number, 9, 9)).save(tmp_path / "photos" / f"{name}.png")
    return tmp_path


def read(source: Path, lines: list[str] | None = None, **options: Any) -> tuple[list[Product], list[Failure]]:
    options.setdefault("images", source.parent / "photos")
    tell = [].append if lines is None else lines.append
    return read_source(source, FeedOptions(**options), notify=tell, inform=tell)


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_read(shop: Path, name: str) -> None:
    """Two products whatever the system: the mug's main photo comes first, its back is the next to try."""
    lines: list[str] = []
    products, failures = read(FEEDS[name](shop), lines)
    assert failures == []
    mug, bottle = products
    assert (mug.image.name, bottle.image.name) == ("mug-red.png", "bottle.png")
    assert mug.more == () or mug.more[0].name == "mug-back.png"
    assert bottle.more == ()
    assert mug.caption and "<" not in mug.caption and bottle.caption
    if "colour" in mug.attributes:
        assert mug.attributes["colour"].lower() in ("red", "rot", "赤", "красный", "červená")
    else:  # of variable products the values of all variants are listed, which says nothing of the photo
        assert name in ("wix", "wix_media", "bigcommerce", "shopify_json") or name.startswith("woocommerce")
    if "height" in mug.attributes:
        assert estimate_height_cm(mug.caption, mug.attributes, 1.0) == pytest.approx(10.0)
    if "750 ml" in bottle.caption:
        assert 20 < estimate_height_cm(bottle.caption, bottle.attributes, 0.3) < 32
    assert mug.feed and mug.feed.pictures[0].endswith("mug-red.png")
    assert mug.feed.ids and not any("BOTTLE" in one for one in mug.feed.ids)
    assert len(mug.attributes) <= 10 and all("\n" not in text for text in mug.attributes.values())
    assert "read as" in lines[0]


def test_what_the_writer_sees_comes_first(shop: Path) -> None:
    """The prompt model is shown six attributes: those that say most of a picture."""
    mug = read(FEEDS["google_rss"](shop))[0][0]
    assert list(mug.attributes.items()) == [
        ("colour", "red"), ("material", "stoneware"), ("type", "Mugs"), ("brand", "Acme"),
        ("height", "10 cm"), ("price", "12.00 EUR"),
    ]  # fmt: skip
    assert mug.caption == "Stoneware mug, red"


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        ("one", [("mug-red.png", ("MUG-R",), 1), ("bottle.png", ("BOTTLE",), 0)]),
        ("picture", [("mug-red.png", ("MUG-R", "MUG-S"), 0), ("mug-blue.png", ("MUG-B",), 0),
                     ("bottle.png", ("BOTTLE",), 0)]),
        ("each", [("mug-red.png", ("MUG-R",), 0), ("mug-blue.png", ("MUG-B",), 0),
                  ("mug-red.png", ("MUG-S",), 0), ("bottle.png", ("BOTTLE",), 0)]),
    ],
)  # fmt: skip
def test_variants(shop: Path, variants: str, expected: list[tuple[str, tuple[str, ...], int]]) -> None:
    red, blue, bottle = google_rows()
    small = {**red, "id": "MUG-S", "title": "Stoneware mug, red, small"}
    source = table(shop / "g.csv", GOOGLE, red, blue, small, bottle)
    found = [(p.image.name, p.feed.ids, p.feed.others) for p in read(source, variants=variants)[0] if p.feed]
    if variants == "one":
        expected[0] = ("mug-red.png", ("MUG-R", "MUG-S"), 1)
    assert found == expected


def test_rows_of_pictures_come_after_the_main_one(shop: Path) -> None:
    """Also where no variant has a picture of its own, as in most exports of Shopify."""
    header = [
        "Handle",
        "Title",
        "Image Src",
        "Image Position",
        "Variant SKU",
        "Option1 Name",
        "Option1 Value",
    ]
    rows = [
        {"Handle": "mug", "Title": "Mug", "Image Src": f"{CDN}/mug-red.png", "Option1 Value": "S"},
        {"Handle": "mug", "Image Src": f"{CDN}/mug-back.png", "Option1 Value": "M", "Variant SKU": "M"},
        {"Handle": "mug", "Image Src": f"{CDN}/mug-blue.png"},
    ]
    (mug,), _ = read(table(shop / "s.csv", header, *rows))
    assert [path.name for path in (mug.image, *mug.more)] == ["mug-red.png", "mug-back.png", "mug-blue.png"]
    several = read(table(shop / "s.csv", header, *rows), variants="picture")[0]
    assert [(one.image.name, one.feed and one.feed.ids) for one in several] == [("mug-red.png", ("M",))]


def test_stock_and_drafts_are_kept_and_told(shop: Path) -> None:
    lines: list[str] = []
    products, _ = read(FEEDS["woocommerce"](shop), lines)
    assert len(products) == 2
    assert any(line.startswith("out of stock, but made ads of: 13") for line in lines)
    assert any("not for sale" in line for line in lines)


def test_columns_may_be_named(shop: Path) -> None:
    row = {"nr": "7", "foo": "mug-red.png", "bar": "Mug", "prompt": "a shelf", "size": "10 cm"}
    source = table(shop / "x.csv", list(row), row)
    with pytest.raises(
        CaigError, match=r"x.csv: no column of pictures; the header is 'nr', 'foo'.*--column image"
    ):
        read(source, images=None, columns=(("title", "bar"),))
    (product,), _ = read(source, columns=columns_of({"image": "foo,title=bar,id=nr"}))
    assert (product.id, product.caption, product.attributes) == ("7", "Mug", {"size": "10 cm"})
    with pytest.raises(UsageError, match="--column pic=foo: no such field"):
        read(source, columns=(("pic", "foo"),))
    with pytest.raises(UsageError, match=r"--column image=fo: the header is .* the nearest is 'foo'"):
        read(source, columns=(("image", "fo"),))
    with pytest.raises(UsageError, match="--from shopfy: no such feed; did you mean shopify"):
        read(source, platform="shopfy")


def test_photos_by_id_and_without_the_mark_of_a_copy(shop: Path) -> None:
    (shop / "photos" / "SKU-9.png").write_bytes((shop / "photos" / "bottle.png").read_bytes())
    header = ["id", "title", "image_link"]
    source = table(
        shop / "g.csv", header,
        {"id": "SKU-9", "title": "By its id", "image_link": f"{CDN}/other.jpg"},
        {"id": "2", "title": "A copy", "image_link": f"{CDN}/mug-red_600x600.png?v=1"},
        {"id": "3", "title": "Gone", "image_link": f"{CDN}/gone.png"},
    )  # fmt: skip
    products, failures = read(source)
    assert [p.image.name for p in products] == ["SKU-9.png", "mug-red.png"]
    assert len(failures) == 1 and "no file of 'https://cdn.example.com/p/gone.png'" in failures[0].error


def test_without_a_flag_nothing_is_fetched_and_one_line_says_so(shop: Path) -> None:
    source = FEEDS["google_rss"](shop)
    with pytest.raises(CaigError, match=r"its photos are web addresses .*--fetch downloads them, --images"):
        read(source, images=None)
    (mug, _), _ = read(source, images=None, fetch=True)
    assert mug.addresses[mug.image] == f"{CDN}/mug-red.png" and not mug.image.exists()


def test_own_tables_stay_own_and_may_name_addresses(shop: Path) -> None:
    """A column ``size`` of a user's own table is the ad's size; a feed's is the product's."""
    row = {"id": "1", "image": "https://a.example/mug-red.png", "caption": "Mug", "color": "red"}
    source = table(shop / "own.csv", list(row), row)
    (product,), _ = read(source)
    assert (product.image.name, product.attributes, product.feed) == ("mug-red.png", {"color": "red"}, None)
    (product,), _ = read(source, images=None, fetch=True)
    assert list(product.addresses.values()) == ["https://a.example/mug-red.png"]
    _, (failure,) = read(source, images=None)
    assert "own.csv:2:image: 'https://a.example/mug-red.png' is a web address; --fetch" in failure.error


BAD = {
    "lol.xml": '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><rss><item><id>&y;</id></item></rss>',
    "file.xml": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><id>&x;</id></item></rss>',
    "deep.xml": "<a>" * 200 + "</a>" * 200,
    "page.xml": "<!doctype html><html><body><p>Sign in<br></body></html>",
    "none.xml": '<?xml version="1.0"?><rss><channel><title>x</title></channel></rss>',
    "what.xml": '<?xml version="1.0" encoding="klingon"?><rss/>',
    "empty.xml": "",
    "empty.txt": "",
    "bare.txt": "1\thttps://a.example/b.png\n2\thttps://a.example/c.png\n",
    "binary.txt": "\x00\x01\x02\x03" * 50,
    "no.zip": "PK nothing",
    "half.json": '{"products": [{"id": 1, ',
    "packed.csv.gz": "no gzip",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_feeds_get_one_line(shop: Path, name: str) -> None:
    source = shop / name
    source.write_text(BAD[name])
    with pytest.raises(CaigError) as raised:
        read(source, platform="google")
    assert "\n" not in str(raised.value) and str(raised.value).startswith(str(source))
    assert len(str(raised.value)) < 400 and "/etc" not in str(raised.value).removeprefix(str(source))


def test_a_feed_that_breaks_off_keeps_what_was_whole(shop: Path) -> None:
    whole = FEEDS["google_rss"](shop).read_text()
    cut = shop / "cut.xml"
    cut.write_text(whole[: whole.index("BOTTLE")])
    products, failures = read(cut)
    assert [p.id for p in products] == ["MUG-R"] and len(failures) == 1
    assert "not valid XML" in failures[0].error and "nothing after it was read" in failures[0].error


def test_hostile_bytes_end_in_a_line(shop: Path) -> None:
    """Feeds with bytes changed, cut, doubled and put in, are read or refused in one line."""
    chance = random.Random(3)
    for name in ("google_rss", "shopify", "yandex", "shopify_json", "google_tsv", "awin"):
        source = FEEDS[name](shop)
        whole = source.read_bytes()
        for _ in range(6):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 5)):
                at = chance.randrange(len(data))
                odd = [b"\0", b"<", b"&", b'"', b"[", b"\xff", bytes(data[at : at + 60]), b"https://[::1/x"]
                data[at : at + chance.choice((0, 1, 30))] = chance.choice(odd)
            source.write_bytes(data)
            try:
                read(source, images=None, fetch=True)
            except CaigError as error:
                assert "\n" not in str(error)


def test_bad_rows_are_told_and_the_others_go_on(shop: Path) -> None:
    red, _, bottle = google_rows()
    source = table(shop / "g.tsv", GOOGLE, red, {**red, "item_group_id": ""}, bottle, delimiter="\t")
    lines = source.read_text().splitlines()
    long = "\t".join(["X"] * (len(GOOGLE) + 2))
    source.write_text("\n".join([*lines, long, "Y\tno picture"]))
    products, failures = read(source)
    assert [p.id for p in products] == ["MUG-R", "BOTTLE"]
    told = " ".join(failure.error for failure in failures)
    assert "'MUG-R' is already used" in told and "values for 15 columns" in told and "no picture of" in told


def test_adding_a_platform_is_a_row() -> None:
    made = make_platform(
        "new", {"title": "New", "sources": ["https://new.example"], "en": {"image": ["Snapshot #"]}}
    )
    assert made.fields["image"].rank("snapshot12") == 0
    with pytest.raises(ValueError, match=r"new\.en.bild is not one of"):
        make_platform("new", {"title": "New", "sources": [], "en": {"bild": ["x"]}})
    assert all(platform.sources for platform in platforms().values())


def test_the_page_of_names_is_up_to_date(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/feeds_page.py", "--check"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("address", ["file:///etc/hostname", "s3://other/private.png", "memory://x/a.png"])
def test_a_feed_names_no_file_of_this_machine_or_of_another_store(shop: Path, address: str) -> None:
    source = shop / "feed.csv"
    source.write_text(f"id,title,image_link\n1,Mug,{address}\n")
    products, (failure,) = read(source, images=None, fetch=True)
    assert not products and "only https addresses and files beside the feed" in failure.error
