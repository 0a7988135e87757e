"""One trial: what it may see, what it is seeded by, and what becomes of errors."""

import pickle
import signal
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from evenkeel import Policy, compare
from evenkeel.catalogue import CATALOGUE, find_remedy
from evenkeel.errors import CannotGoOn, DoesNotApply, InvalidInput
from evenkeel.learners import make_learner
from evenkeel.race import Course, Trial, cost_numbers, fit_whole, run_trial
from evenkeel.race.fold_rows import _size, fold_seed, seeded
from evenkeel.split import make_folds

SEEN = []


class Watched(TransformerMixin, BaseEstimator):
    """Passes rows on, and notes which ones it learnt from."""

    def fit(self, X, y=None):
        SEEN.append(("fit", X["row"].to_list(), y))
        return self

    def transform(self, X):
        SEEN.append(("transform", X["row"].to_list(), None))
        return X.to_numpy()


class Failing(ClassifierMixin, BaseEstimator):
    def __init__(self, error=None):
        self.error = error

    def fit(self, X, y, sample_weight=None):
        raise self.error

    def predict_proba(self, X):
        raise AssertionError


def make_course(learner, *names, n_rows=240, **more):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [n_rows - 40, 40])
    X = pl.DataFrame({"row": np.arange(n_rows), "a": rng.normal(size=n_rows) + y})
    folds = make_folds(y, n_folds=3, n_repeats=2)
    remedies = {name: find_remedy(name) for name in ("none", *names)}
    return Course(X, y, 2, folds, {"mine": learner}, remedies, **more)


class Spoiler(ClassifierMixin, BaseEstimator):
    """Sets what it is given to 0, in place."""

    def __init__(self, spoil=None):
        self.spoil = spoil

    def fit(self, X, y):
        self.spoil(X)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def zero_array(X):
    X[:] = 0


def zero_sparse(X):
    X.data[:] = 0


def zero_pandas(X):
    X.iloc[:, 0] = 0.0
    X["n"].array[:] = 0  # not protected by copy-on-write


def zero_polars(X):
    X[0, "row"] = 99
    X.insert_column(0, pl.Series("more", np.zeros(len(X))))


class Answering(ClassifierMixin, BaseEstimator):
    """Answers with what a function makes of zeros and halves."""

    def __init__(self, answer=None):
        self.answer = answer

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.answer(np.full((len(X), 2), 0.5))


class Mine:
    """A remedy that puts a model of its own in place of the learner."""

    def __init__(self, model):
        self.model = model

    def treat(self, estimator, *, seed, costs):
        return self.model


def with_remedy(model, learner, X=None):
    course = make_course(learner)
    X = course.X.to_numpy() if X is None else X(course.X)
    remedies = {"none": find_remedy("none"), "mine": Mine(model)}
    return replace(course, X=X, remedies=remedies)


@pytest.fixture(autouse=True)
def forget():
    SEEN.clear()


def test_columns_learn_from_training_rows_without_labels_once_for_all_remedies():
    learner = Pipeline([("columns", Watched()), ("model", LogisticRegression())])
    course = make_course(learner, "class-weight", "random-over")
    for remedy in course.remedies:
        for fold in range(3):
            assert run_trial(Trial(remedy, "mine", 0, fold), course).status == "ok"
    fits = [rows for what, rows, _ in SEEN if what == "fit"]
    assert fits == [course.folds.rows(0, fold)[0].tolist() for fold in range(3)]
    assert all(y is None for _, _, y in SEEN), "a column step never sees a label"
    scored = [rows for what, rows, _ in SEEN if what == "transform"]
    assert scored[1::2] == [course.folds.rows(0, fold)[1].tolist() for fold in range(3)]


def to_pandas(X):
    frame = X.to_pandas()
    return frame.assign(n=pd.array(np.arange(len(frame)), dtype="Int64"))


