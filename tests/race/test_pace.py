"""A race against the clock, on trials whose time is told: the order, what is dropped, when it ends."""

import itertools
import time
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evenkeel.errors import CannotGoOn, OutOfTime
from evenkeel.journal import Journal
from evenkeel.learners import make_learner
from evenkeel.race import (
    Budget,
    Course,
    Outcome,
    Trial,
    fold_rows,
    run_race,
    run_trial,
    schedule,
    trial,
)
from evenkeel.race import budget as budget_file
from evenkeel.split import make_folds

BASE, DUMMY = ("none", "m"), ("none", "prevalence")
Y = np.repeat([0, 1], [600, 120])
FOLDS = 4


class World:
    """A clock, and remedies that take so many seconds a fold and are so good."""

    def __init__(self, seconds, skill=None, status=None):
        self.now = 0.0
        self.seconds = seconds
        self.skill = skill or {}
        self.status = status or {}
        self.ran = []

    def trial(self, trial, course):
        self.ran.append(trial)
        taken = 0.0 if trial.learner == "prevalence" else self.seconds[trial.remedy]
        self.now += taken
        _, valid = course.folds.rows(trial.repeat, trial.fold)
        noise = np.random.default_rng(trial.fold).normal(size=valid.size)
        score = noise + self.skill.get(trial.remedy, 2.0) * course.y[valid]
        p = 1 / (1 + np.exp(-score))
        status = self.status.get(trial.remedy, "ok")
        return Outcome(trial, np.column_stack([1 - p, p]), status, None, taken)

    def pairs(self):
        return [*((name, "m") for name in self.seconds), DUMMY]

    def race(self, seconds, *, repeats=1, journal=None, progress=None, **options):
        course = _course(repeats, {name: Plain(name) for name in self.seconds})
        budget = Budget(seconds, **options)
        return run_race(course, self.pairs(), budget=budget, journal=journal, progress=progress)

    def order(self):
        """Remedies as they ran, each as often as in one go."""
        return [
            (name, len(list(block)))
            for name, block in itertools.groupby(t.remedy for t in self.ran)
        ]


@pytest.fixture
def world(monkeypatch):
    """Make a world whose clock is the one that budgets read."""

    def make(*args, **options):
        made = World(*args, **options)
        monkeypatch.setattr(schedule, "run_trial", made.trial)
        clock = SimpleNamespace(monotonic=lambda: made.now)
        monkeypatch.setattr(budget_file, "time", clock)
        return made

    return make


def test_with_time_enough_everything_is_run_the_baseline_whole_and_first(world):
    here = world({"none": 1.0, "slow": 3.0, "quick": 2.0})
    results = here.race(10_000.0, repeats=2)
    assert here.order()[0] == ("none", 2 * FOLDS), "the baseline and the forecast"
    assert [t.remedy for t in here.ran[2 * FOLDS : 2 * FOLDS + 2]] == ["slow", "quick"]
    assert len(set(here.ran)) == len(here.ran) == 2 * FOLDS * 4
    repeats = [t.repeat for t in here.ran]
    assert repeats == sorted(repeats)
    assert not results.not_run
    assert not results.dropped


def test_after_one_fold_of_each_the_likely_and_quick_are_finished_first(world):
    here = world({"none": 1.0, "costly": 9.0, "cheap": 1.0, "middle": 3.0})
    here.race(10_000.0)
    one_each, rest = here.order()[1:4], here.order()[4:]
    assert [count for _, count in one_each] == [1, 1, 1]
    assert rest == [("cheap", FOLDS - 1), ("middle", FOLDS - 1), ("costly", FOLDS - 1)]
    better = world({"none": 1.0, "same": 1.0, "good": 1.5}, {"good": 2.6})
    better.race(10_000.0)
    last = [trial.remedy for trial in better.ran[-2 * (FOLDS - 1) :]]
    assert last == ["good"] * (FOLDS - 1) + ["same"] * (FOLDS - 1), "promise outweighs cost"


def test_a_hopeless_remedy_is_dropped_and_the_reason_says_by_how_much(world):
    here = world({"none": 1.0, "noise": 1.0, "equal": 1.0}, {"noise": 0.0})
    results = here.race(10_000.0)
    assert [t.fold for t in here.ran if t.remedy == "noise"] == [0]
    assert results.dropped.keys() == {("noise", "m")}
    why = results.dropped["noise", "m"]
    assert why.startswith(f"after 1 of {FOLDS} folds: average precision 0.")
    assert "below the baseline, 99 % bound 0." in why
    assert len(results.repeats("equal", "m", _course())) == 1


