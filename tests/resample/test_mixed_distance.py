import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import evenkeel.resample.mixed_distance as module
from evenkeel.neighbors import neighbors
from evenkeel.resample.mixed_distance import least, mixed_neighbors, one_hot


def slow(points, codes, asked, weight, k):
    out = []
    for row in asked:
        square = ((points - points[row]) ** 2).sum(axis=1)
        square = square + weight * (codes != codes[row]).sum(axis=1)
        others = [place for place in range(len(points)) if place != row]
        out.append(sorted(others, key=lambda place: (square[place], place))[:k])
    return out


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(2, 12), st.integers(0, 4), st.data())
def test_equals_a_slow_loop_with_ties_by_row(seed, m, n_columns, data):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 3, (m, 2)).astype(np.float32)
    codes = rng.integers(0, 3, (m, n_columns))
    k = data.draw(st.integers(1, m - 1))
    asked = rng.permutation(m)[: data.draw(st.integers(1, m))]
    weight = data.draw(st.sampled_from([0.0, 0.5, 3.0]))
    found = mixed_neighbors(points, codes, asked, weight=weight, k=k)
    assert found.tolist() == slow(points, codes, asked, weight, k)


def test_small_blocks_and_many_columns_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    points, codes = rng.normal(size=(40, 3)), rng.integers(0, 500, (40, 300))
    whole = mixed_neighbors(points, codes, np.arange(40), weight=2.0, k=5)
    assert whole.tolist() == slow(points, codes, range(40), 2.0, 5)
    monkeypatch.setattr(module, "PAIRS", 100)
    small = mixed_neighbors(points, codes, np.arange(40), weight=2.0, k=5)
    np.testing.assert_array_equal(small, whole)


def test_one_hot_has_the_same_distances():
    rng = np.random.default_rng(1)
    points, codes = rng.normal(size=(50, 3)), rng.integers(0, 4, (50, 3))
    coded = one_hot(points, codes, weight=1.7)
    assert coded.nnz == points.size + codes.size
    found = mixed_neighbors(points, codes, np.arange(50), weight=1.7, k=4)
    np.testing.assert_array_equal(neighbors(coded.toarray(), k=4)[0], found)
    square = ((coded[[0]] - coded[[1]]).toarray() ** 2).sum()
    assert np.isclose(
        square, ((points[0] - points[1]) ** 2).sum() + 1.7 * (codes[0] != codes[1]).sum()
    )


def test_least_of_many_equal_values():
    assert least(np.zeros((2, 1000)), 3).tolist() == [[0, 1, 2]] * 2
    assert least(np.array([[3.0, np.inf, 1.0, 3.0]]), 3).tolist() == [[2, 0, 3]]
