"""What losses compute for a cell: the focal form."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Room = tuple[Tensor | None, ...]  # scratch for out=; None: make a new tensor
NO_ROOM: Room = (None,) * 4
_LINEAR = 40.0  # beyond it log(1 + e^u) is u to the last digit of float64


class FocalTerms(NamedTuple):
    """``w^gamma`` times cross-entropy, ``w`` the probability of the wrong side."""

    gamma: float

    def both(self, u: Tensor, positive: Tensor, room: Room) -> tuple[Tensor, Tensor]:
        """Loss and slope: ``w^gamma (gamma (1 - w) nll + w)``."""
        wrong, nll = torch.sigmoid(u, out=room[0]), cross_entropy(u, room[1])
        if not self.gamma:
            return nll, wrong
        factor = torch.pow(wrong, self.gamma, out=room[2])
        right = torch.sub(wrong.new_ones(()), wrong, out=room[3])
        slope = wrong.addcmul_(right, nll, value=self.gamma).mul_(factor)
        return nll.mul_(factor), slope


def cross_entropy(u: Tensor, out: Tensor | None = None) -> Tensor:
    """``log(1 + e^u)``."""
    if out is None:
        return functional.softplus(u, threshold=_LINEAR)
    filled: Tensor = torch.ops.aten.softplus.out(u, 1, _LINEAR, out=out)
    return filled


def power(base: Tensor, exponent: float) -> Tensor:
    """``base ** exponent``; 1 is ``base`` itself, and 4, the usual one, takes no logarithms.

    >>> power(torch.tensor([2.0]), 4.0)
    tensor([16.])
    """
    if exponent == 1.0:
        return base
    return base.square().square_() if exponent == 4.0 else base.pow(exponent)
