"""Shards of a catalogue: made apart, merged to the very files that one run makes."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from small_runs import catalogue, contents, generate

from caig_cli import cli
from caig_cli.data.shards import Shard, bucket, parse_shard
from caig_cli.generating import order


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one whole run and the same in four shards."""
    folder = tmp_path_factory.mktemp("shards")
    products = catalogue(folder / "catalogue")
    assert generate(products, folder / "whole") == 3
    codes = [generate(products, folder / f"part-{k}", "--shard", f"{k}/4") for k in range(4)]
    assert set(codes) <= {0, 3}
    return folder


def test_merged_shards_are_the_one_run(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [str(path) for path in sorted(made.glob("part-*"), reverse=True)]
    assert cli.run(["generate", "--product", "x", "--shard", "4/4"]) == 2
    assert "there is no shard 4/4" in capsys.readouterr().err
    assert cli.run(["merge", *parts, "--out", str(made / "merged"), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert len(told["ads"]) == 4 and {one["product"] for one in told["failed"]} >= {"p3"}
    whole, merged = contents(made / "whole"), contents(made / "merged")
    assert whole.keys() == merged.keys()
    assert [name for name in whole if whole[name] != merged[name]] == []
    counts = [json.loads((made / run / "run.json").read_text())["counts"] for run in ("whole", "merged")]
    assert counts[0] == counts[1]
    assert generate(made / "catalogue/products.jsonl", made / "merged", "--resume") == 3, (
        "it can be gone on with"
    )
    assert contents(made / "merged") == whole


def test_what_is_not_all_shards_is_refused(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [str(made / f"part-{k}") for k in range(4)]

    def refusal(*sources: str) -> str:
        assert cli.run(["merge", *sources, "--out", str(made / "none")]) == 2
        assert not (made / "none").exists()
        return capsys.readouterr().err

    assert "2 of 4 shards are not given: 0, 3" in refusal(*parts[1:3])
    assert "is shard 1/4, as" in refusal(*parts, parts[1])
    assert "is no shard but a whole run" in refusal(*parts, str(made / "whole"))
    assert "which is to be merged" in (
        cli.run(["merge", *parts, "--out", str(made)]) == 2 and capsys.readouterr().err
    )
    status = made / "part-2/run.json"
    text = status.read_text()
    status.write_text(text.replace('"done"', '"failed"'))
    assert "part-2: the run is not finished (failed)" in refusal(*parts)
    status.write_text(text)
    more = ["--seed", "3", "--shard", "3/4"]
    assert generate(made / "catalogue/products.jsonl", made / "other", *more) in (0, 3)
    assert "was made with another seed" in refusal(*parts[:3], str(made / "other"))


def test_runs_become_large_files(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    whole, out = made / "whole", made / "files"
    rows = [json.loads(line) for line in (whole / "manifest.jsonl").read_text().splitlines()]
    pictures = [(whole / row["path"]).read_bytes() for row in rows]
    assert cli.run(["merge", str(whole), "--out", str(out / "ads.parquet")]) == 0
    table = parquet.read_table(out / "ads.parquet").to_pylist()
    assert [one["image"]["bytes"] for one in table] == pictures
    assert [json.loads(one["manifest"]) for one in table] == rows and table[0]["prompt"] == rows[0]["prompt"]
    assert cli.run(["merge", str(whole), str(out / "ads.parquet")]) == 2
    assert cli.run(["merge", str(whole), str(out / "list.parquet"), "--no-pictures"]) == 0
    assert parquet.read_table(out / "list.parquet")["path"].to_pylist() == [row["path"] for row in rows]
    tars = ["--set", "merge.per_file=3", "--out", str(out / "ads-%05d.tar")]
    assert cli.run(["merge", *(str(made / f"part-{k}") for k in range(4)), *tars]) == 0
    found: dict[str, bytes] = {}
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as archive:
            names = archive.getnames()
            read = [archive.extractfile(name).read() for name in names]  # type: ignore[union-attr]
        assert names[:2] == ["000000000.json", "000000000.png"] and len(names) <= 6
        found |= {json.loads(read[k])["path"]: read[k + 1] for k in range(0, len(read), 2)}
    assert found == {row["path"]: data for row, data in zip(rows, pictures, strict=True)}
    capsys.readouterr()
    assert cli.run(["merge", str(made), str(out / "x.tar")]) == 2
    assert "holds no run of caig generate" in capsys.readouterr().err


def test_every_product_has_one_shard_whatever_the_catalogue() -> None:
    names = [f"product {k}" for k in range(600)]
    of = {name: [k for k in range(7) if Shard(k, 7).has(name)] for name in names}
    assert all(len(shards) == 1 for shards in of.values())
    sizes = np.bincount([shards[0] for shards in of.values()])
    assert sizes.min() > 60, "even enough"
    assert parse_shard("03/12") == Shard(3, 12)
    assert Shard(5, 9).has("mug") == (
        int.from_bytes(__import__("hashlib").sha256(b"mug").digest()[:8]) % 9 == 5
    )


def test_where_no_model_is_needed_none_is_loaded(tmp_path: Path) -> None:
    products = catalogue(tmp_path / "catalogue", 1)
    script = (
        "import sys, small_runs as t, pathlib as p; t.generate(*map(p.Path, sys.argv[1:]));"
        "print({'torch', 'transformers', 'peft', 'scipy.stats'} & set(sys.modules))"
    )
    given = [sys.executable, "-c", script, str(products), str(tmp_path / "run")]
    done = subprocess.run(given, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert any((tmp_path / "run/ads").glob("p0-1-*.png")) and done.stdout.endswith("set()\n")


def test_a_large_run_has_its_pictures_in_many_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    products = catalogue(tmp_path / "catalogue", 3)
    assert generate(products, tmp_path / "flat") == 3
    monkeypatch.setattr(order, "MOST_IN_A_FOLDER", 2)
    assert generate(products, tmp_path / "whole") == 3
    codes = [generate(products, tmp_path / f"part-{k}", "--shard", f"{k}/2") for k in range(2)]
    assert set(codes) <= {0, 3}
    assert cli.run(["merge", *(str(tmp_path / f"part-{k}") for k in range(2)), str(tmp_path / "merged")]) == 3
    whole = contents(tmp_path / "whole")
    assert whole == contents(tmp_path / "merged")
    name = next(name for name in whole if name.startswith("ads/") and "/p1-1-" in name)
    assert name.split("/")[1] == bucket("p1") and f"products/{bucket('p1')}/p1.png" in whole
    capsys.readouterr()
    again = ["generate", "--again", str(tmp_path / "whole" / name), "--seed", "5", "--quiet"]
    assert cli.run(again) == 3
    made = [path for path in capsys.readouterr().out.splitlines() if "/p1-2-" in path]
    assert len(made) == 1 and Path(made[0]).parent.name == bucket("p1") and Path(made[0]).is_file()
    flat = contents(tmp_path / "flat")
    (tmp_path / "flat" / next(name for name in flat if "/p1-1-" in name)).unlink()
    assert generate(products, tmp_path / "flat", "--resume") == 3, "a run of an earlier version goes on"
    after = contents(tmp_path / "flat")
    assert (
        f"products/{bucket('p1')}/p1.png" not in after and after["products/p1.png"] == flat["products/p1.png"]
    )
