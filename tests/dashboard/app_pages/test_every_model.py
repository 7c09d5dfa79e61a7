"""The pages with every kind of network: colour, 64x64, no convolution; and without their data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cnn_core import datasets, models
from cnn_core.attribution import METHODS
from cnn_core.errors import MissingFileError
from dashboard import cache
from dashboard.app_pages.attention import text as attention_text
from dashboard.app_pages.attention.views import left_out
from dashboard.app_pages.embedding.views import FIND_TRAINING
from dashboard.app_pages.feature_maps import views as feature_maps
from dashboard.app_pages.filters import views as filters
from dashboard.app_pages.neuron import text as neuron_text
from dashboard.app_pages.one_vs_two.views import OTHER_PICTURES
from dashboard.app_pages.overview.forward_pass import UNITS
from dashboard.frame import sidebar
from dashboard.session import image_name
from support.cards import write_card
from support.visitors import Visitor, forget_pictures

PAGES = (
    "overview",
    "draw_and_erase",
    "attention",
    "occlusion",
    "filters",
    "feature_maps",
    "neuron",
    "embedding",
    "misclassified",
    "one_vs_two",
)
# Padding and a single place, no convolution, colour, branches, shortcuts, 64x64.
ROWS = ("lenet5", "ann", "cifar_simple", "mini_inception", "resnet20", "course_cnn", "course_fc")
DENSE = ("ann", "course_fc")
CAMS = [row.title for row in METHODS.values() if row.needs_conv_layer]
NUM_SIGNS = 20


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the shipped `study`, untrained networks, and a few pictures for them."""
    folder, shipped = tmp_path_factory.mktemp("made"), models.PRETRAINED
    for path in shipped.glob("study.*"):
        (folder / path.name).symlink_to(path)
    write_pictures(folder)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("CNN_LENS_DATA", "XDG_CACHE_HOME"):  # not the shelf of earlier runs
            patch.setenv(variable, str(folder))
        patch.setattr(models, "PRETRAINED", folder)
        for name in (*ROWS, "robust"):
            write_untrained(name, folder)
        forget()
        yield folder
    forget()


def forget() -> None:
    """Empty the caches, which hold what was read from another folder."""
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_pictures()


