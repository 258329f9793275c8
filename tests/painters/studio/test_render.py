"""Pictures do not depend on threads, and the print keeps tones in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from caig_cli.painters.studio.render import decode_srgb, develop, encode_srgb, mitsuba, render
from caig_cli.painters.studio.threads import set_threads


def ball() -> dict[str, Any]:
    turn = mitsuba().ScalarTransform4f()
    return {
        "sensor": {
            "type": "perspective",
            "fov": 40,
            "to_world": turn.look_at([0, -4, 1], [0, 0, 0.5], [0, 0, 1]),
        },
        "floor": {"type": "rectangle", "to_world": turn.scale(5), "bsdf": {"type": "plastic"}},
        "ball": {"type": "sphere", "radius": 1.0},
        "light": {"type": "constant"},
    }


@pytest.mark.parametrize("final", [False, True])
def test_same_bytes_for_any_number_of_threads(final: bool) -> None:
    pictures = []
    for threads in (1, 2, 4):
        set_threads(threads)
        pictures.append(render(ball(), (96, 70), 4, 7, final=final).tobytes())
    set_threads(2)
    assert pictures[0] == pictures[1] == pictures[2]


def test_final_samples_are_spread_more_evenly() -> None:
    """Four stratified samples are nearer to the truth than four independent ones."""
    truth = render(ball(), (48, 48), 256, 1, denoise=False)
    errors = [
        float(np.square(render(ball(), (48, 48), 4, 2, denoise=False, final=final) - truth).mean())
        for final in (False, True)
    ]
    assert errors[1] < 0.8 * errors[0]


def test_another_seed_is_another_noise() -> None:
    one, two = (render(ball(), (32, 32), 2, seed, denoise=False) for seed in (1, 2))
    assert not np.array_equal(one, two)


def test_alpha_is_coverage() -> None:
    scene = {name: part for name, part in ball().items() if name != "floor"}
    picture = render(scene, (48, 48), 8, 1, alpha=True)
    assert picture.shape == (48, 48, 4)
    assert picture[0, 0, 3] == 0
    assert picture[24, 24, 3] == 1


def test_development_is_straight_below_middle_grey_and_never_turns_back() -> None:
    ramp = np.repeat(np.linspace(0, 6, 400, dtype=np.float32)[None, :, None], 3, axis=2)
    tones = develop(ramp)[0, :, 0].astype(int)
    assert (np.diff(tones) >= 0).all()
    assert tones[-1] >= 250
    below = ramp[0, :, 0] < 0.5
    assert np.abs(tones[below] - encode_srgb(ramp)[0, below, 0] * 255).max() <= 0.5001


def test_srgb_curves_are_inverse() -> None:
    x = np.linspace(0, 1, 100, dtype=np.float32)
    assert np.allclose(decode_srgb(encode_srgb(x)), x, atol=1e-5)
