"""Draw the contact sheet of docs/words.md: every place, backdrop, surface, thing, light and mood, once.

    python scripts/words_sheet.py [docs/pictures/words.jpg] [--part N/OF] [--tiles DIR]

Tiles are previews, as the judges see sets. They are kept in DIR, so that the sheet can be drawn in parts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
SIDE, SHOWN, COLUMNS, CAPTION = 128, 96, 20, 11
"""Pixels of a tile as painted and as shown, tiles a row, pixels of text below."""
MOST_BYTES = 400_000


def scenes() -> Iterator[tuple[str, str]]:
    """Each name of the studio, and a prompt that shows it."""
    from caig_cli.painters.studio import lexicon, lexicon_light, lexicon_props
    from caig_cli.painters.studio.catalogue import MORE_BACKDROPS, MORE_PLACES, MORE_PROPS, MORE_SURFACES

    for place in MORE_PLACES:
        yield place.words.split("|")[0], place.words.split("|")[0]
    for row in MORE_BACKDROPS.values():
        yield row.words.split("|")[0], row.words.split("|")[0]
    for words in lexicon.BACKDROPS.values():
        yield _first(words), f"before {_first(words)}"
    for words in lexicon.SURFACES.values():
        yield _first(words), f"on {_first(words)}"
    for surface in MORE_SURFACES.values():
        yield surface.words.split("|")[0], f"on {surface.words.split('|')[0]}"
    for words in lexicon_props.PROPS.values():
        yield _first(words), f"on an oak table with {_first(words)}, white wall"
    for thing in MORE_PROPS.values():
        yield thing.words.split("|")[0], f"with {thing.words.split('|')[0]}"
    for table in (lexicon_light.LIGHTS, lexicon_light.MOODS):
        for words in table.values():
            yield _first(words), f"on an oak table before a plaster wall, {_first(words)}"


def _first(words: tuple[str, ...]) -> str:
    return words[0].split("|")[0]


def tile(prompt: str, number: int) -> Image.Image:
    """The sample bottle on the set of ``prompt``."""
    from caig_cli.cutouts.loading import load_cutout
    from caig_cli.painters import Shot
    from caig_cli.painters.pose import Pose
    from caig_cli.painters.studio.painter import StudioPainter
    from caig_cli.records import Product

    serum = load_cutout(Product("serum", ROOT / "samples" / "serum.png"), lambda message: None)
    pose = Pose(elevation=14.0, true_scale=True)
    shot = Shot(serum, prompt, (SIDE, SIDE), number, scale=0.36, height_cm=14.0, pose=pose)
    return StudioPainter().paint([shot])[0]


def sheet(tiles: list[tuple[str, Image.Image]]) -> Image.Image:
    """All tiles with their names below."""
    rows = -(-len(tiles) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * SHOWN, rows * (SHOWN + CAPTION)), "white")
    draw = ImageDraw.Draw(page)
    for number, (name, picture) in enumerate(tiles):
        x, y = number % COLUMNS * SHOWN, number // COLUMNS * (SHOWN + CAPTION)
        page.paste(picture.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS), (x, y))
        draw.text((x + 2, y + SHOWN), name[:18], fill=(40, 40, 40), font_size=9)
    return page


def main() -> None:
    """Draw what is missing; once all tiles are there, write the sheet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "docs" / "pictures" / "words.jpg")
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--tiles", type=Path, default=Path("tiles"))
    given = parser.parse_args()
    given.tiles.mkdir(parents=True, exist_ok=True)
    part, of = map(int, given.part.split("/"))
    named = list(scenes())
    paths = [given.tiles / f"{number:03d}.png" for number in range(len(named))]
    for number, (_, prompt) in enumerate(named):
        if number % of == part and not paths[number].exists():
            tile(prompt, number).save(paths[number])
    if not all(path.exists() for path in paths):
        return
    tiles = [(name, Image.open(path)) for (name, _), path in zip(named, paths, strict=True)]
    quality = 80
    while quality > 30:
        sheet(tiles).save(given.out, quality=quality, optimize=True, progressive=True)
        if given.out.stat().st_size <= MOST_BYTES:
            break
        quality -= 6
    print(f"{len(tiles)} tiles, {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
