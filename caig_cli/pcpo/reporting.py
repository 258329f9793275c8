"""What people see of the rounds: the live table, ``metrics.jsonl``, trackers, plots and ``report.html``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caig_cli.engine import pages, plots, sources
from caig_cli.engine.files import to_json
from caig_cli.engine.report import show as shown
from caig_cli.intervals import ratio_interval
from caig_cli.mllm.card import adapter_card
from caig_cli.mllm.loading import base_name
from caig_cli.painters.registry import described
from caig_cli.pcpo.candidates import ProcessGroup, ad_path
from caig_cli.pcpo.context import PcpoContext
from caig_cli.pcpo.evaluation import PART, Start
from caig_cli.pcpo.loaded_judge import LoadedJudge
from caig_cli.pcpo.outcome import COLUMNS, TERMS, Evidence, by_rate, by_wins, sentence
from caig_cli.pcpo.policy import POLICY
from caig_cli.records import Failure, Product

Row = Mapping[str, Any]

PLOTS: Mapping[str, tuple[tuple[str, ...], str, float | None]] = {
    "wins": (("win_rate", "win_rate_heldout"), "Wins against the starting model's ads", 0.5),
    "ctr": (("ctr_true",), "True click-through rate (simulated market)", None),
    "match": (("match",), "Backgrounds that suit the product", None),
    "rewards": (("heldout/rewards/accuracies", "heldout/product/accuracies"), "Held-out preferences", 0.5),
    "logps": (("chosen_logp", "rejected_logp"), "Log-probabilities of held-out preferences", None),
    "kl": (("kl",), "Distance from the starting model, nats per prompt", None),
    "surrogate": (("surrogate_accuracy",), "Held-out pairs that words order as the judge does", 0.5),
    "diversity": (("distinct", "self_bleu"), "Diversity of prompts", None),
}
"""Plots over rounds: their lines, their headings, and a level to compare with."""
STEPS = ("loss", "rewards/accuracies", "rewards/margins")
"""Figures of training steps that are plotted."""
EXAMPLES = 4
"""Products whose ads are followed through the rounds, and preferences that are shown of each round."""
MARKET = "simulated market"
NOTE = "Round 0 is the starting model; in brackets 95 % intervals. The words are explained at the end."


def tell(ctx: PcpoContext, start: Start, rows: Sequence[Row]) -> None:
    """The rounds so far: on the screen, in ``metrics.jsonl``, and the newest one to the tracker."""
    cells = [[cell(row.get(name)) for name in COLUMNS] for row in [_zeroth(start), *rows]]
    ctx.report.panel(f"rounds{label(ctx)}", COLUMNS, cells)
    metrics: list[Row] = [_zeroth(start)]
    for row in rows:
        steps = ctx.counted(row["round"]).read_jsonl("metrics.jsonl")
        metrics += [{"round": row["round"], **step} for step in steps] + [row]
    ctx.run.write_text("metrics.jsonl", "".join(to_json(one) + "\n" for one in metrics))


def track(ctx: PcpoContext, row: Row) -> None:
    """Give a finished round's figures to the tracker, if the recipe names one."""
    if ctx.recipe.pcpo.tracker is None:
        return
    folder = ctx.counted(row["round"])
    first = sum(len(ctx.counted(n).read_jsonl("metrics.jsonl")) for n in range(1, row["round"]))
    steps = folder.read_jsonl("metrics.jsonl")
    for number, step in enumerate(steps):
        ctx.accelerator.log({f"train/{k}": v for k, v in step.items() if v is not None}, step=first + number)
    known = {f"round/{k}": v for k, v in row.items() if isinstance(v, int | float)}
    ctx.accelerator.log(known, step=first + len(steps))


def label(ctx: PcpoContext) -> str:
    """`` (simulated market)`` where the products are its own, or the judge that ranks learnt from it."""
    simulated = ctx.split.oracle is not None or ctx.judge.judge.simulated
    return f" ({MARKET})" if simulated else ""


def of_judge(loaded: LoadedJudge) -> str:
    """`` (simulated market)`` where a judge learnt from it."""
    return f" ({MARKET})" if loaded.judge.simulated else ""


