import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression

from evenkeel.decide import diagnose, reliability
from evenkeel.errors import InvalidInput


def drawn(seed=0, n=20_000, factor=1.0, spread=1.0):
    rng = np.random.default_rng(seed)
    logit = -3 + 1.5 * rng.normal(size=n)
    true = 1 / (1 + np.exp(-logit))
    y = (rng.random(n) < true).astype(int)
    p = np.clip(factor / (1 + np.exp(-(-3 + spread * (logit + 3)))), 0, 1)
    return y, np.stack([1 - p, p], axis=1)


def test_true_probabilities_are_found_right():
    found = diagnose(*drawn())
    assert found["ratio"] == pytest.approx(1.0, abs=0.05)
    assert found["slope"] == pytest.approx(1.0, abs=0.05)
    assert found["intercept"] == pytest.approx(0.0, abs=0.1)
    assert found["brier"] < found["brier_prevalence_only"]
    assert found["log_loss"] < found["log_loss_prevalence_only"]


def test_twice_too_high_and_too_extreme_are_named():
    assert diagnose(*drawn(factor=0.5))["ratio"] == pytest.approx(0.5, abs=0.03)
    assert diagnose(*drawn(spread=2.0))["slope"] == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.3])
def test_observed_over_expected_has_the_interval_of_the_observed_share(factor):
    y, proba = drawn(n=3000, factor=factor)
    found = diagnose(y, proba)
    assert found["o_e"] == pytest.approx(y.sum() / proba[:, 1].sum())
    assert found["o_e"] == pytest.approx(1 / found["ratio"])
    want = binomtest(int(y.sum()), y.size).proportion_ci(0.95, method="wilson")
    expected = proba[:, 1].mean()
    assert found["o_e_low"] == pytest.approx(want.low / expected)
    assert found["o_e_high"] == pytest.approx(want.high / expected)
    assert found["o_e_low"] < 1 / factor < found["o_e_high"]


def test_bins_carry_wilsons_interval():
    y, proba = drawn(n=2000)
    for line in reliability(y, proba[:, 1]):
        want = binomtest(line["positives"], line["count"]).proportion_ci(0.95, method="wilson")
        assert line["observed_low"] == pytest.approx(want.low, abs=1e-12)
        assert line["observed_high"] == pytest.approx(want.high, abs=1e-12)


def test_slope_and_intercept_are_those_of_logistic_regression():
    y, proba = drawn(n=2000, spread=1.5)
    logit = np.log(proba[:, 1] / proba[:, 0])[:, None]
    model = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky").fit(logit, y)
    found = diagnose(y, proba)
    assert found["slope"] == pytest.approx(model.coef_[0, 0], rel=1e-5)
    assert found["intercept"] == pytest.approx(model.intercept_[0], rel=1e-4)


def test_prevalence_only_is_the_variance_and_entropy_of_the_share():
    y, proba = drawn(n=3000)
    share = y.mean()
    found = diagnose(y, proba)
    assert found["brier_prevalence_only"] == pytest.approx(share * (1 - share))
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    assert found["log_loss_prevalence_only"] == pytest.approx(entropy)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=60),
    st.integers(1, 12),
)
def test_bins_hold_every_row_once_and_never_part_equal_scores(rows, n_bins):
    y, p = np.array([row[0] for row in rows]), np.array([row[1] / 5 for row in rows])
    table = reliability(y, p, n_bins=n_bins)
    assert sum(line["count"] for line in table) == len(rows)
    assert sum(line["positives"] for line in table) == y.sum()
    assert 1 <= len(table) <= n_bins
    for line in table:
        inside = (p >= line["low"]) & (p <= line["high"])
        assert inside.sum() == line["count"]
        assert line["observed"] == pytest.approx(y[inside].mean())
        assert line["predicted"] == pytest.approx(p[inside].mean())


def test_distinct_scores_fall_into_equal_bins():
    rng = np.random.default_rng(0)
    table = reliability(rng.integers(0, 2, 1000), rng.random(1000), n_bins=10)
    assert [line["count"] for line in table] == [100] * 10


def test_several_classes_are_averaged_and_pooled():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([1, 2, 5], 9000)
    y = (rng.random(9000)[:, None] > proba.cumsum(axis=1)).sum(axis=1)
    found = diagnose(y, proba)
    assert found["ratio"] == pytest.approx(1.0, abs=0.05)
    assert found["slope"] == pytest.approx(1.0, abs=0.1)
    assert len(found["per_class"]) == 3
    assert found["o_e"] == pytest.approx(np.mean([row["o_e"] for row in found["per_class"]]))
    assert found["o_e_low"] is found["o_e_high"] is None
    assert all(row["o_e_low"] < row["o_e"] < row["o_e_high"] for row in found["per_class"])
    assert found["observed"] == pytest.approx(1 / 3)
    assert sum(line["count"] for line in found["reliability"]) == 27_000


@pytest.mark.parametrize(
    ("y", "p"),
    [([0, 0, 1], [0.1, 0.2, 0.9]), ([0, 0, 0], [0.1, 0.2, 0.3]), ([0, 1, 0], [0.2, 0.2, 0.2])],
)
def test_where_no_slope_can_be_fitted_it_is_none(y, p):
    found = diagnose(y, [[1 - q, q] for q in p])
    assert found["slope"] is None
    assert found["intercept"] is None


def test_without_a_positive_there_is_no_ratio_and_without_rows_an_error():
    found = diagnose([0, 0], [[0.9, 0.1], [0.8, 0.2]])
    assert found["ratio"] is None
    assert (found["o_e"], found["o_e_low"]) == (0.0, 0.0)
    assert found["o_e_high"] > 1
    assert diagnose([0, 1], [[1.0, 0.0], [1.0, 0.0]])["o_e"] is None
    with pytest.raises(InvalidInput, match="proba of diagnose"):
        diagnose([], np.zeros((0, 2)))


@pytest.mark.parametrize(
    ("y", "p", "n_bins", "said"),
    [
        ([5, 1], [0.1, 0.2], 10, "y of reliability must be class codes from 0 to 1"),
        ([np.nan, 1], [0.1, 0.2], 10, "y of reliability must be class codes"),
        ([0.5, 1], [0.1, 0.2], 10, "y of reliability must be whole class codes"),
        ([[0, 1]], [0.1, 0.2], 10, "y of reliability must have shape"),
        ([0, 1], [[0.1, 0.2], [0.3, 0.4]], 10, "p of reliability must have shape"),
        ([0, 1], [0.1, np.nan], 10, "p of reliability must be finite"),
        ([0, 1], [0.1, 0.2, 0.3], 10, "same number of rows"),
        ([0, 1], [0.1, 0.2], 0, "n_bins of reliability must be a whole number of at least 1"),
        ([0, 1], [0.1, 0.2], -1, "n_bins of reliability"),
        ([0, 1], [0.1, 0.2], 2.5, "n_bins of reliability"),
    ],
)
def test_what_no_table_can_be_made_of_is_refused(y, p, n_bins, said):
    with pytest.raises(InvalidInput, match=said):
        reliability(y, p, n_bins=n_bins)


def test_truth_values_and_whole_floats_are_labels_and_numbers_of_bins():
    y, p = [True, False, True], [0.1, 0.5, 0.9]
    assert reliability(y, p, n_bins=2.0) == reliability([1.0, 0.0, 1.0], p, n_bins=2)
