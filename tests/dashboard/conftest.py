"""What the dashboard's tests run on: TensorFlow, a real Streamlit server, a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)
from playwright.sync_api import BrowserContext as Profile

from dashboard import tensorflow_loader
from support.server import CHROMIUM, FLAGS, PROBED, WAIT, serving

DESK: ViewportSize = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def tensorflow() -> None:
    """Wait until TensorFlow is loaded, for tests without a browser."""
    tensorflow_loader.wait()


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
def chromium() -> Iterator[BrowserType]:
    if CHROMIUM is None:
        if "CI" in os.environ:
            pytest.fail("Chromium is missing; in CI the browser tests must run")
        pytest.skip("Chromium is not installed; install it to run the browser tests")
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """A browser for visitors that must not share anything, or that have another device."""
    running = chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield running
    running.close()


@pytest.fixture(scope="session")
def _profile(chromium: BrowserType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """A visitor with a folder: Chromium keeps the app's scripts compiled, half of a page's cost."""
    folder = tmp_path_factory.mktemp("profile")
    profile = chromium.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=FLAGS, viewport=DESK
    )
    profile.set_default_timeout(WAIT)
    yield profile
    profile.close()


def _is_bad(message: ConsoleMessage) -> bool:
    return message.type == "error" and not PROBED.fullmatch(message.location["url"])


@pytest.fixture
def page(_profile: Profile) -> Iterator[Page]:
    """A fresh tab, 1280 px wide, whose errors and requests to other hosts fail the test.

    Nothing that an earlier test stored is there.
    """
    tab = _profile.new_page()
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
    _forget(tab)
    for opened in _profile.pages:
        opened.close()
    assert not problems, problems


def _forget(tab: Page) -> None:
    """Remove what the app stored in the browser; the tab's own storage goes with the tab."""
    url = urlsplit(tab.url)
    origin = {"origin": f"{url.scheme}://{url.netloc}", "storageTypes": "local_storage,cookies"}
    tab.context.new_cdp_session(tab).send("Storage.clearDataForOrigin", origin)
