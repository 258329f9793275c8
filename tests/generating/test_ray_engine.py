"""Ray's actors make the files that one run makes, in whatever order, and lose nothing with an actor."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image
from small_runs import catalogue, contents, generate

from caig_cli import cli
from caig_cli.errors import RunError
from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.order import OrderItem, make_order
from caig_cli.generating.ray_engine import AdActor, AdTask, Counts
from caig_cli.painters import Shot
from caig_cli.painters.fake import FakePainter
from caig_cli.recipe import resolve

arrow = pytest.importorskip("pyarrow")


def actor_of(products: Path, counts: Counts) -> tuple[AdActor, dict[str, Sequence[OrderItem]]]:
    """An actor without Ray, and a task of all products."""
    sets = ["generate.painter=fake", "judge.model=null", "generate.prompt=a table", "generate.n=1"]
    sets += ["generate.size=96x80", f"generate.product={products}"]
    recipe = resolve(GenerateRecipe, sets=sets)
    order = make_order(recipe)
    task = AdTask(recipe, replace(order, items=(), failed=()))
    return AdActor(task, counts.begin), {"item": order.items}


def test_a_poisoned_product_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint = FakePainter.paint

    def poisoned(self: FakePainter, shots: Sequence[Shot]) -> list[Image.Image]:
        if any(shot.prompt == "a brick wall, candles" for shot in shots):  # of every second product
            raise ZeroDivisionError("poison")
        return paint(self, shots)

    monkeypatch.setattr(FakePainter, "paint", poisoned)
    counts = Counts()
    actor, task = actor_of(catalogue(tmp_path / "c", 5), counts)
    rows = {row["product"]: row for row in actor(task).to_pylist()}
    assert list(rows) == [f"p{k}" for k in range(5)]
    assert rows["p1"]["error"] == "can't be made: poison" and rows["p1"]["image"] is None
    assert "transparent" in rows["p3"]["error"], "a photo that can't be used is told as in every run"
    assert rows["p0"]["error"] is None and rows["p0"]["image"]["bytes"][:4] == b"\x89PNG"
    for _ in range(2):
        counts.begin("p0")
    again = {row["product"]: row for row in actor(task).to_pylist()}
    assert "ended the process that made it 3 times" in again["p0"]["error"] and not again["p2"]["error"]


def test_what_breaks_all_products_is_no_products_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: FakePainter, shots: Sequence[Shot]) -> list[Image.Image]:
        raise ZeroDivisionError("the device is gone")

    monkeypatch.setattr(FakePainter, "paint", broken)
    products = catalogue(tmp_path / "c", 12)
    rows = [line for line in products.read_text().splitlines() if '"p3"' not in line]
    products.write_text("\n".join(rows))
    actor, task = actor_of(products, Counts())
    with pytest.raises(RunError, match="every product of a task fails: can't be made: the device is gone"):
        actor(task)


def kill_an_actor(stop: threading.Event, killed: list[int]) -> None:
    """Kill the first process that works as an actor."""
    while not stop.is_set():
        for one in psutil.Process().children(recursive=True):
            try:
                if "AdActor" in " ".join(one.cmdline()):
                    time.sleep(0.3)
                    one.kill()
                    killed.append(one.pid)
                    return
            except psutil.Error:
                continue
        time.sleep(0.02)


def test_two_actors_make_what_one_run_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_worker_niceness", "0")  # a busy machine would not let them work at all
    ray = pytest.importorskip("ray")
    products = catalogue(tmp_path / "c", 14)
    assert generate(products, tmp_path / "whole") == 3
    given = ["--engine", "ray", "--set", "ray.actors=2", "--set", "ray.products_per_task=2"]
    stop, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_an_actor, args=(stop, killed))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        killer.start()
        address = ["--product", f"file://{products}"]  # an object store: its photos are fetched
        assert generate(products, tmp_path / "ray", *given, *address) == 3
        stop.set()
        assert killed, "an actor was ended on the way"
        parts = sorted((tmp_path / "ray/parts").glob("*.parquet"))
        told = Counter(row["product"] for part in parts for row in arrow.parquet.read_table(part).to_pylist())
        names = [*(f"p{k}" for k in range(14)), "gone"]
        assert told == Counter(names), "nothing is lost, nothing is there twice"
        parts[0].unlink()
        parts[1].write_bytes(parts[1].read_bytes()[:-9])  # torn by a kill
        assert cli.run(["generate", "--resume", "--out", str(tmp_path / "ray"), "--quiet"]) == 3
    finally:
        stop.set()
        ray.shutdown()
    assert "is not whole" in capsys.readouterr().err
    assert cli.run(["merge", str(tmp_path / "ray"), "--out", str(tmp_path / "merged"), "--quiet"]) == 3
    whole, merged = contents(tmp_path / "whole"), contents(tmp_path / "merged")
    assert [name for name in whole if name.startswith("ads/") and merged.get(name) != whole[name]] == []
    same = ("manifest.jsonl", "products/photos.jsonl")
    assert [name for name in same if whole[name] != merged[name]] == []
    failed = [[json.loads(line)["product"] for line in run["failed.jsonl"].splitlines()]
              for run in (whole, merged)]  # fmt: skip
    assert len(failed[0]) == len(failed[1])
