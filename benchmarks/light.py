"""The studio's light: which side a photo was lit from, how white what is white comes out, what it costs.

    python benchmarks/light.py [direction] [white] [cost] [--photos 100] [--products P] [--other CHECKOUT]

- *direction*: photos of market products, whose studio is known. A matte ball photographed in the same studio
  tells the side that the light came from; where its halves are about equally bright, the product is left out.
- *white*: medians, in levels of 255, of what stands beside the product at the frame's top and bottom.
- *cost*: processor seconds per ad, one thread, here and in another checkout of this project, ad by ad.

Without a name it measures direction and white.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from caig_cli.cutouts.cutout import Cutout

SAMPLES = Path(__file__).parents[1] / "samples"
WHITE = (
    "on white paper, white background, studio light",
    "on white marble, white tiles, soft studio light",
    "on a white table, white wall, window light",
    "on white wood, white curtain, window light",
    "on snow before mountains, overcast light",
    "on snow before mountains, bright sun",
)
PAINTED = (
    "on black marble, blurred city lights at night, neon light",
    "on slate, moonlight, dark backdrop",
    "on walnut, dark backdrop, candles, candlelight",
    "on sand by the sea, golden hour",
    "on white marble, white tiles, soft studio light",
    "on oak, white wall, window light",
)
SIDED = 1.15
"""How much brighter one half of the ball is, in linear light, where the light came from a side."""


# --- direction -------------------------------------------------------------------------------------


def halves(seed: int, number: int) -> float:
    """Light on the right half of a ball over that on its left, in the studio of a market's product."""
    from caig_cli.engine.runtime import derive_seed
    from caig_cli.market.catalogue import item
    from caig_cli.market.photos import photograph
    from caig_cli.painters.studio.materials import Material
    from caig_cli.painters.studio.mesh import sphere
    from caig_cli.painters.studio.render import decode_srgb

    ball = [(sphere(), Material("matte", (150, 150, 150), 1.0))]
    rgba = np.asarray(photograph(ball, 64, derive_seed("photo", item(seed, number).seed)))
    luma = decode_srgb(rgba[..., :3].astype(np.float32) / 255).mean(axis=-1) * (rgba[..., 3] > 250)
    middle = luma.shape[1] // 2
    return float(luma[:, -middle:].sum() / luma[:, :middle].sum())


def direction(seed: int, photos: int) -> None:
    """Print how often the estimated side is that of the light."""
    from caig_cli.cutouts.cutout import Cutout
    from caig_cli.market.build import make_photo
    from caig_cli.painters.studio.photo_light import photo_light

    sure, right = list[float](), list[bool]()
    for number in range(photos):
        ratio = halves(seed, number)
        if 1 / SIDED < ratio < SIDED:
            continue
        photo = Image.open(io.BytesIO(make_photo(seed, number, size=256))).convert("RGBA")
        found = photo_light(Cutout(np.array(photo)))
        sure.append(found.sure)
        right.append((found.azimuth > 0) == (ratio > 1))
    print(f"side of the light: right for {sum(right)} of {len(right)} photos lit from a side, of {photos}")
    certain = [hit for hit, one in zip(right, sure, strict=True) if one >= 0.5]
    print(f"  where the estimate is at least half sure: right for {sum(certain)} of {len(certain)}")


# --- white -----------------------------------------------------------------------------------------


def cutouts(source: Path) -> list[Cutout]:
    """Cut-outs of up to four products."""
    from caig_cli.cutouts.loading import load_cutout
    from caig_cli.data.products import read_products

    products, _ = read_products(source)
    return [load_cutout(product, lambda message: None) for product in products[:4]]


