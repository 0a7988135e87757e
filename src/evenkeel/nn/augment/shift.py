"""Images moved by whole pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel._checks import check_number
from evenkeel.nn.augment.transform import NumberTransform, between, swing_of

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Shift(NumberTransform):
    """Move an image by whole pixels, down and to the right (or up and to the left).

    Parameters
    ----------
    share
        Of height and of width: a number for either direction, or a pair, lowest and highest; from
        -1 to 1. The two are drawn on their own.
    fill
        What stands where nothing was.

    Raises
    ------
    InvalidInput, InvalidType
        A share out of range.

    Examples
    --------
    >>> Shift((0.5, 0.5))([[1, 2], [3, 4]])
    [[0, 0], [0, 1]]
    """

    axes, shape = 2, "(..., height, width)"

    def __init__(self, share: float | tuple[float, float] = 0.1, *, fill: float = 0.0) -> None:
        self.share = swing_of(share, "share", type(self).__name__, most=1.0)
        check_number(fill, "fill", type(self).__name__)
        self.fill = fill

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        for axis in (-2, -1):
            by = round(between(self.share, generator) * x.shape[axis])
            x = moved(x, by, axis, self.fill)
        return x


def moved(x: Tensor, by: int, axis: int, fill: float) -> Tensor:
    """``x`` moved along an axis, with ``fill`` where nothing was."""
    if by == 0:
        return x
    length = x.shape[axis]
    out = x.new_full(x.shape, fill)
    kept = max(0, length - abs(by))
    source, target = max(0, -by), max(0, by)
    if kept:
        out.narrow(axis, target, kept).copy_(x.narrow(axis, source, kept))
    return out
