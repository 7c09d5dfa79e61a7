"""The views of the evaluation page: one network's answers to the test set, asked five questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cnn_core import evaluation, models
from cnn_core.evaluation import Summary
from cnn_core.inference import softmax
from cnn_core.models import ModelSpec
from dashboard import cache, session
from dashboard.app_pages.evaluation import cached, charts, curve_charts, tables, text
from dashboard.figures import html, numbers
from dashboard.figures.text import plain
from dashboard.frame import page_parts, pickers, picture_gallery
from dashboard.frame.charts import show_chart

MAX_TILES = 60


@dataclass(frozen=True)
class TestedNetwork:
    """A network and what it says to the whole test set.

    Attributes:
        spec: Spec of the network.
        logits: (n, classes) float32, in the order of the test set.
        labels: (n,) int64, the true classes.
        summary: The figures of these answers.
    """

    spec: ModelSpec
    logits: np.ndarray
    labels: np.ndarray
    summary: Summary


def tested_network(model_name: str) -> TestedNetwork:
    """Return a network with its shipped answers."""
    spec, answers = models.get(model_name), cache.test_answers(model_name)
    return TestedNetwork(spec, answers.logits, answers.labels, cached.summary(model_name))


def show_figures(network: TestedNetwork) -> None:
    """Show the figures that stand for all test pictures."""
    spec, summary = network.spec, network.summary
    source = "published" + (f": {spec.published_note}" if spec.published_note else "")
    st.html(
        html.facts(
            (
                (
                    numbers.percent(summary.accuracy, 2),
                    text.RIGHT_OF_ALL.format(count=len(network.labels), noun=session.dataset().noun)
                    + f"; 95% interval {tables.interval_of(summary)}",
                ),
                (tables.published(spec), source),
                (numbers.percent(summary.macro_f1, 2), "macro F1, the classes counting the same"),
                (numbers.percent(summary.calibration_error, 2), "expected calibration error"),
            )
        )
    )


def show_confusion(network: TestedNetwork) -> None:
    """Show every prediction by true class; a click on a cell opens its pictures."""
    names, noun = network.spec.class_names, session.dataset().noun
    matrix = evaluation.confusion_matrix(network.logits, network.labels)
    left, right = st.columns([11, 10], gap="large")
    with right:
        one, two = st.columns(2)
        with one:
            true = pickers.class_picker(
                "True class", key="cell_true", parameter="true", none_label="choose"
            )
        with two:
            answer = pickers.class_picker(
                "Answer", key="cell_answer", parameter="answer", none_label="choose"
            )
        cell = None if true is None or answer is None else (true, answer)
        with page_parts.readable_errors():
            if cell is None:
                _show_hint(network, matrix)
            else:
                _show_cell(network, *cell)
    with left:
        pickers.matrix_picker(
            charts.full_confusion(matrix, names, cell),
            key="cell",
            alt="Test pictures by true class and answer",
        )
        st.caption(
            f"A row holds the {noun}s of one true class, a column those given one answer: right "
            "answers stand on the diagonal, mistakes in colour off it."
        )


def _show_hint(network: TestedNetwork, matrix: np.ndarray) -> None:
    """Show what to do, and where to begin."""
    names, noun = network.spec.class_names, session.dataset().noun
    wrong = matrix - np.diag(np.diag(matrix))
    true, answer = np.unravel_index(wrong.argmax(), wrong.shape)
    cell = text.CELL.format(true=plain(names[true]), answer=plain(names[answer]))
    st.info(
        text.CLICK_A_CELL.format(
            noun=noun, cell=cell, count=wrong.max(), of_class=matrix[true].sum()
        )
    )


def _show_cell(network: TestedNetwork, true: int, answer: int) -> None:
    """Show the pictures of one cell: the surest mistakes, or the least sure right predictions."""
    names, noun = network.spec.class_names, session.dataset().noun
    confidence = softmax(network.logits)[:, answer]
    found = np.flatnonzero((network.labels == true) & (network.logits.argmax(axis=1) == answer))
    sign = 1 if true == answer else -1
    shown = found[np.argsort(sign * confidence[found], kind="stable")][:MAX_TILES].tolist()
    of_class = (network.labels == true).sum()
    cell = text.CELL.format(true=plain(names[true]), answer=plain(names[answer]))
    st.markdown(f"**{cell}**: {len(found):,} of {of_class:,}")
    if not shown:
        st.caption(text.NO_SUCH_ANSWER)
        return
    said = [numbers.probability(float(confidence[i])) for i in shown]
    picture_gallery.picture_gallery(
        shown,
        said,
        [
            f"{session.image_name(noun, i)}: {names[answer]} {share}"
            for i, share in zip(shown, said, strict=True)
        ],
        key="cell_tiles",
    )
    first = text.LEAST_SURE if true == answer else text.SUREST
    part = f"The {first} first"
    if len(found) > MAX_TILES:
        part = text.SOME_ANSWERS.format(count=MAX_TILES, order=first)
    st.caption(f"{part}, with their probability. Click one to study it on the other pages.")


def show_report(network: TestedNetwork) -> None:
    """Precision, recall and F1 of every class."""
    names, noun = network.spec.class_names, session.dataset().noun
    report = evaluation.classification_report(network.logits, network.labels)
    left, right = st.columns([2, 1], gap="large")
    left.html(tables.report(report, names))
    right.markdown(
        f"**Precision**: of the {noun}s given this answer, how many are of this class.\n\n"
        f"**Recall**: of the {noun}s of this class, how many are given this answer.\n\n"
        "**F1**: the harmonic mean of the two, low if either is."
    )
    right.caption(
        "The lowest value of each column is orange. The lines run from the lowest value of the "
        "table to 100%. The average counts every class the same."
    )


def show_curves(network: TestedNetwork) -> None:
    """ROC and precision-recall curves, one class in orange."""
    names, noun = network.spec.class_names, session.dataset().noun
    roc, precision_recall = cached.class_curves(network.spec.name)
    hardest = int(np.argmin([curve.area for curve in precision_recall]))
    one, two = st.columns([1, 2])
    with one:
        wanted = pickers.class_picker(
            "Class against the rest",
            key="curve_class",
            parameter="class_curve",
            none_label=f"{names[hardest]}, the hardest",
        )
    with two:
        part = pickers.view_picker(
            "Part of the chart", (text.CORNER, text.WHOLE), key="curve_part", parameter="part"
        )
    chosen = hardest if wanted is None else wanted
    left, right = st.columns(2, gap="large")
    is_corner = part == text.CORNER
    with left:
        _show_curve(
            text.ROC_CURVE,
            names[chosen],
            curve_charts.roc(roc, names, chosen, is_corner=is_corner),
            key=f"roc_{part}",
        )
        st.caption(
            f"The lower the probability that is demanded, the more {noun}s of the class are found "
            "(up) and the more others are taken for it (right). Good curves hug the top left."
        )
    with right:
        _show_curve(
            "Precision-recall curve",
            names[chosen],
            curve_charts.precision_recall(precision_recall, names, chosen, is_corner=is_corner),
            key=f"precision_recall_{part}",
        )
        st.caption(
            f"The more {noun}s of the class are to be found (right), the more others come with "
            "them, so that precision falls (down). Good curves hug the top right."
        )
    left, right = st.columns(2, gap="large")
    left.html(tables.areas(roc, precision_recall, names, chosen))
    right.markdown(
        f"**AUC**, the area under the ROC curve, is the probability that a {noun} of the class is "
        "given more probability for it than one of another class: 50% is chance.\n\n"
        "**Average precision**, the area under the other curve, is stricter: it leaves out the "
        "many that nobody would take for the class."
    )


def _show_curve(title: str, called: str, figure: go.Figure, *, key: str) -> None:
    """Show the curves of every class, one class named above them."""
    st.markdown(text.CURVE_OF.format(curve=title, class_name=plain(called)))
    show_chart(figure, key=key, alt=f"{title} of every class")


def show_calibration(network: TestedNetwork) -> None:
    """Show the calibration: do the probabilities agree with the accuracy?"""
    found = evaluation.calibration(network.logits, network.labels)
    mean = float(softmax(network.logits).max(axis=1).mean())
    accuracy = network.summary.accuracy
    excess = text.TOO_SURE if mean > accuracy else text.TOO_UNSURE
    left, right = st.columns([3, 2], gap="large")
    show_chart(
        charts.reliability(found),
        column=left,
        key="reliability",
        alt="Right answers by probability",
    )
    right.markdown(
        f"**Expected calibration error {numbers.percent(found.error, 2)}**: by so much, on "
        "average, the probability of an answer differs from how often such answers are right.\n\n"
        f"The answers have a mean probability of {numbers.percent(mean, 2)}, and "
        f"{numbers.percent(accuracy, 2)} are right: on the whole this network is "
        f"**{excess}**.\n\n"
        "Of the answers with a probability near 80%, 80% should be right. Dots below the dotted "
        "line promise more than they keep; a long whisker means that few answers stand behind a "
        "dot, so it may be chance. [The paper](https://arxiv.org/abs/1706.04599)"
    )


def show_models(network: TestedNetwork) -> None:
    """Show every trained network of the same data set, a row each."""
    found = {}
    for row in models.MODELS.values():
        if row.dataset == network.spec.dataset and models.is_trained(row.name):
            with page_parts.readable_errors():
                found[row.name] = cached.summary(row.name)
    show_chart(
        charts.accuracies(
            {models.get(each).title: found[each] for each in found},
            [models.get(each).published_accuracy for each in found],
            list(found).index(network.spec.name),
        ),
        key="accuracies_of_all",
        alt="Accuracy of every network with its interval",
    )
    st.html(tables.summaries(found, network.spec.name))
    st.caption(
        "Where two intervals overlap widely, which network is better may be chance: the page "
        "Compare tests it on the same pictures. Macro F1 and mean AUC count every class the same."
    )
