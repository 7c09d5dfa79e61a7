"""A real Streamlit server and a real Chromium for the tests of gestures and looks."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# Background requests of the browser itself would only fail on a machine without a network.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
# On a deep link Streamlit looks for its server below the page first, and gets two 404 for it.
PROBED = re.compile(r"http://127\.0\.0\.1:\d+/\w+/_stcore/(health|host-config)")
# A first answer waits for TensorFlow, on a busy machine for long.
WAIT = 60_000
expect.set_options(timeout=WAIT)


@contextmanager
def serving(script: Path) -> Iterator[str]:
    """Run a Streamlit script on a free port and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    # A script outside dashboard/ has no configuration beside it.
    quiet = ["--server.headless=true", "--server.address=127.0.0.1"]
    quiet += ["--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
    server = subprocess.Popen([*command, *quiet], cwd=ROOT, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(server, address)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"The server ended with code {server.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not answer within a minute")


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
