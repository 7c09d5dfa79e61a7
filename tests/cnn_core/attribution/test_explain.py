from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import rankdata

from cnn_core import activations, inference, models
from cnn_core.attribution import (
    METHODS,
    Attribution,
    ClassScore,
    Method,
    Option,
    default_layer,
    explain,
    explain_batch,
)
from cnn_core.datasets import Split
from cnn_core.errors import UnknownNameError
from support.networks import bent, linear, picture, small, two_maps

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
CAMS = [name for name, method in METHODS.items() if method.needs_conv_layer]
SEEDED = [name for name, method in METHODS.items() if method.needs_seed]
PIXEL_METHODS = [name for name in METHODS if name not in CAMS]
SHAPE = (20, 28, 1)


@pytest.fixture(scope="module")
def net() -> keras.Model:
    """A small network whose weights nobody changes, so that its functions are traced once."""
    return small(SHAPE)


def ask(model: keras.Model, image: np.ndarray, target: int, **asked: Any) -> Attribution:
    """explain(), with images to compare with for the methods that need some."""
    return explain(model, image, target, references=picture((5, *image.shape)), **asked)


def allclose(found: np.ndarray, expected: Any, tolerance: float = 1e-5) -> None:
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        found, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max())
    )


# Known answers: a linear network over 2x3 pixels and 3 classes.

WEIGHTS = np.array(
    [
        [[[2.0, 1.0, 0.0]], [[-3.0, 0.5, 1.0]], [[0.0, 0.0, 0.0]]],
        [[[1.0, -1.0, 4.0]], [[0.25, 2.0, -2.0]], [[-1.0, -1.0, 1.0]]],
    ],
    np.float32,
)
IMAGE = np.array([[0.5, 1.0, 0.25], [0.0, 0.8, 0.1]], np.float32)[..., None]


@pytest.fixture(scope="module")
def plane() -> keras.Model:
    return linear(WEIGHTS)


@pytest.mark.slow
def test_saliency_of_a_linear_network_is_the_size_of_its_weights(plane: keras.Model) -> None:
    found = explain(plane, IMAGE, 0)
    allclose(found.heatmap, [[2, 3, 0], [1, 0.25, 1]])
    assert found.score_value == pytest.approx(0.5 * 2 - 3 + 0.8 * 0.25 - 0.1)
    assert found.layer is None
    allclose(explain(plane, IMAGE, 0, method="smooth_grad", noise=0.5).heatmap, found.heatmap)


@pytest.mark.slow
def test_saliency_of_a_margin(plane: keras.Model) -> None:
    found = explain(plane, IMAGE, 0, against=2)
    allclose(found.heatmap, [[2, 4, 0], [3, 2.25, 2]])
    assert found.score == ClassScore(0, 2)
    logits = inference.logits(plane, IMAGE)[0]
    assert found.score_value == pytest.approx(logits[0] - logits[2])


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("input_x_gradient", {}),
        ("integrated_gradients", {"steps": 1}),
        ("integrated_gradients", {"steps": 7}),
        ("occlusion", {"patch_size": 1, "stride": 1, "fill": "black"}),
    ],
)
def test_signed_maps_of_a_linear_network_are_weight_times_pixel(
    plane: keras.Model, method: str, options: dict[str, Any]
) -> None:
    found = explain(plane, IMAGE, 1, method=method, **options)
    allclose(found.heatmap, [[0.5, 0.5, 0], [0, 1.6, -0.1]])
    contrast = explain(plane, IMAGE, 1, against=2, method=method, **options)
    allclose(contrast.heatmap, [[0.5, -0.5, 0], [0, 3.2, -0.2]])


def test_channels() -> None:
    """The largest magnitude of the channels where it is a sensitivity, their sum where a share."""
    weights = np.array([[[2.0], [-3.0]], [[-1.0], [0.5]]], np.float32)[None]
    image = np.array([[[1.0, 0.5], [0.2, 0.4]]], np.float32)
    model = linear(weights)
    for method in ("gradient_saliency", "smooth_grad"):
        allclose(explain(model, image, 0, method=method).heatmap, [[3, 1]])
    for method in ("input_x_gradient", "integrated_gradients"):
        allclose(explain(model, image, 0, method=method).heatmap, [[0.5, 0]])
    covered = explain(model, image, 0, method="occlusion", patch_size=1)
    allclose(covered.heatmap, [[0.5, 0]])


