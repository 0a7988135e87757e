"""The rows of a resampling plan, made when a batch asks for them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset

from evenkeel._checks import check_number
from evenkeel.augmented import Augmented
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn.samplers.items import Items
from evenkeel.nn.samplers.labels import labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evenkeel.plan import Plan

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


class PlanDataset(Dataset[Any]):
    """What a resampler decided, as a map-style data set: over-sampling without the memory.

    ``PlanDataset(SMOTE().plan(X, y), X, y)`` gives the rows of ``SMOTE().fit_resample(X, y)``, and
    holds the plan only (at most 24 bytes for a made row). A batch is made in one piece. Augmented
    copies (:class:`PartialAugment`) are the same in every epoch until ``set_epoch``.

    Parameters
    ----------
    plan
        From ``resampler.plan(X, y)``; it may come from another view of the same rows, such as
        embeddings.
    data
        The rows ``(n_rows, ...)``: an array or a tensor, or a data set whose items are values, tuples
        ``(x, ...)`` or dicts. A made item is its parent's with ``x`` replaced. A Hugging Face data
        set is taken with ``.select`` where no rows are made.
    *columns
        With an array or tensor: target, weights, ... ``(n_rows,)``, each an array, a list or a
        tensor.
    feature
        Where items are dicts and rows are made: the entry that holds the numbers.

    Attributes
    ----------
    labels
        Label of each row ``(n_out,)``, for a sampler; the first column, or those of the data set.
    classes, prior, drawn_prior
        Labels of the classes, their shares before the plan, and after, ``(n_classes,)``.

    Raises
    ------
    InvalidInput
        Data of another length than the plan, a plan that votes on categories (SMOTENC) with data
        that are items, items whose numbers cannot be found.

    Warns
    -----
    EvenkeelWarning
        Augmented copies handed out a second time, because nobody called ``set_epoch``; once. With
        workers it is one of these that warns.

    Examples
    --------
    >>> from evenkeel.resample import SMOTE
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([0, 0, 0, 1, 1])
    >>> data = PlanDataset(SMOTE(k_neighbors=1, random_state=0).plan(X, y), X, y)
    >>> len(data), data[5][1].item(), data.labels.tolist()
    (6, 1, [0, 0, 0, 1, 1, 1])
    """

    def __init__(self, plan: Plan, data: Any, *columns: Any, feature: str | None = None) -> None:
        self.plan = plan
        self.data = data
        # workers that outlive an epoch hold a copy of this data set: they look here
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._epoch_of_plan = 0
        # rows handed out, by all workers, while nobody called set_epoch; -1 when there is nothing to say
        repeats = any(isinstance(block, Augmented) for block in plan.made)
        self._handed = torch.tensor(0 if repeats else -1).share_memory_()  # type: ignore[no-untyped-call]
        if isinstance(data, (torch.Tensor, np.ndarray)):
            tables = (data, *columns)
            self._tables = tuple(map(_array, tables))
            self._items: Items | None = None
            plan.take(np.arange(0), *self._tables)  # checks the lengths
        else:
            if columns:
                raise InvalidInput(
                    "columns of PlanDataset must come with an array or a tensor. Got them with "
                    f"{type(data).__name__}, whose items hold their own."
                )
            self._items = Items(plan, data, feature, type(self).__name__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._epoch.share_memory_()  # a copy is a data set of its own
        self._handed.share_memory_()

    def __repr__(self) -> str:
        made = int(np.count_nonzero(self.plan.rows >= self.plan.n_rows))
        return f"{type(self).__name__}({len(self):,} rows, {made:,} of them made)"

    def __len__(self) -> int:
        return self.plan.n_out

    def __getitem__(self, at: int) -> Any:
        if not -len(self) <= at < len(self):
            raise IndexError(f"{at} is not a row of {len(self):,}.")
        return self.__getitems__([at % len(self)])[0]

    def __getitems__(self, at: Sequence[int]) -> list[Any]:
        """Several rows in one piece: what a ``DataLoader`` asks for."""
        places = np.asarray(at, np.int64)
        self._follow_epoch()
        self._warn_of_repeats(len(places))
        if self._items is not None:
            return self._items.take(places)
        taken = [
            torch.from_numpy(part) if part.dtype.kind in "biufc" else part
            for part in self.plan.take(places, *self._tables)
        ]
        return list(zip(*taken, strict=True)) if len(taken) > 1 else list(taken[0])

    def set_epoch(self, epoch: int) -> None:
        """Have augmented copies changed anew: call it before each epoch.

        Workers of a ``DataLoader`` follow, persistent ones too.
        """
        check_number(epoch, "epoch", type(self).__name__, low=0, whole=True)
        self._epoch.fill_(int(epoch))
        self._handed.fill_(-1)

    @property
    def labels(self) -> NDArray[Any]:
        """Label of each row, ``(n_out,)``."""
        return self._source_labels()[self.plan.origin()]

    @property
    def classes(self) -> tuple[Any, ...]:
        """Labels of the classes, sorted."""
        return tuple(np.unique(self._source_labels()).tolist())

    @property
    def prior(self) -> Floats:
        """Share of each class before the plan, ``(n_classes,)``."""
        return _shares(self._source_labels(), self.classes)

    @property
    def drawn_prior(self) -> Floats:
        """Share of each class after the plan, ``(n_classes,)``."""
        return _shares(self.labels, self.classes)

    def _warn_of_repeats(self, n_rows: int) -> None:
        """Once, when rows are asked for beyond a whole pass, and nobody ever called ``set_epoch``."""
        handed = int(self._handed)
        if handed < 0:
            return
        self._handed.fill_(handed + n_rows)
        if handed < len(self):
            return
        self._handed.fill_(-1)
        warnings.warn(
            f"{type(self).__name__} gives epoch {int(self._epoch)} again, with the same copies. Call "
            "set_epoch(epoch) before each epoch.",
            EvenkeelWarning,
            stacklevel=3,
        )

    def _follow_epoch(self) -> None:
        epoch = int(self._epoch)
        if epoch == self._epoch_of_plan:
            return
        blocks = [
            block.at_epoch(epoch) if isinstance(block, Augmented) else block
            for block in self.plan.made
        ]
        self.plan, self._epoch_of_plan = replace(self.plan, made=tuple(blocks)), epoch
        if self._items is not None:
            self._items.plan = self.plan

    def _source_labels(self) -> NDArray[Any]:
        if self._items is not None:
            return np.asarray(labels_of(self.data, type(self).__name__))
        if len(self._tables) < 2:
            raise InvalidInput(
                "labels of PlanDataset must be given as its first column. Got data alone: "
                "PlanDataset(plan, X, y)."
            )
        return np.asarray(self._tables[1])


def _array(table: Any) -> NDArray[Any]:
    return table.detach().cpu().numpy() if isinstance(table, torch.Tensor) else np.asarray(table)


def _shares(labels: NDArray[Any], classes: tuple[Any, ...]) -> Floats:
    return np.array([np.count_nonzero(labels == label) for label in classes]) / len(labels)
