"""Pictures in a TAR archive are read from their place, and what is wrong with one is a line."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from caig_cli.data import archives
from caig_cli.data.creatives import open_creative
from caig_cli.data.images import open_image
from caig_cli.data.pairs import read_pairs
from caig_cli.errors import ItemError


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    """An archive of a red and a blue ad, and a text."""
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        Image.new("RGB", (20, 20), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "note.png").write_text("no picture")
    with tarfile.open(tmp_path / "ads.tar", "w") as archive:
        for name in ("red", "blue", "note"):
            archive.add(tmp_path / f"{name}.png", f"{name}.png")
            (tmp_path / f"{name}.png").unlink()
    return tmp_path / "ads.tar"


def test_pairs_of_an_archive_are_read_as_files_are(ads: Path) -> None:
    rows = [{"id": n, "item": "mug", "left": "ads.tar/red.png", "right": f"ads.tar/{right}.png"}
            for n, right in enumerate(("blue", "green"))]  # fmt: skip
    file = ads.parent / "pairs.jsonl"
    file.write_text("".join(json.dumps(row | {"id": str(row["id"])}) + "\n" for row in rows))
    (pair,), (failure,) = read_pairs(file)
    assert open_creative(pair.left).getpixel((0, 0)) == (255, 0, 0)
    assert open_creative(pair.right).getpixel((0, 0)) == (0, 0, 255)
    assert archives.file_of(pair.left.image) == ads and archives.file_of(file) == file
    assert "'ads.tar/green.png' does not exist" in failure.error


def test_what_is_wrong_is_a_line(ads: Path) -> None:
    with pytest.raises(ItemError, match="no such file in the archive"):
        open_image(ads / "green.png")
    with pytest.raises(ItemError, match=r"ads\.tar/note\.png: not an image"):
        open_image(ads / "note.png")
    ads.write_bytes(b"no archive" * 100)
    with pytest.raises(ItemError, match="no whole, uncompressed TAR archive"):
        open_image(ads / "red.png")
