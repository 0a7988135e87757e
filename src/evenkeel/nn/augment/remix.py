"""Remix: Mixup whose labels lean to the rarer class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput
from evenkeel.nn.augment.mixup import Mixup

if TYPE_CHECKING:
    from torch import Tensor


class Remix(Mixup):
    """Mixup in which a pair of a common and a rare class gets the rare label.

    With s the share of row i in the mixed row, the share of its label is::

        0    where n_i / n_j >= kappa      and  s < tau
        1    where n_i / n_j <= 1 / kappa  and  1 - s < tau
        s    otherwise

    Parameters
    ----------
    counts
        Training rows of each class ``(n_classes,)``, at least 1.
    alpha
        As for :class:`Mixup`.
    kappa
        How many times as common a class must be, above 1.
    tau
        Up to which share the rare class may be in the minority, and still win; from 0 (plain Mixup)
        to 1.

    Raises
    ------
    InvalidInput, InvalidType
        Numbers out of range; labels outside the counts.

    References
    ----------
    Chou, Chang, Pan, Wei and Juan 2020, "Remix: rebalanced mixup", ECCV workshops, the rule
    for lambda_y. arXiv:2007.03943

    Examples
    --------
    >>> x, y = torch.zeros(4, 2), torch.tensor([0, 0, 0, 1])
    >>> _, labels = Remix([900, 100])(x, y, torch.Generator().manual_seed(3))
    >>> bool((labels.soft(2).sum(1) == 1).all())
    True
    """

    def __init__(
        self, counts: Any, alpha: float = 1.0, *, kappa: float = 3.0, tau: float = 0.5
    ) -> None:
        super().__init__(alpha)
        self.counts = torch.as_tensor(counts, dtype=torch.float64).detach().cpu()
        finite = self.counts.ndim == 1 and bool(self.counts.isfinite().all())
        if not finite or not bool((self.counts >= 1).all()) or len(self.counts) < 2:
            raise InvalidInput(
                "counts of Remix must be at least 1 for each of two classes or more. "
                f"Got {self.counts.tolist()}."
            )
        check_number(kappa, "kappa", "Remix", low=1.0, open_low=True)
        check_number(tau, "tau", "Remix", low=0.0, high=1.0)
        self.kappa, self.tau = kappa, tau

    def _label_share(self, share: Tensor, first: Tensor, second: Tensor) -> Tensor:
        counts = self.counts.to(share.device)
        ratio = counts[first] / counts[second]
        rare_second = (ratio >= self.kappa) & (share < self.tau)
        rare_first = (ratio <= 1.0 / self.kappa) & (1.0 - share < self.tau)
        return share.masked_fill(rare_second, 0.0).masked_fill(rare_first, 1.0)

    def _check(self, x: Any, y: Any) -> None:
        super()._check(x, y)
        if y.numel() and (int(y.min()) < 0 or int(y.max()) >= len(self.counts)):
            raise InvalidInput(
                f"y of Remix must be class codes from 0 to {len(self.counts) - 1}, as counts says. "
                f"Got {int(y.min())} to {int(y.max())}."
            )
