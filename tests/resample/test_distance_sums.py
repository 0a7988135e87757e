import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.resample import distance_sums as module
from evenkeel.resample.distance_sums import distance_sums, smallest_sums


def by_loop(X, rows, pool, k, farthest):
    sums = []
    for row in rows:
        others = sorted(float(np.sqrt(((X[row] - X[p]) ** 2).sum())) for p in pool if p != row)
        sums.append(sum(others[len(others) - k :] if farthest else others[:k]))
    return np.array(sums)


@settings(max_examples=30)
@given(
    st.integers(2, 30), st.integers(1, 5), st.booleans(), st.booleans(), st.booleans(),
    st.integers(0, 10**6),
)  # fmt: skip
def test_equal_loops_with_ties(n_rows, columns, farthest, sparse, whole, seed):
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(n_rows, columns)) * 10.0 ** draw.integers(-3, 4)
    X = draw.integers(0, 3, X.shape).astype(float) if whole else X
    pool = np.sort(draw.choice(n_rows, draw.integers(2, n_rows + 1), replace=False))
    k = int(draw.integers(1, pool.size))
    rows = np.arange(n_rows)
    expected = by_loop(X, rows, pool, k, farthest)
    table = sp.csr_matrix(X) if sparse else X
    np.testing.assert_allclose(
        distance_sums(table, rows, pool, k=k, farthest=farthest), expected, rtol=1e-6, atol=1e-9
    )
    count = int(draw.integers(0, n_rows + 1))
    if not sparse:
        exact = distance_sums(X, rows, pool, k=k, farthest=farthest)
        np.testing.assert_array_equal(
            smallest_sums(X, rows, pool, count, k=k, farthest=farthest),
            np.lexsort((rows, exact))[:count],
        )


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix])
def test_floors_are_below_the_sums_and_let_few_rows_in(farthest, kind, monkeypatch):
    X = np.random.default_rng(0).normal(size=(4000, 12)) ** 3
    rows, pool = np.arange(3700), np.arange(3700, 4000)
    sums = distance_sums(kind(X), rows, pool, k=3, farthest=farthest)
    floor = module._floors(kind(X), rows, pool, 3, farthest=farthest)
    assert (floor <= sums).all()
    measured = []

    def counted(points, part, pool, **rest):
        measured.append(part.size)
        return distance_sums(points, part, pool, **rest)

    monkeypatch.setattr(module, "distance_sums", counted)
    got = smallest_sums(kind(X), rows, pool, 100, k=3, farthest=farthest)
    np.testing.assert_array_equal(got, np.lexsort((rows, sums))[:100])
    assert sum(measured) < 1000


def test_nothing_to_sum():
    X = np.zeros((3, 1))
    assert distance_sums(X, np.arange(3), np.array([0]), k=0).tolist() == [0, 0, 0]
    assert distance_sums(X, np.arange(0), np.array([0]), k=1).size == 0
    assert smallest_sums(X, np.arange(3), np.array([0]), 0, k=0).size == 0
