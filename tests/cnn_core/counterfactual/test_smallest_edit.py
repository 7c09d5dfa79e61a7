from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import datasets, inference
from cnn_core.counterfactual import (
    KINDS,
    MOST_STROKES,
    SmallestEdit,
    pertinent_negatives,
    pertinent_positives,
    smallest_edit,
)
from cnn_core.counterfactual.brush import Brush, Line, painted
from cnn_core.counterfactual.edit_space import EditSpace
from cnn_core.counterfactual.goal import Goal
from cnn_core.counterfactual.search import Candidate, _pruned
from cnn_core.errors import PictureError
from cnn_core.images.strokes import Stroke, draw
from support.networks import linear, picture, small

PIXEL = {"radius": 0.5}
SHEET = np.ones((3, 4, 1), np.float32)


def deciding(*cells: tuple[int, int], other: float = 0.1, weight: float = 5.0) -> keras.Model:
    """A network of 3x4 pixels: ink in these cells speaks for 0, any other weakly for 1."""
    weights = np.zeros((3, 4, 1, 2))
    weights[..., 1] = other
    for cell in cells:
        weights[cell] = (weight, 0)
    return linear(weights)


def biased(model: keras.Model, bias: tuple[float, ...]) -> keras.Model:
    """The same network with a number added to each logit."""
    inputs = keras.Input(model.input_shape[1:])
    return keras.Model(inputs, keras.ops.add(model(inputs), np.array(bias, np.float32)))


def cells_of(stroke: Stroke) -> list[tuple[int, int]]:
    return [(int(y), int(x)) for x, y in stroke.points]


def without(strokes: tuple[Stroke, ...]) -> list[tuple[Stroke, ...]]:
    """Every set of strokes that is left when a run of points of one of them is taken out."""
    left = []
    for i, stroke in enumerate(strokes):
        points = stroke.points
        for first in range(len(points)):
            for end in range(first + 1, len(points) + 1):
                pieces = [piece for piece in (points[:first], points[end:]) if piece]
                rest = [replace(stroke, points=piece) for piece in pieces]
                left.append((*strokes[:i], *rest, *strokes[i + 1 :]))
    return left


def check_contract(model: keras.Model, image: np.ndarray, edit: SmallestEdit) -> None:
    """Whatever was found, it is what the record says and what a person could have drawn."""
    np.testing.assert_allclose(edit.original, image, rtol=0, atol=0.5 / 255 + 1e-6)
    np.testing.assert_array_equal(edit.pixels, draw(edit.original, edit.strokes))
    assert edit.pixels.dtype == np.float32
    assert edit.pixels.min() >= 0
    assert edit.pixels.max() <= max(edit.original.max(), *edit.paper)
    if edit.kind == "erase" and not any(edit.paper):
        assert (edit.pixels <= edit.original).all()
    if edit.kind == "add":
        assert (edit.pixels >= edit.original).all()
    said = inference.predict(model, edit.frames)
    np.testing.assert_array_equal(edit.answers, said.classes)
    others = np.delete(said.logits, edit.wanted, axis=1) if edit.wanted is not None else None
    if others is not None:
        margins = said.logits[:, edit.wanted] - others.max(axis=1)
        np.testing.assert_allclose(edit.margins, margins, atol=1e-4)
        assert edit.is_found == (inference.predict(model, edit.pixels).classes[0] == edit.wanted)
    assert edit.is_found == (edit.margins[-1] > 0)
    assert edit.num_pixels <= edit.most_pixels
    assert edit.num_pixels == (edit.pixels != edit.original).any(axis=-1).sum()
    step = max(1, round(min(image.shape[:2]) / 28))
    for stroke in edit.strokes:
        for one, other in pairwise(cells_of(stroke)):
            assert max(abs(one[0] - other[0]), abs(one[1] - other[1])) == step
        alone = draw(np.full_like(edit.original, 0.5), [replace(stroke, colour=(1.0,))])
        covered = (alone != 0.5).any(axis=-1)
        assert cv2.connectedComponents(covered.astype(np.uint8), connectivity=8)[0] == 2
    assert len(edit.frames) == 1 + sum(len(stroke.points) for stroke in edit.strokes)


