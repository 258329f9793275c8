"""What the diffusion painter costs over the pipeline of diffusers that it calls, in time and memory.

    python benchmarks/diffusion.py [--steps 20] [--repeats 5]

The model is a small SD 1.5 with random weights (the released one's layers, an eighth as wide), 256x256. Time
is the median over alternating runs, painter and pipeline with the same arguments; memory is the peak of a
process that does only the one or the other. On a GPU also: fp16 in batches of 4 against float32 one by one.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

SIDE = 256
BATCH = 2


def make(folder: Path) -> None:
    """SD 1.5's own layout of layers, an eighth as wide."""
    from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, UNet2DConditionModel
    from tiny_diffusion import clip_text, clip_tokenizer, save

    torch.manual_seed(0)
    blocks = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
    shape: dict[str, Any] = {
        "block_out_channels": (64, 96, 160, 160), "down_block_types": blocks, "cross_attention_dim": 96,
    }  # fmt: skip
    unet = UNet2DConditionModel(**shape, sample_size=SIDE // 8)
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 64, 64), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, latent_channels=4,
    )  # fmt: skip
    save(folder / "model", "StableDiffusionPipeline", {
        "unet": unet, "vae": vae, "text_encoder": clip_text(width=96), "tokenizer": clip_tokenizer(),
        "scheduler": DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    })  # fmt: skip
    ControlNetModel(**shape).save_pretrained(folder / "controlnet")


def open_painter(folder: Path, steps: int, **given: Any) -> Any:
    from caig_cli.painters.diffusion.config import DiffusionSection
    from caig_cli.painters.diffusion.painter import DiffusionPainter

    values: dict[str, Any] = {
        "model": str(folder / "model"), "controlnet": str(folder / "controlnet"), "resolution": SIDE,
        "steps": steps, "batch": BATCH, "retries": 0,
    }  # fmt: skip
    return DiffusionPainter(DiffusionSection(**values | given))


def shots(count: int) -> list[Any]:
    from caig_cli.cutouts.cutout import Cutout
    from caig_cli.painters import Shot

    rgba = np.random.default_rng(0).integers(0, 256, (400, 300, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    return [Shot(Cutout(rgba), "a walnut table", (SIDE, SIDE), n, "middle", 0.78) for n in range(count)]


def arguments_of(painter: Any, wanted: list[Any]) -> dict[str, Any]:
    """What the painter calls its pipeline with."""
    pipe, kept = painter.pipe, {}

    def record(**arguments: Any) -> Any:
        kept.update(arguments)
        return pipe(**arguments)

    painter.pipe = _Through(pipe, record)
    painter.paint(wanted)
    painter.pipe = pipe
    return kept


class _Through:
    def __init__(self, pipe: Any, call: Any) -> None:
        self._pipe, self._call = pipe, call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)

    def __call__(self, **arguments: Any) -> Any:
        return self._call(**arguments)


def timed(work: Any) -> float:
    """Seconds; of processor time on the CPU, where other work must not count."""
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    start = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def compare(folder: Path, steps: int, repeats: int) -> dict[str, float]:
    """Seconds for one batch: all of the painter, and the pipeline alone."""
    painter, wanted = open_painter(folder, steps), shots(BATCH)
    arguments = arguments_of(painter, wanted)
    painted, bare = [], []
    for _ in range(repeats):
        painted.append(timed(lambda: painter.paint(wanted)))
        bare.append(timed(lambda: painter.pipe(**arguments)))
    ours, theirs = statistics.median(painted), statistics.median(bare)
    return {
        "painter_s": round(ours, 3),
        "pipeline_s": round(theirs, 3),
        "overhead": round(ours / theirs - 1, 4),
    }


def peak(folder: Path, steps: int, what: str) -> float:
    """MB at most of a process that loads the models and paints one batch; GPU memory where there is one."""
    code = (
        f"import diffusion as d; from pathlib import Path; d.work(Path({str(folder)!r}), {steps}, {what!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def work(folder: Path, steps: int, what: str) -> None:
    """The work of ``peak``'s process."""
    painter, wanted = open_painter(folder, steps), shots(BATCH)
    if what == "painter":
        painter.paint(wanted)
    else:
        from PIL import Image

        picture, mask = Image.new("RGB", (SIDE, SIDE)), Image.new("L", (SIDE, SIDE))
        painter.pipe(
            prompt=["a walnut table"] * BATCH, image=[picture] * BATCH, mask_image=[mask] * BATCH,
            control_image=[picture] * BATCH, num_inference_steps=steps, width=SIDE, height=SIDE,
        )  # fmt: skip
    if torch.cuda.is_available():
        print(torch.cuda.max_memory_allocated() / 1e6)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


def fast(folder: Path, steps: int, repeats: int) -> dict[str, float]:
    """Seconds for a picture on a GPU: fp16 in batches of four, float32 one by one."""
    found = {}
    for name, given in {
        "fp16_4": {"dtype": "fp16", "batch": 4},
        "fp32_1": {"dtype": "fp32", "batch": 1},
    }.items():
        painter, wanted = open_painter(folder, steps, **given), shots(4)
        painter.paint(wanted)
        found[name] = (
            statistics.median(timed(lambda p=painter, w=wanted: p.paint(w)) for _ in range(repeats)) / 4
        )
    return {**found, "times_faster": found["fp32_1"] / found["fp16_4"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        result: dict[str, Any] = compare(folder, given.steps, given.repeats)
        ours, theirs = (peak(folder, 2, what) for what in ("painter", "pipeline"))
        result |= {"painter_mb": ours, "pipeline_mb": theirs, "memory_overhead": round(ours / theirs - 1, 4)}
        if torch.cuda.is_available():
            result |= {"gpu": torch.cuda.get_device_name(), **fast(folder, given.steps, given.repeats)}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
