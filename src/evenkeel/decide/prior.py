"""Prior correction: probabilities moved from one prevalence to another, and maps in a row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from evenkeel._checks import check_number
from evenkeel.decide.odds import apply_array, stored_kind, stored_numbers
from evenkeel.errors import DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evenkeel.decide.calibrate import Calibrator

    Floats = NDArray[np.float64]

LEAST = 1e-12  # smallest share of a class that a map takes
_SUM = 1e-6


@dataclass(frozen=True)
class PriorShift:
    """``p_c now_c / was_c``, made to sum to 1: probabilities for other shares of the classes.

    Right where rows of a class look alike before and after and only the shares have changed, and
    where the probabilities were calibrated at ``was``. Certain rows stay certain, and the shift
    back is ``PriorShift(now, was)``.

    Parameters
    ----------
    was
        ``(n_classes,)``: shares of the classes where the probabilities hold, each at least 1e-12,
        with sum 1.
    now
        ``(n_classes,)``: their shares where the probabilities will be used.

    Raises
    ------
    InvalidInput
        Fewer than two classes, lengths that differ, shares out of range or that do not sum to 1.

    References
    ----------
    Saerens, Latinne, Decaestecker (2002), equation 2.4, https://doi.org/10.1162/089976602753284446.
    Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, theorem 2.

    Examples
    --------
    >>> PriorShift(was=(0.5, 0.5), now=(0.9, 0.1)).apply([[0.25, 0.75]]).round(12).tolist()
    [[0.75, 0.25]]
    """

    kind: ClassVar[str] = "prior-shift"

    was: tuple[float, ...]
    now: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("was", "now"):
            shares = as_shares(getattr(self, name), name, "PriorShift")
            object.__setattr__(self, name, tuple(shares.tolist()))
        if len(self.was) != len(self.now):
            raise InvalidInput(
                f"now of PriorShift must hold as many classes as was, {len(self.was)}. "
                f"Got {len(self.now)}."
            )

    @classmethod
    def undersampled(cls, beta: float, *, prevalence: float = 0.5) -> Self:
        """The map for two classes whose negatives were thinned: ``beta p / ((beta - 1) p + 1)``.

        For a model fitted on all positives and a share beta of the negatives, used as it is;
        out-of-fold scores calibrated at the original prevalence are right already.

        Parameters
        ----------
        beta
            Negatives kept over negatives there were, as realised; above 0, at most 1.
        prevalence
            Share of positives before thinning. The map is the same for any; it only says what
            ``was`` and ``now`` are.

        References
        ----------
        Dal Pozzolo, Caelen, Johnson, Bontempi (2015), IEEE SSCI, equation 4,
        https://doi.org/10.1109/SSCI.2015.33

        Examples
        --------
        >>> half = PriorShift.undersampled(0.01)
        >>> half.apply([[0.5, 0.5]]).round(4).tolist()
        [[0.9901, 0.0099]]
        """
        check_number(beta, "beta", "PriorShift.undersampled", low=0.0, high=1.0, open_low=True)
        check_number(
            prevalence, "prevalence", "PriorShift.undersampled",
            low=0.0, high=1.0, open_low=True, open_high=True,
        )  # fmt: skip
        kept = beta * (1.0 - prevalence)
        was = (kept / (kept + prevalence), prevalence / (kept + prevalence))
        return cls(was, (1.0 - prevalence, prevalence))

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.was)

    def inverse(self) -> PriorShift:
        """The map that undoes this one."""
        return PriorShift(self.now, self.was)

    def apply(self, proba: ArrayLike) -> Floats:
        """Probabilities at the shares ``now``, ``(..., n_classes)``, rows that sum to 1.

        Parameters
        ----------
        proba
            ``(..., n_classes)``: probabilities calibrated at the shares ``was``.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], or another number of classes.
        """
        p = apply_array(proba, self.n_classes, owner="PriorShift.apply")
        found = p * (np.asarray(self.now) / np.asarray(self.was))
        total = found.sum(axis=-1, keepdims=True)
        # A row of zeros says nothing about its class.
        level = np.broadcast_to(np.asarray(self.now), p.shape).copy()
        return np.asarray(np.divide(found, total, out=level, where=total > 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {"kind": self.kind, "was": list(self.was), "now": list(self.now)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The map that ``to_dict`` wrote; DamagedRun when it is anything else."""
        stored_kind(stored, cls.kind)
        was, now = (
            stored_numbers(stored, name, low=LEAST, high=1.0, least=2) for name in ("was", "now")
        )
        try:
            return cls(was, now)
        except InvalidInput as error:
            raise DamagedRun(f"The stored calibrator cannot be used: {error}") from error


