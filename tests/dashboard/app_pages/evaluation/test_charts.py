"""What the charts of dots and cells hold, and what the tables beside them say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cnn_core import evaluation, models
from cnn_core.evaluation import Summary
from dashboard.app_pages.evaluation import charts, tables
from dashboard.figures import colours, html

NAMES = ("airplane", "automobile", "bird")
MATRIX = np.array([[50, 2, 0], [1, 60, 0], [0, 3, 70]])


def summary(accuracy: float) -> Summary:
    return Summary(accuracy, (accuracy - 0.01, accuracy + 0.02), 0.8, 0.7, 0.6, 0.99998, 0.05)


def test_every_cell_of_the_full_matrix_can_be_clicked() -> None:
    figure = charts.full_confusion(MATRIX, NAMES)
    cells = [
        tuple(point)
        for markers in figure.select_traces({"type": "scatter"})
        for point in markers.customdata
    ]
    assert sorted(cells) == [(i, j, MATRIX[i, j]) for i in range(3) for j in range(3)]
    right = figure.data[-1]
    assert list(right.text) == ["50", "60", "70"]
    assert list(right.x) == list(right.y) == list(NAMES)
    assert not figure.layout.shapes


def test_the_chosen_cell_is_framed() -> None:
    (frame,) = charts.full_confusion(MATRIX, NAMES, (2, 1)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (0.5, 1.5, 1.5, 2.5)
    assert frame.line.color == colours.AFTER


def test_reliability_leaves_out_empty_bins() -> None:
    logits = np.log([[0.6, 0.4]] * 4 + [[0.999, 0.001]])
    found = evaluation.calibration(logits, np.array([0, 1, 1, 1, 0]), bins=4)
    _, dots, bars = charts.reliability(found).data
    np.testing.assert_allclose(dots.x, [0.6, 0.999], rtol=1e-6)
    np.testing.assert_allclose(dots.y, [0.25, 1])
    assert list(bars.x) == [0.625, 0.875]
    assert list(bars.y) == [4, 1]
    low, high = evaluation.wilson_interval(0.25, 4)
    assert dots.y[0] - dots.error_y.arrayminus[0] == pytest.approx(low)
    assert dots.y[0] + dots.error_y.array[0] == pytest.approx(high)


def test_accuracies_stand_beside_the_published_ones() -> None:
    found = {"Deep": summary(0.8), "Simple": summary(0.6)}
    measured, published = charts.accuracies(found, [None, 0.5], chosen=1).data
    assert list(measured.x) == [0.8, 0.6]
    assert list(measured.y) == list(published.y) == ["Deep", "Simple"]
    assert list(published.x) == [None, 0.5]
    np.testing.assert_allclose(measured.error_x.arrayminus, 0.01)
    np.testing.assert_allclose(measured.error_x.array, 0.02)
    assert list(measured.marker.color)[1] == colours.AFTER != measured.marker.color[0]


def rows_of(table: str) -> list[list[str]]:
    """The cells of a table as text."""
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall("<t[hd].*?</t[hd]>", row)]
        for row in re.findall("<tr.*?</tr>", table)
    ]


def test_the_report_marks_the_lowest_of_each_column() -> None:
    labels, answers = np.repeat(range(3), MATRIX.sum(axis=1)), []
    for row in MATRIX:
        answers += np.repeat(range(3), row).tolist()
    shown = tables.report(evaluation.classification_report(np.eye(3)[answers], labels), NAMES)
    head, *rows, average = rows_of(shown)
    assert len(head) == 5
    assert rows == [
        ["airplane", "98.04%", "96.15%", "97.09%", "52"],
        ["automobile", "92.31%", "98.36%", "95.24%", "61"],
        ["bird", "100.00%", "95.89%", "97.90%", "73"],
    ]
    assert average[1:] == ["96.78%", "96.80%", "96.74%", "186"]
    lowest = re.findall(r'cl-lowest">([\d.]+%)', shown)
    assert lowest == ["92.31%", "95.24%", "95.89%"]
    places = [float(left) for left in re.findall(r"left:([\d.]+)%", shown)]
    assert (min(places), max(places)) == (0, 100)


def test_a_perfect_report_has_its_dots_at_the_end() -> None:
    report = evaluation.classification_report(np.eye(3), np.arange(3))
    assert set(re.findall(r"left:([\d.]+)%", tables.report(report, NAMES))) == {"100.0"}


def test_areas_emphasise_the_chosen_class() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    logits = np.eye(3)[[0, 1, 1, 1, 2, 2]]
    found = [
        [curve(logits, labels, i) for i in range(3)]
        for curve in (evaluation.roc_curve, evaluation.precision_recall_curve)
    ]
    shown = tables.areas(*found, NAMES, 2)
    assert rows_of(shown)[3] == ["bird", "100.000%", "100.000%"]
    (marked,) = re.findall('<tr class="cl-marked">.*?</tr>', shown)
    assert "bird" in marked


def test_summaries_name_the_networks_and_what_was_published() -> None:
    shown = tables.summaries({"study": summary(0.99), "strided": summary(0.98)}, "strided")
    head, *rows = rows_of(shown)
    assert len(head) == len(rows[0]) == len(rows[1])
    assert rows[0][:5] == [
        models.get("study").title,
        "99.00%",
        "98.00 to 101.00%",
        "99.22%",
        "80.00%",
    ]
    assert rows[1][3] == "none"
    assert rows[1][7] == "99.998%"
    (marked,) = re.findall('<tr class="cl-marked">.*?</tr>', shown)
    assert models.get("strided").title in marked


def test_facts_are_escaped() -> None:
    assert html.facts([("<b>", "a & b")]).count("&lt;b&gt;") == 1
    assert "a &amp; b" in html.facts([("<b>", "a & b")])
