"""The whole app in a tab: what a visitor sees and does."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Locator, Page, expect

from dashboard.navigation import PAGES

TITLES = {page.name if place else "": page.title for place, page in enumerate(PAGES)}
READ = (
    "c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => !(i % 4))"
)
Point = tuple[float, float]


def rect(element: Locator) -> dict[str, float]:
    """The element's x, y, width and height on the page, CSS pixels."""
    sides: dict[str, float] = element.evaluate("e => e.getBoundingClientRect().toJSON()")
    return sides


def expect_no_sideways_scroll(page: Page) -> None:
    """Wait until nothing is wider than the window, as right after it was resized it may be."""
    page.wait_for_function(
        """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
          .every((part) => part.scrollWidth <= part.clientWidth)"""
    )


class Lens:
    """One tab with the app; pages are named as in the address, "" is the overview."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.main = page.get_by_test_id("stMain")
        self.card = page.locator(".cl-card")
        self.name = self.card.locator("b").first
        self.answer = self.card.locator("span b")
        self.index = page.locator(".st-key-digit input")
        self.canvas = page.locator(".stage canvas")
        self.said = page.locator(".cl-said").first
        self.bars = page.locator(".cl-bars").first
        self.maps = self.main.locator("figure img")
        self.edits = page.locator(".st-key-edits .tile")

    def open(self, name: str = "", **query: str) -> None:
        """Load a page as a fresh visitor and wait until the network is there."""
        pairs = "&".join(f"{key}={value}" for key, value in query.items())
        self.page.goto(f"{self.address}/{name}?{pairs}".rstrip("?"))
        self.settle()

    def settle(self) -> None:
        """Wait until the page is complete."""
        expect(self.main.get_by_role("heading", level=1)).to_be_visible()
        expect(self.page.locator(".cl-loading")).to_have_count(0)
        expect(self.main.locator("[data-testid=stPageLink]").last).to_be_visible()
        expect(self.page.get_by_test_id("stSpinner")).to_have_count(0)

    def go_to(self, name: str) -> None:
        """Follow a link of the navigation."""
        navigation = self.page.get_by_test_id("stSidebarNav")
        navigation.get_by_role("link", name=TITLES[name], exact=True).click()
        self.expect_page(name)

    def url(self, name: str) -> re.Pattern[str]:
        """The address of a page, with any query."""
        return re.compile(f"^{re.escape(self.address)}/{name}($|[?])")

    def expect_page(self, name: str) -> None:
        expect(self.page).to_have_url(self.url(name))
        if name:
            heading = self.main.get_by_role("heading", level=1)
            expect(heading).to_have_text(TITLES[name])
        self.settle()

    def picker(self, key: str) -> Locator:
        """The select box of a key."""
        return self.main.locator(f".st-key-{key}").get_by_role("combobox")

    def choose(self, label: str, option: str) -> None:
        """Choose in a select box of the main part."""
        self.main.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def tool(self, name: str) -> Locator:
        return self.page.locator(".pad").get_by_role("button", name=name, exact=True)

    def locate(self, point: Point) -> Point:
        box = self.canvas.bounding_box()
        assert box is not None
        return box["x"] + point[0] * box["width"] / 28, box["y"] + point[1] * box["height"] / 28

    def press(self, point: Point) -> None:
        self.page.mouse.move(*self.locate(point))
        self.page.mouse.down()

    def move(self, *points: Point) -> None:
        for point in points:
            self.page.mouse.move(*self.locate(point), steps=6)

    def stroke(self, *points: Point) -> None:
        """Draw and wait until Python has answered."""
        before = self.edits.count()
        self.press(points[0])
        self.move(*points[1:])
        self.page.mouse.up()
        expect(self.edits).to_have_count(max(before, 1) + 1)

    def pixels(self) -> np.ndarray:
        """The (28, 28) levels on the canvas."""
        return np.array(self.canvas.evaluate(READ), np.uint8).reshape(28, 28)

    def expect_drawing(self, pixels: np.ndarray) -> None:
        """Wait until the canvas shows a picture."""
        expected = ",".join(map(str, pixels.ravel()))
        expect(self.canvas).to_be_visible()
        self.page.wait_for_function(
            f"([canvas, expected]) => `${{({READ})(canvas)}}` === expected",
            arg=[self.canvas.element_handle(), expected],
        )

    def upload(self, data: bytes, name: str = "digit.png") -> None:
        self.page.locator("[class*='st-key-picture_'] button").first.click()
        chooser = self.page.locator("input[type=file]")
        chooser.set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
