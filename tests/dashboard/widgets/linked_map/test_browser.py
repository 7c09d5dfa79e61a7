"""The probe in a real browser: values, boxes, pins, keys, fingers, widths and themes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Position, expect

from dashboard.widgets import linked_map
from support.lens import expect_no_sideways_scroll, rect
from support.written_numbers import PROBABILITIES

APP = Path(__file__).parents[1] / "widgets_app.py"
SOURCE = Path(linked_map.__file__).with_name("linked_map.js")
PIXELS = """canvas => Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)"""
MINUS = "\u2212"
PINNED = re.compile(r"\bis-pinned\b")


def value(row: Any, column: Any) -> Any:
    return np.sin(row / 3) * np.cos(column / 4) * (1 + row / 10) - 0.02


def answer(row: int, column: int) -> np.ndarray:
    logits = np.cos((row + column + 3 * np.arange(10)) / 5) * 3
    return np.exp(logits) / np.exp(logits).sum()


def sentence(row: int, column: int) -> str:
    number = f"{value(row, column):#.3g}".replace("-", MINUS)
    best = answer(row, column).argmax()
    share = answer(row, column)[best]
    return f"row {row}, column {column}: {number} logits, answer {best}, {share:.1%}"


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.get_by_text("round 0, runs 1", exact=True)).to_be_visible()
    expect(page.locator(".readout").nth(2)).to_have_text("row 0, column 0: 0")
    return page


@pytest.fixture
def probes(page: Page, serve: Callable[[Path], str]) -> Locator:
    return opened(page, serve(APP)).locator(".probe")


@pytest.fixture
def occlusion(probes: Locator) -> Locator:
    return probes.first


def point(probe: Locator, row: int, column: int, rows: int = 25, columns: int = 25) -> Position:
    """The middle of a map's cell, from the map's corner."""
    box = rect(probe.locator(".map"))
    x, y = (column + 0.5) / columns * box["width"], (row + 0.5) / rows * box["height"]
    return {"x": x, "y": y}


def hover(probe: Locator, row: int, column: int, rows: int = 25, columns: int = 25) -> None:
    probe.locator(".map").hover(position=point(probe, row, column, rows, columns))


def reads(probe: Locator, row: int, column: int) -> None:
    expect(probe.locator(".readout")).to_have_text(sentence(row, column))


def marked(probe: Locator, picture: str, height: int, width: int) -> list[float]:
    """Top, left, bottom and right of a picture's mark, in its own pixels."""
    whole = rect(probe.locator(picture))
    mark = rect(probe.locator(f"{picture} .mark"))
    top = (mark["y"] - whole["y"]) / whole["height"] * height
    left = (mark["x"] - whole["x"]) / whole["width"] * width
    bottom = top + mark["height"] / whole["height"] * height
    return [top, left, bottom, left + mark["width"] / whole["width"] * width]


def grey(probe: Locator, height: int, width: int) -> np.ndarray:
    pixels = probe.locator(".digit canvas").evaluate(PIXELS)
    return np.reshape(pixels, (height, width, 4))[..., 0]


def test_it_opens_on_the_largest_value(occlusion: Locator) -> None:
    row, column = np.mgrid[:25, :25]
    reads(occlusion, *divmod(int(abs(value(row, column)).argmax()), 25))


def test_hover_shows_value_box_patch_and_bars_without_the_server(
    page: Page, serve: Callable[[Path], str]
) -> None:
    messages: list[object] = []

    def record(frame: object) -> None:
        messages.append(frame)

    page.on("websocket", lambda socket: socket.on("framesent", record))
    occlusion = opened(page, serve(APP)).locator(".probe").first
    before = len(messages)
    clear = grey(occlusion, 28, 28)
    hover(occlusion, 20, 6)
    reads(occlusion, 20, 6)
    assert len(messages) == before
    assert marked(occlusion, ".map", 25, 25) == pytest.approx([20, 6, 21, 7], abs=0.05)
    assert marked(occlusion, ".digit", 28, 28) == pytest.approx([20, 6, 24, 10], abs=0.05)
    painted = grey(occlusion, 28, 28)
    assert (painted[20:24, 6:10] == 110).all()
    hover(occlusion, 0, 0)
    reads(occlusion, 0, 0)
    restored = grey(occlusion, 28, 28)
    assert (restored[4:] == np.where(clear == 110, painted, clear)[4:]).all()
    assert (restored[:4, :4] == 110).all()


