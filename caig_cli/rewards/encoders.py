"""Encoders of transformers for the paper's baselines: a picture or a text to one vector.

Legend of shape names: I pictures, B texts, L tokens, D width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from caig_cli.engine import auto
from caig_cli.engine.sources import locate
from caig_cli.errors import UsageError
from caig_cli.mllm.images import ImageRules, read_rules
from caig_cli.mllm.tokenizer import train_tokenizer
from caig_cli.rewards.config import TextSection, VisionSection


class VisionEncoder(nn.Module):
    """Pixels [I, 3, H, W] to [I, D] by any vision model of transformers that pools."""

    def __init__(self, model: Any, rules: ImageRules) -> None:
        super().__init__()
        self.model, self.rules = model, rules
        config = model.config
        self.width = int(config.hidden_sizes[-1] if hasattr(config, "hidden_sizes") else config.hidden_size)

    @property
    def frozen(self) -> bool:
        """Whether none of the weights is trained."""
        return not any(weight.requires_grad for weight in self.parameters())

    def forward(self, pixels_I3HW: torch.Tensor) -> torch.Tensor:
        if self.frozen:
            self.model.eval()  # running means are part of what stays as it is
        out = self.model(pixel_values=pixels_I3HW)
        pooled: torch.Tensor | None = getattr(out, "pooler_output", None)
        patches: torch.Tensor = out.last_hidden_state
        return patches.mean(dim=1) if pooled is None else pooled.flatten(1)


class TextEncoder(nn.Module):
    """Texts to [B, D]: the mean of a text model's real tokens, of which at most ``max_tokens`` are read."""

    def __init__(self, model: Any, tokenizer: Any, max_tokens: int) -> None:
        super().__init__()
        self.model, self.tokenizer, self.max_tokens = model, tokenizer, max_tokens
        self.width = int(model.config.hidden_size)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        unique = sorted(set(texts))
        rows = self.tokenizer(
            unique,
            padding=True,
            truncation=True,
            max_length=self.max_tokens,
            split_special_tokens=True,
            return_tensors="pt",
        ).to(self.model.device)
        mask_BL = rows["attention_mask"]
        out = self.model(input_ids=rows["input_ids"], attention_mask=mask_BL)
        weight_BL1 = mask_BL[..., None].to(out.last_hidden_state.dtype)
        mean_BD: torch.Tensor = (out.last_hidden_state * weight_BL1).sum(1) / weight_BL1.sum(1).clamp(min=1)
        place = {text: number for number, text in enumerate(unique)}
        return mean_BD[torch.tensor([place[text] for text in texts], device=mean_BD.device)]


def new_vision(section: VisionSection) -> VisionEncoder:
    """A residual network with random weights, or a pre-trained model with its own image rules."""
    if section.base is not None:
        folder = locate(section.base)
        encoder = VisionEncoder(_pretrained(folder, "vision_config"), read_rules(folder))
        return encoder.requires_grad_(not section.frozen)
    config = transformers.ResNetConfig(
        embedding_size=section.widths[0],
        hidden_sizes=list(section.widths),
        depths=list(section.depths),
        layer_type="basic",
    )
    rules = ImageRules(section.size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), (255, 255, 255))
    return VisionEncoder(auto.make_model(config), rules)


def new_text(section: TextSection, texts: Iterable[str]) -> TextEncoder:
    """A small model of BERT's class with a tokenizer learnt from ``texts``, or a pre-trained one."""
    if section.base is not None:
        folder = locate(section.base)
        tokenizer = auto.read_tokenizer(folder)
        return TextEncoder(_pretrained(folder, "text_config"), tokenizer, section.max_tokens)
    tokenizer = train_tokenizer(texts, section.vocabulary)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=section.width,
        num_hidden_layers=section.depth,
        num_attention_heads=section.heads,
        intermediate_size=4 * section.width,
        max_position_embeddings=section.max_tokens,
        pad_token_id=tokenizer.pad_token_id,
    )
    return TextEncoder(auto.make_model(config), tokenizer, section.max_tokens)


def write_text(encoder: TextEncoder, folder: Path) -> None:
    """What makes the text encoder again, without its weights."""
    encoder.model.config.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)


def read_vision(folder: Path, rules: ImageRules) -> VisionEncoder:
    """An encoder of the configuration in ``folder``; its weights are random."""
    return VisionEncoder(_described(folder), rules)


def read_text(folder: Path, max_tokens: int) -> TextEncoder:
    """The encoder that ``write_text`` described; its weights are random."""
    tokenizer = auto.read_tokenizer(folder)
    return TextEncoder(_described(folder), tokenizer, max_tokens)


def _pretrained(folder: Path, part: str) -> Any:
    """A folder's model, or that half of a two-tower one which ``part`` of its configuration describes."""
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder}: no model here (expected a folder with config.json)")
    config = auto.read_config(folder)
    config = getattr(config, part, config)
    return auto.read_model(folder, config=config, dtype=torch.float32)


def _described(folder: Path) -> Any:
    config = auto.read_config(folder)
    return auto.make_model(config, dtype=torch.float32)
