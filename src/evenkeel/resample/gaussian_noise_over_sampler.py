"""Over-sampling with Gaussian noise: the simplest augmentation of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number, listed
from evenkeel._numbers import numbers_of
from evenkeel._rows import is_sparse
from evenkeel.errors import DoesNotApply
from evenkeel.plan import Jittered
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.spread import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers
    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


class GaussianNoiseOverSampler(RowMaker):
    """Repeat random rows of smaller classes, each number moved by a little Gaussian noise.

    ``x_new = x + noise s_j N(0, 1)`` in column ``j``, where ``s_j`` is the standard deviation of the
    column within the class. Columns of whole numbers move by whole numbers, the nearest to it. What
    is no number (words, dates, gaps) is copied.

    Parameters
    ----------
    sampling_strategy
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
        ``0.1`` (two classes) raises the smaller class to a tenth of the larger one; ``Ratio(0.1)``
        does the same for any number of classes.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    noise
        Standard deviation of the noise as a share of the column's, at least 0.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.
    sample_indices_
        Row of ``X`` that each output row is, or was made from, ``(n_out,)``.

    Raises
    ------
    DoesNotApply
        No column holds numbers.

    References
    ----------
    Lee 2000, "Noisy replication in skewed binary classification", Computational Statistics & Data
    Analysis 34. doi:10.1016/S0167-9473(99)00095-X

    Examples
    --------
    >>> X = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [9.0, 5.0]])
    >>> sampler = GaussianNoiseOverSampler(sampling_strategy={0: 6}, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, [0, 0, 0, 0, 1])
    >>> bool((np.abs(X_new[5:, 0] - X[sampler.sample_indices_[5:], 0]) < 0.6).all())
    True
    >>> X_new[5:, 1].tolist()  # a column without spread stays as it is
    [5.0, 5.0]
    """

    _points_at_rows = True

    def __init__(
        self, *, sampling_strategy: Any = "auto", random_state: Any = None, noise: float = 0.1
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.noise = noise

    def _check_parameters(self) -> None:
        check_number(self.noise, "noise", "GaussianNoiseOverSampler", low=0)

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        numbers = numbers_of(task.X)
        if len(numbers.odd) >= self.n_features_in_:
            raise DoesNotApply(
                "X of GaussianNoiseOverSampler must have a column of numbers to move. Got none among: "
                f"{listed(numbers.odd)}. Use random over-sampling, which takes any column."
            )
        whole = _whole(numbers)
        for code, count in task.wanted.items():
            rows = task.rows_of[code]
            drawn = task.random.choice(rows, size=count, replace=True)
            seed = int(task.random.randint(np.iinfo(np.int32).max))
            deviation = self.noise * spread(numbers.read(rows))[None, :]
            group = np.zeros(count, np.int8)
            if whole.any():
                yield JitteredWhole(drawn, seed, deviation, group, whole)
            else:
                yield Jittered(drawn, seed, deviation, group)


@dataclass(frozen=True, eq=False)
class JitteredWhole(Jittered):
    """As :class:`Jittered`, with steps of one in columns that hold whole numbers or truth values.

    Parameters
    ----------
    whole
        Whether each column is such, ``(n_numeric,)``.
    """

    whole: NDArray[np.bool_]

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Copy, shake, and round: cut to whole numbers later, a 1 would often become a 0."""
        made = super().make(get, at)
        if not isinstance(made, np.ndarray):
            return made.rint()  # all columns of a sparse matrix are of one type
        flat = made.reshape(len(made), -1)
        return np.where(self.whole, np.rint(flat), flat).reshape(made.shape)


def _whole(numbers: Numbers) -> NDArray[np.bool_]:
    """Whether each numeric column can hold no fraction, ``(n_numeric,)``."""
    sample = numbers.read(np.zeros(1, np.intp))
    halves = np.full(sample.shape, 0.5)
    kept = numbers.settle(type(sample)(halves) if is_sparse(sample) else halves)
    return np.asarray((kept.toarray() if is_sparse(kept) else kept) != 0.5).ravel()
