"""Model cards for networks that tests replace."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from cnn_core import models

STUDY = models.load_card("study")


def write_card(folder: Path, name: str, **changes: Any) -> None:
    """Write a card into a folder: that of `study` with another name and some fields changed."""
    facts = dataclasses.asdict(dataclasses.replace(STUDY, name=name, **changes))
    (folder / f"{name}.json").write_text(json.dumps(facts), "utf-8")
