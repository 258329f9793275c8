"""What a user should know of ads that were made: what is not in them, and what would make them better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from caig_cli.painters import Shot
from caig_cli.painters.ad_store import hinted, plain
from caig_cli.painters.studio.lexicon_told import UNKNOWN

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
    for sentence in dict.fromkeys(sentence for shot in shots for sentence in shot.told):
        yield f"{product}: {sentence}"


def about_ads(ads: Sequence[dict[str, Any]], growth_limit: float) -> Iterator[str]:
    """What prompts name and ads do not show, and products that were painted on past their outline."""
    ignored = Counter((word, row.get("reasons", {}).get(word)) for row in ads for word in row["ignored"])
    together: dict[tuple[str, int], list[str]] = {}  # words that have a reason and a number of ads in common
    for (word, reason), times in ignored.items():
        if reason in (None, UNKNOWN):
            yield f"without effect: {hinted(word, reason)} (in the prompts of {times} of {len(ads)} ads)"
        else:
            together.setdefault((reason, times), []).append(word)
    for (reason, times), words in together.items():
        yield f"without effect: {', '.join(words)} ({reason}; in the prompts of {times} of {len(ads)} ads)"
    for prop, times in Counter(prop for row in ads for prop in row["left_out"]).items():
        yield f"no room for: {plain(prop)} (in {times} of {len(ads)} ads)"
    relit = [row["relight"] for row in ads if row.get("relight")]
    if relit:
        tone, detail = max(one["tone"] for one in relit), min(one["detail"] for one in relit)
        yield (
            f"relit as asked: the product's tone differs from the photo's by up to {tone:.1f} of 255 levels "
            f"on average, its detail agrees to {detail:.3f}"
        )
    grown = sum(row["background"].get("growth", 0) > growth_limit for row in ads)
    if grown:
        limit = f"{growth_limit:.0%}"
        yield f"{grown} of {len(ads)} ads continue the product past its outline by more than {limit}"
