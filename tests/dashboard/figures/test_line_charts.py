"""What the line charts hold: every value, the chosen one in orange, a corner that shows all."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from cnn_core import evaluation
from dashboard.app_pages.evaluation import curve_charts
from dashboard.figures import colours, line_charts
from dashboard.figures.line_charts import Line

HISTORY = {
    "accuracy": [0.5, 0.7, 0.9],
    "loss": [2.0, 1.0, 0.5],
    "val_accuracy": [0.6, 0.8, 0.7],
    "val_loss": [1.5, 0.9, 1.1],
}
NAMES = ("airplane", "automobile", "bird")


def test_training_curves_hold_the_history() -> None:
    figure = line_charts.training_curves(HISTORY, best_epoch=2)
    found = {(line.name, line.yaxis): list(line.y) for line in figure.data}
    assert found == {
        ("training", "y"): HISTORY["accuracy"],
        ("validation", "y"): HISTORY["val_accuracy"],
        ("training", "y2"): HISTORY["loss"],
        ("validation", "y2"): HISTORY["val_loss"],
    }
    assert all(list(line.x) == [1, 2, 3] for line in figure.data)
    assert [line.name for line in figure.data if line.showlegend] == ["training", "validation"]
    assert {shape.x0 for shape in figure.layout.shapes} == {2}
    assert [axis.title.text for axis in figure.select_yaxes()] == ["accuracy", "loss"]


def test_one_epoch_is_seen() -> None:
    figure = line_charts.training_curves({name: [values[0]] for name, values in HISTORY.items()}, 1)
    assert all("markers" in line.mode for line in figure.data)


def test_a_band_lies_around_its_line() -> None:
    line = Line("3 seeds", [0.5, 0.6], low=[0.4, 0.5], high=[0.7, 0.8], colour="#009E73")
    figure = line_charts.over_epochs({"accuracy": [line, Line("one", [0.3, 0.4])]})
    band, middle, alone = figure.data
    assert list(band.x) == [1, 2, 2, 1]
    assert list(band.y) == [0.7, 0.8, 0.5, 0.4]
    assert (band.showlegend, middle.showlegend, alone.showlegend) == (False, True, True)
    assert (band.mode, band.line.width) == ("lines", 0)
    assert band.fillcolor == middle.line.color == "#009E73"
    assert band.legendgroup == middle.legendgroup
    assert not figure.layout.shapes


def class_curves(spread: float) -> tuple[list[evaluation.Curve], list[evaluation.Curve]]:
    """ROC and precision-recall curves of three classes that are told apart the worse, the wider."""
    random = np.random.default_rng(0)
    labels = np.repeat(range(3), 400)
    logits = 10 * np.eye(3)[labels] + spread * random.normal(size=(1200, 3))
    roc = [evaluation.roc_curve(logits, labels, i) for i in range(3)]
    return roc, [evaluation.precision_recall_curve(logits, labels, i) for i in range(3)]


def last_class(figure: go.Figure) -> go.Scatter:
    return [line for line in figure.data if line.name != "chance"][-1]


@pytest.mark.parametrize("kind", [0, 1])
def test_the_chosen_class_is_orange_and_on_top(kind: int) -> None:
    found, chart = class_curves(3)[kind], (curve_charts.roc, curve_charts.precision_recall)[kind]
    figure = chart(found, NAMES, 1)
    shown = last_class(figure)
    assert (shown.name, shown.line.color) == ("automobile", colours.AFTER)
    np.testing.assert_allclose(shown.x, found[1].x, rtol=1e-6)
    np.testing.assert_allclose(shown.y, found[1].y, rtol=1e-6)
    legend = [line.name for line in figure.data if line.showlegend is not False]
    assert legend[:2] == ["other classes", "automobile"]
    for i in range(3):
        assert (
            sum(
                NAMES[i] in line.hovertemplate
                for line in figure.data
                if line.customdata is not None
            )
            == 1
        )


def ranges(figure: go.Figure) -> tuple[float, float, float, float]:
    return (*figure.layout.xaxis.range, *figure.layout.yaxis.range)


def test_the_whole_chart_shows_all() -> None:
    for chart, found in zip(
        (curve_charts.roc, curve_charts.precision_recall), class_curves(3), strict=True
    ):
        assert ranges(chart(found, NAMES, 0)) == pytest.approx((-0.02, 1.02, -0.02, 1.02))


@pytest.mark.parametrize("spread", [1.5, 2.5, 4, 30])
def test_the_corner_is_as_small_as_the_worst_curve_allows(spread: float) -> None:
    roc, precision_recall = class_curves(spread)
    left, right, low, high = ranges(curve_charts.roc(roc, NAMES, 0, is_corner=True))
    assert right - left == pytest.approx(high - low)
    for curve in roc:
        assert ((curve.x <= right) & (curve.y >= low)).any()
    left, right, low, high = ranges(
        curve_charts.precision_recall(precision_recall, NAMES, 0, is_corner=True)
    )
    assert right > 1
    for curve in precision_recall:
        assert ((curve.x >= left) & (curve.y >= low)).any()


def test_better_networks_have_smaller_corners() -> None:
    widths = [
        float(
            np.ptp(
                curve_charts.roc(
                    class_curves(spread)[0], NAMES, 0, is_corner=True
                ).layout.xaxis.range
            )
        )
        for spread in (0.1, 3, 6, 40)
    ]
    assert widths == sorted(widths)
    assert widths[0] == pytest.approx(0.01 * 1.04)
    assert widths[-1] == pytest.approx(1.04)


def test_chance_is_drawn_where_there_is_room() -> None:
    roc, _ = class_curves(3)
    assert curve_charts.roc(roc, NAMES, 0).data[-1].name == "chance"
    assert "chance" not in [
        line.name for line in curve_charts.roc(roc, NAMES, 0, is_corner=True).data
    ]
