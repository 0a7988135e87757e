"""Images turned over, left to right or upside down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from evenkeel._checks import check_choice, check_number
from evenkeel.nn.augment.transform import NumberTransform

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Flip(NumberTransform):
    """Mirror an image with probability ``p``.

    Only for images that keep their class in a mirror: digits and letters do not.

    Parameters
    ----------
    p
        Probability, from 0 to 1.
    axis
        ``"horizontal"`` exchanges left and right, ``"vertical"`` top and bottom.

    Raises
    ------
    InvalidInput, InvalidType
        A probability out of range, another axis.

    Examples
    --------
    >>> Flip(p=1.0)([[1, 2], [3, 4]])
    [[2, 1], [4, 3]]
    """

    axes, shape = 2, "(..., height, width)"

    def __init__(self, p: float = 0.5, *, axis: str = "horizontal") -> None:
        check_number(p, "p", type(self).__name__, low=0.0, high=1.0)
        check_choice(axis, ("horizontal", "vertical"), "axis", type(self).__name__)
        self.p, self.axis = p, axis

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        chosen = float(torch.rand((), generator=generator, dtype=torch.float64)) < self.p
        return x.flip(-1 if self.axis == "horizontal" else -2) if chosen else x
