"""Borderline-SMOTE: over-sampling where classes meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice
from evenkeel.plan import Between
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.interpolate import (
    between,
    check_neighbors,
    engine_for,
    nearest,
    within_class,
)
from evenkeel.resample.offer import neighbors_offered, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class BorderlineSMOTE(RowMaker):
    """Make rows as SMOTE does, but only from rows of a small class that are in danger.

    A row is in danger when ``m / 2 <= m' < m`` of its ``m`` nearest rows in the whole table are of
    other classes; with ``m' = m`` it is taken for noise, below ``m / 2`` for safe. The partner of a
    row in danger is one of its ``k`` nearest rows of the class (``"borderline-1"``) or of the whole
    table (``"borderline-2"``); towards a row of another class the step, uniform in [0, 1), is
    multiplied by a number uniform in [0, 0.5), so the new row stays on its own side.

    Parameters
    ----------
    sampling_strategy
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    k_neighbors
        Neighbours to choose the partner from, at least 1; or any object with ``fit`` and
        ``kneighbors``, set to one neighbour more, because each row finds itself.
    m_neighbors
        Neighbours that tell whether a row is in danger, at least 1; or such an object.
    kind
        ``"borderline-1"`` or ``"borderline-2"``.
    strict
        Raise when there are too few rows for ``k_neighbors`` or ``m_neighbors``. By default the
        number shrinks to what there is, with a warning; a class of one row is repeated.

    Attributes
    ----------
    sampling_strategy_
        Rows asked for of each class. A class without rows in danger gets none, with a warning.
    in_danger_indices
        Rows in danger of each class that was added to, by label.
    nn_k_, nn_m_
        Copies of the objects that found the neighbours; for numbers, the (unfitted) ones they stand
        for.

    References
    ----------
    Han, Wang and Mao 2005, "Borderline-SMOTE: a new over-sampling method in imbalanced data sets
    learning", ICIC, section 3. doi:10.1007/11538059_91

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [3.1], [5.0], [6.0]])
    >>> y = ["many"] * 5 + ["few"] * 3
    >>> sampler = BorderlineSMOTE(k_neighbors=1, m_neighbors=2, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> sampler.in_danger_indices  # 3.1 lies among others, 5.0 and 6.0 have 4.0 nearby
    {'few': array([6, 7])}
    >>> bool(((X_new[8:] >= 5) & (X_new[8:] <= 6)).all())
    True
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        m_neighbors: Any = 10,
        kind: str = "borderline-1",
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.kind = kind
        self.strict = strict

    def _check_parameters(self) -> None:
        check_neighbors(self, "k_neighbors")
        check_neighbors(self, "m_neighbors")
        check_choice(self.kind, ("borderline-1", "borderline-2"), "kind", "BorderlineSMOTE")

    def _measures(self) -> bool:
        return True

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        self.nn_k_, self.nn_m_ = engine_for(self.k_neighbors), engine_for(self.m_neighbors)
        self.in_danger_indices = {}
        for code, danger in self._in_danger(task).items():
            label = task.classes[code]
            if danger.size == 0:
                tell(
                    f"No row of class {label!r} is in danger: none has half or more, but not all, of "
                    "its m_neighbors in other classes. BorderlineSMOTE adds nothing to it. Use SMOTE, "
                    "or another m_neighbors."
                )
                continue
            self.in_danger_indices[label] = danger
            if self.kind == "borderline-1":
                yield within_class(self, task, code, danger, task.wanted[code])
            else:
                yield self._across_classes(task, code, danger)

    def _in_danger(self, task: Task) -> dict[int, Ints]:
        """Rows in danger of each class that is to grow."""
        assert task.numbers is not None
        codes = [code for code, count in task.wanted.items() if count]
        if not codes:
            return {}
        points = task.numbers.every(task.n_rows)
        rows = np.concatenate([task.rows_of[code] for code in codes])
        graph = nearest(self, "m_neighbors", self.nn_m_, points, rows)
        other = np.count_nonzero(task.codes[graph] != task.codes[rows, None], axis=1)
        danger = rows[(2 * other >= graph.shape[1]) & (other < graph.shape[1])]
        return {code: danger[task.codes[danger] == code] for code in codes}

    def _across_classes(self, task: Task, code: int, danger: Ints) -> Made:
        if hasattr(self.k_neighbors, "kneighbors"):
            nearest_by = self.nn_k_
        else:
            nearest_by = neighbors_offered(self, "k_neighbors", task.n_rows)
        count, everyone = task.wanted[code], np.arange(task.n_rows)
        block = between(task, danger, everyone, count, nearest_by, owner="BorderlineSMOTE")
        steps, other = block.steps.copy(), task.codes[block.partners] != code
        steps[other] *= task.random.uniform(0.0, 0.5, size=np.count_nonzero(other))
        return Between(block.parents, block.partners, steps)
