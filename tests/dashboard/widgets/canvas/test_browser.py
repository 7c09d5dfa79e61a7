"""Gestures on the canvas in a real browser, and what Python gets of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

from cnn_core.images import strokes
from dashboard.widgets.canvas.codec import from_text, to_text

APP = Path(__file__).with_name("canvas_app.py")
CROSS = np.zeros((28, 28), np.uint8)
CROSS[13:15, 4:24] = CROSS[4:24, 13:15] = 255
EMPTY = np.zeros_like(CROSS)
ANSWER = CROSS.copy()
ANSWER[:4] = 255
READ = (
    "c => ({ height: c.height, width: c.width, levels: Array.from("
    "c.getContext('2d').getImageData(0, 0, c.width, c.height).data) })"
)
# The latest update, which a stroke drawn on a picture set by Python may follow once more.
# After a remount the text may come back later than the canvas.
IS_TOLD = """([place, canvas]) => place.querySelector(".told")?.textContent.includes(
    `"sequence": ${canvas.dataset.sequence}, "final": true`)"""
Point = tuple[float, float]


class Pad:
    """One canvas on the page, in the units of its cells; `shape` is that of its picture."""

    def __init__(self, page: Page, name: str = "first") -> None:
        self.page = page
        self.shape: tuple[int, ...] = (28, 28)
        self.place = page.locator(f".st-key-{name}")
        self.surface = self.place.locator("canvas")
        expect(self.place.locator(".told")).to_be_attached()
        expect(self.button("Undo")).to_have_attribute("aria-disabled", re.compile("true|false"))

    def button(self, name: str) -> Locator:
        return self.place.get_by_role("button", name=name, exact=True)

    def press_elsewhere(self, name: str) -> None:
        """Press a button of the page without the mouse, which may be busy drawing."""
        self.button(name).dispatch_event("click")

    def locate(self, point: Point) -> Point:
        box = self.surface.bounding_box()
        assert box is not None
        height, width = self.shape[:2]
        x, y = point[0] * box["width"] / width, point[1] * box["height"] / height
        return box["x"] + x, box["y"] + y

    def press(self, point: Point, button: str = "left") -> None:
        self.page.mouse.move(*self.locate(point))
        self.page.mouse.down(button=button)  # type: ignore[arg-type]

    def move(self, *points: Point, steps: int = 4) -> None:
        for point in points:
            self.page.mouse.move(*self.locate(point), steps=steps)

    def stroke(self, *points: Point, button: str = "left") -> None:
        self.press(points[0], button)
        self.move(*points[1:])
        self.page.mouse.up(button=button)  # type: ignore[arg-type]

    def pixels(self) -> np.ndarray:
        shown = self.surface.evaluate(READ)
        assert (shown["height"], shown["width"]) == self.shape[:2]
        colours = np.array(shown["levels"], np.uint8).reshape(*self.shape[:2], 4)
        assert (colours[..., 3] == 255).all()
        if len(self.shape) == 3:
            return colours[..., :3]
        assert (colours[..., :3] == colours[..., :1]).all()
        return colours[..., 0]

    def told(self) -> dict:
        return json.loads(self.place.locator(".told").inner_text())

    def arrived(self) -> np.ndarray:
        """Wait until Python has the latest update; its picture must be the shown one."""
        self.page.wait_for_function(
            IS_TOLD, arg=[self.place.element_handle(), self.surface.element_handle()]
        )
        pixels = from_text(self.told()["pixels"], self.shape)
        np.testing.assert_array_equal(pixels, self.pixels())
        return pixels

    def expect_told(self, part: str) -> None:
        expect(self.place.locator(".told")).to_contain_text(part)

    def ask(self) -> None:
        self.press_elsewhere("Ask")
        expect(self.place.locator(".told")).not_to_contain_text('"asked": null')

    def answer(self) -> None:
        """Let Python set the picture that was asked about, its upper rows inked."""
        runs = self.told()["runs"]
        self.press_elsewhere("Answer")
        expect(self.place.locator(".told")).not_to_contain_text(f'"runs": {runs},')

    def can(self, name: str) -> bool:
        return self.button(name).get_attribute("aria-disabled") == "false"


@pytest.fixture
def pad(page: Page, serve: Callable[[Path], str]) -> Pad:
    page.goto(serve(APP))
    return Pad(page)


@pytest.fixture
def phone(browser: Browser, serve: Callable[[Path], str]) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 700}, has_touch=True, device_scale_factor=3
    )
    tab = context.new_page()
    tab.goto(serve(APP))
    yield tab
    context.close()


def test_pen_and_eraser_reach_python(pad: Pad) -> None:
    np.testing.assert_array_equal(pad.pixels(), CROSS)
    pad.stroke((4, 20.5), (9, 20.5))
    drawn = pad.arrived()
    assert (drawn[20, 4:9] == 255).all()
    assert (drawn[:18] == CROSS[:18]).all()
    pad.button("Eraser").click()
    pad.stroke((2, 20.5), (11, 20.5))
    np.testing.assert_array_equal(pad.arrived(), CROSS)
    pad.button("Pen").click()
    pad.stroke((14, 14), button="right")
    assert pad.arrived()[14, 14] == 0


def test_updates_come_while_the_pen_is_down(pad: Pad) -> None:
    pad.press((4, 20))
    pad.move((9, 20))
    pad.expect_told('"final": false')
    first = pad.told()["sequence"]
    pad.page.mouse.up()
    pad.arrived()
    assert pad.told()["sequence"] > first > 0


def test_undo_and_redo(pad: Pad) -> None:
    pictures = [pad.pixels()]
    for row in (2, 6, 20):
        pad.stroke((2, row), (11, row))
        pictures.append(pad.arrived())
    pad.button("Clear").click()
    np.testing.assert_array_equal(pad.arrived(), EMPTY)
    for picture in reversed(pictures):
        pad.button("Undo").click()
        np.testing.assert_array_equal(pad.arrived(), picture)
    assert not pad.can("Undo")
    pad.press_elsewhere("Undo")
    np.testing.assert_array_equal(pad.pixels(), pictures[0])
    pad.button("Redo").click()
    np.testing.assert_array_equal(pad.arrived(), pictures[1])
    pad.surface.focus()
    pad.page.keyboard.press("Control+Shift+Z")
    np.testing.assert_array_equal(pad.arrived(), pictures[2])
    pad.page.keyboard.press("Control+z")
    pad.page.keyboard.press("Control+y")
    pad.page.keyboard.press("Meta+z")
    np.testing.assert_array_equal(pad.arrived(), pictures[1])
    pad.stroke((2, 24))
    assert not pad.can("Redo")
    pad.button("Original").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_more_than_fifty_steps_are_undone(pad: Pad) -> None:
    pad.surface.focus()
    for key in ("e", " ") * 30:
        pad.page.keyboard.press(key)
    assert (pad.arrived() != CROSS).any()
    pad.button("Undo").evaluate("button => { for (let i = 0; i < 59; i++) button.click() }")
    assert pad.can("Undo")
    pad.button("Undo").click()
    assert not pad.can("Undo")
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_keyboard(pad: Pad) -> None:
    page = pad.page
    page.evaluate("void (onkeydown = event => { window.heard = event.key })")
    pad.button("Clear").click()
    pad.surface.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    spoken = pad.place.locator(".spoken")
    expect(spoken).to_have_text("Row 14, column 5: empty")
    page.keyboard.press(" ")
    expect(spoken).to_have_text("Row 14, column 5: 100 % ink")
    dot = strokes.draw(EMPTY[..., None], [strokes.Stroke(((4.5, 13.5),), 1.25)])
    np.testing.assert_array_equal(pad.arrived(), as_levels(dot))
    page.keyboard.press("e")
    np.testing.assert_array_equal(pad.arrived(), EMPTY)
    page.keyboard.press("]")
    page.keyboard.press("]")
    page.keyboard.press("[")
    page.keyboard.down("Shift")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.up("Shift")
    line = strokes.Stroke(((4.5, 13.5), (7.5, 13.5)), 1.5)
    np.testing.assert_array_equal(pad.arrived(), as_levels(strokes.draw(EMPTY[..., None], [line])))
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(pad.arrived(), EMPTY)
    page.keyboard.press("Control+y")
    page.keyboard.press("Delete")
    np.testing.assert_array_equal(pad.arrived(), EMPTY)
    assert page.evaluate("window.heard") is None


def as_levels(pixels: np.ndarray) -> np.ndarray:
    levels = np.rint(pixels * 255).astype(np.uint8)
    return levels[..., 0] if levels.shape[2] == 1 else levels


def show(pad: Pad, picture: str) -> np.ndarray:
    """Go on to one of the app's pictures and give it, as Python has it."""
    pad.press_elsewhere(f"Next {picture}")
    pad.expect_told(f'"digit": "{picture}"')
    pad.shape = {"digit": (28, 28), "colour": (24, 32, 3), "sign": (64, 64)}[picture]
    width, height = pad.shape[1], pad.shape[0]
    expect(pad.surface).to_have_accessible_name(f"Drawing of {width} by {height} cells")
    return from_text(pad.told()["pixels"], pad.shape)


