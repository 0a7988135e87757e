"""What compare is asked for: refused in one sentence before anything is fitted."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from evenkeel import Policy, compare
from evenkeel.catalogue import CATALOGUE, SHORTLIST, SIMPLE
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.prepare import make_settings, prepare
from evenkeel.race.arguments import asked_folds, asked_remedies
from evenkeel.resample import RandomUnderSampler


class Untouched(ClassifierMixin, BaseEstimator):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("fitted")

    predict_proba = fit


class Named:
    changes = "learner"

    def __init__(self, name):
        self.name = name

    def __repr__(self):  # test names must not hold addresses
        return f"Named({self.name!r})"

    def treat(self, estimator, *, seed=0, costs=None):
        return LogisticRegression()


class Gap(KFold):
    def split(self, X, y=None, groups=None):
        for train, valid in super().split(X, y, groups):
            yield train[:-10], valid


Y = np.repeat([0, 1], [170, 30])
X = np.random.default_rng(0).normal(size=(200, 2))


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"policy": "f1"}, InvalidType, r"policy of compare must be a Policy, such as .* Got 'f1'"),
        ({"policy": {"cost_fn": 1}}, InvalidType, "policy of compare must be a Policy"),
        ({"policy": Policy}, InvalidType, "policy of compare must be a Policy"),
        ({"remedies": 3}, InvalidType, "must be a list of names.* Got 3"),
        ({"remedies": CATALOGUE["smote"]}, InvalidType, "Put a single one in a list"),
        ({"remedies": ["smote", 3]}, InvalidType, "Got 3 among them"),
        ({"remedies": [None]}, InvalidType, "Got None among them"),
        ({"remedies": ["smoet"]}, InvalidInput, "Did you mean 'smote'"),
        ({"remedies": [Named("own"), Named("own")]}, InvalidInput, "Got 'own' twice"),
        ({"remedies": [Named("none")]}, InvalidInput, "leave 'none' to the baseline"),
        ({"cv": 1}, InvalidInput, "cv of compare must be a whole number of at least 2"),
        ({"cv": True}, InvalidType, "cv of compare must be a whole number"),
        ({"cv": "5"}, InvalidType, r"cv of compare must be .* Or give a splitter"),
        ({"cv": 31}, InvalidInput, "must be at most 30, the rows of the rare class.* Got 31"),
        ({"cv": 10**9}, InvalidInput, "must be at most 30"),
        ({"cv": [([0], [1])]}, InvalidType, "cv of compare must be a whole number"),
        ({"cv": StratifiedKFold}, InvalidType, r"Got the class: StratifiedKFold\(\)"),
        ({"cv": GroupKFold(3)}, InvalidInput, r"able to split these rows.*groups.* Give groups="),
        ({"cv": StratifiedKFold(31)}, InvalidInput, "must make at most 30 folds.* Got 31"),
        ({"cv": StratifiedKFold(400)}, InvalidInput, "able to split these rows"),
        ({"cv": LeaveOneOut()}, InvalidInput, "must make at most 30 folds.* Got 200"),
        ({"cv": ShuffleSplit(3)}, InvalidInput, "one fold"),
        ({"cv": TimeSeriesSplit(3)}, InvalidInput, "one fold"),
        ({"cv": Gap(3, shuffle=True)}, InvalidInput, "train on all others. Fold 0 of Gap leaves out 10"),
        ({"groups": [1, 2]}, InvalidInput, "one id for each of the 200 rows"),
        ({"groups": [None, "a"] * 100}, InvalidType, "ids of one kind"),
        ({"jobs": 0}, InvalidInput, "jobs of compare"),
        ({"objective": "f1-score"}, InvalidInput, "objective of compare must be one of"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_fitted(given, error, says):
    with pytest.raises(error, match=says):
        compare(X, Y, **({"estimator": Untouched(), "cv": 3} | given))


def test_under_10_rare_rows_only_force_goes_on_and_then_only_what_is_simple_is_tried():
    y = np.repeat([0, 1], [192, 8])
    with pytest.raises(InvalidInput, match=r"y of compare must .* 10 .* Got 8\. .* force=True"):
        compare(X, y, estimator=Untouched())
    found = compare(X, y, estimator=LogisticRegression(), force=True)
    assert [entry.name for entry in found.entries[1:]] == list(SIMPLE)
    assert found.why == "Too few positives to tell remedies apart: the baseline is kept."
    assert list(asked_remedies(None)) == list(SHORTLIST)


@pytest.mark.parametrize(("ratio", "thinned"), [(10.0, False), (10.1, True)])
def test_what_thins_to_ten_to_one_is_left_out_where_it_would_do_nothing(ratio, thinned):
    y = np.repeat([0, 1], [int(100 * ratio), 100])
    kept = [spec for spec in SHORTLIST if thinned or "ratio=0.1" not in spec]
    assert list(asked_remedies(None, ratio=ratio)) == kept
    plan = RandomUnderSampler(sampling_strategy=0.1).plan(np.arange(y.size)[:, None], y)
    assert (plan.n_out < y.size) == thinned
    ready = prepare({"x": np.arange(y.size) % 97, "y": y}, None, make_settings(target="y"))
    assert [spec for spec in SHORTLIST if spec in dict(ready.pairs)] == kept


def test_groups_that_cannot_be_split_are_said_in_words_of_whoever_called():
    with pytest.raises(InvalidInput, match=r"^Groups stay whole.* Got one group .* leave them out"):
        compare(X, Y, estimator=Untouched(), groups=np.zeros(200, int))
    with pytest.raises(InvalidInput, match="Got 2 groups, and all 170 rows of a class in one"):
        compare(X, Y, estimator=Untouched(), groups=Y)


def test_folds_without_a_second_class_to_train_on_are_refused():
    with pytest.raises(InvalidInput, match=r"Fold 0 of KFold leaves one. Use StratifiedKFold"):
        asked_folds(X, np.repeat([0, 1], [100, 100]), KFold(2), None, 0)


def test_what_can_be_is_taken():
    assert list(asked_remedies(("smote", CATALOGUE["smote"]))) == ["none", "smote"]
    groups = np.arange(200) % 40
    for cv in (3, np.int64(3), GroupKFold(3), StratifiedKFold(3)):
        folds = asked_folds(X, Y, cv, groups, 0)
        assert folds.n_folds == 3
        assert folds.part.min() == 0
    found = compare(X, Y, estimator=LogisticRegression(), remedies=[], cv=StratifiedKFold(3))
    assert [entry.name for entry in found.entries] == ["prevalence", "none"]
    assert found.why == "Nothing else was compared."


def test_when_every_other_remedy_fails_that_is_why_the_baseline_is_kept():
    class Unwilling(Named):
        def treat(self, estimator, *, seed=0, costs=None):
            raise DoesNotApply("not today")

    found = compare(X, Y, estimator=LogisticRegression(), remedies=[Unwilling("own")], cv=3)
    assert found.why == "No other remedy could be run: the baseline is kept."
