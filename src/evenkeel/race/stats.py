"""Many comparisons with one baseline: p-values corrected so that chance alone rarely wins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Z_95 = 1.959963984540054


def p_value(difference: float, low: float, high: float) -> float:
    """Two-sided p-value of a difference whose 95 % interval is known.

    The interval's half width is 1.96 standard errors; ``p = erfc(|d| / (se sqrt(2)))``.

    >>> round(p_value(1.96, 0.0, 3.92), 3)
    0.05
    """
    error = (high - low) / (2 * Z_95)
    if error <= 0:
        return 1.0 if difference == 0 else 0.0
    return math.erfc(abs(difference) / (error * math.sqrt(2)))


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
