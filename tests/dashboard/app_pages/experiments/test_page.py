"""The Experiments page through Home.py: every result beside its source, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st

from cnn_core.studies import baselines, experiments, grid_search, k_fold, results
from cnn_core.studies.experiments import EXPERIMENTS, conclusions
from dashboard.app_pages.experiments import baseline_charts, charts, text
from dashboard.figures import colours
from support.visitors import Visitor


@pytest.fixture
def nothing_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.mark.slow
def test_the_page_says_what_it_shows_and_leads_on() -> None:
    visitor = Visitor("experiments")
    assert visitor.complaints() == []
    assert visitor.text("title") == ["Experiments"]
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    assert links[-1] == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_shows_the_source_and_what_was_measured(name: str) -> None:
    visitor = Visitor("experiments")
    visitor.choose("experiment", name)
    assert visitor.complaints() == []
    found = conclusions.conclude(experiments.load(name))
    said = visitor.text("markdown")
    assert any(each.endswith(EXPERIMENTS[name].published) for each in said)
    assert any(each.endswith(found.sentence) for each in said)
    (verdict,) = (each for each in said if each.startswith(EXPERIMENTS[name].question))
    assert found.verdict.split()[0] in verdict or found.verdict == "no claim"
    assert f"experiments {name}`" in " ".join(visitor.text("caption"))


@pytest.mark.slow
def test_the_overview_counts_the_verdicts() -> None:
    html = Visitor("experiments").html()
    found = [conclusions.conclude(experiments.load(name)) for name in EXPERIMENTS]
    for verdict, words in (("agrees", text.AGREE), ("disagrees", text.DISAGREE)):
        count = sum(each.verdict == verdict for each in found)
        assert f"<b>{count}</b><span>{words}" in html
    for row, each in zip(EXPERIMENTS.values(), found, strict=True):
        assert f'<th scope="row">{row.title}</th><td class="cl-text">{each.verdict}</td>' in html


@pytest.mark.usefixtures("nothing_shipped")
def test_results_that_are_missing_are_a_sentence_each_and_the_page_stays() -> None:
    visitor = Visitor("experiments")
    complaints = visitor.complaints()
    assert len(complaints) == 4
    assert "studies experiments kernel_size`" in complaints[0]
    assert visitor.html().count(text.NOT_MEASURED) == len(EXPERIMENTS)
    visitor.choose("experiment", "pooling")
    assert "studies experiments pooling`" in visitor.complaints()[0]


@pytest.mark.slow
def test_baselines_cross_validation_and_grid_search_stand_beside_their_source() -> None:
    visitor = Visitor("experiments")
    html, said = visitor.html(), " ".join(visitor.text("markdown"))
    for row in baselines.load().rows:
        for seconds in (row.fit_seconds, row.predict_seconds):
            assert f"<td>{seconds:.2f}</td>" in html
        if row.published is not None:
            assert f"<td>{100 * row.published:.2f}%</td>" in html
    assert f"<b>{100 * k_fold.load().mean:.2f}%</b>" in html
    assert "<b>94.7%</b>" in html
    assert f"{100 * grid_search.load().published_best.mean:.2f}%" in said


# --- Charts ---


def test_the_band_of_a_point_holds_its_seeds() -> None:
    result = experiments.load("kernel_size")
    figure = charts.over_training(result)
    values = np.array([history["val_accuracy"] for history in result.runs[0].histories])
    band, line = figure.data[:2]
    assert line.name == "3"
    np.testing.assert_allclose(line.y, values.mean(axis=0))
    np.testing.assert_allclose(band.y, [*values.max(axis=0), *values.min(axis=0)[::-1]])


def test_the_best_point_is_orange_and_the_published_one_ringed() -> None:
    result = experiments.load("pairs")
    found = conclusions.conclude(result)
    traces = {trace.name: trace for trace in charts.last_epoch(result, found).data}
    assert traces[charts.BEST_HERE].y == (found.best,)
    assert traces[charts.PUBLISHED_BEST].y == ("2",)
    assert traces[charts.PUBLISHED_VALUE].x == (0.9818, 0.9862, 0.9812)


def test_a_range_test_marks_both_rates() -> None:
    result = experiments.load("learning_rate")
    figure = charts.rates(result)
    marked = [trace.x[0] for trace in figure.data if trace.name == charts.PUBLISHED_RATE]
    assert marked == [0.01, 0.01, 0.01, 0.1, 0.1, 1.0]
    lowest = [trace.x[0] for trace in figure.data if trace.name == charts.LOWEST_LOSS]
    assert lowest == [each.mean for each in conclusions.rate_findings(result)]


@pytest.mark.parametrize("name", [row.name for row in EXPERIMENTS.values() if row.keeps_weights])
def test_weight_histograms_hold_all_weights(name: str) -> None:
    figure = charts.weights(experiments.load(name))
    assert len(figure.data) == 2 * 4
    assert [sum(trace.y) for trace in figure.data] == pytest.approx([1.0] * 8)


@pytest.mark.slow
def test_a_penalty_brings_most_weights_near_0() -> None:
    visitor = Visitor("experiments")
    visitor.choose("experiment", "l2")
    factor = EXPERIMENTS["l2"].factor.capitalize()
    table = visitor.html().split(f'<th scope="col">{factor}</th>')[-1]
    off, on = (
        [float(share) for share in re.findall(r"([\d.]+)%", row)]
        for row in table.split("</tbody>")[0].split("</tr>")[1:3]
    )
    assert len(off) == len(on) == 4
    # The last three kernels; the first one has few weights, and needs them.
    assert all(many > few for few, many in zip(off[1:], on[1:], strict=True))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_training_and_validation_loss_of_every_point_are_shown(name: str) -> None:
    result = experiments.load(name)
    if result.experiment.kind == "training":
        figure = charts.overfitting(result)
        shown = [
            trace for trace in figure.data if trace.name in (charts.TRAINING, charts.VALIDATION)
        ]
        assert len(shown) == 2 * len(result.runs)
        assert sum(bool(trace.showlegend) for trace in shown) == 2


@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize("count", range(2, 7))
def test_every_point_has_a_colour_of_its_own(count: int, *, is_ordered: bool) -> None:
    assert len(set(colours.palette(count, is_ordered=is_ordered))) == count


@pytest.mark.parametrize("colour", [*colours.STEPS, *colours.KINDS])
def test_colours_read_on_light_and_on_dark(colour: str) -> None:
    for background in ("#FFFFFF", "#12161B"):
        lighter, darker = sorted(map(luminance, (colour, background)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 2.3


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    levels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_every_point_of_the_grid_is_a_dot() -> None:
    found = grid_search.load()
    figure: go.Figure = baseline_charts.grid_search(found)
    dots = [x for trace in figure.data if trace.name in ("Adam", "RMSprop") for x in trace.x]
    assert sorted(dots) == pytest.approx(sorted(point.mean for point in found.points))
    (ring,) = (trace for trace in figure.data if trace.name == charts.PUBLISHED_BEST)
    assert ring.x == (found.published_best.mean,)


def test_baselines_have_their_intervals() -> None:
    rows = [row for row in baselines.load().rows if row.dataset == "sign_digits"]
    measured, published = baseline_charts.baselines(rows).data
    low = np.array(measured.x) - np.array(measured.error_x.arrayminus)
    np.testing.assert_allclose(low, [row.interval[0] for row in rows])
    assert published.x == tuple(row.published for row in rows)


def test_every_fold_is_a_dot() -> None:
    found = k_fold.load()
    mean, published, folds = baseline_charts.k_fold(found).data
    assert folds.y == found.accuracies
    assert set(mean.y) == {found.mean}
    assert set(published.y) == {0.947}
