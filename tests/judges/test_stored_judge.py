"""Which judges go with which: the second one of a judge, and the one that a prompt model learnt from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caig_cli.generating.config import GenerateRecipe
from caig_cli.generating.order import make_order
from caig_cli.judges import stored_judge
from caig_cli.judges.stored_judge import heldout_of, judge_for, keep_judge


def judge(folder: Path, *, second: bool = False) -> Path:
    folder.mkdir(parents=True)
    (folder / "reward.json").write_text("{}")
    (folder / "weights.safetensors").write_bytes(b"0" * 100)
    if second:
        judge(folder / "second")
    return folder


def test_the_second_judge_of_a_judge_watches(tmp_path: Path) -> None:
    alone, both = str(judge(tmp_path / "alone")), str(judge(tmp_path / "both", second=True))
    assert heldout_of(both, "auto") == f"{both}/second"
    assert (
        heldout_of(alone, "auto")
        == heldout_of("embedded", "auto")
        == heldout_of("random", "auto")
        == "heldout"
    )
    assert heldout_of(both, alone) == alone and heldout_of(both, None) is None


def test_an_adapter_keeps_the_judge_that_trained_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, named, none = tmp_path / "adapter", tmp_path / "named", tmp_path / "none"
    for folder in (adapter, named, none):
        folder.mkdir()
    mine = judge(tmp_path / "mine", second=True)
    keep_judge(str(mine), adapter)
    assert judge_for("auto", str(adapter)) == str(adapter / "judge")
    assert sorted(p.name for p in (adapter / "judge").iterdir()) == ["reward.json", "weights.safetensors"]
    keep_judge("embedded", named)
    assert json.loads((named / "judge.json").read_text()) == {"judge": "embedded"}
    keep_judge("org/judge@abc", named)
    assert judge_for("auto", str(named)) == "org/judge@abc"
    keep_judge("random", none)
    assert (
        not list(none.iterdir())
        and judge_for("auto", str(none)) == judge_for("auto", "embedded") == "embedded"
    )
    assert judge_for("embedded", str(adapter)) == "embedded" and judge_for(None, str(adapter)) is None
    monkeypatch.setattr(stored_judge, "LARGE", 10)
    keep_judge(str(mine), none)
    assert judge_for("auto", str(none)) == str(mine), "a large one is named, not copied"


def test_generate_ranks_with_the_judge_of_the_prompt_model(tmp_path: Path) -> None:
    from test_generate import photo

    adapter = tmp_path / "adapter"
    adapter.mkdir()
    keep_judge(str(judge(tmp_path / "mine")), adapter)
    tree = {"generate": {"product": photo(tmp_path / "p.png")}, "writer": {"model": str(adapter)}}
    order = make_order(GenerateRecipe.model_validate(tree))
    assert order.judge == str(adapter / "judge") and order.origin["judge"] == "of adapter"
    chosen = make_order(GenerateRecipe.model_validate(tree | {"judge": {"model": "embedded"}}))
    assert chosen.judge == "embedded"
