"""Other studies on a page: classical baselines, cross-validation and grid search."""

from __future__ import annotations

import streamlit as st

from cnn_core import datasets
from cnn_core.studies import baselines as baseline_study
from cnn_core.studies.grid_search import GridSearch, Point
from dashboard.app_pages.experiments import baseline_charts, cached
from dashboard.figures import html
from dashboard.frame.charts import show_chart
from dashboard.frame.provenance import made_by

_GRID_ROWS = 8


def baselines() -> None:
    """Classical methods on the bare pixels, a chart a data set, and a table."""
    st.markdown(
        "**Classical baselines.** Four methods that see the pixels as a row of numbers, without "
        "any notion of place."
    )
    found = cached.baselines()
    for column, name in zip(st.columns(2, gap="large"), baseline_study.DATASETS, strict=True):
        rows = [row for row in found.rows if row.dataset == name]
        with column:
            st.markdown(datasets.get(name).title)
            show_chart(
                baseline_charts.baselines(rows),
                key=f"baselines_{name}",
                alt=f"Accuracy of classical methods on {datasets.get(name).title}",
            )
    st.html(
        html.table(
            (
                *("Method", "Data", "Accuracy", "95% interval", "Published"),
                *("Seconds to learn", "Seconds to answer"),
            ),
            [
                (
                    baseline_study.METHODS[row.method].title,
                    datasets.get(row.dataset).title,
                    f"{100 * row.accuracy:.2f}%",
                    f"{100 * row.interval[0]:.2f} to {100 * row.interval[1]:.2f}%",
                    "none" if row.published is None else f"{100 * row.published:.2f}%",
                    f"{row.fit_seconds:.2f}",
                    f"{row.predict_seconds:.2f}",
                )
                for row in found.rows
            ],
            text_columns=(1,),
        )
    )
    st.caption("Seconds are of processor time; to answer is for the whole test set.")
    made_by(found.origin)


def k_fold() -> None:
    """Show the dense network on ten folds."""
    st.markdown(
        "**Cross-validation.** The dense network learns from nine tenths of the digits and is "
        "measured on the tenth, ten times."
    )
    found = cached.k_fold()
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_chart(
            baseline_charts.k_fold(found),
            key="k_fold",
            alt="Accuracy of the dense network on each of ten folds",
        )
    with right:
        st.html(
            html.facts(
                (
                    (f"{100 * found.mean:.2f}%", "mean of the folds"),
                    (f"{100 * found.deviation:.2f}", "points of standard deviation"),
                    (f"{100 * found.published_mean:.1f}%", "published mean"),
                )
            )
        )
        st.caption(found.published_note)
        st.caption(
            f"{found.sizes.num_digits:,} training digits, {found.sizes.epochs} epochs, batches of "
            f"{found.sizes.batch_size}."
        )
        made_by(found.origin)


def grid_search() -> None:
    """Show every point of the grid that found the dense network."""
    st.markdown(
        "**Grid search.** Every combination of hidden layers, units, optimizer, batch size and "
        "epochs of the dense network, measured on held-out training digits."
    )
    found = cached.grid_search()
    with st.container(key="wide_grid"):
        show_chart(
            baseline_charts.grid_search(found),
            key="grid_search",
            alt="Accuracy at every point of the grid search",
        )
    best, published = found.best, found.published_best
    st.markdown(
        f"Best here: {_settings(best)}, {100 * best.mean:.2f}%. Published best: "
        f"{_settings(published)}, here {100 * published.mean:.2f}%. {_lead(found)}"
    )
    ranked = sorted(found.points, key=lambda point: -point.mean)
    shown = ranked[:_GRID_ROWS] + [published] * (published not in ranked[:_GRID_ROWS])
    st.html(
        html.table(
            ("Settings", "Rank", "Accuracy", "Lowest to highest seed", "Against the best"),
            [
                (
                    _settings(point),
                    f"{ranked.index(point) + 1} of {len(ranked)}",
                    f"{100 * point.mean:.2f}%",
                    f"{100 * min(point.accuracies):.2f} to {100 * max(point.accuracies):.2f}%",
                    "within the noise" if found.is_within_noise(point) else "worse",
                )
                for point in shown
            ],
            marked=shown.index(published),
            text_columns=(4,),
        )
    )
    st.caption(
        f"The marked line is the published best. {found.sizes.num_training:,} training digits, "
        f"{len(found.sizes.seeds)} seeds, measured on {found.sizes.num_held_out:,} others; dots "
        "are means, lines run from the lowest to the highest seed."
    )
    made_by(found.origin)


def _settings(point: Point) -> str:
    settings = point.settings
    optimizer = {"adam": "Adam", "rmsprop": "RMSprop"}[settings.optimizer]
    return (
        f"{settings.num_layers} × {settings.units}, {optimizer}, batch {settings.batch_size}, "
        f"{settings.epochs} epochs"
    )


def _lead(found: GridSearch) -> str:
    if found.published_best == found.best:
        return "The two agree."
    is_noise = found.is_within_noise(found.published_best)
    said = "is within the noise" if is_noise else "is more than chance"
    return f"The difference {said}: up to {100 * found.margin:.2f} points may be chance."
