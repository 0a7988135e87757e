"""One model for each kind of majority."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble import ClusteredEnsembleClassifier, UnderBaggingClassifier
from evenkeel.ensemble.majority_groups import majority_groups
from evenkeel.errors import DoesNotApply, InvalidInput


def kinds(n=6000, rare=240, seed=0):
    """A majority of six far kinds around a rare class in the middle."""
    random = np.random.default_rng(seed)
    angle = random.integers(0, 6, n) * np.pi / 3
    X = np.column_stack([np.cos(angle), np.sin(angle)]) * 3.0 + random.normal(size=(n, 2))
    y = (random.permutation(n) < rare).astype(int)
    X[y == 1] = random.normal(size=(rare, 2)) * 0.9
    return X, y


@pytest.mark.parametrize("combine", ["stacked", "sum"])
@pytest.mark.parametrize(
    "learner", [LogisticRegression(), DecisionTreeClassifier(max_depth=3)], ids=["logistic", "tree"]
)
def test_it_beats_random_parts_of_the_same_size_on_a_majority_of_several_kinds(learner, combine):
    gains = []
    for seed in range(3):
        (X, y), (X_new, y_new) = kinds(seed=seed), kinds(seed=100 + seed)
        groups = ClusteredEnsembleClassifier(learner, 6, combine=combine, random_state=seed)
        parts = UnderBaggingClassifier(learner, 6, sampling_strategy="split", random_state=seed)
        scores = [
            average_precision_score(y_new, model.fit(X, y).predict_proba(X_new)[:, 1])
            for model in (groups, parts)
        ]
        gains.append(scores[0] - scores[1])
    assert min(gains) > 0.03


def test_each_group_has_one_model_with_all_rare_rows():
    X, y = kinds()
    fitted = ClusteredEnsembleClassifier(GaussianNB(), 6, combine="sum", random_state=0).fit(X, y)
    rows = fitted.estimators_samples_
    assert sum((y[part] == 0).sum() for part in rows) == (y == 0).sum()
    assert all((y[part] == 1).sum() == 240 for part in rows)
    assert len(fitted.estimators_) == 6
    assert fitted.groups_.shape == ((y == 0).sum(),)
    assert fitted.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.2)


@pytest.mark.parametrize(("rare", "groups"), [(3000, 2), (600, 9), (60, 16)])
def test_the_number_of_groups_is_the_imbalance_ratio_within_bounds(rare, groups):
    X, y = kinds(rare=rare)
    fitted = ClusteredEnsembleClassifier(GaussianNB(), combine="sum", random_state=0).fit(X, y)
    assert len(fitted.estimators_) == groups


def test_learners_take_turns_over_the_groups():
    X, y = kinds()
    cycle = [GaussianNB(), DecisionTreeClassifier(max_depth=2)]
    fitted = ClusteredEnsembleClassifier(None, 5, estimators=cycle, random_state=0).fit(X, y)
    names = [type(one).__name__ for one in fitted.estimators_]
    assert names == ["GaussianNB", "DecisionTreeClassifier"] * 2 + ["GaussianNB"]


def test_groups_are_of_numbers_and_bridge_gaps():
    X, y = kinds()
    rows = np.flatnonzero(y == 0)
    plain = majority_groups(X, rows, 6, 0)
    assert np.bincount(plain).min() > 0.1 * rows.size
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "word": "same"})
    assert np.array_equal(majority_groups(frame, rows, 6, 0), plain)
    frame.loc[::50, "a"] = np.nan
    assert majority_groups(frame, rows, 6, 0).shape == rows.shape
    assert set(majority_groups(np.ones((50, 2)), np.arange(40), 6, 0).tolist()) == {0}
    with pytest.raises(DoesNotApply, match="table without numbers"):
        majority_groups(frame[["word"]], rows, 6, 0)


def test_a_class_of_one_row_cannot_be_stacked():
    X, y = kinds(n=300, rare=1)
    with pytest.raises(InvalidInput, match="must be 'sum', 'mean' or 'max'"):
        ClusteredEnsembleClassifier(GaussianNB(), 3).fit(X, y)
