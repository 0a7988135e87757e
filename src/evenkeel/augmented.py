"""Copies of rows, each changed by a transform: the block behind partial augmentation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput
from evenkeel.made import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Augmented(Made):
    """Copies of the parents, each changed by a transform: ``transform(a, key)``.

    The key of a row is a function of seed, epoch and the row's place only, so a row comes out the
    same in any batch and on any process, and anew in another epoch.

    Parameters
    ----------
    transform
        Takes one parent and a whole number from 0 to ``2^63 - 1``, its only source of chance, and
        gives the changed copy.
    seed
        At least 0.
    epoch
        At least 0.

    Examples
    --------
    >>> block = Augmented(np.array([1, 1]), lambda row, key: row + key % 2, seed=0)
    >>> block.make(lambda ids: np.array([[0.0], [5.0]])[ids], np.array([0, 1])).shape
    (2, 1)
    """

    transform: Callable[[Any, int], Any]
    seed: int
    epoch: int = 0

    def at_epoch(self, epoch: int) -> Augmented:
        """The same copies, changed anew."""
        return replace(self, epoch=epoch)

    def change(self, parent: Any, place: int) -> Any:
        """The row at one place, of whatever kind and shape the transform gives."""
        words = np.random.SeedSequence((self.seed, self.epoch, place)).generate_state(1, np.uint64)
        return self.transform(parent, int(words[0] >> np.uint64(1)))

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Change one row after another.

        Raises
        ------
        InvalidInput
            A sparse table, or a transform that changes the shape of rows.
        """
        parents = get(self.parents[at])
        if not isinstance(parents, np.ndarray):
            raise InvalidInput(
                "X of a plan with Augmented rows must be an array or a frame. Got a sparse table, whose "
                "rows a transform cannot be given. Use X.toarray()."
            )
        made = [
            np.asarray(self.change(row, place))
            for row, place in zip(parents, at.tolist(), strict=True)
        ]
        for row in made:
            if row.shape != parents.shape[1:]:
                raise InvalidInput(
                    f"transform of Augmented must keep the shape of rows in an array, "
                    f"{parents.shape[1:]}. Got {row.shape}. Give the data as items "
                    "(PartialAugment), which may differ in shape."
                )
        return np.stack(made) if made else parents
