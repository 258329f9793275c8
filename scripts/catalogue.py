"""Makes the small catalogue that ``caig pcpo`` learns from when no products are given.

Usage: python scripts/catalogue.py [caig_cli/embedded/catalogue]

Products of a market of their own seed, so that no embedded model has seen them, 128 pixels long.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from PIL import Image

from caig_cli.engine.files import to_json
from caig_cli.market.build import catalogue_record, lightness, make_photo, product_record
from caig_cli.market.catalogue import CatalogueItem, item

SEED = 1009
WANTED = {"train": 12, "validation": 4}
SIZE = 128


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "caig_cli/embedded/catalogue")
    (folder / "products").mkdir(parents=True, exist_ok=True)
    chosen = choose()
    records = []
    facts = []
    for one in chosen:
        path = folder / "products" / f"{one.id}.webp"
        photo = Image.open(io.BytesIO(make_photo(SEED, one.index, size=SIZE)))
        photo.save(path, lossless=True, method=6, exact=False)
        records.append(product_record(one) | {"image": f"products/{path.name}"})
        facts.append(catalogue_record(one, lightness(path)))
    (folder / "products.json").write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "catalogue.jsonl").write_text("".join(to_json(row) + "\n" for row in facts), "utf-8")


def choose() -> list[CatalogueItem]:
    """The first products of each wanted split, one per category as far as there are categories."""
    left, chosen, seen, index = dict(WANTED), list[CatalogueItem](), set[str](), 0
    while any(left.values()):
        one = item(SEED, index)
        index += 1
        if left.get(one.split) and one.caption is not None and (one.category, one.split) not in seen:
            left[one.split] -= 1
            seen.add((one.category, one.split))
            chosen.append(one)
    return chosen


if __name__ == "__main__":
    main()
