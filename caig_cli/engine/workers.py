"""Work spread over processes: results in the order of the jobs, a bounded number of them under way."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

J = TypeVar("J")
R = TypeVar("R")


class Workers:
    """``count`` processes; 1 works in this process and starts none."""

    def __init__(self, pool: ProcessPoolExecutor | None, ahead: int) -> None:
        self._pool = pool
        self._ahead = ahead

    def each(self, function: Callable[[J], R], jobs: Iterable[J]) -> Iterator[R]:
        """``function`` of every job, in order."""
        if self._pool is None:
            yield from map(function, jobs)
            return
        under_way: deque[Future[R]] = deque()
        for job in jobs:
            under_way.append(self._pool.submit(function, job))
            if len(under_way) >= self._ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


@contextmanager
def start_workers(count: int, prepare: Callable[[], None]) -> Iterator[Workers]:
    """Processes that end with the block, and with this process however it ends.

    ``prepare`` is called first in each of them; it is pickled, so a function of a module.
    """
    if count <= 1:
        yield Workers(None, 1)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the renderer's threads half alive
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(prepare,))
    try:
        yield Workers(pool, 8 * count)
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(prepare: Callable[[], None]) -> None:
    """Set up, and leave when the parent was killed."""
    prepare()
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
