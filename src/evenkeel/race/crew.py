"""The crew of a race: hands out trials one by one, replaces workers that die, keeps the time."""

from __future__ import annotations

import time
import warnings
from collections import deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from functools import partial
from typing import TYPE_CHECKING, Any

from evenkeel.errors import CannotGoOn, EvenkeelWarning
from evenkeel.race.exits import left
from evenkeel.race.worker import ALONE, FREELY, NEVER, TOO_LARGE, TOO_LONG, Died

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenkeel.race.worker import Worker

STARTS = 3  # workers in a row that may fail to start before the race is given up
TOLD, PATIENCE = 10.0, 60.0  # seconds without any worker up until that is said, and until it ends


class _Slot:
    """One worker, and what it does now."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.hired = time.monotonic()
        self.since: float | None = None
        self.trial: Any = None
        self.future: Future[Any] = Future()
        self.up = worker.ready()

    @property
    def is_up(self) -> bool:
        """Whether the worker has come up, and may have gone since."""
        return self.up.done() and _error(self.up) is None

    def begin(self, trial: Any) -> None:
        """Hand over a trial, and start its clock, once the worker is up: loading is not its fault.

        A trial handed over before could end the worker while nobody knows that it had come up.
        """
        self.trial, self.since, self.future = trial, None, Future()
        # at once where it is up already
        self.up.add_done_callback(partial(self._hand_over, self.future))

    def take_back(self) -> bool:
        """Whether the trial is in hand still, and no longer this worker's."""
        return self.future.cancel()

    def _hand_over(self, future: Future[Any], up: Future[Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return  # taken back
        error = _error(up)
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

    A cluster may have fewer processors free than it has: the workers that come up do the trials of
    those that wait for one. Where none comes up the race is given up, and not left hanging.

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
        self._told = False

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
                    result = slot.future.result()
                    yield lost(trial, result.reason) if isinstance(result, Died) else result
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
        self._share_out()
        if self._suspects:
            if not self._busy:
                self._alone = [self._suspects.popleft()]
                self._begin(self._alone[0])
            return
        if self._alone and self._busy:
            return  # run again after its machine went: still alone
        self._alone = []
        while self._wants_more():
            if self._again:
                self._begin(self._again.popleft())
                continue
            for trial in trials:
                self._begin(trial)
                break
            else:
                return

    def _share_out(self) -> None:
        """Give what workers hold that have not come up to those that have, and are free."""
        free = [slot for slot in self._idle if slot.is_up]
        for slot in [slot for slot in self._busy if not slot.up.done()][: len(free)]:
            if slot.take_back():
                self._busy.remove(slot)
                self._begin(slot.trial)
                self._idle.append(slot)

    def _wants_more(self) -> bool:
        """Whether to ask for a trial: not for workers that wait while others are at work."""
        if len(self._busy) >= self._size:
            return False
        waiting = self._idle and not any(slot.is_up for slot in self._idle)
        return not (waiting and any(slot.is_up for slot in self._busy))

    def _begin(self, trial: Any) -> None:
        if self._idle:
            slot = max(self._idle, key=lambda slot: slot.is_up)
            self._idle.remove(slot)
        else:
            slot = _Slot(self._hire())
        self._busy.append(slot)
        slot.begin(trial)

    def _finished(self) -> list[_Slot]:
        """Wait until trials are over, or have taken too long, or a worker came up."""
        futures = [slot.future for slot in self._busy]
        futures += [slot.up for slot in self._idle if not slot.up.done()]
        wait(futures, timeout=self._patience(), return_when=FIRST_COMPLETED)
        self._check_waiting()
        over = [slot for slot in self._busy if slot.future.done() or self._late(slot)]
        self._busy = [slot for slot in self._busy if slot not in over]
        for slot in over:
            if not slot.future.done():
                slot.worker.stop()
                slot.future = Future()
                slot.future.set_exception(TimeoutError())
        return over

    def _patience(self) -> float | None:
        now = time.monotonic()
        ends = []
        if self._timeout is not None:
            ends = [(slot.since or now) + self._timeout for slot in self._busy]
        if (waiting := self._waiting()) is not None:
            ends.append(waiting[0] + (PATIENCE if self._told else min(TOLD, PATIENCE)))
        return max(0.0, min(ends) - now) if ends else None

    def _waiting(self) -> tuple[float, str] | None:
        """Since when no worker is up, and for want of what; None where one is, or on its way."""
        crew = [*self._busy, *self._idle]
        if any(slot.is_up for slot in crew):
            return None
        lacking, hired = "", 0.0
        for slot in crew:
            if slot.up.done():
                continue  # it failed, and is dealt with when it is given a trial
            if not (lacking := slot.worker.waits()):
                return None
            hired = max(hired, slot.hired)
        return (hired, lacking) if lacking else None

    def _check_waiting(self) -> None:
        if (waiting := self._waiting()) is None:
            return
        gone, lacking = time.monotonic() - waiting[0], waiting[1]
        if gone >= PATIENCE:
            raise CannotGoOn(
                f"No worker of the race came up in {gone:.0f} s: {lacking}. Free one, or wait until "
                "one is free."
            )
        if gone >= TOLD and not self._told:
            self._told = True
            told = f"No worker of the race is up yet: {lacking}. It waits {PATIENCE:.0f} s for one."
            warnings.warn(told, EvenkeelWarning, stacklevel=2)

    def _late(self, slot: _Slot) -> bool:
        return (
            self._timeout is not None
            and slot.since is not None
            and time.monotonic() - slot.since >= self._timeout
        )

    def _death(self, slot: _Slot, error: BaseException) -> Died | None:
        """Why a trial gave nothing, and a worker the less; None when the trial's own code raised."""
        if isinstance(error, TimeoutError) and self._late(slot):
            return Died(f"{TOO_LONG} {self._timeout:g} s", NEVER)
        if isinstance(error, MemoryError):
            self._idle.append(slot)
            return Died(TOO_LARGE, NEVER)
        died = slot.worker.death(error)
        if died is None:
            self._idle.append(slot)
            # what is no error, such as KeyboardInterrupt, would pass for the user's own wish here
            return None if isinstance(error, Exception) else Died(left(error), NEVER)
        slot.worker.stop()
        if slot.up.done() and _error(slot.up) is None:
            return died
        self._failed_starts += 1
        if self._failed_starts >= STARTS:
            raise CannotGoOn(
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
