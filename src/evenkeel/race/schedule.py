"""Which trials run, in which order, and when to stop: the baseline first, then remedy by remedy."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evenkeel.errors import CannotGoOn, EvenkeelWarning, InvalidInput
from evenkeel.race.backends import HERE, map_trials
from evenkeel.race.budget import about
from evenkeel.race.pace import Pace, block
from evenkeel.race.trial import Outcome, Trial, lost_trial, run_trial
from evenkeel.race.worker import DIED, TOO_LARGE, TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenkeel.journal import Journal
    from evenkeel.place import Place
    from evenkeel.race.budget import Budget
    from evenkeel.race.trial import Course

_ADVICE = {
    TOO_LONG: "Give it a larger trial_timeout.",
    TOO_LARGE: "Give it a larger trial_memory, fewer rows, or a larger machine.",
    DIED: "Give it more memory: fewer jobs, fewer rows, or a larger machine.",
}


@dataclass
class Results:
    """Outcomes of a race by trial, and what was dropped or left out under a time budget.

    Attributes
    ----------
    outcomes
        By trial.
    not_run
        ``(remedy, learner, repeat, seconds it would have cost)``.
    dropped
        Why a remedy with a learner was not gone on with, by the two names.
    """

    outcomes: dict[Trial, Outcome] = field(default_factory=dict)
    not_run: list[tuple[str, str, int, float]] = field(default_factory=list)
    dropped: dict[tuple[str, str], str] = field(default_factory=dict)

    def repeats(self, remedy: str, learner: str, course: Course) -> list[list[Outcome]]:
        """Outcomes ``[repeat][fold]`` of the repeats that were run in whole."""
        blocks = [
            [self.outcomes.get(trial) for trial in block(remedy, learner, repeat, course)]
            for repeat in range(course.folds.n_repeats)
        ]
        return [
            [outcome for outcome in found if outcome is not None]
            for found in blocks
            if all(outcome is not None for outcome in found)
        ]

    def trouble(self, remedy: str, learner: str) -> Outcome | None:
        """An outcome without scores, which says that the pair cannot run; None while all is well."""
        pair = (remedy, learner)
        # the first by number, not by time: with several jobs a later fold may be over before it
        return min(
            (
                outcome
                for trial, outcome in self.outcomes.items()
                if (trial.remedy, trial.learner) == pair and outcome.status != "ok"
            ),
            key=lambda outcome: (outcome.trial.repeat, outcome.trial.fold),
            default=None,
        )


def run_race(
    course: Course,
    pairs: list[tuple[str, str]],
    *,
    jobs: int = 1,
    place: Place = HERE,
    journal: Journal | None = None,
    budget: Budget | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Results:
    """Run every (remedy, learner) pair on every fold of every repeat.

    Parameters
    ----------
    pairs
        The first is the baseline, and runs first.
    jobs, place
        How many workers, and where: as for :func:`evenkeel.race.map_trials`.
    journal
        Finished trials are read from it and added to it.
    budget
        What the whole run may take; see :class:`evenkeel.race.pace.Pace` for what is then run in
        which order. None runs everything.
    progress
        Called with the trials done, all trials, and the remedy at work: at the start, and after
        each trial.

    Raises
    ------
    OutOfTime
        The budget is too small for the baseline.
    InvalidInput
        The baseline does not suit the data.
    CannotGoOn
        It failed in another way, such as by a limit; what is in the journal is kept.
    """
    results = Results()
    total = len(pairs) * course.folds.n_repeats * course.folds.n_folds
    order = (
        Everything(course, pairs, results)
        if budget is None
        else Pace(course, pairs, budget, results)
    )

    def wanted() -> Iterator[Trial]:
        for trial in order.trials():
            stored = None if journal is None else stored_outcome(journal, trial)
            if stored is None:
                yield trial
            else:
                note(stored)

    late = place.backend == "threading"  # which silences all warnings as long as it is at work

    def note(outcome: Outcome) -> None:
        results.outcomes[outcome.trial] = outcome
        if not late:
            _warn_of_unsaved(outcome)

    if progress is not None:
        progress(0, total, pairs[0][0])
    for outcome in map_trials(run_trial, wanted(), course, jobs=jobs, place=place, lost=lost_trial):
        if journal is not None:
            journal.add(outcome.trial.key, outcome.facts(), {"proba": outcome.proba})
        note(outcome)
        if progress is not None:
            progress(len(results.outcomes) + order.let_go, total, outcome.trial.remedy)
    for outcome in results.outcomes.values() if late else ():
        _warn_of_unsaved(outcome)
    _check_baseline(results, pairs[0])
    return results


def _warn_of_unsaved(outcome: Outcome) -> None:
    if outcome.unsaved is not None:
        warnings.warn(
            f"Should {outcome.trial.remedy} be chosen, the run is kept without its model: "
            f"{outcome.unsaved}",
            EvenkeelWarning,
            stacklevel=3,
        )


def _check_baseline(results: Results, pair: tuple[str, str]) -> None:
    """Raise where the baseline has no scores: there is nothing to compare with."""
    trouble = results.trouble(*pair)
    if trouble is None:
        return
    told = f"The baseline could not be fitted with {pair[1]}: {trouble.reason}"
    if trouble.status != "failed":
        raise InvalidInput(told)
    told = f"{told.rstrip('.')}."
    raise CannotGoOn(
        next((f"{told} {advice}" for why, advice in _ADVICE.items() if why in told), told)
    )


class Everything:
    """All trials: the baseline first, then remedy by remedy, repeat by repeat.

    Parameters
    ----------
    course, pairs, results
        As for :class:`evenkeel.race.pace.Pace`.
    """

    def __init__(self, course: Course, pairs: list[tuple[str, str]], results: Results) -> None:
        self.course = course
        self.pairs = pairs
        self.results = results
        self._given: set[Trial] = set()

    def trials(self) -> Iterator[Trial]:
        """Trials in order; a pair is let go after the first that shows that it cannot run.

        Without the baseline there is nothing to compare with, and all are let go.
        """
        for repeat in range(self.course.folds.n_repeats):
            for pair in self.pairs:
                for trial in block(*pair, repeat, self.course):
                    if self.results.trouble(*self.pairs[0]) is not None:
                        return
                    if self.results.trouble(*pair) is not None:
                        break
                    self._given.add(trial)
                    yield trial

    @property
    def let_go(self) -> int:
        """Trials that are decided not to run."""
        none_left = self.results.trouble(*self.pairs[0]) is not None
        return sum(
            trial not in self._given
            for pair in self.pairs
            if none_left or self.results.trouble(*pair) is not None
            for repeat in range(self.course.folds.n_repeats)
            for trial in block(*pair, repeat, self.course)
        )


def left_out(results: Results, pair: tuple[str, str]) -> tuple[str, str]:
    """Status and reason of a pair that a time budget kept from its first repeat.

    >>> left_out(Results(not_run=[("smote-nc", "lightgbm", 0, 2400.0)]), ("smote-nc", "lightgbm"))
    ('not run', 'time budget: about 40 min, which is a guess')
    """
    if pair in results.dropped:
        return "dropped", f"dropped {results.dropped[pair]}"
    seconds = sum(left[3] for left in results.not_run if left[:2] == pair)
    timed = any((trial.remedy, trial.learner) == pair for trial in results.outcomes)
    guess = "" if timed else ", which is a guess"
    return "not run", f"time budget: {about(seconds)}{guess}"


def stored_outcome(journal: Journal, trial: Trial) -> Outcome | None:
    """What an earlier run left of a trial; None where it has to run again."""
    found: Any = journal.get(trial.key)
    if found is None or "proba" not in found[1] or found[0].get("status") == "failed":
        return None  # what failed may work now: more memory, a library mended
    return Outcome(trial, found[1]["proba"], **found[0])
