"""One model for each kind of majority."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble import ClusteredEnsembleClassifier, UnderBaggingClassifier
from evenkeel.ensemble.majority_groups import cut_further, majority_groups
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


@pytest.mark.parametrize("combine", ["stacked", "sum", "mean"])
def test_a_warm_start_cuts_the_largest_groups_and_keeps_the_other_models(combine):
    X, y = kinds()
    weight = np.where(np.arange(len(y)) % 5 == 0, 0.0, 1.0)
    settings = {"combine": combine, "random_state": 0, "warm_start": True}
    warm = ClusteredEnsembleClassifier(GaussianNB(), 3, **settings).fit(X, y, weight)
    groups, models, rows = warm.groups_, warm.estimators_, warm.estimators_samples_
    assert warm.set_params(n_estimators=5).fit(X, y, weight) is warm
    sizes = np.bincount(groups)
    cut = [g for g in range(3) if not np.array_equal(rows[g], warm.estimators_samples_[g])]
    assert 1 <= len(cut) <= 2
    assert int(sizes.argmax()) in cut
    for number in range(3):
        assert (warm.estimators_[number] is models[number]) == (number not in cut)
    for number in range(5):
        own = warm.estimators_samples_[number]
        assert (weight[own] > 0).all()
        assert np.array_equal(own[y[own] == 1], np.flatnonzero((y == 1) & (weight > 0)))
        slow = GaussianNB().fit(X[own], y[own])
        assert np.allclose(warm.estimators_[number].predict_proba(X), slow.predict_proba(X))
        assert len(set(groups[warm.groups_ == number].tolist())) == 1  # of one group of before
    assert np.bincount(warm.groups_).min() > 0
    assert warm.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.2)


def test_warm_starts_step_by_step_reach_what_one_reaches():
    X, y = kinds(n=1500, rare=100)
    first = {"combine": "sum", "random_state": 0, "warm_start": True}
    once, twice = (ClusteredEnsembleClassifier(GaussianNB(), 2, **first).fit(X, y) for _ in "ab")
    once.set_params(n_estimators=6).fit(X, y)
    for number in (3, 6, 6):
        twice.set_params(n_estimators=number).fit(X, y)
    assert np.array_equal(once.groups_, twice.groups_)
    assert np.array_equal(once.predict_proba(X), twice.predict_proba(X))
    twice.set_params(n_estimators=None).fit(X, y)  # the ratio is 14
    assert len(twice.estimators_) == 14
    twice.set_params(n_estimators=17).fit(X, y)
    assert len(twice.set_params(n_estimators=None).fit(X, y).estimators_) == 17


def test_groups_are_cut_until_their_rows_are_alike():
    X = np.repeat([0.0, 1.0, 5.0, 6.0], [40, 10, 5, 5])[:, None]
    rows, groups = np.arange(60), np.repeat([0, 1], [50, 10])
    assert cut_further(X, rows, groups, 3, 0).tolist() in (
        np.repeat([0, 2, 1], [40, 10, 10]).tolist(),
        np.repeat([2, 0, 1], [40, 10, 10]).tolist(),
    )
    found = cut_further(X, rows, groups, 9, 0)
    assert np.bincount(found).sum() == 60
    assert len({(value, group) for value, group in zip(X[:, 0], found, strict=True)}) == 4
    assert found.max() == 3
    assert groups.max() == 1
    assert np.array_equal(cut_further(X, rows, groups, 2, 0), groups)


def test_a_warm_start_is_on_the_same_table_and_has_no_fewer_groups():
    X, y = kinds(n=1500, rare=100)
    warm = ClusteredEnsembleClassifier(
        GaussianNB(), 3, combine="sum", warm_start=True, random_state=0
    ).fit(X, y)
    with pytest.raises(InvalidInput, match=r"n_estimators of .* must be at least 3"):
        warm.set_params(n_estimators=2).fit(X, y)
    warm.set_params(n_estimators=4)
    with pytest.raises(InvalidInput, match="columns of the first fit"):
        warm.fit(X[:, :1], y)
    with pytest.raises(InvalidInput, match="must have the classes of the first fit"):
        warm.fit(X, y + 1)
    light = np.where(np.arange(len(y)) == np.argmin(y), 0.0, 1.0)
    half = np.arange(len(y)) % 2 == 0
    with pytest.raises(InvalidInput, match=r"must be those of the last fit.* 1,400 rows"):
        warm.fit(X[half], y[half])
    with pytest.raises(InvalidInput, match=r"must be those of the last fit.*Got 1,399\."):
        warm.fit(X, y, light)
    with pytest.raises(InvalidInput, match=r"must be those of the last fit.*Got 1,400 other ones"):
        warm.fit(X, np.roll(y, 1))
    assert len(warm.fit(X, y).estimators_) == 4
