"""``caig train-rm`` end to end on tiny real parts: the colour alone decides how often an ad is clicked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_mllm import make_tiny
from tiny_pairs import write_pairs

from caig_cli.data.pairs import read_pairs
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.engine.stream import Stream
from caig_cli.errors import UsageError
from caig_cli.recipe import resolve
from caig_cli.records import Failure, Pair
from caig_cli.rewards import learning
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.concepts import GAIN
from caig_cli.rewards.folders import second_of
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.rewards.model import CtrScale, encode
from caig_cli.rewards.split import Data, is_simulated, read_data
from caig_cli.rewards.storage import read_facts, read_reward
from caig_cli.rewards.training import Best, LossWeights
from caig_cli.stages import train_rm
from caig_cli.stages.train_rm import TrainRmRecipe

SMALL = {"size": 32, "widths": (8, 16), "depths": (1, 1)}
TEXT = {"vocabulary": 300, "width": 16, "depth": 1, "heads": 2}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_tiny().save(folder, torch.float32)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("train"), items=40)


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("test"), items=20, seed=9, truth=True)


def recipe_for(base: Path, data: Path, arch: str, **over: Mapping[str, Any]) -> TrainRmRecipe:
    tree: dict[str, Any] = {
        "device": "cpu",
        "train_rm": {"pairs": data, "batch_pairs": 12, "save_dtype": "fp32", "eval_share": 0.2},
        "model": {
            "arch": arch,
            "mllm": {"base": str(base), "lora": {"rank": 8, "alpha": 16}},
            "vam": {"vision": SMALL},
            "cg4ctr": {"vision": SMALL, "text": TEXT},
        },
        "optim": {
            "learning_rate": 0.01,
            "steps": 6,
            "checkpoint_every": 2,
            "log_every": 1,
            "evaluate_every": 3,
        },
    }
    for name, values in over.items():
        tree[name] = tree.get(name, {}) | values
    return TrainRmRecipe.model_validate(tree)


def run(recipe: TrainRmRecipe, out: Path, report: SilentReporter | None = None, **how: bool) -> Outcome:
    with RunDir.open(out, "train-rm", recipe, **how) as folder:
        return train_rm.run(recipe, folder, report or SilentReporter())


def _read(recipe: TrainRmRecipe) -> Data:
    return read_data(recipe.train_rm, recipe.seed)


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


STEPS = {"mllm": 120, "vam": 40, "cg4ctr": 40}


@pytest.mark.parametrize("arch", STEPS)
def test_colour_is_learnt_and_judged_on_products_never_seen(
    base: Path, data: Path, unseen: Path, tmp_path: Path, arch: str
) -> None:
    over = {"steps": STEPS[arch], "checkpoint_every": 100, "evaluate_every": 20}
    recipe = recipe_for(base, data, arch, optim=over, train_rm={"eval_pairs": unseen})
    outcome = run(recipe, tmp_path / "run")
    figures = outcome.result["evaluation"]
    assert figures["accuracy"] > 0.8 and figures["attainable"] > 0.85, figures
    assert figures["ece"] < 0.1 and figures["order_agreement"] > 0.9, figures
    assert figures["ctr_rmse"] < 0.7 * figures["ctr_rmse_of_mean"], figures
    judge = TrainedJudge.load(outcome.result["model"], choose_device("cpu", "fp32"))
    pairs, _ = read_pairs(unseen)
    verdicts = [v for v in judge.judge(pairs) if not isinstance(v, Failure)]
    right = [
        p.p_observed_left if v.p_left > 0.5 else 1 - p.p_observed_left
        for p, v in zip(pairs, verdicts, strict=True)
        if p.p_observed_left is not None
    ]
    assert sum(right) / len(right) == pytest.approx(figures["accuracy"], abs=1e-6)
    assert not judge.simulated, "only what it is measured on knows the market's truth"
    assert all(v.ctr is not None and 0 < v.ctr[0] < 0.2 for v in verdicts), "in real units"


class Killed(SilentReporter):
    """Ends the run after step 3, as a Ctrl-C would."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        if step == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize("arch", ["mllm", "vam", "cg4ctr"])
