"""Public sets in the layouts of their authors' READMEs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from caig_cli.data.dialogues import read_dialogues
from caig_cli.data.products import read_products
from caig_cli.errors import DataError
from caig_cli.mllm.questions import OURS


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "jfs" / "t1").mkdir(parents=True)
    for name in ("jfs/t1/mug.png", "lamp.png", "10025762562081.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    return folder


def test_lines_of_autopp_teach_the_description_of_each_product_that_is_there(
    tmp_path: Path, pictures: Path
) -> None:
    file = tmp_path / "generation.csv"
    file.write_text(
        "jfs/t1/ad1.jpg,jfs/t1/mug.png,jfs/t1/g1.png,A wooden table, soft light, leaves behind\n"
        "jfs/t1/ad2.jpg,http://img30.360buyimg.com/sku/jfs/t2/lamp.png,jfs/t1/g2.png,A grey wall\n"
        "jfs/t1/ad3.jpg,jfs/t1/gone.png,jfs/t1/g3.png,A beach\n"
        "jfs/t1/ad4.jpg,jfs/t1/mug.png,jfs/t1/g4.png,\n"
    )
    told: list[str] = []
    found = read_dialogues(file, images=pictures, ask=OURS.ask, notify=told.append)
    assert [d.turns[1].text for d in found] == ["A wooden table, soft light, leaves behind", "A grey wall"]
    assert [d.image for d in found] == [pictures / "jfs/t1/mug.png", pictures / "lamp.png"]
    assert found[0].turns[0].text.startswith("<image>\n")
    assert "1 records are left out: their picture is not there" in told[0]
    assert "1 records are left out: they have no description" in told[0]


def test_a_file_of_other_lines_or_without_pictures_is_refused(tmp_path: Path, pictures: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("question,answer\nwhat,this\n")
    with pytest.raises(DataError, match=r"other\.csv:1: dialogues are a \.json"):
        read_dialogues(file, images=pictures)
    file.write_text("a/ad.jpg,a/gone.png,a/g.png,A beach\n")
    with pytest.raises(DataError, match=r"1 records are left out: their picture.*--images"):
        read_dialogues(file, images=pictures)


@pytest.mark.parametrize("name", ["chosen_conversation", "chosen_conversations"])
def test_preferences_teach_what_was_chosen(tmp_path: Path, pictures: Path, name: str) -> None:
    def talk(answer: str) -> list[dict[str, str]]:
        return [{"from": "human", "value": "<image>\nDesign it."}, {"from": "gpt", "value": answer}]

    row = {"id": "10025762562081", "image": "data/trans_img/10025762562081.png", name: talk("A desk."),
           name.replace("chosen", "reject"): talk("A cellar.")}  # fmt: skip
    file = tmp_path / "idpo_all_samples.json"
    file.write_text(json.dumps([row]))
    (one,) = read_dialogues(file, images=pictures)
    assert (one.id, one.image) == ("10025762562081", pictures / "10025762562081.png")
    assert [turn.text for turn in one.turns] == ["<image>\nDesign it.", "A desk."]
    file.write_text(json.dumps([{**row, name: "A desk."}]))
    with pytest.raises(DataError, match="must be a list of turns"):
        read_dialogues(file, images=pictures)


def test_pad1m_is_read_as_dialogues_and_as_products(tmp_path: Path, pictures: Path) -> None:
    row = {"f_path": "/export/rgb/lamp.png", "f_path_trans": "/export/trans/lamp.png", "width": 512,
           "caption": "A bright room with plants", "cid3_english_name": "object", "sku_title_cn": "Desk lamp",
           "word_list": "dimmable, LED", "ref_exps": [[0, 0, 0, 0]], "history_titles": ["Pen"]}  # fmt: skip
    file = tmp_path / "test.json"
    file.write_text(json.dumps([row]))
    (one,) = read_dialogues(file, images=pictures, ask=OURS.ask)
    assert one.image == pictures / "lamp.png"
    assert one.turns[1].text == "A bright room with plants"
    assert "Desk lamp" in one.turns[0].text and "LED" in one.turns[0].text
    file.write_text(json.dumps([{**row, "f_path_trans": "pictures/lamp.png"}]))
    (product,), failed = read_products(file)
    assert not failed
    assert (product.caption, product.image) == ("Desk lamp", tmp_path / "pictures/lamp.png")
    assert product.attributes == {"selling points": "dimmable, LED"}
