"""``caig pretrain`` end to end on tiny real parts."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny_mllm import WIDTH, make_tiny

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.engine.stream import Stream
from caig_cli.errors import RecipeError, UsageError
from caig_cli.mllm.batching import DialogueSet, Sizes, TrainingPictures, read_set
from caig_cli.mllm.instructions import instruction
from caig_cli.mllm.prompt_model import PromptModel
from caig_cli.recipe import resolve
from caig_cli.records import Dialogue, Turn
from caig_cli.stages import pretrain
from caig_cli.stages.pretrain import PretrainRecipe

COLOURS = {"red": (200, 20, 20), "green": (20, 190, 40), "blue": (20, 40, 210)}


def write_dialogues(folder: Path, count: int = 24, seed: int = 0) -> Path:
    """Three questions about plain coloured pictures, as a user's LLaVA JSON."""
    rng = random.Random(seed)
    records = []
    for number in range(count):
        name = rng.choice(list(COLOURS))
        Image.new("RGB", (24, 24), COLOURS[name]).save(folder / f"{number}.png")
        for task, answer in (("shape", name), ("write", f"on {name} wood"), ("write", "soft window light")):
            talk = [
                {"from": "human", "value": f"<image>\n{instruction(task)}"},
                {"from": "gpt", "value": answer},
            ]
            record = {"id": f"{number}-{len(records)}", "image": f"{number}.png", "task": task}
            records.append({**record, "conversations": talk})
    path = folder / "dialogues.json"
    path.write_text(json.dumps(records))
    return path


def recipe_for(data: Path, *sets: str) -> PretrainRecipe:
    tower = {**WIDTH, "num_hidden_layers": 1, "image_size": 64, "width": 8, "depths": (1, 1, 1, 1)}
    shape = {"vocabulary": 400, "tower": tower, "language": {**WIDTH, "num_key_value_heads": 2}}
    model = {"base": None, "from_scratch": shape, "lora": None, "train_tower": True}
    tree = {
        "device": "cpu",
        "pretrain": {
            "data": data,
            "batch_tokens": 200,
            "conversations_per_row": 2,
            "augment": 1.0,
            "eval_share": 0.2,
        },
        "model": model,
        "optim": {"learning_rate": 0.003, "steps": 6, "checkpoint_every": 2, "log_every": 1},
    }
    base = PretrainRecipe.model_validate(tree)
    return resolve_over(base, sets)


def resolve_over(base: PretrainRecipe, sets: tuple[str, ...]) -> PretrainRecipe:
    tree = base.model_dump()
    for text in sets:
        key, _, value = text.partition("=")
        section, _, name = key.partition(".")
        tree[section][name] = json.loads(value)
    return PretrainRecipe.model_validate(tree)


def run(recipe: PretrainRecipe, out: Path, report: SilentReporter | None = None, **how: bool) -> Outcome:
    with RunDir.open(out, "pretrain", recipe, **how) as folder:
        return pretrain.run(recipe, folder, report or SilentReporter())


