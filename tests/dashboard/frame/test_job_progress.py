"""What is said of a wait."""

from __future__ import annotations

import pytest

from dashboard.frame import job_progress


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, job_progress.A_FEW_SECONDS),
        (10, job_progress.SECONDS.format(count=10)),
        (34, job_progress.SECONDS.format(count=30)),
        (50, job_progress.A_MINUTE),
        (130, job_progress.MINUTES.format(count=2)),
    ],
)
def test_a_wait_is_told_as_one_says_it(seconds: float, said: str) -> None:
    assert job_progress.about(seconds) == said