def test_smooth_grad_without_noise_is_the_gradient() -> None:
    model, image = small(), picture((20, 28, 1))
    plain = explain(model, image, 0).heatmap
    allclose(explain(model, image, 0, method="smooth_grad", noise=0.0, samples=3).heatmap, plain)


def test_smooth_grad_averages_magnitudes() -> None:
    """|x - 0.5| + 3 y at x = 0.5: noise turns the sign of the first gradient, not its size."""
    model = bent(np.array([[1, -1, 0], [0, 0, 3]]), np.array([-0.5, 0.5, 9]))
    image = np.array([0.5, 1.0], np.float32).reshape(1, 2, 1)
    found = explain(model, image, 0, method="smooth_grad", samples=50)
    allclose(found.heatmap, [[1, 3]])


def test_integrated_gradients_take_midpoints() -> None:
    """relu(x - 0.7) at x = 1: of the midpoints 1/8, 3/8, 5/8 and 7/8 one lies behind the bend."""
    model = bent(np.ones((1, 1)), np.array([-0.7]))
    image = np.ones((1, 1, 1), np.float32)
    allclose(explain(model, image, 0, method="integrated_gradients", steps=4).heatmap, [[0.25]])
    allclose(explain(model, image, 0, method="integrated_gradients", steps=20).heatmap, [[0.3]])


@pytest.mark.slow
@pytest.mark.parametrize("method", SEEDED)
def test_a_map_follows_its_seed(method: str, study: keras.Model, digit: np.ndarray) -> None:
    # Of few pieces every choice is tried, and none is drawn.
    options = {"pieces": 12} if method == "kernel_shap" else {}
    first, again, other = (
        ask(study, digit, 2, method=method, seed=seed, **options).heatmap for seed in (1, 1, 2)
    )
    allclose(again, first)
    assert np.abs(other - first).max() > 0.01 * np.abs(first).max()


# Known answers: class activation maps where the layer's gradient is a matrix one can read.

# Of the two maps x and -2x, and of two classes.
MAP_WEIGHTS = np.array(
    [
        [[[1.0, 0.0], [0.5, 1.0]], [[-1.0, 2.0], [0.0, 0.0]]],
        [[[3.0, -1.0], [-1.5, 2.0]], [[1.0, 1.0], [0.5, -1.0]]],
    ],
    np.float32,
)
SQUARE = np.array([[0.5, 1.0], [0.25, 0.0]], np.float32)[..., None]


def test_grad_cam_by_hand() -> None:
    model = two_maps(MAP_WEIGHTS)
    # Mean gradients of class 0: 1 and -0.125; the map is x * 1 - 2x * -0.125 = 1.25 x.
    found = explain(model, SQUARE, 0, method="grad_cam")
    allclose(found.heatmap, 1.25 * SQUARE[..., 0])
    assert found.layer == "maps"
    # Class 1: 0.5 and 0.5 give 0.5 x - x, below 0 everywhere: no positive evidence.
    nothing = explain(model, SQUARE, 1, method="grad_cam")
    assert nothing.is_empty
    # The margin: 0.5 and -0.625 give 0.5 x + 1.25 x.
    margin = explain(model, SQUARE, 0, against=1, method="grad_cam")
    allclose(margin.heatmap, 1.75 * SQUARE[..., 0])


def test_layer_cam_by_hand() -> None:
    """relu(gradient) * map, place by place: here relu(g1) x - 2 relu(g2) x, and relu again."""
    found = explain(two_maps(MAP_WEIGHTS), SQUARE, 0, method="layer_cam")
    # Weights 1 - 1, 0 - 0, 3 - 0 and 1 - 1 times the pixels.
    allclose(found.heatmap, [[0, 0], [0.75, 0]])


def test_grad_cam_plus_plus_by_hand() -> None:
    """With one map of one place all weights are 1, so the map is relu(relu(gradient) * map)."""
    model = two_maps(np.array([[[[3.0, 1.0], [-1.0, 2.0]]]]))
    image = np.full((1, 1, 1), 0.25, np.float32)
    allclose(explain(model, image, 0, method="grad_cam_plus_plus").heatmap, [[0.75]])
    # Class 1: 1 * 0.25 + 2 * -0.5 is below 0.
    assert explain(model, image, 1, method="grad_cam_plus_plus").is_empty


