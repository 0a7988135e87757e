"""The highest F-beta over the decisions of all labels together, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 100
_SAME = 1e-13


def highest_f(
    sides: Sequence[tuple[Floats, Floats]],
    *,
    beta: float = 1.0,
    fixed: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> tuple[float, list[int]]:
    """The highest pooled F-beta that thresholds of several labels reach together, and where.

    ``F = (1 + b^2) TP / (TP + FP + b^2 P)`` with TP, FP and P summed over labels is a ratio of sums,
    so its maximum is the F at which the best
    ``sum over labels of (1 + b^2) TP - F (TP + FP)``, less ``F b^2 P``, is 0 (Dinkelbach). For a given
    F each label has its own exact optimum; F rises to the maximum in a few steps.

    Parameters
    ----------
    sides
        For each label the positives and the negatives flagged at every point of its threshold
        curve, ``(n_points,)``, rising from 0 to all; at least one label with a positive.
    beta
        Weight of recall, above 0.
    fixed
        TP, FP and positives of further labels whose decisions stand.

    Returns
    -------
    value, points
        The highest F-beta, and a point of each curve that reaches it: of equal ones that with fewer
        alerts.

    References
    ----------
    Dinkelbach (1967), "On nonlinear fractional programming", https://doi.org/10.1287/mnsc.13.7.492.
    Lipton, Elkan, Naryanaswamy (2014), https://doi.org/10.1007/978-3-662-44851-9_15, theorem 1.

    Examples
    --------
    >>> easy = np.array([0.0, 1.0, 2.0, 2.0]), np.array([0.0, 0.0, 0.0, 2.0])
    >>> hard = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 1.0, 2.0, 2.0])
    >>> value, points = highest_f([easy, hard])
    >>> round(value, 3), points  # giving up the hard label is best for all together
    (0.8, [2, 0])
    """
    weighed = 1.0 + beta**2
    positives = fixed[2] + sum(float(tp[-1]) for tp, _ in sides)
    value, points = 0.0, [0] * len(sides)
    for _ in range(_STEPS):
        points = [int(np.argmax((weighed - value) * tp - value * fp)) for tp, fp in sides]
        hits = fixed[0] + sum(float(tp[at]) for (tp, _), at in zip(sides, points, strict=True))
        false = fixed[1] + sum(float(fp[at]) for (_, fp), at in zip(sides, points, strict=True))
        reached = weighed * hits / (hits + false + beta**2 * positives)
        if reached <= value + _SAME:
            break
        value = reached
    return value, points
