"""A real Streamlit server, and the browser that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

from support.paths import ROOT, SEARCH_PATH

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
    variables = {**os.environ, **SEARCH_PATH}
    server = subprocess.Popen(
        [*command, *quiet], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL
    )
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
