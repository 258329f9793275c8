"""Memory of a computation that is not done: the real code on torch's meta device, where tensors have no data.

Every storage is counted from the operation that made it until nothing refers to it any more, in the backward
pass and in recomputed layers too. On the CPU the allocator's own peak is met to a thousandth.

Code may ask for data all the same: how many patches a picture has, which of them belong to a window. What
follows from numbers alone (sizes, grids, masks, never weights) is therefore computed beside, on the CPU.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

META, CPU = torch.device("meta"), torch.device("cpu")
LARGEST = 1 << 23
"""Elements of a tensor whose values are computed: indices and masks of pictures, no pixels of batches."""
_ATEN = torch.ops.aten
_UNLIKE = {
    _ATEN.eq.Scalar: False, _ATEN.eq.Tensor: False, _ATEN.ne.Scalar: True, _ATEN.ne.Tensor: True,
}  # fmt: skip
"""What comparing data gives: no pixel has exactly the colour of padding."""
_NO_SHAPE = {torch.Tag.dynamic_output_shape, torch.Tag.data_dependent_output}


class MemoryTracker(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """``live`` bytes of what was made within the block, and their ``peak``; ``given`` modules and
    their gradients do not count. ``peaks``: of the pieces that ``mark`` ended."""

    def __init__(self, *given: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = self._piece = 0
        self.peaks: dict[Any, int] = {}
        own = [t for module in given for t in (*module.parameters(), *module.buffers())]
        own += [t.grad for t in own if t.grad is not None]
        self._known: dict[int, Any] = {t.untyped_storage()._cdata: None for t in own}
        self._values: dict[int, torch.Tensor] = {}
        """By storage: its elements, flat, where they follow from numbers alone."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        tensors = _tensors((args, given))
        on_meta = any(t.is_meta for t in tensors) or given.get("device") == META
        out = self._run(func, args, given, tensors) if on_meta else func(*args, **given)
        for made in _tensors(out):
            if made.is_meta:
                self._count(made.untyped_storage())
        return out

    def mark(self, *names: Hashable) -> None:
        """End a piece of the trace, which is known by the names; without any its peak is not kept."""
        self.peaks |= dict.fromkeys(names, self._piece)
        self._piece = self.live

    def value(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """The elements of a tensor, on the CPU; None where they depend on what has no data."""
        if not tensor.is_meta:
            return tensor
        flat = self._values.get(tensor.untyped_storage()._cdata)
        if flat is None or flat.dtype != tensor.dtype:
            return None
        return flat.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset())

    def _run(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]
    ) -> Any:
        values = {id(t): self.value(t) for t in tensors}
        known = all(value is not None for value in values.values()) and _follows(func)

        def really() -> Any:
            there = tree_map_only(torch.Tensor, lambda t: values[id(t)], (args, kwargs))
            moved = {"device": CPU} if kwargs.get("device") == META else {}
            return func(*there[0], **there[1] | moved)

        if kwargs.get("device") == CPU and known:  # it is asked for its data
            return really()
        if func is not _ATEN.index.Tensor and not _NO_SHAPE.isdisjoint(func.tags):
            return self._shaped(func, args, really() if known else None)
        shapes = (args[0], self._places(args[1])) if func is _ATEN.index.Tensor else args
        made = func(
            *tree_map_only(torch.Tensor, _on_meta, shapes), **tree_map_only(torch.Tensor, _on_meta, kwargs)
        )
        found = _tensors(made)
        if known and all(t.untyped_storage().nbytes() <= LARGEST * t.itemsize for t in found):
            for tensor, real in zip(found, _tensors(really()), strict=True):
                self._keep(tensor, real)
        elif func in _UNLIKE and made.numel() <= LARGEST:
            self._keep(made, torch.full(made.shape, _UNLIKE[func]))
        elif func._schema.is_mutable:
            for tensor in found:
                self._values.pop(tensor.untyped_storage()._cdata, None)
        return made

    def _shaped(self, func: Any, args: tuple[Any, ...], real: Any) -> Any:
        """The result of an operation whose shape depends on data; without data every mask is all true."""
        if real is None and func is _ATEN._local_scalar_dense.default and args[0].dtype == torch.bool:
            return True
        if real is None and func is _ATEN.nonzero.default:
            return torch.empty(args[0].numel(), args[0].ndim, dtype=torch.long, device=META)
        if real is None:
            raise NotImplementedError(f"{func} asks for data that a plan has not")
        return tree_map_only(torch.Tensor, self._made, real)

    def _made(self, real: torch.Tensor) -> torch.Tensor:
        made = torch.empty_like(real, device=META)
        self._keep(made, real)
        return made

    def _places(self, indices: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
        """Masks as the numbers of what they let through, whose count is all that matters for a shape."""
        places: list[torch.Tensor | None] = []
        for index in indices:
            if index is None or index.dtype != torch.bool:
                places.append(index)
                continue
            value = self.value(index)
            count = index.numel() if value is None else int(value.sum())
            places += [torch.empty(count, dtype=torch.long, device=META)] * index.ndim
        return places

    def _keep(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self._values or not tensor.is_meta:
            return  # a view of what is known, or it was written there
        flat = torch.empty(storage.nbytes() // tensor.itemsize, dtype=tensor.dtype)
        flat.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset()).copy_(real)
        self._values[storage._cdata] = flat

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return

        def gone(_: object) -> None:
            del self._known[key]
            self._values.pop(key, None)
            self.live -= size

        self._known[key] = weakref.ref(storage, gone)
        self.live += size
        self.peak, self._piece = max(self.peak, self.live), max(self._piece, self.live)


class _Lists(TorchFunctionMode):
    """Tensors made from lists, which torch drops on its way to the meta device."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor) and torch.device(given.get("device") or CPU) == META:
            return func(*args, **given | {"device": CPU}).to(META)
        return func(*args, **given)


@contextmanager
def tracked(*given: nn.Module) -> Iterator[MemoryTracker]:
    """Count what is done within the block beside the ``given`` modules, which are on the meta device."""
    with MemoryTracker(*given) as tracker, _Lists(), _fused_attention():
        yield tracker


def peak_of(work: Callable[[], object], *given: nn.Module) -> int:
    """Bytes that ``work`` needs at most beside the ``given`` modules."""
    with tracked(*given) as tracker:
        work()
    return tracker.peak


@contextmanager
def _fused_attention() -> Iterator[None]:
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


def _tensors(tree: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def _on_meta(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.is_meta else torch.empty_like(tensor, device=META)


def _follows(func: Any) -> bool:
    """Whether an operation makes the same of the same numbers."""
    return torch.Tag.nondeterministic_seeded not in func.tags and "empty" not in func._schema.name


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
