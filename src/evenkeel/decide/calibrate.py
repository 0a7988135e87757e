"""Fit, choose and read the map from scores to probabilities on the population's scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

from evenkeel._arrays import as_codes, as_scores, same_length
from evenkeel._checks import check_choice
from evenkeel.decide.beta import Beta
from evenkeel.decide.isotonic import Isotonic
from evenkeel.decide.odds import apply_array, fit_arrays, stored_kind, thinned
from evenkeel.decide.platt import Platt
from evenkeel.decide.prior import Chained, PriorShift
from evenkeel.decide.temperature import Temperature
from evenkeel.errors import DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHODS = ("auto", "platt", "isotonic", "beta", "temperature", "none")
MIN_POSITIVES = 1000  # rows of the rarer class below which isotonic is not tried
_PARTS = 5
_JUDGES = 500_000  # rows of a class that compare two maps
_Z = 1.959963984540054
_MOST_CLASSES = 100_000
_EPS = float(np.finfo(np.float64).eps)  # as in the log-loss of METRICS


class Calibrator(Protocol):
    """What every map of probabilities offers."""

    kind: ClassVar[str]

    @property
    def n_classes(self) -> int:
        """Number of classes."""

    def apply(self, proba: ArrayLike) -> Floats:
        """Probabilities ``(..., n_classes)`` of scores of that shape."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with ``kind``."""

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The map that ``to_dict`` wrote; DamagedRun when it is anything else."""


@dataclass(frozen=True)
class Unchanged:
    """The map that leaves probabilities as they are.

    >>> Unchanged(2).apply([[0.25, 0.75]]).tolist()
    [[0.25, 0.75]]
    """

    kind: ClassVar[str] = "none"

    n_classes: int

    def apply(self, proba: ArrayLike) -> Floats:
        """The same probabilities, ``(..., n_classes)``, checked."""
        return apply_array(proba, self.n_classes, owner="Unchanged.apply")

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {"kind": self.kind, "n_classes": self.n_classes}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The map that ``to_dict`` wrote; DamagedRun when it is anything else."""
        stored_kind(stored, cls.kind)
        n_classes = stored.get("n_classes")
        if type(n_classes) is not int or not 2 <= n_classes <= _MOST_CLASSES:
            raise DamagedRun("n_classes of the stored calibrator must be a whole number from 2.")
        return cls(n_classes)


Fits = dict[tuple[int, int], Calibrator]  # by repeat and part left out
_FITTED: dict[str, type[Platt | Isotonic | Beta | Temperature]] = {
    kind.kind: kind for kind in (Platt, Isotonic, Beta, Temperature)
}
_STORED = _FITTED | {kind.kind: kind for kind in (PriorShift, Chained, Unchanged)}


def fit_calibrator(
    y: ArrayLike,
    proba: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    method: str = "auto",
    fold: ArrayLike | None = None,
) -> Calibrator:
    """Fit the map from out-of-fold scores to probabilities.

    ``"auto"`` is Platt's map. With two classes and at least 1,000 rows of each, isotonic is
    cross-fitted beside it and taken when it wins: when the 95 % interval of the mean difference of
    their log-losses, paired by row, lies below 0. Of a class with more than half a million rows
    about so many judge, each for several.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba
        ``(n_rows, n_classes)`` or ``(n_repeats, n_rows, n_classes)``: out-of-fold probabilities at
        the original prevalence. With repeats each counts for its part of the row.
    weight
        ``(n_rows,)``: row weights, not negative.
    method
        One of ``METHODS``; isotonic and beta take two classes.
    fold
        ``(n_rows,)``: parts that are left out in turn to compare; by default 5, where the rows of
        each class are dealt out by their number.

    Raises
    ------
    InvalidInput
        An unknown method or one that does not take so many classes, probabilities outside [0, 1],
        codes out of range, no rows, or lengths that differ.

    Examples
    --------
    >>> p = np.array([0.1, 0.3, 0.2, 0.6])
    >>> fit_calibrator([0, 0, 1, 1], np.stack([1 - p, p], axis=1)).kind
    'platt'
    """
    owner = "fit_calibrator"
    check_choice(method, METHODS, "method", owner)
    p = as_scores(proba, owner=owner, name="proba")
    repeats = p if p.ndim == 3 else p[None]
    if repeats.ndim != 3 or not len(repeats):
        raise InvalidInput(
            f"proba of {owner} must have shape (n_rows, n_classes) or (n_repeats, n_rows, "
            f"n_classes). Got {p.shape}."
        )
    codes, _, mass = fit_arrays(y, repeats[0], weight, owner=owner)
    if method == "auto":
        part = _dealt(codes) if fold is None else _parts(fold, codes)
        method, _ = _better(codes, repeats, mass, np.tile(part, (len(repeats), 1)))
    return _fit(method, codes, repeats, mass)


