"""Random under-sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.resample.base import RowSelector, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RandomUnderSampler(RowSelector):
    """Drop rows of larger classes at random.

    Decides from ``y`` alone, so ``X`` may hold anything: text, dates, categories, gaps.

    Parameters
    ----------
    sampling_strategy
        What each class is cut to: ``"auto"``, all but the smallest to the size of the smallest; a
        dict, final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
        ``0.1`` (two classes) leaves ten rows of the larger class for each row of the smaller one;
        ``Ratio(0.1)`` does the same for any number of classes.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    replacement
        Draw with replacement.

    Attributes
    ----------
    sampling_strategy_
        Rows kept of each class that is cut.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, in drawing order.

    References
    ----------
    Drummond and Holte 2003, "C4.5, class imbalance, and cost sensitivity: why under-sampling beats
    over-sampling", ICML workshop on learning from imbalanced data sets.

    Examples
    --------
    >>> X, y = [["a"], ["b"], ["c"], ["d"]], ["no", "no", "no", "yes"]
    >>> RandomUnderSampler(random_state=0).fit_resample(X, y)
    ([['c'], ['d']], ['no', 'yes'])
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        replacement: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.replacement = replacement

    def _keep(self, task: Task) -> NDArray[np.integer[Any]]:
        kept = []
        for code, rows in enumerate(task.rows_of):
            if code in task.wanted:
                drawn = task.random.choice(
                    rows.size, size=task.wanted[code], replace=self.replacement
                )
                kept.append(rows[drawn])
            else:
                kept.append(rows)
        return np.concatenate(kept)
