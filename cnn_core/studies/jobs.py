"""Many pieces of work that may be interrupted, done on this machine or on a cluster.

A study is a list of jobs. Each result is a file of its own, so a study that is begun again does
only what is missing. The work goes through joblib: a Dask or Ray cluster takes it when its backend
is named, and the results come back to the caller, who writes the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn_core import atomic_files

Result = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One piece of work: function(**arguments) -> a dict that JSON holds.

    Attributes:
        key: The name of its file without .json, unique in a study.
        function: Function of a module, so that a cluster can import it.
        arguments: Plain values.
    """

    key: str
    function: Callable[..., Result]
    arguments: dict[str, Any]


def run(
    jobs: Sequence[Job],
    folder: Path,
    *,
    title: str,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> list[Result]:
    """Do all jobs that are not done yet, and return all results in the order of the jobs.

    Each result is written to folder/KEY.json together with what it came from. A file that came
    from another function or other arguments, or that is damaged, is done again.

    Args:
        jobs: The study.
        folder: Folder of the results; made if need be.
        title: Title of the study, for who opens a file.
        backend: A backend of joblib, such as "dask" with a connected Client; None is this machine.
        num_jobs: Number of jobs at once; -1 is as many as there are processors or workers. With 1
            and no backend everything runs in this process.
        on_done: Callback that receives at the start and after each job how many of how many are
            done.

    Returns:
        A result for each job, as JSON gives it back: tuples are lists.

    Raises:
        ValueError: A key is no file name, or stands twice.
    """
    _check([job.key for job in jobs])
    folder.mkdir(parents=True, exist_ok=True)
    results = {job.key: result for job in jobs for result in _read(job, folder)}
    on_done(len(results), len(jobs))
    missing = [job for job in jobs if job.key not in results]
    for job, result in _work(missing, backend, num_jobs):
        results[job.key] = _write(job, result, folder, title)
        on_done(len(results), len(jobs))
    return [results[job.key] for job in jobs]


def _check(keys: list[str]) -> None:
    wrong = [key for key in keys if not re.fullmatch(r"[\w=+-][\w.=+-]*", key)]
    wrong += [key for i, key in enumerate(keys) if key in keys[:i]]
    if wrong:
        raise ValueError(f"Expected keys to be file names, each once. Received: key={wrong[0]!r}")


def _work(jobs: list[Job], backend: str | None, num_jobs: int) -> Iterator[tuple[Job, Result]]:
    """Yield each job with its result, as they come."""
    import joblib

    by_key = {job.key: job for job in jobs}
    with joblib.parallel_config(backend=backend or "loky", n_jobs=num_jobs):
        active, _ = joblib.parallel.get_active_backend()
        # Ray's backend gives nothing before everything is done.
        return_as = "generator_unordered" if active.supports_return_generator else "list"
        work = joblib.Parallel(return_as=return_as)
        for key, result in work(joblib.delayed(_do)(job) for job in jobs):
            yield by_key[key], result


def _do(job: Job) -> tuple[str, Result]:
    return job.key, job.function(**job.arguments)


def _origin(job: Job) -> Result:
    """Return the origin of a result, as JSON gives it back."""
    function = f"{job.function.__module__}.{job.function.__qualname__}"
    return dict(json.loads(json.dumps({"function": function, "arguments": job.arguments})))


def _read(job: Job, folder: Path) -> list[Result]:
    """Read the result of a job into a list; the list is empty if the job is to be done."""
    try:
        record = json.loads((folder / f"{job.key}.json").read_text("utf-8"))
        origin, result = {name: record[name] for name in _origin(job)}, dict(record["result"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [result] if origin == _origin(job) else []


def _write(job: Job, result: Result, folder: Path, title: str) -> Result:
    """Write a result; return it as JSON gives it back."""
    text = json.dumps({"title": title, **_origin(job), "result": result}, indent=1)
    atomic_files.write_text(folder / f"{job.key}.json", text + "\n")
    return dict(json.loads(text)["result"])
