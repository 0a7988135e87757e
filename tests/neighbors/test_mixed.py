"""`mixed` against the neighbours themselves, on every kind of trouble."""

import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.neighbors import mixed, neighbors

rng = np.random.default_rng(0)


def asked(X, codes, rows, k):
    index, _ = neighbors(X, rows, k=k)
    return (codes[index] != codes[rows][:, None]).any(axis=1)


def table(n=6000, d=6, rare=150, shift=1.0, classes=2):
    X = rng.normal(size=(n, d))
    codes = rng.choice(classes, n, p=[1 - rare / n, *[rare / n / (classes - 1)] * (classes - 1)])
    X[codes > 0] += shift
    return X, codes


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_equals_the_neighbours(k, classes):
    X, codes = table(classes=classes)
    rows = rng.permutation(len(codes))
    np.testing.assert_array_equal(mixed(X, codes, rows, k=k), asked(X, codes, rows, k))


@pytest.mark.parametrize(
    "change",
    [
        lambda X: np.round(X),  # a grid: ties everywhere
        lambda X: np.repeat(X[::3], 3, axis=0)[: len(X)],  # every row three times
        lambda X: X.astype(np.float32),
        lambda X: X + 1e7,  # cancellation
        lambda X: X * 1e200,
        lambda X: X * 1e-200,
        lambda X: np.where(np.arange(len(X))[:, None] == 5, 1e9, X),  # one row far away
        lambda X: np.zeros_like(X),
        lambda X: X[:, :1],
        lambda X: (X > 0.5).astype(np.int8),
        lambda X: sp.csr_matrix(X * (X > 0.5)),
    ],
)
def test_rounding_and_ties_change_nothing(change):
    X, codes = table(2500)
    X = change(X)
    rows = np.arange(len(codes))
    np.testing.assert_array_equal(mixed(X, codes, k=3), asked(X, codes, rows, 3))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_equals_the_neighbours_on_any_table(data):
    n = data.draw(st.integers(2000, 3000))
    d, classes = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 5))
    local = np.random.default_rng(data.draw(st.integers(0, 99)))
    X = local.integers(0, data.draw(st.integers(1, 50)), size=(n, d)).astype(float)
    codes = local.integers(0, classes, n) * local.integers(0, 2, n)
    rows = local.choice(n, data.draw(st.integers(1, n)), replace=False)
    k = data.draw(st.integers(1, 8))
    np.testing.assert_array_equal(mixed(X, codes, rows, k=k), asked(X, codes, rows, k))


def test_small_tables_and_single_classes():
    X = np.arange(5.0)[:, None]
    assert mixed(X, np.array([0, 0, 1, 1, 1]), k=2).tolist() == [True, True, True, False, False]
    assert not mixed(rng.normal(size=(2100, 2)), np.zeros(2100, int), k=2).any()
    assert mixed(X, np.array([0, 0, 1, 1, 1]), np.array([], int), k=1).size == 0
    with pytest.raises(InvalidInput, match="k of mixed must be a whole number of at least 1"):
        mixed(X, np.zeros(5, int), k=0)


def overlapping(d, kind):
    codes = rng.integers(0, 2, 4000)
    X = rng.normal(size=(4000, d))
    return ({"numbers": X, "whole": np.round(3 * X), "bits": (X > 1.5) * 1.0}[kind], codes)


@pytest.mark.parametrize("kind", ["numbers", "whole", "bits"])
@pytest.mark.parametrize("d", [2, 10, 15])
def test_equals_the_neighbours_whichever_way_is_taken(d, kind, monkeypatch):
    X, codes = overlapping(d, kind)
    expected = asked(X, codes, np.arange(4000), 3)
    np.testing.assert_array_equal(mixed(X, codes, k=3), expected)
    module = sys.modules["evenkeel.neighbors.mixed"]
    for direct in (True, False):
        monkeypatch.setattr(module, "_tree_is_faster", lambda *_, direct=direct: direct)
        monkeypatch.setattr(module, "_overlap", lambda *_, direct=direct: direct)
        monkeypatch.setattr(module, "repeats", lambda _: False)
        np.testing.assert_array_equal(mixed(X, codes, k=3), expected)
