import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import evenkeel.neighbors.search as engine
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.neighbors import neighbors, neighbors_by


def slow(X, k, rows=None, among=None, include_self=False):
    """Every pair, sorted by distance and then by row number."""
    X = np.asarray(X, np.float64)
    rows = range(len(X)) if rows is None else rows
    among = range(len(X)) if among is None else among
    index, distance = [], []
    for i in rows:
        pairs = sorted(
            (float(np.einsum("i,i->", X[i] - X[j], X[i] - X[j])), j)
            for j in among
            if include_self or j != i
        )[:k]
        index.append([j for _, j in pairs])
        distance.append([np.sqrt(square) for square, _ in pairs])
    return np.array(index), np.array(distance)


@pytest.fixture(params=["all rows", "kernels"])
def path(request, monkeypatch):
    """Both ways to candidates, whatever the size."""
    if request.param == "kernels":
        monkeypatch.setattr(engine, "KERNEL_ROWS", 0)


DATA = {
    "normal": lambda rng: rng.normal(size=(60, 4)),
    "wide": lambda rng: rng.normal(size=(40, 30)),
    "float32": lambda rng: rng.normal(size=(60, 5)).astype(np.float32),
    "one column": lambda rng: rng.normal(size=(50, 1)),
    "lattice": lambda rng: rng.integers(0, 3, (60, 3)),
    "binary, wide": lambda rng: rng.integers(0, 2, (60, 12)).astype(np.int8),
    "thirds": lambda rng: rng.integers(0, 3, (60, 3)) / 3,
    "repeated": lambda rng: np.repeat(rng.normal(size=(20, 3)), 3, axis=0)[rng.permutation(60)],
    "all equal": lambda rng: np.full((30, 2), 0.1),
    "far from zero": lambda rng: 1e8 + rng.integers(0, 4, (60, 3)),
    "one giant": lambda rng: np.vstack([rng.normal(size=(50, 3)), [[1e12, 0, 0]]]),
    "uint8": lambda rng: rng.integers(0, 255, (60, 3)).astype(np.uint8),
}


@pytest.mark.parametrize("make", DATA.values(), ids=DATA)
@pytest.mark.parametrize("include_self", [False, True])
def test_equals_the_slow_loop(path, make, include_self):
    X = make(np.random.default_rng(5))
    before = X.copy()
    X.flags.writeable = False
    for k in (1, 4):
        index, distance = neighbors(X, k=k, include_self=include_self)
        expected, expected_distance = slow(X, k, include_self=include_self)
        np.testing.assert_array_equal(index, expected)
        np.testing.assert_allclose(distance, expected_distance, rtol=1e-14, atol=0)
    np.testing.assert_array_equal(X, before)


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int16]),
        st.tuples(st.integers(3, 25), st.integers(1, 12)),
        elements=st.integers(-3, 3),
    ),
    st.integers(1, 2),
    st.booleans(),
)
def test_equals_the_slow_loop_on_any_small_table(X, k, kernels):
    before = engine.KERNEL_ROWS
    engine.KERNEL_ROWS = 0 if kernels else before
    try:
        index, distance = neighbors(X, k=k)
    finally:
        engine.KERNEL_ROWS = before
    expected, expected_distance = slow(X, k)
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_array_equal(distance, expected_distance)


@pytest.mark.parametrize("columns", [3, 20])
def test_some_rows_among_others(path, columns):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 4, (80, columns)).astype(float)
    rows, among = rng.permutation(80)[:30], rng.permutation(80)[:40]
    index, distance = neighbors(X, rows, among, k=3)
    expected, expected_distance = slow(X, 3, rows.tolist(), sorted(among.tolist()))
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_allclose(distance, expected_distance, rtol=1e-14)


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csr_array, sp.csc_array])
def test_sparse_equals_dense(path, kind):
    rng = np.random.default_rng(2)
    X = rng.integers(0, 3, (60, 9)) * rng.integers(0, 2, (60, 9)) * 0.5
    index, distance = neighbors(kind(X), k=4)
    expected, expected_distance = slow(X, 4)
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_allclose(distance, expected_distance, rtol=1e-14)


def test_many_rows_equal_a_plain_search_with_ties():
    # large enough for the tree (3 columns) and the kernel (15) at their real sizes, ties included
    for columns in (3, 15):
        X = np.random.default_rng(3).integers(0, 9, (2_500, columns)).astype(np.float32)
        rows = np.arange(0, 2_500, 40)
        index, distance = neighbors(X, rows, k=5)
        square = ((X[rows, None].astype(np.int64) - X[None].astype(np.int64)) ** 2).sum(axis=2)
        square[np.arange(rows.size), rows] = 10**9
        expected = np.argsort(square, axis=1, kind="stable")[:, :5]
        np.testing.assert_array_equal(index, expected)
        np.testing.assert_array_equal(distance, np.sqrt(np.take_along_axis(square, expected, 1)))


def test_small_blocks_change_nothing(path, monkeypatch):
    X = np.random.default_rng(4).integers(0, 3, (70, 3)).astype(float)
    index, distance = neighbors(X, k=3)
    monkeypatch.setattr(engine, "BLOCK", 50)
    monkeypatch.setattr(engine, "PAIRS", 40)
    again, distance_again = neighbors(X, k=3)
    np.testing.assert_array_equal(index, again)
    np.testing.assert_array_equal(distance, distance_again)


def test_repeated_rows_are_neighbours_of_each_other_and_never_of_themselves():
    X = np.zeros((4, 1))
    assert neighbors(X, k=2)[0].tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]
    assert neighbors(X, k=1, include_self=True)[0].tolist() == [[0], [0], [0], [0]]


def test_k_is_checked():
    X = np.arange(4.0)[:, None]
    with pytest.raises(InvalidInput, match=r"at most 3, the rows to choose from\. Got 4"):
        neighbors(X, k=4)
    assert neighbors(X, k=4, include_self=True)[0].shape == (4, 4)
    assert neighbors(X, [0], [1, 2], k=2)[0].tolist() == [[1, 2]]
    with pytest.raises(InvalidInput, match="at least 1"):
        neighbors(X, k=0)
    with pytest.raises(InvalidType):
        neighbors(X, k="five")


class Leaves:
    """An engine that leaves the first row out among its equals."""

    def fit(self, X):
        return self

    def kneighbors(self, X, *, return_distance):
        assert not return_distance
        return np.array([[1, 2, 3], [1, 0, 2], [0, 2, 1], [3, 0, 1]])


def test_any_engine_stands_in_and_the_row_itself_is_left_out_by_number():
    assert neighbors_by(Leaves(), np.zeros((4, 1))).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]
