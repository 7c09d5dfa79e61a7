"""Known answers of the single methods, on networks that one can work out by hand."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from cnn_core import activations, inference, models
from cnn_core.attribution import (
    METHODS,
    ClassScore,
    UnsupportedLayerError,
    explain,
    explain_batch,
    obstacle,
)
from cnn_core.attribution.superpixels import superpixels
from cnn_core.models.layers import LocalResponseNormalization
from support.networks import bent, linear, picture, small, two_maps

WEIGHTS = np.array(
    [
        [[[2.0, 1.0, 0.0]], [[-3.0, 0.5, 1.0]], [[0.0, 0.0, 0.0]]],
        [[[1.0, -1.0, 4.0]], [[0.25, 2.0, -2.0]], [[-1.0, -1.0, 1.0]]],
    ],
    np.float32,
)
IMAGE = np.array([[0.5, 1.0, 0.25], [0.0, 0.8, 0.1]], np.float32)[..., None]
COMPLETE = [name for name, row in METHODS.items() if row.baselines is not None]


def allclose(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        found, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max(initial=0))
    )


@pytest.fixture(scope="module")
def plane() -> keras.Model:
    return linear(WEIGHTS)


@pytest.fixture(scope="module")
def net() -> keras.Model:
    return small()


def heat(model: keras.Model, image: np.ndarray, target: int = 0, **asked: Any) -> np.ndarray:
    return explain(model, image, target, **asked).heatmap


# --- A linear network: every share is weight times what changed ---


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("deep_lift", {}),
        ("lrp_epsilon", {"epsilon": 0.0}),
        ("kernel_shap", {"pieces": 6}),
        ("kernel_shap", {"pieces": 6, "samples": 40}),
        ("lime", {"pieces": 6}),
    ],
)
@pytest.mark.parametrize("against", [None, 2])
def test_shares_of_a_linear_network(
    plane: keras.Model, method: str, options: dict, against: int | None
) -> None:
    weights = WEIGHTS[..., 1] - (0 if against is None else WEIGHTS[..., against])
    found = heat(plane, IMAGE, 1, against=against, method=method, **options)
    allclose(found, (weights * IMAGE)[..., 0])


@pytest.mark.parametrize("method", ["integrated_gradients", "deep_lift", "kernel_shap", "lime"])
def test_a_baseline_of_ones_own(plane: keras.Model, method: str) -> None:
    start = np.array([[0.5, 0.0, 1.0], [0.2, 0.4, 0.1]], np.float32)[..., None]
    options: dict[str, Any] = {"pieces": 6} if method in ("kernel_shap", "lime") else {}
    options["background"] = "photo"
    found = explain(plane, IMAGE, 0, method=method, baseline=start, **options)
    expected = WEIGHTS[..., 0] * (IMAGE - start)
    allclose(found.heatmap, expected[..., 0])
    nothing = explain(plane, IMAGE, 0, method=method, baseline=IMAGE, **options)
    assert np.abs(nothing.heatmap).max() < 1e-6


def test_expected_gradients_of_a_linear_network(plane: keras.Model) -> None:
    references = picture((4, *IMAGE.shape), seed=3)
    found = explain(plane, IMAGE, 1, method="expected_gradients", references=references, samples=12)
    allclose(found.heatmap, (WEIGHTS[..., 1] * (IMAGE - references.mean(axis=0)))[..., 0])
    scores = inference.logits(plane, references)[:, 1]
    assert found.baseline_value == pytest.approx(scores.mean(), abs=1e-6)
    assert found.convergence_delta == pytest.approx(0, abs=1e-5)


def test_rise_of_a_linear_network() -> None:
    """Masks of single pixels: the score is higher by weight times pixel where one is shown."""
    weights = np.random.default_rng(0).normal(size=(8, 8, 1, 2)).astype(np.float32)
    image = 0.2 + 0.8 * np.random.default_rng(1).random((8, 8, 1), np.float32)
    found = heat(linear(weights), image, method="rise", cells=8, samples=4096)
    expected = (weights[..., 0] * image)[..., 0]
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98
    assert np.abs(found - expected).mean() < 0.15


# --- Bends ---


def test_var_grad_is_the_variance_of_the_gradient() -> None:
    """|x - 0.5| + 3 y at x = 0.5: half the noisy slopes are 1 and half -1; y's is always 3."""
    model = bent(np.array([[1, -1, 0], [0, 0, 3]]), np.array([-0.5, 0.5, 9]))
    image = np.array([0.5, 1.0], np.float32).reshape(1, 2, 1)
    found = heat(model, image, method="var_grad", samples=200)
    assert found[0, 0] == pytest.approx(1, abs=0.05)
    assert found[0, 1] == pytest.approx(0, abs=1e-6)


