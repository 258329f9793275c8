"""A photo becomes a cut-out: a network's view, the background's colour, and matting at the edges between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caig_cli.cutouts.assessment import doubt_of, measured, shows_skin
from caig_cli.cutouts.backdrop import HINT
from caig_cli.cutouts.background import find_background
from caig_cli.cutouts.cutout import CutoutFacts, Edge
from caig_cli.cutouts.decision import Decision
from caig_cli.cutouts.edges import WORKING_SIDE, blurred, find_edges
from caig_cli.cutouts.evidence import PhotoEvidence
from caig_cli.cutouts.first_alpha import find_trimap, first_alpha
from caig_cli.cutouts.frame import inside_frame
from caig_cli.cutouts.fusion import decide
from caig_cli.cutouts.looks import NetworkPrior, find_prior
from caig_cli.cutouts.masks import Mask, grown, outline
from caig_cli.cutouts.matting import enlarge, enlarge_alpha, fitted, product_colours, solve_alpha, stretched
from caig_cli.cutouts.segmentation import Segmenter, load_segmenter
from caig_cli.errors import ItemError, RunError

Floats = NDArray[np.floating]
Pixels = NDArray[np.uint8]


MATTING_SIDE = 1600
"""Longest side in pixels at which soft edges are solved; larger photos follow by guided enlargement."""

_MOST_UNKNOWN = 60_000
"""Pixels that may be unknown before soft edges are solved at the working size only: time and memory."""


@dataclass(frozen=True, slots=True)
class PhotoCut:
    """A cut photo: the product's ``colours`` [H, W, 3] for soft pixels and its ``alpha`` [H, W], both uint8;
    the sides of the photo at which it goes on; and how sure all that is.
    """

    colours: Pixels
    alpha: Pixels
    cut_off: frozenset[Edge]
    facts: CutoutFacts


def cut_photo(rgb: Pixels, name: str, notify: Callable[[str], None], source: str = "auto") -> PhotoCut:
    """The product in a photo [H, W, 3], by ``source``: auto, plain, or a network's file.

    Raises ItemError where no product can be told from its background.
    """
    window = inside_frame(rgb)
    notes = [] if window is None else ["a thin frame along the photo's borders was cut off"]
    inner = rgb if window is None else np.ascontiguousarray(rgb[window])
    network = None if source == "plain" else _network(source, notify)
    cut = None if network is None else _by_network(inner, network, notes)
    if cut is None:
        cut = _by_colour(inner, name, notify, network, notes)
    return cut if window is None else _framed(cut, window, rgb)


def _network(source: str, notify: Callable[[str], None]) -> Segmenter | None:
    """The network; None where the default one cannot be had here, which is told."""
    try:
        return load_segmenter(source, notify)
    except RunError as error:
        if source != "auto":
            raise
        notify(f"{error}; without it, only photos on a plain background can be cut out")
        return None


def _by_colour(
    rgb: Pixels, name: str, notify: Callable[[str], None], network: Segmenter | None, notes: list[str]
) -> PhotoCut:
    from caig_cli.cutouts.plain import cut_photo as cut_plain

    try:
        colours, alpha = cut_plain(rgb, name, notify)
    except ItemError as error:
        if network is None:
            raise
        raise ItemError(
            f"{name}: no product stands out in it, to {network.name} or by its colour; {HINT}"
        ) from error
    if network is None:
        return PhotoCut(colours, alpha, frozenset(), CutoutFacts("plain", None, 0.0, tuple(notes)))
    notes = [
        f"{network.name} sees no product that stands out; it was found by the background's colour alone",
        *notes,
    ]
    return PhotoCut(colours, alpha, frozenset(), CutoutFacts("plain", network.name, 0.3, tuple(notes)))


def _framed(cut: PhotoCut, window: tuple[slice, slice], rgb: Pixels) -> PhotoCut:
    """The cut of what a frame surrounds, in the whole photo."""
    alpha, colours = np.zeros(rgb.shape[:2], np.uint8), rgb.copy()
    alpha[window], colours[window] = cut.alpha, cut.colours
    return replace(cut, alpha=alpha, colours=colours)


def _by_network(rgb: Pixels, network: Segmenter, notes: list[str]) -> PhotoCut | None:
    """By the network's view and the background's colour; None where neither finds a product."""
    small = fitted(rgb, WORKING_SIDE)
    evidence = _weighed(small, find_prior(small, network))
    decision = decide(evidence) if evidence is not None else None
    if evidence is None or decision is None or not decision.product.any():
        return None
    alpha, colours = _matte(rgb, small, evidence, decision)
    sides = _cut_sides(alpha)
    doubt, doubts = doubt_of(measured(evidence, decision))
    method = (
        "network+plain"
        if float(evidence.background.smooth[grown(outline(decision.product), 9)].mean()) > 0.5
        else "network"
    )
    notes = [*doubts, *notes, *_told(small, fitted(alpha, WORKING_SIDE), decision, sides)]
    return PhotoCut(colours, alpha, sides, CutoutFacts(method, network.name, doubt, tuple(notes)))


def _weighed(small: Pixels, prior: NetworkPrior) -> PhotoEvidence | None:
    """Network and colours beside each other; None where the network sees nothing, or no background."""
    if float(prior.share.max()) < 0.5:
        return None
    levels = small.astype(np.float32)
    edges, soft = find_edges(levels, prior.share < 0.15), blurred(levels)
    background = find_background(levels, soft, prior.share, edges)
    return None if background is None else PhotoEvidence(levels, soft, prior, background, edges)


def _cut_sides(alpha: Pixels) -> frozenset[Edge]:
    """The sides of the photo that solid product touches; a cord is two pixels wide at the least."""
    lines: dict[Edge, Pixels] = {
        "top": alpha[0], "bottom": alpha[-1], "left": alpha[:, 0], "right": alpha[:, -1],
    }  # fmt: skip
    return frozenset(side for side, line in lines.items() if (line > 128).sum() >= 2)


def _told(rgb: Pixels, alpha: Pixels, decision: Decision, sides: frozenset[Edge]) -> list[str]:
    """What a user should know of a cut, one sentence each."""
    notes = []
    if decision.mirrored.any():
        notes.append("its shadow or mirror image below was left out")
    if decision.opened.any():
        notes.append("the background seen through the product was removed; if that is wrong, give a mask")
    if sides:
        notes.append(f"the photo cuts it off at the {' and the '.join(sorted(sides))}: it stays there in ads")
    if sides and shows_skin(rgb, alpha):
        notes.append("it may be worn or held by a person (colours of skin), who stays in ads")
    return notes


def _matte(rgb: Pixels, small: Pixels, evidence: PhotoEvidence, decision: Decision) -> tuple[Pixels, Pixels]:
    """Alpha [H, W] and the product's colours [H, W, 3] at the photo's size."""
    known, guess = find_trimap(evidence, decision)
    image = fitted(rgb, MATTING_SIDE)
    growth = (image.shape[0] * image.shape[1]) / known.size
    if growth > 1 and np.count_nonzero(~known) * growth < _MOST_UNKNOWN:
        shape = image.shape[:2]
        guess, known = enlarge(guess, shape), enlarge(known.astype(np.float32), shape) > 0.99
        known &= (guess < 0.01) | (guess > 0.99)
    else:
        image = small
    alpha = np.where(known, np.rint(guess), guess)
    window = _box(alpha > 0, ~known)
    part = image[window].astype(np.float32)
    first, trust = first_alpha(part, known[window], alpha[window], evidence, decision, window, image.shape)
    alpha[window] = solve_alpha(part.astype(np.float64) / 255, known[window], first, trust)
    colours = _colours(image, alpha)
    if image.shape != rgb.shape:
        alpha = enlarge_alpha(alpha, image, rgb)
        size = rgb.shape[1], rgb.shape[0]
        colours = np.asarray(Image.fromarray(colours).resize(size, Image.Resampling.BILINEAR))
    return stretched(alpha), colours


def _box(*masks: Mask) -> tuple[slice, slice]:
    """The window that holds all of the masks [H, W], and a margin of a few pixels."""
    rows = np.flatnonzero(np.any([mask.any(axis=1) for mask in masks], axis=0))
    columns = np.flatnonzero(np.any([mask.any(axis=0) for mask in masks], axis=0))
    height, width = masks[0].shape
    return (
        slice(max(0, int(rows[0]) - 4), min(height, int(rows[-1]) + 5)),
        slice(max(0, int(columns[0]) - 4), min(width, int(columns[-1]) + 5)),
    )


def _colours(image: Pixels, alpha: Floats) -> Pixels:
    """The product's colours [H, W, 3] at soft pixels; elsewhere the photo's."""
    window, colours = _box(alpha > 0), image.copy()
    part, share = Image.fromarray(image[window]), Image.fromarray(stretched(alpha[window]))
    # Colours vary little along an edge: half the size, beyond the working size, is enough.
    small = part.size if max(part.size) <= WORKING_SIDE else (part.width // 2, part.height // 2)
    part, share = part.resize(small, Image.Resampling.BOX), share.resize(small, Image.Resampling.BOX)
    found = product_colours(np.asarray(part) / np.float32(255), np.asarray(share) / np.float32(255))
    shape = colours[window].shape
    colours[window] = np.rint(np.stack([enlarge(255 * found[..., c], shape) for c in range(3)], axis=-1))
    return colours
