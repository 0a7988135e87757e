import numpy as np
import pytest
from imblearn.metrics.pairwise import ValueDifferenceMetric

import evenkeel.resample.value_difference as module
from evenkeel.resample.value_difference import ValueDifference


def data(n_classes, n=200, n_levels=5):
    rng = np.random.default_rng(n_classes)
    return rng.integers(0, n_levels, (n, 4)), rng.integers(0, n_classes, n)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_equals_imbalanced_learn(n_classes):
    codes, y = data(n_classes)
    metric = ValueDifference(codes, y, n_classes)
    peer = ValueDifferenceMetric().fit(codes, y)
    rows, pool = np.arange(10), np.arange(5, 200)
    np.testing.assert_allclose(
        metric.square(rows, pool), peer.pairwise(codes[rows], codes[pool]), rtol=1e-12
    )
    points = metric.points(np.arange(200))
    if n_classes == 2:
        euclid = ((points[:10, None] - points[None, 5:]) ** 2).sum(axis=2)
        np.testing.assert_allclose(4 * euclid, metric.square(rows, pool), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_nearest_by_a_slow_loop(n_classes, monkeypatch):
    codes, y = data(n_classes, n_levels=2)  # equal rows abound
    metric = ValueDifference(codes, y, n_classes)
    rows = np.flatnonzero(y == 1)
    asked = np.array([5, 0, 7])
    square = metric.square(rows[asked], rows).round(12)
    expected = [
        sorted((place for place in range(len(rows)) if place != mine), key=lambda p: (line[p], p))[
            :4
        ]
        for mine, line in zip(asked, square, strict=True)
    ]
    if n_classes > 2:
        assert metric.nearest(rows, asked, 4).tolist() == expected
        monkeypatch.setattr(module, "PAIRS", 60)
        assert metric.nearest(rows, asked, 4).tolist() == expected
    else:  # equal up to rounding is not equal: the distances are the same
        found = np.take_along_axis(square, metric.nearest(rows, asked, 4), axis=1)
        np.testing.assert_allclose(found, np.take_along_axis(square, np.array(expected), axis=1))
