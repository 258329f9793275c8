"""What each reward architecture, soft labels and order swaps are worth on the simulated market.

    python benchmarks/reward_ablation.py TRAIN VALIDATION ATTRIBUTES OUT [--lines mllm ...] [--seeds 0 1 2]
    python benchmarks/reward_ablation.py TRAIN VALIDATION ATTRIBUTES OUT --only-table

All lines learn from the same pairs (made as recipes/embedded/train-rm.yaml tells) and are judged on the
shipped test set against the true odds. All see with the same frozen eyes: `mllm` through the tower of the
embedded prompt model, `vam` and `cg4ctr` through the residual network in it.
Concepts are learnt from ATTRIBUTES, the dialogues of the market (market/dialogues_train.json).
Each call works for some minutes at most and can be repeated: a line that is done is not run again, and its
row is appended to OUT/measured.jsonl.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import product as crossed
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from transformers import ResNetModel

from caig_cli.engine.files import append_lines, read_lines
from caig_cli.engine.report import make_reporter
from caig_cli.mllm import loading

NAMES = "model.concept_bottleneck=true"
MLLM = ["optim.steps=120", "train_rm.order_weight=0", "model.mllm.concepts_from=null"]
NAMED = [*MLLM, NAMES]
VAM = ["model.arch=vam", "optim.steps=4000", "optim.learning_rate=0.003", "train_rm.ctr_weight=0.02"]
CG4CTR = ["model.arch=cg4ctr", "optim.steps=1500"]
LINES: Mapping[str, Sequence[str]] = {
    "mllm": MLLM,
    "mllm, no swaps": [*MLLM, "train_rm.swap=none"],
    "vam": VAM,
    "cg4ctr": CG4CTR,
    "mllm by names": NAMED,
    "vam by names": [*VAM, NAMES],
    "cg4ctr by names": [*CG4CTR, NAMES],
    "mllm by names, hard labels": [*NAMED, "train_rm.soft_labels=false"],
    "mllm by names, orders agree": [*NAMED, "train_rm.order_weight=0.5"],
    "mllm by names, random swaps": [*NAMED, "train_rm.swap=random"],
    "mllm by names, no swaps": [*NAMED, "train_rm.swap=none"],
}
"""Recipe values of each line. A ranker's step costs a fortieth of one of `mllm`: all have minutes alike."""
FIGURES = ("attainable", "order_agreement", "ece")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path, help="pairs to learn")
    parser.add_argument("validation", type=Path, help="pairs that choose the weights and calibrate them")
    parser.add_argument("attributes", type=Path, help="dialogues that name what ads show")
    parser.add_argument("out", type=Path, help="folder of runs and measurements")
    parser.add_argument("--lines", nargs="+", choices=LINES, default=list(LINES), help="what to compare")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="seeds of each line")
    parser.add_argument("--minutes", type=float, default=8.0, help="start no run after this many minutes")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--only-table", action="store_true", help="show what is measured so far")
    args = parser.parse_args()
    if not args.only_table:
        work(args, time.monotonic() + 60 * args.minutes)
    table(list(read_lines(args.out / "measured.jsonl")))


def work(args: argparse.Namespace, deadline: float) -> None:
    """Whatever is still to do, in an order in which early results compare all lines with one seed."""
    args.out.mkdir(parents=True, exist_ok=True)
    rows = args.out / "measured.jsonl"
    done = {(row["line"], row["seed"]) for row in read_lines(rows)}
    eyes = write_eyes(args.out / "eyes")
    for seed, line in crossed(args.seeds, args.lines):
        if (line, seed) in done:
            continue
        if time.monotonic() > deadline:
            make_reporter().warn("time is up; call again to go on")
            return
        started = time.monotonic()
        folder = learn(args, line, seed, eyes)
        row = {"line": line, "seed": seed, "seconds": round(time.monotonic() - started), **judged(folder)}
        append_lines(rows, [row])


def write_eyes(folder: Path) -> Path:
    """The residual network in the embedded prompt model's tower, as a vision model of transformers."""
    if not folder.is_dir():
        mllm = loading.load("embedded", device=torch.device("cpu"), dtype=torch.float32)
        network = mllm.tower.embeddings.backbone
        alone = ResNetModel(network.config)
        alone.load_state_dict(network.state_dict())
        alone.save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(mllm.rules.to_config()), "utf-8")
    return folder


def learn(args: argparse.Namespace, line: str, seed: int, eyes: Path) -> Path:
    """Train a line, resuming what a killed call began; its model folder."""
    out: Path = args.out / f"{line.replace(', ', '-').replace(' ', '-')}-{seed}"
    values = [
        "optim.evaluate_every=75",
        "train_rm.augmentations=1",
        *([f"train_rm.attribute_data={args.attributes}"] if NAMES in LINES[line] else []),
        *(f"model.{arch}.vision.base={eyes}" for arch in ("vam", "cg4ctr")),
        *(f"model.{arch}.vision.frozen=true" for arch in ("vam", "cg4ctr")),
        *LINES[line],
    ]
    command = ["train-rm", "--recipe", "embedded/train-rm", "--pairs", str(args.train)]
    command += ["--eval-pairs", str(args.validation), "--out", str(out), "--seed", str(seed)]
    command += ["--resume"] if out.is_dir() else []
    call([*command, "--threads", str(args.threads)], values)
    return out / "model"


def judged(model: Path) -> dict[str, Any]:
    """The judge's figures on the shipped test set."""
    out = model.parent / "judged"
    output = call(["eval-rm", "--judge", str(model), "--out", str(out), "--overwrite", "--json"], [])
    (figures,) = json.loads(output)["judges"].values()
    return {name: figures[name] for name in ("accuracy", "ceiling", *FIGURES)}


def call(command: Sequence[str], values: Sequence[str]) -> str:
    """What one command of caig says; an error ends everything."""
    whole = [sys.executable, "-m", "caig_cli", *command, "--quiet"]
    for value in values:
        whole += ["--set", value]
    return subprocess.run(whole, check=True, stdout=subprocess.PIPE, text=True).stdout


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Mean and 95 % interval (Student's t over seeds) of each line; what is changed in it, seed by seed."""
    if not rows:
        raise SystemExit("nothing is measured yet")
    of = {(row["line"], row["seed"]): row for row in rows}
    cells = []
    for line in LINES:
        seeds = sorted(seed for name, seed in of if name == line)
        if not seeds:
            continue
        values = {name: np.array([of[line, seed][name] for seed in seeds]) for name in FIGURES}
        base = line.split(", ")[0]
        both = [seed for seed in seeds if (base, seed) in of]
        gap = np.array([of[line, s]["attainable"] - of[base, s]["attainable"] for s in both])
        over = "" if line == base else spread(gap)
        cells.append([line, str(len(seeds)), *(spread(values[name]) for name in FIGURES), over])
    make_reporter().table(
        "reward models on the simulated market's test set",
        ["line", "seeds", *FIGURES, "attainable over the line's base"],
        cells,
    )


def spread(values: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """Mean, and half the width of its 95 % interval where there is more than one value."""
    if len(values) < 2:
        return "".join(f"{value:+.3f}" for value in values)
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{values.mean():+.3f} ± {half:.3f}"


if __name__ == "__main__":
    main()