def test_score_cam_by_hand() -> None:
    model = two_maps(MAP_WEIGHTS)
    maps = np.concatenate([SQUARE, -2 * SQUARE], axis=-1)
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    masked = np.stack(
        [SQUARE * mask[..., None] for mask in np.rollaxis((maps - low) / (high - low), 2)]
    )
    for against in (None, 1):
        score = ClassScore(0, against)
        weights = score(inference.predict(model, masked).probabilities)
        found = explain(model, SQUARE, 0, against=against, method="score_cam")
        allclose(found.heatmap, np.maximum(maps @ weights, 0))


def enlarged(cam: np.ndarray, height: int, width: int) -> np.ndarray:
    """Straight lines between the values, the outermost of which lie on the image's border."""
    rows, columns = (
        np.linspace(0, n - 1, m) for n, m in zip(cam.shape, (height, width), strict=True)
    )
    tall = np.stack([np.interp(rows, range(cam.shape[0]), column) for column in cam.T], axis=1)
    return np.stack([np.interp(columns, range(cam.shape[1]), row) for row in tall])


def grad_cam_of(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return maps @ gradients.mean(axis=(0, 1))


def layer_cam_of(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return (maps * gradients.clip(0)).sum(axis=-1)


def grad_cam_plus_plus_of(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    # Equation 19 of the paper, its score's exponential being 1.
    alphas = gradients**2 / (2 * gradients**2 + gradients**3 * maps.sum(axis=(0, 1)))
    alphas /= alphas.sum(axis=(0, 1))
    return maps @ (alphas * gradients.clip(0)).sum(axis=(0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("method", "formula"),
    [
        ("grad_cam", grad_cam_of),
        ("layer_cam", layer_cam_of),
        ("grad_cam_plus_plus", grad_cam_plus_plus_of),
    ],
)
def test_cam_of_a_named_layer_by_its_formula(method: str, formula: Callable, seed: int) -> None:
    """The layer in front of the dense one, whose weights are the gradient; not square."""
    model, image = small((20, 28, 1), seed=seed), picture((20, 28, 1), seed)
    maps = activations.feature_maps(model, image)["pool"].astype(np.float64)
    gradients = model.get_layer("logits").kernel.numpy().reshape(8, 12, 4, 3).astype(np.float64)
    for target in range(3):
        found = explain(model, image, target, method=method, layer="pool")
        assert found.layer == "pool"
        cam = formula(maps, gradients[..., target]).clip(0)
        allclose(found.heatmap, enlarged(cam, 20, 28), 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("method", CAMS)
def test_cam_takes_exactly_the_layer_asked_for(
    study: keras.Model, digit: np.ndarray, method: str
) -> None:
    conv1, conv2, pool = (
        explain(study, digit, 2, method=method, layer=layer) for layer in ("conv1", "conv2", "pool")
    )
    assert [conv1.layer, conv2.layer, pool.layer] == ["conv1", "conv2", "pool"]
    for other in (conv1, pool):
        assert np.abs(other.heatmap - conv2.heatmap).max() > 0.01 * conv2.heatmap.max()
    last = explain(study, digit, 2, method=method)
    assert last.layer == "conv2"
    allclose(last.heatmap, conv2.heatmap)


# Numbers to hold.


@pytest.mark.slow
@pytest.mark.parametrize(("against", "baseline"), [(None, "black"), (1, "blurred")])
def test_integrated_gradients_add_up(
    study: keras.Model, test_split: Split, against: int | None, baseline: str
) -> None:
    images = test_split.images[test_split.labels != 1][:40]
    answers = inference.predict(study, images).classes
    misses = []
    for image, answer in zip(images, answers, strict=True):
        found = explain(
            study,
            image,
            int(answer),
            against=against,
            method="integrated_gradients",
            steps=128,
            baseline=baseline,
        )
        start = np.zeros_like(image)
        if baseline == "blurred":
            start = cv2.GaussianBlur(image, (0, 0), 3.5)[..., None]
        rise = found.score_value - found.score(inference.logits(study, start)[0])
        miss = found.heatmap.sum(dtype=np.float64) - rise
        assert found.convergence_delta == pytest.approx(miss, abs=1e-4)
        misses.append(abs(miss / rise))
    assert np.mean(np.array(misses) <= 0.005) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["softplus", "relu"])
@pytest.mark.parametrize("against", [None, 2])
def test_gradients_against_central_differences(activation: str, against: int | None) -> None:
    """Differences are taken in a twin that computes in float64: in float32 they mean nothing."""
    shape = (9, 11, 1)
    model = small(shape, activation=activation)
    twin = small(shape, activation=activation, dtype="float64")
    twin.set_weights(model.get_weights())
    image = 0.1 + 0.9 * np.random.default_rng(5).random(shape, np.float32)
    step = 1e-6
    moved = np.eye(image.size).reshape(-1, *shape) * step
    there, back = (
        twin(image.astype(np.float64) + way * moved, training=False).numpy() for way in (1, -1)
    )
    score = ClassScore(1, against)
    differences = ((score(there) - score(back)) / (2 * step)).reshape(shape[:2])
    saliency = explain(model, image, 1, against=against).heatmap
    product = explain(model, image, 1, against=against, method="input_x_gradient").heatmap
    for found in (np.copysign(saliency, differences), product / image[..., 0]):
        # The pooling drops the last row and column, so some pixels reach no logit.
        reached = differences != 0
        assert not found[~reached].any()
        errors = np.abs(found - differences)[reached] / np.abs(differences[reached])
        assert np.median(errors) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "occlusion"])
def test_a_margin_is_the_difference_of_its_classes(
    study: keras.Model, digit: np.ndarray, method: str
) -> None:
    two, one, margin = (
        explain(study, digit, target, against=against, method=method).heatmap
        for target, against in ((2, None), (1, None), (2, 1))
    )
    allclose(margin, two - one, 1e-4)


# One contract over every row.


@pytest.mark.slow
@every_method
def test_contract_on_the_study_network(
    method: Method, study: keras.Model, digit: np.ndarray
) -> None:
    image, weights = digit.copy(), study.get_weights()
    first = ask(study, digit, 2, method=method.name, seed=4)
    again = ask(study, digit, 2, method=method.name, seed=4)
    assert first.method is method
    assert first.heatmap.shape == (28, 28)
    assert first.heatmap.dtype == np.float32
    assert np.isfinite(first.heatmap).all()
    assert not first.is_empty
    assert method.is_signed or (first.heatmap >= 0).all()
    assert (first.layer is not None) == method.needs_conv_layer
    assert first.score_value == pytest.approx(inference.logits(study, digit)[0, 2], abs=1e-4)
    allclose(again.heatmap, first.heatmap)
    np.testing.assert_array_equal(digit, image)
    for after, before in zip(study.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(after, before)


@pytest.mark.slow
@every_method
def test_map_changes_when_the_weights_change(
    method: Method, study: keras.Model, test_split: Split
) -> None:
    """Ranked on ink only: the background is alike in any network."""
    keras.utils.set_random_seed(0)
    untrained = models.build("study")
    likeness = []
    for image, label in zip(test_split.images[:5], test_split.labels[:5], strict=True):
        ink = image[..., 0] > 0
        trained, random = (
            ask(model, image, int(label), method=method.name).heatmap[ink]
            for model in (study, untrained)
        )
        if np.ptp(trained) > 0 and np.ptp(random) > 0:
            likeness.append(np.corrcoef(rankdata(trained), rankdata(random))[0, 1])
    assert len(likeness) >= 3
    assert np.abs(np.median(likeness)) < (0.9 if method.fails_sanity_checks else 0.6)


@pytest.fixture(scope="module")
def colour_net() -> keras.Model:
    return small((11, 6, 3))


@pytest.mark.slow
@every_method
@pytest.mark.parametrize("shape", [SHAPE, (11, 6, 3)])
def test_contract_on_other_shapes(
    method: Method, shape: tuple[int, int, int], net: keras.Model, colour_net: keras.Model
) -> None:
    model = net if shape == SHAPE else colour_net
    found = ask(model, picture(shape), 0, against=2, method=method.name)
    assert found.heatmap.shape == shape[:2]
    assert np.isfinite(found.heatmap).all()
    assert method.is_signed or (found.heatmap >= 0).all()


@pytest.mark.slow
@every_method
@pytest.mark.parametrize("kind", ["blank", "full", "one pixel"])
def test_images_without_a_digit(method: Method, study: keras.Model, kind: str) -> None:
    image = np.full((28, 28, 1), kind == "full", np.float32)
    image[14, 9] = kind != "blank"
    found = ask(study, image, 3, against=8, method=method.name)
    assert np.isfinite(found.heatmap).all()
    assert found.is_empty == (not found.heatmap.any())
    assert found.convergence_delta is None or np.isfinite(found.convergence_delta)


@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "occlusion"])
def test_blank_image_has_no_ink_to_speak_for_anything(study: keras.Model, method: str) -> None:
    assert explain(study, np.zeros((28, 28, 1)), 3, method=method).is_empty


@every_method
@pytest.mark.parametrize("against", [None, [2, 0, 2]])
def test_a_batch_equals_its_singles(
    method: Method, against: list[int] | None, net: keras.Model
) -> None:
    """Each image with a class, and a rival, of its own."""
    images, targets = np.stack([picture(SHAPE, seed) for seed in range(3)]), np.array([0, 1, 1])
    together = explain_batch(
        net,
        images,
        targets,
        against=against,
        method=method.name,
        seed=3,
        references=picture((5, *SHAPE)),
    )
    assert together.shape == (3, *SHAPE[:2])
    assert together.dtype == np.float32
    for i, (image, target) in enumerate(zip(images, targets, strict=True)):
        rival = against[i] if against else None
        alone = ask(net, image, int(target), against=rival, method=method.name, seed=3)
        allclose(together[i], alone.heatmap, 2e-6)


@every_method
def test_row_says_all_that_a_page_shows(method: Method) -> None:
    for text in (method.title, method.group, method.unit, method.help, method.cost):
        assert text.strip()
    assert method.paper.startswith("https://")
    assert re.match(r"[A-Z].+\.$", method.weakness)
    assert not any(word in method.help for word in ("Args:", "Returns:", "Raises:", "Reference"))
    for option in method.options:
        assert option.title.strip()
        assert option.help.strip()
        assert len(option.units) in (0, len(option.choices))


@every_method
def test_row_and_function_agree(method: Method) -> None:
    parameters = inspect.signature(method.compute).parameters.values()
    keywords = {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}
    assert ("layer" in keywords) == method.needs_conv_layer
    assert ("seed" in keywords) == method.needs_seed == bool(method.random_part)
    assert ("references" in keywords) == method.needs_references
    given = ("layer", "seed", "references", "background")
    defaults = {name: value for name, value in keywords.items() if name not in given}
    assert defaults == {option.name: option.default for option in method.options}


@every_method
def test_attribution_can_be_kept_in_a_cache(method: Method, net: keras.Model) -> None:
    found = ask(net, picture(SHAPE), 0, method=method.name)
    kept = pickle.loads(pickle.dumps(found))
    assert (kept.method, kept.score, kept.layer) == (found.method, found.score, found.layer)
    np.testing.assert_array_equal(kept.heatmap, found.heatmap)


# Options.

OPTIONS = [(method, option) for method in METHODS.values() for option in method.options]
every_option = pytest.mark.parametrize(
    ("method", "option"), OPTIONS, ids=[f"{m.name}-{o.name}" for m, o in OPTIONS]
)


def allowed(option: Option) -> list[Any]:
    return list(option.choices) or [option.minimum, option.maximum, option.default]


def least(option: Option) -> Any:
    """The first value allowed; of samples the one that costs little."""
    return allowed(option)[0] if option.name != "samples" else int(option.minimum)


def outside(option: Option) -> list[Any]:
    if option.choices:
        return ["purple", None, 1]
    wrong = [option.minimum - option.step, option.maximum + option.step, float("nan"), "1", None]
    return [*wrong, option.minimum + 0.5] if isinstance(option.default, int) else wrong


@pytest.mark.slow
@every_option
def test_option_takes_its_whole_range(method: Method, option: Option, net: keras.Model) -> None:
    if option.name == "patch_size":
        option = replace(option, maximum=min(SHAPE[:2]))
    for value in allowed(option):
        found = ask(net, picture(SHAPE), 2, method=method.name, **{option.name: value})
        assert np.isfinite(found.heatmap).all()


@every_option
def test_option_refuses_what_is_outside(method: Method, option: Option, net: keras.Model) -> None:
    for value in outside(option):
        with pytest.raises(ValueError, match=f"Expected {option.name} to be .*Received"):
            ask(net, picture(SHAPE), 0, method=method.name, **{option.name: value})


@pytest.mark.slow
@every_option
def test_option_matters(
    method: Method, option: Option, study: keras.Model, digit: np.ndarray
) -> None:
    """Some value gives another map than the least one; a digit's own background is black too."""

    def heatmap(value: Any) -> np.ndarray:
        return ask(study, digit, 2, method=method.name, **{option.name: value}).heatmap

    first = least(option)
    others = (value for value in reversed(allowed(option)) if value != first)
    assert any(not np.allclose(heatmap(first), heatmap(other)) for other in others)


def test_numpy_numbers_are_numbers(net: keras.Model) -> None:
    model, image = net, picture(SHAPE)
    plain = explain(model, image, 1, against=2, method="smooth_grad", samples=3, noise=0.25)
    same = explain(
        model,
        image,
        np.int64(1),
        against=np.uint8(2),
        method="smooth_grad",
        samples=np.int32(3),
        noise=np.float32(0.25),
    )
    allclose(same.heatmap, plain.heatmap)


# Wrong arguments.


def test_unknown_method_lists_the_methods(plane: keras.Model) -> None:
    with pytest.raises(UnknownNameError, match=r"no method 'limes'.*one of: gradient_saliency, .*"):
        explain(plane, IMAGE, 0, method="limes")


@every_method
def test_unknown_option_lists_the_options(method: Method, plane: keras.Model) -> None:
    listed = ", ".join(option.name for option in method.options) or "none"
    with pytest.raises(
        ValueError, match=f"{method.title}: {listed}. Received: colour='red'".replace("+", r"\+")
    ):
        explain(plane, IMAGE, 0, method=method.name, colour="red")


@pytest.mark.parametrize("method", CAMS)
@pytest.mark.parametrize("layer", ["nothing", "flatten", "logits", "dropout", "image"])
def test_layer_without_feature_maps(method: str, layer: str, net: keras.Model) -> None:
    with pytest.raises(
        UnknownNameError, match=f"no layer '{layer}' with feature maps.*conv1, conv2, pool"
    ):
        explain(net, picture(SHAPE), 0, method=method, layer=layer)


@every_method
def test_a_layer_that_is_not_there_is_refused_by_methods_that_need_none_too(
    method: Method, net: keras.Model
) -> None:
    image = picture(SHAPE)
    others = {"references": image[None]} if method.needs_references else {}
    with pytest.raises(UnknownNameError, match=r"no layer 'nonsense'.*conv1, conv2, pool"):
        explain(net, image, 0, method=method.name, layer="nonsense", **others)
    with pytest.raises(UnknownNameError, match="no layer 'nonsense'"):
        explain_batch(net, image[None], 0, method=method.name, layer="nonsense", **others)


def test_a_layer_that_a_method_does_not_use_is_fine(net: keras.Model) -> None:
    for layer in ("pool", "flatten", "logits"):
        assert explain(net, picture(SHAPE), 0, layer=layer).layer is None


@pytest.mark.parametrize("method", CAMS)
def test_network_without_convolutions(method: str, plane: keras.Model) -> None:
    with pytest.raises(UnknownNameError, match="need a convolution layer and this network has"):
        explain(plane, IMAGE, 0, method=method)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("study", "conv2"),
        ("lenet5", "c3"),  # c5 has one place only
        ("strided_stride_4", "conv2"),
        ("mini_inception", "inception4"),  # all four ways, not the last convolution of one
        ("resnet20", "stage3_3_add"),
    ],
)
def test_the_layer_that_is_taken_sees_everything_and_has_places(name: str, layer: str) -> None:
    assert default_layer(models.build(name)) == layer


