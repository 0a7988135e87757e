"""The crew, with workers that are threads and die when told: every trial ends once, and in time."""

import threading
import time
from concurrent.futures import Future

import pytest

from evenkeel.errors import CannotGoOn, EvenkeelWarning
from evenkeel.race.crew import STARTS, Crew
from evenkeel.race.threading_backend import ThreadWorker
from evenkeel.race.worker import ALONE, FREELY, NEVER, Died


class Gone(Exception):
    """Stands for the death of a worker."""


class Mortal(ThreadWorker):
    def __init__(self, run, hired, *, starts=True):
        super().__init__(run, None)
        self.starts, self.stopped = starts, False
        hired.append(self)

    def ready(self):
        if self.starts:
            return super().ready()
        future = Future()
        future.set_exception(Gone(Died("half a file")))
        return future

    def submit(self, trial):
        return super().submit(trial) if self.starts else self.ready()

    def death(self, error):
        return error.args[0] if isinstance(error, Gone) else None

    def stop(self):
        self.stopped = True
        super().stop()


def crew_of(run, size, timeout=None):
    hired = []
    return Crew(lambda: Mortal(lambda trial, _: run(trial), hired), size, timeout), hired


def told(trial, why):
    return (trial, why)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_every_trial_gives_one_result_and_no_more_workers_than_asked_are_hired(size):
    crew, hired = crew_of(lambda trial: trial * trial, size)
    assert sorted(crew.run(iter(range(20)), told)) == [n * n for n in range(20)]
    crew.stop()
    assert len(hired) == size
    assert all(worker.stopped for worker in hired)


def test_a_trial_that_dies_runs_again_with_nothing_beside_it():
    lock, now, seen, deaths = threading.Lock(), set(), {}, []

    def run(trial):
        with lock:
            now.add(trial)
        time.sleep(0.005)
        with lock:
            seen[trial] = set(now)
            now.discard(trial)
        if trial in {2, 3} and trial not in deaths:
            deaths.append(trial)
            raise Gone(Died("out of memory", ALONE))
        return trial

    crew, hired = crew_of(run, 3)
    assert sorted(crew.run(iter(range(8)), told)) == list(range(8))
    crew.stop()
    assert sorted(deaths) == [2, 3]
    assert seen[2] == {2}
    assert seen[3] == {3}
    assert len(hired) > 3, "what died is replaced"
    assert all(worker.stopped for worker in hired)


def test_a_trial_that_dies_twice_is_lost_and_one_that_may_not_is_lost_at_once():
    runs = []

    def run(trial):
        runs.append(trial)
        if trial in {"deadly", "late"}:
            raise Gone(Died(f"{trial} died", ALONE if trial == "deadly" else NEVER))
        return trial

    crew, _ = crew_of(run, 2)
    found = list(crew.run(iter(["a", "deadly", "late", "b"]), told))
    crew.stop()
    assert sorted(found, key=str) == [
        ("deadly", "deadly died"), ("late", "late died"), "a", "b",
    ]  # fmt: skip
    assert runs.count("deadly") == 2
    assert runs.count("late") == 1


def test_a_trial_whose_machine_went_is_not_to_blame_however_often():
    left = [5]

    def run(trial):
        if trial == 1 and left[0]:
            left[0] -= 1
            raise Gone(Died("its machine left", FREELY))
        return trial

    crew, _ = crew_of(run, 2)
    assert sorted(crew.run(iter(range(4)), told)) == [0, 1, 2, 3]
    crew.stop()
    assert left == [0]


def test_a_trial_that_takes_too_long_is_lost_and_the_others_are_not():
    crew, _ = crew_of(lambda trial: time.sleep(0.4 if trial == 1 else 0) or trial, 2, timeout=0.2)
    found = sorted(crew.run(iter(range(4)), told), key=str)
    crew.stop()
    assert found == [(1, "took longer than 0.2 s"), 0, 2, 3]


def test_out_of_memory_is_the_trials_own_and_its_worker_goes_on():
    def run(trial):
        if trial == 1:
            raise MemoryError
        return trial

    crew, hired = crew_of(run, 1)
    assert list(crew.run(iter(range(3)), told)) == [0, (1, "ran out of memory"), 2]
    assert len(hired) == 1
    crew.stop()


@pytest.mark.parametrize(
    ("raised", "why"),
    [
        (SystemExit(0), "it asked Python to exit"),
        (KeyboardInterrupt(), "it raised KeyboardInterrupt"),
        (GeneratorExit(), "it raised GeneratorExit"),
    ],
)
def test_what_a_trial_raises_to_leave_python_is_its_own_and_its_worker_goes_on(raised, why):
    def run(trial):
        if trial == 1:
            raise raised
        return trial

    crew, hired = crew_of(run, 1)
    assert list(crew.run(iter(range(3)), told)) == [0, (1, why), 2]
    assert len(hired) == 1
    crew.stop()


