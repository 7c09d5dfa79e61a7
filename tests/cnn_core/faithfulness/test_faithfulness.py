"""Deletion, insertion, stability and the sanity check, on networks worked out by hand."""

from __future__ import annotations

from functools import partial
from itertools import permutations

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core import faithfulness
from cnn_core.attribution import ClassScore, explain
from cnn_core.errors import PictureError
from cnn_core.faithfulness import deletion_insertion
from support import networks

# A row of seven pixels, four of them paper; class 0 has these weights and class 1 none.
WEIGHTS = np.array([2.0, 7.0, -1.0, 4.0, 7.0, 7.0, 7.0])
INK = np.array([1.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.0], np.float32)
PLACES = (0, 2, 3)
ROW = INK.reshape(1, 7, 1)
EVIDENCE = (WEIGHTS * INK).reshape(1, 7)

erasure_test = partial(faithfulness.deletion_insertion_test, background="paper")


def linear_row() -> keras.Model:
    weights = np.stack([WEIGHTS, np.zeros(7)], axis=-1)
    return networks.linear(weights.reshape(1, 7, 1, 2))


def sigmoid(margins: list[float]) -> np.ndarray:
    return 1 / (1 + np.exp(-np.array(margins)))


# --- The baseline ---


def test_only_ink_can_be_deleted_and_turns_into_paper() -> None:
    baseline = faithfulness.baseline_of(ROW, background="paper")
    np.testing.assert_array_equal(
        baseline.is_deletable, [[True, False, True, True, False, False, False]]
    )
    assert not baseline.image.any()


def test_a_photograph_turns_into_its_blurred_self() -> None:
    photograph = np.random.default_rng(0).random((16, 24, 3), np.float32)
    baseline = faithfulness.baseline_of(photograph, background="photo")
    assert baseline.is_deletable.all()
    assert baseline.image.shape == photograph.shape
    assert baseline.image.std() < 0.3 * photograph.std()
    np.testing.assert_allclose(baseline.image.mean(), photograph.mean(), atol=0.02)


def test_ink_of_the_widest_pens_turns_into_paper_too(wide_digit: np.ndarray) -> None:
    baseline = faithfulness.baseline_of(wide_digit, background="paper")
    np.testing.assert_array_equal(baseline.is_deletable, wide_digit[..., 0] > 0)
    assert not baseline.image.any()
    (gone,) = faithfulness.snapshots(wide_digit, wide_digit[..., 0], [1], background="paper")
    assert not gone.any()


def test_a_photograph_that_is_mostly_black_is_still_blurred() -> None:
    photograph = np.zeros((16, 24, 3), np.float32)
    photograph[4:9, 4:9] = 1
    assert faithfulness.baseline_of(photograph, background="photo").image.any()
    with pytest.raises(ValueError, match="Expected background to be one of paper, photo"):
        faithfulness.baseline_of(photograph, background="ink")  # type: ignore[arg-type]


def test_an_all_ink_picture_has_every_pixel_to_lose() -> None:
    baseline = faithfulness.baseline_of(np.ones((4, 6, 1), np.float32), background="paper")
    assert baseline.is_deletable.all()
    assert not baseline.image.any()


def test_a_blank_picture_has_nothing_to_take_away() -> None:
    with pytest.raises(PictureError, match=r"blank: there is nothing to take away.*Draw something"):
        faithfulness.baseline_of(np.zeros((4, 6, 1), np.float32), background="paper")


# --- Deletion and insertion ---


def test_curves_and_areas_of_a_linear_network_by_hand() -> None:
    """The margin is 2 - 1 + 2 = 3; without the 4 * 0.5 it is 1, without the 2 it is -1, then 0."""
    order = np.array([[2.0, 9, 1, 3, 9, 9, 9]])
    deleted = erasure_test(linear_row(), ROW, [order], ClassScore(0))
    assert deleted.num_pixels == 3
    np.testing.assert_allclose(deleted.deletion.shares, [0, 1 / 3, 2 / 3, 1])
    expected = sigmoid([3, 1, -1, 0])
    np.testing.assert_allclose(deleted.deletion.scores[0], [3, 1, -1, 0], atol=1e-6)
    np.testing.assert_allclose(deleted.deletion.probabilities[0], expected, atol=1e-6)
    by_hand = (expected[0] / 2 + expected[1] + expected[2] + expected[3] / 2) / 3
    np.testing.assert_allclose(deleted.deletion.areas, [by_hand], atol=1e-6)
    np.testing.assert_allclose(deleted.insertion.scores[0], [0, 2, 4, 3], atol=1e-6)
    np.testing.assert_allclose(deleted.insertion.probabilities[0], sigmoid([0, 2, 4, 3]), atol=1e-6)


