"""The panel beside a map and the page that ranks the methods, through Home.py; their charts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from cnn_core.attribution import METHODS
from cnn_core.errors import CnnCoreError
from cnn_core.faithfulness import Curves, DeletionInsertionTest
from cnn_core.studies import results
from cnn_core.studies.faithfulness.ranking import Estimate
from dashboard import cache, tensorflow_loader
from dashboard.app_pages.attention import charts, evidence, evidence_text
from dashboard.app_pages.faithfulness import ranking
from dashboard.app_pages.faithfulness.charts import ranking_chart
from dashboard.cache import explanations, faithfulness
from dashboard.figures import colours, deletion_insertion, pictures
from dashboard.widgets.canvas.codec import to_text
from support.rankings import BLIND, CHEAP, CLOSE, EMPTY, GOOD, POOR, ranked, row
from support.visitors import STEM, Visitor

BLANK = np.zeros((28, 28), np.uint8)
DOT = BLANK.copy()
DOT[13, 14] = 255


@pytest.fixture(scope="module", autouse=True)
def _network() -> None:
    tensorflow_loader.wait()


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, no test of a map is left out."""
    monkeypatch.setattr(evidence, "PATIENCE", np.inf)


@pytest.fixture
def _unranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def text_of(visitor: Visitor, kind: str = "markdown") -> str:
    return " ".join(visitor.text(kind))


def alts(visitor: Visitor) -> list[str]:
    return [chart.proto.alt for chart in visitor.app.main.get("plotly_chart")]


def curves_of(visitor: Visitor) -> str:
    """The deletion and insertion curves beside a map, as they are sent."""
    return "".join(str(chart.proto.spec) for chart in visitor.app.main.get("plotly_chart")[1:3])


# --- The panel beside a map ---


@pytest.mark.slow
def test_the_panel_says_how_the_method_does_and_tests_the_map_unasked() -> None:
    visitor = Visitor("attention", model="study")
    assert re.search(r"Gradient saliency comes \*\*\d+(st|nd|rd|th) of \d+\*\*", text_of(visitor))
    assert visitor.complaints() == []
    for alt, half in zip(alts(visitor)[1:], ("Deletion", "Insertion"), strict=True):
        assert alt.startswith(f"{half} curves of Gradient saliency and ")
    for sentence in ("Deletion area: the mean", "Insertion area: the mean", "Stability: how far"):
        assert sentence in visitor.html()
    assert "Sanity check passes: the map changes when" in visitor.html()
    assert re.search(r"Random orders: \d+\.\d% \(\d+\.\d% to \d+\.\d%\)", visitor.html())
    visitor.press("Sanity check layer by layer")
    assert visitor.complaints() == []
    assert alts(visitor)[3].startswith("Similarity of the map while layer after layer")
    assert "best other on average" in visitor.html()
    assert ", logit %{customdata" in curves_of(visitor)
    visitor.choose("against", 7)
    assert "probability of 2 against 7" in visitor.html()
    assert ", margin %{customdata" in curves_of(visitor)
    assert ", logit %{customdata" not in curves_of(visitor)
    assert len(alts(visitor)) == 3, "another map has to be asked about anew"
    assert "…" not in visitor.html()
    visitor.choose("tests_wanted", False)
    assert len(alts(visitor)) == 1
    assert "Deletion area" not in visitor.html()


@pytest.mark.slow
def test_all_else_is_on_the_page_before_the_tests_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> DeletionInsertionTest:
        raise CnnCoreError("The tests went wrong.")

    monkeypatch.setattr(faithfulness, "deletion_insertion", fail)
    visitor = Visitor("attention", model="study")
    assert visitor.complaints() == ["The tests went wrong."]
    assert alts(visitor)[0].startswith("Gradient saliency for class 2. ")
    assert "Gradient saliency comes" in text_of(visitor)
    assert "Cost: one gradient." in text_of(visitor, "caption")
    links = [link.proto.label for link in visitor.app.main.get("page_link")]
    assert links == ["All methods compared", "Next: cover each place and watch the answer"]


@pytest.mark.slow
def test_tests_that_take_too_long_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "PATIENCE", -1)
    visitor = Visitor("attention", model="ann")
    assert "Deletion area: the mean" in visitor.html()
    assert visitor.html().count("<b>…</b>") == 2
    assert "since it takes long: the other tests need 9 more maps" in text_of(visitor, "caption")
    visitor.press("Test it to the end")
    assert visitor.complaints() == []
    assert "…" not in visitor.html()
    assert "Sanity check of this map" in text_of(visitor)
    visitor.choose("target", 7)
    assert visitor.html().count("<b>…</b>") == 2, "another map has to be asked about anew"


def test_the_rival_is_a_method_that_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    best = faithfulness.rival_of("study", "occlusion")
    found = {**cache.obstacles("study"), best: "It cannot."}
    monkeypatch.setattr(explanations, "obstacles", lambda _: found)
    assert faithfulness.rival_of("study", "occlusion") not in (best, "occlusion")


