"""Where the product stands: inside the frame, at its own aspect, on a natural base line, always."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caig_cli.errors import UsageError
from caig_cli.painters.layout import PLACEMENTS, PRESETS, parse_size, place

SIDES = st.integers(1, 6000)
FRAMES = st.tuples(st.integers(64, 2048), st.integers(64, 2048))


@settings(max_examples=400, deadline=None)
@given(st.tuples(SIDES, SIDES), FRAMES, st.sampled_from(PLACEMENTS), st.none() | st.floats(0.001, 1.0))
def test_the_product_is_always_inside(
    product: tuple[int, int], frame: tuple[int, int], placement: str, scale: float | None
) -> None:
    box = place(product, frame, placement, scale)
    assert 0 <= box.left < box.right <= frame[0]
    assert 0 <= box.top < box.bottom <= frame[1]
    if scale is not None:
        assert box.width <= max(1, round(scale * frame[0])) and box.height <= max(1, round(scale * frame[1]))


@pytest.mark.parametrize("frame", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("product", [(400, 900), (900, 400), (500, 500)])
def test_aspect_and_base_line(product: tuple[int, int], frame: tuple[int, int]) -> None:
    box = place(product, frame)
    assert box.width / box.height == pytest.approx(product[0] / product[1], rel=0.02)
    assert 0.78 <= box.bottom / frame[1] <= 0.88
    assert max(box.width / frame[0], box.height / frame[1]) >= 0.4
    assert abs((box.left + box.right) / 2 - frame[0] / 2) <= 1


@pytest.mark.parametrize("product", [(1, 1), (1, 1000), (1000, 1), (20_000, 3)])
def test_odd_products(product: tuple[int, int]) -> None:
    box = place(product, (512, 512))
    assert box.width >= 1
    assert box.height >= 1


def test_placements_are_in_order() -> None:
    left, golden, centre, right = (
        place((300, 600), (1000, 800), name).left for name in ("left", "golden", "centre", "right")
    )
    assert left < golden < centre < right


def test_a_large_product_keeps_its_feet_in_the_frame() -> None:
    box = place((100, 100), (600, 600), scale=1.0)
    assert (box.top, box.bottom) == (0, 600)
    assert place((100, 100), (600, 600), scale=0.95).bottom <= 600


@pytest.mark.parametrize(
    ("text", "size"),
    [("square", (1024, 1024)), ("story", (1080, 1920)), ("800x600", (800, 600)), (" 640 X 480 ", (640, 480))],
)
def test_sizes(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "huge", "0x100", "10x10", "9999x9999", "-5x80", "640", "99999999x1"])
def test_bad_sizes_are_one_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_size(text)
    assert "\n" not in str(caught.value)
    assert repr(text) in str(caught.value)
