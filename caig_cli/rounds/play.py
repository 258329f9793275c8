"""The steps of a round, in the order in which they are taken: sample, paint and rank, prefer, optimise.

Each step leaves its result in the round's folder and finds it there again, so that a killed run goes on in
the middle of any of them and ends in the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from caig_cli.engine import loop
from caig_cli.engine.loop import Evaluate
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.engine.stream import Stream
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.negatives import draw_negatives
from caig_cli.mllm.policy import reference_state, restore_policy, save_policy
from caig_cli.mllm.preferences import PreferenceSet, preference_step
from caig_cli.mllm.questions import write_question
from caig_cli.mllm.redraw import distinct_each
from caig_cli.painters import table
from caig_cli.preference import LOSSES
from caig_cli.records import Pair, Preference, Product
from caig_cli.rounds.candidates import (
    VERDICTS,
    Bench,
    Job,
    Match,
    Prompts,
    ad_path,
    between,
    easel,
    paint,
    paint_seed,
    rank,
    sample,
    verdicts,
)
from caig_cli.rounds.judges import Seat
from caig_cli.rounds.preferring import UNJUDGED, UNUSABLE, compare_all, duels, prefer, wanted_pairs
from caig_cli.rounds.relevance import relevance
from caig_cli.rounds.scoring import prompt_logps
from caig_cli.rounds.surrogate import Surrogate, fit_surrogate
from caig_cli.rounds.unpainted import Wanted, choose_to_paint, judged_groups, prefer_unpainted
from caig_cli.rounds.workshop import Workshop

DISTANCE = "distance"
"""KL(policy, reference) among the figures of an evaluation."""
DISTANCE_PRODUCTS, DISTANCE_PROMPTS = 32, 2
"""On how many products and prompts of each it is measured: a standard error of about an eighth of a nat."""


def sample_candidates(
    shop: Workshop,
    folder: RunDir,
    products: Sequence[Product],
    number: int,
    surrogate: Surrogate | None = None,
) -> dict[str, list[str]]:
    """The policy's prompts to paint for each product; a repeated or empty one is drawn again a few times.

    Where more are sampled than painted, ``surrogate`` says which of them it is least sure of.
    """
    given, how = shop.recipe.pcpo, shop.recipe.surrogate
    count = max(given.candidates, how.candidates) if surrogate is not None else given.candidates

    def write(group: Sequence[Product]) -> list[list[str]]:
        drawn = _draw(shop, group, count, number)
        return [choose_to_paint(some, surrogate, given.candidates, how.random_share) for some in drawn]

    return sample(write, products, shop.writer_batch, folder, shop.team, shop.report)


def sample_unpainted(
    shop: Workshop, folder: RunDir, products: Sequence[Product], number: int
) -> dict[str, list[str]]:
    """The policy's prompts for products that nobody paints."""
    write = partial(_draw, shop, count=shop.recipe.surrogate.candidates, number=number)
    return sample(write, products, shop.writer_batch, folder.part("unpainted"), shop.team, shop.report)


def _draw(shop: Workshop, group: Sequence[Product], count: int, number: int) -> list[list[str]]:
    seed = derive_seed(shop.recipe.seed, "round", number)
    return distinct_each(partial(shop.write, group), count, seed, [product.id for product in group])


def paint_and_rank(
    shop: Workshop, folder: RunDir, products: Sequence[Product], prompts: Prompts, number: int
) -> None:
    """Ads of all candidates, and the judge's verdicts on every two of a product."""
    told = shop.recipe.judge.caption

    def match(product: Product) -> list[Pair]:
        return between(folder, product, duels(prompts[product.id]), told)

    seed = derive_seed(shop.recipe.seed, "round", number)
    show_to(shop, shop.judge, VERDICTS, folder, products, prompts, match, seed)


def show_to(
    shop: Workshop,
    seat: Seat,
    stem: str,
    folder: RunDir,
    products: Sequence[Product],
    prompts: Prompts,
    match: Match,
    seed: int,
) -> None:
    """Let a judge see pairs of ads as soon as they are painted; ads that are there are not painted again."""
    jobs = [
        Job(product, shop.stock.path(product), tuple(prompts[product.id]), paint_seed(seed, product))
        for product in shop.team.share(products)
    ]
    painted = paint(jobs, shop.recipe.brush, shop.means, folder, shop.pool)
    at_work = easel(shop.recipe.brush, shop.means, shop.runtime.device)
    with shop.report.progress(f"painting and judging ({stem})", len(products)) as bar, seat.sit(), at_work:
        for _ in rank(match, products, Bench(seat.judge, stem), folder, shop.team, painted):
            bar.advance(shop.team.size)
    shop.team.wait()


