"""One optimisation step of pcpo: replies that share a prefix against the plain way, and against TRL's DPO.

Usage: python benchmarks/pcpo_step.py [--case caption image dpo trl] [--threads 2] [--repeats 3]

A fixed LLaVA-class model with random weights (hidden 1024, MLP 2816, 8 layers, vocabulary 32,000, tower
4 x 512, LoRA on the language model's linear layers) and one pair: 576 image, 70 instruction and 60 response
tokens. The plain way computes chosen, rejected and negative as three whole sequences in one batch, each with
its own look at the image; its head, like ours, sees response tokens only (``--full-logits``: all, as the
authors' code does). A step is: tower, policy forward and backward, reference forward once, AdamW. Both ways
alternate, so that other work on the machine slows both; processor seconds count, wall seconds are printed
beside them. Memory is what the policy's forward keeps for the backward pass, each storage once, weights not
counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from caig_cli.losses.objective import Objective
from caig_cli.losses.preference import Replies, preference_loss
from caig_cli.mllm.families import FAMILIES
from caig_cli.mllm.images import ImageRules
from caig_cli.mllm.inputs import Branch, collate
from caig_cli.mllm.loading import Mllm, add_lora
from caig_cli.mllm.packing import cost_of_trees, pack
from caig_cli.mllm.scoring import ResponseScorer, response_logps
from caig_cli.mllm.vision import patches
from caig_cli.pcpo.policy import starting_state

IMAGE_TOKENS, QUESTION, TITLE, RESPONSE = 576, 12, 58, 60
GOALS = {"caption": 2.2, "image": 1.25, "mixed": 1.6, "trl": 1.4}
MEMORY_GOALS = {"caption": 0.6, "image": 0.75}
Ids = tuple[int, ...]


@dataclass
class Clock:
    """Processor and wall seconds of each step, and the processor seconds of the tower in it."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    tower: list[float] = field(default_factory=list)

    @contextmanager
    def step(self, tower: nn.Module) -> Iterator[None]:
        spent, began = [0.0], [0.0]
        hooks = [
            tower.register_forward_pre_hook(lambda *_: began.__setitem__(0, time.process_time())),
            tower.register_forward_hook(
                lambda *_: spent.__setitem__(0, spent[0] + time.process_time() - began[0])
            ),
        ]
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)
        self.tower.append(spent[0])
        for hook in hooks:
            hook.remove()


@dataclass
class Pair:
    """Token ids of a pair and its pictures; ``negative`` answers the wrong question or picture."""

    prefix: Ids
    chosen: Ids
    rejected: Ids
    negative: Ids | None
    pixels: torch.Tensor
    wrong: torch.Tensor | None

    @property
    def replies(self) -> list[Ids]:
        return [self.chosen, self.rejected] + ([] if self.negative is None else [self.negative])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--case", nargs="+", default=["caption", "image", "dpo"], help="also: trl")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--repeats", type=int, default=3, help="timings of each way to take the median of")
    parser.add_argument("--warmup", type=int, default=1, help="steps before timing")
    parser.add_argument("--rank", type=int, default=32, help="LoRA rank")
    parser.add_argument(
        "--layers", type=int, default=8, help="layers of the language model; 8 is the benchmark"
    )
    parser.add_argument("--full-logits", action="store_true", help="the plain way's head sees every token")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    mllm = make_model(args.layers, args.rank)
    results: dict[str, Any] = {}
    for case in args.case:
        pair = make_pair(mllm, case)
        plain = trl_step(mllm, pair) if case == "trl" else plain_step(mllm, pair, args.full_logits)
        ways = {"shared": shared_step(mllm, pair), "plain": plain}
        results[case] = compare(mllm, ways, args)
        print(json.dumps({case: results[case]}), flush=True)
    summary = {"faster": {c: r["times_faster"] for c, r in results.items()}}
    if {"caption", "image"} <= results.keys():
        both = [results["caption"], results["image"]]
        total = {way: sum(r[f"{way}_cpu_s"] for r in both) for way in ("plain", "shared")}
        summary["faster"]["mixed"] = round(total["plain"] / total["shared"], 2)
    summary["memory"] = {c: r["memory"] for c, r in results.items() if "memory" in r}
    setting = {"threads": args.threads, "layers": args.layers, "rank": args.rank, "torch": torch.__version__}
    print(json.dumps({**summary, "goals": GOALS, "memory_goals": MEMORY_GOALS, **setting}))


