"""The pen and the eraser: worked out by hand, then for strokes nobody thought of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core.images.strokes import Stroke, draw, erase


def blank(height: int = 5, width: int = 7) -> np.ndarray:
    return np.zeros((height, width, 1), np.float32)


def levels(pixels: np.ndarray) -> np.ndarray:
    return np.round(pixels[..., 0] * 255).astype(int)


coordinates = st.floats(-10, 40)
strokes = st.builds(
    Stroke,
    points=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5).map(tuple),
    radius=st.floats(0.5, 9),
    colour=st.sampled_from([(1.0,), (0.0,)]),
)
pictures = st.integers(0, 2**32 - 1).map(
    lambda seed: (
        np.random.default_rng(seed).integers(0, 256, (9, 13, 1)).astype(np.float32)
        / np.float32(255)
    )
)


def test_dot_covers_its_cell_and_shades_its_neighbours() -> None:
    dotted = draw(blank(), [Stroke(((3.5, 2.5),), radius=1.0)])
    # distance 0 and 1 -> 255 and 127.5 rounded up; the diagonal: 1.5 - sqrt(2) = 0.0858 -> 22
    assert levels(dotted).tolist() == [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 22, 128, 22, 0, 0],
        [0, 0, 128, 255, 128, 0, 0],
        [0, 0, 22, 128, 22, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]


def test_line_has_the_width_of_its_radius_and_round_ends() -> None:
    line = draw(blank(), [Stroke(((1.5, 2.5), (4.5, 2.5)), radius=0.75)])
    assert levels(line).tolist() == [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 64, 64, 64, 64, 0, 0],
        [64, 255, 255, 255, 255, 64, 0],
        [0, 64, 64, 64, 64, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]


def test_repeated_point_is_the_same_as_one() -> None:
    once, twice = (Stroke(((2.2, 3.1),) * n, radius=1.5) for n in (1, 2))
    assert np.array_equal(draw(blank(), [once]), draw(blank(), [twice]))


def test_eraser_takes_back_what_the_pen_drew() -> None:
    points = ((1.5, 1.5), (5.5, 3.5))
    drawn = draw(blank(), [Stroke(points, radius=1.0)])
    assert drawn.max() == 1
    assert not erase(drawn, points, radius=2.5).any()


def test_eraser_leaves_what_it_does_not_touch() -> None:
    full = np.ones((5, 7, 1), np.float32)
    erased = levels(erase(full, [(0.5, 0.5)], radius=0.5))
    assert erased[0, 0] == 0
    assert erased.sum() == 255 * (35 - 1)


def test_strokes_apply_in_their_order() -> None:
    pen = Stroke(((3.5, 2.5),), radius=1.0)
    eraser = Stroke(((3.5, 2.5),), radius=4.0, colour=(0.0,))
    assert not draw(blank(), [pen, eraser]).any()
    assert draw(blank(), [eraser, pen]).any()


def test_grey_is_neared_from_both_sides() -> None:
    half = np.array([[0, 128, 255]], np.float32)[..., None] / np.float32(255)
    dot = Stroke(((1.5, 0.5),), radius=1.25, colour=(0.5,))
    # cover: 255 in the middle, floor(255 * 0.75 + 0.5) = 191 beside it, so 64 from 128 at most
    assert levels(draw(half, [dot])).tolist() == [[64, 128, 192]]


def test_each_channel_takes_its_part_of_a_colour() -> None:
    stroke = Stroke(((0.5, 0.5),), radius=0.5, colour=(1.0, 0.0, 0.2))
    painted = draw(np.full((1, 2, 3), 0.6, np.float32), [stroke])
    assert np.round(255 * painted).astype(int).tolist() == [[[255, 0, 51], [153, 153, 153]]]
    with pytest.raises(ValueError, match=r"Expected a colour of 1 channels\. Received: colour="):
        draw(blank(), [stroke])


@pytest.mark.parametrize("colour", [(), (1.1,), (0.0, -0.1, 0.0), (np.nan,)])
def test_a_colour_out_of_range_is_refused(colour: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"Expected colour in \[0, 1\]\. Received: colour="):
        Stroke(((1.0, 1.0),), radius=1, colour=colour)


def test_input_is_untouched_and_dtype_is_float32() -> None:
    pixels = blank()
    drawn = draw(pixels, [Stroke(((3.5, 2.5),), radius=2)])
    assert not pixels.any()
    assert drawn.dtype == np.float32
    assert drawn.shape == pixels.shape


@settings(deadline=None)
@given(pictures, strokes)
def test_pen_only_adds_and_eraser_only_takes(pixels: np.ndarray, stroke: Stroke) -> None:
    changed = draw(pixels, [stroke])
    assert ((changed >= pixels) if stroke.colour == (1.0,) else (changed <= pixels)).all()
    assert 0 <= changed.min() <= changed.max() <= 1


@settings(deadline=None)
@given(pictures, strokes)
def test_drawing_a_stroke_twice_is_drawing_it_once(pixels: np.ndarray, stroke: Stroke) -> None:
    assert np.array_equal(draw(pixels, [stroke, stroke]), draw(pixels, [stroke]))


@settings(deadline=None)
@given(pictures, strokes)
def test_eraser_is_the_pen_on_the_negative(pixels: np.ndarray, stroke: Stroke) -> None:
    opposite = Stroke(stroke.points, stroke.radius, colour=(1 - stroke.colour[0],))
    negative = draw(1 - pixels, [opposite])
    assert np.array_equal(levels(draw(pixels, [stroke])), 255 - levels(negative))


@pytest.mark.parametrize("far", [1e4, -1e7, 1e200, -1.7e308])
def test_points_far_outside_do_no_harm(far: float) -> None:
    with np.errstate(all="raise"):
        assert not draw(blank(), [Stroke(((far, far),), radius=4)]).any()
        through = draw(blank(), [Stroke(((-abs(far), 2.5), (abs(far), 2.5)), radius=0.5)])
    assert levels(through)[2].tolist() == [255] * 7


@pytest.mark.parametrize(
    "points", [((np.nan, 1.0),), ((1.0, np.inf),), (), ((1.0, 2.0, 3.0),), ((1.0,),)]
)
def test_points_that_are_no_points_are_refused(points: tuple) -> None:
    with pytest.raises(ValueError, match=r"Expected points.*Received"):
        Stroke(points, radius=1)


@pytest.mark.parametrize("radius", [0.0, 0.49, 16.01, -1.0, np.nan, np.inf])
def test_radius_out_of_range_is_refused(radius: float) -> None:
    with pytest.raises(ValueError, match=r"Expected radius in \[0.5, 16\]. Received: radius="):
        Stroke(((1.0, 1.0),), radius=radius)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28, 1)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Expected pixels of shape .* Received"):
        draw(np.zeros(shape, np.float32), [])


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_pixels_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"Expected .*pixels in \[0, 1\]"):
        draw(np.full((5, 5, 1), value, np.float32), [])
