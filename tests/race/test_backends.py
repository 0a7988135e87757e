"""Spreading trials: every result once, errors through, nothing started too early."""

import operator

import pytest

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
