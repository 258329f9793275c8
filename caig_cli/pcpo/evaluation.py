"""Evaluation of a round on products that are not learnt from, against the starting model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caig_cli.engine.loop import Evaluate
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.intervals import share_interval
from caig_cli.pcpo.candidates import VERDICTS, Prompts, between, sample, verdicts
from caig_cli.pcpo.context import PcpoContext
from caig_cli.pcpo.loaded_judge import LoadedJudge
from caig_cli.pcpo.optimise import distance, preference_set
from caig_cli.pcpo.policy import starting_state
from caig_cli.pcpo.relevance import ask_relevance
from caig_cli.pcpo.rollout import paint_and_rank, show_to
from caig_cli.pcpo.round_metrics import Figures, diversity, ends, win_interval, win_rate, worth
from caig_cli.pcpo.round_preferences import preferences_of_candidates
from caig_cli.pcpo.scoring import preference_figures
from caig_cli.records import Pair, Product, Verdict

HELDOUT = "heldout"
PART = "eval"
"""Folder of the evaluation within that of a round."""


@dataclass(frozen=True, slots=True)
class Start:
    """The starting model on the watched products: what every round is compared with."""

    products: list[Product]
    figures: Figures
    evaluate: Evaluate | None
    """Log-probabilities and rewards on preferences between the starting model's own ads."""


def evaluate_start(ctx: PcpoContext) -> Start:
    """Sample, paint and rank the starting model's ads of the watched products, once for all rounds."""
    ctx.cutouts.cut(ctx.split.evaluate)
    ctx.processes.wait()
    products = ctx.cutouts.usable(ctx.split.evaluate)
    if not products:
        ctx.report.warn("no product is held out: the rounds are not evaluated")
        return Start([], {}, None)
    folder = ctx.folder(0).part(PART)
    with starting_state(ctx.policy):
        prompts = _sample(ctx, folder, products)
        shown = first_ads(ctx, prompts)
    paint_and_rank(ctx, folder, products, shown, 0)
    preferences, _ = preferences_of_candidates(ctx, folder, products, shown, ctx.recipe.eval.ads)
    evaluate = None
    if preferences:
        held_out = preference_set(ctx, preferences, 0)
        evaluate = preference_figures(held_out, ctx.recipe.pcpo, ctx.sizes, ctx.runtime.device)
    level = {"win_rate": 0.5, "win_rate_heldout": 0.5 if ctx.heldout else None, "kl": 0.0}
    figures = level | _worth(ctx, folder, products, prompts) | diversity(prompts)
    return Start(products, figures, evaluate)


def evaluate_round(ctx: PcpoContext, of: RunDir, start: Start) -> Figures:
    """Figures of the policy as it is now, on prompts drawn with the starting model's own seeds.

    ``of`` is the folder of the round, or of its second attempt.
    """
    if not start.products:
        return {}
    folder, rival = of.part(PART), ctx.folder(0).part(PART)
    prompts = _sample(ctx, folder, start.products)
    shown = first_ads(ctx, prompts)
    rates: Figures = {}
    for name, stem, loaded in (
        ("win_rate", VERDICTS, ctx.judge),
        ("win_rate_heldout", HELDOUT, ctx.heldout),
    ):
        rates |= {name: None}
        if loaded is not None:
            verdicts_of = _wins(ctx, loaded, stem, folder, rival, start.products, shown)
            rates |= {name: win_rate([verdict for some in verdicts_of.values() for verdict in some or ()])}
            rates |= ends(name, win_interval(verdicts_of))
    with ctx.run.timed("evaluate"):
        kl, length = distance(ctx, start.products, prompts, starting_state)
    moved: Figures = {"kl": kl, "length": length}
    return rates | _worth(ctx, folder, start.products, prompts) | diversity(prompts) | moved


def first_ads(ctx: PcpoContext, prompts: Prompts) -> dict[str, list[str]]:
    """The prompts that are painted."""
    return {product: texts[: ctx.recipe.eval.ads] for product, texts in prompts.items()}


def _sample(ctx: PcpoContext, folder: RunDir, products: Sequence[Product]) -> dict[str, list[str]]:
    """Prompts as they come: repeats are what diversity measures."""
    count = ctx.recipe.eval.prompts

    def write(group: Sequence[Product]) -> list[list[str]]:
        seeds = [
            [derive_seed(ctx.recipe.seed, "watch", product.id, k) for k in range(count)] for product in group
        ]
        return ctx.write(group, seeds)

    return sample(write, products, ctx.writer_batch, folder, ctx.processes, ctx.report)


def _wins(
    ctx: PcpoContext,
    loaded: LoadedJudge,
    stem: str,
    folder: RunDir,
    rival: RunDir,
    products: Sequence[Product],
    prompts: Prompts,
) -> dict[str, list[Verdict] | None]:
    """What is said of the policy's ads (left) against the starting model's with the same number and seeds."""
    with_caption = ctx.recipe.judge.caption

    def match(product: Product) -> list[Pair]:
        same = [(k, k) for k in range(len(prompts[product.id]))]
        return between(folder, product, same, with_caption, rival)

    show_to(ctx, loaded, stem, folder, products, prompts, match, derive_seed(ctx.recipe.seed, "round", 0))
    return verdicts(folder, stem, products)


def _worth(ctx: PcpoContext, folder: RunDir, products: Sequence[Product], prompts: Prompts) -> Figures:
    """Match and true CTR by the market; off it match by the recipe's relevance judge, of the painted ads."""
    known = worth(products, prompts, ctx.split.oracle)
    if known["match"] is not None or ctx.relevance is None:
        return known
    counts = {product: len(texts) for product, texts in first_ads(ctx, prompts).items()}
    found = ask_relevance(ctx, folder, products, counts)
    matched = [(float(p > 0.5), product.id) for product in products for p in found[product.id]]
    suits_P, item_P = zip(*matched, strict=True)
    interval = share_interval(np.asarray(suits_P), item_P)
    return known | {"match": sum(suits_P) / len(matched)} | ends("match", interval)