# The brush paints as the pen of the drawing page does.


@given(
    start=st.tuples(st.integers(-1, 9), st.integers(-1, 12)),
    turns=st.lists(st.sampled_from([(0, 1), (1, 1), (1, 0), (-1, 1), (-1, -1), (0, -2)])),
    radius=st.sampled_from([0.5, 0.75, 1.0, 1.5, 2.25]),
    colour=st.integers(0, 255),
)
@settings(deadline=None, max_examples=60)
def test_brush_paints_like_the_pen(
    start: tuple[int, int], turns: list[tuple[int, int]], radius: float, colour: int
) -> None:
    cells = [start]
    for down, right in turns:
        cells.append((cells[-1][0] + down, cells[-1][1] + right))
    line = Line(Brush(radius, (colour,), is_eraser=False), tuple(cells))
    levels = np.random.default_rng(0).integers(0, 256, (9, 12, 1)).astype(np.int16)
    drawn = draw((levels / 255).astype(np.float32), [line.brush.stroke(line.cells)])
    np.testing.assert_array_equal(painted(levels, (line,)), np.rint(255 * drawn))


# Known answers.


def test_one_pixel_that_decides() -> None:
    edit = smallest_edit(deciding((1, 2)), SHEET, 1, **PIXEL)
    assert [cells_of(stroke) for stroke in edit.strokes] == [[(1, 2)]]
    assert edit.strokes[0].colour == (0.0,)
    assert edit.is_found
    assert edit.num_pixels == 1
    assert edit.ink_share == pytest.approx(1 / 12)
    np.testing.assert_allclose(edit.margins, [1.1 - 5, 1.1], atol=1e-5)
    assert edit.answers.tolist() == [0, 1]


def test_two_pixels_that_decide_together() -> None:
    edit = smallest_edit(deciding((0, 0), (2, 3)), SHEET, 1, **PIXEL, most_pixels=6)
    assert sorted(cells_of(stroke) for stroke in edit.strokes) == [[(0, 0)], [(2, 3)]]
    assert (edit.is_found, edit.num_pixels) == (True, 2)


def test_one_stroke_goes_from_the_one_to_the_other() -> None:
    """The way between costs a little, but two strokes are not allowed."""
    model = deciding((1, 0), (1, 3), other=0.1)
    edit = smallest_edit(model, SHEET, 1, **PIXEL, most_strokes=1, most_pixels=12)
    (stroke,) = edit.strokes
    assert sorted((cells_of(stroke)[0], cells_of(stroke)[-1])) == [(1, 0), (1, 3)]
    assert len(stroke.points) == 4
    assert edit.is_found


def test_a_pixel_that_must_be_inked() -> None:
    """Ink in one cell speaks for 1; the pen has the strongest ink there is, 0.6."""
    weights = np.zeros((3, 4, 1, 2))
    weights[..., 0], weights[2, 1] = 0.05, (0, 5)
    image = np.full((3, 4, 1), 0.6, np.float32)
    image[2, 1] = image[0, 3] = 0
    edit = smallest_edit(linear(weights), image, 1, "add", **PIXEL)
    assert [cells_of(stroke) for stroke in edit.strokes] == [[(2, 1)]]
    assert edit.pixels[2, 1, 0] == pytest.approx(0.6)
    assert edit.ink_share == pytest.approx(1 / 10)
    np.testing.assert_allclose(edit.margins, [-0.3, 2.7], atol=1e-5)


def test_the_pen_holds_the_ink_of_dark_strokes_on_white_paper() -> None:
    """The same picture as its mirror image on black paper: the same stroke, the other way."""
    weights = np.zeros((3, 4, 1, 2))
    weights[..., 0], weights[2, 1] = -0.05, (0, -5)
    image = np.full((3, 4, 1), 0.4, np.float32)
    image[2, 1] = image[0, 3] = 1
    model = biased(linear(weights), (0.6, 5))
    edit = smallest_edit(model, image, 1, "add", **PIXEL, paper=(1.0,))
    assert [(cells_of(stroke), stroke.colour) for stroke in edit.strokes] == [([(2, 1)], (0.4,))]
    assert edit.is_found
    assert edit.ink_share == pytest.approx(1 / 10)


