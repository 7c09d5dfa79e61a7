"""What is said of a wait."""

from __future__ import annotations

import pytest

from dashboard.frame import job_progress


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "a few seconds"),
        (10, "about 10 seconds"),
        (34, "about 30 seconds"),
        (50, "about a minute"),
        (130, "about 2 minutes"),
    ],
)
def test_a_wait_is_told_as_one_says_it(seconds: float, said: str) -> None:
    assert job_progress.about(seconds) == said
