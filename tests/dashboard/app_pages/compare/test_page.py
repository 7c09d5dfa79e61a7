"""The page that sets two networks side by side, through Home.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from cnn_core import evaluation, models
from cnn_core.attribution import METHODS
from dashboard import cache, tensorflow_loader
from dashboard.app_pages.compare import verdict
from dashboard.figures import colours, pictures
from dashboard.widgets.canvas.codec import to_text
from support.alone import run_alone
from support.cards import write_card
from support.visitors import STEM, Visitor, forget_pictures

FIRST, SECOND = "study", "tutorial"
GROUPS = (verdict.ONLY_FIRST, verdict.ONLY_SECOND, verdict.BOTH_WRONG)


@pytest.fixture(scope="module", autouse=True)
def _network() -> None:
    tensorflow_loader.wait()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of the shipped files, with the first network in it."""
    for path in models.PRETRAINED.glob(f"{FIRST}.*"):
        (tmp_path / path.name).symlink_to(path)
    _forget()
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    yield tmp_path
    _forget()


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_pictures()


def ship(folder: Path, name: str, labels: np.ndarray, *, is_built: bool = False) -> None:
    """Put the files of a network that never learnt into the folder; it answers at random."""
    weights = folder / f"{name}.weights.h5"
    if is_built:
        models.build(name).save_weights(weights)
    else:
        weights.touch()
    logits = np.random.default_rng(len(name)).normal(size=(len(labels), 10)).astype(np.float32)
    np.savez(folder / f"{name}.predictions.npz", logits=logits, labels=labels)
    accuracy = evaluation.accuracy(logits, labels)
    write_card(folder, name, test_accuracy=accuracy, weights_sha256=models.sha256(weights))


def facing(**address: str) -> Visitor:
    """A visitor who has the tutorial's network beside the study's."""
    visitor = Visitor("compare", **address)
    visitor.choose(f"rival_of_{FIRST}", SECOND)
    return visitor


@pytest.mark.slow
def test_both_answers_to_a_test_digit_stand_side_by_side() -> None:
    html = facing(digit="247").html()
    for name in (FIRST, SECOND):
        shipped = cache.shipped_prediction(name, 247)
        assert f"Answer <b>{shipped.classes[0]}</b>" in html
        assert f"+{shipped.margins[0]:.1f} logits over" in html
        assert f"{100 * shipped.confidences[0]:.1f}%" in html
    assert html.count("4 ✓") == 2


@pytest.mark.slow
def test_a_drawn_digit_is_answered_by_both_networks() -> None:
    html = facing(ink=to_text(STEM)).html()
    pixels = (STEM.astype(np.float32) / np.float32(255))[..., None]
    for name in (FIRST, SECOND):
        answer = cache.prediction(name, pixels)
        assert f"Answer <b>{answer.classes[0]}</b>" in html
        assert f"+{answer.margins[0]:.1f} logits over" in html
    assert "✓" in html, "an edited test digit keeps its true class"


def test_the_second_network_is_never_the_first() -> None:
    visitor = Visitor("compare", model=SECOND)
    titles = visitor.options(f"rival_of_{SECOND}")
    assert models.get(FIRST).title in titles
    assert models.get(SECOND).title not in titles
    assert visitor.complaints() == []


def test_the_four_counts_and_the_verdict_are_those_of_the_whole_test_set() -> None:
    first, second = (cache.test_answers(name) for name in (FIRST, SECOND))
    counts = evaluation.mcnemar(first.logits, second.logits, first.labels)
    visitor = facing()
    shown = re.findall(r"<div><b>([\d,]+)</b>", visitor.html())
    expected = (counts.both_right, counts.only_first, counts.only_second, counts.both_wrong)
    assert shown == [f"{count:,}" for count in expected]
    titles = [models.get(name).title for name in (FIRST, SECOND)]
    assert verdict.verdict(counts, *titles) in visitor.text("markdown")
    said = f"the {counts.only_first + counts.only_second} of 10,000 test digits"
    assert any(said in caption for caption in visitor.text("caption"))


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_the_gallery_shows_a_group_and_a_click_takes_the_digit(group: str) -> None:
    visitor = facing()
    visitor.choose("disagreement", group)
    shipped = [cache.test_answers(name) for name in (FIRST, SECOND)]
    expected = verdict.disagreements(*shipped)[group][:60]
    described = visitor.component("disagreements")["descriptions"]
    assert [int(re.findall(r"\d+", text)[0]) for text in described] == expected.tolist()
    one, two = (each.logits[expected[0]].argmax() for each in shipped)
    assert visitor.component("disagreements")["captions"][0] == f"1st: {one}\n2nd: {two}"
    visitor.click_tile("disagreements", 0)
    assert f"Test digit {expected[0]}" in visitor.card()
    assert f"Answer <b>{one}</b>" in visitor.html()
    assert f"Answer <b>{two}</b>" in visitor.html()
    assert visitor.component("disagreements")["selected"] == 0


