"""Incremental occlusion against the exact answer: each network in float64, on whole images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnn_core import activations, datasets, inference, models
from cnn_core.attribution import ClassScore
from cnn_core.attribution.occlusion import FILLS, OcclusionMap, occlusion_sensitivity, sensitivity
from cnn_core.attribution.occlusion.incremental import covered_logits
from cnn_core.attribution.occlusion.intervals import axis_plans
from cnn_core.attribution.occlusion.layer_chain import Chain, chain_of
from cnn_core.attribution.occlusion.schedule import schedule
from support.networks import picture, small

TOLERANCE = 1e-5
BRANCHED = {"resnet20", "mini_inception"}


@contextmanager
def doubles() -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def settle(model: keras.Model, seed: int = 0) -> keras.Model:
    """Give an untrained network biases and statistics as a training leaves them."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.name in ("bias", "beta", "moving_mean"):
            weight.assign(random.normal(0, 0.2, weight.shape))
        elif weight.name in ("gamma", "moving_variance"):
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return model


def twin_of(build: Callable[[], keras.Model], model: keras.Model) -> keras.Model:
    with doubles():
        twin = build()
    twin.set_weights([np.asarray(weight, np.float64) for weight in model.weights])
    return twin


@cache
def network(name: str) -> tuple[keras.Model, keras.Model]:
    """A network of MODELS, as shipped if it is, and the same in float64."""
    model = models.load_pretrained(name) if models.is_trained(name) else settle(models.build(name))
    return model, twin_of(lambda: models.build(name), model)


def picture_for(name: str, seed: int) -> np.ndarray:
    spec = models.get(name)
    if spec.dataset == "mnist":
        return datasets.load("mnist", split="test").images[seed]
    return picture(spec.input_shape, seed)


def exact(twin: keras.Model, image: np.ndarray, found: OcclusionMap, at: np.ndarray) -> np.ndarray:
    """The logits of the covered images at positions (n, 2) of a map, in float64."""
    covered = np.repeat(image[None], len(at), axis=0)
    for one, (row, column) in zip(covered, at, strict=True):
        top, left = found.tops[row], found.lefts[column]
        window = np.s_[top : top + found.patch_size, left : left + found.patch_size]
        one[window] = found.filling[window]
    return np.asarray(twin(covered.astype(np.float64), training=False))


def assert_exact(
    twin: keras.Model,
    image: np.ndarray,
    found: OcclusionMap,
    at: np.ndarray,
    atol: float = TOLERANCE,
) -> None:
    expected = exact(twin, image, found, at)
    np.testing.assert_allclose(found.logits[tuple(at.T)], expected, rtol=0, atol=atol)


def sample(found: OcclusionMap, count: int, seed: int) -> np.ndarray:
    """The four corners of a map and `count` other positions."""
    rows, columns = found.logits.shape[:2]
    corners = [(row, column) for row in (0, rows - 1) for column in (0, columns - 1)]
    random = np.random.default_rng(seed)
    return np.array([*corners, *random.integers(0, (rows, columns), (count, 2))])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in models.MODELS if name not in BRANCHED])
@settings(max_examples=3, deadline=None, derandomize=True, database=None)
@given(
    patch_size=st.integers(1, 14),
    stride=st.integers(1, 4),
    fill=st.sampled_from(FILLS),
    seed=st.integers(0, 9999),
)
def test_every_network_is_incremental_and_exact(
    name: str, patch_size: int, stride: int, fill: str, seed: int
) -> None:
    model, twin = network(name)
    image = picture_for(name, seed)
    stride = stride if image.shape[0] < 64 else stride + 3  # 64 x 64: fewer of 3,000 positions
    found = occlusion_sensitivity(model, image, patch_size, stride, fill)
    is_large = 7 * patch_size**2 > image.shape[0] * image.shape[1]
    assert bool(found.why_whole) is is_large
    # On whole images float32 itself is up to 1.3e-5 from float64.
    atol = 2 * TOLERANCE if is_large else TOLERANCE
    assert_exact(twin, image, found, sample(found, 12, seed), atol)


def test_a_large_patch_runs_whole_images_and_says_so(study: keras.Model, digit: np.ndarray) -> None:
    assert not occlusion_sensitivity(study, digit, 10, 9).why_whole
    found = occlusion_sensitivity(study, digit, 11, 9)
    assert found.why_whole == "a patch this large changes most of what every layer sees"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BRANCHED))
def test_branches_fall_back_to_whole_images_and_say_so(name: str) -> None:
    model, twin = network(name)
    image = picture_for(name, 3)
    found = occlusion_sensitivity(model, image, 9, 16)
    assert "joins branches" in found.why_whole or "branch before" in found.why_whole
    assert_exact(twin, image, found, sample(found, 2, 0), atol=5e-5)


