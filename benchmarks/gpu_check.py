"""Does caig run on this card? Every stage of every recipe for real models; the memory plan against the peak.

Usage: python benchmarks/gpu_check.py [--device cuda] [--out gpu_check.json] [--recipes paper modern]
       python benchmarks/gpu_check.py --device cpu --tiny          the same code on small widths, for CI

At most 6 minutes on one card; no hub is asked: configurations of published models, random weights. Four
parts: the memory plan against the allocator's peak for sample, rank and optimise (LLaVA-1.5, LLaVA-1.6 with
tiles and Qwen3-VL-4B at full size in nf4), with seconds of a step and a prompt; answers of one packed row in
bf16 against separate rows on the card's own kernels; seconds of an SD 1.5 and an SDXL picture; each stage
with a few steps on models of full width and few layers. Prints a table, writes JSON; exit code 1 if a stage
fails.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import real_models
import torch
from PIL import Image
from published import MODELS
from torch.profiler import ProfilerActivity, profile

from caig_cli.cli import run as caig
from caig_cli.engine.optim import OptimSection, make_optimizer
from caig_cli.engine.runtime import Runtime, choose_device
from caig_cli.judges.judge_memory import zero_shot
from caig_cli.judges.zero_shot import ZeroShotJudge
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import loading, model_memory
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.inputs import Branch, TreeRow, collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.meta_model import MetaModel, load_meta_model
from caig_cli.mllm.model_memory import Pass
from caig_cli.mllm.sampling import QuestionPictures, sample_many
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.mllm.vision import patches
from caig_cli.recipe import shipped
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.reward_memory import judging

RECIPES: Mapping[str, str] = {
    "consumer/12gb": "llava-1.5-7b",
    "consumer/24gb": "llava-1.5-7b",
    "paper": "llava-1.6-vicuna-7b",
    "modern": "qwen3-vl-4b",
    "finetune": "qwen2.5-vl-3b",
}
"""Recipes for real models, and the model that each is for."""
PLANNED = ("llava-1.5-7b", "llava-1.6-vicuna-7b", "qwen3-vl-4b")
"""Models whose plans are checked."""
STAGES = ("pretrain", "train-rm", "eval-rm", "pcpo", "generate")
"""In their order; the names of recipes begin with them."""
QUESTION, RESPONSE, NEW, PAIRS, RANK = 70, 60, 48, 2, 32
NEAR = 0.15
LAYERS = 2
"""Of the models that stages start with."""


def main() -> int:
    args = _arguments()
    started, rows = time.monotonic(), list[dict[str, Any]]()
    runtime = choose_device(args.device, "fp32" if args.device == "cpu" else "bf16")
    with tempfile.TemporaryDirectory() as name:
        for part in (plans, packed, pictures, stages):
            for row in part(Path(name), runtime, args):
                row = {"part": part.__name__, **row}
                rows.append(row)
                print("  ".join(f"{key} {_short(value)}" for key, value in row.items()), flush=True)
    card = torch.cuda.get_device_name() if runtime.device.type == "cuda" else "CPU"
    facts = {"device": card, "tiny": args.tiny, "seconds": round(time.monotonic() - started), "rows": rows}
    args.out.write_text(json.dumps(facts, indent=1) + "\n")
    failed = [row for row in rows if row.get("exit_code")]
    far = [row for row in rows if abs(row.get("off", 0)) > NEAR]
    print(
        f"{card}: {len(failed)} stages failed, {len(far)} plans off by more than 15 %, {facts['seconds']} s"
    )
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, mps or cpu")
    parser.add_argument("--tiny", action="store_true", help="small widths: for a CPU")
    parser.add_argument("--out", type=Path, default=Path("gpu_check.json"))
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    known = [name for name, one in MODELS.items() if one.template is not None]
    parser.add_argument("--models", nargs="*", default=PLANNED, choices=known, help="whose plans are checked")
    return parser.parse_args()


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


# --- the plan against the peak -----------------------------------------------------------------------


def plans(folder: Path, runtime: Runtime, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Planned and measured bytes beside the weights, and seconds."""
    for name in args.models:
        layers = LAYERS if args.tiny else None
        source = real_models.write(folder / "plans" / name, name, layers=layers, thin=args.tiny)
        real = real_models.fill(source, runtime, "nf4")
        nf4 = Runtime(runtime.device, runtime.dtype, "", "nf4")
        for row in compared(source, real, nf4):
            yield {"model": name, **row}
        del real
        _clear(runtime)


