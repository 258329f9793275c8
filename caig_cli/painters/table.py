"""Every painter by name. To add one: write its module, add its row.

A factory takes the number of CPU threads to use (None: all cores) and imports what the painter needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from caig_cli.painters import Painter


def _studio(threads: int | None = None) -> Painter:
    from caig_cli.painters.studio import render
    from caig_cli.painters.studio.painter import StudioPainter

    render.mitsuba()
    if threads is not None:
        render.set_threads(threads)
    return StudioPainter()


def _fake(threads: int | None = None) -> Painter:
    from caig_cli.painters.fake import FakePainter

    return FakePainter()


PAINTERS: dict[str, Callable[..., Painter]] = {
    "studio": _studio,  # ray-traced sets; needs no weights
    "fake": _fake,  # a gradient; for tests and trials
}


def _known(name: str) -> str:
    if name not in PAINTERS:
        raise ValueError(f"no such painter; known: {', '.join(PAINTERS)}")
    return name


PainterName = Annotated[str, AfterValidator(_known)]
"""A recipe value that names a row of the table."""
