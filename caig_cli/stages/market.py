"""``caig market``: a simulated marketplace whose true CTR is known, in the formats users already have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.process import processors
from caig_cli.recipe import Recipe, Section

if TYPE_CHECKING:
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.market.build import MarketPlan

PHOTO_SECONDS, AD_SECONDS = 0.16, 0.36
"""One processor, at 128 pixels; a picture's cost grows with its area."""


class MarketSection(Section):
    """How large the market is and what its pictures are like."""

    products: Annotated[int, Field(ge=1)] = 200
    """Products with a photo, ads and a click log."""

    photo_products: Annotated[int, Field(ge=0)] = 0
    """Further products with only a photo and dialogues: they cost less, and pre-training wants many."""

    ads_per_product: Annotated[int, Field(ge=0, le=64)] = 6
    """Ads of each product, over scenes drawn at random."""

    photo_size: Annotated[int, Field(ge=32, le=2048)] = 128
    """Pixels of a product photo's longer side."""

    ad_size: Annotated[int, Field(ge=32, le=2048)] = 128
    """Pixels of an ad's sides."""

    dialogues_per_product: Annotated[int, Field(ge=0)] = 14
    """Dialogues about each product's photo; those about its ads come on top."""

    painter: Literal["studio", "fake"] = "studio"
    """Who paints the ads: the ray-traced studio, or gradients for trying things out."""

    workers: Annotated[int, Field(ge=1)] | None = None
    """Processes that work side by side; empty means one per CPU thread."""


class MarketRecipe(Recipe):
    """A simulated marketplace."""

    default_recipe: ClassVar[str | None] = "embedded/market-dev"

    market: MarketSection = MarketSection()


def plan(recipe: MarketRecipe, report: Reporter) -> list[str]:
    """What would be made, and about how long it takes."""
    from caig_cli.market.dialogues import AD_TASKS

    section, workers = recipe.market, _workers(recipe)
    photos = section.products + section.photo_products
    ads = section.products * section.ads_per_product
    photo_s = photos * PHOTO_SECONDS * (section.photo_size / 128) ** 2
    ad_s = ads * AD_SECONDS * (section.ad_size / 128) ** 2 * (section.painter == "studio")
    dialogues = photos * section.dialogues_per_product + len(AD_TASKS) * ads
    return [
        f"{photos} product photos, {ads} ads, {dialogues} dialogues",
        f"about {(photo_s + ad_s) / workers / 60:.0f} minutes with {workers} workers",
    ]


def run(recipe: MarketRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Make the market in the run folder."""
    from caig_cli.market.build import build_market

    summary = build_market(_plan(recipe), run_dir, report, _workers(recipe))
    lines = (
        f"market of {summary['products']} products and {summary['ads']} ads in {run_dir.path}",
        f"dialogues: {', '.join(f'{n} {split}' for split, n in summary['dialogues'].items())}",
        f"look at {run_dir.path / 'contact_sheet.png'}",
    )
    return Outcome(summary | {"path": str(run_dir.path)}, lines=lines)


def _plan(recipe: MarketRecipe) -> MarketPlan:
    from caig_cli.market.build import MarketPlan

    return MarketPlan(seed=recipe.seed, **recipe.market.model_dump(exclude={"workers"}))


def _workers(recipe: MarketRecipe) -> int:
    return recipe.market.workers or recipe.threads or processors()
