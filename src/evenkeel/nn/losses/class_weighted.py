"""Cross-entropy with a weight for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.nn.losses.counts import as_vector_of, given_weights, one_source, weights_of
from evenkeel.nn.losses.softmax import Recipe, SoftmaxLoss, softmax_call

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class ClassWeightedLoss(SoftmaxLoss):
    """Cross-entropy in which each row counts by its class.

    ``w_y * -log p_y``. The mean divides by the number of rows, not by the sum of their weights as
    ``torch.nn.CrossEntropyLoss`` does: so a class weighs the same in every batch. With label
    smoothing, the smoothed loss is weighed by the true class (``torch`` weighs each part by its own
    class, which can teach a row to be misclassified).

    Parameters
    ----------
    counts
        Training rows of each class ``(n_classes,)``, each at least 1: weights by ``scheme`` with
        training mean 1.
    weight
        In place of ``counts``: weights ``(n_classes,)``, at least 0, used as given. Neither: all 1.
    scheme
        ``"inverse"``, ``"sqrt"``, ``"effective"`` or ``"cost"``; see
        :func:`evenkeel.class_weights`.
    beta
        For ``"effective"``: overlap, in [0, 1).
    cost
        For ``"cost"``: cost matrix ``(n_classes, n_classes)``, rows the truth.
    **options
        ``class_dim=1``: axis of the classes in the logits; 1 for ``(B, C)`` and
        ``(B, C, *spatial)``, -1 for ``(B, T, C)``. ``ignore_index=-100``: label of rows that do not
        count. ``label_smoothing=0.0``: share of the label that is spread over all classes, in
        [0, 1). ``reduction="mean"`` (over the rows that count), ``"sum"`` or ``"none"``.

    Raises
    ------
    InvalidInput, InvalidType
        Counts below 1, weights that are negative or not finite, both, or options out of range.

    References
    ----------
    King and Zeng 2001, "Logistic regression in rare events data", Political Analysis 9(2),
    section 3.2. doi:10.1093/oxfordjournals.pan.a004868

    Examples
    --------
    >>> import torch
    >>> loss = ClassWeightedLoss(counts=[90, 10])
    >>> loss.weight
    tensor([0.5556, 5.0000])
    >>> loss(torch.zeros(2, 2), torch.tensor([0, 1]))  # (0.5556 + 5) / 2 * log 2
    tensor(1.9254)
    """

    weight: Tensor | None

    def __init__(
        self,
        counts: Any = None,
        weight: Any = None,
        *,
        scheme: str = "inverse",
        beta: float | None = None,
        cost: Any = None,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        one_source("ClassWeightedLoss", counts=counts, weight=weight)
        values: Any = given_weights(weight, "weight", "ClassWeightedLoss")
        if counts is not None:
            self._weight_is = "weight" if scheme == "cost" else "counts"
            values = weights_of(counts, "ClassWeightedLoss", scheme=scheme, beta=beta, cost=cost)
        self._hold("weight", values)

    def _recipe(self) -> Recipe:
        return Recipe(weight=self.weight)


def class_weighted_loss(
    logits: Any,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`ClassWeightedLoss`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    weight
        Weights ``(n_classes,)``, used as given; None: all 1.
    **options
        As for :class:`ClassWeightedLoss`.

    Examples
    --------
    >>> import torch
    >>> class_weighted_loss(torch.zeros(1, 2), torch.tensor([1]), weight=torch.tensor([1.0, 3.0]))
    tensor(2.0794)
    """
    owner = "class_weighted_loss"
    recipe = Recipe(weight=None if weight is None else as_vector_of(weight, "weight", owner))
    return softmax_call(logits, target, recipe, num_items_in_batch, options, owner)
