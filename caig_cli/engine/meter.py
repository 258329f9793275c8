"""Memory of a computation that is not done: the real code on torch's meta device, where tensors have no data.

Every storage is counted from the operation that made it until nothing refers to it any more, in the backward
pass and in recomputed layers too. On the CPU the allocator's own peak is met to a thousandth.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

META = torch.device("meta")


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """``live`` bytes of what was made within the block, and their ``peak``; ``given`` modules and
    their gradients do not count."""

    def __init__(self, *given: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        own = [t for module in given for t in (*module.parameters(), *module.buffers())]
        own += [t.grad for t in own if t.grad is not None]
        self._known: dict[int, Any] = {t.untyped_storage()._cdata: None for t in own}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for made in tree_leaves(out):
            if isinstance(made, torch.Tensor):
                self._count(made.untyped_storage())
        return out

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return

        def gone(_: object) -> None:
            del self._known[key]
            self.live -= size

        self._known[key] = weakref.ref(storage, gone)
        self.live += size
        self.peak = max(self.peak, self.live)


def peak_of(work: Callable[[], object], *given: nn.Module) -> int:
    """Bytes that ``work`` needs at most beside the ``given`` modules, which are on the meta device."""
    with Meter(*given) as meter, fused_attention():
        work()
    return int(meter.peak)


@contextmanager
def fused_attention() -> Iterator[None]:
    """Attention keeps what fused kernels keep: on the meta device torch would count all its weights."""
    functional: Any = nn.functional
    own = functional.scaled_dot_product_attention

    def attend(q: Any, k: Any, v: Any, attn_mask: Any = None, **_: Any) -> Any:
        return _Fused.apply(q, k, v, attn_mask)  # type: ignore[no-untyped-call]

    functional.scaled_dot_product_attention = attend
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = own


class _Fused(torch.autograd.Function):
    """Shapes of attention: for the backward pass its inputs, its output and a sum per row are kept."""

    @staticmethod
    def forward(ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: Any) -> torch.Tensor:
        out = torch.empty_like(q)
        sums = torch.empty(q.shape[:-1], dtype=torch.float32, device=q.device)
        ctx.save_for_backward(q, k, v, out, sums, *([] if mask is None else [mask]))
        return out

    @staticmethod
    def backward(ctx: Any, *_: torch.Tensor) -> tuple[Any, ...]:
        q, k, v = ctx.saved_tensors[:3]
        return torch.empty_like(q), torch.empty_like(k), torch.empty_like(v), None
