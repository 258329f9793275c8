"""The reporter: the only thing in the package that talks to the user while a run is going on.

Everything here goes to stderr; stdout belongs to the command's result. On a terminal the reporter
is live (rich); without one, progress is a plain line every few seconds; ``--quiet`` keeps warnings.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from caig_cli.engine.redaction import redacted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID
    from rich.table import Table


NO_DATA = "no data"
"""What a table without rows says."""


class Bar(Protocol):
    """A task that moves forward."""

    def advance(self, n: int = 1, **fields: object) -> None:
        """Move by ``n`` items; ``fields`` are shown beside the bar."""


class Reporter:
    """Plain lines, for logs and pipes; also the interface of its variants below."""

    interval_s = 5.0

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def info(self, message: str) -> None:
        """Tell what happens."""
        self._line(message)

    def warn(self, message: str) -> None:
        """Tell what the user should know even in quiet mode."""
        self._line(f"warning: {message}")

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Bar]:
        """A task of ``total`` items (None: unknown); the bar inside is advanced by the caller."""
        bar = _PlainBar(self, label, total)
        yield bar
        bar.finish()

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Show figures of a step that are worth a line of their own, such as an evaluation."""
        self._line(f"step {step}: {figures(values)}")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show a small table, or that there is nothing to show."""
        if not rows:
            self._line(f"{title}: {NO_DATA}")
            return
        cells = [[str(c) for c in columns], *([show(c) for c in row] for row in rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        self._line(title)
        for row in cells:
            self._line("  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())

    def panel(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A growing table that takes the place of the one shown before; without a terminal, its last row."""
        self._line(f"{title}: {figures(dict(zip(columns, rows[-1], strict=True)))}")

    def _line(self, text: str) -> None:
        stream = self._stream or sys.stderr
        with suppress(OSError, ValueError):  # who does not listen any more does not end a run
            stream.write(redacted(text) + "\n")
            stream.flush()


class SilentReporter(Reporter):
    """Says nothing and remembers everything; for tests and for the followers of a distributed run."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def _line(self, text: str) -> None:
        self.lines.append(text)


class QuietReporter(Reporter):
    """Warnings only (``--quiet``)."""

    def info(self, message: str) -> None:
        """Not shown."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Not shown."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Not shown."""

    def panel(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Not shown."""

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Bar]:
        """A bar that is not shown."""
        yield _NoBar()


class RichReporter(Reporter):
    """Live bars and tables on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._live: Progress | None = None
        self._tasks: list[TaskID] = []
        self._panel: Table | None = None

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Bar]:
        """A live bar; bars may nest, and all of them leave the screen when their task ends."""
        live = self._live or self._start()
        task = live.add_task(label, total=total, fields="")
        self._tasks.append(task)
        try:
            yield _RichBar(live, task)
        finally:
            done = live.tasks[live.task_ids.index(task)]
            self._tasks.remove(task)
            live.remove_task(task)
            if not self._tasks:
                live.stop()
                self._live = None
            self.info(f"{label}: {_count(int(done.completed), total)} in {done.elapsed or 0.0:.1f} s")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table with borders; a line where there is nothing to show."""
        if not rows:
            super().table(title, columns, rows)
            return
        self._console.print(_rich_table(title, columns, rows))

    def panel(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table that stays above the bars while there are any."""
        self._panel = _rich_table(title, columns, rows)

    def _start(self) -> Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        reporter = self

        class WithPanel(Progress):
            def get_renderables(self) -> Iterable[RenderableType]:
                if reporter._panel is not None:
                    yield reporter._panel
                yield from super().get_renderables()

        self._live = WithPanel(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[fields]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._live.start()
        return self._live

    def _line(self, text: str) -> None:
        style = "yellow" if text.startswith("warning:") else None
        with suppress(OSError, ValueError):
            self._console.print(redacted(text), style=style, markup=False, soft_wrap=True)


class _PlainBar:
    def __init__(self, reporter: Reporter, label: str, total: int | None) -> None:
        self._reporter, self._label, self._total = reporter, label, total
        self._done, self._shown = 0, -1
        self._fields = ""
        self._start = self._last = time.monotonic()

    def advance(self, n: int = 1, **fields: object) -> None:
        self._done += n
        if fields:
            self._fields = figures(fields)
        now = time.monotonic()
        if now - self._last >= self._reporter.interval_s:
            self._last = now
            self._show(now)

    def finish(self) -> None:
        if self._shown != self._done:
            self._show(time.monotonic())

    def _show(self, now: float) -> None:
        self._shown = self._done
        tail = f", {self._fields}" if self._fields else ""
        seconds = now - self._start
        self._reporter.info(f"{self._label}: {_count(self._done, self._total)} in {seconds:.1f} s{tail}")


class _RichBar:
    def __init__(self, live: Progress, task: TaskID) -> None:
        self._live, self._task = live, task

    def advance(self, n: int = 1, **fields: object) -> None:
        extra: dict[str, Any] = {"fields": figures(fields)} if fields else {}
        self._live.update(self._task, advance=n, **extra)


class _NoBar:
    def advance(self, n: int = 1, **fields: object) -> None:
        """Nothing to show."""


def make_reporter(*, json: bool = False, quiet: bool = False) -> Reporter:
    """The reporter that suits the streams: a program that reads ``--json`` gets plain lines on stderr."""
    if quiet:
        return QuietReporter()
    if json or not sys.stderr.isatty():
        return Reporter()
    return RichReporter()


def _rich_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(*columns, title=escape(title), title_justify="left")
    for row in rows:
        table.add_row(*(escape(show(cell)) for cell in row))
    return table


def figures(values: Mapping[str, object]) -> str:
    """``loss 1.234, lr 2e-05``."""
    return ", ".join(f"{name} {show(value)}" for name, value in values.items())


def show(value: object) -> str:
    """A figure with four digits, anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _count(done: int, total: int | None) -> str:
    return str(done) if total is None else f"{done}/{total}"
