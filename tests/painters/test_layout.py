"""Where the product stands: inside the frame, at its own aspect, on a natural base line, always."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caig_cli.errors import UsageError
from caig_cli.painters.layout import PLACEMENTS, PRESETS, parse_size, place
from caig_cli.records import Box

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


@pytest.mark.parametrize(
    ("product", "cut_off", "expected"),
    [
        # hangs from the top and stands on the base line, at 0.85 of a square
        ((300, 600), "top", Box(288, 0, 713, 850)),
        # too wide for that: nine tenths of the frame's width, from the top
        ((600, 300), "top", Box(50, 0, 950, 450)),
        # its top is where it would be if it stood on the base line: 0.60 high and 0.15 below that
        ((300, 600), "bottom", Box(312, 250, 687, 1000)),
        ((300, 600), "top bottom", Box(250, 0, 750, 1000)),
        # too wide to span: 0.96 of the width, at the bottom
        ((600, 400), "top bottom", Box(20, 360, 980, 1000)),
        # its other end is where it would be in the middle; on the base line
        ((900, 300), "left", Box(0, 580, 810, 850)),
        ((900, 300), "right", Box(190, 580, 1000, 850)),
        ((900, 300), "left right", Box(0, 517, 1000, 850)),
        ((900, 300), "left bottom", Box(0, 730, 810, 1000)),
        ((300, 300), "left top right bottom", Box(0, 0, 1000, 1000)),
        # spans neither without losing a fifth of its height: whole, at the bottom and the left
        ((400, 500), "left right bottom", Box(0, 0, 800, 1000)),
    ],
    ids=str,
)
def test_sides_that_the_photo_cuts_off(product: tuple[int, int], cut_off: str, expected: Box) -> None:
    assert place(product, (1000, 1000), cut_off=cut_off.split()) == expected


def test_a_little_is_lost_beyond_a_side_that_is_cut_off() -> None:
    """A photo a tenth wider than the frame spans its height; one that is two tenths wider spans its width."""
    all_four = ("left", "top", "right", "bottom")
    assert place((1100, 1000), (1000, 1000), cut_off=all_four) == Box(-50, 0, 1050, 1000)
    assert place((1100, 1000), (1000, 1000), cut_off=("left", "top", "bottom")) == Box(-100, 0, 1000, 1000)
    assert place((1100, 1000), (1000, 1000), cut_off=("right", "top", "bottom")) == Box(0, 0, 1100, 1000)
    assert place((1250, 1000), (1000, 1000), cut_off=all_four) == Box(0, 200, 1000, 1000)
    assert place((1000, 1250), (1000, 1000), cut_off=all_four) == Box(0, 0, 800, 1000)


def test_where_nothing_is_cut_off_the_placement_holds() -> None:
    """Of two sides that cannot both be reached, the placement chooses too."""
    boxes = [
        place((300, 600), (1000, 1000), name, cut_off=["bottom"]) for name in ("left", "golden", "right")
    ]
    assert [box.left for box in boxes] == [146, 194, 479]
    wide = [place((500, 500), (1000, 600), name, cut_off=["left", "right"]) for name in ("centre", "right")]
    assert [(box.left, box.right) for box in wide] == [(0, 576), (424, 1000)]
    assert place((300, 600), (1000, 1000), "middle", cut_off=["left"]).top == 200


def test_scale_holds_where_one_side_is_cut_off() -> None:
    assert place((100, 200), (1000, 1000), scale=0.5, cut_off=["bottom"]) == Box(375, 500, 625, 1000)
    assert place((100, 200), (1000, 1000), scale=0.5, cut_off=["top"]) == Box(375, 0, 625, 500)
    assert place((100, 200), (1000, 1000), scale=0.5, cut_off=["top", "bottom"]).height == 1000


SOME = st.sets(st.sampled_from(("left", "top", "right", "bottom")))


@settings(max_examples=600, deadline=None)
@given(st.tuples(SIDES, SIDES), FRAMES, st.sampled_from(PLACEMENTS), st.none() | st.floats(0.001, 1.0), SOME)
def test_cut_sides_are_at_the_frame(
    product: tuple[int, int], frame: tuple[int, int], placement: str, scale: float | None, cut_off: set
) -> None:
    box = place(product, frame, placement, scale, cut_off=cut_off)
    reached = {
        "left": box.left <= 0,
        "top": box.top <= 0,
        "right": box.right >= frame[0],
        "bottom": box.bottom >= frame[1],
    }
    for one, other in (("left", "right"), ("top", "bottom")):
        if cut_off >= {one, other}:
            assert reached[one] or reached[other]
        else:
            assert all(reached[side] for side in cut_off & {one, other})
    # whatever lies beyond the frame is beyond a side that is cut off, and little
    beyond = {
        "left": -box.left,
        "top": -box.top,
        "right": box.right - frame[0],
        "bottom": box.bottom - frame[1],
    }
    assert all(by <= 0 or side in cut_off for side, by in beyond.items())
    assert max(beyond["left"], 0) + max(beyond["right"], 0) <= 0.12 * box.width + 1
    assert max(beyond["top"], 0) + max(beyond["bottom"], 0) <= 0.12 * box.height + 1
    # one number rounds to both sides, so that the aspect is the product's to the pixel
    pairs = list(zip((box.width, box.height), product, strict=True))
    least = max((side - 0.5) / pixels if side > 1 else 0 for side, pixels in pairs)
    assert least <= min((side + 0.5) / pixels for side, pixels in pairs) + 1e-9


@settings(max_examples=200, deadline=None)
@given(st.tuples(SIDES, SIDES), FRAMES, st.sampled_from(PLACEMENTS), st.none() | st.floats(0.001, 1.0))
def test_three_or_four_sides_touch_at_least_two(
    product: tuple[int, int], frame: tuple[int, int], placement: str, scale: float | None
) -> None:
    box = place(product, frame, placement, scale, cut_off=("left", "top", "right", "bottom"))
    assert box.left <= 0 or box.right >= frame[0]
    assert box.bottom >= frame[1]
    assert (box.left <= 0 and box.right >= frame[0]) or (box.top <= 0 and box.bottom >= frame[1])


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