# For each picture the tools that are used in turn with the colour that each leaves.
TOOLS = {
    "digit": {"Pen": [255], "Eraser": [0]},
    "colour": {"Red": [200, 40, 40], "Eraser": [128] * 3, "Blue": [80, 150, 220]},
    "sign": {"Eraser": [128], "Black": [0], "White": [255]},
}


@pytest.mark.parametrize("picture", TOOLS)
def test_strokes_agree_with_python_to_the_bit(pad: Pad, picture: str) -> None:
    random = np.random.default_rng(0)
    slider = pad.place.get_by_role("slider")
    expected = show(pad, picture)
    height, width = pad.shape[:2]
    for tool, colour in [*TOOLS[picture].items()] * (8 if picture == "digit" else 3):
        pad.button(tool).click()
        slider.fill(str(random.integers(1, 8) / 2 * (2 if picture == "sign" else 1)))
        ends = random.uniform((-2, -2), (width + 2, height + 2), (4, 2))
        pad.stroke((width / 2, height / 2), *(tuple(point) for point in ends))
        made = json.loads(pad.surface.get_attribute("data-stroke") or "")
        assert made["colour"] == colour
        points = tuple(map(tuple, made["points"]))
        assert len(points) > 4
        stroke = strokes.Stroke(points, made["radius"], tuple(level / 255 for level in colour))
        pixels = (expected / 255).astype(np.float32).reshape(height, width, -1)
        expected = as_levels(strokes.draw(pixels, [stroke]))
        np.testing.assert_array_equal(pad.pixels(), expected)
    np.testing.assert_array_equal(pad.arrived(), expected)


