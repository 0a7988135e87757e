"""``map_trials``: the only place that knows how trials are spread over threads, processes, machines."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from evenkeel._threads import limited, threads
from evenkeel.place import Place
from evenkeel.race.crew import Crew
from evenkeel.race.worker import within_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from evenkeel.race.worker import Worker

T = TypeVar("T")
R = TypeVar("R")

HERE = Place()


def raise_lost(trial: Any, reason: str) -> Any:
    """End the race: the answer to a lost trial where nothing else was asked for.

    Raises
    ------
    RuntimeError
        Always.
    """
    raise RuntimeError(f"{trial!r}: {reason}")


def map_trials(
    run: Callable[[T, Any], R],
    trials: Iterable[T],
    shared: Any,
    *,
    jobs: int = 1,
    place: Place = HERE,
    lost: Callable[[T, str], R] = raise_lost,
) -> Iterator[R]:
    """Run every trial on what they share, and give each result as soon as it is there.

    Every backend gives workers of one trial each to the same :class:`Crew`: joblib's own
    ``Parallel`` asks for its tasks in advance, does not tell whose process died, and cannot end one
    that takes too long. Of joblib the process pools of loky are used.

    Parameters
    ----------
    run
        Pure function of one trial and ``shared``.
    trials
        What to run. The next one is asked for only when a worker is free, so the caller may decide
        late; with several jobs they may finish in another order.
    shared
        Sent to each worker once (Ray: put in the object store once), not once per trial.
    jobs
        Workers. With 1, no cluster and no limit everything runs here. On a cluster 0 takes one for
        each of its processors. More than there are processors are not started.
    place
        Where, and what one trial may take.
    lost
        Makes the result of a trial that exceeded a limit, or whose worker died twice.

    Raises
    ------
    InvalidInput
        A cluster that does not answer, or workers that cannot start.

    Examples
    --------
    >>> list(map_trials(pow, [2, 3], 2))
    [4, 9]
    """
    if jobs == 1 and not place.is_cluster and not place.has_limits:
        for trial in trials:
            yield run(trial, shared)
        return
    with connected(place, jobs) as size, _hiring(place, run, shared, size) as hire:
        crew = Crew(hire, size, place.trial_timeout)
        try:
            yield from crew.run(iter(trials), lost)
        finally:
            crew.stop()


@contextmanager
def connected(place: Place, jobs: int) -> Iterator[int]:
    """Connect to the cluster of a place, or start one here; gives the number of workers.

    On this machine there are no more workers than processors. What was there before stays: a cluster
    is shut down afterwards only where it was started for this.

    Raises
    ------
    InvalidInput
        It cannot be reached, or refuses.
    MissingDependency
        Ray or Dask is not installed.
    """
    if place.backend == "ray":
        from evenkeel.race.ray_backend import connect_ray

        with connect_ray(place.address, jobs) as size:
            yield size
    elif place.backend == "dask":
        from evenkeel.race.dask_backend import connect_dask

        with connect_dask(place.address, jobs) as size:
            yield size
    else:
        yield within_cores(jobs)


@contextmanager
def _hiring(
    place: Place, run: Callable[[Any, Any], Any], shared: Any, size: int
) -> Iterator[Callable[[], Worker]]:
    """A function that makes a worker of the place."""
    if place.backend == "ray":
        from evenkeel.race.ray_backend import ray_workers

        yield ray_workers(run, shared, place.trial_memory)
    elif place.backend == "dask":
        from evenkeel.race.dask_backend import dask_workers

        yield dask_workers(run, shared, size)
    elif place.backend == "threading":
        from evenkeel.race.threading_backend import ThreadWorker

        with ExitStack() as held:
            # both are one setting for all threads, which trials change and put back in any order:
            # held from outside, what they put back is still this, and afterwards as it was
            held.enter_context(limited(1))
            held.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            yield lambda: ThreadWorker(run, shared)
    else:
        from evenkeel.race.loky_backend import LokyWorker

        each = max(1, threads() // size)
        yield lambda: LokyWorker(run, shared, memory=place.trial_memory, threads=each)
