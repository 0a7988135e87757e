"""After every remedy of the catalogue probabilities are on the population's scale again."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression

from evenkeel.catalogue import CATALOGUE, SHORTLIST, find_remedy
from evenkeel.decide import Policy, diagnose, settle
from evenkeel.errors import EvenkeelWarning
from evenkeel.learners import make_learner
from evenkeel.scores import fit_and_score, out_of_fold
from evenkeel.split import make_folds

COSTS = {"cost_fn": 30.0, "cost_fp": 1.0}
LEARNERS = {
    "boosted": LGBMClassifier(
        n_estimators=40, num_leaves=15, n_jobs=1, deterministic=True, random_state=0, verbose=-1
    ),
    "logistic": LogisticRegression(),
}
SLOW = ("instance-hardness",)  # it grows forests of its own
EVERY = [
    pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
    for name in [*CATALOGUE, SHORTLIST[-1]]
    if find_remedy(name).changes not in ("loss", "batches")  # for networks: tests/nn
]


@cache
def rows(kind):
    """Training and untouched rows, about 430 of each positive."""
    rng = np.random.default_rng(7)
    y = (rng.random(9000) < 0.095).astype(np.int64)
    X = rng.normal(size=(9000, 6))
    X[:, 0] += 1.2 * y
    X[:, 1] += 0.8 * y * (X[:, 2] > 0)
    X[:, 3] *= 1 + 0.5 * y
    X[np.flatnonzero(y)[::4], 4:] += (
        7.0  # a cluster of their own, without which k-means SMOTE refuses
    )
    if kind == "numbers":
        return X[:4500], y[:4500], X[4500:], y[4500:]
    table = pd.DataFrame(X, columns=list("abcdef"))
    for name in table.columns[: 6 if kind == "categories" else 2]:
        cut = pd.cut(table[name], [-9, -1, 0, 1, 2, 9], labels=list("vwxyz"))
        table[name] = cut.astype(str)
    return table[:4500], y[:4500], table[4500:].reset_index(drop=True), y[4500:]


def observed_over_expected(spec, learner):
    """Raw and calibrated, on rows that nothing was fitted or chosen on."""
    kind = {"smote-n": "categories", "smote-nc": "mixed"}.get(spec, "numbers")
    X, y, X_test, y_test = rows(kind)
    base = LEARNERS[learner] if kind == "numbers" else make_learner("lightgbm")
    treated = find_remedy(spec).treat(base, seed=0, costs=COSTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvenkeelWarning)
        folds = make_folds(y, n_folds=3, n_repeats=1)
        scores = out_of_fold(treated, X, y, folds, classes=("no", "yes"))
        raw, _ = fit_and_score(treated, X, y, X_test, 2)
    settled = settle(scores, Policy(**COSTS), n_boot=0)
    assert (y_test == 1).sum() >= 200
    return diagnose(y_test, raw)["o_e"], diagnose(y_test, settled.calibrator.apply(raw))["o_e"]


@pytest.mark.parametrize("spec", EVERY)
def test_boosted_trees_observed_over_expected_is_right_on_untouched_rows(spec):
    _, calibrated = observed_over_expected(spec, "boosted")
    assert 0.8 <= calibrated <= 1.25


@pytest.mark.parametrize("spec", SHORTLIST)
def test_logistic_regression_observed_over_expected_is_right_on_untouched_rows(spec):
    raw, calibrated = observed_over_expected(spec, "logistic")
    assert 0.8 <= calibrated <= 1.25
    if spec in ("class-weight", "random-under", "random-over", "smote"):
        assert raw < 0.4, "the case is one: the remedy alone predicts far too much"
