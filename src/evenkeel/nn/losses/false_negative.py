"""Cross-entropy that grows for positives as they are missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from evenkeel._checks import check_number
from evenkeel.nn.losses.sigmoid import SigmoidLoss, sigmoid_call
from evenkeel.nn.losses.terms import cross_entropy

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions
    from evenkeel.nn.losses.terms import Room


class MissedTerms(NamedTuple):
    """``1 + extra w`` times cross-entropy for positive cells, see :class:`FalseNegativeLoss`."""

    extra: float

    def both(self, u: Tensor, positive: Tensor, room: Room) -> tuple[Tensor, Tensor]:
        """Loss and slope: ``w (1 + extra (w + (1 - w) nll))``."""
        wrong, nll = torch.sigmoid(u, out=room[0]), cross_entropy(u, room[1])
        extra = torch.mul(positive, self.extra, out=room[2])
        slope = torch.rsub(wrong, 1.0).mul_(nll).add_(wrong).mul_(extra).add_(1.0).mul_(wrong)
        return extra.mul_(wrong).add_(1.0).mul_(nll), slope


class FalseNegativeLoss(SigmoidLoss):
    """Cross-entropy in which a positive that is found counts once, a missed one up to ``cost`` times.

    ``-(1 + (cost - 1) (1 - p)) log(p)`` for a positive cell, ``-log(1 - p)`` for a negative one: the
    same as :class:`evenkeel.FalseNegativeObjective`. Logits ``(B,)``, ``(B, 1)``, those of a
    two-class head ``(B, 2)``, or several labels ``(B, L)``.

    Parameters
    ----------
    cost
        What a miss costs in false alarms, at least 1; 1 is cross-entropy.
    **options
        As for :class:`evenkeel.nn.WeightedBCE`.

    Raises
    ------
    InvalidInput, InvalidType
        ``cost`` below 1 or no number.

    Examples
    --------
    >>> loss = FalseNegativeLoss(cost=10, reduction="none")
    >>> loss(torch.tensor([0.0, 0.0, -5.0]), torch.tensor([0, 1, 1]))
    tensor([ 0.6931,  3.8123, 49.7656])
    """

    def __init__(self, cost: float, **options: Unpack[ReadingOptions]) -> None:
        super().__init__(**options)
        check_number(cost, "cost", "FalseNegativeLoss", low=1.0)
        self.cost = float(cost)

    def _terms(self) -> MissedTerms:
        return MissedTerms(self.cost - 1.0)

    def extra_repr(self) -> str:
        """Cost and how logits are read, for ``print``."""
        return f"cost={self.cost:g}, {super().extra_repr()}"


def false_negative_loss(
    logits: Any,
    target: Tensor,
    *,
    cost: float,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`FalseNegativeLoss`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    cost, **options
        As for :class:`FalseNegativeLoss`.

    Examples
    --------
    >>> false_negative_loss(torch.zeros(1), torch.tensor([1]), cost=3)  # 2 log(2)
    tensor(1.3863)
    """
    check_number(cost, "cost", "false_negative_loss", low=1.0)
    terms = MissedTerms(cost - 1.0)
    return sigmoid_call(logits, target, terms, num_items_in_batch, options, "false_negative_loss")
