"""The drawing page with every data set: small made-up data, and networks with random weights."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from cnn_core import images, models
from cnn_core.errors import PictureError
from dashboard import cache
from dashboard.app_pages.draw_and_erase import text
from dashboard.frame import sidebar
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import from_text, to_text
from support import networks
from support.cards import write_card
from support.sentences import pattern_of
from support.visitors import STEM, Visitor, forget_pictures

NUM_TEST = 40
# A network of each data set, and what the pictures of its data set are called.
NETWORKS = {"cifar_simple": "picture", "course_fc": "sign"}
SHAPES = {"cifar_simple": (32, 32, 3), "course_fc": (64, 64), "study": (28, 28)}
OTHER_DIGITS = "ann"


@pytest.fixture(scope="module", autouse=True)
def _machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A machine on which there are all data sets and one network of each."""
    folder = tmp_path_factory.mktemp("machine")
    with pytest.MonkeyPatch.context() as patch:
        for file in models.PRETRAINED.glob("study.*"):
            shutil.copy(file, folder)
        write_data(folder)
        patch.setattr(models, "PRETRAINED", folder)
        patch.setenv("CNN_LENS_DATA", str(folder))
        for seed, name in enumerate((*NETWORKS, OTHER_DIGITS)):
            ship(name, seed)
        forget_all()
        yield
    forget_all()


def write_data(folder: Path) -> None:
    random = np.random.default_rng(0)
    colour = random.integers(0, 256, (NUM_TEST, 32, 32, 3), np.uint8)
    labels = np.arange(NUM_TEST) % 10
    np.savez(folder / "cifar10.npz", x_test=colour, y_test=labels)
    grey = random.integers(0, 256, (5 * NUM_TEST, 64, 64), np.uint8)
    np.savez(folder / "sign_digits.npz", x=grey, y=np.arange(5 * NUM_TEST) % 10)


def ship(name: str, seed: int) -> None:
    """Write a network with random weights as if it had been trained."""
    spec = models.get(name)
    network = spec.build()
    networks.randomize(network, seed)
    network.save_weights(models.weights_path(name))
    num_test = 10_000 if spec.dataset == "mnist" else NUM_TEST
    answers = models.PRETRAINED / f"{name}.predictions.npz"
    labels = np.arange(num_test) % 10
    np.savez(answers, logits=np.eye(10, dtype=np.float32)[labels], labels=labels)
    sha256 = models.sha256(models.weights_path(name))
    write_card(models.PRETRAINED, name, weights_sha256=sha256, num_parameters=spec.num_parameters)


def forget_all() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_pictures()


def erased(levels: np.ndarray) -> np.ndarray:
    """The picture with its middle covered, as the eraser does it."""
    rows, columns = levels.shape[0] // 3, levels.shape[1] // 3
    covered = levels.copy()
    covered[rows : 2 * rows, columns : 2 * columns] = 128
    return covered


