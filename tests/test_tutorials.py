"""The commands of docs/tutorials/, read from the pages and run in their order on tiny inputs: models of two
layers, a painter of gradients, few products. What each command hands to the next is real."""

from __future__ import annotations

import json
import math
import random
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny
from tiny_rewards import make_reward

from caig_cli.cli import run

PAGES = Path(__file__).parents[1] / "docs" / "tutorials"
SMALLER = {
    "market": ["market.products=6", "market.ads_per_product=0", "market.photo_size=96", "market.workers=1",
               "market.dialogues_per_product=0", "market.painter=fake"],
    "generate": ["generate.oversample=1", "generate.painter=fake", "writer.max_new_tokens=8",
                 "generate.size=96x96",
                 "generate.candidates=2"],
    "train-rm": ["optim.steps=2", "model.vam.vision.size=16", "model.vam.vision.widths=[4]",
                 "model.vam.vision.depths=[1]"],
    "pcpo": ["painter.name=fake", "painter.size=64x64", "writer.max_new_tokens=8", "eval.products=1",
             "eval.prompts=2", "pcpo.min_margin=0", "policy.lora.rank=4", "pcpo.rounds=1",
             "pcpo.products_per_round=2", "pcpo.candidates=2", "surrogate.products=0"],
}  # fmt: skip
"""Recipe values that make a command quick; they come last, so that they win."""
STEPS = {
    "merchant": "generate, generate, generate, deliver",
    "engineer": "pairs, train-rm, eval-rm, score, generate",
    "researcher": "market, pcpo, pcpo, pcpo, generate",
}
FLAGS_THAT_WIN = (
    "--products 40 --ads-per-product 4", "--rounds 2", "--rounds 1", "--size square", "--candidates 3",
)  # fmt: skip
"""Flags are stronger than values: those that would make a command slow are left out."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prompt model and a judge of two layers."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny().save(folder / "base", torch.float32)
    make_reward(folder / "judge", "mllm", folder / "base")
    return folder


def commands(page: str, models: Path) -> list[list[str]]:
    """The arguments of each command of a page, the shipped models replaced by those of a folder."""
    text = "\n".join(re.findall(r"```bash\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL))
    for flag in FLAGS_THAT_WIN:
        text = text.replace(f" {flag}", "")
    text = text.replace("--base embedded", f"--base {models / 'base'}")
    found = []
    for line in filter(None, text.replace("\\\n", " ").splitlines()):
        name, *arguments = shlex.split(line)[1:]
        more = [word for value in SMALLER.get(name, []) for word in ("--set", value)]
        if name == "pcpo":
            more += ["--judge", str(models / "judge")]
        if name == "generate" and "writer.model" not in line:
            more += ["--set", f"writer.model={models / 'base'}"]
        if name == "generate" and "--judge" not in line:
            more += ["--judge", str(models / "judge")]
        found.append([name, *arguments, *more, "--device", "cpu", "--threads", "1", "--quiet"])
    return found


def photos(folder: Path) -> None:
    """Transparent photos, named like their products."""
    folder.mkdir()
    for name, colour in (("red-enamel-mug", (180, 40, 40)), ("blue-vase", (40, 60, 180))):
        rgba = np.zeros((96, 64, 4), np.uint8)
        rgba[12:84, 12:52] = (*colour, 255)
        Image.fromarray(rgba).save(folder / f"{name}.png")


def clicks(folder: Path) -> None:
    """A log in which red ads are clicked more, and its pictures."""
    rng = random.Random(0)
    (folder / "ads").mkdir()
    lines = ["item,image,impressions,clicks"]
    for number in range(60):
        red, shown = rng.random(), rng.randrange(4000, 9000)
        name = f"p{number // 3}-{number % 3}.png"
        tone = (round(40 + 180 * red), 60, round(220 - 180 * red))
        Image.new("RGB", (32, 32), tone).save(folder / "ads" / name)
        rate = 0.04 * math.exp(2 * (red - 0.5))
        lines.append(f"mug {number // 3},{name},{shown},{sum(rng.random() < rate for _ in range(shown))}")
    (folder / "clicks.csv").write_text("\n".join(lines))


@pytest.mark.parametrize("page", STEPS)
def test_a_tutorial_runs(page: str, models: Path, workdir: Path) -> None:
    photos(workdir / "photos")
    clicks(workdir)
    turn = commands(page, models)
    assert ", ".join(words[0] for words in turn) == STEPS[page]
    for arguments in turn:
        assert run(arguments) == 0, arguments
    reports = {"merchant": "first", "engineer": "test", "researcher": "pcpo"}
    assert Path("runs", reports[page], "report.html").is_file()
    if page != "merchant":
        last = {"engineer": "judged", "researcher": "after"}[page]
        rows = [json.loads(line) for line in Path("runs", last, "manifest.jsonl").read_text().splitlines()]
        assert rows and all(row["fidelity"]["interior"] == 0 for row in rows)


def test_every_tutorial_is_run() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(STEPS)
