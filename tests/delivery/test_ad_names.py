"""An ad's own name: the same for the same inputs, another for any other, and what clicks are joined by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_generate import PROMPT, ad_file, make, photo, recipe, rows

from caig_cli.clicks.pictures import PictureIndex
from caig_cli.data.ad_id import ad_id, find_ad_ids, read_ad_id
from caig_cli.engine import files
from caig_cli.painters.alt_text import LONGEST, alt_text
from caig_cli.records import Product


def test_ids_are_found_in_any_text() -> None:
    one, other = ad_id({"seed": 1}), ad_id({"seed": 2})
    assert one != other and ad_id({"seed": 1}) == one
    assert one.startswith("c1") and len(one) == 14 and not one.isdigit()
    text = f"Spring | cup-1-{one}.png, https://cdn.example/{other.upper()}_1080.jpg?x={one}, c1short, x{one}"
    assert find_ad_ids(text) == [one, other]


def test_any_input_makes_another_name(workdir: Path) -> None:
    def ids(name: str, **given: object) -> set[str]:
        source = photo(workdir / name / "cup.png", int(name == "other photo"))
        make(workdir / name / "run", recipe(source, **given))
        found = rows(workdir / name / "run")
        assert [Path(row["path"]).stem.split("-")[-1] for row in found] == [row["id"] for row in found]
        return {row["id"] for row in found}

    first = ids("one")
    assert ids("again") == first and len(first) == 2
    changes = {"prompt": PROMPT + ", roses", "size": "80x96"}
    others = [ids(name, **{name: value}) for name, value in changes.items()] + [ids("other photo")]
    assert len(set().union(first, *others)) == 2 + sum(map(len, others))


def test_the_manifest_has_what_an_upload_needs(workdir: Path) -> None:
    source = photo(workdir / "cup.png")
    chosen = recipe(source, caption="Blue mug", attributes={"colour": "blue"}, prompt="oak table, unicorns")
    outcome, _ = make(workdir / "run", chosen)
    row = rows(workdir / "run")[0]
    ad = workdir / "run" / row["path"]
    assert (row["title"], row["attributes"], row["photo"]) == ("Blue mug", {"colour": "blue"}, "cup.png")
    assert row["photo_sha256"] == files.digest(source) and row["bytes"] == ad.stat().st_size
    assert row["alt"] == "Blue mug. Setting: oak table" and row["size"] == [96, 80]
    assert outcome.result["ads"][0]["id"] == row["id"] == read_ad_id(ad)
    assert row["id"] in (workdir / "run" / "report.html").read_text()


def test_an_alternative_text_is_short_and_true() -> None:
    product = Product("blue-mug", Path("x.png"))
    assert alt_text(product, "", []) == "blue mug"
    text = alt_text(product, "oak, a glass sphere; UNICORNS dance", ["unicorn", "glass_sphere"])
    assert text == "blue mug. Setting: oak"
    assert len(alt_text(product, "very long words, " * 60, [])) <= LONGEST


def test_a_run_of_an_earlier_caig_is_resumed(workdir: Path) -> None:
    """Its files have no id in their names, and its rows none of the new values."""
    chosen = recipe(photo(workdir / "cup.png"))
    make(workdir / "run", chosen)
    manifest, ads = workdir / "run" / "manifest.jsonl", workdir / "run" / "ads"
    old = []
    for row in rows(workdir / "run"):
        path = f"ads/cup-{row['index'] + 1}.png"
        (workdir / "run" / row["path"]).rename(workdir / "run" / path)
        new = ("id", "bytes", "title", "attributes", "alt", "photo", "photo_sha256")
        old.append({key: value for key, value in row.items() if key not in new} | {"path": path})
    manifest.write_text("".join(json.dumps(row) + "\n" for row in old))
    (ads / "cup-2.png").unlink()
    outcome, _ = make(workdir / "run", chosen, resume=True)
    assert sorted(path.name[:6] for path in ads.iterdir()) == ["cup-1.", "cup-2-"]
    assert [ad["id"] is None for ad in outcome.result["ads"]] == [True, False]


@pytest.mark.parametrize("cell", ["{id}", "Spring sale | {id} | story", "https://cdn.example/{ID}.jpg?w=9"])
def test_clicks_are_joined_by_the_id(workdir: Path, cell: str) -> None:
    """Two runs of one product: only the id tells their pictures apart, also where a file was renamed."""
    for name, seed in (("one", 1), ("two", 2)):
        source = photo(workdir / name / "cup.png", seed)
        make(workdir / name / "run", recipe(source))
    wanted = ad_file(workdir / "two" / "run", "cup-1")
    identifier = str(read_ad_id(wanted))
    value = cell.format(id=identifier, ID=identifier.upper())
    folders = [workdir / name / "run" / "ads" for name in ("one", "two")]
    found = PictureIndex(folders)
    assert Path(found.paths[found.match(value)]) == wanted
    wanted.rename(renamed := wanted.with_name("upload.png"))
    found = PictureIndex(folders)
    assert Path(found.paths[found.match(value)]) == renamed
