from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cnn_core.studies import jobs
from cnn_core.studies.jobs import Job

calls: list[int] = []


def square(number: int) -> dict[str, Any]:
    """Count the call, and square."""
    calls.append(number)
    return {"square": number**2, "pair": (number, number)}


def fail_at_3(number: int) -> dict[str, Any]:
    if number == 3:
        raise KeyboardInterrupt
    return square(number)


STUDY = [Job(f"number-{i}", square, {"number": i}) for i in (5, 2, 3)]
KNOWN = [{"square": i**2, "pair": [i, i]} for i in (5, 2, 3)]


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def test_results_come_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = tmp_path / "new" / "study"
    found = jobs.run(STUDY, folder, title="squares", on_done=lambda *counts: told.append(counts))
    assert found == KNOWN
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert sorted(path.name for path in folder.iterdir()) == [
        "number-2.json",
        "number-3.json",
        "number-5.json",
    ]
    assert json.loads((folder / "number-2.json").read_text("utf-8")) == {
        "title": "squares",
        "function": f"{__name__}.square",
        "arguments": {"number": 2},
        "result": {"square": 4, "pair": [2, 2]},
    }


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    jobs.run(STUDY[:2], tmp_path, title="squares")
    calls.clear()
    told: list[tuple[int, int]] = []
    found = jobs.run(STUDY, tmp_path, title="more", on_done=lambda *counts: told.append(counts))
    assert found == KNOWN
    assert calls == [3]
    assert told == [(2, 3), (3, 3)]
    assert jobs.run(STUDY, tmp_path, title="squares") == KNOWN
    assert calls == [3]


def test_interrupted_study_goes_on(tmp_path: Path) -> None:
    study = [dataclasses.replace(job, function=fail_at_3) for job in (*STUDY, STUDY[0])]
    study[-1] = Job("last", fail_at_3, {"number": 9})
    with pytest.raises(KeyboardInterrupt):
        jobs.run(study, tmp_path, title="squares")
    assert calls == [5, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["number-2.json", "number-5.json"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[1, 2]",
        "null",
        '{"title": "squares"}',
        '{"arguments": {"number": 2}, "result": 4}',
    ],
)
def test_damaged_file_is_done_again(tmp_path: Path, damage: str) -> None:
    jobs.run(STUDY, tmp_path, title="squares")
    calls.clear()
    (tmp_path / "number-2.json").write_text(damage, "utf-8")
    assert jobs.run(STUDY, tmp_path, title="squares") == KNOWN
    assert calls == [2]


def test_cut_file_is_done_again(tmp_path: Path) -> None:
    """Whatever is left of a file is the whole result or none."""
    jobs.run(STUDY[:1], tmp_path, title="squares")
    path = tmp_path / "number-5.json"
    whole = path.read_text("utf-8")
    for length in range(len(whole)):
        path.write_text(whole[:length], "utf-8")
        assert jobs.run(STUDY[:1], tmp_path, title="squares") == KNOWN[:1]


def test_other_arguments_or_function_are_done_again(tmp_path: Path) -> None:
    jobs.run(STUDY[:1], tmp_path, title="squares")
    other = [Job("number-5", square, {"number": 6})]
    assert jobs.run(other, tmp_path, title="squares")[0]["square"] == 36
    calls.clear()
    same = [Job("number-5", fail_at_3, {"number": 6})]
    assert jobs.run(same, tmp_path, title="squares")[0]["square"] == 36
    assert calls == [6]


def test_arguments_are_compared_as_json_has_them(tmp_path: Path) -> None:
    study = [Job("sum", dict, {"parts": (1, 2), "nested": {"x": (math.inf,)}})]
    first = jobs.run(study, tmp_path, title="sums")
    assert first == [{"parts": [1, 2], "nested": {"x": [math.inf]}}]
    told: list[tuple[int, int]] = []
    again = jobs.run(study, tmp_path, title="sums", on_done=lambda *counts: told.append(counts))
    assert again == first
    assert told == [(1, 1)]  # done before anything was begun


@pytest.mark.parametrize("key", ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "twice"])
def test_key_that_is_no_file_name(tmp_path: Path, key: str) -> None:
    study = [Job(name, square, {"number": 1}) for name in ("twice", key)]
    with pytest.raises(ValueError, match="Expected keys to be file names, each once"):
        jobs.run(study, tmp_path / "new", title="squares")
    assert not calls
    assert not list(tmp_path.iterdir())


def test_no_jobs(tmp_path: Path) -> None:
    assert jobs.run([], tmp_path, title="nothing") == []


def test_backend_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nonesuch"):
        jobs.run(STUDY, tmp_path, title="squares", backend="nonesuch")


def test_backend_that_gives_everything_at_the_end(tmp_path: Path) -> None:
    """Ray's is such a backend, and the one of multiprocessing, from which it is derived."""
    code = (
        "import math, sys, pathlib\n"
        "from cnn_core.studies.jobs import Job, run\n"
        "from tests_jobs_functions import hypot\n"
        "jobs = [Job(f'h{i}', hypot, {'x': 3 * i, 'y': 4 * i}) for i in range(5)]\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "print(run(jobs, folder, title='h', backend='multiprocessing', num_jobs=2))\n"
    )
    module = "import math\ndef hypot(x, y): return {'h': math.hypot(x, y)}\n"
    (tmp_path / "tests_jobs_functions.py").write_text(module, "utf-8")
    (tmp_path / "main.py").write_text(code, "utf-8")
    command = [sys.executable, str(tmp_path / "main.py"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([{"h": 5.0 * i} for i in range(5)])
    assert len(list((tmp_path / "out").iterdir())) == 5
