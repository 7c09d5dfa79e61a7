"""A real Streamlit server and a real Chromium for the tests of gestures and looks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from support.server import CHROMIUM, FLAGS, PROBED, WAIT, serving


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Give a function that serves a script, once a session for each script."""
    addresses: dict[Path, str] = {}
    with ExitStack() as stack:

        def start(script: Path) -> str:
            if script not in addresses:
                addresses[script] = stack.enter_context(serving(script))
            return addresses[script]

        yield start


@pytest.fixture
def serve_anew() -> Iterator[Callable[[Path], str]]:
    """Give a function that serves a script on a server of its own, which nobody visited yet."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(serving(script))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if "CI" in os.environ:
            pytest.fail("Chromium is missing; in CI the browser tests must run")
        pytest.skip("Chromium is not installed; install it to run the browser tests")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


def _is_bad(message: ConsoleMessage) -> bool:
    return message.type == "error" and not PROBED.fullmatch(message.location["url"])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab, 1280 px wide, whose errors and requests to other hosts fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT)
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(f"error: {error}"))
    tab.on("console", lambda message: problems.append(message.text) if _is_bad(message) else None)
    tab.on(
        "request",
        lambda request: (
            problems.append(f"outside request: {request.url}")
            if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            else None
        ),
    )
    yield tab
    context.close()
    assert not problems, problems