def test_an_interrupt_that_only_the_future_tells_of_is_the_trials_own_too():
    class Raw(Mortal):
        def submit(self, trial):
            return self._pool.submit(self._run, trial, None)  # not within :func:`run_within`

    def run(trial, _):
        if trial == 1:
            raise KeyboardInterrupt
        return trial

    crew = Crew(lambda: Raw(run, []), 1)
    assert list(crew.run(iter(range(3)), told)) == [0, (1, "it raised KeyboardInterrupt"), 2]
    crew.stop()


def test_an_interrupt_of_the_user_ends_the_race(monkeypatch):
    crew, hired = crew_of(lambda trial: time.sleep(0.05), 2)

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("evenkeel.race.crew.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(crew.run(iter(range(9)), told))
    crew.stop()
    assert all(worker.stopped for worker in hired)


class Queued(Mortal):
    """Waits for a place, of which there are only so many."""

    def __init__(self, run, hired, places):
        super().__init__(run, hired)
        self._up = places.pop() if places else Future()

    def ready(self):
        if self._up is None:
            self._up = super().ready()
        return self._up

    def waits(self):
        return "" if self._up.done() else "no place is free (2 of 2 in use)"


def queue_of(run, size, places):
    hired = []
    return Crew(lambda: Queued(lambda trial, _: run(trial), hired, places), size), hired


def test_where_no_worker_comes_up_it_is_said_and_the_race_is_given_up(monkeypatch):
    monkeypatch.setattr("evenkeel.race.crew.TOLD", 0.05)
    monkeypatch.setattr("evenkeel.race.crew.PATIENCE", 0.2)
    crew, _ = queue_of(lambda trial: trial, 3, [])
    begun = time.monotonic()
    with (
        pytest.warns(
            EvenkeelWarning, match=r"is up yet: no place is free \(2 of 2 in use\)\. It w"
        ),
        pytest.raises(
            CannotGoOn, match=r"came up in 0 s: no place is free \(2 of 2 in use\)\. Free"
        ),
    ):
        list(crew.run(iter(range(5)), told))
    assert 0.2 <= time.monotonic() - begun < 2
    crew.stop()


@pytest.mark.parametrize("deadly", [False, True])
def test_the_workers_that_come_up_do_the_trials_of_those_that_wait(monkeypatch, deadly):
    monkeypatch.setattr("evenkeel.race.crew.PATIENCE", 0.1)
    died, asked = [], []

    def run(trial):
        time.sleep(0.03)
        if deadly and trial == 4 and not died:
            died.append(trial)
            raise Gone(Died("out of memory", ALONE))
        return trial

    def wanted():
        for trial in range(12):
            asked.append(trial)
            yield trial

    crew, hired = queue_of(run, 3, [None, None])
    results = crew.run(wanted(), told)
    first = [next(results) for _ in range(3)]
    assert len(asked) <= 6, "asked for late all the same"
    assert sorted([*first, *results]) == list(range(12))
    assert len(hired) >= 3
    crew.stop()


def test_a_worker_that_comes_up_late_joins_the_others():
    late = Future()
    threads = set()

    def run(trial):
        threads.add(threading.get_ident())
        if trial == 2:
            late.set_result(0)
        time.sleep(0.03)
        return trial

    crew, hired = queue_of(run, 2, [late, None])
    assert sorted(crew.run(iter(range(12)), told)) == list(range(12))
    assert (len(threads), len(hired)) == (2, 2)
    crew.stop()


@pytest.mark.parametrize("size", [1, 2, 8])
def test_workers_that_cannot_start_end_the_race_in_a_sentence(size):
    hired = []
    crew = Crew(lambda: Mortal(None, hired, starts=False), size)
    with pytest.raises(CannotGoOn, match=r"workers of the race cannot start: half a file\."):
        list(crew.run(iter(range(1000)), told))
    crew.stop()
    assert len(hired) <= STARTS + 2 * size, "not one for each of a thousand trials"


def test_a_worker_that_cannot_start_now_and_then_costs_no_trial():
    hired = []

    def hire():
        return Mortal(lambda trial, _: trial, hired, starts=len(hired) >= STARTS - 1)

    crew = Crew(hire, 1)
    assert list(crew.run(iter(range(3)), told)) == [0, 1, 2]
    crew.stop()
    assert len(hired) == STARTS


def test_the_next_trial_is_asked_for_only_when_a_worker_is_free():
    asked = []

    def wanted():
        for trial in range(10):
            asked.append(trial)
            yield trial

    crew, _ = crew_of(lambda trial: trial, 2)
    results = crew.run(wanted(), told)
    next(results)
    assert len(asked) == 2
    results.close()
    crew.stop()
    assert len(asked) == 2