def make_model(layers: int, rank: int) -> Mllm:
    """The benchmark's model, from a fixed seed."""
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    torch.manual_seed(0)
    tower = CLIPVisionConfig(
        hidden_size=512, intermediate_size=2048, num_hidden_layers=4, num_attention_heads=8,
        image_size=336, patch_size=14,
    )  # fmt: skip
    text = LlamaConfig(
        hidden_size=1024, intermediate_size=2816, num_hidden_layers=layers, num_attention_heads=16,
        num_key_value_heads=16, vocab_size=32_000, max_position_embeddings=2048,
    )  # fmt: skip
    config = LlavaConfig(vision_config=tower, text_config=text, image_token_id=31_999)
    model = LlavaForConditionalGeneration(config)
    mllm = Mllm(model.eval(), None, FAMILIES["llava"], ImageRules(336))
    mllm = add_lora(mllm, "benchmark", rank=rank, alpha=2.0 * rank, dropout=0.0)
    mllm.model.train()
    return mllm


def make_pair(mllm: Mllm, case: str) -> Pair:
    """Random words: timing needs no others."""
    draw = torch.Generator().manual_seed(1)

    def words(count: int) -> Ids:
        return tuple(torch.randint(3, 30_000, (count,), generator=draw).tolist())

    prefix = (1, *[mllm.config.image_token_id] * IMAGE_TOKENS)
    question, title, other, chosen, rejected = (
        words(n) for n in (QUESTION, TITLE, TITLE, RESPONSE, RESPONSE)
    )
    pixels = torch.randn(1, 3, 336, 336, generator=draw)
    wrong = torch.randn(1, 3, 336, 336, generator=draw) if case == "image" else None
    asked = question + (other if case == "caption" else title)
    negative = asked + chosen if case in ("caption", "image") else None
    return Pair(prefix, question + title + chosen, question + title + rejected, negative, pixels, wrong)


# --- ways --------------------------------------------------------------------------------------------


@dataclass
class Way:
    """``prepare`` looks and asks the reference; ``forward`` gives the policy's loss from that."""

    prepare: Callable[[], Any]
    forward: Callable[[Any], torch.Tensor]


def shared_step(mllm: Mllm, pair: Pair) -> Way:
    """Our way: trees, the tower once per image."""
    scorer, cost = ResponseScorer(mllm), cost_of_trees(mllm)
    own = [Branch(ids, _responses(ids)) for ids in pair.replies]
    together = own if pair.wrong is None else own[:2]
    rows = [pack(pair.prefix, together, cost)]
    pictures = [pair.pixels]
    if pair.wrong is not None:
        rows.append(pack(pair.prefix, own[2:], cost))
        pictures.append(pair.wrong)

    def prepare() -> tuple[Any, torch.Tensor]:
        with torch.no_grad():
            seen = [patches(mllm, pixels) for pixels in pictures]
            batches = [
                collate(row, 0, patches=look.expand(len(row), -1, -1))
                for row, look in zip(rows, seen, strict=True)
            ]
            with starting_state(mllm):
                reference, _ = response_logps(scorer, batches)
        return batches, reference

    def forward(given: tuple[Any, torch.Tensor]) -> torch.Tensor:
        batches, reference = given
        return _loss(response_logps(scorer, batches)[0], reference)

    return Way(prepare, forward)


def plain_step(mllm: Mllm, pair: Pair, full_logits: bool) -> Way:
    """Whole sequences in one padded batch, transformers' own forward, the tower once per sequence."""
    ids = torch.tensor([pair.prefix + reply for reply in pair.replies])
    images = [pair.pixels, pair.pixels, pair.pixels if pair.wrong is None else pair.wrong]
    inputs = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.cat(images[: len(ids)]),
        "use_cache": False,
    }

    def logps() -> torch.Tensor:
        hidden = mllm.core.model(**inputs).last_hidden_state
        if full_logits:
            logits = mllm.core.lm_head(hidden).float()[:, -RESPONSE - 1 : -1]
        else:
            logits = mllm.core.lm_head(hidden[:, -RESPONSE - 1 : -1]).float()
        return logits.log_softmax(-1).gather(-1, ids[:, -RESPONSE:, None]).sum((1, 2))

    def prepare() -> torch.Tensor:
        with torch.no_grad(), starting_state(mllm):
            return logps()

    return Way(prepare, lambda reference: _loss(logps(), reference))


