"""Which trials run, in which order, and when to stop: the baseline first, then remedy by remedy."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evenkeel.race.backends import map_trials
from evenkeel.race.trial import DUMMY, Outcome, Trial, run_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenkeel.race.trial import Course
    from evenkeel.store import Journal

FOR_THE_REST = 0.15  # share of a time budget kept for the last fit, the test and the report


@dataclass
class Results:
    """Outcomes of a race by trial, and what was left out for lack of time.

    Attributes
    ----------
    outcomes
        By trial; a block of folds is either whole or absent.
    not_run
        ``(remedy, learner, repeat, seconds it would have cost)``.
    """

    outcomes: dict[Trial, Outcome] = field(default_factory=dict)
    not_run: list[tuple[str, str, int, float]] = field(default_factory=list)

    def repeats(self, remedy: str, learner: str, course: Course) -> list[list[Outcome]]:
        """Outcomes ``[repeat][fold]`` of the repeats that were run in whole."""
        blocks = [
            [self.outcomes.get(trial) for trial in _block(remedy, learner, repeat, course)]
            for repeat in range(course.folds.n_repeats)
        ]
        return [
            [outcome for outcome in block if outcome is not None]
            for block in blocks
            if all(outcome is not None for outcome in block)
        ]


def run_race(
    course: Course,
    pairs: list[tuple[str, str]],
    *,
    jobs: int = 1,
    journal: Journal | None = None,
    time_budget: float | None = None,
    spent: float = 0.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Results:
    """Run every (remedy, learner) pair on every fold of every repeat.

    Parameters
    ----------
    pairs
        The first is the baseline: its first repeat runs whatever the budget, and so does that of
        the prevalence-only forecast, which costs nothing.
    journal
        Finished trials are read from it and added to it.
    time_budget
        Seconds for the whole run; a block of folds that would not fit is left out and listed.
    spent
        Seconds of the budget that are gone.
    progress
        Called with the trials done, all trials, and the remedy at work.
    """
    results = Results()
    start = time.monotonic() - spent
    total = len(pairs) * course.folds.n_repeats * course.folds.n_folds
    known = [0]

    def wanted() -> Iterator[Trial]:
        for repeat in range(course.folds.n_repeats):
            for number, (remedy, learner) in enumerate(pairs):
                block = _block(remedy, learner, repeat, course)
                if _given_up(results, remedy, learner, repeat, course):
                    known[0] += len(block)
                    continue
                needed = _estimate(results, remedy, learner, course)
                late = time_budget is not None and (
                    time.monotonic() - start + needed / jobs > time_budget * (1 - FOR_THE_REST)
                )
                spared = repeat == 0 and (number == 0 or learner == DUMMY)
                if late and not spared:
                    results.not_run.append((remedy, learner, repeat, needed / jobs))
                    known[0] += len(block)
                    continue
                for trial in block:
                    stored = None if journal is None else _stored(journal, trial)
                    if stored is None:
                        yield trial
                    else:
                        results.outcomes[trial] = stored

    for outcome in map_trials(run_trial, wanted(), course, jobs=jobs):
        results.outcomes[outcome.trial] = outcome
        if journal is not None:
            journal.add(outcome.trial.key, outcome.facts(), {"proba": outcome.proba})
        if progress is not None:
            progress(len(results.outcomes) + known[0], total, outcome.trial.remedy)
    return results


def _block(remedy: str, learner: str, repeat: int, course: Course) -> list[Trial]:
    return [Trial(remedy, learner, repeat, fold) for fold in range(course.folds.n_folds)]


def _given_up(results: Results, remedy: str, learner: str, repeat: int, course: Course) -> bool:
    """Whether an earlier repeat showed that the pair cannot run."""
    return any(
        outcome.status != "ok"
        for earlier in range(repeat)
        for trial in _block(remedy, learner, earlier, course)
        if (outcome := results.outcomes.get(trial)) is not None
    )


def _estimate(results: Results, remedy: str, learner: str, course: Course) -> float:
    """Seconds that one block of folds should take, from what was measured so far."""
    same = [
        o.seconds for t, o in results.outcomes.items() if (t.remedy, t.learner) == (remedy, learner)
    ]
    like = same or [o.seconds for t, o in results.outcomes.items() if t.learner == learner]
    return course.folds.n_folds * sum(like) / len(like) if like else 0.0


def _stored(journal: Journal, trial: Trial) -> Outcome | None:
    found: Any = journal.get(trial.key)
    if found is None or "proba" not in found[1] or found[0].get("status") == "failed":
        return None  # what failed may work now: more memory, a library mended
    return Outcome(trial, found[1]["proba"], **found[0])
