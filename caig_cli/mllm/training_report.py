"""``report.html`` of a training: what it came to, its figures and its curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from caig_cli.engine import pages, plots
from caig_cli.engine.run_dir import RunDir
from caig_cli.records import Failure

Curves = Mapping[str, Sequence[str]]
"""Heading of a plot -> the figures of ``metrics.jsonl`` that are its lines."""
SHOWN_FAILURES = 200
RIGHT = ("tokens_right", "answers_right")


def write_page(
    run: RunDir,
    title: str,
    summary: str,
    verdict: str,
    facts: Mapping[str, str],
    tables: Sequence[pages.TextTable],
    curves: Mapping[str, Curves],
    failed: Sequence[Failure],
) -> None:
    """Write ``plots/`` and the page; ``curves`` are by the folder of their figures within the run."""
    if run.is_main:
        sections = _sections(run, tables, curves, failed)
        page = pages.report(title, summary, facts, sections, root=run.path, verdict=verdict)
        run.write_text("report.html", "".join(page))


def _sections(
    run: RunDir, tables: Sequence[pages.TextTable], curves: Mapping[str, Curves], failed: Sequence[Failure]
) -> Iterator[pages.Section]:
    yield from tables
    for folder, of_folder in curves.items():
        rows = run.part(folder).read_jsonl("metrics.jsonl")
        for heading, names in of_folder.items():
            yield from _plot(run, folder, heading, names, rows)
    if failed:
        shown = [[failure.item, failure.error] for failure in failed[:SHOWN_FAILURES]]
        yield pages.TextTable("Not used", ["item", "why"], shown, f"{len(failed):,} in all.")


def _plot(
    run: RunDir, folder: str, heading: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[pages.Figure]:
    """A plot of figures over steps; nothing where none is known."""
    series = {name: [(row["step"], row.get(name)) for row in rows] for name in names}
    few = max((sum(y is not None for _, y in points) for points in series.values()), default=0) < 40
    bands = {
        name: [(row["step"], row.get(f"{name}_low"), row.get(f"{name}_high")) for row in rows]
        for name in names
    }
    png = plots.lines(series, "step", marked=few, bands=bands)
    if png is not None:
        where = f"{folder}-" if folder else ""
        run.write_bytes(f"plots/{where}{heading.lower().replace(' ', '-')}.png", png)
        yield pages.Figure(f"{folder}: {heading}" if folder else heading, png)


def write_dialogue_page(
    run: RunDir, figures: Mapping[str, float], facts: Mapping[str, str], failed: Sequence[Failure]
) -> None:
    """Write the page of a prompt model that learnt dialogues; ``figures`` are of the held-out ones."""
    tasks = [name.removesuffix("/loss") for name in figures if name.endswith("/loss")]
    rows = [
        [task, f"{figures[f'{task}/loss']:.3f}", *(f"{figures[f'{task}/{kind}']:.1%}" for kind in RIGHT)]
        for task in tasks
    ]
    text = "An answer is right where the model, asked greedily, gives it word for word."
    columns = ["task", "loss, nats per token", "tokens right", "answers right"]
    tables = [pages.TextTable("Held-out dialogues", columns, rows, text)]
    verdict = "Not measured: no dialogue was held out."
    if "all/loss" in figures:
        verdict = (
            f"On dialogues that it did not learn from, {figures['all/tokens_right']:.0%} of the tokens and "
            f"{figures['all/answers_right']:.0%} of whole answers are right."
        )
    curves = {
        "Loss while learning": ["loss"],
        "Loss on held-out dialogues": [f"eval_{task}/loss" for task in tasks],
        "Tokens right on held-out dialogues": [f"eval_{task}/tokens_right" for task in tasks],
    }
    summary = "Looks at a product photo and its title and writes a background prompt."
    write_page(run, "Prompt model", summary, verdict, facts, tables, {"": curves}, failed)
