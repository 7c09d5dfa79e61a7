"""The Models page in a real browser: what only a browser can tell of the drawing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cnn_core import architecture
from dashboard.app_pages.models import text
from support.lens import Lens
from support.paths import HOME

FOLDED_ASIDE = "e => [e.scrollWidth, e.clientWidth]"


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    opened = Lens(page, serve(HOME))
    opened.open("models")
    return opened


def draw(lens: Lens, network: str) -> Locator:
    """Choose a network and return its drawing."""
    lens.main.get_by_text(text.ONE_NETWORK, exact=True).click()
    picker = lens.main.get_by_test_id("stSelectbox").locator("input")
    expect(picker).to_be_visible()
    picker.click()
    lens.page.keyboard.type(network)
    lens.page.keyboard.press("Enter")
    drawing = lens.main.get_by_role("img", name=text.DIAGRAM.format(title=network), exact=True)
    expect(drawing).to_be_visible()
    lens.settle()
    return drawing


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_drawing_takes_the_theme_and_the_page_stays_as_wide_as_the_window(
    lens: Lens, width: int, scheme: str
) -> None:
    lens.page.emulate_media(color_scheme=scheme)
    lens.page.set_viewport_size({"width": width, "height": 800})
    drawing = draw(lens, "GoogLeNet")
    name = drawing.get_by_text("inception3a_reduce3", exact=True)
    colour = "e => getComputedStyle(e).fill"
    shown = name.evaluate(colour)
    heading = lens.main.get_by_role("heading", level=1)
    assert shown == heading.evaluate("e => getComputedStyle(e).color")
    full, seen = lens.main.evaluate(FOLDED_ASIDE)
    assert full == seen
    # A wide network is scrolled in a window of its own.
    full, seen = lens.main.locator(".cl-diagram").evaluate(FOLDED_ASIDE)
    assert (full > seen) == (width == 390)


def test_every_text_of_the_drawing_fits_its_box(lens: Lens) -> None:
    drawing = draw(lens, "GoogLeNet")
    outside = drawing.evaluate(
        """svg => Array.from(svg.querySelectorAll('text')).filter(text => {
            const box = text.closest('g[transform]').querySelector('rect').getBoundingClientRect();
            const { left, right, bottom } = text.getBoundingClientRect();
            return left < box.left || right > box.right || bottom > box.bottom + 1;
        }).map(text => text.textContent)"""
    )
    assert outside == []
    assert drawing.locator("title").count() == len(architecture.load("googlenet"))
