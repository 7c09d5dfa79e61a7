from __future__ import annotations

import numpy as np
import pytest

from cnn_core.augmentation import Augmentation, augment


def point(row: int, column: int, side: int = 21) -> np.ndarray:
    """One bright pixel, with soft edges so that it survives a fraction of a pixel."""
    image = np.zeros((1, side, side, 1), np.float32)
    image[0, row - 1 : row + 2, column - 1 : column + 2] = 1
    return image


def middle_of(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape[:2])
    ink = image[..., 0]
    return float((rows * ink).sum() / ink.sum()), float((columns * ink).sum() / ink.sum())


def many(image: np.ndarray, how: Augmentation, count: int = 400, seed: int = 0) -> np.ndarray:
    return augment(np.repeat(image, count, axis=0), how, np.random.default_rng(seed))


def test_nothing_asked_nothing_changed() -> None:
    images = np.random.default_rng(0).random((5, 7, 9, 3), np.float32)
    result = augment(images, Augmentation(), np.random.default_rng(1))
    np.testing.assert_allclose(result, images, atol=1e-6)
    assert result is not images


def test_same_numbers_give_the_same_images() -> None:
    how = Augmentation(rotation=10, shift=0.1, zoom=0.1, shear=5, thickness=0.5, softness=0.5)
    first, again, other = (many(point(10, 10), how, 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_shift_reaches_its_end_and_no_farther() -> None:
    places = np.array([middle_of(x) for x in many(point(10, 10), Augmentation(shift=0.2))])
    moved = np.abs(places - 10)
    assert 3.9 < moved.max() <= 4.2 + 1e-3  # a fifth of 21
    assert np.abs((places - 10).mean(axis=0)).max() < 0.5


def test_rotation_keeps_the_distance_from_the_middle() -> None:
    places = np.array([middle_of(x) for x in many(point(4, 10), Augmentation(rotation=30))])
    offset = places - 10
    np.testing.assert_allclose(np.hypot(*offset.T), 6, atol=0.15)
    angles = np.degrees(np.arctan2(offset[:, 1], -offset[:, 0]))
    assert 28 < angles.max() <= 30.5
    assert -30.5 <= angles.min() < -28


def test_shear_slants_upright_lines_only() -> None:
    """Six pixels above the middle, a slant of s degrees moves a point 6 tan(s) to the side."""
    how = Augmentation(shear=20)
    above = np.array([middle_of(x) for x in many(point(4, 10), how)])
    np.testing.assert_allclose(above[:, 0], 4, atol=0.1)
    assert 2.0 < np.abs(above[:, 1] - 10).max() <= 6 * np.tan(np.radians(20)) + 0.1
    beside = np.array([middle_of(x) for x in many(point(10, 4), how)])
    np.testing.assert_allclose(beside, [[10, 4]] * len(beside), atol=0.1)


def test_zoom_moves_points_in_and_out() -> None:
    places = np.array([middle_of(x) for x in many(point(4, 10), Augmentation(zoom=0.25))])
    assert 10 - 6 * 1.25 - 0.1 <= places[:, 0].min() < 3
    assert 5 < places[:, 0].max() <= 10 - 6 * 0.75 + 0.1


def test_flips_mirror_about_half_of_the_images() -> None:
    image = point(10, 4)
    result = many(image, Augmentation(flips=True))
    columns = np.array([middle_of(x)[1] for x in result])
    is_mirrored = columns > 10
    np.testing.assert_allclose(columns[is_mirrored], 16, atol=1e-3)
    np.testing.assert_allclose(columns[~is_mirrored], 4, atol=1e-3)
    assert 0.4 < is_mirrored.mean() < 0.6


def test_border_is_repeated_where_nothing_is() -> None:
    image = np.full((1, 9, 9, 3), 0.7, np.float32)
    how = Augmentation(rotation=40, shift=0.3, zoom=0.3, shear=20)
    np.testing.assert_allclose(many(image, how, 50), 0.7, atol=1e-5)


def test_thickness_changes_about_the_asked_share_both_ways() -> None:
    stroke = np.zeros((1, 28, 28, 1), np.float32)
    stroke[0, 5:23, 12:16] = 1
    result = many(stroke, Augmentation(thickness=0.5))
    ink = result.sum(axis=(1, 2, 3)) / stroke.sum()
    assert 0.4 < (np.abs(ink - 1) > 0.01).mean() < 0.6
    assert ink.max() > 1.2
    assert 0.3 < ink.min() < 0.95  # thinner, never gone


def test_softness_leaves_the_paper_blank_and_stays_in_range() -> None:
    result = many(point(10, 10), Augmentation(softness=1.0))
    assert result.min() >= 0
    assert result.max() <= 1
    assert not result[:, :3].any()
    assert len({round(float(x.sum()), 3) for x in result}) > 300


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (5, 11, 1)])
def test_shape_and_type_are_kept(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).random((3, *shape), np.float32)
    how = Augmentation(rotation=9, shift=0.1, zoom=0.1, shear=9, thickness=1, softness=1)
    result = augment(images, how, np.random.default_rng(0))
    assert result.shape == images.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
