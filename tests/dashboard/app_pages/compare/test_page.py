"""The page that sets two networks side by side, through Home.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from cnn_core import datasets, evaluation, models
from cnn_core.attribution import METHODS
from dashboard import cache
from dashboard.app_pages.compare import text, verdict
from dashboard.figures import colours, pictures
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import to_text
from support.alone import run_alone
from support.cards import write_card
from support.sentences import pattern_of
from support.visitors import STEM, Visitor, forget_pictures

FIRST, SECOND = "study", "tutorial"
GROUPS = (verdict.ONLY_FIRST, verdict.ONLY_SECOND, verdict.BOTH_WRONG)


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
    visitor = facing(digit="247")
    shipped = [cache.shipped_prediction(name, 247) for name in (FIRST, SECOND)]
    assert visitor.answers() == [str(each.classes[0]) for each in shipped]
    for each in shipped:
        assert f"+{each.margins[0]:.1f} " in visitor.html()
        assert f"{100 * each.confidences[0]:.1f}%" in visitor.html()
    assert visitor.html().count("4 ✓") == 2


@pytest.mark.slow
def test_a_drawn_digit_is_answered_by_both_networks() -> None:
    visitor = facing(ink=to_text(STEM))
    pixels = (STEM.astype(np.float32) / np.float32(255))[..., None]
    predictions = [cache.prediction(name, pixels) for name in (FIRST, SECOND)]
    assert visitor.answers() == [str(each.classes[0]) for each in predictions]
    assert all(f"+{each.margins[0]:.1f} " in visitor.html() for each in predictions)
    assert "✓" in visitor.html(), "an edited test digit keeps its true class"


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
    differ = counts.only_first + counts.only_second
    said = pattern_of(text.COUNTED, differ=differ, total=10_000)
    assert any(map(said.search, visitor.text("caption")))


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
    assert f">{image_name('digit', expected[0])}<" in visitor.card()
    assert visitor.answers() == [str(one), str(two)]
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
    assert text.FIRST_MINUS_SECOND in html
    visitor.choose("compared_method", "gradient_saliency")
    assert text.FIRST_MINUS_SECOND not in visitor.html()
    assert visitor.complaints() == []


def test_the_maps_are_those_of_the_class_chosen(digit: np.ndarray) -> None:
    visitor = facing(digit="1")
    visitor.choose("compared_class", 7)
    first, second = (
        cache.explanation(name, digit, "integrated_gradients", 7, options=(("steps", 64),))
        for name in (FIRST, SECOND)
    )
    below = re.findall("<figcaption>(.*?)</figcaption>", visitor.html())[-3:]
    for caption, each in zip(below[:2], (first, second), strict=True):
        assert f" {np.abs(each.heatmap).max():.2g}" in caption
    how = colours.RED_AND_BLUE.format(name=7)
    assert any(how in caption for caption in visitor.text("caption"))


def test_two_maps_without_evidence_are_a_sentence() -> None:
    visitor = facing(own=to_text(np.zeros((28, 28), np.uint8)))
    visitor.choose("compared_method", "input_x_gradient")
    assert text.NO_EVIDENCE.format(noun="digit") in visitor.text("info")
    assert text.FIRST_MINUS_SECOND not in visitor.html(), "three empty pictures say less"
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
    assert text.LEFT_OUT in "".join(visitor.text("caption"))
    assert visitor.text("info") == [text.NO_CONVOLUTION]
    assert visitor.shows(f"strongest_of_{FIRST}")
    assert len(visitor.component("disagreements")["captions"]) == 60
    shipped = [cache.test_answers(name) for name in (FIRST, "ann")]
    total = len(verdict.disagreements(*shipped)[verdict.ONLY_FIRST])
    counted = re.compile(rf"\b60 \D*{total:,}\b")
    assert any(map(counted.search, visitor.text("caption")))


@pytest.mark.usefixtures("shelf")
def test_a_network_without_a_rival_says_so_and_leads_on() -> None:
    visitor = Visitor("compare")
    assert visitor.complaints() == []
    (said,) = visitor.text("info")
    assert models.get(FIRST).title in said
    assert datasets.get(models.get(FIRST).dataset).title in said
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
    assert visitor.complaints() == [str(cache.AbsentPicturesError("sign_digits"))]
    assert len(visitor.answers()) == 2
    assert "3 ✓" in visitor.html()
    assert "cl-counts" in visitor.html()
    assert [element.proto.page for element in visitor.app.main.get("page_link")] == ["evaluation"]


def test_a_rival_whose_weights_are_altered_leaves_what_needs_none(shelf: Path) -> None:
    ship(shelf, "tutorial", cache.test_answers(FIRST).labels)
    (shelf / "tutorial.weights.h5").write_bytes(b"altered")
    visitor = Visitor("compare")
    (complaint,) = visitor.complaints()
    assert complaint.startswith("tutorial.weights.h5 ")
    assert len(visitor.answers()) == 2
    assert visitor.shows("disagreements")


@pytest.mark.slow
def test_what_needs_no_tensorflow_does_not_wait_for_it() -> None:
    run_alone(
        """
from dashboard.app_pages.compare.text import FIRST_MINUS_SECOND
visitor = Visitor("compare")
assert visitor.complaints() == []
assert visitor.answers() == ["2", "2"], "the shipped answers need no TensorFlow"
assert "cl-counts" in visitor.html()
assert visitor.shows("disagreements")
assert "cl-loading" in visitor.html()
assert not tensorflow_loader.is_ready()
opened.set()
tensorflow_loader.wait()
visitor.app.run()
assert FIRST_MINUS_SECOND in visitor.html()
""",
        on_import="opened.wait()",
    )
