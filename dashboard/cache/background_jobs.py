"""Long computations in the background: one at a time, once for all visitors.

A page starts a job and looks at it again; whoever leaves or clicks on does not stop it. A script
run would be cut off by the next click.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Progress = Callable[[float], None]
Work = Callable[[Progress], Any]

MAX_KEPT = 6


@dataclass(eq=False)
class Job:
    """One computation.

    Attributes:
        share: Done, in [0, 1].
        is_done: Set when there is a result or an error.
        result: Result of the computation.
        error: Error that ended the computation.
    """

    share: float = 0.0
    is_done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None

    def tell(self, share: float) -> None:
        """Take note of the share done."""
        if not threading.main_thread().is_alive():
            raise SystemExit  # the server is going down: nobody waits for the rest
        self.share = share


_jobs: OrderedDict[str, Job] = OrderedDict()
_jobs_lock = threading.Lock()
_running_lock = threading.Lock()


def find(key: str) -> Job | None:
    """Return the job of a name, if the job was started and is still kept."""
    with _jobs_lock:
        if key in _jobs:
            _jobs.move_to_end(key)
        return _jobs.get(key)


def start(key: str, work: Work) -> Job:
    """Start a job, unless one of this name runs or has its result.

    Args:
        key: Names the job and all that its result depends on.
        work: The computation; told a function to report its share to.
    """
    with _jobs_lock:
        known = _jobs.get(key)
        if known is not None and known.error is None:
            return known
        job = _jobs[key] = Job()
        _jobs.move_to_end(key)
        _forget_oldest()
    # Not a daemon: to be cut off inside TensorFlow would crash the process on its way out.
    threading.Thread(target=_run, args=(job, work), name=f"job {key}", daemon=False).start()
    return job


def keep(key: str, result: Any) -> None:
    """Take note of a result that was found without a computation."""
    job = Job(share=1.0, result=result)
    job.is_done.set()
    with _jobs_lock:
        _jobs.setdefault(key, job)
        _forget_oldest()


def _forget_oldest() -> None:
    done = [key for key, job in _jobs.items() if job.is_done.is_set()]
    for key in done[: max(0, len(_jobs) - MAX_KEPT)]:
        del _jobs[key]


def _run(job: Job, work: Work) -> None:
    try:
        with _running_lock:  # two at once would take the processor from those who draw
            job.tell(0.0)
            job.result = work(job.tell)
            job.share = 1.0
    except BaseException as error:  # shown, or logged with its trace, by the page that waits
        job.error = error
    finally:
        job.is_done.set()
