"""The command and the versions that made a shipped result."""

from __future__ import annotations

import streamlit as st

from cnn_core.studies.results import Origin


def made_by(origin: Origin) -> None:
    """Say what made the figures."""
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    st.caption(f"Made by `{origin.command}` with {versions}.")
