"""The picture of one ad, wherever a pair file keeps it."""

from __future__ import annotations

from PIL import Image

from caig_cli.data.images import open_image, shown
from caig_cli.errors import ItemError
from caig_cli.records import Creative


def open_creative(creative: Creative) -> Image.Image:
    """The ad as upright sRGB: a whole file, or its half of a picture that shows two ads side by side.

    Raises ItemError when the file cannot be decoded or is too narrow to hold two ads.
    """
    image = open_image(creative.image)
    if creative.half is None:
        return image
    middle = image.width // 2
    if image.width < image.height:
        raise ItemError(f"{shown(creative.image)}: {image.width}x{image.height} pixels do not hold two ads")
    box = (0, 0, middle, image.height) if creative.half == "left" else (middle, 0, 2 * middle, image.height)
    return image.crop(box)


def side_by_side(left: Image.Image, right: Image.Image, side: int) -> Image.Image:
    """Both ads in one RGB picture of 2 ``side`` x ``side`` pixels, each whole in its half on white.

    The official layout with ``side`` 512; halves of an official picture come out as they were.
    """
    sheet = Image.new("RGB", (2 * side, side), "white")
    for column, image in enumerate((left, right)):
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        ad = image.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
        sheet.paste(ad, (column * side + (side - size[0]) // 2, (side - size[1]) // 2), ad)
    return sheet
