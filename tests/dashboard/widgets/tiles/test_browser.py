"""The tiles in a real browser: pixels, clicks, keys, reruns, widths and themes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.lens import expect_no_sideways_scroll, rect

APP = Path(__file__).parents[1] / "widgets_app.py"
PIXELS = """canvas => Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)"""


@pytest.fixture
def grid(page: Page, serve: Callable[[Path], str]) -> Locator:
    page.goto(serve(APP))
    expect(page.get_by_text("round 0, runs 1", exact=True)).to_be_visible()
    grid = page.locator(".tiles").first
    expect(grid.locator("button")).to_have_count(30)
    expect(grid.locator("canvas").last).to_have_attribute("width", "28")  # painted
    return grid


def status(page: Page, text: str) -> None:
    expect(page.get_by_text(text, exact=True)).to_be_visible()


def row(tile: Locator) -> list[int]:
    """Row 14 of the tile's picture, one number a pixel."""
    return tile.locator("canvas").evaluate(PIXELS)[14 * 28 * 4 : 15 * 28 * 4 : 4]


def test_each_tile_shows_its_own_pixels(grid: Locator) -> None:
    first = row(grid.locator("button").nth(0))
    assert min(first) == 0
    assert max(first) == 255
    for shift in (1, 6, 29):  # the app turns the digit by one more column each tile
        assert row(grid.locator("button").nth(shift)) == first[-shift % 28 :] + first[: -shift % 28]
    style = grid.locator("canvas").first.evaluate("c => getComputedStyle(c).imageRendering")
    assert style == "pixelated"


def test_a_click_returns_the_index_each_time(grid: Locator, page: Page) -> None:
    tile = grid.locator("button").nth(7)
    tile.click()
    status(page, "selected 7, clicks 1")
    expect(tile).to_have_attribute("aria-current", "true")
    expect(grid.locator("[aria-current]")).to_have_count(1)
    tile.click()
    status(page, "selected 7, clicks 2")


def test_arrows_move_the_focus_and_enter_clicks(grid: Locator, page: Page) -> None:
    tiles = grid.locator("button")
    expect(grid.locator("[tabindex='0']")).to_have_count(1)
    tops = [rect(tile)["y"] for tile in tiles.all()]
    columns = tops.count(tops[0])
    grid.locator("[tabindex='0']").focus()
    expect(tiles.nth(2)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(tiles.nth(3 + columns)).to_be_focused()
    page.keyboard.press("ArrowDown")  # there is no third row: the focus stays
    expect(tiles.nth(3 + columns)).to_be_focused()
    page.keyboard.press("Enter")
    status(page, f"selected {3 + columns}, clicks 1")
    expect(tiles.nth(3 + columns)).to_be_focused()  # a rerun does not take the focus away
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(29)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    status(page, "selected 0, clicks 2")
    expect(grid.locator("[tabindex='0']")).to_have_count(1)


def test_a_strangers_caption_stays_text(grid: Locator) -> None:
    caption = "<b>a class name that is far too long for two lines of a tile</b>"
    tile = grid.locator("button").nth(3)
    expect(tile.locator(".caption")).to_have_text(caption)
    expect(tile).to_have_attribute("title", caption)
    expect(tile).to_have_accessible_name(caption)
    assert grid.locator("b").count() == 0
    assert rect(tile.locator(".caption"))["height"] < 70  # four lines of 12 px


def test_tiles_that_are_not_clickable_are_figures(grid: Locator, page: Page) -> None:
    maps = page.locator(".tiles").nth(1)
    expect(maps.get_by_role("figure")).to_have_count(5)
    expect(maps.get_by_role("figure", name="map 4")).to_be_visible()
    assert maps.locator("button").count() == 0
    assert rect(maps.locator("canvas").first)["width"] == 90
    assert rect(maps.locator("canvas").first)["height"] == 60


def test_new_pictures_are_painted_and_old_ones_are_left_alone(grid: Locator, page: Page) -> None:
    before = row(grid.locator("button").first)
    grid.evaluate(
        """grid => { grid.changes = 0; new MutationObserver(list => (grid.changes += list.length))
          .observe(grid, {subtree: true, childList: true, attributes: true}); }"""
    )
    page.get_by_role("button", name="Rerun").click()
    status(page, "round 0, runs 2")
    assert grid.evaluate("grid => grid.changes") == 0
    page.get_by_role("button", name="Next pictures").click()
    status(page, "round 1, runs 3")
    turned = before[-12:] + before[:-12]  # the app turns by 40 columns, that is 12
    page.wait_for_function(
        f"([canvas, row]) => `${{({PIXELS})(canvas).filter((_, i) => i % 4 === 0)}}`.includes(row)",
        arg=[grid.locator("canvas").first.element_handle(), ",".join(map(str, turned))],
    )
    assert row(grid.locator("button").first) == turned


@pytest.mark.parametrize("width", [390, 1280])
def test_the_grid_wraps_within_the_page(grid: Locator, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    boxes = [rect(tile) for tile in grid.locator("button canvas").all()]
    assert {box["width"] for box in boxes} == {64}
    assert {box["height"] for box in boxes} == {64}
    assert max(box["x"] + box["width"] for box in boxes) <= width
    lefts = sorted({box["x"] for box in boxes})
    gaps = {after - before for before, after in pairwise(lefts)}
    assert gaps == {72}
    expect_no_sideways_scroll(page)


def test_the_outline_and_the_text_follow_the_theme(grid: Locator, page: Page) -> None:
    def looks() -> list[str]:
        return grid.evaluate(
            """grid => [getComputedStyle(grid).color,
              getComputedStyle(grid.querySelector("[aria-current] canvas")).boxShadow]"""
        )

    page.emulate_media(color_scheme="light")
    light = looks()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "([grid, color]) => getComputedStyle(grid).color !== color",
        arg=[grid.element_handle(), light[0]],
    )
    assert looks()[1] != light[1]
