"""Reward models: losses by hand, padding, order, batches, calibration, storage, and the judge on top."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny
from tiny_pairs import write_pairs
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModel

from caig_cli.data.creatives import open_creative
from caig_cli.data.pairs import read_pairs
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.runtime import choose_device
from caig_cli.engine.stream import Stream
from caig_cli.errors import UsageError
from caig_cli.losses.supervised import ctr_mse, list_mse, list_nll, order_gap, pair_nll
from caig_cli.mllm.images import preprocess
from caig_cli.mllm.instructions import COMPARISON
from caig_cli.recipe import Recipe
from caig_cli.records import Creative, Failure, Pair
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.card import reward_card
from caig_cli.rewards.config import RewardSection
from caig_cli.rewards.data import PairSet, usable
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.feature_cache import FeatureCache, NumberedAds
from caig_cli.rewards.judge import TrainedJudge
from caig_cli.rewards.model import CtrScale, Heads, encode
from caig_cli.rewards.question_template import OFFICIAL, QuestionTemplate
from caig_cli.rewards.storage import base_of, read_reward, write_reward
from caig_cli.rewards.targets import LabelPolicy, fit_scale

CPU = choose_device("cpu", "fp32")
SMALL = {"size": 32, "widths": (8, 16), "depths": (1, 1)}
TEXT = {"vocabulary": 300, "width": 16, "depth": 1, "heads": 2}
LN2 = math.log(2)


# --- losses ----------------------------------------------------------------------------------------


def test_pair_loss_by_hand() -> None:
    """softmax(ln 3, 0) = (3/4, 1/4)."""
    logits = torch.tensor([[math.log(3), 0.0]] * 3)
    expected = [-math.log(0.75), -math.log(0.25), -0.5 * math.log(0.75) - 0.5 * math.log(0.25)]
    assert pair_nll(logits, torch.tensor([1.0, 0.0, 0.5])).tolist() == pytest.approx(expected)
    assert pair_nll(torch.zeros(1, 2), torch.tensor([0.3])).item() == pytest.approx(LN2)


def test_disagreement_of_two_orders_by_hand() -> None:
    """Log odds 2 and -1 of the first pair disagree by 1, 3 and -3 of the second one by 0."""
    logits = torch.tensor([[2.0, 0.0], [3.0, 0.0], [0.0, 1.0], [1.0, 4.0]])
    assert order_gap(logits).tolist() == [1.0, 0.0, 1.0, 0.0]


def test_ctr_loss_by_hand_and_without_what_is_unknown() -> None:
    predicted = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]], requires_grad=True)
    loss = ctr_mse(predicted, torch.tensor([[0.0, 4.0], [math.nan, 4.0], [math.nan, math.nan]]))
    assert loss.tolist() == [2.5, 4.0, 0.0]
    loss.sum().backward()
    assert predicted.grad is not None and predicted.grad.tolist() == [[1.0, -2.0], [0.0, -4.0], [0.0, 0.0]]


def test_list_losses_by_hand() -> None:
    """Item 0 has two ads, item 1 one, item 2 none; softmax(ln 3, 0) = (3/4, 1/4)."""
    item = torch.tensor([0, 1, 0])
    score, rate = torch.tensor([0.0, 9.0, 0.0]), torch.tensor([math.log(3), 7.0, 0.0])
    assert list_nll(score, rate, item, 3).tolist() == pytest.approx([LN2, 0.0, 0.0], abs=1e-6)
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert list_nll(rate, rate, item, 3)[0].item() == pytest.approx(entropy)
    assert list_mse(score, rate, item, 3).tolist() == pytest.approx([math.log(3) ** 2 / 2, 4.0, 0.0])


def test_scores_of_any_size_stay_finite() -> None:
    score = torch.tensor([1e4, -1e4], requires_grad=True)
    loss = list_nll(score, torch.tensor([0.0, 1.0]), torch.zeros(2, dtype=torch.long), 1)
    loss.sum().backward()
    assert loss.isfinite().all() and score.grad is not None and score.grad.isfinite().all()
    assert pair_nll(torch.tensor([[1e4, -1e4]]), torch.tensor([0.0])).item() == pytest.approx(2e4)


# --- what a pair teaches ---------------------------------------------------------------------------


def pair(**values: Any) -> Pair:
    left = Creative(Path("l.png"), 1000, 40, 0.04)
    right = Creative(Path("r.png"), 1000, 20, 0.02)
    return Pair("p", "i", **{"left": left, "right": right, **values})


def test_targets_weights_and_rates() -> None:
    sure = pair(target="right", p_left=0.9)
    assert (
        LabelPolicy(soft_labels=True).target(sure) == 0.9
        and LabelPolicy(soft_labels=False).target(sure) == 0.0
    )
    assert (
        LabelPolicy(soft_labels=True).target(pair(target="left")) == 1.0
        and LabelPolicy().target(pair()) is None
    )
    assert LabelPolicy(pair_weighting="confidence").weight(sure) == pytest.approx(0.8)
    assert LabelPolicy(pair_weighting="gap").weight(sure) == pytest.approx(LN2)
    assert LabelPolicy().weight(sure) == 1.0
    assert LabelPolicy(prior=(2.0, 98.0)).rate(sure.left) == pytest.approx(42 / 1100)
    assert LabelPolicy().rate(sure.left) == 0.04 and math.isnan(LabelPolicy().rate(Creative(Path("x"))))
    assert (
        pair(p_observed_left=0.6, target="right").truth == 0.6 and sure.truth == 0.0 and pair().truth is None
    )


def test_rates_are_standardised_and_come_back() -> None:
    scale = fit_scale([0.02, 0.04, math.nan])
    assert (scale.mean, scale.std) == (pytest.approx(0.03), pytest.approx(0.01))
    assert scale.standard(torch.tensor([0.04])).item() == pytest.approx(1.0)
    assert scale.real(scale.standard(torch.tensor([0.017]))).item() == pytest.approx(0.017)
    ratio = fit_scale([0.02, 0.04, math.nan], log=True)
    assert (ratio.mean, ratio.std) == (pytest.approx(math.log(0.02 * 2**0.5)), pytest.approx(LN2 / 2))
    assert ratio.standard(torch.tensor([0.08])).item() == pytest.approx(3.0)
    assert ratio.real(torch.tensor([3.0, 99.0])).tolist() == pytest.approx([0.08, 1.0])
    assert fit_scale([0.03]) == fit_scale([]) == CtrScale(0.0, 1.0)


def test_what_is_asked() -> None:
    known = pair(caption="Red  mug\n<image>", attributes={"size": "3 cm"}, question="Which one?")
    own = QuestionTemplate().text(known).split("\n")
    assert own[0] == COMPARISON and own[1:] == ["Title: Red mug image"]
    assert QuestionTemplate(caption=False, attributes=True).text(known).split("\n")[1:] == ["size: 3 cm"]
    assert QuestionTemplate("facts").text(known) == "Title: Red mug image"
    official = QuestionTemplate("official")
    assert official.text(known, 5) == "Which one?"
    assert [official.text(pair(caption="x"), n) for n in range(3)] == list(OFFICIAL)


# --- models ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_tiny().save(folder, torch.float32)
    return folder


def section(base: Path, arch: str, **mllm: Any) -> RewardSection:
    return RewardSection.model_validate(
        {
            "arch": arch,
            "mllm": {"base": str(base), "lora": {"rank": 2}, **mllm},
            "vam": {"vision": SMALL},
            "cg4ctr": {"vision": SMALL, "text": TEXT},
        }
    )


def make(base: Path, arch: str, **mllm: Any) -> Any:
    """A model whose heads and adapters have something to say, as after training."""
    torch.manual_seed(0)
    texts = ["Title: red mug, item 7", "size: 3 cm"] * 4
    model = ARCHITECTURES[arch].implementation().start(section(base, arch, **mllm), texts, CPU)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad and not parameter.any():
                parameter.normal_(std=0.2)
    model.scale = CtrScale(0.03, 0.01)
    return model.eval()


MODELS = {
    "mllm": {},
    "mllm side by side": {"layout": "side_by_side"},
    "mllm with tower": {"train_tower": True},
    "vam": {},
    "cg4ctr": {},
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, base: Path) -> Any:
    return make(base, request.param.split()[0], **MODELS[request.param])


def pictures(count: int, seed: int = 0) -> list[Image.Image]:
    rng = np.random.default_rng(seed)
    return [Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)) for _ in range(count)]


@torch.no_grad()
def test_padding_and_company_move_no_logit(model: Any) -> None:
    features = encode(model, pictures(4))
    texts = ["red mug", "", "a " * 30, "What kind of object is this?"]
    left, right = torch.tensor([0, 1, 0, 3]), torch.tensor([3, 2, 1, 0])
    together = model(features, left, right, texts)
    for n, text in enumerate(texts):
        ads = features[[int(left[n]), int(right[n])]]
        alone = model(ads, torch.tensor([0]), torch.tensor([1]), [text])
        torch.testing.assert_close(alone.logits_P2[0], together.logits_P2[n], rtol=0, atol=1e-5)
        torch.testing.assert_close(alone.ctr_P2[0], together.ctr_P2[n], rtol=0, atol=1e-5)
    assert together.logits_P2.std() > 1e-3, "the test would pass for a model that says nothing"


def test_what_rows_share_is_computed_as_if_they_did_not(base: Path) -> None:
    """Three rows with one left ad, against whole rows: same answers, same gradients."""
    model = make(base, "mllm")
    features, texts = encode(model, pictures(4)), ["red mug", "", "What is it?", "x"]
    ads = torch.tensor([0, 0, 0, 2]), torch.tensor([1, 2, 3, 0])
    found = []
    for whole_rows in (False, True):
        model._recomputes = whole_rows
        out = model(features, *ads, texts)
        (out.logits_P2.sin().sum() + out.ctr_P2.sum()).backward()
        gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}
        model.zero_grad()
        found.append((out, gradients))
    (shared, shared_gradients), (plain, gradients) = found
    torch.testing.assert_close(shared.logits_P2, plain.logits_P2, rtol=0, atol=1e-5)
    torch.testing.assert_close(shared.ctr_P2, plain.ctr_P2, rtol=0, atol=1e-5)
    assert sum("lora_A" in name for name in gradients) == 14
    for name, gradient in gradients.items():
        torch.testing.assert_close(shared_gradients[name], gradient, rtol=1e-3, atol=1e-5, msg=name)


@torch.no_grad()
def test_index_0_is_the_left_ad(model: Any) -> None:
    """Turning a pair round turns the roles round: exactly for models that score an ad by itself."""
    features, (one, other) = encode(model, pictures(2)), torch.tensor([[0], [1]])
    shown, swapped = model(features, one, other, ["x"]), model(features, other, one, ["x"])
    if hasattr(model, "heads") and hasattr(model, "mllm"):
        assert not torch.allclose(shown.logits_P2, swapped.logits_P2.flip(1)), "it reads in an order"
    else:
        torch.testing.assert_close(shown.logits_P2, swapped.logits_P2.flip(1))
        torch.testing.assert_close(shown.ctr_P2, swapped.ctr_P2.flip(1))


@torch.no_grad()
def test_heads_read_the_last_real_token_and_start_at_a_coin() -> None:
    heads = Heads(3)
    hidden = torch.arange(12.0).view(2, 2, 3)
    assert heads(hidden, torch.tensor([1, 2])).logits_P2.abs().sum() == 0
    heads.preference.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]))
    heads.ctr.weight.copy_(torch.tensor([[0, 0, 1.0], [1.0, 1.0, 1.0]]))
    out = heads(hidden, torch.tensor([1, 2]))
    assert out.logits_P2.tolist() == [[0.0, 1.0], [9.0, 10.0]]
    assert out.ctr_P2.tolist() == [[2.0, 3.0], [11.0, 30.0]]


def test_an_untrained_model_says_one_half_and_the_mean_rate(base: Path) -> None:
    for arch in ARCHITECTURES:
        fresh = ARCHITECTURES[arch].implementation().start(section(base, arch), ["a"] * 3, CPU).eval()
        fresh.scale = CtrScale(0.03, 0.01)
        features = encode(fresh, pictures(2))
        with torch.no_grad():
            out = fresh(features, *torch.tensor([[0], [1]]), ["x"])
        assert (out.logits_P2[:, 0] - out.logits_P2[:, 1]).abs().max() == 0
        assert out.ctr_P2.flatten().tolist() == pytest.approx([0.03, 0.03])


def test_what_is_trained(base: Path) -> None:
    def parts(**mllm: Any) -> set[str]:
        names = (n for n, p in make(base, "mllm", **mllm).named_parameters() if p.requires_grad)
        return {
            next(part for part in ("heads", "tower", "projector", "language_model") if part in name)
            + ("/lora" if "lora_" in name else "")
            for name in names
        }

    assert parts() == {"heads", "language_model/lora"}
    assert parts(train_tower=True) == {"heads", "language_model/lora", "tower/lora", "projector/lora"}
    assert parts(lora=None) == {"heads", "language_model", "projector"}
    assert parts(lora=None, train_tower=True) == {"heads", "language_model", "projector", "tower"}
    assert make(base, "mllm").features_fixed and not make(base, "mllm", train_tower=True).features_fixed
    assert not make(base, "mllm", layout="side_by_side").features_fixed


def test_two_ads_beside_each_other(base: Path) -> None:
    model = make(base, "mllm", layout="side_by_side")
    red, blue = (Image.new("RGB", (50, 50), colour) for colour in ("red", "blue"))
    features = encode(model, [red, blue])
    assert features.shape == (2, 3, 512, 512)
    rules = model.mllm.rules
    joined = rules.join(features[:1], features[1:])
    assert joined.shape == (1, 3, 32, 32)
    levels = joined * torch.tensor(rules.std).view(1, 3, 1, 1) + torch.tensor(rules.mean).view(1, 3, 1, 1)
    rows = [
        [round(float(v) * 255) for v in levels[0, :, y, x]] for y, x in ((16, 4), (16, 28), (2, 4), (30, 28))
    ]
    assert rows == [[255, 0, 0], [0, 0, 255], [200, 200, 200], [200, 200, 200]]


def test_an_official_picture_of_two_is_seen_as_it_is(base: Path, tmp_path: Path) -> None:
    """1024x512 pixels: to the level what the model makes of the picture as one, in either order."""
    model = make(base, "mllm", layout="side_by_side")
    levels = np.random.default_rng(0).integers(0, 256, (512, 1024, 3), np.uint8)
    Image.fromarray(levels).save(tmp_path / "pair.png")
    features = encode(
        model, [open_creative(Creative(tmp_path / "pair.png", half=h)) for h in ("left", "right")]
    )
    turned = Image.fromarray(np.roll(levels, 512, axis=1))
    for order, picture in (([0, 1], Image.open(tmp_path / "pair.png")), ([1, 0], turned)):
        joined = model.mllm.rules.join(*(features[n : n + 1] for n in order))
        assert torch.equal(joined, preprocess(picture, model.mllm.rules))


def test_encoders_may_be_any_folder_of_transformers(tmp_path: Path) -> None:
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = CLIPVisionModel(CLIPVisionConfig(image_size=32, patch_size=16, **shape)).eval()
    vision.save_pretrained(tmp_path / "vision")
    rules = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (tmp_path / "vision" / "preprocessor_config.json").write_text(json.dumps(rules))
    text = CLIPTextModel(CLIPTextConfig(vocab_size=400, **shape))
    text.save_pretrained(tmp_path / "text")
    make_tiny().tokenizer.save_pretrained(tmp_path / "text")
    folders = {"vision": {"base": str(tmp_path / "vision")}, "text": {"base": str(tmp_path / "text")}}
    chosen = RewardSection.model_validate({"arch": "cg4ctr", "cg4ctr": folders})
    model = ARCHITECTURES["cg4ctr"].implementation().start(chosen, [], CPU).eval()
    features = encode(model, pictures(2))
    assert model.rules.mean == (0.5, 0.5, 0.5) and features.shape == (2, 16)
    from caig_cli.mllm.images import preprocess

    with torch.no_grad():
        expected = vision(pixel_values=preprocess(pictures(2)[0], model.rules)).pooler_output
    torch.testing.assert_close(features[:1], expected, rtol=0, atol=1e-5)
    assert not model.features_fixed
    folders["vision"]["frozen"] = "true"
    frozen = RewardSection.model_validate({"arch": "cg4ctr", "cg4ctr": folders})
    kept = ARCHITECTURES["cg4ctr"].implementation().start(frozen, [], CPU)
    assert kept.features_fixed and any(weight.requires_grad for weight in kept.parameters())
    with pytest.raises(ValueError, match="frozen is for a pre-trained model"):
        RewardSection.model_validate({"vam": {"vision": {"frozen": True}}})
    with pytest.raises(UsageError, match="no model here"):
        ARCHITECTURES["vam"].implementation().start(
            RewardSection.model_validate({"vam": {"vision": {"base": str(tmp_path)}}}), [], CPU
        )


# --- batches ---------------------------------------------------------------------------------------


def pair_set(tmp_path: Path, model: Any, size: int = 7, *, strength: float = 0.0, views: int = 4) -> PairSet:
    pairs, failures = read_pairs(write_pairs(tmp_path / "ads", items=9))
    assert not failures
    ads = NumberedAds(model.rules, 1 << 20)
    features = FeatureCache(ads, strength=strength, views=views, seed=1)
    return PairSet(pairs, LabelPolicy(), QuestionTemplate(), features, size)


def test_an_epoch_has_every_pair_once_and_items_stay_together(tmp_path: Path, base: Path) -> None:
    data = pair_set(tmp_path, make(base, "vam"))
    draws = data.epoch(0, 0, "random")
    assert sorted(n for draw in draws for n in draw.pairs) == list(range(27))
    assert all(len(draw.pairs) <= 7 for draw in draws)
    items = [{data.pairs[n].item for n in draw.pairs} for draw in draws]
    assert sum(len(found) for found in items) == 9, "no item is in two batches"
    assert data.epoch(0, 0, "random") == draws != data.epoch(0, 1, "random")
    turned = [swapped for epoch in range(40) for d in data.epoch(0, epoch, "random") for swapped in d.swapped]
    assert 0.45 < sum(turned) / len(turned) < 0.55
    for draw in data.epoch(0, 0, "both"):
        half = len(draw.pairs) // 2
        assert draw.pairs[:half] == draw.pairs[half:] and draw.swapped == (False,) * half + (True,) * half
        assert draw.both_orders and data.collate(draw).both_orders
    assert not any(draw.both_orders for draw in draws + data.in_order())
    assert not any(any(d.swapped) for d in data.epoch(0, 0, "none") + data.in_order())


def test_mixed_batches_tell_of_many_items(tmp_path: Path, base: Path) -> None:
    """Three pairs of an item's three ads share an ad with each other, so each comes for itself."""
    whole = pair_set(tmp_path, make(base, "vam"))
    mixed = PairSet(whole.pairs, LabelPolicy(), QuestionTemplate(), whole.cache, 7, mixed=True)
    draws = mixed.epoch(0, 0, "none")
    assert sorted(n for draw in draws for n in draw.pairs) == list(range(27))
    items = [len({mixed.pairs[n].item for n in draw.pairs}) for draw in draws]
    assert sum(items) > 1.8 * 9, "whole items are in one batch each"