def test_resumed_training_ends_in_the_same_bytes(base: Path, data: Path, tmp_path: Path, arch: str) -> None:
    """Also when only some of the looks or pictures fit into memory, and views are varied."""
    recipe = recipe_for(base, data, arch, train_rm={"cache_mb": 0, "augment": 1.0})
    whole = run(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "torn", Killed())
    torn = run(recipe, tmp_path / "torn", resume=True)
    files = [sorted(Path(o.result["model"]).rglob("*.safetensors")) for o in (whole, torn)]
    assert len(files[0]) == len(files[1]) > 0
    for one, other in zip(*files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    assert whole.result["evaluation"] == torn.result["evaluation"]


def test_features_that_are_kept_change_nothing(base: Path, data: Path, tmp_path: Path) -> None:
    """A frozen tower's features are computed once; the losses are those of computing them each time."""
    runs = {}
    for room in (0, 64):
        out = tmp_path / str(room)
        run(recipe_for(base, data, "mllm", train_rm={"cache_mb": room, "augment": 0.5}), out)
        runs[room] = [row["loss"] for row in rows(out)]
    assert runs[0] == pytest.approx(runs[64], rel=1e-4)


def test_the_first_loss_is_that_of_a_coin(base: Path, data: Path, tmp_path: Path) -> None:
    """New heads say zero: CE is ln 2 for any target, and the standardised rates' mean square is about 1."""
    run(recipe_for(base, data, "mllm", optim={"steps": 1}), tmp_path / "run")
    first = rows(tmp_path / "run")[0]
    assert first["ce"] == pytest.approx(math.log(2), abs=1e-6)
    assert first["loss"] == pytest.approx(first["ce"] + 0.5 * first["ctr_mse"], abs=1e-5)
    assert 0.5 < first["ctr_mse"] < 1.6


SWITCHES: dict[str, dict[str, Any]] = {
    "hard labels": {"train_rm": {"soft_labels": False}},
    "confidence": {"train_rm": {"pair_weighting": "confidence"}},
    "gap": {"train_rm": {"pair_weighting": "gap"}},
    "one order": {"train_rm": {"swap": "none"}},
    "random order": {"train_rm": {"swap": "random"}},
    "orders that agree": {"train_rm": {"order_weight": 0.5}},
    "raw rates": {"train_rm": {"standardise": "none"}},
    "plain rates": {"train_rm": {"standardise": "linear"}},
    "no prior": {"train_rm": {"prior": None}},
    "no rates": {"train_rm": {"ctr_weight": 0}},
    "varied": {"train_rm": {"augment": 0.5, "augmentations": 2}},
    "no title": {"model": {"question": {"caption": False}}},
    "attributes": {"model": {"question": {"attributes": True}}},
    "official question": {"model": {"question": {"form": "official"}}},
}


def test_every_switch_changes_what_is_learnt(base: Path, data: Path) -> None:
    """The loss of one model on the first two batches."""
    plain = recipe_for(base, data, "mllm")
    architecture, runtime = ARCHITECTURES["mllm"], choose_device("cpu", "fp32")
    torch.manual_seed(0)
    model = architecture.implementation().start(plain.model, [], runtime)
    for head in model.heads.children():
        torch.nn.init.normal_(head.weight, std=0.2)
    losses = {}
    for name, over in {"plain": {}, **SWITCHES}.items():
        tree = plain.model_dump()
        for part, values in over.items():
            tree[part] |= values
        recipe = TrainRmRecipe.model_validate(tree)
        section, wording = recipe.train_rm, learning.wording_of(recipe)
        learn, _, _ = learning._sets(
            recipe, read_data(recipe.train_rm, recipe.seed), model, wording, SilentReporter(), mixed=True
        )
        model.scale = CtrScale()
        learning._scale(recipe, model, learn, architecture, None)
        stream = Stream(partial(learn.epoch, 0, swap=section.swap), learn.collate)
        with torch.no_grad():
            weights = LossWeights(section.ctr_weight, section.order_weight)
            steps = [architecture.implementation().step(model, stream[n], weights) for n in range(2)]
        losses[name] = sum(float(s.loss_sum) for s in steps) / sum(s.weight for s in steps)
    assert len({round(loss, 6) for loss in losses.values()}) == len(losses), losses


@pytest.mark.parametrize(
    "mllm",
    [{"lora": None}, {"train_tower": True}, {"layout": "side_by_side"}, {"lora": None, "train_tower": True}],
)
def test_other_ways_to_train_the_language_model(
    base: Path, data: Path, tmp_path: Path, mllm: dict[str, Any]
) -> None:
    recipe = recipe_for(base, data, "mllm", optim={"steps": 2})
    tree = recipe.model_dump()
    tree["model"]["mllm"] |= mllm
    outcome = run(TrainRmRecipe.model_validate(tree), tmp_path / "run")
    folder = Path(outcome.result["model"])
    if mllm.get("lora", 1) is None:
        before, after = (load_file(f / "model.safetensors") for f in (base, folder))
        moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
        tower = {"vision_tower"} if mllm.get("train_tower") else set()
        assert moved == {"multi_modal_projector", "language_model"} | tower
    else:
        assert (folder / "adapter_config.json").is_file()
    TrainedJudge.load(str(folder), choose_device("cpu", "fp32"))


def write_attribute_data(folder: Path) -> Path:
    """What stands in a few plain pictures, named by their colour."""
    folder.mkdir()
    records = []
    for number, (name, colour) in enumerate([("oak", "peru"), ("slate", "slategray")] * 4):
        Image.new("RGB", (32, 32), colour).save(folder / f"{number}.png")
        turns = [{"from": "human", "value": "<image>\n?"}, {"from": "gpt", "value": name}]
        records.append(
            {"id": str(number), "image": f"{number}.png", "task": "surface", "conversations": turns}
        )
    path = folder / "attributes.json"
    path.write_text(json.dumps(records))
    return path


@pytest.mark.parametrize("arch", ["mllm", "vam", "cg4ctr"])
def test_attribute_data_changes_how_ads_are_seen_and_may_be_the_last_change(
    base: Path, data: Path, tmp_path: Path, arch: str
) -> None:
    dialogues_file = write_attribute_data(tmp_path / "attributes")
    seen: dict[str, dict[str, torch.Tensor]] = {}
    for name, steps, frozen in (("short", 1, True), ("long", 9, True), ("free", 9, False)):
        pretraining = {"steps": steps, "batch": 4, "learning_rate": 0.01, "freeze_encoder": frozen}
        recipe = recipe_for(
            base,
            data,
            arch,
            optim={"steps": 2},
            train_rm={"attribute_data": dialogues_file, "attribute_pretraining": pretraining},
        )
        tree = recipe.model_dump()
        tree["model"]["mllm"]["train_tower"] = True
        folder = Path(run(TrainRmRecipe.model_validate(tree), tmp_path / name).result["model"])
        weights = load_file(
            folder / ("adapter_model.safetensors" if arch == "mllm" else "weights.safetensors")
        )
        seen[name] = {key: value for key, value in weights.items() if "vision" in key and "num_" not in key}
        learnt = load_file(tmp_path / name / "attribute-pretraining.safetensors")
        sight, kept = (
            [
                weights[key]
                for key in sorted(weights)
                if "vision" in key and "running" not in key and "num_" not in key
            ]
            for weights in (learnt, seen[name])
        )
        assert len(sight) == len(kept) and frozen == all(map(torch.equal, sight, kept)), name
    assert any(not torch.equal(seen["short"][key], seen["long"][key]) for key in seen["short"])


@pytest.mark.parametrize("arch", ["mllm", "vam", "cg4ctr"])
def test_judging_by_names_learns_them_first_and_reads_them_again(
    base: Path, data: Path, tmp_path: Path, arch: str
) -> None:
    dialogues_file = write_attribute_data(tmp_path / "attributes")
    training = {"steps": 2, "batch": 4, "freeze_encoder": True}
    recipe = recipe_for(
        base,
        data,
        arch,
        optim={"steps": 4},
        train_rm={"attribute_data": dialogues_file, "attribute_pretraining": training},
    )
    tree = recipe.model_dump()
    tree["model"]["concept_bottleneck"] = True
    recipe = TrainRmRecipe.model_validate(tree)
    folder = Path(run(recipe, tmp_path / "run").result["model"])
    model, facts = read_reward(folder, choose_device("cpu", "fp32"))
    concepts = model.concepts
    assert [(task.name, task.names) for task in concepts.tasks] == [("surface", ("oak", "slate"))]
    pictures = [Image.new("RGB", (32, 32), colour) for colour in ("peru", "slategray")]
    seen = encode(model, pictures)
    chances = concepts(seen) / GAIN
    assert torch.allclose(chances.sum(1), torch.ones(2)) and chances.diagonal().min() > 0.9
    output = model(seen, torch.tensor([0]), torch.tensor([1]), ["red mug"])
    assert output.logits_P2.isfinite().all()
    with torch.no_grad():  # the names are what is judged by
        for weight in concepts.layers[0].parameters():
            weight.neg_()
    other = model(seen, torch.tensor([0]), torch.tensor([1]), ["red mug"])
    assert not torch.allclose(output.logits_P2, other.logits_P2)
    assert facts.settings["concepts"] == [
        {"task": "surface", "names": ["oak", "slate"], "several": False, "auxiliary_only": False}
    ]


def test_concepts_are_taken_over_from_a_judge_on_the_same_base(
    base: Path, data: Path, tmp_path: Path
) -> None:
    dialogues_file = write_attribute_data(tmp_path / "attributes")
    trees = {
        arch: recipe_for(
            base,
            data,
            arch,
            train_rm={
                "attribute_data": dialogues_file,
                "attribute_pretraining": {"steps": 2, "freeze_encoder": True},
            },
        ).model_dump()
        for arch in ("mllm", "vam")
    }
    first: dict[str, Path] = {}
    for arch, tree in trees.items():
        tree["model"]["concept_bottleneck"] = True
        first[arch] = Path(run(TrainRmRecipe.model_validate(tree), tmp_path / arch).result["model"])

    def again(source: Path, on: Path, layout: str = "two_images") -> TrainRmRecipe:
        tree = recipe_for(on, data, "mllm").model_dump()
        tree["model"]["mllm"] |= {"concepts_from": str(source), "layout": layout}
        return TrainRmRecipe.model_validate(tree)

    recipe = again(first["mllm"], base)
    assert f"judge by the concepts of {first['mllm']}" in train_rm.plan(recipe, SilentReporter())
    model, facts = read_reward(
        Path(run(recipe, tmp_path / "again").result["model"]), choose_device("cpu", "fp32")
    )
    known, _ = read_reward(first["mllm"], choose_device("cpu", "fp32"))
    for name, value in known.concepts.state_dict().items():
        assert torch.equal(value, model.concepts.state_dict()[name]), name
    assert facts.settings["concepts"] == known.concepts.settings
    for folder, file, former in ((first["mllm"], "concepts", "names"), (first["vam"], "weights", "weights")):
        before, _ = read_reward(folder, choose_device("cpu", "fp32"))
        stored = load_file(folder / f"{file}.safetensors")
        (folder / f"{file}.safetensors").unlink()
        named = {name.replace("concepts.", "names.", 1): tensor for name, tensor in stored.items()}
        save_file(named, folder / f"{former}.safetensors")
        after, _ = read_reward(folder, choose_device("cpu", "fp32"))
        assert all(torch.equal(t, after.state_dict()[name]) for name, t in before.state_dict().items())
    with pytest.raises(UsageError, match="no judge of architecture mllm that judges by concepts"):
        run(again(first["vam"], base), tmp_path / "ranker")
    make_tiny(seed=1).save(tmp_path / "other", torch.float32)
    with pytest.raises(UsageError, match="another base"):
        run(again(first["mllm"], tmp_path / "other"), tmp_path / "stranger")
    with pytest.raises(UsageError, match="two_images"):
        train_rm.plan(again(first["mllm"], base, "side_by_side"), SilentReporter())


@pytest.mark.parametrize("arch", ["mllm", "vam"])
def test_concepts_survive_a_kill(base: Path, data: Path, tmp_path: Path, arch: str) -> None:
    dialogues_file = write_attribute_data(tmp_path / "attributes")
    training = {"steps": 2, "batch": 4, "freeze_encoder": True}
    tree = recipe_for(
        base, data, arch, train_rm={"attribute_data": dialogues_file, "attribute_pretraining": training}
    ).model_dump()
    tree["model"]["concept_bottleneck"] = True
    recipe = TrainRmRecipe.model_validate(tree)
    whole = Path(run(recipe, tmp_path / "whole").result["model"])
    with pytest.raises(KeyboardInterrupt):
        run(recipe, tmp_path / "killed", Killed())
    again = Path(run(recipe, tmp_path / "killed", resume=True).result["model"])
    for path in whole.glob("*.safetensors"):
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_concepts_want_attribute_data_and_a_frozen_encoder(base: Path, data: Path, tmp_path: Path) -> None:
    tree = recipe_for(base, data, "mllm").model_dump()
    tree["model"]["concept_bottleneck"] = True
    recipe = TrainRmRecipe.model_validate(tree)
    with pytest.raises(UsageError, match=r"train_rm\.attribute_data"):
        train_rm.plan(recipe, SilentReporter())
    with pytest.raises(UsageError, match=r"train_rm\.attribute_data"):
        run(recipe, tmp_path / "run")
    tree["train_rm"]["attribute_data"] = write_attribute_data(tmp_path / "attributes")
    tree["train_rm"]["attribute_pretraining"] |= {"tasks": ["surface"], "auxiliary_only": ["surface"]}
    with pytest.raises(UsageError, match="all that it names is auxiliary"):
        run(TrainRmRecipe.model_validate(tree), tmp_path / "aside")
    tree["model"]["arch"] = "vam"
    with pytest.raises(ValueError, match="freeze_encoder"):
        TrainRmRecipe.model_validate(tree)


def test_bf16_and_checkpointed_activations(base: Path, data: Path, tmp_path: Path) -> None:
    recipe = recipe_for(base, data, "mllm", optim={"steps": 2, "gradient_checkpointing": True})
    run(recipe.model_copy(update={"dtype": "bf16"}), tmp_path / "run")
    plain = run(recipe_for(base, data, "mllm", optim={"steps": 2}), tmp_path / "plain")
    losses = [[row["loss"] for row in rows(tmp_path / name)] for name in ("run", "plain")]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert plain.result["steps"] == 2


def test_the_best_weights_are_kept(base: Path, data: Path, tmp_path: Path) -> None:
    """A learning rate that ruins the model after its first evaluation."""
    over = {
        "steps": 12, "evaluate_every": 3, "learning_rate": 0.03, "max_grad_norm": 0, "schedule": "constant",
    }  # fmt: skip
    best = run(recipe_for(base, data, "cg4ctr", optim=over), tmp_path / "best")
    losses = [row["eval_log_loss"] for row in rows(tmp_path / "best") if "eval_log_loss" in row]
    kept = best.result["evaluation"]["log_loss"]
    assert min(abs(kept - loss) for loss in losses[:-1]) < 1e-6 and kept < losses[-1]
    last = run(recipe_for(base, data, "cg4ctr", optim=over, train_rm={"keep_best": False}), tmp_path / "last")
    assert last.result["evaluation"]["log_loss"] == pytest.approx(losses[-1], abs=1e-6)


def test_only_a_lower_loss_takes_the_place_of_the_best(tmp_path: Path) -> None:
    recipe = TrainRmRecipe()
    model = torch.nn.Linear(1, 1)
    with RunDir.open(tmp_path / "run", "train-rm", recipe) as folder:
        for value, loss in ((1.0, 0.5), (2.0, 0.4), (3.0, math.nan), (4.0, 0.4), (5.0, 0.6)):
            torch.nn.init.constant_(model.weight, value)
            Best(folder, model).offer(loss)
        Best(folder, model).restore()
    assert model.weight.item() == 2.0


def test_what_cannot_be_used_is_listed(base: Path, tmp_path: Path) -> None:
    path = write_pairs(tmp_path, items=12)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0] |= {"target": None, "p_left": None}
    lines[1]["left"] = "../elsewhere.png"
    (tmp_path / "11-0.png").write_bytes(b"no picture")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    outcome = run(recipe_for(base, path, "vam", optim={"steps": 1}), tmp_path / "run")
    told = {f.item: f.error for f in outcome.failed}
    assert "neither target nor p_left" in told["0-1-0"] and any("elsewhere" in e for e in told.values())
    assert sum("11-0.png" in error for error in told.values()) == 2


