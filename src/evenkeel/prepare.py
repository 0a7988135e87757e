"""Everything before the first fit: read, check, audit, split, and lay out the course."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice
from evenkeel._rows import take
from evenkeel.audit import audit
from evenkeel.catalogue import ANOMALIES, OBJECT, SIMPLE, THINNED, THINNING, find_remedy
from evenkeel.distribution import Distribution
from evenkeel.errors import InvalidInput
from evenkeel.evidence import FEWEST, evidence_of
from evenkeel.export import unsaved
from evenkeel.layout import lay_out
from evenkeel.learners import KEEP_CATEGORIES, MANY_LEVELS, make_learner
from evenkeel.race import DUMMY, Course, cost_numbers, entry_pairs
from evenkeel.race.exits import no_exit
from evenkeel.race.fold_rows import not_searched
from evenkeel.race.space import how_many, space_of
from evenkeel.settings import Settings
from evenkeel.table import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.audit import Finding
    from evenkeel.decide import Policy
    from evenkeel.split import Split

_REMEDIES = "remedies of run"  # what they are made of may be anybody's code
WORTH_WORKERS = 3_000_000  # rows to fit in all above which starting processes pays


@dataclass(frozen=True)
class Prepared:
    """What a run knows before it fits anything.

    Attributes
    ----------
    settings, policy, assumed
        What was asked for, and whether the policy had to be assumed.
    table, tested
        Labelled rows, and those of a test file or None.
    findings, distribution
        What the audit and a look at the target gave.
    split, course, pairs
        Where rows go, what all trials share, and which (remedy, learner) pairs run.
    weak
        Too few positives to call any remedy the best.
    jobs
        Workers that will share the trials; 0 for all of a cluster.
    search
        How settings are searched, in one sentence.
    """

    settings: Settings
    policy: Policy
    assumed: bool
    table: Table
    tested: Table | None
    findings: list[Finding]
    distribution: Distribution
    split: Split
    course: Course
    pairs: list[tuple[str, str]]
    weak: bool
    share: float | None
    jobs: int
    search: str

    def columns_of(self, table: Table, rows: Any) -> dict[str, NDArray[np.float64]] | None:
        """The columns that the policy reads, each ``(n_rows,)``."""
        return {name: values[rows] for name, values in table.costs.items()} or None

    def times_of(self, table: Table, rows: Any) -> Any:
        """When each row happened, ``(n_rows,)``; None without a time column."""
        return None if table.time is None else table.time.to_numpy()[rows]


def make_settings(**options: Any) -> Settings:
    """Settings from keywords; an unknown one is answered with near names."""
    for name in options:
        check_choice(name, Settings.__dataclass_fields__, "option", "run")
    with no_exit(_REMEDIES):  # it imports those named module:Name
        return Settings(**options)


def read_tables(source: Any, test: Any, settings: Settings) -> tuple[Table, Table | None]:
    """The labelled table, and the test table read like it."""
    options: dict[str, Any] = {
        "names": settings.names,
        "header": settings.header,
        "map_target": settings.map_target,
        "drop_missing_target": settings.drop_missing_target,
    }
    table = read_table(
        source,
        target=settings.target,
        positive=settings.positive,
        group=settings.group,
        time=settings.time,
        drop=settings.drop,
        keep=settings.keep,
        cost_columns=settings.cost_columns,
        **options,
    )
    if table.X.width == 0:
        raise InvalidInput(f"{table.source} must hold a feature beside its target. Got none.")
    if test is None:
        return table, None
    return table, read_table(test, target=settings.target, like=table, **options)


def look_at(table: Table) -> Distribution:
    """Counts, severity and advice for a table's target."""
    numeric = all(dtype.is_numeric() for dtype in table.X.dtypes)
    counts = dict(zip(table.classes, table.counts.tolist(), strict=True))
    return Distribution.of_counts(counts, kind="table", numeric=numeric)


