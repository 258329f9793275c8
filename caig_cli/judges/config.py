"""Recipe section of judges behind an API. No torch: the help reads it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from caig_cli.engine.optim import Count, Positive
from caig_cli.recipe import Section

Price = Annotated[float, Field(ge=0)] | None


class ApiSection(Section):
    """How a chat completions endpoint is asked; its address and key come from the environment."""

    concurrency: Annotated[int, Field(ge=1, le=32)] = 4
    """Requests on their way at once."""

    requests_per_minute: Positive = 60.0
    """Requests started per minute, at most."""

    timeout_s: Positive = 60.0
    """Seconds that an answer may take."""

    retries: Annotated[int, Field(ge=0, le=20)] = 5
    """Further tries after a busy or broken answer."""

    backoff_s: Positive = 1.0
    """Seconds before the first further try; doubles each time, and a server may ask for more."""

    max_tokens: Count = 64
    """Tokens of an answer, at most; models that think aloud need more."""

    image_side: Annotated[int, Field(ge=64, le=4096)] = 512
    """Longest side of a sent ad in pixels; larger ones cost more."""

    price_in: Price = None
    """Price of a million input tokens, in your currency; empty leaves the cost unknown."""

    price_out: Price = None
    """Price of a million output tokens."""
