"""What phases of language models need on a device: their own code on torch's meta device, tensors counted.

Legend of shape names: B rows, L tokens of a row, D hidden size, V vocabulary, N tokens that are predicted,
R answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from caig_cli.engine.memory import Phase
from caig_cli.engine.meter import META, peak_of
from caig_cli.engine.optim import OptimSection, recompute_activations
from caig_cli.mllm.images import Size
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.sampling import pick
from caig_cli.mllm.sketch import FLOAT, Sketch
from caig_cli.mllm.vision import embed, language, patches
from caig_cli.preference import token_logps

LIKELY = 64
"""Texts of most characters, one of which has most tokens."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A forward pass: rows of a length, with images, and how many tokens the head predicts (0: two heads).

    ``looks``: the tower is asked within it; otherwise what it sees was kept. ``size``: that of its images,
    None for a framed square's.
    """

    rows: int
    length: int
    answers: int
    images: int
    looks: bool = False
    size: Size | None = None


def learning(name: str, one: Sketch, passes: Sequence[Pass], optim: OptimSection) -> Phase:
    """A training step: forward and backward over the passes of a micro-batch, with AdamW's moments."""
    model = one.mllm.model
    gradients, there = one.trained * FLOAT, optim.accumulate > 1
    with _in_training(one, optim.gradient_checkpointing, there):

        def step() -> None:
            torch.autograd.backward(torch.stack([read(one.mllm, each) for each in passes]).sum())

        peak = peak_of(step, model)
    whole = one.adapter == 0
    return Phase(
        name,
        weights=one.base // one.itemsize * FLOAT if whole else one.base,  # it is loaded in float32 to learn
        adapters=0 if whole else one.trained * FLOAT,
        training=3 * gradients,
        # Autocast keeps a copy of what it has cast.
        activations=peak - (0 if there else gradients) + one.trained * (one.itemsize % FLOAT),
    )


class _in_training:  # noqa: N801 - a context, used as one
    """A sketch as the loop trains it. ``there``: gradients of micro-batches before are there already."""

    def __init__(self, one: Sketch, recomputes: bool, there: bool) -> None:
        self.model, self.recomputes, self.there = one.mllm.model, recomputes, there
        self.learnt = [p for p in self.model.parameters() if p.requires_grad]
        self.rest: list[torch.Tensor] = []

    def __enter__(self) -> None:
        self.model.train()
        if self.recomputes:
            recompute_activations(self.model)
        for weight in self.learnt:
            weight.grad = torch.empty_like(weight) if self.there else None
        self.hooks = [p.register_post_accumulate_grad_hook(self._in_full) for p in self.learnt]

    def _in_full(self, weight: torch.Tensor) -> None:
        """A gradient that comes out of autocast in 16 bit is kept in 32."""
        if not self.there and weight.element_size() < FLOAT:
            self.rest.append(torch.empty_like(weight))

    def __exit__(self, *_: object) -> None:
        for hook in self.hooks:
            hook.remove()
        self.model.zero_grad()
        if self.recomputes:
            recompute_activations(self.model, on=False)
        self.model.eval()


def asking(one: Sketch, passes: Sequence[Pass]) -> int:
    """Bytes beside the model of the same without gradients, one pass after the other."""

    @torch.no_grad()
    def ask() -> None:
        for each in passes:
            read(one.mllm, each)

    return peak_of(ask, one.mllm.model)


def looking(one: Sketch, images: int, size: Size | None = None) -> int:
    """Bytes beside the model while its tower looks at pictures together."""

    @torch.no_grad()
    def look() -> None:
        seen_size = size or one.mllm.rules.usual
        _look(one.mllm, _pixels(one.mllm, images, seen_size), [seen_size] * images)

    return peak_of(look, one.mllm.model)