def prepare(
    source: Any, test: Any, settings: Settings, objects: Mapping[str, Any] | None = None
) -> Prepared:
    """Read, check, audit and split; nothing is written and nothing is fitted.

    ``objects`` holds the remedies that the settings name but cannot hold, by name.

    Raises
    ------
    InvalidInput
        Fewer than 10 positives without ``force``, or anything that cannot be read or split.
    """
    table, tested, findings = _audited(*read_tables(source, test, settings))
    policy, assumed = settings.policy(len(table.classes), classes=table.classes)
    _refuse_too_few(table, settings)
    split, folds = lay_out(table, tested, settings)
    # What the choice rests on: a cut in time, or a large test part, may leave few rows to train on.
    evidence = evidence_of(np.bincount(table.y[split.train], minlength=len(table.classes)))
    weak = evidence["level"] == "weak"
    distribution = look_at(table)
    with no_exit(_REMEDIES):
        names = settings.remedy_names()
        if settings.remedies is None:
            names = _suited(names, table, settings.learners, distribution, weak=weak)
        remedies = {name: _found(name, objects or {}) for name in names}
        pairs = _pairs(remedies, settings.learners)
    share = _alert_share(policy, table)
    columns = {name: values[split.train] for name, values in table.costs.items()}
    learners = {name: make_learner(name) for name in (*settings.learners, DUMMY)}
    search, told = how_many(settings.search, evidence["positives"], quick=settings.quick)
    course = Course(
        take(table.X, split.train),
        table.y[split.train],
        len(table.classes),
        folds,
        learners,
        remedies=remedies,
        costs=cost_numbers(policy, table.y[split.train], columns),
        seed=settings.seed,
        search=search,
        spaces={name: space_of(learner) for name, learner in learners.items()},
        unsaved=unsaved,
    )
    told = " ".join(filter(None, (told, not_searched(course))))
    work = len(split.train) * len(pairs) * folds.n_folds * folds.n_repeats * min(search, 4)
    return Prepared(
        settings,
        policy,
        assumed,
        table,
        tested,
        findings,
        distribution,
        split,
        course,
        pairs,
        weak,
        share,
        _jobs(settings, work),
        told,
    )


def _refuse_too_few(table: Table, settings: Settings) -> None:
    n = evidence_of(table.counts)["positives"]
    if n < FEWEST and not settings.force:
        raise InvalidInput(
            f"{table.target} must hold at least {FEWEST} rows of the rare class to compare "
            f"anything. Got {n}. Collect more, or go on with --force."
        )


def _pairs(remedies: Mapping[str, Any], learners: tuple[str, ...]) -> list[tuple[str, str]]:
    """What runs; a remedy with a learner of its own would run alike on the columns of each."""
    return [
        (name, learner)
        for name, learner in entry_pairs(list(remedies), learners)
        if learner in (learners[0], DUMMY) or not getattr(remedies[name], "own_learner", False)
    ]


def _found(name: str, objects: Mapping[str, Any]) -> Any:
    if not name.endswith(OBJECT):
        return find_remedy(name)
    if name not in objects:
        raise InvalidInput(
            f"remedy {name!r} of run must be given as the object that it was: the name alone does "
            "not tell which. Go on from Python, with the same object among remedies."
        )
    return objects[name]


def _jobs(settings: Settings, work: int) -> int:
    if settings.jobs is not None or settings.place.is_cluster:
        return settings.jobs or 0
    return cores() if work > WORTH_WORKERS else 1


def _alert_share(policy: Policy, table: Table) -> float | None:
    """A capacity as a share of rows: of all rows in its periods, held out or not."""
    if policy.alerts is None:
        return None
    times = None if table.time is None else table.time.to_numpy()
    return policy.alerts.budget(table.n_rows, times=times) / table.n_rows


def _suited(
    names: list[str],
    table: Table,
    learners: tuple[str, ...],
    distribution: Distribution,
    *,
    weak: bool,
) -> list[str]:
    """The shortlist as it suits a table.

    With few rare rows only simple remedies; below 10 to 1 none that thins out to that; at extreme
    ratios a detector of anomalies too; SMOTE in the form for mixed columns, where a learner is given
    categories as such.
    """
    import polars as pl

    if weak:
        return [name for name in names if name in SIMPLE]
    if distribution.ratio <= THINNED:
        names = [name for name in names if name not in THINNING]
    if distribution.severity == "extreme" and len(table.classes) == 2:
        names = [*names, ANOMALIES]
    text = (column for column in table.X.get_columns() if column.dtype == pl.String)
    if "smote" not in names or not any(column.n_unique() <= MANY_LEVELS for column in text):
        return names
    forms = {"smote-nc" if name in KEEP_CATEGORIES else "smote" for name in learners}
    at = names.index("smote")
    return [*names[:at], *sorted(forms), *names[at + 1 :]]


def _audited(table: Table, tested: Table | None) -> tuple[Table, Table | None, list[Finding]]:
    """Audit, and leave out columns that only name the row, unless the user vouched for them."""
    findings = audit(table, tested)
    named = [finding for finding in findings if finding.code == "id-column"]
    names = [name for finding in named for name in finding.columns if name not in table.keep]
    if not names or len(names) == table.X.width:
        return table, tested, findings
    table = table.without(names)
    tested = None if tested is None else tested.without(names)
    return table, tested, [*named, *audit(table, tested)]


def cores() -> int:
    """Processors this process may use; ``OMP_NUM_THREADS`` is respected when it is smaller."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(here, int(asked)) if asked.isdecimal() and int(asked) > 0 else here
