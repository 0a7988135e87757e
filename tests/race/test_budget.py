"""What a budget still allows: expected seconds, the end of a run, and times in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from evenkeel.catalogue import find_remedy
from evenkeel.errors import OutOfTime
from evenkeel.learners import make_learner
from evenkeel.race import Budget, Course, Outcome, Trial, about
from evenkeel.race.budget import Timings, rows_factor
from evenkeel.split import make_folds

Y = np.repeat([0, 1], [300, 60])
NAMES = (
    "none", "class-weight", "random-over", "random-under", "random-under(ratio=0.5)", "smote",
    "random-under(ratio=0.5)+random-over", "tomek-links", "random-under(ratio=0.1)+class-weight",
)  # fmt: skip


@pytest.fixture(scope="module")
def course():
    remedies = {name: find_remedy(name) for name in NAMES}
    learners = {"m": LogisticRegression(), "other": LogisticRegression(),
                "prevalence": make_learner("prevalence")}  # fmt: skip
    rng = np.random.default_rng(0)
    return Course(rng.normal(size=(360, 2)), Y, 2, make_folds(Y, n_folds=4, n_repeats=1),
                  learners, remedies)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_rows_fitted_on_are_known_before_the_fit(course, name):
    """Against the rows that the remedy really fits on; cleaning tells only in the fit."""
    fitted = find_remedy(name).treat(LogisticRegression(), seed=0).fit(course.X, Y)
    while (
        name != "tomek-links" and not hasattr(fitted, "n_rows_") and hasattr(fitted, "estimator_")
    ):
        fitted = fitted.estimator_
    inner = getattr(fitted, "estimator_", None)
    rows = getattr(inner, "n_rows_", getattr(fitted, "n_rows_", Y.size))
    expected = 1.0 if name == "tomek-links" else rows / Y.size
    assert rows_factor(course, name, "m") == pytest.approx(expected)


def test_a_remedy_that_cannot_be_treated_counts_like_the_baseline(course):
    costly = Course(course.X, Y, 2, course.folds, course.learners,
                    {"cost-weight": find_remedy("cost-weight")})  # fmt: skip
    assert rows_factor(costly, "cost-weight", "m") == 1.0


def test_expected_seconds_are_measured_ones_own_first(course):
    outcomes = {}
    timings = Timings(course, outcomes)
    assert timings.of(("smote", "m")) == 0.0, "nothing is known yet"

    def ran(remedy, learner, fold, seconds, **more):
        trial = Trial(remedy, learner, 0, fold)
        outcomes[trial] = Outcome(trial, np.zeros((1, 2)), seconds=seconds, **more)

    ran("none", "m", 0, 3.0, wall=5.0)
    ran("none", "m", 1, 3.0, wall=3.0)
    assert timings.of(("none", "m")) == 4.0, "with the columns that it learnt"
    assert timings.of(("random-over", "m")) == pytest.approx(4.0 * 600 / 360)
    assert timings.of(("class-weight", "other")) == 4.0, "of another learner nothing is known"
    assert timings.of(("none", "prevalence")) == 0.0
    ran("none", "other", 0, 10.0)
    assert timings.of(("class-weight", "other")) == 10.0
    ran("random-over", "m", 0, 7.0)
    ran("random-over", "m", 1, 0.0, status="failed", reason="no memory")
    assert timings.of(("random-over", "m")) == 7.0
    assert timings.last_fit([("none", "m"), ("random-over", "m")]) == pytest.approx((7 + 2) * 4 / 3)
    assert timings.last_fit([]) == 0.0


def test_the_end_counts_what_is_spent_what_runs_and_what_follows(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("evenkeel.race.budget.time.monotonic", lambda: now[0])
    budget = Budget(600.0, spent=20.0, jobs=2)
    now[0] += 5.0
    assert budget.elapsed == 25.0
    assert budget.ends([], 0.0, 3) == 25.0
    assert budget.ends([10.0, 10.0, 10.0], 7.0, 3) == 25.0 + 15.0 + 7.0
    assert budget.ends([10.0, 1.0], 0.0, 0) == 25.0 + 10.0, "none is shorter than by itself"

    def judge(results):
        now[0] += 2.0
        return results + 1

    def tell(found):
        told.append(found)
        now[0] += 3.0

    told = []
    rehearsing = Budget(600.0, judge=judge, tell=tell)
    assert rehearsing.after(5) == 0.0
    rehearsing.rehearse(6)
    assert told == [7]
    assert rehearsing.after(1) == 5.0
    assert rehearsing.after(4) == 4 * 2.0 + 3.0, "each repeat of a remedy is judged, all told once"
    rehearsing.rehearse(6)
    assert now[0] == 110.0, "once is enough"


def test_a_baseline_that_just_fits_is_not_refused():
    budget = Budget(10.0)
    budget.check_baseline(3.0, 3, 5, 0.0)
    with pytest.raises(OutOfTime, match=r"each of its 5 folds takes about 6 s.*Got 10 s.* rows\.$"):
        budget.check_baseline(6.0, 4, 5, 2.0)
    with pytest.raises(OutOfTime, match=r"Give it more, or add --quick\.$"):
        budget.check_baseline(6.0, 4, 5, 2.0, slow=True)


@given(st.floats(0, 1e8))
def test_times_in_words_are_near_the_seconds(seconds):
    word, number, unit = about(seconds).split(" ")
    size = {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
    assert word == "about"
    assert float(number) * size == pytest.approx(max(seconds, 1.0), rel=0.06, abs=0.5)
