"""``map_trials``: the only place that knows how trials are spread over processes."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

_worker: dict[str, Any] = {}


def map_trials(
    run: Callable[[T, Any], R], trials: Iterable[T], shared: Any, *, jobs: int = 1
) -> Iterator[R]:
    """Run every trial on what they share, and give each result as soon as it is there.

    Parameters
    ----------
    run
        Pure function of one trial and ``shared``; importable, because workers look it up by name.
    trials
        What to run. The next one is asked for only when a worker is about to be free, so the
        caller may decide late; with several jobs they may finish in another order.
    shared
        Sent to each worker once, not once per trial.
    jobs
        Processes. With 1 everything runs here.

    Examples
    --------
    >>> list(map_trials(pow, [2, 3], 2))
    [4, 9]
    """
    trials = iter(trials)
    if jobs == 1:
        for trial in trials:
            yield run(trial, shared)
        return
    from joblib.externals.loky import FIRST_COMPLETED, get_reusable_executor, wait

    pool = get_reusable_executor(
        max_workers=jobs,
        initializer=_keep,
        initargs=(run, shared),
        reuse=False,
        kill_workers=True,
    )
    try:
        pending = {pool.submit(_run_kept, trial) for trial in islice(trials, jobs + 1)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
                pending |= {pool.submit(_run_kept, trial) for trial in islice(trials, 1)}
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _keep(run: Callable[[Any, Any], Any], shared: Any) -> None:
    _worker.update(run=run, shared=shared)


def _run_kept(trial: Any) -> Any:
    return _worker["run"](trial, _worker["shared"])
