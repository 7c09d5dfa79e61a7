"""The command line of the studies, here and on a Dask cluster of two workers."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dask
import distributed
import pytest

from cnn_core import studies
from cnn_core.studies import __main__ as command
from cnn_core.studies import baselines, jobs, results
from cnn_core.studies.jobs import Job
from support.paths import ROOT
from support.work import square


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """A scheduler and two worker processes of one thread each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two baselines on 200 digits, with their results in this folder."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    methods = {name: baselines.METHODS[name] for name in ("k_nearest", "random_forest")}
    monkeypatch.setattr(baselines, "METHODS", methods)
    monkeypatch.setattr(baselines, "DATASETS", ("mnist",))
    monkeypatch.setitem(command.STUDIES, "baselines", partial(baselines.run, num_training=200))
    return tmp_path


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["studies", *arguments])
    command.main()


def without_times(study: baselines.Baselines) -> list[tuple[Any, ...]]:
    return [
        (row.method, row.dataset, row.num_training, row.num_test, row.accuracy, row.interval)
        for row in study.rows
    ]


@pytest.mark.slow
def test_workers_take_the_jobs(cluster: distributed.LocalCluster, tmp_path: Path) -> None:
    study = [Job(f"number-{i}", square, {"number": i}) for i in range(12)]
    with distributed.Client(cluster) as client:
        found = jobs.run(study, tmp_path, title="squares", backend="dask", num_jobs=-1)
        workers = set(client.run(os.getpid).values())
    assert [one["square"] for one in found] == [i**2 for i in range(12)]
    assert {one["process"] for one in found} <= workers
    assert len(workers) == 2
    assert len(list(tmp_path.iterdir())) == 12


@pytest.mark.slow
def test_cluster_gives_what_this_machine_gives(
    cluster: distributed.LocalCluster,
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As the README shows it: the address of a scheduler is all that the command needs."""
    folders = ["--folder", str(small / "alone")]
    run_command(monkeypatch, "baselines", *folders)
    alone = baselines.load()
    folders = ["--folder", str(small / "together")]
    address = ["--backend", "dask", "--scheduler", cluster.scheduler_address]
    run_command(monkeypatch, "baselines", *folders, *address)
    together = baselines.load()
    assert without_times(together) == without_times(alone)
    assert together.origin.command == alone.origin.command == "python -m cnn_core.studies baselines"
    names = sorted(path.name for path in (small / "together" / "baselines").iterdir())
    assert names == sorted(f"mnist-{method}.json" for method in baselines.METHODS)
    assert "Wrote " in capsys.readouterr().err


def test_interrupted_command_says_how_to_go_on(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(command.STUDIES, "baselines", interrupt)
    with pytest.raises(SystemExit) as exit_info:
        run_command(monkeypatch, "baselines", "--folder", str(small))
    assert exit_info.value.code == 130
    assert "does the jobs that are missing" in capsys.readouterr().err


def test_the_package_and_the_readme_name_what_the_command_takes() -> None:
    taken = {*command.STUDIES, *command.OF_PARTS}
    said = re.findall(r"NAME is\s([^.]+)\.", studies.__doc__ or "")
    without_modules = re.sub(r"\(.*?\)", "", "".join(said), flags=re.DOTALL)
    assert set(re.findall(r"\w+", without_modules)) - {"or"} == taken
    readme = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"^python -m cnn_core\.studies (\w+)", readme, re.MULTILINE)) == taken


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["baselines", "--scheduler", "tcp://127.0.0.1:1"], "--scheduler needs --backend"),
        (["baselines", "--backend", "spark"], "invalid choice: 'spark'"),
        (["nonesuch"], "invalid choice: 'nonesuch'"),
    ],
)
def test_wrong_arguments(
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        run_command(monkeypatch, *arguments)
    assert exit_info.value.code == 2
    assert sentence in capsys.readouterr().err


def test_backend_whose_package_is_not_installed(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SystemExit) as exit_info:
        run_command(monkeypatch, "baselines", "--backend", "ray", "--folder", str(small))
    assert exit_info.value.code == 1
    expected = "The backend 'ray' needs a package: run `pip install ray`.\n"
    assert capsys.readouterr().err == expected


@pytest.mark.slow
def test_scheduler_that_does_not_answer(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = ["--backend", "dask", "--scheduler", "tcp://127.0.0.1:1"]
    timeout = dask.config.set({"distributed.comm.timeouts.connect": "0.3s"})
    with timeout, pytest.raises(SystemExit) as exit_info:
        run_command(monkeypatch, "baselines", *address, "--folder", str(small))
    assert exit_info.value.code == 1
    expected = "No dask cluster answers at tcp://127.0.0.1:1.\n"
    assert capsys.readouterr().err.endswith(expected)