def signed_bends() -> keras.Model:
    """The logit relu(x + y - 1) - relu(y) + relu(x - 2): a bend that lowers it, and one off."""
    model = bent(np.array([[1, 0, 1], [1, 1, 0]]), np.array([-1.0, 0.0, -2.0]))
    kernel, bias, _ = model.get_weights()
    model.set_weights([kernel, bias, np.array([[1.0], [-1.0], [1.0]])])
    return model


def test_guided_backprop_and_deconvolution_by_hand() -> None:
    image = np.array([0.75, 1.0], np.float32).reshape(1, 2, 1)
    model = signed_bends()
    # Plain: x 1, y 1 - 1. Guided lets 1 through the first bend only; deconvolution also through
    # the one that is off, which x feeds.
    allclose(heat(model, image), [[1, 0]])
    allclose(heat(model, image, method="guided_backprop"), [[1, 1]])
    allclose(heat(model, image, method="deconvolution"), [[2, 1]])


@pytest.mark.slow
def test_guided_backprop_takes_relu_layers_like_activations(net: keras.Model) -> None:
    """And leaves out what is no ReLU: there it is the gradient."""
    inputs = keras.Input((20, 28, 1))
    x = inputs
    for name in ("conv1", "conv2"):
        like = net.get_layer(name)
        x = layers.ReLU()(layers.Conv2D(like.filters, 3)(x))
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    apart = keras.Model(inputs, layers.Dense(3, name="logits")(x))
    apart.set_weights(net.get_weights())
    image = picture((20, 28, 1))
    for method in ("guided_backprop", "deconvolution", "deep_lift", "lrp_epsilon"):
        allclose(heat(apart, image, method=method), heat(net, image, method=method))
    smooth = small((9, 11, 1), activation="tanh")
    tiny = picture((9, 11, 1))
    for method in ("guided_backprop", "deconvolution"):
        allclose(heat(smooth, tiny, method=method), heat(smooth, tiny))
    assert not np.allclose(heat(net, image, method="guided_backprop"), heat(net, image))


def test_deep_lift_by_hand() -> None:
    """relu(x + y - 1) - relu(y) + relu(x - 2) from black: the units rise by 0.75, 1 and 0."""
    image = np.array([0.75, 1.0], np.float32).reshape(1, 2, 1)
    found = explain(signed_bends(), image, 0, method="deep_lift")
    # The first unit's sum rises by 1.75, so its multiplier is 0.75 / 1.75.
    slope = 0.75 / 1.75
    allclose(found.heatmap, [[0.75 * slope, slope - 1]])
    assert found.score_value == pytest.approx(-0.25)
    assert found.baseline_value == pytest.approx(0)


def test_deep_lift_through_a_pooling_by_hand() -> None:
    """max(x, y): from (0, 0.5) to (1, 0.25) the first takes over and brings all of the rise."""
    inputs = keras.Input((1, 2, 1))
    pooled = layers.Flatten()(layers.MaxPooling2D((1, 2))(inputs))
    model = keras.Model(inputs, layers.Dense(1, use_bias=False, name="logits")(pooled))
    model.set_weights([np.array([[2.0]])])
    image, start = (np.array(v, np.float32).reshape(1, 2, 1) for v in ([1, 0.25], [0, 0.5]))
    found = explain(model, image, 0, method="deep_lift", baseline=start)
    allclose(found.heatmap, [[1, 0]])
    back = explain(model, start, 0, method="deep_lift", baseline=image)
    allclose(back.heatmap, [[-1, 0]])
    assert found.convergence_delta == pytest.approx(0)