@pytest.mark.parametrize(("picture", "reach"), [("colour", 1.5), ("sign", 3)])
def test_a_part_of_a_photograph_is_erased_and_brought_back(
    pad: Pad, picture: str, reach: float
) -> None:
    original = show(pad, picture)
    np.testing.assert_array_equal(pad.pixels(), original)
    pad.button("Eraser").click()
    pad.stroke((20, 6), (12, 6))
    erased = pad.arrived()
    rows, columns = np.indices(pad.shape[:2]) + 0.5
    from_line = np.hypot(columns - np.clip(columns, 12, 20), rows - 6)
    assert (erased[from_line <= reach] == 128).all()
    assert np.array_equal(erased[from_line > reach + 2], original[from_line > reach + 2])
    pad.button("Black").click()
    expect(pad.button("Pen")).to_have_attribute("aria-pressed", "true")
    pad.stroke((4, 14))
    painted = pad.arrived()
    assert not painted[14, 4].any()
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), erased)
    pad.button("Redo").click()
    np.testing.assert_array_equal(pad.arrived(), painted)
    pad.button("Clear").click()
    assert (pad.arrived() == 128).all()
    pad.button("Original").click()
    np.testing.assert_array_equal(pad.arrived(), original)
    assert "ink" not in parse_qs(urlsplit(pad.page.url).query)


def test_each_kind_of_picture_has_its_tools(pad: Pad) -> None:
    inks = pad.place.get_by_role("group", name="Colour of the pen")
    slider = pad.place.get_by_role("slider")
    grid = pad.place.locator(".grid")
    for picture, names, widest in (
        ("colour", ["White", "Black", "Red", "Yellow", "Green", "Blue", "Brown"], "4"),
        ("sign", ["White", "Black"], "8"),
    ):
        show(pad, picture)
        expect(inks.get_by_role("button")).to_have_count(len(names))
        for name, button in zip(names, inks.get_by_role("button").all(), strict=True):
            expect(button).to_have_accessible_name(name)
        expect(slider).to_have_attribute("max", widest)
        expect(grid).to_be_hidden()
    show(pad, "digit")
    expect(inks).to_be_hidden()
    expect(grid).to_be_visible()
    np.testing.assert_array_equal(pad.pixels(), CROSS)


def test_the_keyboard_says_the_colours(pad: Pad) -> None:
    spoken = pad.place.locator(".spoken")
    for picture, words in (("colour", "39 % red, 47 % green, 45 % blue"), ("sign", "51 % white")):
        show(pad, picture)
        pad.surface.focus()
        pad.page.keyboard.press("ArrowRight")
        expect(spoken).to_contain_text(words)
        pad.page.keyboard.press("e")
        expect(spoken).to_contain_text("empty")


