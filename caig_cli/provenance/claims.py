"""What is claimed of an ad: who made it, how, of what. Plain data.

No time and no path is among it, so that the same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from caig_cli import __version__

SOFTWARE = f"caig {__version__}"
DESCRIPTION = "Advertising image: software made the background around a photo of the product."

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"

COMPOSITE = f"{_IPTC}composite"
"""A mix of elements, any of which may or may not be generative AI: a photo on a computed set. The term
``compositeSynthetic`` is for mixes with generative AI since the vocabulary of 2024-09-17."""

WITH_TRAINED_MODEL = f"{_IPTC}compositeWithTrainedAlgorithmicMedia"
"""A photo that a generative model painted around, as in inpainting and outpainting."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a file says.

    ``title`` and ``alt`` (what it shows) are for people; ``source`` is an IPTC digital source type; ``facts``
    are caig's own, by names that are XML names.
    """

    title: str
    alt: str
    source: str
    facts: Mapping[str, str] = field(default_factory=dict)
