"""The page that changes the current picture until the answer turns, through Home.py."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from cnn_core import inference, models
from cnn_core.robustness import PERTURBATIONS, Perturbation, Sweep, get, perturb
from cnn_core.robustness.spec import BRIGHTNESS
from cnn_core.studies import results, robustness
from cnn_core.studies.robustness import Curve, rank
from dashboard import cache
from dashboard.app_pages.robustness import cached, charts, text
from dashboard.app_pages.robustness.text import (
    change_in_words,
    directions,
    hold_in_words,
    in_words,
    mean_in_words,
    ranking_in_words,
    table,
)
from dashboard.figures import colours, pictures
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import from_text, to_text
from support.sentences import pattern_of
from support.visitors import BLANK, STEM, Visitor, forget_pictures

POINT = BLANK.copy()
POINT[14, 14] = 255
TEST_IMAGE = image_name("digit", 1)
pytestmark = pytest.mark.usefixtures("compiled")


@pytest.fixture(scope="module")
def looking(compiled: None) -> Visitor:
    """One visitor who goes through all changes."""
    return Visitor("robustness", model="study")


def said_by(visitor: Visitor) -> str:
    return "\n".join([*visitor.text("markdown"), *visitor.text("caption")])


def figures(visitor: Visitor) -> dict[str, str]:
    """The titles of the three pictures with their addresses."""
    found = re.findall(
        r'<figure class="cl-figure".*?<b>(.*?)</b><img.*?src="(.*?)"', visitor.html()
    )
    return dict(found)


@pytest.mark.slow
@pytest.mark.parametrize("row", PERTURBATIONS.values(), ids=lambda row: row.name)
def test_every_change_shows_the_changed_digit_and_both_answers(
    row: Perturbation, looking: Visitor, digit: np.ndarray
) -> None:
    visitor = looking
    visitor.choose("change_paper", row.name)
    assert visitor.complaints() == []
    changed = perturb(digit, row.name, row.default, model=cache.model("study"))
    shown = figures(visitor)
    assert list(shown) == [TEST_IMAGE, text.CHANGED, text.DIFFERENCE]
    assert shown[TEST_IMAGE] == pictures.data_uri(pictures.as_picture(digit))
    assert shown[text.CHANGED] == pictures.data_uri(pictures.as_picture(changed))
    answer = inference.predict(cache.model("study"), changed)
    before = text.BEFORE.format(name=2)
    assert f"<b>{answer.classes[0]}</b><span>{before}</span>" in visitor.html()
    assert row.help.split("\n")[0] in said_by(visitor)
    assert (f"({row.paper})" in said_by(visitor)) == row.needs_model
    expected = hold_in_words(
        cached.sweep("study", digit, row.name, None, options_of(row)),
        row,
        models.get("study").class_names,
        dict(options_of(row)),
    )
    assert expected in said_by(visitor)
    assert len(visitor.app.main.get("plotly_chart")) == 2
    assert ranking_of(row) in said_by(visitor)


def ranking_of(row: Perturbation) -> str:
    """What the page says of `study` among all networks at the first strength of a change."""
    curves = [
        each
        for each in cache.robustness_study().curves
        if each.perturbation == row.name and models.get(each.model).dataset == "mnist"
    ]
    (chosen,) = (each for each in curves if each.model == "study")
    nearest = min(chosen.strengths, key=lambda strength: abs(strength - row.default))
    return ranking_in_words(rank(curves, nearest), chosen, in_words(nearest, row.unit))


def options_of(row: Perturbation) -> cache.Options:
    return tuple((option.name, option.default) for option in row.options)


@pytest.mark.slow
def test_strength_options_and_target_change_the_picture() -> None:
    visitor = Visitor("robustness", model="study")
    first = figures(visitor)[text.CHANGED]
    visitor.slide("strength_rotation_mnist", 0)
    assert figures(visitor)[text.CHANGED] == figures(visitor)[TEST_IMAGE]
    assert visitor.text("info") == []
    visitor.slide("strength_rotation_mnist", -50)
    assert figures(visitor)[text.CHANGED] != first
    assert change_in_words(get("rotation"), -50) in visitor.html()
    visitor.choose("change_paper", "pgd")
    away = figures(visitor)[text.CHANGED]
    visitor.choose("attack_target", 3)
    assert figures(visitor)[text.CHANGED] != away
    assert visitor.answers() == ["3"]
    assert visitor.complaints() == []


@pytest.mark.slow
def test_only_a_search_waits_until_the_slider_is_let_go(looking: Visitor) -> None:
    for row in PERTURBATIONS.values():
        looking.choose("change_paper", row.name)
        slider = looking.component(f"strength_{row.name}_mnist")
        assert slider["isSlow"] == row.is_search
        assert (text.SEARCH_WAITS in said_by(looking)) == row.is_search
        assert slider["minimum"] <= slider["value"] <= slider["maximum"]


@pytest.mark.slow
def test_the_changed_digit_goes_to_the_drawing_page(digit: np.ndarray) -> None:
    visitor = Visitor("robustness", model="study")
    visitor.press("use_changed")
    expected = pictures.as_picture(perturb(digit, "rotation", 20))
    sent = from_text(visitor.component("digit_canvas")["pixels"], (28, 28))
    np.testing.assert_array_equal(sent, expected)
    name = image_name("digit", 1, is_edited=True)
    assert name in visitor.card()
    visitor.go_to("robustness")
    assert figures(visitor)[name] == pictures.data_uri(expected)


def test_a_digit_drawn_by_hand_is_changed_like_any_other() -> None:
    visitor = Visitor("robustness", model="study", own=to_text(STEM))
    assert figures(visitor)[image_name("digit", None)] == pictures.data_uri(STEM)
    assert visitor.complaints() == []


def test_a_photograph_has_no_strokes_and_says_so() -> None:
    visitor = Visitor("robustness", model="course_fc")
    title = get("thickness").title
    assert text.FOR_PAPER_ONLY.format(titles=title) in visitor.text("caption")
    assert title not in visitor.options("change_photo")


# --- Bad input ---


def test_blank_paper_gets_a_sentence_and_no_chart_of_nothing() -> None:
    visitor = Visitor("robustness", model="study", own=to_text(BLANK))
    assert visitor.text("info") == [text.BLANK_PAPER.format(noun="digit")]
    assert figures(visitor) == {}
    assert len(visitor.app.main.get("plotly_chart")) == 1, "the networks' curves need no digit"


def test_a_change_that_leaves_all_ink_as_it_is_says_so() -> None:
    visitor = Visitor("robustness", model="study", own=to_text(BLANK + 255))
    assert visitor.text("info") == [text.UNCHANGED.format(noun="digit")]
    assert "nan" not in visitor.html().lower()
    assert pattern_of(text.HOLDS_TO_THE_END).search(said_by(visitor))


@pytest.mark.slow
def test_a_single_pixel_that_is_worn_away_says_so() -> None:
    visitor = Visitor("robustness", model="study", own=to_text(POINT))
    visitor.choose("change_paper", "thickness")
    visitor.slide("strength_thickness_mnist", -1)
    assert visitor.text("info") == [text.NOTHING_LEFT.format(noun="digit")]
    assert visitor.complaints() == []


def test_without_the_pictures_the_curves_of_the_networks_remain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_LENS_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forget_pictures()
    visitor = Visitor("robustness", model="course_fc")
    assert visitor.complaints() == [str(cache.AbsentPicturesError("sign_digits"))]
    assert len(visitor.app.main.get("plotly_chart")) == 1
    forget_pictures()


def test_a_network_that_was_not_measured_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = robustness.load()
    kept = tuple(curve for curve in study.curves if curve.model != "study")
    shorter = dataclasses.replace(study, curves=kept)
    monkeypatch.setattr(results, "load", lambda name, kind: shorter)
    cache.robustness._study.clear()
    visitor = Visitor("robustness", model="study")
    cache.robustness._study.clear()
    assert "`python -m cnn_core.studies robustness`" in text.NOT_MEASURED
    assert visitor.text("info") == [text.NOT_MEASURED.format(title=models.get("study").title)]
    assert visitor.complaints() == []


# --- Words and charts ---

NAMES = ("cat", "dog", "bird")


def swept(*answers: int) -> Sweep:
    """From -2 to 2, each answer sure."""
    return Sweep(np.arange(-2.0, 3), np.eye(3, dtype=np.float32)[list(answers)])


def turn(strength: str, name: str) -> str:
    return text.TURN.format(strength=strength, name=name)


@pytest.mark.parametrize(
    ("answers", "answer", "right", "left"),
    [
        (
            (0, 0, 0, 0, 1),
            "cat",
            text.HOLDS_UP_TO.format(last="1 pixel", turn=turn("2 pixels", "dog")),
            text.HOLDS_TO_THE_END.format(last="2 pixels"),
        ),
        (
            (2, 2, 1, 0, 1),
            "dog",
            text.GIVES_WAY.format(turn=turn("1 pixel", "cat")),
            text.GIVES_WAY.format(turn=turn("1 pixel", "bird")),
        ),
    ],
    ids=["holds", "gives way"],
)
def test_how_far_it_holds_in_words(
    answers: tuple[int, ...], answer: str, right: str, left: str
) -> None:
    options = {"direction": "sideways"}
    said = hold_in_words(swept(*answers), get("shift"), NAMES, options)
    to_the_left, to_the_right = directions(get("shift"), options)
    parts = (to_the_right, f"**{answer}**", right, to_the_left, left)
    assert re.fullmatch("[^*]*".join(map(re.escape, parts)), said, re.IGNORECASE), said


def test_a_change_of_one_direction_has_one_sentence() -> None:
    one_sided = Sweep(np.array([0, 0.1]), np.eye(3, dtype=np.float32)[[0, 0]])
    said = hold_in_words(one_sided, get("noise"), NAMES, {})
    assert said.endswith(f" **cat** {text.HOLDS_TO_THE_END.format(last=f'0.1 {BRIGHTNESS}')}")


def curve(model: str, *num_right: int) -> Curve:
    return Curve(model, "noise", (0.0, 0.1, 0.2), num_right, 100)


def test_who_holds_best_in_words() -> None:
    one, two, three = curve("study", 99, 90, 40), curve("robust", 98, 95, 90), curve("ann", 9, 9, 9)
    titles = [models.get(name).title for name in ("study", "robust")]
    curves = [one, two, three]
    said = ranking_in_words(rank(curves, 0.2), one, "much")
    share = "90.0% (82.6 to 94.5%)"
    best = text.HOLDS_BEST.format(strength="much", title=titles[1], share=share)
    assert said.startswith(best)
    assert text.APART in said
    assert text.OVERLAP in ranking_in_words(rank(curves, 0.1), one, "little")
    assert ranking_in_words(rank(curves, 0.2), two, "much").endswith(text.NO_RIVAL)
    level = text.NOT_TOLD_APART.format(titles=titles[1])
    assert level in ranking_in_words(rank(curves, 0), one, "none")
    second = text.MEAN.format(title=titles[0], share="65.0%", place=2, count=3)
    first = text.BEST_MEAN.format(title=titles[1], share="92.5%")
    assert mean_in_words(curves, one) == f"{second}{first}."
    alone = text.MEAN.format(title=titles[1], share="92.5%", place=1, count=3)
    assert mean_in_words(curves, two) == f"{alone}."


def test_the_table_holds_every_share_with_its_interval() -> None:
    curves = [curve("study", 99, 90, 40), curve("robust", 98, 95, 100)]
    html = table(curves, curves[0])
    assert html.count("<tr") == 3
    assert "90.0% (82.6 to 94.5)" in html
    assert html.count('<th scope="col">0.1</th>') == 1
    assert 'class="cl-marked"><th scope="row">' + models.get("study").title in html


@pytest.mark.parametrize(
    ("strength", "unit", "words"),
    [
        (-3, "degrees", "\N{MINUS SIGN}3 degrees"),
        (1, "pixels", "1 pixel"),
        (-1, "degrees", "\N{MINUS SIGN}1 degree"),
        (1, BRIGHTNESS, f"1 {BRIGHTNESS}"),
        (30, "%", "30%"),
        (0.002, BRIGHTNESS, f"0.002 {BRIGHTNESS}"),
    ],
)
def test_strength_in_words(strength: float, unit: str, words: str) -> None:
    assert in_words(strength, unit) == words


def test_the_chart_shows_the_answer_and_what_it_turns_into_first() -> None:
    figure = charts.probabilities(swept(2, 0, 0, 0, 1), NAMES, 1.0, "shift")
    assert [trace.name for trace in figure.data] == ["cat", "dog", "bird"]
    assert figure.data[0].line.color == colours.AFTER


def test_the_chosen_network_and_the_one_beside_it_have_bands() -> None:
    curves = [curve(name, 99, 90, 40) for name in ("study", "robust", "ann", "lenet5")]
    titles = [each.model for each in curves]
    figure = charts.accuracies(curves, titles, chosen=2, beside=0, strength=0.1, axis="noise")
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert [band.legendgroup for band in bands] == ["study", "ann"]
    low, high = curves[0].intervals[2]
    assert {bands[0].y[2], bands[0].y[3]} == {low, high}
    assert figure.data[-1].line.color == colours.AFTER
    named = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert named == [charts.OTHERS, "study", "ann"]
    alone = charts.accuracies(
        curves[:1], titles[:1], chosen=0, beside=None, strength=0, axis="noise"
    )
    assert json.loads(alone.to_json())["data"][-1]["name"] == "study"
