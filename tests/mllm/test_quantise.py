"""Frozen weights in 4 and 8 bit: the real bitsandbytes on the CPU, a LLaVA of two layers."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from test_pcpo import write_products
from test_pretrain import write_dialogues
from test_train_rm import rows
from tiny_mllm import make_tiny
from tiny_pairs import write_pairs

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.errors import RecipeError, UsageError
from caig_cli.mllm import loading
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.inputs import TreeRow, collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.quantise import NOTE
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.pcpo import context
from caig_cli.pcpo.policy import add_frozen, make_policy, starting_state
from caig_cli.recipe import resolve
from caig_cli.records import Turn
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.stages import pcpo, pretrain, train_rm
from caig_cli.stages.pcpo import PcpoRecipe
from caig_cli.stages.pretrain import PretrainRecipe
from caig_cli.stages.train_rm import TrainRmRecipe

CPU = torch.device("cpu")
STAGES: Mapping[str, Any] = {"pretrain": pretrain, "train-rm": train_rm, "pcpo": pcpo}
METHODS = ("nf4", "int8")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantise") / "base"
    make_tiny(wider=2).save(folder, torch.float32)
    return folder


def load(folder: Path, quantised: str = "auto") -> Mllm:
    return loading.load(str(folder), device=CPU, dtype=torch.float32, quantised=quantised)


def batch(mllm: Mllm) -> Any:
    """Two answers about one picture."""
    encoder = mllm.encoder
    turns = [(Turn("human", "what is it?"), Turn("gpt", said)) for said in ("a red mug", "on walnut wood")]
    row = TreeRow(
        encoder.prefix(image=True), tuple(encoder.branch(t, image=True) for t in turns), merged=True
    )
    torch.manual_seed(5)
    return collate([row], mllm.tokenizer.pad_token_id, torch.randn(1, 3, 32, 32))


@torch.no_grad()
def answer(mllm: Mllm) -> torch.Tensor:
    return ResponseScorer(mllm)(batch(mllm))


def run(command: str, recipe: Any, out: Path, report: SilentReporter | None = None, **how: bool) -> Outcome:
    with RunDir.open(out, command, recipe, **how) as folder:
        result: Outcome = STAGES[command].run(recipe, folder, report or SilentReporter())
        return result


# --- loading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "close"), [("nf4", 0.2), ("int8", 0.02)])
def test_it_says_nearly_what_the_whole_model_says(base: Path, method: str, close: float) -> None:
    whole, few = load(base), load(base, method)
    assert (whole.quantised, few.quantised) == ("none", method)
    want, got = answer(whole), answer(few)
    off = float((want - got).norm() / want.norm())
    assert 0 < off < close


@pytest.mark.parametrize("method", METHODS)
def test_only_what_lora_adapts_loses_bits(base: Path, method: str) -> None:
    whole, few = load(base).core, load(base, method).core
    kind = {"nf4": "Linear4bit", "int8": "Linear8bitLt"}[method]
    quantised = {name for name, m in few.named_modules() if type(m).__name__ == kind}
    assert len(quantised) == 2 * 7 and all("language_model.layers" in name for name in quantised)
    kept = dict(few.named_parameters())
    for name, weight in whole.named_parameters():
        if name.removesuffix(".weight") not in quantised:
            assert torch.equal(kept[name], weight), name


def test_a_folder_that_is_stored_in_4_bit_loads_as_it_is(base: Path, tmp_path: Path) -> None:
    first = load(base, "nf4")
    folder = tmp_path / "stored"
    first.core.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"):
        (folder / name).write_bytes((base / name).read_bytes())
    again = load(folder)
    assert again.quantised == "nf4"
    assert torch.equal(answer(again), answer(first))
    with pytest.raises(UsageError, match="stored as nf4, not int8; leave quantise at auto"):
        load(folder, "int8")


def test_each_process_loads_to_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    for asked in ("auto", "cuda"):
        assert choose_device(asked, "bf16").device == torch.device("cuda", 1)
    assert choose_device("cuda:0", "bf16").device == torch.device("cuda", 0)
    monkeypatch.delenv("LOCAL_RANK")
    assert choose_device("auto", "bf16").device == torch.device("cuda")


# --- adapters on it --------------------------------------------------------------------------------


def frozen(mllm: Mllm) -> str:
    """A name of all bits of the base, quantisation constants included."""
    digest = hashlib.sha256()
    for name, tensor in sorted(mllm.model.state_dict().items()):
        if "lora_" not in name:
            digest.update(name.encode() + tensor.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def learn(policy: Mllm, steps: int) -> list[float]:
    """Losses of AdamW steps on the two answers, activations computed again."""
    scorer = ResponseScorer(policy)
    scorer.train()
    scorer.gradient_checkpointing_enable()
    optimizer = torch.optim.AdamW([p for p in scorer.parameters() if p.requires_grad], lr=0.003)
    losses = []
    for _ in range(steps):
        loss = -response_logps(scorer, [batch(policy)])[0].sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    policy.model.eval()
    return losses


@pytest.mark.parametrize("method", METHODS)
def test_two_adapters_on_one_base_that_never_changes(base: Path, tmp_path: Path, method: str) -> None:
    runtime = choose_device("cpu", "fp32", method)
    plain, policy = load(base, method), make_policy(str(base), LoraSection(rank=4), runtime)
    bits = frozen(policy)
    with starting_state(policy):
        assert torch.equal(answer(policy), answer(plain)), "adapters off are the original"
    policy.save_adapter(tmp_path / "start")
    add_frozen(policy, tmp_path / "start", "judge", torch.float32)
    trained = [n for n, p in policy.model.named_parameters() if p.requires_grad]
    assert len(trained) == 28 and not any("judge" in name for name in trained)
    losses = learn(policy, 16)
    assert losses[-1] < 0.88 * losses[0]
    moved = answer(policy)
    policy.model.set_adapter("judge")
    assert torch.equal(answer(policy), answer(plain)), "the other adapter still says nothing"
    policy.model.set_adapter("default")
    assert torch.equal(answer(policy), moved)
    with starting_state(policy):
        assert torch.equal(answer(policy), answer(plain))
    assert frozen(policy) == bits


def test_it_learns_alike_whether_or_not_it_was_asked_before(base: Path) -> None:
    """Some CPUs' packed form of 4-bit weights, made when a model is first asked, gives no gradients."""
    runtime = choose_device("cpu", "fp32", "nf4")
    losses = []
    for asked in (False, True):
        torch.manual_seed(0)
        policy = make_policy(str(base), LoraSection(rank=4), runtime)
        if asked:
            policy.model.eval()
            answer(policy)
        losses.append(learn(policy, 3))
    assert losses[0] == losses[1]


