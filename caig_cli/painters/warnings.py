"""What a user should know of ads that were made: what is not in them, and what would make them better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from caig_cli.painters import Shot
from caig_cli.painters.ad_store import hinted, plain
from caig_cli.painters.studio.lexicon_ignored import UNKNOWN

SOFT = 2.0
"""A photo that is enlarged more than this looks soft beside what is rendered around it."""


def about_photo(product: str, shot: Shot) -> Iterator[str]:
    """Whether the photo is too small for the frame."""
    width, height = shot.product.size
    box = shot.box
    if (times := (box.right - box.left) / width) > SOFT:
        yield (
            f"{product}: the product is {width}x{height} pixels and is shown {times:.1f} times as large; "
            "a larger photo, or a smaller --size, would be sharper"
        )


def about_poses(product: str, shots: Sequence[Shot]) -> Iterator[str]:
    """What contradicts how the product is placed."""
    for sentence in dict.fromkeys(sentence for shot in shots for sentence in shot.contradictions):
        yield f"{product}: {sentence}"


def about_ads(ads: Sequence[dict[str, Any]], growth_limit: float) -> Iterator[str]:
    """What prompts name and ads do not show, and products that were painted on past their outline."""
    ignored: Counter[tuple[str, str | None]] = Counter()
    left_out: Counter[str] = Counter()
    relit: list[tuple[float, float]] = []
    grown = 0
    for row in ads:  # once: they may be read from disk
        ignored.update((word, row.get("reasons", {}).get(word)) for word in row["ignored"])
        left_out.update(row["left_out"])
        relit += [(row["relight"]["tone"], row["relight"]["detail"])] if row.get("relight") else []
        grown += row["background"].get("growth", 0) > growth_limit
    yield from _without_effect(ignored, len(ads))
    for prop, times in left_out.items():
        yield f"no room for: {plain(prop)} (in {times} of {len(ads)} ads)"
    if relit:
        tone, detail = max(one[0] for one in relit), min(one[1] for one in relit)
        yield (
            f"relit as asked: the product's tone differs from the photo's by up to {tone:.1f} of 255 levels "
            f"on average, its detail agrees to {detail:.3f}"
        )
    if grown:
        limit = f"{growth_limit:.0%}"
        yield f"{grown} of {len(ads)} ads continue the product past its outline by more than {limit}"


def _without_effect(ignored: Counter[tuple[str, str | None]], ads: int) -> Iterator[str]:
    together: dict[tuple[str, int], list[str]] = {}  # words that have a reason and a number of ads in common
    for (word, reason), times in ignored.items():
        if reason in (None, UNKNOWN):
            yield f"without effect: {hinted(word, reason)} (in the prompts of {times} of {ads} ads)"
        else:
            together.setdefault((reason, times), []).append(word)
    for (reason, times), words in together.items():
        yield f"without effect: {', '.join(words)} ({reason}; in the prompts of {times} of {ads} ads)"
