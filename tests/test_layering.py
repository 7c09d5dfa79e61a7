"""The map in cnn_core's docstring holds: imports go one way, and nothing heavy comes early."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnn_core

PACKAGE = Path(cnn_core.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
MAP = re.findall(r"^(\w+) {2,}\S", cnn_core.__doc__ or "", re.MULTILINE)
# Inside the packages, where the map has one line.
PARTS = [
    *("score", "method", "gradient", "paths", "cam", "layerwise", "backprop", "propagation"),
    *("chain", "lanes", "reach", "dense_head", "walk", "incremental", "occlusion"),
    *("segments", "perturbation", "places"),
    *("brush", "ground", "goal", "rules", "search", "smallest", "pertinent"),
    *("counting", "ranking", "confidence", "comparison", "summary"),
    *("units", "kernels", "patches", "classes", "maximisation", "switching"),
    *("ground", "erasure", "agreement", "randomisation"),
    *("spec", "layers", "digits", "cifar", "signs", "classics"),
    *("checkpoint", "loop", "shipping"),
    *("natural", "attacks", "registry", "perturbing", "sweep"),
    *("one_vs_two", "jobs", "results", "baselines", "k_fold", "grid_search", "robustness", "flips"),
    *("experiment_table", "experiment_runs", "experiments", "conclusions"),
    *("map_figures", "map_ranking"),
    "__init__",
    "__main__",
]
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


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever it stands in it, by its full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                # A module taken out of a package asks nothing of the package itself.
                yield name if files(name) else node.module or ""


def files(name: str) -> list[Path]:
    """The file of a module of ours, or none."""
    source = PACKAGE.parent.joinpath(*name.split("."))
    return [path for path in (source.with_suffix(".py"), source / "__init__.py") if path in FILES]


def place(path: Path) -> tuple[int, int]:
    """Where a file stands in the order of the map."""
    top, *parts = path.relative_to(PACKAGE).with_suffix("").parts
    return MAP.index(top), PARTS.index(parts[0]) if parts else 0


def test_map_names_every_module() -> None:
    found = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in FILES}
    assert sorted(MAP) == sorted(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    for name in imported(path):
        for candidate in files(name):
            if candidate != path:
                assert place(candidate) < place(path), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_library_knows_nothing_of_the_dashboard(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    assert not tops & {"dashboard", "streamlit", "plotly"}


def test_one_file_imports_tf_keras_vis() -> None:
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.parent.joinpath("dashboard").rglob("*.py")]
    users = [path.name for path in sources if any("tf_keras_vis" in n for n in imported(path))]
    assert users == ["keras_vis.py"]


def test_nothing_heavy_is_imported_early() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    )
    modules = set(run.stdout.split())
    assert "cnn_core" in modules
    assert not modules & HEAVY
