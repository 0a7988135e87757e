"""The whole line: read, audit, split, race, settle, test, tell."""

from __future__ import annotations

import time
import warnings
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel._rows import take
from evenkeel.audit import audit
from evenkeel.catalogue import as_texts
from evenkeel.decide.classifier import DecidedClassifier
from evenkeel.export import model_bytes
from evenkeel.facts import Found, look_facts, run_facts
from evenkeel.finished import Run, get_ready
from evenkeel.frames import oof_frame, test_frame
from evenkeel.info import run_info
from evenkeel.prepare import Prepared, look_at, make_settings, prepare, read_tables
from evenkeel.race import (
    DUMMY,
    Budget,
    Comparison,
    Judge,
    connected,
    fit_whole,
    judge_all,
    judge_nested,
    run_race,
    shuffled_labels,
)  # fmt: skip
from evenkeel.race.exits import no_exit
from evenkeel.report import render_page
from evenkeel.resume import at_work
from evenkeel.wrappers import bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenkeel.journal import Journal
    from evenkeel.race import Results


def look(source: Any, *, target: str | int, test: Any = None, **options: Any) -> dict[str, Any]:
    """Audit a table: the facts that ``evenkeel check`` shows.

    Parameters
    ----------
    source
        File, folder, glob or frame.
    target
        Column to predict.
    test
        Table with untouched rows, or None.
    **options
        As for :func:`run`: ``positive``, ``names``, ``header``, ``map_target``, ``group``,
        ``time``, ``drop``, ``keep``, ``drop_missing_target``.

    Examples
    --------
    >>> facts = look({"x": list(range(100)), "y": [0] * 88 + [1] * 12}, target="y")
    >>> facts["data"]["severity"]
    'moderate'
    """
    table, tested = read_tables(source, test, make_settings(target=target, **options))
    return look_facts(table, audit(table, tested), look_at(table))


def run(
    source: Any,
    *,
    target: str | int,
    test: Any = None,
    out: str | Path | None = None,
    resume: bool = False,
    write: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
    **options: Any,
) -> Run:
    """From a table to a decision: audit, split, compare remedies, calibrate, decide, test.

    Parameters
    ----------
    source
        File, folder, glob, or a frame of pandas, polars, pyarrow or numpy.
    target
        Column to predict: name or position.
    test
        Table with untouched rows; by default a part of ``source`` is held out.
    out
        New run directory. Without it nothing is written, unless ``write`` is set:
        then ``runs/NAME-NUMBER``.
    resume
        Go on with the run in ``out``; finished trials are not repeated.
    progress
        Called with the trials done, all trials, and the remedy at work: at the start, and after
        each trial.
    **options
        Fields of :class:`evenkeel.settings.Settings`, such as ``positive="yes"``, ``cost_fn=122``,
        ``cost_fp=4``, ``time="ts"``, ``group="card"``, ``remedies=("smote",)``, ``seed=1``. Among
        the remedies may be objects, as for :func:`evenkeel.compare`.

    Returns
    -------
    Run
        With ``table``, ``model``, ``decision``, ``facts``, ``report(path)``, ``save(dir)``.

    Raises
    ------
    InvalidInput
        Anything that cannot be used; nothing is written then.
    CannotWrite
        The run directory or the disk refuses.

    Examples
    --------
    >>> from evenkeel.samples import payments
    >>> done = run(payments(6000, seed=1), target="is_fraud", drop=("note",), quick=True,
    ...            remedies=("class-weight",), force=True)
    >>> done.facts["data"]["severity"]
    'extreme'
    """
    laps = {"start": time.perf_counter()}
    named = test if isinstance(test, str | Path | None) else "(table in memory)"
    with no_exit("remedies of run"):
        options["remedies"], objects = as_texts(options.get("remedies"))
    settings = make_settings(
        target=target,
        test=None if named is None else str(named),
        out=None if out is None else str(out),
        **options,
    )
    ready = prepare(source, test, settings, objects)
    laps["prepare"] = time.perf_counter()
    with connected(settings.place, ready.jobs) as jobs:
        ready = replace(ready, jobs=jobs)
        if not (out is not None or write or resume):
            return _compare_and_settle(ready, None, laps, progress)
        with at_work(ready, resume=resume) as (folder, journal):
            done = _compare_and_settle(ready, journal, laps, progress)
            done.write(folder)
    return done


def _compare_and_settle(
    ready: Prepared,
    journal: Journal | None,
    laps: dict[str, float],
    progress: Callable[[int, int, str], None] | None,
) -> Run:
    """Race, judge, fit the chosen, test it, and gather what was found."""
    budget = _budget(ready, laps)
    if budget is not None:
        get_ready().join()  # or what follows the race could not be foreseen
    elsewhere = ready.jobs > 1 and ready.settings.place.backend != "threading"
    with _imports_beside(budget is None and journal is not None and elsewhere):
        results = run_race(
            ready.course, ready.pairs, jobs=ready.jobs, place=ready.settings.place,
            journal=journal, budget=budget, progress=progress,
        )  # fmt: skip
    laps["race"] = time.perf_counter()
    judge = judge_of(ready)
    comparison = _compared(ready, results, judge, journal)
    laps["judge"] = time.perf_counter()
    model = _fit_chosen(ready, comparison)
    laps["last fit"] = time.perf_counter()
    return _gathered(ready, results, comparison, judge, model, laps)


