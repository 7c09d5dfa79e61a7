"""Values that a page keeps for one visitor."""

from __future__ import annotations

from typing import Any

import streamlit as st


def get(key: str, default: Any = None) -> Any:
    """Return a value that a page keeps for this session."""
    return st.session_state.get(key, default)


def put(key: str, value: Any) -> None:
    """Keep a value of a page for this session."""
    st.session_state[key] = value