def prefer_candidates(
    shop: Workshop,
    folder: RunDir,
    products: Sequence[Product],
    prompts: Prompts,
    told_of: int,
) -> tuple[list[Preference], Counter[str]]:
    """Preferences of the judged products, stored in ``preferences.jsonl``; and how many pairs fell out why.

    ``told_of``: candidates of each product.
    """
    given = shop.recipe.pcpo
    said = verdicts(folder, VERDICTS, products)
    suits = _relevance(
        shop, folder, [product for product in products if said[product.id] is not None], prompts
    )
    dropped: Counter[str] = Counter()
    found: list[Preference] = []
    rows: list[dict[str, Any]] = []
    for product in products:
        answers = said[product.id]
        if answers is None:
            dropped[UNJUDGED] += wanted_pairs(given, told_of)
            continue
        if LOSSES[given.loss].all_pairs:
            choices, lost = compare_all(prompts[product.id], answers, given.advantages == "grpo")
        else:
            relevant = partial(_suits, suits[product.id] if suits else None, given.min_relevance)
            choices, lost = prefer(
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
            "preferences-official.json", [_official(one, shop.question.ask(one.product)) for one in found]
        )
    return found, dropped


def _relevance(
    shop: Workshop, folder: RunDir, products: Sequence[Product], prompts: Prompts
) -> dict[str, list[float]] | None:
    """How surely the painted ads suit; None where it is not asked, or nobody can say, which is told."""
    if shop.recipe.pcpo.min_relevance is None:
        return None
    found = relevance(shop, folder, products, {p.id: len(prompts[p.id]) for p in products})
    if found is None:
        shop.report.warn(
            "pcpo.min_relevance: the judge has no concept of backgrounds that suit, and watch.relevance "
            "names no model that could say; painted pairs are taken as they are"
        )
    return found


def _suits(suits: Sequence[float] | None, least: float | None, chosen: int, rejected: int) -> bool:
    return suits is None or least is None or suits[chosen] - suits[rejected] >= least


def round_products(shop: Workshop, number: int) -> tuple[list[Product], list[Product], Counter[str]]:
    """A round's products to paint, and further ones; the pairs that unusable images lose are counted."""
    given, how = shop.recipe.pcpo, shop.recipe.surrogate
    painted = given.products_per_round
    wanted = shop.goods.of_round(number, None if painted is None else painted + how.products)
    first = wanted[:painted]
    shop.stock.cut(wanted)
    shop.team.wait()
    usable = shop.stock.usable(first)
    lost = (len(first) - len(usable)) * wanted_pairs(given, given.candidates)
    unpainted = shop.stock.usable(wanted[len(first) :])
    return usable, unpainted, Counter({UNUSABLE: lost} if lost else {})


def fit_rounds(shop: Workshop, last: int) -> Surrogate | None:
    """The surrogate of all ads judged up to round ``last``; None where it is off, or there are too few."""
    if not shop.recipe.surrogate.products:
        return None
    groups = [group for n in range(1, last + 1) for group in judged_groups(shop.folder(n))]
    return fit_surrogate(groups, table.word_reader(shop.recipe.brush.painter))


def prefer_unpainted_of(
    shop: Workshop, folder: RunDir, products: Sequence[Product], number: int
) -> tuple[list[Preference], Counter[str], dict[str, Any]]:
    """Preferences of further products by the surrogate, why others fell out, and how far it is to be trusted.

    None where it orders held-out pairs too seldom as the judge does.
    """
    given, how = shop.recipe.pcpo, shop.recipe.surrogate
    surrogate = fit_rounds(shop, number) if products else None
    if surrogate is None:
        return [], Counter(), {}
    trust = {
        "surrogate_accuracy": surrogate.accuracy,
        "surrogate_accuracy_low": surrogate.accuracy_low,
        "surrogate_accuracy_high": surrogate.accuracy_high,
    }
    if surrogate.accuracy_low < how.min_accuracy:
        shop.report.info(
            f"round {number}: words order {surrogate.accuracy:.0%} of held-out pairs as the judge does (at "
            f"least {surrogate.accuracy_low:.0%}, wanted {how.min_accuracy:.0%}); no unpainted prompt is used"
        )
        return [], Counter(), trust
    prompts = sample_unpainted(shop, folder, products, number)
    wanted = Wanted(given.pairs_per_product, given.min_margin, given.min_relevance is not None)
    found, dropped = prefer_unpainted(products, prompts, surrogate, wanted)
    rows = [
        {"id": one.id, "product": one.product.id, "chosen": one.chosen, "rejected": one.rejected,
         "p_chosen": one.p_chosen} for one in found
    ]  # fmt: skip
    folder.write_text("unpainted.jsonl", _lines(rows))
    return found, dropped, trust


