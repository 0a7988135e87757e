"""What a resampler decided: which rows stay, which are made, and from which parents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel._numbers import BLOCK, numbers_of
from evenkeel._rows import fresh_index, has_index, n_rows, take
from evenkeel.errors import InvalidInput
from evenkeel.made import Between, Given, Jittered, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers

    Ints = NDArray[np.integer[Any]]

__all__ = ["Between", "Given", "Jittered", "Made", "Plan", "id_type"]


def id_type(n_ids: int) -> np.dtype[Any]:
    """The smallest of int32 and int64 that can number so many rows.

    Examples
    --------
    >>> id_type(10**6), id_type(10**10)
    (dtype('int32'), dtype('int64'))
    """
    return np.dtype(np.int32 if n_ids <= np.iinfo(np.int32).max else np.int64)


@dataclass(frozen=True, eq=False)
class Plan:
    """An output order over ids, and blocks of made rows.

    Ids below ``n_rows`` are rows of ``X``; those above are made rows, numbered block after block.
    A block's parents may be rows of ``X`` or rows of earlier blocks.

    Parameters
    ----------
    n_rows
        Rows of the table that the plan is for.
    rows
        Ids in output order, ``(n_out,)``, repeats allowed.
    made
        Blocks of made rows. They are never compacted, so chained plans keep their links.

    Raises
    ------
    InvalidInput
        An id without a row.

    Examples
    --------
    >>> block = Between(np.array([1]), np.array([2]), np.array([0.5]))
    >>> plan = Plan(3, np.array([0, 1, 2, 3]), (block,))
    >>> X, y = plan.apply(np.array([[0.0], [1.0], [2.0]]), ["no", "yes", "yes"])
    >>> X.ravel().tolist(), y
    ([0.0, 1.0, 2.0, 1.5], ['no', 'yes', 'yes', 'yes'])
    """

    n_rows: int
    rows: Ints
    made: tuple[Made, ...] = ()

    def __post_init__(self) -> None:
        start = self.n_rows
        for block in self.made:
            for name in block.ids:
                _check_ids(getattr(block, name), start, f"{name} of {type(block).__name__}")
            start += len(block.parents)
        _check_ids(self.rows, start, "rows of Plan")
        rows = self.rows.view()
        rows.flags.writeable = False
        object.__setattr__(self, "rows", rows)

    @property
    def n_out(self) -> int:
        """Rows after the plan."""
        return len(self.rows)

    @property
    def starts(self) -> Ints:
        """First id of each block, and the first id after all of them, ``(n_blocks + 1,)``."""
        return np.cumsum([self.n_rows, *(len(block.parents) for block in self.made)])

    @property
    def nbytes(self) -> int:
        """Bytes that the plan holds."""
        return self.rows.nbytes + sum(block.nbytes for block in self.made)

    def origin(self, at: Ints | None = None) -> Ints:
        """The row of ``X`` that each output row is, or descends from through its parents.

        Parameters
        ----------
        at
            Places in the output, ``(n,)``; None for all.
        """
        ids = np.array(self.rows if at is None else self.rows[at])
        starts = self.starts
        for block, start in zip(reversed(self.made), reversed(starts[:-1].tolist()), strict=True):
            inside = ids >= start  # ids of later blocks were replaced by their parents already
            if inside.any():
                ids[inside] = block.parents[ids[inside] - start]
        return ids

    def take(self, at: Ints | None, X: Any, *columns: Any) -> tuple[Any, ...]:
        """Some rows of the output.

        Parameters
        ----------
        at
            Places in the output, ``(n,)``; None for all, in order.
        X
            The table that the plan was made for, or another view of the same rows,
            ``(n_rows, ...)``. Made rows take their numbers from their block and every other column
            from their parent.
        *columns
            The target, weights, groups or any further columns ``(n_rows, ...)``; None is passed on.

        Returns
        -------
        tuple
            ``X`` and ``columns``, each of the kind it came in. A pandas index follows its rows
            unless some are made or repeated; then it is counted anew.

        Raises
        ------
        InvalidInput
            A table or column of another length than the plan.
        """
        return self._take(at, X, columns, None)

    def apply(self, X: Any, *columns: Any) -> tuple[Any, ...]:
        """The whole output; see :meth:`take`."""
        return self.take(None, X, *columns)

    def batches(
        self, X: Any, *columns: Any, size: int = 1024, seed: int | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The output in batches, made as they are asked for.

        Parameters
        ----------
        X, *columns
            As for :meth:`take`.
        size
            Rows in a batch, at least 1; the last one may hold fewer.
        seed
            Shuffles the rows; None keeps the order.

        Yields
        ------
        tuple
            As :meth:`take` returns.
        """
        check_number(size, "size", "Plan.batches", low=1, whole=True)
        order = np.arange(self.n_out)
        if seed is not None:
            np.random.default_rng(seed).shuffle(order)
        numbers = self._sources(X) if self.made else None
        for start in range(0, self.n_out, size):
            yield self._take(order[start : start + size], X, columns, numbers)

    def then(self, later: Plan) -> Plan:
        """The plan that does this one and then ``later``, which was made for this one's output.

        Raises
        ------
        InvalidInput
            ``later`` is for another number of rows.
        """
        if later.n_rows != self.n_out:
            raise InvalidInput(
                f"later of Plan.then must be a plan for {self.n_out:,} rows, the output of the first. "
                f"Got a plan for {later.n_rows:,}."
            )
        n_ids = int(self.starts[-1])
        total = n_ids + sum(len(block.parents) for block in later.made)

        def lift(ids: Ints) -> Ints:
            lifted = np.empty(len(ids), id_type(total))
            made = ids >= later.n_rows
            lifted[~made] = self.rows[ids[~made]]
            lifted[made] = ids[made].astype(np.int64) - later.n_rows + n_ids
            return lifted

        blocks = tuple(block.moved(lift) for block in later.made)
        return Plan(self.n_rows, lift(later.rows), self.made + blocks)

    def summary(self) -> dict[str, int]:
        """Counts of what the plan does, and how often the busiest parent was used."""
        made = int(np.count_nonzero(self.rows >= self.n_rows))
        kept = np.bincount(self.rows[self.rows < self.n_rows], minlength=self.n_rows)
        parents = self.origin(np.flatnonzero(self.rows >= self.n_rows))
        uses = np.bincount(parents, minlength=1)
        return {
            "rows_before": self.n_rows,
            "rows_after": self.n_out,
            "dropped": int(np.count_nonzero(kept == 0)),
            "repeated": int(kept.sum() - np.count_nonzero(kept)),
            "made": made,
            "parents": int(np.count_nonzero(uses)),
            "most_uses_of_a_parent": int(uses.max()),
            "bytes": self.nbytes,
        }

    def _take(
        self, at: Ints | None, X: Any, columns: tuple[Any, ...], numbers: Numbers | None
    ) -> tuple[Any, ...]:
        tables = (X, *columns)
        for table in tables:
            if table is not None and n_rows(table) != self.n_rows:
                raise InvalidInput(
                    f"X and its columns must have {self.n_rows:,} rows, as the plan has. "
                    f"Got {n_rows(table):,}."
                )
        ids = self.rows if at is None else self.rows[at]
        origin = self.origin(at)
        out = [None if table is None else take(table, origin) for table in tables]
        places = np.flatnonzero(ids >= self.n_rows)
        if places.size:
            whole = numbers or (self._sources(X) if at is None else numbers_of(X))
            out[0] = self._fill(out[0], ids, places, whole)
        if any(map(has_index, out)) and (places.size or np.unique(ids).size < ids.size):
            out = [fresh_index(table) for table in out]
        return tuple(out)

    def _sources(self, X: Any) -> Numbers:
        """The numbers that rows are made from; side by side, where they are few."""
        used = np.zeros(self.n_rows, bool)
        for block in self.made:
            for name in block.ids:
                ids = getattr(block, name)
                used[ids[ids < self.n_rows]] = True
        rows = np.flatnonzero(used)
        numbers = numbers_of(X)
        return numbers.only(rows, self.n_rows) if rows.size <= self.n_rows // 2 else numbers

    def _fill(self, table: Any, ids: Ints, places: Ints, numbers: Numbers) -> Any:
        step = max(1, BLOCK // numbers.width)
        parts = (places[start : start + step] for start in range(0, places.size, step))
        return numbers.write(table, ((part, self._numbers(ids[part], numbers)) for part in parts))

    def _numbers(self, ids: Ints, numbers: Numbers) -> Any:
        """Settled numbers of rows by id: a chain makes exactly what its steps would have stored."""
        if ids.size == 0 or int(ids.max()) < self.n_rows:  # the usual case, by far
            return numbers.read(ids)
        starts = self.starts
        block_of = np.searchsorted(starts, ids, side="right") - 1
        found, pieces = [], []
        for block in range(int(block_of.min()), int(block_of.max()) + 1):
            inside = np.flatnonzero(block_of == block)
            if not inside.size:
                continue
            found.append(inside)
            if block < 0:
                pieces.append(numbers.read(ids[inside]))
                continue
            made = self.made[block].make(
                lambda wanted: self._numbers(wanted, numbers), ids[inside] - starts[block]
            )
            pieces.append(numbers.settle(made))
        if len(pieces) == 1:
            return pieces[0]
        back = np.empty(len(ids), np.int64)
        back[np.concatenate(found)] = np.arange(len(ids))
        return _stack(pieces)[back]


def _stack(pieces: list[Any]) -> Any:
    if isinstance(pieces[0], np.ndarray):
        return np.concatenate(pieces)
    from scipy.sparse import vstack

    return vstack(pieces, format="csr")


def _check_ids(ids: Ints, below: int, name: str) -> None:
    wrong = ids.ndim != 1 or ids.dtype.kind not in "iu"
    if wrong or (ids.size and (int(ids.min()) < 0 or int(ids.max()) >= below)):
        raise InvalidInput(
            f"{name} must be whole numbers from 0 to {below - 1:,}. Got "
            + (f"{ids.dtype} of shape {ids.shape}." if wrong else f"{ids.min()} to {ids.max()}.")
        )
