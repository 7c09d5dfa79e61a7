"""A name of a network, a layer or a class is shown as text, whatever the name is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.markup_names import NAMES

APP = Path(__file__).with_name("names_app.py")
# A browser draws white space once, and none at the ends.
SHOWN = [" ".join(name.split()) for name in NAMES]


@pytest.fixture
def names(page: Page, serve: Callable[[Path], str]) -> Page:
    page.goto(serve(APP))
    expect(page.locator(".st-key-tiles .tile")).to_have_count(len(NAMES))
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    return page


def test_markup_in_a_name_does_nothing(names: Page) -> None:
    assert len(set(NAMES)) == 50
    assert names.evaluate("window.owned") is None
    for kind in ("script", "iframe", "svg[onload]", "details[ontoggle]", "math"):
        assert names.locator(f"[data-testid=stMain] [class*=st-key-] {kind}").count() == 0, kind
    links = "[data-testid=stMarkdownContainer] a, [data-testid=stMarkdownContainer] img"
    assert names.locator(links).count() == 0


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (".cl-bar > span:first-child", "#"),
        (".cl-table tbody th", "#"),
        (".cl-counts b", "#"),
        ("[class*=st-key-markdown_]", "# is #."),
        ("[class*=st-key-caption_]", "#"),
        ("[class*=st-key-subheader_]", "#, channel 3"),
        ("[class*=st-key-button_] button", "#"),
    ],
)
def test_a_name_is_shown_as_it_is(names: Page, selector: str, text: str) -> None:
    shown = names.locator(selector).all_inner_texts()
    joined = [" ".join(each.replace("\u2060", "").split()) for each in shown]
    assert joined == [" ".join(text.replace("#", name).split()) for name in SHOWN]


def test_a_chart_shows_a_name_as_it_is(names: Page) -> None:
    ticks = names.locator(".js-plotly-plot .xtick text").all_text_contents()
    shown = {" ".join(tick.split()) for tick in ticks}
    assert len(shown) >= 10, "Plotly leaves out ticks that find no room"
    assert shown <= set(SHOWN)


def test_a_tile_shows_a_name_as_it_is(names: Page) -> None:
    captions = names.locator(".st-key-tiles .tile").all_inner_texts()
    assert all(name in " ".join(text.split()) for name, text in zip(SHOWN, captions, strict=True))
