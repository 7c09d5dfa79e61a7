from __future__ import annotations

import dataclasses
import platform
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets, models
from cnn_core.errors import MissingFileError
from cnn_core.studies import results
from cnn_core.studies.results import Origin

ORIGIN = Origin(
    command="python -m cnn_core.studies sums",
    seeds=(0, 1),
    wall_time_seconds=1.5,
    data_sha256={"mnist": "ab"},
    versions={"python": "3.11"},
)


@dataclasses.dataclass(frozen=True)
class Sums:
    origin: Origin
    values: tuple[int, ...]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "new" / "studies")
    return results.FOLDER


def test_origin_says_where_results_come_from() -> None:
    found = results.origin(
        "sums 3",
        seeds=range(2),
        wall_time_seconds=1.2345,
        dataset_names=("mnist",),
        packages=("numpy", "tensorflow", "nonesuch"),
    )
    mnist = datasets.find("mnist")
    assert mnist is not None
    assert found.command == "python -m cnn_core.studies sums 3"
    assert found.seeds == (0, 1)
    assert found.wall_time_seconds == 1.2
    assert found.data_sha256 == {"mnist": models.sha256(mnist)}
    assert found.versions["python"] == platform.python_version()
    assert found.versions["numpy"] == np.__version__
    assert found.versions["tensorflow"].startswith("2.")
    assert found.versions["nonesuch"] == "unknown"


def test_what_is_written_is_read(folder: Path) -> None:
    path = results.write("sums", Sums(ORIGIN, (1, 2)))
    assert path == folder / "sums.json"
    assert [file.name for file in folder.iterdir()] == ["sums.json"]
    assert results.load("sums", Sums) == Sums(ORIGIN, (1, 2))


@pytest.mark.parametrize("damage", [None, "", "{", "3", "null", "[1]"])
def test_missing_or_damaged(folder: Path, damage: str | None) -> None:
    path = results.write("sums", Sums(ORIGIN, (1, 2)))
    path.unlink() if damage is None else path.write_text(damage, "utf-8")
    with pytest.raises(MissingFileError) as error_info:
        results.load("sums", Sums)
    assert str(error_info.value) == (
        "The results of the study 'sums' are missing or damaged; restore them with `git checkout "
        "cnn_core/data/studies` or make them again with `python -m cnn_core.studies sums`."
    )
