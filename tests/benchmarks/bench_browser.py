"""How fast the app feels in a browser: `python tests/benchmarks/bench_browser.py [--strokes 30]`.

Starts the app and looks at it with Chromium; all times are taken inside the page. Targets:

- first visit to a fresh server: page painted within 3 s, an answer by TensorFlow within 7 s;
- from the stroke to the new answer: median under 100 ms, 95% under 180 ms;
- change of page: under 500 ms.

The same strokes on plain_app.py tell what an app takes without the mends of
dashboard/tensorflow_loader.py.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from timing import machine

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before tests/, which has folders named like the packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cnn_core import datasets
from dashboard.widgets.canvas.codec import to_text
from support.paths import ROOT
from support.server import CHROMIUM, FLAGS, serving

APP = ROOT / "dashboard" / "Home.py"
PLAIN_APP = Path(__file__).with_name("plain_app.py")
PATIENCE = 120_000  # ms
MOVES, MOVE = 24, 16  # of a stroke, and ms between two of them

# For each page its heading and what is to be seen on it.
PAGES = {
    "Overview": ("See why a network answers what it answers", ".cl-flow .cl-maps img"),
    "Draw and erase": ("Draw and erase", ".cl-said"),
    "Attention": ("Attention", ".js-plotly-plot .main-svg"),
    "Occlusion": ("Occlusion", ".js-plotly-plot .main-svg"),
    "Filters": ("Filters", ".js-plotly-plot .main-svg"),
    "Feature maps": ("Feature maps", ".cl-scale"),
    "Misclassified": ("Misclassified", ".js-plotly-plot .main-svg"),
    "One versus two": ("One versus two", ".cl-step img"),
}

# What a first visit waits for.
PIECES = {
    "page painted": ".stMain h1",
    "digit shown": ".cl-card img",
    "first answer": ".cl-said",
    "first maps": ".stMain .cl-figure",
}

# Notes when something happens on the page, in ms since the navigation began.
NOTE = (
    f"const PIECES = {json.dumps(PIECES)};"
    + """
