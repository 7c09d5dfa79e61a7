"""Pictures of nothing, and arguments that mean nothing: a sentence each, everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from cnn_core import activations, inference
from cnn_core.attribution import METHODS, explain
from cnn_core.attribution.occlusion import occlusion_sensitivity
from cnn_core.errors import DivergedNetworkError
from cnn_core.evaluation import accuracy
from cnn_core.robustness import perturb
from dashboard import tensorflow_loader
from dashboard.app_pages.faithfulness.text import SINGLE_PIXEL
from dashboard.frame import page_parts
from dashboard.widgets.canvas.codec import to_text
from support.networks import small
from support.visitors import Visitor

BLANK = np.zeros((28, 28), np.uint8)
POINT = BLANK.copy()
POINT[14, 14] = 255
PICTURES = {"blank": BLANK, "all ink": BLANK + 255, "one pixel": POINT}
PAGES = (
    *("draw_and_erase", "attention", "occlusion", "feature_maps"),
    *("one_vs_two", "robustness", "compare"),
)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return small((20, 28, 1))


def attack(model: keras.Model, image: np.ndarray, target: Any = 1) -> np.ndarray:
    return perturb(image, "fgsm", 0.1, model=model, targets=target)


DOORS: dict[str, Callable[..., Any]] = {
    "predict": inference.predict,
    "explain": lambda model, image: explain(model, image, 1),
    "occlusion": occlusion_sensitivity,
    "feature maps": activations.feature_maps,
    "attack": attack,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.full((20, 28, 1), np.nan), "Expected .*images.*. Received: images with NaN"),
        (np.zeros((28, 20, 1)), r"Expected images of shape \(20, 28, 1\).*Received"),
        (np.zeros((20, 28)), r"Expected images of shape .*Received: images.shape=\(20, 28\)"),
        (np.full((20, 28, 1), 255, np.uint8), r"in \[0, 1\].* from 255 to 255; divide by 255"),
        ((np.eye(20, 28)[..., None] - 0.1307) / 0.3081, r"\[0, 1\].*-0.424.* to 2.82\d*; undo"),
    ],
    ids=["NaN", "wrong shape", "no channel", "uint8", "standardised"],
)
def test_every_door_refuses_what_is_no_picture_in_a_sentence(
    door: str, image: np.ndarray, sentence: str, model: keras.Model
) -> None:
    with pytest.raises(ValueError, match=sentence):
        DOORS[door](model, image)


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("door", ["predict", "explain", "occlusion", "attack", "accuracy"])
def test_a_network_that_diverged_gives_a_sentence(door: str, value: float) -> None:
    model = small((20, 28, 1))
    model.layers[-1].bias.assign([0, value, 0])
    image = np.eye(20, 28, dtype=np.float32)[..., None]
    doors = DOORS | {"accuracy": lambda *_: accuracy(np.asarray(model(image[None])), [0])}
    with pytest.raises(DivergedNetworkError, match="its training diverged"):
        doors[door](model, image)


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["conv1", "conv2", "logits"])
@pytest.mark.parametrize("method", METHODS)
def test_a_kernel_with_one_nan_gives_a_sentence_or_a_finite_map(method: str, layer: str) -> None:
    model = small((20, 28, 1))
    kernel = model.get_layer(layer).kernel.numpy()
    kernel[0, 0] = np.nan
    model.get_layer(layer).kernel.assign(kernel)
    image = np.eye(20, 28, dtype=np.float32)[..., None]
    try:
        found = explain(model, image, 0, method=method, references=image[None])
    except DivergedNetworkError:
        return
    assert layer != "logits"  # a ReLU may turn NaN into 0, but none follows the last layer
    assert np.isfinite(found.heatmap).all()


@pytest.mark.parametrize("target", [-1, 3, 10**6, 0.5])
@pytest.mark.parametrize("door", [explain, attack])
def test_a_class_that_is_none(door: Callable[..., Any], target: Any, model: keras.Model) -> None:
    with pytest.raises(ValueError, match=r"Expected target.* from 0 to 2. Received: target"):
        door(model, np.zeros((20, 28, 1)), target)


@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES)
def test_every_method_and_answer_is_finite(picture: str) -> None:
    model, image = small((28, 28, 1)), PICTURES[picture][..., None] / np.float32(255)
    assert np.isfinite(inference.predict(model, image).probabilities).all()
    references = np.stack([image, 1 - image])
    for name in METHODS:
        found = explain(model, image, 1, method=name, references=references)
        assert np.isfinite(found.heatmap).all(), name


@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES)
def test_no_page_divides_by_nothing(picture: str) -> None:
    tensorflow_loader.wait()
    visitor = Visitor(model="study", own=to_text(PICTURES[picture]))
    for page in PAGES:
        visitor.go_to(page)
        assert visitor.text("title"), page
        assert visitor.complaints() == [], page
        said = [visitor.html(), *visitor.text("markdown"), *visitor.text("caption")]
        words = re.sub(r'src="[^"]*"', "", " ".join(said))
        assert not re.search(r"\b(nan|inf)\b", words, re.IGNORECASE), page


@pytest.mark.slow
@pytest.mark.parametrize("page", ["overview", "feature_maps", "neuron", "compare"])
@pytest.mark.parametrize("picture", PICTURES)
def test_a_page_that_goes_on_with_blank_paper_says_what_it_shows(page: str, picture: str) -> None:
    visitor = Visitor(page, model="study", own=to_text(PICTURES[picture]))
    assert visitor.complaints() == []
    said = visitor.text("info").count(page_parts.BLANK_PAPER.format(noun="digit"))
    assert said == (picture == "blank")


@pytest.mark.slow
def test_no_map_of_a_single_pixel_is_put_to_the_test() -> None:
    visitor = Visitor("faithfulness", model="study", own=to_text(POINT))
    assert visitor.text("info") == [SINGLE_PIXEL.format(noun="digit")]
    assert "<figcaption>" not in visitor.html()
