from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from cnn_core import inference
from cnn_core.attribution import ClassScore, explain
from cnn_core.attribution.occlusion import FILLS, UNITS, OcclusionMap, occlusion_sensitivity
from support.networks import linear, picture, small

# Logit 0 sums the pixels, logit 1 weighs them from 1 to 9.
WEIGHTS = np.stack([np.ones((3, 3)), np.arange(1, 10).reshape(3, 3)], axis=-1)[:, :, None]
IMAGE = np.array([[0.1, 0.0, 0.2], [0.0, 0.3, 0.0], [0.1, 0.1, 0.0]], np.float32)[..., None]
SUM, WEIGHED = ClassScore(0), ClassScore(1)


@pytest.fixture(scope="module")
def plane() -> keras.Model:
    return linear(WEIGHTS)


def brute_force(model: keras.Model, image: np.ndarray, found: OcclusionMap) -> np.ndarray:
    """The logits with the patch at every position, none left out."""
    size = found.patch_size
    rows = []
    for top in found.tops:
        covered = np.repeat(image[None], len(found.lefts), axis=0)
        for one, left in zip(covered, found.lefts, strict=True):
            window = np.s_[top : top + size, left : left + size]
            one[window] = found.filling[window]
        rows.append(inference.logits(model, covered))
    return np.stack(rows)


def brute_average(found: OcclusionMap, drops: np.ndarray) -> np.ndarray:
    """Pixel by pixel, the mean of the drops of the positions that cover it."""
    heatmap = np.zeros(found.filling.shape[:2])
    for row, column in np.ndindex(heatmap.shape):
        down = (found.tops <= row) & (row < found.tops + found.patch_size)
        across = (found.lefts <= column) & (column < found.lefts + found.patch_size)
        if down.any() and across.any():
            heatmap[row, column] = drops[np.ix_(down, across)].mean()
    return heatmap


def test_coverage_is_averaged_by_hand(plane: keras.Model) -> None:
    found = occlusion_sensitivity(plane, IMAGE, patch_size=2, stride=1)
    assert found.tops.tolist() == found.lefts.tolist() == [0, 1]
    np.testing.assert_allclose(found.drops(SUM), [[0.4, 0.5], [0.5, 0.4]], atol=1e-6)
    np.testing.assert_allclose(
        found.heatmap(SUM),
        [[0.4, 0.45, 0.5], [0.45, 0.45, 0.45], [0.5, 0.45, 0.4]],
        atol=1e-6,
    )


def test_one_pixel_by_hand(plane: keras.Model) -> None:
    found = occlusion_sensitivity(plane, IMAGE, patch_size=1)
    np.testing.assert_allclose(found.heatmap(SUM), IMAGE[..., 0], atol=1e-6)
    expected = [[0.1, 0, 0.6], [0, 1.5, 0], [0.7, 0.8, 0]]
    np.testing.assert_allclose(found.heatmap(WEIGHED), expected, atol=1e-6)
    margin = found.heatmap(ClassScore(1, 0))
    np.testing.assert_allclose(margin, expected - IMAGE[..., 0], atol=1e-6)


def test_whole_answers_are_kept(plane: keras.Model) -> None:
    found = occlusion_sensitivity(plane, IMAGE, patch_size=3)
    assert found.logits.shape == (1, 1, 2)
    np.testing.assert_allclose(found.logits.ravel(), [0, 0], atol=1e-6)
    np.testing.assert_allclose(found.base_logits, [0.8, 3.7], atol=1e-6)
    np.testing.assert_allclose(found.base_probabilities[1], 1 / (1 + np.exp(-2.9)), rtol=1e-6)
    np.testing.assert_allclose(found.probabilities, [[[0.5, 0.5]]])
    dropped = found.drops(WEIGHED, as_probability=True)
    np.testing.assert_allclose(dropped, [[1 / (1 + np.exp(-2.9)) - 0.5]], rtol=1e-6)
    heatmap = found.heatmap(WEIGHED, as_probability=True)
    np.testing.assert_allclose(heatmap, np.full((3, 3), dropped[0, 0]), rtol=1e-6)


