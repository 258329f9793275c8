"""Hostile files and records: each ends in one exact line that says which, why, and what to do."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caig_cli.cutouts.loading import load_cutout
from caig_cli.data import images
from caig_cli.data.images import open_image
from caig_cli.data.products import read_products
from caig_cli.errors import DataError, ItemError
from caig_cli.records import Product

Make = Callable[[Path], object]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(size: tuple[int, int] = (64, 64), mode: str = "RGB") -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], len(mode)), dtype=np.uint8)
    return Image.fromarray(values if len(mode) > 1 else values[..., 0])


def png_claiming(width: int, height: int) -> bytes:
    """A valid PNG header of any size, followed by almost no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def flip(data: bytes, start: int) -> bytes:
    return data[:start] + bytes(b ^ 0xFF for b in data[start : start + 40]) + data[start + 40 :]


PNG = encoded(noise(), "PNG")
JPEG = encoded(noise(), "JPEG")
WEBP = encoded(noise(), "WEBP")
TIFF = encoded(noise(), "TIFF", compression="tiff_deflate")
AGAIN = "export or download it again"
FORMATS = "give a PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF or HEIC file"
CUT = "give a mask (--mask) or a transparent PNG"

FILES: dict[str, tuple[str, bytes | Make, str]] = {
    "empty": ("a.png", b"", f"the file is empty (0 bytes); {AGAIN}"),
    "missing": ("a.png", lambda _: None, "no such file; check the path"),
    "folder": ("a.png", lambda p: p.mkdir(), "is a folder, not an image; give a file"),
    "pipe": ("a.png", os.mkfifo, "not a regular file; give an image file"),
    "device link": ("a.png", lambda p: p.symlink_to("/dev/zero"), "not a regular file; give an image file"),
    "link to itself": (
        "a.png",
        lambda p: p.symlink_to(p),
        "no such file; check the path",
    ),
    "text": ("a.png", b"not an image at all", f"not an image caig can read; {FORMATS}"),
    "html": ("a.jpg", b"<html>404 not found</html>", f"not an image caig can read; {FORMATS}"),
    "random bytes": (
        "a.webp",
        np.random.default_rng(1).bytes(5000),
        f"not an image caig can read; {FORMATS}",
    ),
    "svg": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", f"not an image caig can read; {FORMATS}"),
    "postscript": (
        "a.eps",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        f"not an image caig can read; {FORMATS}",
    ),
    "pdf": ("a.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", f"not an image caig can read; {FORMATS}"),
    "png signature alone": ("a.png", PNG[:8], f"not an image caig can read; {FORMATS}"),
    "png truncated": ("a.png", PNG[: len(PNG) // 2], f"the file is truncated; {AGAIN}"),
    "png damaged": ("a.png", flip(PNG, 200), f"the image data is damaged; {AGAIN}"),
    "jpeg truncated": ("a.jpg", JPEG[: len(JPEG) // 2], f"the file is truncated; {AGAIN}"),
    "jpeg head alone": ("a.jpg", JPEG[:30], f"the file is truncated; {AGAIN}"),
    "webp truncated": ("a.webp", WEBP[: len(WEBP) // 2], f"the image data is damaged; {AGAIN}"),
    "tiff damaged": ("a.tif", flip(TIFF, 100), f"the image data is damaged; {AGAIN}"),
    "bomb": (
        "a.png",
        png_claiming(30_000, 30_000),
        "its size is over the limit of 64 million pixels; shrink the image",
    ),
    "large": (
        "a.png",
        png_claiming(9_000, 9_000),
        "9000x9000 pixels is over the limit of 64 million pixels; shrink the image",
    ),
    "tiny": (
        "a.png",
        encoded(noise((8, 9)), "PNG"),
        "8x9 pixels is too small; give an image of at least 16x16",
    ),
    "line": (
        "a.png",
        encoded(noise((900, 1)), "PNG"),
        "900x1 pixels is too small; give an image of at least 16x16",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_hostile_file_is_one_line(case: str, tmp_path: Path) -> None:
    name, content, expected = FILES[case]
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    with pytest.raises(ItemError) as error:
        open_image(path)
    assert str(error.value) == f"{path}: {expected}"


def test_heic_without_its_plugin_names_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_formats", lambda: ("PNG", "JPEG"))
    path = tmp_path / "phone.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(ItemError) as error:
        open_image(path)
    hint = "HEIC needs a plugin; run pip install pillow-heif, or export it as JPEG or PNG"
    assert str(error.value) == f"{path}: {hint}"


def test_file_name_with_control_characters_stays_one_line(tmp_path: Path) -> None:
    path = tmp_path / "two\nlines\x1b[31m.png"
    path.write_bytes(b"")
    with pytest.raises(ItemError) as error:
        open_image(path)
    assert str(error.value) == f"{tmp_path}/two?lines?[31m.png: the file is empty (0 bytes); {AGAIN}"


def clear(size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new("RGBA", size, (200, 30, 30, 0))


def speck() -> Image.Image:
    image = clear()
    image.putpixel((30, 30), (0, 0, 0, 255))
    return image


def room() -> Image.Image:
    rows = np.random.default_rng(2).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(rows).resize((128, 128), Image.Resampling.BICUBIC)


def cropped() -> Image.Image:
    image = Image.new("RGB", (160, 160), (250, 250, 250))
    image.paste((120, 20, 20), (60, 60, 100, 160))
    return image


CUTS: dict[str, tuple[Image.Image, Image.Image | None, str]] = {
    "fully transparent": (
        clear(),
        None,
        "{i}: the image is fully transparent; export it with its product visible",
    ),
    "one stray pixel": (speck(), None, "{i}: no product is visible in it; check the image or give a mask"),
    "busy background": (room(), None, f"{{i}}: the background is not plain; {CUT}"),
    "blank": (
        Image.new("RGB", (128, 128), (255, 255, 255)),
        None,
        f"{{i}}: no product stands out from the background; {CUT}",
    ),
    "cut off": (
        cropped(),
        None,
        f"{{i}}: the product, or a line behind it, runs into the border; leave a margin, or {CUT}",
    ),
    "mask of another size": (
        noise(),
        Image.new("L", (64, 65), 255),
        "{m}: the mask is 64x65 but {i} is 64x64; make them the same size",
    ),
    "black mask": (
        noise(),
        Image.new("L", (64, 64), 0),
        "{m}: the mask is black everywhere; paint the product white",
    ),
    "white mask": (
        noise(),
        Image.new("L", (64, 64), 255),
        "{m}: the mask is white everywhere; paint the background black",
    ),
}


@pytest.mark.parametrize("case", CUTS)
def test_uncuttable_photo_is_one_line(case: str, tmp_path: Path) -> None:
    image, mask, expected = CUTS[case]
    image_path, mask_path = tmp_path / "photo.png", tmp_path / "mask.png"
    image.save(image_path)
    if mask is not None:
        mask.save(mask_path)
    product = Product("p", image_path, mask=mask_path if mask else None)
    with pytest.raises(ItemError) as error:
        load_cutout(product, lambda _: None)
    assert str(error.value) == expected.format(i=image_path, m=mask_path)


GOOD = {"id": "good", "image": "good.png"}

RECORDS: dict[str, tuple[object, str]] = {
    "not an object": ("good.png", ": the record must be an object, is text; write {...}"),
    "a number": (7, ": the record must be an object, is a number; write {...}"),
    "null": (None, ": the record must be an object, is null; write {...}"),
    "no image": ({"id": "a"}, ":image: missing; give the path of the product's image"),
    "null image": ({"id": "a", "image": None}, ":image: missing; give the path of the product's image"),
    "image is a number": ({"id": "a", "image": 3}, ":image: must be a path, is a number; write it in quotes"),
    "image is a list": ({"image": ["good.png"]}, ":image: must be a path, is a list; write it in quotes"),
    "missing image": ({"id": "a", "image": "no.png"}, ":image: 'no.png' does not exist; check the path"),
    "image is a folder": ({"id": "a", "image": "."}, ":image: '.' does not exist; check the path"),
    "parent escape": (
        {"id": "a", "image": "../secret.png"},
        ":image: '../secret.png' lies outside the folder of the data; copy it there or pass --allow-outside",
    ),
    "absolute escape": (
        {"id": "a", "image": "/etc/passwd"},
        ":image: '/etc/passwd' lies outside the folder of the data; copy it there or pass --allow-outside",
    ),
    "link escape": (
        {"id": "a", "image": "link.png"},
        ":image: 'link.png' lies outside the folder of the data; copy it there or pass --allow-outside",
    ),
    "mask escape": (
        {**GOOD, "id": "a", "mask": "../m.png"},
        ":mask: '../m.png' lies outside the folder of the data; copy it there or pass --allow-outside",
    ),
    "web address": (
        {"id": "a", "image": "https://example.com/a.png"},
        ":image: 'https://example.com/a.png' is a web address; download the file and give its path",
    ),
    "nul in path": ({"id": "a", "image": "a\0b.png"}, ":image: 'a?b.png' is not a usable path; check it"),
    "endless path": (
        {"id": "a", "image": "x" * 5000},
        f":image: '{'x' * 80}' is not a usable path; check it",
    ),
    "id is NaN": ({**GOOD, "id": float("nan")}, ":id: nan is not a value; give text or leave it out"),
    "id is null": ({**GOOD, "id": None}, ":id: is empty; give each record its own id"),
    "id is true": (
        {**GOOD, "id": True},
        ":id: must be text or a number, is true or false; write it in quotes",
    ),
    "id is an object": (
        {**GOOD, "id": {}},
        ":id: must be text or a number, is an object; write it in quotes",
    ),
    "duplicate id": (GOOD, ":id: 'good' is already used in line 1; rename it"),
    "caption is infinite": (
        {**GOOD, "id": "a", "caption": float("inf")},
        ":caption: inf is not a value; give text or leave it out",
    ),
    "caption is an object": (
        {**GOOD, "id": "a", "title": {"en": "Mug"}},
        ":title: must be text, is an object; write it in quotes",
    ),
    "endless caption": (
        {**GOOD, "id": "a", "caption": "x" * 100_000},
        ":caption: 100000 characters is over the limit of 5000; shorten it",
    ),
    "attributes is a list": (
        {**GOOD, "id": "a", "attributes": ["red"]},
        ':attributes: must be an object, is a list; write {"name": "value"}',
    ),
    "attribute is an object": (
        {**GOOD, "id": "a", "attributes": {"colour": {}}},
        ":attributes.colour: must be text, is an object; write it in quotes",
    ),
    "attribute is NaN": (
        {**GOOD, "id": "a", "attributes": {"weight": float("nan")}},
        ":attributes.weight: nan is not a value; give text or leave it out",
    ),
    "too many attributes": (
        {**GOOD, "id": "a", "attributes": {str(k): "x" for k in range(65)}},
        ":attributes: 65 is over the limit of 64; remove some",
    ),
}


@pytest.mark.parametrize("case", RECORDS)
def test_hostile_record_is_one_failure_and_the_others_go_on(case: str, tmp_path: Path) -> None:
    record, expected = RECORDS[case]
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "good.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    table = folder / "products.jsonl"
    table.write_text("\n".join(map(json.dumps, [GOOD, record, {**GOOD, "id": "last"}])))
    products, failures = read_products(table)
    assert [product.id for product in products] == ["good", "last"]
    assert [failure.error for failure in failures] == [f"{table}:2{expected}"]


LINES: dict[str, tuple[str, bytes, list[str], list[str]]] = {
    "jsonl: broken line": (
        "p.jsonl",
        b'{"id": 1, "image": "good.png"}\n{"id": 2,\n{"id": 3, "image": "good.png"}\n',
        ["1", "3"],
        [":2: not valid JSON (Expecting property name enclosed in double quotes); fix or remove the line"],
    ),
    "jsonl: deeply nested": (
        "p.jsonl",
        b"[" * 100_000 + b'\n{"id": 3, "image": "good.png"}',
        ["3"],
        [":1: nested too deeply; fix or remove the line"],
    ),
    "jsonl: endless number": (
        "p.jsonl",
        b'{"id": ' + b"9" * 10_000 + b"}\n",
        [],
        [":1: a number of 10000 digits; fix or remove the line"],
    ),
    "json: cut off": (
        "p.json",
        b'[\n {"id": 1, "image": "good.png"},\n {"id": 2, "ima',
        ["1"],
        [":3: not valid JSON (Unterminated string starting at); fix it, nothing after it was read"],
    ),
    "json: missing comma": (
        "p.json",
        b'[{"id": 1, "image": "good.png"}\n {"id": 2, "image": "good.png"}]',
        [],
        [":2: not valid JSON (Expecting ',' or ']'); fix it, nothing after it was read"],
    ),
    "csv: too many values": (
        "p.csv",
        b"id,image,title\n1,good.png,Mug, blue\n2,good.png,Cup\n",
        ["2"],
        [":2: 4 values for 3 columns; put quotes around text with commas"],
    ),
    "csv: endless cell": (
        "p.csv",
        b'id,image\n1,good.png\n2,"' + b"x" * 200_000 + b'"\n',
        ["1"],
        [":3: not valid CSV (field larger than field limit (131072)); fix it, nothing after it was read"],
    ),
    "csv: broken attributes": (
        "p.csv",
        b"id;image;attributes\n1;good.png;red\n2;good.png;{]\n",
        [],
        [
            ":2:attributes: must read name=value; name=value; fix it",
            ":3:attributes: is not a valid JSON object; fix it or write name=value",
        ],
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_damaged_table_names_the_line(case: str, tmp_path: Path) -> None:
    name, content, ids, expected = LINES[case]
    (tmp_path / "good.png").write_bytes(PNG)
    table = tmp_path / name
    table.write_bytes(content)
    products, failures = read_products(table)
    assert [product.id for product in products] == ids
    assert [failure.error for failure in failures] == [f"{table}{line}" for line in expected]


SOURCES: dict[str, tuple[str, bytes | None, str]] = {
    "missing": ("p.json", None, ": no such file or folder; check the path"),
    "empty json": ("p.json", b" \n", ": the file is empty; write at least one record"),
    "empty list": ("p.json", b"[]", ": no records in this file; write at least one"),
    "an object": ("p.json", b'{"id": 1}', ": must be a list of records; write [{...}, {...}]"),
    "not unicode": (
        "p.csv",
        "id,image\n1,größe.png".encode("latin-1"),
        ":2: not UTF-8 text; save the file as UTF-8",
    ),
    "column twice": ("p.csv", b"id,image,id\n1,2,3\n", ":1:id: the column is there twice; rename one"),
    "header alone": ("p.csv", b"id,image\n", ": no records in this file; write at least one"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_unusable_source_is_a_usage_error(case: str, tmp_path: Path) -> None:
    name, content, expected = SOURCES[case]
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_products(source)
    assert str(error.value) == f"{source}{expected}"


def test_folder_without_images_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError) as error:
        read_products(tmp_path)
    assert str(error.value) == f"{tmp_path}: no image in this folder; give a folder with PNG or JPEG files"
