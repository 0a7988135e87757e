"""Order, budget, journal and progress of a race, on trials that cost nothing."""

import time

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from evenkeel.catalogue import find_remedy
from evenkeel.errors import CannotGoOn, InvalidInput
from evenkeel.journal import Journal
from evenkeel.place import Place
from evenkeel.race import Course, Outcome, Results, Trial, run_race, schedule
from evenkeel.split import Folds, make_folds

PAIRS = [("none", "m"), ("a", "m"), ("b", "m"), ("none", "prevalence")]


@pytest.fixture
def course():
    y = np.repeat([0, 1], [60, 12])
    folds = make_folds(y, n_folds=2, n_repeats=3)
    return Course(np.zeros((72, 1)), y, 2, folds, {}, {})


@pytest.fixture
def ran(monkeypatch):
    """Trials that are only written down; each says that it took 10 seconds."""
    done = []

    def record(trial, course):
        done.append(trial)
        status = "skipped" if trial.remedy == "b" else "ok"
        return Outcome(trial, np.full((1, 2), 0.5), status, None, seconds=10.0)

    monkeypatch.setattr(schedule, "run_trial", record)
    return done


def test_every_pair_on_every_fold_repeat_by_repeat_the_baseline_first(course, ran):
    results = run_race(course, PAIRS)
    first = [Trial(remedy, learner, 0, fold) for remedy, learner in PAIRS for fold in range(2)]
    first.remove(Trial("b", "m", 0, 1))  # its first fold says that it cannot run
    assert ran[:7] == first
    repeats = [trial.repeat for trial in ran]
    assert repeats == sorted(repeats)
    assert len(results.repeats("a", "m", course)) == 3
    assert not results.not_run


def test_a_pair_that_cannot_run_is_not_tried_on_another_fold(course, ran):
    seen = []
    last = [PAIRS[0], PAIRS[2]]
    results = run_race(course, last, progress=lambda *step: seen.append(step[:2]))
    assert [trial for trial in ran if trial.remedy == "b"] == [Trial("b", "m", 0, 0)]
    assert results.trouble("b", "m").trial == Trial("b", "m", 0, 0)
    assert seen[-1] == (12, 12), "what is let go counts as done"


class Fussy(ClassifierMixin, BaseEstimator):
    """Names its rows when it fails; the first fold takes it longest."""

    def __init__(self, first=-1):
        self.first = first

    def fit(self, X, y):
        if int(X[0, 0]) == self.first:
            time.sleep(0.4)
        raise RuntimeError(f"rows from {int(X[0, 0])} on")

    def predict_proba(self, X):
        raise AssertionError


class Mine:
    """A remedy that puts a model of its own in place of the learner."""

    def __init__(self, model):
        self.model = model

    def treat(self, estimator, *, seed, costs):
        return self.model


def test_one_job_and_two_tell_the_same_of_what_fails():
    y = np.repeat([0, 1], [60, 12])
    X = np.arange(72.0)[:, None]
    part = (np.arange(72) % 3)[None].astype(np.int16)
    remedies = {"none": find_remedy("none"), "mine": Mine(Fussy(first=1))}
    # fold 0 trains on rows 1 on, folds 1 and 2 on rows 0 on: fold 1 fails before fold 0 does
    course = Course(X, y, 2, Folds(part, 3), {"m": LogisticRegression()}, remedies)
    pairs = [("none", "m"), ("mine", "m")]
    one, two = (
        run_race(course, pairs, jobs=jobs, place=Place(backend="threading")) for jobs in (1, 2)
    )
    assert sum(trial.remedy == "mine" for trial in one.outcomes) == 1
    assert sum(trial.remedy == "mine" for trial in two.outcomes) >= 2, "handed out already"
    reasons = {found.trouble("mine", "m").reason for found in (one, two)}
    assert reasons == {"RuntimeError: rows from 1 on"}


