"""Which elements of sets do not belong with which products: water under a bag, berries beside gloves.

Own judgement after looking at ads of real products; no statement of what is clicked. Prompts that a model
writes are sorted by it, words of the user's own never.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from caig_cli.data.product_kinds import ProductKind, kind_of
from caig_cli.painters.credible import risk
from caig_cli.painters.pose import Stance
from caig_cli.painters.studio.reading import Reading, read
from caig_cli.records import Product

ELEMENTS = {
    "fruit": "lemons oranges apples berries bananas limes pears tomatoes",
    "food": "coffee_beans cinnamon bread cheese eggs mushrooms chocolates cupcakes flour jar",
    "ice": "ice_cubes",
    "tableware": "cup plate wine_glass water_glass champagne cocktail wine_bottle bowl cutting_board teapot"
    " pan rolling_pin kitchen_towel",
    "water": "water",
    "pool": "pool pool_deck",
    "shore": "sand sea palm_beach",
    "seaside": "shells driftwood",
    "wild": "snow moss snow_forest autumn_floor",
    "rocks": "boulders pebbles",
    "forest": "pine_cones",
    "grass": "grass garden",
    "street": "asphalt wet_asphalt cobbles",
    "open": "sky mountains bokeh_city street_day street_night autumn_forest foliage",
    "library": "shelves",
    "books": "books open_book",
    "counter": "white_marble black_marble slate metal glass",
    "desk": "leather",
    "cloth": "velvet linen bedding",
    "carpet": "rug",
    "floor": "parquet rubber_floor",
    "toys": "toy_blocks teddy_bear rubber_duck",
    "party": "balloons confetti",
    "flowers": "roses petals tulips sunflowers",
    "foliage": "monstera",
    "presents": "gift_boxes ribbons",
    "spheres": "glass_spheres",
    "towels": "towels",
    "flame": "candles lantern",
    "lights": "fairy_lights",
    "stage": "podium arch",
    "neon": "night_neon",
    "moon": "moonlight",
    "candlelight": "candlelight",
}
"""Names of the studio by what they are."""


BY_CATEGORY = {
    "drink": (
        "toys party seaside books library towels desk cloth carpet floor wild rocks lights spheres moon"
    ),
    "food": (
        "toys party seaside books library towels desk carpet floor wild rocks lights spheres water ice "
        "shore neon moon"
    ),
    "tableware plate cookware cutlery bottle flatware": (
        "toys party seaside books towels desk carpet wild rocks lights spheres water shore flowers neon moon"
    ),
    "cosmetic lipstick palette": (
        "toys party books library food rocks forest flame desk carpet floor street neon fruit tableware"
    ),
    "jewel watch wallet": (
        "fruit food ice tableware water pool toys party seaside towels carpet grass wild rocks library "
        "presents"
    ),
    "eyewear": ("fruit food ice tableware toys party towels carpet wild rocks library forest flame moon"),
    "bag bag_strap hat umbrella shoes boots": (
        "fruit food ice tableware water pool toys party seaside towels counter library presents flowers "
        "spheres flame moon"
    ),
    "top hood bottom small_garment tie flat_textile": (
        "fruit food ice tableware water pool toys party seaside rocks counter library presents spheres "
        "flame moon neon"
    ),
    "ball weights lie_sport racket helmet fitness_machine tall_lean board": (
        "fruit food ice tableware water pool toys party seaside towels counter desk cloth library books "
        "presents flowers foliage spheres flame lights stage moon candlelight"
    ),
    "wheels": (
        "fruit food ice tableware water pool toys party seaside towels counter desk cloth carpet "
        "library books presents flowers foliage spheres flame lights stage neon moon candlelight"
    ),
    "chair sofa table storage bed piano large_appliance bath": (
        "fruit food ice tableware water pool toys party seaside rocks counter desk cloth wild shore "
        "open neon moon spheres forest"
    ),
    "phone tablet laptop computer electronics camera rest cable drone medical keyring pen": (
        "fruit food ice water pool toys party seaside towels wild rocks shore flowers carpet "
        "candlelight flame spheres grass moon"
    ),
    "appliance": (
        "ice water pool toys party seaside towels wild rocks shore flowers carpet desk cloth "
        "candlelight spheres flame moon neon open library grass books"
    ),
    "book paper_flat box": (
        "fruit ice water pool party seaside towels wild rocks shore neon spheres moon counter"
    ),
    "vase lamp pendant wall_art frame candle": (
        "fruit food ice water pool toys party seaside rocks wild shore open forest counter desk neon"
    ),
    "cushion": (
        "fruit food ice water pool toys party seaside rocks wild shore open forest counter desk neon stage "
        "grass street spheres"
    ),
    "plant pot bouquet": (
        "fruit food ice toys party seaside towels wild counter desk cloth spheres forest presents moon "
        "neon water"
    ),
    "toy plush figure": ("fruit food ice tableware seaside flame spheres counter desk moon neon candlelight"),
    "tool garden small_flat instrument_flat guitar floating": (
        "fruit food ice tableware toys party seaside towels presents flowers spheres flame moon cloth library"
    ),
    "pet": (
        "fruit food ice tableware toys party seaside flame spheres counter desk presents moon neon water"
    ),
}
"""Elements that clash, by categories of ``data/product_kinds.csv``."""

UNKNOWN = "fruit food ice tableware water pool toys party seaside wild rocks spheres towels presents moon"
"""What clashes with a product of which nobody knows what it is."""

BY_STANCE: dict[Stance, str] = {
    "hang": "open shore water pool grass wild library",
    "worn": "counter desk cloth library water pool wild ice fruit food tableware toys party towels spheres",
}
"""What clashes with how a product is placed: what hangs wants a wall, a person no table to stand on."""


_TALL_CM = 75.0


def clashing(product: Product, stance: Stance) -> frozenset[str]:
    """Names of surfaces, backdrops, props and lights that don't belong with a product that is placed so."""
    kind = kind_of(product.caption, product.attributes)
    words = UNKNOWN if kind is None else _tastes().get(kind.category, UNKNOWN)
    words += " floor" if kind is not None and on_table(kind) else ""
    return frozenset(
        name for word in f"{words} {BY_STANCE.get(stance, '')}".split() for name in ELEMENTS[word].split()
    )


def on_table(kind: ProductKind) -> bool:
    """Whether a lamp or a plant is one that stands on a table, not on a floor."""
    return kind.category in ("lamp", "plant") and kind.cm <= _TALL_CM


def clashes(prompt: str, unwanted: Collection[str]) -> int:
    """How many elements that a prompt names are among the ``unwanted``."""
    return _clashes(read(prompt), unwanted)


def oddness(prompt: str, unwanted: Collection[str], stance: Stance) -> float:
    """Points of a prompt's set: one for each of the ``unwanted``, and how risky the set is by itself."""
    reading = read(prompt)
    return _clashes(reading, unwanted) + risk(reading.scene, stance)


def background(prompt: str) -> tuple[str | None, ...]:
    """What is under and behind the product, and its colours: prompts with the same one paint alike."""
    scene = read(prompt).scene
    return scene.surface, scene.surface_colour, scene.backdrop, scene.backdrop_colour


def _clashes(reading: Reading, unwanted: Collection[str]) -> int:
    scene = reading.scene
    named = [getattr(scene, field) for field in ("surface", "backdrop", "light") if field in reading.named]
    return sum(name in unwanted for name in (*named, *scene.props))


@cache
def _tastes() -> dict[str, str]:
    return {category: words for who, words in BY_CATEGORY.items() for category in who.split()}
