"""Counts and times of the service, in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from caig_cli.serving.jobs import Jobs, State
from caig_cli.serving.scoring import Scorer


class Metrics:
    """What Prometheus reads of a service."""

    def __init__(self, scorer: Scorer, inside: Callable[[], int], jobs: Jobs | None) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "caig_requests", "Requests answered.", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "caig_request_seconds", "From the first byte to the answer.", ["path"], registry=self._registry
        )
        Gauge("caig_requests_inside", "Read, waiting or worked on.", registry=self._registry).set_function(
            inside
        )
        Gauge("caig_pairs_compared", "By the judge since the start.", registry=self._registry).set_function(
            lambda: scorer.pairs
        )
        states = Gauge("caig_jobs", "Jobs that are known.", ["state"], registry=self._registry)
        if jobs is not None:
            for state in get_args(State):
                states.labels(state).set_function(partial(_count, jobs, state))

    def count(self, path: str, status: int, seconds: float) -> None:
        """Note an answer."""
        self._requests.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)


def _count(jobs: Jobs, state: str) -> int:
    return sum(job.state == state for job in jobs.all())
