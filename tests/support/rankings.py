"""Rankings of methods, made by hand."""

from __future__ import annotations

from typing import Any

from cnn_core.studies import results
from cnn_core.studies.faithfulness import ranking
from cnn_core.studies.faithfulness.ranking import MethodFigures


def row(method: str, deletion: list[float], insertion: list[float], **others: Any) -> MethodFigures:
    checks = {"similarity": [0.1], "last_similarity": [0.2], "stability": [0.9]} | others
    facts = {"deletion": deletion, "insertion": insertion, "seconds": [0.1, 0.3, 0.2], **checks}
    return MethodFigures(method, **{name: tuple(values) for name, values in facts.items()})


def ranked(*rows: MethodFigures) -> ranking.MapRanking:
    origin = results.Origin("a command", (0,), 1.0, {}, {})
    return ranking.ranking("study", [1, 2, 3], [0.5] * 3, rows, [], origin)


GOOD = row("occlusion", [0.1, 0.3, 0.2], [0.9, 0.8, 1.0])
CLOSE = row("integrated_gradients", [0.1, 0.2, 0.3], [0.9, 0.8, 0.9])
POOR = row("grad_cam", [0.5, 0.6, 0.4], [0.5, 0.5, 0.5])
CHEAP = row("input_x_gradient", [0.4] * 3, [0.6] * 3)
EMPTY = row("layer_cam", [0.1] * 3, [1.0] * 3, similarity=[None], last_similarity=[None])
BLIND = row("smooth_grad", [0.0] * 3, [1.0] * 3, last_similarity=[0.95])
