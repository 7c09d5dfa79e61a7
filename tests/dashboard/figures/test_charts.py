"""What the figures hold: raw values, symmetric scales, the right cell under the right name."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from cnn_core.activations import WeightStatistics
from dashboard.app_pages.feature_maps.charts import units
from dashboard.app_pages.filters.charts import kernels, weight_histograms
from dashboard.app_pages.occlusion import charts
from dashboard.figures import colours, confusion_matrix, heatmaps, pictures

PIXELS = np.linspace(-1.5, 1, 12, dtype=np.float32).clip(0).reshape(3, 4, 1)
PHOTOGRAPH = np.linspace(0, 1, 36, dtype=np.float32).reshape(3, 4, 3)
VALUES = np.array([[0.0, 1, -2, 3], [4, -5, 6, 0], [0, 0, 0, 0]])
NAMES = tuple("abc")


def maps_of(figure: go.Figure) -> list[go.Heatmap]:
    return list(figure.select_traces({"type": "heatmap"}))


def test_a_heatmap_keeps_its_values_over_its_digit() -> None:
    figure = heatmaps.heatmap_chart(
        VALUES, PIXELS, background="paper", is_signed=True, unit="logits", strength=0.25
    )
    below, above = figure.data
    dark_on_white = 255 - pictures.as_picture(PIXELS)
    np.testing.assert_array_equal(np.asarray(below.z)[..., 0], dark_on_white)
    np.testing.assert_array_equal(above.z, VALUES)
    assert (above.zmin, above.zmax, above.opacity) == (-6, 6, 0.25)
    assert [colour for _, colour in above.colorscale] == list(colours.DIVERGING)
    assert "logits" in above.hovertemplate


def test_an_unsigned_heatmap_starts_at_zero() -> None:
    figure = heatmaps.heatmap_chart(
        abs(VALUES), PIXELS, background="paper", is_signed=False, unit="", strength=1
    )
    (found,) = maps_of(figure)
    np.testing.assert_array_equal(np.asarray(figure.data[0].z)[..., 0], pictures.as_picture(PIXELS))
    assert (found.zmin, found.zmax) == (0, 6)
    assert [colour for _, colour in found.colorscale] == list(colours.SEQUENTIAL)


def test_without_its_map_a_photograph_keeps_its_colours() -> None:
    shown = [
        np.asarray(
            heatmaps.heatmap_chart(
                VALUES, PHOTOGRAPH, background="photo", is_signed=True, unit="", strength=strength
            )
            .data[0]
            .z
        )
        for strength in (0.0, 0.75)
    ]
    np.testing.assert_array_equal(shown[0], pictures.as_picture(PHOTOGRAPH))
    np.testing.assert_array_equal(
        shown[1], pictures.below(PHOTOGRAPH, background="photo", is_signed=True)
    )


def test_row_zero_is_on_top() -> None:
    figure = heatmaps.heatmap_chart(
        VALUES, PIXELS, background="paper", is_signed=True, unit="", strength=1
    )
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.yaxis.scaleanchor == "x"


def small_multiples(limit: float | None) -> go.Figure:
    return heatmaps.small_multiples(
        [VALUES, 2 * abs(VALUES), 0 * VALUES],
        NAMES,
        PIXELS,
        background="paper",
        signs=[True, False, True],
        units=["x", "y", "z"],
        strength=0.5,
        limit=limit,
        columns=2,
    )


def test_small_multiples_have_a_title_and_a_scale_each() -> None:
    figure = small_multiples(None)
    assert [note.text for note in figure.layout.annotations] == list(NAMES)
    ends = [(found.zmin, found.zmax) for found in maps_of(figure)]
    assert ends == [(-6, 6), (0, 12), (-1, 1)]
    axes = [found.xaxis for found in maps_of(figure)]
    assert len(set(axes)) == 3


def test_small_multiples_can_share_one_scale() -> None:
    assert {found.zmax for found in maps_of(small_multiples(20.0))} == {20}


def test_winners_name_only_the_answers_that_changed() -> None:
    figure = charts.winners(np.array([[0, 1], [0, 2]]), 0, NAMES)
    (found,) = maps_of(figure)
    assert np.asarray(found.z).tolist() == [[0, 1], [0, 1]]
    assert np.asarray(found.text).tolist() == [["", "b"], ["", "c"]]
    assert np.asarray(found.customdata).tolist() == [["a", "b"], ["a", "c"]]


def test_the_mosaic_of_kernels_names_each_weight() -> None:
    kernel = np.arange(18, dtype=np.float32).reshape(3, 2, 3) - 9
    figure = kernels(kernel, [2, 0, 1], limit=9.0, columns=2)
    (found,) = maps_of(figure)
    mosaic, marks = np.asarray(found.z), figure.data[1]
    assert mosaic.shape == (7, 5)
    np.testing.assert_array_equal(mosaic[:3, :2], kernel[..., 2])
    np.testing.assert_array_equal(mosaic[:3, 3:], kernel[..., 0])
    np.testing.assert_array_equal(mosaic[4:, :2], kernel[..., 1])
    assert np.isnan(mosaic[3]).all()
    assert np.isnan(mosaic[:, 2]).all()
    assert len(marks.text) == kernel.size
    at = list(zip(marks.x, marks.y, strict=True)).index((4, 1))
    assert marks.text[at] == "filter 0, row 1, column 1: 0.000"
    assert marks.customdata[at] == [0]
    assert (found.zmin, found.zmax) == (-9, 9)


def test_histograms_count_every_weight() -> None:
    values = np.random.default_rng(0).normal(size=500).astype(np.float32)
    rows = [WeightStatistics("conv", kind, values, 0.0, 1.0) for kind in ("kernel", "bias")]
    figure = weight_histograms(rows)
    assert [note.text for note in figure.layout.annotations] == ["conv kernel", "conv bias"]
    for bars in figure.data:
        assert sum(bars.y) == 500
        mean = np.average(bars.x, weights=bars.y)
        np.testing.assert_allclose(mean, values.mean(), atol=0.1)


def test_dense_units_stand_beside_those_of_the_original() -> None:
    now, before = np.array([1.0, 0, 2]), np.array([0.0, 1, 2])
    (alone,) = units(now).data
    assert list(alone.y) == [1, 0, 2]
    bars, marks = units(now, before).data
    assert (list(bars.y), list(marks.y)) == ([1, 0, 2], [0, 1, 2])


def test_the_confusion_matrix_shows_mistakes_only_and_each_cell_knows_its_classes() -> None:
    matrix = np.array([[50, 2, 0], [1, 60, 0], [0, 3, 70]])
    figure = confusion_matrix.mistake_matrix(matrix, NAMES)
    (found,) = maps_of(figure)
    assert np.asarray(found.text).tolist() == [["", "2", ""], ["1", "", ""], ["", "3", ""]]
    assert found.zmax == 3
    cells = {(x, y): tuple(data) for x, y, data in zip(*_markers(figure), strict=True)}
    assert len(cells) == 6, "right answers are no mistakes to look at"
    assert cells["b", "c"] == (2, 1, 3)
    assert cells["c", "a"] == (0, 2, 0)


def _markers(figure: go.Figure) -> tuple[list, list, list]:
    (markers,) = figure.select_traces({"type": "scatter"})
    return list(markers.x), list(markers.y), [list(data) for data in markers.customdata]


def test_a_network_without_mistakes_has_an_empty_matrix() -> None:
    (found,) = maps_of(confusion_matrix.mistake_matrix(np.diag([5, 6, 7]), NAMES))
    assert np.isnan(np.asarray(found.z, float)).all()
    assert found.zmax == 1
