"""The steps of a round, in the order in which they are taken: sample, paint and rank, prefer, optimise.

Each step leaves its result in the round's folder and finds it there again, so that a killed run goes on in
the middle of any of them and ends in the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from caig_cli.engine import loop
from caig_cli.engine.loop import Evaluate
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.engine.stream import Stream
from caig_cli.mllm.negatives import draw_negatives
from caig_cli.mllm.policy import restore_policy, save_policy, starting_state
from caig_cli.mllm.preferences import PreferenceSet, preference_step
from caig_cli.mllm.questions import write_question
from caig_cli.mllm.redraw import distinct_each
from caig_cli.records import Pair, Preference, Product
from caig_cli.rounds.candidates import (
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
from caig_cli.rounds.preferring import UNJUDGED, UNUSABLE, duels, owed, prefer
from caig_cli.rounds.workshop import Workshop

VERDICTS = "verdicts"


def sample_candidates(
    shop: Workshop, folder: RunDir, products: Sequence[Product], number: int
) -> dict[str, list[str]]:
    """The policy's prompts for each product; a repeated or empty one is drawn again a few times."""
    seed = derive_seed(shop.recipe.seed, "round", number)

    def write(group: Sequence[Product]) -> list[list[str]]:
        count = shop.recipe.pcpo.candidates
        return distinct_each(partial(shop.write, group), count, seed, [product.id for product in group])

    return sample(write, products, shop.writer_batch, folder, shop.team, shop.report)


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
    dropped: Counter[str] = Counter()
    found: list[Preference] = []
    rows: list[dict[str, Any]] = []
    for product in products:
        answers = said[product.id]
        if answers is None:
            dropped[UNJUDGED] += owed(told_of, given.pairs_per_product)
            continue
        choices, lost = prefer(prompts[product.id], answers, given.pairs_per_product, given.min_margin)
        dropped += lost
        for choice in choices:
            chosen, rejected = (prompts[product.id][n] for n in (choice.chosen, choice.rejected))
            name = f"{product.id}-{choice.chosen + 1}-{choice.rejected + 1}"
            found.append(Preference(name, product, chosen, rejected, choice.p_chosen))
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


def drop_unusable(shop: Workshop, wanted: Sequence[Product]) -> tuple[list[Product], Counter[str]]:
    """Cut the products out; those whose image is unusable are counted."""
    shop.stock.cut(wanted)
    shop.team.wait()
    usable = shop.stock.usable(wanted)
    each = owed(shop.recipe.pcpo.candidates, shop.recipe.pcpo.pairs_per_product)
    lost = (len(wanted) - len(usable)) * each
    return usable, Counter({UNUSABLE: lost} if lost else {})


def preference_set(shop: Workshop, preferences: Sequence[Preference], number: int) -> PreferenceSet:
    """The preferences in the model's form, with negatives and the reference's log-probabilities."""
    negatives = []
    if shop.objective.needs_negatives:
        seed = shop.recipe.seed
        negatives = draw_negatives(preferences, shop.recipe.negatives, seed=seed, round_number=number)
    made = PreferenceSet(shop.policy, preferences, negatives, shop.recipe.negatives, shop.asking)
    with shop.run.timed("reference"):
        made.look(shop.report)
        with starting_state(shop.policy), shop.accelerator.autocast():
            made.ask_reference(shop.scorer, shop.sizes, shop.report)
    return made


def optimise(
    shop: Workshop,
    folder: RunDir,
    preferences: Sequence[Preference],
    number: int,
    evaluate: Evaluate | None,
) -> Mapping[str, float]:
    """Train the policy on the round's preferences and save it; returns the evaluation at the end."""
    trained = (folder.path / "adapter").is_dir()
    shop.team.wait()  # all have looked before the main process may write it
    if trained:
        restore_policy(shop.policy, folder.path / "adapter")
    elif preferences:
        learnt = preference_set(shop, preferences, number)
        seed = derive_seed(shop.recipe.seed, "optimise", number)
        result = loop.train(
            shop.scorer,
            Stream(lambda epoch: learnt.epoch(seed, epoch, shop.sizes), learnt.collate),
            preference_step(shop.objective, shop.runtime.device),
            shop.recipe.optim,
            seed=seed,
            accelerator=shop.accelerator,
            run=folder,
            report=shop.report,
            evaluate=evaluate,
            unit=f"preferences of {shop.sizes.products} products",
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