@dataclass(frozen=True)
class Chained:
    """Maps one after another, such as Platt's and then a shift to another prevalence.

    Parameters
    ----------
    steps
        Calibrators of one number of classes, the first applied first. Chains among them are
        replaced by their own steps.

    Raises
    ------
    InvalidInput
        No step, or steps for different numbers of classes.

    Examples
    --------
    >>> there = PriorShift(was=(0.5, 0.5), now=(0.9, 0.1))
    >>> Chained((there, there.inverse())).apply([[0.3, 0.7]]).round(12).tolist()
    [[0.3, 0.7]]
    """

    kind: ClassVar[str] = "chained"

    steps: tuple[Calibrator, ...]

    def __post_init__(self) -> None:
        flat: list[Calibrator] = []
        for step in self.steps:
            flat.extend(step.steps if isinstance(step, Chained) else [step])
        if len({step.n_classes for step in flat}) != 1:
            raise InvalidInput(
                "steps of Chained must be at least one calibrator, all for one number of classes. "
                f"Got {[step.n_classes for step in flat]}."
            )
        object.__setattr__(self, "steps", tuple(flat))

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.steps[0].n_classes

    def apply(self, proba: ArrayLike) -> Floats:
        """What the last step makes of what the steps before it made, ``(..., n_classes)``."""
        found = self.steps[0].apply(proba)
        for step in self.steps[1:]:
            found = step.apply(found)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"kind": self.kind, "steps": [step.to_dict() for step in self.steps]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The chain that ``to_dict`` wrote; DamagedRun when it is anything else."""
        # The one reader knows every kind, and so stands below this file.
        from evenkeel.decide.calibrate import calibrator_from_dict

        stored_kind(stored, cls.kind)
        steps = stored.get("steps")
        if type(steps) is not list:
            raise DamagedRun("steps of the stored calibrator must be a list.")
        # Chains are written flat; nested ones could be nested without end.
        if any(isinstance(step, dict) and step.get("kind") == cls.kind for step in steps):
            raise DamagedRun("steps of the stored calibrator must not hold a chain.")
        try:
            return cls(tuple(calibrator_from_dict(step) for step in steps))
        except InvalidInput as error:
            raise DamagedRun(f"The stored calibrator cannot be used: {error}") from error


def as_shares(values: Sequence[float] | ArrayLike, name: str, owner: str) -> Floats:
    """Shares of at least two classes as an array, each at least 1e-12, with sum 1, or InvalidInput."""
    given = np.asarray(values)
    if given.ndim != 1 or given.size < 2 or given.dtype.kind not in "iuf":
        raise InvalidInput(
            f"{name} of {owner} must hold the share of each of at least two classes. Got {values!r}."
        )
    shares = given.astype(np.float64)
    total = float(shares.sum())
    if not math.isfinite(total) or shares.min() < LEAST or abs(total - 1.0) > _SUM:
        raise InvalidInput(
            f"{name} of {owner} must hold shares of at least {LEAST:g} that sum to 1. "
            f"Got {values!r}. A class that cannot occur has no place in a correction."
        )
    return shares
