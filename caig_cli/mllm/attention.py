"""Who sees whom, in language models that have more to say on it than that tokens look back.

In some, the tokens of a picture see each other in both directions; in some, most layers see no further back
than a window. Legend of shape names: B rows, L tokens that look, S tokens that are looked at.
"""

from __future__ import annotations

from typing import Any

import torch

from caig_cli.mllm.families import Family

Mask = torch.Tensor | dict[str, torch.Tensor]
"""Additive, or one for each kind of layer, as transformers takes it."""


def mask_for(
    core: Any, family: Family, ids_BL: torch.Tensor, mask_B1LL: torch.Tensor, position: torch.Tensor
) -> Mask:
    """The mask that a model reads, from one that says what stands before what.

    ``mask_B1LL`` is additive; ``position`` [B, L] counts along the branches of a tree, which windows are
    measured by.
    """
    text = core.config.get_text_config()
    if family.sees_ahead:
        mask_B1LL = mask_B1LL.masked_fill(_same_picture(ids_BL == core.config.image_token_id)[:, None], 0)
    window = _window(text)
    if window is None or mask_B1LL.shape[-1] <= window:
        return _by_layer(text, mask_B1LL, mask_B1LL)
    far_BLL = position[:, :, None] - position[:, None, :] >= window
    near_B1LL = mask_B1LL.masked_fill(far_BLL[:, None], torch.finfo(mask_B1LL.dtype).min)
    return _by_layer(text, mask_B1LL, near_B1LL)


def causal_mask(shown_BL: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The additive mask [B, 1, L, L] of rows whose real tokens are ``shown_BL``: all that came before."""
    length = shown_BL.shape[1]
    seen = torch.ones(length, length, dtype=torch.bool, device=shown_BL.device).tril() & shown_BL[:, None]
    seen = seen | torch.eye(length, dtype=torch.bool, device=shown_BL.device)  # padding sees itself
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(
        ~seen, torch.finfo(dtype).min
    )[:, None]


def _same_picture(image_BL: torch.Tensor) -> torch.Tensor:
    """Whether two tokens stand in one run of image tokens, [B, L, L]."""
    begins_BL = image_BL & ~torch.nn.functional.pad(image_BL, (1, 0))[:, :-1]
    number_BL = begins_BL.cumsum(1) * image_BL
    return (number_BL[:, :, None] == number_BL[:, None, :]) & image_BL[:, :, None]


def _window(text: Any) -> int | None:
    """How far layers look back that don't look all the way; None where there are none."""
    kinds = getattr(text, "layer_types", None)
    window = getattr(text, "sliding_window", None)
    if window is None or (kinds and "sliding_attention" not in kinds):
        return None
    return int(window) if kinds or not hasattr(text, "use_sliding_window") else None


def _by_layer(text: Any, full: torch.Tensor, near: torch.Tensor) -> Mask:
    """One mask where all layers look alike."""
    kinds = set(getattr(text, "layer_types", None) or ())
    if "sliding_attention" not in kinds:
        return full if _window(text) is None else near
    return {"full_attention": full, "sliding_attention": near}
