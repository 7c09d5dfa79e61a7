"""The map of dots in a real browser: what a pointer is told, clicks, the moving mark, the zoom."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

APP = Path(__file__).with_name("scatter_app.py")
MARGIN = 26
# How many pixels of exactly this red, green and blue are on the canvas.
COUNT = """(canvas, colour) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (colour.every((level, k) => Math.abs(data[i + k] - level) < 3) && data[i + 3] > 150) count++;
  return count;
}"""
# Where the ink of the mark is, as the mean of its dark pixels in the upper half.
INK = """canvas => {
  const {width, height} = canvas;
  const data = canvas.getContext("2d").getImageData(0, 0, width, height / 2).data;
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i += 4)
    if (data[i] + data[i + 1] + data[i + 2] < 150 && data[i + 3] > 200) {
      sum += (i / 4) % width; count++;
    }
  return sum / count / width;
}"""

# Keeps what is written on a canvas: the text and where its middle stands.
LISTEN = """
  window.written = {};
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    window.written[text] = y;
    write.call(this, text, x, y);
  };
"""


@pytest.fixture
def canvas(page: Page, serve: Callable[[Path], str]) -> Locator:
    page.goto(serve(APP))
    expect(page.get_by_text("x -0.5", exact=True)).to_be_visible()
    canvas = page.locator(".scatter canvas")
    expect(canvas).to_have_attribute("aria-label", "Five dots")
    page.wait_for_function(f"c => ({COUNT})(c, [255, 0, 0]) > 0", arg=canvas.element_handle())
    return canvas


def place(canvas: Locator, x: float, y: float) -> dict[str, float]:
    """Where a point of [-1, 1] x [-1, 1] stands on the canvas, CSS pixels."""
    box = canvas.bounding_box()
    assert box is not None
    across, up = box["width"] / 2 - MARGIN, box["height"] / 2 - MARGIN
    return {"x": box["width"] / 2 + x * across, "y": box["height"] / 2 - y * up}


def test_the_pointer_is_told_what_a_dot_is(canvas: Locator, page: Page) -> None:
    tip = page.locator(".scatter .tip")
    expect(tip).to_be_hidden()
    canvas.hover(position=place(canvas, 1, 1))
    expect(tip).to_have_text("Test digit 40: <b>b</b>")  # as text, not as HTML
    canvas.hover(position=place(canvas, 0, 0))
    expect(tip).to_have_text("Test digit 50: c, read as a")
    canvas.hover(position=place(canvas, 0.5, 0))
    expect(tip).to_be_hidden()


def test_a_click_gives_the_index_of_the_dot(canvas: Locator, page: Page) -> None:
    canvas.click(position=place(canvas, -1, 1))
    expect(page.get_by_text("clicked 30", exact=True)).to_be_visible()
    canvas.click(position=place(canvas, 0.5, 0.1))
    canvas.click(position=place(canvas, 1, -1))
    expect(page.get_by_text("clicked 20", exact=True)).to_be_visible()


def test_a_class_can_be_seen_alone(canvas: Locator, page: Page) -> None:
    green = page.locator(".scatter .legend button").nth(1)
    expect(green).to_have_text("<b>b</b>")
    green.click()
    expect(green).to_have_attribute("aria-pressed", "true")
    canvas.hover(position=place(canvas, -1, -1))
    expect(page.locator(".scatter .tip")).to_be_hidden()
    page.wait_for_function(f"c => ({COUNT})(c, [255, 0, 0]) === 0", arg=canvas.element_handle())
    green.click()
    page.wait_for_function(f"c => ({COUNT})(c, [255, 0, 0]) > 0", arg=canvas.element_handle())


def test_the_mark_moves_and_the_dots_stay(canvas: Locator, page: Page) -> None:
    before = canvas.evaluate(INK)
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("x 0.5", exact=True)).to_be_visible()
    page.wait_for_function(
        f"([canvas, before]) => ({INK})(canvas) > before + 0.2",
        arg=[canvas.element_handle(), before],
    )
    assert canvas.evaluate(COUNT, [255, 0, 0]) > 0


def test_zoom_brings_the_middle_nearer(canvas: Locator, page: Page) -> None:
    page.get_by_role("button", name="Zoom in").click()
    canvas.hover(position=place(canvas, 0, 0))
    expect(page.locator(".scatter .tip")).to_have_text("Test digit 50: c, read as a")
    canvas.hover(position=place(canvas, 1, 1))
    expect(page.locator(".scatter .tip")).to_be_hidden()  # now outside
    page.get_by_role("button", name="Zoom out").click()
    canvas.hover(position=place(canvas, 1, 1))
    expect(page.locator(".scatter .tip")).to_have_text("Test digit 40: <b>b</b>")


def test_names_of_classes_do_not_cover_each_other(page: Page, serve: Callable[[Path], str]) -> None:
    page.add_init_script(LISTEN)
    page.goto(f"{serve(APP)}/?long=1")
    page.wait_for_function("Object.keys(window.written ?? {}).length === 4")
    heights = sorted(
        y for text, y in page.evaluate("Object.entries(window.written)") if text != "now"
    )
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 15, "the names are 15 px high"
