"""The run folder survives kills, is locked, and is never lost by accident."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caig_cli.engine import digests, files, run_dir
from caig_cli.engine.row_file import Mapped, RowFile
from caig_cli.engine.run_dir import RunDir, latest, read_status
from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe


class DemoRecipe(Recipe):
    """A recipe with a speed knob."""

    workers: int = 1
    """Processes."""

    size: int = 3
    """A size."""


def test_a_run_explains_itself(tmp_path: Path) -> None:
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe(seed=4)) as run:
        assert read_status(run.path) == "running"
        run.metrics(1, {"loss": float("nan"), "lr": 0.5})
        run.count("ads", 2)
        with run.timed("painting"):
            pass
    facts = json.loads((tmp_path / "run/run.json").read_text())
    assert (facts["command"], facts["status"], facts["counts"]) == ("demo", "done", {"ads": 2})
    assert "painting" in facts["timings"] and facts["peak_memory_mb"]["resident"] > 0
    assert "seed: 4" in (tmp_path / "run/recipe.yaml").read_text()
    assert json.loads((tmp_path / "run/env.json").read_text())["packages"]["numpy"] == np.__version__
    assert run.read_jsonl("metrics.jsonl") == [{"step": 1, "loss": None, "lr": 0.5}]


def test_status_of_a_failed_and_of_an_interrupted_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="odd"), RunDir.open(tmp_path / "a", "demo", DemoRecipe()):
        raise ValueError("odd")
    with pytest.raises(KeyboardInterrupt), RunDir.open(tmp_path / "b", "demo", DemoRecipe()):
        raise KeyboardInterrupt
    assert json.loads((tmp_path / "a/run.json").read_text())["error"] == "odd"
    assert "test_run_dir" in "".join(json.loads((tmp_path / "a/run.json").read_text())["trace"])
    assert (read_status(tmp_path / "a"), read_status(tmp_path / "b")) == ("failed", "interrupted")


def test_a_run_that_made_nothing_leaves_its_folder_free(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(UsageError), RunDir.open(path, "demo", DemoRecipe(size=9)) as run:
        run.write_text("shown/page.html", "why")
        run.made_nothing()
        raise UsageError("nothing to use")
    (path / "mine.txt").write_text("mine")
    assert read_status(path) == "empty"
    with RunDir.open(path, "demo", DemoRecipe()):
        assert not (path / "shown").exists() and (path / "mine.txt").is_file()
    with pytest.raises(UsageError), RunDir.open(tmp_path / "early", "demo", DemoRecipe()):
        raise UsageError("a mistake before anything was made")
    with RunDir.open(tmp_path / "early", "demo", DemoRecipe()):
        pass
    with pytest.raises(UsageError), RunDir.open(tmp_path / "late", "demo", DemoRecipe()) as run:
        run.write_text("weights.bin", "made")
        raise UsageError("a mistake after something was made")
    assert read_status(tmp_path / "late") == "failed"


def test_a_finished_run_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with RunDir.open(path, "demo", DemoRecipe()) as run:
        run.write_text("ads/a.txt", "a")
    with pytest.raises(UsageError, match=r"holds a run \(done\).*--resume.*--overwrite"):
        RunDir.open(path, "demo", DemoRecipe())
    with RunDir.open(path, "demo", DemoRecipe(), resume=True):
        assert (path / "ads/a.txt").is_file()
    with RunDir.open(path, "demo", DemoRecipe(), overwrite=True):
        assert not (path / "ads").exists()


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/mine.png").write_bytes(b"x")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is not empty and holds no run"):
            RunDir.open(tmp_path / "photos", "demo", DemoRecipe(), overwrite=overwrite)
    with pytest.raises(UsageError, match="is a file"):
        RunDir.open(tmp_path / "photos/mine.png", "demo", DemoRecipe())
    for switch in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(UsageError, match="is not empty and holds no run"):
            RunDir.open(tmp_path / "photos", "demo", DemoRecipe(), **switch)
    with RunDir.open(tmp_path / "new", "demo", DemoRecipe(), resume=True):
        assert read_status(tmp_path / "new") == "running"  # a scheduler may always say --resume
    with pytest.raises(UsageError, match="cannot be made: Not a directory"):
        RunDir.open(tmp_path / "photos/mine.png/run", "demo", DemoRecipe())
    assert (tmp_path / "photos/mine.png").read_bytes() == b"x"


def test_resume_wants_the_same_recipe(tmp_path: Path) -> None:
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe()):
        pass
    with pytest.raises(UsageError, match="was made with another seed, size"):
        RunDir.open(tmp_path / "run", "demo", DemoRecipe(seed=1, size=4), resume=True)
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe(workers=2), resume=True):
        pass


def test_inputs_are_remembered_by_their_bytes(tmp_path: Path) -> None:
    recipe, log, photo = DemoRecipe(), tmp_path / "log.csv", tmp_path / "photo.png"
    log.write_text("a,1\n"), photo.write_bytes(b"12")
    told: list[str] = []

    def start(*files: Path, **how: bool) -> None:
        with RunDir.open(tmp_path / "run", "demo", recipe, **how) as run:
            run.remember("data", files, told.append)
            run.write_text("work.txt", "done")

    start(log, photo)
    start(log, photo, resume=True)
    log.write_text("a,2\n")  # as many bytes, other ones
    photo.unlink()
    with pytest.raises(UsageError, match=r"log\.csv has changed, .*photo\.png is gone; .*--accept-changed"):
        start(log, photo, resume=True)
    assert not told, "nothing is done with other inputs than the run began with"
    start(log, photo, resume=True, accept_changed=True)
    assert [line.rsplit("/", 1)[1] for line in told] == ["log.csv has changed", "photo.png is gone"]
    start(log, photo, resume=True)
    assert len(told) == 2, "what was accepted is what the run knows now"


def test_large_weights_are_told_apart_by_stripes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "WHOLE", 1000)
    monkeypatch.setattr(digests, "STRIPE", 100)
    path, other = tmp_path / "model.safetensors", tmp_path / "tokenizer.json"
    path.write_bytes(bytes(20_000)), other.write_bytes(b"{}")
    assert digests.model_files(["embedded", str(tmp_path)]) == [path, other]
    before = digests.digests([path], whole=False)
    for damaged in (bytes(19_999) + b"1", b"1" + bytes(19_999), bytes(20_001)):
        path.write_bytes(damaged)
        assert digests.digests([path], whole=False) != before


def test_a_failed_check_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with RunDir.open(path, "demo", DemoRecipe()):
        with pytest.raises(UsageError, match="in use by process"):
            RunDir.open(path, "demo", DemoRecipe(), overwrite=True)
        assert read_status(path) == "running"
    with pytest.raises(UsageError, match="another size"):
        RunDir.open(path, "demo", DemoRecipe(size=9), resume=True)
    with RunDir.open(path, "demo", DemoRecipe(), resume=True):
        pass


def test_names_without_out(workdir: Path) -> None:
    names = []
    for _ in range(2):
        with pytest.raises(ValueError), RunDir.open(None, "demo", DemoRecipe()) as run:
            names.append(run.path)
            raise ValueError
    assert names[0] != names[1]
    assert all(name.parent == workdir / "runs" for name in names)
    found = latest("demo")
    assert found is not None and found.absolute() in names
    with RunDir.open(None, "demo", DemoRecipe(), resume=True) as run:
        assert run.path == found.absolute()
    assert latest("demo") != found


def test_followers_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe()) as run:
        run.append_jsonl("a.jsonl", {"a": 1})
        run.write_text("b.txt", "b")
    assert not (tmp_path / "run").exists()


def test_a_torn_line_is_dropped_and_healed(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    files.append_lines(path, [{"n": 1}])
    with path.open("ab") as stream:
        stream.write(b'{"n": 2')
    assert files.read_lines(path) == [{"n": 1}]
    files.append_lines(path, [{"n": 3}])
    assert files.read_lines(path) == [{"n": 1}, {"n": 3}]
    path.write_bytes(b"x" * 200_000)
    files.append_lines(path, [{"n": 4}])
    assert files.read_lines(path) == [{"n": 4}]


def test_rewound_metrics(tmp_path: Path) -> None:
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe()) as run:
        for step in range(1, 6):
            run.metrics(step, {"loss": 1.0})
        run.rewind_metrics(3)
        assert [row["step"] for row in run.read_jsonl("metrics.jsonl")] == [1, 2, 3]


def test_png_bytes_are_reproducible(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3))
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe()) as run:
        one = run.save_png("a.png", image, {"prompt": "été 木", "seed": "3"}).read_bytes()
        two = run.save_png("b.png", image, {"seed": "3", "prompt": "été 木"}).read_bytes()
    assert one == two
    with Image.open(tmp_path / "run/a.png") as again:
        assert again.text == {"prompt": "été 木", "seed": "3"}  # type: ignore[attr-defined]
        assert again.tobytes() == image.tobytes()


WRITER = """
import sys
from pathlib import Path
from caig_cli.engine.run_dir import RunDir
from caig_cli.recipe import Recipe