def preference_set(shop: Workshop, preferences: Sequence[Preference], number: int) -> PreferenceSet:
    """The preferences in the model's form, with negatives and the reference's log-probabilities."""
    negatives = []
    if shop.objective.needs_negatives:
        seed = shop.recipe.seed
        negatives = draw_negatives(preferences, shop.recipe.negatives, seed=seed, round_number=number)
    made = PreferenceSet(shop.policy, preferences, negatives, shop.recipe.negatives, shop.asking)
    with shop.run.timed("reference"):
        made.look(shop.report)
        with reference_state(shop.policy), shop.accelerator.autocast():
            made.ask_reference(shop.scorer, shop.sizes, shop.report)
    return made


def optimise(
    shop: Workshop,
    folder: RunDir,
    preferences: Sequence[Preference],
    number: int,
    evaluate: Evaluate | None,
    *,
    step: float = 1.0,
) -> Mapping[str, float]:
    """Train the policy on the round's preferences and save it; returns the evaluation at the end.

    ``step`` scales the learning rate and the distance at which training stops.
    """
    trained = (folder.path / "adapter").is_dir()
    shop.team.wait()  # all have looked before the main process may write it
    if trained:
        restore_policy(shop.policy, folder.path / "adapter")
    elif preferences:
        learnt = preference_set(shop, preferences, number)
        seed = derive_seed(shop.recipe.seed, "optimise", number)
        optim = shop.recipe.optim
        budget = shop.recipe.pcpo.max_kl
        if budget is not None:
            evaluate = partial(_with_distance, shop, evaluate, preferences, number)
        result = loop.train(
            shop.scorer,
            Stream(lambda epoch: learnt.epoch(seed, epoch, shop.sizes), learnt.collate),
            preference_step(shop.objective, shop.runtime.device),
            optim.model_copy(update={"learning_rate": step * optim.learning_rate}),
            seed=seed,
            accelerator=shop.accelerator,
            run=folder,
            report=shop.report,
            evaluate=evaluate
            if budget is None
            else partial(_with_distance, shop, evaluate, preferences, number),
            unit=f"preferences of {shop.sizes.products} products",
            stop_when=None if budget is None else lambda figures: figures[DISTANCE] > step * budget,
        )
        shop.policy.model.eval()
        save_adapter(shop, folder)
        return result.evaluation
    else:
        shop.report.warn(f"round {number}: no preference is left, so there is nothing to learn")
        save_adapter(shop, folder)
    figures = {} if evaluate is None else loop.evaluated(shop.scorer, evaluate, shop.accelerator)
    shop.policy.model.eval()
    return figures


def _with_distance(
    shop: Workshop,
    evaluate: Evaluate | None,
    preferences: Sequence[Preference],
    number: int,
    model: nn.Module,
) -> dict[str, float]:
    """The evaluation, and KL(policy, reference) on fresh samples for some of the round's products."""
    products = list({one.product.id: one.product for one in preferences}.values())[:DISTANCE_PRODUCTS]
    prompts: dict[str, list[str]] = {}
    for start in range(0, len(products), shop.writer_batch):
        group = products[start : start + shop.writer_batch]
        seeds = [
            [derive_seed(shop.recipe.seed, "distance", number, one.id, k) for k in range(DISTANCE_PROMPTS)]
            for one in group
        ]
        prompts |= {one.id: texts for one, texts in zip(group, shop.write(group, seeds), strict=True)}
    kl, _ = distance(shop, products, prompts, reference_state)
    return {**(evaluate(model) if evaluate is not None else {}), DISTANCE: kl}


def distance(
    shop: Workshop,
    products: Sequence[Product],
    prompts: Mapping[str, Sequence[str]],
    origin: Callable[[Mllm], AbstractContextManager[None]],
) -> tuple[float, float]:
    """KL(policy, origin) in nats per prompt, estimated on the policy's own samples; and their mean length.

    Exact in expectation where sampling is plain (temperature 1, top_p 1).
    """
    ask = partial(prompt_logps, shop.policy, shop.scorer, shop.asking, products, prompts)
    with shop.accelerator.autocast():
        policy_D, length_D = ask()
        with origin(shop.policy):
            origin_D, _ = ask()
    return float((policy_D.double() - origin_D.double()).mean()), float(length_D.double().mean())


def save_adapter(shop: Workshop, folder: RunDir) -> None:
    """Write the policy's adapter and how it is asked; drop the checkpoints."""

    def fill(made: Path) -> None:
        save_policy(shop.policy, made)
        write_question(made, shop.question)

    if folder.is_main and not folder.has("adapter"):
        folder.fill_folder("adapter", fill)
    shop.team.wait()
    folder.remove("checkpoints")


def _official(preference: Preference, question: str) -> dict[str, Any]:
    """The form of the official PCPO file."""
    asked = {"from": "human", "value": f"<image>\n{question}"}
    return {
        "id": preference.id,
        "image": str(preference.product.image),
        "chosen_conversations": [asked, {"from": "gpt", "value": preference.chosen}],
        "reject_conversations": [asked, {"from": "gpt", "value": preference.rejected}],
    }


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    from caig_cli.engine.files import to_json

    return "".join(to_json(row) + "\n" for row in rows)
