"""Curves against a slow loop over every threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from evenkeel.curves import POINTS, draw_curves


def proba(p):
    p = np.asarray(p, float)
    return np.column_stack([1 - p, p])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60))
def test_every_point_is_what_flagging_from_its_threshold_on_gives(rows):
    y = np.array([int(hit) for hit, _ in rows])
    p = np.array([score / 8 for _, score in rows])
    costs = np.column_stack([np.where(y == 1, 7.0, 0.0), np.where(y == 0, 2.0, 0.0)])
    drawn = draw_curves(y, proba(p), ("no", "yes"), costs=costs)
    for point in drawn["thresholds"]:
        flagged = p >= point["threshold"]
        tp, alerts = np.sum(flagged & (y == 1)), flagged.sum()
        assert point["alerts_per_1000"] == pytest.approx(1000 * alerts / len(y))
        assert point["cost"] == pytest.approx(
            1000 * np.sum(costs[np.arange(len(y)), flagged * 1]) / len(y)
        )
        if y.any():
            assert point["recall"] == pytest.approx(tp / y.sum())
        if alerts:
            assert point["precision"] == pytest.approx(tp / alerts)
    if 0 < y.sum() < len(y):
        for point in drawn["precision_recall"]["yes"]:
            flagged = p >= point["threshold"]
            assert point["recall"] == pytest.approx(np.sum(flagged & (y == 1)) / y.sum())
            assert point["precision"] == pytest.approx(np.mean(y[flagged]))
    else:
        assert drawn == {"precision_recall": {}, "thresholds": []}, "one class draws no curve"


def test_the_line_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.2).astype(int)
    p = np.round(rng.random(200) * 0.5 + 0.3 * y, 2)
    line = draw_curves(y, proba(p), (0, 1))["precision_recall"]["1"]
    precision, recall, thresholds = precision_recall_curve(y, p)
    theirs = {t: (q, r) for q, r, t in zip(precision, recall, thresholds, strict=False)}
    assert len(line) == len(theirs)
    for point in line:
        assert (point["precision"], point["recall"]) == pytest.approx(theirs[point["threshold"]])


def test_long_curves_are_thinned_and_keep_their_ends():
    rng = np.random.default_rng(1)
    y = (rng.random(20_000) < 0.01).astype(int)
    p = rng.random(20_000)
    drawn = draw_curves(y, proba(p), ("no", "yes"))
    line = drawn["precision_recall"]["yes"]
    assert 100 < len(line) <= POINTS
    assert line[0]["threshold"] == p.max()
    assert line[-1]["recall"] == 1.0
    assert sum(point["threshold"] > np.quantile(p, 0.99) for point in line) > 20, "dense at the top"
    assert 100 < len(drawn["thresholds"]) <= POINTS
    assert all(point["cost"] is None for point in drawn["thresholds"])


def test_several_classes_have_a_line_each_and_no_threshold():
    rng = np.random.default_rng(2)
    y = rng.choice(3, 300)
    p = rng.dirichlet([1, 1, 1], 300)
    drawn = draw_curves(y, p, ("a", 2, True))
    assert list(drawn["precision_recall"]) == ["a", "2", "True"]
    assert drawn["thresholds"] == []
    y[y == 1] = 0
    assert list(draw_curves(y, p, ("a", 2, True))["precision_recall"]) == ["a", "True"]
