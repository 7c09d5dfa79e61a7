"""How right networks are, in rows and columns of HTML: no data frame is needed for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from cnn_core import models
from cnn_core.evaluation import ClassificationReport, Curve, Summary
from cnn_core.models import ModelSpec
from dashboard.figures import html, numbers


def report(found: ClassificationReport, names: Sequence[str]) -> str:
    """Precision, recall and F1 of every class, and their averages."""
    columns = np.array([(each.precision, each.recall, each.f1) for each in found.classes]).T
    supports = [f"{each.support:,}" for each in found.classes]
    macro = [_percent(v) for v in (found.macro.precision, found.macro.recall, found.macro.f1)]
    classes = zip(names, _shares(columns), supports, strict=True)
    return html.table(
        ("True class", "Precision", "Recall", "F1", "Images"),
        [
            *((name, *shares, count) for name, shares, count in classes),
            ("average", *macro, f"{found.macro.support:,}"),
        ],
        marked=len(names),
    )


def areas(
    roc: Sequence[Curve], precision_recall: Sequence[Curve], names: Sequence[str], chosen: int
) -> str:
    """Return the areas under both curves of every class, one class emphasised."""
    columns = np.array([[curve.area for curve in found] for found in (roc, precision_recall)])
    return html.table(
        ("Class", "AUC", "Average precision"),
        [(name, *cells) for name, cells in zip(names, _shares(columns, digits=3), strict=True)],
        marked=chosen,
    )


def summaries(found: Mapping[str, Summary], chosen: str) -> str:
    """Return one line for each network, by its name; one network emphasised."""
    return html.table(
        (
            *("Model", "Accuracy", "95% interval", "Published", "Macro F1"),
            *("Lowest precision", "Lowest recall", "Mean AUC", "Calibration error"),
        ),
        [
            (
                models.get(name).title,
                _percent(each.accuracy),
                interval_of(each),
                published(models.get(name)),
                _percent(each.macro_f1),
                _percent(each.lowest_precision),
                _percent(each.lowest_recall),
                _percent(each.mean_auc, 3),
                _percent(each.calibration_error),
            )
            for name, each in found.items()
        ],
        marked=list(found).index(chosen) if chosen in found else None,
    )


def interval_of(found: Summary) -> str:
    """Format the interval of the accuracy, in percent."""
    low, high = found.interval
    return f"{100 * low:.2f} to {100 * high:.2f}%"


def published(row: ModelSpec) -> str:
    """Return the accuracy that a network's source states."""
    share = row.published_accuracy
    return "none" if share is None else f"{100 * share:.2f}%"


def _shares(columns: np.ndarray, digits: int = 2) -> list[list[str]]:
    """Cells (rows, columns) of shares (columns, rows): each with a dot, the lowest in orange.

    The lines below all dots run from the lowest share of the table to 100%.
    """
    floor, lowest = columns.min(), columns.min(axis=1)
    return [
        [
            _share(share, floor, digits, is_lowest=share == low)
            for share, low in zip(row, lowest, strict=True)
        ]
        for row in columns.T
    ]


def _share(share: float, floor: float, digits: int, *, is_lowest: bool) -> Markup:
    at = (share - floor) / (1 - floor) if floor < 1 else 1.0
    kind = "cl-share cl-lowest" if is_lowest else "cl-share"
    return Markup('<span class="{}">{}<i><u style="left:{:.1f}%"></u></i></span>').format(
        kind, _percent(share, digits), 100 * at
    )


def _percent(share: float, digits: int = 2) -> str:
    return numbers.percent(share, digits)
