"""The Misclassified page: matrix, filters, order and the way to the other pages."""

from __future__ import annotations

import re

import pytest

from cnn_core import evaluation
from dashboard.app_pages.misclassified import cached
from dashboard.app_pages.misclassified import text as misclassified_text
from dashboard.session import image_name
from support.visitors import Visitor


@pytest.fixture(scope="module")
def mistakes() -> tuple[evaluation.Mistake, ...]:
    return cached.mistakes("study")


def test_all_mistakes_are_shown_and_counted(mistakes: tuple[evaluation.Mistake, ...]) -> None:
    visitor = Visitor("misclassified")
    assert len(visitor.component("mistakes")["captions"]) == len(mistakes)
    assert re.search(rf"\b{len(mistakes)} \w+ 10,000\b", visitor.text("markdown")[1])


def test_filters_narrow_the_mistakes_and_show_all_drops_them(
    mistakes: tuple[evaluation.Mistake, ...],
) -> None:
    visitor, one = Visitor("misclassified"), mistakes[0]
    visitor.choose("mistake_true", one.label)
    of_class = [m for m in mistakes if m.label == one.label]
    assert len(visitor.component("mistakes")["captions"]) == len(of_class)
    visitor.choose("mistake_answer", one.answer)
    of_pair = [m for m in of_class if m.answer == one.answer]
    assert len(visitor.component("mistakes")["captions"]) == len(of_pair)
    visitor.choose("mistake_answer", one.label)
    assert not visitor.shows("mistakes")
    assert visitor.text("info") == [misclassified_text.NO_SUCH_MISTAKE]
    visitor.press("show_all")
    assert len(visitor.component("mistakes")["captions"]) == len(mistakes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "value"),
    [
        (misclassified_text.MOST_CONFIDENT, lambda mistake: -mistake.confidence),
        (misclassified_text.LEAST_CONFIDENT, lambda mistake: mistake.confidence),
        (misclassified_text.LARGEST_MARGIN, lambda mistake: -mistake.margin),
        (misclassified_text.SMALLEST_MARGIN, lambda mistake: mistake.margin),
    ],
)
def test_mistakes_are_sorted(order: str, value, mistakes) -> None:  # type: ignore[no-untyped-def]
    visitor = Visitor("misclassified")
    visitor.choose("mistake_order", order)
    described = visitor.component("mistakes")["descriptions"]
    indices = [int(re.findall(r"\d+", text)[0]) for text in described]
    assert indices == [m.index for m in sorted(mistakes, key=value)]


def test_a_click_makes_a_mistake_the_current_digit() -> None:
    visitor = Visitor("misclassified")
    index = re.findall(r"\d+", visitor.component("mistakes")["descriptions"][2])[0]
    visitor.click_tile("mistakes", 2)
    assert visitor.card_says()[0] == image_name("digit", int(index))
    assert visitor.component("mistakes")["selected"] == 2
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    assert links == ["attention", "occlusion", "one_vs_two"]
