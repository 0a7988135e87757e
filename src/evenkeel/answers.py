"""What a fitted classifier says about rows: probabilities, or margins turned into such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_STEEPEST = 700.0  # exponents beyond this overflow


def answers(
    model: Any, X: Any, n_classes: int, *, labels: Sequence[Any] = ()
) -> tuple[Floats, bool]:
    """What a fitted classifier says, ``(n_rows, n_classes)``, and whether these are margins.

    Probabilities where it has ``predict_proba``, else the margins of ``decision_function``; of two
    classes half the margin is for one and half against the other. ``labels`` in the order of the
    codes serve for a model that was fitted on labels: see ``codes_of``.

    Raises
    ------
    InvalidType
        It has neither of the two.
    InvalidInput
        Margins that are not finite, or that set pairs of classes against each other.
    """
    if hasattr(model, "predict_proba"):
        codes = codes_of(model.classes_, n_classes, labels)
        return aligned(model.predict_proba(X), codes, n_classes), False
    if not hasattr(model, "decision_function"):
        raise InvalidType(
            "The estimator must have predict_proba or decision_function. "
            f"{type(model).__name__} has neither."
        )
    found = np.asarray(model.decision_function(X), dtype=np.float64)
    if found.ndim == 1:
        found = np.stack([-found, found], axis=1) / 2.0
    pairwise = getattr(model, "decision_function_shape", "ovr") == "ovo" and found.shape[1] > 2
    if pairwise or found.shape[1] != len(model.classes_):
        raise InvalidInput(
            "decision_function must give one margin for each class, or one for two classes. Got "
            f"{found.shape[1]} for {len(model.classes_)} classes. Use decision_function_shape='ovr'."
        )
    if not np.isfinite(found).all():
        raise InvalidInput(
            f"decision_function of {type(model).__name__} must give finite margins. Got "
            f"{np.count_nonzero(~np.isfinite(found)):,} that are not."
        )
    whole = np.full((len(found), n_classes), -np.inf)  # a class it never saw
    whole[:, codes_of(model.classes_, n_classes, labels)] = found
    return whole, True


def codes_of(classes: Any, n_classes: int, labels: Sequence[Any] = ()) -> Ints:
    """The class code that each column of a fitted classifier stands for.

    Codes stand for themselves. Labels are looked up in ``labels``, which holds the label of each code;
    where they are not there, they stand for the codes in their order.

    Raises
    ------
    InvalidInput
        Labels that are not there, of fewer or more classes.

    Examples
    --------
    >>> codes_of([0, 2], 3).tolist(), codes_of(["ham", "spam"], 2).tolist()
    ([0, 2], [0, 1])
    >>> codes_of(["ham", "spam"], 2, ["spam", "ham"]).tolist()
    [1, 0]
    """
    found = np.asarray(classes)
    if found.dtype.kind in "biuf" and np.isin(found, np.arange(n_classes)).all():
        return found.astype(np.int64)
    known = {label: code for code, label in enumerate(labels)}
    given = found.tolist()
    if all(label in known for label in given):
        return np.array([known[label] for label in given])
    if len(given) != n_classes:
        raise InvalidInput(
            f"The estimator must be fitted on {n_classes} classes. Got {len(given)}: "
            f"{listed(map(repr, given))}. Name them with classes= in the order of the codes."
        )
    return np.arange(n_classes)


def from_margins(margins: Any, unit: float) -> Floats:
    """Probabilities whose logarithms differ as the margins do, counted in ``unit``; softmax.

    >>> from_margins([[-5000.0, 5000.0]], 10000.0).round(3).tolist()
    [[0.269, 0.731]]
    """
    scaled = np.asarray(margins, dtype=np.float64) / unit
    if scaled.shape[-1] == 2:
        # Each side from its own exponential: 1 - p would lose small probabilities.
        gap = np.diff(scaled, axis=-1)
        both = np.concatenate([gap, -gap], axis=-1)
        return np.asarray(1.0 / (1.0 + np.exp(np.minimum(both, _STEEPEST))))
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


def aligned(proba: Any, classes: Any, n_classes: int) -> NDArray[np.float64]:
    """Probabilities with one column for each class code; codes the model never saw get 0.

    >>> aligned([[0.4, 0.6]], [0, 2], 3).tolist()
    [[0.4, 0.0, 0.6]]
    """
    given = np.asarray(proba, dtype=np.float64)
    if given.ndim != 2:
        raise InvalidInput(
            f"predict_proba must give one row for each row and one column for each of {len(classes)} "
            f"classes. Got shape {given.shape}."
        )
    if given.shape[1] != len(classes):
        raise InvalidInput(
            f"predict_proba must give one column for each of {len(classes)} classes. Got "
            f"{given.shape[1]}: the training rows of a fold hold too few classes."
        )
    whole = np.zeros((len(given), n_classes))
    whole[:, np.asarray(classes, dtype=np.int64)] = given
    return whole
