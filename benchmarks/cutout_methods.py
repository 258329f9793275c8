"""The methods that the cut-out benchmark compares: each from a photo [H, W, 3] to alpha [H, W]."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
import tarfile
import time
from collections.abc import Callable
from functools import cache

import numpy as np
from cutout_products import ROOT
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caig_cli.cutouts.cutout import SOLID
from caig_cli.errors import ItemError

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

BEFORE = "eedec31"
"""The last commit that knew plain backgrounds only."""
WORKING_SIDE = 1024
"""Longest side in pixels at which plain matting is solved: as ``this`` does, so that times compare."""


Answer = tuple[Pixels | None, Pixels, float, float]
"""The product's colours [H, W, 3] if the method has them, its alpha [H, W], CPU seconds, and its doubt."""
Method = Callable[[Pixels], Answer]


def _open_this(args: argparse.Namespace) -> Method:
    from caig_cli.cutouts.photo import cut_photo

    def method(rgb: Pixels) -> Answer:
        start = time.process_time()
        cut = cut_photo(rgb, "photo", lambda message: None)
        colours = np.where((cut.alpha < SOLID)[..., None], cut.colours, rgb)
        return colours, cut.alpha, time.process_time() - start, cut.facts.doubt

    return method


def _open_before(args: argparse.Namespace) -> Method:
    """The old code, from git, in a process of its own that gets and gives arrays in files."""
    if args.before is None:
        raise LookupError("give --before PYTHON")
    tree = args.work / "before"
    if not (tree / "caig_cli").is_dir():
        tree.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            ["git", "archive", BEFORE, "caig_cli"], cwd=ROOT, capture_output=True, check=True
        )
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
            archive.extractall(tree, filter="data")
    server = subprocess.Popen(
        [args.before, "-c", _SERVER], cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None and server.stdout is not None
    asked, answered = server.stdin, server.stdout

    def method(rgb: Pixels) -> Answer:
        path = (args.work / "asked.npy").resolve()
        np.save(path, rgb)
        print(path, file=asked, flush=True)
        answer = json.loads(answered.readline())
        if "error" in answer:
            raise ItemError(answer["error"])
        rgba = np.load(path)
        return rgba[..., :3], rgba[..., 3], answer["cpu_s"], 0.0

    return method


_SERVER = """
import json, sys, time
import numpy as np
from caig_cli.data.background import cut_photo
from caig_cli.data.matting import load_matting
load_matting("photo", lambda message: None)
for line in sys.stdin:
    path = line.strip()
    rgb = np.load(path)
    start = time.process_time()
    try:
        colours, alpha = cut_photo(rgb, "photo", lambda message: None)
        cpu = time.process_time() - start
        np.save(path, np.dstack([np.where((alpha < 250)[..., None], colours, rgb), alpha]).astype(np.uint8))
        answer = {"cpu_s": cpu}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


def _mask_of(args: argparse.Namespace) -> Callable[[Pixels], Floats]:
    """The network's mask [H, W] in 0..1 at the photo's size."""
    from caig_cli.cutouts.segmentation import load_segmenter

    network = load_segmenter(str(args.network), lambda message: None)

    def mask(rgb: Pixels) -> Floats:
        size = rgb.shape[1], rgb.shape[0]
        small = Image.fromarray(np.asarray(network.predict(rgb), np.float32))
        large = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float64)
        return np.clip(large, 0, 1)

    return mask


def _open_network(args: argparse.Namespace) -> Method:
    mask = _mask_of(args)

    def method(rgb: Pixels) -> Answer:
        start = time.process_time()
        alpha = np.rint(mask(rgb) * 255).astype(np.uint8)
        return None, alpha, time.process_time() - start, 0.0

    return method


def _open_matting(args: argparse.Namespace) -> Method:
    """Trimap as in rembg: sure above 0.94 and below 0.04, both eroded by 10 px; closed-form matting between.

    Solved at the working side, then enlarged.
    """
    from caig_cli.cutouts.matting import enlarge_alpha, solve_alpha

    mask, box = _mask_of(args), np.ones((10, 10), bool)

    def method(rgb: Pixels) -> Answer:
        start = time.process_time()
        small = Image.fromarray(rgb)
        small.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
        image = np.asarray(small, np.float64) / 255
        share = mask(np.asarray(small))
        product = ndimage.binary_erosion(share > 0.94, box)
        ground = ndimage.binary_erosion(share < 0.04, box, border_value=1)
        alpha = solve_alpha(image, product | ground, np.where(product, 1.0, np.where(ground, 0.0, share)))
        if small.size != (rgb.shape[1], rgb.shape[0]):
            alpha = enlarge_alpha(alpha, image, rgb / 255.0)
        return None, np.rint(np.clip(alpha, 0, 1) * 255).astype(np.uint8), time.process_time() - start, 0.0

    return method


METHODS = {
    "this": _open_this,
    "before": _open_before,
    "network": _open_network,
    "network+matting": _open_matting,
}


@cache
def code_of(method: str) -> str:
    """What a method's rows depend on beside the photo: for ``this`` a hash of its sources."""
    if method != "this":
        return ""
    sources = sorted((ROOT / "caig_cli" / "cutouts").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]
