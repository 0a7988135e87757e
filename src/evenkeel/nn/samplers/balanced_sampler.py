"""Rows in random order, with the classes at natural, balanced or given shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.nn.samplers.base import ClassSampler
from evenkeel.nn.samplers.class_rows import ClassRows
from evenkeel.nn.samplers.shares import apportion, check_power, given_shares, shares_at
from evenkeel.nn.samplers.shuffle import Shuffle, key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


class BalancedSampler(ClassSampler):
    """Draw each class with a share proportional to ``n_c^(1 - power)``.

    An epoch holds exactly ``share_c * n_draws`` draws of class c (rounded), in random order. Within a
    class every row is used equally often, but for one, and the next epoch goes on where this one
    stopped: over-sampling repeats no row before all others had their turn, and under-sampling
    comes round to every row. With ``power=0`` an epoch is a plain shuffle.

    The order depends on labels, seed and epoch alone. No global random state is read or written.

    Parameters
    ----------
    labels
        Labels ``(n_rows,)``: an array, a tensor, a list, a column of a Hugging Face dataset, or a
        dataset that has labels (``targets``, ``labels``, a column ``label``).
    power
        0 natural, 0.5 square root, 1 balanced; from 0 to 1.
    shares
        In place of ``power``: a mapping from label to share, or ``(n_classes,)``. Made to sum to 1.
    n_draws
        Draws of an epoch over all processes, at least 1; None for as many as there are rows.
    n_classes
        Labels are whole numbers from 0 to ``n_classes - 1``; None: the labels that occur.
    seed
        From 0 to ``2^63 - 1``.
    num_replicas, rank
        Number of processes, and this one's place. None: what ``torch.distributed`` says when a pass
        starts (right in DDP and Lightning). ``num_replicas=1`` is the global form: the same whole
        list on every process, for Accelerate and the Transformers ``Trainer``, which share out
        the batches themselves.
    drop_last
        Leave out the last draws that cannot be shared evenly, rather than repeat some.

    Attributes
    ----------
    classes, prior, drawn_prior
        Labels of the classes, their shares among the rows, and among the draws, ``(n_classes,)``.

    Raises
    ------
    InvalidInput
        Labels that are missing, outside the classes or of one class only, a dataset without labels,
        shares that do not fit, numbers out of range; on the first pass, ranks that disagree.

    Warns
    -----
    EvenkeelWarning
        A second pass without ``set_epoch``, which repeats the first one.

    References
    ----------
    Kang et al. 2020, "Decoupling representation and classifier for long-tailed recognition", ICLR,
    equation 1 with ``q = 1 - power``. arXiv:1910.09217

    Examples
    --------
    >>> sampler = BalancedSampler([0, 0, 0, 0, 0, 1], seed=1)
    >>> sampler.drawn_prior.tolist()
    [0.5, 0.5]
    >>> sorted(sampler), len(sampler)
    ([0, 1, 3, 5, 5, 5], 6)
    """

    def __init__(
        self,
        labels: Any,
        power: float = 1.0,
        *,
        shares: Any = None,
        n_draws: int | None = None,
        n_classes: int | None = None,
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
        drop_last: bool = False,
    ) -> None:
        owner = type(self).__name__
        check_power(power, owner)
        if n_draws is not None:
            check_number(n_draws, "n_draws", owner, low=1, whole=True)
        found = ClassRows(labels, owner, seed=seed, n_classes=n_classes)
        super().__init__(
            found, n_draws=len(found.rows) if n_draws is None else int(n_draws), seed=seed,
            num_replicas=num_replicas, rank=rank, drop_last=drop_last,
        )  # fmt: skip
        self.power = power
        # memory that was never touched costs more time than all else before the first index
        self._first_room: Ints | None = np.full(self.n_draws, -1, found.rows.dtype)
        self.shares: Floats | None = None
        if shares is not None:
            self.shares = given_shares(shares, found.classes, found.counts, owner)

    def _wanted(self, epoch: int) -> Floats:
        """Shares in an epoch, ``(n_classes,)``; here the same in each."""
        del epoch
        return shares_at(self.power, self.class_rows.counts) if self.shares is None else self.shares

    def _quotas(self, epoch: int) -> Ints:
        return apportion(self._wanted(epoch), self.n_draws)

    def _used(self, epoch: int) -> Ints:
        """Draws of each class in all epochs before."""
        return self._quotas(epoch) * epoch

    def _room(self) -> Ints:
        """Four bytes for each draw; those of the first pass are there already."""
        room, self._first_room = self._first_room, None
        return np.empty(self.n_draws, self.class_rows.rows.dtype) if room is None else room

    def _open(self, epoch: int) -> Callable[[Ints], Ints]:
        out = self._room()
        slots = self.class_rows.window(self._used(epoch), self._quotas(epoch), out)
        order = Shuffle(self.n_draws, key_of(self.seed, 1, epoch))
        return lambda places: slots.take(order.at(places))
