"""The memory plan against what is measured, phase by phase; and the plan of real models by configuration.

Usage: python benchmarks/memory_plan.py measure [--device cpu] [--size small] [--method none nf4] [--rank 32]
       python benchmarks/memory_plan.py real

``measure``: a LLaVA-class model with random weights is stored, loaded and run on one product: sampling 2
answers of 48 tokens, a reward model's 8 pairs, the reference and a training step with and without gradient
checkpointing on 576 image, 70 question and 2 x 60 response tokens. ``--size small`` has hidden 1024, MLP 2816
and 8 layers; ``7b`` is LLaVA-1.5-7B. On the CPU the peak is the allocator's, everything inside kernels
included; on CUDA it is torch.cuda.max_memory_allocated.

``real``: the shipped recipes for cards of 12 and 24 GB and for the paper's setting, planned for LLaVA-1.5-7B
from its configuration (literal, below). Computed, not measured; the embedded tokenizer counts the questions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from gpu_check import measured as peak_of
from gpu_check import ranked, trained
from transformers import AutoTokenizer, CLIPVisionConfig, LlamaConfig, LlavaConfig
from transformers import LlavaForConditionalGeneration as Llava

from caig_cli.engine.memory_plan import GB, Phase, peak, table
from caig_cli.engine.optim import OptimSection
from caig_cli.engine.runtime import Runtime, choose_device
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import loading, model_memory
from caig_cli.mllm.config import LoraSection
from caig_cli.mllm.families import FAMILIES
from caig_cli.mllm.images import ImageRules
from caig_cli.mllm.inputs import Branch, TreeRow, collate
from caig_cli.mllm.loading import EMBEDDED_FOLDER, Mllm
from caig_cli.mllm.meta_model import load_meta_model
from caig_cli.mllm.model_memory import Pass
from caig_cli.mllm.sampling import QuestionPictures, sample_many
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.mllm.vision import patches
from caig_cli.pcpo.pcpo_memory import planned
from caig_cli.recipe import resolve
from caig_cli.stages import generate
from caig_cli.stages.pcpo import PcpoRecipe

SMALL: dict[str, Any] = {
    "tower": {
        "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 8
    },
    "text": {
        "hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 8, "num_attention_heads": 16
    },
}  # fmt: skip
LLAVA_7B: dict[str, Any] = {
    "tower": {
        "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16
    },
    "text": {
        "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32
    },
}  # fmt: skip
"""config.json of llava-hf/llava-1.5-7b-hf: CLIP ViT-L/14 at 336 pixels and Vicuna-7B."""
SIZES = {"small": SMALL, "7b": LLAVA_7B}
QUESTION, RESPONSE, PAIRS, NEW = 70, 60, 8, 48
BEST = 0.15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["measure", "real"])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--size", default="small", choices=list(SIZES))
    parser.add_argument("--method", nargs="+", default=["none", "nf4"], help="also: int8")
    parser.add_argument("--rank", type=int, default=32, help="LoRA rank")
    args = parser.parse_args()
    if args.what == "real":
        real()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = tokenizer_for(Path(name))
        make_model(size=args.size).save(folder, torch.bfloat16)
        for method in args.method:
            runtime = choose_device(args.device, quantise=method)
            for phase, plan, found in measured(str(folder), runtime, args.rank):
                off = plan / found - 1
                line = {
                    "phase": phase, "method": method, "plan_mb": round(plan / 2**20),
                    "measured_mb": round(found / 2**20), "off": round(off, 3), "within": abs(off) <= BEST,
                }  # fmt: skip
                print(
                    json.dumps({**line, "device": args.device, "size": args.size, "rank": args.rank}),
                    flush=True,
                )


# --- models ------------------------------------------------------------------------------------------


def configuration(size: str, layers: int | None = None) -> Any:
    """LLaVA's configuration, with 576 image tokens."""
    tower = CLIPVisionConfig(**SIZES[size]["tower"], image_size=336, patch_size=14, projection_dim=768)
    shape = SIZES[size]["text"] | ({} if layers is None else {"num_hidden_layers": layers})
    text = LlamaConfig(**shape, vocab_size=32_064, max_position_embeddings=4096, rms_norm_eps=1e-5)
    image = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER).convert_tokens_to_ids("<image>")
    return LlavaConfig(vision_config=tower, text_config=text, image_token_id=image, vision_feature_layer=-2)


def make_model(layers: int | None = None, size: str = "small") -> Mllm:
    """Random weights from a fixed seed, with the embedded tokenizer, whose words are fewer."""
    torch.manual_seed(0)
    words = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER)
    config = configuration(size, layers)
    model = Llava._from_config(config, dtype=torch.bfloat16)
    return Mllm(model.eval(), words, FAMILIES["llava"], ImageRules(336))


