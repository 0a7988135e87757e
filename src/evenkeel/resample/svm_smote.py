"""SVM-SMOTE: over-sampling from the support vectors of a small class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from evenkeel._checks import check_number
from evenkeel.errors import InvalidType
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.interpolate import (
    check_neighbors,
    engine_for,
    nearest,
    within_class,
)
from evenkeel.resample.offer import NothingOffered, check_reach
from evenkeel.resample.support_vectors import fitted_svc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class SVMSMOTE(RowMaker):
    """Make rows as SMOTE does, but only from support vectors, inwards or outwards.

    A support vector machine is fitted on the table. Of ``m`` nearest rows of a support vector ``x``
    of a small class, ``m'`` are of other classes. With ``m' = m`` it is noise and left out. With
    ``m / 2 <= m' < m`` it is in danger: rows are made between it and one of its ``k`` nearest rows of
    the class. Otherwise it is safe: rows are made away from that neighbour,
    ``x - out_step u (x_neighbour - x)``, which widens the class. ``u`` is uniform in [0, 1). The share
    of rows made inwards is drawn from Beta(10, 10).

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
        Neighbours that tell noise, danger and safety apart, at least 1; or such an object.
    svm_estimator
        Classifier with ``support_`` after ``fit``; None for ``SVC(gamma="scale")``.
    out_step
        Longest step outwards, from 0 to 1.
    strict
        Raise when there are too few rows for ``k_neighbors`` or ``m_neighbors``. By default the
        number shrinks to what there is, with a warning; a class of one row is repeated.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.
    svm_estimator_
        The fitted classifier; its ``support_`` are rows of ``X``.
    nn_k_, nn_m_
        Copies of the objects that found the neighbours; for numbers, the (unfitted) ones they stand
        for.

    Raises
    ------
    DoesNotApply
        All support vectors of a class are noise.

    References
    ----------
    Nguyen, Cooper and Kamei 2011, "Borderline over-sampling for imbalanced data classification",
    International Journal of Knowledge Engineering and Soft Data Paradigms 3.
    doi:10.1504/IJKESDP.2011.039875

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [8.0], [9.0], [10.0]])
    >>> y = ["many"] * 5 + ["few"] * 3
    >>> sampler = SVMSMOTE(k_neighbors=1, m_neighbors=2, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> len(X_new), y_new.count("few")
    (10, 5)
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        m_neighbors: Any = 10,
        svm_estimator: Any = None,
        out_step: float = 0.5,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.svm_estimator = svm_estimator
        self.out_step = out_step
        self.strict = strict

    def _check_parameters(self) -> None:
        check_neighbors(self, "k_neighbors")
        check_neighbors(self, "m_neighbors")
        check_number(self.out_step, "out_step", "SVMSMOTE", low=0, high=1)
        if self.svm_estimator is not None and not hasattr(self.svm_estimator, "fit"):
            raise InvalidType(
                "svm_estimator of SVMSMOTE must be a classifier with support_ after fit, or None. "
                f"Got {self.svm_estimator!r}."
            )

    def _measures(self) -> bool:
        return True

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        self.nn_k_, self.nn_m_ = engine_for(self.k_neighbors), engine_for(self.m_neighbors)
        if not any(task.wanted.values()):
            return
        for code, (danger, safe) in self._sides(task).items():
            count = task.wanted[code]
            inwards = int(task.random.beta(10, 10) * (count + 1))
            if danger.size == 0 or safe.size == 0:  # all rows that were asked for are made there
                inwards = count if safe.size == 0 else 0
            if inwards:
                yield within_class(self, task, code, danger, inwards)
            if inwards < count:
                yield within_class(self, task, code, safe, count - inwards, reach=-self.out_step)

    def _sides(self, task: Task) -> dict[int, tuple[Ints, Ints]]:
        """Support vectors in danger, and safe ones, of each class that is to grow."""
        assert task.numbers is not None
        points = task.numbers.every(task.n_rows)
        codes = [code for code, count in task.wanted.items() if count]
        support = self._support(task, points)
        asked = support[np.isin(task.codes[support], codes)]
        graph = nearest(self, "m_neighbors", self.nn_m_, points, asked)
        own, k = task.codes[asked], graph.shape[1]
        other = np.count_nonzero(task.codes[graph] != own[:, None], axis=1)
        sides = {}
        for code in codes:
            here = (own == code) & (other < k)  # the rest is noise
            if not here.any():
                raise NothingOffered(
                    f"All support vectors of class {task.classes[code]!r} are considered as noise: "
                    "they have neighbours of other classes only. SVM-SMOTE is not adapted to your "
                    "dataset. Use SMOTE, or a larger m_neighbors."
                )
            sides[code] = asked[here & (2 * other >= k)], asked[here & (2 * other < k)]
        return sides

    def _support(self, task: Task, points: Any) -> Ints:
        check_reach(points, "SVMSMOTE")
        labels = np.asarray(task.classes)[task.codes]
        if self.svm_estimator is None:
            self.svm_estimator_ = fitted_svc(points, labels, self.random_state)
        else:
            self.svm_estimator_ = clone(self.svm_estimator).fit(points, labels)
        if not hasattr(self.svm_estimator_, "support_"):
            raise NothingOffered(
                "`svm_estimator` is required to exposed a `support_` fitted attribute: SVMSMOTE "
                f"starts from support vectors. {type(self.svm_estimator).__name__} has none. Use SVC."
            )
        return np.asarray(self.svm_estimator_.support_)
