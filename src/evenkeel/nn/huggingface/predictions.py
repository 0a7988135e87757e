"""What a Trainer predicted, as probabilities and true codes, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.answers import from_margins
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Items:
    """Probabilities and truth of the items that count.

    Parameters
    ----------
    proba
        ``(n_items, n_classes)``; several labels: ``(n_rows, n_labels)``, each by itself.
    truth
        ``(n_items,)``: class codes; several labels: ``(n_rows, n_labels)``, 0, 1 or ``ignore_index``.
    rows
        ``(n_items,)``: the row that each item is of.
    several
        Whether rows have several labels.
    """

    proba: Floats
    truth: Ints
    rows: Ints
    several: bool


def logits_of(predictions: Any) -> Floats:
    """The logits in what a Trainer predicted: an array, a tuple with it in front, or a mapping.

    Raises
    ------
    InvalidInput, InvalidType
        No logits, or logits that are not finite.

    Examples
    --------
    >>> logits_of((np.zeros((2, 3)), np.zeros((2, 5, 8)))).shape
    (2, 3)
    """
    found = predictions
    if isinstance(found, Mapping):
        found = found.get("logits")
    if isinstance(found, (tuple, list)):
        found = next((part for part in found if np.ndim(part)), None)
    if found is None or not np.ndim(found):
        raise InvalidType(
            "predictions of a Trainer must hold logits: an array, a tuple with it in front, or a "
            f"mapping with 'logits'. Got {type(predictions).__name__}. Leave prediction_loss_only off."
        )
    logits = np.asarray(found, dtype=np.float64)
    if not np.isfinite(logits).all():
        raise InvalidInput(
            f"logits of a Trainer must be finite. Got {np.count_nonzero(~np.isfinite(logits)):,} that "
            "are not."
        )
    return logits


def class_proba(logits: Floats) -> Floats:
    """Probabilities ``(..., n_classes)`` of logits ``(..., n_classes)``; of one logit, of two classes.

    >>> class_proba(np.array([[0.0], [2.0]])).round(3).tolist()
    [[0.5, 0.5], [0.119, 0.881]]
    """
    if logits.shape[-1] == 1:
        logits = np.concatenate([-logits, logits], axis=-1) / 2.0
    return from_margins(logits, 1.0)


def read_items(predictions: Any, label_ids: Any, *, ignore_index: int = -100) -> Items:
    """Probabilities and truth of the items that count.

    Logits with one axis more than the labels are of classes: ``(B, C)``, tokens ``(B, T, C)``.
    Logits of the labels' shape ``(B, L)`` are of several labels to a row; ``(B,)`` of one.

    Raises
    ------
    InvalidInput, InvalidType
        No logits or no labels, or shapes that do not fit.
    """
    logits = logits_of(predictions)
    if label_ids is None or isinstance(label_ids, (tuple, list, Mapping)):
        raise InvalidInput(
            "labels of a Trainer's predictions must be one array. Got "
            f"{type(label_ids).__name__}. Give a dataset with one column 'labels'."
        )
    truth = np.asarray(label_ids)
    if logits.shape == truth.shape and truth.ndim == 2 and truth.shape[1] > 1:
        rows, halves = np.arange(len(truth)), np.stack([-logits, logits], axis=-1) / 2.0
        return Items(from_margins(halves, 1.0)[..., 1], truth.astype(np.int64), rows, several=True)
    if logits.shape == truth.shape:
        logits, truth = logits.reshape(-1, 1), truth.reshape(-1)
    if truth.ndim == 2 and logits.ndim == 2 and truth.shape[1] == 1:
        truth = truth[:, 0]
    if logits.shape[:-1] != truth.shape:
        raise InvalidInput(
            f"labels of a Trainer's predictions must have the shape {logits.shape[:-1]}, or for "
            f"several labels {logits.shape}, that of the logits. Got {truth.shape}."
        )
    counted = truth != ignore_index
    rows = np.nonzero(counted)[0]
    return Items(class_proba(logits[counted]), truth[counted].astype(np.int64), rows, several=False)
