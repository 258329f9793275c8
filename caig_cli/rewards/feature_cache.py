"""Ads as pictures, and what a frozen tower sees in them: both are made once, as far as memory allows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from caig_cli.data.creatives import open_creative
from caig_cli.engine.report import Reporter
from caig_cli.engine.runtime import derive_seed
from caig_cli.mllm.augment import augment
from caig_cli.mllm.images import Pixels, Rules, flatten
from caig_cli.records import Creative, Side
from caig_cli.rewards.model import RewardModel, device_of

CHUNK = 32
"""Ads that are looked at together. Always the same ones, so that a resumed run sees the very same numbers."""
FRESH = 2**31
"""Views of an ad when none of them can be kept: as good as a new one each time."""

AdKey = tuple[Path, Side | None]


class NumberedAds:
    """Numbered ads, each decoded once and kept as a uint8 square while there is room."""

    def __init__(
        self, rules: Rules, room: int, opener: Callable[[Creative], Image.Image] = open_creative
    ) -> None:
        """``room``: bytes."""
        self.rules, self._room, self._open = rules, room, opener
        self._creatives: list[Creative] = []
        self._numbers: dict[AdKey, int] = {}
        self._kept: dict[int, Pixels] = {}

    def number(self, creative: Creative) -> int:
        """The ad's number: the same for the same picture."""
        key = (creative.image, creative.half)
        if key not in self._numbers:
            self._numbers[key] = len(self._creatives)
            self._creatives.append(creative)
        return self._numbers[key]

    def picture(self, ad: int) -> Pixels:
        """The ad as uint8 [size, size, 4]. Raises ItemError when the file is no usable image."""
        if ad in self._kept:
            return self._kept[ad]
        picture = self.rules.square(self._open(self._creatives[ad]))
        if picture.nbytes <= self._room:
            self._kept[ad] = picture
            self._room -= picture.nbytes
        return picture

    def forget(self) -> None:
        """Free the pictures; they are decoded again when needed."""
        self._room += sum(picture.nbytes for picture in self._kept.values())
        self._kept.clear()


@dataclass(frozen=True, slots=True)
class AdBatch:
    """Ads in the order of their tensors: first those with kept features, then those that are still pixels."""

    ads: tuple[int, ...]
    features: torch.Tensor | None
    pixels: torch.Tensor | None


class FeatureCache:
    """Augmented views of ads, as features where these are kept, else as pixels.

    View 0 of an ad is the ad itself. ``strength`` 0 has no other view; a model with a frozen encoder has
    ``views`` of them, any other one ever new ones.
    """

    def __init__(self, ads: NumberedAds, *, strength: float, views: int, seed: int) -> None:
        self.ads, self.strength, self.seed = ads, strength, seed
        self.views = views if strength > 0 else 1
        self._kept: dict[tuple[int, int], torch.Tensor] = {}

    def fill(
        self, model: RewardModel, augmented: Iterable[int], plain: Iterable[int], room: int, report: Reporter
    ) -> None:
        """Encode all views of ads in ``augmented``, and those in ``plain`` as they are, up to ``room`` bytes.

        Only for a model with ``features_fixed``.
        """
        assert isinstance(model, nn.Module)
        jobs = dict.fromkeys([(ad, 0) for ad in plain])
        jobs |= dict.fromkeys([(ad, view) for ad in augmented for view in range(self.views)])
        todo = list(jobs)
        model.eval()
        with torch.no_grad(), report.progress("encoding ads", len(todo)) as bar:
            for start in range(0, len(todo), CHUNK):
                chunk = todo[start : start + CHUNK]
                pixels = self.pixels(chunk).to(device_of(model))
                features = model.features(pixels).cpu()
                room -= features.nbytes
                if room < 0:
                    break
                self._kept |= zip(chunk, features.unbind(), strict=True)
                bar.advance(len(chunk))
        self.ads.forget()

    def show(self, ads: Sequence[int], rng: random.Random | None) -> AdBatch:
        """The ads of a batch in views drawn from ``rng``, or as they are."""
        views = [(ad, 0 if rng is None or self.views == 1 else rng.randrange(self.views)) for ad in ads]
        kept = [view for view in views if view in self._kept]
        other = [view for view in views if view not in self._kept]
        return AdBatch(
            ads=tuple(ad for ad, _ in [*kept, *other]),
            features=torch.stack([self._kept[view] for view in kept]) if kept else None,
            pixels=self.pixels(other) if other else None,
        )

    def pixels(self, views: Sequence[tuple[int, int]]) -> torch.Tensor:
        """The pieces of the ads' pictures, normalised float32."""
        return self.ads.rules.tensor([self._view(ad, view) for ad, view in views])

    def _view(self, ad: int, view: int) -> Pixels:
        picture, fill = self.ads.picture(ad), self.ads.rules.fill
        if view == 0:
            return flatten(picture, fill)
        return augment(picture, fill, random.Random(derive_seed(self.seed, "view", ad, view)), self.strength)
