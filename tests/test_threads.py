"""Any number of threads gives the same rows, and a fault in one is not lost."""

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import evenkeel._threads as side
from evenkeel.neighbors import mixed
from evenkeel.resample import (
    SMOTE,
    EditedNearestNeighbours,
    KMeansSMOTE,
    NearMiss,
    RandomOverSampler,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(5000, 8))
Y = (np.arange(5000) % 20 == 0).astype(int)


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(side, "threads", lambda: 3)
    monkeypatch.setattr(importlib.import_module("evenkeel.neighbors.mixed"), "threads", lambda: 3)
    monkeypatch.setattr("evenkeel._rows._AT_ONCE", 1000)
    monkeypatch.setattr("evenkeel.making.BLOCK", 1000)


def results():
    return [
        *SMOTE(random_state=0).fit_resample(X, Y),
        *RandomOverSampler(random_state=0).fit_resample(X, Y),
        mixed(X, Y, k=3),
        mixed(np.rint(X), Y, k=3),
    ]


def test_the_number_of_threads_changes_nothing(request):
    alone = results()
    request.getfixturevalue("three")
    for one, other in zip(alone, results(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_parts_are_shared_out_and_a_fault_is_raised(three):
    names = set()
    both = threading.Barrier(2, timeout=10)  # passes only when two parts are worked on at once

    def work(part):
        names.add(threading.current_thread().name)
        both.wait()

    side.side_by_side(work, range(4))
    assert len(names) > 1

    def fail(part):
        if part == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        side.side_by_side(fail, range(4))


def in_use():
    return sorted((pool["filepath"], pool["num_threads"]) for pool in threadpool_info())


@pytest.fixture
def two():
    """Two threads for the linear algebra, whatever the process was given."""
    with threadpool_limits(2):
        yield in_use()


def test_a_limit_holds_until_the_last_one_leaves(two):
    inside, free = threading.Barrier(2, timeout=10), threading.Event()

    def first():
        with side.limited(1):
            inside.wait()
        free.set()

    def second():
        with side.limited(1):
            inside.wait()
            assert free.wait(10)
            pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
            assert all(pool["num_threads"] == 1 for pool in pools), "the first one lifted it"

    with ThreadPoolExecutor(2) as pool:
        for call in [pool.submit(first), pool.submit(second)]:
            call.result()
    assert in_use() == two


def test_limits_nest_and_only_lower(two):
    with side.limited(1):
        with side.limited(8):
            assert side.threads() == 1
        with side.limited():
            assert side.threads() == 1
    assert side.threads() == 2
    with pytest.raises(ZeroDivisionError), side.limited(1):
        raise ZeroDivisionError
    assert in_use() == two


def test_calls_side_by_side_leave_the_threads_as_they_were(two):
    def call(i):
        kind = (EditedNearestNeighbours, NearMiss, KMeansSMOTE)[i % 3]
        more = {"cluster_balance_threshold": 0.0, "random_state": 0} if kind is KMeansSMOTE else {}
        return len(kind(**more).fit_resample(X[:2500], Y[:2500])[0])

    for _ in range(2):
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(call, range(12)))) == 3
    assert in_use() == two


def test_one_part_asks_nobody_for_threads(monkeypatch):
    monkeypatch.setattr(side, "threads", lambda: 1 / 0)
    done = []
    side.side_by_side(done.append, [7])
    assert done == [7]
