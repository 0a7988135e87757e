"""Which rows were seen before: a number for each row's features, and how many of later rows have it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from evenkeel.errors import DamagedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from numpy.typing import NDArray

    Marks = NDArray[np.uint64]

_ALL = 1 << 64
_SURE = 3.0  # standard deviations beyond which chance is no explanation


def row_marks(X: pl.DataFrame) -> Marks:
    """A 64-bit hash of each row, the same with every version of every library.

    Parameters
    ----------
    X
        Features: numbers, booleans, text, datetimes. NaN equals null, 0.0 equals -0.0, 1 equals 1.0.

    Returns
    -------
    array
        ``(n_rows,)``: equal rows have equal marks; two different ones with a chance of ``2^-64``.

    References
    ----------
    Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", figure 16 (the
    mixer), https://doi.org/10.1145/2660193.2660195

    Examples
    --------
    >>> import polars as pl
    >>> marks = row_marks(pl.DataFrame({"a": [1, 2, 1], "b": ["x", "y", "x"]}))
    >>> bool(marks[0] == marks[2]), bool(marks[0] == marks[1])
    (True, False)
    """
    found = np.zeros(X.height, dtype=np.uint64)
    for column in X:
        found = _mixed(found * np.uint64(0x9E3779B97F4A7C15) + _mixed(_bits(column)))
    return found


@dataclass(frozen=True, eq=False)
class SeenRows:
    """Marks of rows that were used, or those of them that lie below a limit.

    Parameters
    ----------
    marks
        Sorted, with repeats.
    below
        All marks below this are here; ``2^64`` for all.

    Examples
    --------
    >>> import polars as pl
    >>> used = row_marks(pl.DataFrame({"a": range(1000)}))
    >>> later = row_marks(pl.DataFrame({"a": range(990, 1500)}))
    >>> SeenRows.of(used).among(later)
    10
    """

    marks: Marks
    below: int = _ALL

    @classmethod
    def of(cls, marks: Marks, *, most: int | None = None) -> Self:
        """All marks, or the lowest ``most`` of them: a sample by row that any other file can be asked for."""
        ranked = np.sort(marks)
        if most is None or ranked.size <= most:
            return cls(ranked)
        below = int(ranked[most])
        return cls(ranked[ranked < below], below)

    def among(self, later: Marks) -> int:
        """How many of other rows are among these; 0 where chance explains it.

        Tables of few values repeat themselves: unseen rows then have the features of seen ones. The
        chance that a new row equals one that occurs once here is ``2 n_2 / n``, where ``n_2`` rows
        occur twice (Good and Turing). More than that and three standard deviations is no chance.
        From a sample the number is scaled up.

        References
        ----------
        Good (1953), "The population frequencies of species", equation 2,
        https://doi.org/10.1093/biomet/40.3-4.237
        """
        asked = later if self.below == _ALL else later[later < np.uint64(self.below)]
        if not asked.size or not self.marks.size:
            return 0
        values, times = np.unique(self.marks, return_counts=True)
        by_chance = 2.0 * np.count_nonzero(times == 2) / self.marks.size * asked.size
        once = np.count_nonzero(np.isin(asked, values[times == 1]))
        if once <= by_chance + _SURE * by_chance**0.5:
            return 0
        hits = int(np.count_nonzero(np.isin(asked, values)))
        return round(hits * later.size / asked.size)

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON: 8 bytes a row, little-endian, in base64."""
        content = base64.b64encode(self.marks.astype("<u8").tobytes()).decode()
        return {"below": f"{self.below:x}", "marks": content}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """What ``to_dict`` wrote; DamagedRun when it is anything else."""
        try:
            content = base64.b64decode(stored["marks"], validate=True)
            return cls(
                np.frombuffer(content, dtype="<u8").astype(np.uint64), int(stored["below"], 16)
            )
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise DamagedRun("The stored marks of rows cannot be used.") from error


def _bits(column: pl.Series) -> Marks:
    """64 bits for each cell."""
    import polars as pl
    from pandas.util import hash_array

    dtype = column.dtype
    if dtype.is_temporal():
        moments = column.cast(pl.Datetime("us")).to_physical()
        return moments.fill_null(-(1 << 63)).to_numpy().astype(np.int64).view(np.uint64)
    if dtype.is_numeric() or dtype == pl.Boolean:
        numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy() + 0.0
        return np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    texts = column.cast(pl.String).fill_null("\0").to_numpy().astype(object)
    return np.asarray(hash_array(texts, categorize=True), dtype=np.uint64)


def _mixed(values: Marks) -> Marks:
    """Every bit of the input moves every bit of the output."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
