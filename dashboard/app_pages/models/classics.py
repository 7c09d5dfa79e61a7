"""What the classics teach: pairs of networks that differ in one thing, with figures from here."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cnn_core import models
from cnn_core.models import ModelCard
from dashboard.app_pages.models import cached, one_network, tables, text
from dashboard.figures import colours, line_charts
from dashboard.figures.line_charts import Line
from dashboard.figures.text import plain
from dashboard.frame.charts import show_chart

# GoogLeNet's own example: at each place 5x5 windows on 192 maps make 32, at once or behind 16.
DIRECT, BOTTLENECK = 25 * 32 * 192, 16 * 192 + 25 * 32 * 16
INCEPTIONS = ("mini_inception", "mini_inception_direct")
RESIDUALS = ("resnet20", "plain20")
LENETS = ("lenet5", "lenet5_full")


def bottleneck() -> None:
    """Inception's 1x1 convolutions, and what they save."""
    st.subheader("Inception: a 1×1 bottleneck saves computation", anchor=False)
    st.markdown(
        f"Looking at 192 maps through 32 filters of 5×5 takes 25 · 32 · 192 = {DIRECT:,} "
        "multiplications at each place. Behind 16 filters of 1×1 it takes 16 · 192 + 25 · 32 · 16 "
        f"= {BOTTLENECK:,}: **{DIRECT / BOTTLENECK:.1f} times fewer**. The same in two networks "
        "for 32×32 pictures that differ in nothing else:"
    )
    speeds = cached.speeds()
    costs = [_multiply_adds(name) for name in INCEPTIONS]
    rows = [
        (
            _title(name),
            f"{cost:,}",
            f"{models.architecture(name).num_parameters:,}",
            tables.speed(speeds, name),
        )
        for name, cost in zip(INCEPTIONS, costs, strict=True)
    ]
    st.html(tables.comparison(("Multiply-adds", "Parameters", "ms an image"), rows))
    said = text.FEWER.format(factor=costs[1] / costs[0])
    if all(name in speeds for name in INCEPTIONS):
        ours, direct = (speeds[name] for name in INCEPTIONS)
        said += text.MILLISECONDS.format(ours=ours, direct=direct)
        if direct / ours < costs[1] / costs[0]:
            said += " Time does not follow the count: many small layers have a cost of their own."
    else:
        said += text.NOT_MEASURED
    st.caption(said)


def shortcuts() -> None:
    """Show a residual network against the same layers without shortcuts."""
    st.subheader("ResNet: shortcuts help a deep network to learn", anchor=False)
    st.markdown(
        "Both networks have the same twenty layers and the same number of parameters. One adds "
        "what comes into each pair of layers to what comes out; it has only the difference to "
        "learn."
    )
    cards = _cards(RESIDUALS)
    rows = [(_title(name), *tables.measured(cards.get(name))) for name in RESIDUALS]
    st.html(tables.comparison(("Test accuracy", "95% interval"), rows))
    _conclude(RESIDUALS, cards)
    if len(cards) < len(RESIDUALS):
        return
    lines = {colours.AFTER: RESIDUALS[0], line_charts.BLUE: RESIDUALS[1]}
    panels = {
        title: tuple(
            Line(_title(name), cards[name].history[key], colour=colour)
            for colour, name in lines.items()
        )
        for title, key in (("validation accuracy", "val_accuracy"), ("training loss", "loss"))
    }
    show_chart(
        line_charts.over_epochs(panels),
        key="lesson_shortcuts",
        alt="Accuracy and loss of both networks over the epochs",
    )


def partial_connections() -> None:
    """LeNet-5's C3 with the paper's table of connections, and with all of them."""
    st.subheader("LeNet-5: not every filter needs every map", anchor=False)
    st.markdown(
        "In the paper each filter of C3 looks at three, four or all of the six maps of S2, 60 "
        "connections out of 96: this breaks symmetry, and saved time in 1998."
    )
    cards = _cards(LENETS)
    rows = []
    for name in LENETS:
        c3 = next(layer for layer in cached.layer_table(name) if layer.name == "c3")
        counts = (f"{c3.num_parameters:,}", f"{c3.multiply_adds:,}")
        rows.append((_title(name), *counts, *tables.measured(cards.get(name))))
    head = ("Parameters of C3", "Its multiply-adds", "Test accuracy", "95% interval")
    st.html(tables.comparison(head, rows))
    _conclude(LENETS, cards)


def _conclude(names: tuple[str, str], cards: Mapping[str, ModelCard]) -> None:
    """Say whether the accuracies of a pair differ by more than chance."""
    if len(cards) == len(names):
        st.caption(_verdict(cards))
    else:
        one_network.say_untrained(*(name for name in names if name not in cards))


def _verdict(cards: Mapping[str, ModelCard]) -> str:
    worse, better = sorted(cards, key=lambda name: cards[name].test_accuracy)
    gain = cards[better].test_accuracy - cards[worse].test_accuracy
    better_title, worse_title = plain(_title(better)), plain(_title(worse))
    said = text.LEAD.format(better=better_title, points=100 * gain, worse=worse_title)
    (_, high), (low, _) = (cards[name].test_accuracy_interval_95 for name in (worse, better))
    return said + (text.APART if low > high else text.OVERLAP)


def _cards(names: tuple[str, str]) -> dict[str, ModelCard]:
    return {name: card for name in names if (card := one_network.card_of(name)) is not None}


def _multiply_adds(model_name: str) -> int:
    return sum(layer.multiply_adds for layer in cached.layer_table(model_name))


def _title(model_name: str) -> str:
    return models.architecture(model_name).title
