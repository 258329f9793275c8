"""``caig pcpo`` end to end on tiny real parts: models of two layers, reward models, the fake painter."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny_mllm import make_tiny
from tiny_rewards import make_reward

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.errors import RunError, UsageError
from caig_cli.judges.stored_judge import judge_for
from caig_cli.market.known import open_oracle
from caig_cli.mllm.prompt_model import PromptModel
from caig_cli.pcpo import context, loaded_judge
from caig_cli.records import Creative, Pair, Verdict
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.stages import pcpo
from caig_cli.stages.pcpo import PcpoRecipe

RESULT = {
    "round", "pairs", "dropped", "win_rate", "win_rate_heldout", "ctr_true", "match", "kl", "chosen_logp",
    "rejected_logp", "distinct", "self_bleu", "length", "surrogate_accuracy", "accepted",
}  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_parts(tmp_path_factory.mktemp("parts"))


def make_parts(folder: Path) -> Path:
    """A folder with a base, an adapter judge on it, a judge of its own, and seven products."""
    make_tiny().save(folder / "base", torch.float32)
    make_reward(folder / "judge", "mllm", folder / "base")
    make_reward(folder / "other", "vam", folder / "base", seed=3)
    write_products(folder, 7)
    return folder


def write_products(folder: Path, count: int) -> Path:
    records = []
    (folder / "images").mkdir(exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        rgba = np.zeros((24, 20, 4), np.uint8)
        rgba[4:20, 4:16, :3], rgba[4:20, 4:16, 3] = rng.integers(0, 255, 3), 255
        Image.fromarray(rgba).save(folder / f"images/{number}.png")
        title = f"{('red', 'blue', 'green')[number % 3]} mug {number}"
        records.append({"id": str(number), "image": f"images/{number}.png", "new_caption": title})
    path = folder / "products.json"
    path.write_text(json.dumps(records))
    return path


def recipe_for(parts: Path, **over: Mapping[str, Any]) -> PcpoRecipe:
    tree: dict[str, Any] = {
        "device": "cpu",
        "seed": 4,
        "threads": 1,
        "pcpo": {
            "products": parts / "products.json", "rounds": 2, "products_per_round": 4, "min_margin": 0.0,
            "batch_products": 2, "candidates": 3, "pairs_per_product": 2,
        },
        "policy": {"base": str(parts / "base"), "lora": {"rank": 4, "alpha": 8}},
        "writer": {"max_new_tokens": 8, "batch": 3},
        "painter": {"name": "fake", "size": "64x64"},
        "judge": {"model": str(parts / "judge"), "heldout": str(parts / "other")},
        "surrogate": {},
        "eval": {"products": 2, "prompts": 3, "patience": 0},
        "optim": {"learning_rate": 0.01, "log_every": 1, "checkpoint_every": 1},
    }  # fmt: skip
    for name, values in over.items():
        tree[name] |= values
    return PcpoRecipe.model_validate(tree)


def run(recipe: PcpoRecipe, out: Path, report: SilentReporter | None = None, **how: bool) -> Outcome:
    with RunDir.open(out, "pcpo", recipe, **how) as folder:
        return pcpo.run(recipe, folder, report or SilentReporter())


@pytest.fixture(scope="module")
def whole(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A run that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    return out, run(recipe_for(parts), out)


def metrics(out: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def same_run(one: Path, other: Path) -> None:
    for name in ("adapter/adapter_model.safetensors", "rounds/01/preferences.jsonl"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert metrics(one) == metrics(other)


# --- what a run leaves -----------------------------------------------------------------------------


def test_rounds_end_in_an_adapter_that_generate_takes(parts: Path, whole: tuple[Path, Outcome]) -> None:
    out, outcome = whole
    assert [set(row) for row in outcome.result["rounds"]] == [RESULT, RESULT]
    for row in outcome.result["rounds"]:
        assert row["pairs"] + sum(row["dropped"].values()) == 4 * 2, "every product gives its two pairs"
        assert row["match"] is None and row["ctr_true"] is None, "nobody knows the truth of these products"
        assert 0 <= row["win_rate"] <= 1 and 0 <= row["win_rate_heldout"] <= 1
        assert row["chosen_logp"] < 0 and row["rejected_logp"] < 0
    assert outcome.result["adapter"] == str(out / "adapter") and not outcome.failed
    runtime, picture = choose_device("cpu", "fp32"), Image.new("RGB", (24, 24), (200, 30, 30))
    written = [
        PromptModel.load(str(source), runtime).write_prompts(picture, "x", seeds=[1, 2, 3])
        for source in (out / "adapter", parts / "base")
    ]
    assert written[0] != written[1], "the adapter changes the model"
    page = (out / "report.html").read_text()
    assert (
        "simulated market" in page and "Preferences of round 2" in page and (out / "plots/wins.png").is_file()
    )


def test_what_is_chosen_is_what_the_judge_prefers(parts: Path, whole: tuple[Path, Outcome]) -> None:
    """The stored order is that of the judge, asked again by itself about the stored ads."""
    out, _ = whole
    judge = TrainedJudge.load(str(parts / "judge"), choose_device("cpu", "fp32"))
    rows = [json.loads(line) for line in (out / "rounds/01/preferences.jsonl").read_text().splitlines()]
    assert rows
    for row in rows:
        ads = [Image.open(out / "rounds/01/ads" / name).convert("RGB") for name in row["ads"]]
        assert judge.rank(ads, None, {}).wins[0] == pytest.approx(row["p_chosen"], abs=1e-5)
        assert row["p_chosen"] > 0.5
        assert [Image.open(out / "rounds/01/ads" / n).info["caig:prompt"] for n in row["ads"]] == [
            row["chosen"],
            row["rejected"],
        ]


def test_metrics_begin_at_ln_2(whole: tuple[Path, Outcome]) -> None:
    """Policy and reference are one model before the first step: each of both terms is ln 2, KL is 0."""
    rows = metrics(whole[0])
    first = next(row for row in rows if row["round"] == 1 and row.get("step") == 1)
    assert first["loss/dpo"] == pytest.approx(np.log(2), abs=1e-6)
    assert first["loss/pcpo"] == pytest.approx(np.log(2), abs=1e-6)
    assert [row["round"] for row in rows if "pairs" in row] == [1, 2] and rows[0]["round"] == 0
    assert all(abs(row["kl"]) > 1e-4 for row in rows[1:] if "kl" in row), "the policy has moved"


def test_the_reference_stays_the_start(parts: Path, whole: tuple[Path, Outcome]) -> None:
    """Rewards of round 2 begin where round 1 ended, not at zero."""
    rows = metrics(whole[0])
    second = next(row for row in rows if row["round"] == 2 and row.get("step") == 1)
    assert abs(second["rewards/chosen"]) > 1e-4


def test_a_run_repeats_itself(parts: Path, whole: tuple[Path, Outcome], tmp_path: Path) -> None:
    run(recipe_for(parts), tmp_path / "again")
    same_run(whole[0], tmp_path / "again")


# --- kills -----------------------------------------------------------------------------------------


class Killer:
    """Raises KeyboardInterrupt at the n-th write to a run folder, before or after it has happened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.left, self.after = at, at % 2 == 0
        for name in ("atomic_write", "append_lines"):
            monkeypatch.setattr(f"caig_cli.engine.files.{name}", self._wrapped(name))
        monkeypatch.setattr("caig_cli.engine.run_dir.atomic_write", self._wrapped("atomic_write"))

    def _wrapped(self, name: str) -> Any:
        from caig_cli.engine import files

        original = getattr(files, name)

        def write(path: Path, data: Any, **how: bool) -> None:
            if "rounds" not in path.parts and "products" not in path.parts:
                original(path, data, **how)
                return
            self.left -= 1
            if self.left == 0 and not self.after:
                raise KeyboardInterrupt
            original(path, data, **how)
            if self.left == 0:
                raise KeyboardInterrupt

        return write


