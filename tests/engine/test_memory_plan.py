"""The memory plan: checked against the allocator's own peak on the CPU, and what it says and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from test_pcpo import write_products
from test_pretrain import write_dialogues
from tiny_families import FAMILIES, make_checkpoint
from tiny_mllm import make_tiny
from tiny_pairs import write_pairs
from tiny_rewards import make_reward
from torch import nn
from torch.profiler import ProfilerActivity, profile

from caig_cli.cli import run as caig
from caig_cli.engine.memory_plan import GB, RESERVE, Phase, parse_size, table
from caig_cli.engine.offload import DeviceSharing, onloaded
from caig_cli.engine.optim import OptimSection, make_optimizer
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import Runtime, choose_device
from caig_cli.generating import painting
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import loading, model_memory
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.inputs import Branch, TreeRow, collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.meta_model import load_meta_model, packed
from caig_cli.mllm.model_memory import Pass
from caig_cli.mllm.sampling import QuestionPictures, sample_many
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.mllm.vision import patches
from caig_cli.painters.registry import PainterConfig
from caig_cli.pcpo import candidates
from caig_cli.pcpo.config import PainterSection
from caig_cli.pcpo.pcpo_memory import planned, training_passes
from caig_cli.recipe import resolve
from caig_cli.stages import generate
from caig_cli.stages.pcpo import MEMORY_SAVERS, PcpoRecipe
from caig_cli.stages.pretrain import PretrainRecipe

NEAR = 0.15
WIDER = 8
"""Hidden size 256: small, but large enough that tensors outweigh what holds them."""
ROWS, RESPONSE = 3, 40


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory") / "base"
    make_tiny(wider=WIDER).save(folder, torch.float32)
    return folder


def allocated(work: Callable[[], object]) -> int:
    """Peak of the CPU allocator above where it was, bytes; everything inside kernels counts too."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        work()
    live = most = 0
    events = [e for e in found.profiler.kineto_results.events() if e.name() == "[memory]"]
    for event in sorted(events, key=lambda e: e.start_ns()):
        live += event.nbytes()
        most = max(most, live)
    return most


def batch_for(mllm: Mllm) -> Any:
    """Rows of one picture and two answers of ``RESPONSE`` tokens each."""
    branches = [Branch((7 + n,) * RESPONSE, (False,) + (True,) * (RESPONSE - 1)) for n in range(2)]
    row = TreeRow(mllm.encoder.prefix(image=True), tuple(branches), merged=True)
    size = mllm.rules.usual
    pieces = mllm.rules.tensor([torch.zeros(*size, 3, dtype=torch.uint8).numpy()] * ROWS)
    with torch.no_grad():
        seen = patches(mllm, pieces, [size] * ROWS)
    return collate([row] * ROWS, 0, patches=seen, sizes=[size] * ROWS), len(row), 2 * (RESPONSE - 1)


def measured_step(mllm: Mllm, optim: OptimSection) -> tuple[int, Pass]:
    """Bytes of a second training step, its gradients and the optimiser's moments included."""
    batch, length, answers = batch_for(mllm)
    scorer = ResponseScorer(mllm).train()
    if optim.gradient_checkpointing:
        scorer.gradient_checkpointing_enable()
    optimizer = make_optimizer(scorer, optim)

    def step() -> None:
        token_logps(scorer(batch), batch.target_N).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    moments = sum(t.nbytes for state in optimizer.state.values() for t in state.values())
    given = sum(getattr(batch, name).nbytes for name in ("mask_B1LL", "patches", "ids_BL", "position"))
    return allocated(step) + moments + given, Pass(ROWS, length, ROWS * answers, ROWS)


# --- checked against what is measured ---------------------------------------------------------------


