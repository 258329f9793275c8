"""Preferences for other trainers: the very words, pictures and probabilities, in their layouts."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from caig_cli.pcpo.preference_files import hugging_face_file, official
from caig_cli.records import Preference, Product


def test_hugging_faces_layout(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    Image.new("RGB", (8, 6), (200, 30, 30)).save(tmp_path / "mug.png")
    mug = Product("mug", tmp_path / "mug.png", "a mug")
    found = [
        Preference("mug-1-2", mug, "on oak", "on ice", 0.7),
        Preference("mug-3-1", mug, "in sun", "on oak"),
    ]
    table = parquet.read_table(
        arrow.BufferReader(hugging_face_file(found, lambda one: f"what suits {one.id}?"))
    )
    assert table.column_names[:4] == ["images", "prompt", "chosen", "rejected"]
    rows = table.to_pylist()
    assert rows[0]["images"] == [{"bytes": mug.image.read_bytes(), "path": "mug.png"}]
    asked = [{"type": "image", "text": None}, {"type": "text", "text": "what suits mug-1-2?"}]
    assert rows[0]["prompt"] == [{"role": "user", "content": asked}]
    for name, words in (("chosen", "on oak"), ("rejected", "on ice")):
        assert rows[0][name] == [{"role": "assistant", "content": [{"type": "text", "text": words}]}]
    assert [row["p_chosen"] for row in rows] == [0.7, 1.0]
    conversation = official(found[0], "what?")["chosen_conversations"]
    assert conversation == [{"from": "human", "value": "<image>\nwhat?"}, {"from": "gpt", "value": "on oak"}]
