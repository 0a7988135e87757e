"""Probabilities as log-odds and back, and what maps of probabilities share when fitted and read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._arrays import as_codes, as_scores, as_weights, same_length
from evenkeel.errors import DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MIN_SLOPE = 0.01  # keeps the ranking when scores carry no information, or the wrong one
TINY = float(np.finfo(np.float64).smallest_subnormal)  # the least floor a stored map may have
MOST = 1e100  # stored numbers beyond this could overflow where they are used
_NEVER = 1e-15  # the least a probability may be before its logarithm is taken
_FEW = 4096


def fit_arrays(
    y: ArrayLike,
    proba: ArrayLike,
    weight: ArrayLike | None,
    *,
    owner: str,
    n_classes: int | None = None,
) -> tuple[Ints, Floats, Floats]:
    """Codes ``(n_rows,)``, probabilities ``(n_rows, n_classes)`` and weights of a fit, checked."""
    p = as_scores(proba, owner=owner, name="proba")
    if p.ndim != 2 or p.shape[1] < 2:
        raise InvalidInput(f"proba of {owner} must have shape (n_rows, n_classes). Got {p.shape}.")
    if n_classes is not None and p.shape[1] != n_classes:
        raise InvalidInput(
            f"proba of {owner} must have {n_classes} columns. Got {p.shape[1]}: for several classes "
            "use 'platt' or 'temperature'."
        )
    codes = as_codes(y, owner=owner, n_classes=p.shape[1])
    same_length(owner, y=codes, proba=p)
    mass = as_weights(weight, codes.size, owner=owner)
    if not mass.sum() > 0.0:
        raise InvalidInput(f"{owner} needs at least one row with a positive weight.")
    return codes, p, mass


def apply_array(proba: ArrayLike, n_classes: int, *, owner: str) -> Floats:
    """Probabilities ``(..., n_classes)`` to put a map to, checked."""
    p = as_scores(proba, owner=owner, name="proba")
    if p.ndim < 2 or p.shape[-1] != n_classes:
        raise InvalidInput(f"proba of {owner} must have {n_classes} columns. Got {p.shape}.")
    return p


def floor_of(p: Floats) -> float:
    """Half the smallest positive probability: a forest's zeros stay near its other scores.

    >>> floor_of(np.array([0.0, 0.01, 0.5]))
    0.005
    """
    least = float(np.min(p, initial=np.inf, where=p > 0.0))
    return max(least / 2.0, _NEVER) if least <= 1.0 else _NEVER


def log_odds(p: Floats, floors: tuple[float, ...]) -> Floats:
    """``log(p_1 / p_0)`` of two classes, each side from its own column: 1 - p would lose digits."""
    above: Floats = np.log(np.maximum(p[..., 1], floors[1]))
    above -= np.log(np.maximum(p[..., 0], floors[0]))
    return above


def both_sides(gap: Floats) -> Floats:
    """Probabilities ``(..., 2)`` of log-odds, each side from its own exponential.

    >>> both_sides(np.array([0.0, -800.0])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    small = np.exp(-np.abs(gap))
    total = 1.0 + small
    found = np.empty((*gap.shape, 2))
    found[..., 0] = np.where(gap > 0.0, small, 1.0) / total
    found[..., 1] = np.where(gap >= 0.0, 1.0, small) / total
    return found


def softened(counts: Floats) -> Floats:
    """Platt's targets ``(n_classes, n_classes)``: row c is what a row of class c counts as.

    A row of class c counts as class c with ``(N_c + 1) / (N_c + K)`` and as each other class with
    ``1 / (N_c + K)``.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", section 2.2.

    Examples
    --------
    >>> softened(np.array([8.0, 2.0])).tolist()
    [[0.9, 0.1], [0.25, 0.75]]
    """
    n_classes = counts.size
    soft = np.repeat(1.0 / (counts + n_classes), n_classes).reshape(n_classes, n_classes)
    np.fill_diagonal(soft, (counts + 1.0) / (counts + n_classes))
    return soft


def thinned(codes: Ints, mass: Floats, *, n_classes: int, most: int = _FEW) -> tuple[Ints, Floats]:
    """Numbers and weights of about ``most`` rows of each class that stand for all of it."""
    members = [np.flatnonzero(codes == code) for code in range(n_classes)]
    steps = [max(1, rows.size // most) for rows in members]
    kept = np.concatenate([rows[::step] for rows, step in zip(members, steps, strict=True)])
    return kept, mass[kept] * np.asarray(steps)[codes[kept]]


def stored_numbers(
    stored: Mapping[str, Any],
    name: str,
    *,
    low: float,
    high: float,
    least: int = 1,
    most: int | None = None,
) -> tuple[float, ...]:
    """A stored list of numbers, each within [low, high], or DamagedRun."""
    values = stored.get(name)
    if type(values) is not list or not least <= len(values) <= (most or len(values)):
        raise DamagedRun(f"{name} of the stored calibrator does not have the length it must have.")
    return tuple(_number(value, name, low, high) for value in values)


def stored_number(stored: Mapping[str, Any], name: str, *, low: float, high: float) -> float:
    """A stored number within [low, high], or DamagedRun."""
    return _number(stored.get(name), name, low, high)


def stored_kind(stored: Any, kind: str) -> None:
    """Raise DamagedRun unless this is the dict of a calibrator of that kind."""
    if not isinstance(stored, dict) or stored.get("kind") != kind:
        raise DamagedRun(f"The stored calibrator cannot be read: it must be of the kind {kind!r}.")


def _number(value: Any, name: str, low: float, high: float) -> float:
    # Python compares whole numbers of any length with floats; converting those first would fail.
    if type(value) not in {int, float} or not low <= value <= high or not math.isfinite(value):
        raise DamagedRun(f"{name} of the stored calibrator does not hold the numbers it must hold.")
    return float(value)