@pytest.mark.parametrize("against", [None, 0])
def test_the_method_gives_logits_or_probabilities(plane: keras.Model, against: int | None) -> None:
    found = occlusion_sensitivity(plane, IMAGE, patch_size=2)
    for quantity, unit in UNITS.items():
        why = explain(
            plane, IMAGE, 1, against=against, method="occlusion", patch_size=2, quantity=quantity
        )
        as_probability = quantity == "probability"
        expected = found.heatmap(ClassScore(1, against), as_probability=as_probability)
        np.testing.assert_array_equal(why.heatmap, expected)
        assert why.unit == unit
    usual = explain(plane, IMAGE, 1, against=against, method="occlusion", patch_size=2)
    assert usual.unit == "logits"
    np.testing.assert_array_equal(usual.heatmap, found.heatmap(ClassScore(1, against)))


def test_winners_by_hand() -> None:
    """Class 0 sees the left pixel, class 1 the right one, which is paler."""
    model = linear(np.eye(2).reshape(1, 2, 1, 2))
    image = np.array([[0.9, 0.4]], np.float32)[..., None]
    found = occlusion_sensitivity(model, image, patch_size=1)
    assert found.winners.tolist() == [[1, 0]]
    np.testing.assert_allclose(found.logits, [[[0, 0.4], [0.9, 0]]], atol=1e-7)
    probabilities = inference.softmax(found.logits)
    np.testing.assert_array_equal(found.probabilities, probabilities)


@pytest.mark.parametrize(
    ("patch_size", "stride", "tops", "lefts"),
    [
        (3, 1, [0, 1, 2], [0, 1, 2, 3, 4]),
        (2, 2, [0, 2, 3], [0, 2, 4, 5]),
        (2, 3, [0, 3], [0, 3, 5]),
        (1, 4, [0, 4], [0, 4, 6]),
        (4, 9, [0, 1], [0, 3]),
        (5, 1, [0], [0, 1, 2]),
    ],
)
def test_positions_reach_the_border(
    patch_size: int, stride: int, tops: list[int], lefts: list[int]
) -> None:
    model = linear(np.ones((5, 7, 1, 2)))
    found = occlusion_sensitivity(model, picture((5, 7, 1)), patch_size, stride)
    assert (found.tops.tolist(), found.lefts.tolist()) == (tops, lefts)
    assert found.logits.shape == (len(tops), len(lefts), 2)


def test_pixels_that_no_position_covers_are_0() -> None:
    model = linear(np.ones((3, 7, 1, 2)))
    found = occlusion_sensitivity(model, np.ones((3, 7, 1)), patch_size=1, stride=4)
    expected = np.zeros((3, 7))
    expected[np.ix_([0, 2], [0, 4, 6])] = 1
    np.testing.assert_allclose(found.heatmap(SUM), expected, atol=1e-6)


@pytest.mark.parametrize(("fill", "level"), [("black", 0), ("white", 1), ("mean", 0.8 / 9)])
def test_fills_of_one_level(plane: keras.Model, fill: str, level: float) -> None:
    found = occlusion_sensitivity(plane, IMAGE, 1, 1, fill)
    np.testing.assert_allclose(found.filling, np.full((3, 3, 1), level), rtol=1e-6)
    np.testing.assert_allclose(found.heatmap(SUM), IMAGE[..., 0] - level, atol=1e-6)


def test_blur_is_gaussian_by_half_the_patch_size() -> None:
    image = picture((20, 28, 2))
    found = occlusion_sensitivity(small((20, 28, 2)), image, 4, 4, "blur")
    for channel in range(2):
        expected = gaussian_filter(image[..., channel], 2, mode="mirror")
        np.testing.assert_allclose(found.filling[..., channel], expected, atol=1e-3)


@pytest.mark.parametrize(("fill", "level"), [("black", 0.0), ("white", 1.0), ("mean", 0.25)])
def test_a_patch_that_changes_nothing_is_exactly_0(
    study: keras.Model, fill: str, level: float
) -> None:
    image = np.full((28, 28, 1), level, np.float32)
    found = occlusion_sensitivity(study, image, 4, 1, fill)
    assert (found.logits == found.base_logits).all()
    assert not found.heatmap(ClassScore(3)).any()
    assert not found.heatmap(ClassScore(3, 5), as_probability=True).any()


