"""The page that sets two networks side by side, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnn_core import models
from dashboard.session import image_name
from support.lens import Lens, expect_no_sideways_scroll
from support.paths import HOME


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    lens = Lens(page, serve(HOME))
    lens.open("compare")
    return lens


def test_a_digit_on_which_they_disagree_is_compared_at_once_and_after_a_reload(lens: Lens) -> None:
    tile = lens.page.locator(".st-key-disagreements .tile").nth(1)
    index = re.findall(r"\d+", str(tile.get_attribute("aria-label")))[0]
    said = re.findall(r": (\w+)", tile.inner_text())
    maps = lens.main.locator(".cl-together img").first
    before = str(maps.get_attribute("src"))
    tile.click()
    expect(lens.name).to_have_text(image_name("digit", int(index)))
    expect(tile).to_have_attribute("aria-current", "true")
    expect(maps).not_to_have_attribute("src", before)
    for column, answer in enumerate(said):
        expect(lens.main.locator(".cl-said b").nth(column)).to_have_text(answer)
    lens.page.reload()
    lens.settle()
    expect(lens.main.locator(".cl-said b")).to_have_text(said)


def test_the_second_network_stays_while_the_visitor_looks_at_another_page(lens: Lens) -> None:
    rival = models.get("tutorial").title
    lens.picker("rival_of_study").click()
    lens.page.get_by_role("option", name=rival).click()
    expect(lens.main.locator(".cl-together b").nth(1)).to_have_text(rival)
    lens.go_to("attention")
    lens.go_to("compare")
    expect(lens.main.locator(".cl-together b").nth(1)).to_have_text(rival)


def test_the_two_columns_are_level_on_a_desk_and_whole_on_a_phone(lens: Lens) -> None:
    left, right = (lens.main.locator(".cl-bars").nth(i).bounding_box() for i in (0, 1))
    assert left is not None
    assert right is not None
    assert abs(left["y"] - right["y"]) < 1
    assert left["width"] == pytest.approx(right["width"], abs=1)
    lens.page.set_viewport_size({"width": 390, "height": 844})
    expect(lens.main.locator(".cl-counts")).to_be_visible()
    expect_no_sideways_scroll(lens.page)
    pair = [lens.main.locator(".cl-together figure").nth(i).bounding_box() for i in (0, 1)]
    assert pair[0] is not None
    assert pair[1] is not None
    assert pair[0]["y"] == pytest.approx(pair[1]["y"], abs=1), "the two maps stay side by side"


def test_few_pictures_leave_no_blank_below_them(lens: Lens) -> None:
    expect(lens.page.locator(".st-key-disagreements .tile")).to_have_count(17)
    room = lens.main.locator(".st-key-disagreements_list").bounding_box()
    last = lens.page.locator(".st-key-disagreements .tile").last.bounding_box()
    assert room is not None
    assert last is not None
    assert room["y"] + room["height"] - (last["y"] + last["height"]) < 20
