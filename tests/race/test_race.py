"""The race: trials are pure, the baseline comes first, failures are rows, chance wins nothing."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.neighbors import KNeighborsClassifier

from evenkeel import Policy, compare
from evenkeel.catalogue import find_remedy
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.journal import Journal
from evenkeel.learners import make_learner
from evenkeel.race import Course, Trial, entry_pairs, map_trials, run_race, run_trial
from evenkeel.split import make_folds


class Broken(ClassifierMixin, BaseEstimator):
    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("no luck")

    def predict_proba(self, X):
        raise AssertionError


def data(n_rows=600, n_rare=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.zeros(n_rows, np.int64)
    y[rng.choice(n_rows, n_rare, replace=False)] = 1
    return rng.normal(size=(n_rows, 4)) + 1.2 * y[:, None], y


@pytest.fixture
def course():
    X, y = data()
    folds = make_folds(y, n_folds=3, n_repeats=2)
    names = ("none", "class-weight", "random-over", "smote")
    return Course(
        X, y, 2, folds,
        learners={"logistic": LogisticRegression(), "prevalence": make_learner("prevalence")},
        remedies={name: find_remedy(name) for name in names},
    )  # fmt: skip


PAIRS = [("none", "logistic"), ("random-over", "logistic"), ("none", "prevalence")]


def test_a_trial_depends_on_its_name_alone(course):
    trials = [Trial("smote", "logistic", 1, 0), Trial("random-over", "logistic", 0, 2)]
    first = [run_trial(trial, course).proba for trial in trials]
    again = [run_trial(trial, course).proba for trial in reversed(trials)][::-1]
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one, two)


def test_a_trial_scores_the_rows_left_out_by_a_model_fitted_on_the_others(course):
    outcome = run_trial(Trial("none", "logistic", 0, 1), course)
    train, valid = course.folds.rows(0, 1)
    by_hand = LogisticRegression().fit(course.X[train], course.y[train])
    assert np.array_equal(outcome.proba, by_hand.predict_proba(course.X[valid]))
    assert outcome.fit_rows == len(train)
    over = run_trial(Trial("random-over", "logistic", 0, 1), course)
    assert over.fit_rows == 2 * int(np.sum(course.y[train] == 0))


def test_processes_give_the_same_bits_as_one(course):
    trials = [Trial(remedy, learner, 0, fold) for remedy, learner in PAIRS for fold in range(3)]
    here = {o.trial: o.proba for o in map_trials(run_trial, trials, course, jobs=1)}
    there = {o.trial: o.proba for o in map_trials(run_trial, trials, course, jobs=2)}
    assert here.keys() == there.keys()
    assert all(np.array_equal(here[trial], there[trial]) for trial in trials)


def test_trials_are_asked_for_late():
    asked = []

    def wanted():
        for number in range(5):
            asked.append(number)
            yield number

    results = map_trials(pow, wanted(), 2)
    assert next(results) == 0
    assert asked == [0]


def test_a_journal_repeats_nothing_and_changes_nothing(course, tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    first = run_race(course, PAIRS, journal=journal)
    ran = []
    monkeypatch.setattr(
        "evenkeel.race.schedule.run_trial",
        lambda trial, shared: ran.append(trial) or run_trial(trial, shared),
    )
    damaged = journal._path(Trial("none", "logistic", 0, 0).key)
    damaged.write_bytes(damaged.read_bytes()[:100])
    second = run_race(course, PAIRS, journal=journal)
    assert ran == [Trial("none", "logistic", 0, 0)]
    for trial, outcome in first.outcomes.items():
        assert np.array_equal(outcome.proba, second.outcomes[trial].proba)


def test_a_remedy_that_cannot_serve_is_a_row_with_its_reason():
    X, y = data(300, 40)
    found = compare(X, y, remedies=["smote-nc"], cv=2)
    row = found.entries[-1]
    assert (row.name, row.status) == ("smote-nc", "skipped")
    assert "SMOTE" in row.reason
    X[0, 0] = np.nan
    assert compare(X, y, remedies=["smote"], cv=2).entries[-1].ok, "gaps are filled to measure"
    found = compare(
        *data(300, 40), estimator=KNeighborsClassifier(), remedies=["class-weight"], cv=2
    )
    assert "takes no sample_weight" in found.entries[-1].reason
    assert found.chosen is found.baseline


def test_a_baseline_that_fails_ends_the_comparison_with_its_reason():
    with pytest.raises(InvalidInput, match=r"baseline could not be fitted.*no luck"):
        compare(*data(200, 40), estimator=Broken(), cv=2)


def test_own_remedies_race_like_any_other():
    class Sharper:
        name, changes = "sharper", "learner"

        def treat(self, estimator, *, seed=0, costs=None):
            return LogisticRegression(C=100.0)

    class Unwilling:
        name, changes = "unwilling", "learner"

        def treat(self, estimator, *, seed=0, costs=None):
            raise DoesNotApply("not today")

    X, y = data()
    found = compare(X, y, estimator=LogisticRegression(), remedies=[Sharper(), Unwilling()], cv=3)
    assert [entry.status for entry in found.entries] == ["ok", "ok", "ok", "skipped"]
    assert found.entries[-1].reason == "not today"


def test_on_pure_noise_nothing_beats_the_baseline_and_average_precision_is_chance():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1], [760, 40])
    X = rng.normal(size=(800, 5))
    remedies = ["class-weight", "random-over", "random-under", "smote"]
    found = compare(X, y, estimator=LogisticRegression(), remedies=remedies)
    assert found.chosen.name == "none"
    chance = [_ap(rng.permutation(y), found.baseline.settled.proba[0, :, 1]) for _ in range(300)]
    for entry in found.entries[1:]:
        assert entry.figures["average_precision"] < np.quantile(chance, 0.999)


def _ap(y, p):
    from sklearn.metrics import average_precision_score

    return average_precision_score(y, p)


def test_a_remedy_that_is_really_better_is_chosen():
    class Peeking:
        """Sees a column that the baseline is denied."""

        name, changes = "peeking", "learner"

        def treat(self, estimator, *, seed=0, costs=None):
            return LogisticRegression()

    class Blind(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            return super().fit(X[:, :1], y, sample_weight)

        def predict_proba(self, X):
            return super().predict_proba(X[:, :1])

    X, y = data(1500, 150)
    found = compare(X, y, estimator=Blind(), remedies=[Peeking()], cv=3)
    assert found.chosen.name == "peeking"
    assert found.chosen.figures["versus_baseline"] == "better"
    assert found.chosen.figures["objective_p"] < 0.05


def test_costs_choose_by_cost_and_labels_of_any_name_give_the_same_figures():
    X, y = data(900, 90)
    policy = Policy(cost_fn=20, cost_fp=1)
    given = {
        "estimator": LogisticRegression(),
        "remedies": ["cost-weight"],
        "policy": policy,
        "cv": 3,
    }
    found = compare(X, y, **given)
    assert found.objective == "cost"
    assert found.baseline.figures["cost"] > 0
    named = compare(X, np.where(y == 1, "a rare one", "z"), **given)
    assert named.classes == ("z", "a rare one")
    assert named.baseline.figures == found.baseline.figures


def test_pairs_put_the_baseline_first_and_the_forecast_last():
    assert entry_pairs(["smote", "none"], ["a", "b"]) == [
        ("none", "a"), ("smote", "a"), ("none", "b"), ("smote", "b"), ("none", "prevalence"),
    ]  # fmt: skip


def test_one_class_is_refused():
    with pytest.raises(InvalidInput, match="at least two classes"):
        compare(np.zeros((20, 2)), np.zeros(20, int))


def test_groups_of_one_row_change_no_bit_and_groups_of_like_rows_widen():
    """The folds are the same in both: groups decide how the rows are counted."""
    rng = np.random.default_rng(0)
    y = np.repeat((rng.random(300) < 0.2).astype(int), 4)
    X = np.repeat(rng.normal(size=(300, 2)) + 0.8 * y[::4, None], 4, axis=0)
    X += 0.2 * rng.normal(size=X.shape)
    groups = np.repeat(np.arange(300), 4)
    folds = GroupKFold(3)
    given = {
        "estimator": LogisticRegression(),
        "remedies": ["class-weight"],
        "policy": Policy(cost_fn=9, cost_fp=1),
    }

    class Dealt(KFold):
        def split(self, X, y=None, _=None):
            return folds.split(X, y, groups)

    plain, alone, whole = (
        compare(X, y, **given, cv=Dealt(3), groups=one)
        for one in (None, [f"row {at}" for at in rng.permutation(len(y))], groups)
    )
    for mine, theirs in zip(alone.entries, plain.entries, strict=True):
        assert mine.figures == theirs.figures
    assert (alone.flattery, alone.needed, alone.agreement, alone.why) == (
        plain.flattery, plain.needed, plain.agreement, plain.why,
    )  # fmt: skip
    for mine, theirs in zip(whole.entries[1:], plain.entries[1:], strict=True):
        for key in ("cost", "average_precision"):
            factor = mine.figures[f"{key}_widened"]
            wide, narrow = (
                one.figures[f"{key}_high"] - one.figures[f"{key}_low"] for one in (mine, theirs)
            )
            assert 1.3 < factor < 2.6
            assert wide == pytest.approx(factor * narrow, rel=1e-9)
    assert whole.needed.width[0] > 1.3 * plain.needed.width[0]
    assert whole.flattery != plain.flattery
