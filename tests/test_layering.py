"""The floors of the house hold: imports go one way, and nothing heavy comes early."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import cnn_core

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "cnn_core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")])
MAP = re.findall(r"^(\w+) {2,}\S", cnn_core.__doc__ or "", re.MULTILINE)
HEAVY = {"tensorflow", "keras", "tf_keras_vis", "streamlit", "plotly", "pandas", "matplotlib"}

IMPORT_ALL = """
import importlib, pkgutil, sys
import cnn_core
for module in pkgutil.walk_packages(cnn_core.__path__, "cnn_core."):
    # The one exception: layers are classes, and their users import them late.
    if module.name != "cnn_core.models.layers":
        importlib.import_module(module.name)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def users_of(name: str) -> set[str]:
    """Return the files that name a module or an attribute, from the project's folder."""
    return {str(path.relative_to(ROOT)) for path in FILES if name in path.read_text("utf-8")}


def test_the_import_contracts_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


def test_the_map_names_every_module_of_the_library() -> None:
    top = {
        path.relative_to(ROOT / "cnn_core").parts[0] for path in FILES if "cnn_core" in path.parts
    }
    assert sorted(MAP) == sorted({name.removesuffix(".py") for name in top} - {"__init__"})


def test_every_import_is_absolute() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), path


def test_one_file_imports_tf_keras_vis() -> None:
    assert users_of("import tf_keras_vis") | users_of("from tf_keras_vis") == {
        "cnn_core/keras_vis.py"
    }


def test_streamlits_caches_stand_in_the_cache_or_beside_their_page() -> None:
    for name in users_of("st.cache_"):
        assert name.startswith("dashboard/cache/") or name.endswith("/cached.py"), name


@pytest.mark.slow
def test_nothing_heavy_is_imported_early() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    )
    modules = set(run.stdout.split())
    assert "cnn_core" in modules
    assert not modules & HEAVY
