"""Every family through every stage, and its reward model against transformers' own forward."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny_families import FAMILIES, make_checkpoint
from tiny_pairs import write_pairs

from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.mllm import loading
from caig_cli.mllm.images import flatten
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.prompt_model import PromptModel
from caig_cli.recipe import Recipe
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.model import encode
from caig_cli.stages import generate, pcpo, pretrain, train_rm
from caig_cli.stages.generate import GenerateRecipe
from caig_cli.stages.pcpo import PcpoRecipe
from caig_cli.stages.pretrain import PretrainRecipe
from caig_cli.stages.train_rm import TrainRmRecipe

STAGES: Mapping[str, tuple[Any, type[Recipe]]] = {
    "pretrain": (pretrain, PretrainRecipe),
    "train-rm": (train_rm, TrainRmRecipe),
    "pcpo": (pcpo, PcpoRecipe),
    "generate": (generate, GenerateRecipe),
}
OPTIM = {"learning_rate": 0.01, "steps": 2, "checkpoint_every": 2, "log_every": 1}
LORA = {"rank": 2, "alpha": 4}
FEW = {"max_new_tokens": 8}


TWINS = ("qwen2_vl", "idefics3", "mistral3")
"""Families that look, speak and learn by the very code of another one here."""


@pytest.fixture(scope="module", params=[name for name in FAMILIES if name not in TWINS])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("families") / request.param, request.param)


def load(folder: Path) -> Mllm:
    return loading.load(str(folder), device=torch.device("cpu"), dtype=torch.float32)


def run(stage: str, out: Path, tree: dict[str, Any]) -> Any:
    module, kind = STAGES[stage]
    recipe = kind.model_validate({"device": "cpu", "threads": 1, **tree})
    with RunDir.open(out / stage, stage, recipe) as folder:
        return module.run(recipe, folder, SilentReporter())


def write_data(folder: Path) -> None:
    """Products of two shapes and a dialogue about each."""
    products, talks = [], []
    for number, (height, width) in enumerate(((24, 60), (40, 30))):
        rgba = np.zeros((height, width, 4), np.uint8)
        rgba[4:-4, 4:-4] = (*np.random.default_rng(number).integers(0, 255, 3), 255)
        Image.fromarray(rgba).save(folder / f"{number}.png")
        named = {"id": str(number), "image": f"{number}.png"}
        products.append({**named, "new_caption": f"mug {number}"})
        conversation = [
            {"from": "human", "value": "<image>\nWhat is it?"},
            {"from": "gpt", "value": "a red mug"},
        ]
        more = [{"from": "human", "value": "And where?"}, {"from": "gpt", "value": "on walnut"}]
        talks += [
            {**named, "conversations": conversation},
            {**named, "id": f"t{number}", "conversations": conversation + more},
        ]
    (folder / "products.json").write_text(json.dumps(products))
    (folder / "talks.json").write_text(json.dumps(talks))


def test_every_stage_runs_and_takes_what_the_last_one_made(base: Path, tmp_path: Path) -> None:
    write_data(tmp_path)
    pairs = write_pairs(tmp_path / "pairs", items=4)
    data = {"data": tmp_path / "talks.json", "eval_share": 0.0, "conversations_per_row": 2, "augment": 0.5}
    tree = {"pretrain": data, "model": {"base": str(base), "lora": LORA}, "optim": OPTIM}
    taught = run("pretrain", tmp_path, tree).result["model"]

    model = {"arch": "mllm", "mllm": {"base": str(base), "lora": LORA}}
    learn = {"pairs": pairs, "batch_pairs": 6, "eval_share": 0.3}
    tree = {"train_rm": learn, "model": model, "optim": OPTIM}
    judge = run("train-rm", tmp_path, tree).result["model"]

    tree = {
        "pcpo": {
            "products": tmp_path / "products.json", "rounds": 1, "products_per_round": 2, "min_margin": 0.0,
            "candidates": 2,
        },
        "policy": {"base": taught, "lora": LORA},
        "writer": FEW,
        "painter": {"name": "fake", "size": "64x64"},
        "judge": {"model": judge, "heldout": None},
        "eval": {"products": 2, "prompts": 2, "patience": 0},
        "optim": {k: v for k, v in OPTIM.items() if k != "steps"},
    }  # fmt: skip
    outcome = run("pcpo", tmp_path, tree)
    assert outcome.result["rounds"][0]["pairs"] == 1, "the other product is watched"
    adapter = outcome.result["adapter"]
    assert adapter_moved(Path(taught), Path(adapter))

    made = {"product": tmp_path / "products.json", "painter": "fake", "size": "64x64", "n": 1}
    tree = {"generate": made, "writer": {**FEW, "model": adapter}, "judge": {"model": judge}}
    ads = run("generate", tmp_path, tree).result["ads"]
    assert len(ads) == 2 and all(Path(ad["path"]).is_file() and ad["score"] is not None for ad in ads)


def adapter_moved(before: Path, after: Path) -> bool:
    """Whether the policy that was written says other things than the one that it began as."""
    runtime = choose_device("cpu", "fp32")
    image = Image.new("RGB", (50, 40), "red")
    one, other = (PromptModel.load(str(folder), runtime) for folder in (before, after))
    weights = [dict(model.mllm.model.named_parameters()) for model in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    assert other.write_prompts(image, "x", seeds=[1], max_new_tokens=4)
    return any(not torch.equal(w, weights[1][name]) for name, w in weights[0].items() if "lora" in name)


def reward(folder: Path, layout: str) -> MllmReward:
    model = MllmReward(load(folder), layout).eval()
    torch.manual_seed(2)
    for head in (model.heads.preference, model.heads.ctr):
        torch.nn.init.normal_(head.weight)
    return model


def photos(count: int) -> list[Image.Image]:
    made = np.random.default_rng(3).integers(0, 255, (count, 40, 50, 3), np.uint8)
    return [Image.fromarray(levels) for levels in made]


@pytest.mark.parametrize("layout", ["two_images", "side_by_side"])
@torch.no_grad()
def test_rewards_are_read_from_the_models_own_last_state(base: Path, layout: str) -> None:
    model, ads, text = reward(base, layout), photos(3), "Which ad is clicked more?"
    mllm, encoder = model.mllm, model.mllm.encoder
    features = encode(model, ads)
    left, right = torch.tensor([0, 0, 1]), torch.tensor([1, 2, 2])  # two pairs share their left ad
    mine = model(features, left, right, [text, "x", text])
    for pair, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
        pictures = [flatten(model.rules.square(ads[n]), model.rules.fill) for n in (a, b)]
        if layout == "side_by_side":
            pixels = mllm.rules.join(*(model.rules.tensor([picture]) for picture in pictures))
            sizes = [mllm.rules.joined()]
        else:
            pixels, sizes = model.rules.tensor(pictures), [model.rules.usual] * 2
        ids = encoder.start(mllm.family.judged)
        for size in sizes:
            ids += encoder.picture(size)
        ids += encoder.question("x" if pair == 1 else text, image=True)
        hidden = last_hidden(mllm, ids, pixels, sizes)
        expected = model.heads(hidden[None], torch.tensor([len(ids)]))
        torch.testing.assert_close(mine.logits_P2[pair], expected.logits_P2[0], rtol=1e-5, atol=5e-5)


def last_hidden(mllm: Mllm, ids: tuple[int, ...], pixels: torch.Tensor, sizes: list[Any]) -> torch.Tensor:
    """Last hidden states [L, D] of one sequence by the model's own forward."""
    row = torch.tensor([ids])
    given: dict[str, Any] = {"pixel_values": pixels}
    name = mllm.family.name
    if name.startswith("qwen"):
        grids = [[1, height // 4, width // 4] for height, width in sizes]
        given["image_grid_thw"] = torch.tensor(grids)
        given["mm_token_type_ids"] = (row == mllm.config.image_token_id).int()
    elif name in ("llava_next", "llava_onevision"):
        given = {"pixel_values": pixels, "image_sizes": torch.tensor(sizes)}
    elif name in ("pixtral", "mistral3"):
        whole = pixels.unflatten(0, (len(sizes), sizes[0][0] // 4, -1)).permute(0, 3, 1, 4, 2, 5)
        given = {"pixel_values": whole.reshape(len(sizes), 3, *sizes[0]), "image_sizes": torch.tensor(sizes)}
    elif name == "gemma3":
        given["token_type_ids"] = (row == mllm.config.image_token_id).int()
    elif name in ("smolvlm", "idefics3"):
        given = {"pixel_values": pixels[None]}
    hidden: torch.Tensor = mllm.core.model(input_ids=row, **given).last_hidden_state[0]
    return hidden


@torch.no_grad()
def test_a_judge_of_this_family_forgets_nothing(base: Path, tmp_path: Path) -> None:
    """Read again from its folder, with the tower trained along, it says what it said."""
    pairs = write_pairs(tmp_path / "pairs", items=3)
    model = {"arch": "mllm", "mllm": {"base": str(base), "lora": LORA, "train_tower": True}}
    learn = {"pairs": pairs, "batch_pairs": 6, "eval_share": 0.3}
    with torch.enable_grad():
        outcome = run("train-rm", tmp_path, {"train_rm": learn, "model": model, "optim": OPTIM})
    judge = TrainedJudge.load(outcome.result["model"], choose_device("cpu", "fp32"))
    adapted = load_file(Path(outcome.result["model"]) / "adapter_model.safetensors")
    vision_modules = load(base).family.view.vision_modules
    assert any(f".{vision_modules[0]}." in name for name in adapted)
    ranking = judge.rank(photos(3), "red mug", {})
    assert sorted(ranking.order) == [0, 1, 2] and len(set(ranking.wins)) == 3
