from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnn_core import atomic_files

TEXTS = [letter * 200_000 for letter in "ab"]
WRITE_OFTEN = """
import sys
from pathlib import Path
from cnn_core import atomic_files
for _ in range(50):
    atomic_files.write_text(Path(sys.argv[1]), sys.argv[2] * 200_000)
"""


def test_text_comes_whole_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "words.txt"
    for text in ("œuvre\n", ""):
        atomic_files.write_text(path, text)
        assert path.read_bytes() == text.encode()
        assert list(path.parent.iterdir()) == [path]


def test_arrays_whose_writer_would_add_an_ending_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "numbers.npz"
    with atomic_files.atomic_write(path) as aside:
        np.savez(aside, x=np.arange(3))
        assert list(tmp_path.iterdir()) == [aside]
        assert aside.name.startswith(".")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("begun", [False, True])
def test_interrupted_writing_leaves_what_was_there(
    tmp_path: Path, error: type[BaseException], begun: bool
) -> None:
    path = tmp_path / "words.txt"
    path.write_text("old", "utf-8")

    def write() -> None:
        with atomic_files.atomic_write(path) as aside:
            if begun:
                aside.write_text("new", "utf-8")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writer_that_writes_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_files.atomic_write(tmp_path / "words.txt"):
        pass
    assert not list(tmp_path.iterdir())


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    with atomic_files.atomic_write(path) as first:
        first.write_text("first", "utf-8")
        with atomic_files.atomic_write(path) as second:
            second.write_text("second", "utf-8")
        assert path.read_text("utf-8") == "second"
    assert path.read_text("utf-8") == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="there an open file cannot be replaced")
def test_reader_beside_two_processes_never_meets_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    atomic_files.write_text(path, TEXTS[0])
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_OFTEN, str(path), text[0]]) for text in TEXTS
    ]
    while any(writer.poll() is None for writer in writers):
        assert path.read_text("utf-8") in TEXTS
    assert [writer.returncode for writer in writers] == [0, 0]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_others_may_read_what_they_could_read_before(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.touch()
    atomic_files.write_text(tmp_path / "words.txt", "text")
    assert (tmp_path / "words.txt").stat().st_mode == plain.stat().st_mode