@contextmanager
def _imports_beside(wanted: bool) -> Iterator[None]:
    """Import what follows the race while others fit, and be done when they are.

    Libraries change the filters of warnings as they are imported, and all threads share these: here
    they are put back.
    """
    if not wanted:
        yield
        return
    with warnings.catch_warnings():
        thread = get_ready()
        try:
            yield
        finally:
            thread.join()


def _budget(ready: Prepared, laps: dict[str, float]) -> Budget | None:
    """The time budget, which can rehearse all that follows the race, the last fit apart."""
    seconds, judge = ready.settings.time_budget, judge_of(ready)
    if seconds is None:
        return None

    def judged(results: Results) -> Run:
        comparison = judge_all(
            ready.course, results, ready.pairs, judge, classes=ready.table.classes, weak=ready.weak
        )
        settled = comparison.chosen.settled
        assert settled is not None
        forecast, _ = fit_whole("none", DUMMY, ready.course)
        model = DecidedClassifier.of(bare(forecast), settled, classes=ready.table.classes)
        return _gathered(ready, results, comparison, judge, model, laps)

    def tell(run: Run) -> None:
        shuffled_labels(ready.course, ready.pairs[0][1], n_trials=1)
        model_bytes(run.model.estimator_)
        render_page(run.told)

    spent = laps["prepare"] - laps["start"]
    return Budget(seconds, spent, ready.jobs, judge.objective, judged, tell)


def _compared(
    ready: Prepared, results: Results, judge: Judge, journal: Journal | None = None
) -> Comparison:
    n_trials, learner = len(results.outcomes), ready.pairs[0][1]
    canary = shuffled_labels(ready.course, learner, n_trials=n_trials, journal=journal)
    comparison = judge_all(
        ready.course, results, ready.pairs, judge, classes=ready.table.classes, weak=ready.weak
    )
    return replace(comparison, canary=canary)


def _gathered(
    ready: Prepared,
    results: Results,
    comparison: Comparison,
    judge: Judge,
    model: DecidedClassifier,
    laps: dict[str, float],
) -> Run:
    """What was found, told by the untouched rows."""
    found = _test(ready, comparison, model, judge)
    rows = ready.table if ready.tested is None else ready.tested
    return Run(
        facts=run_facts(found),
        model=model,
        schema=ready.table.schema,
        info=run_info(ready, results, comparison, laps),
        oof=oof_frame(comparison, ready.table, ready.split),
        tested=test_frame(rows, ready.split.test, found.proba_test, found.labels_test),
    )


def judge_of(ready: Prepared) -> Judge:
    """What all remedies of a run are judged by."""
    rows = ready.split.train
    columns, groups = ready.columns_of(ready.table, rows), ready.table.groups
    return Judge(
        ready.policy,
        ready.settings.objective or ready.policy.objective,
        ready.course.n_classes,
        ready.policy.row_costs(ready.table.y[rows], columns=columns),
        columns,
        ready.share,
        ready.settings.seed,
        groups=None if groups is None else groups[rows],
    )


def _fit_chosen(ready: Prepared, comparison: Comparison) -> DecidedClassifier:
    chosen = comparison.chosen
    assert chosen.settled is not None
    model, chosen.shipped = fit_whole(chosen.name, chosen.learner, ready.course)
    return DecidedClassifier.of(bare(model), chosen.settled, classes=ready.table.classes)


def _test(ready: Prepared, comparison: Comparison, model: DecidedClassifier, judge: Judge) -> Found:
    rows = ready.table if ready.tested is None else ready.tested
    at = ready.split.test
    columns = ready.columns_of(rows, at)
    if ready.split.kind == "nested":
        crossed = judge_nested(comparison, judge, weak=ready.weak)
        proba, labels = crossed.proba, crossed.labels
    else:
        proba = model.predict_proba(take(rows.X, at))
        labels = model.decision_.apply(proba, columns=columns)
    assert comparison.chosen.settled is not None
    return Found(
        ready.table,
        ready.findings,
        ready.distribution,
        ready.split,
        ready.course.folds,
        ready.policy,
        ready.assumed,
        comparison,
        comparison.chosen.settled,
        rows.y[at],
        proba,
        labels_test=labels,
        columns_test=columns,
        times_test=ready.times_of(rows, at),
        groups_test=None if rows.groups is None else rows.groups[at],
        search=ready.search,
        seed=ready.settings.seed,
    )
