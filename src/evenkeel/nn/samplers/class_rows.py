"""Rows sorted by class, in random order within each class: four bytes a row."""

from __future__ import annotations

import re
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number, listed
from evenkeel.distribution import encode
from evenkeel.errors import EvenkeelError, InvalidInput
from evenkeel.nn.samplers.labels import labels_of
from evenkeel.nn.samplers.shuffle import Shuffle, key_of
from evenkeel.plan import id_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

SPAN = 1 << 16  # whole-number labels spread no wider than this need no copy of them all
AT_ONCE = 1 << 16
IGNORED = -100  # torch's mark for a row that a loss shall pass over


class ClassRows:
    """The rows of each class.

    Parameters
    ----------
    source
        As :func:`labels_of` takes.
    owner
        Whose labels they are, for messages.
    seed
        Of the order within the classes, at least 0.
    n_classes
        The labels are whole numbers from 0 to ``n_classes - 1``, some of which may have no row;
        None: the classes are the labels that occur.

    Attributes
    ----------
    classes
        Their labels, sorted.
    counts
        Rows of each class ``(n_classes,)``.
    rows
        Row numbers ``(n_rows,)``, class after class.
    starts
        Where each class starts in ``rows``, and where the last one ends, ``(n_classes + 1,)``.

    Raises
    ------
    InvalidInput
        No labels, labels that are missing, labels outside the classes, fewer than two classes.

    Examples
    --------
    >>> found = ClassRows([0, 1, 0, 0], "BalancedSampler")
    >>> found.counts.tolist(), sorted(found.of(0).tolist()), found.of(1).tolist()
    ([3, 1], [0, 2, 3], [1])
    """

    def __init__(
        self, source: Any, owner: str, *, seed: int = 0, n_classes: int | None = None
    ) -> None:
        check_number(seed, "seed", owner, low=0, high=2**63 - 1, whole=True)
        labels = labels_of(source, owner)
        self.classes, codes_at, n_rows = _coded(labels, owner, n_classes)
        if len(self.classes) < 2:
            raise InvalidInput(
                f"labels of {owner} must have at least two classes. Got only {self.classes[0]!r}. "
                "There is nothing to balance."
            )
        self.counts = np.zeros(len(self.classes), np.int64)
        for start in range(0, n_rows, AT_ONCE):
            codes = codes_at(slice(start, start + AT_ONCE))
            self.counts += np.bincount(codes, minlength=self.counts.size)
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        self.rows = self._sorted(codes_at, n_rows, seed)
        self.rows.flags.writeable = False

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each class ``(n_classes,)``."""
        return np.asarray(self.counts / self.counts.sum())

    def of(self, code: int) -> Ints:
        """The rows of one class, by its place among the classes."""
        return self.rows[self.starts[code] : self.starts[code + 1]]

    @cached_property
    def digest(self) -> int:
        """A number that other labels, other rows or another seed would change."""
        return zlib.crc32(self.counts.tobytes(), zlib.crc32(self.rows.data))

    def window(self, first: Ints, quotas: Ints, out: Ints) -> Ints:
        """``quotas[c]`` rows of each class from its ``first[c]``-th on, round and round.

        Parameters
        ----------
        first, quotas
            ``(n_classes,)``; a class without rows has quota 0.
        out
            Where they are written, class after class, ``(sum of quotas,)``.
        """
        start = 0
        for code, quota in enumerate(quotas.tolist()):
            part = out[start : start + quota]
            start += quota
            own = self.of(code)
            turned = int(first[code]) % max(1, own.size)
            done = 0
            for piece in (own[turned:], own[:turned]):
                size = min(piece.size, quota - done)
                part[done : done + size] = piece[:size]
                done += size
            while done < quota:  # what is there is whole rounds, so it can be copied as it is
                size = min(done, quota - done)
                part[done : done + size] = part[:size]
                done += size
        return out

    def _sorted(self, codes_at: Callable[[Any], Ints], n_rows: int, seed: int) -> Ints:
        order = Shuffle(n_rows, key_of(seed, 0))
        rows = np.empty(n_rows, id_type(n_rows))
        fill = self.starts[:-1].copy()
        small = np.min_scalar_type(len(self.classes))  # short numbers are sorted by counting
        for start in range(0, n_rows, AT_ONCE):
            taken = order.at(np.arange(start, min(n_rows, start + AT_ONCE)))
            codes = codes_at(taken).astype(small)
            by_class = np.argsort(codes, kind="stable")
            counts = np.bincount(codes, minlength=fill.size)
            before = np.cumsum(counts) - counts
            places = np.repeat(fill - before, counts) + np.arange(codes.size)
            rows[places] = taken[by_class]
            fill += counts
        return rows


def _coded(
    labels: Any, owner: str, n_classes: int | None
) -> tuple[tuple[Any, ...], Callable[[Any], Ints], int]:
    """Classes, a look-up from rows to codes, and the number of rows."""
    values = labels if isinstance(labels, np.ndarray) else None
    whole = values is not None and values.ndim == 1 and values.size and values.dtype.kind in "iu"
    if n_classes is None and not (whole and _span(values) < SPAN):
        classes, found = _encoded(labels, owner)
        codes: Ints = found.astype(np.min_scalar_type(len(classes)))
        _check_marks(classes, owner)
        return classes, lambda at: codes[at], len(codes)
    if not whole:
        numbers, places = _encoded(labels, owner)
        if not all(isinstance(number, int) for number in numbers):
            _outside(
                [number for number in numbers if not isinstance(number, int)], owner, n_classes
            )
        values = np.array(numbers, np.int64)[places]
    assert values is not None
    low, high = int(values.min()), int(values.max())
    if n_classes is not None:
        check_number(n_classes, "n_classes", owner, low=2, whole=True)
        if low < 0 or high >= n_classes:
            wrong = np.unique(values[(values < 0) | (values >= n_classes)])
            _outside(wrong.tolist(), owner, n_classes)
        return tuple(range(n_classes)), lambda at: values[at].astype(np.int64), len(values)
    present = np.zeros(high - low + 1, bool)
    for start in range(0, len(values), AT_ONCE):
        present[values[start : start + AT_ONCE].astype(np.int64) - low] = True
    table = np.cumsum(present) - 1
    classes = tuple((np.flatnonzero(present) + low).tolist())
    _check_marks(classes, owner)
    return classes, lambda at: table[values[at].astype(np.int64) - low], len(values)


def _encoded(labels: Any, owner: str) -> tuple[tuple[Any, ...], Ints]:
    """Classes and codes; errors name what the labels are of, not a ``y``."""
    try:
        return encode(labels)
    except EvenkeelError as error:
        raise type(error)(re.sub(r"^y ", f"labels of {owner} ", str(error))) from error


def _span(values: Any) -> int:
    return int(values.max()) - int(values.min())


def _check_marks(classes: tuple[Any, ...], owner: str) -> None:
    if IGNORED in classes:
        raise InvalidInput(
            f"labels of {owner} must name a class for each row. Got {IGNORED}, torch's mark for "
            "rows that a loss ignores. Leave those rows out."
        )


def _outside(wrong: list[Any], owner: str, n_classes: int | None) -> None:
    raise InvalidInput(
        f"labels of {owner} must be whole numbers from 0 to {(n_classes or 0) - 1}, as n_classes "
        f"says. Got {listed(wrong)}."
    )
