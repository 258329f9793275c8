"""Write beside, then rename: what fails or is killed leaves what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from caig_cli.engine.replacing import beside, replaced_file, replaced_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_folder_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with replaced_folder(tmp_path / "model") as partial:
            (partial / text).write_text(text)
        assert names(tmp_path) == ["model", text]
    with pytest.raises(RuntimeError), replaced_folder(tmp_path / "model") as partial:
        (partial / "half").write_text("half")
        raise RuntimeError
    assert names(tmp_path) == ["model", "new"]


def test_a_kill_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    partial, old = beside(folder)
    old.mkdir()
    (old / "old").write_text("")
    partial.mkdir()
    (partial / "half").write_text("")
    with pytest.raises(RuntimeError), replaced_folder(folder):
        raise RuntimeError
    assert names(tmp_path) == ["model", "old"]


def test_a_file_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ads.tar"
    with replaced_file(path) as partial:
        partial.write_text("old")
    with pytest.raises(RuntimeError), replaced_file(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and names(path.parent) == ["ads.tar"]
