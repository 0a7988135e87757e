"""Compare remedies on the same folds, and choose only what the evidence supports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel._rows import columns_of
from evenkeel._threads import limited, side_by_side
from evenkeel.errors import InvalidInput
from evenkeel.evidence import WEAK, rare_rows
from evenkeel.learners import make_learner
from evenkeel.metrics import METRICS
from evenkeel.place import Place
from evenkeel.race.arguments import asked_folds, asked_labels, asked_policy, asked_remedies
from evenkeel.race.asked_groups import asked_groups
from evenkeel.race.canaries import Canary, shuffled_labels
from evenkeel.race.choice import agreement, choose, contenders, field_of
from evenkeel.race.error_costs import cost_numbers
from evenkeel.race.exits import no_exit
from evenkeel.race.judge import Entry, Judge
from evenkeel.race.optimism import Flattery, flattery
from evenkeel.race.positives_needed import Needed, needed
from evenkeel.race.schedule import Results, left_out, run_race
from evenkeel.race.space import asked_space
from evenkeel.race.trial import DUMMY, Course
from evenkeel.scores import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from evenkeel.decide import Policy

_SHOWN = (
    "average_precision", "average_precision_low", "average_precision_high",
    "average_precision_difference", "average_precision_difference_low",
    "average_precision_difference_high", "roc_auc", "precision", "recall", "specificity", "f1",
    "balanced_accuracy", "g_mean", "mcc", "brier", "log_loss", "cost", "versus_baseline",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Remedies side by side.

    Attributes
    ----------
    entries
        The prevalence-only forecast, the baseline ``none``, then the others as given.
    chosen
        What the evidence supports: the baseline, unless another is clearly better.
    why
        One sentence.
    objective
        Metric that ranked them.
    classes
        Label of each class code; with two classes the second is the positive one.
    flattery
        How far its own out-of-fold figure flatters the chosen one; None where nothing was chosen.
    agreement
        Metric to the remedy and learner that the same rule would choose by it.
    needed
        What more rows of the rare class would show; None where nothing was compared.
    canary
        Whether shuffled labels were foreseen by chance alone; None where that was not tried.
    """

    entries: list[Entry]
    chosen: Entry
    why: str
    objective: str
    classes: tuple[Any, ...]
    flattery: Flattery | None = None
    agreement: dict[str, tuple[str, str]] = field(default_factory=dict)
    needed: Needed | None = None
    canary: Canary | None = None

    @property
    def baseline(self) -> Entry:
        """No remedy, calibrated, with a tuned threshold."""
        return next(entry for entry in self.entries if entry.name == "none")

    @property
    def table(self) -> pl.DataFrame:
        """One row for each remedy and learner: metrics, intervals, differences, what it cost."""
        import polars as pl

        rows = [
            {"remedy": entry.name, "learner": entry.learner, "status": entry.status}
            | {key: entry.figures.get(key) for key in _SHOWN}
            | {key: entry.cost.get(key) for key in ("fit_rows", "seconds", "peak_bytes")}
            | {"reason": entry.reason}
            for entry in self.entries
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def __repr__(self) -> str:
        return f"Comparison({len(self.entries)} entries, chosen {self.chosen.name!r}: {self.why})"


def compare(
    X: Any,
    y: Any,
    *,
    estimator: Any = None,
    remedies: Sequence[str | Any] | None = None,
    cv: Any = None,
    policy: Policy | None = None,
    groups: Any = None,
    objective: str | None = None,
    search: int = 1,
    space: Any = None,
    force: bool = False,
    seed: int = 0,
    jobs: int | None = None,
    backend: str = "loky",
    address: str | None = None,
) -> Comparison:
    """Compare remedies on the same folds, resampling inside training folds only.

    Parameters
    ----------
    X
        Table ``(n_rows, n_features)`` of any kind that the estimator takes.
    y
        Labels ``(n_rows,)``; with two classes the rarer one is positive.
    estimator
        Classifier with ``predict_proba``; LightGBM on any table by default.
    remedies
        Names of the catalogue, in a list or joined by commas (``"smote(k=3)"``, ``"random-under(ratio=0.1)+class-weight"``), or
        objects with a ``name`` and ``treat(estimator, seed=, costs=)``. ``"none"`` is always run.
        None takes the usual ones that do something here; of 10 to 49 rare rows, the simple ones.
    cv
        Number of folds, or a splitter of scikit-learn whose folds hold every row once; from the
        size of the rarest class when None.
    policy
        What the decisions are for; F1 (two classes) or balanced accuracy by default.
    groups
        Ids ``(n_rows,)`` of rows that stay together, and widen intervals as far as they are alike; or None.
    objective
        Metric that ranks the remedies; the policy's own by default.
    search, space
        Configurations that each remedy may try on inner folds (1: the estimator as it is), and the
        values to try of each parameter of an estimator that was given.
    force
        Go on with fewer than 10 rare rows.
    seed, jobs
        Seed of everything random; processes. Results are the same with any number; None is one
        here, and all of a cluster.
    backend, address
        Where trials run: see :class:`evenkeel.place.Place`.

    Raises
    ------
    InvalidInput
        Unknown remedy or objective, fewer than two classes or 10 rare rows, lengths that differ, or
        folds that cannot serve, such as more of them than rare rows. Nothing is fitted then.
    InvalidType
        A policy, remedies or cv of another kind.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(n_samples=1500, weights=[0.95], random_state=0)
    >>> found = compare(X, y, estimator=LogisticRegression(), remedies=["class-weight"], cv=3)
    >>> [entry.name for entry in found.entries]
    ['prevalence', 'none', 'class-weight']
    """
    classes, codes = asked_labels(X, y, force=force)
    counts = np.bincount(codes)
    weak = rare_rows(counts) < WEAK
    policy = asked_policy(policy, len(classes))
    objective = policy.objective if objective is None else objective
    check_choice(objective, METRICS, "objective", "compare")
    check_number(seed, "seed", "compare", low=0, whole=True)
    check_number(search, "search", "compare", low=1, whole=True)
    if jobs is not None:
        check_number(jobs, "jobs", "compare", low=1, whole=True)
    place = Place(backend, address)
    with no_exit("remedies of compare"):
        found = asked_remedies(remedies, weak=weak, ratio=counts.max() / counts.min())
    columns = columns_of(X, policy.columns)
    costs = policy.row_costs(codes, columns=columns)
    learner = "lightgbm" if estimator is None else "estimator"
    model = make_learner("lightgbm") if estimator is None else estimator
    course = Course(
        X,
        codes,
        len(classes),
        asked_folds(X, codes, cv, groups, seed),
        learners={learner: model, DUMMY: make_learner(DUMMY)},
        remedies=found,
        costs=cost_numbers(policy, codes, columns),
        seed=seed,
        search=search,
        spaces={learner: asked_space(space, model, known=estimator is None)},
    )
    pairs = entry_pairs(list(found), [learner])
    results = run_race(course, pairs, jobs=jobs or int(not place.is_cluster), place=place)
    units = asked_groups(groups, len(codes))
    judge = Judge(policy, objective, len(classes), costs, columns, seed=seed, groups=units)
    done = judge_all(course, results, pairs, judge, classes=classes, weak=weak)
    return replace(done, canary=shuffled_labels(course, learner, n_trials=len(results.outcomes)))


def entry_pairs(remedies: Sequence[str], learners: Sequence[str]) -> list[tuple[str, str]]:
    """(remedy, learner) pairs: the baseline first, the prevalence-only forecast last."""
    ordered = dict.fromkeys(("none", *remedies))
    pairs = [(remedy, learner) for learner in learners for remedy in ordered]
    return [*pairs, ("none", DUMMY)]


def judge_all(
    course: Course,
    results: Results,
    pairs: list[tuple[str, str]],
    judge: Judge,
    *,
    classes: tuple[Any, ...],
    weak: bool = False,
) -> Comparison:
    """Turn the outcomes of a race into a comparison.

    Parameters
    ----------
    weak
        Too few positives to call any remedy the best: the baseline is kept.

    Raises
    ------
    InvalidInput
        The baseline itself could not be run.
    """
    entries = [_entry(course, results, pair, classes) for pair in (pairs[-1], *pairs[:-1])]
    baseline = entries[1]
    if not baseline.ok:
        raise InvalidInput(
            f"The baseline could not be fitted with {baseline.learner}: {baseline.reason}"
        )
    found = compare_entries(entries, judge, classes=classes, weak=weak)
    there = contenders(entries, baseline)
    seen = field_of(there, judge)
    if seen is None:
        return found
    with limited(1):  # sums over many rows: more threads would only wait for memory
        lucky = None if weak else flattery(seen, seed=judge.seed)
        agreed = {} if weak else agreement(there, judge)
    return replace(
        found,
        flattery=lucky,
        agreement={name: (entry.name, entry.learner) for name, entry in agreed.items()},
        needed=needed(seen, judge.objective, n_rare=rare_rows(np.bincount(course.y))),
    )


def compare_entries(
    entries: list[Entry], judge: Judge, *, classes: tuple[Any, ...], weak: bool
) -> Comparison:
    """Measure entries that have scores, compare them with the baseline, and choose."""
    baseline = next(entry for entry in entries if entry.name == "none")
    there = [entry for entry in entries if entry.ok]  # each is judged by itself: in any order
    side_by_side(judge.measure, there)
    rivals = [entry for entry in there if entry.name != DUMMY]
    side_by_side(lambda entry: judge.against(entry, baseline), rivals)
    judge.verdicts(there, baseline)
    chosen, why = choose(entries, baseline, judge, weak=weak)
    return Comparison(entries, chosen, why, judge.objective, classes)


def _entry(
    course: Course, results: Results, pair: tuple[str, str], classes: tuple[Any, ...]
) -> Entry:
    remedy, learner = pair
    name = DUMMY if learner == DUMMY else remedy
    entry = Entry(name, learner, getattr(course.remedies[remedy], "changes", "learner"))
    repeats = results.repeats(remedy, learner, course)
    if (trouble := results.trouble(remedy, learner)) is not None:
        entry.status, entry.reason = trouble.status, trouble.reason
        return entry
    if not repeats:
        entry.status, entry.reason = left_out(results, pair)
        return entry
    done = [outcome for block in repeats for outcome in block]
    entry.scores = gather(
        course.y, course.folds, [[o.proba for o in block] for block in repeats], classes=classes
    )
    entry.settings = [outcome.settings for outcome in done if outcome.settings is not None]
    peaks = [outcome.peak_bytes for outcome in done if outcome.peak_bytes is not None]
    entry.cost = {
        "fit_rows": float(np.mean([outcome.fit_rows for outcome in done])),
        "seconds": float(np.mean([outcome.seconds for outcome in done])),
        "peak_bytes": float(np.mean(peaks)) if peaks else None,
    }
    return entry
