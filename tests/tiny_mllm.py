"""A real model of the embedded family, small enough for a unit test."""

from __future__ import annotations

import torch
from transformers import CLIPVisionConfig

from caig_cli.mllm.loading import Mllm, from_scratch, llama
from caig_cli.mllm.tokenizer import train_tokenizer

TEXTS = (
    "What kind of object is this?",
    "Write a background prompt for this product. Title: red mug",
    "The product stands on walnut wood, a linen cloth, soft window light.",
    "bottle jar mug can carton",
)
WIDTH = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


def make_tiny(seed: int = 0, wider: int = 1) -> Mllm:
    """Two layers each, four image tokens, random weights from ``seed``; widths are ``wider`` times WIDTH."""
    torch.manual_seed(seed)
    tokenizer = train_tokenizer([text for text in TEXTS for _ in range(4)], 400)
    shape = {key: value * (wider if key.endswith("_size") else 1) for key, value in WIDTH.items()}
    tower = CLIPVisionConfig(**shape, image_size=32, patch_size=16)
    mllm = from_scratch(tower, llama(shape, tokenizer), tokenizer, matte=(200, 200, 200))
    mllm.model.eval()
    return mllm
