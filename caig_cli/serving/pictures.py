"""Pictures out of JSON and into it: base64, bare or as a data URL."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Sequence

from PIL import Image

from caig_cli.data.images import MAX_PIXELS, open_bytes
from caig_cli.errors import ItemError
from caig_cli.serving.limits import Refused, ServiceLimits

_DATA_URL = re.compile(r"data:[\w.+/-]{0,64};base64,", re.IGNORECASE)


def decoded(texts: Sequence[str], limits: ServiceLimits) -> list[Image.Image]:
    """The pictures as upright sRGB, in order. Raises Refused: too many, or one can't be used."""
    if len(texts) > limits.images:
        raise Refused(413, f"{len(texts)} pictures, and {limits.images} are allowed in a request")
    left = limits.pixels
    images = []
    for number, text in enumerate(texts):
        try:
            image = open_bytes(raw(text, number), f"picture {number}", max(1, min(left, MAX_PIXELS)))
        except ItemError as error:
            raise Refused(422, str(error)) from None
        left -= image.width * image.height
        images.append(image)
    return images


def raw(text: str, number: int) -> bytes:
    """The bytes of a picture's file. Raises Refused where the text is no base64."""
    start = match.end() if (match := _DATA_URL.match(text[:100])) else 0
    try:
        data = base64.b64decode(text[start:], validate=True)
    except (binascii.Error, ValueError):
        raise Refused(422, f"picture {number}: is not base64") from None
    if not data:
        raise Refused(422, f"picture {number}: is empty")
    return data


def as_png(image: Image.Image) -> str:
    """The picture as base64 of a PNG."""
    file = io.BytesIO()
    image.save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