window.notes = [];
const note = (kind, sequence) => notes.push({ kind, sequence, time: performance.now() });
const once = new Set();
function watchPieces() {
  for (const [kind, selector] of Object.entries(PIECES)) {
    if (once.has(kind) || !document.querySelector(selector)) continue;
    once.add(kind);
    note(kind);
  }
}
function watchAnswers(records) {
  for (const kind of [".cl-said", ".cl-figure"]) {
    const isChanged = ({ target }) => target.closest?.(".stMain .stHtml")?.querySelector(kind);
    if (records.some(isChanged)) note(kind);
  }
}
new MutationObserver((records) => {
  watchPieces();
  watchAnswers(records);
}).observe(document, { subtree: true, childList: true, characterData: true });
addEventListener("pointerup", () => note("pen up"), true);
addEventListener("cnn-lens-canvas-acknowledgement", ({ detail }) => {
  note("acknowledged", detail.sequence);
});
window.watchCanvas = () => {
  const roots = [...document.querySelectorAll("*")].map((element) => element.shadowRoot);
  const canvas = roots.map((root) => root?.querySelector(".pad canvas")).find(Boolean);
  const send = () => note("sent", Number(canvas.dataset.sequence));
  new MutationObserver(send).observe(canvas, { attributeFilter: ["data-sequence"] });
};
"""
)
CHANGE_PAGE = """async ([label, heading, content]) => {
  const links = [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')];
  const started = performance.now();
  links.find((link) => link.textContent.endsWith(label)).click();
  const isThere = () =>
    document.querySelector(".stMain h1")?.textContent === heading &&
    document.querySelector(content) &&
    !document.querySelector('[data-stale="true"]') &&
    document.querySelector(".stApp").dataset.testScriptState === "notRunning";
  while (!isThere()) await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


@contextmanager
def tab(browser: Browser, address: str) -> Iterator[Page]:
    """A fresh tab that takes notes, at an address."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(NOTE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    yield page
    context.close()


def first_visit(browser: Browser) -> dict[str, float]:
    """Start the app, open the drawing page with an edited digit, and give ms of what appears."""
    edited = np.round(255 * datasets.load("mnist", split="test").images[1, ..., 0]).astype(np.uint8)
    edited[:8] = 0
    visit = f"/draw_and_erase?model=study&ink={to_text(edited)}"
    with serving(APP) as address, tab(browser, address + visit) as page:
        page.locator(".stMain .cl-figure").first.wait_for()
        notes = page.evaluate("notes")
        return {note["kind"]: note["time"] for note in notes if note["kind"] in PIECES}


def draw(page: Page, chance: random.Random) -> list[dict]:
    """Draw one stroke and give what was noted until the page had followed it."""
    box = page.locator(".pad canvas").bounding_box()
    assert box is not None

    def anywhere() -> np.ndarray:
        share = (chance.uniform(0.2, 0.8), chance.uniform(0.2, 0.8))
        return np.add((box["x"], box["y"]), np.multiply(share, (box["width"], box["height"])))

    start, end = anywhere(), anywhere()
    page.evaluate("notes.length = 0")
    page.mouse.move(*start)
    page.mouse.down()
    for way in np.linspace(0, 1, MOVES):
        page.mouse.move(*start + way * (end - start))
        page.wait_for_timeout(MOVE)
    page.mouse.up()
    page.wait_for_function(
        """() => notes.some((note) => note.kind === "acknowledged" &&
            note.sequence === notes.findLast(({ kind }) => kind === "sent").sequence)"""
    )
    page.wait_for_timeout(100)
    return page.evaluate("notes")


def answers(notes: list[dict]) -> tuple[list[float], float, float]:
    """Read the notes of one stroke.

    Returns:
        Milliseconds from each update sent while the pen moved to the answer it led to; from
        the pen's going up to the last answer; and from there to all that follows, the maps too.
    """
    pen_up = next(note["time"] for note in notes if note["kind"] == "pen up")
    *drawing, last = [note for note in notes if note["kind"] == "sent"]
    waits = [followed(notes, sent)[0] - sent["time"] for sent in drawing]
    answer, everything = followed(notes, last)
    return waits, answer - pen_up, everything - pen_up


def followed(notes: list[dict], sent: dict) -> tuple[float, float]:
    """When the answer to an update was on the page, and when all was."""
    done = next(
        note["time"]
        for note in notes
        if note["kind"] == "acknowledged" and note["sequence"] >= sent["sequence"]
    )
    # The same answer again changes nothing on the page; then the acknowledgement counts.
    shown = [
        n["time"] for n in notes if n["kind"] == ".cl-said" and sent["time"] < n["time"] <= done
    ]
    return (shown or [done])[-1], done


def draw_many(browser: Browser, address: str, count: int) -> dict[str, list[float]]:
    """Draw strokes on the page at an address, the first three of them to warm up."""
    chance = random.Random(0)
    with tab(browser, address) as page:
        page.locator(".cl-said").wait_for()
        page.evaluate("watchCanvas()")
        strokes = []
        for number in range(count + 3):
            if number % 5 == 4:
                page.get_by_role("button", name="Original", exact=True).click()
                page.wait_for_timeout(1000)
            strokes.append(answers(draw(page, chance)))
    waits, pen_up, everything = zip(*strokes[3:], strict=True)
    return {
        "update sent -> new answer": [wait for each in waits for wait in each],
        "pen up -> new answer": list(pen_up),
        "pen up -> all, with maps": list(everything),
    }


def change_pages(browser: Browser, address: str, rounds: int) -> dict[str, list[float]]:
    """Go through all pages, the first round to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in PAGES}
    with tab(browser, address + "/misclassified") as page:
        page.locator(PAGES["Misclassified"][1]).first.wait_for()
        for _ in range(rounds + 1):
            for name, (heading, content) in PAGES.items():
                taken[name].append(page.evaluate(CHANGE_PAGE, [name, heading, content]))
    return {f"page {name}": values[1:] for name, values in taken.items()} | {
        "any page": [value for values in taken.values() for value in values[1:]],
        "any page, first time": [values[0] for values in taken.values()],
    }


def table(taken: dict[str, list[float]]) -> Iterator[str]:
    """Lines of count, median, 95th percentile and maximum."""
    yield f"{'':<34}{'count':>6}{'median':>11}{'95%':>11}{'most':>11}"
    for name, values in taken.items():
        middle, high, most = np.quantile(values, (0.5, 0.95, 1.0))
        yield f"{name:<34}{len(values):>6}{middle:>8.0f} ms{high:>8.0f} ms{most:>8.0f} ms"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How fast the app feels in a browser.")
    parser.add_argument("--strokes", type=int, default=30)
    parser.add_argument("--starts", type=int, default=3, help="fresh servers for the first visit")
    parser.add_argument("--rounds", type=int, default=5, help="through all pages")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        visits = [first_visit(browser) for _ in range(arguments.starts)]
        with serving(APP) as address:
            ours = draw_many(browser, f"{address}/draw_and_erase?model=study", arguments.strokes)
            pages = change_pages(browser, address, arguments.rounds)
        with serving(PLAIN_APP) as address:
            plain = draw_many(browser, address, arguments.strokes)
        browser.close()
    print(machine())
    first = {f"first visit -> {kind}": [visit[kind] for visit in visits] for kind in visits[0]}
    plainly = {f"plain app: {name}": values for name, values in plain.items()}
    print("\n".join(table(first | ours | pages | plainly)))
    for name in ours:
        ratio = np.median(plain[name]) / np.median(ours[name])
        print(f"{name}: the plain app takes {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
