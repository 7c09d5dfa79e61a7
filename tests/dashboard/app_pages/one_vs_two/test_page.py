"""The One versus two page: the five steps and the visitor's own erasing."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard import navigation
from dashboard.app_pages.one_vs_two import views as one_vs_two_views
from dashboard.app_pages.one_vs_two.cached import one_vs_two
from dashboard.widgets.canvas.codec import from_text
from support.visitors import SEVEN, Visitor

(DRAWING_TITLE,) = (page.title for page in navigation.PAGES if page.name == "draw_and_erase")


def test_the_slider_goes_through_the_five_steps() -> None:
    visitor = Visitor("one_vs_two")
    study = one_vs_two("study")
    for number, step in enumerate(study.steps, 1):
        visitor.choose("study_step", number)
        assert step.title in visitor.app.main.get("html")[0].proto.body
        assert visitor.answers()[0] == str(step.answer)
    assert visitor.complaints() == []
    text = "".join(visitor.text("markdown"))
    for finding in study.findings:
        assert finding.claim in text
        assert finding.measured in text


@pytest.mark.usefixtures("compiled")
def test_a_step_can_be_erased_by_hand() -> None:
    visitor = Visitor("one_vs_two")
    visitor.press("erase_by_hand")
    assert visitor.text("title") == [DRAWING_TITLE]
    expected = np.rint(one_vs_two("study").steps[0].pixels[..., 0] * 255)
    sent = from_text(visitor.component("digit_canvas")["pixels"])
    np.testing.assert_array_equal(sent, expected)


def test_the_visitors_own_erasing_joins_the_story(drawn: Visitor) -> None:
    drawn.draw(SEVEN)
    drawn.go_to("one_vs_two")
    assert drawn.complaints() == []
    edits = [one_vs_two_views.EDIT.format(number=i) for i in (1, 2)]
    for title in (one_vs_two_views.BEFORE_EDITS, *edits):
        assert title in drawn.html()