def test_a_baseline_that_fails_is_not_tried_on_another_fold_nor_raced_against(world):
    here = world({"none": 1.0, "a": 1.0}, status={"none": "failed"})
    with pytest.raises(CannotGoOn, match="baseline could not be fitted"):
        here.race(10_000.0)
    assert [(t.remedy, t.learner, t.fold) for t in here.ran if t.learner == "m"] == [
        ("none", "m", 0)
    ]


def test_without_a_budget_nothing_is_dropped(world):
    here = world({"none": 1.0, "noise": 1.0}, {"noise": 0.0})
    results = run_race(_course(), here.pairs())
    assert not results.dropped
    assert sum(t.remedy == "noise" for t in here.ran) == FOLDS


@pytest.mark.parametrize("seconds", [30.0, 50.0, 80.0, 120.0, 200.0])
@pytest.mark.parametrize("closing", [0.0, 6.0])
def test_a_budget_is_kept_within_a_tenth_and_one_fit(world, seconds, closing):
    here = world({"none": 4.0, "a": 1.0, "b": 7.0, "c": 11.0, "d": 3.0})

    def judged(results):
        blocks = sum(len(results.repeats(*pair, _course(3))) for pair in here.pairs()[:-1])
        here.now += closing / 6 * blocks

    def tell(found):
        here.now += closing / 2

    results = here.race(seconds, repeats=3, judge=judged, tell=tell)
    longest = max(here.seconds[t.remedy] for t in here.ran)
    here.now += FOLDS / (FOLDS - 1) * longest
    tell(judged(results))
    assert here.now <= 1.1 * seconds + longest
    assert results.not_run
    assert here.now >= seconds - FOLDS * (longest + 1), "what is left is less than one more remedy"
    whole = [pair for pair in here.pairs() if results.repeats(*pair, _course())]
    assert BASE in whole
    assert DUMMY in whole
    for remedy, learner, repeat, cost in results.not_run:
        block = [
            t for t in here.ran if (t.remedy, t.learner, t.repeat) == (remedy, learner, repeat)
        ]
        known = any(t.remedy == remedy for t in here.ran)
        each = here.seconds[remedy if known else "none"] * (learner == "m")
        assert cost == (FOLDS - len(block)) * each


def test_time_already_spent_counts(world):
    here = world({"none": 1.0, "a": 1.0})
    assert not here.race(20.0).not_run
    late = world({"none": 1.0, "a": 1.0})
    assert [left[0] for left in late.race(20.0, spent=13.0).not_run] == ["a"]


def test_a_budget_too_small_for_the_baseline_is_said_after_its_first_fold(world, tmp_path):
    here = world({"none": 600.0, "a": 1.0})
    journal = Journal(tmp_path)
    says = r"at least about 53 min .* about 10 min are gone, each of its 4 folds takes about 10 min"
    with pytest.raises(OutOfTime, match=says):
        here.race(60.0, journal=journal)
    assert here.ran == [Trial("none", "m", 0, 0)]
    assert journal.get(here.ran[0].key) is not None, "what was done is kept"
    again = world({"none": 600.0, "a": 1.0})
    again.race(10_000.0, journal=journal)
    assert Trial("none", "m", 0, 0) not in again.ran


def test_a_remedy_that_cannot_run_costs_one_fold(world):
    here = world({"none": 1.0, "a": 1.0}, status={"a": "skipped"})
    results = here.race(10_000.0, repeats=3)
    assert sum(t.remedy == "a" for t in here.ran) == 1
    assert results.trouble("a", "m").status == "skipped"


@pytest.mark.parametrize("seconds", [20.0, 70.0, 1000.0])
def test_progress_never_goes_back_and_ends_at_the_whole(world, seconds):
    seen = []
    here = world({"none": 2.0, "noise": 1.0, "b": 7.0}, {"noise": 0.0})
    here.race(seconds, repeats=2, progress=lambda *step: seen.append(step))
    done = [step for step, _, _ in seen]
    assert done == sorted(done)
    assert {total for _, total, _ in seen} == {4 * 2 * FOLDS}
    assert done[-1] == 4 * 2 * FOLDS or seconds < 100


