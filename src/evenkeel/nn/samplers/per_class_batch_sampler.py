"""Batches that hold the same number of rows of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.nn.samplers.base import ClassSampler
from evenkeel.nn.samplers.class_rows import ClassRows
from evenkeel.nn.samplers.shuffle import Shuffles, key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]


class PerClassBatchSampler(ClassSampler):
    """Draw ``per_class`` rows of each class for each batch.

    It gives row numbers one by one, batch after batch: use
    ``DataLoader(dataset, batch_size=sampler.batch_size, sampler=sampler)``. Given so, and not as a
    ``batch_sampler``, it keeps its batches whole under DDP, Lightning, Accelerate and gradient
    accumulation, and ``set_epoch`` reaches it. Process r takes every W-th batch.

    Each class is gone through in a new random order each time, across epochs: no row comes twice
    before the others of its class had their turn.

    Parameters
    ----------
    labels
        As for :class:`BalancedSampler`.
    per_class
        Rows of each class in a batch, at least 1.
    n_batches
        Batches of an epoch over all processes; None for as many as there are rows for.
    n_classes, seed, num_replicas, rank, drop_last
        As for :class:`BalancedSampler`. Classes without rows are left out of the batches.

    Attributes
    ----------
    batch_size
        Rows of a batch.

    Raises
    ------
    InvalidInput
        As :class:`BalancedSampler`.

    Examples
    --------
    >>> sampler = PerClassBatchSampler(["no"] * 6 + ["yes"] * 2, per_class=2)
    >>> sampler.batch_size, len(sampler)
    (4, 8)
    >>> rows = list(sampler)
    >>> [sum(row >= 6 for row in rows[start : start + 4]) for start in (0, 4)]
    [2, 2]
    """

    def __init__(
        self,
        labels: Any,
        per_class: int = 1,
        *,
        n_batches: int | None = None,
        n_classes: int | None = None,
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
        drop_last: bool = False,
    ) -> None:
        check_number(per_class, "per_class", "PerClassBatchSampler", low=1, whole=True)
        if n_batches is not None:
            check_number(n_batches, "n_batches", "PerClassBatchSampler", low=1, whole=True)
        found = ClassRows(labels, "PerClassBatchSampler", seed=seed, n_classes=n_classes)
        self._present = np.flatnonzero(found.counts)
        self.per_class = int(per_class)
        unit = self.per_class * self._present.size
        self.n_batches = max(1, len(found.rows) // unit) if n_batches is None else int(n_batches)
        super().__init__(
            found, n_draws=self.n_batches * unit, unit=unit, seed=seed,
            num_replicas=num_replicas, rank=rank, drop_last=drop_last,
        )  # fmt: skip

    @property
    def batch_size(self) -> int:
        """Rows of a batch."""
        return self.unit

    def _quotas(self, epoch: int) -> Ints:
        del epoch
        return np.where(self.class_rows.counts > 0, self.n_batches * self.per_class, 0)

    def _open(self, epoch: int) -> Callable[[Ints], Ints]:
        found, present, turns = self.class_rows, self._present, self.per_class
        before, last = epoch * self.n_batches * turns, (epoch + 1) * self.n_batches * turns
        small = max(last, self.n_draws, len(found.rows)) < 2**32
        kind: Any = np.uint32 if small else np.int64
        sizes, starts = found.counts[present].astype(kind), found.starts[present]
        lists = Shuffles(found.counts[present], key_of(self.seed, 2))
        unit, each, first = kind(self.unit), kind(turns), kind(before)

        def rows(places: Ints) -> Ints:
            places = places.astype(kind)
            batch = places // unit  # by one number, which numpy does far faster than divmod
            within: Ints = places - batch * unit
            which: Ints = within // each
            used: Ints = batch * each + (within - which * each + first)
            size = sizes.take(which)
            times: Ints = used // size
            place = lists.at(which, times, used - times * size)
            return found.rows.take(starts.take(which) + place)

        return rows