def test_the_bars_and_ticks_are_as_long_as_the_probabilities(occlusion: Locator) -> None:
    hover(occlusion, 3, 17)
    reads(occlusion, 3, 17)
    lines = occlusion.locator("li")
    expect(lines).to_have_count(10)
    best = int(answer(3, 17).argmax())
    expect(occlusion.locator("li.is-answer .name")).to_have_text(str(best))
    for index, share in enumerate(answer(3, 17)):
        track = rect(lines.nth(index).locator(".track"))
        bar = rect(lines.nth(index).locator(".bar"))
        tick = rect(lines.nth(index).locator(".tick"))
        assert bar["width"] == pytest.approx(share * track["width"], abs=0.1)
        middle = tick["x"] + tick["width"] / 2 - track["x"]
        assert middle == pytest.approx(answer(0, 0)[index] * track["width"], abs=0.1)


def test_a_click_pins_until_another_or_escape(occlusion: Locator, page: Page) -> None:
    field = occlusion.locator(".map")
    field.click(position=point(occlusion, 5, 5))
    hover(occlusion, 10, 10)
    reads(occlusion, 5, 5)
    expect(occlusion).to_have_class(PINNED)
    field.click(position=point(occlusion, 12, 3))  # elsewhere: the pin moves there
    hover(occlusion, 1, 1)
    reads(occlusion, 12, 3)
    field.click(position=point(occlusion, 12, 3))
    hover(occlusion, 1, 1)
    reads(occlusion, 1, 1)
    field.click(position=point(occlusion, 1, 1))
    page.keyboard.press("Escape")
    hover(occlusion, 2, 2)
    reads(occlusion, 2, 2)


def test_the_arrow_keys_move_and_enter_pins(occlusion: Locator, page: Page) -> None:
    hover(occlusion, 1, 23)
    page.mouse.move(0, 0)
    reads(occlusion, 1, 23)  # the last position stays when the pointer leaves
    occlusion.locator(".map").focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "ArrowRight"):  # stops at the border
        page.keyboard.press(key)
    reads(occlusion, 0, 24)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    hover(occlusion, 9, 9)
    reads(occlusion, 1, 23)
    page.keyboard.press("ArrowDown")  # the keys take the pin along
    reads(occlusion, 2, 23)
    page.keyboard.press("Enter")
    hover(occlusion, 9, 9)
    reads(occlusion, 9, 9)


def test_a_rerun_keeps_the_position_and_a_new_digit_the_pin(probes: Locator, page: Page) -> None:
    occlusion = probes.first
    hover(occlusion, 4, 4)
    page.get_by_role("button", name="Rerun").click()
    expect(page.get_by_text("round 0, runs 2", exact=True)).to_be_visible()
    reads(occlusion, 4, 4)
    occlusion.locator(".map").click(position=point(occlusion, 24, 24))
    clear = grey(occlusion, 28, 28)
    page.get_by_role("button", name="Next pictures").click()
    expect(page.get_by_text("round 1, runs 3", exact=True)).to_be_visible()
    canvas = occlusion.locator(".digit canvas").element_handle()
    page.wait_for_function(f"([c, old]) => `${{({PIXELS})(c)}}` !== old", arg=[canvas, flat(clear)])
    assert (grey(occlusion, 28, 28)[:24, 1:] == clear[:24, :-1]).all()
    reads(occlusion, 24, 24)


def flat(pixels: np.ndarray) -> str:
    opaque = np.stack([pixels] * 3 + [np.full_like(pixels, 255)], axis=-1)
    return ",".join(map(str, opaque.ravel()))


