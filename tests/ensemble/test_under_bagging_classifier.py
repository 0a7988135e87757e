"""Under-bagging: all positives, and a share of the negatives of one's own."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

import evenkeel.ensemble.gradient_boosting as default
from evenkeel.ensemble import UnderBaggingClassifier

random = np.random.default_rng(0)
y = (random.permutation(2100) < 100).astype(int)
X = random.normal(size=(2100, 4)) + y[:, None]


@pytest.mark.parametrize(
    ("strategy", "size", "used"), [("auto", 100, 1000), (0.5, 200, 2000), ("split", 200, 2000)]
)
def test_each_member_has_all_positives_and_a_share_of_its_own(strategy, size, used):
    bag = UnderBaggingClassifier(
        DecisionTreeClassifier(max_depth=2), sampling_strategy=strategy, random_state=0
    ).fit(X, y)
    rows = bag.estimators_samples_
    assert all(np.array_equal(part[y[part] == 1], np.flatnonzero(y)) for part in rows)
    negatives = [part[y[part] == 0] for part in rows]
    assert {part.size for part in negatives} == {size}
    assert np.unique(np.concatenate(negatives)).size == used


def test_when_the_negatives_are_used_up_shares_start_anew():
    bag = UnderBaggingClassifier(DecisionTreeClassifier(max_depth=1), 25, random_state=0).fit(X, y)
    negatives = [set(part[y[part] == 0].tolist()) for part in bag.estimators_samples_]
    assert all(not negatives[i] & negatives[j] for i in range(20) for j in range(i))
    assert len(set.union(*negatives[:20])) == 2000
    assert not negatives[20] & negatives[24]
    assert negatives[20] not in negatives[:20]


def test_learners_settings_and_seeds_take_turns():
    cycle = [
        LogisticRegression(),
        DecisionTreeClassifier(max_depth=2),
        DecisionTreeClassifier(max_depth=5, random_state=3),
    ]
    bag = UnderBaggingClassifier(n_estimators=7, estimators=cycle, random_state=0).fit(X, y)
    depth = [getattr(one, "max_depth", None) for one in bag.estimators_]
    assert depth == [None, 2, 5, None, 2, 5, None]
    assert bag.estimators_[2].random_state == 3
    assert average_precision_score(y, bag.predict_proba(X)[:, 1]) > 0.4


def test_the_default_is_gradient_boosting_with_small_leaves_for_few_rows(monkeypatch):
    from lightgbm import LGBMClassifier

    learner = default.gradient_boosting(50)
    assert isinstance(learner, LGBMClassifier)
    assert [default.gradient_boosting(n).min_child_samples for n in (3, 50, 900)] == [2, 5, 20]
    monkeypatch.setattr(default, "lightgbm_is_here", lambda: False)
    other = default.gradient_boosting(50)
    assert isinstance(other, HistGradientBoostingClassifier)
    assert other.min_samples_leaf == 5
    bag = UnderBaggingClassifier(other.set_params(max_iter=10), 2, random_state=0).fit(X, y)
    assert average_precision_score(y, bag.predict_proba(X)[:, 1]) > 0.4