def test_mistakes_are_one_line(base: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"train_rm\.pairs is missing"):
        train_rm.plan(TrainRmRecipe(), SilentReporter())
    path = write_pairs(tmp_path, items=3)
    bare = [{"id": "1", "item": "i", "left": "0-0.png", "right": "0-1.png", "target": "left"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in bare))
    with pytest.raises(UsageError, match="vam learns from click-through rates and no ad has one"):
        run(recipe_for(base, path, "vam", train_rm={"eval_share": 0}), tmp_path / "a")
    with pytest.raises(UsageError, match="no such folder"):
        run(recipe_for(tmp_path / "none", data, "mllm"), tmp_path / "b")


def test_the_plan_says_what_is_known(base: Path, data: Path, unseen: Path) -> None:
    lines = "\n".join(train_rm.plan(recipe_for(base, data, "mllm"), SilentReporter()))
    assert "pairs of" in lines and "LoRA rank 8" in lines and "simulated" not in lines
    known = recipe_for(base, unseen, "vam", train_rm={"eval_pairs": data})
    assert "simulated market" in "\n".join(train_rm.plan(known, SilentReporter()))


def test_the_plan_tells_of_attribute_data_and_misses_it(base: Path, data: Path, tmp_path: Path) -> None:
    dialogues_file = tmp_path / "attributes" / "attributes.json"
    tree = recipe_for(base, data, "mllm", train_rm={"attribute_data": dialogues_file}).model_dump()
    tree["model"]["concept_bottleneck"] = True
    recipe = TrainRmRecipe.model_validate(tree)
    with pytest.raises(UsageError, match="no such file"):
        train_rm.plan(recipe, SilentReporter())
    write_attribute_data(tmp_path / "attributes")
    assert f"pre-train the encoder on {dialogues_file} and judge by" in "\n".join(
        train_rm.plan(recipe, SilentReporter())
    )