def test_each_tool_remembers_its_size(pad: Pad) -> None:
    slider = pad.place.get_by_role("slider")
    expect(slider).to_have_value("1.25")
    slider.fill("3")
    pad.button("Eraser").click()
    expect(pad.button("Eraser")).to_have_attribute("aria-pressed", "true")
    expect(slider).to_have_value("2")
    pad.button("Pen").click()
    expect(slider).to_have_value("3")


def test_on_cleared_paper_the_pen_is_in_the_hand(pad: Pad) -> None:
    pad.button("Eraser").click()
    pad.button("Clear").click()
    expect(pad.button("Pen")).to_have_attribute("aria-pressed", "true")
    pad.stroke((4, 20), (9, 20))
    assert pad.arrived().any()


def test_a_stroke_that_changes_nothing_is_no_edit(pad: Pad) -> None:
    pad.button("Eraser").click()
    pad.stroke((2, 2), (5, 2))
    assert not pad.can("Undo")
    pad.stroke((14, 14))
    assert pad.can("Undo")
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_a_picture_set_by_python_is_one_edit(pad: Pad) -> None:
    pad.stroke((4, 20), (9, 20))
    drawn = pad.arrived()
    pad.ask()
    pad.answer()
    answered = pad.pixels()
    assert (answered[:4] == 255).all()
    np.testing.assert_array_equal(answered[4:], drawn[4:])
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), drawn)
    pad.button("Redo").click()
    np.testing.assert_array_equal(pad.arrived(), answered)


def test_strokes_that_python_had_not_seen_are_drawn_on_its_picture(pad: Pad) -> None:
    pad.ask()
    pad.stroke((20, 20), (25, 25))
    pad.button("Eraser").click()
    pad.stroke((14, 22))
    drawn = pad.arrived()
    pad.answer()
    expected = drawn.copy()
    expected[:4] = 255
    np.testing.assert_array_equal(pad.arrived(), expected)
    for _ in range(2):
        pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), ANSWER)
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_nothing_interrupts_a_stroke(pad: Pad) -> None:
    pad.press((3, 20))
    pad.move((6, 20))
    pad.expect_told(to_text(pad.pixels()))
    assert not pad.told()["final"]
    pad.ask()
    runs = pad.told()["runs"]
    pad.press_elsewhere("Rerun")
    expect(pad.place.locator(".told")).not_to_contain_text(f'"runs": {runs},')
    pad.page.emulate_media(color_scheme="dark")
    pad.move((9, 20))
    pad.answer()
    pad.page.set_viewport_size({"width": 1000, "height": 800})
    pad.move((12, 20), (12, 2))
    pad.page.mouse.up()
    drawn = pad.arrived()
    assert (drawn[:4] == 255).all()
    assert (drawn[20, 3:12] == 255).all()
    pad.button("Undo").click()
    assert (pad.arrived()[20, 3:5] == 255).all(), "Python had seen the stroke's beginning"
    assert pad.pixels()[20, 10] == 0
    pad.button("Undo").click()
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_a_remount_keeps_drawing_and_history(pad: Pad) -> None:
    pad.stroke((4, 20), (9, 20))
    drawn = pad.arrived()
    before = pad.told()["sequence"]
    checkbox = pad.page.get_by_text("Shown")
    checkbox.click()
    expect(pad.surface).to_have_count(0)
    checkbox.click()
    expect(pad.surface).to_have_attribute("data-sequence", re.compile("."))
    np.testing.assert_array_equal(pad.arrived(), drawn)
    assert pad.told()["sequence"] > before
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_a_new_digit_starts_afresh(pad: Pad) -> None:
    pad.button("Clear").click()
    pad.arrived()
    before = pad.told()["sequence"]
    pad.press_elsewhere("Next digit")
    pad.expect_told('"digit": "digit"')
    expect(pad.button("Undo")).to_have_attribute("aria-disabled", "true")
    np.testing.assert_array_equal(pad.pixels(), CROSS)
    pad.stroke((4, 20))
    pad.arrived()
    assert pad.told()["sequence"] > before