def test_a_network_of_mixed_precision_runs_whole_images_and_says_so() -> None:
    usual = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        model = small((14, 11, 1))
    finally:
        keras.config.set_dtype_policy(usual)
    assert chain_of(model) == "it computes in bfloat16, not in float32"


def test_a_network_whose_places_never_end_says_so() -> None:
    inputs = keras.Input((6, 5, 1))
    model = keras.Model(inputs, layers.Conv2D(2, 3)(inputs))
    assert chain_of(model) == "its units never lose their places"


KINDS = ("conv", "conv", "conv", "max", "average", "norm", "activation", "zeros", "dropout")


@st.composite
def stacks(draw: st.DrawFn) -> tuple[tuple[int, int, int], list[tuple[Any, ...]], str, bool]:
    """The shape of a picture, the layers of a chain, and how it ends."""
    shape = draw(st.tuples(st.integers(5, 17), st.integers(5, 17), st.integers(1, 3)))
    side = st.integers(1, 4)
    parts = [
        (
            draw(st.sampled_from(KINDS)),
            (draw(side), draw(side)),
            (draw(st.integers(1, 3)), draw(st.integers(1, 3))),
            draw(st.sampled_from(["same", "valid"])),
            draw(st.sampled_from(["relu", "tanh", "linear", "leaky_relu", "gelu"])),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]
    return shape, parts, draw(st.sampled_from(["flatten", "mean"])), draw(st.booleans())


def build_stack(
    shape: tuple[int, int, int], parts: Sequence[tuple[Any, ...]], ending: str, is_normed: bool
) -> keras.Model:
    inputs = x = keras.Input(shape)
    for kind, window, strides, padding, activation in parts:
        height, width = x.shape[1:3]
        fits = padding == "same" or (window[0] <= height and window[1] <= width)
        if kind == "conv" and fits:
            x = layers.Conv2D(3, window, strides[0], padding, activation=activation)(x)
        elif kind == "max" and fits:
            x = layers.MaxPooling2D(window, strides, padding)(x)
        elif kind == "average" and window[0] <= height and window[1] <= width:
            x = layers.AveragePooling2D(window, strides)(x)
        elif kind == "norm":
            x = layers.BatchNormalization()(x)
        elif kind == "activation":
            x = layers.Activation(activation)(x)
        elif kind == "zeros":
            x = layers.ZeroPadding2D((window, strides))(x)
        elif kind == "dropout":
            x = layers.Dropout(0.5)(x)
    x = layers.Flatten()(x) if ending == "flatten" else layers.GlobalAveragePooling2D()(x)
    if is_normed and ending == "flatten":
        x = layers.BatchNormalization()(x)
    x = layers.Dense(5, activation="relu")(x)
    if is_normed:
        x = layers.BatchNormalization()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


@pytest.mark.slow
@settings(max_examples=16, deadline=None, derandomize=True, database=None)
@given(stacks(), st.integers(1, 14), st.integers(1, 4), st.sampled_from(FILLS), st.integers(0, 99))
def test_any_stack_equals_whole_images(
    stack: Any, patch_size: int, stride: int, fill: str, seed: int
) -> None:
    model = settle(build_stack(*stack), seed)
    twin = twin_of(lambda: build_stack(*stack), model)
    image = picture(stack[0], seed)
    patch_size = min(patch_size, *stack[0][:2])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sensitivity, "_LARGEST_SHARE", 1.0)
        found = occlusion_sensitivity(model, image, patch_size, stride, fill)
    assert not found.why_whole
    assert_exact(twin, image, found, sample(found, 8, seed))


def test_reach_by_hand() -> None:
    """A 3x3 convolution, a pooling of 2, and a 3x3 convolution that sees beyond the border."""
    inputs = keras.Input((12, 12, 1))
    x = layers.Conv2D(2, 3)(inputs)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(2, 3, padding="same")(x)
    chain = chain_of(keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x))))
    assert isinstance(chain, Chain)
    (down, across), (last, _) = axis_plans(chain, 2)
    # Rows 5 and 6 reach rows 3 to 6 of the first map, which two and a half windows of the pooling
    # see: so it is rows 2 to 7, with one more row of zeros on either side.
    assert down.lengths[:, 5].tolist() == [2, 6, 3]
    assert down.padding_plans[down.padding_plan[5]].pads == ((3, 3), (0, 0))
    assert [int(end[5]) for end in down.given] == [1, 3]
    # Columns 0 and 1 begin, in the first map, two places outside of it; there windows fit.
    assert across.lengths[:, 0].tolist() == [2, 4, 2]
    assert across.padding_plans[across.padding_plan[0]].pads == ((2, 2), (0, 0))
    assert across.padding_plans[across.padding_plan[0]].sticks_out == (False, True, True)
    # Rows 1 to 3 are more than half of the last map of 5: the smallest window that has them.
    assert last.is_fixed
    assert (int(last.first[5]), last.lengths[:, 5].tolist()) == (0, [4, 5])
    assert last.padding_plans[last.padding_plan[5]].pads == ((1, 2),)
    found = schedule(chain, np.array([[5, 0]]), 2)
    assert (found.ends.first.tolist(), found.ends.size.tolist()) == ([[0, 0]], [[5, 4]])


