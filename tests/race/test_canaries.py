"""The canary lives on honest pipelines and dies of every leak that is put into one."""

import inspect
import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier

import evenkeel
from evenkeel import compare
from evenkeel.catalogue import find_remedy
from evenkeel.job import look
from evenkeel.journal import Journal
from evenkeel.race import Canary, Course, shuffled_labels
from evenkeel.race.canaries import by_chance
from evenkeel.resample import SMOTE
from evenkeel.split import Folds, make_folds


def data(n_rows=800, n_rare=80, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [n_rows - n_rare, n_rare])
    X = rng.normal(size=(n_rows, 3)) + 1.5 * y[:, None]
    return np.column_stack([X, np.arange(n_rows)]), y


def course(model, *, folds=None, **given):
    X, y = data(**given)
    return Course(
        X, y, 2, make_folds(y, n_folds=4) if folds is None else folds(y),
        learners={"model": model}, remedies={"none": find_remedy("none")},
    )  # fmt: skip


def canary(*args, n_trials=400, **given):
    return shuffled_labels(course(*args, **given), "model", n_trials=n_trials)


class Spy(ClassifierMixin, BaseEstimator):
    """Looks up the labels of all rows in whoever called it, by the row number in the last column."""

    def fit(self, X, y, sample_weight=None):
        frame = inspect.currentframe()
        while "course" not in frame.f_locals:
            frame = frame.f_back
        found = frame.f_locals["course"]
        self.truth_ = dict(zip(found.X[:, -1].tolist(), found.y.tolist(), strict=True))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = np.array([0.1 + 0.8 * self.truth_[at] for at in X[:, -1].tolist()])
        return np.column_stack([1 - p, p])


class Overlapping(Folds):
    """Trains on every row, those it judges included."""

    def rows(self, repeat, fold):
        return np.arange(self.part.shape[1]), super().rows(repeat, fold)[1]


@pytest.mark.parametrize("n_rare", [16, 80])
def test_an_honest_pipeline_keeps_it_alive(n_rare):
    for seed in range(5):
        found = canary(LogisticRegression(max_iter=500), n_rare=n_rare, seed=seed)
        assert found.ok, found.sentence
        assert found.low < n_rare / 800 < found.high


def test_a_step_that_sees_all_labels_is_caught():
    found = canary(Spy())
    assert not found.ok
    assert found.score == 1.0
    assert "sees the labels" in found.sentence


def test_folds_that_overlap_are_caught():
    def folds(y):
        honest = make_folds(y, n_folds=4)
        return Overlapping(honest.part, 4)

    assert not canary(KNeighborsClassifier(3), folds=folds).ok


def test_rows_copied_before_a_split_of_ones_own_are_caught():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [400, 40])
    X = rng.normal(size=(440, 4))
    at = np.concatenate([np.arange(440), np.repeat(np.arange(400, 440), 6)])
    model, folds = KNeighborsClassifier(1), KFold(4, shuffle=True, random_state=0)
    asked = {"estimator": model, "remedies": []}
    leaked = compare(X[at], y[at], cv=folds, **asked)
    assert leaked.baseline.figures["average_precision"] > 0.7, "the leak pays on pure noise"
    assert not leaked.canary.ok
    assert compare(X[at], y[at], cv=4, **asked).canary.ok, "own folds keep copies whole"


def test_it_takes_a_twentieth_of_the_trials_and_one_fold_at_least():
    model = LogisticRegression(max_iter=500)
    rows = [canary(model, n_trials=n).rows for n in (1, 40, 60, 1000)]
    assert rows == [200, 400, 600, 800]


@pytest.mark.parametrize(("n_rare", "folds"), [(8, 4), (12, 3), (30, 2), (80, 1)])
def test_few_rare_rows_are_judged_in_more_folds(n_rare, folds):
    found = canary(LogisticRegression(max_iter=500), n_rare=n_rare, n_trials=1)
    assert found.rows == pytest.approx(200 * folds, abs=3)


