"""What the prompts that a round learns from are worth by a market's truth, and what a policy makes of them.

    python benchmarks/pcpo_choice.py MARKET RUN

RUN is a folder of ``caig pcpo --products MARKET/products.json`` with ``surrogate.products``. From the judged
ads and the unpainted prompts of its first round, preferences of half of the products are built again in many
ways; nothing is painted or trained. Headroom is the way from the start to the best scene that suits.

*Predicted* is what a policy comes to that learns only how often words are chosen, and not for which product:
the starting policy's prompts for the other half, weighed by how much more often each of their words is chosen
than written. It is close to what trained policies come to, and shows why choices that suit are not enough.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pcpo_ablation import best_rate

from caig_cli.data.products import read_products
from caig_cli.engine.files import read_lines
from caig_cli.engine.report import make_reporter
from caig_cli.market.known import Oracle, open_oracle
from caig_cli.painters.registry import PAINTERS
from caig_cli.pcpo.candidates import VERDICTS, verdicts_of
from caig_cli.pcpo.rollout import UNPAINTED, UNPAINTED_START
from caig_cli.pcpo.suitability import fit_suitability
from caig_cli.pcpo.surrogate import fit_surrogate
from caig_cli.pcpo.unpainted import WantedPreferences, build_unpainted_preferences, judged_group
from caig_cli.records import Product

STUDIO = PAINTERS["studio"]
READ = STUDIO.words()
PAIRS, MIN_MARGIN = 2, 0.02
SMOOTHING = 10
"""Chosen prompts that are added, with words as often as the policy writes them."""
SHARES = (1.0, 0.5, 0.33, 0.25, 0.1)
RECOMBINATIONS = (0, 512, 4096, 16384)
Prompts = Mapping[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("market", type=Path, help="folder made by caig market, which the run learnt from")
    parser.add_argument("run", type=Path, help="folder of caig pcpo on that market")
    args = parser.parse_args()
    folder, source = args.run / "rounds" / "01", args.market / "products.json"
    oracle = open_oracle(source)
    if oracle is None:
        raise SystemExit(f"{source}: not a market made by caig market")
    painted = prompts_in(folder)
    groups = [
        judged_group(row["product"], painted[row["product"]], verdicts_of(row))
        for row in read_lines(folder / f"{VERDICTS}.jsonl")
    ]
    surrogate = fit_surrogate(groups, READ)
    assert surrogate is not None, "too few products were judged"
    start, now = prompts_in(folder / UNPAINTED_START), prompts_in(folder / UNPAINTED)
    products = [one for one in read_products(source)[0] if one.id in start]
    half = len(products) // 2
    truth = Truth(oracle, products[half:], start)
    suits = fit_suitability(start, READ)
    both = {one.id: [*start[one.id], *now[one.id]] for one in products[:half]}
    cells = []
    for drawn in RECOMBINATIONS:
        for share in SHARES:
            crossover = STUDIO.crossover() if drawn else None
            wanted = WantedPreferences(PAIRS, MIN_MARGIN, True, share, crossover, drawn)
            found, _ = build_unpainted_preferences(products[:half], both, surrogate, suits, wanted)
            chosen = [(one.product.id, one.chosen) for one in found]
            cells.append([f"{drawn}", f"{share:.0%}", *truth.worth(chosen), *truth.predicted(chosen)])
    make_reporter().table(
        f"start: {truth.ctr:.3%} and {truth.match:.1%}",
        ["recombinations", "surest", "chosen: headroom", "suits", "predicted: headroom", "suits"],
        cells,
    )


def prompts_in(folder: Path) -> dict[str, list[str]]:
    return {str(row["product"]): row["prompts"] for row in read_lines(folder / "prompts.jsonl")}


class Truth:
    """The market's truth, and the starting policy's prompts for products that nothing is chosen of."""

    def __init__(self, oracle: Oracle, products: Sequence[Product], start: Prompts) -> None:
        self.oracle = oracle
        self.texts = [start[one.id] for one in products]
        worth = [self._worth([(one.id, text) for text in start[one.id]]) for one in products]
        self.rate, self.suits = [one[0] for one in worth], [one[1] for one in worth]
        self.ctr, self.match = (float(np.mean([one.mean() for one in w])) for w in (self.rate, self.suits))
        self.best = float(np.mean([best_rate(one.id, oracle.products[one.id]) for one in products]))
        written = [text for texts in start.values() for text in texts]
        self.written = {word: n / len(written) for word, n in _count(written).items()}

    def _worth(self, prompts: Sequence[tuple[str, str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        worth = [self.oracle.worth(product, text) for product, text in prompts]
        return np.array([w.ctr for w in worth]), np.array([float(w.match) for w in worth])

    def worth(self, chosen: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """Headroom and match of chosen prompts, in percent."""
        rate, suits = self._worth(chosen)
        return self._percent(float(rate.mean()), float(suits.mean()))

    def predicted(self, chosen: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """The same of a policy that learns how often words are chosen, on the other products."""
        count, total = _count([text for _, text in chosen]), len(chosen) + SMOOTHING
        lift = {
            word: math.log((count[word] + SMOOTHING * share) / total / share)
            for word, share in self.written.items()
        }
        rate, suits = [], []
        for texts, rate_C, suits_C in zip(self.texts, self.rate, self.suits, strict=True):
            weight = np.exp([math.fsum(lift[word] for word in READ(text)) for text in texts])
            rate.append(float(np.average(rate_C, weights=weight)))
            suits.append(float(np.average(suits_C, weights=weight)))
        return self._percent(float(np.mean(rate)), float(np.mean(suits)))

    def _percent(self, rate: float, suits: float) -> tuple[str, str]:
        return f"{(rate - self.ctr) / (self.best - self.ctr):.1%}", f"{suits:.1%}"


def _count(texts: Sequence[str]) -> Counter[str]:
    return Counter(word for text in texts for word in READ(text))


if __name__ == "__main__":
    main()