def test_simulated_market_is_said_of_a_markets_own_ads_only(base: Path, tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "market" / "ads", items=12)
    truth = tmp_path / "market" / "ground_truth.jsonl"
    recipe = recipe_for(base, path, "vam")
    for text in (None, "", "no JSON\n", '{"id": 1}\n', '{"image": "ads/another.png"}\n'):
        if text is not None:
            truth.write_text(text)
        assert "simulated market" not in "\n".join(train_rm.plan(recipe, SilentReporter())), text
    truth.write_text('{"image": "ads/another.png"}\n{"image": "ads/3-1.png"}\n')
    assert "simulated market" in "\n".join(train_rm.plan(recipe, SilentReporter()))


def test_the_default_recipe_looks_at_its_data(base: Path, data: Path, unseen: Path) -> None:
    for pairs, simulated in ((data, False), (unseen, True)):
        recipe = resolve(TrainRmRecipe, sets=[f"train_rm.pairs={pairs}"])
        assert is_simulated(recipe.train_rm, read_data(recipe.train_rm, 0)) is simulated
    evaluated = resolve(TrainRmRecipe, sets=[f"train_rm.pairs={data}", f"train_rm.eval_pairs={unseen}"])
    assert not is_simulated(evaluated.train_rm, read_data(evaluated.train_rm, 0)), "it learns real clicks"


