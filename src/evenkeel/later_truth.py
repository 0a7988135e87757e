"""Later truth: rows that a run scored before their outcome was known, and what they say about it."""

from __future__ import annotations

import math
import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide.estimate_prior import estimate_prior
from evenkeel.decide.prior import PriorShift
from evenkeel.decision_file import DecisionFile
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.evidence import FEWEST, few_tested
from evenkeel.facts import rounded
from evenkeel.finished import Run
from evenkeel.frames import labels_series
from evenkeel.intervals import roc_auc_interval, wilson
from evenkeel.outcome import Outcome
from evenkeel.reading.labels import read_labels
from evenkeel.reading.moments import parse_time
from evenkeel.reading.schema import Schema
from evenkeel.reading.target import coded_like, target_mapping
from evenkeel.reading.tidy import tidy
from evenkeel.reading.words import plural
from evenkeel.store import AGAIN
from evenkeel.table import read_features

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Truth:
    """Later rows with their truth, scored by a run's model.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba_run, proba
        ``(n_rows, n_classes)``: on the scale of the run, and of the decision in force.
    classes
        Label of each code.
    columns
        The cost columns asked for, each ``(n_rows,)``.
    times
        ``(n_rows,)`` or None.
    source, notes
        Where the rows came from, and what was noticed.
    run, file
        The run and its decision in force.
    """

    y: Ints
    proba_run: Floats
    proba: Floats
    classes: tuple[Any, ...]
    columns: dict[str, Floats]
    times: Any
    source: str
    notes: tuple[str, ...]
    run: Run
    file: DecisionFile


