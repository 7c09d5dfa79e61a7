"""Arrays that took long to compute, kept in the user's cache folder.

A file is named for what it holds and for the weights it was computed from, so other weights never
find it. One that is missing or damaged is computed again; where nothing can be written, nothing
is kept and all else works.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import atomic_files, folders

if TYPE_CHECKING:
    import keras

Arrays = dict[str, np.ndarray]

# Goes up whenever what the files hold changes.
_VERSION = 1


def name_of(kind: str, model: keras.Model, *marks: object) -> str:
    """Name what is computed from a network.

    Args:
        kind: Kind of the arrays.
        model: The network; its weights are part of the name.
        marks: Whatever else the numbers depend on.
    """
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    parts = (kind, model.name, *marks, f"v{_VERSION}", digest.hexdigest()[:24])
    return "-".join(str(part) for part in parts)


def find(name: str) -> Arrays | None:
    """Return what is kept under a name, or None if it is not there or damaged."""
    try:
        with _path(name).open("rb") as file, np.load(file) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except Exception:  # a damaged archive raises BadZipFile, zlib.error and many more
        return None


def load_or_compute(name: str, compute: Callable[[], Arrays]) -> Arrays:
    """Return what is kept under a name; compute and keep it if it is not there.

    Args:
        name: Result of name_of().
        compute: Gives the arrays.
    """
    found = find(name)
    if found is None:
        found = compute()
        with suppress(OSError):  # a full disk or a folder that is not ours: computed anew next time
            _keep(name, found)
    return found


def _keep(name: str, arrays: Arrays) -> None:
    with atomic_files.atomic_write(_path(name)) as aside:
        np.savez_compressed(aside, **arrays)  # type: ignore[arg-type]


def _path(name: str) -> Path:
    return folders.cache_folder() / "computed" / f"{name}.npz"
