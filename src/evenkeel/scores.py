"""Out-of-fold scores: what models that did not see a row say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes, as_scores
from evenkeel.answers import aligned, answers, from_margins
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.split import Folds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of every row by models that did not see it, at the original prevalence.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    raw
        ``(n_repeats, n_rows, n_classes)``: probabilities as the models gave them, not calibrated.
    fold
        ``(n_repeats, n_rows)``: the fold that held the row out.
    classes
        ``(n_classes,)``: labels in the order of the codes; binary: negative, positive.
    unit
        The margin that counts as 1, where ``raw`` was made of margins (:func:`from_margins`).
    rows
        ``(n_rows,)``: the rows of the table that were scored; None: all of them, in order.

    Raises
    ------
    InvalidInput
        Shapes that do not fit, codes or probabilities out of range.

    Examples
    --------
    >>> raw = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    >>> Scores(np.array([0, 1]), raw, np.array([[0, 1]]), ("no", "yes")).n_repeats
    1
    """

    y: NDArray[np.int64]
    raw: NDArray[np.float64]
    fold: NDArray[np.int64]
    classes: tuple[Any, ...]
    unit: float | None = None
    rows: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        n_classes = len(self.classes)
        raw = as_scores(self.raw, owner="Scores", name="raw")
        y = as_codes(self.y, owner="Scores", n_classes=n_classes)
        if n_classes < 2 or raw.ndim != 3 or raw.shape[1:] != (*y.shape, n_classes):
            raise InvalidInput(
                f"raw of Scores must have shape (n_repeats, {y.size}, {n_classes}). Got {raw.shape}."
            )
        if np.shape(self.fold) != raw.shape[:2]:
            raise InvalidInput(
                f"fold of Scores must have shape {raw.shape[:2]}. Got {np.shape(self.fold)}."
            )
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "raw", raw)

    @property
    def n_repeats(self) -> int:
        """How often every row was scored."""
        return int(self.raw.shape[0])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)


def out_of_fold(
    estimator: Any,
    X: Any,
    y: Any,
    folds: Folds | Sequence[tuple[Any, Any]],
    *,
    classes: tuple[Any, ...],
    fit: Callable[..., Any] | None = None,
    **columns: Any,
) -> Scores:
    """Cross-fit: score every row by a clone of the estimator that did not see it.

    Margins become probabilities in one unit, the largest margin of all folds: Platt scaling of
    these is Platt scaling of the margins themselves, whatever their scale.

    Parameters
    ----------
    estimator
        Classifier with ``predict_proba`` or ``decision_function``; treated or not, it is cloned for
        every fold.
    X
        Table with ``n_rows`` rows.
    y
        Class codes ``(n_rows,)``.
    folds
        Which rows are left out together: folds, or pairs of row numbers (to train on, to score).
        Of rows that pairs score unequally often, the first scores count; rows that are never
        scored are left out.
    classes
        Label of each code.
    fit
        How a clone is fitted; :func:`evenkeel.wrappers.fit_weighted` by default.
    **columns
        Further arrays ``(n_rows,)`` for the estimator's ``fit``, cut to the training rows; anything
        of another length goes as it is.

    Raises
    ------
    InvalidType
        The estimator has neither ``predict_proba`` nor ``decision_function``.
    InvalidInput
        Training rows of a split hold one class, or it scores rows that it trains on.
    """
    from sklearn.base import clone

    from evenkeel._rows import take

    y = np.asarray(y)
    pairs, numbers = _pairs(folds, y.size)
    parts, is_margin = [], False
    for number, (train, valid) in enumerate(pairs):
        if np.ptp(y[train]) == 0:
            raise InvalidInput(
                f"Each split must train on two classes. Split {number} has {train.size:,} training "
                f"rows, all of class {classes[int(y[train[0]])]!r}. Use stratified splits, or fewer."
            )
        extra = {name: _cut(values, train, y.size) for name, values in columns.items()}
        model = _fitted(clone(estimator), take(X, train), y[train], fit=fit, **extra)
        part, is_margin = answers(model, take(X, valid), len(classes))
        parts.append(part)
    sizes = [valid.size for _, valid in pairs]
    fold = np.repeat(numbers, sizes)
    scored, answered = np.concatenate([valid for _, valid in pairs]), np.concatenate(parts)
    return _layered(y, scored, fold, answered, classes, is_margin=is_margin)