def test_the_pen_takes_the_colour_that_is_farthest_from_the_paper() -> None:
    weights = np.zeros((3, 4, 3, 2))
    weights[2, 1, 2] = (4, 0)
    image = np.ones((3, 4, 3), np.float32)
    image[0, 0], image[1, 3] = (0, 0, 0.2), (0.8, 1, 1)
    edit = smallest_edit(biased(linear(weights), (-3, 0)), image, 1, "add", paper=(1.0,), **PIXEL)
    assert [(cells_of(stroke), stroke.colour) for stroke in edit.strokes] == [
        ([(2, 1)], (0.0, 0.0, pytest.approx(0.2)))
    ]


def test_strokes_start_where_the_brush_and_not_another_colour_helps() -> None:
    """Grey ink in one cell turns the answer; white, which the pen has not, would in another."""
    inputs = keras.Input((3, 4, 1))
    at = keras.layers.Flatten()(inputs)
    likes_grey = 5 - 50 * keras.ops.abs(at[:, 5:6] - 0.4)
    likes_white = 90 * keras.ops.relu(keras.ops.max(at, axis=1, keepdims=True) - 0.5)
    model = keras.Model(inputs, keras.ops.concatenate([0 * at[:, :1], likes_grey + likes_white], 1))
    image = np.zeros((3, 4, 1), np.float32)
    image[0, 0] = 0.4
    found = smallest_edit(model, image, 1, "add", **PIXEL)
    assert [cells_of(stroke) for stroke in found.strokes] == [[(1, 1)]]


def test_both_erasing_and_adding_are_needed() -> None:
    """Cell (0, 0) has to be erased and (2, 3) inked: neither alone turns the answer."""
    weights = np.zeros((3, 4, 1, 2))
    weights[0, 0], weights[2, 3] = (3, 0), (0, 3)
    weights[1, 1] = (2, 0)
    image = SHEET.copy()
    image[2, 3] = 0
    model = linear(weights)
    assert not smallest_edit(model, image, 1, "add", **PIXEL).is_found
    assert not smallest_edit(model, image, 1, "erase", **PIXEL, most_pixels=1).is_found
    edit = smallest_edit(model, image, 1, "both", **PIXEL, most_pixels=2)
    assert edit.is_found
    assert {(cells_of(s)[0], s.colour) for s in edit.strokes} == {((0, 0), (0,)), ((2, 3), (1,))}


def test_what_nothing_can_turn() -> None:
    weights = np.zeros((3, 4, 1, 2))
    weights[1, 2] = (1, 0.5)
    edit = smallest_edit(linear(weights), SHEET, 1, most_pixels=7)
    assert not edit.is_found
    assert edit.most_pixels == 7
    assert edit.num_pixels <= 7
    assert edit.margins[-1] == edit.margins.max() <= 0


def test_what_is_not_needed_is_taken_out_again() -> None:
    """Two strokes that erase much, of which one pixel in the middle of the first decides."""
    eraser = Brush(0.5, (0,), is_eraser=True)
    first = Line(eraser, ((1, 0), (1, 1), (1, 2), (1, 3)))
    second = Line(eraser, ((2, 0), (2, 1)))
    base = np.full((3, 4, 1), 255, np.int16)
    rules = EditSpace(base, {eraser: np.ones((3, 4), bool)}, 1, most_strokes=2, most_pixels=12)
    levels = painted(base, (first, second))
    candidate = Candidate((first, second), levels, margin=0.6)
    pruned = _pruned(deciding((1, 2)), rules, Goal(1), candidate)
    assert pruned.edit == (Line(eraser, ((1, 2),)),)
    assert pruned.margin == pytest.approx(1.1, abs=1e-5)
    np.testing.assert_array_equal(pruned.levels, painted(base, pruned.edit))


