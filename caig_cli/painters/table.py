"""Every painter by name, made with what it needs. To add one: write its module, add its row."""

from __future__ import annotations

from collections.abc import Callable

from caig_cli.painters import Painter


def _studio() -> Painter:
    from caig_cli.painters.studio.painter import StudioPainter
    from caig_cli.painters.studio.render import mitsuba

    mitsuba()
    return StudioPainter()


def _fake() -> Painter:
    from caig_cli.painters.fake import FakePainter

    return FakePainter()


PAINTERS: dict[str, Callable[[], Painter]] = {
    "studio": _studio,  # ray-traced sets; needs no weights
    "fake": _fake,  # a gradient; for tests and trials
}