def answer_to(name: str, levels: np.ndarray) -> str:
    pixels = levels.reshape(models.get(name).input_shape).astype(np.float32) / np.float32(255)
    said = cache.prediction(name, pixels)
    return models.get(name).class_names[int(said.classes[0])]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_test_picture_is_erased_and_the_answer_follows(name: str) -> None:
    visitor = Visitor("draw_and_erase", model=name, digit="3")
    original = visitor.drawn()
    image = cache.split(models.get(name).dataset, "test").images[3]
    np.testing.assert_array_equal(original.ravel(), np.rint(255 * image).ravel())
    assert original.shape == SHAPES[name]
    visitor.draw(erased(original))
    assert visitor.complaints() == []
    np.testing.assert_array_equal(visitor.drawn(), erased(original))
    assert f">{image_name(NETWORKS[name], 3, is_edited=True)}<" in visitor.card()
    assert visitor.answers() == [answer_to(name, erased(original))]
    assert visitor.component("edits")["selected"] == 1
    assert answer_to(name, original) in visitor.component("edits")["captions"][0]
    visitor.click_tile("edits", 0)
    np.testing.assert_array_equal(visitor.drawn(), original)
    assert f">{image_name(NETWORKS[name], 3)}<" in visitor.card()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_large_picture_stays_out_of_the_address_and_lasts_through_pages(name: str) -> None:
    visitor = Visitor("draw_and_erase", model=name)
    drawing = erased(visitor.drawn())
    visitor.draw(drawing)
    visitor.go_to("overview")
    assert visitor.app.query_params == {"model": name}
    visitor.go_to("draw_and_erase")
    np.testing.assert_array_equal(visitor.drawn(), drawing)
    assert visitor.component("digit_canvas")["address"] is None
    assert len(visitor.component("edits")["captions"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_other_pictures_starts_over(name: str) -> None:
    visitor = Visitor("draw_and_erase", model="study", ink=to_text(STEM))
    before = visitor.component("digit_canvas")
    visitor.choose("model", name)
    assert visitor.complaints() == []
    assert f">{image_name(NETWORKS[name], 1)}<" in visitor.card()
    assert not visitor.shows("edits")
    assert visitor.drawn().shape == SHAPES[name]
    assert visitor.component("digit_canvas")["digit"] != before["digit"]
    assert "ink" not in visitor.app.query_params
    visitor.draw(erased(visitor.drawn()))
    visitor.choose("model", "study")
    assert visitor.complaints() == []
    assert f">{image_name('digit', 1)}<" in visitor.card()
    assert visitor.drawn().shape == SHAPES["study"]


@pytest.mark.slow
def test_a_stroke_on_a_picture_of_another_network_is_not_taken() -> None:
    visitor = Visitor("draw_and_erase", model="study")
    visitor.draw(STEM)
    late = visitor.app.session_state["digit_canvas"]
    visitor.choose("model", "course_fc")
    original = visitor.drawn()
    late["stroke"]["sequence"] += 1
    visitor.app.session_state["digit_canvas"] = late
    np.testing.assert_array_equal(visitor.drawn(), original)
    assert visitor.complaints() == []


@pytest.mark.slow
def test_another_network_of_the_same_pictures_keeps_the_drawing() -> None:
    visitor = Visitor("draw_and_erase", model="study")
    visitor.draw(STEM)
    canvas = visitor.component("digit_canvas")
    visitor.choose("model", OTHER_DIGITS)
    assert visitor.complaints() == []
    assert f">{image_name('digit', 1, is_edited=True)}<" in visitor.card()
    np.testing.assert_array_equal(visitor.drawn(), STEM)
    after = visitor.component("digit_canvas")
    assert (after["digit"], after["revision"]) == (canvas["digit"], canvas["revision"])
    captions = visitor.component("edits")["captions"]
    assert [caption[0] for caption in captions] == [
        answer_to(OTHER_DIGITS, levels) for levels in (from_text(canvas["original"]), STEM)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("key", ["ink", "own"])
@pytest.mark.parametrize("shape", SHAPES.values())
def test_a_drawing_in_the_address_of_a_large_picture_is_dropped(
    name: str, key: str, shape: tuple[int, ...]
) -> None:
    address = {"model": name, key: to_text(np.full(shape, 9, np.uint8))}
    visitor = Visitor("draw_and_erase", **address)
    assert visitor.complaints() == []
    assert f">{image_name(NETWORKS[name], 1)}<" in visitor.card()
    assert visitor.drawn().shape == SHAPES[name]
    assert visitor.app.query_params == {"model": name}


def photograph() -> bytes:
    """(120, 200) in colours, brighter from left to right and redder from top to bottom."""
    rows, columns = np.indices((120, 200), np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.stack([2 * rows, columns, columns], axis=-1)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_any_photograph_can_be_looked_at(name: str) -> None:
    visitor = Visitor("draw_and_erase", model=name)
    visitor.upload(photograph())
    read = images.read_picture(photograph(), models.get(name).input_shape)
    assert visitor.complaints() == []
    assert f">{image_name(NETWORKS[name], None)}<" in visitor.card()
    assert not pattern_of(sidebar.TRUE_CLASS).search(visitor.card())
    levels = visitor.drawn()
    np.testing.assert_array_equal(levels.ravel(), np.rint(255 * read.pixels).ravel())
    assert visitor.answers() == [answer_to(name, levels)]
    for step in read.steps:
        assert step.title in visitor.html()
    visitor.draw(erased(levels))
    assert f">{image_name(NETWORKS[name], None, is_edited=True)}<" in visitor.card()
    visitor.press("test_image")
    assert f">{image_name(NETWORKS[name], 1)}<" in visitor.card()
    assert "own" not in visitor.app.query_params


def test_a_plain_photograph_is_refused_and_the_picture_stays() -> None:
    visitor = Visitor("draw_and_erase", model="cifar_simple")
    before = visitor.drawn()
    file = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(file, "PNG")
    with pytest.raises(PictureError) as refused:
        images.read_picture(file.getvalue(), SHAPES["cifar_simple"])
    visitor.upload(file.getvalue())
    assert visitor.complaints() == [str(refused.value)]
    np.testing.assert_array_equal(visitor.drawn(), before)


def test_only_digits_start_from_blank_paper() -> None:
    visitor = Visitor("draw_and_erase", model="study")
    assert "blank_paper" in [button.key for button in visitor.app.button]
    visitor.choose("model", "cifar_simple")
    assert "blank_paper" not in [button.key for button in visitor.app.button]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_smallest_erasure_covers_a_picture_with_grey(name: str) -> None:
    visitor = Visitor("draw_and_erase", model=name, digit="3")
    before = visitor.drawn()
    assert text.ONLY_COVERED.format(noun=NETWORKS[name]) in visitor.text("caption")
    assert not [each for each in visitor.app.button_group if each.key == "flip_kind"]
    visitor.press("flip_find")
    visitor.press("flip_pertinent")
    assert visitor.complaints() == []
    assert text.MUST_BE_THERE in visitor.html()
    assert text.MUST_STAY_EMPTY not in visitor.html()
    after = visitor.drawn()
    is_changed = after != before
    assert visitor.shows("flip_film") == is_changed.any()
    if is_changed.any():
        assert (np.abs(after.astype(int) - 128) <= np.abs(before.astype(int) - 128)).all()
    else:
        assert text.TRY_OTHER_WIDTH in "".join(visitor.text("info"))