def test_maps_of_both_networks_have_one_scale_and_signed_ones_a_difference(
    digit: np.ndarray,
) -> None:
    visitor = facing(digit="1")
    visitor.choose("compared_method", "input_x_gradient")
    first, second = (
        cache.explanation(name, digit, "input_x_gradient", 2, options=()).heatmap
        for name in (FIRST, SECOND)
    )
    maps = (first, second, first - second)
    limit = max(np.abs(each).max() for each in maps)
    html = visitor.html()
    assert html.count("cl-scale") == 1 + 2, "one for the maps, one for each network's layer"
    assert f"+{limit:.2f} logits" in html
    for each in maps:
        coloured = colours.colourise(each, is_signed=True, limit=limit)
        assert (
            pictures.data_uri(
                pictures.over_image(coloured, digit, background="paper", is_signed=True)
            )
            in html
        )
    visitor.choose("compared_method", "gradient_saliency")
    assert "First minus second" not in visitor.html()
    assert visitor.complaints() == []


def test_the_maps_are_those_of_the_class_chosen(digit: np.ndarray) -> None:
    visitor = facing(digit="1")
    visitor.choose("compared_class", 7)
    first, second = (
        cache.explanation(name, digit, "integrated_gradients", 7, options=(("steps", 64),))
        for name in (FIRST, SECOND)
    )
    largest = [f"largest value {np.abs(each.heatmap).max():.2g}" for each in (first, second)]
    assert all(text in visitor.html() for text in largest)
    assert any("Red speaks for 7" in caption for caption in visitor.text("caption"))


def test_two_maps_without_evidence_are_a_sentence() -> None:
    visitor = facing(own=to_text(np.zeros((28, 28), np.uint8)))
    visitor.choose("compared_method", "input_x_gradient")
    assert any("Neither network finds any evidence" in each for each in visitor.text("info"))
    assert "First minus second" not in visitor.html(), "three empty pictures say less"
    assert visitor.complaints() == []


def test_each_network_shows_the_strongest_maps_of_its_own_layer(digit: np.ndarray) -> None:
    visitor = facing(digit="1")
    maps = cache.feature_maps(SECOND, digit)["conv1"]
    strongest = np.argsort(-np.abs(maps).mean(axis=(0, 1)), kind="stable")[:12]
    shown = visitor.component(f"strongest_of_{SECOND}")["captions"]
    assert [int(caption) for caption in shown] == strongest.tolist()
    before = visitor.component(f"strongest_of_{FIRST}")
    (picker,) = (each.key for each in visitor.app.selectbox if f"layer_of_{SECOND}" in each.key)
    visitor.choose(picker, "pool2")
    assert "5×5" in "".join(visitor.text("caption"))
    assert visitor.component(f"strongest_of_{FIRST}") == before


@pytest.mark.slow
def test_beside_a_dense_network_the_methods_are_those_that_both_can(shelf: Path) -> None:
    ship(shelf, "ann", cache.test_answers(FIRST).labels, is_built=True)
    visitor = Visitor("compare")
    assert visitor.complaints() == []
    both = [row.title for row in METHODS.values() if not row.needs_conv_layer]
    assert visitor.options("compared_method") == both
    assert "Methods that need a convolution are left out." in "".join(visitor.text("caption"))
    (said,) = visitor.text("info")
    assert said == "This network has no convolution, so there are no feature maps."
    assert visitor.shows(f"strongest_of_{FIRST}")
    assert len(visitor.component("disagreements")["captions"]) == 60
    assert any(caption.startswith("60 of ") for caption in visitor.text("caption"))


@pytest.mark.usefixtures("shelf")
def test_a_network_without_a_rival_says_so_and_leads_on() -> None:
    visitor = Visitor("compare")
    assert visitor.complaints() == []
    (said,) = visitor.text("info")
    assert said.startswith("One-versus-two network is the only trained network for MNIST")
    assert [element.proto.page for element in visitor.app.main.get("page_link")] == ["models"]


def test_without_the_pictures_answers_and_verdict_stand(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(shelf))
    monkeypatch.delenv("CNN_LENS_DATA", raising=False)
    labels = np.arange(413) % 10
    for name in ("course_fc", "course_cnn"):
        ship(shelf, name, labels)
    visitor = Visitor("compare", model="course_cnn", digit="3")
    (complaint,) = visitor.complaints()
    assert "Sign Language Digits are not on this machine" in complaint
    assert visitor.html().count("Answer <b>") == 2
    assert "3 ✓" in visitor.html()
    assert "both wrong" in visitor.html()
    assert [element.proto.page for element in visitor.app.main.get("page_link")] == ["evaluation"]


def test_a_rival_whose_weights_are_altered_leaves_what_needs_none(shelf: Path) -> None:
    ship(shelf, "tutorial", cache.test_answers(FIRST).labels)
    (shelf / "tutorial.weights.h5").write_bytes(b"altered")
    visitor = Visitor("compare")
    (complaint,) = visitor.complaints()
    assert complaint.startswith("tutorial.weights.h5 is missing or damaged")
    assert visitor.html().count("Answer <b>") == 2
    assert visitor.shows("disagreements")


@pytest.mark.slow
def test_what_needs_no_tensorflow_does_not_wait_for_it() -> None:
    run_alone(
        """
visitor = Visitor("compare")
assert visitor.complaints() == []
assert visitor.html().count("Answer <b>2</b>") == 2, "the shipped answers need no TensorFlow"
assert "both wrong" in visitor.html()
assert visitor.shows("disagreements")
assert "The network is loading" in visitor.html()
assert not tensorflow_loader.is_ready()
opened.set()
tensorflow_loader.wait()
visitor.app.run()
assert "First minus second" in visitor.html()
""",
        on_import="opened.wait()",
    )