def relevance(model: keras.Model, image: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    """LRP-epsilon of a network of dense layers as the paper writes it."""
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    values, sums = [image.ravel().astype(np.float64)], []
    for layer in dense:
        kernel, bias = (weight.numpy().astype(np.float64) for weight in layer.weights)
        sums.append(values[-1] @ kernel + bias)
        values.append(sums[-1] if layer is dense[-1] else sums[-1].clip(0))
    shares = np.where(np.arange(len(sums[-1])) == target, sums[-1], 0)
    for layer, value, total in zip(dense[::-1], values[-2::-1], sums[::-1], strict=True):
        amount = epsilon * np.abs(total).mean()
        stable = total + np.where(total < 0, -amount, amount)
        shares = value * (layer.kernel.numpy() @ (shares / stable))
    return shares.reshape(image.shape[:2])


@pytest.mark.parametrize("epsilon", [0.05, 1.0])
def test_lrp_epsilon_by_its_formula(epsilon: float) -> None:
    inputs = keras.Input((3, 4, 1))
    x = layers.Flatten()(inputs)
    for units in (7, 5):
        x = layers.Dense(units, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(3, name="logits")(x))
    random = np.random.default_rng(2)
    for weight in model.weights:
        weight.assign(random.normal(0, 0.6, weight.shape))
    image = picture((3, 4, 1), seed=1)
    for target in range(3):
        found = heat(model, image, target, method="lrp_epsilon", epsilon=epsilon)
        allclose(found, relevance(model, image, target, epsilon))


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.01, 1e-4, 100])
def test_lrp_does_not_depend_on_the_size_of_the_activations(scale: float) -> None:
    weights = np.random.default_rng(0).normal(size=(3, 4, 1, 3)).astype(np.float32)
    flat, deep = linear(weights), bent(np.random.default_rng(1).normal(size=(12, 5)), np.zeros(5))
    for model, image in (flat, picture((3, 4, 1))), (deep, picture((1, 12, 1))):
        before = explain(model, image, 0, method="lrp_epsilon")
        model.set_weights([scale * weight for weight in model.get_weights()])
        after = explain(model, image, 0, method="lrp_epsilon")
        allclose(after.heatmap / after.score_value, before.heatmap / before.score_value)
        assert after.conserved_share == pytest.approx(before.conserved_share, rel=1e-4)


@pytest.mark.parametrize(("logits", "share"), [([0.08, 0.08], 10 / 11), ([0.09, 0.03], 15 / 16)])
def test_the_share_that_lrp_conserves_by_hand(logits: list[float], share: float) -> None:
    """A sum s keeps s / (s + a tenth of the mean); with epsilon 0 all is kept."""
    model = linear(np.array([[logits, [0, 0]]], np.float32).reshape(1, 2, 1, 2))
    image = np.ones((1, 2, 1), np.float32)
    found = explain(model, image, 0, method="lrp_epsilon", epsilon=0.1)
    assert found.conserved_share == pytest.approx(share, rel=1e-5)
    exact = explain(model, image, 0, method="lrp_epsilon", epsilon=0.0)
    assert exact.conserved_share == pytest.approx(1)
    assert explain(model, image, 0, method="input_x_gradient").conserved_share is None
    assert explain(model, 0 * image, 0, method="lrp_epsilon").conserved_share is None


def test_lrp_with_epsilon_0_is_input_x_gradient_in_a_network_of_relus(net: keras.Model) -> None:
    image = picture((20, 28, 1))
    allclose(
        heat(net, image, method="lrp_epsilon", epsilon=0.0),
        heat(net, image, method="input_x_gradient"),
        1e-4,
    )


# --- Sums ---