@cache
def built(name: str) -> keras.Model:
    """A network with random weights, built once, so that methods share what is traced of it."""
    keras.utils.set_random_seed(0)
    return models.build(name)


@pytest.mark.slow
@pytest.mark.parametrize("method", CAMS)
@pytest.mark.parametrize("name", ["course_cnn", "resnet20", "mini_inception", "lenet5"])
def test_class_activation_maps_of_every_kind_of_network(name: str, method: str) -> None:
    """Colour, 64x64, branches, shortcuts, padding and partly connected maps; a single place too."""
    model = built(name)
    image = picture(model.input_shape[1:])
    for layer in (None, activations.spatial_layers(model)[-1]):
        found = explain(model, image, 3, method=method, layer=layer).heatmap
        assert found.shape == image.shape[:2]
        assert np.isfinite(found).all()
        assert (found >= 0).all()


@pytest.mark.parametrize("method", PIXEL_METHODS)
def test_pixel_methods_need_no_convolution(method: str) -> None:
    shape = (15, 16, 1)
    model = linear(np.random.default_rng(0).normal(size=(*shape, 3)))
    largest = np.abs(ask(model, picture(shape), 0, method=method).heatmap).max()
    # The gradient of a linear network never varies.
    assert largest < 1e-9 if method == "var_grad" else largest > 0.01


