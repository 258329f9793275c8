"""``caig fetch``: models onto this machine before they are needed, such as for work without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from caig_cli.engine.outcome import Outcome
from caig_cli.errors import CaigError, UsageError
from caig_cli.recipe import Recipe, Section
from caig_cli.records import Failure

if TYPE_CHECKING:
    from caig_cli.cutouts.weights import NetworkFile
    from caig_cli.engine.report import Reporter

CUTOUT, RECOGNITION = "cutout", "recognition"
"""Names of the networks that cut products out, and say what a product without a title is."""


class FetchSection(Section):
    """What to fetch."""

    names: tuple[str, ...] = ()
    """Models to fetch: cutout, recognition, or org/name[/FILE][@revision] on the hub; none means both of the
    first."""


class FetchRecipe(Recipe):
    """Recipe of ``caig fetch``."""

    fetch: FetchSection = FetchSection()
    """Models."""


def plan(recipe: FetchRecipe, report: Reporter) -> list[str]:
    """Where each model is, or that a run downloads it; asks no network."""
    from caig_cli.cutouts import weights
    from caig_cli.engine import sources

    lines, small = [], _small()
    for name in _named(recipe):
        if name in small:
            lies = weights.found(small[name]) or "not in the cache: a run downloads it"
            lines.append(f"{small[name].name} ({lies})")
        else:
            lines.append(sources.describe(name))
    return lines


def run(recipe: FetchRecipe, report: Reporter) -> Outcome:
    """Fetch each; those that can't be had are failures, and an error where there is nothing else."""
    rows, errors = [], {}
    for name in _named(recipe):
        try:
            rows += [{"name": full, "path": str(path)} for full, path in _fetched(name, report)]
        except CaigError as error:
            errors[name] = error
    if errors and not rows:
        raise next(iter(errors.values()))
    failed = tuple(Failure(name, str(error).removeprefix(f"{name}: ")) for name, error in errors.items())
    lost = [{"name": failure.item, "error": failure.error} for failure in failed]
    lines = tuple(f"{row['name']}: {row['path']}" for row in rows)
    return Outcome({"models": rows, "failed": lost}, failed, lines)


def _named(recipe: FetchRecipe) -> list[str]:
    """Each name once. Raises UsageError for what is no name on the hub."""
    from caig_cli.engine.hub_name import HubName

    names = list(dict.fromkeys(recipe.fetch.names)) or [CUTOUT, RECOGNITION]
    for name in names:
        hub = HubName.parse(name)
        if name not in (CUTOUT, RECOGNITION) and (hub is None or hub.revision == ""):
            raise UsageError(
                f"{name}: is no name on the hub; name {CUTOUT}, {RECOGNITION} or org/name[/FILE][@revision]"
            )
    return names


def _small() -> dict[str, NetworkFile]:
    """The networks that have a name of their own."""
    from caig_cli.cutouts import weights
    from caig_cli.recognition.naming import CLASSIFIER

    return {CUTOUT: weights.DEFAULT, RECOGNITION: CLASSIFIER}


def _fetched(name: str, report: Reporter) -> list[tuple[str, Path]]:
    """A model and what it stands on, by full name, with their places."""
    from caig_cli.cutouts import weights
    from caig_cli.engine import sources

    if wanted := _small().get(name):
        return [(wanted.name, weights.fetch(wanted, report.info))]
    found = sources.fetch_all({name: None}, report)
    return [(full, sources.locate(full)) for full in found.values()]
