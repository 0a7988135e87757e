"""What errors on each class cost, as remedies that weigh costs are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide import Policy


def cost_numbers(
    policy: Policy, y: NDArray[np.int64], columns: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What errors on each class cost, for weights: the row sum of the cost matrix off its diagonal.

    A column counts with its mean by class: weights by row would tilt each row's odds by its own
    costs, and the decision, which weighs the same costs row by row, would count them twice.

    Returns
    -------
    dict
        Two classes: ``cost_fn`` and ``cost_fp``. Several: ``class_costs``, ``(n_classes,)``.
        Empty without costs.

    References
    ----------
    Ting 2002, IEEE TKDE 14(3), doi:10.1109/TKDE.2002.1000348
    """
    if policy.costs is None:
        return {}
    known = {} if columns is None else columns
    sums = tuple(
        sum(
            float(np.asarray(known[cost], dtype=np.float64)[y == true].mean())
            if isinstance(cost, str)
            else float(cost)
            for decided, cost in enumerate(row)
            if decided != true
        )
        for true, row in enumerate(policy.costs.table)
    )
    return {"cost_fn": sums[1], "cost_fp": sums[0]} if len(sums) == 2 else {"class_costs": sums}
