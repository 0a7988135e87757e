"""Any number of threads gives the same rows, and a fault in one is not lost."""

import importlib
import threading

import numpy as np
import pytest

import evenkeel._threads as side
from evenkeel.neighbors import mixed
from evenkeel.resample import SMOTE, RandomOverSampler

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