@pytest.mark.parametrize("value", [-1, 3, 1.5, "1"])
def test_class_out_of_range(plane: keras.Model, value: Any) -> None:
    with pytest.raises(ValueError, match=r"Expected target to be a class from 0 to 2. Received"):
        explain(plane, IMAGE, value)
    with pytest.raises(ValueError, match=r"Expected against to be a class from 0 to 2. Received"):
        explain(plane, IMAGE, 0, against=value)


def test_class_against_itself(plane: keras.Model) -> None:
    with pytest.raises(ValueError, match="Expected against to differ from target"):
        explain(plane, IMAGE, 1, against=1)


@every_method
def test_what_is_no_image(method: Method, net: keras.Model) -> None:
    model, image = net, picture(SHAPE)
    broken = image.copy()
    broken[3, 4] = np.nan
    wrong = {
        "Expected images of shape": image.transpose(1, 0, 2),
        "Expected one image": np.stack([image, image]),
        "Expected finite images": broken,
    }
    for message, value in wrong.items():
        with pytest.raises(ValueError, match=message):
            explain(model, value, 0, method=method.name)


# The score.


def test_class_score_by_hand() -> None:
    logits = np.array([[1.0, 5.0, 2.0], [0.0, -1.0, 4.0]], np.float32)
    assert ClassScore(1)(logits).tolist() == [5, -1]
    assert ClassScore(1, 2)(logits).tolist() == [3, -5]
    for score in (ClassScore(1), ClassScore(2, 0)):
        weights = score.weights(3)
        assert weights.dtype == np.float32
        assert (logits @ weights).tolist() == score(logits).tolist()
    assert ClassScore(2, 0).weights(3).tolist() == [-1, 0, 1]


