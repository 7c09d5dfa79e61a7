"""The page that changes the digit until the answer turns, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cnn_core.robustness import get
from dashboard.app_pages.robustness import text
from dashboard.session import image_name
from support.lens import Lens, expect_no_sideways_scroll
from support.paths import HOME


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    lens = Lens(page, serve(HOME))
    lens.open("robustness", model="study")
    return lens


def slider_of(lens: Lens, change: str) -> Locator:
    """The slider of a change's strength."""
    return lens.main.locator(f".st-key-strength_{change}_mnist").get_by_role("slider")


def choose(lens: Lens, change: str) -> None:
    """Choose a change of the picture."""
    lens.main.locator(".st-key-change_paper").get_by_role("combobox").click()
    lens.page.get_by_role("option", name=get(change).title, exact=True).click()


def title_of(lens: Lens, change: str, strength: float) -> Locator:
    """The title of the changed picture at a strength."""
    words = text.change_in_words(get(change), strength)
    return lens.main.locator("figure figcaption", has_text=words)


def test_the_slider_turns_the_digit_until_the_answer_turns_and_the_pen_takes_it(
    lens: Lens,
) -> None:
    changed = lens.maps.nth(1)
    before = str(changed.get_attribute("src"))
    expect(lens.said.locator("b")).to_have_text("2")
    expect(lens.said).to_contain_text(text.BEFORE.format(name=2))
    slider_of(lens, "rotation").press("End")
    expect(changed).not_to_have_attribute("src", before)
    expect(lens.said.locator("b")).not_to_have_text("2")
    _, clockwise = text.directions(get("rotation"), {})
    holds = text.HOLDS_UP_TO.partition("{last}")[0]
    sentence = re.compile(f"{clockwise}, [^.]* 2 {holds}", re.IGNORECASE)
    expect(lens.main).to_contain_text(sentence)
    turned = str(changed.get_attribute("src"))
    lens.main.locator(".st-key-use_changed button").click()
    lens.expect_page("draw_and_erase")
    expect(lens.card).to_contain_text(image_name("digit", 1, is_edited=True))
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
    handle = slider_of(lens, "rotation")
    expect(handle).to_have_value("20")
    pictures = {str(lens.maps.nth(1).get_attribute("src"))}
    for degrees in drag(page, handle, 110 / 180, 0.7, 0.8, 0.9, 0.999):
        # The button is still down.
        expect(title_of(lens, "rotation", float(degrees))).to_be_visible()
        pictures.add(str(lens.maps.nth(1).get_attribute("src")))
    assert len(pictures) == 5
    expect(lens.said.locator("b")).not_to_have_text("2")


def test_a_search_begins_when_the_slider_is_let_go(lens: Lens, page: Page) -> None:
    page.evaluate("""() => {
      window.answers = 0;  // to the slider of this change
      window.addEventListener("cnn-lens-live-slider-acknowledgement", ({ detail }) => {
        if ("strength_pgd_mnist" in detail) window.answers += 1;
      });
    }""")
    choose(lens, "pgd")
    page.wait_for_function("window.answers === 1")  # the page is complete
    handle = slider_of(lens, "pgd")
    expect(handle).to_have_value("0.2")
    before = title_of(lens, "pgd", 0.2)
    for value in drag(page, handle, 0.2 / 0.3, 0.5, 0.3):
        expect(lens.main.locator(".slider .value")).to_have_text(f"{float(value):.2f}")
        expect(before).to_be_visible()
        assert page.evaluate("window.answers") == 1, "the button is still down"
    expect(title_of(lens, "pgd", float(value))).to_be_visible()


def test_the_keyboard_moves_it_and_another_page_keeps_it(lens: Lens, page: Page) -> None:
    choose(lens, "noise")
    handle = slider_of(lens, "noise")
    expect(handle).to_have_value("0.3")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    shown = title_of(lens, "noise", 0.34)
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