def test_any_other_answer() -> None:
    weights = np.zeros((3, 4, 1, 3))
    weights[0, 0], weights[0, 3] = (0, 2, 0), (0, 0, 4)
    weights[1, 1] = (6, 0, 0)
    edit = smallest_edit(linear(weights), SHEET, None, **PIXEL)
    assert [cells_of(stroke) for stroke in edit.strokes] == [[(1, 1)]]
    assert edit.wanted is None
    assert edit.answers.tolist() == [0, 2]
    np.testing.assert_allclose(edit.margins, [4 - 6, 4 - 0], atol=1e-5)


def test_erasing_on_a_photograph_leaves_grey() -> None:
    weights = np.zeros((6, 9, 3, 2))
    weights[4, 7, 1] = (4, 0)
    weights[..., 0, 1] = 0.05
    image = np.full((6, 9, 3), 0.9, np.float32)
    edit = smallest_edit(linear(weights), image, 1, **PIXEL, paper=(128 / 255,))
    assert [cells_of(stroke) for stroke in edit.strokes] == [[(4, 7)]]
    np.testing.assert_allclose(edit.pixels[4, 7], 128 / 255, atol=1e-6)
    assert edit.ink_share == pytest.approx(1 / 54)
    check_contract(linear(weights), image, edit)


# On the shipped network.

DIRECTIONS = ((1, 2), (2, 1), (4, 9), (9, 4), (3, 8), (8, 3), (7, 1), (1, 7))


def is_minimal(model: keras.Model, edit: SmallestEdit) -> bool:
    """Whether no part can be left out, of those that leave so many strokes as are allowed."""
    rest = [left for left in without(edit.strokes) if 0 < len(left) <= MOST_STROKES]
    drawn = [draw(edit.original, strokes) for strokes in rest]
    if not drawn:
        return True
    return bool((inference.predict(model, np.stack(drawn)).classes != edit.wanted).all())


@pytest.fixture(scope="module")
def edits(study: keras.Model, test_split: datasets.Split) -> list[tuple[np.ndarray, SmallestEdit]]:
    """Of each pair one test digit that is read right, erased, drawn on, or both."""
    found = []
    for i, (label, wanted) in enumerate(DIRECTIONS):
        image = test_split.images[np.flatnonzero(test_split.labels == label)[i]]
        found.append((image, smallest_edit(study, image, wanted, KINDS[i % 3])))
    return found


@pytest.mark.slow
def test_edits_of_real_digits(
    study: keras.Model, edits: list[tuple[np.ndarray, SmallestEdit]]
) -> None:
    for image, edit in edits:
        check_contract(study, image, edit)
        assert 0 < len(edit.strokes) <= MOST_STROKES
        assert edit.answers[0] != edit.wanted
        assert 0 < edit.ink_share < 1
    assert sum(edit.is_found for _, edit in edits) >= 5


@pytest.mark.slow
def test_no_part_of_a_real_edit_can_be_left_out(
    study: keras.Model, edits: list[tuple[np.ndarray, SmallestEdit]]
) -> None:
    found = [edit for _, edit in edits if edit.is_found]
    assert all(is_minimal(study, edit) for edit in found)
    # The check can fail: a point that stands twice can be left out once.
    first, *others = found[0].strokes
    twice = replace(first, points=(*first.points, first.points[-1]))
    assert not is_minimal(study, replace(found[0], strokes=(twice, *others)))


@pytest.mark.slow
def test_search_leaves_the_picture_alone_and_repeats_itself(
    study: keras.Model, digit: np.ndarray
) -> None:
    image = digit.copy()
    one, other = (smallest_edit(study, image, 1) for _ in range(2))
    np.testing.assert_array_equal(image, digit)
    assert one.strokes == other.strokes
    np.testing.assert_array_equal(one.frames, other.frames)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(20, 28, 1), (57, 60, 1)])
