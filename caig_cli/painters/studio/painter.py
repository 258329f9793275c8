"""The studio as a painter: prompt to scene, scene to set, set to picture, product on top."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from caig_cli.cutouts.cutout import Cutout
from caig_cli.painters import Notes, Shot
from caig_cli.painters.compose import compose
from caig_cli.painters.pose import STANDS, Pose
from caig_cli.painters.studio.contact import contact
from caig_cli.painters.studio.covered import covered
from caig_cli.painters.studio.grading import grade, grade_for, match
from caig_cli.painters.studio.language import Reading, read
from caig_cli.painters.studio.lights import LIGHTS, key_azimuth
from caig_cli.painters.studio.packshot import is_packshot, packshot, without_effect
from caig_cli.painters.studio.photo_light import photo_light
from caig_cli.painters.studio.placing import left_out
from caig_cli.painters.studio.render import HIDDEN_SAMPLES, render
from caig_cli.painters.studio.scene import Scene
from caig_cli.painters.studio.set import build, build_stage, hangs_on_wall
from caig_cli.records import Box


class StudioPainter:
    """Photographs each shot on a set. Needs no weights; the same shot gives the same bytes anywhere."""

    def __init__(self, spp: int | None = None) -> None:
        """``spp``: samples per pixel; None chooses by the frame's size."""
        self._spp = spp

    def paint(self, shots: Sequence[Shot]) -> list[Image.Image]:
        """RGB images, one per shot, in order."""
        return [Image.fromarray(self._one(shot)) for shot in shots]

    def notes(self, shot: Shot) -> Notes:
        """Words that have no effect, with the reasons, and props that find no free place."""
        reading = read(shot.prompt)
        scene = reading.scene
        if is_packshot(scene):
            more = without_effect(reading)
            return Notes((*reading.ignored, *more), reasons={**reading.reasons, **more})
        more = _out_of_view(reading, shot.pose)
        ignored, reasons = (*reading.ignored, *more), {**reading.reasons, **more}
        if not scene.props:
            return Notes(ignored, reasons=reasons)
        stage = build_stage(scene, shot.size, shot.box, shot.height_cm, shot.seed, shot.pose)
        return Notes(ignored, left_out(stage), reasons=reasons)

    def _one(self, shot: Shot) -> npt.NDArray[np.uint8]:
        box = shot.box
        scene = read(shot.prompt).scene
        if is_packshot(scene):
            return compose(packshot(shot, self._spp or samples(shot.size)), shot.product, box)
        background = photograph(
            scene, shot.product, shot.size, box, shot.height_cm, shot.seed, shot.pose, spp=self._spp,
            shows_stand_in=shot.relight,
        )  # fmt: skip
        return compose(background, shot.product, box, relit=shot.relight)


def photograph(
    scene: Scene,
    product: Cutout,
    size: tuple[int, int],
    box: Box,
    height_cm: float,
    seed: int,
    pose: Pose = STANDS,
    *,
    spp: int | None = None,
    shows_stand_in: bool = False,
) -> npt.NDArray[np.uint8]:
    """The background of an ad, uint8 [H, W, 3]: the set with the product's stand-in in ``box``.

    Unless somebody looks at the stand-in, it is noisy where the product hides it.
    """
    stage = build_stage(scene, size, box, height_cm, seed, pose)
    final = not stage.camera.preview
    photo = photo_light(product) if final else None  # models have learnt previews as they are
    parts = build(stage, product, photo)
    hidden = covered(product, size, box) if final else None
    linear = render(
        parts, size, spp or samples(size), seed, depth=6 if final else 4, final=final,
        part=hidden, part_spp=None if shows_stand_in else HIDDEN_SAMPLES,
    )  # fmt: skip
    if photo is None:
        return grade(linear, scene.mood, LIGHTS[scene.light].level)
    azimuth = key_azimuth(LIGHTS[scene.light], stage.camera, stage.rng("light"), photo)
    shadow = contact(product, stage, azimuth)
    return grade_for(linear, scene, match(linear, product, box), photo.brightness, shadow)


def _out_of_view(reading: Reading, pose: Pose) -> dict[str, str]:
    """What the prompt names and the frame cannot show, with the reason."""
    if "surface" in reading.named and hangs_on_wall(reading.scene, pose) and not reading.scene.props:
        name = reading.scene.surface.replace("_", " ")
        return {name: "the product hangs high on a wall: the floor is below the frame"}
    if pose.stance != "lie" or "backdrop" not in reading.named:
        return {}
    name = reading.scene.backdrop.replace("_", " ")
    return {name: "the product lies and is seen from straight above: nothing is behind it"}


def samples(size: tuple[int, int]) -> int:
    """Samples per pixel for a frame of (width, height): what the denoiser needs, and the clock allows.

    Four multijittered samples are as clean as seven independent ones (37 dB against a reference).
    """
    return 4 if size[0] * size[1] > 600_000 else 6
