"""A visitor without a browser: AppTest through Home.py, with the gestures that it lacks."""

from __future__ import annotations

import json
import re
import sys
import threading
from typing import Any

import numpy as np
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import cache
from dashboard.cache import background_jobs, compiling, explanations, pictures
from dashboard.frame.loading import PREPARING
from dashboard.widgets.canvas.codec import from_text, to_text
from support.paths import HOME

# As `streamlit run` does. AppTest would add it for each run and take it away again, and an import
# that goes through the path in the background just then misses a folder.
sys.path.append(str(HOME.parent))

# Blank paper; drawn on it a bar, and the bar with a flag.
BLANK = np.zeros((28, 28), np.uint8)
STEM = BLANK.copy()
STEM[4:24, 13:15] = 255
SEVEN = STEM.copy()
SEVEN[4:6, 6:15] = 255


def forget_results() -> None:
    """Empty the caches of what follows the hand; its keys do not tell one folder from another."""
    for results in (
        explanations.prediction,
        explanations.explanation,
        explanations.occlusion_map,
    ):
        results.cache_clear()
    compiling._compiled.clear()


def forget_pictures() -> None:
    """Empty the caches of the data sets, which do not tell one folder from another."""
    pictures.split.cache_clear()
    pictures.references.cache_clear()


def forget_jobs() -> None:
    """Forget every background job that is done."""
    with background_jobs._jobs_lock:
        for key in [key for key, job in background_jobs._jobs.items() if job.is_done.is_set()]:
            del background_jobs._jobs[key]


def answer_to(levels: np.ndarray) -> int:
    """The class that `study` reads in a drawing."""
    pixels = (levels.astype(np.float32) / np.float32(255))[..., None]
    return int(cache.prediction("study", pixels).classes[0])


class Visitor:
    """One session; every gesture runs the app as the browser would make it run."""

    def __init__(self, page: str = "overview", **address: Any) -> None:
        self.app = AppTest.from_file(HOME, default_timeout=60)
        self._wait_for_maps()
        self.app.query_params.update(address)
        # The page of the address; switch_page() would know it only after a run of another page.
        self.app._page_hash = calc_hash("" if page == "overview" else page)
        self.app.run()

    def _wait_for_maps(self) -> None:
        """Run the app once more when a network is compiled, as the browser's fragment does."""
        run = self.app._run

        def run_until_compiled(*arguments: Any, **options: Any) -> AppTest:
            run(*arguments, **options)
            if PREPARING in self.html():
                cache.wait_until_compiled(self.app.session_state["model"])
                self.app.run()
            return self.app

        self.app._run = run_until_compiled  # type: ignore[method-assign]

    def go_to(self, page: str) -> None:
        self.app.switch_page(f"app_pages/{page}/page.py").run()

    def text(self, kind: str) -> list[str]:
        """What the elements of a kind in the main part say."""
        found: list[Any] = list(self.app.main.get(kind))
        return [element.value for element in found]

    def html(self) -> str:
        return "".join(element.proto.body for element in self.app.main.get("html"))

    def card(self) -> str:
        """The current digit in the sidebar."""
        return "".join(element.proto.body for element in self.app.sidebar.get("html"))

    def answers(self) -> list[str]:
        """The answers that stand on lines of their own in the main part."""
        return re.findall('<div class="cl-said[^>]*>[^<]*<b>(.*?)</b>', self.html())

    def card_says(self) -> tuple[str, str]:
        """The name of the current digit and the answer, from the sidebar."""
        found = re.search(r"<div><b>(.*?)</b>.*<b>(\d)</b>", self.card())
        assert found, self.card()[-200:]
        return found[1], found[2]

    def chart_texts(self) -> list[str]:
        """The text alternatives of the charts."""
        return [chart.proto.alt for chart in self.app.main.get("plotly_chart")]

    def address(self) -> dict[str, str]:
        """The parameters of the address."""
        pairs = self.app.query_params.items()
        return {key: text if isinstance(text, str) else text[0] for key, text in pairs}

    def complaints(self) -> list[str]:
        """The errors on the page; an exception is a bug of the app and no complaint."""
        assert not self.app.exception, [element.value for element in self.app.exception]
        return [element.value for element in self.app.error]

    def press(self, label: str) -> None:
        (button,) = (each for each in self.app.button if label in (each.label, each.key))
        button.click().run()

    def wait_for_jobs(self) -> None:
        """Wait for what was started in the background, and look again."""
        for thread in threading.enumerate():
            if thread.name.startswith("job "):
                thread.join(60)
        self.app.run()

    def choose(self, key: str, value: Any) -> None:
        """Set a select box, slider, number or segmented control by its key."""
        kinds = ("selectbox", "slider", "select_slider", "number_input", "button_group", "toggle")
        found: list[Any] = [each for kind in kinds for each in self.app.get(kind)]
        (widget,) = (each for each in found if each.key == key)
        widget.set_value(value).run()

    def slide(self, key: str, value: float) -> None:
        """Move one of our own sliders, as the browser does."""
        self.app.session_state[key] = {"slid": {"value": value, "sequence": 1}}
        self.app.run()

    def options(self, key: str) -> list[str]:
        (widget,) = (each for each in self.app.selectbox if each.key == key)
        return list(widget.options)

    def upload(self, data: bytes, name: str = "digit.png") -> None:
        self.app.file_uploader[0].set_value((name, data, "image/png")).run()

    def component(self, key: str) -> dict[str, Any]:
        """What Python sent to a component of ours."""
        data: dict[str, Any] = json.loads(self._component(key).json)
        return data

    def shows(self, key: str) -> bool:
        return any(each.proto.id.endswith(f"-{key}") for each in self.app.get("bidi_component"))

    def click_tile(self, key: str, index: int) -> None:
        """Click one of the small pictures; AppTest has no door for a component's trigger."""
        events = json.dumps([{"event": "clicked", "value": index}])
        clicked = WidgetState(
            id=_make_trigger_id(self._component(key).id, "events"), json_trigger_value=events
        )
        states = self.app._tree.get_widget_states()
        states.widgets.append(clicked)
        self.app._run(states)

    def draw(self, levels: np.ndarray, *, is_final: bool = True) -> None:
        """Send a picture as the canvas does."""
        data = self.component("digit_canvas")
        self._sequence = max(data["seen"], getattr(self, "_sequence", 0)) + 1
        self.app.session_state["digit_canvas"] = {
            "stroke": {
                "digit": data["digit"],
                "revision": data["revision"],
                "sequence": self._sequence,
                "final": is_final,
                "pixels": to_text(levels),
            }
        }
        self.app.run()

    def drawn(self) -> np.ndarray:
        """The levels that Python has, as the canvas would show them after a reload."""
        self.app.run()
        data = self.component("digit_canvas")
        return from_text(data["pixels"], tuple(data["shape"]))

    def _component(self, key: str) -> Any:
        (found,) = (
            each.proto
            for each in self.app.get("bidi_component")
            if each.proto.id.endswith(f"-{key}")
        )
        return found