class Killed(SilentReporter):
    """Ends the run after step 3, as a Ctrl-C would."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        if step == 3:
            raise KeyboardInterrupt


def test_resumed_training_ends_in_the_same_bytes(tmp_path: Path) -> None:
    recipe = recipe_for(write_dialogues(tmp_path), "optim.evaluate_every=3")
    whole = run(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "torn", Killed())
    torn = run(recipe, tmp_path / "torn", resume=True)
    one, other = (Path(o.result["model"]) / "model.safetensors" for o in (whole, torn))
    assert one.read_bytes() == other.read_bytes()
    assert whole.result["evaluation"] == torn.result["evaluation"]


def test_what_is_learnt_comes_from_the_image(tmp_path: Path) -> None:
    data = write_dialogues(tmp_path, count=36)
    sets = ["optim.steps=400", "optim.checkpoint_every=400", "pretrain.balance=1"]
    recipe = recipe_for(data, *sets, "pretrain.augment=0", "pretrain.batch_tokens=400")
    outcome = run(recipe, tmp_path / "run")
    assert outcome.result["evaluation"]["shape/answers_right"] == 1.0
    model = PromptModel.load(outcome.result["model"], choose_device("cpu", "fp32"))
    for name, colour in COLOURS.items():
        asked = model.write_prompts(
            Image.new("RGB", (24, 24), colour), instruction("shape"), seeds=[0], temperature=0
        )
        assert asked == [name]


def test_a_new_tower_on_the_words_of_another_model(tmp_path: Path) -> None:
    other = make_tiny(seed=7)
    other.save(tmp_path / "other", torch.float32)
    data = write_dialogues(tmp_path, count=6)
    recipe = recipe_for(data, "optim.learning_rate=1e-12", "optim.steps=1", 'pretrain.save_dtype="fp32"')
    tree = recipe.model_dump()
    tree["model"]["from_scratch"]["language_model"] = str(tmp_path / "other")
    folder = Path(run(PretrainRecipe.model_validate(tree), tmp_path / "run").result["model"])
    old, new = (load_file(f / "model.safetensors") for f in (tmp_path / "other", folder))
    words = [name for name in old if "language_model" in name]
    assert words and all(torch.allclose(old[name], new[name], atol=1e-9) for name in words)
    assert json.loads((folder / "config.json").read_text())["vision_config"]["model_type"] == "dpt"


def test_lora_on_a_users_file_from_a_model_folder(tmp_path: Path) -> None:
    base = tmp_path / "base"
    make_tiny().save(base, torch.float32)
    data = write_dialogues(tmp_path, count=6)
    recipe = resolve(
        PretrainRecipe,
        sets=[f"model.base={base}", "optim.steps=3", "model.lora.rank=2"],
        flags={"pretrain.data": data},
    )
    assert recipe.model.lora is not None, "the bare command fine-tunes"
    assert any("LoRA rank 2" in line for line in pretrain.plan(recipe, SilentReporter()))
    outcome = run(recipe, tmp_path / "run")
    adapter = Path(outcome.result["model"])
    assert (adapter / "adapter_model.safetensors").is_file() and (adapter / "README.md").is_file()
    runtime = choose_device("cpu", "fp32")
    picture = Image.new("RGB", (24, 24))
    prompts = [
        PromptModel.load(str(m), runtime).write_prompts(picture, "x", seeds=[1, 2]) for m in (adapter, base)
    ]
    assert prompts[0] != prompts[1], "the adapter changes the model"


def test_all_weights_of_a_model_folder_go_on_learning(tmp_path: Path) -> None:
    base = tmp_path / "base"
    make_tiny().save(base, torch.float32)
    data = write_dialogues(tmp_path, count=6)
    for tower, expected in (("true", {"vision_tower"}), ("false", set())):
        sets = [f"model.base={base}", "model.lora=null", "optim.steps=2", "pretrain.save_dtype=fp32"]
        recipe = resolve(
            PretrainRecipe, sets=[*sets, f"model.train_tower={tower}"], flags={"pretrain.data": data}
        )
        folder = Path(run(recipe, tmp_path / tower).result["model"])
        before, after = (load_file(f / "model.safetensors") for f in (base, folder))
        assert before.keys() == after.keys()
        moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
        assert moved == {"multi_modal_projector", "language_model"} | expected


def test_unusable_dialogues_are_listed_and_the_rest_is_learnt(tmp_path: Path) -> None:
    data = write_dialogues(tmp_path, count=8)
    (tmp_path / "3.png").write_bytes(b"no picture")
    outcome = run(recipe_for(data, "optim.steps=1", "pretrain.max_tokens=18"), tmp_path / "run")
    assert {f.item.split("-")[0] for f in outcome.failed if "3.png" in f.error} == {"3"}
    assert any("more than pretrain.max_tokens 18" in f.error for f in outcome.failed)


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pretrain\.data is missing"):
        pretrain.plan(PretrainRecipe(), SilentReporter())
    with pytest.raises(RecipeError, match="either base or from_scratch"):
        resolve(PretrainRecipe, sets=["model.base=null", "model.lora=null"])
    with pytest.raises(RecipeError, match="set lora to null"):
        resolve(PretrainRecipe, "embedded/pretrain-names", sets=["model.lora.rank=8"])


def dialogue_set(tmp_path: Path, sizes: Sizes, count: int = 40) -> DialogueSet:
    mllm = make_tiny()
    talks = [
        Dialogue(
            str(i), tmp_path / f"{i // 5}", (Turn("human", "x"), Turn("gpt", "wood " * (i % 7))), f"t{i % 2}"
        )
        for i in range(count)
    ]
    grey = np.full((32, 32, 4), 255, np.uint8)
    pictures = TrainingPictures(mllm.rules, lambda path: grey)
    return read_set(talks, mllm.encoder, pictures, sizes, 1024, SilentReporter())[0]


def test_an_epoch_has_every_dialogue_once_in_rows_of_one_image(tmp_path: Path) -> None:
    data = dialogue_set(tmp_path, Sizes(conversations_per_row=3, tokens=150))
    items = data.epoch(0, 0)
    assert sorted(i for item in items for i in item.dialogues) == list(range(40))
    rows = [row for item in items for row in item.rows]
    assert {len(row) for row in rows} == {2, 3}, "five conversations split evenly"
    assert all(len({data.dialogues[i].image for i in row}) == 1 for row in rows)
    assert all(data.collate(item).ids_BL.numel() <= 150 for item in items)
    assert data.epoch(0, 0) == items and data.epoch(0, 1) != items and data.epoch(1, 0) != items


def test_task_weights_are_passes_on_average(tmp_path: Path) -> None:
    data = dialogue_set(tmp_path, Sizes(conversations_per_row=1, tokens=100))
    chosen = [
        data.dialogues[i].task for item in data.epoch(0, 0, {"t0": 2.0, "t1": 0.0}) for i in item.dialogues
    ]
    assert chosen == ["t0"] * 40
    half = [
        data.dialogues[i].task
        for e in range(20)
        for item in data.epoch(0, e, {"t1": 0.5})
        for i in item.dialogues
    ]
    assert half.count("t0") == 400 and 150 < half.count("t1") < 250


def test_the_stream_is_a_function_of_its_index(tmp_path: Path) -> None:
    data = dialogue_set(tmp_path, Sizes(conversations_per_row=2, tokens=120))
    first, second = (
        Stream(lambda n: data.epoch(3, n, {"t1": 0.5}), lambda item: data.collate(item, 1.0))
        for _ in range(2)
    )
    far = 2 * len(first) + 3
    in_order = [first[i] for i in range(far + 1)][far]
    direct = second[far]
    assert torch.equal(in_order.ids_BL, direct.ids_BL)
    assert in_order.pixels is not None and direct.pixels is not None
    assert torch.equal(in_order.pixels, direct.pixels)
