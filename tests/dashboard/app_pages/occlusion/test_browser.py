"""The occlusion page in a real browser: the map follows the slider while it moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.app_pages.occlusion.views import MARGIN, PROBABILITY
from support.lens import Lens
from support.paths import HOME


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    lens = Lens(page, serve(HOME))
    lens.open("occlusion", model="study", digit="18")
    expect(page.locator(".probe .readout:not(:empty)")).to_be_visible()
    return lens


def slider(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}").get_by_role("slider")


def expect_positions(page: Page, count: int) -> None:
    """Wait until the map has as many rows and columns of positions."""
    picture = page.locator(".probe .map > canvas").element_handle()
    page.wait_for_function(f"canvas => canvas.width === {count}", arg=picture)


def test_the_map_follows_the_patch_size_before_it_is_let_go(lens: Lens, page: Page) -> None:
    expect_positions(page, 25)
    handle = slider(page, "patch_size_28")
    box = handle.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 3 / 13, middle)
    page.mouse.down()
    seen = [25]
    for share in (0.4, 0.6, 0.8, 0.999):
        page.mouse.move(box["x"] + box["width"] * share, middle, steps=4)
        size = int(handle.input_value())
        expect_positions(page, 29 - size)  # the button is still down
        seen.append(29 - size)
    assert seen == sorted(set(seen), reverse=True)
    page.mouse.up()
    expect(page.locator(".slider .value").first).to_have_text("14")
    expect_positions(page, 15)


def test_the_keyboard_moves_it_and_another_page_keeps_it(lens: Lens, page: Page) -> None:
    slider(page, "stride_28").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider(page, "stride_28")).to_have_value("3")
    expect_positions(page, 9)
    lens.go_to("filters")
    lens.go_to("occlusion")
    expect(slider(page, "stride_28")).to_have_value("3")
    expect_positions(page, 9)


def test_a_link_brings_the_settings_and_back_brings_those_of_then(lens: Lens, page: Page) -> None:
    lens.open("occlusion", patch_size="7", quantity="margin")
    quantity = page.get_by_role("radiogroup", name="Quantity")
    chosen = quantity.get_by_role("radio", checked=True)
    expect(chosen).to_have_text(MARGIN)
    expect(slider(page, "patch_size_28")).to_have_value("7")
    quantity.get_by_role("radio", name=PROBABILITY).click()
    page.wait_for_url("**quantity=probability**")
    expect(chosen).to_have_text(PROBABILITY)
    page.go_back()
    page.wait_for_url("**quantity=margin**")
    expect(chosen).to_have_text(MARGIN)