def score_truth(
    folder: str | Path, source: Any, *, columns: tuple[str, ...] | None = None
) -> Truth:
    """Read rows with their truth, and score them.

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
        The target or a column is not there, labels are missing, or training never saw them.
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
    y = _codes(read.frame[target], run, tuple(file.labels), read.source)
    columns = file.decision.columns if columns is None else columns
    absent = [name for name in columns if name not in read.frame.columns]
    if absent:
        raise InvalidInput(
            f"{read.source} must hold the cost column {absent[0]!r} of the decision. It is not there."
        )
    paid = Schema(dict.fromkeys(columns, "number"), "", ())
    costs = paid.select(read.frame, read.source).frame if columns else None
    run.model.calibrator_ = file.calibrator
    proba_run = run.model.predict_proba(read.X)
    time = run.info["settings"].get("time")
    times = None
    if isinstance(time, str) and time in read.frame.columns:
        numbers = pl.Series("row", range(read.frame.height))
        told = tidy(read.frame.select(time)).frame[time]
        times = parse_time(told, numbers).to_numpy()
    return Truth(
        y,
        proba_run,
        proba_run if file.adjustment is None else file.adjustment.apply(proba_run),
        tuple(file.labels),
        {} if costs is None else {name: costs[name].to_numpy() for name in columns},
        times,
        read.source,
        tuple(read.notes),
        run,
        file,
    )


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
        The facts of the run with ``test`` and ``calibration`` of these rows, and ``drift``: for
        each class (two: the positive one) its share ``then`` and ``now`` with an interval, whether
        it ``left`` what it was beyond chance, what the scores alone say (``estimated``, Saerens' EM), the mean
        probability ``predicted`` and whether it is ``off``; ROC-AUC then and now and whether it
        ``fell``; ``todo`` (``"nothing"``, ``"recalibrate"`` or ``"retrain"``) and ``why``.

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
    told["drift"] = _drift(truth, told)
    told["later"] = {"source": truth.source, "rows": int(truth.y.size), "notes": list(truth.notes)}
    found: dict[str, Any] = rounded(told)
    return found


def _drift(truth: Truth, told: dict[str, Any]) -> dict[str, Any]:
    """Whether prevalence, ranking or calibration moved, and what that asks for."""
    n_classes, rows = len(truth.classes), truth.y.size
    counts = np.bincount(truth.y, minlength=n_classes)
    then, now = _shares_then(truth), counts / rows
    # Two classes are one question; of more, one in twenty whole tables may look moved by chance.
    sure = 0.95 if n_classes == 2 else 1.0 - 0.05 / n_classes
    ends = np.array([wilson(count, rows, confidence=sure) for count in counts])
    predicted = truth.proba.mean(axis=0)
    behind = float(np.sum(truth.file.decision.confusion))
    given = isinstance(truth.file.adjustment, PriorShift)  # by the user: exact
    left = _apart(then, math.inf if given else behind, now, ends, sure)
    off = _apart(predicted, behind, now, ends, sure)
    ranking_then = truth.run.facts["test"].get("roc_auc")
    ranking_now = told["test"].get("roc_auc")
    fell = _fell(truth, ranking_then, ranking_now)
    shown = [1] if n_classes == 2 else range(n_classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvenkeelWarning)  # the truth is known: this is beside it
        estimate = estimate_prior(truth.proba, then) if np.ptp(truth.proba[:, 1]) else None
    todo, why = _todo(fell=fell, moved=bool(left.any() or off.any()), truth=truth)
    return {
        "classes": [
            {
                "label": truth.classes[code], "then": then[code], "now": now[code],
                "now_low": ends[code, 0], "now_high": ends[code, 1], "left": bool(left[code]),
                "estimated": None if estimate is None else estimate.now[code],
                "predicted": predicted[code], "off": bool(off[code]),
            }
            for code in shown
        ],
        "roc_auc_then": ranking_then, "roc_auc_now": ranking_now, "roc_auc_fell": fell,
        "todo": todo, "why": why,
    }  # fmt: skip


def _apart(then: Floats, n_then: float, now: Floats, ends: Floats, sure: float) -> Any:
    """Whether shares of ``n_then`` rows differ from later ones: the interval of their difference.

    ``d -/+ sqrt((now - low_now)^2 + (high_then - then)^2)`` does not hold 0, with Wilson's ends:
    Newcombe (1998), method 10, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    """
    was = np.array([(share, share) for share in then])
    if math.isfinite(n_then):
        was = np.array([wilson(share * n_then, n_then, confidence=sure) for share in then])
    rose = now - then > np.hypot(now - ends[:, 0], was[:, 1] - then)
    sank = then - now > np.hypot(ends[:, 1] - now, then - was[:, 0])
    return rose | sank


def _shares_then(truth: Truth) -> Floats:
    """Shares of the classes that the decision in force was chosen at."""
    table = np.asarray(truth.file.decision.confusion)
    shares: Floats = table.sum(axis=1) / table.sum()
    return shares


def _fell(truth: Truth, then: float | None, now: float | None) -> bool:
    """Whether ROC-AUC, which does not depend on the prevalence, is lower beyond chance."""
    if then is None or now is None:
        return False
    tested = truth.run.tested
    labels = labels_series(truth.classes, np.arange(len(truth.classes))).to_list()
    y = tested["target"].replace_strict(labels, list(range(len(labels)))).to_numpy()
    names = [f"probability_{label}" for label in truth.classes]
    p = tested.select(names if len(labels) > 2 else ["probability"]).to_numpy()
    p = p if len(labels) > 2 else np.concatenate([1.0 - p, p], axis=1)
    pairs = (roc_auc_interval(y, p), roc_auc_interval(truth.y, truth.proba_run))
    squares = sum(((high - low) / (2.0 * 1.959963984540054)) ** 2 for low, high in pairs)
    return bool(then - now > 1.959963984540054 * squares**0.5)


def _todo(*, fell: bool, moved: bool, truth: Truth) -> tuple[str, str]:
    folder = truth.run.folder
    if fell:
        return "retrain", (
            "the model no longer tells the classes apart as it did (ROC-AUC fell beyond chance): "
            "train again with the later rows"
        )
    if moved:
        return "recalibrate", (
            "the model ranks as it did, but probabilities or shares have moved: "
            f"evenkeel decide {shlex.quote(str(folder))} --recalibrate {shlex.quote(truth.source)}"
        )
    why = "prevalence, probabilities and ranking have not moved beyond chance"
    counts = np.bincount(truth.y, minlength=len(truth.classes))
    rare = int(counts.argmin())
    if counts[rare] < FEWEST:
        why += (
            f"; with {plural(int(counts[rare]), 'row')} of {truth.classes[rare]} little could show"
        )
    return "nothing", why


def _codes(column: pl.Series, run: Run, classes: tuple[Any, ...], source: str) -> Ints:
    """Class codes of later labels, read as the run read its own."""
    mapping = run.info.get("mapping")
    labels = read_labels(column, None if mapping is None else target_mapping(mapping))
    missing = int(np.count_nonzero(labels.codes < 0))
    if missing:
        raise InvalidInput(
            f"{source} must hold the outcome of each row. {missing:,} of {labels.codes.size:,} have "
            f"none in column {column.name!r}. Leave them out."
        )
    known = tuple(run.info.get("labels") or classes)
    return coded_like(labels, known, classes, source)