def test_a_pair_turned_round_teaches_the_same_of_the_other_side(tmp_path: Path, base: Path) -> None:
    data = pair_set(tmp_path, make(base, "vam"))
    plain, turned = (data.collate(type(data.in_order()[0])((0, 4), (t, False), None)) for t in (False, True))
    for batch in (plain, turned):
        assert (
            batch.pixels is not None
            and batch.features is None
            and batch.items == len(set(batch.item_I.tolist()))
        )
    assert plain.pixels is not None and turned.pixels is not None
    assert torch.equal(plain.pixels[plain.left_P[0]], turned.pixels[turned.right_P[0]])
    assert torch.equal(plain.pixels[plain.left_P[1]], turned.pixels[turned.left_P[1]])
    assert plain.p_left_P[0] == pytest.approx(1 - turned.p_left_P[0].item())
    assert plain.p_left_P[1] == turned.p_left_P[1]
    assert torch.equal(plain.pair_rates()[0], turned.pair_rates()[0].flip(0))


def test_the_stream_is_a_function_of_its_index(tmp_path: Path, base: Path) -> None:
    data = pair_set(tmp_path, make(base, "vam"), strength=1.0, views=1 << 31)
    first, second = (Stream(lambda n: data.epoch(3, n, "random"), data.collate) for _ in range(2))
    far = 2 * len(first) + 1
    in_order, direct = [first[n] for n in range(far + 1)][far], second[far]
    assert in_order.pixels is not None and direct.pixels is not None
    assert torch.equal(in_order.pixels, direct.pixels) and in_order.texts == direct.texts
    other = first[far - len(first)]
    assert other.pixels is None or not torch.equal(other.pixels[0], direct.pixels[0])