def write_pictures(folder: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(60) % 10
    colour = random.integers(0, 256, (60, 32, 32, 3), np.uint8)
    np.savez(folder / "cifar10.npz", x_train=colour, y_train=labels, x_test=colour, y_test=labels)
    signs = random.integers(1, 256, (5 * NUM_SIGNS, 64, 64), np.uint8)
    np.savez(folder / "sign_digits.npz", x=signs, y=np.arange(5 * NUM_SIGNS) % 10)


def write_untrained(name: str, folder: Path) -> None:
    """Files as they are shipped, with fresh weights and answers that are right about half."""
    keras.utils.set_random_seed(0)
    network = models.build(name)
    network.save_weights(folder / f"{name}.weights.h5")
    labels = datasets.load(models.get(name).dataset, split="test").labels
    logits = np.random.default_rng(1).normal(size=(len(labels), 10)).astype(np.float32)
    logits[np.arange(len(labels)), labels] += 1.5
    np.savez(folder / f"{name}.predictions.npz", logits=logits, labels=labels)
    write_card(
        folder,
        name,
        weights_sha256=models.sha256(models.weights_path(name)),
        test_accuracy=float((logits.argmax(axis=1) == labels).mean()),
        num_parameters=network.count_params(),
    )


def model_of(visitor: Visitor) -> str:
    (picker,) = (box for box in visitor.app.selectbox if box.key == "model")
    return str(picker.value)


def chart_id(visitor: Visitor) -> str:
    """The id of the first chart, which ends with its key."""
    return str(visitor.app.main.get("plotly_chart")[0].proto.id)


def number_inputs(visitor: Visitor) -> list[str | None]:
    return [field.key for field in visitor.app.number_input]


# --- Every page, every kind of network ---


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ROWS)
def test_every_page_works_for_every_kind_of_network(name: str, page: str) -> None:
    visitor = Visitor(page, model=name, digit="7")
    assert visitor.complaints() == []
    assert model_of(visitor) == name
    noun = datasets.get(models.get(name).dataset).noun
    assert f"{image_name(noun, 7)}<" in visitor.card()
    is_study = page == "one_vs_two"
    said = " ".join([*visitor.text("markdown"), *visitor.text("caption"), visitor.html()])
    assert is_study or noun == "digit" or " digit" not in said.replace("to digits", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_every_layer_of_every_kind_of_network_can_be_looked_at(name: str) -> None:
    visitor = Visitor("feature_maps", model=name)
    key = f"map_layer_{name}"
    layers = visitor.options(key)
    for layer in {layers[0], layers[len(layers) // 2], layers[-1]}:
        visitor.choose(key, layer)
        assert visitor.complaints() == []
        assert visitor.shows(f"maps_{layer}") or f"unit_of_{layer}" in number_inputs(visitor)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mini_inception", "course_fc"])
def test_neurons_and_neighbours_of_every_kind_of_network(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    visitor = Visitor("neuron", model=name)
    layers = visitor.options(f"neuron_layer_{name}")
    visitor.press(neuron_text.FIND_IMAGES)
    visitor.wait_for_jobs()
    for layer in (layers[0], layers[-2]):
        visitor.choose(f"neuron_layer_{name}", layer)
        assert visitor.complaints() == []
    assert len(visitor.component("neuron_patches")["captions"]) == 16
    assert neuron_text.WEIGHT_TOWARDS in visitor.text("subheader")
    visitor.go_to("embedding")
    noun = datasets.get(models.get(name).dataset).noun
    visitor.wait_for_jobs()
    visitor.press(FIND_TRAINING.format(noun=noun))
    visitor.wait_for_jobs()
    assert visitor.complaints() == []
    assert len(visitor.component("near_training")["captions"]) == 10


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("view", [attention_text.METHODS_VIEW, attention_text.CLASSES_VIEW])
def test_every_kind_of_network_is_explained_by_all_methods_and_for_all_classes(
    name: str, view: str
) -> None:
    visitor = Visitor("attention", model=name)
    visitor.choose("attention_view", view)
    assert visitor.complaints() == []
    if view == attention_text.CLASSES_VIEW:
        assert all(label in visitor.chart_texts()[0] for label in models.get(name).class_names)
    else:
        charts = visitor.app.main.get("plotly_chart")
        titles = " ".join(chart.proto.alt.split(". ")[0] for chart in charts)
        assert all((title in titles) is (name not in DENSE) for title in CAMS)


# --- No convolution ---


@pytest.mark.slow
@pytest.mark.parametrize("name", DENSE)
def test_methods_that_need_a_convolution_are_left_out_with_the_reason(name: str) -> None:
    visitor = Visitor("attention")
    visitor.choose("method", "layer_cam")
    visitor.choose("model", name)
    assert visitor.complaints() == []
    assert not set(CAMS) & set(visitor.options("method"))
    reasons = cache.obstacles(name)
    assert {METHODS[method].title for method in reasons} == set(CAMS)
    assert left_out(reasons) in visitor.text("caption")
    assert METHODS["gradient_saliency"].title in visitor.chart_texts()[0]
    visitor.choose("model", "study")
    assert set(CAMS) <= set(visitor.options("method"))


@pytest.mark.slow
@pytest.mark.parametrize("name", DENSE)
def test_a_network_without_convolutions_has_units_instead_of_maps_and_filters(name: str) -> None:
    visitor = Visitor("filters", model=name)
    assert visitor.text("info")[0] == filters.NO_CONVOLUTION
    assert chart_id(visitor).endswith("-weight_histograms_0")
    visitor.go_to("feature_maps")
    assert visitor.text("caption")[0] == feature_maps.NO_CONVOLUTION
    assert "unit_of_dense1" in number_inputs(visitor)
    visitor.go_to("overview")
    assert UNITS.format(layer="dense1") in visitor.html()
    assert UNITS.format(layer="dense2") in visitor.html()


# --- Names, sizes and ranges ---


def test_colour_pictures_have_names_for_classes() -> None:
    visitor, names = Visitor(model="cifar_simple"), models.get("cifar_simple").class_names
    answers = cache.test_answers("cifar_simple")
    assert sidebar.TRUE_CLASS.format(name=names[answers.labels[1]]) in visitor.card()
    assert f"<b>{names[answers.logits[1].argmax()]}</b>" in visitor.card()
    visitor.choose("of_class_cifar10", "horse")
    horse = sidebar.TRUE_CLASS.format(name="horse")
    assert horse in visitor.card()
    visitor.press("digit_next")
    assert horse in visitor.card()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "patch", "stride"),
    [("study", (4, 14), 1), ("cifar_simple", (4, 16), 1), ("course_fc", (9, 28), 3)],
)
def test_the_patch_is_measured_against_the_picture(
    name: str, patch: tuple[int, int], stride: int
) -> None:
    visitor = Visitor("occlusion", model=name)
    side = models.get(name).input_shape[0]
    keys = f"patch_size_{side}", f"stride_{side}"
    sizes, strides = (visitor.component(key) for key in keys)
    assert (sizes["value"], sizes["maximum"]) == patch
    assert strides["value"] == stride
    visitor.slide(keys[0], patch[1])
    assert visitor.component("occlusion_probe")["box"] == [patch[1]] * 2
    assert visitor.complaints() == []


@pytest.mark.slow
def test_another_data_set_keeps_index_and_class_in_range() -> None:
    visitor, label = Visitor(digit="9876"), str(cache.test_answers("study").labels[9876])
    visitor.choose("of_class_mnist", label)
    assert f"{image_name('digit', 9876)}<" in visitor.card()
    visitor.choose("model", "course_fc")
    assert visitor.complaints() == []
    assert f"{image_name('sign', 1)}<" in visitor.card()
    visitor.press("digit_previous")
    visitor.press("digit_previous")
    assert f"{image_name('sign', NUM_SIGNS - 1)}<" in visitor.card()
    visitor.choose("model", "study")
    assert visitor.complaints() == []
    visitor.press("digit_next")
    assert sidebar.TRUE_CLASS.format(name=label) in visitor.card()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "address"),
    [
        *((page, {"model": "nonsense", "digit": "999999"}) for page in PAGES),
        ("overview", {"model": "../study", "digit": "x"}),
        ("overview", {"model": ["", "ann"], "digit": "-1"}),
    ],
)
def test_an_address_that_means_nothing_does_no_harm(page: str, address: dict) -> None:
    visitor = Visitor(page, **address)
    assert visitor.complaints() == []
    assert f"{image_name('digit', 1)}<" in visitor.card()


