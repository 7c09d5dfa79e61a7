"""The Attention page in a real browser: labels that follow the answer, and views side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnn_core.attribution import METHODS
from dashboard.app_pages.attention import text
from support.lens import Lens
from support.paths import HOME


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    lens = Lens(page, serve(HOME))
    lens.open("attention")
    return lens


def test_the_class_that_is_named_is_the_answer_to_the_digit_that_is_shown(lens: Lens) -> None:
    chosen = lens.picker("target")
    chart = lens.main.get_by_test_id("stPlotlyChart").first
    expect(chosen).to_have_value(text.THE_ANSWER.format(name=2))
    lens.index.fill("0")
    lens.page.keyboard.press("Enter")
    expect(chart).to_have_attribute("aria-label", re.compile(r"^\D* 7\b"))
    expect(chosen).to_have_value(text.THE_ANSWER.format(name=7))


def test_a_step_of_the_seed_draws_another_map(lens: Lens) -> None:
    rise = METHODS["rise"].title
    lens.picker("method").click()
    lens.page.get_by_role("option", name=rise, exact=True).click()
    chart = lens.main.get_by_test_id("stPlotlyChart").first
    expect(chart).to_have_attribute("aria-label", re.compile(f"^{rise} "))
    lens.settle()
    scale = lens.main.locator(".cl-scale").first
    before = scale.inner_text()
    lens.main.get_by_test_id("stNumberInputStepUp").click()
    expect(scale).not_to_have_text(before)


def test_two_classes_are_three_maps_on_one_scale_and_said_in_words(lens: Lens) -> None:
    lens.main.get_by_text(text.PAIR, exact=True).click()
    chart = lens.main.get_by_test_id("stPlotlyChart").first
    difference = text.RATHER_THAN.format(name=2, rival=1)
    expect(chart).to_have_attribute("aria-label", re.compile(difference))
    expect(chart).to_have_attribute("aria-label", re.compile(r"\b2: .*\d%.*\b1: .*\d%"))
    expect(chart.locator(".hm")).to_have_count(3)
    expect(lens.picker("rival")).to_have_value(text.NEXT_LIKELIEST.format(name=1))
