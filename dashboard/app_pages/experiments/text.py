"""Words of the Experiments page that its overview shares with its tests."""

from __future__ import annotations

AGREE, DISAGREE = "agree with the source", "disagree with it"
NOT_MEASURED = "not measured yet"
