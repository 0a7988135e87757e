"""Label-distribution-aware margins: rare classes are kept further from the boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.nn.losses.counts import as_counts, as_vector_of, given_weights
from evenkeel.nn.losses.softmax import Recipe, SoftmaxLoss, softmax_call

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class LDAMLoss(SoftmaxLoss):
    """Cross-entropy with a margin for the true class that grows as the class gets rare.

    ``-log(e^{s (z_y - D_y)} / (e^{s (z_y - D_y)} + sum_{j != y} e^{s z_j}))`` with
    ``D_j = max_margin (min(n) / n_j)^{1/4}``. The logits are cosines: of normalised features and
    normalised class vectors. The paper gets its gain together with class weights in the last part
    of training (deferred re-weighting): set ``weight`` then.

    How far the cosines spread depends on how long a network was trained, so of all losses here its
    probabilities are the hardest to calibrate over folds.

    Parameters
    ----------
    counts
        Training rows of each class ``(n_classes,)``, each at least 1.
    max_margin
        Margin of the rarest class, at least 0.
    scale
        ``s``, above 0: cosines times ``s`` are logits.
    weight
        Class weights ``(n_classes,)``, used as given. None: all 1.
    **options
        As for :class:`evenkeel.nn.ClassWeightedLoss`.

    Raises
    ------
    InvalidInput, InvalidType
        Counts below 1, ``max_margin`` or ``scale`` out of range.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga and Ma 2019, "Learning imbalanced datasets with
    label-distribution-aware margin loss", NeurIPS, equations 12 and 13.
    doi:10.48550/arXiv.1906.07413

    Examples
    --------
    >>> LDAMLoss([1600, 100]).margin
    tensor([0.2500, 0.5000])
    """

    margin: Tensor
    weight: Tensor | None

    def __init__(
        self,
        counts: Any,
        max_margin: float = 0.5,
        *,
        scale: float = 30.0,
        weight: Any = None,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        check_number(max_margin, "max_margin", "LDAMLoss", low=0.0)
        check_number(scale, "scale", "LDAMLoss", low=0.0, open_low=True)
        rows = as_counts(counts, "LDAMLoss")
        self.scale = float(scale)
        self._hold("margin", np.asarray(max_margin * (rows.min() / rows) ** 0.25))
        self._hold("weight", given_weights(weight, "weight", "LDAMLoss"))

    def _recipe(self) -> Recipe:
        return Recipe(scale=self.scale, margin=self.margin, weight=self.weight)

    def extra_repr(self) -> str:
        """Scale and how logits are read, for ``print``."""
        return f"scale={self.scale:g}, {super().extra_repr()}"


def ldam_loss(
    logits: Any,
    target: Tensor,
    *,
    margin: Tensor,
    scale: float = 30.0,
    weight: Tensor | None = None,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`LDAMLoss`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    margin
        Margin of each class ``(n_classes,)``.
    scale, weight, **options
        As for :class:`LDAMLoss`.

    Examples
    --------
    >>> import torch
    >>> cosines, label = torch.zeros(1, 2), torch.tensor([1])
    >>> ldam_loss(cosines, label, margin=torch.tensor([0.1, 0.5]), scale=2.0)  # log(1 + e)
    tensor(1.3133)
    """
    check_number(scale, "scale", "ldam_loss", low=0.0, open_low=True)
    owner = "ldam_loss"
    if weight is not None:
        weight = as_vector_of(weight, "weight", owner)
    recipe = Recipe(scale=float(scale), weight=weight, margin=as_vector_of(margin, "margin", owner))
    return softmax_call(logits, target, recipe, num_items_in_batch, options, owner)
