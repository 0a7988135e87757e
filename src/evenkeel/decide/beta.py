"""Beta calibration of two classes: each side of the scores gets its own slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from evenkeel.decide.odds import (
    MIN_SLOPE,
    MOST,
    TINY,
    apply_array,
    both_sides,
    fit_arrays,
    floor_of,
    softened,
    stored_kind,
    stored_number,
    stored_numbers,
    thinned,
)
from evenkeel.errors import DamagedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_STEPS = 50


@dataclass(frozen=True)
class Beta:
    """``logit(q) = a log(p) - b log(1 - p) + c``: rising in p, and the identity for (1, 1, 0).

    What the likelihood ratio is when the scores of each class follow a beta distribution; with
    ``a = b`` it is Platt's map.

    Parameters
    ----------
    a, b
        At least 0, the larger at least 0.01, so that the ranking stays.
    c
        Level.
    floors
        ``(2,)``: a lower probability counts as this one, so that logarithms are finite.

    References
    ----------
    Kull, Silva Filho, Flach (2017), AISTATS, PMLR 54, 623-631, equation 2; and "Beyond sigmoids",
    https://doi.org/10.1214/17-EJS1338SI

    Examples
    --------
    >>> Beta(2.0, 2.0, 0.0, floors=(1e-9, 1e-9)).apply([[0.75, 0.25]]).round(3).tolist()
    [[0.9, 0.1]]
    """

    kind: ClassVar[str] = "beta"

    a: float
    b: float
    c: float
    floors: tuple[float, ...]

    @property
    def n_classes(self) -> int:
        """Number of classes: 2."""
        return 2

    @classmethod
    def fit(cls, y: ArrayLike, proba: ArrayLike, *, weight: ArrayLike | None = None) -> Self:
        """Fit by maximum likelihood, with Platt's softened targets so that the maximum is finite.

        Where the maximum has a negative a or b, that one is 0 and the others are fitted again.

        Parameters
        ----------
        y
            ``(n_rows,)``: class codes 0 and 1.
        proba
            ``(n_rows, 2)``: out-of-fold probabilities at the original prevalence.
        weight
            ``(n_rows,)``: row weights, not negative. A row scored r times weighs 1/r each time.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], other than two columns, no rows, or lengths that differ.
        """
        codes, p, mass = fit_arrays(y, proba, weight, owner="Beta.fit", n_classes=2)
        floors = (floor_of(p[:, 0]), floor_of(p[:, 1]))
        sides = _sides(p, floors)
        counts = np.bincount(codes, weights=mass, minlength=2).astype(np.float64)
        soft = softened(counts)[codes, 1]
        if not counts.all() or not np.ptp(sides, axis=1).any():
            found = _maximum(sides, soft, mass, start=np.array([1.0, 1.0, 0.0]), free=[2])
            return cls(1.0, 1.0, float(found[2]), floors)
        few, near = thinned(codes, mass, n_classes=2)
        start = _risen(sides[:, few], soft[few], near, start=np.array([1.0, 1.0, 0.0]))
        found = _risen(sides, soft, mass, start=start)
        return cls(float(found[0]), float(found[1]), float(found[2]), floors)

    def apply(self, proba: ArrayLike) -> Floats:
        """Calibrated probabilities, ``(..., 2)``, rows that sum to 1.

        Parameters
        ----------
        proba
            ``(..., 2)``: probabilities of the kind the map was fitted on.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], or another number of classes.
        """
        below, above = _sides(apply_array(proba, 2, owner="Beta.apply"), self.floors)
        return both_sides(self.a * below + self.b * above + self.c)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "kind": self.kind,
            "a": self.a,
            "b": self.b,
            "c": self.c,
            "floors": list(self.floors),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The map that ``to_dict`` wrote; DamagedRun when it is anything else."""
        stored_kind(stored, cls.kind)
        a, b = (stored_number(stored, name, low=0.0, high=MOST) for name in "ab")
        if max(a, b) < MIN_SLOPE:
            raise DamagedRun("a and b of the stored calibrator are too small to keep the ranking.")
        floors = stored_numbers(stored, "floors", low=TINY, high=1.0, least=2, most=2)
        return cls(a, b, stored_number(stored, "c", low=-MOST, high=MOST), floors)


def _sides(p: Floats, floors: tuple[float, ...]) -> Floats:
    """``log(p)`` and ``-log(1 - p)``, ``(2, ...)``: what rises with p where it is near 0 and near 1."""
    sides = np.empty((2, *p.shape[:-1]))
    np.log(np.maximum(p[..., 1], floors[1]), out=sides[0])
    np.negative(np.log(np.maximum(p[..., 0], floors[0])), out=sides[1])
    return sides


def _risen(sides: Floats, soft: Floats, mass: Floats, *, start: Floats) -> Floats:
    """The maximum among a, b of at least 0 that keep the ranking."""
    found = _maximum(sides, soft, mass, start=start, free=[0, 1, 2])
    if found[:2].min() < 0.0:
        # The likelihood is concave: its maximum has one of those at 0 that came out negative.
        best, negative = np.inf, np.flatnonzero(found[:2] < 0.0)
        found = np.zeros(3)
        for side in negative:
            begin = np.where(np.arange(3) == side, 0.0, start)
            again = _maximum(sides, soft, mass, start=begin, free=[1 - int(side), 2])
            loss = _likelihood(again, sides, soft, mass)[0]
            if again[:2].min() >= 0.0 and loss < best:
                best, found = loss, again
    if found[:2].max() < MIN_SLOPE:
        begin = np.array([MIN_SLOPE, MIN_SLOPE, 0.0])
        found = _maximum(sides, soft, mass, start=begin, free=[2])
    return found


def _maximum(
    sides: Floats, soft: Floats, mass: Floats, *, start: Floats, free: list[int]
) -> Floats:
    """Newton's method for the coefficients that are free; the others stay as they are."""
    at, some = start.astype(np.float64), np.ix_(free, free)
    loss, gradient, hessian = _likelihood(at, sides, soft, mass)
    for _ in range(_STEPS):
        bend = hessian[some]
        # The ridge only bends the path where scores are flat; the end has gradient 0 all the same.
        bend = bend + np.eye(len(free)) * 1e-10 * (np.trace(bend) + 1e-300)
        step = np.zeros_like(at)
        step[free] = np.linalg.solve(bend, gradient[free])
        if gradient @ step <= 1e-11 * mass.sum():
            return at - step  # the error of a step is the square of its length
        for _ in range(30):
            ahead = _likelihood(at - step, sides, soft, mass)
            if ahead[0] <= loss:
                break
            step /= 2.0
        else:
            break
        at, (loss, gradient, hessian) = at - step, ahead
    return at


def _likelihood(
    at: Floats, sides: Floats, soft: Floats, mass: Floats
) -> tuple[float, Floats, Floats]:
    """Negative log-likelihood with its gradient and second derivatives."""
    z = at[0] * sides[0] + at[1] * sides[1] + at[2]
    small = np.exp(-np.abs(z))
    p = np.where(z >= 0.0, 1.0, small) / (1.0 + small)
    loss = float(mass @ (np.maximum(z, 0.0) + np.log1p(small) - soft * z))
    miss, bend = mass * (p - soft), mass * p * (1.0 - p)
    gradient = np.array([sides[0] @ miss, sides[1] @ miss, miss.sum()])
    weighed = sides * bend
    hessian = np.empty((3, 3))
    hessian[:2, :2] = weighed @ sides.T
    hessian[:2, 2] = hessian[2, :2] = weighed.sum(axis=1)
    hessian[2, 2] = bend.sum()
    return loss, gradient, hessian
