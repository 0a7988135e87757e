"""Comparisons with one baseline: p-values, by rows and by folds, corrected for their number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959963984540054
LEVEL = 0.05


def p_value(difference: float, low: float, high: float) -> float:
    """Two-sided p-value of a difference whose 95 % interval is known.

    The interval's half width is 1.96 standard errors; ``p = erfc(|d| / (se sqrt(2)))``.

    >>> round(p_value(1.96, 0.0, 3.92), 3)
    0.05
    """
    return float(p_values(difference, (high - low) / (2 * Z_95)))


def p_values(differences: ArrayLike, errors: ArrayLike) -> NDArray[np.float64]:
    """Two-sided normal p-values of differences with known standard errors; 1 for 0 of error 0.

    >>> p_values([1.96, 0.0], [1.0, 0.0]).round(3).tolist()
    [0.05, 1.0]
    """
    from scipy.special import erfc

    apart, error = np.abs(np.asarray(differences, float)), np.asarray(errors, float)
    ratio = np.divide(
        apart, error, out=np.where(apart > 0.0, np.inf, 0.0), where=np.asarray(error > 0.0)
    )
    return np.asarray(erfc(ratio / math.sqrt(2)), dtype=np.float64)


def resampled_t(differences: ArrayLike, test_to_train: float) -> tuple[float, float]:
    """Nadeau and Bengio's corrected resampled t-test of paired differences, one for each fold.

    ``t = mean / sqrt((1 / J + n_test / n_train) s^2)`` with J - 1 degrees of freedom. Training parts
    overlap, so J differences know less than J independent ones; ``n_test / n_train`` makes up for it.

    Parameters
    ----------
    differences
        ``(J,)``: a metric less that of the baseline in each fold of each repeat; NaN ones are left out.
    test_to_train
        Rows a fold holds out for each row it trains on: ``1 / (n_folds - 1)``.

    Returns
    -------
    t, p
        The statistic and its two-sided p-value; NaN with fewer than two differences.

    References
    ----------
    Nadeau, Bengio (2003), equation 6 and section 4, https://doi.org/10.1023/A:1024068626366

    Examples
    --------
    >>> t, p = resampled_t([0.02, 0.05, 0.01, 0.04], 1 / 3)
    >>> round(t, 3), round(p, 3)
    (2.151, 0.121)
    """
    from scipy.special import stdtr

    found = np.asarray(differences, dtype=np.float64)
    found = found[~np.isnan(found)]
    if found.size < 2:
        return (math.nan, math.nan)
    mean, spread = float(found.mean()), float(found.std(ddof=1))
    # Like folds differ by rounding alone.
    if spread <= 1e-12 * max(abs(mean), 1e-300):
        return (0.0, 1.0) if mean == 0 else (math.copysign(math.inf, mean), 0.0)
    t = mean / (math.sqrt(1 / found.size + test_to_train) * spread)
    return t, float(2 * stdtr(found.size - 1, -abs(t)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: with m tests the k-th smallest p is multiplied by m - k + 1.

    Parameters
    ----------
    p_values
        One for each comparison, in [0, 1].

    Returns
    -------
    list of float
        Corrected p-values in the given order; those below 0.05 keep the chance of any false
        claim below 0.05.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, pages 65-70.

    Examples
    --------
    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p_values)
    floor = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = floor
    return corrected
