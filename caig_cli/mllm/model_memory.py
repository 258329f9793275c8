"""What phases of language models need on a device: their own code on torch's meta device, tensors counted.

Legend of shape names: B rows, L tokens of a row, D hidden size, V vocabulary, N tokens that are predicted,
R answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch

from caig_cli.engine.activation_memory import META
from caig_cli.engine.memory_plan import Phase
from caig_cli.engine.optim import OptimSection, recompute_activations
from caig_cli.losses.preference import token_logps
from caig_cli.mllm import depth
from caig_cli.mllm.attention import Mask, mask_for
from caig_cli.mllm.images import Size
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.meta_model import FLOAT, MetaModel, pixels
from caig_cli.mllm.sampling import pick
from caig_cli.mllm.vision import embed, language, patches

LIKELY = 64
"""Texts of most characters, one of which has most tokens."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A forward pass: rows of a length, each with an image or none, and how many tokens the head predicts.

    ``encodes_images``: the tower is asked within it; otherwise what it sees was kept.
    """

    rows: int
    length: int
    answers: int
    images: int
    encodes_images: bool = False


def learning(name: str, one: MetaModel, passes: Sequence[Pass], optim: OptimSection) -> Phase:
    """A training step: forward and backward over the passes of a micro-batch, with AdamW's moments."""
    return stepping(
        name, one, lambda: torch.stack([read(one, p) for p in passes]).sum(), optim, tuple(passes)
    )


def stepping(
    name: str, one: MetaModel, loss: Callable[[], torch.Tensor], optim: OptimSection, batch: object
) -> Phase:
    """The same for any way to the loss of a micro-batch, which ``batch`` tells apart from others."""
    gradients, there = one.trained * FLOAT, optim.grad_accumulation > 1

    def peak_of_step() -> int:
        def step() -> None:
            torch.autograd.backward(loss())
            training.clear()

        with _in_training(one, optim.gradient_checkpointing, there) as training:
            return one.peak(step)

    peak = one.once(("step", batch, optim.gradient_checkpointing, there), peak_of_step)
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
    """A meta model as the loop trains it. ``there``: gradients of micro-batches before are there already."""

    def __init__(self, one: MetaModel, recomputes: bool, there: bool) -> None:
        self.model, self.recomputes, self.there = one.mllm.model, recomputes, there
        self.learnt = [p for p in self.model.parameters() if p.requires_grad]
        self.rest: list[torch.Tensor] = []

    def __enter__(self) -> Self:
        self.model.train()
        if self.recomputes:
            recompute_activations(self.model)
        for weight in self.learnt:
            weight.grad = torch.empty_like(weight) if self.there else None
        self.hooks = [p.register_post_accumulate_grad_hook(self._in_full) for p in self.learnt]

        return self

    def clear(self) -> None:
        """Leave nothing of a step to the next."""
        self.rest.clear()
        for weight in self.learnt:
            weight.grad = weight.grad if self.there else None

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


def asking(one: MetaModel, passes: Sequence[Pass]) -> int:
    """Bytes beside the model of the same without gradients, one pass after the other."""

    @torch.no_grad()
    def ask() -> None:
        for each in passes:
            read(one, each)

    return one.once(("asking", tuple(passes)), lambda: one.peak(ask))


def looking(one: MetaModel, images: int, size: Size | None = None) -> int:
    """Bytes beside the model while its tower looks at pictures together."""

    @torch.no_grad()
    def look() -> None:
        seen_size = size or one.mllm.rules.usual
        patches(one.mllm, pixels(one.mllm.rules, images, seen_size), [seen_size] * images)

    return one.once(("looking", images, size), lambda: one.peak(look))


def sampling(one: MetaModel, questions: int, length: int, answers: int, longest: int) -> tuple[int, int]:
    """Bytes beside the model of sampling, and of the keys and values that are kept.

    ``questions`` of ``length`` tokens, a picture each, and ``answers`` of ``longest`` tokens to all of them
    together: the questions once, then token by token.
    """
    asked = ("sampling", questions, length, answers, longest)
    return one.once(asked, lambda: _sampled(one, questions, length, answers, longest))


