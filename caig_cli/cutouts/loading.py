"""A product's image becomes its cut-out: by a mask, by the file's own alpha, or out of the photo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
from PIL import Image

from caig_cli.cutouts.cutout import SOLID, VISIBLE, Cutout, CutoutFacts, Pixels, finish
from caig_cli.cutouts.frame import photo_window
from caig_cli.data.images import open_image, shown
from caig_cli.errors import ItemError
from caig_cli.records import Product


def load_cutout(product: Product, notify: Callable[[str], None], *, source: str = "auto") -> Cutout:
    """The product's image without its background.

    A mask file decides if there is one, else the image's own alpha, else the background is found in
    the photo. ``notify`` is told before anything slow. Raises ItemError with one line for the user.
    """
    image = open_image(product.image)
    name = shown(product.image)
    pixels = np.asarray(image)
    if product.mask is not None:
        cutout = finish(pixels[..., :3], _mask(product, image.size), name, alpha_from="mask")
        return replace(cutout, facts=CutoutFacts("mask"))
    if image.mode == "RGBA":
        alpha = pixels[..., 3]
        if int(alpha.max()) < VISIBLE:
            raise ItemError(f"{name}: the image is fully transparent; export it with its product visible")
        window = photo_window(pixels)
        if window is not None:
            with suppress(ItemError):  # what no photo's product stands out of is the product itself
                return _in_window(pixels, window, name, notify, source)
        if np.count_nonzero(alpha < SOLID) >= 0.002 * alpha.size:
            return _by_its_alpha(pixels[..., :3], alpha, name)
        image = _on_white(image)
    return _out_of_photo(np.asarray(image), name, notify, source)


def _out_of_photo(rgb: Pixels, name: str, notify: Callable[[str], None], source: str) -> Cutout:
    """By the background of a photo [H, W, 3]."""
    # Imported here because it is of no use to transparent images, which must not wait for it.
    from caig_cli.cutouts.photo import cut_photo

    cut = cut_photo(rgb, name, notify, source)
    pixels = np.where((cut.alpha < SOLID)[..., None], cut.colours, rgb)
    return replace(
        finish(pixels, cut.alpha, name, alpha_from="matting"), cut_off=cut.cut_off, facts=cut.facts
    )


def _in_window(
    pixels: Pixels, window: tuple[slice, slice], name: str, notify: Callable[[str], None], source: str
) -> Cutout:
    """Out of the photo that the file's transparent bars only surround."""
    inner = np.ascontiguousarray(pixels[window][..., :3])
    cutout = _out_of_photo(inner, name, notify, source)
    note = "its transparent part only frames a photo, which was cut out"
    return replace(cutout, facts=replace(cutout.facts, notes=(*cutout.facts.notes, note)))


def _by_its_alpha(rgb: Pixels, alpha: Pixels, name: str) -> Cutout:
    """By the file's own alpha, without a shadow stored in it and without a rim of its old background."""
    from caig_cli.cutouts.file_alpha import softened, without_shadow

    alpha, shaded = without_shadow(rgb, alpha)
    notes = ("the soft shadow stored in the file was left out",) * shaded
    soft = softened(rgb, alpha)
    if soft is None:
        return replace(finish(rgb, alpha, name), facts=CutoutFacts("alpha", notes=notes))
    notes += ("its hard rim, mixed with an old background, was made soft",)
    return replace(finish(*soft, name, alpha_from="matting"), facts=CutoutFacts("alpha", notes=notes))


def _mask(product: Product, size: tuple[int, int]) -> Pixels:
    """Alpha [H, W] from the product's mask file: white is product; a mask with alpha uses that."""
    assert product.mask is not None
    mask = open_image(product.mask)
    name = shown(product.mask)
    if mask.size != size:
        raise ItemError(
            f"{name}: the mask is {mask.width}x{mask.height} but {shown(product.image)} is "
            f"{size[0]}x{size[1]}; make them the same size"
        )
    alpha = np.asarray(mask.convert("L"))
    if mask.mode == "RGBA" and int(np.asarray(mask.getchannel("A")).min()) < 255:
        alpha = np.asarray(mask.getchannel("A"))
    if int(alpha.max()) < 128:
        raise ItemError(f"{name}: the mask is black everywhere; paint the product white")
    if int(alpha.min()) >= 128:
        raise ItemError(f"{name}: the mask is white everywhere; paint the background black")
    return alpha


def _on_white(image: Image.Image) -> Image.Image:
    flat = Image.new("RGB", image.size, (255, 255, 255))
    flat.paste(image, mask=image.getchannel("A"))
    return flat
