"""Which trial is next under a time budget: an answer first, then what is likely and cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel.race.budget import TOLERANCE, Budget, Timings
from evenkeel.race.hopeless import Lead, lead
from evenkeel.race.trial import DUMMY, Trial
from evenkeel.settings import QUICK_FOLDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenkeel.race.schedule import Results
    from evenkeel.race.trial import Course, Outcome

    Pair = tuple[str, str]

_LEAST = 0.01  # a remedy that is behind still gets its turn when time is left


class Pace:
    """Trials in the order that makes most of a time budget, decided late, one at a time.

    The baseline comes first and whole, then the forecast, so that there is an answer. Then one fold
    of every remedy, those that should be quick first, as long as all that are begun can be finished.
    Then whole remedies: the next fold goes to the one with the largest ``P(better than the baseline) / seconds still needed``, the order that
    finds most in a time that may end (Smith's rule). A remedy whose bound is below the baseline by
    a margin is dropped. Repeats follow one by one in the same way. A block of folds that would not
    be over in time, with the last fit, the judging and the report after it, is left out.

    Parameters
    ----------
    course, pairs
        What is raced; the first pair is the baseline.
    budget
        What there is to spend.
    results
        Outcomes so far: whoever runs the trials adds to them. What is dropped or left out is noted
        there.

    References
    ----------
    Smith (1956), "Various optimizers for single-stage production", doi:10.1002/nav.3800030106.
    """

    def __init__(self, course: Course, pairs: list[Pair], budget: Budget, results: Results) -> None:
        self.course = course
        self.pairs = pairs
        self.budget = budget
        self.results = results
        self.timings = Timings(course, results.outcomes, self._in_flight)
        self._given: dict[Trial, float] = {}  # when it was given, in seconds of the budget
        self._leads: dict[tuple[Pair, int], Lead | None] = {}
        self._left_out: set[tuple[Pair, int]] = set()

    def trials(self) -> Iterator[Trial]:
        """Every trial that is worth its time, each decided on when it is asked for."""
        for repeat in range(self.course.folds.n_repeats):
            for pair in (self.pairs[0], *(p for p in self.pairs[1:] if p[1] == DUMMY)):
                yield from self._whole(pair, repeat)
            if (self.pairs[0], repeat) in self._left_out or self._is_out(self.pairs[0]):
                return  # nothing to compare with
            while (trial := self._next(repeat)) is not None:
                yield self._give(trial)

    @property
    def let_go(self) -> int:
        """Trials that are decided not to run."""
        return sum(
            len(self._to_do(pair, repeat))
            for pair in self.pairs
            for repeat in range(self.course.folds.n_repeats)
            if (pair, repeat) in self._left_out or self._is_out(pair)
        )

    def _whole(self, pair: Pair, repeat: int) -> Iterator[Trial]:
        """A block that others are compared with; the first one is run whatever else is left out."""
        if repeat and not self._fits(pair, repeat):
            return
        for trial in self._to_do(pair, repeat):
            if self.results.trouble(*pair) is not None:
                return  # a fold that cannot be scored: the others would be for nothing
            if repeat == 0 and pair == self.pairs[0]:
                self._check_baseline()
            yield self._give(trial)

    def _check_baseline(self) -> None:
        pair = self.pairs[0]
        done = self._done(pair, 0)
        if not done:
            return
        k = self.course.folds.n_folds
        last = self.timings.last_fit([pair])
        slow = k > QUICK_FOLDS or self.course.search > 1
        self.budget.check_baseline(self.timings.of(pair), k - len(done), k, last, slow=slow)

    def _next(self, repeat: int) -> Trial | None:
        """The next trial of any remedy in this repeat; None when nothing is left that fits."""
        if self._rehearses(repeat):
            self.budget.rehearse(self.results)
        while rivals := self._open(repeat):
            pair = self._choose(rivals, repeat)
            if self._fits(pair, repeat):
                return self._to_do(pair, repeat)[0]
        return None

    def _rehearses(self, repeat: int) -> bool:
        """Whether the baseline is there, and it matters how long what follows the race takes."""
        unfinished = len(self._done(self.pairs[0], 0)) < self.course.folds.n_folds
        if unfinished or self.budget.judging is not None:
            return False
        limit = self.budget.seconds
        return any(self._end([pair], repeat) <= limit for pair in self._open(repeat))

    def _choose(self, rivals: list[Pair], repeat: int) -> Pair:
        """A new remedy while it and all that are begun can be finished, else the most promising."""
        new = [pair for pair in rivals if not self._begun(pair)]
        begun = [pair for pair in rivals if pair not in new]
        if new:
            quickest = min(new, key=self.timings.of)
            if not begun or self._end([quickest, *begun], repeat) <= self.budget.seconds:
                return quickest
        return max(begun, key=lambda pair: self._worth(pair, repeat))

    def _open(self, repeat: int) -> list[Pair]:
        """Remedies with folds to run in this repeat; the hopeless are dropped on the way."""
        return [
            pair
            for pair in self.pairs[1:]
            if pair[1] != DUMMY
            and not {(pair, 0), (pair, repeat)} & self._left_out
            and self._to_do(pair, repeat)
            and self.results.trouble(*pair) is None
            and not self._drop(pair)
        ]

    def _drop(self, pair: Pair) -> bool:
        """Whether the remedy is dropped, now or earlier."""
        if pair not in self.results.dropped:
            found = self._lead(pair)
            if found is None or not found.hopeless:
                return False
            folds = self.course.folds
            self.results.dropped[pair] = found.told(folds.n_folds * folds.n_repeats)
        return True

    def _lead(self, pair: Pair) -> Lead | None:
        """What a remedy is ahead of the baseline by, on all folds that both are done with."""
        both = [
            (mine, base)
            for repeat in range(self.course.folds.n_repeats)
            for mine in self._done(pair, repeat)
            if (base := self.results.outcomes.get(_of(self.pairs[0], mine.trial))) is not None
            and base.status == mine.status == "ok"
        ]
        key = (pair, len(both))
        if key not in self._leads:
            mine, theirs = [one for one, _ in both], [base for _, base in both]
            self._leads[key] = lead(self.course, mine, theirs, objective=self.budget.objective)
        return self._leads[key]

    def _worth(self, pair: Pair, repeat: int) -> float:
        """``P(better than the baseline)`` for each second that the block still needs."""
        found = self._lead(pair)
        chance = 0.5 if found is None else max(found.chance, _LEAST)
        return chance / max(self.timings.of(pair) * len(self._to_do(pair, repeat)), 1e-9)

    def _fits(self, pair: Pair, repeat: int) -> bool:
        """Whether a block of folds would be over in time; if not, it is noted as left out.

        Once more than a fold of it is run, the tolerance is its own: it is not left in the middle
        for a second.
        """
        started = len(self._done(pair, repeat)) > 1
        limit = self.budget.seconds * (TOLERANCE if started else 1.0)
        if self._end([pair], repeat) <= limit:
            return True
        self._left_out.add((pair, repeat))
        seconds = self.timings.of(pair) * len(self._to_do(pair, repeat)) / self.budget.jobs
        self.results.not_run.append((*pair, repeat, seconds))
        return False

    def _end(self, pairs: list[Pair], repeat: int) -> float:
        """When the run would be over if these remedies were finished in this repeat, and no other.

        The last fit is then of one of these, or of one that is there in whole.
        """
        left = [self.timings.of((t.remedy, t.learner)) for t in self._flying()]
        for pair in pairs:
            left += [self.timings.of(pair)] * len(self._to_do(pair, repeat))
        there = [pair for pair in self.pairs if self.results.repeats(*pair, self.course)]
        last = self.timings.last_fit([*pairs, *there])
        return self.budget.ends(left, last, self._whole_blocks() + len(pairs))

    def _whole_blocks(self) -> int:
        """Repeats of remedies that will be judged; the forecast takes next to nothing."""
        return sum(
            len(self.results.repeats(*pair, self.course)) for pair in self.pairs if pair[1] != DUMMY
        )

    def _is_out(self, pair: Pair) -> bool:
        unfinished = (pair, 0) in self._left_out
        return unfinished or pair in self.results.dropped or self.results.trouble(*pair) is not None

    def _begun(self, pair: Pair) -> bool:
        return any(
            (t.remedy, t.learner) == pair for t in self._given.keys() | self.results.outcomes.keys()
        )

    def _done(self, pair: Pair, repeat: int) -> list[Outcome]:
        found = map(self.results.outcomes.get, block(*pair, repeat, self.course))
        return [outcome for outcome in found if outcome is not None]

    def _to_do(self, pair: Pair, repeat: int) -> list[Trial]:
        return [
            trial
            for trial in block(*pair, repeat, self.course)
            if trial not in self._given and trial not in self.results.outcomes
        ]

    def _flying(self) -> list[Trial]:
        return [trial for trial in self._given if trial not in self.results.outcomes]

    def _in_flight(self, pair: Pair) -> float:
        """Seconds for which a trial of a remedy with a learner has been at work, the longest."""
        begun = (self._given[t] for t in self._flying() if (t.remedy, t.learner) == pair)
        return max((self.budget.elapsed - at for at in begun), default=0.0)

    def _give(self, trial: Trial) -> Trial:
        self._given[trial] = self.budget.elapsed
        return trial


def block(remedy: str, learner: str, repeat: int, course: Course) -> list[Trial]:
    """The trials of a remedy with a learner in one repeat: the folds that only together tell."""
    return [Trial(remedy, learner, repeat, fold) for fold in range(course.folds.n_folds)]


def _of(pair: Pair, trial: Trial) -> Trial:
    """The trial of another pair on the same fold."""
    return Trial(*pair, trial.repeat, trial.fold)