def test_reach_holds_all_that_changes() -> None:
    model = small((14, 11, 1), activation="tanh")
    chain = chain_of(model)
    assert isinstance(chain, Chain)
    image = picture((14, 11, 1), 1)
    before = activations.feature_maps(model, image)["pool"]
    for top, left in ((0, 0), (5, 4), (11, 8), (3, 8)):
        edited = image.copy()
        edited[top : top + 3, left : left + 3] = 1 - edited[top : top + 3, left : left + 3]
        changes = (activations.feature_maps(model, edited)["pool"] != before).any(axis=-1)
        ends = schedule(chain, np.array([[top, left]]), 3).ends
        (row, column), (height, width) = ends.first[0], ends.size[0]
        changes[row : row + height, column : column + width] = False
        assert not changes.any()


def test_a_pooling_sees_nothing_beyond_the_border() -> None:
    parts = [("max", (1, 2), (1, 1), "same", "relu")]
    model = settle(build_stack((5, 5, 1), parts, "flatten", is_normed=False))
    twin = twin_of(lambda: build_stack((5, 5, 1), parts, "flatten", is_normed=False), model)
    image = picture((5, 5, 1), 0)
    found = occlusion_sensitivity(model, image, 1, 1)
    assert_exact(twin, image, found, np.argwhere(np.ones((5, 5))))


@pytest.mark.slow
def test_pooling_before_a_norm_that_turns_the_order_round() -> None:
    def build() -> keras.Model:
        inputs = keras.Input((9, 9, 1))
        x = layers.Conv2D(4, 3, activation="relu")(inputs)
        x = layers.MaxPooling2D(2)(layers.BatchNormalization()(x))
        return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))

    model = settle(build())
    model.layers[2].gamma.assign([1.0, -1.0, 0.0, -0.5])
    chain = chain_of(model)
    assert isinstance(chain, Chain)
    assert [step.kind for step in chain.steps] == ["conv", "max", "sign", "activation", "scale"]
    image = picture((9, 9, 1))
    found = occlusion_sensitivity(model, image, 3, 1, "white")
    assert_exact(twin_of(build, model), image, found, np.argwhere(np.ones((7, 7))))


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.Lambda(lambda x: x), "is of another kind, Lambda"),
        (layers.AveragePooling2D(3, padding="same"), "averages beyond the border"),
        (layers.Conv2D(2, 1, groups=2), "is of another kind, Conv2D"),
        (layers.Conv2D(2, 2, (1, 2)), "has another stride along rows"),
    ],
)
def test_other_layers_are_named(layer: keras.Layer, reason: str) -> None:
    inputs = keras.Input((8, 8, 2))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layer(inputs))))
    found = occlusion_sensitivity(model, picture((8, 8, 2)), 4, 4)
    assert reason in found.why_whole


@pytest.mark.slow
def test_new_weights_give_a_new_map() -> None:
    model, image = small(), picture((20, 28, 1))
    before = occlusion_sensitivity(model, image, 4, 4)
    model.set_weights([weight * 1.1 for weight in model.get_weights()])
    after = occlusion_sensitivity(model, image, 4, 4)
    np.testing.assert_allclose(after.base_logits, inference.logits(model, image)[0], atol=1e-5)
    assert abs(after.logits - before.logits).max() > 0.01


def test_many_threads_get_the_same(study: keras.Model, digit: np.ndarray) -> None:
    def at_once(patch_size: int) -> np.ndarray:
        return occlusion_sensitivity(study, digit, patch_size, 4).heatmap(ClassScore(2))

    sizes = [3, 4, 5, 6] * 3
    expected = {size: at_once(size) for size in set(sizes)}
    with ThreadPoolExecutor(6) as pool:
        for size, heatmap in zip(sizes, pool.map(at_once, sizes), strict=True):
            np.testing.assert_allclose(heatmap, expected[size], rtol=0, atol=1e-6)


def test_one_position_alone_is_what_it_is_among_many(study: keras.Model, digit: np.ndarray) -> None:
    black = np.zeros_like(digit)
    starts = np.array([(top, left) for top in range(5, 20) for left in range(5, 20)])
    _, many = covered_logits(study, digit, black, starts, 5)
    _, one = covered_logits(study, digit, black, starts[40:41], 5)
    np.testing.assert_allclose(one[0], many[40], rtol=0, atol=2e-6)


@pytest.mark.slow
def test_a_chain_is_asked_for(digit: np.ndarray) -> None:
    model = models.build("resnet20")
    image = picture((32, 32, 3))
    with pytest.raises(ValueError, match=r"Expected a chain of layers\. Received: resnet20, since"):
        covered_logits(model, image, image, np.zeros((1, 2), int), 2)
