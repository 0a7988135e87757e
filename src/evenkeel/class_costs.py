"""Several classes, each weighed by what errors on its rows cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenkeel.reweight import class_cost_weights
from evenkeel.wrappers import Weighted


class ClassCostWeighted(Weighted):
    """A classifier fitted with class weights from the costs of each class's errors.

    ``w_c`` is proportional to ``sum_j cost[c, j]`` over the wrong decisions ``j``, with training
    mean 1: for several classes what :class:`evenkeel.wrappers.CostWeighted` is for two.

    Parameters
    ----------
    estimator
        Classifier whose ``fit`` takes ``sample_weight``.
    class_costs
        ``(n_classes,)``: the sum of the costs of all errors on a row of each class, by class code.

    Attributes
    ----------
    estimator_
        The fitted classifier.

    References
    ----------
    Ting 2002, "An instance-weighting method to induce cost-sensitive trees", IEEE TKDE 14(3),
    section 2. doi:10.1109/TKDE.2002.1000348
    """

    def __init__(self, estimator: Any, *, class_costs: Any) -> None:
        self.estimator = estimator
        self.class_costs = class_costs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> ClassCostWeighted:
        """Weigh each row by the costs of its class's errors, times ``sample_weight`` when given."""
        weight = class_cost_weights(y, self.class_costs)
        if sample_weight is not None:
            weight = weight * np.asarray(sample_weight)
        self._fit(X, y, weight, **columns)
        return self
