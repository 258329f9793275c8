"""The stand-in is upright, touches its support over its whole foot, and hides behind the product."""

from __future__ import annotations

import numpy as np
from studio_scenes import bottle

from caig_cli.cutouts.cutout import Cutout, resize
from caig_cli.painters.layout import place
from caig_cli.painters.studio.camera import aim
from caig_cli.painters.studio.render import mitsuba, render
from caig_cli.painters.studio.standin import relief, stand_in

SIZE = (160, 160)


def test_the_foot_touches_the_support_over_its_width() -> None:
    product = bottle()
    camera = aim(SIZE, place(product.size, SIZE), 24.0)
    mesh = relief(product, camera)
    front = mesh.vertices[: len(mesh.vertices) // 2]
    for x in np.linspace(-0.7, 0.7, 9) * camera.box.width * camera.cm / 2:
        column = front[np.abs(front[:, 0] - x) < 0.5]
        assert abs(float(column[:, 2].min())) < 0.25, x


def test_it_shows_nothing_outside_the_product_and_stands_upright() -> None:
    product = bottle()
    box = place(product.size, SIZE)
    camera = aim(SIZE, box, 24.0)
    light = {"type": "constant", "radiance": {"type": "rgb", "value": 1.0}}
    scene = {"sensor": camera.sensor(), "product": stand_in(product, camera), "light": light}
    seen = render(scene, SIZE, 16, 1, alpha=True, denoise=False)
    assert mitsuba().variant() == "scalar_rgb"
    alpha = np.zeros(SIZE[::-1])
    alpha[box.top : box.bottom, box.left : box.right] = resize(product, (box.width, box.height)).rgba[..., 3]
    assert float(seen[..., 3][alpha == 0].max()) == 0.0
    inside = seen[..., 3] > 0.99
    assert inside.sum() > 0.85 * (alpha == 255).sum()
    top = inside & (np.arange(SIZE[1])[:, None] < box.top + 0.4 * box.height)
    foot = inside & (np.arange(SIZE[1])[:, None] > box.top + 0.6 * box.height)
    assert seen[top, 0].mean() > 5 * seen[top, 2].mean()  # red above
    assert seen[foot, 2].mean() > 5 * seen[foot, 0].mean()  # blue below


def test_any_product_has_one() -> None:
    dots = np.zeros((200, 100, 4), np.uint8)
    dots[::10, ::10] = 255
    soft = np.full((200, 40, 4), 255, np.uint8)
    soft[-60:, :, 3] = 100
    for rgba in (dots, soft, np.full((1, 1, 4), 255, np.uint8), np.full((300, 3, 4), 60, np.uint8)):
        product = Cutout(rgba)
        mesh = relief(product, aim(SIZE, place(product.size, SIZE), 24.0))
        assert len(mesh.faces) > 0
        assert np.isfinite(mesh.vertices).all()