def test_the_address_keeps_the_drawing(page: Page, serve: Callable[[Path], str]) -> None:
    page.goto(f"{serve(APP)}/?other=1")
    pad = Pad(page)
    pad.stroke((4, 20), (9, 20))
    drawn = pad.arrived()
    query = parse_qs(urlsplit(page.url).query)
    assert query["other"] == ["1"]
    np.testing.assert_array_equal(from_text(query["ink"][0]), drawn)
    page.reload()
    pad = Pad(page)
    np.testing.assert_array_equal(pad.pixels(), drawn)
    pad.button("Original").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)
    assert parse_qs(urlsplit(page.url).query) == {"other": ["1"]}


def test_two_canvases_do_not_meet(pad: Pad) -> None:
    other = Pad(pad.page, "second")
    pad.stroke((4, 20), (9, 20))
    drawn = pad.arrived()
    other.button("Eraser").click()
    other.stroke((14, 14), button="left")
    other.surface.press(" ")
    assert other.arrived()[14, 14] == 255
    assert other.arrived()[20, 6] == 0
    np.testing.assert_array_equal(pad.pixels(), drawn)
    expect(pad.button("Pen")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("lost", ["window.dispatchEvent(new Event('blur'))", "cancel"])
def test_losing_the_pointer_ends_the_stroke(pad: Pad, lost: str) -> None:
    pad.press((4, 20))
    pad.move((8, 20))
    if lost == "cancel":
        pad.surface.evaluate("c => c.releasePointerCapture(1)")
        pad.move((8, 21), steps=1)
    else:
        pad.page.evaluate(lost)
    pad.arrived()
    drawn = pad.pixels()
    pad.move((8, 26))
    np.testing.assert_array_equal(pad.pixels(), drawn)
    pad.page.mouse.up()
    pad.button("Undo").click()
    np.testing.assert_array_equal(pad.arrived(), CROSS)


def test_a_lost_final_update_is_sent_again(page: Page, serve: Callable[[Path], str]) -> None:
    dropped: list[int] = []
    is_dropping = [False]

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def forward(message: str | bytes) -> None:
            if is_dropping[0]:
                is_dropping[0] = False
                dropped.append(len(message))
            else:
                server.send(message)

        route.on_message(forward)

    page.route_web_socket(re.compile("/_stcore/stream"), relay)
    page.goto(serve(APP))
    pad = Pad(page)
    pad.surface.focus()
    is_dropping[0] = True
    page.keyboard.press(" ")
    page.evaluate(
        "window.dispatchEvent(new CustomEvent('cnn-lens-canvas-acknowledgement',"
        " { detail: { canvas: 'second_canvas', sequence: 9 } }))"
    )
    assert pad.arrived()[14, 15] == 255
    assert len(dropped) == 1
    assert pad.told()["sequence"] == 1


def test_touch_draws_and_does_not_scroll(phone: Page) -> None:
    pad = Pad(phone)
    fingers = phone.context.new_cdp_session(phone)

    def touch(kind: str, *points: Point) -> None:
        at = [pad.locate(point) for point in points]
        listed = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(at)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": listed})

    top = pad.locate((0, 0))
    touch("touchStart", (5, 24))
    touch("touchStart", (5, 24), (24, 24))
    touch("touchMove", (5, 20), (24, 4))
    touch("touchMove", (5, 16), (24, 4))
    touch("touchEnd")
    drawn = pad.arrived()
    assert (drawn[16:24, 4:6] == 255).all()
    assert not drawn[20:, 20:].any()
    assert pad.locate((0, 0)) == top
    touch("touchStart", (22, 24))
    touch("touchMove", (22, 22))
    touch("touchCancel")
    assert pad.arrived()[22, 22] == 255
    pad.button("Undo").tap()
    np.testing.assert_array_equal(pad.arrived(), drawn)


def test_tools_fit_a_phone(phone: Page) -> None:
    pad = Pad(phone)
    for name in ("Pen", "Eraser", "Undo", "Redo", "Clear", "Original"):
        box = pad.button(name).bounding_box()
        assert box is not None
        assert box["height"] >= 40
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        inside = pad.button(name).evaluate("b => b.scrollWidth <= b.clientWidth")
        assert inside, f"{name} is cut"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    box = pad.surface.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["width"] % 28 == 0


def test_everything_has_a_name(pad: Pad) -> None:
    expect(pad.surface).to_have_role("application")
    expect(pad.surface).to_have_accessible_name("Drawing of 28 by 28 cells")
    expect(pad.surface).to_have_accessible_description(re.compile("Arrow keys move, Space inks"))
    expect(pad.place.get_by_role("slider")).to_have_accessible_name("Size of the tool in cells")
    expect(pad.place.get_by_role("group", name="Drawing tools")).to_be_visible()