def compared(source: Path, base: Mllm, runtime: Runtime) -> Iterator[dict[str, Any]]:
    """Phases of a model with an adapter of rank 32: one product, two answers, two ads."""
    lora = LoraSection(rank=RANK, alpha=2.0 * RANK)
    drawn = load_meta_model(str(source), runtime, lora)
    real = loading.add_lora(base, str(source), rank=RANK, alpha=2.0 * RANK, dropout=0.0)
    real.model.eval()
    asked = len(real.encoder.prefix(image=True)) + QUESTION
    yield _row(
        "sample", sum(model_memory.sampling(drawn, 1, asked, 2, NEW)), *measured(_sample(real), runtime)
    )
    layout = "two_images" if real.family.many_images else "side_by_side"
    yield _row("rank", *ranked(real, drawn, runtime, layout, PAIRS))
    yield _row("zero-shot judge", *asked_untrained(real, drawn, runtime, PAIRS))
    batch, shape = _batch(real, merged=True)
    for recomputes in (False, True):
        optim = OptimSection(gradient_checkpointing=recomputes)
        phase = model_memory.learning("optimise", drawn, [shape], optim)
        name = "optimise, recomputed" if recomputes else "optimise"
        yield _row(name, phase.training + phase.activations, *_train(real, batch, optim, runtime))


def _row(phase: str, plan: int, found: int, seconds: float) -> dict[str, Any]:
    off = plan / found - 1
    return {
        "phase": phase, "plan_mb": plan >> 20, "peak_mb": found >> 20, "off": round(off, 3),
        "seconds": seconds,
    }  # fmt: skip


def measured(work: Callable[[], object], runtime: Runtime) -> tuple[int, float]:
    """Peak bytes above what was there before, and seconds, of the second of two runs."""
    work()
    _clear(runtime)
    begun = time.perf_counter()
    if runtime.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before, time.perf_counter() - begun
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        work()
    seconds = time.perf_counter() - begun
    live = most = 0
    events = [e for e in found.profiler.kineto_results.events() if e.name() == "[memory]"]
    for event in sorted(events, key=lambda e: e.start_ns()):
        live += event.nbytes()
        most = max(most, live)
    return most, seconds


def _clear(runtime: Runtime) -> None:
    gc.collect()
    if runtime.device.type == "cuda":
        torch.cuda.empty_cache()


def _pixels(mllm: Mllm, count: int, size: tuple[int, int]) -> torch.Tensor:
    return mllm.rules.tensor([np.zeros((*size, 3), np.uint8)] * count).to(mllm.core.device, mllm.core.dtype)


def _sample(mllm: Mllm) -> Callable[[], object]:
    size = mllm.rules.usual
    prefix = mllm.encoder.prefix(image=True)
    ids = (*prefix, *(5,) * QUESTION)
    row = TreeRow(ids, (), places=mllm.encoder.places(ids, size))

    def sample() -> None:
        shown = QuestionPictures(_pixels(mllm, 1, size), (size,))
        sample_many(mllm.core, [row], shown, seeds=[[1, 2]], end=-1, max_new_tokens=NEW)

    return sample


def ranked(mllm: Mllm, drawn: Any, runtime: Runtime, layout: str, pairs: int) -> tuple[int, int, float]:
    """Pairs of two ads in both orders, as a judge is asked: bytes planned and found, and seconds."""
    model, text = MllmReward(mllm, layout), "Which ad is clicked more? " * 8
    model.heads.to(runtime.device)
    pictures = [np.zeros((*model.rules.usual, 3), np.uint8)] * 2 * pairs
    order = torch.arange(2 * pairs, device=runtime.device)

    @torch.no_grad()
    def judge() -> None:
        features = model.features(model.rules.tensor(pictures).to(runtime.device))
        model(features, order, order.flip(0), [text] * 2 * pairs)

    return judging(drawn, layout, text, pairs), *measured(judge, runtime)


def asked_untrained(real: Mllm, drawn: MetaModel, runtime: Runtime, pairs: int) -> tuple[int, int, float]:
    """The same of a model that was never trained to judge."""
    size = real.rules.usual if real.family.many_images else real.rules.joined()
    judge, text = ZeroShotJudge(real, ""), "Which ad is clicked more? " * 8

    @torch.no_grad()
    def ask() -> None:
        judge.logps(_pixels(real, 2 * pairs, size), [size] * 2 * pairs, [text] * 2 * pairs)

    return zero_shot(drawn, text, pairs), *measured(ask, runtime)


