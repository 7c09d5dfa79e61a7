"""One-factor experiments as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnn_core.studies.experiments import ExperimentResult, PointRuns, weight_edges
from cnn_core.studies.experiments.conclusions import Conclusion, last_values, rate_findings, smooth
from dashboard.figures import colours
from dashboard.figures.line_charts import BLUE, FAINT, Line, finish, over_epochs

# Names in the legends.
BEST_HERE, PUBLISHED_BEST, PUBLISHED_VALUE = "best here", "published best", "published value"
LOWEST_LOSS, PUBLISHED_RATE = "lowest loss", "published rate"
TRAINING, VALIDATION = "training", "validation"
_MEASURES = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}
_COLUMNS = 3
# The loss of a network that answers at random is 2.3; above twice that all rates are too high.
_TOP = 4.6
_RATES = {1e-6: "10⁻⁶", 1e-4: "10⁻⁴", 1e-2: "0.01", 1.0: "1", 1e2: "100"}


def over_training(result: ExperimentResult) -> go.Figure:
    """Validation accuracy and loss over the epochs, a line and a band of its seeds a point."""
    experiment = result.experiment
    shades = colours.palette(len(result.runs), is_ordered=experiment.is_ordered)
    figure = over_epochs(
        {
            title: [
                _line(run, measure, run.label, shade)
                for run, shade in zip(result.runs, shades, strict=True)
            ]
            for measure, title in _MEASURES.items()
        }
    )
    figure.update_xaxes(dtick=_step(experiment.size.epochs))
    figure.update_yaxes(tickformat=".0%", row=1)
    figure.update_yaxes(rangemode="tozero", row=2)
    return figure


def last_epoch(result: ExperimentResult, conclusion: Conclusion) -> go.Figure:
    """Draw the measure after the last epoch: seeds, mean and deviation, a row for each point."""
    experiment, values = result.experiment, last_values(result)
    labels = list(experiment.labels)
    figure = go.Figure()
    figure.add_scatter(
        x=values.ravel(),
        y=np.repeat(labels, values.shape[1]),
        mode="markers",
        marker={"color": FAINT, "size": 6},
        showlegend=False,
        hoverinfo="skip",
    )
    others = [label for label in labels if label != conclusion.best]
    for title, colour, chosen in (
        ("others", BLUE, others),
        (BEST_HERE, colours.AFTER, [conclusion.best]),
    ):
        rows = [labels.index(label) for label in chosen]
        figure.add_scatter(
            x=[conclusion.means[row] for row in rows],
            y=chosen,
            error_x={"array": [conclusion.deviations[row] for row in rows], "thickness": 2},
            mode="markers",
            name=title,
            showlegend=chosen is not others,
            marker={"color": colour, "size": 10},
            hovertemplate="%{y}: %{x:.4f} ± %{error_x.array:.4f}<extra></extra>",
        )
    if experiment.published_best is not None:
        figure.add_scatter(
            x=[conclusion.means[labels.index(experiment.published_best)]],
            y=[experiment.published_best],
            mode="markers",
            name=PUBLISHED_BEST,
            marker={"symbol": "circle-open", "size": 19, "color": colours.BEFORE, "line_width": 2},
            hoverinfo="skip",
        )
    if experiment.published_values is not None:
        figure.add_scatter(
            x=experiment.published_values,
            y=labels,
            mode="markers",
            name=PUBLISHED_VALUE,
            marker={"symbol": "x", "size": 8, "color": colours.BEFORE},
            hovertemplate="published for %{y}: %{x:.4f}<extra></extra>",
        )
    tickformat = ".1%" if experiment.measure == "val_accuracy" else None
    figure.update_xaxes(title=_MEASURES[experiment.measure], tickformat=tickformat, nticks=6)
    figure.update_yaxes(type="category", autorange="reversed", title=experiment.factor)
    finish(figure, 110 + 40 * len(labels))
    return figure


def overfitting(result: ExperimentResult) -> go.Figure:
    """Training against validation loss over the epochs, a panel a point, all on one scale."""
    columns = min(_COLUMNS, len(result.runs))
    figure = _panels(result.experiment.labels, columns=columns, shared_yaxes="all")
    for i, run in enumerate(result.runs):
        for measure, name, colour in (
            ("loss", TRAINING, BLUE),
            ("val_loss", VALIDATION, colours.AFTER),
        ):
            line = _line(run, measure, name, colour)
            epochs = np.arange(1, len(line.values) + 1)
            _add_band(figure, line, epochs, is_new=i == 0, **_place(i, columns))
    figure.update_xaxes(dtick=_step(result.experiment.size.epochs))
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title="loss", col=1)
    return figure


def rates(result: ExperimentResult) -> go.Figure:
    """Draw a range test: the smoothed loss over the rate, a panel a point, with both best rates."""
    figure = _panels(result.experiment.labels, shared_yaxes="all")
    for i, (run, finding) in enumerate(zip(result.runs, rate_findings(result), strict=True)):
        steps = min(len(history["loss"]) for history in run.histories)
        losses = np.array([smooth(history["loss"])[:steps] for history in run.histories])
        line = Line(
            "loss", losses.mean(axis=0), losses.min(axis=0), losses.max(axis=0), colour=BLUE
        )
        rising = np.array(run.histories[0]["rate"][:steps])
        _add_band(figure, line, rising, is_new=i == 0, **_place(i))
        for name, rate, look in (
            (LOWEST_LOSS, finding.mean, {"color": colours.AFTER, "width": 2}),
            (PUBLISHED_RATE, finding.published, {"color": colours.BEFORE, "dash": "dash"}),
        ):
            figure.add_scatter(
                x=[rate, rate],
                y=[0, _TOP],
                mode="lines",
                line=look,
                name=name,
                legendgroup=name,
                showlegend=i == 0,
                hovertemplate=f"{name}: %{{x:.2g}}<extra></extra>",
                **_place(i),
            )
    figure.update_xaxes(type="log", tickvals=list(_RATES), ticktext=list(_RATES.values()))
    figure.update_xaxes(title="learning rate", row=-(-len(result.runs) // _COLUMNS))
    figure.update_yaxes(range=[0, _TOP])
    figure.update_yaxes(title="loss", col=1)
    return figure


def weights(result: ExperimentResult) -> go.Figure:
    """Draw the spread of the weights of each kernel after training, a line a point."""
    layers = tuple(result.runs[0].weights)
    edges = weight_edges()
    shades = colours.palette(len(result.runs), is_ordered=result.experiment.is_ordered)
    figure = _panels(layers, columns=2)
    for i, layer in enumerate(layers):
        for run, shade in zip(result.runs, shades, strict=True):
            counts = np.array(run.weights[layer])
            figure.add_scatter(
                x=(edges[1:] + edges[:-1]) / 2,
                y=counts / counts.sum(),
                mode="lines",
                line={"color": shade, "width": 2, "shape": "hvh"},
                name=run.label,
                legendgroup=run.label,
                showlegend=i == 0,
                hovertemplate="weight %{x:.2f}: %{y:.1%}",
                **_place(i, 2),
            )
    figure.update_xaxes(range=[edges[0], edges[-1]])
    figure.update_xaxes(title="weight", row=-(-len(layers) // 2))
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="share of the weights", col=1)
    return figure


def _line(run: PointRuns, measure: str, name: str, colour: str) -> Line:
    """Return the mean over the seeds, and a band from the lowest to the highest seed."""
    values = np.array([history[measure] for history in run.histories])
    return Line(name, values.mean(axis=0), values.min(axis=0), values.max(axis=0), colour=colour)


def _step(epochs: int) -> int:
    """Epochs between two ticks: whole ones, and not too many."""
    return 1 if epochs <= 8 else 5


def _panels(titles: Sequence[str], *, columns: int = _COLUMNS, **options: str) -> go.Figure:
    rows = -(-len(titles) // columns)
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=list(titles),
        vertical_spacing=0.32 / rows,
        horizontal_spacing=0.05,
        **options,
    )
    finish(figure, 70 + 220 * rows)
    figure.update_annotations(font_size=13)
    figure.update_layout(margin_t=56, legend_y=1 + 0.12 / rows)
    return figure


def _place(index: int, columns: int = _COLUMNS) -> dict[str, int]:
    return {"row": index // columns + 1, "col": index % columns + 1}


def _add_band(
    figure: go.Figure, line: Line, x: np.ndarray, *, is_new: bool, row: int, col: int
) -> None:
    """Add a line and its band to a panel; a line that is new stands in the legend."""
    for values, fill in ((line.low, None), (line.high, "tonexty")):
        figure.add_scatter(
            x=x,
            y=values,
            mode="lines",
            line_width=0,
            fill=fill,
            fillcolor=_faint(line.colour),
            hoverinfo="skip",
            showlegend=False,
            legendgroup=line.name,
            row=row,
            col=col,
        )
    figure.add_scatter(
        x=x,
        y=line.values,
        mode="lines",
        line={"color": line.colour, "width": 2},
        name=line.name,
        legendgroup=line.name,
        showlegend=is_new,
        hovertemplate="%{y:.3f}",
        row=row,
        col=col,
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"
