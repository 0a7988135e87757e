"""A Dask cluster."""

from __future__ import annotations

import importlib
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from evenkeel._optional import need
from evenkeel.errors import InvalidInput
from evenkeel.race.address import reach
from evenkeel.race.memory import share_process
from evenkeel.race.worker import DIED, NEVER, Died, run_within, within_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from evenkeel.race.worker import Worker

PATIENCE = 12  # seconds for a scheduler to answer


@contextmanager
def connect_dask(address: str | None, jobs: int) -> Iterator[int]:
    """Connect to a scheduler, or start processes on this machine.

    Parameters
    ----------
    address
        ``tcp://host:port`` or ``tls://host:port`` (certificates from Dask's own configuration);
        None takes the ``scheduler-address`` of Dask's configuration, and without it starts a
        cluster here.
    jobs
        Workers asked for; 0 for one for each thread of the cluster.

    Raises
    ------
    InvalidInput
        Nothing answers at the address in time, or it refuses.
    MissingDependency
        distributed is not installed.
    """
    distributed: Any = need("distributed", extra=None)
    address = address or importlib.import_module("dask").config.get("scheduler-address", None)
    try:
        there = distributed.default_client()
    except ValueError:
        there = None
    with ExitStack() as ours:
        if there is None and address is None:
            here = distributed.LocalCluster(
                n_workers=within_cores(jobs) or None,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
            )
            there = ours.enter_context(distributed.Client(ours.enter_context(here)))
        elif there is None:
            reach(address.rpartition("://")[2], "Dask", address)
            there = ours.enter_context(_client(distributed, address))
        threads = sum(there.nthreads().values())
        if not threads:
            raise InvalidInput(
                "address of the race must be a Dask cluster with workers. Got none. Start one with: "
                "dask worker ADDRESS"
            )
        yield min(jobs, threads) if jobs else threads


def dask_workers(run: Callable[[Any, Any], Any], shared: Any, size: int) -> Callable[[], Worker]:
    """Send what the trials share to every worker, once; gives a function that makes workers."""
    client = importlib.import_module("distributed").default_client()
    there: list[Any] = []

    def hire() -> DaskWorker:
        # after the first ones each stands for one that died, and data may have died with it
        if len(there) == 0 or len(there) >= size:
            there.append(client.scatter(shared, broadcast=True, hash=False))
        else:
            there.append(there[0])
        return DaskWorker(client, run, there[-1])

    return hire


class DaskWorker:
    """One thread somewhere in the cluster; the scheduler chooses which.

    Parameters
    ----------
    client
        Connection to the scheduler.
    run
        Function of a trial and of what the trials share.
    shared
        Dask's future of what the trials share.
    """

    def __init__(self, client: Any, run: Callable[[Any, Any], Any], shared: Any) -> None:
        self._client = client
        self._pool = client.get_executor(pure=False)
        self._run, self._shared = run, shared
        self._up: Future[Any] = self._pool.submit(int)

    def ready(self) -> Future[Any]:
        """Done when a thread of the cluster answers."""
        return self._up

    def waits(self) -> str:
        """Whether no thread of the cluster has come to it; empty once one has."""
        if self._up.done():
            return ""
        threads = sum(self._client.nthreads().values())
        return f"no thread of the cluster is free (all {threads:,} are in use)"

    def submit(self, trial: Any) -> Future[Any]:
        """Begin a trial."""
        future: Future[Any] = self._pool.submit(_run, self._run, trial, self._shared)
        return future

    def death(self, error: BaseException) -> Died | None:
        """Whether the trial killed its workers: Dask tries it on three more by itself."""
        killed = importlib.import_module("distributed").KilledWorker
        if isinstance(error, killed):
            return Died(f"{DIED} (out of memory?)", NEVER)
        return Died("the cluster gave it up") if isinstance(error, CancelledError) else None

    def stop(self) -> None:
        """Forget the trial at work: Dask cannot end it."""
        self._pool.shutdown(wait=False)


def _run(run: Callable[[Any, Any], Any], trial: Any, shared: Any) -> Any:
    share_process()
    return run_within(run, trial, shared, None)


def _client(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise InvalidInput(
            f"address of the race must be a Dask scheduler that answers. Got {address!r}: {why}. "
            "Start one with: dask scheduler"
        ) from error
