"""Later truth: rows that a run scored before their outcome was known, and what they say about it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide import estimate_prior
from evenkeel.decision_file import DecisionFile
from evenkeel.drift import Truth, drift
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.evidence import few_tested
from evenkeel.facts import rounded
from evenkeel.finished import Run
from evenkeel.outcome import Outcome
from evenkeel.reading.labels import read_labels
from evenkeel.reading.moments import parse_time
from evenkeel.reading.schema import Schema
from evenkeel.reading.target import coded_like, target_mapping
from evenkeel.reading.tidy import tidy
from evenkeel.reading.words import plural
from evenkeel.seen_rows import SeenRows, row_marks
from evenkeel.store import AGAIN
from evenkeel.table import read_features

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from evenkeel.decide import PriorEstimate

    Ints = NDArray[np.int64]


def score_truth(
    folder: str | Path, source: Any, *, columns: tuple[str, ...] | None = None
) -> Truth:
    """Read rows with their truth, and score them; rows whose outcome is not known are left out.

    Parameters
    ----------
    folder
        The run directory.
    source
        A table with the columns of training, the target among them.
    columns
        Columns that costs name; None for those of the decision in force.

    Raises
    ------
    InvalidInput
        The target or a column is not there, no row has a label, or training never saw one.
    """
    import polars as pl

    run = Run.load(folder)
    file = DecisionFile.read(Path(folder) / AGAIN)
    read = read_features(source, schema=run.schema)
    target = run.schema.target
    if target not in read.frame.columns:
        raise InvalidInput(
            f"{read.source} must hold the outcome of each row, in column {target!r}. It is not "
            "there. To score rows without it: evenkeel predict."
        )
    codes = _codes(read.frame[target], run, tuple(file.labels), read.source)
    known = np.flatnonzero(codes >= 0)
    X, frame, y = read.X[known], read.frame[known], codes[known]
    columns = file.decision.columns if columns is None else columns
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InvalidInput(
            f"{read.source} must hold the cost column {absent[0]!r} of the decision. It is not there."
        )
    paid = Schema(dict.fromkeys(columns, "number"), "", ())
    costs = paid.select(frame, read.source).frame if columns else None
    run.model.calibrator_ = file.calibrator
    proba_run = run.model.predict_proba(X)
    time = run.info["settings"].get("time")
    times = None
    if isinstance(time, str) and time in frame.columns:
        numbers = pl.Series("row", range(frame.height))
        told = tidy(frame.select(time)).frame[time]
        times = parse_time(told, numbers).to_numpy()
    return Truth(
        y,
        proba_run,
        proba_run if file.adjustment is None else file.adjustment.apply(proba_run),
        tuple(file.labels),
        {} if costs is None else {name: costs[name].to_numpy() for name in columns},
        times,
        row_marks(X),
        codes.size - y.size,
        read.source,
        (*_unknown_note(codes), *read.notes),
        run,
        file,
    )


def estimate_shares(folder: str | Path, source: Any, y: Ints) -> tuple[PriorEstimate, int, str]:
    """Shares of the classes among rows without outcome, by the scores of a run.

    Parameters
    ----------
    folder
        The run directory.
    source
        A table with the columns of training; a target among them is not read.
    y
        Class codes of the rows that the probabilities of the run were calibrated on.

    Returns
    -------
    estimate, n_rows, name
        As :func:`evenkeel.decide.estimate_prior` tells, and of what.
    """
    run = Run.load(folder)
    run.model.calibrator_ = DecisionFile.read(Path(folder) / AGAIN).calibrator
    read = read_features(source, schema=run.schema)
    if run.schema.target in read.frame.columns:
        raise InvalidInput(
            f"deploy_prevalence of a decision must be a share or rows without outcome. {read.source} "
            f"holds the outcome, in column {run.schema.target!r}. Give recalibrate (--recalibrate) in its place, or leave "
            "that column out."
        )
    proba = run.model.predict_proba(read.X)
    was = np.bincount(y, minlength=proba.shape[1]) / y.size
    try:
        return estimate_prior(proba, was), len(proba), read.source
    except InvalidInput as error:
        raise InvalidInput(
            f"deploy_prevalence of a decision cannot be estimated from {read.source}: {error}"
        ) from error


def evaluate_run(folder: str | Path, source: Any) -> dict[str, Any]:
    """What later truth says about a run: its decisions, calibration, prevalence, and what to do.

    Parameters
    ----------
    folder
        The run directory.
    source
        A table with the columns of training and the outcome of each row.

    Returns
    -------
    dict
        The facts of the run with ``test`` and ``calibration`` of these rows, ``drift`` (see
        :func:`evenkeel.drift.drift`), and ``later``: the ``source``, its ``rows`` with an outcome and
        how many have none (``unknown``), how many of them the model was ``trained_on`` and the
        decision in force ``calibrated_on`` (both warned of), and ``notes``.

    Raises
    ------
    InvalidInput
        As for :func:`score_truth`, or rows of one class only.
    """
    truth = score_truth(folder, source)
    if np.unique(truth.y).size < 2:
        raise InvalidInput(
            f"{truth.source} must hold rows of at least two classes to judge by. Got one."
        )
    decision = truth.file.decision
    columns = truth.columns or None
    outcome = Outcome(
        decision=decision,
        y=truth.y,
        labels=decision.apply(truth.proba, columns=columns),
        proba=truth.proba,
        classes=truth.classes,
        columns=columns,
        times=truth.times,
        few=few_tested(np.bincount(truth.y, minlength=len(truth.classes)), truth.classes),
    )
    told = outcome.facts(truth.run.facts)
    told["drift"] = drift(truth, told["test"].get("roc_auc"))
    trained = warn_of_training(truth)
    if 2 * trained > truth.y.size:
        told["drift"] |= {
            "todo": "nothing",
            "why": "most of these rows were in the training table, so they tell nothing about later ones",
        }
    told["later"] = {
        "source": truth.source, "rows": int(truth.y.size), "unknown": truth.unknown,
        "trained_on": trained, "calibrated_on": _warn_of_calibration(truth),
        "notes": list(truth.notes),
    }  # fmt: skip
    found: dict[str, Any] = rounded(told)
    return found


def _codes(column: pl.Series, run: Run, classes: tuple[Any, ...], source: str) -> Ints:
    """Class codes of later labels, read as the run read its own."""
    mapping = run.info.get("mapping")
    labels = read_labels(column, None if mapping is None else target_mapping(mapping))
    if not (labels.codes >= 0).any():
        raise InvalidInput(
            f"{source} must hold the outcome of its rows. None of {plural(labels.codes.size, 'row')} "
            f"has one in column {column.name!r}. To score rows without it: evenkeel predict."
        )
    known = tuple(run.info.get("labels") or classes)
    hint = "Correct them, or leave these rows out."
    return coded_like(labels, known, classes, source, hint=hint)


def _unknown_note(codes: Ints) -> tuple[str, ...]:
    """What it means that some outcomes are not known yet."""
    unknown = int(np.count_nonzero(codes < 0))
    if not unknown:
        return ()
    told = f"{unknown:,} of {plural(codes.size, 'row')} have no outcome yet and are left out; where one "
    return (told + "class is known sooner than the other, these figures lean to it",)


def refuse_own_rows(truth: Truth) -> str:
    """That later rows are those of the run itself: refused where most are, else told.

    Returns
    -------
    str
        How many rows it tested itself on are among them, in words; empty for none.

    Raises
    ------
    InvalidInput
        More than half of the rows are of the run's own table.
    """
    trained, tested = (_among(frame, truth) for frame in (truth.run.oof, truth.run.tested))
    rows = plural(truth.y.size, "row")
    if truth.run.facts["split"]["kind"] == "nested":
        tested = 0  # the same rows again
    if 2 * (trained + tested) > truth.y.size:
        raise InvalidInput(
            f"recalibrate of a decision must hold rows that came later. Of {rows} of {truth.source} the "
            f"model was trained on {trained:,}, and {tested:,} are the untouched rows it was tested "
            "on. Leave those out."
        )
    warn_of_training(truth)
    if not _matter(tested, truth):
        return ""
    told = f"{tested:,} of them among the untouched rows of the run"
    warnings.warn(
        f"The decision is chosen on {rows} of {truth.source}, {told}: figures on those flatter it from "
        "now on.",
        EvenkeelWarning,
        stacklevel=3,
    )
    return told


def _among(frame: pl.DataFrame, truth: Truth) -> int:
    """How many of the later rows are rows of a stored frame; 0 for a run of an earlier version."""
    if "mark" not in frame.columns:
        return 0
    marks = frame.unique("row")["mark"].to_numpy().astype(np.uint64)
    return SeenRows.of(marks).among(truth.marks)


def _matter(seen: int, truth: Truth) -> bool:
    """Whether so many rows are more than the odd copy that any table holds."""
    return seen > 0.001 * truth.y.size


def warn_of_training(truth: Truth) -> int:
    """Rows that the model was trained on: on them it looks better than it is."""
    seen = _among(truth.run.oof, truth)
    if _matter(seen, truth):
        warnings.warn(
            f"{seen:,} of {plural(truth.y.size, 'row')} of {truth.source} were in the training table, too. "
            "On those the model looks better than it is: take rows that came later.",
            EvenkeelWarning,
            stacklevel=3,
        )
    return seen


def _warn_of_calibration(truth: Truth) -> int:
    """Rows that the decision in force was calibrated and chosen on."""
    seen = 0 if truth.file.seen is None else truth.file.seen.among(truth.marks)
    if seen:
        warnings.warn(
            f"{seen:,} of {plural(truth.y.size, 'row')} of {truth.source} are among those that the "
            "decision in force was calibrated and chosen on. That it fits them proves nothing: take "
            "rows that came later.",
            EvenkeelWarning,
            stacklevel=3,
        )
    return seen