def test_held_out_items_are_not_learnt(data: Path, base: Path) -> None:
    read = _read(recipe_for(base, data, "vam"))
    assert not {p.item for p in read.train} & {p.item for p in read.held_out}
    assert len(read.train) == 90 and len(read.held_out) == 30, "ten of 40 items are the least, not a fifth"
    half = _read(recipe_for(base, data, "vam", train_rm={"eval_share": 0.5}))
    assert len({p.item for p in half.held_out}) == 20
    none = _read(recipe_for(base, data, "vam", train_rm={"eval_share": 0.0}))
    assert not none.held_out and len(none.train) == 120
    few = _read(recipe_for(base, data, "vam", train_rm={"max_eval_pairs": 5}))
    assert len(few.held_out) == 5
    both = _read(recipe_for(base, data, "vam", train_rm={"eval_pairs": data}))
    assert any("40 items are learnt and evaluated on" in line for line in both.warnings)


def test_few_pairs_make_no_sure_judge(base: Path, tmp_path: Path) -> None:
    """48 items whose clicks are chance: a coin has a log-loss of ln 2, and calibration must not hide it."""
    chance = tmp_path / "few"
    path = write_pairs(chance, items=16)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, row in enumerate(lines):
        row |= {"target": ("left", "right")[number % 2], "p_left": 1.0 - number % 2}
    path.write_text("".join(json.dumps(row) + "\n" for row in lines))
    report = SilentReporter()
    over = {"steps": 30, "checkpoint_every": 100, "evaluate_every": 0}
    outcome = run(recipe_for(base, path, "vam", optim=over), tmp_path / "run", report)
    figures = outcome.result["evaluation"]
    assert figures["items"] == 8 and figures["pairs"] == 24
    assert figures["temperature"] > 0.7 and figures["temperature_low"] < figures["temperature"]
    assert figures["accuracy_low"] < 0.5 < figures["accuracy_high"]
    told = "\n".join(line for line in report.lines if line.startswith("warning"))
    assert "24 pairs teach next to nothing" in told and "24 pairs of 8 items that it did not learn" in told
    card = (tmp_path / "run/model/README.md").read_text()
    assert "That is few" in card and "| accuracy | 0." in card and " to " in card


