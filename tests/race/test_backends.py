"""Spreading trials over threads and processes: every result once, whatever ends a worker."""

import operator
import os
import signal
import sys
import time
import warnings

import numpy as np
import pytest

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.place import Place
from evenkeel.race import backends, connected, loky_backend, map_trials
from evenkeel.race.crew import Crew

only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux limits what a process takes"
)


def test_one_process_gives_results_in_order_and_errors_come_through():
    assert list(map_trials(pow, [2, 3, 4], 2)) == [4, 9, 16]
    assert list(map_trials(pow, [], 2)) == []
    with pytest.raises(ZeroDivisionError):
        list(map_trials(operator.truediv, [1, 2], 0))


def test_threads_give_every_result_once_and_leave_the_warnings_as_they_were():
    before = list(warnings.filters)
    place = Place("threading")
    assert sorted(map_trials(pow, range(20), 2, jobs=2, place=place)) == [n * n for n in range(20)]
    assert warnings.filters == before
    with pytest.raises(ZeroDivisionError):
        list(map_trials(operator.truediv, [1], 0, jobs=2, place=place))


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@only_linux
def test_processes_give_every_result_once_and_stay_the_same_until_the_caller_stops():
    def run(trial, shared):  # by value: the workers do not import tests
        time.sleep(0.3)  # so that both have some
        sys.modules[__name__ + ".kept"] = np.ones(40_000_000 if trial == 5 else 1)  # 320 MB stay
        time.sleep(1 if trial in {5, 6} else 0)  # how long loky waits before it looks
        return trial * shared, os.getpid()

    results = map_trials(run, iter(range(1000)), 10, jobs=2)
    found = dict(next(results) for _ in range(9))
    assert found.keys() <= {trial * 10 for trial in range(11)}
    assert len(set(found.values())) == 2, "two workers, and none was replaced"
    results.close()
    assert not any(map(is_running, found.values()))


@only_linux
def test_whatever_ends_a_worker_is_one_line_and_the_others_go_on():
    def run(trial, shared):
        if trial == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if trial == "slow":
            time.sleep(60)
        if trial == "large":
            np.ones(1 << 28)
        if trial == "exits":
            raise SystemExit(0)
        if trial == "interrupts":
            raise KeyboardInterrupt
        return 1 / shared if trial == "raises" else trial

    place = Place(trial_memory=500 << 20, trial_timeout=2)
    asked = ["a", "killed", "b", "large", "slow", "c", "exits", "interrupts", "raises"]
    results = map_trials(run, asked, 0, jobs=1, place=place, lost=lambda trial, why: (trial, why))
    assert [next(results) for _ in range(8)] == [
        "a", ("killed", "the process died (out of memory?): SIGKILL(-9)"), "b",
        ("large", "ran out of memory"), ("slow", "took longer than 2 s"), "c",
        ("exits", "it asked Python to exit"), ("interrupts", "it raised KeyboardInterrupt"),
    ]  # fmt: skip
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_there_are_no_more_workers_than_processors(backend, monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    place = Place(backend)
    with connected(place, 2) as jobs:
        assert jobs == 2
    with (
        pytest.warns(EvenkeelWarning, match=r"Got 99 for 2 processors: 2 will be started"),
        connected(place, 99) as jobs,
    ):
        assert jobs == 2
    crews = []
    monkeypatch.setattr(backends, "Crew", lambda *given: crews.append(given) or Crew(*given))
    with pytest.warns(EvenkeelWarning, match="Got 99"):
        list(map_trials(pow, range(3), 2, jobs=99, place=place))
    assert [size for _, size, _ in crews] == [2]


def test_processes_that_cannot_start_end_the_race_in_a_sentence(monkeypatch):
    def broken(*args):
        raise SystemExit(3)

    monkeypatch.setattr(loky_backend, "_start", broken)
    with pytest.raises(InvalidInput, match=r"cannot start: the process died.*With jobs=1"):
        list(map_trials(pow, range(1000), 2, jobs=2))
