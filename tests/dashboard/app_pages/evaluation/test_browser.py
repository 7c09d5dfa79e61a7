"""The page Evaluation in a real browser: cells that open, charts that fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import datasets, evaluation, models
from dashboard.app_pages.evaluation import text
from support.lens import Lens, expect_no_sideways_scroll
from support.paths import HOME

# What a view has and the view before it in this order has not.
VIEWS = {
    text.CLASS_BY_CLASS: ".cl-share",
    text.CURVES: ".st-key-curve_class",
    text.CALIBRATION: ".st-key-reliability",
    text.ALL_MODELS: ".st-key-accuracies_of_all",
    text.CONFUSION: ".st-key-cell_true",
}
RIGHT_END = """selector => Math.max(0, ...Array.from(
  document.querySelectorAll(selector), each => each.getBoundingClientRect().right))"""


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    return Lens(page, serve(HOME))


def click_cell(lens: Lens, true: int, answer: int) -> None:
    field = lens.page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert field is not None
    x, y = ((i + 0.5) / 10 for i in (answer, true))
    lens.page.mouse.click(field["x"] + x * field["width"], field["y"] + y * field["height"])


def test_a_click_on_a_cell_shows_its_images_and_a_second_one_lets_go(lens: Lens) -> None:
    answers = models.load_test_answers("study")
    matrix = evaluation.confusion_matrix(answers.logits, answers.labels)
    mistakes = matrix - np.diag(np.diag(matrix))
    true, answer = (int(i) for i in np.unravel_index(mistakes.argmax(), mistakes.shape))
    lens.open("evaluation", model="study")
    tiles = lens.page.locator(".st-key-cell_tiles .tile")
    for cell, count in (((true, answer), int(mistakes.max())), ((true, true), 60)):
        click_cell(lens, *cell)
        title = text.CELL.format(true=cell[0], answer=cell[1])
        expect(lens.main.get_by_text(title, exact=True)).to_be_visible()
        expect(tiles).to_have_count(count)
    tiles.nth(1).click()
    expect(tiles.nth(1)).to_have_attribute("aria-current", "true")
    click_cell(lens, true, true)
    expect(tiles).to_have_count(0)
    hint = text.CLICK_A_CELL.format(
        noun=datasets.get("mnist").noun,
        cell=text.CELL.format(true=true, answer=answer),
        count=mistakes.max(),
        of_class=matrix[true].sum(),
    )
    expect(lens.main.get_by_text(hint)).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_every_view_fits_the_screen(lens: Lens, width: int) -> None:
    lens.page.set_viewport_size({"width": width, "height": 900})
    lens.open("evaluation", model="study")
    for view, part in VIEWS.items():
        lens.page.locator(".st-key-evaluation_view").get_by_role("radio", name=view).click()
        expect(lens.main.locator(part).first).to_be_visible()
        lens.settle()
        for found in (".js-plotly-plot", ".cl-scroll", ".cl-counts"):
            assert lens.page.evaluate(RIGHT_END, found) <= width
        expect_no_sideways_scroll(lens.page)
