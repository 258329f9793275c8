"""Every painter by name. To add one: write its module, add its row.

A factory imports what the painter needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator

from caig_cli.engine.model_folder import Check
from caig_cli.engine.sources import describe, is_remote, locate
from caig_cli.painters import Painter
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.diffusion.kinds import KINDS


@dataclass(frozen=True, slots=True)
class PainterConfig:
    """What a painter is made with: CPU threads (None: all cores), device, and the diffusion model."""

    threads: int | None = None
    device: str = "auto"
    diffusion: DiffusionSection = field(default_factory=DiffusionSection)


def _studio(means: PainterConfig) -> Painter:
    from caig_cli.painters.studio import render
    from caig_cli.painters.studio.painter import StudioPainter

    render.mitsuba()
    if means.threads is not None:
        render.set_threads(means.threads)
    return StudioPainter()


def _diffusion(means: PainterConfig) -> Painter:
    from caig_cli.painters.diffusion.painter import DiffusionPainter

    return DiffusionPainter(means.diffusion, means.device)


def _fake(means: PainterConfig) -> Painter:
    from caig_cli.painters.fake import FakePainter

    return FakePainter()


PAINTERS: dict[str, Callable[[PainterConfig], Painter]] = {
    "studio": _studio,  # ray-traced sets; needs no weights
    "diffusion": _diffusion,  # a diffusion model paints around the product; needs a GPU
    "fake": _fake,  # a gradient; for tests and trials
}


def together(name: str, diffusion: DiffusionSection) -> int:
    """Shots that a painter wants at once: a GPU paints several faster than one after the other."""
    return diffusion.batch if name == "diffusion" else 1


def models(name: str, diffusion: DiffusionSection) -> dict[str, Check | None]:
    """The models that a painter opens, each with a look that raises UsageError for one of another kind."""
    if name != "diffusion":
        return {}
    from caig_cli.painters.diffusion.loading import needs

    return needs(diffusion)


def planned(name: str, diffusion: DiffusionSection) -> list[str]:
    """Lines for plans. Raises UsageError where weights on this machine are missing or of another kind."""
    wanted = models(name, diffusion)
    for source, look in wanted.items():
        if not is_remote(source):
            locate(source, check=look)
    lines = [f"painter {described(name, diffusion)}", *(f"painter's model {describe(one)}" for one in wanted)]
    return [*lines, *_licence(name, diffusion)]


def _licence(name: str, diffusion: DiffusionSection) -> list[str]:
    """A line where ads for sale may not be made with the model that a kind usually paints with."""
    row = diffusion.row
    if name != "diffusion" or row.commercial:
        return []
    whose = f"{row.model}: " if diffusion.model in (None, row.model) else f"models of kind {diffusion.kind}: "
    free = ", ".join(kind for kind, other in KINDS.items() if other.licence == "Apache-2.0")
    return [f"licence: {whose}{row.licence}: no ads for sale may be made with it; {free} are free for that"]


def fitter(name: str, diffusion: DiffusionSection) -> Callable[[str], str] | None:
    """What cuts a prompt to what the painter reads; None for a painter that reads all."""
    if name != "diffusion":
        return None
    from caig_cli.painters.diffusion.reading import fitter

    return fitter(diffusion)


ReadWords = Callable[[str], Collection[str]]
"""The words of a prompt that may matter to a painter."""


def word_reader(name: str) -> ReadWords:
    """What of a prompt may matter to a painter: what the studio reads in it, else its words."""
    if name != "studio":
        return lambda prompt: frozenset(re.findall(r"[^\W\d_]+", prompt.lower()))
    from caig_cli.painters.studio.language import scene_words

    return scene_words


def memory(name: str, diffusion: DiffusionSection, size: tuple[int, int]) -> tuple[int, int]:
    """Bytes on the GPU of a painter's weights, and beside them while it paints ads of (width, height)."""
    if name != "diffusion":
        return 0, 0
    from caig_cli.painters.diffusion.memory import needs

    wanted = needs(diffusion, size)
    parts = wanted.weights.values()
    weights = {"none": sum(parts), "model": max(parts), "sequential": 0}[diffusion.offload]
    return weights, wanted.activations


def described(name: str, diffusion: DiffusionSection) -> str:
    """A painter for people and for provenance: with its model, without a path."""
    return f"diffusion, {diffusion.label}" if name == "diffusion" else name


def _known(name: str) -> str:
    if name not in PAINTERS:
        raise ValueError(f"no such painter; known: {', '.join(PAINTERS)}")
    return name


PainterName = Annotated[str, AfterValidator(_known)]
"""A recipe value that names a row of the table."""
