"""A long computation on a page: a button that starts it, a bar while it runs, then its result."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnn_core.errors import CnnCoreError
from dashboard.cache import background_jobs

A_FEW_SECONDS, SECONDS = "a few seconds", "about {count} seconds"
A_MINUTE, MINUTES = "about a minute", "about {count} minutes"


def result_of(
    job: tuple[str, background_jobs.Work],
    *,
    title: str,
    offer: str = "",
    cost: str = "",
    has_shares: bool = True,
) -> Any:
    """Return the result of a job, or None after showing how to start it or how far it is.

    Args:
        job: Its name and what it computes.
        title: Title above the bar: the work being done.
        offer: Label of the button that starts the job; a job of seconds has none and starts by
            itself.
        cost: Work and duration, beside the button.
        has_shares: True if the job tells its share.
    """
    key, work = job
    known = background_jobs.find(key)
    if known is None and not offer:
        known = background_jobs.start(key, work)
    if known is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(offer, key=f"start {key}", icon=":material/play_arrow:"):
                background_jobs.start(key, work)
                st.rerun()
            st.caption(cost)
        return None
    if not known.is_done.is_set():
        _bar(key, title, has_shares=has_shares)
        return None
    if known.error is None:
        return known.result
    if not isinstance(known.error, CnnCoreError):
        raise known.error
    st.error(str(known.error))
    if st.button("Try again", key=f"start {key}"):
        background_jobs.start(key, work)
        st.rerun()
    return None


def about(seconds: float) -> str:
    """Return a duration in words: "a few seconds", "about a minute"."""
    if seconds < 10:
        return A_FEW_SECONDS
    if seconds < 50:
        return SECONDS.format(count=10 * round(seconds / 10))
    minutes = round(seconds / 60)
    return A_MINUTE if minutes == 1 else MINUTES.format(count=minutes)


@st.fragment(run_every=0.5)
def _bar(key: str, title: str, *, has_shares: bool) -> None:
    job = background_jobs.find(key)
    if job is None or job.is_done.is_set():
        st.rerun()
    if has_shares:
        st.progress(min(job.share, 1.0), text=f"{title}: {job.share:.0%}")
    else:
        st.progress(1.0, text=f"{title}: a moment, it cannot say how far it is")
