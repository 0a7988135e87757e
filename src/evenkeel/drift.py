"""Whether later rows differ from those of a run by more than chance and by enough to matter."""

from __future__ import annotations

import math
import shlex
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide.estimate_prior import estimate_prior
from evenkeel.decide.prior import PriorShift
from evenkeel.errors import EvenkeelWarning
from evenkeel.evidence import FEWEST
from evenkeel.frames import labels_series
from evenkeel.intervals import roc_auc_interval, wilson
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.decision_file import DecisionFile
    from evenkeel.finished import Run
    from evenkeel.seen_rows import Marks

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SHARE_MATTERS = 0.1  # shares and mean probabilities: a tenth of what they were
AUC_MATTERS = 0.01


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
    marks
        ``(n_rows,)``: of :func:`evenkeel.seen_rows.row_marks`.
    unknown
        Rows left out because their outcome is not known.
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
    marks: Marks
    unknown: int
    source: str
    notes: tuple[str, ...]
    run: Run
    file: DecisionFile


def drift(truth: Truth, ranking_now: float | None) -> dict[str, Any]:
    """Whether prevalence, ranking or calibration moved, and what that asks for.

    A move asks for something where chance does not explain it (95 %) *and* it is large enough to
    matter: a share or a mean probability that is off by more than a tenth, ROC-AUC lower by 0.01 or
    more. Among a million rows the smallest move is beyond chance; among fifty a large one is not.

    Parameters
    ----------
    truth
        Later rows, scored.
    ranking_now
        Their ROC-AUC.

    Returns
    -------
    dict
        ``classes``: of each class (two: the positive one) its share ``then`` and ``now`` with an
        interval, whether it ``left`` what it was beyond chance, what the scores alone say
        (``estimated``, Saerens' EM), the mean probability ``predicted``, whether it is ``off`` beyond
        chance, and whether one of the two ``matters``; ``roc_auc_then`` and ``roc_auc_now`` with
        their intervals, and ``roc_auc_fell``: beyond chance and enough to matter; ``todo``
        (``"nothing"``, ``"recalibrate"`` or ``"retrain"``) and ``why``.
    """
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
    matters = (left & _much(then, now)) | (off & _much(now, predicted))
    ranking = _ranking(truth, truth.run.facts["test"].get("roc_auc"), ranking_now)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvenkeelWarning)  # the truth is known: this is beside it
        estimate = estimate_prior(truth.proba, then) if np.ptp(truth.proba[:, 1]) else None
    moved = bool((left | off).any())
    todo, why = _todo(truth, fell=ranking["roc_auc_fell"], moved=moved, matters=bool(matters.any()))
    return {
        "classes": [
            {
                "label": truth.classes[code], "then": then[code], "now": now[code],
                "now_low": ends[code, 0], "now_high": ends[code, 1], "left": bool(left[code]),
                "estimated": None if estimate is None else estimate.now[code],
                "predicted": predicted[code], "off": bool(off[code]),
                "matters": bool(matters.any() if n_classes == 2 else matters[code]),
            }
            for code in ([1] if n_classes == 2 else range(n_classes))
        ],
        **ranking, "todo": todo, "why": why,
    }  # fmt: skip


def _much(was: Floats, found: Floats) -> Any:
    """Whether shares are off by more than a tenth of what they were."""
    return np.abs(found - was) > SHARE_MATTERS * was


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


def _ranking(truth: Truth, then: float | None, now: float | None) -> dict[str, Any]:
    """ROC-AUC, which does not depend on the prevalence, on the untouched rows of the run and now."""
    found: dict[str, Any] = {"roc_auc_then": then, "roc_auc_now": now, "roc_auc_fell": False}
    if then is None or now is None:
        return found
    tested = truth.run.tested
    labels = labels_series(truth.classes, np.arange(len(truth.classes))).to_list()
    y = tested["target"].replace_strict(labels, list(range(len(labels)))).to_numpy()
    names = [f"probability_{label}" for label in truth.classes]
    p = tested.select(names if len(labels) > 2 else ["probability"]).to_numpy()
    p = p if len(labels) > 2 else np.concatenate([1.0 - p, p], axis=1)
    ends = {"then": roc_auc_interval(y, p), "now": roc_auc_interval(truth.y, truth.proba_run)}
    found |= {
        f"roc_auc_{when}_{end}": value
        for when, pair in ends.items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }
    lost = then - now
    # The interval of a difference of two independent areas; their own tell how little few rows say.
    chance = math.hypot(then - ends["then"][0], ends["now"][1] - now)
    return found | {"roc_auc_fell": bool(lost >= AUC_MATTERS and lost > chance)}


def _todo(truth: Truth, *, fell: bool, moved: bool, matters: bool) -> tuple[str, str]:
    folder = truth.run.folder
    if fell:
        return "retrain", (
            "the model no longer tells the classes apart as it did (ROC-AUC fell beyond chance): "
            "train again with the later rows"
        )
    if matters:
        return "recalibrate", (
            "the model ranks as it did, but probabilities or shares have moved: "
            f"evenkeel decide {shlex.quote(str(folder))} --recalibrate {shlex.quote(truth.source)}"
        )
    why = "prevalence, probabilities and ranking have not moved beyond chance"
    if moved:
        why = (
            "prevalence or probabilities have moved beyond chance, but by less than a tenth of what "
            "they were: too little to matter"
        )
    counts = np.bincount(truth.y, minlength=len(truth.classes))
    rare = int(counts.argmin())
    if counts[rare] < FEWEST:
        why += (
            f"; with {plural(int(counts[rare]), 'row')} of {truth.classes[rare]} little could show"
        )
    return "nothing", why