def tokenizer_for(folder: Path) -> Path:
    """An empty folder for a model."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# --- measuring ---------------------------------------------------------------------------------------


def measured(source: str, runtime: Runtime, rank: int) -> Iterator[tuple[str, int, int]]:
    """Phase, bytes planned and bytes measured beside the weights of the base."""
    lora = LoraSection(rank=rank, alpha=2.0 * rank)
    drawn = load_meta_model(source, runtime, lora)
    load = {"device": runtime.device, "dtype": runtime.dtype, "quantised": runtime.quantise}
    real = loading.add_lora(loading.load(source, **load), source, rank=rank, alpha=2.0 * rank, dropout=0.0)
    sampled = sum(model_memory.sampling(drawn, 1, 577 + QUESTION, 2, NEW))
    yield "sample", sampled, peak_of(_sample(real), runtime)[0]
    yield "rank", *ranked(real, drawn, runtime, "side_by_side", PAIRS)[:2]
    batch, shape = _batch(real)
    scorer = ResponseScorer(real)

    @torch.no_grad()
    def ask() -> None:
        with torch.autocast(runtime.device.type, runtime.dtype, enabled=runtime.dtype != torch.float32):
            token_logps(scorer(batch.to(runtime.device)), batch.target_N.to(runtime.device))

    real.model.eval()
    yield "reference", model_memory.asking(drawn, [shape]), peak_of(ask, runtime)[0]
    for recomputes in (False, True):
        optim = OptimSection(gradient_checkpointing=recomputes)
        phase = model_memory.learning("optimise", drawn, [shape], optim)
        name = "optimise, " + ("activations computed again" if recomputes else "activations kept")
        yield name, phase.training + phase.activations, trained(scorer, batch, optim, runtime)[0]


def _batch(mllm: Mllm) -> tuple[Any, Pass]:
    prefix = (1, *[mllm.config.image_token_id] * 576)
    branches = [
        Branch((5,) * QUESTION + (7 + n,) * RESPONSE, (False,) * QUESTION + (True,) * RESPONSE)
        for n in (0, 1)
    ]
    row = TreeRow(prefix, tuple(branches), merged=True)
    pixels = torch.randn(1, 3, 336, 336)
    with torch.no_grad():
        seen = patches(mllm, pixels, [(336, 336)])
    batch = collate([row], 0, patches=seen.cpu(), sizes=[(336, 336)])
    return batch, Pass(1, len(row), 2 * RESPONSE, 1)


def _sample(mllm: Mllm) -> Callable[[], object]:
    question = TreeRow((1, *[mllm.config.image_token_id] * 576, *(5,) * QUESTION), ())
    pixels = torch.randn(1, 3, 336, 336).to(mllm.core.device, mllm.core.dtype)
    shown = QuestionPictures(pixels, ((336, 336),))
    return lambda: sample_many(mllm.core, [question], shown, seeds=[[1, 2]], end=-1, max_new_tokens=NEW)


# --- real models -------------------------------------------------------------------------------------


def real() -> None:
    """Plans of shipped recipes for LLaVA-1.5-7B."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = describe(folder / "llava-1.5-7b", "7b")
        judge = describe_judge(folder / "judge", base, rank=128)
        for recipe, sets in (
            ("consumer/12gb/pcpo", ["gpu_memory=12GB"]),
            ("consumer/24gb/pcpo", ["gpu_memory=24GB"]),
            ("paper/pcpo", ["quantise=nf4"]),
            ("paper/pcpo", ["quantise=none"]),
        ):
            given = [f"policy.base={base}", f"judge.model={judge}", "device=cpu", "judge.heldout=null", *sets]
            show(f"{recipe} {' '.join(sets)}", planned(resolve(PcpoRecipe, recipe, sets=given)))
        product = EMBEDDED_FOLDER.parent / "catalogue" / "products.json"
        for recipe, room in (("consumer/12gb/generate", "12GB"), ("consumer/24gb/generate", "24GB")):
            given = [
                f"writer.model={base}",
                f"judge.model={judge}",
                f"generate.product={product}",
                "device=cpu",
            ]
            found = resolve(generate.GenerateRecipe, recipe, sets=[*given, f"gpu_memory={room}"])
            show(f"{recipe} with a judge, {room}", generate.memory(found))


def show(title: str, phases: Sequence[Phase]) -> None:
    print(f"\n{title}: peak {peak(phases).peak / GB:.2f} GB (computed)")
    print("\n".join(table(phases)), flush=True)


def describe(folder: Path, size: str) -> Path:
    """A model folder without weights: all that a plan reads."""
    folder.mkdir(parents=True)
    configuration(size).save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED_FOLDER).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(ImageRules(336).to_config()))
    return folder


def describe_judge(folder: Path, base: Path, rank: int) -> Path:
    """A reward model's folder without weights: an adapter, side by side."""
    from caig_cli.rewards.facts import RewardFacts

    folder.mkdir(parents=True)
    adapter = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "base_model_name_or_path": str(base)}
    (folder / "adapter_config.json").write_text(json.dumps(adapter))
    facts = RewardFacts(
        arch="mllm", settings={"layout": "side_by_side"}, form="own", caption=True, attributes=False,
        ctr_mean=0.03, ctr_std=0.01, ctr_log_spread=None, temperature=1.0, base=str(base),
        base_fingerprint="none", simulated=False, prior=None, recipe="none", evaluation={},
    )  # fmt: skip
    (folder / "reward.json").write_text(facts.model_dump_json())
    return folder


if __name__ == "__main__":
    main()
