"""The launchers of docs/scale.md give each machine its own shard: files are read, commands are run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

PAGE = (Path(__file__).parents[1] / "docs" / "scale.md").read_text()
STAND_INS = """
caig() { [ $1 = generate ] && printf '%s\\n' "$@" > told.$$; [ $1 = merge ] || return ${CODE:-3}; }
hf() { shift $(($# - 1)); case $1 in *caig*) eval "$1";; esac; }
aws() { :; }
"""
"""What the commands do here: ``caig`` keeps what it was told and ends as a run with failures does."""


def block(heading: str) -> str:
    """The code block under a heading."""
    found = re.search(rf"### {re.escape(heading)}\n.*?```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, heading
    return found[1]


def shell(heading: str) -> str:
    """The commands that a launcher runs on a machine."""
    text = block(heading)
    if heading == "SkyPilot":
        return str(yaml.safe_load(text)["run"])
    if heading == "Kubernetes":
        job = yaml.safe_load(text)["spec"]
        assert job["completionMode"] == "Indexed" and job["completions"] == 100
        return str(job["template"]["spec"]["containers"][0]["command"][2])
    return text


@pytest.mark.parametrize(
    ("heading", "variables", "shard"),
    [
        ("Slurm", "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=100 SLURM_CPUS_PER_TASK=4", "7/100"),
        ("Kubernetes", "JOB_COMPLETION_INDEX=42", "42/100"),
        ("SkyPilot", "SKYPILOT_NODE_RANK=3 SKYPILOT_NUM_NODES=8", "3/8"),
        ("Hugging Face Jobs", "", "7/8"),
    ],
)
def test_a_launcher_names_the_machines_shard(
    tmp_path: Path, heading: str, variables: str, shard: str
) -> None:
    def run(code: int) -> int:
        env = dict(word.split("=") for word in variables.split()) | {"CODE": str(code)}
        script = f"{STAND_INS}\n{shell(heading)}"
        return subprocess.run(["bash", "-c", script], cwd=tmp_path, env=os.environ | env).returncode

    assert run(3) == 0, "some products failed: the shard is done"
    told = next(tmp_path.glob("told.*")).read_text().splitlines()
    assert told[told.index("--shard") + 1] == shard
    assert "--out" in told and "--product" in told
    assert run(1) != 0, "a launcher must see that a shard failed"
