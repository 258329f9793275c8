"""Pairs of ads: the three layouts as they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from caig_cli.data.pairs import read_pairs
from caig_cli.errors import DataError
from caig_cli.records import Creative, Pair


def ad(path: Path, colour: str = "red", size: tuple[int, int] = (32, 32)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def write_rows(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


OWN: dict[str, Any] = {
    "id": "p1", "item": "mug", "left": "a.png", "right": "b.png",
    "left_impressions": 2000, "left_clicks": 100, "left_ctr": 0.05,
    "right_impressions": 1000, "right_clicks": 60, "right_ctr": 0.06,
    "target": "right", "p_left": 0.13, "p_observed_left": 0.2, "caption": "A mug",
    "attributes": {"colour": "red"}, "category": "mugs",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, colour in (("a.png", "red"), ("b.png", "blue"), ("both.png", "green")):
        ad(tmp_path / name, colour)
    return tmp_path


def test_our_layout_is_read_whole(folder: Path) -> None:
    pairs, failures = read_pairs(write_rows(folder / "pairs.jsonl", OWN))
    left, right = (
        Creative(folder / "a.png", 2000, 100, 0.05),
        Creative(folder / "b.png", 1000, 60, 0.06),
    )
    expected = Pair("p1", "mug", left, right, "right", 0.13, 0.2, "A mug", {"colour": "red"}, "mugs")
    assert (pairs, failures) == ([expected], [])


def test_all_but_four_fields_may_be_absent(folder: Path) -> None:
    bare = {key: OWN[key] for key in ("id", "item", "left", "right")}
    nulls = dict.fromkeys(OWN, None) | bare | {"id": "p2"}
    pairs, failures = read_pairs(write_rows(folder / "pairs.jsonl", bare, nulls))
    assert not failures and pairs[0] == Pair(
        "p1", "mug", Creative(folder / "a.png"), Creative(folder / "b.png")
    )
    assert (pairs[1].target, pairs[1].left.ctr, pairs[1].attributes) == (None, None, {})


def test_official_layouts_are_read_as_they_are(folder: Path) -> None:
    question = "Which part of the image is more appealing?"
    test_set = [{"question": f"<image>\n{question}", "image": "both.png", "target": "left"}] * 2
    (folder / "test.json").write_text(json.dumps(test_set))
    (one, two), failures = read_pairs(folder / "test.json")
    assert not failures and (one.target, one.question) == ("left", question)
    assert (one.id, two.id) == ("1", "2"), "a whole file may be one line"
    assert [(c.image.name, c.half) for c in (one.left, one.right)] == [
        ("both.png", "left"),
        ("both.png", "right"),
    ]

    turns = [{"from": "human", "value": f"<image>\n{question}"}, {"from": "gpt", "value": "Right"}]
    built = {"id": "0_0", "image": "pairs/0_0.png", "left_ctr": 0.05, "right_ctr": 0.053}
    built |= {"conversations": turns, "target": "right"}
    ad(folder / "elsewhere/pairs/0_0.png")
    (folder / "train.json").write_text(json.dumps([built]))
    (one,), failures = read_pairs(folder / "train.json", images=folder / "elsewhere")
    assert not failures and (one.id, one.item, one.question) == ("0_0", "0_0", question)
    assert (one.left.ctr, one.right.ctr, one.target) == (0.05, 0.053, "right")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"left": "../a.png"}, "left: '../a.png' lies outside the folder of the data"),
        ({"right": "c.png"}, "right: 'c.png' does not exist"),
        ({"right": None}, "right: is missing"),
        ({"id": None}, "id: is missing"),
        ({"target": "up"}, "target: is 'up'; write left or right"),
        ({"target": 1}, "target: is 1; write left or right"),
        ({"p_left": float("nan")}, "p_left: nan is not between 0 and 1"),
        ({"q": 0.2}, "q: is called p_observed_left now; rename it, or make the pairs again"),
        ({"p_observed_left": 1.5}, "p_observed_left: 1.5 is not between 0 and 1"),
        ({"left_ctr": "0.05"}, "left_ctr: must be a number, is text"),
        ({"left_clicks": 2001}, "left_clicks: 2001 clicks on 2000 impressions"),
        ({"left_impressions": None}, "left_clicks: 100 clicks on 0 impressions"),
        ({"right_impressions": -5}, "right_impressions: -5 is not a count"),
        ({"right_impressions": 10**400}, "a number of 401 digits"),
        ({"right_clicks": float("inf")}, "right_clicks: inf is not a count"),
        ({"attributes": ["red"]}, "attributes: must be an object, is a list"),
    ],
)  # fmt: skip
def test_a_bad_record_is_one_line_and_spares_the_others(
    folder: Path, change: dict[str, Any], complaint: str
) -> None:
    file = write_rows(folder / "pairs.jsonl", OWN | change, OWN | {"id": "p2"})
    pairs, failures = read_pairs(file)
    assert [pair.id for pair in pairs] == ["p2"]
    assert [failure.error for failure in failures] == [failures[0].error]
    assert failures[0].error.startswith(f"{file}:1:") and complaint in failures[0].error


def test_more_bad_records(folder: Path) -> None:
    file = write_rows(folder / "pairs.jsonl", OWN, OWN, {"id": "p3"}, {"image": "both.png"}, [1])
    pairs, failures = read_pairs(file)
    assert len(pairs) == 1
    for failure, text in zip(failures, ("line 1", "neither", "target: is missing", "an object"), strict=True):
        assert text in failure.error


def test_unusable_files(folder: Path) -> None:
    for name, text, complaint in (
        ("none.jsonl", None, "no such file"),
        ("pairs.csv", "id", "must be a .json, .jsonl or .parquet file"),
        ("empty.json", "[]", "no pairs"),
        ("blank.jsonl", " ", "empty"),
    ):
        if text is not None:
            (folder / name).write_text(text)
        with pytest.raises(DataError, match=complaint):
            read_pairs(folder / name)
