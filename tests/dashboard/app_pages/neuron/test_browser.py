"""From a click on a kernel to the dossier of its neuron."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.lens import Lens
from support.paths import HOME


@pytest.fixture
def lens(page: Page, serve: Callable[[Path], str]) -> Lens:
    return Lens(page, serve(HOME))


def test_a_click_on_a_filter_opens_its_dossier_and_back_leads_back(lens: Lens, page: Page) -> None:
    lens.open("filters", model="study")
    chart = lens.main.locator(".js-plotly-plot").first
    plot = chart.locator(".draglayer .drag").first
    expect(plot).to_be_visible()
    box = plot.bounding_box()
    assert box is not None
    # 8 filters of 3x3 a row, a gap between: the middle of the third, in the first row.
    cells = {"x": (2 * 4 + 1.5) / 31, "y": 1.5 / 7}
    page.mouse.click(box["x"] + box["width"] * cells["x"], box["y"] + box["height"] * cells["y"])
    lens.expect_page("neuron")
    expect(lens.main.locator(".st-key-neuron_channel_study_conv1 input")).to_have_value("2")
    page.go_back()
    lens.expect_page("filters")
    lens.settle()
    assert page.url.split("?")[0].endswith("/filters")