@pytest.mark.parametrize(("jobs", "place"), [(1, Place()), (2, Place("threading"))])
@pytest.mark.parametrize(
    ("status", "reason", "error", "told"),
    [
        ("failed", "took longer than 5 s", CannotGoOn, r"5 s\. Give it a larger trial_timeout\.$"),
        ("failed", "ran out of memory", CannotGoOn, r"memory\. Give it a larger trial_memory, "),
        (
            "failed",
            "the process died (out of memory?)",
            CannotGoOn,
            r"\?\)\. Give it more memory: ",
        ),
        ("failed", "ValueError: no luck.", CannotGoOn, r"with m: ValueError: no luck\.$"),
        ("skipped", "no such rows", InvalidInput, "with m: no such rows$"),
    ],
)
def test_without_the_baseline_nothing_else_is_run(
    course, ran, monkeypatch, jobs, place, status, reason, error, told
):
    def fail(trial, course):
        ran.append(trial)
        return Outcome(trial, np.empty((0, 0)), status, reason)

    monkeypatch.setattr(schedule, "run_trial", fail)
    seen = []
    with pytest.raises(InvalidInput, match=told) as raised:
        run_race(course, PAIRS, jobs=jobs, place=place, progress=lambda *s: seen.append(s[:2]))
    assert raised.type is error
    assert len(ran) == jobs, "what was handed out already, and no more"
    assert {trial.remedy for trial in ran} == {"none"}
    assert seen[-1] == (24, 24)


def test_what_failed_is_tried_again_and_gone_on_with(course, ran, monkeypatch, tmp_path):
    def fail(trial, course):
        bad = trial.remedy == "a" and trial.fold == 1
        return Outcome(trial, np.full((1, 2), 0.5), "failed" if bad else "ok", "no luck")

    journal = Journal(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(schedule, "run_trial", fail)
        first = run_race(course, PAIRS, journal=journal)
    assert [trial.fold for trial in first.outcomes if trial.remedy == "a"] == [0, 1]
    second = run_race(course, PAIRS, journal=journal)
    assert [t for t in ran if t.remedy == "a"] == [
        Trial("a", "m", repeat, fold) for repeat in range(3) for fold in range(2)
    ][1:]
    assert len(second.repeats("a", "m", course)) == 3
    assert second.trouble("a", "m") is None


def test_progress_never_goes_back_and_ends_at_the_whole(course, ran):
    seen = []
    run_race(course, PAIRS, progress=lambda *step: seen.append(step))
    assert all(total == 24 for _, total, _ in seen)
    done = [step for step, _, _ in seen]
    assert done == sorted(done)
    assert done[-1] == 24


def test_finished_trials_are_taken_from_the_journal_unless_they_failed(course, ran, tmp_path):
    journal = Journal(tmp_path)
    first = run_race(course, PAIRS, journal=journal)
    count = len(ran)
    again = run_race(course, PAIRS, journal=journal)
    assert len(ran) == count
    assert set(again.outcomes) == set(first.outcomes)
    assert {o.status for o in again.outcomes.values()} == {"ok", "skipped"}
    trial = Trial("a", "m", 0, 0)
    journal.add(trial.key, Outcome(trial, np.empty((0, 0)), "failed", "ran out of memory").facts(),
                {"proba": np.empty((0, 0))})  # fmt: skip
    run_race(course, PAIRS, journal=journal)
    assert ran[count:] == [trial], "what failed for lack of memory may work on a larger machine"


def test_a_repeat_counts_only_when_it_is_whole(course):
    results = Results()
    for fold in range(2):
        trial = Trial("a", "m", 0, fold)
        results.outcomes[trial] = Outcome(trial, np.zeros((1, 2)))
    half = Trial("a", "m", 1, 0)
    results.outcomes[half] = Outcome(half, np.zeros((1, 2)))
    assert [[o.trial for o in block] for block in results.repeats("a", "m", course)] == [
        [Trial("a", "m", 0, 0), Trial("a", "m", 0, 1)]
    ]