def fit_and_score(
    model: Any, X_train: Any, y_train: Any, X_valid: Any, n_classes: int, **columns: Any
) -> tuple[NDArray[np.float64], Any]:
    """Fit a model and score rows left out: probabilities ``(n_valid, n_classes)``, and the model.

    Scoring uses one thread, because some forests add up their trees in the order in which threads
    finish, and the last bits would differ from run to run.
    """
    if not hasattr(model, "predict_proba"):
        raise InvalidType(
            f"the estimator must have predict_proba. {type(model).__name__} has none. "
            "Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )
    fitted = _fitted(model, X_train, y_train, **columns)
    return aligned(fitted.predict_proba(X_valid), fitted.classes_, n_classes), fitted


def _fitted(
    model: Any, X: Any, y: Any, *, fit: Callable[..., Any] | None = None, **columns: Any
) -> Any:
    from evenkeel.wrappers import bare, fit_weighted

    fitted = (fit or fit_weighted)(model, X, y, **columns)
    inner = bare(fitted)
    threads = {name: 1 for name in inner.get_params() if name.rpartition("__")[2] == "n_jobs"}
    inner.set_params(**threads)
    return fitted


def _pairs(
    folds: Folds | Sequence[tuple[Any, Any]], n_rows: int
) -> tuple[list[tuple[Ints, Ints]], list[int]]:
    """Row numbers to train on and to score, checked, and the number of each fold."""
    if isinstance(folds, Folds):
        found = list(folds)
        return [(train, valid) for _, _, train, valid in found], [fold for _, fold, _, _ in found]
    pairs = [(_numbers(train, n_rows), _numbers(valid, n_rows)) for train, valid in folds]
    if not pairs:
        raise InvalidInput("cv must give at least one split. Got none (a used-up generator?).")
    for number, (train, valid) in enumerate(pairs):
        both = np.intersect1d(train, valid)
        if both.size or not train.size or not valid.size:
            raise InvalidInput(
                f"Split {number} of cv must train on some rows and score others. Got {train.size:,} "
                f"to train on, {valid.size:,} to score, {both.size:,} of them in both."
            )
    return pairs, list(range(len(pairs)))


def _numbers(rows: Any, n_rows: int) -> Ints:
    given = np.asarray(rows)
    numbers = np.flatnonzero(given) if given.dtype.kind == "b" else given.astype(np.int64)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < n_rows):
        raise InvalidInput(
            f"cv must name rows from 0 to {n_rows - 1:,}. Got {numbers.min()} to {numbers.max()}."
        )
    return numbers


def _cut(values: Any, rows: Ints, n_rows: int) -> Any:
    return np.asarray(values)[rows] if np.shape(values)[:1] == (n_rows,) else values


def _layered(
    y: Ints,
    scored: Ints,
    fold: Ints,
    answered: Floats,
    classes: tuple[Any, ...],
    *,
    is_margin: bool,
) -> Scores:
    """Scores with one repeat for each time that every scored row was scored."""
    order = np.argsort(scored, kind="stable")
    rows, first, times = np.unique(scored[order], return_index=True, return_counts=True)
    at = order[first + np.arange(times.min())[:, None]]
    unit = None
    if is_margin:
        finite = np.abs(answered[np.isfinite(answered)])
        unit = float(finite.max(initial=0.0)) or 1.0
        answered = from_margins(answered, unit)
    left = None if rows.size == y.size else rows
    return Scores(y[rows], answered[at], fold[at], classes, unit, left)


def gather(
    y: NDArray[np.int64],
    folds: Folds,
    parts: list[list[NDArray[np.float64]]],
    *,
    classes: tuple[Any, ...],
) -> Scores:
    """Put the scores of each fold, ``parts[repeat][fold]``, in the places of their rows."""
    raw = np.empty((len(parts), len(y), len(classes)))
    for repeat, blocks in enumerate(parts):
        for fold, proba in enumerate(blocks):
            raw[repeat, folds.part[repeat] == fold] = proba
    return Scores(y, raw, folds.part[: len(parts)].astype(np.int64), classes)
