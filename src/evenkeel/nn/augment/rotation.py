"""Images turned about their centre."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evenkeel._checks import check_number
from evenkeel.nn.augment.transform import NumberTransform, between, swing_of
from evenkeel.nn.augment.warp import warp

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Rotation(NumberTransform):
    """Turn an image about its centre; corners that leave the frame are cut off.

    Parameters
    ----------
    degrees
        Counter-clockwise: a number for either direction, or a pair, lowest and highest.
    fill
        What stands where nothing was.

    Raises
    ------
    InvalidInput, InvalidType
        No numbers, or a pair in the wrong order.

    Examples
    --------
    >>> Rotation((90, 90))([[1, 2], [3, 4]])
    [[2, 4], [1, 3]]
    """

    axes, shape = 2, "(..., height, width)"

    def __init__(self, degrees: float | tuple[float, float] = 10.0, *, fill: float = 0.0) -> None:
        self.degrees = swing_of(degrees, "degrees", type(self).__name__)
        check_number(fill, "fill", type(self).__name__)
        self.fill = fill

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        angle = between(self.degrees, generator)
        if angle == 0.0:
            return x
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        return warp(x, ((cosine, -sine, 0.0), (sine, cosine, 0.0)), self.fill)
