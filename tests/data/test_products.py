"""Products and dialogues from the files that users have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from caig_cli.data.dialogues import read_dialogues
from caig_cli.data.products import read_products, safe_name
from caig_cli.errors import DataError
from caig_cli.records import Dialogue, Turn

SHARED = Path(__file__).parents[2].parent / "shared" / "tiny_dataset"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for name in ("mug.png", "images/a.png", "images/b.jpg"):
        Image.new("RGB", (32, 32), (90, 20, 20)).save(tmp_path / name)
    return tmp_path


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_one_image(folder: Path) -> None:
    mask = folder / "images" / "a.png"
    products, failures = read_products(
        folder / "mug.png", caption=" Blue\tmug\u202e ", attributes={"size": " 10 cm"}, mask=mask
    )
    assert failures == []
    (product,) = products
    assert (product.id, product.image, product.mask) == ("mug", folder / "mug.png", mask)
    assert (product.caption, product.attributes) == ("Blue mug", {"size": "10 cm"})


def test_folder_with_masks_and_foreign_files(folder: Path) -> None:
    images = folder / "images"
    for name in ("a.webp", "b_mask.png", ".hidden.png"):
        Image.new("L", (32, 32), 128).save(images / name)
    write(images / "notes.txt", "not a product")
    write(images / "layout.psd", "8BPS")
    products, failures = read_products(images, caption="Mug")
    assert [p.image.name for p in products] == ["a.png", "a.webp", "b.jpg"]
    assert len({p.id for p in products}) == 3
    assert [p.mask for p in products] == [None, None, images / "b_mask.png"]
    assert {p.caption for p in products} == {"Mug"}
    assert [f.error for f in failures] == [
        f"{images}/layout.psd: not an image caig can read; export it as PNG or JPEG"
    ]


def test_json_in_the_authors_layout(folder: Path) -> None:
    records = [
        {"id": 7, "image": "mug.png", "new_caption": "Mug"},
        {
            "id": "x/1",
            "image": "images/a.png",
            "caption": "",
            "title": "Cup\u0000",
            "attributes": {"ml": 250},
        },
        {"image": "images\\b.jpg", "colour": "red", "tags": ["new", "sale"], "price": 9.5, "other": {"x": 1}},
    ]
    products, failures = read_products(write(folder / "tiny.json", records), attributes={"colour": "any"})
    assert failures == []
    assert [p.caption for p in products] == ["Mug", "Cup", None]
    assert [p.id for p in products] == ["7", safe_name("x/1"), "b"]
    assert products[1].attributes == {"colour": "any", "ml": "250"}
    assert products[2].attributes == {"colour": "red", "price": "9.5"}


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")])
def test_csv_as_spreadsheets_write_it(folder: Path, delimiter: str, encoding: str) -> None:
    rows = [
        ["ID", "Image", "Title", "attr_material", "Colour", "attributes"],
        ["1", "mug.png", '"A mug, ""large"""', "clay", "weiß", ""],
        ["", "images/a.png", "Cup", "", "", '"weight=1 kg; ml=250"' if delimiter == ";" else "weight=1 kg"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n\r\n"
    (folder / "p.csv").write_bytes(text.encode(encoding))
    products, failures = read_products(folder / "p.csv")
    assert failures == []
    assert (products[0].id, products[0].caption) == ("1", 'A mug, "large"')
    assert products[0].attributes == {"material": "clay", "Colour": "weiß"}
    assert products[1].id == "a"
    assert products[1].attributes["weight"] == "1 kg"


def test_ids_never_collide_as_file_names(folder: Path) -> None:
    wanted = ["a/b", "a b", "A-b", "a-b", "..", "con", "CON", "é" * 200, safe_name("a/b"), "中文"]
    records = [{"id": name, "image": "mug.png"} for name in wanted]
    products, failures = read_products(write(folder / "p.json", records))
    assert failures == []
    names = {p.id.casefold() for p in products}
    assert len(names) == len(wanted)
    for product in products:
        (folder / f"{product.id}.png").write_bytes(b"")
        assert (folder / f"{product.id}.png").parent == folder
    assert products[2].id == "A-b"
    assert products[-1].id == "中文"


def test_outside_is_allowed_on_request(folder: Path) -> None:
    table = write(folder / "images" / "p.json", [{"id": 1, "image": "../mug.png"}])
    products, failures = read_products(table, allow_outside=True)
    assert len(products) == 1
    assert failures == []


def test_mask_option_needs_one_image(folder: Path) -> None:
    with pytest.raises(DataError, match="a mask belongs to one image"):
        read_products(folder, mask=folder / "mug.png")


@pytest.mark.skipif(not SHARED.exists(), reason="the shared sample products are not here")
def test_real_products() -> None:
    products, failures = read_products(next(SHARED.glob("*.json")))
    assert len(products) == 8
    assert failures == []
    assert all(product.caption for product in products)


def dialogue(**changes: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "A mug."}]
    return {"id": "d", "image": "mug.png", "conversations": turns, **changes}


def test_dialogues(folder: Path) -> None:
    records = [dialogue(task="describe"), dialogue(image=None, conversations=dialogue()["conversations"][1:])]
    records[1]["conversations"] = [{"from": "user", "value": "Hi"}, {"from": "assistant", "value": "Hello"}]
    expected = [
        Dialogue(
            "d",
            folder / "mug.png",
            (Turn("human", "<image>\nWhat is it?"), Turn("gpt", "A mug.")),
            "describe",
        ),
        Dialogue("d", None, (Turn("human", "Hi"), Turn("gpt", "Hello")), None),
    ]
    lines = "\n".join(map(json.dumps, records))
    assert read_dialogues(write(folder / "d.json", records)) == expected
    assert read_dialogues(write(folder / "d.jsonl", lines)) == expected
    (folder / "other").mkdir()
    elsewhere = write(folder / "other" / "d.json", records)
    assert read_dialogues(elsewhere, images=folder) == expected


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no turns": (
        {"conversations": []},
        ":conversations: must be a list of turns, is a list; see the LLaVA layout",
    ),
    "unfinished": (
        {"conversations": dialogue()["conversations"][:1]},
        ":conversations: ends with the human; add the answer",
    ),
    "wrong order": (
        {"conversations": dialogue()["conversations"][::-1]},
        ":conversations[0].from: is 'gpt' where 'human' must speak; fix the order",
    ),
    "not text": (
        {"conversations": [{"from": "human", "value": 3}]},
        ':conversations[0]: must be {"from": ..., "value": text}; fix the turn',
    ),
    "mark without image": (
        {"image": None},
        ":conversations: <image> is mentioned but the record has no image; use one image and one mark",
    ),
    "missing image": ({"image": "no.png"}, ":image: 'no.png' does not exist; check the path"),
    "escape": (
        {"image": "/etc/passwd"},
        ":image: '/etc/passwd' lies outside the folder of the data; copy it there or pass --allow-outside",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_dialogue_stops_with_its_line(case: str, folder: Path) -> None:
    change, expected = BAD[case]
    table = write(
        folder / "d.jsonl", "\n".join(map(json.dumps, [dialogue(), dialogue(**change), dialogue()]))
    )
    with pytest.raises(DataError) as error:
        read_dialogues(table)
    assert str(error.value) == f"{table}:2{expected}"


def test_number_of_further_bad_dialogues_is_reported(folder: Path) -> None:
    table = write(folder / "d.jsonl", "{\n{\n{\n")
    with pytest.raises(DataError, match=r":1: not valid JSON .* \(and 2 more bad records\)$"):
        read_dialogues(table)
