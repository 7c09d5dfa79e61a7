"""The whole app in a real browser: drawing, the address, every page and its looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Position, expect

from cnn_core import datasets, evaluation, images, models
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import to_text
from support.lens import TITLES, Lens, expect_no_sideways_scroll
from support.paths import HOME
from support.photographs import photographs

# A 3 that the network is not sure about, so that every stroke tells.
DOUBTFUL = 18
STEM = np.zeros((28, 28), np.uint8)
STEM[4:24, 13:15] = 255
# Something that only the complete page shows.
CONTENT = {
    "": ".st-key-gallery .tile >> nth=19",
    "draw_and_erase": ".cl-said",
    "attention": ".js-plotly-plot .hm",
    "occlusion": ".probe .readout:not(:empty)",
    "faithfulness": ".cl-table",
    "filters": "[data-testid=stDataFrame]",
    "feature_maps": ".st-key-maps_conv1 .tile >> nth=31",
    "neuron": ".js-plotly-plot >> nth=1",
    "embedding": "[class*=st-key-start]",  # what lays the digits out, or looks for their like
    "misclassified": ".js-plotly-plot .hm",
    "one_vs_two": ".cl-column >> nth=4",
    "robustness": ".js-plotly-plot >> nth=1",
    "compare": ".cl-counts",
    "evaluation": ".cl-counts",
    "models": ".cl-table",
    "experiments": ".cl-table",
}


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    return Lens(page, serve(HOME))


@pytest.fixture
def desk(lens: Lens) -> Lens:
    """The drawing page with a doubtful digit."""
    lens.open("draw_and_erase", model="study", digit=str(DOUBTFUL))
    expect(lens.maps).to_have_count(2)
    return lens


def sources(lens: Lens) -> list[str]:
    return [str(image.get_attribute("src")) for image in lens.maps.all()]


# --- Drawing ---


def test_the_answer_follows_the_pen_and_the_maps_follow_when_it_is_lifted(desk: Lens) -> None:
    answer, maps = desk.bars.inner_text(), sources(desk)
    desk.press((4, 3))
    desk.move((24, 3), (24, 24))
    expect(desk.bars).not_to_have_text(answer, use_inner_text=True)
    expect(desk.page.locator(".cl-changes").first).to_be_visible()
    expect(desk.name).to_have_text(image_name("digit", DOUBTFUL, is_edited=True))
    assert sources(desk) == maps
    expect(desk.edits).to_have_count(0)
    desk.page.mouse.up()
    expect(desk.edits).to_have_count(2)
    expect(desk.maps.first).not_to_have_attribute("src", maps[0])
    expect(desk.maps.last).not_to_have_attribute("src", maps[1])


def test_erasing_changes_the_answer_and_undo_brings_it_back(desk: Lens) -> None:
    before, said = desk.pixels(), desk.said.inner_text()
    desk.tool("Eraser").click()
    desk.stroke((2, 22), (26, 22))
    assert desk.pixels().sum() < before.sum()
    expect(desk.said).not_to_have_text(said, use_inner_text=True)
    desk.tool("Undo").click()
    expect(desk.said).to_have_text(said, use_inner_text=True)
    expect(desk.name).to_have_text(image_name("digit", DOUBTFUL))
    np.testing.assert_array_equal(desk.pixels(), before)


def test_a_click_in_the_strip_goes_back_to_an_edit(desk: Lens) -> None:
    desk.stroke((4, 3), (24, 3))
    first = desk.pixels()
    desk.stroke((4, 25), (24, 25))
    desk.edits.nth(1).click()
    desk.expect_drawing(first)
    expect(desk.edits.nth(1)).to_have_attribute("aria-current", "true")
    expect(desk.edits).to_have_count(3)
    desk.tool("Undo").click()
    desk.page.wait_for_function(
        "button => button.getAttribute('aria-disabled') === 'false'",
        arg=desk.tool("Undo").element_handle(),
    )
    expect(desk.edits.nth(2)).to_have_attribute("aria-current", "true")


def test_a_photograph_becomes_the_digit_and_stays_after_a_reload(desk: Lens) -> None:
    (photograph,) = islice(photographs(1), 1)
    desk.upload(photograph.data, "photo.jpg")
    expect(desk.name).to_have_text(image_name("digit", None))
    expect(desk.answer).to_have_text(str(photograph.label))
    for step in images.read_digit(photograph.data).steps:
        expect(desk.main.locator("figcaption", has_text=f"{step.title}.")).to_be_visible()
    read = desk.pixels()
    assert read.any()
    expect(desk.page).to_have_url(re.compile(re.escape(to_text(read))))
    desk.page.reload()
    desk.settle()
    desk.expect_drawing(read)
    expect(desk.name).to_have_text(image_name("digit", None))


# --- The address ---


def test_a_reload_keeps_digit_and_drawing(desk: Lens) -> None:
    desk.index.fill("38")
    desk.page.keyboard.press("Enter")
    expect(desk.name).to_have_text(image_name("digit", 38))
    expect(desk.page).to_have_url(re.compile("digit=38"))
    desk.stroke((4, 3), (24, 3))
    drawn = desk.pixels()
    desk.page.reload()
    desk.settle()
    desk.expect_drawing(drawn)
    expect(desk.name).to_have_text(image_name("digit", 38, is_edited=True))
    desk.tool("Original").click()
    expect(desk.name).to_have_text(image_name("digit", 38))
    expect(desk.page).not_to_have_url(re.compile("ink="))


def test_the_drawing_goes_along_to_the_other_pages_and_back(desk: Lens) -> None:
    desk.stroke((4, 3), (24, 3))
    drawn, answer = desk.pixels(), desk.card.inner_text()
    for name in ("attention", "feature_maps"):
        desk.go_to(name)
        expect(desk.card).to_have_text(answer, use_inner_text=True)
        expect(desk.page).to_have_url(re.compile(re.escape(to_text(drawn))))
    desk.go_to("draw_and_erase")
    desk.expect_drawing(drawn)
    expect(desk.edits).to_have_count(2)
    desk.tool("Undo").click()
    expect(desk.name).to_have_text(image_name("digit", DOUBTFUL))


def test_a_copied_address_shows_the_same_drawing_to_somebody_else(
    desk: Lens, browser: Browser
) -> None:
    desk.tool("Clear").click()
    desk.stroke((14, 4), (14, 24))
    drawn = desk.pixels()
    context = browser.new_context()
    friend = Lens(context.new_page(), desk.address)
    friend.page.goto(desk.page.url)
    friend.settle()
    friend.expect_drawing(drawn)
    said = desk.said.inner_text()  # by now the answer to the last of the pen's movement
    expect(friend.said).to_have_text(said, use_inner_text=True)
    context.close()


def back_to(lens: Lens, name: str) -> None:
    """Go back to a page; once more if Streamlit took a late change of the address for a step."""
    lens.page.go_back()
    try:
        expect(lens.page).to_have_url(lens.url(name), timeout=5_000)
    except AssertionError:
        lens.page.go_back()
    lens.expect_page(name)


def test_the_back_button_leads_back_through_the_pages_and_out(lens: Lens) -> None:
    lens.page.goto("about:blank")
    lens.open()
    lens.go_to("draw_and_erase")
    lens.stroke((4, 3), (24, 3))
    lens.go_to("attention")
    back_to(lens, "draw_and_erase")
    expect(lens.name).to_have_text(image_name("digit", 1, is_edited=True))
    back_to(lens, "")
    lens.page.go_back()
    expect(lens.page).to_have_url("about:blank")


# --- The gestures of the other pages ---


def test_the_gallery_chooses_a_digit(lens: Lens) -> None:
    lens.open()
    tile = lens.page.locator(".st-key-gallery .tile").nth(3)
    index = re.findall(r"\d+", tile.inner_text())[0]
    tile.click()
    expect(lens.name).to_have_text(image_name("digit", int(index)))
    expect(tile).to_have_attribute("aria-current", "true")
    expect(lens.page).to_have_url(re.compile(f"digit={index}"))


def test_moving_over_the_occlusion_map_asks_about_every_place(lens: Lens) -> None:
    lens.open("occlusion", digit=str(DOUBTFUL))
    probe = lens.page.locator(".probe")
    box = probe.locator(".map").bounding_box()
    assert box is not None
    read = []
    for share in (0.3, 0.7):
        here = Position(x=share * box["width"], y=0.5 * box["height"])
        probe.locator(".map").hover(position=here)
        column = int(share * 25)
        expect(probe.locator(".readout")).to_have_text(place(12, column))
        read.append((probe.locator(".bars").inner_text(), _mark(probe)))
    assert read[0][0] != read[1][0]
    assert read[0][1] != read[1][1]


def place(row: int, column: int) -> re.Pattern[str]:
    """Match what the readout says of a place."""
    return re.compile(rf"^\D*\b{row}\D+{column}\b")


def _mark(probe: Locator) -> str:
    return str(probe.locator(".digit .mark").get_attribute("style"))


def test_a_click_enlarges_a_feature_map_and_the_pointer_moves_its_receptive_field(
    lens: Lens,
) -> None:
    lens.open("feature_maps")
    lens.page.locator(".st-key-maps_conv1 .tile").nth(5).click()
    heading = lens.main.get_by_role("heading", name=re.compile(r"^conv1\D+5$"))
    expect(heading).to_be_visible()
    probe = lens.page.locator(".probe")
    probe.locator(".map").hover(position={"x": 20, "y": 20})
    expect(probe.locator(".readout")).to_have_text(place(1, 1))
    first = _mark(probe)
    probe.locator(".map").hover(position={"x": 200, "y": 150})
    expect(probe.locator(".readout")).not_to_have_text(place(1, 1))
    assert _mark(probe) != first


def test_a_cell_of_the_confusion_matrix_filters_the_mistakes(lens: Lens) -> None:
    labels = datasets.load("mnist", split="test").labels
    matrix = evaluation.confusion_matrix(models.load_test_answers("study").logits, labels)
    mistakes = matrix - np.diag(np.diag(matrix))
    total, largest = int(mistakes.sum()), int(mistakes.max())
    true, answer = (int(i) for i in np.unravel_index(mistakes.argmax(), mistakes.shape))
    lens.open("misclassified")
    tiles = lens.page.locator(".st-key-mistakes .tile")
    expect(tiles).to_have_count(total)
    show_all = lens.main.locator(".st-key-show_all button")
    for _ in range(2):  # the same cell once more, after all were shown
        field = lens.page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
        assert field is not None
        x, y = ((i + 0.5) / 10 for i in (answer, true))
        lens.page.mouse.click(field["x"] + x * field["width"], field["y"] + y * field["height"])
        expect(show_all).to_be_visible()
        expect(tiles).to_have_count(largest)
        for text in tiles.all_inner_texts():
            assert re.match(rf"{true}\D+{answer}\b", text)
        show_all.click()
        expect(tiles).to_have_count(total)


def test_a_mistake_becomes_the_current_digit_and_goes_to_the_eraser(lens: Lens) -> None:
    lens.open("misclassified")
    tile = lens.page.locator(".st-key-mistakes .tile").first
    index = re.findall(r"\d+", str(tile.get_attribute("aria-label")))[0]
    tile.click()
    expect(lens.name).to_have_text(image_name("digit", int(index)))
    lens.main.locator(".st-key-erase_by_hand button").click()
    lens.expect_page("draw_and_erase")
    expect(lens.tool("Eraser")).to_have_attribute("aria-pressed", "true")
    expect(lens.name).to_have_text(image_name("digit", int(index)))
    expect(lens.page).to_have_url(re.compile(f"digit={index}"))


def test_the_slider_shortens_the_head(lens: Lens) -> None:
    lens.open("one_vs_two")
    step = lens.page.locator(".cl-step").first
    before = step.inner_text()
    lens.main.get_by_role("slider").focus()
    lens.page.keyboard.press("ArrowRight")
    expect(step).not_to_have_text(before, use_inner_text=True)


# --- The first seconds, and the looks ---


def test_the_first_page_stands_before_tensorflow_and_fills_in_by_itself(
    serve_anew: Callable[[Path], str], page: Page
) -> None:
    lens = Lens(page, serve_anew(HOME))
    page.goto(lens.address)
    expect(lens.main.get_by_role("heading", level=1)).to_be_visible()
    expect(lens.answer).to_have_text("2")
    expect(page.locator(CONTENT[""])).to_be_visible()
    expect(page.locator(".cl-maps img")).to_have_count(18)
    expect(page.locator(".cl-loading")).to_have_count(0)


@pytest.mark.parametrize("name", TITLES)
def test_every_page_is_whole_on_a_phone_and_on_a_desk_in_light_and_in_dark(
    lens: Lens, name: str
) -> None:
    lens.page.set_viewport_size({"width": 390, "height": 844})
    lens.open(name, ink=to_text(STEM))
    for width, height in ((390, 844), (1280, 800)):
        lens.page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            lens.page.emulate_media(color_scheme=scheme)
            expect(lens.main.locator(CONTENT[name]).first).to_be_visible()
            expect(lens.page.get_by_test_id("stException")).to_have_count(0)
            complaint = re.compile("stAlertContent(Error|Warning)")
            expect(lens.page.get_by_test_id(complaint)).to_have_count(0)
            expect_no_sideways_scroll(lens.page)


def test_on_a_phone_the_answer_stays_in_sight_while_the_pen_moves(desk: Lens) -> None:
    desk.page.set_viewport_size({"width": 390, "height": 700})
    desk.tool("Undo").scroll_into_view_if_needed()
    desk.press((4, 3))
    desk.move((24, 3))
    expect(desk.canvas).to_be_in_viewport(ratio=0.9)
    expect(desk.said).to_be_in_viewport(ratio=1)
    desk.page.mouse.up()


def test_the_page_takes_the_colours_of_the_theme(lens: Lens) -> None:
    lens.open()
    shades = []
    for scheme in ("light", "dark"):
        lens.page.emulate_media(color_scheme=scheme)
        lens.page.wait_for_function(
            """is_dark => {
              const app = document.querySelector("[data-testid=stApp]");
              const red = getComputedStyle(app).backgroundColor.match(/[0-9]+/)[0];
              return (red < 128) === is_dark;
            }""",
            arg=scheme == "dark",
        )
        shades.append(lens.bars.evaluate("bars => getComputedStyle(bars).color"))
    assert shades[0] != shades[1]


def test_a_hostile_address_shows_the_page(lens: Lens) -> None:
    lens.open("attention", digit="1e999", model="nope", ink="garbage", own="%00%ff")
    expect(lens.name).to_have_text(image_name("digit", 1))
    expect(lens.page.get_by_test_id("stException")).to_have_count(0)
