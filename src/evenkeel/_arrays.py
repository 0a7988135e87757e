"""Checks of class codes, scores and weights that come in as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_HEAVIEST = 1e100  # sums of heavier rows, and products of two sums, would not be finite


def as_binary(y: ArrayLike, *, owner: str, name: str = "y") -> NDArray[np.int64]:
    """Codes 0 and 1 as int64, or InvalidInput."""
    codes = as_codes(y, owner=owner, name=name, n_classes=2)
    if codes.ndim != 1:
        raise InvalidInput(f"{name} of {owner} must have shape (n_rows,). Got {codes.shape}.")
    return codes


def as_codes(y: ArrayLike, *, owner: str, name: str = "y", n_classes: int) -> NDArray[np.int64]:
    """Class codes 0 to ``n_classes - 1`` as int64, or InvalidInput."""
    raw = np.asarray(y)
    if raw.dtype.kind not in "biuf":
        raise InvalidType(f"{name} of {owner} must hold class codes. Got {raw.dtype}.")
    if raw.size and not (raw.min() >= 0 and raw.max() <= n_classes - 1):
        raise InvalidInput(
            f"{name} of {owner} must be class codes from 0 to {n_classes - 1}. "
            f"Got {raw.min()!s} to {raw.max()!s}."
        )
    codes = raw.astype(np.int64, copy=False)
    if raw.dtype.kind == "f" and not np.array_equal(codes, raw):
        raise InvalidInput(f"{name} of {owner} must be whole class codes.")
    return codes


def as_scores(
    p: ArrayLike, *, owner: str, name: str = "p", unit: bool = True
) -> NDArray[np.float64]:
    """Finite scores (with ``unit`` inside [0, 1]) as float64, or InvalidInput."""
    raw: Any = np.asarray(p)
    if raw.dtype.kind not in "biuf":
        raise InvalidType(f"{name} of {owner} must hold numbers. Got {raw.dtype}.")
    score: NDArray[np.float64] = np.asarray(raw, dtype=np.float64, order="C")
    if not score.size:
        return score
    low, high = float(score.min()), float(score.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int(np.count_nonzero(~np.isfinite(score)))
        raise InvalidInput(f"{name} of {owner} must be finite. Got {bad:,} missing or infinite.")
    if unit and not (low >= 0.0 and high <= 1.0):
        raise InvalidInput(
            f"{name} of {owner} must lie in [0, 1]. Got {low:g} to {high:g}. "
            "Calibrate raw scores first."
        )
    return score


def as_weights(weight: ArrayLike | None, n_rows: int, *, owner: str) -> NDArray[np.float64]:
    """Row weights as float64, ones for None; finite, from 0 to 1e100, or InvalidInput."""
    if weight is None:
        return np.ones(n_rows)
    mass = as_scores(weight, owner=owner, name="weight", unit=False)
    if mass.shape != (n_rows,):
        raise InvalidInput(
            f"weight of {owner} must have shape ({n_rows},), one per row. Got {mass.shape}."
        )
    if mass.size and mass.min() < 0.0:
        raise InvalidInput(f"weight of {owner} must not be negative. Got {mass.min():g}.")
    if mass.size and mass.max() > _HEAVIEST:
        raise InvalidInput(
            f"weight of {owner} must be at most {_HEAVIEST:g}. Got {mass.max():g}. Divide all weights "
            "by one number: only their ratios count."
        )
    return mass


def same_length(owner: str, **arrays: NDArray[Any]) -> None:
    """Raise unless all arrays have the same number of rows."""
    lengths = {name: array.shape[0] if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
        raise InvalidInput(f"Arrays of {owner} must have the same number of rows: {found}.")
