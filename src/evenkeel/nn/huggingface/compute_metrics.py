"""Metrics of imbalanced data for a Trainer's evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.metrics import evaluate
from evenkeel.nn.huggingface.predictions import read_items

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evenkeel.nn.huggingface.predictions import Items

_WHOLE = ("accuracy", "balanced_accuracy", "average_precision", "roc_auc", "mcc", "log_loss")
_EACH = ("precision", "recall", "f1", "average_precision")


def make_compute_metrics(
    names: Sequence[Any] | None = None, *, ignore_index: int = -100
) -> Callable[[Any], dict[str, float]]:
    """Make the ``compute_metrics`` of a ``Trainer``.

    Of classes: ``accuracy``, ``balanced_accuracy``, ``average_precision`` (of code 1; of more than two
    classes the macro mean), ``roc_auc``, ``mcc``, ``log_loss``, ``macro_precision``, ``macro_recall``,
    ``macro_f1``; of two also ``precision``, ``recall`` and ``f1`` of code 1. Of several labels to a row
    the means over labels. For each class or label ``precision_<name>``, ``recall_<name>``,
    ``f1_<name>``, ``average_precision_<name>`` and ``support_<name>``. What is undefined, such as the
    recall of a class without rows, is left out.

    Decisions are those of the highest probability, or 0.5 for a label; :func:`decide_on` chooses
    better ones. For the best model: ``metric_for_best_model="eval_average_precision"`` or
    ``"eval_balanced_accuracy"``, with ``load_best_model_at_end=True`` and ``greater_is_better=True``.

    Parameters
    ----------
    names
        Of the classes or labels, in the order of the codes; None: the codes.
    ignore_index
        Label of items that do not count.

    Raises
    ------
    InvalidInput, InvalidType
        When called, with what ``Trainer`` gives or with a pair ``(logits, labels)``: logits or labels that cannot be read, labels outside the classes, another number
        of names.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> logits = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> seen = SimpleNamespace(predictions=logits, label_ids=np.array([0, 0, 1, 1]))
    >>> found = make_compute_metrics(["no", "yes"])(seen)
    >>> found["balanced_accuracy"], found["recall_yes"], found["support_yes"]
    (0.75, 0.5, 2)
    """

    def compute_metrics(prediction: Any) -> dict[str, float]:
        predictions, label_ids = _pair(prediction)
        items = read_items(predictions, label_ids, ignore_index=ignore_index)
        n_classes = items.proba.shape[1]
        titles = list(range(n_classes)) if names is None else list(names)
        if len(titles) != n_classes:
            raise InvalidInput(
                f"names of make_compute_metrics must be {n_classes}, one for each logit. "
                f"Got {len(titles)}."
            )
        found = (
            _of_labels(items, titles, ignore_index) if items.several else _of_classes(items, titles)
        )
        return {name: value for name, value in found.items() if value is not None}

    return compute_metrics


def _pair(prediction: Any) -> tuple[Any, Any]:
    """Predictions and labels: of an ``EvalPrediction``, or of a pair of them."""
    if hasattr(prediction, "predictions"):
        return prediction.predictions, prediction.label_ids
    if isinstance(prediction, (tuple, list)) and len(prediction) == 2:
        return prediction[0], prediction[1]
    raise InvalidType(
        "compute_metrics must be given what a Trainer gives, or a pair (logits, labels). Got "
        f"{type(prediction).__name__}."
    )


def _of_classes(items: Items, names: list[Any]) -> dict[str, Any]:
    p = items.proba
    if not items.truth.size:
        return {}
    all_ = evaluate(items.truth, p, p.argmax(axis=1), n_classes=len(names))
    found = {key: all_[key] for key in _WHOLE}
    if len(names) == 2:
        found |= {key: all_[key] for key in ("precision", "recall", "f1")}
    each = all_["per_class"]
    for key in ("precision", "recall", "f1"):
        found[f"macro_{key}"] = _mean([row[key] for row in each])
    return found | _by_name(each, names)


def _of_labels(items: Items, names: list[Any], ignore_index: int) -> dict[str, Any]:
    each, right, cells = [], 0, 0
    for label in range(len(names)):
        counted = items.truth[:, label] != ignore_index
        truth, p = items.truth[counted, label], items.proba[counted, label]
        decided = (p >= 0.5).astype(np.int64)
        one = evaluate(truth, np.stack([1.0 - p, p], axis=1), decided, n_classes=2)
        each.append(one | {"support": int(truth.sum())})
        right, cells = right + int((decided == truth).sum()), cells + truth.size
    found: dict[str, Any] = {"accuracy": right / cells if cells else None}
    for key in ("balanced_accuracy", "average_precision", "roc_auc", "log_loss"):
        found[key] = _mean([row[key] for row in each])
    for key in ("precision", "recall", "f1"):
        found[f"macro_{key}"] = _mean([row[key] for row in each])
    return found | _by_name(each, names)


def _by_name(each: list[dict[str, Any]], names: list[Any]) -> dict[str, Any]:
    return {
        f"{key}_{name}": row[key]
        for row, name in zip(each, names, strict=True)
        for key in (*_EACH, "support")
    }


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
