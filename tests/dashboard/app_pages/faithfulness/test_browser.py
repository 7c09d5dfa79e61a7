"""The evidence of maps in a tab: it fills in below the map and is no trap, as measuring is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cnn_core.attribution import METHODS
from dashboard.app_pages.attention import evidence_text
from support.lens import Lens
from support.paths import HOME

WATCH = """evidence => {
    window.seen = [];
    new MutationObserver(() => window.seen.push({
        height: Math.round(evidence.getBoundingClientRect().height),
        pending: [...evidence.querySelectorAll(".cl-counts b")].filter(
            each => each.textContent === "…"
        ).length,
    })).observe(evidence, {childList: true, subtree: true, characterData: true});
}"""


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    return Lens(page, serve(HOME))


def test_a_map_is_put_to_the_test_and_measuring_can_be_left(lens: Lens) -> None:
    lens.open("attention", model="ann")
    expect(lens.main.locator(".st-key-evidence_curves .main-svg").first).to_be_visible()
    expect(lens.main.locator(".st-key-evidence_figures .cl-counts")).to_be_visible()

    lens.main.locator(".st-key-test_each_layer button").click()
    cascade = lens.main.locator(".st-key-evidence_cascade")
    expect(cascade.get_by_text("logits", exact=True)).to_be_visible()

    lens.main.get_by_role("link", name=evidence_text.ALL_METHODS).click()
    lens.expect_page("faithfulness")
    lens.main.locator(".st-key-measure_ranking button").click()
    expect(lens.page.get_by_test_id("stProgress")).to_be_visible()
    lens.go_to("occlusion")  # whoever leaves need not wait


def test_the_evidence_moves_nothing_when_it_comes_and_can_be_switched_off(lens: Lens) -> None:
    lens.open("attention", model="study", digit="3")
    evidence, figures = lens.main.locator(".st-key-evidence"), lens.main.locator(".cl-counts b")
    # From here on the page notes how high the evidence stands, with how many figures to come.
    evidence.evaluate(WATCH)
    method = METHODS["kernel_shap"].title
    lens.main.locator(".st-key-method").get_by_role("combobox").click()
    lens.page.get_by_role("option", name=method).click()
    expect(lens.main.locator(".st-key-evidence_words")).to_contain_text(method)
    lens.settle()
    seen = lens.page.evaluate("window.seen")
    assert {row["pending"] for row in seen} >= {0, 2}, "they did not fill in one after another"
    assert len({row["height"] for row in seen}) == 1, seen
    expect(figures).to_have_count(4)

    # The switch itself lies under its label.
    lens.main.locator(".st-key-tests_wanted label").click()
    expect(evidence).to_have_count(0)


def test_a_phone_shows_both_curves_whole_one_above_the_other(lens: Lens) -> None:
    lens.page.set_viewport_size({"width": 390, "height": 844})
    lens.open("attention", model="study")
    boxes = []
    for half in ("deletion", "insertion"):
        chart = lens.main.locator(f".st-key-evidence_curves_{half} .main-svg").first
        expect(chart).to_be_visible()
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        boxes.append(box)
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]


def test_the_names_of_chosen_methods_are_dark_on_the_light_accent_of_the_dark_theme(
    lens: Lens,
) -> None:
    lens.page.emulate_media(color_scheme="dark")
    lens.open("faithfulness", model="ann")
    tag = lens.main.locator("[data-tag]").first
    expect(tag).to_have_css("color", "rgb(18, 22, 27)")
