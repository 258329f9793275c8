"""What exports do that plain tables do not: second headers, languages in titles, GraphQL, parts of
a product in lines of their own, texts beside addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from feeds.example_feeds import CDN, table
from PIL import Image

from caig_cli.feeds.options import FeedOptions
from caig_cli.feeds.reading import read_source

RED, BACK, BOTTLE = (f"{CDN}/{name}" for name in ("mug-red.png", "mug-back.png", "bottle.png"))
KEYS = ["item_sku", "item_name", "brand_name", "main_image_url", "other_image_url1", "color_name"]
AMAZON = "\n".join("\t".join(row) for row in (
    ["TemplateType=x", "", "", "", "", ""],
    ["Seller SKU", "Product Name", "Brand Name", "Main Image URL", "Other Image URL", "Color"], KEYS,
    ["MUG", "Red mug", "Potter", RED, BACK, "Red"], ["BOT", "Bottle", "Potter", BOTTLE, "", "Silver"],
))  # fmt: skip
ECWID = "\n".join((
    "type,product_internal_id,product_sku,product_name,product_media_main_image_url,"
    "product_media_gallery_image_url_1,product_variation_sku,product_variation_image_url",
    f"product,1,MUG,Red mug,{RED},{BACK},,",
    f"product_variation,1,,,,,MUG-R,{RED}", f"product,2,BOT,Bottle,{BOTTLE},,,",
))  # fmt: skip
OPENCART = (
    f"product_id,name(en-gb),image_name,additional_images\n1,Red mug,{RED},{BACK}\n2,Bottle,{BOTTLE},\n"
)
LIGHTSPEED = f"Internal_ID;NL_Title_Short;Images\n1;Red mug;{RED},{BACK}\n2;Bottle;{BOTTLE}\n"
WEBTOFFEE = (
    "post_title,sku,images,attribute:pa_color\n"
    f"Red mug,MUG,{RED} ! alt : Mug ! title : a ! caption :  | {BACK} ! alt :  ! desc : b,Red\n"
    f"Bottle,BOT,{BOTTLE} ! alt :  ! title : x,\n"
)
CENEO = (
    f'<offers><o id="1" price="9"><name>Red mug</name><imgs><main url="{RED}"/><i url="{BACK}"/></imgs></o>'
    f'<o id="2" price="29"><name>Bottle</name><imgs><main url="{BOTTLE}"/></imgs></o></offers>'
)


def nodes(*addresses: str) -> dict[str, object]:
    return {"edges": [{"node": {"url": one}} for one in addresses]}


EDGES = {"data": {"products": {"edges": [
    {"node": {"id": "gid://shopify/Product/1", "title": "Red mug", "images": nodes(RED, BACK)}},
    {"node": {"id": "gid://shopify/Product/2", "title": "Bottle", "images": nodes(BOTTLE)}},
]}}}  # fmt: skip
BULK = [
    {"id": "gid://shopify/Product/1", "title": "Red mug", "handle": "red-mug"},
    {"id": "gid://shopify/MediaImage/5", "image": {"url": RED}, "__parentId": "gid://shopify/Product/1"},
    {"id": "gid://shopify/MediaImage/6", "image": {"url": BACK}, "__parentId": "gid://shopify/Product/1"},
    {"id": "gid://shopify/Product/2", "title": "Bottle", "handle": "bottle"},
    {"id": "gid://shopify/MediaImage/8", "image": {"url": BOTTLE}, "__parentId": "gid://shopify/Product/2"},
]
SCHEMA = [
    {"@type": "Product", "sku": "MUG", "name": "Red mug", "image": [RED, BACK], "offers": {"price": "19.99"}},
    {"@type": "Product", "sku": "BOT", "name": "Bottle", "image": {"@type": "ImageObject", "url": BOTTLE}},
]

FILES: Mapping[str, str] = {
    "amazon.txt": AMAZON, "ecwid.csv": ECWID, "opencart.csv": OPENCART, "lightspeed.csv": LIGHTSPEED,
    "webtoffee.csv": WEBTOFFEE, "ceneo.xml": CENEO, "edges.json": json.dumps(EDGES),
    "bulk.jsonl": "\n".join(map(json.dumps, BULK)), "schema.json": json.dumps(SCHEMA),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_two_products(tmp_path: Path, name: str) -> None:
    (tmp_path / "photos").mkdir()
    for photo in ("mug-red", "mug-back", "bottle"):
        Image.new("RGB", (32, 32)).save(tmp_path / "photos" / f"{photo}.png")
    (tmp_path / name).write_text(FILES[name])
    products, failures = read_source(tmp_path / name, FeedOptions(images=tmp_path / "photos"))
    assert failures == []
    assert [(one.caption, one.image.stem, [photo.stem for photo in one.more]) for one in products] == [
        ("Red mug", "mug-red", ["mug-back"]),
        ("Bottle", "bottle", []),
    ]


def test_options_named_like_columns_are_no_header(tmp_path: Path) -> None:
    row = ["mug", "Mug", "a.png", "Color", "Red", "Size", "S", "Material", "Clay"]
    header = ["Handle", "Title", "Image Src"] + [
        f"Option{n} {what}" for n in (1, 2, 3) for what in ("Name", "Value")
    ]
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    feed = table(tmp_path / "shop.csv", header, dict(zip(header, row, strict=True)))
    products, failures = read_source(feed, FeedOptions())
    assert [one.caption for one in products] == ["Mug"] and failures == []
