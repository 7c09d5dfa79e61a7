"""What the tests of all pages need."""

from __future__ import annotations

import pytest

from dashboard import tensorflow_loader


@pytest.fixture(scope="session", autouse=True)
def _tensorflow() -> None:
    """Wait for TensorFlow: a page shows no controls that need a network before."""
    tensorflow_loader.wait()
