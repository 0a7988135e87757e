"""Blocks of made rows: each knows its parents and its own arithmetic.

A made row is a function of its block and its place in it alone, so rows can be made in any order
and in batches of any size, with the same bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Made(ABC):
    """Rows that a resampler made, ``(n_made,)``.

    Parameters
    ----------
    parents
        Id of each row's parent, ``(n_made,)``: it gives the label, the weight and every column that
        is not made.
    """

    parents: Ints

    ids: ClassVar[tuple[str, ...]] = ("parents",)  # fields that hold ids of rows

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                view = value.view()
                view.flags.writeable = False
                object.__setattr__(self, field.name, view)
        for name in (*self.ids, *self.aligned):
            length = getattr(self, name).shape[0]
            if length != len(self.parents):
                raise InvalidInput(
                    f"{name} of {type(self).__name__} must hold one value for each of "
                    f"{len(self.parents):,} parents. Got {length:,}."
                )

    aligned: ClassVar[tuple[str, ...]] = ()  # fields with one entry for each made row

    @abstractmethod
    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Numbers of the rows at the given places.

        Parameters
        ----------
        get
            Gives the numbers of rows by id: an array ``(n, n_numeric)``, or CSR.
        at
            Places in this block, ``(n,)``.
        """

    def moved(self, lift: Callable[[Ints], Ints]) -> Made:
        """The same block with its ids renamed."""
        return replace(self, **{name: lift(getattr(self, name)) for name in self.ids})

    @property
    def nbytes(self) -> int:
        """Bytes that the block holds."""
        values = (getattr(self, field.name) for field in fields(self))
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


@dataclass(frozen=True, eq=False)
class Between(Made):
    """Rows on the line from a parent to a partner: ``a + step * (b - a)``.

    Parameters
    ----------
    partners
        Id of the row at the other end, ``(n_made,)``.
    steps
        How far along, ``(n_made,)``: 0 is the parent, 1 the partner.
    """

    partners: Ints
    steps: Floats

    ids: ClassVar[tuple[str, ...]] = ("parents", "partners")
    aligned: ClassVar[tuple[str, ...]] = ("steps",)

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Interpolate."""
        start, end = _floats(get(self.parents[at])), _floats(get(self.partners[at]))
        steps = self.steps[at]
        if isinstance(start, np.ndarray):
            return start + steps.reshape(-1, *[1] * (start.ndim - 1)) * (end - start)
        return (start + (end - start).multiply(steps[:, None])).tocsr()


@dataclass(frozen=True, eq=False)
class Jittered(Made):
    """Copies of the parents with Gaussian noise: ``a + spread[group] * N(0, 1)``.

    The noise of a row depends on the seed and the row's place only.

    Parameters
    ----------
    seed
        Seed of the noise, at least 0.
    spread
        Standard deviation of the noise for each group and column, ``(n_groups, n_numeric)``.
    group
        Group of each made row, ``(n_made,)``.
    """

    seed: int
    spread: Floats
    group: Ints

    aligned: ClassVar[tuple[str, ...]] = ("group",)

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Copy and shake."""
        start = _floats(get(self.parents[at]))
        noise = normals(self.seed, at, self.spread.shape[1]) * self.spread[self.group[at]]
        if isinstance(start, np.ndarray):
            return start + noise.reshape(start.shape)
        return type(start)(noise) + start


@dataclass(frozen=True, eq=False)
class Given(Made):
    """Rows whose numbers are known beforehand, such as centroids.

    Parameters
    ----------
    values
        Numbers of each row, ``(n_made, n_numeric)``.
    """

    values: Any

    aligned: ClassVar[tuple[str, ...]] = ("values",)

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Look them up."""
        return self.values[at]


def normals(seed: int, rows: Ints, n_columns: int) -> Floats:
    """Standard normal numbers that can be asked for by row.

    Entry ``(i, j)`` is ``Phi^-1(u)``, with ``u`` the 53-bit fraction that the SplitMix64 generator
    gives for the counter ``rows[i] * n_columns + j``.

    Parameters
    ----------
    seed
        At least 0.
    rows
        Row numbers ``(n,)``.
    n_columns
        Numbers in each row.

    Returns
    -------
    float64 array (n, n_columns)

    References
    ----------
    Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA,
    figure 13. doi:10.1145/2660193.2660195

    Examples
    --------
    >>> both = normals(7, np.array([5, 2]), 3)
    >>> bool((both[1] == normals(7, np.array([2]), 3)[0]).all())
    True
    """
    from scipy.special import ndtri

    first = np.asarray(rows).astype(np.uint64)[:, None] * np.uint64(n_columns)
    counter = first + np.arange(n_columns, dtype=np.uint64)
    start = _mix(np.array([seed], np.uint64) + _GOLDEN)
    bits = _mix(start + (counter + np.uint64(1)) * _GOLDEN)
    fraction = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53  # never 0 or 1
    return np.asarray(ndtri(fraction))


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def _mix(bits: NDArray[Any]) -> NDArray[np.uint64]:
    for shift, factor in _MIX:
        bits = np.asarray((bits ^ (bits >> np.uint64(shift))) * np.uint64(factor), np.uint64)
    return np.asarray(bits ^ (bits >> np.uint64(31)), np.uint64)


def _floats(values: Any) -> Any:
    """Differences of whole numbers overflow their type, and bools have none."""
    return values.astype(np.float64) if values.dtype.kind in "biu" else values
