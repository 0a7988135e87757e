"""Focal loss over classes: cross-entropy that turns away from rows that are right already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from evenkeel._checks import check_number
from evenkeel.nn.losses.counts import (
    as_number,
    as_vector_of,
    given_weights,
    one_source,
    weights_of,
)
from evenkeel.nn.losses.softmax import Recipe, SoftmaxLoss, softmax_call

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class FocalLoss(SoftmaxLoss):
    """Softmax focal loss.

    ``-alpha_y (1 - p_y)^gamma log(p_y)``; ``gamma = 0`` without ``alpha`` is cross-entropy. It helps
    where easy rows drown the hard ones (dense detection); it does not correct for class shares.
    With label smoothing it is ``alpha_y sum_j q_j (1 - p_j)^gamma (-log p_j)``, ``q`` the smoothed
    label.

    Parameters
    ----------
    gamma
        At least 0, of any size. At 2 a row with ``p_y = 0.9`` counts a hundredth.
    alpha
        A number in (0, 1): weight of the positive class, code 1 of two; class 0 has ``1 - alpha``.
        Or weights ``(n_classes,)``, at least 0. Used as given; None: all 1.
    counts
        In place of ``alpha``: training rows of each class, for weights with training mean 1.
    scheme
        How weights follow from ``counts``; see :func:`evenkeel.class_weights`.
    **options
        As for :class:`evenkeel.nn.ClassWeightedLoss`.

    Raises
    ------
    InvalidInput, InvalidType
        ``gamma`` or ``alpha`` out of range, or counts below 1.

    References
    ----------
    Lin, Goyal, Girshick, He and Dollár 2017, "Focal loss for dense object detection", ICCV,
    equations 4 and 5. doi:10.1109/ICCV.2017.324

    Examples
    --------
    >>> odds = torch.tensor([[1.0, 9.0], [9.0, 1.0]])
    >>> FocalLoss(reduction="none")(odds.log(), torch.tensor([1, 1])).tolist()  # p_t = 0.9, 0.1
    [0.00105..., 1.8650...]
    """

    weight: Tensor | None

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: Any = None,
        *,
        counts: Any = None,
        scheme: str = "inverse",
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        check_number(gamma, "gamma", "FocalLoss", low=0.0)
        one_source("FocalLoss", alpha=alpha, counts=counts)
        self.gamma = float(gamma)
        values: Any = as_alpha(as_number(alpha, wait=True), "FocalLoss")
        if counts is not None:
            self._weight_is = "counts"
            values = weights_of(counts, "FocalLoss", scheme=scheme)
        self._hold("weight", values)

    def _recipe(self) -> Recipe:
        return Recipe(gamma=self.gamma, weight=self.weight)

    def extra_repr(self) -> str:
        """Gamma and how logits are read, for ``print``."""
        return f"gamma={self.gamma:g}, {super().extra_repr()}"


def as_alpha(alpha: Any, owner: str) -> Tensor | None:
    """Weights of the classes: a number is that of class 1 of two."""
    if isinstance(alpha, torch.Tensor) and not alpha.ndim:  # on a device, which is not waited for
        return torch.stack([1.0 - alpha, alpha])
    if isinstance(alpha, int | float):
        check_number(alpha, "alpha", owner, low=0, high=1, open_low=True, open_high=True)
        return torch.tensor([1.0 - alpha, alpha])
    return given_weights(alpha, "alpha", owner)


def focal_loss(
    logits: Any,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: Tensor | float | None = None,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`FocalLoss`; a tensor ``alpha`` is taken as it is.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    gamma, alpha, **options
        As for :class:`FocalLoss`.

    Examples
    --------
    >>> focal_loss(torch.zeros(1, 2), torch.tensor([1]))  # log(2) / 4
    tensor(0.1733)
    """
    check_number(gamma, "gamma", "focal_loss", low=0.0)
    alpha = as_number(alpha)
    number = alpha is None or isinstance(alpha, int | float)
    if number or (isinstance(alpha, torch.Tensor) and not alpha.ndim):
        weight = as_alpha(alpha, "focal_loss")
    else:
        weight = as_vector_of(alpha, "alpha", "focal_loss")
    recipe = Recipe(gamma=float(gamma), weight=weight)
    return softmax_call(logits, target, recipe, num_items_in_batch, options, "focal_loss")
