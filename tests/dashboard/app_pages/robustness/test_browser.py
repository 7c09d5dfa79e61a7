"""The page that changes the digit until the answer turns, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.lens import Lens, expect_no_sideways_scroll
from support.paths import HOME


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
    expect(changed).not_to_have_attribute("src", before)
    expect(lens.said).not_to_contain_text("Now 2")
    expect(lens.main).to_contain_text("Clockwise, the answer 2 holds up to")
    turned = str(changed.get_attribute("src"))
    lens.main.get_by_role("button", name="Use the changed digit").click()
    lens.expect_page("draw_and_erase")
    expect(lens.card).to_contain_text("Test digit 1, edited")
    expect(lens.card.locator("img")).to_have_attribute("src", turned)


def drag(page: Page, handle: Locator, *shares: float) -> Iterator[str]:
    """Hold a slider and move it, giving where it stands; the button stays down meanwhile."""
    box = handle.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * shares[0], middle)
    page.mouse.down()
    for share in shares[1:]:
        page.mouse.move(box["x"] + box["width"] * share, middle, steps=4)
        yield handle.input_value()
    page.mouse.up()


def test_digit_and_answer_follow_the_slider_before_it_is_let_go(lens: Lens, page: Page) -> None:
    handle = lens.main.get_by_role("slider", name="Strength, degrees")
    expect(handle).to_have_value("20")
    pictures = {str(lens.maps.nth(1).get_attribute("src"))}
    for degrees in drag(page, handle, 110 / 180, 0.7, 0.8, 0.9, 0.999):
        title = lens.main.locator("figure figcaption", has_text=f"Rotation, {degrees} degrees")
        expect(title).to_be_visible()  # the button is still down
        pictures.add(str(lens.maps.nth(1).get_attribute("src")))
    assert len(pictures) == 5
    expect(lens.said).not_to_contain_text("Now 2")


def test_a_search_begins_when_the_slider_is_let_go(lens: Lens, page: Page) -> None:
    page.evaluate("""() => {
      window.answers = 0;  // to the slider of this change
      window.addEventListener("cnn-lens-live-slider-acknowledgement", ({ detail }) => {
        if ("strength_pgd_mnist" in detail) window.answers += 1;
      });
    }""")
    lens.choose("Change", "PGD attack")
    page.wait_for_function("window.answers === 1")  # the page is complete
    handle = lens.main.get_by_role("slider", name="Strength, share of full brightness")
    expect(handle).to_have_value("0.2")
    before = lens.main.locator("figure figcaption", has_text="PGD attack, 0.2 of full brightness")
    for value in drag(page, handle, 0.2 / 0.3, 0.5, 0.3):
        expect(lens.main.locator(".slider .value")).to_have_text(f"{float(value):.2f}")
        expect(before).to_be_visible()
        assert page.evaluate("window.answers") == 1, "the button is still down"
    after = lens.main.locator("figure figcaption", has_text=f"PGD attack, {float(value):g} of full")
    expect(after).to_be_visible()


def test_the_keyboard_moves_it_and_another_page_keeps_it(lens: Lens, page: Page) -> None:
    lens.choose("Change", "Noise")
    handle = lens.main.get_by_role("slider", name="Strength, share of full brightness")
    expect(handle).to_have_value("0.3")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    shown = lens.main.locator("figure figcaption", has_text="Noise, 0.34 of full brightness")
    expect(shown).to_be_visible()
    expect(handle).to_be_focused()
    lens.go_to("compare")
    lens.go_to("robustness")
    expect(handle).to_have_value("0.34")
    expect(shown).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_page(lens: Lens) -> None:
    lens.page.set_viewport_size({"width": 390, "height": 844})
    expect(lens.main.locator(".js-plotly-plot")).to_have_count(2)
    expect_no_sideways_scroll(lens.page)