def test_the_index_of_an_address_is_held_to_the_data_set() -> None:
    assert f"{image_name('sign', 1)}<" in Visitor(model="course_fc", digit="20").card()
    assert f"{image_name('sign', 19)}<" in Visitor(model="course_fc", digit="19").card()


# --- One network, which the visitor chose ---


def one_run() -> None:
    """A page that only settles its model; the test makes the choice."""
    import streamlit as st

    from dashboard import session

    offered = ("study", "robust", "ann")
    session.settle_model(offered)
    if "choice" in st.session_state:
        session.choose_model(st.session_state.pop("choice"))
    session.write_address(session.model_in_address(offered))
    st.text(f"{session.model_name()} {st.query_params.to_dict()}")


class Chooser:
    """A visitor of one_run()."""

    def __init__(self, **address: str) -> None:
        self.app = AppTest.from_function(one_run, default_timeout=20)
        self.app.query_params.update(address)

    def looks(self) -> str:
        self.app.run()
        assert not self.app.exception
        return str(self.app.text[0].value)

    def choose(self, name: str) -> None:
        self.app.session_state["choice"] = name


def test_the_address_names_a_network_that_a_new_visit_would_not_begin_with() -> None:
    visitor = Chooser()
    assert visitor.looks() == "study {}"
    visitor.choose("ann")
    assert visitor.looks() == "ann {'model': 'ann'}"
    assert visitor.looks() == "ann {'model': 'ann'}"
    visitor.choose("study")
    assert visitor.looks() == "study {}"


def test_a_model_in_the_address_is_taken_and_an_unknown_one_is_not() -> None:
    assert Chooser(model="ann").looks() == "ann {'model': 'ann'}"
    assert Chooser(model="nonsense").looks() == "study {}"
    assert Chooser(model="study").looks() == "study {}"


@pytest.mark.slow
def test_no_page_changes_the_network() -> None:
    visitor = Visitor()
    for chosen in ("study", "lenet5"):
        visitor.choose("model", chosen)
        for page in (*PAGES, *reversed(PAGES)):
            visitor.go_to(page)
            assert model_of(visitor) == chosen, page
            assert visitor.complaints() == []


# --- The study of one versus two is about digits ---


def test_the_study_of_digits_goes_on_with_a_network_that_reads_them() -> None:
    visitor = Visitor("one_vs_two", model="course_fc")
    title = models.get("course_fc").title
    assert visitor.text("info") == [OTHER_PICTURES.format(title=title, noun="sign")]
    visitor.press("go_on_with_digits")
    assert visitor.complaints() == []
    assert model_of(visitor) == "study"
    assert "study_step" in [slider.key for slider in visitor.app.select_slider]


