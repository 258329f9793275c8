"""A product without a title is named by what its cut-out shows; nothing is fetched unasked."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from caig_cli.cutouts import weights
from caig_cli.data.product_kinds import kind_of
from caig_cli.recognition import naming
from caig_cli.recognition.naming import labels, name_of, usable, view
from caig_cli.recognition.network import CLASSES, EfficientNetLite0, SameConv, as_pixels, load_network

SHARED = Path(__file__).parents[2].parent / "shared" / "photos"
FETCHED = Path.home() / ".cache/caig/models" / naming.CLASSIFIER.sha256[:16] / naming.CLASSIFIER.file
"""Where a developer's own ``caig fetch recognition`` put it; tests have a cache of their own."""


def test_shapes_are_those_of_the_published_network() -> None:
    """4.65 million parameters, as the paper's table of the Lite release says; TensorFlow's padding."""
    network = EfficientNetLite0().eval()
    assert sum(p.numel() for p in network.parameters()) == 4_652_008
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 224, 224)).shape == (2, CLASSES)
    conv = SameConv(1, 1, 3, stride=2)
    conv.weight.data.fill_(1.0)
    seen = conv(torch.ones(1, 1, 4, 4))[0, 0]
    assert seen.tolist() == [[9.0, 6.0], [6.0, 4.0]], "what is missing is added right and below"


def test_the_table_is_whole() -> None:
    assert len(labels()) > 250 and all(0 <= number < CLASSES for number in labels())
    known = [noun for noun, _ in labels().values() if kind_of(noun) is not None]
    assert len(known) > 0.75 * len(labels()), "most nouns have a height and a stance"


def chances(**nouns: float) -> list[float]:
    found = [0.0] * CLASSES
    for number, (noun, _) in labels().items():
        if noun.replace(" ", "_") in nouns:
            found[number] = nouns.pop(noun.replace(" ", "_"))
    assert not nouns
    return found


def test_classes_of_a_family_count_together() -> None:
    sure = name_of(chances(running_shoes=0.5, sandals=0.2, mug=0.1))
    assert sure is not None
    assert (sure.noun, sure.family, round(sure.share, 6)) == ("running shoes", "shoes", 0.875)
    unsure = name_of(chances(running_shoes=0.2, sandals=0.15, boots=0.15, mug=0.3))
    assert unsure is not None and unsure.noun == "shoes", "no kind of shoe is half of the shoes"
    assert name_of(chances(mug=0.2, camera=0.2, dress=0.2)) is None


def test_what_no_shop_sells_counts_for_nothing() -> None:
    faint = name_of(chances(running_shoes=0.06, mug=0.04))
    assert faint is not None and (faint.family, round(faint.share, 6)) == ("shoes", 0.6)


def test_a_product_fills_its_square() -> None:
    rgba = np.zeros((100, 300, 4), np.uint8)
    rgba[40:60, 100:200] = (200, 0, 0, 255)
    seen = view(rgba, 0.0)
    assert seen.shape == (224, 224, 3) and seen[112, 5].tolist() == [200, 0, 0]
    assert seen[5, 112].tolist() == [255, 255, 255]
    assert float(as_pixels([torch.from_numpy(seen)]).max()) == 1.0


def test_nothing_is_fetched_before_the_cut_out_model_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> Path:
        raise AssertionError("asked the network")

    monkeypatch.setattr(weights, "fetch", no_network)
    assert not usable(lambda _: None)


@pytest.mark.skipif(
    not (FETCHED.is_file() and SHARED.is_dir()), reason="needs the fetched network and real photos"
)
def test_real_products_without_a_background_are_named() -> None:
    wanted = {
        "saleor-blue-hoodie.png": "clothing", "saleor-mighty-mug.png": "kitchen",
        "saleor-sunnies.png": "accessories", "saleor-white-parrot-cushion.png": "household",
    }  # fmt: skip
    network = load_network(torch.load(FETCHED, weights_only=True))
    for name, family in wanted.items():
        rgba = np.array(Image.open(SHARED / name).convert("RGBA"))
        with torch.inference_mode():
            chances = network(as_pixels([torch.from_numpy(view(rgba, 0.05))])).softmax(1)[0]
        seen = name_of(chances.tolist())
        assert seen is not None and seen.family == family, name


def test_labels_are_sorted_and_each_class_stands_once() -> None:
    path = Path(naming.__file__).with_name("labels.csv")
    numbers = [int(row["class"]) for row in csv.DictReader(path.open(), delimiter=";")]
    assert numbers == sorted(set(numbers))