@pytest.mark.slow
@pytest.mark.parametrize("name", ["study", "ann", "report", "lenet5", "resnet20", "mini_inception"])
def test_deep_lift_adds_up_in_every_kind_of_network(name: str) -> None:
    """Leaky ReLUs, tanh, normalised, averaged, added and joined branches, padding, dense nets."""
    keras.utils.set_random_seed(1)
    model = models.build(name)
    assert obstacle(model, "deep_lift") is None
    for weight in model.weights:  # normalisations that do something
        if any(word in weight.name for word in ("moving_mean", "beta", "bias")):
            weight.assign(np.random.default_rng(0).normal(0, 0.3, weight.shape))
    image = picture(model.input_shape[1:])
    for baseline in ("black", "blurred"):
        found = explain(model, image, 3, against=8, method="deep_lift", baseline=baseline)
        assert found.baseline_value is not None
        rise = abs(found.score_value - found.baseline_value)
        assert abs(found.convergence_delta or 0) < 1e-4 * max(rise, 1)


@pytest.mark.parametrize("samples", [256, 64])
@pytest.mark.parametrize("baseline", ["black", "blurred"])
def test_shapley_values_add_up(
    study: keras.Model, digit: np.ndarray, samples: int, baseline: str
) -> None:
    found = explain(study, digit, 2, method="kernel_shap", samples=samples, baseline=baseline)
    assert found.convergence_delta == pytest.approx(0, abs=1e-4)
    assert found.score_value != found.baseline_value


