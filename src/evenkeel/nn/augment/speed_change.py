"""Sound played faster or slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel.nn.augment.resampling import resampled
from evenkeel.nn.augment.transform import NumberTransform, between, span_of

if TYPE_CHECKING:
    from torch import Generator, Tensor


class SpeedChange(NumberTransform):
    """Play a sound faster or slower: its length is divided by the factor, its pitch multiplied.

    Parameters
    ----------
    factor
        A pair, lowest and highest, or one number; from 0.1 to 10.

    Raises
    ------
    InvalidInput, InvalidType
        A factor out of range.

    References
    ----------
    Ko et al. 2015, "Audio augmentation for speech recognition", Interspeech, section 2.1.
    doi:10.21437/Interspeech.2015-711

    Examples
    --------
    >>> len(SpeedChange((2.0, 2.0))([0.0] * 80))
    40
    """

    axes, shape = 1, "(..., n_samples)"

    def __init__(self, factor: float | tuple[float, float] = (0.9, 1.1)) -> None:
        self.factor = span_of(factor, "factor", type(self).__name__, low=0.1, high=10.0)

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        return resampled(x, max(1, round(x.shape[-1] / between(self.factor, generator))))
