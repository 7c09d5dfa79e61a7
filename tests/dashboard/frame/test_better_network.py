"""The notice that another network suits a page better."""

from __future__ import annotations

import pytest

from cnn_core.errors import MissingFileError
from cnn_core.studies.robustness import HANDWRITING, better_reader
from dashboard import cache
from dashboard.figures import numbers
from support.visitors import Visitor

pytestmark = pytest.mark.usefixtures("tensorflow")


def notice(visitor: Visitor) -> str:
    """Text of the notice; empty where there is none."""
    texts = [text for text in visitor.text("caption") if "%" in text]
    return texts[0] if texts else ""


def test_the_drawing_page_names_a_network_that_reads_drawings_better_and_switches_to_it() -> None:
    visitor = Visitor("draw_and_erase")
    curves = cache.robustness_study().curves
    pair = better_reader(curves, "study", HANDWRITING)
    assert pair is not None
    own, best = pair
    assert best.model == "robust"
    assert numbers.percent(own.accuracy) in notice(visitor)
    assert numbers.percent(best.accuracy) in notice(visitor)
    visitor.press("switch_network")
    assert visitor.app.session_state["model"] == "robust"
    assert not notice(visitor)
    visitor.go_to("attention")
    assert visitor.app.session_state["model"] == "robust"


def test_nothing_is_claimed_without_figures_or_of_photographs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent() -> None:
        raise MissingFileError("no figures")

    monkeypatch.setattr("dashboard.cache.robustness_study", absent)
    visitor = Visitor("draw_and_erase")
    assert visitor.complaints() == []
    assert not notice(visitor)


def test_the_study_of_one_versus_two_offers_its_own_network() -> None:
    visitor = Visitor("one_vs_two", model="robust")
    visitor.press("switch_network")
    assert visitor.app.session_state["model"] == "study"
    assert "switch_network" not in {button.key for button in visitor.app.button}
