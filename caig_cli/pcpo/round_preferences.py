"""What a round learns from: preferences between painted ads, and between prompts that nobody painted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.losses.objective import LOSSES
from caig_cli.painters import registry
from caig_cli.pcpo.candidates import (
    VERDICTS,
    Prompts,
    ad_path,
    verdicts,
)
from caig_cli.pcpo.context import PcpoContext
from caig_cli.pcpo.preference_files import HUGGING_FACE, hugging_face_file, official
from caig_cli.pcpo.preference_pairs import UNJUDGED, build_preferences, compare_all, wanted_pairs
from caig_cli.pcpo.relevance import relevance
from caig_cli.pcpo.rollout import prompts_of_start, sample_unpainted
from caig_cli.pcpo.suitability import fit_suitability
from caig_cli.pcpo.surrogate import Surrogate, fit_surrogate
from caig_cli.pcpo.unpainted import WantedPreferences, build_unpainted_preferences, judged_groups
from caig_cli.records import Preference, Product


def preferences_of_candidates(
    ctx: PcpoContext,
    folder: RunDir,
    products: Sequence[Product],
    prompts: Prompts,
    candidates_each: int,
) -> tuple[list[Preference], Counter[str]]:
    """Preferences of the judged products, stored in ``preferences.jsonl``; and how many pairs fell out why.

    ``candidates_each``: candidates of each product.
    """
    given = ctx.recipe.pcpo
    judged = verdicts(folder, VERDICTS, products)
    suits = _relevance(
        ctx, folder, [product for product in products if judged[product.id] is not None], prompts
    )
    dropped: Counter[str] = Counter()
    found: list[Preference] = []
    rows: list[dict[str, Any]] = []
    for product in products:
        answers = judged[product.id]
        if answers is None:
            dropped[UNJUDGED] += wanted_pairs(given, candidates_each)
            continue
        if LOSSES[given.loss].all_pairs:
            choices, lost = compare_all(prompts[product.id], answers, given.advantages == "grpo")
        else:
            relevant = partial(_suits, suits[product.id] if suits else None, given.min_relevance)
            choices, lost = build_preferences(
                prompts[product.id], answers, given.pairs_per_product, given.min_margin, relevant
            )
        dropped += lost
        for choice in choices:
            chosen, rejected = (prompts[product.id][n] for n in (choice.chosen, choice.rejected))
            name = f"{product.id}-{choice.chosen + 1}-{choice.rejected + 1}"
            found.append(Preference(name, product, chosen, rejected, choice.p_chosen, choice.advantage))
            ads = [ad_path(folder, product, n).name for n in (choice.chosen, choice.rejected)]
            rows.append(
                {"id": name, "product": product.id, "chosen": chosen, "rejected": rejected,
                 "p_chosen": choice.p_chosen, "orders_agree": choice.agrees, "ads": ads}
            )  # fmt: skip
    folder.write_text("preferences.jsonl", _lines(rows))
    if given.official_file:
        folder.write_json(
            "preferences-official.json", [official(one, ctx.question.ask(one.product)) for one in found]
        )
    if given.hugging_face_file:
        folder.write_bytes(HUGGING_FACE, hugging_face_file(found, lambda one: ctx.question.ask(one.product)))
    return found, dropped


def _relevance(
    ctx: PcpoContext, folder: RunDir, products: Sequence[Product], prompts: Prompts
) -> dict[str, list[float]] | None:
    """How surely the painted ads suit; None where it is not asked, or nobody can say, which is told."""
    if ctx.recipe.pcpo.min_relevance is None:
        return None
    found = relevance(ctx, folder, products, {p.id: len(prompts[p.id]) for p in products})
    if found is None:
        ctx.report.warn(
            "pcpo.min_relevance: the judge has no concept of backgrounds that suit, and eval.relevance "
            "names no model that could say; painted pairs are taken as they are"
        )
    return found


def _suits(suits: Sequence[float] | None, least: float | None, chosen: int, rejected: int) -> bool:
    return suits is None or least is None or suits[chosen] - suits[rejected] >= least


def fit_rounds(ctx: PcpoContext, last: int) -> Surrogate | None:
    """The surrogate of all ads judged up to round ``last``; None where it is off, or there are too few."""
    if not ctx.recipe.surrogate.products:
        return None
    groups = [group for n in range(1, last + 1) for group in judged_groups(ctx.folder(n))]
    return fit_surrogate(groups, registry.PAINTERS[ctx.recipe.painter.name].words())


def preferences_of_unpainted(
    ctx: PcpoContext, folder: RunDir, products: Sequence[Product], number: int
) -> tuple[list[Preference], Counter[str], dict[str, Any]]:
    """Preferences of further products by the surrogate, why others fell out, and how far it is to be trusted.

    None where it orders held-out pairs too seldom as the judge does.
    """
    given, how = ctx.recipe.pcpo, ctx.recipe.surrogate
    surrogate = fit_rounds(ctx, number) if products else None
    if surrogate is None:
        return [], Counter(), {}
    trust = {
        "surrogate_accuracy": surrogate.accuracy,
        "surrogate_accuracy_low": surrogate.accuracy_low,
        "surrogate_accuracy_high": surrogate.accuracy_high,
    }
    if surrogate.accuracy_low < how.min_accuracy:
        ctx.report.info(
            f"round {number}: words order {surrogate.accuracy:.0%} of held-out pairs as the judge does (at "
            f"least {surrogate.accuracy_low:.0%}, wanted {how.min_accuracy:.0%}); no unpainted prompt is used"
        )
        return [], Counter(), trust
    prompts = sample_unpainted(ctx, folder, products, number)
    suitability = fit_suitability(prompts_of_start(ctx, number), surrogate.read)
    wanted = WantedPreferences(
        given.pairs_per_product,
        given.min_margin,
        given.min_relevance is not None,
        how.consistent_share,
        registry.PAINTERS[ctx.recipe.painter.name].crossover() if how.recombinations else None,
        how.recombinations,
        derive_seed(ctx.recipe.seed, "recombine", number),
    )
    found, dropped = build_unpainted_preferences(products, prompts, surrogate, suitability, wanted)
    rows = [
        {"id": one.id, "product": one.product.id, "chosen": one.chosen, "rejected": one.rejected,
         "p_chosen": one.p_chosen} for one in found
    ]  # fmt: skip
    folder.write_text("unpainted.jsonl", _lines(rows))
    return found, dropped, trust


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    from caig_cli.engine.files import to_json

    return "".join(to_json(row) + "\n" for row in rows)
