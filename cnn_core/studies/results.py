"""What the studies found, shipped as JSON beside the data together with what it came from."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cnn_core import atomic_files, datasets, models
from cnn_core.errors import MissingFileError, UnknownNameError

Record = TypeVar("Record")

FOLDER = Path(__file__).resolve().parents[1] / "data" / "studies"


@dataclass(frozen=True)
class Origin:
    """Command, seeds, data and versions that made the results of a study.

    Attributes:
        command: Makes them again.
        seeds: Everything random was drawn with them.
        wall_time_seconds: Wall time seconds of all its jobs, one after another, whatever else the
            machine did.
        data_sha256: SHA-256 of the file of each data set, by its name.
        versions: Versions of Python and the libraries, by their name.
    """

    command: str
    seeds: tuple[int, ...]
    wall_time_seconds: float
    data_sha256: dict[str, str]
    versions: dict[str, str]


def origin(
    command: str,
    *,
    seeds: Sequence[int],
    wall_time_seconds: float,
    dataset_names: Sequence[str],
    packages: Sequence[str],
) -> Origin:
    """Say where results that were made a moment ago come from.

    Args:
        command: Words after `python -m cnn_core.studies`.
        seeds: Everything random was drawn with them.
        wall_time_seconds: Wall time seconds of all jobs, one after another.
        dataset_names: Keys of datasets.DATASETS that are on this machine.
        packages: The libraries whose versions matter.

    Raises:
        MissingFileError: The file of a data set is not there.
    """
    return Origin(
        command=f"python -m cnn_core.studies {command}",
        seeds=tuple(seeds),
        wall_time_seconds=round(wall_time_seconds, 1),
        data_sha256={name: _data_sha256(name) for name in dataset_names},
        versions={
            "python": platform.python_version(),
            **{package: _version(package) for package in packages},
        },
    )


def write(name: str, study: Any, *, is_compact: bool = False) -> Path:
    """Write the record of a study to its shipped file, and return the path.

    Args:
        name: Name of the file, without .json; a study of many files has a folder: "study/part".
        study: A dataclass of plain values.
        is_compact: True to write one line, for many values.
    """
    path = FOLDER / f"{name}.json"
    layout: Any = {"separators": (",", ":")} if is_compact else {"indent": 1}
    atomic_files.write_text(path, json.dumps(dataclasses.asdict(study), **layout) + "\n")
    return path


def load(name: str, kind: type[Record]) -> Record:
    """Read a shipped file as a record.

    Args:
        name: Name of the file, as write() takes it.
        kind: Dataclass that was written.

    Raises:
        MissingFileError: The file is absent, damaged, or of another version of the record.
    """
    try:
        facts = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
        return msgspec.convert(facts, kind)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise missing(name) from error


def missing(name: str) -> MissingFileError:
    """Return the error for a shipped file that is absent, damaged or of another version."""
    return MissingFileError(
        f"The results of the study {name!r} are missing or damaged; restore them with "
        f"`git checkout cnn_core/data/studies` or make them again with "
        f"`python -m cnn_core.studies {name.replace('/', ' ')}`."
    )


def outdated(name: str) -> MissingFileError:
    """Return the error for a shipped file whose figures hold for weights that are gone."""
    return MissingFileError(
        f"The results of the study {name!r} were made with other weights than those here; make "
        f"them again with `python -m cnn_core.studies {name.replace('/', ' ')}`."
    )


def require_weights(name: str, sha256: str) -> None:
    """Refuse to measure a network whose weights were replaced since the study began.

    Raises:
        MissingFileError: Its weights are absent or other ones.
    """
    if models.weights_sha256(name) != sha256:
        raise MissingFileError(f"The weights of {name} have changed: begin the study anew.")


def still_here(weights_sha256: Mapping[str, str]) -> dict[str, str]:
    """Keep the networks whose weights are here as they were when a study asked them.

    Args:
        weights_sha256: SHA-256 of the weights that were asked, by the name of the network.
    """
    return {name: sha256 for name, sha256 in weights_sha256.items() if _is_here(name, sha256)}


def _is_here(name: str, sha256: str) -> bool:
    try:
        return models.weights_sha256(name) == sha256
    except (MissingFileError, UnknownNameError):
        return False


def _data_sha256(name: str) -> str:
    return models.sha256(datasets.find(name) or datasets.fetch(name))


def _version(package: str) -> str:
    """Return the version of a library; TensorFlow has several names."""
    for name in (package, f"{package}-cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"
