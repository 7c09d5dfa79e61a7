"""Files that are there whole or not at all, whoever else reads or writes them meanwhile."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give the name of a new file to write to, which takes the place of another at the end.

    If the writing fails or is interrupted, the other file stays as it was and the new one goes.

    Args:
        path: The file to make or to replace; its folder is made if need be.

    Yields:
        A hidden name beside it, another one each time, that ends with the name of the file: those
        who write arrays or weights go by the ending.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by the tempfile module: what that makes, nobody but its user may read.
    aside = path.with_name(f".{secrets.token_hex(8)}-{path.name}")
    try:
        yield aside
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text to a file, in UTF-8, so that the file is never half there.

    Args:
        path: The file to make or to replace; its folder is made if need be.
        text: All that it holds then.
    """
    with atomic_write(path) as aside:
        aside.write_text(text, "utf-8")