def _sampled(one: MetaModel, questions: int, length: int, answers: int, longest: int) -> tuple[int, int]:
    mllm, core = one.mllm, one.mllm.core

    @torch.no_grad()
    def sample() -> int:
        reader = language(core, mllm.family)
        begun = Pass(questions, length, 1, questions, encodes_images=True)
        shown = _shown(mllm, begun)  # they stay until the answers are there
        given = {}
        if mllm.family.sees_ahead:
            mask = torch.zeros(questions, 1, length, length, dtype=core.dtype, device=META)
            given = {"attention_mask": _mask(mllm, begun, mask)}
        out = reader(**_rows(one, begun, shown), **given, use_cache=True)
        cache = out.past_key_values
        cache.batch_select_indices(torch.zeros(answers, dtype=torch.long, device=META))
        for layer in cache.layers:
            kept_L = min(length + longest - 1, getattr(layer, "sliding_window", length + longest) - 1)
            full = [*layer.keys.shape[:-2], kept_L, layer.keys.shape[-1]]
            layer.keys, layer.values = layer.keys.new_empty(full), layer.values.new_empty(full)
        kept: int = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
        out = reader(**_rows(one, Pass(answers, 1, 1, 0), None), past_key_values=cache, use_cache=True)
        logits_RV = core.lm_head(out.last_hidden_state)[:, -1]
        pick(logits_RV, torch.empty(answers, dtype=torch.float64, device=META), 1.0, 0.9)
        return kept

    peak, kept = depth.peak(mllm, sample, mllm.model)
    return max(0, peak - kept), kept


def read(drawn: MetaModel, one: Pass) -> torch.Tensor:
    """A forward pass on the meta device, up to a number that has gradients."""
    mllm = drawn.mllm
    shown = _shown(mllm, one)  # as in the step itself, they stay to the end
    rows = _rows(drawn, one, shown)
    dtype = rows["inputs_embeds"].dtype
    mask = torch.zeros(one.rows, 1, one.length, one.length, device=META)  # conversations are trees
    hidden_BLD = language(mllm.core, mllm.family)(
        **rows, attention_mask=_mask(mllm, one, mask.to(dtype)), use_cache=False
    ).last_hidden_state
    place_N = torch.zeros(one.answers, dtype=torch.long, device=META)
    return token_logps(mllm.core.lm_head(hidden_BLD[place_N, place_N]), place_N).sum()


def _mask(mllm: Mllm, one: Pass, mask_B1LL: torch.Tensor) -> Mask:
    """What the model is given for it."""
    position = torch.arange(one.length, device=META).expand(one.rows, -1)
    return mask_for(mllm.core, mllm.family, _ids(mllm, one), mask_B1LL, position)


def longest(mllm: Mllm, texts: Iterable[str]) -> int:
    """Tokens of the longest of some questions about a picture, prefix included."""
    encoder = mllm.encoder
    likely = sorted(set(texts), key=len)[-LIKELY:]
    asked = max((len(encoder.question(text, image=True)) for text in likely), default=0)
    return len(encoder.prefix(image=True)) + asked


def _shown(mllm: Mllm, one: Pass) -> torch.Tensor | None:
    """The pixels of a pass in which the tower is asked."""
    return pixels(mllm.rules, one.images, mllm.rules.usual) if one.images and one.encodes_images else None


def _ids(mllm: Mllm, one: Pass) -> torch.Tensor:
    """Token ids [B, L], in which those of pictures are right."""
    begun = mllm.encoder.prefix(image=True) if one.images else ()
    return torch.tensor([[*begun, *[0] * (one.length - len(begun))]] * one.rows, device=META)


def _rows(drawn: MetaModel, one: Pass, shown: torch.Tensor | None) -> dict[str, Any]:
    """Embeddings of rows with images in them."""
    mllm = drawn.mllm
    size = mllm.rules.usual
    ids_BL = _ids(mllm, one)
    if not one.images:
        seen = None
    elif shown is not None:
        seen = patches(mllm, shown, [size] * one.images)
    else:
        count, *rest = drawn.seen
        seen = torch.empty(count * one.images, *rest, dtype=mllm.core.dtype, device=META)
    return embed(mllm.core, mllm.family, ids_BL, seen, [size] * one.images)