def test_pictures_of_other_sizes(shape: tuple[int, ...], kind: str) -> None:
    model, image = small(shape), picture(shape)
    wanted = int(inference.logits(model, image)[0].argsort()[-2])
    edit = smallest_edit(model, image, wanted, kind, most_pixels=80)
    check_contract(model, image, edit)
    scale = 2 if shape[0] > 28 else 1
    assert {stroke.radius for stroke in edit.strokes} <= {1.0 * scale}


@pytest.mark.slow
def test_an_edit_in_colour() -> None:
    model, image = small((20, 28, 3)), picture((20, 28, 3))
    wanted = int(inference.logits(model, image)[0].argsort()[-2])
    edit = smallest_edit(model, image, wanted, paper=(0.5, 0.5, 0.5), most_pixels=80)
    check_contract(model, image, edit)
    assert edit.paper == pytest.approx((128 / 255,) * 3)


# What must be there and what must stay empty.


def test_the_pixel_that_must_be_there() -> None:
    found = pertinent_positives(deciding((1, 2)), SHEET)
    assert np.argwhere(found.is_kept).tolist() == [[1, 2]]
    assert (found.num_kept, found.num_ink, found.answer) == (1, 12, 0)
    assert found.lead == pytest.approx(5 - 1.1, abs=1e-5)
    assert found.margin == pytest.approx(5, abs=1e-5)
    np.testing.assert_array_equal(found.pixels[..., 0], found.is_kept)


def test_nothing_must_be_there_for_the_answer_to_blank_paper() -> None:
    weights = np.zeros((3, 4, 1, 2))
    weights[1, 1] = (1, 0)
    model = linear(weights)
    image = SHEET.copy()
    image[1, 1] = 0
    found = pertinent_positives(biased(model, (2, 0)), image)
    assert (found.num_kept, found.num_ink, found.answer) == (0, 11, 0)
    assert not found.pixels.any()
    assert found.margin == pytest.approx(2)


def test_what_gives_a_share_of_the_lead_may_be_more_than_blank_paper() -> None:
    """Blank paper leads by 2, the cell adds 3 to it: half of 5 needs the cell."""
    weights = np.zeros((3, 4, 1, 2))
    weights[1, 1] = (3, 0)
    model = biased(linear(weights), (2, 0))
    assert pertinent_positives(model, SHEET).num_kept == 0
    assert pertinent_positives(model, SHEET, lead_share=0.5).num_kept == 1


@pytest.mark.parametrize("lead_share", [0.0, 0.5])
def test_every_pixel_left_of_a_digit_is_needed(
    study: keras.Model, digit: np.ndarray, lead_share: float
) -> None:
    found = pertinent_positives(study, digit, lead_share=lead_share)
    said = inference.predict(study, np.stack([digit, found.pixels]))
    assert said.classes.tolist() == [found.answer] * 2 == [2, 2]
    np.testing.assert_allclose([found.lead, found.margin], said.margins, atol=1e-4)
    assert found.margin > lead_share * found.lead
    np.testing.assert_array_equal(found.pixels, digit * found.is_kept[..., None])
    rows = np.argwhere(found.is_kept)
    less = np.repeat(found.pixels[None], len(rows), axis=0)
    for one, (row, column) in zip(less, rows, strict=True):
        one[row, column] = 0
    logits = inference.logits(study, less)
    lead = logits[:, 2] - np.delete(logits, 2, axis=1).max(axis=1)
    assert (lead <= max(0.011, lead_share * found.lead)).all()


def test_blocks_of_a_picture_that_is_all_ink() -> None:
    shape = (20, 28, 3)
    model, image = small(shape), np.random.default_rng(1).random(shape, np.float32)
    found = pertinent_positives(model, image, paper=(128 / 255,))
    assert found.num_ink == 20 * 28
    said = inference.predict(model, found.pixels)
    assert said.classes[0] == found.answer == inference.predict(model, image).classes[0]
    grey = ~found.is_kept
    np.testing.assert_allclose(found.pixels[grey], 128 / 255, atol=1e-6)
    # Blocks of 2x2: all four pixels are kept or none.
    blocks = found.is_kept.reshape(10, 2, 14, 2).sum(axis=(1, 3))
    assert set(np.unique(blocks)) <= {0, 4}


