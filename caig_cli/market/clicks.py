"""Clicks on ads: impressions with a heavy tail, clicks from the true rate, in the formats of real logs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from caig_cli.engine.runtime import derive_seed
from caig_cli.market.catalogue import CatalogueItem

DAYS = 3  # an ad is shown on one to this many days; its clicks are the sum
TYPICAL = 3000.0  # median impressions of an ad
SPREAD = 1.2  # standard deviation of log impressions: one in twenty has seven times the median
FIRST_DAY = 20250301


@dataclass(frozen=True, slots=True)
class LogRow:
    """What a shop's log says about one creative on one day."""

    item: str
    image: str
    day: int  # YYYYMMDD
    impressions: int
    clicks: int


def log_rows(item: CatalogueItem, image: str, number: int, ctr: float) -> Iterator[LogRow]:
    """The log of ad ``number`` of the item, whose true rate is ``ctr``; the same for the same product."""
    rng = np.random.default_rng(derive_seed("clicks", item.seed, number))
    days = int(rng.integers(1, DAYS + 1))
    total = min(2_000_000, max(20 * days, round(TYPICAL * float(np.exp(rng.normal(0.0, SPREAD))))))
    shares = rng.multinomial(total, rng.dirichlet(np.full(days, 4.0)))
    for day, impressions in enumerate(shares.tolist()):
        if impressions:
            yield LogRow(item.id, image, FIRST_DAY + day, impressions, int(rng.binomial(impressions, ctr)))


def creative_ranking(rows: Iterable[LogRow]) -> str:
    """The CreativeRanking list: item, image, day, impressions, clicks, separated by tabs, no header."""
    return "".join(f"{r.item}\t{r.image}\t{r.day}\t{r.impressions}\t{r.clicks}\n" for r in rows)


def plain_csv(rows: Iterable[LogRow]) -> str:
    """The same as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("item_id", "image", "day", "impressions", "clicks"))
    writer.writerows((r.item, r.image, r.day, r.impressions, r.clicks) for r in rows)
    return text.getvalue()
