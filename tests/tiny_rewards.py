"""Real reward models, small enough for a unit test, with random opinions."""

from __future__ import annotations

from pathlib import Path

import torch

from caig_cli.engine.runtime import choose_device
from caig_cli.mllm.config import LoraSection
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.config import MllmRewardSection, RewardSection, VamSection, VisionSection
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.storage import base_of, write_reward


def make_reward(folder: Path, arch: str, base: Path, seed: int = 0) -> Path:
    """Write a reward model of ``arch`` with random weights; ``mllm`` is an adapter on ``base``."""
    section = RewardSection(
        mllm=MllmRewardSection(base=str(base), lora=LoraSection(rank=4, alpha=8.0)),
        vam=VamSection(vision=VisionSection(size=32, widths=(8, 16), depths=(1, 1))),
    )
    torch.manual_seed(seed)
    model = ARCHITECTURES[arch].implementation().start(section, ["red mug"], choose_device("cpu", "fp32"))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.requires_grad and ("lora_B" in name or "head" in name or "score" in name):
                weight.normal_(0, 0.3)
    facts = RewardFacts(
        arch=arch, settings=dict(ARCHITECTURES[arch].implementation().settings(model)), form="own",
        caption=True,
        attributes=False, ctr_mean=0.03, ctr_std=0.01, ctr_log_spread=None, temperature=1.0, simulated=True,
        prior=None, recipe="tiny", evaluation={}, **base_of(model),
    )  # fmt: skip
    write_reward(model, facts, "tiny", folder, torch.float32)
    return folder
