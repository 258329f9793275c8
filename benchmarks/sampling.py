"""N prompts from one prefill against N separate generations: same prompts, less time.

Usage: python benchmarks/sampling.py [--model embedded] [-n 8] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from PIL import Image, ImageDraw

from caig_cli.engine.runtime import choose_device
from caig_cli.mllm.instructions import instruction
from caig_cli.mllm.prompt_model import PromptModel

TITLE = "Amber glass serum bottle 30 ml, face oil with rosehip, gift"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded", help="embedded, or a model folder")
    parser.add_argument("-n", type=int, default=8, help="prompts")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--repeats", type=int, default=5, help="timings to take the median of")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = PromptModel.load(args.model, choose_device("cpu", "fp32"))
    question, seeds = instruction("write", caption=TITLE), list(range(args.n))
    shared, together = timed(lambda: model.write_prompts(bottle(), question, seeds=seeds), args.repeats)
    separate, alone = timed(
        lambda: [model.write_prompts(bottle(), question, seeds=[s])[0] for s in seeds], args.repeats
    )
    figures = {
        "n": args.n,
        "shared_s": round(shared, 4),
        "separate_s": round(separate, 4),
        "times_faster": round(separate / shared, 2),
        "same_prompts": together == alone,
        "threads": args.threads,
    }
    print(json.dumps(figures))


def timed(work: Callable[[], list[str]], repeats: int) -> tuple[float, list[str]]:
    """Median seconds, and what came out; the first call warms up."""
    out, times = work(), []
    for _ in range(repeats):
        start = time.perf_counter()
        out = work()
        times.append(time.perf_counter() - start)
    return statistics.median(times), out


def bottle() -> Image.Image:
    """A drawn bottle on nothing: timing needs no better picture."""
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((88, 90, 168, 240), 12, fill=(150, 84, 30, 255))
    draw.rectangle((112, 30, 144, 92), fill=(30, 30, 32, 255))
    return image


if __name__ == "__main__":
    main()
