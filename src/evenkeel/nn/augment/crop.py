"""A part of an image, enlarged to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel.nn.augment.transform import NumberTransform, between, span_of
from evenkeel.nn.augment.warp import warp

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Crop(NumberTransform):
    """Cut out a part at a random place and enlarge it to the size of the image (bilinear).

    Parameters
    ----------
    share
        Of height and width that is kept: a pair, lowest and highest, or one number; above 0 and at
        most 1.

    Raises
    ------
    InvalidInput, InvalidType
        A share out of range.

    Examples
    --------
    >>> Crop((1.0, 1.0))([[1, 2], [3, 4]])
    [[1, 2], [3, 4]]
    """

    axes, shape = 2, "(..., height, width)"

    def __init__(self, share: float | tuple[float, float] = (0.8, 1.0)) -> None:
        self.share = span_of(share, "share", type(self).__name__, low=1e-6, high=1.0)

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        kept = between(self.share, generator)
        room = (1.0 - kept) / 2.0
        down = between((-room, room), generator) * x.shape[-2]
        across = between((-room, room), generator) * x.shape[-1]
        if kept == 1.0:
            return x
        return warp(x, ((kept, 0.0, across), (0.0, kept, down)), 0.0)