@pytest.mark.parametrize("recomputes", [False, True])
@pytest.mark.parametrize("method", ["none", "nf4", "int8"])
def test_a_training_step(base: Path, method: str, recomputes: bool) -> None:
    optim = OptimSection(gradient_checkpointing=recomputes)
    lora = LoraSection(rank=8)
    real = loading.load(str(base), device=torch.device("cpu"), dtype=torch.float32, quantised=method)
    real = loading.add_lora(real, str(base), rank=8, alpha=64.0, dropout=0.0)
    found, batch = measured_step(real, optim)
    drawn = load_meta_model(str(base), choose_device("cpu", "fp32", method), lora)
    phase = model_memory.learning("optimise", drawn, [batch], optim)
    assert phase.adapters == sum(p.nbytes for p in real.model.parameters() if p.requires_grad)
    assert phase.training + phase.activations == pytest.approx(found, rel=NEAR)


def test_a_step_of_all_weights(base: Path) -> None:
    real = loading.load(str(base), device=torch.device("cpu"), dtype=torch.float32)
    drawn = load_meta_model(str(base), choose_device("cpu", "fp32"))
    for mllm in (real, drawn.mllm):
        mllm.tower.requires_grad_(False)
    found, batch = measured_step(real, OptimSection())
    phase = model_memory.learning("train", drawn, [batch], OptimSection())
    assert phase.weights == pytest.approx(sum(p.nbytes for p in real.model.parameters()), rel=0.001)
    assert phase.training + phase.activations == pytest.approx(found, rel=NEAR)


def test_gradients_of_earlier_micro_batches_are_there_already(base: Path) -> None:
    drawn = load_meta_model(str(base), choose_device("cpu", "fp32"), LoraSection(rank=64))
    one, more = (
        model_memory.learning("train", drawn, [Pass(1, 40, 8, 1)], OptimSection(grad_accumulation=n))
        for n in (1, 4)
    )
    assert one.peak < more.peak <= one.peak + drawn.trained * 4


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_has_a_plan(tmp_path: Path, family: str) -> None:
    make_checkpoint(tmp_path, family)
    real = loading.load(str(tmp_path), device=torch.device("cpu"), dtype=torch.float32)
    drawn = load_meta_model(str(tmp_path), choose_device("cpu", "fp32"), LoraSection(rank=4))
    assert drawn.base == pytest.approx(sum(p.nbytes for p in real.model.parameters()), rel=0.05)
    found, batch = measured_step(
        loading.add_lora(real, str(tmp_path), rank=4, alpha=8.0, dropout=0.0), OptimSection()
    )
    phase = model_memory.learning("train", drawn, [batch], OptimSection())
    assert phase.training + phase.activations == pytest.approx(found, rel=NEAR)


def test_heads_of_their_own_are_counted(tmp_path: Path) -> None:
    """InternVL's class ties heads where nothing is said; checkpoints say it of the language model alone."""
    folder = make_checkpoint(tmp_path / "whole", "internvl")
    config = json.loads((folder / "config.json").read_text())
    head = config["text_config"]["vocab_size"] * config["text_config"]["hidden_size"] * 4
    there = choose_device("cpu", "fp32")
    by_weights = load_meta_model(str(folder), there).base
    (folder / "model.safetensors").unlink()
    bases = {}
    for tied in (False, True):
        config["text_config"]["tie_word_embeddings"] = tied
        config.pop("tie_word_embeddings", None)
        (folder / "config.json").write_text(json.dumps(config))
        bases[tied] = load_meta_model(str(folder), there).base
    assert bases[False] == by_weights == bases[True] + head


def test_asking_and_sampling(base: Path) -> None:
    real = loading.load(str(base), device=torch.device("cpu"), dtype=torch.float32)
    drawn = load_meta_model(str(base), choose_device("cpu", "fp32"))
    batch, length, answers = batch_for(real)

    @torch.no_grad()
    def ask() -> None:
        response_logps(ResponseScorer(real), [batch])

    ask()
    found = model_memory.asking(drawn, [Pass(ROWS, length, ROWS * answers, ROWS)])
    assert found == pytest.approx(allocated(ask), rel=NEAR)
    asked = [real.encoder.asked("what is it? " * 20)] * 4
    pixels = torch.randn(4, 3, 32, 32)

    def sample() -> None:
        seeds = [[n, n + 9, n + 99] for n in range(4)]
        sample_many(real.core, asked, QuestionPictures(pixels), seeds=seeds, end=-1, max_new_tokens=48)

    sample()
    room, cache = model_memory.sampling(drawn, 4, len(asked[0]), 12, 48)
    assert cache == 2 * 2 * 12 * (len(asked[0]) + 47) * 32 * WIDER * 4
    assert room + cache == pytest.approx(allocated(sample), rel=NEAR)


