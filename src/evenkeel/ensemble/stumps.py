"""Trees of one split on columns cut into bins: found by counting, kept as sums of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

MOST_BINS = 255


@dataclass(frozen=True, eq=False)
class Stump:
    """One split: ``left`` where ``x[feature] <= threshold``, else (gaps too) ``right``.

    Parameters
    ----------
    feature
        Which column.
    threshold
        Where it is split.
    left, right
        Share of each class on that side, weights counted, ``(n_classes,)``.
    bin
        The last bin of the left side.
    """

    feature: int
    threshold: float
    left: Floats
    right: Floats
    bin: int


class Bins:
    """Edges of at most 255 bins a column, halfway between values; gaps have a bin of their own.

    Parameters
    ----------
    X
        Numbers ``(n_rows, n_columns)``, NaN for gaps.

    Examples
    --------
    >>> bins = Bins(np.array([[1.0], [2.0], [np.nan]]))
    >>> bins.codes(np.array([[0.0], [1.6], [9.0], [np.nan]])).tolist()
    [[0, 1, 1, 2]]
    """

    def __init__(self, X: Any) -> None:
        self.edges = [_edges(X[:, column]) for column in range(X.shape[1])]
        sizes = [edges.size + 1 for edges in self.edges]
        self.starts = np.concatenate([[0], np.cumsum(sizes)])

    def codes(self, X: Any) -> NDArray[np.uint8]:
        """The bin of each cell, by column: ``(n_columns, n_rows)``."""
        found = np.empty((X.shape[1], X.shape[0]), np.uint8)
        for column, edges in enumerate(self.edges):
            found[column] = np.searchsorted(edges, X[:, column])
        return found

    def best(
        self, codes: NDArray[np.uint8], y: Ints, weight: Floats, n_classes: int
    ) -> Stump | None:
        """The stump with the least Gini impurity, or None where no column can be split.

        Parameters
        ----------
        codes
            Bins of the rows, ``(n_columns, n_rows)``.
        y
            Class codes ``(n_rows,)``.
        weight
            Row weights ``(n_rows,)``, at least 0.
        n_classes
            Number of classes.
        """
        return self.best_at(self.cells(codes, y, n_classes), weight, n_classes)

    def cells(self, codes: NDArray[np.uint8], y: Ints, n_classes: int) -> Ints:
        """Which count each cell adds to: column, bin and class in one number, flat."""
        at = codes + self.starts[:-1, None]
        at *= n_classes
        at += y
        return np.asarray(at.ravel())

    def best_at(self, cells: Ints, weight: Floats, n_classes: int) -> Stump | None:
        """As :meth:`best`, of :meth:`cells` that were made before."""
        total = int(self.starts[-1])
        spread = np.tile(weight, cells.size // weight.size)
        mass = np.bincount(cells, spread, total * n_classes).reshape(total, n_classes)
        below = np.cumsum(mass, axis=0)
        column = np.repeat(np.arange(len(self.edges)), np.diff(self.starts))
        before = np.concatenate([np.zeros((1, n_classes)), below])[self.starts[:-1]]
        left = np.maximum(below - before[column], 0.0)
        whole = left[self.starts[1:] - 1]
        right = np.maximum(whole[column] - left, 0.0)
        n_left, n_right = left.sum(axis=1), right.sum(axis=1)
        least = 1e-9 * max(float(n_left.max(initial=0.0)), 1e-300)
        pure = np.full(total, -np.inf)
        ok = (n_left > least) & (n_right > least)
        if not ok.any():
            return None
        pure[ok] = (left[ok] ** 2).sum(axis=1) / n_left[ok] + (right[ok] ** 2).sum(
            axis=1
        ) / n_right[ok]
        at = int(pure.argmax())
        feature = int(column[at])
        cut = at - int(self.starts[feature])
        edges = self.edges[feature]
        return Stump(
            feature, float(edges[cut]), left[at] / n_left[at], right[at] / n_right[at], cut
        )


class Steps:
    """A sum of stumps, kept as one step function a column: ``sum_f table_f[step of x_f]``.

    Parameters
    ----------
    stumps
        Splits.
    values
        What each adds on its left and right side, ``(n_stumps, 2, n_classes)``.
    n_classes
        Number of classes.
    """

    def __init__(self, stumps: Sequence[Stump], values: Sequence[Any], n_classes: int) -> None:
        self.n_classes = n_classes
        self.columns: dict[int, tuple[Floats, Floats]] = {}
        for feature in sorted({stump.feature for stump in stumps}):
            own = [i for i, stump in enumerate(stumps) if stump.feature == feature]
            cuts = np.unique([stumps[i].threshold for i in own])
            table = np.zeros((cuts.size + 1, n_classes))
            for i in own:
                place = int(np.searchsorted(cuts, stumps[i].threshold)) + 1
                table[:place] += values[i][0]
                table[place:] += values[i][1]
            self.columns[feature] = cuts, table

    def add(self, X: Any) -> Floats:
        """The sums, ``(n_rows, n_classes)``."""
        total = np.zeros((X.shape[0], self.n_classes))
        for feature, (cuts, table) in self.columns.items():
            total += table[np.searchsorted(cuts, X[:, feature])]
        return total


def _edges(values: Any) -> Floats:
    known = np.unique(values)
    gap = known.dtype.kind == "f" and bool(np.isnan(known[-1]))
    if gap:
        known = known[:-1]
    most = MOST_BINS - 1  # edges: one bin more, and one for gaps
    if known.size > most:
        finite = np.sort(values)[: np.count_nonzero(values == values)]
        places = (np.arange(1, most) * finite.size) // most
        known = np.unique(finite[places])
    known = known.astype(np.float64)
    edges = known[:-1] / 2 + known[1:] / 2
    return np.append(edges, np.inf) if gap and known.size else edges