def test_shapley_values_are_the_mean_over_all_orders(net: keras.Model) -> None:
    image = np.zeros((20, 28, 1), np.float32)
    for i, (row, column) in enumerate([(5, 6), (5, 15), (12, 9), (13, 20)]):
        image[row : row + 3, column : column + 3] = 0.3 + 0.2 * i
    labels = superpixels(image, 4, "paper")
    assert labels.max() == 3
    expected = np.zeros(4)
    for order in permutations(range(4)):
        seen = np.zeros_like(image)
        before = inference.logits(net, seen)[0, 1]
        for piece in order:
            seen[labels == piece] = image[labels == piece]
            after = inference.logits(net, seen)[0, 1]
            expected[piece] += (after - before) / 24
            before = after
    found = heat(net, image, 1, method="kernel_shap", pieces=4)
    allclose([found[labels == piece].sum() for piece in range(4)], expected)
    # A budget below all 16 choices cannot be had with 4 pieces, so fit many choices of 5.
    exact, fitted = (
        heat(net, picture((20, 28, 1)), 1, method="kernel_shap", pieces=9, samples=samples)
        for samples in (512, 496)
    )
    assert np.corrcoef(exact.ravel(), fitted.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("method", [name for name in METHODS if name not in COMPLETE])
def test_methods_that_promise_no_sum_have_no_gap(method: str, net: keras.Model) -> None:
    assert explain(net, picture((20, 28, 1)), 0, method=method).convergence_delta is None


def test_the_gap_of_too_few_steps_is_told() -> None:
    """relu(x - 0.7) at x = 1: of four midpoints one lies behind the bend, 0.25 instead of 0.3."""
    model = bent(np.ones((1, 1)), np.array([-0.7]))
    image = np.ones((1, 1, 1), np.float32)
    found = explain(model, image, 0, method="integrated_gradients", steps=4)
    assert found.convergence_delta == pytest.approx(-0.05)


# --- Class activation maps ---

MAP_WEIGHTS = np.array(
    [
        [[[1.0, 0.0], [0.5, 1.0]], [[-1.0, 2.0], [0.0, 0.0]]],
        [[[3.0, -1.0], [-1.5, 2.0]], [[1.0, 1.0], [0.5, -1.0]]],
    ],
    np.float32,
)
SQUARE = np.array([[0.5, 1.0], [0.25, 0.0]], np.float32)[..., None]


def test_hires_cam_by_hand() -> None:
    # Of the maps x and -2x class 0 adds up, place by place, (w1 - 2 w2) x.
    allclose(heat(two_maps(MAP_WEIGHTS), SQUARE, method="hires_cam"), [[0, 0], [1.5, 0]])


@pytest.mark.parametrize("seed", range(2))
def test_hires_cam_by_its_formula(seed: int) -> None:
    """In front of the dense layer the sum over the places is the logit without its bias."""
    model, image = small((20, 28, 1), seed=seed), picture((20, 28, 1), seed)
    maps = activations.feature_maps(model, image)["pool"]
    dense = model.get_layer("logits")
    products = maps[..., None] * dense.kernel.numpy().reshape(*maps.shape, 3)
    allclose(
        products.sum(axis=(0, 1, 2)) + dense.bias.numpy(), inference.logits(model, image)[0], 1e-4
    )
    for target in range(3):
        found = heat(model, image, target, method="hires_cam", layer="pool")
        cam = products[..., target].sum(axis=-1).clip(0)
        allclose(found[0, 0], cam[0, 0], 1e-4)
        allclose(found[-1, -1], cam[-1, -1], 1e-4)
        assert found.max() == pytest.approx(cam.max(), rel=0.35)


def test_finer_cam_by_hand() -> None:
    model = two_maps(MAP_WEIGHTS)
    # Mean gradients: class 0 has 1 and -0.125, class 1 has 0.5 and 0.5; x and -2x are weighed
    # with 1 - s / 2 and -0.125 - s / 2.
    for strength in (0.0, 0.6, 1.0):
        expected = (1 - strength / 2 + 0.25 + strength) * SQUARE[..., 0]
        for against in (None, 1):  # there is one other class, so it is the nearest
            found = heat(model, SQUARE, against=against, method="finer_cam", strength=strength)
            allclose(found, expected)


def test_finer_cam_looks_for_the_class_most_like_it(study: keras.Model, digit: np.ndarray) -> None:
    logits = inference.logits(study, digit)[0]
    nearest = int(np.argsort(-logits)[1])
    found = heat(study, digit, 2, method="finer_cam", strength=1.0)
    allclose(found, heat(study, digit, 2, method="finer_cam", against=nearest, strength=1.0))
    allclose(found, heat(study, digit, 2, method="grad_cam", against=nearest))
    assert not np.allclose(found, heat(study, digit, 2, method="grad_cam"))


def test_guided_grad_cam_is_the_product(study: keras.Model, digit: np.ndarray) -> None:
    cam, guided, both = (
        heat(study, digit, 2, method=method)
        for method in ("grad_cam", "guided_backprop", "guided_grad_cam")
    )
    allclose(both, cam * guided)


# --- Pieces ---


def test_pieces_of_ink_are_connected_and_leave_the_ground_out(digit: np.ndarray) -> None:
    labels = superpixels(digit, 10, "paper")
    np.testing.assert_array_equal(labels >= 0, digit[..., 0] > 0)
    assert labels.max() + 1 == 10
    sizes = np.bincount(labels[labels >= 0])
    assert sizes.min() >= 4
    for piece in range(10):
        assert number_of_parts(labels == piece) == 1


def test_the_paper_below_the_widest_pens_is_no_piece(wide_digit: np.ndarray) -> None:
    labels = superpixels(wide_digit, 10, "paper")
    np.testing.assert_array_equal(labels >= 0, wide_digit[..., 0] > 0)


@pytest.mark.parametrize("method", ["lime", "kernel_shap"])
def test_pieces_go_by_the_background_and_not_by_the_pixels(net: keras.Model, method: str) -> None:
    black = np.zeros((20, 28, 1), np.float32)
    assert (superpixels(black, 5, "paper") == -1).all()
    assert (superpixels(black, 5, "photo") >= 0).all()
    image = picture((20, 28, 1))
    image[:15] = 0
    options: dict[str, Any] = {"method": method, "baseline": 1 - image / 2}
    assert not heat(net, image, **options)[:15].any()
    found = explain(net, image, 0, background="photo", **options)
    assert found.heatmap[:15].any()
    if method == "kernel_shap":
        assert found.convergence_delta == pytest.approx(0, abs=1e-4)
    with pytest.raises(ValueError, match="Expected background to be one of paper, photo"):
        heat(net, image, background="ink", **options)


def number_of_parts(mask: np.ndarray) -> int:
    from scipy.ndimage import label

    return int(label(mask, np.ones((3, 3)))[1])


def test_pieces_of_a_picture_cover_it_and_keep_to_its_edges() -> None:
    image = np.full((12, 20, 3), 0.2, np.float32)
    image[:, 9:] = 0.9
    labels = superpixels(image, 6, "photo")
    assert set(labels.ravel()) == set(range(6))
    assert not set(labels[:, :9].ravel()) & set(labels[:, 9:].ravel())


def test_pieces_of_little_or_nothing() -> None:
    blank = np.zeros((7, 9, 1), np.float32)
    assert (superpixels(blank, 5, "paper") == -1).all()
    blank[3, 4] = 1
    assert np.argwhere(superpixels(blank, 5, "paper") == 0).tolist() == [[3, 4]]
    blank[0, 0] = 0.5  # two strokes never share a piece, however few are asked for
    assert sorted(superpixels(blank, 1, "paper")[[3, 0], [4, 0]]) == [0, 1]
    full = np.ones((6, 8, 1), np.float32)
    assert np.bincount(superpixels(full, 4, "paper").ravel()).min() >= 6


@pytest.mark.parametrize("method", ["lime", "kernel_shap"])
def test_one_pixel_of_ink(net: keras.Model, method: str) -> None:
    image = np.zeros((20, 28, 1), np.float32)
    image[8, 9] = 1
    found = explain(net, image, 1, method=method)
    both = inference.logits(net, np.stack([image, np.zeros_like(image)]))[:, 1]
    assert found.heatmap[8, 9] == pytest.approx(both[0] - both[1], abs=1e-5)
    assert np.count_nonzero(found.heatmap) == 1


# --- Bad input ---


def test_a_layer_without_a_rule_is_named() -> None:
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(6, 3, name="conv")(inputs)
    x = layers.Flatten()(LocalResponseNormalization(name="norm")(x))
    model = keras.Model(inputs, layers.Dense(2, name="logits")(x))
    for method in ("deep_lift", "lrp_epsilon"):
        with pytest.raises(UnsupportedLayerError, match=r"LocalResponseNormalization \(norm\)"):
            explain(model, picture((8, 8, 1)), 0, method=method)
        assert "no rule" in (obstacle(model, method) or "")
    assert np.isfinite(heat(model, picture((8, 8, 1)), method="guided_backprop")).all()
    bendy = keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.Flatten()(inputs)))
    assert "activation softmax" in (obstacle(bendy, "deep_lift") or "")
    assert "convolution" in (obstacle(bendy, "grad_cam") or "")
    assert obstacle(bendy, "occlusion") is None


