"""A component goes on when Streamlit runs the cleanup of a call that it overtook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from dashboard.widgets import live_slider, scatter
from dashboard.widgets.component import to_base64

# Mounts a component twice, as a change of its data does, and keeps both cleanups.
MOUNT = """async ([html, js, data]) => {
  const file = new Blob([js], {type: "text/javascript"});
  const { default: mount } = await import(URL.createObjectURL(file));
  document.body.innerHTML = html;
  window.sent = [];
  const setStateValue = (name, value) => window.sent.push(value);
  const mounted = { data, parentElement: document.body, setStateValue };
  window.cleanups = [mount(mounted), mount(mounted)];
}"""
# Moves the slider and answers the first update, after which the slider sends the second one.
SLIDE = """(values) => {
  const input = document.querySelector("input");
  const name = "cnn-lens-live-slider-acknowledgement";
  for (const value of values) {
    input.value = value;
    input.dispatchEvent(new Event("input"));
  }
  const sequence = window.sent.at(-1)?.sequence ?? 0;
  window.dispatchEvent(new CustomEvent(name, { detail: { patch: sequence } }));
  return window.sent.map(({ value }) => value);
}"""
# Gives whether the map is drawn anew for a mark.
MARK = """async (x) => {
  const canvas = document.querySelector("canvas");
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
    () => done(canvas.toDataURL()))));
  const before = await drawn();
  const detail = { scatter: "dots", x, y: 1, text: "now" };
  window.dispatchEvent(new CustomEvent("cnn-lens-scatter-mark", { detail }));
  return (await drawn()) !== before;
}"""


def mount(page: Page, component: Any, data: dict[str, Any]) -> None:
    folder = Path(component.__file__).parent
    html, js = (next(folder.glob(f"*.{kind}")).read_text("utf-8") for kind in ("html", "js"))
    page.evaluate(MOUNT, [html, js, data])


def test_the_slider_hears_answers_until_its_last_cleanup(page: Page) -> None:
    limits = {"minimum": 0, "maximum": 10, "value": 2, "step": 1, "isSlow": False}
    mount(page, live_slider, {"slider": "patch", "label": "Patch", "help": "", **limits})
    page.evaluate("window.cleanups[0]()")
    assert page.evaluate(SLIDE, [4, 6]) == [4, 6]
    page.evaluate("window.cleanups[1]()")
    assert page.evaluate(SLIDE, [8, 7]) == [4, 6]


def test_the_map_of_dots_hears_of_marks_until_its_last_cleanup(page: Page) -> None:
    numbers = to_base64(np.arange(2, dtype=np.uint8))
    mount(
        page,
        scatter,
        {
            "scatter": "dots",
            "points": to_base64(np.array([0, 0, 2, 2], "<f4")),
            "labels": numbers,
            "answers": numbers,
            "indices": to_base64(np.arange(2, dtype="<u4")),
            "names": ["a", "b"],
            "palette": ["#000000", "#000000"],
            "noun": "digit",
            "description": "Two dots",
        },
    )
    page.evaluate("window.cleanups[0]()")
    assert page.evaluate(MARK, 0.5)
    page.evaluate("window.cleanups[1]()")
    assert not page.evaluate(MARK, 1.5)
