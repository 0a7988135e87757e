"""What DecidedClassifier is trained on: rows, labels, folds, and where keywords go."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evenkeel.decide.training import as_labels, fit_given, folds_of, routed
from evenkeel.errors import EvenkeelError

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
y = (np.arange(60) % 4 == 0).astype(int)


def pairs(folds):
    return [(np.asarray(a), np.asarray(b)) for a, b in folds]


def test_splitters_and_pairs_are_taken_as_they_are():
    wanted = pairs(KFold(4).split(X))
    for cv in (KFold(4), list(KFold(4).split(X)), iter(list(KFold(4).split(X)))):
        found = pairs(folds_of(cv, X, y, groups=None, routed={}, seed=0))
        assert all(
            (a == c).all() and (b == d).all() for (a, b), (c, d) in zip(found, wanted, strict=True)
        )
    groups = np.arange(60) // 6
    for _, held in pairs(
        folds_of(GroupKFold(5), X, y, groups=groups, routed={"groups": groups}, seed=0)
    ):
        assert len(set(groups[held]) & set(np.delete(groups, held))) == 0


def test_a_number_of_folds_keeps_groups_and_copies_together():
    groups = np.arange(60) // 3
    fold = folds_of(3, X, y, groups=groups, routed={}, seed=0).part[0]
    assert set(fold) == {0, 1, 2}
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    doubled = np.repeat(X[:30], 2, axis=0)
    fold = folds_of(3, doubled, y, groups=None, routed={}, seed=0).part[0]
    assert (fold[::2] == fold[1::2]).all()


@pytest.mark.parametrize("cv", [1, 61, "three", 2.5, [1, 2]])
def test_what_is_no_cross_validation_is_refused(cv):
    with pytest.raises(EvenkeelError, match="cv of DecidedClassifier"):
        folds_of(cv, X, y, groups=None, routed={}, seed=0)


def test_weights_go_to_fit_and_groups_to_the_splitter():
    weight, groups = np.ones(60), np.arange(60)
    fit, split = routed(None, weight, groups, {"more": 1, "nothing": None})
    assert set(fit) == {"sample_weight", "more"}
    assert split["groups"] is groups
    assert routed(None, None, None, {}) == ({}, {})


def test_weights_reach_the_last_step_of_a_pipeline():
    weight = np.where(y == 1, 5.0, 1.0)
    whole = fit_given(
        make_pipeline(StandardScaler(), LogisticRegression()), X, y, sample_weight=weight
    )
    alone = LogisticRegression().fit(StandardScaler().fit_transform(X), y, sample_weight=weight)
    assert whole[-1].coef_ == pytest.approx(alone.coef_)
    plain = fit_given(LogisticRegression(), X, y)
    assert plain.coef_ == pytest.approx(LogisticRegression().fit(X, y).coef_)


def test_labels_keep_their_kinds():
    assert as_labels((1, "a")).tolist() == [1, "a"]
    assert as_labels(("a", "b")).dtype.kind == "U"
    assert as_labels((1, 2)).dtype.kind == "i"