class DemoRecipe(Recipe):
    pass

resume = Path(sys.argv[1]).exists()
with RunDir.open(Path(sys.argv[1]), "demo", DemoRecipe(), resume=resume) as run:
    done = len(run.read_jsonl("rows.jsonl"))
    for n in range(done, 100_000):
        run.write_bytes(f"item-{n % 7}.bin", bytes([n % 251]) * 5000)
        run.append_jsonl("rows.jsonl", {"n": n, "text": "x" * (n % 97) * 40})
"""


def test_killed_at_random_moments_nothing_is_lost_or_doubled(tmp_path: Path, root: Path) -> None:
    """Ten kills without warning; after each, the rows are 0, 1, 2, ... and every file is whole."""
    path, chance, seen = tmp_path / "run", random.Random(1), 0
    for _ in range(10):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=root)
        try:
            _wait_for_rows(path / "rows.jsonl", seen)
            time.sleep(chance.uniform(0.0, 0.05))
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        rows = [row["n"] for row in files.read_lines(path / "rows.jsonl")]
        assert rows == list(range(len(rows))) and len(rows) > seen
        seen = len(rows)
        for item in path.glob("item-*.bin"):
            data = item.read_bytes()
            assert len(data) == 5000 and len(set(data)) == 1
        assert read_status(path) == "running"
    files.remove_temporaries(path)
    assert {p.suffix for p in path.iterdir()} == {".bin", ".jsonl", ".json", ".yaml", ""}


def test_many_rows_share_one_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []
    table = tmp_path / "run/rows.jsonl"
    monkeypatch.setattr(files, "sync_disk", lambda folder: waits.append(len(files.read_lines(table))))
    monkeypatch.setattr(run_dir, "SYNC_S", 1e9)
    with RunDir.open(tmp_path / "run", "demo", DemoRecipe()) as run:
        for n in range(run_dir.SYNC_ROWS + 10):
            run.write_bytes(f"{n}.bin", b"x", sync=False)
            run.append_later("rows.jsonl", {"n": n})
        assert len(files.read_lines(table)) == run_dir.SYNC_ROWS, "a row is there when its file is on disk"
        run.append_later("other.jsonl", {"n": 0})
        assert len(run.read_jsonl("rows.jsonl")) == run_dir.SYNC_ROWS + 10, "who reads gets all"
        run.append_later("rows.jsonl", {"n": -1})
    assert waits == [0, run_dir.SYNC_ROWS, run_dir.SYNC_ROWS + 10]
    assert (
        files.read_lines(table)[-1] == {"n": -1} and len(files.read_lines(tmp_path / "run/other.jsonl")) == 1
    )


def test_rows_of_a_file_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    files.append_lines(path, [{"n": 0, "text": "ä"}, {"n": 1}, {"n": 2}])
    places = np.array([place[1:] for place, _ in files.placed_lines(path)])
    rows = RowFile(path, places[[2, 0]])
    assert (
        list(rows) == [{"n": 2}, {"n": 0, "text": "ä"}] and rows[1]["text"] == "ä" and rows[:1] == [{"n": 2}]
    )
    doubled = Mapped(lambda row: 2 * row["n"], rows)
    pieces = "".join(files.json_pieces({"rows": doubled, "none": RowFile(path, places[:0]), "x": {"y": [1]}}))
    assert json.loads(pieces) == {"rows": [4, 0], "none": [], "x": {"y": [1]}}


def _wait_for_rows(path: Path, more_than: int) -> None:
    deadline = time.monotonic() + 60
    while len(files.read_lines(path)) <= more_than:
        assert time.monotonic() < deadline
        time.sleep(0.02)