def test_kept_features_are_the_same_as_new_ones_and_stay_in_their_room(tmp_path: Path, base: Path) -> None:
    model = make(base, "mllm")
    data = pair_set(tmp_path, model, strength=1.0, views=2)
    draw = data.epoch(0, 0, "random")[0]
    fresh = data.collate(draw)
    assert fresh.features is None
    with torch.no_grad():
        expected = fresh.encode(model)
    data.cache.fill(model, data.rate, (), 1 << 20, SilentReporter())
    kept = data.collate(draw)
    assert kept.pixels is None and kept.features is not None
    torch.testing.assert_close(kept.features, expected, rtol=0, atol=1e-5)
    one = expected[0].nbytes
    small = pair_set(tmp_path, model, strength=1.0, views=2)
    small.cache.fill(model, small.rate, (), 40 * one, SilentReporter())
    batches = [small.collate(d) for d in small.epoch(0, 0, "random")]
    held = {id(b) for b in batches if b.features is not None}
    assert held and any(b.pixels is not None for b in batches), "32 views fit, the others are looked at anew"
    with torch.no_grad():
        mixed = batches[0].encode(model)
    assert mixed.shape[0] == len(batches[0].rate_I)


def test_unreadable_ads_are_told_once_per_pair(tmp_path: Path, base: Path) -> None:
    pairs, _ = read_pairs(write_pairs(tmp_path, items=2))
    (tmp_path / "1-2.png").write_bytes(b"no picture")
    kept, failed = usable(pairs, NumberedAds(make(base, "vam").rules, 0), SilentReporter())
    assert [f.item for f in failed] == ["1-2-0", "1-2-1"] and all("1-2.png" in f.error for f in failed)
    assert len(kept) == 4


