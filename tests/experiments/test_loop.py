"""The commands of docs/loop.md, read from the page and run in its order, with models of two layers and a
painter of gradients: what each command hands to the next is real."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_mllm import make_tiny
from tiny_rewards import make_reward

from caig_cli.cli import run
from caig_cli.experiments.plan_file import read_plan

PAGE = Path(__file__).parents[2] / "docs" / "loop.md"

SMALLER = {
    "market": ["market.photo_size=96", "market.dialogues_per_product=0"],
    "generate": ["generate.painter=fake", "writer.max_new_tokens=8"],
    "train-rm": ["optim.steps=2"],
    "pcpo": ["painter.name=fake", "painter.size=64x64", "writer.max_new_tokens=8", "eval.products=1",
             "eval.prompts=2", "pcpo.min_margin=0", "policy.lora.rank=4"],
}  # fmt: skip
"""Recipe values that make a command quick."""

STEPS = (
    "market, generate, generate, deliver, deliver, feed, experiment plan, experiment simulate, "
    "experiment plan, experiment simulate, experiment read, pairs, train-rm, pcpo, generate"
)
"""What the page has to go through."""


def commands(folder: Path) -> list[list[str]]:
    """The arguments of each command of the page, the shipped models replaced by those of a folder."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    text = "\n".join(blocks).replace("\\\n", " ")
    text = text.replace("-n 2 --candidates 4", "-n 1 --candidates 3").replace("-n 2", "-n 1")
    text = text.replace("--base embedded", f"--base {folder / 'base'}")
    text = text.replace("--base heldout", f"--base {folder / 'other'}")
    found = []
    for line in filter(None, text.splitlines()):
        arguments = shlex.split(line)[1:]
        name = arguments[0]
        more = [word for value in SMALLER.get(name, []) for word in ("--set", value)]
        if name == "generate" and "writer.model" not in line:
            more += ["--set", f"writer.model={folder / 'base'}", "--judge", str(folder / "judge")]
        found.append([*arguments, *more, "--device", "cpu", "--threads", "1", "--quiet"])
    return found


def test_the_loop_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tiny().save(tmp_path / "base", torch.float32)
    make_reward(tmp_path / "judge", "mllm", tmp_path / "base")
    facts = json.loads((tmp_path / "judge" / "reward.json").read_text())
    (tmp_path / "judge" / "reward.json").write_text(json.dumps(facts | {"ctr_log_spread": 0.3}))
    make_reward(tmp_path / "other", "vam", tmp_path / "base", seed=3)
    monkeypatch.chdir(tmp_path)
    turn = commands(tmp_path)
    assert ", ".join(" ".join(words[: 1 + (words[0] == "experiment")]) for words in turn) == STEPS
    for arguments in turn:
        assert run(arguments) == 0, arguments
    plan = read_plan(Path("runs/plan2"))
    assert len(plan.periods) == 2 and all(ad.score is not None for ad in plan.ads)
    assert {arm.model for arm in plan.arms} == {str(tmp_path / "base")}
    found = json.loads(Path("runs/read/results.json").read_text())
    assert found["verdict"] and found["days"] == ["2026-12-01", "2026-12-02"]
    assert not found["unplanned_impressions"] and not found["unknown_impressions"]
    made = {f"runs/{one}-files/{row['path']}" for one in ("plain", "judged")
            for row in rows(f"runs/{one}-files/manifest.jsonl")}  # fmt: skip
    pairs = rows("pairs.jsonl")
    assert pairs and {pair[side] for pair in pairs for side in ("left", "right")} <= made
    assert {(pair["item"], pair["category"]) for pair in pairs} <= {
        (product.id, product.category) for product in plan.products if product.category
    }
    assert len(rows("runs/next/manifest.jsonl")) == len(plan.products) == 6
    assert len(Path("lifestyle.tsv").read_text().splitlines()) == 7


def rows(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]
