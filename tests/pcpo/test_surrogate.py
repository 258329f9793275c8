"""What unpainted prompts are worth: planted words are found, noise is not believed, pairs by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from caig_cli.painters.consistency import consistency, most_usual
from caig_cli.painters.registry import PAINTERS, Crossover
from caig_cli.painters.studio.language import random_scene, write
from caig_cli.pcpo.recombination import best_recombinations
from caig_cli.pcpo.round_metrics import why_refused
from caig_cli.pcpo.suitability import Suitability, fit_suitability
from caig_cli.pcpo.surrogate import JudgedGroup, Surrogate, fit_surrogate, p_chosen
from caig_cli.pcpo.unpainted import (
    WantedPreferences,
    choose_to_paint,
    judged_group,
)
from caig_cli.pcpo.unpainted import build_unpainted_preferences as unpainted_preferences
from caig_cli.records import Product, Verdict

WORTH = {"oak": 1.0, "steel": -1.0, "candle": 0.5, "moss": 0.0, "neon": -0.5, "linen": 0.2}


def read(prompt: str) -> Collection[str]:
    return prompt.split()


def groups(count: int, seed: int, noise: float, planted: bool = True) -> list[JudgedGroup]:
    rng = random.Random(seed)
    made = []
    for number in range(count):
        prompts = tuple(" ".join(rng.sample(list(WORTH), 2)) for _ in range(4))
        true = [math.fsum(WORTH[word] for word in read(text)) if planted else 0.0 for text in prompts]
        product = rng.gauss(0, 3)  # what the product itself is worth tells nothing
        utility = np.array([product + value + rng.gauss(0, noise) for value in true])
        made.append(JudgedGroup(str(number), prompts, utility))
    return made


def test_planted_words_are_found_and_noise_is_not_believed() -> None:
    found = fit_surrogate(groups(40, 1, 0.3), read)
    assert found is not None and found.accuracy_low > 0.7 and found.slope > 0.8
    order = sorted(WORTH, key=lambda word: -found.score([word])[0])
    assert order == sorted(WORTH, key=lambda word: -WORTH[word])
    unseen = fit_surrogate(groups(40, 2, 1.0, planted=False), read)
    assert unseen is not None and unseen.accuracy_low < 0.55 and unseen.slope < 0.5
    assert fit_surrogate(groups(4, 1, 0.3), read) is None, "four products do not tell"


def test_held_out_accuracy_is_that_on_other_products() -> None:
    """Predicted on hundreds of products that it never saw: within the interval that it states."""
    found = fit_surrogate(groups(40, 3, 1.0), read)
    assert found is not None
    others = groups(300, 4, 1.0)
    right = [
        (found.score(one.prompts)[i] - found.score(one.prompts)[j]) * (one.utility[i] - one.utility[j]) > 0
        for one in others
        for i in range(4)
        for j in range(i)
    ]
    assert found.accuracy_low - 0.02 <= np.mean(right) <= found.accuracy_high + 0.02


def exact(**worth: float) -> Surrogate:
    words = {word: number for number, word in enumerate(worth)}
    size = len(words)
    return Surrogate(words, np.array([*worth.values()]), np.eye(size), read, 1.0, 1.0, 1.0, 1.0)


def test_what_it_is_least_sure_of_is_painted() -> None:
    found = fit_surrogate(groups(40, 1, 0.3), read)
    assert found is not None
    sure = Surrogate(found.words, found.weight, found.inverse * 1e-3, read, 1, 1, 1, 1)
    rare = sure.inverse.copy()
    rare[sure.words["neon"], sure.words["neon"]] = 1.0
    surrogate = Surrogate(sure.words, sure.weight, rare, read, 1, 1, 1, 1)
    prompts = ["oak moss", "oak candle", "moss candle", "neon oak", "linen oak", "linen moss"]
    assert choose_to_paint(prompts, surrogate, 2, 0.5) == ["oak moss", "neon oak"]
    assert choose_to_paint(prompts, surrogate, 2, 1.0) == prompts[:2]
    assert choose_to_paint(prompts, None, 3, 0.5) == prompts[:3]


def test_usual_is_what_the_policy_writes_again_and_again() -> None:
    usual = consistency(["oak lamp", "oak lamp", "oak moss", ""], read)
    often, seldom = math.log(3 / 4) + math.log(2 / 4), math.log(3 / 4) + math.log(1 / 4)
    assert usual.tolist() == pytest.approx([often / 2, often / 2, seldom / 2, -math.log(4)])
    assert most_usual(["oak moss", "oak lamp", "sand", "oak lamp"], 2, read) == ["oak lamp", "oak lamp"]


def suited(**penalty: float) -> Suitability:
    return Suitability({"p": penalty}, -9.0, read)


def test_pairs_by_hand() -> None:
    """Worth 3, 2, 0 and -2; of the widest pairs the chosen must suit as surely as the rejected."""
    product = Product("p", Path("p.png"))
    surrogate = exact(a=3.0, b=2.0, c=0.0, d=-2.0)
    build_unpainted_preferences = partial(
        unpainted_preferences, suitability=suited(x=-1, a=0, b=0, c=0, d=0, y=0)
    )
    prompts = {"p": ["a", "b", "c", "d", "a"]}
    pairs, dropped = build_unpainted_preferences(
        [product], prompts, surrogate, wanted=WantedPreferences(2, 0.02, False)
    )
    assert [(one.chosen, one.rejected) for one in pairs] == [("a", "d"), ("b", "c")] and not dropped
    assert [one.p_chosen for one in pairs] == pytest.approx([p_chosen(5), p_chosen(2)])
    pairs, dropped = build_unpainted_preferences(
        [product], prompts, surrogate, wanted=WantedPreferences(3, 0.02, False)
    )
    assert len(pairs) == 2 and dropped == {"same_prompt": 1}
    near, dropped = build_unpainted_preferences(
        [product], {"p": ["a", "b"]}, surrogate, wanted=WantedPreferences(1, 0.3, False)
    )
    assert not near and dropped == {"near_tie": 1}
    unusual = {"p": ["a x", "b y", "c y", "d y"]}
    pairs, dropped = build_unpainted_preferences(
        [product], unusual, surrogate, wanted=WantedPreferences(2, 0.02, True)
    )
    assert [(one.chosen, one.rejected) for one in pairs] == [("b y", "d y")]
    assert dropped == {"less_relevant": 1}
    pairs, dropped = build_unpainted_preferences(
        [product], unusual, surrogate, wanted=WantedPreferences(3, 0.02, False, 0.75)
    )
    assert [(one.chosen, one.rejected) for one in pairs] == [("b y", "d y")]
    assert dropped == {"less_relevant": 1, "same_prompt": 1}


def test_suits_what_products_like_it_get() -> None:
    """Eight shoes get grass, eight creams marble, both lamps: of one shoe alone, nobody wrote grass."""
    prompts = {f"shoe{n}": ["grass lamp", "grass", "sand"] for n in range(8)}
    prompts |= {f"cream{n}": ["marble lamp", "marble", "sand"] for n in range(8)}
    prompts["shoe0"] = ["sand", "grass lamp", "sand"]
    found = fit_suitability(prompts, read)
    likely, unlikely = found.words["shoe0"]["grass"], found.words["shoe0"]["marble"]
    assert unlikely < likely - 3 and found.words["cream1"]["grass"] < found.words["cream1"]["marble"] - 3
    assert found.words["shoe1"]["lamp"] == pytest.approx(math.log(1 / 3), abs=0.1)
    seldom = found.words["shoe1"]["marble"]
    assert found.score("shoe1", ["grass marble", "moon", ""]).tolist() == pytest.approx(
        [(found.words["shoe1"]["grass"] + seldom) / 2, found.rarest, found.rarest]
    )
    assert found.rarest == min(min(words.values()) for words in found.words.values())


def of_letters(prompt: str) -> tuple[Collection[str], ...]:
    return tuple(prompt.split())


def joined(parents: Sequence[str], _: random.Random) -> str:
    return " ".join(parent.split()[part] for part, parent in enumerate(parents))


def test_best_recombinations_by_hand() -> None:
    """Of a good and a bad half each the two good ones, unless what is wanted more does not suit."""
    worth = {"A": 2.0, "B": 1.0, "C": 0.0, "x": 0.5, "y": 3.0, "z": 0.0}
    suits = {"y": -1.0}
    best = partial(
        best_recombinations,
        ["A x", "B y", "C z"],
        Crossover(of_letters, joined),
        lambda words: math.fsum(worth[word] for word in words),
        lambda words: math.fsum(suits.get(word, 0.0) for word in words),
        drawn=200,
        seed=1,
    )
    assert best(-1.0, count=2) == ["A y", "B y"]
    assert best(0.0, count=3) == ["A x", "A z", "B x"]
    assert best(0.5, count=3) == [] and len(best(0.0, count=99)) == 6


def test_chosen_prompts_are_recombined_and_rejected_ones_sampled() -> None:
    surrogate = exact(A=2.0, B=0.0, x=-1.0, y=1.0)
    wanted = WantedPreferences(1, 0.02, True, 1.0, Crossover(of_letters, joined), 50)
    pairs, dropped = unpainted_preferences(
        [Product("p", Path("p.png"))],
        {"p": ["A x", "B y"]},
        surrogate,
        suited(A=0, B=0, x=0, y=0),
        wanted,
    )
    assert [(one.chosen, one.rejected) for one in pairs] == [("A y", "A x")] and not dropped


def test_the_studio_recombines_what_it_reads() -> None:
    row = PAINTERS["studio"].crossover()
    assert row is not None and PAINTERS["diffusion"].crossover() is None
    rng = random.Random(0)
    texts = [write(random_scene(rng), rng) for _ in range(6)]
    child = row.join(texts, rng)
    assert row.parts(child) == tuple(row.parts(text)[part] for part, text in enumerate(texts))


def test_utilities_are_mean_log_odds() -> None:
    """b over a by 1, c over a by 3, c over b by 2: what repeats or is empty is not judged."""
    odds = [-1.0, -3.0, -2.0]
    verdicts = [Verdict(p, p) for p in (1 / (1 + math.exp(-one)) for one in odds)]
    group = judged_group("p", ["a", "b", "", "a", "c"], verdicts)
    assert group.prompts == ("a", "b", "c") and group.utility == pytest.approx([-2.0, -0.5, 2.5])


def test_the_studio_reads_what_it_shows_and_others_their_words() -> None:
    prompt = "On an oak table before a brick wall, with two candles, warm light."
    assert {"surface oak", "backdrop brick"} <= set(PAINTERS["studio"].words()(prompt))
    assert {"oak", "brick", "candles"} <= set(PAINTERS["diffusion"].words()(prompt))


def test_a_round_is_refused_when_match_falls_or_wins_do_not_rise() -> None:
    before = {"match": 0.8, "win_rate": 0.6, "win_rate_heldout": 0.6}
    good = {"match": 0.75, "match_high": 0.82, "win_rate": 0.5, "win_rate_heldout": 0.61}
    assert why_refused(good, before) is None
    assert why_refused(good | {"match_high": 0.79}, before) == "held-out match fell from 80% to 75%"
    assert "win_rate_heldout did not rise" in str(why_refused(good | {"win_rate_heldout": 0.6}, before))
    assert why_refused({"win_rate": 0.51}, {"match": None}) is None
    assert why_refused({"win_rate": 0.5}, {}) is not None and why_refused({}, {}) is None