# --- calibration, storage, judge -------------------------------------------------------------------


def facts_of(model: Any, arch: str, **more: Any) -> RewardFacts:
    values = {
        "arch": arch,
        "settings": dict(ARCHITECTURES[arch].implementation().settings(model)),
        "form": "own" if arch == "mllm" else "facts",
        "caption": True,
        "attributes": False,
        "ctr_mean": 0.03,
        "ctr_std": 0.01,
        "ctr_log_spread": 0.1,
        "temperature": 2.0,
        "simulated": True,
        "prior": (2.0, 50.0),
        "recipe": "0" * 12,
        "evaluation": {"accuracy": 0.6},
        **base_of(model),
    }
    return RewardFacts.model_validate(values | more)


def stored(model: Any, folder: Path, dtype: torch.dtype = torch.float32, **more: Any) -> Path:
    arch = "mllm" if hasattr(model, "mllm") else "cg4ctr" if hasattr(model, "text") else "vam"
    facts = facts_of(model, arch, **more)
    write_reward(model, facts, reward_card(facts, Recipe()), folder, dtype)
    return folder


@torch.no_grad()
def test_what_is_read_says_what_was_written(model: Any, tmp_path: Path) -> None:
    features = encode(model, pictures(3))
    left, right = torch.tensor([0, 1, 2]), torch.tensor([2, 0, 1])
    expected = model(features, left, right, ["red mug", "a", "b"])
    folder = stored(model, tmp_path / "model")
    again, facts = read_reward(folder, CPU)
    seen = encode(again, pictures(3))
    out = again(seen, left, right, ["red mug", "a", "b"])
    # What is read has its adapters merged, which rounds otherwise.
    torch.testing.assert_close(out.logits_P2, expected.logits_P2, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(out.ctr_P2, expected.ctr_P2, rtol=1e-4, atol=1e-5)
    assert facts.simulated and "simulated market" in (folder / "README.md").read_text()
    half = stored(model, tmp_path / "half", torch.float16)
    sizes = [sum(f.stat().st_size for f in d.rglob("*.safetensors")) for d in (folder, half)]
    assert sizes[1] < 0.8 * sizes[0]
    rough = read_reward(half, CPU)[0](seen, left, right, ["red mug", "a", "b"])
    torch.testing.assert_close(rough.logits_P2, expected.logits_P2, rtol=0, atol=0.02)


@torch.no_grad()
def test_all_weights_are_a_whole_model(base: Path, tmp_path: Path) -> None:
    model = make(base, "mllm", lora=None)
    features = encode(model, pictures(2))
    folder = stored(model, tmp_path / "model")
    again, facts = read_reward(folder, CPU)
    assert facts.base is None and (folder / "config.json").is_file()
    out, expected = (m(features, *torch.tensor([[0], [1]]), ["x"]).logits_P2 for m in (again, model))
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-5)


