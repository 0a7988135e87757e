"""Vector scaling: logits stretched and shifted by the class shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.nn.losses.counts import as_counts, as_vector_of, given_weights, log_prior
from evenkeel.nn.losses.softmax import Recipe, SoftmaxLoss, softmax_call

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class VectorScalingLoss(SoftmaxLoss):
    """Cross-entropy of ``D_j z_j + tau log(pi_j)`` with ``D_j = (n_j / max(n))^gamma``.

    The shift acts early in training, the stretch once all rows are right: a rare class, whose
    logits are shrunk here, is pushed further from the boundary. Predict with the plain logits.
    ``gamma = 0`` is :class:`evenkeel.nn.LogitAdjustedLoss`, ``tau = 0`` class-dependent temperatures.

    Parameters
    ----------
    counts
        Training rows of each class ``(n_classes,)``, each at least 1.
    gamma
        At least 0. The paper takes 0.05 to 0.2.
    tau
        At least 0.
    weight
        Class weights ``(n_classes,)``, used as given. None: all 1.
    **options
        As for :class:`evenkeel.nn.ClassWeightedLoss`.

    Raises
    ------
    InvalidInput, InvalidType
        Counts below 1, ``gamma`` or ``tau`` out of range.

    References
    ----------
    Kini, Paraskevas, Oymak and Thrampoulidis 2021, "Label-imbalanced and group-sensitive
    classification under overparameterization", NeurIPS, equation 2. doi:10.48550/arXiv.2103.01550

    Examples
    --------
    >>> VectorScalingLoss([1600, 100], gamma=0.25).stretch
    tensor([1.0000, 0.5000])
    """

    stretch: Tensor
    shift: Tensor
    weight: Tensor | None

    def __init__(
        self,
        counts: Any,
        gamma: float = 0.15,
        *,
        tau: float = 1.0,
        weight: Any = None,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        check_number(gamma, "gamma", "VectorScalingLoss", low=0.0)
        check_number(tau, "tau", "VectorScalingLoss", low=0.0)
        rows = as_counts(counts, "VectorScalingLoss")
        self._hold("stretch", np.asarray((rows / rows.max()) ** gamma))
        self._hold("shift", tau * log_prior(counts, "VectorScalingLoss"))
        self._hold("weight", given_weights(weight, "weight", "VectorScalingLoss"))

    def _recipe(self) -> Recipe:
        return Recipe(scale=self.stretch, shift=self.shift, weight=self.weight)


def vector_scaling_loss(
    logits: Any,
    target: Tensor,
    *,
    stretch: Tensor,
    shift: Tensor,
    weight: Tensor | None = None,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`VectorScalingLoss`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    stretch, shift
        What the logits of each class are multiplied by, and what is added, ``(n_classes,)`` each.
    weight, **options
        As for :class:`VectorScalingLoss`.

    Examples
    --------
    >>> import torch
    >>> stretch, shift = torch.tensor([1.0, 0.5]), torch.tensor([0.0, 1.0])
    >>> label = torch.tensor([0])
    >>> vector_scaling_loss(torch.tensor([[1.0, 0.0]]), label, stretch=stretch, shift=shift)
    tensor(0.6931)
    """
    owner = "vector_scaling_loss"
    if weight is not None:
        weight = as_vector_of(weight, "weight", owner)
    stretch = as_vector_of(stretch, "stretch", owner)
    recipe = Recipe(
        scale=stretch, shift=as_vector_of(shift, "shift", owner, low=-np.inf), weight=weight
    )
    return softmax_call(logits, target, recipe, num_items_in_batch, options, owner)
