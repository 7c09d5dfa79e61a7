from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from cnn_core import inference, models
from cnn_core.datasets import Split
from support.networks import linear, small


def test_linear_network_by_hand() -> None:
    weights = np.array([[1, 0], [2, -1], [0, 3], [4, 0.5]], np.float32).reshape(2, 2, 1, 2)
    image = np.array([[0.5, 0], [1, 0.25]], np.float32)[..., None]
    prediction = inference.predict(linear(weights), image)
    # 0.5*1 + 0*2 + 1*0 + 0.25*4 and 0.5*0 + 0*-1 + 1*3 + 0.25*0.5
    np.testing.assert_allclose(prediction.logits, [[1.5, 3.125]], rtol=1e-6)
    np.testing.assert_allclose(
        prediction.probabilities, [[1 / (1 + np.exp(1.625)), 1 / (1 + np.exp(-1.625))]], rtol=1e-6
    )
    assert prediction.classes.tolist() == [1]
    np.testing.assert_allclose(prediction.confidences, 1 / (1 + np.exp(-1.625)), rtol=1e-6)
    np.testing.assert_allclose(prediction.margins, [1.625], rtol=1e-6)


def test_batch_by_hand() -> None:
    model = linear(np.eye(3, dtype=np.float32).reshape(1, 3, 1, 3))
    images = np.array([[0.2, 0.9, 0.5], [1, 0, 0]], np.float32).reshape(2, 1, 3, 1)
    prediction = inference.predict(model, images)
    np.testing.assert_allclose(prediction.logits, images.reshape(2, 3), rtol=1e-6)
    assert prediction.classes.tolist() == [1, 0]
    np.testing.assert_allclose(prediction.margins, [0.4, 1.0], rtol=1e-6)


def test_probabilities_sum_to_one(study: keras.Model, test_split: Split) -> None:
    prediction = inference.predict(study, test_split.images[:500])
    assert prediction.logits.dtype == prediction.probabilities.dtype == np.float32
    assert (prediction.probabilities >= 0).all()
    np.testing.assert_allclose(
        prediction.probabilities.sum(axis=1, dtype=np.float64), 1, rtol=0, atol=1e-6
    )


def test_batch_equals_its_singles(study: keras.Model, test_split: Split) -> None:
    images = test_split.images[:100]
    together = inference.predict(study, images)
    singles = [inference.predict(study, image) for image in images]
    alone = np.concatenate([single.probabilities for single in singles])
    np.testing.assert_allclose(together.probabilities, alone, rtol=0, atol=2e-6)
    # Logits reach about 20, where float32 itself has steps of 2e-6.
    logits = np.concatenate([single.logits for single in singles])
    np.testing.assert_allclose(together.logits, logits, rtol=0, atol=5e-5)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_batches_are_cut_without_loss(extra: int) -> None:
    model = linear(np.ones((1, 1, 1, 2), np.float32))
    count = inference.BATCH_SIZE + extra
    images = np.linspace(0, 1, count, dtype=np.float32).reshape(count, 1, 1, 1)
    logits = inference.logits(model, images)
    np.testing.assert_array_equal(logits, np.repeat(images.reshape(-1, 1), 2, axis=1))


def test_same_as_the_network_itself(study: keras.Model, test_split: Split) -> None:
    images = test_split.images[:16]
    np.testing.assert_allclose(
        inference.logits(study, images), study(images, training=False), rtol=0, atol=5e-5
    )


@pytest.mark.slow
def test_thirty_two_threads_give_the_same_answers(test_split: Split) -> None:
    """On a network that nobody has asked before, so that the threads also meet while it traces."""
    model = models.load_pretrained("study")
    images = test_split.images[:128]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda image: inference.predict(model, image), images))
    for image, answer in zip(images, answers, strict=True):
        np.testing.assert_allclose(
            answer.probabilities,
            inference.predict(model, image).probabilities,
            rtol=0,
            atol=1e-6,
        )


def test_traced_once_for_all_batch_sizes() -> None:
    model = small((8, 8, 1))
    for count in (1, 2, 7, inference.BATCH_SIZE + 3, 1):
        inference.logits(model, np.zeros((count, 8, 8, 1), np.float32))
    assert inference._traced(model).experimental_get_tracing_count() == 1


def test_new_weights_are_used() -> None:
    model = linear(np.ones((1, 1, 1, 2), np.float32))
    one = np.ones((1, 1, 1), np.float32)
    assert inference.logits(model, one).tolist() == [[1, 1]]
    model.set_weights([np.array([[2, 3]])])
    assert inference.logits(model, one).tolist() == [[2, 3]]


