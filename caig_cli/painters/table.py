"""All painters, by the name that a recipe gives them. What they need is imported when they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from caig_cli.painters import Painter


def _studio() -> Painter:
    from caig_cli.painters.studio.painter import StudioPainter
    from caig_cli.painters.studio.render import mitsuba

    mitsuba()
    return StudioPainter()


def _fake() -> Painter:
    from caig_cli.painters.fake import FakePainter

    return FakePainter()


PAINTERS: Mapping[str, Callable[[], Painter]] = {
    "studio": _studio,  # ray-traced sets, no weights
    "fake": _fake,  # a gradient: instant, for tests and trials
}
