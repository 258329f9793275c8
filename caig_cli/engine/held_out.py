"""Which items are held out: an exact share of them, drawn by the seed, and enough to measure by."""

from __future__ import annotations

from collections.abc import Iterable

from caig_cli.engine.runtime import derive_seed


def held_out(items: Iterable[str], share: float, least: int, seed: int) -> set[str]:
    """``share`` of the items, at least ``least`` of them or half, if that is less; none for a share of 0."""
    drawn = sorted(set(items), key=lambda item: derive_seed(seed, "held out", item))
    asked = round(share * len(drawn))
    enough = min(least, len(drawn) // 2) if share else 0
    return set(drawn[: max(asked, enough)])