def _batch(mllm: Mllm, *, merged: bool) -> tuple[Any, Pass]:
    """A picture and two answers, in one row or in a row each."""
    prefix, size = mllm.encoder.prefix(image=True), mllm.rules.usual
    places = mllm.encoder.places(prefix, size)
    branches = [
        Branch((5,) * QUESTION + (7 + n,) * RESPONSE, (False,) * QUESTION + (True,) * RESPONSE)
        for n in (0, 1)
    ]
    rows = [TreeRow(prefix, (one,), places=places) for one in branches]
    if merged:
        rows = [TreeRow(prefix, tuple(branches), True, places)]
    with torch.no_grad():
        seen = patches(mllm, _pixels(mllm, 1, size), [size])
    sizes = [size] * len(rows)
    batch = collate(rows, 0, patches=torch.cat([seen.cpu()] * len(rows)), sizes=sizes)
    return batch, Pass(len(rows), len(rows[0]), 2 * RESPONSE, len(rows))


def _train(mllm: Mllm, batch: Any, optim: OptimSection, runtime: Runtime) -> tuple[int, float]:
    found, seconds = trained(ResponseScorer(mllm), batch, optim, runtime)
    if runtime.device.type == "cpu":  # where the batch is not copied to
        given = (getattr(batch, name) for name in ("mask_B1LL", "patches", "ids_BL", "position"))
        found += sum(tensor.nbytes for tensor in given)
    return found, seconds


def trained(scorer: ResponseScorer, batch: Any, optim: OptimSection, runtime: Runtime) -> tuple[int, float]:
    """Peak bytes of a training step above what was there before, the optimiser's state too, and seconds."""
    scorer.train()
    if optim.gradient_checkpointing:
        scorer.gradient_checkpointing_enable()
    optimizer = make_optimizer(scorer, optim)

    def step() -> None:
        with torch.autocast(runtime.device.type, runtime.dtype, enabled=runtime.dtype != torch.float32):
            here = batch.to(runtime.device)
            loss = -token_logps(scorer(here), here.target_N).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    found, seconds = measured(step, runtime)
    return found + sum(t.nbytes for state in optimizer.state.values() for t in state.values()), seconds


# --- packed against separate -------------------------------------------------------------------------


