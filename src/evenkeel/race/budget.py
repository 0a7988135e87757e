"""What a time budget still allows, from trials that were timed: never from what things should cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.distribution import wanted
from evenkeel.errors import EvenkeelError, OutOfTime
from evenkeel.race.trial import DUMMY, Trial, treated_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from evenkeel.race.schedule import Results
    from evenkeel.race.trial import Course, Outcome

    Pair = tuple[str, str]

TOLERANCE = 1.1  # a budget is kept within 10 %
LEAST_SHARE = 0.1  # of a whole fit that one of a member of an ensemble costs
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


@dataclass
class Budget:
    """Seconds for a whole run, and what is known of how they are spent.

    Parameters
    ----------
    seconds
        For everything, from reading the table to the last file.
    spent
        Seconds gone when this is made.
    jobs
        Processes that share the trials.
    objective
        Metric that ranks the remedies.
    judge, tell
        What follows a race: judging the results so far, which takes longer with every remedy and
        repeat, and doing the rest with what that gives, all but the last fit. Both are timed once.

    Examples
    --------
    >>> budget = Budget(600.0, spent=12.0)
    >>> 12 <= budget.elapsed < 13
    True
    """

    seconds: float
    spent: float = 0.0
    jobs: int = 1
    objective: str = "average-precision"
    judge: Callable[[Results], Any] | None = None
    tell: Callable[[Any], object] | None = None
    start: float = field(init=False)
    judging: float | None = field(init=False, default=None)
    telling: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds of the budget that are gone."""
        return time.monotonic() - self.start + self.spent

    def rehearse(self, results: Results) -> None:
        """Time what follows the race, with the baseline and the forecast as its only results."""
        if self.judge is None or self.tell is None or self.judging is not None:
            return
        begun = time.monotonic()
        found = self.judge(results)
        judged = time.monotonic()
        self.tell(found)
        self.judging, self.telling = judged - begun, time.monotonic() - judged

    def after(self, blocks: int) -> float:
        """Seconds from the race to the end, the last fit apart.

        Parameters
        ----------
        blocks
            Repeats of remedies to judge; each takes as long as that of the baseline.
        """
        return blocks * (self.judging or 0.0) + self.telling

    def ends(self, seconds: Iterable[float], last_fit: float, blocks: int) -> float:
        """When the run would be over, in seconds of its budget, if only these trials still ran.

        Trials share the processes; none is shorter than it is by itself.
        """
        left = list(seconds)
        racing = max(sum(left) / self.jobs, max(left, default=0.0))
        return self.elapsed + racing + last_fit + self.after(blocks)

    def check_baseline(
        self, one: float, left: int, folds: int, last_fit: float, *, slow: bool = False
    ) -> None:
        """Raise when even the baseline will not be done in time, as soon as a fold of it shows that.

        Parameters
        ----------
        one
            Seconds of one of its trials.
        left, folds
            How many of them are not done, and how many there are.
        last_fit
            Seconds of its fit on all rows.
        slow
            Whether ``--quick`` would take fewer folds, or search nothing.

        Raises
        ------
        OutOfTime
            It would be late by more than 10 % and one fit.
        """
        needed = self.ends([one] * left, last_fit, 1)
        if needed <= TOLERANCE * self.seconds + one:
            return
        advice = "Give it more, or add --quick" if slow else "Give it more, or take fewer rows"
        raise OutOfTime(
            f"time_budget of run must be at least {about(needed)} for the baseline alone: "
            f"{about(self.elapsed)} are gone, each of its {folds} folds takes {about(one)}, and the last "
            f"fit on all rows {about(last_fit)}. Got {about(self.seconds).removeprefix('about ')}. "
            f"{advice}."
        )