def test_it_searches_settings_as_the_race_does():
    tried = []

    class Counted(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            tried.append(self.C)
            return super().fit(X, y)

    ready = course(Counted(max_iter=500))
    searching = replace(ready, search=4, spaces={"model": {"C": [0.01, 0.1, 10.0]}})
    assert shuffled_labels(ready, "model", n_trials=20).ok
    assert len(tried) == 1
    assert shuffled_labels(searching, "model", n_trials=20).ok
    assert set(tried) == {0.01, 0.1, 1.0, 10.0}


def test_large_tables_give_some_rows_and_all_rare_ones(monkeypatch):
    monkeypatch.setattr("evenkeel.race.canaries.MOST_ROWS", 300)
    assert canary(LogisticRegression(max_iter=500)).rows == 150 + 80


def test_it_is_the_same_every_time_and_read_from_the_journal(tmp_path, monkeypatch):
    ready, journal = course(LogisticRegression(max_iter=500)), Journal(tmp_path)
    first = shuffled_labels(ready, "model", n_trials=40, journal=journal)
    monkeypatch.setattr("evenkeel.race.canaries.run_trial", None)
    assert shuffled_labels(ready, "model", n_trials=40, journal=journal) == first


def test_nothing_is_said_where_it_cannot_run():
    class Broken(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise RuntimeError

    assert canary(Broken()) is None
    assert canary(LogisticRegression(max_iter=500), n_rare=3) is None


def test_several_classes_are_told_by_the_rarest_that_can_be():
    rng = np.random.default_rng(0)
    y = rng.choice(3, 600, p=[0.6, 0.3, 0.1])
    X = rng.normal(size=(600, 3)) + np.eye(3)[y]
    found = compare(X, y, estimator=LogisticRegression(), remedies=[], cv=3).canary
    assert found.ok
    assert found.low < np.mean(y == 2) < found.high


def test_chance_is_that_of_permuted_labels():
    """All ways to place two positives in a fold of four and one in a fold of three, with ties."""
    score = np.array([0.9, 0.5, 0.5, 0.1, 0.8, 0.5, 0.2])
    every = []
    for two in itertools.combinations(range(4), 2):
        for one in range(4, 7):
            y = np.zeros(7, int)
            y[[*two, one]] = 1
            every.append(average_precision_score(y, score))
    found = by_chance(score, [4, 3], [2, 1], np.random.default_rng(0))
    assert set(found.round(9)) == set(np.round(every, 9))
    assert found.mean() == pytest.approx(np.mean(every), abs=0.02)


def test_a_leak_blocks_the_verdict(monkeypatch):
    leak = Canary(0.9, 0.05, 0.2, 100)
    monkeypatch.setattr("evenkeel.job.shuffled_labels", lambda *_, **__: leak)
    X, y = data(600, 90)
    table = pl.DataFrame(X[:, :3], schema=list("abc")).with_columns(y=pl.Series(y))
    facts = evenkeel.run(
        table, target="y", quick=True, remedies="class-weight", learners="logistic"
    ).facts
    assert facts["assessment"]["level"] in ("unacceptable", "useless")
    assert facts["audit"][0]["code"] == "shuffled-labels"
    assert [one["ok"] for one in facts["canaries"]] == [False, True, True]


def resampled_tables():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], [1500, 60])
    X = rng.normal(size=(1560, 5)) + y[:, None]
    at = np.concatenate([np.arange(1560), np.repeat(np.arange(1500, 1560), 9)])
    return {
        "repeated-minority": (X[at], y[at]),
        "interpolated-minority": SMOTE(random_state=0).fit_resample(X, y),
        "target-copy": (np.column_stack([X, 3 * y + 1]), y),
    }


@pytest.mark.parametrize("code", ["repeated-minority", "interpolated-minority", "target-copy"])
def test_the_audit_knows_tables_resampled_earlier_and_a_copy_of_the_target(code):
    X, y = resampled_tables()[code]
    names = [f"x{at}" for at in range(X.shape[1])]
    table = pl.DataFrame(X, schema=names).with_columns(y=pl.Series(y))
    assert code in {finding["code"] for finding in look(table, target="y")["audit"]}


@pytest.mark.parametrize("n_positives", [8, 15, 25])
def test_on_pure_noise_reported_average_precision_is_chance(n_positives):
    """The small form of ``python -m benchmarks.noise``."""
    from benchmarks.noise import reported

    for seed in range(2):
        model = LogisticRegression(max_iter=200)
        for _, figure, low, high in reported(
            n_positives, seed, estimator=model, remedies=["class-weight", "random-over"]
        ):
            assert figure <= high
            assert low < n_positives / 2000 < high