@pytest.mark.slow
def test_a_map_without_evidence_ranks_nothing() -> None:
    visitor = Visitor("attention", model="study", digit="7")
    visitor.choose("method", "grad_cam")
    assert visitor.complaints() == []
    assert "The map is the same everywhere: it ranks no pixel" in visitor.text("caption")[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "is_blank"), [(BLANK, True), (DOT, False)])
def test_a_blank_digit_and_a_dot(levels: np.ndarray, is_blank: bool) -> None:
    visitor = Visitor("attention", model="study", own=to_text(levels))
    assert visitor.complaints() == []
    assert is_blank == ("blank: there is nothing to take away" in text_of(visitor, "caption"))
    visitor.go_to("faithfulness")
    assert visitor.complaints() == []
    said = visitor.text("info")
    assert is_blank == any("blank: there is nothing to take away" in text for text in said)


@pytest.mark.slow
def test_a_digit_drawn_with_the_widest_pens_keeps_its_paper(wide_digit: np.ndarray) -> None:
    own = to_text(pictures.as_picture(wide_digit))
    visitor = Visitor("attention", model="study", own=own)
    assert visitor.complaints() == []
    assert re.search(r" stroke \(|empty ", alts(visitor)[0])
    visitor.go_to("faithfulness")
    count = f"{np.count_nonzero(wide_digit)} pixels"
    (said,) = [text for text in visitor.text("caption") if count in text]
    assert "blurred" not in said


# --- The page ---


@pytest.mark.slow
def test_the_page_ranks_and_explains_each_figure() -> None:
    visitor = Visitor("faithfulness", model="study")
    found = faithfulness.shipped("study")
    best = found.best()
    assert best is not None
    assert f"**{METHODS[best.method].title}**" in text_of(visitor)
    for each in found.rows:
        line = f'<th scope="row">{METHODS[each.method].title}</th><td class="cl-text">'
        assert f"{line}{each.verdict}</td>" in visitor.html(), "first, where a phone shows it"
    specs = set()
    for quantity in ranking.QUANTITIES.values():
        visitor.choose("ranking_figure", quantity.title)
        assert visitor.text("caption")[0] == quantity.meaning
        assert visitor.complaints() == []
        specs.add(visitor.app.main.get("plotly_chart")[0].proto.spec)
    assert len(specs) == len(ranking.QUANTITIES)


@pytest.mark.slow
def test_methods_that_do_not_fit_are_left_out_with_the_reason() -> None:
    visitor = Visitor("faithfulness", model="ann")
    assert visitor.complaints() == []
    assert "Left out: Grad-CAM, " in text_of(visitor)
    assert "this network has none" in text_of(visitor)
    offered = [option for box in visitor.app.multiselect for option in box.options]
    assert "Grad-CAM" not in offered


@pytest.mark.slow
def test_the_curves_follow_the_chosen_methods_and_the_digit() -> None:
    visitor = Visitor("faithfulness", model="ann", ink=to_text(STEM))
    visitor.app.multiselect[0].set_value(["occlusion"]).run()
    assert visitor.complaints() == []
    assert alts(visitor)[1:] == ["Deletion curves of Occlusion", "Insertion curves of Occlusion"]
    assert visitor.html().count("<figcaption>") == 14
    assert "**Deleted by Occlusion**" in text_of(visitor)
    visitor.app.multiselect[0].set_value([]).run()
    assert visitor.text("info") == ["Choose at least one method."]


@pytest.mark.slow
@pytest.mark.usefixtures("_unranked")
def test_a_network_without_a_ranking_is_measured_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: METHODS[name] for name in ("gradient_saliency", "input_x_gradient", "grad_cam")}
    visitor = Visitor("faithfulness", model="ann")
    assert "`python -m cnn_core.studies faithfulness ann`" in visitor.text("info")[0]
    monkeypatch.setattr("cnn_core.studies.faithfulness.ranking.METHODS", few)
    visitor.choose("ranking_count", 4)
    visitor.press("Measure on other digits")
    assert visitor.complaints() == []
    assert visitor.text("info") == []
    assert "Means over 4 test digits" in text_of(visitor, "caption")
    assert "Left out: Grad-CAM. " in text_of(visitor)
    visitor.press("Back to the shipped ranking")
    assert "have not been ranked" in visitor.text("info")[0]


@pytest.mark.slow
@pytest.mark.usefixtures("_unranked")
def test_without_a_ranking_the_panel_says_so() -> None:
    assert faithfulness.rival_of("study", "occlusion") == "integrated_gradients"
    assert faithfulness.rival_of("study", "integrated_gradients") == "occlusion"
    visitor = Visitor("attention", model="study")
    assert "have not been ranked on this network yet" in text_of(visitor)
    assert "Integrated gradients" in curves_of(visitor)
    assert "best other on average" not in visitor.html()


# --- Words ---