class Timings:
    """What a trial takes, from those that were run.

    Parameters
    ----------
    course
        What the trials share.
    outcomes
        Those that are there; more may come.
    in_flight
        Seconds for which a trial of a remedy with a learner has been at work by now.
    """

    def __init__(
        self,
        course: Course,
        outcomes: Mapping[Trial, Outcome],
        in_flight: Callable[[Pair], float] = lambda _: 0.0,
    ) -> None:
        self.course = course
        self.outcomes = outcomes
        self.in_flight = in_flight
        self._factors: dict[Pair, float] = {}

    def of(self, pair: Pair) -> float:
        """Seconds that a trial of a remedy with a learner should take.

        The mean of its own; before there are any, what its learner took without a remedy, else
        what anything took, times the rows that it fits on for each that it is given. A trial that
        is at work takes at least as long as it has.
        """
        return max(self._foreseen(pair), self.in_flight(pair))

    def _foreseen(self, pair: Pair) -> float:
        own = self._seconds(lambda trial: (trial.remedy, trial.learner) == pair)
        if own:
            return sum(own) / len(own)
        like = self._seconds(lambda trial: (trial.remedy, trial.learner) == ("none", pair[1]))
        like = like or self._seconds(lambda trial: trial.learner != DUMMY)
        if not like or pair[1] == DUMMY:
            return 0.0
        if pair not in self._factors:
            self._factors[pair] = rows_factor(self.course, *pair)
        return self._factors[pair] * sum(like) / len(like)

    def last_fit(self, pairs: Iterable[Pair]) -> float:
        """Seconds of fitting the slowest of these, columns and all, on all rows: by one process.

        A fold's fit saw ``(k - 1) / k`` of the rows: ``k / (k - 1)`` times what it took.
        """
        k = self.course.folds.n_folds
        slowest = max((self.of(pair) + self._columns(pair[1]) for pair in pairs), default=0.0)
        return slowest * k / (k - 1)

    def _columns(self, learner: str) -> float:
        """The most that learning the columns added to a trial of this learner."""
        return max(
            (
                o.wall - o.seconds
                for t, o in self.outcomes.items()
                if t.learner == learner and o.wall
            ),
            default=0.0,
        )

    def _seconds(self, wanted: Callable[[Trial], bool]) -> list[float]:
        return [
            max(outcome.wall, outcome.seconds)
            for trial, outcome in self.outcomes.items()
            if outcome.status == "ok" and wanted(trial)
        ]


def rows_factor(course: Course, remedy: str, learner: str) -> float:
    """Rows that a remedy fits on for each row it is given, where it says so before it is fitted.

    Parameters
    ----------
    remedy, learner
        Names in the course.

    Returns
    -------
    float
        1 where the rows stay, or where only the fit can tell (cleaning). Of an ensemble of the learner
        the rows of all members, each a tenth of the table at least: small fits cost more by the row.
    """
    from evenkeel.ensemble import ClusteredEnsembleClassifier
    from evenkeel.ensemble.base import Ensemble

    counts = {code: int(n) for code, n in enumerate(np.bincount(course.y)) if n}
    before = sum(counts.values())
    try:
        inner: Any = treated_model(Trial(remedy, learner, 0, 0), course, course.seed)
        while inner is not None:
            resampler: Any = getattr(inner, "resampler", None)
            kind = getattr(resampler, "_kind", None)
            if kind == "over":
                made = wanted(resampler.sampling_strategy, counts, kind="over", y=course.y)
                counts = {code: n + made.get(code, 0) for code, n in counts.items()}
            elif kind == "under":
                counts |= wanted(resampler.sampling_strategy, counts, kind="under", y=course.y)
            elif isinstance(inner, ClusteredEnsembleClassifier):
                return (
                    1.0 + inner.cv
                )  # all rows for the models, and again for each fold of the stack
            elif isinstance(inner, Ensemble) and getattr(inner, "estimator", None) is not None:
                counts |= wanted(inner.sampling_strategy, counts, kind="under", y=course.y)
                share = max(sum(counts.values()) / before, LEAST_SHARE)
                return float(inner.n_estimators * share)
            inner = getattr(inner, "estimator", None)
    except (EvenkeelError, AttributeError, TypeError, ValueError):
        return 1.0  # the trial itself will say what is wrong
    return sum(counts.values()) / before


def about(seconds: float) -> str:
    """Seconds in words, no finer than an estimate is.

    >>> about(0.2), about(42.0), about(2400), about(9000), about(200_000)
    ('about 1 s', 'about 42 s', 'about 40 min', 'about 2.5 h', 'about 2.3 d')
    """
    size, unit = next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])
    number = max(seconds / size, 1.0)
    return (
        f"about {number:.0f} {unit}"
        if number >= 10 or unit == "s"
        else f"about {number:.2g} {unit}"
    )
