"""A Ray cluster: this machine, or many."""

from __future__ import annotations

import importlib
import math
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evenkeel._optional import need
from evenkeel.errors import InvalidInput
from evenkeel.race.address import reach
from evenkeel.race.worker import DIED, FREELY, Died, run_within, within_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from evenkeel.race.worker import Worker

PATIENCE = 12  # seconds for a cluster to answer; Ray itself tries for two minutes
QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
ENVIRONMENT = {  # what Ray reads when it is imported; what the user set stays
    "RAY_USAGE_STATS_ENABLED": "0",
    # it prints this on stdout, --json or not; what died is a line of the table
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^A worker died or was killed",
}
FEW_TRIES = {"RAY_NUM_REDIS_GET_RETRIES": "3"}  # one a second: a refused token is known after one
PROBE = f"import sys, ray; ray.init(address=sys.argv[1], **{QUIET!r})"


@contextmanager
def connect_ray(address: str | None, jobs: int) -> Iterator[int]:
    """Connect to a cluster, or start one on this machine, that only this machine can reach.

    Parameters
    ----------
    address
        ``host:port`` of the head seen from a machine of the cluster, ``ray://host:port`` from any
        other, ``auto``; None takes ``RAY_ADDRESS``, and without it starts a cluster here. Ray reads
        its token by itself, from ``RAY_AUTH_TOKEN``, ``RAY_AUTH_TOKEN_PATH`` or ``~/.ray/auth_token``.
    jobs
        Workers asked for; 0 for one for each processor.

    Raises
    ------
    InvalidInput
        Nothing answers at the address in time, or it refuses.
    MissingDependency
        Ray is not installed.
    """
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    host = "127.0.0.1" if address == "local" else address.removeprefix("ray://")
    for name, setting in ENVIRONMENT.items():
        os.environ.setdefault(name, setting)
    if host.startswith(("127.", "localhost:", "[::1]")) or address == "local":
        # the one way to tell Ray that 127.0.0.1 is meant, and not this machine's address outside
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    ray: Any = need("ray", extra="ray")
    if ray.is_initialized():
        yield _size(ray, jobs)
        return
    if address == "local":
        given = {"num_cpus": within_cores(jobs) or None, "include_dashboard": False}
    else:
        _probe(address)
        given = {}
    asked_to_end = signal.getsignal(signal.SIGTERM)
    ray.init(address=address, **given, **QUIET)
    if asked_to_end is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, asked_to_end)  # Ray's own would leave without a word
    try:
        yield _size(ray, jobs)
    finally:
        ray.shutdown()


def ray_workers(
    run: Callable[[Any, Any], Any], shared: Any, memory: int | None
) -> Callable[[], Worker]:
    """Put what the trials share into the object store, once; gives a function that makes workers."""
    ray: Any = importlib.import_module("ray")
    there = ray.put(shared)
    actor = ray.remote(num_cpus=1, max_restarts=0)(_Runner)
    return lambda: RayWorker(ray, actor.remote(run, memory), there)


class RayWorker:
    """An actor: a process somewhere in the cluster that keeps the table and prepared folds.

    A plain Ray task has nowhere to keep them, does not tell when it began, and so could not be
    held to a time. Calls of an actor are tasks all the same; the crew retries them, for it knows
    whether to do so alone, and puts a new actor in the place of one that died, on any machine.

    Parameters
    ----------
    ray
        The module.
    actor
        Handle of a :class:`_Runner`.
    shared
        Ray's reference to what the trials share.
    """

    def __init__(self, ray: Any, actor: Any, shared: Any) -> None:
        self._ray, self._actor = ray, actor
        # the one that needs no data tells a cluster that is full from a table that takes its time
        self._placed: Future[str] = actor.node.remote().future()
        self._up: Future[Any] = actor.load.remote(shared).future()

    def ready(self) -> Future[Any]:
        """Done when the actor runs and has what the trials share."""
        return self._up

    def waits(self) -> str:
        """Whether the cluster has no processor for the actor; empty once it runs."""
        if self._placed.done():
            return ""
        there = self._ray.cluster_resources().get("CPU", 0)
        free = self._ray.available_resources().get("CPU", 0)
        return (
            "no processor of the cluster is free "
            f"({math.ceil(there - free):,} of {there:,.0f} in use)"
            if free < 1
            else f"the cluster starts none, though {free:,.0f} of {there:,.0f} processors are free"
        )

    def submit(self, trial: Any) -> Future[Any]:
        """Begin a trial."""
        future: Future[Any] = self._actor.run.remote(trial).future()
        return future

    def death(self, error: BaseException) -> Died | None:
        """Whether the process died, or its machine left the cluster."""
        if not self._up.done() or self._up.exception() is not None:
            return Died(str(error).strip().splitlines()[-1].strip().rstrip("."))
        known = self._ray.exceptions
        if not isinstance(error, known.RayActorError | known.OutOfMemoryError):
            return None
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        if self._placed.result() not in alive:
            return Died("its machine left the cluster", FREELY)
        return Died(f"{DIED} (out of memory?)")

    def stop(self) -> None:
        """Kill the actor's process."""
        self._ray.kill(self._actor)


class _Runner:
    """What runs in the worker's process."""

    def __init__(self, run: Callable[[Any, Any], Any], memory: int | None) -> None:
        self._run, self._memory = run, memory
        self._shared: Any = None

    def node(self) -> str:
        """Id of the machine."""
        found: str = importlib.import_module("ray").get_runtime_context().get_node_id()
        return found

    def load(self, shared: Any) -> None:
        """Keep what the trials share."""
        self._shared = shared

    def run(self, trial: Any) -> Any:
        """The result of a trial."""
        return run_within(self._run, trial, self._shared, self._memory)


def _size(ray: Any, jobs: int) -> int:
    cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
    return min(jobs, cpus) if jobs else cpus


def _probe(address: str) -> None:
    """Raise unless a cluster answers at the address.

    Another process asks: where the answer is no, Ray tries for two minutes and then ends the
    process that asked.
    """
    if address != "auto":
        reach(address.removeprefix("ray://"), "Ray", address)
    hint = "Start one with: ray start --head. See docs/cluster.md."
    rule = f"address of the race must be a Ray cluster that answers. Got {address!r}"
    try:
        asked = subprocess.run(  # noqa: S603  (this interpreter, and the address as one argument)
            [sys.executable, "-c", PROBE, address],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
            env=os.environ | FEW_TRIES,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InvalidInput(
            f"{rule}, which took longer than {PATIENCE} s: no Ray, too busy, or a token it refuses "
            f"(RAY_AUTH_MODE=token, RAY_AUTH_TOKEN). {hint}"
        ) from error
    if asked.returncode == 0:
        return
    if "AuthenticationError" in asked.stderr:
        raise InvalidInput(
            f"{rule}, which refuses the token. Give the cluster's own in RAY_AUTH_TOKEN, with "
            "RAY_AUTH_MODE=token."
        )
    told = [line for line in asked.stderr.splitlines() if line.strip()] or ["no reason"]
    raise InvalidInput(f"{rule}: {told[-1].strip().rstrip('.')}. {hint}")