def write_report(
    ctx: PcpoContext, start: Start, rows: Sequence[Row], failed: Iterable[Failure], taken: int
) -> None:
    """Write ``plots/`` and ``report.html``, which begins with the verdict on what round ``taken`` gave."""
    recipe, run = ctx.recipe, ctx.run
    if not run.is_main:
        return
    heldout = f"{ctx.heldout.judge.name}{of_judge(ctx.heldout)}" if ctx.heldout else "none"
    facts = {
        "products": f"{len(ctx.split.learn):,} to learn from, {len(start.products):,} watched",
        "loss": f"{recipe.pcpo.loss}, beta {recipe.pcpo.beta:g}",
        "judge": f"{ctx.judge.judge.name}{of_judge(ctx.judge)}",
        "held-out judge": heldout,
        "painter": described(recipe.painter.name, recipe.diffusion),
    }
    summary = "Rounds of sampling, painting, ranking and optimising, watched on products not learnt from."
    sections = _sections(ctx, start, rows, list(failed))
    found = verdict(ctx, start, rows, taken)
    ctx.report.info(found)
    page = pages.report("Preference optimisation", summary, facts, sections, root=run.path, verdict=found)
    run.write_text("report.html", "".join(page))


def verdict(ctx: PcpoContext, start: Start, rows: Sequence[Row], taken: int) -> str:
    """Better, worse or unresolved: by the market's truth, by who may decide, or by the training judge."""
    row = next((row for row in rows if row["round"] == taken), {})
    evidence = _true_gain(ctx, start, row, taken)
    if evidence is None and ctx.heldout_decides:
        evidence = by_wins(row, "win_rate_heldout", "the second judge")
    if evidence is None:
        evidence = by_wins(row, "win_rate", "only the judge that it learnt from")
    return sentence(evidence, len(start.products), rows, taken, ctx.recipe.pcpo.rounds)


def _true_gain(ctx: PcpoContext, start: Start, row: Row, taken: int) -> Evidence | None:
    """The market's truth about the prompts of a round, product by product against the starting model's."""
    oracle, before = ctx.split.oracle, start.figures.get("ctr_true")
    if oracle is None or before is None or row.get("ctr_true") is None:
        return None
    gains = []
    for product in start.products:
        rates = [
            [oracle.worth(product.id, text).ctr for text in prompts[product.id]["prompts"]]
            for prompts in (ProcessGroup.read(ctx.counted(n).part(PART), "prompts") for n in (taken, 0))
        ]
        gains.append(sum(rates[0]) / len(rates[0]) - sum(rates[1]) / len(rates[1]))
    names = [product.id for product in start.products]
    return by_rate(row["ctr_true"], before, ratio_interval(np.array(gains), np.ones(len(gains)), names))


def _sections(
    ctx: PcpoContext, start: Start, rows: Sequence[Row], failed: Sequence[Failure]
) -> Iterator[pages.Section]:
    everything = [_zeroth(start), *rows]
    cells = [[with_ends(row, name) for name in COLUMNS] for row in everything]
    yield pages.TextTable(f"Rounds{label(ctx)}", COLUMNS, cells, NOTE)
    reasons = sorted({reason for row in rows for reason in row["dropped"]})
    if reasons:
        lost = [[str(row["round"]), *(str(row["dropped"].get(one, 0)) for one in reasons)] for row in rows]
        yield pages.TextTable("Pairs that were dropped", ["round", *reasons], lost)
    yield from _figures(ctx, everything)
    for product in start.products[:EXAMPLES]:
        yield _followed(ctx, product, [row["round"] for row in everything])
    for row in rows:
        yield from _preferences(ctx, row["round"])
    if failed:
        yield pages.TextTable("Not used", ["item", "why"], [[one.item, one.error] for one in failed])
    yield pages.TextTable("What the words mean", ["term", "meaning"], list(TERMS.items()))