def beside(image: npt.NDArray[np.uint8], box: tuple[int, int, int, int]) -> list[npt.NDArray[np.float64]]:
    """Median colours at the frame's top and bottom, a quarter and a seventh of it, outside of the product."""
    left, top, right, bottom = box
    free = np.ones(image.shape[:2], bool)
    free[max(top - 6, 0) : bottom + 6, max(left - 10, 0) : right + 10] = False
    rows = len(image)
    parts = slice(0, rows // 4), slice(rows - rows // 7, rows)
    return [np.median(image[part][free[part]].astype(float), axis=0) for part in parts]


def white(source: Path) -> None:
    """Print the levels of what is white beside each product."""
    from caig_cli.painters import Shot
    from caig_cli.painters.studio.painter import StudioPainter

    painter, found = StudioPainter(), cutouts(source)
    print(f"levels of what is white beside {len(found)} products, darkest to brightest channel of any")
    for prompt in WHITE:
        levels = []
        for cutout in found:
            shot = Shot(cutout, prompt, (256, 256), seed=5)
            box = shot.box
            image = np.asarray(painter.paint([shot])[0])
            levels.append(beside(image, (box.left, box.top, box.right, box.bottom)))
        ends = [(min(one[k].min() for one in levels), max(one[k].max() for one in levels)) for k in (0, 1)]
        (low, high), (under, over) = ends
        print(f"  {prompt}: top {low:.0f} to {high:.0f}, bottom {under:.0f} to {over:.0f}", flush=True)


# --- cost ------------------------------------------------------------------------------------------


def serve(source: Path) -> None:
    """Paint what each line of the input asks for; print its processor seconds."""
    from caig_cli.painters import Shot
    from caig_cli.painters.studio import render, threads
    from caig_cli.painters.studio.painter import StudioPainter

    render.mitsuba()
    threads.set_threads(1)
    painter, found = StudioPainter(), cutouts(source)
    for line in sys.stdin:
        number, side = json.loads(line)
        cutout = found[number % len(found)]
        shot = Shot(cutout, PAINTED[number % len(PAINTED)], (side, side), seed=3)
        start = time.process_time()
        painter.paint([shot])
        print(time.process_time() - start, flush=True)


def cost(source: Path, other: Path, ads: int) -> None:
    """Print processor seconds per ad of this checkout and of another."""
    places = {"here": Path(__file__).parents[1], "other": other.resolve()}
    command = [sys.executable, __file__, "serve", "--products", str(source.resolve())]
    painters = {
        name: subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(place)},
        )
        for name, place in places.items()
    }  # fmt: skip

    def ask(name: str, number: int, side: int) -> float:
        process = painters[name]
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([number, side]) + "\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    for side in (128, 512):
        sums = dict.fromkeys(places, 0.0)
        for name in places:
            ask(name, 0, side)  # the first ad of a size compiles what it needs
        for number in range(ads):
            for name in sorted(places, reverse=number % 2 == 1):
                sums[name] += ask(name, number, side) / ads
        print(
            f"{side}x{side}: {sums['here']:.2f} s per ad here, {sums['other']:.2f} s in {other}, "
            f"{sums['here'] / sums['other']:.3f} times",
            flush=True,
        )
    for process in painters.values():
        process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", help="direction, white, cost")
    parser.add_argument("--photos", type=int, default=100, help="market products whose light is estimated")
    parser.add_argument("--seed", type=int, default=2, help="of that market")
    parser.add_argument("--ads", type=int, default=len(PAINTED), help="ads of each size that cost is told of")
    parser.add_argument("--products", type=Path, default=SAMPLES, help="products to paint: file or folder")
    parser.add_argument("--other", type=Path, help="checkout to compare the cost with")
    options = parser.parse_args()
    what = options.what or ["direction", "white"]
    if unknown := set(what) - {"direction", "white", "cost", "serve"}:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    if what == ["serve"]:
        serve(options.products)
        return
    if "cost" in what and options.other is None:
        parser.error("cost needs --other, a checkout of this project to compare with")
    print(f"{platform.machine()}, {os.cpu_count()} CPU threads, load {os.getloadavg()[0]:.1f}", flush=True)
    if "direction" in what:
        direction(options.seed, options.photos)
    if "white" in what:
        white(options.products)
    if "cost" in what:
        cost(options.products, options.other, options.ads)


if __name__ == "__main__":
    main()
