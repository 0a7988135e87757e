"""Sound that starts earlier or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel.nn.augment.shift import moved
from evenkeel.nn.augment.transform import NumberTransform, between, swing_of

if TYPE_CHECKING:
    from torch import Generator, Tensor


class TimeShift(NumberTransform):
    """Move a sound in time; silence stands where nothing was, and what leaves the clip is cut off.

    Parameters
    ----------
    share
        Of the length: a number for either direction, or a pair, lowest and highest (later is
        positive); from -1 to 1.

    Raises
    ------
    InvalidInput, InvalidType
        A share out of range.

    Examples
    --------
    >>> TimeShift((0.5, 0.5))([1.0, 2.0, 3.0, 4.0])
    [0.0, 0.0, 1.0, 2.0]
    """

    axes, shape = 1, "(..., n_samples)"

    def __init__(self, share: float | tuple[float, float] = 0.1) -> None:
        self.share = swing_of(share, "share", type(self).__name__, most=1.0)

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        return moved(x, round(between(self.share, generator) * x.shape[-1]), -1, 0.0)
