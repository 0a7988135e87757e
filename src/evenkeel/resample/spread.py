"""Standard deviations of columns, whatever their magnitude."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.sparsefuncs import mean_variance_axis

from evenkeel._rows import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PLAIN = 2.0**400  # squares of numbers up to here, and down to its inverse, keep their range


def spread(values: Any) -> Floats:
    """Standard deviation of each column, gaps aside: ``u std(x / u)``.

    The unit ``u`` is 1, or for very large and very small columns the power of two next to their
    largest magnitude, so that no square leaves the range of its type. A power of two changes no bit.

    Parameters
    ----------
    values
        Numbers ``(n_rows, ...)``, with gaps as NaN or infinity: an array or a sparse matrix.

    Returns
    -------
    float64 array (n_columns,)
        0 for a column without numbers.

    Examples
    --------
    >>> found = spread(np.array([[1.0, 1e200], [3.0, 3e200], [np.nan, 2e200]]))
    >>> (found / [1.0, 1e200]).round(3).tolist()
    [1.0, 0.816]
    """
    if is_sparse(values):
        wide = values.astype(np.float64)
        one = unit_of(float(np.abs(wide.data).max(initial=0.0, where=np.isfinite(wide.data))))
        variance = mean_variance_axis(wide if one == 1 else wide / one, axis=0)[1]
        return np.asarray(np.nan_to_num(np.sqrt(variance) * one, posinf=0.0))
    flat = values.reshape(len(values), -1).astype(np.float64)
    known = np.isfinite(flat)
    unit = np.array([unit_of(top) for top in np.abs(flat).max(axis=0, initial=0.0, where=known)])
    if (unit != 1).any():
        flat /= unit
    if known.all():
        return np.asarray(flat.std(axis=0) * unit)
    count = np.maximum(known.sum(axis=0), 1)
    flat -= flat.sum(axis=0, where=known) / count
    square = np.square(flat, where=known, out=np.zeros_like(flat))
    return np.asarray(np.sqrt(square.sum(axis=0) / count) * unit)


def unit_of(largest: float) -> float:
    """1, or a power of two that numbers of such a magnitude are divided by before they are squared."""
    if largest == 0 or 1 / PLAIN < largest < PLAIN:
        return 1.0
    return 2.0 ** int(np.frexp(largest)[1] - 1)
