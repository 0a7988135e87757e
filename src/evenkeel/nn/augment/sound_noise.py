"""White noise under a sound, at a chosen distance in decibels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from evenkeel.nn.augment.transform import NumberTransform, between, span_of

if TYPE_CHECKING:
    from torch import Generator, Tensor


class SoundNoise(NumberTransform):
    """Add white noise at a signal-to-noise ratio, which the noise meets exactly.

    ``snr = 10 log10(mean(x^2) / mean(noise^2))``. Silence stays silent.

    Parameters
    ----------
    snr
        In decibels: a pair, lowest and highest, or one number. 30 is hardly heard, 0 as loud as the sound.

    Raises
    ------
    InvalidInput, InvalidType
        No numbers, or a pair in the wrong order.

    Examples
    --------
    >>> clean = torch.sin(torch.arange(800.0))
    >>> noise = SoundNoise((20.0, 20.0))(clean) - clean
    >>> round(10 * float((clean.square().mean() / noise.square().mean()).log10()), 3)
    20.0
    """

    axes, shape = 1, "(..., n_samples)"

    def __init__(self, snr: float | tuple[float, float] = (10.0, 30.0)) -> None:
        self.snr = span_of(snr, "snr", type(self).__name__, low=-300.0, high=300.0)

    def _change(self, x: Tensor, generator: Generator | None) -> Tensor:
        ratio = 10.0 ** (between(self.snr, generator) / 10.0)
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
        loudness = x.square().mean() / noise.square().mean().clamp_min(1e-30)
        noisy: Tensor = x + noise * (loudness / ratio).sqrt()
        return noisy
