"""The panel beside a map and the page that ranks the methods, through Home.py; their charts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from cnn_core.attribution import METHODS
from cnn_core.errors import CnnCoreError, PictureError
from cnn_core.faithfulness import Curves, DeletionInsertionTest, baseline_of
from cnn_core.studies import results
from cnn_core.studies.faithfulness.ranking import Estimate
from dashboard import cache
from dashboard.app_pages.attention import charts, evidence, evidence_text
from dashboard.app_pages.faithfulness import ranking, text
from dashboard.app_pages.faithfulness.charts import ranking_chart
from dashboard.cache import explanations, faithfulness
from dashboard.figures import colours, deletion_insertion, numbers, pictures
from dashboard.widgets.canvas.codec import to_text
from support.rankings import BLIND, CHEAP, CLOSE, EMPTY, GOOD, POOR, ranked, row
from support.sentences import pattern_of
from support.visitors import BLANK, STEM, Visitor

DOT = BLANK.copy()
DOT[13, 14] = 255


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


def chart_keys(visitor: Visitor) -> list[str]:
    return [chart.proto.id.split("-")[-1] for chart in visitor.app.main.get("plotly_chart")]


def curves_of(visitor: Visitor) -> str:
    """The deletion and insertion curves beside a map, as they are sent."""
    return "".join(str(chart.proto.spec) for chart in visitor.app.main.get("plotly_chart")[1:3])


# --- The panel beside a map ---


@pytest.mark.slow
def test_the_panel_says_how_the_method_does_and_tests_the_map_unasked() -> None:
    visitor = Visitor("attention", model="study")
    assert re.search(f"Gradient saliency .*{rank_of('gradient_saliency')}", text_of(visitor))
    assert visitor.complaints() == []
    assert chart_keys(visitor)[1:] == ["evidence_curves_deletion", "evidence_curves_insertion"]
    assert all("Gradient saliency" in alt for alt in visitor.chart_texts()[1:])
    deletion_area = evidence_text.DELETION_AREA.format(
        what=evidence_text.PROBABILITY.format(target=2)
    )
    for sentence in (deletion_area, evidence_text.INSERTION_AREA, evidence_text.STABILITY):
        assert sentence in visitor.html()
    assert evidence_text.VERDICTS["passes"] in visitor.html()
    assert re.search(r"\d+\.\d% \(\d+\.\d% \w+ \d+\.\d%\)", visitor.html())
    visitor.press("test_each_layer")
    assert visitor.complaints() == []
    assert chart_keys(visitor)[3] == "evidence_cascade"
    assert evidence_text.BEST_OTHER in visitor.html()
    assert ", logit %{customdata" in curves_of(visitor)
    visitor.choose("against", 7)
    against = evidence_text.PROBABILITY_AGAINST.format(target=2, against=7)
    assert evidence_text.DELETION_AREA.format(what=against) in visitor.html()
    assert ", margin %{customdata" in curves_of(visitor)
    assert ", logit %{customdata" not in curves_of(visitor)
    assert len(visitor.chart_texts()) == 3, "another map has to be asked about anew"
    assert "…" not in visitor.html()
    visitor.choose("tests_wanted", False)
    assert len(visitor.chart_texts()) == 1
    assert "cl-counts" not in visitor.html()


def rank_of(method: str) -> str:
    """Place of a method among those that are ranked on `study`, as a pattern."""
    methods = [each.method for each in faithfulness.shipped("study").rows]
    return rf"\*\*{evidence_text.ordinal(methods.index(method) + 1)}\b.*\b{len(methods)}\*\*"


@pytest.mark.slow
def test_all_else_is_on_the_page_before_the_tests_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> DeletionInsertionTest:
        raise CnnCoreError("The tests went wrong.")

    monkeypatch.setattr(faithfulness, "deletion_insertion", fail)
    visitor = Visitor("attention", model="study")
    assert visitor.complaints() == ["The tests went wrong."]
    method = METHODS["gradient_saliency"]
    assert method.title in visitor.chart_texts()[0]
    assert re.search(f"{method.title} .*{rank_of(method.name)}", text_of(visitor))
    assert method.cost in text_of(visitor, "caption")
    links = [link.proto.page for link in visitor.app.main.get("page_link")]
    assert links == ["faithfulness", "occlusion"]


@pytest.mark.slow
def test_tests_that_take_too_long_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "PATIENCE", -1)
    visitor = Visitor("attention", model="ann")
    assert evidence_text.INSERTION_AREA in visitor.html()
    assert visitor.html().count("<b>…</b>") == 2
    offer = pattern_of(evidence_text.LEFT_OUT, count=9)
    assert any(offer.fullmatch(caption) for caption in visitor.text("caption"))
    assert text_of(visitor).count("-badge[") == 1, "that of the method"
    visitor.press("test_to_the_end")
    assert visitor.complaints() == []
    assert "…" not in visitor.html()
    assert text_of(visitor).count("-badge[") == 2, "that of the method and that of this map"
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
    assert visitor.text("caption")[-1] == evidence_text.CONSTANT_MAP


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "is_blank"), [(BLANK, True), (DOT, False)])
def test_a_blank_digit_and_a_dot(levels: np.ndarray, is_blank: bool) -> None:
    with pytest.raises(PictureError) as refusal:
        baseline_of(np.zeros((28, 28, 1)), background="paper")
    visitor = Visitor("attention", model="study", own=to_text(levels))
    assert visitor.complaints() == []
    assert is_blank == (str(refusal.value) in visitor.text("caption"))
    visitor.go_to("faithfulness")
    assert visitor.complaints() == []
    assert is_blank == (str(refusal.value) in visitor.text("info"))


@pytest.mark.slow
def test_a_digit_drawn_with_the_widest_pens_keeps_its_paper(wide_digit: np.ndarray) -> None:
    own = to_text(pictures.as_picture(wide_digit))
    visitor = Visitor("attention", model="study", own=own)
    assert visitor.complaints() == []
    assert re.search(r" stroke \(|empty ", visitor.chart_texts()[0])
    visitor.go_to("faithfulness")
    count = f" {np.count_nonzero(wide_digit)} "
    (said,) = [caption for caption in visitor.text("caption") if count in caption]
    assert text.BLURRED not in said


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
    left_out = ranking.left_out(faithfulness.shipped("ann"))
    assert METHODS["grad_cam"].title in left_out
    assert left_out in visitor.text("markdown")
    offered = [option for box in visitor.app.multiselect for option in box.options]
    assert "Grad-CAM" not in offered


@pytest.mark.slow
def test_the_curves_follow_the_chosen_methods_and_the_digit() -> None:
    visitor = Visitor("faithfulness", model="ann", ink=to_text(STEM))
    visitor.app.multiselect[0].set_value(["occlusion"]).run()
    assert visitor.complaints() == []
    assert chart_keys(visitor)[1:] == ["believed_curves_deletion", "believed_curves_insertion"]
    assert all("Occlusion" in alt for alt in visitor.chart_texts()[1:])
    assert visitor.html().count("<figcaption>") == 14
    assert text.DELETED_BY.format(order="Occlusion") in visitor.text("markdown")
    visitor.app.multiselect[0].set_value([]).run()
    assert visitor.text("info") == [text.NO_METHOD_CHOSEN]


@pytest.mark.slow
@pytest.mark.usefixtures("_unranked")
def test_a_network_without_a_ranking_is_measured_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: METHODS[name] for name in ("gradient_saliency", "input_x_gradient", "grad_cam")}
    visitor = Visitor("faithfulness", model="ann")
    not_ranked = text.NOT_RANKED.format(noun="digit", model_name="ann")
    assert "`python -m cnn_core.studies faithfulness ann`" in not_ranked
    assert visitor.text("info") == [not_ranked]
    monkeypatch.setattr("cnn_core.studies.faithfulness.ranking.METHODS", few)
    visitor.choose("ranking_count", 4)
    visitor.press("measure_ranking")
    assert visitor.complaints() == []
    assert visitor.text("info") == []
    assert text.MEANS.format(count=4, noun="digit", checked=4) in visitor.text("caption")
    left_out = ranking.left_out(visitor.app.session_state["ranking_ann"])
    assert METHODS["grad_cam"].title in left_out
    assert left_out in visitor.text("markdown")
    visitor.press("show_shipped_ranking")
    assert visitor.text("info") == [not_ranked]


@pytest.mark.slow
@pytest.mark.usefixtures("_unranked")
def test_without_a_ranking_the_panel_says_so() -> None:
    assert faithfulness.rival_of("study", "occlusion") == "integrated_gradients"
    assert faithfulness.rival_of("study", "integrated_gradients") == "occlusion"
    visitor = Visitor("attention", model="study")
    assert evidence_text.NOT_RANKED.format(noun="digit") in visitor.text("markdown")
    assert "Integrated gradients" in curves_of(visitor)
    assert evidence_text.BEST_OTHER not in visitor.html()


# --- Words ---


def test_the_verdict_names_the_best_and_says_what_chance_explains() -> None:
    clear = ranking.verdict(ranked(POOR, GOOD))
    best = text.BEST.format(title="Occlusion", count=2) + text.BEYOND_CHANCE
    lead = text.LEAD.format(rival="Grad-CAM", figures="+0.7")
    assert clear.startswith(best + lead.removesuffix(")"))
    level = ranking.verdict(ranked(POOR, CLOSE, GOOD))
    rivals = "Integrated gradients"
    first = text.NOT_TOLD_APART.format(title="Occlusion", count=3, rivals=rivals)
    assert level.startswith(f"{first} (")
    failing = ranking.verdict(ranked(POOR, BLIND, GOOD))
    assert "Occlusion" in failing
    assert failing.endswith(text.FAILING.format(titles="SmoothGrad") + ".")
    assert ranking.verdict(ranked(BLIND)) == text.NONE_PASSES


def test_the_table_has_no_number_where_there_was_no_map() -> None:
    html = ranking.table(ranked(EMPTY, CHEAP))
    assert html.count("<td>none</td>") == 2
    assert f">{EMPTY.verdict}<" in html
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
    ("deletion", "insertion", "chance", "than"),
    [
        (0.1, 0.9, evidence_text.BEATS_ALL, evidence_text.BETTER),
        (0.5, 0.4, evidence_text.BEATS_NONE, evidence_text.WORSE),
        (0.1, 0.4, evidence_text.BEATS_SOME, evidence_text.WORSE),
        (0.3, 0.7, evidence_text.BEATS_ALL, evidence_text.AS_GOOD),
    ],
    ids=["better", "no better than chance", "worse", "as good"],
)
def test_one_map_in_words(deletion: float, insertion: float, chance: str, than: str) -> None:
    random = curves(*np.full(20, 0.45))
    test = DeletionInsertionTest(curves(deletion, 0.3), curves(insertion, 0.7), random, random, 9)
    assert evidence_text.in_words(test, "This", "Other") == evidence_text.MAP_TEST.format(
        chance=chance.format(title="This", count=20, by_deletion=20, by_insertion=0),
        than=than,
        rival="Other",
        difference=numbers.signed(insertion - deletion),
        rival_difference="+0.40",
    )


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
    assert f">{deletion_insertion.RANDOM_BAND.format(count=2)}<" in legend
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
