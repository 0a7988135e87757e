"""Mixup: training on points between pairs of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn.augment.mixed_labels import MixedLabels
from evenkeel.nn.augment.transform import described

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Mixup:
    """Mix each row of a batch with another: ``x = s x_i + (1 - s) x_j``, and the labels by as much.

    ``s ~ Beta(alpha, alpha)`` for each row; j runs through the batch in random order.

    Parameters
    ----------
    alpha
        At least 0: 0 mixes nothing, 1 draws shares evenly.

    Raises
    ------
    InvalidInput, InvalidType
        An alpha out of range.

    References
    ----------
    Zhang, Cisse, Dauphin and Lopez-Paz 2018, "mixup: beyond empirical risk minimization", ICLR,
    equation 1. arXiv:1710.09412

    Examples
    --------
    >>> x, y = torch.tensor([[0.0], [10.0]]), torch.tensor([0, 1])
    >>> mixed, labels = Mixup(alpha=1.0)(x, y, torch.Generator().manual_seed(0))
    >>> bool(torch.allclose(mixed[:, 0], 10 * labels.soft(2)[:, 1]))
    True
    """

    def __init__(self, alpha: float = 0.2) -> None:
        check_number(alpha, "alpha", type(self).__name__, low=0.0)
        self.alpha = alpha

    def __call__(
        self, x: Tensor, y: Tensor, generator: Generator | None = None
    ) -> tuple[Tensor, MixedLabels]:
        """Mixed rows and their labels.

        Parameters
        ----------
        x
            A batch ``(B, ...)``, floating-point.
        y
            Class codes ``(B,)``.
        generator
            Source of chance, on the CPU; None: torch's global one.

        Raises
        ------
        InvalidInput, InvalidType
            Batches that do not fit, rows that are no floating-point numbers.
        """
        self._check(x, y)
        order = torch.randperm(len(x), generator=generator)
        shares = torch.ones(len(x), dtype=torch.float64)
        if self.alpha:
            # torch draws no Beta numbers from a generator; numpy does from a seed
            key = int(torch.randint(2**63 - 1, (), generator=generator, dtype=torch.int64))
            drawn = np.random.default_rng(key).beta(self.alpha, self.alpha, len(x))
            shares = torch.from_numpy(drawn)
        other = order.to(x.device)
        wide = torch.float64 if x.dtype == torch.float64 else torch.float32
        held = shares.to(x.device, wide)
        along = held.reshape(-1, *[1] * (x.ndim - 1))
        mixed = (along * x + (1.0 - along) * x[other]).to(x.dtype)
        return mixed, MixedLabels(y, y[other], self._label_share(held, y, y[other]))

    def __repr__(self) -> str:
        return described(self)

    def _label_share(self, share: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Share of the first label ``(B,)``; here that of the row."""
        del first, second
        return share

    def _check(self, x: Any, y: Any) -> None:
        owner = type(self).__name__
        if not isinstance(x, torch.Tensor) or not x.is_floating_point():
            got = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise InvalidType(f"x of {owner} must be a floating-point tensor. Got {got}.")
        codes = isinstance(y, torch.Tensor) and not (y.is_floating_point() or y.is_complex())
        if not codes or y.shape != x.shape[:1]:
            raise InvalidInput(
                f"y of {owner} must be one class code for each of {len(x)} rows. Got "
                + (f"{y.dtype} of shape {tuple(y.shape)}." if hasattr(y, "dtype") else f"{y!r}.")
            )
