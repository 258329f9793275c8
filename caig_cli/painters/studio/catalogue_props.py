"""Things that stand beside the product, beyond the core's: a row each."""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_rows import PropRow

# Core names of which prompts may say how many, and what builds a single one.
COUNTED: dict[str, str] = {
    "vase": "pots.vase", "candles": "glow.candle", "books": "home.book", "cup": "kitchen.cup",
    "lemons": "fruit.lemon", "oranges": "fruit.orange", "apples": "fruit.apple", "roses": "flowers.rose",
    "gift_boxes": "party.gift", "lantern": "glow.lantern", "balloons": "party.balloon", "plant": "pots.plant",
}  # fmt: skip

MORE_PROPS: dict[str, PropRow] = {}
