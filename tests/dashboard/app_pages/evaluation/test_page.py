"""The page Evaluation through Home.py: its figures are those of the library, its cells open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from cnn_core import datasets, evaluation, inference, models
from dashboard.app_pages.evaluation import cached, text
from dashboard.figures import numbers
from dashboard.session import image_name
from support.cards import write_card
from support.visitors import Visitor, forget_pictures

VIEWS = (text.CONFUSION, text.CLASS_BY_CLASS, text.CURVES, text.CALIBRATION, text.ALL_MODELS)
ANSWERS = models.load_test_answers("study")
MATRIX = evaluation.confusion_matrix(ANSWERS.logits, ANSWERS.labels)


def percent(share: float) -> str:
    return numbers.percent(share, 2)


@pytest.fixture
def page() -> Visitor:
    return Visitor("evaluation")


def test_the_page_says_how_right_the_network_is(page: Visitor) -> None:
    assert page.complaints() == []
    assert page.text("title") == ["Evaluation"]
    shown = page.html()
    low, high = evaluation.wilson_interval(MATRIX.trace() / 10_000, 10_000)
    assert f"<b>{MATRIX.trace() / 100:.2f}%</b>" in shown
    assert f"{100 * low:.2f} to {100 * high:.2f}%" in shown
    assert "<b>99.22%</b><span>published</span>" in shown
    links = [element.proto.page for element in page.app.main.get("page_link")]
    assert links == ["models"]


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_and_needs_no_network(page: Visitor, view: str) -> None:
    page.choose("evaluation_view", view)
    assert page.complaints() == []
    assert "cl-loading" not in page.html()
    assert len(page.app.main.get("plotly_chart")) == {
        text.CLASS_BY_CLASS: 0,
        text.CURVES: 2,
    }.get(view, 1)


def test_the_hint_names_the_commonest_mistake(page: Visitor) -> None:
    wrong = MATRIX - np.diag(np.diag(MATRIX))
    true, answer = np.unravel_index(wrong.argmax(), wrong.shape)
    cell = text.CELL.format(true=true, answer=answer)
    hint = text.CLICK_A_CELL.format(
        noun="digit", cell=cell, count=wrong.max(), of_class=MATRIX[true].sum()
    )
    assert page.text("info") == [hint]


def test_a_cell_shows_its_mistakes_the_surest_first(page: Visitor) -> None:
    page.choose("cell_true", 6)
    assert not page.shows("cell_tiles")
    page.choose("cell_answer", 0)
    sent = page.component("cell_tiles")
    indices = [int(re.findall(r"\d+", each)[0]) for each in sent["descriptions"]]
    assert len(indices) == MATRIX[6, 0]
    assert set(ANSWERS.labels[indices]) == {6}
    assert set(ANSWERS.logits[indices].argmax(axis=1)) == {0}
    confidence = inference.softmax(ANSWERS.logits[indices])[:, 0]
    assert (np.diff(confidence) <= 0).all()
    assert sent["captions"] == [numbers.percent(float(share)) for share in confidence]


def test_the_diagonal_shows_the_least_sure_right_answers(page: Visitor) -> None:
    page.choose("cell_true", 4)
    page.choose("cell_answer", 4)
    sent = page.component("cell_tiles")
    indices = [int(re.findall(r"\d+", each)[0]) for each in sent["descriptions"]]
    assert len(indices) == 60 < MATRIX[4, 4]
    right = np.flatnonzero((ANSWERS.labels == 4) & (ANSWERS.logits.argmax(axis=1) == 4))
    confidence = inference.softmax(ANSWERS.logits)[:, 4]
    assert confidence[indices].max() <= np.sort(confidence[right])[59]
    first = text.SOME_ANSWERS.format(count=60, order=text.LEAST_SURE)
    assert page.text("caption")[-1].startswith(first)


def test_an_empty_cell_says_so(page: Visitor) -> None:
    true, answer = np.argwhere(MATRIX == 0)[0].tolist()
    page.choose("cell_true", true)
    page.choose("cell_answer", answer)
    assert not page.shows("cell_tiles")
    assert text.NO_SUCH_ANSWER in page.text("caption")


def test_a_click_makes_a_picture_the_current_one(page: Visitor) -> None:
    page.choose("cell_true", 6)
    page.choose("cell_answer", 0)
    index = int(re.findall(r"\d+", page.component("cell_tiles")["descriptions"][1])[0])
    page.click_tile("cell_tiles", 1)
    assert f"{image_name('digit', index)}<" in page.card()
    assert page.component("cell_tiles")["selected"] == 1


def test_the_report_is_that_of_the_library(page: Visitor) -> None:
    page.choose("evaluation_view", text.CLASS_BY_CLASS)
    report = evaluation.classification_report(ANSWERS.logits, ANSWERS.labels)
    shown = page.html()
    for each in report.classes:
        assert percent(each.precision) in shown
        assert percent(each.recall) in shown
    assert f"<td>{percent(report.macro.f1)}</td>" in shown


def test_the_hardest_class_is_shown_until_another_is_chosen(page: Visitor) -> None:
    page.choose("evaluation_view", text.CURVES)
    _, curves = cached.class_curves("study")
    hardest = int(np.argmin([curve.area for curve in curves]))
    assert roc_title(hardest) in page.text("markdown")
    page.choose("curve_class", (hardest + 1) % 10)
    page.choose("curve_part", text.WHOLE)
    assert roc_title((hardest + 1) % 10) in page.text("markdown")
    assert page.complaints() == []


def roc_title(of_class: int) -> str:
    return text.CURVE_OF.format(curve=text.ROC_CURVE, class_name=of_class)


def test_calibration_says_which_way_the_network_errs(page: Visitor) -> None:
    page.choose("evaluation_view", text.CALIBRATION)
    found = evaluation.calibration(ANSWERS.logits, ANSWERS.labels)
    said = "".join(page.text("markdown"))
    assert percent(found.error) in said
    is_too_sure = inference.softmax(ANSWERS.logits).max(axis=1).mean() > MATRIX.trace() / 10_000
    assert (text.TOO_SURE in said, text.TOO_UNSURE in said) == (is_too_sure, not is_too_sure)


# --- Networks of another data set, and files that are missing ---


@pytest.fixture
def pretrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for shipped files in place of the real one, and no data set but the shipped one."""
    _forget()
    monkeypatch.setattr(models, "PRETRAINED", tmp_path / "pretrained")
    monkeypatch.setenv("CNN_LENS_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    models.PRETRAINED.mkdir()
    yield models.PRETRAINED
    _forget()


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_pictures()


def ship(folder: Path, name: str, *, strength: float) -> evaluation.Summary:
    """Write the files of a network that answers at random, the better the stronger."""
    random = np.random.default_rng(0)
    labels = np.repeat(range(10), 100)
    logits = random.normal(size=(1000, 10)) + strength * np.eye(10)[labels]
    np.savez(folder / f"{name}.predictions.npz", logits=logits.astype(np.float32), labels=labels)
    write_card(folder, name, test_accuracy=evaluation.accuracy(logits, labels))
    (folder / f"{name}.weights.h5").write_bytes(b"")
    return evaluation.summarise(logits.astype(np.float32), labels)


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_without_the_pictures_every_view_still_opens(pretrained: Path, view: str) -> None:
    ship(pretrained, "cifar_deep", strength=3)
    visitor = Visitor("evaluation", model="cifar_deep")
    visitor.choose("evaluation_view", view)
    assert visitor.complaints() == []
    noun = datasets.get("cifar10").noun
    assert text.RIGHT_OF_ALL.format(count=1000, noun=noun) in visitor.html()


def test_without_the_pictures_a_cell_says_how_to_get_them(pretrained: Path) -> None:
    ship(pretrained, "cifar_deep", strength=1)
    visitor = Visitor("evaluation", model="cifar_deep")
    visitor.choose("cell_true", 0)
    visitor.choose("cell_answer", 1)
    (complaint,) = visitor.complaints()
    assert datasets.get("cifar10").title in complaint
    assert "CNN_LENS_DATA" in complaint
    cell = text.CELL.format(true="airplane", answer="automobile")
    assert any(cell in said for said in visitor.text("markdown"))
    assert len(visitor.app.main.get("plotly_chart")) == 1


def test_all_trained_networks_of_the_data_set_stand_side_by_side(pretrained: Path) -> None:
    found = {
        name: ship(pretrained, name, strength=s) for name, s in (("cifar_deep", 3), ("resnet20", 4))
    }
    ship(pretrained, "study", strength=5)
    visitor = Visitor("evaluation", model="cifar_deep")
    visitor.choose("evaluation_view", text.ALL_MODELS)
    table = re.search("<table.*</table>", visitor.html())
    assert table
    assert [name for name, row in models.MODELS.items() if row.title in table[0]] == list(found)
    for each in found.values():
        assert percent(each.macro_f1) in table[0]
        assert percent(each.calibration_error) in table[0]


def test_a_damaged_neighbour_is_named_and_the_others_stay(pretrained: Path) -> None:
    ship(pretrained, "cifar_deep", strength=3)
    ship(pretrained, "resnet20", strength=3)
    (pretrained / "resnet20.predictions.npz").write_bytes(b"damaged")
    visitor = Visitor("evaluation", model="cifar_deep")
    visitor.choose("evaluation_view", text.ALL_MODELS)
    (complaint,) = visitor.complaints()
    assert complaint.startswith("resnet20.predictions.npz ")
    assert models.get("cifar_deep").title in visitor.html()
