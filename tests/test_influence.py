"""Pulls against slow derivatives, and the standard errors they give against a bootstrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score

from evenkeel.bootstrap import average_precision_replicates
from evenkeel.confusion import DECISION_METRICS, confusion_table, from_confusion
from evenkeel.influence import average_precision_influence, decision_influence
from evenkeel.ranking import average_precision

ROWS = 12
CODES = arrays(np.int64, ROWS, elements=st.integers(0, 1))
TIED = arrays(np.float64, ROWS, elements=st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]))


def slope(measure, n, step=1e-5):
    """n times the derivative of a measure of row weights, row by row."""
    found = np.empty(n)
    for row in range(n):
        up, down = np.ones(n), np.ones(n)
        up[row] += step
        down[row] -= step
        found[row] = n * (measure(up) - measure(down)) / (2 * step)
    return found


@given(CODES, TIED)
def test_pull_on_average_precision_is_its_derivative(y, p):
    value, pull = average_precision_influence(y, p)
    if y.min() == y.max():
        assert np.isnan(value)
        return
    assert value == pytest.approx(average_precision_score(y, p))
    by_hand = slope(lambda weight: average_precision(y, p, weight=weight), ROWS)
    assert pull == pytest.approx(by_hand, abs=1e-4)


@given(CODES, TIED, st.lists(st.integers(1, 3), min_size=ROWS, max_size=ROWS))
def test_a_row_of_weight_three_is_three_rows(y, p, times):
    y, p, times = np.asarray(y), np.asarray(p), np.array(times)
    value, pull = average_precision_influence(y, p, weight=times.astype(float))
    whole, pulls = average_precision_influence(np.repeat(y, times), np.repeat(p, times))
    assert value == pytest.approx(whole, nan_ok=True)
    each = np.bincount(np.repeat(np.arange(ROWS), times), weights=pulls)
    assert pull == pytest.approx(each, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", DECISION_METRICS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_pull_on_a_decision_metric_is_its_derivative(name, n_classes):
    rng = np.random.default_rng(0)
    y, labels = rng.integers(0, n_classes, (2, 60))
    value, pull = decision_influence(name, y, labels, n_classes=n_classes)

    def measure(weight):
        return from_confusion(name, confusion_table(y, labels, n_classes=n_classes, weight=weight))

    assert value == pytest.approx(measure(np.ones(60)))
    assert pull == pytest.approx(slope(measure, 60), abs=1e-3)


@pytest.mark.parametrize("n_positives", [60, 300])
def test_standard_errors_are_those_of_a_bootstrap(n_positives):
    rng = np.random.default_rng(n_positives)
    y = np.repeat([0, 1], [20 * n_positives, n_positives])
    p, q = rng.normal(size=(2, y.size)) + np.array([[2.0], [1.5]]) * y
    pulls = [average_precision_influence(y, score)[1] for score in (p, q)]
    draws = [average_precision_replicates(y, score, n_boot=800) for score in (p, q)]
    for pull, drawn in [(pulls[0], draws[0]), (pulls[0] - pulls[1], draws[0] - draws[1])]:
        assert np.sqrt(pull @ pull) / y.size == pytest.approx(drawn.std(), rel=0.12)