def test_without_held_out_pairs_it_says_so(base: Path, data: Path, tmp_path: Path) -> None:
    report = SilentReporter()
    outcome = run(recipe_for(base, data, "vam", train_rm={"eval_share": 0.0}), tmp_path / "run", report)
    assert outcome.result["evaluation"] == {} and "held-out pairs: no data" in report.lines
    assert "None: it was neither measured nor calibrated." in (tmp_path / "run/model/README.md").read_text()


# --- going on, and a second judge ------------------------------------------------------------------


@pytest.fixture(scope="module")
def judges(base: Path, unseen: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A judge of each architecture that has learnt a market's pairs a little."""
    folder = tmp_path_factory.mktemp("judges")
    return {arch: Path(run(recipe_for(base, unseen, arch), folder / arch).result["model"]) for arch in STEPS}


@pytest.mark.parametrize("arch", STEPS)
def test_a_judge_goes_on_learning(
    judges: dict[str, Path], base: Path, data: Path, tmp_path: Path, arch: str
) -> None:
    runtime = choose_device("cpu", "fp32")
    pairs, _ = read_pairs(data)
    before = TrainedJudge.load(str(judges[arch]), runtime)
    over = {"model": {"base": str(judges[arch])}}
    still = recipe_for(base, data, arch, **over, optim={"learning_rate": 1e-30, "steps": 1})
    same = TrainedJudge.load(run(still, tmp_path / "still").result["model"], runtime)
    near = 1e-4 if arch == "mllm" else 0.15  # batch norms of the encoders see another batch
    for old, new in zip(odds(before, pairs), odds(same, pairs), strict=True):
        assert new == pytest.approx(old, abs=near, rel=near), "it begins with what it knew"
    went = run(recipe_for(base, data, arch, **over), tmp_path / "on")
    after = TrainedJudge.load(went.result["model"], runtime)
    assert not np.allclose(odds(after, pairs), odds(before, pairs), atol=1e-3)
    assert after.facts.began_as == before.facts.recipe and after.facts.scale == before.facts.scale
    assert after.simulated, "what it knew came from a market"
    assert after.facts.settings.keys() == before.facts.settings.keys()
    card = (Path(went.result["model"]) / "README.md").read_text()
    assert f"went on learning from the judge of recipe `{before.facts.recipe}`" in card


def odds(judge: TrainedJudge, pairs: list[Pair]) -> list[float]:
    """Log-odds of the left ads, whatever the temperature."""
    verdicts = [v for v in judge.judge(pairs[:12]) if not isinstance(v, Failure)]
    return [math.log(v.shown / (1 - v.shown)) * judge.facts.temperature for v in verdicts]


def test_a_judge_goes_on_as_what_it_is(
    judges: dict[str, Path], base: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is a judge of architecture cg4ctr; say so by --arch"):
        train_rm.plan(recipe_for(base, data, "vam", model={"base": str(judges["cg4ctr"])}), SilentReporter())
    with pytest.raises(UsageError, match=r"is no judge of caig train-rm; vam goes on from one"):
        train_rm.plan(recipe_for(base, data, "vam", model={"base": str(base)}), SilentReporter())
    plain = train_rm.plan(recipe_for(tmp_path, data, "mllm", model={"base": str(base)}), SilentReporter())
    assert any(line.startswith(f"start from {base}") for line in plain), "a model, in place of mllm.base"
    lines = train_rm.plan(
        recipe_for(tmp_path, data, "mllm", model={"base": str(judges["mllm"])}), SilentReporter()
    )
    assert f"the judge {judges['mllm']} goes on learning" in lines


def test_a_second_judge_learns_the_same_log_by_itself(base: Path, data: Path, tmp_path: Path) -> None:
    second = {"train": True, "optim": {"learning_rate": 0.01, "steps": 5}}
    alone = run(recipe_for(base, data, "mllm"), tmp_path / "alone")
    recipe = recipe_for(base, data, "mllm", second=second, model={"vam": {"vision": SMALL}})
    both = run(recipe, tmp_path / "both")
    first, other = (read_facts(Path(both.result["model"]) / part) for part in ("", "second"))
    assert (first.arch, other.arch) == ("mllm", "vam") and first.log == other.log is not None
    assert both.result["second"]["arch"] == "vam" and both.result["second"]["evaluation"]["pairs"] == 30
    assert first == read_facts(Path(alone.result["model"])).model_copy(update={"recipe": first.recipe})
    assert second_of(both.result["model"]) == str(Path(both.result["model"]) / "second")
    assert second_of(alone.result["model"]) is None
    judge = TrainedJudge.load(str(Path(both.result["model"]) / "second"), choose_device("cpu", "fp32"))
    assert len(judge.judge(read_pairs(data)[0][:3])) == 3
    again = run(recipe, tmp_path / "both", resume=True)
    assert again.result == both.result


def test_a_tracker_gets_the_figures_of_both_judges(base: Path, data: Path, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    second = {"train": True, "arch": "cg4ctr", "optim": {"learning_rate": 0.01, "steps": 3, "log_every": 1}}
    told = {"tracker": "tensorboard"}
    run(recipe_for(base, data, "vam", train_rm=told, second=second), tmp_path / "run")
    for folder, steps in ((tmp_path / "run", 6), (tmp_path / "run/second", 3)):
        (events,) = folder.glob("caig-train-rm/events.*")
        seen = accumulator.EventAccumulator(str(events)).Reload()
        losses = [row["loss"] for row in rows(folder)]
        assert [event.value for event in seen.Scalars("loss")] == pytest.approx(losses) and len(
            losses
        ) == steps
        assert seen.Scalars("eval_accuracy")[-1].step == steps
    for name in ("trackio", "dvclive"):
        with pytest.raises(UsageError, match=f"tracker {name} is not installed"):
            run(recipe_for(base, data, "vam", train_rm={"tracker": name}), tmp_path / name)
