"""A transform that is used on part of the items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from evenkeel._checks import check_number
from evenkeel.nn.augment.in_order import check_callable
from evenkeel.nn.augment.keyed import call
from evenkeel.nn.augment.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator


class Sometimes(Transform):
    """Change an item with probability ``p``, else give it back as it is.

    Parameters
    ----------
    transform
        A transform of this package or any callable.
    p
        Probability, from 0 to 1.

    Raises
    ------
    InvalidInput, InvalidType
        A probability out of range, or something that cannot be called.

    Examples
    --------
    >>> Sometimes(lambda x: -x, p=0.0)(2), Sometimes(lambda x: -x, p=1.0)(2)
    (2, -2)
    """

    def __init__(self, transform: Callable[..., Any], p: float = 0.5) -> None:
        check_callable(transform, "transform", type(self).__name__)
        check_number(p, "p", type(self).__name__, low=0.0, high=1.0)
        self.transform, self.p = transform, p

    def __call__(self, x: Any, generator: Generator | None = None) -> Any:
        """A changed copy or ``x``; see :class:`Transform`."""
        chosen = float(torch.rand((), generator=generator, dtype=torch.float64)) < self.p
        return call(self.transform, x, generator) if chosen else x
