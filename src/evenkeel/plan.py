"""What a resampler decided: which rows stay, which are made, and from which parents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel._numbers import finite_part
from evenkeel._rows import fresh_index, has_index, n_rows, take, take_first
from evenkeel.distribution import encode
from evenkeel.errors import InvalidInput
from evenkeel.made import Between, Elected, Given, Jittered, Made
from evenkeel.making import Making
from evenkeel.neighbors import neighbors
from evenkeel.votes import Votes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

__all__ = ["Between", "Elected", "Given", "Jittered", "Made", "Plan", "Votes", "id_type"]


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
        given: Any = self.rows
        if isinstance(given, (list, tuple)):
            object.__setattr__(self, "rows", np.array(given, None if given else np.intp))
        start = self.n_rows
        for block in self.made:
            for name, ids in block.references():
                _check_ids(ids, start, f"{name} of {type(block).__name__}")
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
        self._check_rows((X, *columns))
        order = np.arange(self.n_out)
        if seed is not None:
            np.random.default_rng(seed).shuffle(order)
        making = Making(self.n_rows, self.made, X) if self.made else None
        for start in range(0, self.n_out, size):
            yield self._take(order[start : start + size], X, columns, making)

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

    def summary(self, X: Any = None, y: Any = None) -> dict[str, Any]:
        """Counts of what the plan does, how often parents were used, and where the made rows lie.

        Parameters
        ----------
        X, y
            The table and target that the plan is for; None leaves out the last two counts.

        Returns
        -------
        dict
            ``rows_before``, ``rows_after``, ``dropped`` and ``repeated`` (rows of ``X``), ``made``
            (made rows in the output), ``made_then_dropped`` (by a later step of a chain),
            ``parents`` (rows that made rows in the output descend from),
            ``most_uses_of_a_parent``, ``bytes``; with ``X`` and ``y``
            also ``made_nearest_to_another_class``, the made rows whose nearest row of ``X`` is of
            another class, and ``share_nearest_to_another_class`` of all made rows. Near is
            Euclidean, over the numeric columns without gaps; without any, both are None.
        """
        made = int(np.count_nonzero(self.rows >= self.n_rows))
        different = np.unique(self.rows[self.rows >= self.n_rows]).size
        kept = np.bincount(self.rows[self.rows < self.n_rows], minlength=self.n_rows)
        parents = self.origin(np.flatnonzero(self.rows >= self.n_rows))
        uses = np.bincount(parents, minlength=1)
        counts = {
            "rows_before": self.n_rows,
            "rows_after": self.n_out,
            "dropped": int(np.count_nonzero(kept == 0)),
            "repeated": int(kept.sum() - np.count_nonzero(kept)),
            "made": made,
            "made_then_dropped": int(self.starts[-1]) - self.n_rows - different,
            "parents": int(np.count_nonzero(uses)),
            "most_uses_of_a_parent": int(uses.max()),
            "bytes": self.nbytes,
        }
        if X is None and y is None:
            return counts
        if X is None or y is None:
            raise InvalidInput("Plan.summary must be given both X and y, or neither. Got one.")
        astray = self._astray(X, y, parents) if made else 0
        return counts | {
            "made_nearest_to_another_class": astray,
            "share_nearest_to_another_class": None if astray is None else astray / max(1, made),
        }

    def _astray(self, X: Any, y: Any, parents: Ints) -> int | None:
        """Made rows whose nearest row of X is of another class than their parent."""
        self._check_rows((X, y))
        making = Making(self.n_rows, self.made, X, side_by_side=False)
        made = self.rows[self.rows >= self.n_rows]
        both = finite_part(making.read(np.concatenate([np.arange(self.n_rows), made])))
        if not both.shape[1]:
            return None
        asked = np.arange(self.n_rows, both.shape[0])
        nearest = neighbors(both, asked, np.arange(self.n_rows), k=1)[0][:, 0]
        codes = encode(y)[1]
        return int(np.count_nonzero(codes[nearest] != codes[parents]))

    def _take(
        self, at: Ints | None, X: Any, columns: tuple[Any, ...], making: Making | None
    ) -> tuple[Any, ...]:
        tables = (X, *columns)
        self._check_rows(tables)
        ids = self.rows if at is None else self.rows[at]
        origin = self.origin(at)
        places = np.flatnonzero(ids >= self.n_rows)
        out = [None if column is None else take(column, origin) for column in columns]
        first = int(places[0]) if places.size else ids.size
        last = first + places.size == ids.size  # all made rows come after the others
        out.insert(0, take_first(X, origin, first) if last else take(X, origin))
        if places.size:
            making = making or Making(self.n_rows, self.made, X, side_by_side=at is None)
            out[0] = making.fill(out[0], ids, places, origin)
        if any(map(has_index, out)) and (places.size or np.unique(ids).size < ids.size):
            out = [fresh_index(table) for table in out]
        return tuple(out)

    def _check_rows(self, tables: tuple[Any, ...]) -> None:
        for table in tables:
            if table is not None and n_rows(table) != self.n_rows:
                raise InvalidInput(
                    f"X and its columns must have {self.n_rows:,} rows, as the plan has. "
                    f"Got {n_rows(table):,}."
                )


def _check_ids(ids: Ints, below: int, name: str) -> None:
    wrong = ids.ndim != 1 or ids.dtype.kind not in "iu"
    if wrong or (ids.size and (int(ids.min()) < 0 or int(ids.max()) >= below)):
        raise InvalidInput(
            f"{name} must be whole numbers from 0 to {below - 1:,}. Got "
            + (f"{ids.dtype} of shape {ids.shape}." if wrong else f"{ids.min()} to {ids.max()}.")
        )