WRITES = 120
"""About as many as a run makes."""


@pytest.mark.parametrize("at", sorted(random.Random(5).sample(range(2, WRITES), 6)))
def test_killed_anywhere_it_ends_in_the_same_bytes(
    at: int, parts: Path, whole: tuple[Path, Outcome], tmp_path: Path
) -> None:
    recipe = recipe_for(parts)
    with pytest.MonkeyPatch.context() as patch:
        Killer(patch, at)
        try:
            run(recipe, tmp_path / "run")
            died = False
        except KeyboardInterrupt:
            died = True
    assert died, f"only fewer than {at} writes"
    outcome = run(recipe, tmp_path / "run", resume=True)
    same_run(whole[0], tmp_path / "run")
    assert outcome.result["rounds"] == whole[1].result["rounds"]


# --- held distance, unpainted prompts, rounds on trial ------------------------------------------------


@pytest.fixture(scope="module")
def on_trial(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[PcpoRecipe, Path, Outcome]:
    """Five painted and two unpainted products a round, a group objective, and every guard that there is."""
    folder = tmp_path_factory.mktemp("trial")
    recipe = recipe_for(
        parts,
        pcpo={
            "products": write_products(folder, 14), "products_per_round": 5, "loss": "group", "beta": 0.1,
            "accept": True, "reference": "last", "max_kl": 0.5, "min_relevance": 0.0,
        },
        surrogate={"products": 2, "candidates": 6, "min_accuracy": 0.0},
        eval={"relevance": str(parts / "base")},
        optim={"evaluate_every": 1, "epochs": 2.0},
    )  # fmt: skip
    return recipe, folder / "run", run(recipe, folder / "run")


def test_every_guard_together(on_trial: tuple[PcpoRecipe, Path, Outcome]) -> None:
    _, out, _ = on_trial
    rounds = [json.loads((out / f"rounds/{n:02}/round.json").read_text()) for n in (1, 2)]
    for row in rounds:
        assert row["pairs"] + sum(row["dropped"].values()) == 5 * 3 + 2 * 2, "all pairs of five, two of two"
        assert 0 <= row["surrogate_accuracy_low"] <= row["surrogate_accuracy"] <= 1
        assert row["accepted"] is not bool(row.get("refused")) or row["accepted"]
    taken = max((row["round"] for row in rounds if row["accepted"]), default=0)
    kept = out / f"rounds/{taken:02}"
    kept = kept / "again" if (kept / "again/adapter").is_dir() else kept
    name = "adapter/adapter_model.safetensors"
    assert (out / name).read_bytes() == (kept / name).read_bytes(), "the newest that was accepted"
    for number in (1, 2):
        steps = metrics(out / f"rounds/{number:02}")
        distances = [row["eval_distance"] for row in steps if "eval_distance" in row]
        assert distances and all(one <= 0.5 for one in distances[:-1]), "training stops where it is too far"
        assert steps[0]["rewards/chosen"] == pytest.approx(0, abs=1e-5), "measured from the round's beginning"
    unpainted = [json.loads(line) for line in (out / "rounds/01/unpainted.jsonl").read_text().splitlines()]
    painted = {json.loads(line)["product"] for line in (out / "rounds/01/prompts.jsonl").open()}
    assert unpainted and not painted & {row["product"] for row in unpainted}


def test_killed_on_trial_it_ends_in_the_same_bytes(
    on_trial: tuple[PcpoRecipe, Path, Outcome], tmp_path: Path
) -> None:
    recipe, out, _ = on_trial
    for at in (60, 110):
        with pytest.MonkeyPatch.context() as patch:
            Killer(patch, at)
            with pytest.raises(KeyboardInterrupt):
                run(recipe, tmp_path / "run", resume=at > 60)
    run(recipe, tmp_path / "run", resume=True)
    same_run(out, tmp_path / "run")
    assert (out / "rounds/02/round.json").read_bytes() == (tmp_path / "run/rounds/02/round.json").read_bytes()


def test_a_judge_whose_concept_says_what_suits_is_asked(parts: Path) -> None:
    """The shipped judges say of ads how surely their background suits; it is the chance of one judgement."""
    judge = TrainedJudge.load("heldout", choose_device("cpu", "fp32"))
    assert judge.has_relevance
    ads = [Creative(parts / "images/0.png"), Creative(parts / "images/1.png")]
    relevance = judge.suits(ads)
    assert len(relevance) == 2 and all(0 < p < 1 for p in relevance)
    assert judge.suits(ads[1:]) == pytest.approx(relevance[1:], abs=1e-6)
    assert not TrainedJudge.load(str(parts / "other"), choose_device("cpu", "fp32")).has_relevance


# --- judges that are no help -----------------------------------------------------------------------


class Fixed:
    """A judge with one opinion; it breaks after ``lasts`` calls."""

    name, simulated = "fixed", False

    def __init__(self, p: float, lasts: int = 10**6) -> None:
        self.p, self.left = p, lasts

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict]:
        self.left -= 1
        if self.left < 0:
            raise ValueError("the judge is ill")
        return [Verdict(self.p, self.p) for _ in pairs]


