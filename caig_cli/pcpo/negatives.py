"""Product-centric negatives: the same prompt y+ for a product that is not this one, or can't be seen.

What is wrong is drawn once for each (seed, round, pair), so that a resumed run meets the very same negatives
and the reference's log-probabilities stay those of the first epoch. Masks and crops are made on the square
picture that the model sees: what was transparent is covered first, so that no hidden colour shows, and the
product keeps its place and size, so that nothing but its absence gives the negative away. (The authors' code
drops alpha and cuts patches in the photo's own pixels, which tower and ratio know nothing of.)
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.mllm.images import Pixels, flatten
from caig_cli.mllm.instructions import MAX_CAPTION, one_line
from caig_cli.pcpo.preference_config import Kind, NegativesSection
from caig_cli.records import Preference, Product

ASPECT = (3 / 4, 4 / 3)
"""Width by height of a crop, as torchvision's random crop has it, which mDPO uses."""


@dataclass(frozen=True, slots=True)
class Negative:
    """What is wrong in a pair's negative. ``seed`` decides the patches or the crop."""

    kind: Kind
    seed: int
    other: int | None = None
    """Number of the preference whose product lends its title or photo."""

    @property
    def new_picture(self) -> bool:
        """Whether the picture is wrong; otherwise the words are."""
        return self.kind != "caption"


def draw_negatives(
    preferences: Sequence[Preference], section: NegativesSection, *, seed: int, round_number: int
) -> list[Negative]:
    """One negative for each preference, its kind by the section's shares.

    Another product differs in id, and in title or photo file, whichever it lends. Where a set has no such
    product another kind of the section takes its place. Raises UsageError when none is possible.
    """
    return [
        _draw(preferences, number, section, derive_seed(seed, "negative", round_number, preference.id))
        for number, preference in enumerate(preferences)
    ]


def _draw(preferences: Sequence[Preference], number: int, section: NegativesSection, seed: int) -> Negative:
    rng = random.Random(seed)
    shares = {kind: share for kind, share in section.shares().items() if share > 0}
    while shares:
        kind = rng.choices(list(shares), list(shares.values()))[0]
        if kind in ("mask", "crop"):
            return Negative(kind, seed)
        others = rng.sample(range(len(preferences)), len(preferences))
        own = preferences[number].product
        lent = next((i for i in others if _differs(own, preferences[i].product, kind)), None)
        if lent is not None:
            return Negative(kind, seed, lent)
        del shares[kind]
    what = " or ".join(kind for kind, share in section.shares().items() if share > 0)
    raise UsageError(
        f"product {preferences[number].product.id}: no other product has another {what} to make a negative "
        "of; give negatives.mask a share"
    )


def _differs(own: Product, other: Product, kind: Kind) -> bool:
    """Whether another product can lend its title (it has one, and it reads otherwise) or its photo."""
    if other.id == own.id:
        return False
    if kind == "image":
        return other.image != own.image
    return _title(other) not in ("", _title(own))


def _title(product: Product) -> str:
    """The title as the model sees it, whatever its letter case."""
    return one_line(product.caption or "", MAX_CAPTION).casefold()


def negative_picture(
    negative: Negative, own: Pixels, other: Pixels | None, section: NegativesSection, fill: Sequence[int]
) -> Pixels:
    """The wrong picture, uint8 [H, W, 3], from the product's and the other's square, uint8 [H, W, 4]."""
    if negative.kind == "image":
        assert other is not None, "an image negative shows another product"
        return flatten(other, fill)
    rng, seen = random.Random(negative.seed), flatten(own, fill)
    if negative.kind == "crop":
        return crop(seen, random_box(seen.shape[1], seen.shape[0], section, rng))
    height, width = seen.shape[:2]
    patches = patch_count(height, width, section.mask_patch)
    count = max(1, math.floor(section.mask_ratio * patches))
    kept = keep_patches(height, width, section.mask_patch, rng.sample(range(patches), count))
    return np.where(kept[..., None], seen, np.uint8(0))


def patch_count(height: int, width: int, patch: int) -> int:
    """Patches that cover the picture; those at the right and lower edge may be cut."""
    return math.ceil(height / patch) * math.ceil(width / patch)


def keep_patches(height: int, width: int, patch: int, masked: Sequence[int]) -> NDArray[np.bool_]:
    """False in the masked patches, bool [H, W]; patches are counted row by row."""
    rows, columns = math.ceil(height / patch), math.ceil(width / patch)
    kept = np.ones(rows * columns, dtype=bool)
    kept[list(masked)] = False
    spread = kept.reshape(rows, columns).repeat(patch, axis=0).repeat(patch, axis=1)
    return spread[:height, :width]


def random_box(
    width: int, height: int, section: NegativesSection, rng: random.Random
) -> tuple[int, int, int, int]:
    """A box (left, top, right, bottom) of random area, aspect and place, inside the picture."""
    area = rng.uniform(section.crop_least, section.crop_most) * width * height
    aspect = math.exp(rng.uniform(*map(math.log, ASPECT)))
    wide = min(width, max(1, round(math.sqrt(area * aspect))))
    high = min(height, max(1, round(math.sqrt(area / aspect))))
    left, top = rng.randint(0, width - wide), rng.randint(0, height - high)
    return left, top, left + wide, top + high


def crop(picture: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    """The box of an uint8 [H, W, 3] picture, enlarged to its size."""
    image = Image.fromarray(picture)
    return np.asarray(image.resize(image.size, Image.Resampling.BICUBIC, box=box))