def test_no_order_beats_weight_times_pixel_on_a_linear_network() -> None:
    orders = [np.zeros((1, 7)) for _ in range(6)]
    for order, places in zip(orders, permutations(PLACES), strict=True):
        order[0, list(places)] = [3, 2, 1]
    test = erasure_test(linear_row(), ROW, [EVIDENCE, *orders], ClassScore(0))
    assert (test.deletion.areas[0] <= test.deletion.areas + 1e-6).all()
    assert (test.insertion.areas[0] >= test.insertion.areas - 1e-6).all()
    assert test.deletion.areas[0] < test.deletion.areas.max() - 0.1


def test_a_margin_gives_the_probability_out_of_its_two_classes() -> None:
    weights = np.random.default_rng(0).normal(size=(2, 3, 1, 3))
    picture = np.array([[0, 0.5, 0], [1, 0, 0]], np.float32)[..., None]
    test = erasure_test(networks.linear(weights), picture, [picture[..., 0]], ClassScore(2, 0))
    full = float((picture[..., None] * weights).sum(axis=(0, 1, 2)) @ [-1, 0, 1])
    np.testing.assert_allclose(test.deletion.scores[0, 0], full, atol=1e-6)
    np.testing.assert_allclose(test.deletion.probabilities[0, 0], sigmoid([full])[0], atol=1e-6)


@pytest.fixture(scope="module")
def convolutional() -> keras.Model:
    return networks.small((20, 28, 1))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """About a third of it is ink."""
    return (networks.picture((20, 28, 1)) - 0.3).clip(0)


def test_both_curves_run_between_the_full_and_the_empty_picture(
    convolutional: keras.Model, picture: np.ndarray
) -> None:
    heatmap = explain(convolutional, picture, 1, method="occlusion").heatmap
    test = erasure_test(convolutional, picture, [heatmap, -heatmap], ClassScore(1))
    assert test.deletion.probabilities.shape == (2, deletion_insertion.MAX_STEPS + 1)
    assert test.num_pixels == np.count_nonzero(picture)
    np.testing.assert_allclose(
        test.deletion.probabilities[:, [0, -1]],
        test.insertion.probabilities[:, [-1, 0]],
        atol=1e-6,
    )
    # A reversed order deletes last what it would insert first.
    np.testing.assert_allclose(
        test.deletion.probabilities[1], test.insertion.probabilities[0, ::-1], atol=1e-5
    )
    assert test.deletion.areas[0] < test.random_deletion.areas.min()
    assert test.deletion.areas[1] > test.random_deletion.areas.max()
    assert test.insertion.areas[0] > test.random_insertion.areas.max()


def test_random_orders_are_what_a_map_without_meaning_gets(
    convolutional: keras.Model, picture: np.ndarray
) -> None:
    noise = np.random.default_rng(5).random((30, 20, 28))
    test = erasure_test(convolutional, picture, list(noise), ClassScore(1))
    spread = test.random_deletion.areas.std()
    assert abs(test.deletion.areas.mean() - test.random_deletion.areas.mean()) < spread
    np.testing.assert_allclose(test.random_deletion.areas, test.random_insertion.areas, atol=1e-6)
    np.testing.assert_allclose(test.random_insertion.shares[[0, -1]], [0, 1])


def test_the_same_seed_gives_the_same_orders_and_another_one_others(
    convolutional: keras.Model, picture: np.ndarray
) -> None:
    heatmap = np.zeros((20, 28))
    one, again, other = (
        erasure_test(convolutional, picture, [heatmap], ClassScore(0), seed=seed)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.deletion.areas, again.deletion.areas)
    np.testing.assert_array_equal(one.random_deletion.areas, again.random_deletion.areas)
    assert one.deletion.areas != other.deletion.areas
    assert (one.random_deletion.areas != other.random_deletion.areas).all()