def test_empty_background_of_a_digit_is_exactly_0(study: keras.Model, digit: np.ndarray) -> None:
    found = occlusion_sensitivity(study, digit, 4, 1)
    ink = np.array(
        [
            [digit[top : top + 4, left : left + 4].any() for left in found.lefts]
            for top in found.tops
        ]
    )
    assert (found.drops(ClassScore(2))[~ink] == 0).all()
    assert (found.drops(ClassScore(2))[ink] != 0).all()


def test_any_picture_may_show_inside_the_patch(study: keras.Model, digit: np.ndarray) -> None:
    picture = np.random.default_rng(0).uniform(size=digit.shape).astype(np.float32)
    found = occlusion_sensitivity(study, digit, 4, 5, picture)
    np.testing.assert_array_equal(found.filling, picture)
    expected = brute_force(study, digit, found)
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=5e-5)
    with pytest.raises(ValueError, match="Expected images of shape"):
        occlusion_sensitivity(study, digit, 4, 5, picture[1:])


@pytest.mark.parametrize("fill", FILLS)
def test_skipping_is_exact(study: keras.Model, digit: np.ndarray, fill: str) -> None:
    before = digit.copy()
    found = occlusion_sensitivity(study, digit, 4, 1, fill)
    assert found.logits.shape == (25, 25, 10)
    expected = brute_force(study, digit, found)
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=5e-5)
    np.testing.assert_array_equal(found.winners, expected.argmax(axis=-1))
    np.testing.assert_allclose(
        found.base_logits, inference.logits(study, digit)[0], rtol=0, atol=5e-5
    )
    np.testing.assert_array_equal(digit, before)


SMALL_SHAPE = (9, 7, 1)


@pytest.fixture(scope="module")
def tiny() -> keras.Model:
    return small(SMALL_SHAPE)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    patch_size=st.integers(1, 7),
    stride=st.integers(1, 9),
    fill=st.sampled_from(FILLS),
    against=st.sampled_from([None, 0, 2]),
    seed=st.integers(0, 1000),
)
def test_equals_brute_force(
    tiny: keras.Model, patch_size: int, stride: int, fill: str, against: int | None, seed: int
) -> None:
    image = picture(SMALL_SHAPE, seed)
    found = occlusion_sensitivity(tiny, image, patch_size, stride, fill)
    logits = brute_force(tiny, image, found)
    np.testing.assert_allclose(found.logits, logits, rtol=0, atol=1e-5)
    score = ClassScore(1, against)
    for values, base, as_probability in (
        (logits, inference.logits(tiny, image)[0], False),
        (inference.softmax(logits), inference.predict(tiny, image).probabilities[0], True),
    ):
        expected = brute_average(found, score(base) - score(values))
        heatmap = found.heatmap(score, as_probability=as_probability)
        assert heatmap.dtype == np.float32
        np.testing.assert_allclose(heatmap, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("patch_size", "stride"), [(0, 1), (-1, 1), (4, 1), (1, 0), (1, -1)])
def test_patch_or_stride_out_of_range(plane: keras.Model, patch_size: int, stride: int) -> None:
    with pytest.raises(ValueError, match=r"Expected patch_size from 1 to 3 and stride.*Received"):
        occlusion_sensitivity(plane, IMAGE, patch_size, stride)


def test_unknown_fill_lists_the_fills(plane: keras.Model) -> None:
    with pytest.raises(
        ValueError, match=r"one of black, white, mean, blur, background.*fill='grey'"
    ):
        occlusion_sensitivity(plane, IMAGE, 1, 1, "grey")


@pytest.mark.parametrize("shape", [(3, 3), (3, 4, 1), (2, 3, 3, 1)])
def test_what_is_no_image(plane: keras.Model, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        occlusion_sensitivity(plane, np.zeros(shape))
