"""What a deep model does, found out with shallow ones: bytes that are alive are linear in equal layers.

A trace of each of 36 layers on the meta device takes many seconds. Here the same work is traced with four
layers and with a few more, of the language model and of the tower, and the rest is a straight line. The peak
itself is none, since it may lie elsewhere in a deeper model: before the head in one, in the backward pass of
the first layers in another. So the trace is cut at the ends of layers, each of the pieces has its own peak,
and the pieces around the first and the last layers are continued; those between lie between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn

from caig_cli.engine.activation_memory import MemoryTracker, tracked
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.vision import language

FIRST, LAST = 3, 2
"""Layers at both ends whose pieces are continued. DeepStack adds to the first three."""
LEAST = 4
"""Layers of the shallowest model; with DeepStack, whose ends must not meet, one more."""
_KINDS = ("fullatt_block_indexes", "deepstack_visual_indexes")
"""Attributes of towers: numbers of layers that are special."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers that follow each other: ``getattr(owner, name)``; after ``period`` of them the kinds repeat."""

    owner: Any
    name: str
    layers: Sequence[nn.Module]
    period: int
    least: int

    @property
    def depths(self) -> tuple[int, int]:
        """Two numbers of layers, both whole periods away from all of them."""
        first = self.least + (len(self.layers) - self.least) % self.period
        return first, first + self.period

    @property
    def shrinks(self) -> bool:
        """Whether both together are less than all."""
        return sum(self.depths) < len(self.layers)


class Place(NamedTuple):
    """Where a piece of a trace ends: in a ``layer``, from the end where negative, for the n-th ``time``."""

    stack: int = -1
    kind: str = "end"
    layer: int = 0
    time: int = 1


def stacks_of(mllm: Mllm) -> list[Stack]:
    """The layers of the language model and those of the tower, as far as there are many."""
    words = language(mllm.core, mllm.family)
    least = FIRST + LAST if getattr(mllm.tower, "deepstack_visual_indexes", None) else LEAST
    kinds = getattr(words.config, "layer_types", None) or [""] * len(words.layers)
    found = [Stack(words, "layers", list(words.layers), _period(kinds), least)]
    owner, name = max(
        ((m, name) for m in mllm.tower.modules() for name, one in m.named_children() if _equal(one)),
        key=lambda place: len(getattr(*place)),
        default=(None, ""),
    )
    if owner is not None:
        found.append(_tower(mllm, owner, name, least))
    return [stack for stack in found if stack.shrinks]


def _equal(module: nn.Module) -> bool:
    return isinstance(module, nn.ModuleList) and len({type(layer) for layer in module}) == 1


def _period(kinds: Sequence[str]) -> int:
    return next(n for n in range(1, len(kinds) + 1) if kinds[n:] == kinds[:-n])


def _tower(mllm: Mllm, owner: Any, name: str, least: int) -> Stack:
    layers = list(getattr(owner, name))
    full = getattr(owner, "fullatt_block_indexes", None) or ()
    chosen = getattr(mllm.config, "vision_feature_layer", -1)
    wanted = [chosen] if isinstance(chosen, int) else list(chosen or [-1])
    if max(wanted) >= 0:
        return Stack(owner, name, layers, 1, len(layers))  # counted from the first layer
    period = _period(["full" if n in full else "" for n in range(len(layers))])
    return Stack(owner, name, layers, period, max(least, 1 - min(wanted)))


def peak(mllm: Mllm, work: Callable[[], int | None], *given: nn.Module) -> tuple[int, int]:
    """Bytes that ``work`` needs at most beside the ``given`` modules, and the number that it returns.

    The model is one of the modules, and the number is linear in its layers.
    """
    stacks = stacks_of(mllm)
    least = tuple(stack.depths[0] for stack in stacks)
    base, found = _traced(stacks, least, work, given)
    peaks, start = dict(base), found
    for n, stack in enumerate(stacks):
        if not any(place.stack == n for place in base):
            continue  # no work for it
        first, second = stack.depths
        more, number = _traced(stacks, (*least[:n], second, *least[n + 1 :]), work, given)
        times = (len(stack.layers) - first) // (second - first)
        found += (number - start) * times
        for place, value in base.items():
            peaks[place] += (more.get(place, value) - value) * times
    return max(peaks.values()), found


def _traced(
    stacks: Sequence[Stack],
    depths: Sequence[int],
    work: Callable[[], int | None],
    given: Sequence[nn.Module],
) -> tuple[dict[Place, int], int]:
    with ExitStack() as cuts, tracked(*given) as tracker:
        for number, (stack, depth) in enumerate(zip(stacks, depths, strict=True)):
            cuts.enter_context(_shallow(stack, depth))
            cuts.enter_context(_marked(number, stack, depth, tracker))
        found = work() or 0
        tracker.mark(Place())
    return tracker.peaks, found


@contextmanager
def _shallow(stack: Stack, depth: int) -> Iterator[None]:
    """The model with its first layers alone."""
    owner, config, layers = stack.owner, stack.owner.config, getattr(stack.owner, stack.name)
    types = getattr(config, "layer_types", None)
    special = {key: getattr(owner, key) for key in _KINDS if getattr(owner, key, None)}
    cut = {"layer_types": types[:depth]} if types else {}
    if hasattr(config, "num_hidden_layers"):
        cut["num_hidden_layers"] = depth
    whole = {key: getattr(config, key) for key in cut}
    try:
        _set(config, cut)
        _set(owner, {stack.name: nn.ModuleList(stack.layers[:depth])})
        _set(owner, {key: _kept(key, numbers, depth) for key, numbers in special.items()})
        yield
    finally:
        _set(config, whole)
        _set(owner, {stack.name: layers, **special})


def _kept(key: str, numbers: Sequence[int], depth: int) -> list[int]:
    """DeepStack takes as many layers as before; of the others those that are left."""
    return list(range(len(numbers))) if key.startswith("deepstack") else [n for n in numbers if n < depth]


def _set(one: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        setattr(one, key, value)


@contextmanager
def _marked(number: int, stack: Stack, depth: int, tracker: MemoryTracker) -> Iterator[None]:
    """Pieces of the trace end where a layer is done, and where the gradient of what it gave is there."""
    times: Counter[tuple[str, int]] = Counter()

    def mark(kind: str, layer: int) -> None:
        times[kind, layer] += 1
        ends = [n for n in (layer, layer - depth) if -LAST <= n < FIRST]
        tracker.mark(*(Place(number, kind, n, times[kind, layer]) for n in ends))

    def done(layer: int) -> Callable[..., None]:
        def hook(_module: object, _given: object, out: Any) -> None:
            mark("forward", layer)
            first = out if isinstance(out, torch.Tensor) else out[0]
            if first.requires_grad:
                first.register_hook(lambda _: mark("backward", layer))

        return hook

    hooks = [layer.register_forward_hook(done(n)) for n, layer in enumerate(stack.layers[:depth])]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