def _figures(ctx: PcpoContext, rows: Sequence[Row]) -> Iterator[pages.Figure]:
    for name, (keys, heading, level) in PLOTS.items():
        of_key = {key: [(row["round"], row.get(key)) for row in rows] for key in keys}
        series = {key.removeprefix("heldout/"): points for key, points in of_key.items()}
        bands = {
            key: [(row["round"], row.get(f"{key}_low"), row.get(f"{key}_high")) for row in rows]
            for key in keys
        }
        yield from _figure(ctx, name, heading, plots.lines(series, "round", level=level, bands=bands))
    steps = [step for row in rows for step in ctx.counted(row["round"]).read_jsonl("metrics.jsonl")]
    for key in STEPS:
        points = {key: [(number, step.get(key)) for number, step in enumerate(steps, start=1)]}
        name = f"step-{key.replace('/', '-')}"
        yield from _figure(
            ctx, name, f"Training: {key}", plots.lines(points, "step of all rounds", marked=False)
        )


def _figure(ctx: PcpoContext, name: str, heading: str, png: bytes | None) -> Iterator[pages.Figure]:
    if png is not None:
        ctx.run.write_bytes(f"plots/{name}.png", png)
        yield pages.Figure(heading, png)


def _followed(ctx: PcpoContext, product: Product, rounds: Sequence[int]) -> pages.Gallery:
    """A watched product's first ad in every round, all painted from one seed."""
    cards = []
    for number in rounds:
        folder = ctx.counted(number).part(PART)
        prompt = ProcessGroup.read(folder, "prompts")[product.id]["prompts"][0]
        title = f"round {number}" if number else "start"
        cards.append(pages.Card(ad_path(folder, product, 0), title, prompt))
    return pages.Gallery(product.caption or product.id, cards, product.id)


def _preferences(ctx: PcpoContext, number: int) -> Iterator[pages.Gallery]:
    folder = ctx.folder(number)
    cards = []
    for row in folder.read_jsonl("preferences.jsonl")[:EXAMPLES]:
        for kind, ad in zip(("chosen", "rejected"), row["ads"], strict=True):
            note = f"{row['p_chosen']:.0%} sure" if kind == "chosen" else ""
            cards.append(pages.Card(folder.path / "ads" / ad, f"{row['product']}: {kind}", row[kind], note))
    if cards:
        yield pages.Gallery(f"Preferences of round {number}", cards)


def card(ctx: PcpoContext, start: Start, rows: Sequence[Row], taken: int) -> str:
    """The model card of the adapter, which is that of round ``taken``."""
    recipe, watched = ctx.recipe, len(start.products)
    heldout = "" if ctx.heldout is None else f" A second judge, `{_name(ctx.heldout)}`, only watched."
    notes = [
        f"It is the policy after round {taken} of {recipe.pcpo.rounds}; round 0 is the model that it "
        f"began as.",
        f"The judge that it learnt from is `{_name(ctx.judge)}`.{heldout}",
        f"Figures are of {watched} products that it did not learn from: `win_rate` is how often its ads beat "
        "the starting model's by that judge, `kl` its distance from that model in nats per prompt.",
    ]
    if label(ctx):
        notes.append("They are about the **simulated market** and are no statement about real shoppers.")
    base = sources.portable(base_name(ctx.policy, POLICY))
    asked = ctx.question.ask(Product("mug", Path("mug.png"), "Red mug"))
    figures = [{name: row.get(name) for name in COLUMNS} for row in [_zeroth(start), *rows]]
    return adapter_card(ctx.policy, recipe, base, asked, figures, notes)


def _name(loaded: LoadedJudge) -> str:
    """A judge's name without a path of this machine."""
    return sources.portable(loaded.judge.name) if Path(loaded.judge.name).exists() else loaded.judge.name


def _zeroth(start: Start) -> dict[str, Any]:
    return {"round": 0, **start.figures}


def with_ends(row: Row, name: str) -> str:
    """A figure as a cell, with its 95 % interval if it has one."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return cell(row.get(name)) + ("" if low is None or high is None else f" [{low:.3g}, {high:.3g}]")


def cell(value: object) -> str:
    """A figure as a cell; unknown is a dash."""
    return "-" if value is None else shown(value)
