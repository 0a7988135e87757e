"""Gaussian noise on numbers of any shape."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch

from evenkeel._checks import check_number
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn.augment.transform import NumberTransform

if TYPE_CHECKING:
    from torch import Generator, Tensor


class GaussianNoise(NumberTransform):
    """Add normal noise in proportion to the spread: ``x + scale * spread * N(0, 1)``.

    Parameters
    ----------
    scale
        Standard deviation of the noise as a multiple of the spread, at least 0.
    spread
        Standard deviations that broadcast to an item, such as one for each column of a table
        ``(n_features,)``; at least 0. None: the standard deviation of all numbers of the item, which is
        0 where they are all equal, as in an item of one number: such an item stays as it is.

    Raises
    ------
    InvalidInput, InvalidType
        A scale or spread below 0 or not finite, or a spread of another shape than items.

    Warns
    -----
    EvenkeelWarning
        Once: an item whose numbers are all equal, without ``spread``.

    Examples
    --------
    >>> GaussianNoise(0.0)([1.0, 2.0])
    [1.0, 2.0]
    >>> GaussianNoise(0.1)(torch.eye(3, dtype=torch.float16)).dtype
    torch.float16
    """

    def __init__(self, scale: float = 0.1, *, spread: Any = None) -> None:
        check_number(scale, "scale", type(self).__name__, low=0.0)
        self.scale, self._told = scale, False
        self.spread = None if spread is None else torch.as_tensor(spread, dtype=torch.float64)
        if self.spread is not None and not bool(((self.spread >= 0) & (self.spread < 1e300)).all()):
            raise InvalidInput(
                "spread of GaussianNoise must be finite and at least 0. "
                f"Got {float(self.spread.min()):g} to {float(self.spread.max()):g}."
            )

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        spread = x.std(correction=0) if self.spread is None else self.spread.to(x)
        if self.spread is None and self.scale and not self._told and bool(spread == 0):
            self._told = True
            warnings.warn(
                "GaussianNoise leaves an item as it is where all its numbers are equal. Got one of shape "
                f"{tuple(x.shape)}, whose copies are exact. Give spread=, such as the standard "
                "deviation of each column: X.std(axis=0).",
                EvenkeelWarning,
                stacklevel=2,
            )
        own = zip(reversed(spread.shape), reversed(x.shape), strict=False)
        if spread.ndim > x.ndim or any(one not in (1, whole) for one, whole in own):
            raise InvalidInput(
                f"spread of GaussianNoise must broadcast to items of shape {tuple(x.shape)}. "
                f"Got {tuple(spread.shape)}."
            )
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
        return x + self.scale * spread * noise