def test_boxes_are_cut_at_the_border_of_a_digit_that_is_not_square(probes: Locator) -> None:
    field = probes.nth(1)
    hover(field, 9, 0, 10, 15)
    expect(field.locator(".readout")).to_have_text(f"row 9, column 0: {MINUS}1.67 activation")
    assert marked(field, ".map", 10, 15) == pytest.approx([9, 0, 10, 1], abs=0.05)
    assert marked(field, ".digit", 20, 30) == pytest.approx([16, 0, 20, 4], abs=0.05)
    hover(field, 0, 14, 10, 15)
    expect(field.locator(".readout")).to_have_text(f"row 0, column 14: {MINUS}0.173 activation")
    assert marked(field, ".digit", 20, 30) == pytest.approx([0, 26, 4, 30], abs=0.05)
    assert field.locator(".answers").is_hidden()
    assert field.locator(".scale").is_hidden()


def test_titles_stay_text(probes: Locator) -> None:
    expect(probes.nth(1).locator(".map-title")).to_have_text("Feature map 7 of <i>conv2d</i>")
    expect(probes.first.get_by_role("application")).to_have_accessible_name(
        "Change of the logit. The arrow keys move over it."
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pictures_stand_side_by_side_and_nothing_jumps(
    probes: Locator, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for probe in probes.all():
        field, digit = (rect(probe.locator(f".{name}-stage")) for name in ("map", "digit"))
        assert field["y"] == digit["y"]
        assert field["width"] == pytest.approx(digit["width"], abs=0.1)
        assert field["height"] == pytest.approx(digit["height"], abs=0.1)
        assert 150 < field["width"] <= 320
        assert field["x"] + field["width"] < digit["x"]
        assert digit["x"] + digit["width"] <= width
    expect_no_sideways_scroll(page)
    height = rect(probes.first)["height"]
    for place in ((0, 0), (24, 24), (13, 6)):
        hover(probes.first, *place)
        assert rect(probes.first)["height"] == height
    probes.first.locator(".map").click(position=point(probes.first, 13, 6))
    assert rect(probes.first)["height"] == height


def test_a_theme_switch_recolours_and_keeps_the_position(occlusion: Locator, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    hover(occlusion, 7, 8)
    light = occlusion.evaluate("probe => getComputedStyle(probe).color")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "([probe, color]) => getComputedStyle(probe).color !== color",
        arg=[occlusion.element_handle(), light],
    )
    reads(occlusion, 7, 8)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    yield context.new_page()
    context.close()


def test_a_finger_pins_by_a_tap_and_explores_by_dragging(
    phone: Page, serve: Callable[[Path], str]
) -> None:
    occlusion = opened(phone, serve(APP)).locator(".probe").first
    field = occlusion.locator(".map")
    field.tap(position=point(occlusion, 5, 6))
    reads(occlusion, 5, 6)
    expect(occlusion).to_have_class(PINNED)
    scrolled = rect(field)["y"]
    finger = phone.context.new_cdp_session(phone)
    corner = rect(field)
    for kind, cell in (("Start", (10, 4)), ("Move", (14, 9)), ("Move", (20, 11))):
        here = point(occlusion, *cell)
        touch = {"x": corner["x"] + here["x"], "y": corner["y"] + here["y"]}
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [touch]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    reads(occlusion, 20, 11)
    expect(occlusion).not_to_have_class(PINNED)
    assert rect(field)["y"] == scrolled


NUMBERS = [
    (0, "0"),
    (-0.0, "0"),
    (-1.2351, f"{MINUS}1.24"),
    (3, "3.00"),
    (0.012345, "0.0123"),
    (-12.3456, f"{MINUS}12.3"),
    (999.6, "1000"),
    (-123456, f"{MINUS}123000"),
    (1234567, "1.23e6"),
    (-1.5e-9, f"{MINUS}1.50e{MINUS}9"),
    (float("nan"), "\N{EN DASH}"),
]


def test_numbers_are_written_as_people_do(page: Page) -> None:
    written = page.evaluate(
        """async ([source, numbers, probabilities]) => {
          const file = new Blob([source], {type: "text/javascript"});
          const probe = await import(URL.createObjectURL(file));
          return [numbers.map(probe.formatNumber), probabilities.map(probe.formatProbability)];
        }""",
        [SOURCE.read_text("utf-8"), [n for n, _ in NUMBERS], [p for p, _ in PROBABILITIES]],
    )
    assert written == [[text for _, text in NUMBERS], [text for _, text in PROBABILITIES]]
