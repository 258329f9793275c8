"""The kinds of segmentation networks: what goes in, and what of what comes out is the mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]


def stretched(values: Floats) -> Floats:
    """From its smallest value to its largest as 0..1; what has no range is only clipped."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high - low > 1e-6 else values.clip(0, 1)


def sigmoid(values: Floats) -> Floats:
    """Logits as 0..1. Some exports have it inside; the logits of a whole photo are never all within 0..1."""
    if values.min() >= 0 and values.max() <= 1:
        return values
    import numpy as np  # the help reads this table and has no use for it

    return np.asarray(1 / (1 + np.exp(-values.clip(-60, 60))))


def as_is(values: Floats) -> Floats:
    """0..1 already, but for rounding."""
    return values.clip(0, 1)


@dataclass(frozen=True, slots=True)
class NetworkKind:
    """A kind of network: how a photo becomes its input, and an output the mask.

    ``words``: parts of file and repository names that tell it, in small letters. ``size``: side in pixels
    of its square input; ``fixed`` where its exports take no other. ``divide_by``: the photo's own maximum, or
    255; then ``mean`` and ``std`` of red, green and blue. ``output``: index of the one that counts.
    ``to_mask``: what makes it 0..1.
    """

    words: tuple[str, ...]
    size: int
    divide_by: Literal["max", "255"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    output: int
    to_mask: Callable[[Floats], Floats]
    fixed: bool = True


_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF, _ONE = (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)
KINDS: dict[str, NetworkKind] = {
    # Qin et al. 2020: xuebinqin/U-2-Net, data_loader.py (ToTensorLab) and u2net_test.py (normPRED).
    "u2net": NetworkKind(("u2net", "u-2-net", "u2-net", "silueta"), 320, "max", *_IMAGENET, 0, stretched),
    # Qin et al. 2022: xuebinqin/DIS, IS-Net/Inference.py; RMBG-1.4 is one, by its model card.
    "isnet": NetworkKind(("isnet", "is-net", "rmbg"), 1024, "255", _HALF, _ONE, 0, stretched),
    # Zheng et al. 2024: ZhengPeng7/BiRefNet, README.md (the last prediction, sigmoid); RMBG-2.0 is one.
    "birefnet": NetworkKind(("birefnet", "rmbg-2", "rmbg2", "rmbg_2"), 1024, "255", *_IMAGENET, -1, sigmoid),
    # Ke et al. 2022: ZHKKKe/MODNet, onnx/inference_onnx.py, but stretched to a square as the others are.
    "modnet": NetworkKind(("modnet",), 512, "255", _HALF, _HALF, 0, as_is, fixed=False),
}
"""All kinds; a row is all that another one needs."""