@pytest.fixture
def seated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts a judge of the test on the bench."""

    def seat(judge: Any) -> None:
        from contextlib import nullcontext

        monkeypatch.setattr(context, "open_judge_on", lambda *_: loaded_judge.LoadedJudge(judge, nullcontext))

    yield seat


def test_a_judge_that_always_ties_teaches_nothing(parts: Path, seated: Any, tmp_path: Path) -> None:
    seated(Fixed(0.5))
    report = SilentReporter()
    outcome = run(recipe_for(parts), tmp_path / "run", report)
    assert [row["dropped"] for row in outcome.result["rounds"]] == [{"near_tie": 8}] * 2
    assert [(row["pairs"], row["win_rate"], row["kl"]) for row in outcome.result["rounds"]] == [
        (0, 0.5, 0.0)
    ] * 2
    assert any("nothing to learn" in line for line in report.lines)
    weights = load_file(tmp_path / "run/adapter/adapter_model.safetensors")
    assert not any(tensor.any() for name, tensor in weights.items() if "lora_B" in name), "still the start"


def test_a_judge_that_crashes_in_round_3(parts: Path, seated: Any, tmp_path: Path) -> None:
    recipe = recipe_for(parts, pcpo={"rounds": 3})
    # One call each for the start, rounds 1 and 2, and twice two judges of these rounds.
    seated(Fixed(0.8, lasts=7))
    with pytest.raises(RunError, match=r"judge fixed failed on products .*rounds/03: the judge is ill"):
        run(recipe, tmp_path / "run")
    assert (tmp_path / "run/rounds/02/round.json").is_file()
    seated(Fixed(0.8))
    outcome = run(recipe, tmp_path / "run", resume=True)
    seated(Fixed(0.8))
    run(recipe, tmp_path / "well")
    assert len(outcome.result["rounds"]) == 3
    same_run(tmp_path / "well", tmp_path / "run")


def test_identical_prompts_are_counted(parts: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        context.PcpoContext, "write", lambda self, _, seeds: [["on oak"] * len(s) for s in seeds]
    )
    outcome = run(recipe_for(parts, pcpo={"rounds": 1}), tmp_path / "run")
    row = outcome.result["rounds"][0]
    assert (row["pairs"], row["dropped"], row["win_rate"]) == (0, {"same_prompt": 8}, 0.5)
    assert row["distinct"] == pytest.approx(1 / 6), "three prompts for each of the two watched products"


def test_the_run_goes_back_when_the_held_out_judge_falls(
    parts: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    real = pcpo._play

    def play(ctx: Any, number: int, *more: Any) -> dict[str, Any]:
        return real(ctx, number, *more) | {"win_rate_heldout": (0.7, 0.5, 0.4)[number - 1]}

    monkeypatch.setattr(pcpo, "_play", play)
    recipe = recipe_for(parts, pcpo={"rounds": 5}, eval={"patience": 2})
    outcome = run(recipe, tmp_path / "run")
    assert len(outcome.result["rounds"]) == 3
    taken = (tmp_path / "run/adapter/adapter_model.safetensors").read_bytes()
    assert taken == (tmp_path / "run/rounds/01/adapter/adapter_model.safetensors").read_bytes()


def test_a_judge_that_knows_other_clicks_only_watches(parts: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """A judge of real clicks, watched by one of the simulated market."""
    mine = tmp_path / "mine"
    shutil.copytree(parts / "judge", mine)
    facts = json.loads((mine / "reward.json").read_text())
    (mine / "reward.json").write_text(json.dumps(facts | {"simulated": False}))
    real = pcpo._play

    def play(ctx: Any, number: int, *more: Any) -> dict[str, Any]:
        return real(ctx, number, *more) | {"win_rate_heldout": 0.1}

    monkeypatch.setattr(pcpo, "_play", play)
    report = SilentReporter()
    recipe = recipe_for(parts, eval={"patience": 1}, judge={"model": str(mine)})
    outcome = run(recipe, tmp_path / "run", report)
    assert len(outcome.result["rounds"]) == 2, "it stops nothing"
    assert any("only watches" in line for line in report.lines)
    taken = (tmp_path / "run/adapter/adapter_model.safetensors").read_bytes()
    assert taken == (tmp_path / "run/rounds/02/adapter/adapter_model.safetensors").read_bytes()
    adapter = outcome.result["adapter"]
    assert judge_for("auto", adapter) == f"{adapter}/judge", "generate ranks with what trained the policy"
    assert TrainedJudge.load(f"{adapter}/judge", choose_device("cpu", "fp32")).simulated is False


# --- products --------------------------------------------------------------------------------------


def test_bad_images_are_listed_and_counted(parts: Path, tmp_path: Path) -> None:
    products = write_products(tmp_path, 4)
    (tmp_path / "images/1.png").write_bytes(b"no image")
    recipe = recipe_for(
        parts, pcpo={"products": products, "rounds": 1, "products_per_round": None}, eval={"share": 0.0}
    )
    outcome = run(recipe, tmp_path / "run")
    row = outcome.result["rounds"][0]
    assert [failure.item for failure in outcome.failed] == ["1"]
    assert row["dropped"]["unusable_image"] == 2 and row["win_rate"] is None and row["distinct"] is None


def test_the_market_knows_match_and_rate(parts: Path, tmp_path: Path) -> None:
    """Of the shipped catalogue one split is learnt from and another watched; figures are exact."""
    from caig_cli.pcpo.products import SHIPPED, split_products

    recipe = recipe_for(parts, pcpo={"products": None, "rounds": 1, "candidates": 2})
    goods = split_products(recipe.pcpo, recipe.eval, recipe.seed)
    oracle = open_oracle(SHIPPED)
    assert oracle is not None and goods.oracle is not None
    assert {oracle.products[p.id].split for p in goods.learn} == {"train"}
    assert {oracle.products[p.id].split for p in goods.evaluate} == {"validation"}
    outcome = run(recipe, tmp_path / "run")
    row = outcome.result["rounds"][0]
    written = [
        json.loads(line) for line in (tmp_path / "run/rounds/01/eval/prompts.jsonl").read_text().splitlines()
    ]
    found = [oracle.worth(one["product"], text) for one in written for text in one["prompts"]]
    assert row["match"] == sum(one.match for one in found) / len(found)
    assert row["ctr_true"] == pytest.approx(sum(one.ctr for one in found) / len(found))


def test_a_relevance_judge_gives_match_where_no_market_does(parts: Path, tmp_path: Path) -> None:
    recipe = recipe_for(parts, pcpo={"rounds": 1}, eval={"relevance": str(parts / "base")})
    assert run(recipe, tmp_path / "run").result["rounds"][0]["match"] in (0.0, 0.25, 0.5, 0.75, 1.0)


def test_official_file_and_merged_model(parts: Path, tmp_path: Path) -> None:
    recipe = recipe_for(
        parts, pcpo={"rounds": 1, "official_file": True, "hugging_face_file": True, "merge": "fp32"}
    )
    outcome = run(recipe, tmp_path / "run")
    rows = json.loads((tmp_path / "run/rounds/01/preferences-official.json").read_text())
    assert set(rows[0]) == {"id", "image", "chosen_conversations", "reject_conversations"}
    assert rows[0]["chosen_conversations"][0] == rows[0]["reject_conversations"][0]
    assert (tmp_path / "run/rounds/01/preferences-hf.parquet").is_file()
    runtime, picture = choose_device("cpu", "fp32"), Image.new("RGB", (24, 24), (200, 30, 30))
    written = [
        PromptModel.load(source, runtime).write_prompts(picture, "x", seeds=[1, 2, 3])
        for source in (outcome.result["adapter"], str(tmp_path / "run/model"))
    ]
    assert written[0] == written[1], "merged or not, it is one model"


def test_going_on_from_an_adapter_keeps_it_as_the_reference(parts: Path, whole: Any, tmp_path: Path) -> None:
    recipe = recipe_for(parts, policy={"base": str(whole[0] / "adapter")}, pcpo={"rounds": 1})
    run(recipe, tmp_path / "run")
    first = next(row for row in metrics(tmp_path / "run") if row.get("step") == 1)
    assert first["loss/dpo"] == pytest.approx(np.log(2), abs=1e-6)


def test_without_a_judge_it_says_so(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no reward model here"):
        pcpo.plan(recipe_for(parts, judge={"model": str(parts / "base")}), SilentReporter())
    lines = pcpo.plan(recipe_for(parts), SilentReporter())
    assert any("2 rounds of 4 products x 3 prompts" in line for line in lines)


def test_a_tracker_gets_the_figures_of_every_step_and_round(parts: Path, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    out = tmp_path / "run"
    run(recipe_for(parts, pcpo={"tracker": "tensorboard", "rounds": 2}), out)
    (events,) = out.glob("caig-pcpo/events.*")
    seen = accumulator.EventAccumulator(str(events)).Reload()
    rows = [row for row in metrics(out) if "win_rate" in row and row["round"] > 0]
    told = [event.value for event in seen.Scalars("round/win_rate")]
    assert told == pytest.approx([row["win_rate"] for row in rows]) and len(told) == 2
    losses = [row["loss"] for n in ("01", "02") for row in metrics(out / f"rounds/{n}")]
    assert [event.value for event in seen.Scalars("train/loss")] == pytest.approx(losses)


def test_a_tracker_that_is_not_installed_is_refused_before_any_work(parts: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tracker swanlab is not installed"):
        run(recipe_for(parts, pcpo={"tracker": "swanlab"}), tmp_path / "run")
