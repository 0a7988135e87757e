"""Sound at another rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def resampled(x: Tensor, length: int) -> Tensor:
    """The same sound in another number of samples, by its Fourier series: nothing folds over.

    Parameters
    ----------
    x
        Sound ``(..., n_samples)``.
    length
        Samples wanted, at least 1.

    Returns
    -------
    Tensor (..., length)

    Examples
    --------
    >>> resampled(torch.tensor([1.0, -1.0, 1.0, -1.0]), 2)
    tensor([0., 0.])
    """
    n = x.shape[-1]
    if length == n:
        return x
    parts, fewer = torch.fft.rfft(x), min(n, length)
    kept = parts[..., : fewer // 2 + 1].clone()
    if fewer % 2 == 0:  # the highest part stands for two frequencies, or comes from two
        kept[..., -1] *= 2.0 if length < n else 0.5
    sound: Tensor = torch.fft.irfft(kept, n=length) * (length / n)
    return sound
