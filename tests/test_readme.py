"""What the README says is what the project does."""

from __future__ import annotations

import re
from pathlib import Path

from cnn_core.models import __main__ as models_table
from dashboard import navigation

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_table_of_models_is_made_from_the_cards() -> None:
    assert models_table.table() in README


def test_every_file_that_is_named_exists() -> None:
    root = Path(__file__).parents[1]
    named = re.findall(r"`((?:cnn_core|dashboard|pretrained|tests|docs)/[\w./]+)`", README)
    for name in (name.replace("NAME", "study") for name in named):
        assert (root / name).exists(), name


def test_table_of_pages_is_that_of_the_navigation() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", README.split("## The pages")[1], re.MULTILINE)
    titles = [page.title for page in navigation.PAGES]
    assert rows[1 : 1 + len(titles)] == titles
