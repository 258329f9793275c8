"""The diffusion painter: shots in batches through a pipeline of diffusers, products on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from PIL import Image

from caig_cli.engine.runtime import derive_seed
from caig_cli.errors import UsageError
from caig_cli.painters import Notes, Shot
from caig_cli.painters.compose import Pixels, compose
from caig_cli.painters.diffusion.canvas import Inpainting, canvas_for, condition, trimmed
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.diffusion.growth import growth
from caig_cli.painters.diffusion.loading import load, runtime_of
from caig_cli.painters.diffusion.reading import room, unread
from caig_cli.painters.diffusion.shadow import shaded


@dataclass(frozen=True, slots=True)
class _Task:
    """A background to paint: of which shot, on which canvas, from which seed."""

    shot: Shot
    canvas: Inpainting
    seed: int


@dataclass(frozen=True, slots=True)
class _Result:
    """A background, its seed, and how much it continues the product."""

    painted: Pixels
    seed: int
    growth: float


class DiffusionPainter:
    """Paints with a model of the table. A shot looks the same in any batch, but for rounding."""

    def __init__(self, section: DiffusionSection, device: str = "auto") -> None:
        """Load the model. Raises UsageError, in one line, where that is not possible."""
        self._section = section
        runtime = runtime_of(section, device)
        self.pipe = load(section, runtime)
        self._notes: dict[Shot, Notes] = {}
        unread = self._unread(section.negative_prompt)
        if unread:
            raise UsageError(f"diffusion.negative_prompt: {section.kind} does not read all; drop {unread!r}")

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]:
        """RGB images, one per shot, in order; what continues the product too far is painted again."""
        section = self._section
        kept: dict[int, _Result] = {}
        tried = dict.fromkeys(range(len(shots)), 0)
        todo = list(tried)
        while todo:
            for n, result in self._attempt([(n, shots[n], tried[n]) for n in todo]):
                tried[n] += 1
                if n not in kept or result.growth < kept[n].growth:
                    kept[n] = result
            todo = [n for n in todo if kept[n].growth > section.growth_limit and tried[n] <= section.retries]
        self._notes = {shot: self._note(shot, kept[n], tried[n]) for n, shot in enumerate(shots)}
        return [self._ad(shot, kept[n].painted) for n, shot in enumerate(shots)]

    def _ad(self, shot: Shot, painted: Pixels) -> Image.Image:
        """The product and its shadow on what was painted."""
        if self._section.shadow > 0:
            painted = shaded(painted, shot, self._section.shadow)
        return Image.fromarray(compose(painted, shot.product, shot.box))

    def notes(self, shot: Shot) -> Notes:
        """About a shot of the last call: how its background came to be, what of its prompt was not read."""
        return self._notes[shot]

    def to(self, device: torch.device | str) -> None:
        """Move the model there; an offloaded one moves by itself and stays."""
        if self._section.offload == "none":
            self.pipe.to(device)

    def _attempt(self, wanted: Sequence[tuple[int, Shot, int]]) -> Iterator[tuple[int, _Result]]:
        """Paint shots, given as (number, shot, attempts before); those of one size go together."""
        section, kind = self._section, self._section.row
        tasks = []
        for n, shot, attempt in wanted:
            canvas = canvas_for(shot.size, section.side, kind.multiple, kind.most)
            seed = derive_seed(shot.seed, "again", attempt) if attempt else shot.seed
            tasks.append((n, _Task(shot, canvas, seed)))
        tasks.sort(key=lambda task: task[1].canvas.size)
        for _, group in groupby(tasks, key=lambda task: task[1].canvas.size):
            same = list(group)
            for start in range(0, len(same), section.batch):
                some = same[start : start + section.batch]
                results = self._paint_together([task for _, task in some])
                yield from zip([n for n, _ in some], results, strict=True)

    def _paint_together(self, tasks: Sequence[_Task]) -> list[_Result]:
        """One call of the pipeline, for canvases of one size."""
        pictures = self.pipe(**self._arguments(tasks)).images
        results = []
        for task, picture in zip(tasks, pictures, strict=True):
            shot = task.shot
            painted = trimmed(picture, shot, task.canvas)
            box = shot.box
            grown = growth(compose(painted, shot.product, box), shot.product, box)
            results.append(_Result(painted, task.seed, grown))
        return results

    def _arguments(self, tasks: Sequence[_Task]) -> dict[str, Any]:
        """What the pipeline is called with; chance comes from one generator per shot, on the CPU."""
        section, kind = self._section, self._section.row
        seen = [condition(task.shot, task.canvas, kind.matte, section.dilation) for task in tasks]
        width, height = tasks[0].canvas.size
        arguments = {
            "prompt": [self._prompt(task.shot) for task in tasks],
            "image": [one.image for one in seen],
            "mask_image": [one.mask for one in seen],
            "width": width,
            "height": height,
            "num_inference_steps": section.steps or kind.steps,
            "guidance_scale": kind.guidance if section.guidance is None else section.guidance,
            "generator": [torch.Generator("cpu").manual_seed(task.seed) for task in tasks],
            **kind.call,
        }
        if kind.controlnet is not None:
            arguments["control_image"] = [one.control for one in seen]
            arguments["controlnet_conditioning_scale"] = (
                kind.control_scale if section.control_scale is None else section.control_scale
            )
        if kind.negative and section.negative_prompt:
            arguments["negative_prompt"] = [section.negative_prompt] * len(tasks)
        return arguments

    def _prompt(self, shot: Shot) -> str:
        return self._section.row.template.format(prompt=shot.prompt)

    def _note(self, shot: Shot, result: _Result, attempts: int) -> Notes:
        unread = self._unread(self._prompt(shot))
        background = {"seed": result.seed, "attempts": attempts, "growth": round(result.growth, 4)}
        return Notes(left_out=(unread,) if unread else (), background=background)

    def _unread(self, text: str) -> str:
        """The end of a text that is beyond what the model's text encoder takes; empty where all fits."""
        name, limit = self._section.row.reads
        tokenizer = getattr(self.pipe, name)
        return unread(tokenizer, room(tokenizer, limit), text)
