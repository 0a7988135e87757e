"""The whole line: read, audit, split, race, settle, test, tell."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel._rows import take
from evenkeel.audit import audit
from evenkeel.decide.classifier import DecidedClassifier
from evenkeel.errors import DamagedRun, InvalidInput, InvalidType
from evenkeel.facts import Found, look_facts, run_facts
from evenkeel.finished import Run, get_ready
from evenkeel.frames import oof_frame, test_frame
from evenkeel.prepare import Prepared, look_at, make_settings, prepare, read_tables
from evenkeel.race import Comparison, Judge, fit_whole, judge_all, run_race
from evenkeel.settings import Settings
from evenkeel.store import Journal, begin, discard, new_folder, read_json
from evenkeel.versions import versions
from evenkeel.wrappers import bare

if TYPE_CHECKING:
    from collections.abc import Callable

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
        Called with the trials done, all trials, and the remedy at work.
    **options
        Fields of :class:`evenkeel.settings.Settings`, such as ``positive="yes"``, ``cost_fn=122``,
        ``cost_fp=4``, ``time="ts"``, ``group="card"``, ``remedies=("smote",)``, ``seed=1``.

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
    settings = make_settings(
        target=target,
        test=None if named is None else str(named),
        out=None if out is None else str(out),
        **options,
    )
    ready = prepare(source, test, settings)
    laps["prepare"] = time.perf_counter()
    writes = out is not None or write or resume
    folder, journal = _open_folder(ready, resume=resume) if writes else (None, None)
    try:
        done = _compare_and_settle(ready, journal, laps, progress)
        if folder is not None:
            done.write(folder)
    except KeyboardInterrupt as stop:
        if folder is not None:
            stop.add_note(str(folder))  # the command line says where to go on
        raise
    except (InvalidInput, InvalidType):
        if folder is not None and not resume:
            discard(folder)
        raise
    return done


def _compare_and_settle(
    ready: Prepared,
    journal: Journal | None,
    laps: dict[str, float],
    progress: Callable[[int, int, str], None] | None,
) -> Run:
    """Race, judge, fit the chosen, test it, and gather what was found."""
    if journal is not None and ready.jobs > 1:
        get_ready()  # while the workers fit
    results = run_race(
        ready.course,
        ready.pairs,
        jobs=ready.jobs,
        journal=journal,
        time_budget=ready.settings.time_budget,
        spent=laps["prepare"] - laps["start"],
        progress=progress,
    )
    laps["race"] = time.perf_counter()
    comparison = _judge(ready, results)
    laps["judge"] = time.perf_counter()
    model = _fit_chosen(ready, comparison)
    laps["last fit"] = time.perf_counter()
    found = _test(ready, comparison, model)
    rows = ready.table if ready.tested is None else ready.tested
    return Run(
        facts=run_facts(found),
        model=model,
        schema=ready.table.schema,
        info=_info(ready, results, comparison, laps),
        oof=oof_frame(comparison, ready.table, ready.split),
        tested=test_frame(rows, ready.split.test, found.proba_test, found.labels_test),
    )


def _open_folder(ready: Prepared, *, resume: bool) -> tuple[Path, Journal]:
    settings, table = ready.settings, ready.table
    folder = new_folder(settings.out, table.name, resume=resume)
    if resume:
        before = read_json(folder / "run.json")
        if not isinstance(before, dict) or not isinstance(before.get("settings"), dict):
            raise DamagedRun(f"{folder / 'run.json'} does not say what the run was asked to do.")
        changed = settings.differences(Settings.from_dict(before["settings"]))
        if before.get("data_hash") != table.hash:
            changed.append("the data")
        if changed:
            raise InvalidInput(
                f"resume of run must go on with the same data and options. Changed: "
                f"{'; '.join(changed)}. Start a new run instead."
            )
    begin(folder, {"settings": settings.to_dict(), "data_hash": table.hash})
    return folder, Journal(folder)


def _judge(ready: Prepared, results: Results) -> Comparison:
    rows = ready.split.train
    columns = ready.columns_of(ready.table, rows)
    judge = Judge(
        ready.policy,
        ready.settings.objective or ready.policy.objective,
        ready.course.n_classes,
        ready.policy.row_costs(ready.table.y[rows], columns=columns),
        columns,
        ready.share,
        ready.settings.seed,
    )
    return judge_all(
        ready.course, results, ready.pairs, judge, classes=ready.table.classes, weak=ready.weak
    )


def _fit_chosen(ready: Prepared, comparison: Comparison) -> DecidedClassifier:
    chosen = comparison.chosen
    assert chosen.settled is not None
    return DecidedClassifier.of(
        bare(fit_whole(chosen.name, chosen.learner, ready.course)),
        chosen.settled,
        classes=ready.table.classes,
    )


def _test(ready: Prepared, comparison: Comparison, model: DecidedClassifier) -> Found:
    rows = ready.table if ready.tested is None else ready.tested
    at = ready.split.test
    columns = ready.columns_of(rows, at)
    proba = model.predict_proba(take(rows.X, at))
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
        labels_test=model.decision_.apply(proba, columns=columns),
        columns_test=columns,
        times_test=ready.times_of(rows, at),
        seed=ready.settings.seed,
    )


def _info(
    ready: Prepared, results: Results, comparison: Comparison, laps: dict[str, float]
) -> dict[str, Any]:
    """What ``run.json`` tells beside the facts: how the run was made and what it cost."""
    moments = list(laps.items())
    base = comparison.baseline.cost
    remedies = [
        {"name": entry.name, "learner": entry.learner, **entry.cost}
        | {
            f"added_{key}": None
            if entry.cost[key] is None or base.get(key) is None
            else entry.cost[key] - base[key]  # type: ignore[operator]
            for key in entry.cost
        }
        for entry in comparison.entries
        if entry.ok
    ]
    return {
        "settings": ready.settings.to_dict(),
        "data_hash": ready.table.hash,
        "source": ready.table.source,
        "labels": list(ready.table.labels),
        "mapping": ready.table.mapping,
        "versions": versions(),
        "seconds": {
            name: round(moment - before, 3)
            for (_, before), (name, moment) in itertools.pairwise(moments)
        },
        "jobs": ready.jobs,
        "trials": sorted(trial.key for trial in results.outcomes),
        "not_run": [
            {"name": remedy, "learner": learner, "repeat": repeat, "seconds": seconds}
            for remedy, learner, repeat, seconds in results.not_run
        ],
        "remedies": remedies,
    }
