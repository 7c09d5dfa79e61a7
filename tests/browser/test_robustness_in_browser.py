"""The page that changes the digit until the answer turns, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lens import HOME, LONG, Lens
from playwright.sync_api import Page, expect


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    lens = Lens(page, serve(HOME))
    lens.open("robustness", model="study")
    return lens


def test_the_slider_turns_the_digit_until_the_answer_turns_and_the_pen_takes_it(
    lens: Lens,
) -> None:
    changed = lens.maps.nth(1)
    before = str(changed.get_attribute("src"))
    expect(lens.said).to_have_text("Now 2before 2")
    slider = lens.main.get_by_role("slider", name="Strength, degrees")
    slider.press("End")
    expect(changed).not_to_have_attribute("src", before, timeout=LONG)
    expect(lens.said).not_to_contain_text("Now 2")
    expect(lens.main).to_contain_text("Clockwise, the answer 2 holds up to")
    turned = str(changed.get_attribute("src"))
    lens.main.get_by_role("button", name="Use the changed digit").click()
    lens.expect_page("draw_and_erase")
    expect(lens.card).to_contain_text("Test digit 1, edited")
    expect(lens.card.locator("img")).to_have_attribute("src", turned)


def test_on_a_phone_nothing_is_wider_than_the_page(lens: Lens) -> None:
    lens.page.set_viewport_size({"width": 390, "height": 844})
    expect(lens.main.locator(".js-plotly-plot")).to_have_count(2)
    main = "document.querySelector('[data-testid=stMain]')"
    assert lens.page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 0