def packed(folder: Path, runtime: Runtime, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Log-probabilities of two answers in one packed row and in two rows: bf16, against float32's."""
    for name in args.models:
        source = real_models.write(folder / "packed" / name, name, layers=LAYERS, thin=args.tiny)
        torch.manual_seed(0)
        mllm = real_models.fill(source, runtime)
        logps = {}
        for merged in (True, False):
            batch = _batch(mllm, merged=merged)[0].to(runtime.device)
            for dtype in (torch.float32, torch.bfloat16):
                low = torch.autocast(runtime.device.type, torch.bfloat16, enabled=dtype != torch.float32)
                with torch.no_grad(), low:
                    logps[merged, dtype] = response_logps(ResponseScorer(mllm), [batch])[0].float().cpu()
        exact = logps[False, torch.float32]
        apart, together = (logps[merged, torch.bfloat16] for merged in (False, True))
        yield {
            "model": name, "logp": float(exact.mean()),
            "bf16_separate_off": float((apart - exact).abs().max()),
            "bf16_packed_off": float((together - exact).abs().max()),
            "packed_against_separate": float((together - apart).abs().max()),
        }  # fmt: skip


# --- pictures ----------------------------------------------------------------------------------------


def pictures(folder: Path, runtime: Runtime, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Seconds of a picture by the painter diffusion, after a first one."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the tiny ones
    from random_painters import write_painter

    from caig_cli.cutouts.cutout import Cutout
    from caig_cli.painters import Shot
    from caig_cli.painters.diffusion.config import DiffusionSection
    from caig_cli.painters.diffusion.painter import DiffusionPainter

    rgba = np.full((400, 300, 4), 255, np.uint8)
    for kind, side in (("sd15", 512), ("sdxl", 1024)):
        side = 64 if args.tiny else side
        where = write_painter(folder / "painters" / kind, kind, tiny=args.tiny)
        section = DiffusionSection(
            kind=kind, model=str(where / "model"), controlnet=str(where / "controlnet"), resolution=side,
            steps=2 if args.tiny else 30, retries=0,
        )  # fmt: skip
        painter = DiffusionPainter(section, device=str(runtime.device))
        for number in range(2):
            begun = time.perf_counter()
            painter.paint([Shot(Cutout(rgba), "a walnut table", (side, side), number, "middle", 0.78)])
            seconds = time.perf_counter() - begun
        yield {"kind": kind, "size": side, "steps": section.steps, "seconds": seconds}
        del painter
        _clear(runtime)


# --- stages ------------------------------------------------------------------------------------------


def stages(folder: Path, runtime: Runtime, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every stage of every recipe, each on what the one before made; small pictures with ``--tiny``."""
    data = write_data(folder / "data")
    for group in args.recipes:
        base = folder / "bases" / RECIPES[group]
        if not base.is_dir():
            real_models.write(base, RECIPES[group], layers=LAYERS, thin=args.tiny, small=args.tiny)
            real_models.fill(base, runtime).save(base, runtime.dtype)
            _clear(runtime)
        for stage, recipe in recipes_of(group):
            begun = time.perf_counter()
            given = arguments(stage, recipe, base, data, folder / "runs" / group)
            code = caig([stage, "--recipe", recipe, "--device", args.device, "--quiet", *given])
            yield {
                "recipe": recipe, "stage": stage, "exit_code": code, "seconds": time.perf_counter() - begun,
            }  # fmt: skip
            _clear(runtime)


def recipes_of(group: str) -> list[tuple[str, str]]:
    """The shipped recipes of a folder with their stages, in the order of these."""
    names = [name for name in shipped() if name.rpartition("/")[0] == group]
    return [(stage, name) for stage in STAGES for name in names if name.rpartition("/")[2].startswith(stage)]


def arguments(stage: str, recipe: str, base: Path, data: Path, out: Path) -> list[str]:
    """A few steps, painted by the fake painter."""
    few = ["--set", "optim.steps=2"]
    pairs = ["--pairs", str(data / "pairs.jsonl"), "--base", str(base), *few]
    judge, policy = str(out / "judge/model"), str(out / "prompt/model")
    rounds = ["pcpo.rounds=1", "pcpo.products_per_round=2", "pcpo.min_margin=0.0", "painter.name=fake"]
    rounds += ["eval.products=1", "writer.max_new_tokens=16"]
    products = ["--products", str(data / "products.json"), "--base", policy, "--judge", judge]
    ads = [f"writer.model={out / 'pcpo/adapter'}", f"judge.model={judge}", "generate.painter=fake"]
    ads += ["generate.n=1", "generate.candidates=2", "writer.max_new_tokens=16"]
    given = {
        "pretrain": ["--data", str(data / "dialogues.json"), "--set", f"model.base={base}", *few],
        "train-rm": pairs,
        "eval-rm": ["--testset", str(data / "pairs.jsonl"), "--judge", judge, "--judge", "random"],
        "pcpo": [*products, *_sets(rounds)],
        "generate": ["--product", str(data / "0.png"), *_sets(ads)],
    }
    folders = {"pretrain": "prompt", "train-rm": "judge"}
    return [*given[stage], "--out", str(out / folders.get(stage, recipe.rpartition("/")[2]))]


def _sets(values: list[str]) -> list[str]:
    return [part for value in values for part in ("--set", value)]


def write_data(folder: Path) -> Path:
    """Four products on transparent ground, a dialogue about each, and pairs of pictures of them."""
    folder.mkdir(parents=True)
    products, talks, pairs = [], [], []
    for number in range(4):
        rgba = np.zeros((300, 240, 4), np.uint8)
        rgba[20:-20, 20:-20] = (*np.random.default_rng(number).integers(0, 255, 3), 255)
        Image.fromarray(rgba).save(folder / f"{number}.png")
        named = {"id": str(number), "image": f"{number}.png"}
        products.append({**named, "new_caption": f"red mug number {number}"})
        turns = [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "A red mug."}]
        talks.append({**named, "conversations": turns})
        pairs.append(
            {
                "id": str(number), "item": str(number), "left": f"{number}.png",
                "right": f"{(number + 1) % 4}.png", "target": "left", "left_ctr": 0.03,
                "right_ctr": 0.025, "caption": "red mug",
            }
        )  # fmt: skip
    (folder / "products.json").write_text(json.dumps(products))
    (folder / "dialogues.json").write_text(json.dumps(talks))
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    return folder


if __name__ == "__main__":
    sys.exit(main())