def trl_step(mllm: Mllm, pair: Pair) -> Way:
    """TRL's DPOTrainer on the same pair; it asks the reference within its loss."""
    import tempfile

    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    from trl import DPOConfig, DPOTrainer

    words = Tokenizer(models.WordLevel({f"w{n}": n for n in range(32_000)}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="w2", pad_token="w0", bos_token="w1"
    )
    rows = Dataset.from_list([{"prompt": "w5", "chosen": "w6", "rejected": "w7"}])
    config = DPOConfig(
        output_dir=tempfile.mkdtemp(), beta=0.5, use_cpu=True, bf16=False, report_to="none",
        gradient_checkpointing=False, per_device_train_batch_size=1,
    )  # fmt: skip
    trainer = DPOTrainer(model=mllm.model, args=config, train_dataset=rows, processing_class=tokenizer)
    ids = torch.tensor([pair.prefix + reply for reply in pair.replies])
    completion = torch.zeros_like(ids)
    completion[:, -RESPONSE:] = 1
    batch = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "completion_mask": completion,
        "pixel_values": torch.cat([pair.pixels, pair.pixels]),
    }
    return Way(lambda: None, lambda _: trainer.compute_loss(trainer.model, dict(batch)))


def _responses(ids: Ids) -> tuple[bool, ...]:
    return tuple(place >= len(ids) - RESPONSE for place in range(len(ids)))


def _loss(policy_D: torch.Tensor, reference_D: torch.Tensor) -> torch.Tensor:
    """The paper's loss with a negative, else DPO."""
    policy, reference = Replies(*policy_D[:, None]), Replies(*reference_D[:, None])
    length = Replies(*torch.full_like(reference_D, RESPONSE)[:, None])
    how = Objective(loss="pcpo" if policy.negative is not None else "dpo")
    return preference_loss(policy, reference, length, how)[0].sum()


# --- measuring ---------------------------------------------------------------------------------------


def compare(mllm: Mllm, ways: dict[str, Way], args: argparse.Namespace) -> dict[str, Any]:
    """Alternate the ways and give medians and quotients; both must find the same loss."""
    tower = mllm.core.model.vision_tower
    trainable = [p for p in mllm.model.parameters() if p.requires_grad]
    clocks = {name: Clock() for name in ways}
    memory: dict[str, int] = {}
    losses: dict[str, float] = {}
    for turn in range(args.warmup + args.repeats):
        for name, way in ways.items():
            optimizer = torch.optim.AdamW(trainable, lr=0.0, fused=True)
            with clocks[name].step(tower):
                given = way.prepare()
                with kept_bytes(mllm.model) as kept:
                    loss = way.forward(given)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            memory[name], losses[name] = sum(kept.values()), loss.item()
            if turn < args.warmup:
                clocks[name] = Clock()
    assert abs(losses["shared"] - losses["plain"]) < 1e-3, losses
    cpu, wall, seen = (
        {name: statistics.median(getattr(clock, kind)) for name, clock in clocks.items()}
        for kind in ("cpu", "wall", "tower")
    )
    return {
        "times_faster": round(cpu["plain"] / cpu["shared"], 2),
        "times_faster_wall": round(wall["plain"] / wall["shared"], 2),
        "times_faster_language_model": round(
            (cpu["plain"] - seen["plain"]) / (cpu["shared"] - seen["shared"]), 2
        ),
        "memory": round(memory["shared"] / memory["plain"], 2),
        **{f"{name}_cpu_s": round(cpu[name], 2) for name in ways},
        **{f"{name}_tower_s": round(seen[name], 2) for name in ways},
        **{f"{name}_kept_mb": round(memory[name] / 2**20) for name in ways},
    }


@contextmanager
def kept_bytes(model: nn.Module) -> Iterator[dict[int, int]]:
    """Bytes of each storage that autograd keeps for the backward pass, weights left out."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def pack_tensor(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack_tensor, lambda tensor: tensor):
        yield kept


if __name__ == "__main__":
    main()
