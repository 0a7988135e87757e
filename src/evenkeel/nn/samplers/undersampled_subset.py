"""A data set without part of its larger classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import Subset

from evenkeel.distribution import wanted
from evenkeel.errors import InvalidInput
from evenkeel.nn.samplers.class_rows import ClassRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class UndersampledSubset(Subset[Any]):
    """The rows that are left when larger classes are thinned at random, in their old order.

    The same rows in every epoch; ``BalancedSampler(labels, n_draws=...)`` thins anew in each one.

    Parameters
    ----------
    dataset
        Any data set with rows by number.
    sampling_strategy
        What each class is cut to: ``"auto"``, all but the smallest to the size of the smallest; a
        dict, final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    labels
        Labels of the rows, as for :class:`BalancedSampler`; None for those of the data set.
    n_classes
        As for :class:`BalancedSampler`.
    seed
        From 0 to ``2^63 - 1``.

    Attributes
    ----------
    indices
        Rows that are left, ascending; ``dataset.select(subset.indices)`` takes a Hugging Face data
        set.
    labels
        Their labels, ``(n_left,)``.
    classes, prior, drawn_prior
        Labels of the classes, their shares before, and after, ``(n_classes,)``.

    Raises
    ------
    InvalidInput
        A data set without labels, labels of another length, or a strategy that they cannot serve.

    Examples
    --------
    >>> subset = UndersampledSubset(["a", "b", "c", "d"], labels=[0, 0, 0, 1])
    >>> len(subset), subset.labels.tolist(), subset[1]
    (2, [0, 1], 'd')
    """

    def __init__(
        self,
        dataset: Any,
        sampling_strategy: Any = "auto",
        *,
        labels: Any = None,
        n_classes: int | None = None,
        seed: int = 0,
    ) -> None:
        owner = type(self).__name__
        found = ClassRows(
            dataset if labels is None else labels, owner, seed=seed, n_classes=n_classes
        )
        check_length(dataset, len(found.rows), owner)
        counts = {
            label: n for label, n in zip(found.classes, found.counts.tolist(), strict=True) if n
        }
        kept = counts | wanted(sampling_strategy, counts, kind="under", owner=owner)
        quotas = np.array([kept.get(label, 0) for label in found.classes])
        room = np.empty(int(quotas.sum()), found.rows.dtype)
        rows = found.window(np.zeros_like(quotas), quotas, room)
        order = np.argsort(rows, kind="stable")
        super().__init__(dataset, rows[order].tolist())
        self.classes, self.prior = found.classes, found.shares
        self.drawn_prior: Floats = quotas / quotas.sum()
        self.labels = np.repeat(_column(found.classes), quotas)[order]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} of {len(self.dataset):,} rows)"  # type: ignore[arg-type]


def check_length(dataset: Any, n_rows: int, owner: str) -> None:
    """Raise unless there is one label for each row."""
    if len(dataset) != n_rows:
        raise InvalidInput(
            f"labels of {owner} must be one for each of {len(dataset):,} rows of the data set. "
            f"Got {n_rows:,}."
        )


def _column(classes: tuple[Any, ...]) -> NDArray[Any]:
    """Labels as an array: of numbers or words where they are such, else of objects."""
    plain = np.array(classes)
    if plain.dtype.kind in "biufU" and all(type(one) is type(classes[0]) for one in classes):
        return plain
    held = np.empty(len(classes), object)
    held[:] = classes
    return held