def cross_fit(
    y: ArrayLike, proba: Floats, fold: Ints, *, method: str = "auto"
) -> tuple[str, dict[tuple[int, int], Calibrator]]:
    """One map for each fold of each repeat, fitted on the other folds of that repeat.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba
        ``(n_repeats, n_rows, n_classes)``: out-of-fold probabilities at the original prevalence.
    fold
        ``(n_repeats, n_rows)``: the fold that held each row out.
    method
        As for :func:`fit_calibrator`; with ``"auto"`` the folds left out compare the two maps.

    Returns
    -------
    method, calibrators
        What was taken, and the maps by repeat and fold; none for a fold that holds all rows.
    """
    owner = "cross_fit"
    check_choice(method, METHODS, "method", owner)
    codes, _, mass = fit_arrays(y, proba[0], None, owner=owner)
    found: Fits = {}
    if method == "auto":
        method, found = _better(codes, proba, mass, fold)
    if not found:
        found = {
            (repeat, one): _fit(
                method, codes[others], proba[repeat : repeat + 1, others], mass[others]
            )
            for repeat, part in enumerate(fold)
            for one, _, others in _left_out(part)
        }
    return method, found


def calibrator_from_dict(stored: Any) -> Calibrator:
    """The calibrator that a ``to_dict`` wrote; DamagedRun when it is anything else.

    >>> calibrator_from_dict({"kind": "none", "n_classes": 2})
    Unchanged(n_classes=2)
    """
    kind = stored.get("kind") if isinstance(stored, dict) else None
    if type(kind) is not str or kind not in _STORED:
        raise DamagedRun(f"The stored calibrator cannot be read: its kind is {kind!r:.60}.")
    return _STORED[kind].from_dict(stored)


def _fit(method: str, codes: Ints, repeats: Floats, mass: Floats) -> Calibrator:
    if method == "none":
        return Unchanged(repeats.shape[2])
    n_repeats, _, n_classes = repeats.shape
    return _FITTED[method].fit(
        np.tile(codes, n_repeats),
        repeats.reshape(-1, n_classes),
        weight=np.tile(mass / n_repeats, n_repeats),
    )


def _rows(mass: Floats) -> float:
    """How many rows weights stand for: neither more than there are nor more than they weigh."""
    return min(float(np.count_nonzero(mass)), float(mass.sum()))


def _dealt(codes: Ints) -> Ints:
    part = np.empty_like(codes)
    for code in range(2):
        rows = np.flatnonzero(codes == code)
        part[rows] = np.arange(rows.size) % _PARTS
    return part


def _parts(fold: ArrayLike, codes: Ints) -> Ints:
    owner = "fit_calibrator"
    part = as_codes(fold, owner=owner, name="fold", n_classes=max(codes.size, 2))
    same_length(owner, y=codes, fold=part)
    if part.ndim != 1 or np.ptp(part) == 0:
        raise InvalidInput(
            f"fold of {owner} must put the rows into at least two parts. Got shape {part.shape}."
        )
    return part


def _better(codes: Ints, repeats: Floats, mass: Floats, fold: Ints) -> tuple[str, Fits]:
    """Which map has the lower log-loss on parts left out, beyond what the draw of rows explains.

    With it come its fits on the other parts, where isotonic was tried and all rows took part.
    """
    rarer = min(_rows(mass[codes == code]) for code in range(2))
    if repeats.shape[2] > 2 or rarer < MIN_POSITIVES:
        return "platt", {}
    rows, near = thinned(codes, mass, n_classes=2, most=_JUDGES // len(repeats))
    every = rows.size == codes.size
    if every:
        rows, near = np.arange(codes.size), mass
    truth = codes[rows]
    gain = np.zeros(rows.size)
    fits: dict[str, Fits] = {"platt": {}, "isotonic": {}}
    for repeat, part in enumerate(fold[:, rows]):
        raw = repeats[repeat] if every else repeats[repeat, rows]
        for one, inside, others in _left_out(part):
            if np.unique(truth[others[near[others] > 0.0]]).size < 2:
                return "platt", {}
            for method, sign in (("platt", 1.0), ("isotonic", -1.0)):
                found = _FITTED[method].fit(truth[others], raw[others], weight=near[others])
                fits[method][repeat, one] = found
                given = found.apply(raw[inside])[np.arange(inside.size), truth[inside]]
                gain[inside] -= sign * np.log(np.maximum(given, _EPS)) / len(repeats)
    share = near / near.sum()
    mean = float(share @ gain)
    error = float(np.sqrt((share**2) @ (gain - mean) ** 2))
    kind = "isotonic" if mean > _Z * error else "platt"
    return kind, fits[kind] if every else {}


def _left_out(part: Ints) -> Iterator[tuple[int, Ints, Ints]]:
    """Each part that leaves other rows: its number, its rows, and the others."""
    for one in np.unique(part):
        out = part == one
        if not out.all():
            yield int(one), np.flatnonzero(out), np.flatnonzero(~out)