def test_damage_is_told_in_a_line(base: Path, tmp_path: Path) -> None:
    folder = stored(make(base, "vam"), tmp_path / "model")
    whole = json.loads((folder / "reward.json").read_text())
    for change, message in (
        ({"arch": "best"}, "'best' is not known; known architectures: mllm, vam, cg4ctr"),
        ({"temperature": "hot"}, "reward.json:temperature: "),
        ({"extra": 1}, "reward.json:extra: "),
    ):
        (folder / "reward.json").write_text(json.dumps(whole | change))
        with pytest.raises(UsageError) as caught:
            read_reward(folder, CPU)
        assert message in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="no reward model here"):
        TrainedJudge.load(str(base), CPU)


def test_an_adapter_refuses_other_weights_of_its_base(tmp_path: Path) -> None:
    own = tmp_path / "base"
    make_tiny().save(own, torch.float32)
    folder = stored(make(own, "mllm"), tmp_path / "model")
    make_tiny(seed=1).save(own, torch.float32)
    with pytest.raises(UsageError, match="other weights of the base"):
        read_reward(folder, CPU)


@pytest.fixture
def trained(model: Any, tmp_path: Path) -> TrainedJudge:
    return TrainedJudge.load(str(stored(model, tmp_path / "judge")), CPU)


