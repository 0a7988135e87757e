"""Out-of-fold scores: what models that did not see a row say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes, as_scores
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.split import Folds


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
    estimator: Any, X: Any, y: Any, folds: Folds, *, classes: tuple[Any, ...], **columns: Any
) -> Scores:
    """Cross-fit: score every row by a clone of the estimator that did not see it.

    Parameters
    ----------
    estimator
        Classifier with ``predict_proba``; treated or not, it is cloned for every fold.
    X
        Table with ``n_rows`` rows.
    y
        Class codes ``(n_rows,)``.
    folds
        Which rows are left out together.
    classes
        Label of each code.
    **columns
        Further arrays ``(n_rows,)`` for the estimator's ``fit``, cut to the training rows.

    Raises
    ------
    InvalidType
        The estimator has no ``predict_proba``.
    """
    from sklearn.base import clone

    from evenkeel._rows import take

    y = np.asarray(y)
    parts: list[list[NDArray[np.float64]]] = [[] for _ in range(folds.n_repeats)]
    for repeat, _, train, valid in folds:
        extra = {name: np.asarray(values)[train] for name, values in columns.items()}
        proba, _ = fit_and_score(
            clone(estimator), take(X, train), y[train], take(X, valid), len(classes), **extra
        )
        parts[repeat].append(proba)
    return gather(y, folds, parts, classes=classes)


def fit_and_score(
    model: Any, X_train: Any, y_train: Any, X_valid: Any, n_classes: int, **columns: Any
) -> tuple[NDArray[np.float64], Any]:
    """Fit a model and score rows left out: probabilities ``(n_valid, n_classes)``, and the model.

    Scoring uses one thread, because some forests add up their trees in the order in which threads
    finish, and the last bits would differ from run to run.
    """
    from evenkeel.wrappers import bare, fit_weighted

    if not hasattr(model, "predict_proba"):
        raise InvalidType(
            f"the estimator must have predict_proba. {type(model).__name__} has none. "
            "Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )
    fitted = fit_weighted(model, X_train, y_train, **columns)
    inner = bare(fitted)
    threads = {name: 1 for name in inner.get_params() if name.rpartition("__")[2] == "n_jobs"}
    inner.set_params(**threads)
    return aligned(fitted.predict_proba(X_valid), fitted.classes_, n_classes), fitted


def aligned(proba: Any, classes: Any, n_classes: int) -> NDArray[np.float64]:
    """Probabilities with one column for each class code; codes the model never saw get 0.

    >>> aligned([[0.4, 0.6]], [0, 2], 3).tolist()
    [[0.4, 0.0, 0.6]]
    """
    given = np.asarray(proba, dtype=np.float64)
    if given.shape[1] != len(classes):
        raise InvalidInput(
            f"predict_proba must give one column for each of {len(classes)} classes. Got "
            f"{given.shape[1]}: the training rows of a fold hold too few classes."
        )
    whole = np.zeros((len(given), n_classes))
    whole[:, np.asarray(classes, dtype=np.int64)] = given
    return whole


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
