"""Sound made higher or lower at its own pace."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from evenkeel._checks import check_number
from evenkeel.nn.augment.resampling import resampled
from evenkeel.nn.augment.transform import NumberTransform, between, swing_of

if TYPE_CHECKING:
    from torch import Generator, Tensor


class PitchChange(NumberTransform):
    """Make a sound higher or lower; its length stays.

    A phase vocoder stretches the sound by ``2^(semitones / 12)``, and it is played faster by as much.

    Parameters
    ----------
    semitones
        A number for either direction, or a pair, lowest and highest; from -24 to 24.
    window
        Samples of a Fourier window, at least 16: 30 to 60 ms of the sound.

    Raises
    ------
    InvalidInput, InvalidType
        Numbers out of range.

    References
    ----------
    Laroche and Dolson 1999, "Improved phase vocoder time-scale modification of audio", IEEE
    Transactions on Speech and Audio Processing 7(3), section III-B, identity phase locking.
    doi:10.1109/89.759041

    Examples
    --------
    >>> len(PitchChange(2.0)([0.0] * 800))
    800
    """

    axes, shape = 1, "(..., n_samples)"

    def __init__(self, semitones: float | tuple[float, float] = 2.0, *, window: int = 512) -> None:
        self.semitones = swing_of(semitones, "semitones", type(self).__name__, most=24.0)
        check_number(window, "window", type(self).__name__, low=16, whole=True)
        self.window = int(window)

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        semitones = between(self.semitones, generator)
        if semitones == 0.0:
            return x
        longer = stretched(x, 2.0 ** (semitones / 12.0), self.window)
        return resampled(longer, x.shape[-1])


def stretched(x: Tensor, factor: float, window: int) -> Tensor:
    """Sound ``(..., n_samples)`` that takes ``factor`` times as long at its own pitch."""
    n, hop = x.shape[-1], window // 4
    shape = torch.hann_window(window, dtype=x.dtype, device=x.device)
    padded = functional.pad(x.reshape(-1, n), (0, window))
    parts = torch.stft(
        padded, window, hop, window=shape, pad_mode="constant", return_complex=True
    )  # (batch, frequencies, frames)
    at = torch.arange(0, parts.shape[-1] - 1, 1.0 / factor, dtype=x.dtype, device=x.device)
    left = at.floor().long()
    before, after, along = parts[..., left], parts[..., left + 1], at - left
    size = before.abs() * (1.0 - along) + after.abs() * along
    # each frequency turns by what it turned between the two frames, up to whole turns
    steady = torch.arange(parts.shape[-2], dtype=x.dtype, device=x.device)[:, None]
    steady = steady * (2.0 * math.pi * hop / window)
    turn = after.angle() - before.angle() - steady
    turn = turn - 2.0 * math.pi * (turn / (2.0 * math.pi)).round() + steady
    phase = parts[..., :1].angle() + turn.cumsum(-1) - turn
    added = phase - before.angle()
    phase = before.angle() + added.gather(-2, nearest_peak(size))
    length = max(1, round(n * factor))
    sound = torch.istft(torch.polar(size, phase), window, hop, window=shape)
    sound = functional.pad(sound, (0, max(0, length - sound.shape[-1])))[..., :length]
    return sound.reshape(*x.shape[:-1], length)


def nearest_peak(size: Tensor) -> Tensor:
    """For each frequency the one nearby that is loudest among its neighbours, ``(..., n, frames)``.

    Frequencies about a peak are one tone: turned by one angle they stay together, and loud.

    >>> nearest_peak(torch.tensor([0.0, 3.0, 1.0, 0.0, 0.5, 2.0, 0.0])[None, :, None]).ravel()
    tensor([1, 1, 1, 1, 5, 5, 5])
    """
    n = size.shape[-2]
    rows = torch.arange(n, device=size.device)[:, None].expand(size.shape[-2:])
    around = functional.max_pool1d(size.transpose(-1, -2), 5, 1, 2).transpose(-1, -2)
    peak = size >= around
    before = torch.where(peak, rows, -n).cummax(-2).values
    after = torch.where(peak, rows, 2 * n).flip(-2).cummin(-2).values.flip(-2)
    return torch.where(rows - before <= after - rows, before, after)