KINDS = {
    "array": (pl.DataFrame.to_numpy, zero_array, "failed"),
    "csr": (lambda X: sparse.csr_matrix(X.to_numpy()), zero_sparse, "failed"),
    "csc": (lambda X: sparse.csc_array(X.to_numpy()), zero_sparse, "failed"),
    "pandas": (to_pandas, zero_pandas, "ok"),
    "polars": (pl.DataFrame.clone, zero_polars, "ok"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stepped", [True, False], ids=["columns", "bare"])
def test_what_a_remedy_does_to_its_rows_no_other_sees(kind, stepped):
    make, spoil, status = KINDS[kind]
    learner = LogisticRegression()
    if stepped:
        learner = Pipeline([("columns", FunctionTransformer()), ("model", learner)])
    course = with_remedy(Spoiler(spoil), learner, make)
    first = run_trial(Trial("none", "mine", 0, 0), course)
    mine = run_trial(Trial("mine", "mine", 0, 0), course)
    after = run_trial(Trial("none", "mine", 0, 0), course)
    assert (first.status, mine.status, after.status) == ("ok", status, "ok")
    assert mine.reason is None or "read-only" in mine.reason
    assert np.array_equal(first.proba, after.proba)


@pytest.mark.parametrize("learner", ["logistic", "lightgbm", "forest"])
@pytest.mark.parametrize("kind", ["array", "csr", "pandas"])
def test_learners_take_rows_that_cannot_be_written_to(learner, kind):
    model = make_learner(learner).steps[-1][1]
    course = with_remedy(Spoiler(), model, KINDS[kind][0])
    outcome = run_trial(Trial("none", "mine", 0, 0), course)
    assert outcome.status == "ok", outcome.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda p: p * np.nan, "finite probabilities. Got 162 of 162 missing or infinite."),
        (lambda p: p / 0.0, "finite probabilities. Got 162 of 162 missing or infinite."),
        (lambda p: p - 0.6, "probabilities in [0, 1]. Got -0.1 to -0.1."),
        (lambda p: p * 5, "probabilities in [0, 1]. Got 2.5 to 2.5."),
        (lambda p: p[:7], "one row for each of 81 rows scored. Got 7."),
    ],
    ids=["missing", "infinite", "below", "above", "short"],
)
def test_probabilities_that_cannot_be_judged_are_a_failure_of_their_own(answer, reason):
    course = with_remedy(Answering(answer), LogisticRegression())
    outcome = run_trial(Trial("mine", "mine", 0, 0), course)
    assert (outcome.status, outcome.reason) == ("failed", f"predict_proba must give {reason}")
    assert outcome.proba.size == 0


def test_rounding_beyond_0_and_1_is_cut_off():
    course = with_remedy(
        Answering(lambda p: p + np.array([-0.5 - 1e-12, 0.5 + 1e-12])), LogisticRegression()
    )
    outcome = run_trial(Trial("mine", "mine", 0, 0), course)
    assert outcome.status == "ok"
    assert np.array_equal(np.unique(outcome.proba), [0.0, 1.0])


def test_a_remedy_whose_probabilities_are_missing_does_not_end_the_comparison():
    course = make_course(LogisticRegression())
    bad = Mine(Answering(lambda p: p * np.nan))
    X = course.X.to_numpy()
    found = compare(
        X, course.y, estimator=LogisticRegression(), remedies=[bad, "class-weight"], cv=2
    )
    assert [entry.status for entry in found.entries if entry.name != "prevalence"][1:] == [
        "failed",
        "ok",
    ]


@pytest.mark.parametrize(
    "kind",
    [np.asarray, sparse.csr_array, sparse.csc_matrix, sparse.coo_array, pd.DataFrame, pl.DataFrame],
)
def test_what_is_kept_is_weighed_whatever_the_kind_of_table(kind):
    dense = np.tile(np.eye(4), (250, 1))
    expected = {"csr_array": 1000 * 16, "csc_matrix": 1000 * 16, "coo_array": 1000 * 16}
    least = expected.get(kind.__name__, dense.nbytes)
    assert 0.7 * least <= _size(kind(dense)) <= 1.1 * least


def test_two_courses_never_share_prepared_columns():
    learner = Pipeline([("columns", Watched()), ("model", LogisticRegression())])
    first, second = make_course(learner), make_course(learner)
    for course in (first, second, first):
        run_trial(Trial("none", "mine", 0, 0), course)
    assert len([what for what, _, _ in SEEN if what == "fit"]) == 3


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (DoesNotApply("too few rows"), "skipped", "too few rows"),
        (InvalidInput("bad\n  rows"), "skipped", "bad rows"),
        (MemoryError(), "failed", "ran out of memory"),
        (ValueError("no\nluck"), "failed", "ValueError: no luck"),
        (SystemExit(0), "failed", "it asked Python to exit"),
        (GeneratorExit(), "failed", "it raised GeneratorExit"),
    ],
    ids=["does not apply", "bad input", "memory", "anything", "exit", "no error"],
)
def test_errors_become_a_status_and_one_line(error, status, reason):
    outcome = run_trial(Trial("none", "mine", 0, 0), make_course(Failing(error)))
    assert (outcome.status, outcome.reason) == (status, reason)
    assert outcome.proba.size == 0
    assert outcome.facts()["status"] == status


