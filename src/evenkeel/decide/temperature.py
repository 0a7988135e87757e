"""Temperature scaling: one number that makes probabilities of any number of classes less sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from evenkeel.decide.odds import (
    TINY,
    apply_array,
    both_sides,
    fit_arrays,
    floor_of,
    log_odds,
    stored_kind,
    stored_number,
    stored_numbers,
    thinned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_LEAST, _MOST = 0.01, 100.0
_STEPS = 60


@dataclass(frozen=True)
class Temperature:
    """``softmax(log(p_c) / temperature)``: above 1 less sure, below 1 surer.

    The largest class of a row stays the largest, and two classes keep their ranking. The level
    is not corrected: after resampling or weights use Platt, which also has intercepts.

    Parameters
    ----------
    temperature
        From 0.01 to 100.
    floors
        ``(n_classes,)``: a lower probability counts as this one, so that logarithms are finite.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), ICML, section 4.2, equation 9,
    https://doi.org/10.48550/arXiv.1706.04599

    Examples
    --------
    >>> Temperature(0.5, floors=(1e-9, 1e-9)).apply([[0.75, 0.25]]).round(3).tolist()
    [[0.9, 0.1]]
    """

    kind: ClassVar[str] = "temperature"

    temperature: float
    floors: tuple[float, ...]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.floors)

    @classmethod
    def fit(cls, y: ArrayLike, proba: ArrayLike, *, weight: ArrayLike | None = None) -> Self:
        """Fit the temperature with the least log-loss.

        Classes that are apart would take a temperature of 0, and scores that say nothing an infinite
        one: then it ends near 0.01 or at 100. Equal scores give 1.

        Parameters
        ----------
        y
            ``(n_rows,)``: class codes.
        proba
            ``(n_rows, n_classes)``: out-of-fold probabilities.
        weight
            ``(n_rows,)``: row weights, not negative. A row scored r times weighs 1/r each time.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], codes out of range, no rows, or lengths that differ.
        """
        codes, p, mass = fit_arrays(y, proba, weight, owner="Temperature.fit")
        floors = tuple(floor_of(p[:, code]) for code in range(p.shape[1]))
        logs = np.log(np.maximum(p, floors))
        few, near = thinned(codes, mass, n_classes=p.shape[1])
        start = _best(logs[few], codes[few], near, start=1.0)
        return cls(1.0 / _best(logs, codes, mass, start=start), floors)

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
        p = apply_array(proba, self.n_classes, owner="Temperature.apply")
        if self.n_classes == 2:
            return both_sides(log_odds(p, self.floors) / self.temperature)
        return _softmax(np.log(np.maximum(p, self.floors)) / self.temperature)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "kind": self.kind,
            "temperature": self.temperature,
            "floors": list(self.floors),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The map that ``to_dict`` wrote; DamagedRun when it is anything else."""
        stored_kind(stored, cls.kind)
        temperature = stored_number(stored, "temperature", low=_LEAST, high=_MOST)
        floors = stored_numbers(stored, "floors", low=TINY, high=1.0, least=2)
        return cls(temperature, floors)


def _softmax(scores: Floats) -> Floats:
    scores = scores - scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def _best(logs: Floats, codes: Ints, mass: Floats, *, start: float) -> float:
    """One over the temperature: Newton's method inside a bracket, on a convex loss."""
    low, high, at = 1.0 / _MOST, 1.0 / _LEAST, start
    for _ in range(_STEPS):
        slope, bend = _slope(at, logs, codes, mass)
        if slope == 0.0:
            return at
        low, high = (low, at) if slope > 0.0 else (at, high)
        ahead = at - slope / bend if bend > 0.0 else -1.0
        if not low <= ahead <= high:
            ahead = float(np.sqrt(low * high))
        if abs(ahead - at) <= 1e-10 * at:
            return ahead
        at = ahead
    return at


def _slope(at: float, logs: Floats, codes: Ints, mass: Floats) -> tuple[float, float]:
    """First and second derivative of the log-loss by one over the temperature."""
    p = _softmax(at * logs)
    mean = np.einsum("ij,ij->i", p, logs)
    true = logs[np.arange(codes.size), codes]
    spread = np.einsum("ij,ij,ij->i", p, logs, logs) - mean**2
    return float(mass @ (mean - true)), float(mass @ spread)
