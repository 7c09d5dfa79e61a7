"""The smallest edit in a real browser: found, played, undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import models
from support.lens import Lens
from support.paths import HOME

NINE = 7  # a test digit that is close to a 4
WATCH = """film => { window.steps = [];
  new MutationObserver(() => window.steps.push(Number(film.dataset.step)))
    .observe(film, { attributes: true, attributeFilter: ["data-step"] }); }"""

# Every step that is on screen for a frame, from the first on.
RECORD = """() => { window.steps = [];
  const look = () => {
    for (const element of document.querySelectorAll(".st-key-flip_panel *")) {
      const step = element.shadowRoot?.querySelector(".film")?.dataset.step;
      if (step !== undefined) window.steps.push(Number(step));
    }
    requestAnimationFrame(look);
  };
  look(); }"""


@pytest.fixture
def desk(page: Page, serve: Callable[[Path], str]) -> Lens:
    lens = Lens(page, serve(HOME))
    lens.open("draw_and_erase", model="study", digit=str(NINE))
    expect(lens.maps).to_have_count(2)
    return lens


def find(desk: Lens) -> int:
    """Press the button and give the number of the film's last step."""
    desk.page.locator(".st-key-flip_find button").click()
    slider = desk.page.locator(".film input")
    expect(slider).to_be_visible()
    expect(desk.edits).to_have_count(2)
    return int(slider.get_attribute("max") or 0)


def test_the_smallest_erasure_is_drawn_played_and_undone(desk: Lens) -> None:
    before, said = desk.pixels(), desk.said.inner_text()
    wanted = models.load_test_answers("study").logits[NINE].argsort()[-2]
    last = find(desk)
    assert last > 0
    expect(desk.said.locator("b")).to_have_text(str(wanted))
    after = desk.pixels()
    assert (after <= before).all()
    assert after.sum() < before.sum()
    film = desk.page.locator(".film")
    # It plays by itself; the button plays it again, dab by dab from the first picture on.
    expect(film).to_have_attribute("data-step", str(last))
    film.evaluate(WATCH)
    film.get_by_role("button", name="Replay").click()
    desk.page.wait_for_function(f"window.steps.at(-1) === {last}")
    assert desk.page.evaluate("window.steps") == list(range(last + 1))
    expect(film.locator("output")).to_contain_text(re.compile(rf"^\D*{last}\D+{last}\D"))
    film.locator("input").focus()
    desk.page.keyboard.press("Home")
    expect(film.locator("output")).to_contain_text(re.compile(rf"^\D*0\D+{last}\D"))
    desk.tool("Undo").click()
    expect(desk.said).to_have_text(said, use_inner_text=True)
    np.testing.assert_array_equal(desk.pixels(), before)
    expect(film).to_be_visible()


def test_the_film_does_not_play_by_itself_where_less_motion_is_wanted(desk: Lens) -> None:
    desk.page.emulate_media(reduced_motion="reduce")
    desk.page.evaluate(RECORD)
    last = find(desk)
    expect(desk.page.locator(".film")).to_have_attribute("data-step", str(last))
    desk.page.wait_for_function("window.steps.length > 3")
    assert set(desk.page.evaluate("window.steps")) == {last}