@pytest.mark.parametrize("method", ["nf4", "int8"])
def test_weights_in_few_bits(base: Path, method: str) -> None:
    real = loading.load(str(base), device=torch.device("cpu"), dtype=torch.float32, quantised=method).model
    held = sum(t.nbytes for t in (*real.parameters(), *real.buffers()))
    for module in real.modules():
        state = getattr(getattr(module, "weight", None), "quant_state", None)
        if state is not None:  # scales of scales, and the tables of both
            nested = state.state2
            held += sum(
                t.nbytes for t in (state.absmax, state.code, state.offset, nested.absmax, nested.code)
            )
        elif getattr(getattr(module, "weight", None), "SCB", None) is not None:
            held += module.weight.SCB.nbytes
    assert load_meta_model(str(base), choose_device("cpu", "fp32", method)).base == pytest.approx(
        held, rel=0.01
    )
    assert packed("nf4", 4096, 4096) * 8 / 4096**2 == pytest.approx(4.127, abs=0.002), "bits a weight"


# --- parking ----------------------------------------------------------------------------------------


class Recorded(nn.Linear):
    """A real module that remembers where it was sent; the meta device stands for a GPU."""

    def __init__(self) -> None:
        super().__init__(2, 2)
        self.sent: list[str] = []

    def to(self, device: Any) -> Any:
        self.sent.append(str(device))
        return self


def test_a_guest_comes_and_its_hosts_leave_only_for_the_visit() -> None:
    gpu, guest, host = torch.device("meta"), Recorded(), Recorded()
    with onloaded(guest, gpu, [host]):
        assert (guest.sent, host.sent) == (["meta"], ["cpu"])
    assert (guest.sent, host.sent) == (["meta", "cpu"], ["cpu", "meta"])
    with pytest.raises(KeyboardInterrupt), onloaded(guest, gpu, [host]):
        raise KeyboardInterrupt
    assert (guest.sent[-1], host.sent[-1]) == ("cpu", "meta"), "also when the visit ends badly"
    with onloaded(guest, torch.device("cpu"), [host]):
        pass
    assert len(guest.sent) == len(host.sent) == 4, "a CPU has one memory"


def test_models_take_turns_only_where_they_must() -> None:
    gpu, one, other = torch.device("meta"), Recorded(), Recorded()
    turns = DeviceSharing(gpu, taken=True)
    for model in (one, one, other, one):
        turns.take(model)
    assert one.sent == ["meta", "cpu", "meta"] and other.sent == ["meta", "cpu"]
    stay = Recorded()
    DeviceSharing(gpu).take(stay)
    DeviceSharing(torch.device("cpu"), taken=True).take(stay)
    assert not stay.sent


def test_the_painter_is_there_only_while_it_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    brush, means, painter = PainterSection(name="diffusion"), PainterConfig(), Recorded()
    monkeypatch.setattr(candidates, "_painters", {("diffusion", means): painter})
    with candidates.painter_on_device(brush, means, torch.device("meta")):
        assert painter.sent == ["meta"]
    assert painter.sent == ["meta", "cpu"]
    with candidates.painter_on_device(PainterSection(name="fake"), means, torch.device("meta")):
        pass
    assert len(painter.sent) == 2