def test_equal_pixels_do_not_come_in_reading_order() -> None:
    where = np.ones((20, 28), bool)
    order = faithfulness.pixel_order(np.zeros((20, 28)), where)
    rows, columns = np.divmod(order, 28)
    place = np.arange(560)
    for along in (rows, columns):
        assert abs(np.corrcoef(along, place)[0, 1]) < 0.15
    halves = np.zeros((20, 28))
    halves[10:] = 1
    assert set(faithfulness.pixel_order(halves, where)[:280] // 28) == set(range(10, 20))


def test_one_pixel_of_ink_and_a_picture_full_of_it(convolutional: keras.Model) -> None:
    dot = np.zeros((20, 28, 1), np.float32)
    dot[9, 13] = 1
    test = erasure_test(convolutional, dot, [dot[..., 0]], ClassScore(0))
    np.testing.assert_array_equal(test.deletion.shares, [0, 1])
    np.testing.assert_allclose(test.deletion.areas, test.random_deletion.areas[:1], atol=1e-6)
    full = np.ones((20, 28, 1), np.float32)
    test = erasure_test(convolutional, full, [full[..., 0]], ClassScore(0))
    assert test.num_pixels == 560
    assert np.isfinite(test.deletion.areas).all()


@pytest.mark.parametrize(
    "heatmap", [np.zeros((28, 20)), np.full((20, 28), np.nan)], ids=["turned", "not a number"]
)
def test_a_map_that_does_not_fit_is_refused(
    convolutional: keras.Model, picture: np.ndarray, heatmap: np.ndarray
) -> None:
    with pytest.raises(ValueError, match=r"Expected finite heatmaps of shape \(20, 28\)"):
        erasure_test(convolutional, picture, [heatmap], ClassScore(0))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"max_steps": 0}, "Expected max_steps of at least 1. Received: max_steps=0"),
        ({"num_orders": -1}, "Expected num_orders of at least 0. Received: num_orders=-1"),
    ],
)
def test_curves_without_a_step_are_refused(
    convolutional: keras.Model, picture: np.ndarray, counts: dict[str, int], said: str
) -> None:
    """Their area would be 0, as if the map were perfect."""
    with pytest.raises(ValueError, match=said):
        erasure_test(convolutional, picture, [], ClassScore(0), **counts)


# --- Agreement and stability ---


def test_rank_correlation_by_hand() -> None:
    """Of 1 2 3 4 against 1 3 2 4: 1 - 6 * (0 + 1 + 1 + 0) / (4 * 15) = 0.8."""
    first, where = np.array([[1.0, 2, 3, 4, 99]]), np.array([[True] * 4 + [False]])
    assert faithfulness.rank_correlation(
        first, np.array([[10.0, 30, 20, 40, -5]]), where
    ) == pytest.approx(0.8)
    assert faithfulness.rank_correlation(first, first**3, where) == pytest.approx(1)
    assert faithfulness.rank_correlation(first, -first, where) == pytest.approx(-1)
    assert faithfulness.similarity(first, -first, where) == pytest.approx(1)


def test_a_constant_map_and_a_single_pixel_have_no_order() -> None:
    ramp, where = np.arange(6.0).reshape(2, 3), np.ones((2, 3), bool)
    assert faithfulness.rank_correlation(ramp, np.zeros((2, 3)), where) is None
    one = np.zeros((2, 3), bool)
    one[1, 1] = True
    assert faithfulness.rank_correlation(ramp, ramp, one) is None
    assert faithfulness.verdict(None) == "nothing to compare"