# Many at once.


@pytest.mark.slow
def test_eight_threads_give_the_same_maps() -> None:
    """On a network that nobody has asked before, so that the threads also meet while it traces."""
    shape = (20, 28, 1)
    model = small(shape)
    asked = [(name, seed) for seed in range(3) for name in METHODS]

    def answer(question: tuple[str, int]) -> np.ndarray:
        name, seed = question
        return ask(model, picture(shape, seed), seed, method=name, seed=seed).heatmap

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(answer, asked))
    for question, heatmap in zip(asked, together, strict=True):
        allclose(heatmap, answer(question))


@pytest.mark.parametrize("method", ["occlusion", "rise", "finer_cam"])
@pytest.mark.parametrize("joins", [False, True], ids=["a chain", "a branch"])
def test_a_method_that_knows_the_logits_runs_the_network_no_more_often(
    method: str, joins: bool
) -> None:
    rows: list[int] = []

    def counted(values: tf.Tensor) -> tf.Tensor:
        def count(given: tf.Tensor) -> tf.Tensor:
            rows.append(len(given))
            return given

        known = tf.numpy_function(count, [tf.stop_gradient(values)], values.dtype)
        return values + tf.ensure_shape(known - known, values.shape)

    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(2, 3, activation="relu")(inputs)
    x = keras.layers.Add()([x, x]) if joins else x
    outputs = keras.layers.Dense(3, activation=counted)(keras.layers.Flatten()(x))
    model = keras.Model(inputs, outputs)
    image = np.eye(8, dtype=np.float32)[..., None]
    options = {"patch_size": 2} if method == "occlusion" else {}
    score, layer = ClassScore(1), {"layer": default_layer(model)} if method == "finer_cam" else {}
    seeds = {"seed": 0} if method == "rise" else {}
    METHODS[method].compute(model, image, score, **options, **layer, **seeds)
    alone = list(rows)
    rows.clear()
    found = explain(model, image, 1, method=method, **options)
    assert rows == alone != []
    assert found.score_value == pytest.approx(float(model(image[None])[0, 1]), abs=1e-5)
