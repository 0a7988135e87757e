"""Asymmetric loss of several labels: easy negatives are focused away and cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput
from evenkeel.nn.losses.sigmoid import SigmoidLoss, sigmoid_call
from evenkeel.nn.losses.terms import power

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions
    from evenkeel.nn.losses.terms import Room

TINY = 1e-30
LEAST_CLIP = 0.001  # below it, 1 - p + clip has too few digits left in float32


class AsymmetricTerms(NamedTuple):
    """The two sides of the loss, see :class:`AsymmetricLoss`."""

    gamma_neg: float
    gamma_pos: float
    clip: float

    def both(self, u: Tensor, positive: Tensor, room: Room) -> tuple[Tensor, Tensor]:
        """Loss and slope; both sides are made for all cells and the wrong one is multiplied by 0.

        Negative: ``c^g nll`` with ``c = max(w - clip, 0)`` and ``nll = -log(1 - c)``; positive:
        ``w^g nll`` with ``nll = max(u, 0) - log(1 - min(w, 1 - w))``. One logarithm serves both.
        """
        negative = torch.rsub(positive, 1.0)
        wrong, right = torch.sigmoid(u, out=room[0]), torch.neg(u, out=room[1]).sigmoid_()
        least = torch.minimum(wrong, right, out=room[2])
        if self.clip:
            cut = torch.sub(wrong, self.clip, out=room[3]).clamp_min_(0.0).mul_(negative)
            nll = least.mul_(positive).add_(cut).neg_().log1p_().neg_()
            lower = cut.clamp_min(TINY).pow_(self.gamma_neg - 1.0)  # at c = 0 it is multiplied by 0
            loss = (lower * cut).mul_(nll)
            slope = cut.div_(1.0 - cut).addcmul_(nll, negative, value=self.gamma_neg)
            slope.mul_(lower).mul_(right).mul_(wrong)
            nll.addcmul_(u.clamp_min(0.0), positive)
        else:
            nll = least.neg_().log1p_().neg_().add_(u.clamp_min(0.0))
            factor = power(wrong, self.gamma_neg) * negative
            slope = (right * nll).mul_(self.gamma_neg).add_(wrong).mul_(factor)
            loss = factor.mul_(nll)
        factor = power(wrong, self.gamma_pos) * positive if self.gamma_pos else positive
        steep = wrong.addcmul_(nll, right, value=self.gamma_pos)
        return loss.addcmul_(nll, factor), slope.addcmul_(steep, factor)


class AsymmetricLoss(SigmoidLoss):
    """Binary cross-entropy whose negative side is focused more and cut off below a probability.

    ``-(1 - p)^gamma_pos log(p)`` for a positive cell, ``-q^gamma_neg log(1 - q)`` with
    ``q = max(p - clip, 0)`` for a negative one. The gradient is that of this formula (a common
    implementation holds the factors fixed). All at 0 is binary cross-entropy.

    Parameters
    ----------
    gamma_neg, gamma_pos
        At least 0.
    clip
        Probability below which a negative cell costs nothing: 0, or at least 0.001 and below 1.
    **options
        As for :class:`evenkeel.nn.WeightedBCE`. The mean is over cells; published code sums.

    Raises
    ------
    InvalidInput, InvalidType
        A parameter out of range.

    References
    ----------
    Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter and Zelnik-Manor 2021, "Asymmetric loss for
    multi-label classification", ICCV, equations 4 to 7. doi:10.1109/ICCV48922.2021.00015

    Examples
    --------
    >>> loss = AsymmetricLoss(reduction="none")
    >>> loss(torch.tensor([0.0, 0.0, -3.0]), torch.tensor([1, 0, 0]))
    tensor([0.6931, 0.0245, 0.0000])
    """

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        *,
        clip: float = 0.05,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        self.terms = _terms(gamma_neg, gamma_pos, clip, "AsymmetricLoss")

    def _terms(self) -> AsymmetricTerms:
        return self.terms

    def extra_repr(self) -> str:
        """Parameters and how logits are read, for ``print``."""
        neg, pos, clip = self.terms
        return f"gamma_neg={neg:g}, gamma_pos={pos:g}, clip={clip:g}, {super().extra_repr()}"


def _terms(gamma_neg: float, gamma_pos: float, clip: float, owner: str) -> AsymmetricTerms:
    check_number(gamma_neg, "gamma_neg", owner, low=0.0)
    check_number(gamma_pos, "gamma_pos", owner, low=0.0)
    check_number(clip, "clip", owner, low=0.0, high=1.0, open_high=True)
    if 0.0 < clip < LEAST_CLIP:
        raise InvalidInput(f"clip of {owner} must be 0 or at least {LEAST_CLIP:g}. Got {clip:g}.")
    return AsymmetricTerms(float(gamma_neg), float(gamma_pos), float(clip))


def asymmetric_loss(
    logits: Any,
    target: Tensor,
    *,
    gamma_neg: float = 4.0,
    gamma_pos: float = 0.0,
    clip: float = 0.05,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`AsymmetricLoss`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    gamma_neg, gamma_pos, clip, **options
        As for :class:`AsymmetricLoss`.

    Examples
    --------
    >>> asymmetric_loss(torch.zeros(1), torch.tensor([1]))
    tensor(0.6931)
    """
    terms = _terms(gamma_neg, gamma_pos, clip, "asymmetric_loss")
    return sigmoid_call(logits, target, terms, num_items_in_batch, options, "asymmetric_loss")
