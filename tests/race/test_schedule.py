"""Order, budget, journal and progress of a race, on trials that cost nothing."""

import numpy as np
import pytest

from evenkeel.journal import Journal
from evenkeel.race import Course, Outcome, Results, Trial, run_race, schedule
from evenkeel.split import make_folds

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
    assert ran[:8] == first
    repeats = [trial.repeat for trial in ran]
    assert repeats == sorted(repeats)
    assert len(results.repeats("a", "m", course)) == 3
    assert not results.not_run


def test_a_pair_that_cannot_run_is_not_tried_in_later_repeats(course, ran):
    run_race(course, PAIRS)
    assert {trial.repeat for trial in ran if trial.remedy == "b"} == {0}


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
