"""What many tests share: the shipped network and the digits it never learnt from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cnn_core import datasets, models
from cnn_core.images.strokes import Stroke, draw

if TYPE_CHECKING:
    import keras


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser by the name of their file."""
    for item in items:
        if item.path.stem.endswith("browser"):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _keep_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves its script as the main module; a process started later would run it again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def study() -> keras.Model:
    """The shipped network `study`; tests leave its weights alone."""
    return models.load_pretrained("study")


@pytest.fixture(scope="session")
def test_split() -> datasets.Split:
    """The 10,000 test digits, read-only."""
    split = datasets.load("mnist", split="test")
    split.images.flags.writeable = split.labels.flags.writeable = False
    return split


@pytest.fixture(scope="session")
def digit(test_split: datasets.Split) -> np.ndarray:
    """A 2: the second image of the test set, read-only."""
    return test_split.images[1]


@pytest.fixture(params=[3.5, 4.0])
def wide_digit(request: pytest.FixtureRequest) -> np.ndarray:
    """A 0 drawn with one of the canvas's two widest pens: most of its pixels are ink."""
    corners = ((6.0, 5.0), (22.0, 5.0), (22.0, 23.0), (6.0, 23.0), (6.0, 5.0))
    drawn = draw(np.zeros((28, 28, 1), np.float32), [Stroke(corners, request.param)])
    assert (drawn > 0).mean() > 0.5
    assert not drawn.all()
    return drawn
