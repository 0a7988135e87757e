"""Focal loss of labels 0 and 1: dense detection, several labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel._checks import check_number
from evenkeel.nn.losses.counts import (
    as_number,
    as_pairs,
    as_vector_of,
    one_source,
    side_weights,
    sides_of_alpha,
)
from evenkeel.nn.losses.sigmoid import SigmoidLoss, sigmoid_call
from evenkeel.nn.losses.terms import FocalTerms

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class SigmoidFocalLoss(SigmoidLoss):
    """Sigmoid focal loss.

    ``-alpha_t (1 - p_t)^gamma log(p_t)`` for each cell, ``p`` the sigmoid of its logit, ``alpha_t``
    ``alpha`` for positive cells and ``1 - alpha`` for negative ones. Start the head with
    :func:`evenkeel.nn.init_prior_bias_`, or the many negative cells swamp the first steps.

    Parameters
    ----------
    gamma
        At least 0, of any size.
    alpha
        Weight of positive cells, in (0, 1): a number, or one for each label ``(n_labels,)``. The
        paper takes 0.25 with ``gamma = 2``. None: both sides 1.
    counts
        In place of ``alpha``: negative and positive cells in training, ``(2,)`` or
        ``(n_labels, 2)``, for inverse-frequency weights with training mean 1.
    **options
        As for :class:`evenkeel.nn.WeightedBCE`.

    Raises
    ------
    InvalidInput, InvalidType
        ``gamma`` or ``alpha`` out of range, or counts below 1.

    References
    ----------
    Lin, Goyal, Girshick, He and Dollár 2017, "Focal loss for dense object detection", ICCV,
    equation 5. doi:10.1109/ICCV.2017.324

    Examples
    --------
    >>> import torch
    >>> loss = SigmoidFocalLoss(gamma=2.0, alpha=0.25, reduction="none")
    >>> loss(torch.tensor([0.0, 0.0]), torch.tensor([1, 0]))  # 0.25 * log(2) / 4 and 3 times that
    tensor([0.0433, 0.1300])
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: Any = None,
        *,
        counts: Any = None,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        check_number(gamma, "gamma", "SigmoidFocalLoss", low=0.0)
        one_source("SigmoidFocalLoss", alpha=alpha, counts=counts)
        self.gamma = float(gamma)
        if alpha is not None:
            self._weigh(*sides_of_alpha(alpha, "SigmoidFocalLoss"))
        elif counts is not None:
            self._weight_is = "counts"
            pairs = as_pairs(counts, "SigmoidFocalLoss")
            self._weigh(*side_weights(pairs, pairs[..., 0] / pairs[..., 1]))

    def _terms(self) -> FocalTerms:
        return FocalTerms(self.gamma)

    def extra_repr(self) -> str:
        """Gamma and how logits are read, for ``print``."""
        return f"gamma={self.gamma:g}, {super().extra_repr()}"


def sigmoid_focal_loss(
    logits: Any,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: Tensor | float | None = None,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`SigmoidFocalLoss`; a tensor ``alpha`` is taken as it is.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    gamma, alpha, **options
        As for :class:`SigmoidFocalLoss`.

    Examples
    --------
    >>> import torch
    >>> sigmoid_focal_loss(torch.zeros(2), torch.tensor([1, 0]))
    tensor(0.1733)
    """
    check_number(gamma, "gamma", "sigmoid_focal_loss", low=0.0)
    alpha = as_number(alpha)
    if isinstance(alpha, int | float):
        check_number(
            alpha, "alpha", "sigmoid_focal_loss", low=0, high=1, open_low=True, open_high=True
        )
    elif alpha is not None:
        alpha = as_vector_of(alpha, "alpha", "sigmoid_focal_loss", high=1.0)
    sides = (1.0, 1.0) if alpha is None else (alpha, 1.0 - alpha)
    return sigmoid_call(
        logits, target, FocalTerms(float(gamma)), num_items_in_batch, options,
        "sigmoid_focal_loss", sides=sides,
    )  # fmt: skip
