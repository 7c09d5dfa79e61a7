"""Run a study from the command line: `python -m cnn_core.studies STUDY`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from cnn_core import folders, models
from cnn_core.errors import CnnCoreError, MissingFileError
from cnn_core.studies import (
    baselines,
    experiments,
    grid_search,
    k_fold,
    results,
    robustness,
    smallest_edits,
)
from cnn_core.studies.faithfulness import ranking

STUDIES: dict[str, Callable[..., Any]] = {
    baselines.NAME: baselines.run,
    k_fold.NAME: k_fold.run,
    grid_search.NAME: grid_search.run,
    robustness.NAME: robustness.run,
    smallest_edits.NAME: smallest_edits.run,
}
# Studies of several parts, of which some may be named.
OF_PARTS = (experiments.NAME, ranking.NAME)
BACKENDS = ("dask", "ray", "loky")


@contextmanager
def connected(backend: str | None, scheduler: str | None) -> Iterator[None]:
    """Hold the connection to a cluster while its backend is used.

    Args:
        backend: Backend, one of BACKENDS, or None.
        scheduler: The cluster's address; None starts Dask workers or Ray on this machine.

    Raises:
        MissingFileError: The backend's package is not installed, or no cluster answers.
    """
    try:
        if backend == "dask":
            import distributed

            client = distributed.Client(scheduler)
        elif backend == "ray":
            import ray
            from ray.util.joblib import register_ray

            ray.init(address=scheduler)
            register_ray()
    except ImportError as error:
        package = {"dask": "distributed", "ray": "ray"}[str(backend)]
        raise MissingFileError(
            f"The backend {backend!r} needs a package: run `pip install {package}`."
        ) from error
    except OSError as error:
        raise MissingFileError(f"No {backend} cluster answers at {scheduler}.") from error
    try:
        yield
    finally:
        if backend == "dask":
            client.close()


def main() -> None:
    """Run the study named on the command line, with a progress bar, and ship its results."""
    parser = argparse.ArgumentParser(
        prog="python -m cnn_core.studies",
        description="Run a study and ship its results; begun again, it goes on where it stopped.",
    )
    parser.add_argument("study", choices=(*STUDIES, *OF_PARTS))
    parser.add_argument("names", nargs="*", help="which experiments or networks; default: all")
    parser.add_argument("--backend", choices=BACKENDS, help="send the work to a cluster")
    parser.add_argument("--scheduler", help="the address of the cluster, tcp://... for dask")
    parser.add_argument(
        "--jobs", type=int, help="at once; with a backend as many as it has workers"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=folders.cache_folder() / "studies",
        help="where finished jobs are kept; default: %(default)s",
    )
    arguments = parser.parse_args()
    if arguments.names and arguments.study not in OF_PARTS:
        parser.error(f"{arguments.study} takes no names")
    if arguments.scheduler and arguments.backend not in ("dask", "ray"):
        parser.error("--scheduler needs --backend dask or --backend ray")
    try:
        with connected(arguments.backend, arguments.scheduler):
            paths = _run(arguments)
    except CnnCoreError as error:
        parser.exit(1, f"{error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "Interrupted; the same command does the jobs that are missing.\n")
    sys.stderr.writelines(f"Wrote {path}\n" for path in paths)


def _parts(
    study: str, names: list[str]
) -> list[tuple[str, Callable[..., Any], Callable[[Any], Path]]]:
    """Return title, run and ship of each part of a study."""
    if study in STUDIES:
        return [(study, STUDIES[study], partial(results.write, study))]
    if study == ranking.NAME:
        networks = [models.get(name).name for name in names] or ranking.runnable()
        return [(name, partial(ranking.run, name), ranking.ship) for name in networks]
    chosen = [experiments.get(name).name for name in names or experiments.EXPERIMENTS]
    return [(name, partial(experiments.run, name), experiments.ship) for name in chosen]


def _run(arguments: argparse.Namespace) -> list[Path]:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}: {task.completed} of {task.total}"),
        progress.BarColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
    )
    paths = []
    with progress.Progress(
        *columns,
        console=Console(stderr=True),
        refresh_per_second=1,
        speed_estimate_period=3_600,  # seconds; one job may take many minutes
    ) as bar:
        for title, run, ship in _parts(arguments.study, arguments.names):
            task = bar.add_task(title, total=None)
            result = run(
                arguments.folder / arguments.study,
                backend=arguments.backend,
                num_jobs=arguments.jobs or (-1 if arguments.backend else 1),
                on_done=partial(_show, bar, task),
            )
            paths.append(ship(result))
    return paths


def _show(bar: Any, task: Any, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