def test_the_verdict_names_the_best_and_says_what_chance_explains() -> None:
    clear = ranking.verdict(ranked(POOR, GOOD))
    assert "**Occlusion** is the best of 2 methods, by more than chance explains" in clear
    assert "that of Grad-CAM: +0.7" in clear
    level = ranking.verdict(ranked(POOR, CLOSE, GOOD))
    assert "**Occlusion** comes first of 3 methods" in level
    assert "**cannot be told apart** from Integrated gradients (" in level
    failing = ranking.verdict(ranked(POOR, BLIND, GOOD))
    assert "Occlusion" in failing
    assert "sanity check fails: SmoothGrad." in failing
    assert "No method passes" in ranking.verdict(ranked(BLIND))


def test_the_table_has_no_number_where_there_was_no_map() -> None:
    html = ranking.table(ranked(EMPTY, CHEAP))
    assert html.count("<td>none</td>") == 2
    assert "nothing to compare" in html
    assert "0.20<br><small>0.20 to 0.20</small>" in html
    assert "nan" not in html


def test_places_in_words() -> None:
    assert [evidence_text.ordinal(i) for i in (1, 2, 3, 4, 11, 12, 13, 21, 22, 111)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "111th")
    ]


def curves(*levels: float) -> Curves:
    """Curves that stay at a level, whose areas are these."""
    rows = np.repeat(np.array(levels)[:, None], 3, axis=1)
    return Curves(np.array([0, 0.5, 1]), rows, rows)


@pytest.mark.parametrize(
    ("deletion", "insertion", "words"),
    [
        (0.1, 0.9, "beats all 20 random orders in both tests.*is better than Other"),
        (0.5, 0.4, "no better than chance here.*not as good as Other"),
        (0.1, 0.4, "beats 20 of 20 random orders by deletion and 0 by insertion"),
        (0.3, 0.7, "as good as Other .*0.40 and .0.40"),
    ],
)
def test_one_map_in_words(deletion: float, insertion: float, words: str) -> None:
    random = curves(*np.full(20, 0.45))
    test = DeletionInsertionTest(curves(deletion, 0.3), curves(insertion, 0.7), random, random, 9)
    assert re.search(words, evidence_text.in_words(test, "This", "Other"))


# --- Charts ---


def test_the_chart_shows_each_curve_over_the_band_of_all_random_orders() -> None:
    random = Curves(np.array([0, 0.5, 1]), np.array([[1, 0.2, 0], [1, 0.6, 0]]), np.zeros((2, 3)))
    test = DeletionInsertionTest(curves(0.3, 0.2), curves(0.8, 0.9), random, random, 9)
    halves = deletion_insertion.curves(test, ("One", "Two"), what="probability of 2")
    band, mean = halves[0].data[0], halves[0].data[1]
    np.testing.assert_allclose(band.y, [1, 0.6, 0, 0, 0.2, 1])
    np.testing.assert_allclose(mean.y, [1, 0.4, 0])
    by_name = [trace for half in halves for trace in half.data if trace.name == "One"]
    np.testing.assert_allclose([trace.y[0] for trace in by_name], [0.3, 0.8])
    assert by_name[0].line.color == colours.AFTER
    legend = deletion_insertion.legend(test, ("One", "Two"))
    assert f'background:{colours.AFTER}"></i>One<' in legend
    assert ">mean and band of 2 random orders<" in legend
    assert ", logit %{customdata:.1f}, at" in by_name[0].hovertemplate
    weighed = deletion_insertion.curves(
        test, ("One", "Two"), what="probability of 2 against 1", score="margin"
    )
    named = [trace for half in weighed for trace in half.data if trace.name == "Two"]
    assert [", margin %" in trace.hovertemplate for trace in named] == [True, True]


def test_the_cascade_starts_at_the_map_itself_and_leaves_gaps() -> None:
    figure = charts.cascade({"logits": 0.9, "dense": None, "conv": -0.4})
    assert figure.data[0].y == (1.0, 0.9, None, -0.4)
    assert figure.layout.yaxis.range[0] < -0.4
    assert charts.cascade({"logits": None}).data[0].y == (1.0, None)


def test_methods_that_fail_are_grey_in_the_ranking() -> None:
    found = {"One": Estimate(0.5, 0.4, 0.7), "Two": Estimate(0.1, 0.0, 0.2)}
    figure = ranking_chart(found, what="insertion minus deletion", level=0.0, failing=["Two"])
    (dots,) = figure.data
    assert list(dots.marker.color) == [colours.AFTER, colours.BEFORE]
    np.testing.assert_allclose(dots.error_x.array, [0.2, 0.1])
    np.testing.assert_allclose(dots.error_x.arrayminus, [0.1, 0.1])
    assert figure.layout.shapes[0].x0 == 0
    assert not ranking_chart(found, what="x", level=None).layout.shapes


def test_every_verdict_has_its_words_and_its_mark() -> None:
    assert set(evidence_text.VERDICTS) == set(evidence_text.BADGES)
    assert row("occlusion", [0.1], [0.2]).verdict in evidence_text.VERDICTS
