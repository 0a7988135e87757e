"""Shares of the classes that go from natural to balanced over the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.nn.samplers.balanced_sampler import BalancedSampler
from evenkeel.nn.samplers.shares import apportion, shares_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


class ProgressiveSampler(BalancedSampler):
    """Draw naturally at first, balanced at last: ``(1 - e / E) natural + (e / E) balanced``.

    ``e`` is the epoch, from 0, and ``E`` is ``n_epochs - 1``, so the last epoch is balanced; it stays
    so afterwards.

    Parameters
    ----------
    labels
        As for :class:`BalancedSampler`.
    n_epochs
        Epochs of the training, at least 2.
    power
        What it ends at: 1 balanced, 0.5 square root.
    shares, n_draws, n_classes, seed, num_replicas, rank, drop_last
        As for :class:`BalancedSampler`; ``shares`` are those it ends at.

    Raises
    ------
    InvalidInput
        As :class:`BalancedSampler`.

    References
    ----------
    Kang et al. 2020, "Decoupling representation and classifier for long-tailed recognition", ICLR,
    equation 2. arXiv:1910.09217

    Examples
    --------
    >>> sampler = ProgressiveSampler([0] * 90 + [1] * 10, n_epochs=5)
    >>> for epoch in (0, 2, 4):
    ...     sampler.set_epoch(epoch)
    ...     print(sampler.drawn_prior.tolist())
    [0.9, 0.1]
    [0.7, 0.3]
    [0.5, 0.5]
    """

    def __init__(
        self,
        labels: Any,
        n_epochs: int,
        *,
        power: float = 1.0,
        shares: Any = None,
        n_draws: int | None = None,
        n_classes: int | None = None,
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
        drop_last: bool = False,
    ) -> None:
        check_number(n_epochs, "n_epochs", "ProgressiveSampler", low=2, whole=True)
        self.n_epochs = int(n_epochs)
        super().__init__(
            labels, power, shares=shares, n_draws=n_draws, n_classes=n_classes, seed=seed,
            num_replicas=num_replicas, rank=rank, drop_last=drop_last,
        )  # fmt: skip

    @property
    def last_prior(self) -> Floats:
        """Share of each class among the draws of the last epoch, ``(n_classes,)``."""
        return self._quotas(self.n_epochs - 1) / self.n_draws

    def _wanted(self, epoch: int) -> Floats:
        done = min(1.0, epoch / (self.n_epochs - 1))
        natural = shares_at(0.0, self.class_rows.counts)
        return (1.0 - done) * natural + done * super()._wanted(epoch)

    def _used(self, epoch: int) -> Ints:
        used = np.zeros(len(self.classes), np.int64)
        for before in range(min(epoch, self.n_epochs - 1)):
            used += apportion(self._wanted(before), self.n_draws)
        return used + max(0, epoch - self.n_epochs + 1) * self._quotas(self.n_epochs - 1)