# --- What is missing or damaged ---


@pytest.fixture
def _fresh_caches() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def elsewhere(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fresh_caches: None
) -> Path:
    """The files of two networks in a folder where they may be damaged."""
    for name in ("study", "ann"):
        for path in made.glob(f"{name}.*"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["weights.h5", "json", "predictions.npz"])
def test_a_damaged_network_is_one_sentence_and_another_can_be_chosen(
    kind: str, elsewhere: Path
) -> None:
    path = elsewhere / f"ann.{kind}"
    path.write_bytes(path.read_bytes()[:-50])
    visitor = Visitor("attention", model="ann")
    (complaint,) = visitor.complaints()
    assert complaint.startswith(f"ann.{kind} ")
    assert "`python -m cnn_core.training ann`" in complaint
    visitor.choose("model", "study")
    assert visitor.complaints() == []
    assert METHODS["gradient_saliency"].title in visitor.chart_texts()[0]


@pytest.mark.slow
def test_a_network_without_files_is_not_offered_and_the_address_hears_why(elsewhere: Path) -> None:
    (elsewhere / "ann.weights.h5").unlink()
    visitor = Visitor("attention", model="ann")
    assert visitor.options("model") == [models.get("study").title]
    (warning,) = (element.value for element in visitor.app.sidebar.warning)
    assert "`python -m cnn_core.training ann`" in warning


@pytest.mark.slow
def test_a_name_that_no_network_has_is_said_until_the_visitor_chooses() -> None:
    visitor = Visitor(model="nonsense")
    visitor.go_to("filters")
    (warning,) = (element.value for element in visitor.app.sidebar.warning)
    assert warning == sidebar.NO_SUCH_MODEL
    visitor.choose("model", "ann")
    assert not visitor.app.sidebar.warning


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fresh_caches: None) -> Path:
    """A machine without the pictures; gives the file that a download of the signs would write."""
    monkeypatch.delenv("CNN_LENS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cnn_lens" / "sign_digits.npz"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_without_the_pictures_a_page_shows_what_it_can(page: str, nowhere: Path) -> None:
    visitor = Visitor(page, model="course_fc", digit="7")
    assert f"{image_name('sign', 7)}<" in visitor.card()
    answers = cache.test_answers("course_fc")
    answer = datasets.get("sign_digits").class_names[answers.logits[7].argmax()]
    assert f"<b>{answer}</b>" in visitor.card()
    complaints = visitor.complaints()
    offers = [button.key for button in visitor.app.button if "download" in str(button.key)]
    if page in ("filters", "one_vs_two"):
        assert (complaints, offers) == ([], [])
    else:
        assert offers == ["download_sign_digits"]
        (complaint,) = complaints
        assert complaint == str(cache.AbsentPicturesError("sign_digits"))
        for way in ("download", "CNN_LENS_DATA", str(nowhere.parent)):
            assert way in complaint
    if page == "misclassified":
        wrong = int((answers.logits.argmax(axis=1) != answers.labels).sum())
        assert re.search(rf"\*\*{wrong} \w+ {NUM_SIGNS}\*\*", visitor.text("markdown")[1])
        assert "-mistake_" in chart_id(visitor)
    if page == "overview":
        assert "attention" in {link.proto.page for link in visitor.app.main.get("page_link")}
    assert not nowhere.exists(), "nothing is downloaded by itself"


def downloaded_by(fetch: object, monkeypatch: pytest.MonkeyPatch) -> None:
    row = datasets.get("sign_digits")
    monkeypatch.setitem(datasets.DATASETS, row.name, replace(row, download=fetch))  # type: ignore[arg-type]


def test_a_download_brings_the_pictures(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.full((5 * NUM_SIGNS, 64, 64), 128, np.uint8)
    downloaded_by(lambda: {"x": pixels, "y": np.zeros(len(pixels), np.uint8)}, monkeypatch)
    visitor = Visitor("feature_maps", model="course_fc")
    visitor.press("download_sign_digits")
    assert visitor.complaints() == []
    assert nowhere.exists()
    assert "cl-pixels" in visitor.card()


def test_a_download_that_fails_is_one_more_sentence(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline() -> None:
        raise OSError("no network")

    downloaded_by(offline, monkeypatch)
    visitor = Visitor("feature_maps", model="course_fc")
    visitor.press("download_sign_digits")
    with pytest.raises(MissingFileError) as refusal:
        datasets.fetch("sign_digits")
    assert visitor.complaints()[-1] == str(refusal.value)
    assert not nowhere.exists()