def test_writer_and_judge_of_generate_take_turns(
    base: Path, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noted(DeviceSharing):
        def take(self, model: Any) -> None:
            taken.append(type(model).__name__)

        def clear(self) -> None:
            taken.append("load")

    taken: list[str] = []
    monkeypatch.setattr(painting, "turns_of", lambda *_: Noted())
    recipe = resolve(
        generate.GenerateRecipe,
        sets=[
            f"generate.product={shop / 'products.json'}", f"writer.model={base}", "device=cpu",
            f"judge.model={shop / 'judge'}", "generate.painter=fake", "generate.n=1", "generate.candidates=2",
            "generate.size=64x64", "writer.max_new_tokens=8",
        ],
    )  # fmt: skip
    with RunDir.open(tmp_path / "run", "generate", recipe) as folder:
        generate.run(recipe, folder, SilentReporter())
    first = ["load", "LlavaForConditionalGeneration", "load", "MllmReward"]
    assert taken == [*first, *["LlavaForConditionalGeneration", "MllmReward"] * 4]


# --- what is said and refused -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_products(folder, 5)
    make_reward(folder / "judge", "mllm", base)
    return folder


def pcpo(shop: Path, base: Path, *sets: str) -> PcpoRecipe:
    given = [
        f"pcpo.products={shop / 'products.json'}", f"policy.base={base}", f"judge.model={shop / 'judge'}",
        "judge.heldout=null", "painter.name=fake", "writer.max_new_tokens=32", "device=cpu",
    ]  # fmt: skip
    return resolve(PcpoRecipe, sets=[*given, *sets])


def test_a_judge_on_the_policys_base_adds_an_adapter(base: Path, shop: Path) -> None:
    phases = {phase.name: phase for phase in planned(pcpo(shop, base))}
    assert list(phases) == ["sample", "rank", "reference", "optimise"]
    assert len({phase.weights for phase in phases.values()}) == 1, "one base, nothing moves"
    assert len({phase.adapters for phase in phases.values()}) == 1
    assert (
        phases["optimise"].training
        and phases["sample"].cache
        and not phases["rank"].cache
        and not phases["rank"].training
    )
    ways = [pcpo(shop, base, f"pcpo.reference={way}", "pcpo.rounds=2") for way in ("start", "last")]
    one = load_meta_model(str(base), ways[0].planned_runtime(), ways[0].policy.lora)
    held, moved = ({phase.adapters for phase in planned(way)} for way in ways)
    assert moved == {adapters + one.frozen(one.adapter) for adapters in held}, "and last round's policy"


def test_a_judge_of_its_own_takes_the_policys_place(base: Path, shop: Path, tmp_path: Path) -> None:
    make_tiny(seed=3, wider=WIDER).save(tmp_path / "other", torch.float32)
    own = make_reward(tmp_path / "judge", "mllm", tmp_path / "other")
    shared = {p.name: p for p in planned(pcpo(shop, base))}
    apart = {p.name: p for p in planned(pcpo(shop, base, f"judge.model={own}", "diffusion.batch=1"))}
    assert apart["rank"].weights == shared["rank"].weights
    assert apart["sample"].adapters < shared["sample"].adapters, "no judge is there while it samples"
    painted = {p.name: p for p in planned(pcpo(shop, base, "painter.name=diffusion"))}
    assert painted["rank"].weights > 2 * GB > painted["optimise"].weights, "the painter leaves too"
    assert painted["paint"].activations > painted["rank"].activations


def test_masks_need_a_row_of_their_own_and_titles_a_branch(base: Path, shop: Path) -> None:
    drawn = load_meta_model(str(base), choose_device("cpu", "fp32"), LoraSection(rank=4))
    prefix = len(drawn.mllm.encoder.prefix(image=True))
    single = ("pcpo.batch_products=1", "pcpo.candidates=2", "pcpo.pairs_per_product=1")
    masked = training_passes(pcpo(shop, base, *single), drawn, prefix + 10)
    assert sum(one.rows for one in masked) == 2 and sum(one.answers for one in masked) == 3 * 33
    told = training_passes(pcpo(shop, base, *single, "negatives.mask=0"), drawn, prefix + 10)
    assert [(one.rows, one.length) for one in told] == [(1, prefix + 10 + 2 * 33 + 10 + 33)]
    plain = training_passes(pcpo(shop, base, *single, "pcpo.loss=dpo"), drawn, prefix + 10)
    assert [(one.rows, one.length, one.answers) for one in plain] == [(1, prefix + 10 + 66, 66)]


def test_the_plan_is_printed_and_a_small_card_is_refused_with_advice(
    base: Path, shop: Path, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        "pcpo", "--dry-run", "--products", str(shop / "products.json"), "--base", str(base), "--judge",
        str(shop / "judge"), "--set", "judge.heldout=null", "--painter", "fake", "--device", "cpu",
        "--dtype", "fp32", "--set", "surrogate.products=0", "--set", "pcpo.candidates=8",
        "--set", "pcpo.pairs_per_product=8",
    ]  # fmt: skip
    assert caig([*asked, "--gpu-memory", "12GB"]) == 0
    shown = capsys.readouterr().out.splitlines()
    start = next(n for n, line in enumerate(shown) if line.startswith("memory, GB"))
    assert [line.split()[0] for line in shown[start + 1 :]] == ["sample", "rank", "reference", "optimise"]
    assert caig([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["memory"]
    assert told["peak"] == max(phase["peak"] for phase in told["phases"])
    room = f"{(told['peak'] + RESERVE - (1 << 20)) / GB * 1024:.0f}MB"
    assert caig([*asked, "--gpu-memory", room]) == 2
    error = capsys.readouterr().err
    assert "phase optimise needs" in error and "(saves" in error and "; that needs" in error
    assert caig([*asked, "--quantise", "nf4", "--gpu-memory", "20MB"]) == 2
    error += capsys.readouterr().err
    assert "even optim.gradient_checkpointing=true, " in error and error.count("\n") == 2
    assert not list(workdir.iterdir())
    assert caig([*asked, "--gpu-memory", "lots"]) == 2
    assert "expected a size such as 12GB" in capsys.readouterr().err


def test_a_run_that_does_not_fit_does_not_start(
    base: Path, shop: Path, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(write_dialogues(shop, 6))
    sets = ["--set", f"model.base={base}", "--gpu-memory", "200MB", "--device", "cpu"]
    assert caig(["pretrain", "--data", data, *sets]) == 2
    assert "phase train needs" in capsys.readouterr().err and not (workdir / "runs").exists()


def test_plans_of_the_other_commands(
    base: Path, shop: Path, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def names(*args: str) -> list[str]:
        assert caig([*args, "--dry-run", "--json", "--device", "cpu"]) == 0
        return [phase["name"] for phase in json.loads(capsys.readouterr().out)["memory"]["phases"]]

    assert names("pretrain", "--data", str(write_dialogues(shop, 6)), "--set", f"model.base={base}") == [
        "train",
        "evaluate",
    ]
    pairs = str(write_pairs(workdir, items=6))
    assert names("train-rm", "--pairs", pairs, "--base", str(base)) == ["train", "evaluate"]
    ask = ["--set", f"writer.model={base}", "--set", f"judge.model={shop / 'judge'}"]
    assert names("generate", "--product", str(shop / "images/0.png"), *ask) == ["write", "rank"]


def test_every_piece_of_advice_is_a_value_of_the_recipe() -> None:
    from caig_cli.commands import COMMANDS, recipe_class, stage_of
    from caig_cli.recipe import fields

    for command in COMMANDS:
        known = dict(fields(recipe_class(command)))
        assert not set(getattr(stage_of(command), "MEMORY_SAVERS", ())) - set(known), command
    assert MEMORY_SAVERS["quantise"] == "nf4"


def test_sizes_and_tables() -> None:
    assert parse_size("12GB") == parse_size("12 GiB") == 12 * GB and parse_size("512mb") == GB // 2
    lines = table([Phase("sample", 2 * GB, GB // 2), Phase("optimise", 2 * GB, training=GB)])
    assert lines[0].split() == [
        "memory,", "GB", "weights", "adapters", "training", "activations", "cache", "peak",
    ]  # fmt: skip
    assert lines[2].split() == ["optimise", "2.00", "0.00", "1.00", "0.00", "0.00", "3.00"]


def test_a_plan_for_a_gpu_is_in_its_precision() -> None:
    def dtype(*sets: str) -> torch.dtype:
        found: Runtime = resolve(PretrainRecipe, sets=["device=cpu", *sets]).planned_runtime()
        return found.dtype

    assert dtype() == torch.float32
    assert dtype("gpu_memory=12GB") == torch.bfloat16
    assert dtype("gpu_memory=12GB", "dtype=fp32") == torch.float32
