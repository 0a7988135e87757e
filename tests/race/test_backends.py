"""Spreading trials: every result once, errors through, nothing started too early."""

import operator
import os
import signal
import sys
import time
import warnings

import numpy as np
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.place import Place
from evenkeel.race import map_trials


def test_one_process_gives_results_in_order():
    assert list(map_trials(pow, [2, 3, 4], 2)) == [4, 9, 16]
    assert list(map_trials(pow, [], 2)) == []


def test_two_processes_give_every_result_once():
    assert sorted(map_trials(pow, range(20), 2, jobs=2)) == [n * n for n in range(20)]
    assert list(map_trials(pow, iter(()), 2, jobs=2)) == []


def test_with_two_processes_the_next_trial_is_asked_for_late():
    asked = []

    def wanted():
        for number in range(10):
            asked.append(number)
            yield number

    results = map_trials(pow, wanted(), 2, jobs=2)
    next(results)
    assert len(asked) <= 4, "two at work, one waiting, one in place of the finished one"
    results.close()
    assert len(asked) <= 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_of_the_function_come_through(jobs):
    with pytest.raises(ZeroDivisionError):
        list(map_trials(operator.truediv, [1, 2], 0, jobs=jobs))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_caller_that_stops_early_leaves_no_worker_behind(jobs):
    results = map_trials(pow, iter(range(1000)), 2, jobs=jobs)
    next(results)
    results.close()
    assert sorted(map_trials(pow, [1, 2], 3, jobs=jobs)) == [1, 8], "and the next race is clean"


def test_threads_give_every_result_once_and_leave_the_warnings_as_they_were():
    before = list(warnings.filters)
    place = Place("threading")
    assert sorted(map_trials(pow, range(20), 2, jobs=2, place=place)) == [n * n for n in range(20)]
    assert warnings.filters == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process takes")
def test_whatever_ends_a_worker_is_one_line_and_the_others_go_on():
    def run(trial, shared):  # by value: the workers do not import tests
        if trial == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if trial == "slow":
            time.sleep(60)
        if trial == "large":
            np.ones(1 << 28)
        return trial

    place = Place(trial_memory=500 << 20, trial_timeout=2)
    asked = ["a", "killed", "b", "large", "slow", "c"]
    found = map_trials(run, asked, None, jobs=1, place=place, lost=lambda trial, why: (trial, why))
    assert list(found) == [
        "a", ("killed", "the process died (out of memory?): SIGKILL(-9)"), "b",
        ("large", "ran out of memory"), ("slow", "took longer than 2 s"), "c",
    ]  # fmt: skip


def test_a_trial_that_dies_once_runs_again_alone(tmp_path):
    def run(trial, shared):
        first = tmp_path / "first"
        if trial == 2 and not first.exists():
            first.touch()
            os._exit(1)
        return trial

    assert sorted(map_trials(run, range(5), None, jobs=2)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"backend": "rya"}, "Did you mean 'ray'"),
        ({"address": "10.0.0.5:6379"}, "must go with backend 'ray' or 'dask'"),
        ({"backend": "threading", "trial_timeout": 5}, "process of its own"),
        ({"backend": "dask", "trial_memory": 1 << 30}, "process of its own"),
        ({"trial_timeout": 0}, "above 0"),
        ({"trial_memory": 5}, "of at least"),
    ],
)
def test_a_place_that_cannot_be(options, says):
    with pytest.raises(InvalidInput, match=says):
        Place(**options)
