"""What the tests of all pages need."""

from __future__ import annotations

import pytest

from dashboard import cache
from support.visitors import STEM, Visitor


@pytest.fixture(scope="session", autouse=True)
def _tensorflow(tensorflow: None) -> None:
    """Wait for TensorFlow: before, a page shows no controls that need a network."""


@pytest.fixture(scope="module")
def compiled() -> None:
    """Compile `study`: an AppTest that waits for maps does not know that the page was switched."""
    cache.wait_until_compiled("study")


@pytest.fixture
def drawn() -> Visitor:
    """A visitor who has turned test digit 1 into a plain stem."""
    visitor = Visitor("draw_and_erase", model="study")
    visitor.draw(STEM)
    return visitor
