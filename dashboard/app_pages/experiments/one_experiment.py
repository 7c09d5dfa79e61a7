"""One experiment: its curves, its table and its conclusion."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn_core.activations import NEAR_ZERO
from cnn_core.studies.experiments import Experiment, ExperimentResult, weight_edges
from cnn_core.studies.experiments.conclusions import Conclusion, Verdict, rate_findings
from dashboard.app_pages.experiments import charts
from dashboard.figures import html
from dashboard.frame import provenance
from dashboard.frame.charts import show_chart

_BADGES: dict[Verdict, str] = {
    "agrees": ":green-badge[:material/check: agrees with the source]",
    "disagrees": ":red-badge[:material/close: disagrees with the source]",
    "within the noise": ":gray-badge[:material/drag_handle: within the noise]",
    "no claim": ":blue-badge[:material/help: the source names no winner]",
}
_FITS: dict[Verdict, str] = {
    "agrees": "fits",
    "disagrees": "does not fit",
    "within the noise": "within the noise",
}


def show(result: ExperimentResult, conclusion: Conclusion) -> None:
    """Show the curves of one experiment, the source's conclusion and ours."""
    experiment = result.experiment
    st.markdown(f"{experiment.question} {_BADGES[conclusion.verdict]}")
    left, right = st.columns(2, gap="large")
    left.markdown(f"**The source.** {experiment.published}")
    right.markdown(f"**Measured here.** {conclusion.sentence}")
    if experiment.kind == "range_test":
        _show_rates(result)
    else:
        _show_training(result, conclusion)
    if experiment.keeps_weights:
        _show_weights(result)
    st.caption(" ".join(filter(None, (experiment.remark, _size_of(experiment)))))
    provenance.made_by(result.origin)


def _show_training(result: ExperimentResult, conclusion: Conclusion) -> None:
    """Validation accuracy and loss over the epochs, the last epoch, and the overfitting."""
    experiment = result.experiment
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("**Over the epochs**")
        show_chart(
            charts.over_training(result),
            key=f"epochs_{experiment.name}",
            alt=f"Validation accuracy and loss over the epochs, by {experiment.factor}",
        )
        st.caption("Lines are means, bands run from the lowest to the highest of the seeds.")
    with right:
        st.markdown("**After the last epoch**")
        show_chart(
            charts.last_epoch(result, conclusion),
            key=f"last_{experiment.name}",
            alt=f"The measure after the last epoch, by {experiment.factor}",
        )
        st.caption("Dots are means, lines standard deviations; the small dots are the seeds.")
    st.html(_points(result))
    st.markdown("**Training against validation loss**")
    with st.container(key="wide_overfitting"):
        show_chart(
            charts.overfitting(result),
            key=f"overfitting_{experiment.name}",
            alt=f"Training and validation loss over the epochs, by {experiment.factor}",
        )
    st.caption("Where the validation loss stops falling while the other goes on, it overfits.")


def _show_rates(result: ExperimentResult) -> None:
    """Show the loss over the rate of every optimizer."""
    with st.container(key="wide_rates"):
        show_chart(
            charts.rates(result),
            key="rates",
            alt="Loss over the learning rate, by optimizer",
        )
    st.html(_rates(result))
    st.caption(
        "Lines are means of running means, bands run from the lowest to the highest of the "
        "seeds. A rate fits if it lies within the decade below the rate of the lowest loss, where "
        "a rate is usually chosen."
    )


def _show_weights(result: ExperimentResult) -> None:
    """Show the histograms of the trained weights."""
    st.markdown("**Weights after training**")
    with st.container(key="wide_weights"):
        show_chart(
            charts.weights(result),
            key=f"weights_{result.experiment.name}",
            alt=f"Histograms of the weights of every kernel, by {result.experiment.factor}",
        )
    st.markdown(f"Share of each kernel's weights that are below {NEAR_ZERO} in magnitude:")
    st.html(_near_zero(result))


def _near_zero(result: ExperimentResult) -> str:
    """Return the share of each kernel's weights in the middle bins, a line a point, as HTML."""
    edges = weight_edges()
    is_middle = np.abs(edges[1:] + edges[:-1]) / 2 < NEAR_ZERO
    layers = tuple(result.runs[0].weights)
    rows = [
        (
            run.label,
            *(
                f"{100 * np.array(counts)[is_middle].sum() / sum(counts):.1f}%"
                for counts in run.weights.values()
            ),
        )
        for run in result.runs
    ]
    return html.table((result.experiment.factor.capitalize(), *layers), rows)


def _size_of(experiment: Experiment) -> str:
    """Return the networks and data of an experiment, in a sentence."""
    size = experiment.size
    if experiment.kind == "range_test":
        return f"{size.num_seeds} seeds, each with {size.images:,} training digits of its own."
    return (
        f"Each setting learnt from {size.images:,} training digits for {size.epochs} epochs with "
        f"{size.num_seeds} seeds and was measured on {size.validation_images:,} other training "
        "digits; the test digits were never used."
    )


def _points(result: ExperimentResult) -> str:
    """Accuracy and loss after the last epoch, a line a point, as HTML."""
    experiment = result.experiment
    published = experiment.published_values
    head = [experiment.factor.capitalize(), "Validation accuracy", "Validation loss"]
    rows = []
    for i, run in enumerate(result.runs):
        accuracy, loss = (
            np.array([history[measure][-1] for history in run.histories])
            for measure in ("val_accuracy", "val_loss")
        )
        cells = [
            run.label,
            f"{100 * accuracy.mean():.2f}% ± {100 * accuracy.std(ddof=1):.2f}",
            f"{loss.mean():.3f} ± {loss.std(ddof=1):.3f}",
        ]
        rows.append([*cells, *([] if published is None else [f"{100 * published[i]:.2f}%"])])
    if published is not None:
        head.append("Published accuracy")
    marked = None
    if experiment.published_best is not None:
        marked = experiment.labels.index(experiment.published_best)
    return html.table(head, rows, marked=marked)


def _rates(result: ExperimentResult) -> str:
    """Return the best rate of each optimizer beside the published one, as HTML."""
    rows = [
        (
            each.label,
            f"{each.mean:.2g}",
            f"{min(each.lowest):.2g} to {max(each.lowest):.2g}",
            f"{each.published:g}",
            _FITS[each.verdict],
        )
        for each in rate_findings(result)
    ]
    head = ("Optimizer", "Rate of the lowest loss", "Over the seeds", "Published rate", "Verdict")
    return html.table(head, rows, text_columns=(4,))