def test_the_places_that_must_stay_empty() -> None:
    weights = np.zeros((3, 4, 1, 2))
    weights[0, 0], weights[0, 3], weights[2, 1] = (3, 0), (0, 2), (0, 5)
    image = np.zeros((3, 4, 1), np.float32)
    image[0, 0] = image[0, 1] = 1
    found = pertinent_negatives(linear(weights), image, **PIXEL)
    expected = np.zeros((3, 4))
    expected[0, 3], expected[2, 1] = 2, 5
    np.testing.assert_allclose(found.drops, expected, atol=1e-5)
    assert (found.answer, found.lead) == (0, pytest.approx(3))
    assert [cells_of(stroke) for stroke in found.stroke.strokes] == [[(2, 1)]]


def test_what_must_stay_empty_in_a_digit(study: keras.Model, digit: np.ndarray) -> None:
    found = pertinent_negatives(study, digit)
    assert found.answer == 2
    assert not found.drops[digit[..., 0] > 0.5].any()
    at = np.unravel_index(found.drops.argmax(), found.drops.shape)
    dab = draw(digit, [Stroke(((at[1] + 0.5, at[0] + 0.5),), 1.0)])
    logits = inference.logits(study, dab)[0]
    lead = logits[2] - np.delete(logits, 2).max()
    assert found.drops.max() == pytest.approx(found.lead - lead, abs=1e-3)
    assert found.stroke.wanted is None
    assert found.stroke.is_found == (found.stroke.answers[-1] != 2)


# Bad input.


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"wanted": 2}, "Expected wanted to be a class from 0 to 1. Received: wanted=2"),
        ({"wanted": -1}, "Expected wanted to be a class from 0 to 1. Received: wanted=-1"),
        ({"wanted": 0}, "another class than the answer. Received: both are 0"),
        ({"kind": "paint"}, "one of erase, add, both. Received: kind='paint'"),
        ({"most_strokes": 0}, "most_strokes to be a whole number of at least 1"),
        ({"most_pixels": 2.5}, "most_pixels to be a whole number of at least 1"),
        ({"radius": 0.1}, r"radius in \[0.5, 16\]"),
        ({"paper": (0, 0)}, "paper of 1 channels"),
        ({"paper": (2,)}, r"pixels in \[0, 1\]"),
        ({"image": SHEET[:2]}, r"images of shape \(3, 4, 1\)"),
        ({"image": np.stack([SHEET, SHEET])}, "Expected one image"),
        ({"image": SHEET * np.nan}, "Expected finite images"),
        ({"image": SHEET * 2}, r"images in \[0, 1\]"),
        ({"image": SHEET * 0}, "blank: draw something first"),
    ],
)
def test_wrong_arguments(changes: dict[str, object], sentence: str) -> None:
    arguments = {"image": SHEET, "wanted": 1, **changes}
    with pytest.raises(ValueError, match=sentence):
        smallest_edit(deciding((1, 2)), **arguments)


@pytest.mark.parametrize("ask", [pertinent_positives, pertinent_negatives])
def test_blank_paper_has_nothing_that_must_be_there(ask: object) -> None:
    with pytest.raises(PictureError, match="blank"):
        ask(deciding((1, 2)), SHEET * 0)


def test_share_of_the_lead_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"lead_share in \[0, 1\)"):
        pertinent_positives(deciding((1, 2)), SHEET, lead_share=1)


@pytest.mark.parametrize("kind", KINDS)
def test_extreme_digits(study: keras.Model, kind: str) -> None:
    """All ink, one pixel of ink: an answer, never a division by nothing."""
    one = np.zeros((28, 28, 1), np.float32)
    one[14, 14] = 1
    for image in (np.ones_like(one), one):
        wanted = 5 if inference.predict(study, image).classes[0] != 5 else 4
        edit = smallest_edit(study, image, wanted, kind)
        check_contract(study, image, edit)
        assert np.isfinite(edit.ink_share)
        assert np.isfinite(edit.margins).all()
