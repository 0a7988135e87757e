"""Numbers and categories of rows by id, whatever chain of blocks they hang from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._numbers import BLOCK, numbers_of
from evenkeel._threads import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers
    from evenkeel.made import Made
    from evenkeel.votes import Votes

    Array = NDArray[Any]
    Ints = NDArray[np.integer[Any]]

BALLOTS = 16  # voters of a row, roughly: sizes the blocks of rows that are voted on together


class Making:
    """The rows of one table and the blocks that rows are made by.

    A chain makes exactly what its steps, one after another, would have stored.

    Parameters
    ----------
    n_rows
        Rows of the table.
    blocks
        Blocks of made rows, the first of which starts at id ``n_rows``.
    X
        The table, ``(n_rows, n_columns)``.
    side_by_side
        Move the rows that others are made from close together, where they are few: worth it when
        many rows are made.
    """

    def __init__(
        self, n_rows: int, blocks: tuple[Made, ...], X: Any, *, side_by_side: bool = True
    ) -> None:
        self.n_rows, self.blocks = n_rows, blocks
        self.starts = np.cumsum([n_rows, *(len(block.parents) for block in blocks)])
        voted = [set(block.election.columns) if block.election else set() for block in blocks]
        # a column that some blocks vote on and others compute with is read as numbers
        self.numbers: Numbers = numbers_of(X, labels=sorted(set.intersection(*voted, *voted[:1])))
        self.labels = [
            int(column)
            for column in sorted(set.union(*voted))
            if self.numbers.place_of(column) is None
        ]
        if side_by_side:
            used = np.zeros(n_rows, bool)
            for block in blocks:
                for _, ids in block.references():
                    used[ids[ids < n_rows]] = True
            if np.count_nonzero(used) <= n_rows // 2:
                self.numbers = self.numbers.only(np.flatnonzero(used), n_rows)

    def fill(self, table: Any, ids: Ints, places: Ints, origin: Ints) -> Any:
        """Write the made rows among ``ids`` into ``table``, which holds the rows ``origin``."""
        step = max(1, BLOCK // self.numbers.width)
        parts = [places[start : start + step] for start in range(0, places.size, step)]
        if isinstance(table, np.ndarray):
            side_by_side(lambda at: self.numbers.write(table, [(at, self.read(ids[at]))]), parts)
        else:
            table = self.numbers.write(table, ((at, self.read(ids[at])) for at in parts))
        if not self.labels:
            return table
        step = max(1, BLOCK // BALLOTS)
        sources = {column: np.array(origin[places]) for column in self.labels}
        for column, rows in sources.items():
            for start in range(0, places.size, step):
                part = slice(start, start + step)
                codes = self.codes(ids[places[part]], column)
                other = codes != self.numbers.codes(rows[part], column)
                rows[part][other] = self.numbers.rows_with(codes[other], column)
        return self.numbers.put(table, places, sources, origin)

    def read(self, ids: Ints) -> Any:
        """Numbers of rows, as the table would hold them: an array ``(n, n_numeric)``, or CSR."""
        return self._gather(ids, self.numbers.read, self._make)

    def codes(self, ids: Ints, column: int) -> Array:
        """Codes of the categories of rows in a column that is not numeric, ``(n,)``."""

        def elected(block: Made, at: Ints) -> Array:
            if block.election is None or column not in block.election.columns:
                return self.codes(block.parents[at], column)
            return block.election.elect(lambda wanted: self.codes(wanted, column), at, column)

        known = self.numbers.codes
        return np.asarray(self._gather(ids, lambda rows: known(rows, column), elected))

    def _make(self, block: Made, at: Ints) -> Any:
        made = self.numbers.settle(block.make(self.read, at))
        if block.election is None:
            return made
        for column in block.election.columns:
            place = self.numbers.place_of(column)
            if place is not None:
                made = _replace(made, place, self._won(block.election, at, column, place))
        return made

    def _won(self, election: Votes, at: Ints, column: int, place: int) -> Array:
        return election.elect(lambda ids: _column(self.read(ids), place), at, column)

    def _gather(
        self, ids: Ints, known: Callable[[Ints], Any], make: Callable[[Made, Ints], Any]
    ) -> Any:
        if ids.size == 0 or int(ids.max()) < self.n_rows:  # the usual case, by far
            return known(ids)
        found, pieces = [], []
        for block, inside in self._blocks(ids):
            found.append(inside)
            if block < 0:
                pieces.append(known(ids[inside]))
            else:
                pieces.append(make(self.blocks[block], ids[inside] - self.starts[block]))
        if len(pieces) == 1:
            return pieces[0]
        back = np.empty(len(ids), np.int64)
        back[np.concatenate(found)] = np.arange(len(ids))
        return _stack(pieces)[back]

    def _blocks(self, ids: Ints) -> Iterator[tuple[int, Ints]]:
        """Blocks that rows belong to, -1 for the table, with the places of their ids."""
        block_of = np.searchsorted(self.starts, ids, side="right") - 1
        for block in range(int(block_of.min()), int(block_of.max()) + 1):
            inside = np.flatnonzero(block_of == block)
            if inside.size:
                yield block, inside


def _stack(pieces: list[Any]) -> Any:
    if isinstance(pieces[0], np.ndarray):
        return np.concatenate(pieces)
    from scipy.sparse import vstack

    return vstack(pieces, format="csr")


def _column(values: Any, place: int) -> Array:
    if isinstance(values, np.ndarray):
        return values[:, place]
    return np.asarray(values[:, [place]].toarray()).ravel()


def _replace(values: Any, place: int, column: Array) -> Any:
    if isinstance(values, np.ndarray):
        values[:, place] = column
        return values
    rows = values.tolil()
    rows[:, place] = column[:, None]
    return rows.tocsr()
