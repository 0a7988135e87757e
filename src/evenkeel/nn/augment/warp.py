"""Images seen through an affine map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    Row = tuple[float, float, float]


def warp(x: Tensor, rows: tuple[Row, Row], fill: float) -> Tensor:
    """Look up every pixel of the new image in the old one, between its pixels (bilinear).

    Parameters
    ----------
    x
        Images ``(..., height, width)``.
    rows
        ``((a, b, c), (d, e, f))``: the pixel at ``(u, v)``, to the right of the centre and below it, is
        looked up at ``(a u + b v + c, d u + e v + f)``.
    fill
        What stands outside the old image.

    Examples
    --------
    >>> warp(torch.tensor([[1.0, 2.0, 3.0]]), ((1.0, 0.0, 0.5), (0.0, 1.0, 0.0)), 0.0)
    tensor([[1.5000, 2.5000, 1.5000]])
    """
    height, width = x.shape[-2:]
    # in float64: a map onto pixels must not fall beside them by rounding
    v = torch.arange(height, dtype=torch.float64).sub((height - 1) / 2)[:, None]
    u = torch.arange(width, dtype=torch.float64).sub((width - 1) / 2)[None, :]
    (a, b, c), (d, e, f) = rows
    across = (a * u + b * v + c).mul(2 / width)
    down = (d * u + e * v + f).mul(2 / height)
    grid = torch.stack([across, down], -1)[None].to(x)  # (1, height, width, 2)
    flat = x.reshape(1, -1, height, width) - fill
    return functional.grid_sample(flat, grid, align_corners=False).reshape(x.shape) + fill
