"""Every painter by name. To add one: write its module, add its row; or bring it by an entry point.

A row's functions import what the painter needs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from caig_cli.engine.model_folder import Check
from caig_cli.engine.sources import describe, is_remote, locate
from caig_cli.painters import Painter
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.diffusion.kinds import KINDS
from caig_cli.provenance.claims import COMPOSITE, WITH_TRAINED_MODEL
from caig_cli.tables import OneOf, PluginTable


@dataclass(frozen=True, slots=True)
class PainterConfig:
    """What a painter is made with: CPU threads (None: all cores), device, and the diffusion model."""

    threads: int | None = None
    device: str = "auto"
    diffusion: DiffusionSection = field(default_factory=DiffusionSection)


ReadWords = Callable[[str], Collection[str]]
"""The words of a prompt that may matter to a painter."""


def plain_words(prompt: str) -> frozenset[str]:
    """All words of a prompt, in lower case."""
    return frozenset(re.findall(r"[^\W\d_]+", prompt.lower()))


@dataclass(frozen=True, slots=True)
class Crossover:
    """How prompts are recombined where a painter knows their parts.

    ``parts``: a prompt's words by part, as many parts for every prompt. ``join``: a prompt whose n-th part is
    that of the n-th parent; one parent a part.
    """

    parts: Callable[[str], tuple[Collection[str], ...]]
    join: Callable[[Sequence[str], random.Random], str]


@dataclass(frozen=True, slots=True)
class PainterKind:
    """A row of the table: how a painter is made, and what stages ask before they make it.

    ``generative``: whether a trained model paints, which its ads then say. ``models``: those that it opens,
    each with a look that raises UsageError for one of another kind. ``memory``: bytes on the GPU of its
    weights, and beside them while it paints ads of (width, height). ``batch``: shots that it wants at once.
    ``on_cpu``: whether several processes paint faster than one. ``relights``: whether a product can take on
    the light of its sets. ``fitter``: what cuts a prompt to what it reads, None where it reads all.
    ``crossover``: how its prompts are recombined, None where they have no parts.
    ``label``: the painter for people and for provenance, after its name; ``remarks``: more lines for plans.
    """

    build: Callable[[PainterConfig], Painter]
    generative: bool
    models: Callable[[DiffusionSection], Mapping[str, Check | None]] = lambda _: {}
    memory: Callable[[DiffusionSection, tuple[int, int]], tuple[int, int]] = lambda *_: (0, 0)
    batch: Callable[[DiffusionSection], int] = lambda _: 1
    on_cpu: bool = False
    relights: bool = False
    fitter: Callable[[DiffusionSection], Callable[[str], str] | None] = lambda _: None
    words: Callable[[], ReadWords] = lambda: plain_words
    crossover: Callable[[], Crossover | None] = lambda: None
    label: Callable[[DiffusionSection], str] = lambda _: ""
    remarks: Callable[[DiffusionSection], list[str]] = lambda _: []


# --- studio: ray-traced sets; needs no weights ------------------------------------------------------


def _studio(means: PainterConfig) -> Painter:
    from caig_cli.painters.studio import render, threads
    from caig_cli.painters.studio.painter import StudioPainter

    render.mitsuba()
    if means.threads is not None:
        threads.set_threads(means.threads)
    return StudioPainter()


def _scene_words() -> ReadWords:
    from caig_cli.painters.studio.language import scene_words

    return scene_words


def _scene_crossover() -> Crossover:
    from caig_cli.painters.studio.language import recombined, scene_parts

    return Crossover(scene_parts, recombined)


# --- diffusion: a diffusion model paints around the product; needs a GPU -----------------------------


def _diffusion(means: PainterConfig) -> Painter:
    from caig_cli.painters.diffusion.painter import DiffusionPainter

    return DiffusionPainter(means.diffusion, means.device)


def _diffusion_models(diffusion: DiffusionSection) -> dict[str, Check | None]:
    from caig_cli.painters.diffusion.loading import needs

    return needs(diffusion)


def _diffusion_memory(diffusion: DiffusionSection, size: tuple[int, int]) -> tuple[int, int]:
    from caig_cli.painters.diffusion.memory import needs

    wanted = needs(diffusion, size)
    parts = wanted.weights.values()
    weights = {"none": sum(parts), "model": max(parts), "sequential": 0}[diffusion.offload]
    return weights, wanted.activations


def _diffusion_fitter(diffusion: DiffusionSection) -> Callable[[str], str]:
    from caig_cli.painters.diffusion.reading import fitter

    return fitter(diffusion)


def _licence(diffusion: DiffusionSection) -> list[str]:
    """A line where ads for sale may not be made with the model that a kind usually paints with."""
    row = diffusion.row
    if row.commercial:
        return []
    whose = f"{row.model}: " if diffusion.model in (None, row.model) else f"models of kind {diffusion.kind}: "
    free = ", ".join(kind for kind, other in KINDS.items() if other.licence == "Apache-2.0")
    return [f"licence: {whose}{row.licence}: no ads for sale may be made with it; {free} are free for that"]


# --- fake: a gradient; for tests and trials ----------------------------------------------------------


def _fake(means: PainterConfig) -> Painter:
    from caig_cli.painters.fake import FakePainter

    return FakePainter()


PAINTERS: PluginTable[PainterKind] = PluginTable(
    "caig.painters",
    PainterKind,
    {
        "studio": PainterKind(
            _studio,
            generative=False,
            on_cpu=True,
            relights=True,
            words=_scene_words,
            crossover=_scene_crossover,
        ),
        "diffusion": PainterKind(
            _diffusion,
            generative=True,
            models=_diffusion_models,
            memory=_diffusion_memory,
            batch=lambda diffusion: diffusion.batch,
            fitter=_diffusion_fitter,
            label=lambda diffusion: diffusion.label,
            remarks=_licence,
        ),
        "fake": PainterKind(_fake, generative=False),
    },
)

PainterName = Annotated[str, OneOf("painter", PAINTERS)]
"""A recipe value that names a row of the table."""


def models(name: str, diffusion: DiffusionSection) -> dict[str, Check | None]:
    """The models that a painter opens, each with a look that raises UsageError for one of another kind."""
    return dict(PAINTERS[name].models(diffusion))


def planned(name: str, diffusion: DiffusionSection) -> list[str]:
    """Lines for plans. Raises UsageError where weights on this machine are missing or of another kind."""
    wanted = models(name, diffusion)
    for source, look in wanted.items():
        if not is_remote(source):
            locate(source, check=look)
    lines = [f"painter {described(name, diffusion)}", *(f"painter's model {describe(one)}" for one in wanted)]
    return [*lines, *PAINTERS[name].remarks(diffusion)]


def described(name: str, diffusion: DiffusionSection) -> str:
    """A painter for people and for provenance: with its model, without a path."""
    label = PAINTERS[name].label(diffusion)
    return f"{name}, {label}" if label else name


def source_type(description: str) -> str:
    """The IPTC digital source type of ads by a painter, as ``described`` names it.

    Of a painter that is not installed here, the one that discloses more.
    """
    name = description.partition(",")[0]
    return COMPOSITE if name in PAINTERS and not PAINTERS[name].generative else WITH_TRAINED_MODEL
