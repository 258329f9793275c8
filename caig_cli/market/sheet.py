"""One picture that shows a market: product photos with their ads beside them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from caig_cli.market.catalogue import Item

CELL = 112  # pixels
COLUMNS = 12
ROWS = 12
GROUND = (226, 224, 220)


def contact_sheet(folder: Path, items: Sequence[Item], ads: int) -> bytes:
    """PNG of up to 12 rows: a photo, then its ads; photos fill what is left. Missing pictures stay empty."""
    paths: list[Path] = []
    width = 1 + min(ads, COLUMNS - 1)
    for one in items:
        paths.append(folder / f"products/{one.id}.png")
        paths += [folder / f"ads/{one.id}/{number}.png" for number in range(width - 1)]
        if len(paths) >= COLUMNS // width * width * ROWS:
            break
    with_ads = COLUMNS // width * width
    shown = [path for path in paths if path.is_file()]
    rows = max(1, -(-len(shown) // with_ads))
    sheet = Image.new("RGB", (with_ads * CELL, rows * CELL), GROUND)
    for at, path in enumerate(shown):
        picture = Image.open(path).convert("RGBA")
        picture.thumbnail((CELL - 4, CELL - 4))
        x, y = at % with_ads * CELL, at // with_ads * CELL
        sheet.paste(picture, (x + (CELL - picture.width) // 2, y + CELL - 2 - picture.height), picture)
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()
