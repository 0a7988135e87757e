"""Platt scaling and its form for several classes: probabilities on the population's scale."""

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
    Ints = NDArray[np.int64]

_STEPS = 50
_BINS = 4096


@dataclass(frozen=True)
class Platt:
    """A map of probabilities that keeps their order and corrects level and spread.

    ``softmax(slope * log(p_c) + intercept_c)``; for two classes this is Platt's
    ``sigmoid(slope * logit(p) + intercept_1 - intercept_0)``.

    Parameters
    ----------
    slope
        At least 0.01; 1 leaves the spread as it is.
    intercepts
        ``(n_classes,)``; the first is 0.
    floors
        ``(n_classes,)``: a lower probability counts as this one, so that logarithms are finite.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", Advances in Large Margin
    Classifiers. Lin, Lin, Weng (2007), https://doi.org/10.1007/s10994-007-5018-6.
    Several classes: Alexandari, Kundaje, Shrikumar (2020), ICML, "bias-corrected temperature
    scaling", https://doi.org/10.48550/arXiv.1901.06852

    Examples
    --------
    >>> doubled = Platt(slope=2.0, intercepts=(0.0, 0.0), floors=(1e-9, 1e-9))
    >>> doubled.apply([[0.75, 0.25]]).round(3).tolist()
    [[0.9, 0.1]]
    """

    kind: ClassVar[str] = "platt"

    slope: float
    intercepts: tuple[float, ...]
    floors: tuple[float, ...]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.intercepts)

    @classmethod
    def fit(cls, y: ArrayLike, proba: ArrayLike, *, weight: ArrayLike | None = None) -> Self:
        """Fit slope and intercepts by maximum likelihood with Platt's softened targets.

        A row of class c counts as class c with ``(N_c + 1) / (N_c + K)`` and as each other class
        with ``1 / (N_c + K)``; for two classes these are Platt's targets. A class without rows
        keeps a finite, low probability.

        Parameters
        ----------
        y
            ``(n_rows,)``: class codes.
        proba
            ``(n_rows, n_classes)``: out-of-fold probabilities at the original prevalence.
        weight
            ``(n_rows,)``: row weights, not negative. A row scored r times weighs 1/r each time.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], codes out of range, no rows, or lengths that differ.

        Examples
        --------
        >>> found = Platt.fit([0, 0, 0, 1], [[0.6, 0.4], [0.5, 0.5], [0.4, 0.6], [0.2, 0.8]])
        >>> bool(found.slope > 1.0)
        True
        """
        codes, p, mass = fit_arrays(y, proba, weight, owner="Platt.fit")
        n_classes = p.shape[1]
        floors = tuple(floor_of(p[:, code]) for code in range(n_classes))
        counts = np.bincount(codes, weights=mass, minlength=n_classes).astype(np.float64)
        logs = np.log(np.maximum(p, floors))
        logs = logs[:, 1:] - logs[:, :1]
        soft = softened(counts)[codes, 1:]
        start = np.append(1.0, np.zeros(n_classes - 1))
        if np.count_nonzero(counts) < 2 or not np.ptp(logs, axis=0).any():
            found = newton(logs, soft, mass, start=start, fixed_slope=True)
        else:
            few, near, weighs = _fewer(logs, codes, mass, n_classes)
            start = newton(near, softened(counts)[few, 1:], weighs, start=start)
            found = newton(logs, soft, mass, start=start)
            if found[0] < MIN_SLOPE:
                start = np.append(MIN_SLOPE, np.zeros(n_classes - 1))
                found = newton(logs, soft, mass, start=start, fixed_slope=True)
        return cls(float(found[0]), (0.0, *found[1:].tolist()), floors)

    def apply(self, proba: ArrayLike) -> Floats:
        """Calibrated probabilities, ``(..., n_classes)``, rows that sum to 1.

        Parameters
        ----------
        proba
            ``(..., n_classes)``: probabilities of the kind the map was fitted on.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], or another number of classes.
        """
        p = apply_array(proba, self.n_classes, owner="Platt.apply")
        scores = self.slope * np.log(np.maximum(p, self.floors)) + np.asarray(self.intercepts)
        if p.shape[-1] == 2:
            return both_sides(scores[..., 1] - scores[..., 0])
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return np.asarray(scores, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "kind": self.kind,
            "slope": self.slope,
            "intercepts": list(self.intercepts),
            "floors": list(self.floors),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The calibrator that ``to_dict`` wrote; DamagedRun when it is anything else."""
        stored_kind(stored, cls.kind)
        slope = stored_number(stored, "slope", low=MIN_SLOPE, high=MOST)
        intercepts = stored_numbers(stored, "intercepts", low=-MOST, high=MOST, least=2)
        floors = stored_numbers(stored, "floors", low=TINY, high=1.0, least=2)
        if len(intercepts) != len(floors):
            raise DamagedRun("The stored calibrator does not hold one intercept for each floor.")
        return cls(slope, intercepts, floors)


def _fewer(logs: Floats, codes: Ints, mass: Floats, n_classes: int) -> tuple[Ints, Floats, Floats]:
    """Codes, scores and weights of a few thousand rows that lie near all rows: a place to start."""
    if n_classes == 2:
        low, high = float(logs.min()), float(logs.max())
        bins = ((logs[:, 0] - low) * ((_BINS - 1) / (high - low))).astype(np.int64)
        cell = codes * _BINS + bins
        weighs = np.bincount(cell, weights=mass)
        kept = np.flatnonzero(weighs > 0.0)
        sums = np.bincount(cell, weights=mass * logs[:, 0])[kept]
        return kept // _BINS, (sums / weighs[kept])[:, None], weighs[kept].astype(np.float64)
    kept, near = thinned(codes, mass, n_classes=n_classes)
    return codes[kept], logs[kept], near


def newton(
    logs: Floats, soft: Floats, mass: Floats, *, start: Floats, fixed_slope: bool = False
) -> Floats:
    """Slope and intercepts that maximise the likelihood of ``softmax(slope * logs + intercepts)``.

    Parameters
    ----------
    logs
        ``(n_rows, n_classes - 1)``: log-probabilities less that of class 0.
    soft
        ``(n_rows, n_classes - 1)``: target probabilities of the classes above 0.
    mass
        ``(n_rows,)``: row weights.
    start
        ``(n_classes,)``: slope, then intercepts.
    fixed_slope
        Whether the slope stays as it is.

    Returns
    -------
    array
        ``(n_classes,)``: slope, then the intercepts of the classes above 0. The likelihood is
        concave, so it does not depend on ``start``.
    """
    free = slice(1, None) if fixed_slope else slice(None)
    at = start.astype(np.float64)
    likelihood = _likelihood_of_two if logs.shape[1] == 1 else _likelihood_of_several
    loss, gradient, hessian = likelihood(at, logs, soft, mass)
    for _ in range(_STEPS):
        slopes, bend = gradient[free], hessian[free, free]
        # The ridge only bends the path where scores are flat; the end has gradient 0 all the same.
        bend = bend + np.eye(len(bend)) * 1e-10 * (np.trace(bend) + 1e-300)
        step = np.zeros_like(at)
        step[free] = np.linalg.solve(bend, slopes)
        if slopes @ step[free] <= 1e-11 * mass.sum():
            return at - step  # the error of a step is the square of its length
        for _ in range(30):
            ahead = likelihood(at - step, logs, soft, mass)
            if ahead[0] <= loss:
                break
            step /= 2.0
        else:
            break
        at, (loss, gradient, hessian) = at - step, ahead
    return at


def _likelihood_of_two(
    at: Floats, logs: Floats, soft: Floats, mass: Floats
) -> tuple[float, Floats, Floats]:
    """As for several classes, in a quarter of the time."""
    x, target = logs[:, 0], soft[:, 0]
    z = at[0] * x + at[1]
    small = np.exp(-np.abs(z))
    loss = float(mass @ (np.log1p(small) + np.maximum(z, 0.0) - target * z))
    p = np.where(z > 0.0, 1.0, small) / (1.0 + small)
    miss, bend = mass * (p - target), mass * small / (1.0 + small) ** 2
    tilt = bend * x
    edge = tilt.sum()
    return loss, np.array([miss @ x, miss.sum()]), np.array([[tilt @ x, edge], [edge, bend.sum()]])


def _likelihood_of_several(
    at: Floats, logs: Floats, soft: Floats, mass: Floats
) -> tuple[float, Floats, Floats]:
    """Negative log-likelihood with its gradient and second derivatives."""
    z = at[0] * logs + at[1:]
    top = np.maximum(z.max(axis=1), 0.0)
    p = np.exp(z - top[:, None])
    total = p.sum(axis=1) + np.exp(-top)
    p /= total[:, None]
    loss = float(mass @ (top + np.log(total) - np.einsum("ij,ij->i", soft, z)))
    miss = (p - soft) * mass[:, None]
    gradient = np.append(np.einsum("ij,ij->", miss, logs), miss.sum(axis=0))
    weighed = p * mass[:, None]
    mean = np.einsum("ij,ij->i", p, logs)
    corner = np.einsum("ij,ij,ij->", weighed, logs, logs) - mass @ mean**2
    edge = np.einsum("ij,ij->j", weighed, logs) - weighed.T @ mean
    inner = np.diag(weighed.sum(axis=0)) - p.T @ weighed
    return loss, gradient, np.block([[corner, edge], [edge[:, None], inner]])
