"""Code in a process of its own, where TensorFlow is not loaded yet."""

from __future__ import annotations

import os
import subprocess
import sys

from support.paths import ROOT, SEARCH_PATH

GATE = """
import sys, threading
from importlib.machinery import PathFinder
opened = threading.Event()
class Gate(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "keras":
            return None
        spec = super().find_spec(name, path, target)
        load = spec.loader.exec_module
        def wait_and_load(module):
            {on_import}
            load(module)
        spec.loader.exec_module = wait_and_load
        return spec
sys.meta_path.insert(0, Gate)
from dashboard import tensorflow_loader
from support.visitors import Visitor
"""


def run_alone(code: str, on_import: str) -> None:
    """Run code in a process of its own, where TensorFlow is not loaded yet."""
    whole = GATE.format(on_import=on_import) + code
    done = subprocess.run(
        [sys.executable, "-c", whole],
        cwd=ROOT,
        env={**os.environ, **SEARCH_PATH},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