def test_dropout_is_off() -> None:
    model = small((8, 8, 1))
    image = np.ones((8, 8, 1), np.float32)
    np.testing.assert_array_equal(inference.logits(model, image), inference.logits(model, image))


def test_empty_batch() -> None:
    prediction = inference.predict(small((8, 8, 1)), np.zeros((0, 8, 8, 1)))
    assert prediction.logits.shape == prediction.probabilities.shape == (0, 3)
    assert prediction.logits.dtype == np.float32
    for values in (prediction.classes, prediction.confidences, prediction.margins):
        assert values.shape == (0,)


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, bool])
def test_other_number_types_are_taken(dtype: type) -> None:
    model = linear(np.ones((2, 2, 1, 2), np.float32))
    assert inference.logits(model, np.ones((2, 2, 1), dtype)).tolist() == [[4, 4]]


@pytest.mark.parametrize("shape", [(8,), (8, 8), (8, 8, 3), (1, 8, 9, 1), (1, 1, 8, 8, 1), ()])
def test_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Expected images of shape \(8, 8, 1\).*Received"):
        inference.predict(small((8, 8, 1)), np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(value: float) -> None:
    images = np.zeros((3, 8, 8, 1))
    images[1, 2, 3] = value
    with pytest.raises(ValueError, match="Expected finite images"):
        inference.predict(small((8, 8, 1)), images)


@pytest.mark.parametrize("value", [1.0000002, 1 + 5e-6])
def test_an_overshoot_by_rounding_is_clipped(value: float) -> None:
    model = linear(np.ones((1, 1, 1, 2), np.float32))
    assert inference.logits(model, np.full((1, 1, 1), value)).tolist() == [[1, 1]]
    assert inference.logits(model, np.full((1, 1, 1), 1 - value)).tolist() == [[0, 0]]


def test_a_single_class_is_the_answer_by_any_margin() -> None:
    prediction = inference.predict(linear(np.ones((1, 1, 1, 1), np.float32)), np.ones((2, 1, 1, 1)))
    assert prediction.margins.tolist() == [np.inf, np.inf]
    assert prediction.confidences.tolist() == [1, 1]


@pytest.mark.parametrize("shape", [(2, 8, 8, 1), (0, 8, 8, 1)])
def test_one_image_is_one_image(shape: tuple[int, ...]) -> None:
    model = small((8, 8, 1))
    assert inference.as_image(model, np.zeros((8, 8, 1))).shape == (8, 8, 1)
    assert inference.as_image(model, np.zeros((1, 8, 8, 1))).shape == (8, 8, 1)
    with pytest.raises(ValueError, match="Expected one image"):
        inference.as_image(model, np.zeros(shape))


@pytest.mark.parametrize(
    "ending",
    [
        [keras.layers.Dense(2, "softmax", name="answer")],
        [keras.layers.Dense(2, "sigmoid", name="answer")],
        [keras.layers.Dense(2), keras.layers.Softmax(name="answer")],
        [keras.layers.Dense(2), keras.layers.Activation("log_softmax", name="answer")],
        [keras.Sequential([keras.Input((64,)), keras.layers.Dense(2, "softmax", name="answer")])],
    ],
)
def test_a_network_that_gives_no_logits_is_refused_and_mended_as_the_sentence_says(
    ending: list[keras.Layer],
) -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), *ending])
    image = np.ones((8, 8, 1), np.float32)
    with pytest.raises(ValueError, match=r"gives logits\. Received: its last layer, answer, ends"):
        inference.logits(model, image)
    (last,) = (layer for layer in model._flatten_layers() if layer.name == "answer")
    if hasattr(last, "activation"):
        last.activation = keras.activations.linear
        np.testing.assert_allclose(inference.logits(model, image), model(image[None]), rtol=1e-6)


def test_a_network_without_an_input_shape_is_refused_until_it_has_one() -> None:
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    image = np.ones((8, 8, 1), np.float32)
    with pytest.raises(ValueError, match="knows the shape of its input"):
        inference.logits(model, image)
    model(image[None])
    assert inference.logits(model, image).shape == (1, 2)


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([0.0, 0.0], [0.5, 0.5]),
        ([np.log(1.0), np.log(3.0)], [0.25, 0.75]),
        ([1000.0, 0.0], [1.0, 0.0]),
        ([-1000.0, -1000.0], [0.5, 0.5]),
        ([3e38, -3e38], [1.0, 0.0]),
    ],
)
def test_softmax(logits: list[float], expected: list[float]) -> None:
    found = inference.softmax(np.array(logits, np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_classes_tell_apart_what_probabilities_cannot() -> None:
    logits = np.array([[0, 1e-9]], np.float32)
    prediction = inference.Prediction(logits, inference.softmax(logits))
    assert prediction.classes.tolist() == [1]
