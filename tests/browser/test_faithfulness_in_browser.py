"""The evidence of maps in a tab: one map put to the test; to measure all of them is no trap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lens import HOME, LONG, Lens
from playwright.sync_api import Page, expect


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    return Lens(page, serve(HOME))


def test_a_map_is_put_to_the_test_and_measuring_can_be_left(lens: Lens) -> None:
    lens.open("attention", model="ann")
    # The switch itself lies under its label.
    lens.main.get_by_text("Put this very map to the test").click()
    expect(lens.main.locator(".st-key-evidence_curves .main-svg").first).to_be_visible(timeout=LONG)
    expect(lens.main.get_by_text("Deletion area: the mean probability")).to_be_visible(timeout=LONG)
    lens.settle()

    lens.main.get_by_role("button", name="Sanity check layer by layer").click()
    cascade = lens.main.locator(".st-key-evidence_cascade")
    expect(cascade.get_by_text("logits", exact=True)).to_be_visible(timeout=LONG)

    lens.main.get_by_role("link", name="All methods compared").click()
    lens.expect_page("faithfulness")
    lens.main.get_by_role("button", name="Measure on other digits").click()
    expect(lens.page.get_by_test_id("stProgress")).to_be_visible(timeout=LONG)
    lens.go_to("occlusion")  # whoever leaves need not wait
