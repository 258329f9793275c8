"""The plan of an experiment as a file: arms, ads, products, and who is shown what with which probability.

``plan.json`` holds all of it; ``allocation.csv`` beside it has the propensities, a row for each ad and day,
for whoever sets the shares on a platform.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from caig_cli.data.images import shown
from caig_cli.errors import DataError
from caig_cli.experiments.design import Design, Units
from caig_cli.parsing import Malformed, read_json

FILE, TABLE = "plan.json", "allocation.csv"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the ways to advertise that are compared."""

    name: str
    source: str
    """Folder or file that its ads come from, as the user named it."""
    kind: Literal["run", "pictures", "table"]
    model: str | None = None
    """Who wrote its prompts, as the run's recipe says."""


@dataclass(frozen=True, slots=True)
class Ad:
    """An ad of an arm; ``id`` is what a platform's export must hold somewhere in its name."""

    id: str
    arm: str
    product: str
    path: str | None = None
    prompt: str | None = None
    score: float | None = None
    """The judge's, in units where differences count: the logarithm of its predicted rate."""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is known of a product before the experiment."""

    id: str
    category: str | None = None
    impressions: int = 0
    """Earlier ones, with ads of any kind."""
    clicks: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """Days with one set of propensities; without days they hold always."""

    first_day: str | None
    days: int | None
    propensity: Mapping[str, float]
    """By ad id. With impressions as units those of a product sum to 1; with products as units it is the
    probability with which the product was given to the ad's arm, and only those of that arm are here."""


@dataclass(frozen=True)
class ExperimentPlan:
    """See the module."""

    seed: int
    units: Units
    allocation: Literal["fixed", "thompson"]
    control: str
    arms: tuple[Arm, ...]
    shares: Mapping[str, float]
    """Of each arm, by name; they sum to 1."""
    ads: tuple[Ad, ...]
    products: tuple[ProductFacts, ...]
    periods: tuple[Period, ...]
    design: Design
    mixture: float
    """Variance of the mixture of the always-valid intervals, fixed before the first look."""
    thompson: Mapping[str, float] = field(default_factory=dict)
    """What Thompson sampling believes of ads before clicks: spread, trust, rate_cv, least_share, days."""
    format: int = FORMAT

    @cached_property
    def ad_number(self) -> Mapping[str, int]:
        return {ad.id: number for number, ad in enumerate(self.ads)}

    @cached_property
    def product_number(self) -> Mapping[str, int]:
        return {product.id: number for number, product in enumerate(self.products)}

    @property
    def names(self) -> list[str]:
        """Of the arms, the control first."""
        return [self.control, *(arm.name for arm in self.arms if arm.name != self.control)]

    def period_of(self, day: str) -> Period | None:
        """The period that an ISO day is in; an empty day is in the only period. None before the first."""
        if len(self.periods) == 1 and (not day or self.periods[0].first_day is None):
            return self.periods[0]
        found = [one for one in self.periods if day and (one.first_day or "") <= day]
        return found[-1] if found else None

    def rows(self) -> Iterator[tuple[str, Ad, float]]:
        """Day (empty: any), ad and propensity, in order."""
        for period in self.periods:
            for day in _days(period):
                for ad in self.ads:
                    if ad.id in period.propensity:
                        yield day, ad, period.propensity[ad.id]


def _days(period: Period) -> list[str]:
    if period.first_day is None or period.days is None:
        return [period.first_day or ""]
    first = datetime.date.fromisoformat(period.first_day)
    return [(first + datetime.timedelta(days=n)).isoformat() for n in range(period.days)]


def record(plan: ExperimentPlan) -> dict[str, Any]:
    """The plan as JSON values."""
    return asdict(plan)


def table(plan: ExperimentPlan) -> str:
    """The propensities as CSV: day, ad_id, product, arm, propensity."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("day", "ad_id", "product", "arm", "propensity"))
    for day, ad, share in plan.rows():
        writer.writerow((day, ad.id, ad.product, ad.arm, f"{share:.6g}"))
    return text.getvalue()


def read_plan(path: Path) -> ExperimentPlan:
    """A plan from its folder or file. Raises DataError where it is none."""
    file = path / FILE if path.is_dir() else path
    try:
        raw = read_json(file)
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise Malformed(f"is no plan of an experiment (format {FORMAT})")
        return _plan(raw)
    except Malformed as error:
        raise DataError(f"{shown(file)}: {error}; name the folder of caig experiment plan") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{shown(file)}: is damaged ({error}); make the plan again") from None


def _plan(raw: Mapping[str, Any]) -> ExperimentPlan:
    def each(kind: Any, name: str) -> tuple[Any, ...]:
        rows: Sequence[Mapping[str, Any]] = raw[name]
        return tuple(kind(**row) for row in rows)

    made = ExperimentPlan(
        int(raw["seed"]), raw["units"], raw["allocation"], raw["control"], each(Arm, "arms"), raw["shares"],
        each(Ad, "ads"), each(ProductFacts, "products"), each(Period, "periods"), Design(**raw["design"]),
        float(raw["mixture"]), raw["thompson"],
    )  # fmt: skip
    faults = [fault for fault, is_so in _faults(made).items() if is_so]
    if faults:
        raise ValueError(faults[0])
    return made


def _faults(made: ExperimentPlan) -> dict[str, bool]:
    """What may be wrong with a plan that someone has edited, and whether it is."""
    arms, products = {arm.name for arm in made.arms}, {product.id for product in made.products}
    begins = [one.first_day for one in made.periods if one.first_day is not None]
    shares = [share for one in made.periods for share in one.propensity.values()]
    own = {ad.arm for ad in made.ads} <= arms and {ad.product for ad in made.ads} <= products
    return {
        "no ads": not made.ads,
        "no periods": not made.periods,
        "an ad stands twice": len({ad.id.casefold() for ad in made.ads}) < len(made.ads),
        "arms, ads and products do not go together": not own or {made.control, *made.shares} - arms != set(),
        "fewer than two arms": len(arms) < 2,
        "an arm has no share": arms != set(made.shares),
        "a period has ads of no arm": any(
            one.propensity.keys() - made.ad_number.keys() for one in made.periods
        ),
        "the periods are not in the order of days": begins != sorted(map(_iso, begins)),
        "a propensity is not between 0 and 1": not all(0 <= share <= 1 for share in shares),
        "all propensities are 0": not any(shares),
        "the expected rate is not between 0 and 1": not 0 < made.design.ctr < 1,
        "the mixture is not above 0": not 0 < made.mixture < float("inf"),
    }


def _iso(day: str) -> str:
    """A day as it has to be written. Raises ValueError for what is none."""
    return datetime.date.fromisoformat(day).isoformat()