def test_an_interrupt_is_no_error_of_a_remedy():
    with pytest.raises(KeyboardInterrupt):
        run_trial(Trial("none", "mine", 0, 0), make_course(Failing(KeyboardInterrupt())))


class Signalled(Failing):
    """Gets a signal in the middle of its fit."""

    def fit(self, X, y):
        signal.raise_signal(signal.SIGTERM)


def test_an_exit_that_a_signal_asks_for_is_no_remedys():
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(15))
    try:
        with pytest.raises(SystemExit):
            run_trial(Trial("none", "mine", 0, 0), make_course(Signalled(None)))
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_exit_in_the_last_fit_is_said_and_keeps_what_is_done():
    with pytest.raises(CannotGoOn, match=r"'none' on all rows must not end Python.*exit\(0\)"):
        fit_whole("none", "mine", make_course(Failing(SystemExit(0))))


def test_a_course_and_its_outcomes_travel_between_processes():
    course = make_course(make_learner("logistic"), *CATALOGUE, costs={"cost_fn": 9, "cost_fp": 1})
    again = pickle.loads(pickle.dumps(course))
    for remedy in CATALOGUE:
        trial = Trial(remedy, "mine", 1, 2)
        here, there = run_trial(trial, course), run_trial(trial, again)
        assert (here.status, here.reason) == (there.status, there.reason)
        if here.status == "skipped":  # such as SMOTE-NC, which needs categories
            continue
        assert here.status == "ok", here.reason
        assert np.array_equal(here.proba, pickle.loads(pickle.dumps(there)).proba)
        assert here.proba.shape == (len(course.folds.rows(1, 2)[1]), 2)
        assert np.allclose(here.proba.sum(axis=1), 1)


def test_a_class_that_training_never_saw_gets_probability_zero():
    course = make_course(LogisticRegression())
    y = course.y.copy()
    y[course.folds.rows(0, 0)[1][0]] = 2
    three = Course(course.X, y, 3, course.folds, course.learners, course.remedies)
    proba = run_trial(Trial("none", "mine", 0, 0), three).proba
    assert proba.shape[1] == 3
    assert np.all(proba[:, 2] == 0)


def test_weighing_costs_without_costs_is_skipped_rather_than_a_copy_of_the_baseline():
    course = make_course(LogisticRegression(), "cost-weight")
    outcome = run_trial(Trial("cost-weight", "mine", 0, 0), course)
    assert outcome.status == "skipped"
    assert "needs the costs of both errors" in outcome.reason


def test_a_cost_column_weighs_with_its_mean_over_the_class():
    y = np.array([0, 0, 1, 1])
    policy = Policy(cost_fn="fee", cost_fp=2)
    columns = {"fee": np.array([100.0, 100.0, 10.0, 20.0])}
    assert cost_numbers(policy, y, columns) == {"cost_fn": 15.0, "cost_fp": 2.0}
    assert cost_numbers(Policy.metric("f1"), y) == {}


@given(st.integers(0, 2**70), st.integers(-1, 99), st.integers(-1, 99))
def test_seeds_come_from_names_and_suit_every_library(seed, repeat, fold):
    found = fold_seed(seed, repeat, fold)
    assert found == fold_seed(seed, repeat, fold)
    assert 0 <= found < 2**31
    assert found != fold_seed(seed, repeat, fold + 1)
    assert found != fold_seed(seed + 1, repeat, fold)


def test_every_random_state_is_set_on_a_copy():
    learner = make_learner("forest", random_state=99)
    copy = seeded(learner, 5)
    states = {k: v for k, v in copy.get_params().items() if k.endswith("random_state")}
    assert set(states.values()) == {5}
    assert len(states) >= 2, "the text encoder and the model"
    assert learner.get_params()["model__random_state"] == 99


def test_the_last_fit_sees_all_rows_and_predicts_from_a_raw_table():
    learner = Pipeline([("columns", Watched()), ("model", LogisticRegression())])
    course = make_course(learner, "random-over")
    fitted, _ = fit_whole("random-over", "mine", course)
    assert SEEN[0][1] == list(range(240))
    assert fitted.predict_proba(course.X[:3]).shape == (3, 2)
    again, _ = fit_whole("random-over", "mine", course)
    assert np.array_equal(again.predict_proba(course.X), fitted.predict_proba(course.X))