def test_a_verdict_depends_on_its_pair_alone(trained: TrainedJudge, tmp_path: Path) -> None:
    pairs, _ = read_pairs(write_pairs(tmp_path / "ads", items=5))
    together = trained.judge(pairs)
    assert [type(v).__name__ for v in together] == ["Verdict"] * 15 and trained.simulated
    for one, verdict in zip(pairs, together, strict=True):
        (alone,) = TrainedJudge(trained.name, trained.model, trained.facts, room=0).judge([one])
        (turned,) = trained.judge([Pair("t", "t", one.right, one.left, caption=one.caption)])
        assert not isinstance(alone, Failure) and not isinstance(verdict, Failure)
        assert not isinstance(turned, Failure)
        assert (alone.shown, alone.swapped) == pytest.approx((verdict.shown, verdict.swapped), abs=1e-5)
        assert alone.ctr == pytest.approx(verdict.ctr, abs=1e-5)
        assert turned.p_left == pytest.approx(1 - verdict.p_left, abs=1e-5), (
            "both orders, so no side is favoured"
        )
        assert (turned.shown, turned.swapped) == pytest.approx(
            (1 - verdict.swapped, 1 - verdict.shown), abs=1e-5
        )


def test_an_ad_is_looked_at_once_and_memory_is_bounded(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, _ = read_pairs(write_pairs(tmp_path / "ads", items=30))
    judge = TrainedJudge.load(str(stored(make(base, "mllm"), tmp_path / "judge")), CPU)
    seen: list[int] = []
    features = judge.model.features
    monkeypatch.setattr(
        judge.model, "features", lambda pixels: (seen.append(len(pixels)), features(pixels))[1]
    )
    judge.judge(pairs)
    assert sum(seen) == 90
    judge.judge(pairs)
    assert sum(seen) == 90, "remembered"
    small = TrainedJudge("s", judge.model, judge.facts, room=10 * 4 * 32 * 4)
    small.judge(pairs)
    assert sum(v.nbytes for v in small._features._kept.values()) <= 10 * 4 * 32 * 4
    assert len(small._features._kept) == 10


def test_a_broken_ad_fails_its_pairs_only(base: Path, tmp_path: Path) -> None:
    pairs, _ = read_pairs(write_pairs(tmp_path / "ads", items=2))
    (tmp_path / "ads" / "0-0.png").write_bytes(b"")
    verdicts = TrainedJudge.load(str(stored(make(base, "vam"), tmp_path / "judge")), CPU).judge(pairs)
    failed = [v.item for v in verdicts if isinstance(v, Failure)]
    assert failed == [p.id for p in pairs if "0-0.png" in (p.left.image.name, p.right.image.name)] != []
    assert len(verdicts) == len(pairs)


def test_ranking_is_the_mean_of_all_duels(trained: TrainedJudge, tmp_path: Path) -> None:
    images = pictures(4)
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    ranking = trained.rank(images, "red mug", {})
    wins = []
    for a in range(4):
        comparisons = [
            Pair(f"{b}", "i", Creative(paths[a]), Creative(paths[b]), caption="red mug")
            for b in range(4)
            if b != a
        ]
        verdicts = trained.judge(comparisons)
        wins.append(sum(v.p_left for v in verdicts if not isinstance(v, Failure)) / 3)
    assert ranking.wins == pytest.approx(wins, abs=1e-5) and sum(ranking.wins) == pytest.approx(2.0)
    assert list(ranking.order) == sorted(range(4), key=lambda n: -wins[n])
    for estimate in ranking.ctr:
        assert estimate is not None and estimate.low <= estimate.rate <= estimate.high
        assert estimate.rate / estimate.low == pytest.approx(math.exp(0.196)) or estimate.rate == 0
    single = trained.rank(images[:1], None, {})
    assert single.wins == pytest.approx((0.5,)) and single.order == (0,) and single.ctr[0] is not None


def test_no_rates_learnt_no_rates_told(base: Path, tmp_path: Path) -> None:
    judge = TrainedJudge.load(str(stored(make(base, "mllm"), tmp_path / "j", ctr_log_spread=None)), CPU)
    pairs, _ = read_pairs(write_pairs(tmp_path / "ads", items=1))
    assert all(not isinstance(v, Failure) and v.ctr is None for v in judge.judge(pairs))
    assert judge.rank(pictures(2), None, {}).ctr == (None, None)
