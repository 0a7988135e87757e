"""The crew of a race: hands out trials one by one, replaces workers that die, keeps the time."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import TYPE_CHECKING, Any

from evenkeel.errors import InvalidInput
from evenkeel.race.worker import ALONE, FREELY, NEVER, Died

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenkeel.race.worker import Worker

STARTS = 3  # workers in a row that may fail to start before the race is given up


class _Slot:
    """One worker, and what it does now."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.since: float | None = None
        self.trial: Any = None
        self.future: Future[Any] = Future()
        self.up = worker.ready()

    def begin(self, trial: Any) -> None:
        """Hand over a trial, and start its clock, once the worker is up: loading is not its fault.

        A trial handed over before could end the worker while nobody knows that it had come up.
        """
        self.trial, self.since, self.future = trial, None, Future()
        self.up.add_done_callback(self._hand_over)  # at once where it is up already

    def _hand_over(self, up: Future[Any]) -> None:
        future, error = self.future, _error(up)
        if error is not None:
            future.set_exception(error)
            return
        self.since = time.monotonic()
        try:
            given = self.worker.submit(self.trial)
        except Exception as refused:  # noqa: BLE001  (a worker may die in any way: the crew decides)
            future.set_exception(refused)
            return
        given.add_done_callback(lambda done: _pass_on(done, future))


class Crew:
    """Workers that share the trials of a race.

    Each worker has one trial, so a worker that dies tells which trial it was, and nothing waits in
    a queue that dies with it. A trial whose worker died runs once more, with nothing beside it
    (together two fits may need more memory than there is): if that worker dies as well, the trial
    is lost and the race goes on.

    Parameters
    ----------
    hire
        Makes a worker.
    size
        Workers at the same time.
    timeout
        Seconds that a trial may take, or None.
    """

    def __init__(self, hire: Callable[[], Worker], size: int, timeout: float | None = None) -> None:
        self._hire, self._size, self._timeout = hire, size, timeout
        self._idle: list[_Slot] = []
        self._busy: list[_Slot] = []
        self._suspects: deque[Any] = deque()
        self._again: deque[Any] = deque()
        self._alone: list[Any] = []
        self._failed_starts = 0

    def run(self, trials: Iterator[Any], lost: Callable[[Any, str], Any]) -> Iterator[Any]:
        """Give the result of every trial as soon as it is there; ``lost`` makes that of a lost one."""
        while True:
            self._fill(trials)
            if not self._busy:
                return
            for slot in self._finished():
                trial, error = slot.trial, _error(slot.future)
                if error is None:
                    self._failed_starts = 0
                    self._idle.append(slot)
                    yield slot.future.result()
                    continue
                died = self._death(slot, error)
                if died is None:
                    raise error
                if died.again == FREELY:
                    self._again.append(trial)
                elif died.again == ALONE and self._alone != [trial]:
                    self._suspects.append(trial)
                else:
                    yield lost(trial, died.reason)

    def stop(self) -> None:
        """End all workers now."""
        for slot in (*self._busy, *self._idle):
            slot.worker.stop()

    def _fill(self, trials: Iterator[Any]) -> None:
        """Give each free worker a trial; a suspect waits until all are free, and keeps them so."""
        if self._suspects:
            if not self._busy:
                self._alone = [self._suspects.popleft()]
                self._begin(self._alone[0])
            return
        if self._alone and self._busy:
            return  # run again after its machine went: still alone
        self._alone = []
        while len(self._busy) < self._size:
            if self._again:
                self._begin(self._again.popleft())
                continue
            for trial in trials:
                self._begin(trial)
                break
            else:
                return

    def _begin(self, trial: Any) -> None:
        slot = self._idle.pop() if self._idle else _Slot(self._hire())
        self._busy.append(slot)
        slot.begin(trial)

    def _finished(self) -> list[_Slot]:
        """Wait until trials are over, or have taken too long."""
        futures = [slot.future for slot in self._busy]
        wait(futures, timeout=self._patience(), return_when=FIRST_COMPLETED)
        over = [slot for slot in self._busy if slot.future.done() or self._late(slot)]
        self._busy = [slot for slot in self._busy if slot not in over]
        for slot in over:
            if not slot.future.done():
                slot.worker.stop()
                slot.future = Future()
                slot.future.set_exception(TimeoutError())
        return over

    def _patience(self) -> float | None:
        if self._timeout is None:
            return None
        now = time.monotonic()
        begun = [slot.since or now for slot in self._busy]
        return max(0.0, min(begun) + self._timeout - now)

    def _late(self, slot: _Slot) -> bool:
        return (
            self._timeout is not None
            and slot.since is not None
            and time.monotonic() - slot.since >= self._timeout
        )

    def _death(self, slot: _Slot, error: BaseException) -> Died | None:
        """Why a trial gave nothing, and a worker the less; None when the trial's own code raised."""
        if isinstance(error, TimeoutError) and self._late(slot):
            return Died(f"took longer than {self._timeout:g} s", NEVER)
        if isinstance(error, MemoryError):
            self._idle.append(slot)
            return Died("ran out of memory", NEVER)
        died = slot.worker.death(error)
        if died is None:
            self._idle.append(slot)
            return None
        slot.worker.stop()
        if slot.up.done() and _error(slot.up) is None:
            return died
        self._failed_starts += 1
        if self._failed_starts >= STARTS:
            raise InvalidInput(
                f"The workers of the race cannot start: {died.reason}. With jobs=1 and no cluster "
                "none are needed, and the reason shows."
            ) from error
        return Died(died.reason, FREELY)


def _pass_on(done: Future[Any], future: Future[Any]) -> None:
    error = _error(done)
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(error)


def _error(future: Future[Any]) -> BaseException | None:
    return CancelledError() if future.cancelled() else future.exception()