def sampling(one: Sketch, questions: int, length: int, answers: int, longest: int) -> tuple[int, int]:
    """Bytes beside the model of sampling, and of the keys and values that are kept.

    ``questions`` of ``length`` tokens, a picture each, and ``answers`` of ``longest`` tokens to all of them
    together: the questions once, then token by token.
    """
    mllm = one.mllm
    core, kept = mllm.core, 0

    @torch.no_grad()
    def sample() -> None:
        nonlocal kept
        reader = language(core, mllm.family)
        one = Pass(questions, length, 1, questions, looks=True)
        pixels = _shown(mllm, one)  # they stay until the answers are there
        out = reader(**_rows(mllm, one, pixels), use_cache=True)
        cache = out.past_key_values
        cache.batch_select_indices(torch.zeros(answers, dtype=torch.long, device=META))
        for layer in cache.layers:
            full = [*layer.keys.shape[:-2], length + longest - 1, layer.keys.shape[-1]]
            layer.keys, layer.values = layer.keys.new_empty(full), layer.values.new_empty(full)
        kept = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
        out = reader(**_rows(mllm, Pass(answers, 1, 1, 0), None), past_key_values=cache, use_cache=True)
        logits_RV = core.lm_head(out.last_hidden_state)[:, -1]
        pick(logits_RV, torch.empty(answers, dtype=torch.float64, device=META), 1.0, 0.9)

    peak = peak_of(sample, mllm.model)
    return max(0, peak - kept), kept


def read(mllm: Mllm, one: Pass) -> torch.Tensor:
    """A forward pass on the meta device, up to a number that has gradients."""
    pixels = _shown(mllm, one)  # as in the step itself, they stay to the end
    rows = _rows(mllm, one, pixels)
    dtype = rows["inputs_embeds"].dtype
    # Conversations are trees, with a mask of their own; a reward model's rows need none.
    kept = one.rows if one.answers else 1
    mask = torch.zeros(kept, 1, one.length, one.length, device=META)
    hidden_BLD = language(mllm.core, mllm.family)(
        **rows, attention_mask=mask.to(dtype if one.answers else torch.bool), use_cache=False
    ).last_hidden_state
    if not one.answers:
        last: torch.Tensor = hidden_BLD[:, -1].float().sum()
        return last
    place_N = torch.zeros(one.answers, dtype=torch.long, device=META)
    return token_logps(mllm.core.lm_head(hidden_BLD[place_N, place_N]), place_N).sum()


def longest(mllm: Mllm, texts: Iterable[str]) -> int:
    """Tokens of the longest of some questions about a picture, prefix included."""
    encoder = mllm.encoder
    likely = sorted(set(texts), key=len)[-LIKELY:]
    asked = max((len(encoder.question(text, image=True)) for text in likely), default=0)
    return len(encoder.prefix(image=True)) + asked


def _shown(mllm: Mllm, one: Pass) -> torch.Tensor | None:
    """The pixels of a pass in which the tower is asked."""
    size = one.size or mllm.rules.usual
    return _pixels(mllm, one.images, size) if one.images and one.looks else None


def _pixels(mllm: Mllm, images: int, size: Size) -> torch.Tensor:
    pieces = mllm.rules.tensor([np.zeros((*size, 3), np.uint8)]).shape
    return torch.empty(pieces[0] * images, *pieces[1:], device=META)


def _rows(mllm: Mllm, one: Pass, pixels: torch.Tensor | None) -> dict[str, Any]:
    """Embeddings of rows with images in them."""
    size = one.size or mllm.rules.usual
    ids_BL = torch.zeros(one.rows, one.length, dtype=torch.long, device=META)
    if not one.images:
        seen = None
    elif pixels is not None:
        seen = _look(mllm, pixels, [size] * one.images)
    else:
        shape = _look(mllm, _pixels(mllm, 1, size), [size]).shape
        seen = torch.empty(shape[0] * one.images, *shape[1:], dtype=mllm.core.dtype, device=META)
    try:
        given = embed(mllm.core, mllm.family, ids_BL, seen, [size] * one.images)
    except RuntimeError:  # it asks for data; image tokens are as large as words anyway
        given = embed(mllm.core, mllm.family, ids_BL, None)
    return {"inputs_embeds": given["inputs_embeds"]}  # where deeper features stand can't be said without data


def _look(mllm: Mllm, pixels: torch.Tensor, sizes: Sequence[Size]) -> torch.Tensor:
    """What the tower gives for pictures of these sizes; by hand where a tower's code asks for data.

    By hand: a layer's feed-forward part has its patches four times as wide, beside six more tensors of them.
    """
    try:
        return patches(mllm, pixels, sizes)
    except RuntimeError:
        tower = mllm.config.vision_config
        area = 3 * int(tower.patch_size) ** 2 * int(getattr(tower, "temporal_patch_size", 1))
        wide = int(tower.hidden_size) * pixels.numel() // area
        kept = torch.empty(6 * wide, dtype=mllm.core.dtype, device=META)
        torch.empty(4 * wide, dtype=mllm.core.dtype, device=META)
        return kept[:wide]
