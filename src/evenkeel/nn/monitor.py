"""What the validation rows of a training are judged by after each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.floating[Any]]

MONITORS = ("average_precision", "balanced_accuracy", "f1", "log_loss")


def judge(monitor: str, codes: Ints, proba: Floats, weight: Floats) -> float:
    """The monitor's value; of two classes those of code 1, of more the mean over classes.

    Decisions are the likeliest class. Classes without rows here are left out of means. A weight
    counts as that many equal rows.

    Parameters
    ----------
    monitor
        One of :data:`MONITORS`; all but ``"log_loss"`` are better when larger.
    codes, weight
        True classes and row weights ``(n_rows,)``.
    proba
        ``(n_rows, n_classes)``.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> judge("balanced_accuracy", np.array([0, 1, 1]), proba, np.ones(3))
    0.75
    """
    from sklearn.metrics import average_precision_score, f1_score, recall_score

    if not np.isfinite(proba).all():  # a network that diverged
        return float("nan")
    here = np.unique(codes)
    if monitor == "log_loss":
        tiny = np.finfo(proba.dtype).tiny
        right = np.maximum(proba[np.arange(len(codes)), codes], tiny)
        return float(np.average(-np.log(right), weights=weight))
    if monitor == "average_precision":
        judged = [code for code in here if proba.shape[1] > 2 or code == 1]
        each = [
            average_precision_score(codes == code, proba[:, code], sample_weight=weight)
            for code in judged
        ]
        return float(np.mean(each)) if each else 0.0
    decided = proba.argmax(axis=1)
    if monitor == "balanced_accuracy":
        score = recall_score
    else:
        score, here = f1_score, here if proba.shape[1] > 2 else np.array([1])
    options: dict[str, Any] = {"labels": here, "average": "macro", "zero_division": 0.0}
    return float(score(codes, decided, sample_weight=weight, **options))


def better(monitor: str, score: float, than: float | None) -> bool:
    """Whether a score beats another; NaN, which a network that diverged gives, never does."""
    if not np.isfinite(score):
        return False
    if than is None:
        return True
    return score < than if monitor == "log_loss" else score > than


def probabilities(logits: torch.Tensor, scale: float) -> NDArray[np.float64]:
    """Probabilities ``(n_rows, n_classes)`` in float64, so that they sum to 1."""
    found: NDArray[np.float64] = torch.softmax(logits.double() * scale, dim=1).cpu().numpy()
    return found
