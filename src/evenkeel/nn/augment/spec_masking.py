"""SpecAugment: bands of frequencies and stretches of time blotted out of a spectrogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel._checks import check_number
from evenkeel.nn.augment.transform import NumberTransform, below

if TYPE_CHECKING:
    from torch import Generator, Tensor


class SpecMasking(NumberTransform):
    """Mask ``f`` neighbouring frequencies from ``f0`` on, and ``t`` neighbouring frames from ``t0`` on.

    ``f ~ U{0..F}``, ``f0 ~ U{0..n_frequencies - f}``, and likewise ``t``, which is also at most
    ``most * n_frames``.

    Parameters
    ----------
    frequencies, frames
        The widest mask along either axis, F and T, at least 0.
    n_frequency, n_time
        How many masks of either kind, at least 0; they may overlap.
    most
        The widest mask in time as a share of the frames, from 0 to 1.
    fill
        What masks hold; None: the mean of the spectrogram, which is right for decibels and logarithms.

    Raises
    ------
    InvalidInput, InvalidType
        Numbers out of range.

    References
    ----------
    Park et al. 2019, "SpecAugment: a simple data augmentation method for automatic speech
    recognition", Interspeech, section 2. doi:10.21437/Interspeech.2019-2680

    Examples
    --------
    >>> SpecMasking(frequencies=0, frames=0)([[1.0, 2.0], [3.0, 4.0]])
    [[1.0, 2.0], [3.0, 4.0]]
    """

    axes, shape = 2, "(..., n_frequencies, n_frames)"

    def __init__(
        self,
        frequencies: int = 8,
        frames: int = 16,
        *,
        n_frequency: int = 1,
        n_time: int = 1,
        most: float = 1.0,
        fill: float | None = None,
    ) -> None:
        owner = type(self).__name__
        for name, value in (("frequencies", frequencies), ("frames", frames)):
            check_number(value, name, owner, low=0, whole=True)
        for name, value in (("n_frequency", n_frequency), ("n_time", n_time)):
            check_number(value, name, owner, low=0, whole=True)
        check_number(most, "most", owner, low=0.0, high=1.0)
        if fill is not None:
            check_number(fill, "fill", owner)
        self.frequencies, self.frames, self.most, self.fill = frequencies, frames, most, fill
        self.n_frequency, self.n_time = n_frequency, n_time

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        fill = float(x.mean()) if self.fill is None else self.fill
        widest = min(self.frames, int(self.most * x.shape[-1]))
        masks = [(-2, self.frequencies)] * self.n_frequency + [(-1, widest)] * self.n_time
        for axis, wide in masks:
            width = below(min(wide, x.shape[axis]) + 1, generator)
            start = below(x.shape[axis] - width + 1, generator)
            x.narrow(axis, start, width).fill_(fill)
        return x
