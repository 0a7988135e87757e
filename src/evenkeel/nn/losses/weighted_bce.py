"""Binary cross-entropy in which positive labels count more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number
from evenkeel.nn.losses.counts import (
    as_number,
    as_pairs,
    as_vector_of,
    given_weights,
    one_source,
    side_weights,
)
from evenkeel.nn.losses.sigmoid import SigmoidLoss, sigmoid_call
from evenkeel.nn.losses.terms import FocalTerms

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evenkeel.nn.losses.base import ReadingOptions


class WeightedBCE(SigmoidLoss):
    """Binary cross-entropy with a weight for positive cells, for one label or several.

    ``-pos_weight y log(p) - (1 - y) log(1 - p)``, ``p`` the sigmoid of the logit. From ``counts``,
    ``pos_weight`` is ``negatives / positives`` of each label, at most ``cap``, and both sides are
    scaled so that the training cells of each label weigh 1 on average.

    Parameters
    ----------
    counts
        Negative and positive cells in training, each at least 1: ``(2,)``, or ``(n_labels, 2)``.
    pos_weight
        In place of ``counts``: a number above 0 (or ``(1,)``, torch's usual form), or one for each
        label ``(n_labels,)``; used as given, negative cells weigh 1. Neither: all 1.
    cap
        The largest ``pos_weight`` from counts, above 0: a label with five positives would else
        shout down all others.
    **options
        ``class_dim=-1``: axis of the labels in the logits. ``ignore_index=-100``: label of cells
        that do not count. ``label_smoothing=0.0``: half of it is taken from each label, in [0, 1);
        the smoothed loss is weighed by the true label. ``reduction="mean"`` (over the cells that
        count), ``"sum"`` or ``"none"``.

    Raises
    ------
    InvalidInput, InvalidType
        Counts below 1, weights out of range, or both given.

    References
    ----------
    King and Zeng 2001, "Logistic regression in rare events data", Political Analysis 9(2),
    section 3.2. doi:10.1093/oxfordjournals.pan.a004868

    Examples
    --------
    >>> import torch
    >>> loss = WeightedBCE(pos_weight=3.0, reduction="none")
    >>> loss(torch.zeros(2), torch.tensor([1, 0]))
    tensor([2.0794, 0.6931])
    >>> loss = WeightedBCE(counts=[[90, 10], [9999, 1]], cap=100.0)
    >>> loss.up / loss.down
    tensor([  9., 100.])
    """

    def __init__(
        self,
        counts: Any = None,
        pos_weight: Any = None,
        *,
        cap: float = 100.0,
        **options: Unpack[ReadingOptions],
    ) -> None:
        super().__init__(**options)
        one_source("WeightedBCE", counts=counts, pos_weight=pos_weight)
        check_number(cap, "cap", "WeightedBCE", low=0.0, open_low=True)
        pos_weight = as_number(pos_weight, wait=True)
        if isinstance(pos_weight, int | float):
            check_number(pos_weight, "pos_weight", "WeightedBCE", low=0.0, open_low=True)
            self._weigh(float(pos_weight), 1.0)
        elif pos_weight is not None:
            self._weigh(given_weights(pos_weight, "pos_weight", "WeightedBCE"), 1.0)
        elif counts is not None:
            self._weight_is = "counts"
            pairs = as_pairs(counts, "WeightedBCE")
            self._weigh(*side_weights(pairs, np.minimum(pairs[..., 0] / pairs[..., 1], cap)))

    def _terms(self) -> FocalTerms:
        return FocalTerms(0.0)


def weighted_bce(
    logits: Any,
    target: Tensor,
    *,
    pos_weight: Tensor | float = 1.0,
    num_items_in_batch: Tensor | float | None = None,
    **options: Unpack[ReadingOptions],
) -> Tensor:
    """Functional form of :class:`WeightedBCE`.

    Parameters
    ----------
    logits, target, num_items_in_batch
        As :meth:`evenkeel.nn.losses.base.Loss.forward` takes them.
    pos_weight
        Weight of positive cells: a number, or one for each label ``(n_labels,)``.
    **options
        As for :class:`WeightedBCE`.

    Examples
    --------
    >>> import torch
    >>> weighted_bce(torch.zeros(2), torch.tensor([1, 0]), pos_weight=3.0)
    tensor(1.3863)
    """
    owner, up = "weighted_bce", as_number(pos_weight)
    if isinstance(up, int | float):
        check_number(up, "pos_weight", owner, low=0.0, open_low=True)
    else:
        up = as_vector_of(up, "pos_weight", owner)
    return sigmoid_call(
        logits, target, FocalTerms(0.0), num_items_in_batch, options, owner, sides=(up, 1.0)
    )