def test_an_adapter_remembers_the_bits_of_its_base(base: Path, tmp_path: Path) -> None:
    policy = make_policy(str(base), LoraSection(rank=4), choose_device("cpu", "fp32", "nf4"))
    learn(policy, 2)
    policy.save_adapter(tmp_path / "adapter")
    assert json.loads((tmp_path / "adapter" / NOTE).read_text())["quantise"] == "nf4"
    again = load(tmp_path / "adapter")
    assert again.quantised == "nf4" and torch.equal(answer(again), answer(policy))
    assert load(tmp_path / "adapter", "none").quantised == "none"


# --- stages ----------------------------------------------------------------------------------------


class Killed(SilentReporter):
    """Ends a run after step 2, as a Ctrl-C would."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        if step == 2:
            raise KeyboardInterrupt


OPTIM = {
    "learning_rate": 0.02, "steps": 4, "log_every": 1, "checkpoint_every": 1, "evaluate_every": 2,
    "gradient_checkpointing": True,
}  # fmt: skip


def test_pretrain_resumes_in_the_same_bytes(base: Path, tmp_path: Path) -> None:
    tree = {
        "device": "cpu", "quantise": "nf4", "optim": OPTIM,
        "pretrain": {"data": write_dialogues(tmp_path, count=8), "batch_tokens": 400, "eval_share": 0.3},
        "model": {"base": str(base), "lora": {"rank": 4}},
    }  # fmt: skip
    recipe = PretrainRecipe.model_validate(tree)
    whole = run("pretrain", recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run("pretrain", recipe, tmp_path / "torn", Killed())
    torn = run("pretrain", recipe, tmp_path / "torn", resume=True)
    one, other = (Path(o.result["model"]) / "adapter_model.safetensors" for o in (whole, torn))
    assert one.read_bytes() == other.read_bytes()
    losses = [row["loss"] for row in rows(tmp_path / "whole")]
    assert losses[-1] < losses[0]
    assert load(Path(whole.result["model"])).quantised == "nf4"


def test_reward_model_and_policy_share_a_4_bit_base(base: Path, tmp_path: Path) -> None:
    tree: dict[str, Any] = {
        "device": "cpu", "quantise": "nf4", "optim": OPTIM,
        "train_rm": {"pairs": write_pairs(tmp_path, items=12), "batch_pairs": 6},
        "model": {"mllm": {"base": str(base), "lora": {"rank": 4}}},
    }  # fmt: skip
    reward = run("train-rm", TrainRmRecipe.model_validate(tree), tmp_path / "rm").result["model"]
    judge: Any = TrainedJudge.load(reward, choose_device("cpu", "fp32"))
    assert judge.model.mllm.quantised == "nf4"
    tree = {
        "device": "cpu", "threads": 1, "quantise": "nf4",
        "pcpo": {"products": write_products(tmp_path, 5), "rounds": 1, "min_margin": 0.0},
        "policy": {"base": str(base), "lora": {"rank": 4}},
        "writer": {"max_new_tokens": 8}, "painter": {"name": "fake", "size": "64x64"},
        "judge": {"model": reward, "heldout": None}, "eval": {"products": 1, "prompts": 2},
        "optim": {"learning_rate": 0.01, "checkpoint_every": 1, "gradient_checkpointing": True},
    }  # fmt: skip
    recipe = PcpoRecipe.model_validate(tree)
    outcome = run("pcpo", recipe, tmp_path / "pcpo")
    assert outcome.result["rounds"][0]["kl"] is not None
    assert load(Path(outcome.result["adapter"])).quantised == "nf4"
    out = tmp_path / "shop"
    with (
        RunDir.open(out, "pcpo", recipe) as folder,
        context.open_context(recipe, folder, SilentReporter()) as shop,
    ):
        assert shop.judge.shares_base and shop.policy.quantised == "nf4"


@pytest.mark.parametrize("method", ["none", "nf4"])
def test_policy_and_reference_round_alike(base: Path, tmp_path: Path, method: str) -> None:
    """In 16 bit too, a policy that is its own reference has the loss of a coin: ln 2 for each comparison."""
    start = make_policy(str(base), LoraSection(rank=4), choose_device("cpu", "fp32", method))
    learn(start, 3)
    start.save_adapter(tmp_path / "start")
    tree: dict[str, Any] = {
        "device": "cpu", "threads": 1, "quantise": method, "dtype": "bf16",
        "pcpo": {"products": write_products(tmp_path, 3), "rounds": 1, "min_margin": 0, "batch_products": 1},
        "policy": {"base": str(tmp_path / "start")},
        "writer": {"max_new_tokens": 8}, "painter": {"name": "fake", "size": "64x64"},
        "judge": {"model": "random", "heldout": None}, "eval": {"products": 1, "prompts": 2},
        "optim": {"learning_rate": 0.01, "log_every": 1, "grad_accumulation": 1},
    }  # fmt: skip
    run("pcpo", PcpoRecipe.model_validate(tree), tmp_path / "run")
    assert rows(tmp_path / "run/rounds/01")[0]["loss"] == pytest.approx(2 * math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("recipe", "sets", "said"),
    [
        (PretrainRecipe, ["quantise=nf4", "model.lora=null"], "for frozen weights"),
        (TrainRmRecipe, ["quantise=int8", "model.arch=vam"], "for arch mllm"),
        (PcpoRecipe, ["quantise=int3"], "quantise"),
    ],
)
def test_what_cannot_be_quantised_is_refused(recipe: Any, sets: list[str], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        resolve(recipe, sets=sets)
