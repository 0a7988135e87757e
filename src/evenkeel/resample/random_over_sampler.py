"""Random over-sampling, and the smoothed bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number, listed
from evenkeel._numbers import numbers_of
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.plan import Jittered
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.spread import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers
    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class RandomOverSampler(RowMaker):
    """Repeat rows of smaller classes at random, exactly or with a little noise.

    Without ``shrinkage`` it decides from ``y`` alone, so ``X`` may hold anything. With it (ROSE, the
    smoothed bootstrap) each copy is moved by Gaussian noise of standard deviation
    ``shrinkage * (4 / ((d + 2) n))^(1 / (d + 4)) * s_j`` in column ``j``, where ``n`` rows have ``d``
    columns and ``s_j`` is the standard deviation of the column within the class.

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
    shrinkage
        None for exact copies; a number of at least 0, or one for each class by label.

    Attributes
    ----------
    sampling_strategy_
        Rows added to each class.
    sample_indices_
        Row of ``X`` that each output row is, or is a copy of, ``(n_out,)``.
    shrinkage_
        Shrinkage of each class by label, or None.

    References
    ----------
    Menardi and Torelli 2014, "Training and assessing classification rules with imbalanced data",
    Data Mining and Knowledge Discovery 28. doi:10.1007/s10618-012-0295-5

    Examples
    --------
    >>> X, y = [["a"], ["b"], ["c"], ["d"]], ["no", "no", "no", "yes"]
    >>> RandomOverSampler(random_state=0).fit_resample(X, y)
    ([['a'], ['b'], ['c'], ['d'], ['d'], ['d']], ['no', 'no', 'no', 'yes', 'yes', 'yes'])
    """

    _points_at_rows = True

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        shrinkage: float | Mapping[Any, float] | None = None,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.shrinkage = shrinkage

    def _check_parameters(self) -> None:
        hint = "The shrinkage factor needs to be >= 0; it scales the noise of the copies."
        factors = self.shrinkage if isinstance(self.shrinkage, Mapping) else {None: self.shrinkage}
        for factor in factors.values():
            if self.shrinkage is not None:
                check_number(factor, "shrinkage", "RandomOverSampler", low=0, hint=hint)

    def _measures(self) -> bool:
        return self.shrinkage is not None

    def _numbers(self, X: Any) -> Numbers:
        numbers = numbers_of(X)
        wrong = [*numbers.odd, *numbers.not_finite()]
        if wrong:
            raise DoesNotApply(
                "When shrinkage is not None, X needs to contain only numerical data without gaps: "
                f"RandomOverSampler moves the copies by noise. Got NaN, inf or words in: {listed(wrong)}. "
                "Set shrinkage to None, or encode and impute first."
            )
        return numbers

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        self.shrinkage_ = self._shrinkage_of(task)
        for code, count in task.wanted.items():
            rows = task.rows_of[code]
            drawn = task.random.choice(rows, size=count, replace=True)
            if self.shrinkage_ is None:
                yield drawn
                continue
            assert task.numbers is not None
            seed = int(task.random.randint(np.iinfo(np.int32).max))
            scale = self.shrinkage_[task.classes[code]] * spread(task.numbers.read(rows))
            factor = (4 / ((scale.size + 2) * task.n_rows)) ** (1 / (scale.size + 4))
            group = np.zeros(count, np.int8)
            yield Jittered(drawn, seed, (factor * scale)[None, :], group)

    def _shrinkage_of(self, task: Task) -> dict[Any, float] | None:
        if self.shrinkage is None:
            return None
        labels = [task.classes[code] for code in task.wanted]
        if not isinstance(self.shrinkage, Mapping):
            return dict.fromkeys(labels, self.shrinkage)
        absent = [label for label in labels if label not in self.shrinkage]
        if absent:
            raise InvalidInput(
                "`shrinkage` should contain a shrinkage factor for each class that RandomOverSampler "
                f"adds to. Got none for {listed(map(repr, absent))}."
            )
        return dict(self.shrinkage)