def test_stability_of_maps_that_hold_still_and_of_maps_that_do_not(
    convolutional: keras.Model, picture: np.ndarray
) -> None:
    baseline, ramp = (
        faithfulness.baseline_of(picture, background="paper"),
        np.arange(560.0).reshape(20, 28),
    )
    copies = []

    def still(_: keras.Model, copy: np.ndarray) -> np.ndarray:
        copies.append(copy)
        return ramp

    def restless(_: keras.Model, copy: np.ndarray) -> np.ndarray:
        return np.random.default_rng(int(1e6 * copy.sum())).random((20, 28))

    def nothing(_: keras.Model, copy: np.ndarray) -> np.ndarray:
        return np.zeros((20, 28))

    def of(make_map: faithfulness.MapMaker) -> float | None:
        return faithfulness.stability(make_map, convolutional, picture, ramp, baseline)

    assert of(still) == pytest.approx(1)
    assert of(restless) == pytest.approx(0, abs=0.15)
    assert of(nothing) is None
    for copy in copies:
        assert not copy[~baseline.is_deletable].any()
        assert copy.min() >= 0
        assert copy.max() <= 1
        assert 0.01 < np.abs(copy - picture)[baseline.is_deletable].mean() < 0.1
    assert not np.array_equal(copies[0], copies[1])


# --- The sanity check ---


def test_a_randomised_network_forgets_and_the_trained_one_does_not(
    convolutional: keras.Model,
) -> None:
    before = convolutional.get_weights()
    one, again, other = (faithfulness.randomised(convolutional, seed=seed) for seed in (0, 0, 1))
    for kept, now in zip(before, convolutional.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    kernels = [i for i, weights in enumerate(before) if weights.ndim > 1]
    for i in kernels:
        assert not np.array_equal(one.get_weights()[i], before[i])
        np.testing.assert_array_equal(one.get_weights()[i], again.get_weights()[i])
        assert not np.array_equal(one.get_weights()[i], other.get_weights()[i])


def test_the_cascade_goes_down_from_the_last_layer(convolutional: keras.Model) -> None:
    assert faithfulness.stages(convolutional) == ("logits", "conv2", "conv1")
    half = faithfulness.randomised(convolutional, lowest="conv2")
    for name, is_kept in (("conv1", True), ("conv2", False), ("logits", False)):
        kernels = (net.get_layer(name).get_weights()[0] for net in (half, convolutional))
        assert np.array_equal(*kernels) is is_kept
    with pytest.raises(ValueError, match=r"Expected lowest to be one of.*lowest='pool'"):
        faithfulness.randomised(convolutional, lowest="pool")


def test_a_deep_network_is_taken_apart_in_few_stages() -> None:
    inputs = x = keras.Input((3,))
    for i in range(20):
        x = layers.Dense(3, name=f"layer{i}")(x)
    found = faithfulness.stages(keras.Model(inputs, x))
    assert len(found) == faithfulness.randomisation.MAX_STAGES
    assert (found[0], found[-1]) == ("layer19", "layer0")


@pytest.mark.slow
def test_the_check_finds_out_the_map_that_only_shows_the_picture(
    convolutional: keras.Model, picture: np.ndarray
) -> None:
    where = faithfulness.baseline_of(picture, background="paper").is_deletable

    def shapes(network: keras.Model, image: np.ndarray) -> np.ndarray:
        return image[..., 0]

    def saliency(network: keras.Model, image: np.ndarray) -> np.ndarray:
        return explain(network, image, 1).heatmap

    for make_map, expected in ((shapes, "fails"), (saliency, "passes")):
        heatmap = make_map(convolutional, picture)
        found = dict(faithfulness.cascade(make_map, convolutional, picture, heatmap, where))
        assert tuple(found) == faithfulness.stages(convolutional)
        assert faithfulness.verdict(found["conv1"]) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-0.9, "passes"), (0.49, "passes"), (0.5, "doubtful"), (0.79, "doubtful"), (0.8, "fails")],
)
def test_the_verdict_has_stated_limits(value: float, expected: str) -> None:
    assert faithfulness.verdict(value) == expected


def test_a_method_that_stays_without_the_last_layer_fails() -> None:
    assert faithfulness.verdict(0.1, 0.79) == "passes"
    assert faithfulness.verdict(0.1, 0.8) == "fails"
    assert faithfulness.verdict(0.6, None) == "doubtful"


def test_snapshots_lose_what_the_map_ranks_first() -> None:
    pictures = faithfulness.snapshots(
        ROW, np.array([[3.0, 9, 1, 2, 9, 9, 9]]), (0, 1 / 3, 1), background="paper"
    )
    np.testing.assert_array_equal(pictures[0], ROW)
    np.testing.assert_array_equal(pictures[1, 0, :4, 0], [0, 0, 1, 0.5])
    assert not pictures[2].any()