def test_expected_gradients_ask_for_references(plane: keras.Model) -> None:
    for references in (None, np.zeros((0, 2, 3, 1))):
        with pytest.raises(ValueError, match="Expected references for Expected gradients"):
            explain(plane, IMAGE, 0, method="expected_gradients", references=references)
    with pytest.raises(ValueError, match="Expected images of shape"):
        explain(plane, IMAGE, 0, method="expected_gradients", references=np.zeros((4, 3, 2, 1)))


@pytest.mark.parametrize("baseline", ["white", None, np.zeros((3, 2, 1)), IMAGE * np.nan])
def test_a_baseline_that_is_none(plane: keras.Model, baseline: Any) -> None:
    with pytest.raises(ValueError, match=r"Expected .*Received"):
        explain(plane, IMAGE, 0, method="integrated_gradients", baseline=baseline)


def test_classes_of_a_batch(plane: keras.Model) -> None:
    images = np.stack([IMAGE, IMAGE / 2])
    with pytest.raises(ValueError, match=r"Expected one class or 2.*Received: 3 targets"):
        explain_batch(plane, images, [0, 1, 2])
    with pytest.raises(ValueError, match="Expected against to be a class"):
        explain_batch(plane, images, 0, against=[1, 9])
    with pytest.raises(ValueError, match="Expected against to differ from target"):
        explain_batch(plane, images, [0, 1], against=1)
    assert explain_batch(plane, images[:0], 0, method="occlusion").shape == (0, 2, 3)
    assert ClassScore(0, 1).weights(3).tolist() == [1, -1, 0]