def test_what_follows_is_rehearsed_once_with_the_baseline_alone(world):
    here = world({"none": 1.0, "a": 1.0, "b": 1.0, "c": 1.0})
    seen = []

    def judged(results):
        seen.append([pair for pair in here.pairs() if results.repeats(*pair, _course())])

    here.race(10_000.0, repeats=2, judge=judged, tell=repr)
    assert seen == [[BASE, DUMMY]]


def test_where_nothing_else_fits_no_time_goes_into_rehearsing(world):
    here = world({"none": 4.0, "a": 4.0})
    results = here.race(5.0 * FOLDS, judge=pytest.fail, tell=repr)
    assert [left[0] for left in results.not_run] == ["a"]


def test_where_few_can_be_finished_time_is_not_spent_on_beginning_the_others(world):
    here = world({"none": 1.0} | dict.fromkeys("abcdefgh", 2.0))
    results = here.race(FOLDS * (1.0 + 3 * 2.0) + 2.0 * FOLDS / (FOLDS - 1) + 0.5)
    done = [name for name in "abcdefgh" if results.repeats(name, "m", _course())]
    assert len(done) == 3
    assert len(here.ran) == FOLDS * (2 + 3)
    assert len(results.not_run) == 5


def test_libraries_that_load_in_the_first_fold_are_nobody_s_time(monkeypatch):
    loaded = []

    def slow_import(name):
        loaded.append(name)

    times = SimpleNamespace(perf_counter=lambda: 100.0 * len(loaded))
    monkeypatch.setattr(fold_rows, "import_module", slow_import)
    monkeypatch.setattr(trial, "time", times)
    folds = make_folds(Y, n_folds=FOLDS, n_repeats=1)
    learners = {name: make_learner(name) for name in ("logistic", "prevalence")}
    course = Course(np.arange(Y.size)[:, None], Y, 2, folds, learners, {"none": Plain("none")})
    assert run_trial(Trial("none", "logistic", 0, 0), course).wall == 0.0
    assert loaded == ["skrub"]
    assert run_trial(Trial("none", "prevalence", 0, 0), course).wall == 0.0
    assert loaded == ["skrub"], "which has no columns to learn"


@pytest.mark.slow
def test_two_processes_keep_a_budget_too():
    """Timed from when the workers are up: starting them is the machine's affair."""
    X = np.random.default_rng(0).normal(size=(Y.size, 2))
    course = Course(
        X,
        Y,
        2,
        make_folds(Y, n_folds=FOLDS, n_repeats=60),
        {"m": Slow(0.1), "prevalence": make_learner("prevalence")},
        {"none": Plain("none")} | {f"s{n}": Sleepy(f"s{n}", 0.1 * n) for n in range(6)},
    )
    begun = []
    results = run_race(course, [BASE, *((f"s{n}", "m") for n in range(6)), DUMMY], jobs=2,
                       budget=Budget(30.0, jobs=2), progress=lambda *_: begun.append(time.monotonic()))  # fmt: skip
    longest = max(outcome.wall for outcome in results.outcomes.values())
    assert begun[-1] - begun[0] <= 1.1 * 30.0 + longest
    assert results.not_run
    assert results.repeats(*BASE, course)


def _course(repeats=1, remedies=None):
    folds = make_folds(Y, n_folds=FOLDS, n_repeats=repeats)
    learners = {"m": LogisticRegression(), "prevalence": make_learner("prevalence")}
    return Course(np.zeros((Y.size, 1)), Y, 2, folds, learners, remedies or {})


class Plain:
    """A remedy that leaves the learner as it is."""

    changes = "nothing"

    def __init__(self, name):
        self.name = name

    def treat(self, estimator, *, seed=0, costs=None):
        return estimator


class Sleepy:
    """A remedy whose fit takes its time."""

    changes = "learner"

    def __init__(self, name, seconds):
        self.name = name
        self.seconds = seconds

    def treat(self, estimator, *, seed=0, costs=None):
        return Slow(self.seconds)


class Slow(LogisticRegression):
    """A classifier whose fit takes its time."""

    def __init__(self, seconds=0.1):
        super().__init__()
        self.seconds = seconds

    def fit(self, X, y, sample_weight=None):
        time.sleep(self.seconds)
        return super().fit(X, y, sample_weight)
