"""What every resampler does: check, encode, count what is wanted, plan, keep types."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import InputTags, Tags, check_random_state
from sklearn.utils.validation import validate_data

from evenkeel._numbers import Numbers, all_numbers
from evenkeel._rows import n_rows
from evenkeel.distribution import encode, wanted
from evenkeel.errors import InvalidInput
from evenkeel.plan import Made, Plan, id_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Task:
    """What a resampler's hook is given.

    Parameters
    ----------
    X
        The table as the caller gave it, ``(n_rows, n_columns)``.
    codes
        Class of each row, ``(n_rows,)``, from 0 in the sorted order of the labels.
    classes
        Labels by code.
    wanted
        Code to rows: to keep (under-samplers) or to make (over-samplers). Classes that are left
        alone are absent.
    random
        The one generator of this call.
    numbers
        The columns as numbers; None for a method that takes no distances.
    """

    X: Any
    codes: Ints
    classes: tuple[Any, ...]
    wanted: dict[int, int]
    random: np.random.RandomState
    numbers: Numbers | None = None

    @property
    def n_rows(self) -> int:
        """Rows in the table."""
        return len(self.codes)

    @cached_property
    def rows_of(self) -> list[Ints]:
        """Row numbers of each class, sorted, by code."""
        codes = self.codes.astype(np.int16) if len(self.classes) < 1 << 15 else self.codes
        order = np.argsort(codes, kind="stable")  # a radix sort for 16 bits
        return np.split(order, np.cumsum(np.bincount(self.codes))[:-1])


@dataclass
class TableTags(InputTags):  # type: ignore[misc]
    """Input tags of scikit-learn, and whether frames are taken; imbalanced-learn's checks read it."""

    dataframe: bool = True


@dataclass
class SamplerTags:
    """Whether ``sample_indices_`` tells the row of each output row; as in imbalanced-learn."""

    sample_indices: bool = False


@dataclass
class ResamplerTags(Tags):  # type: ignore[misc]
    """Tags of scikit-learn, and those of a resampler."""

    sampler_tags: SamplerTags = field(default_factory=SamplerTags)


class Resampler(OneToOneFeatureMixin, BaseEstimator):  # type: ignore[misc]
    """A method that changes which rows a learner is fitted on.

    Members inherit from :class:`RowSelector` or :class:`RowMaker` and write one hook.
    """

    sampling_strategy: Any
    _kind: ClassVar[Literal["over", "under", "clean"]]
    _points_at_rows: ClassVar[bool] = False  # every output row is a row of X: sample_indices_

    def fit(self, X: Any, y: Any) -> Resampler:
        """Check the input and find how many rows are wanted; ``fit_resample`` does all of it.

        Parameters
        ----------
        X, y
            As for :meth:`fit_resample`.
        """
        self._task(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Resample a table.

        Parameters
        ----------
        X
            ``(n_rows, n_columns)``: an array, a list of rows, a sparse matrix, or a frame of
            pandas, polars or pyarrow.
        y
            Labels ``(n_rows,)`` of any kind, or one-hot rows ``(n_rows, n_classes)``.

        Returns
        -------
        X, y
            Resampled, each of the kind it came in.

        Raises
        ------
        InvalidInput
            A table or target that cannot be resampled, or a ``sampling_strategy`` that does not fit
            it. DoesNotApply, where a distance is taken: columns that are no finite numbers.
        InvalidType
            Something that is no table, or no target.
        """
        X, y = _array(X), _array(y)
        plan = self.plan(X, y)
        X_new, y_new = plan.apply(X, y)
        return X_new, y_new

    def plan(self, X: Any, y: Any) -> Plan:
        """Decide which rows stay, and which are made from which parents, without making any.

        Parameters
        ----------
        X, y
            As for :meth:`fit_resample`.

        Returns
        -------
        Plan
            ``plan.apply(X, y)`` is what :meth:`fit_resample` returns.
        """
        plan = self._decide(self._task(_array(X), _array(y)))
        if self._points_at_rows:
            self.sample_indices_ = plan.origin().astype(np.intp)
        return plan

    @abstractmethod
    def _decide(self, task: Task) -> Plan:
        """Plan for a checked task."""

    def _check_parameters(self) -> None:
        """Raise for parameters outside their range; members extend it."""

    def _measures(self) -> bool:
        """Whether the method takes distances, and so needs finite numbers."""
        return False

    def _numbers(self, X: Any) -> Numbers:
        """The columns as numbers, for a method that measures."""
        return all_numbers(X, type(self).__name__)

    def _task(self, X: Any, y: Any) -> Task:
        owner = type(self).__name__
        self._check_parameters()
        if y is None:
            raise InvalidInput(f"{owner} requires y to be passed, but the target y is None.")
        _check_table(X, owner)
        validate_data(self, X, skip_check_array=True)  # n_features_in_, feature_names_in_
        numbers = self._numbers(X) if self._measures() else None
        classes, codes = encode(y)
        if len(codes) != n_rows(X):
            raise InvalidInput(
                f"y of {owner} must have one label for each of {n_rows(X):,} rows. Got {len(codes):,}."
            )
        counts = dict(zip(classes, np.bincount(codes).tolist(), strict=True))
        self.sampling_strategy_ = wanted(self.sampling_strategy, counts, kind=self._kind, y=y)
        code_of = {label: code for code, label in enumerate(classes)}
        asked = {code_of[label]: count for label, count in self.sampling_strategy_.items()}
        random = check_random_state(getattr(self, "random_state", None))
        return Task(X, codes, classes, asked, random, numbers)

    @property
    def _sampling_type(self) -> str:
        """What the ensembles of imbalanced-learn ask a resampler for."""
        return f"{self._kind}-sampling"

    def __sklearn_tags__(self) -> Any:
        plain = super().__sklearn_tags__()
        tags = ResamplerTags(**{part.name: getattr(plain, part.name) for part in fields(plain)})
        tags.sampler_tags = SamplerTags(self._points_at_rows)
        tags.input_tags = TableTags(**asdict(plain.input_tags))
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = not self._measures()
        tags.input_tags.string = not self._measures()
        return tags


class RowSelector(Resampler):
    """A resampler that only chooses rows. A member writes :meth:`_keep`."""

    _kind: ClassVar[Literal["over", "under", "clean"]] = "under"
    _points_at_rows = True

    @abstractmethod
    def _keep(self, task: Task) -> Ints:
        """Row numbers to keep, in output order."""

    def _decide(self, task: Task) -> Plan:
        return Plan(task.n_rows, np.asarray(self._keep(task)).astype(id_type(task.n_rows)))


class RowMaker(Resampler):
    """A resampler that keeps every row and adds to them. A member writes :meth:`_make`."""

    _kind = "over"

    @abstractmethod
    def _make(self, task: Task) -> Iterator[Made | Ints]:
        """What to add, in output order: blocks of made rows, or numbers of rows to repeat."""

    def _decide(self, task: Task) -> Plan:
        parts = list(self._make(task))
        blocks = [part for part in parts if isinstance(part, Made)]
        small = id_type(task.n_rows + sum(len(block.parents) for block in blocks))
        rows, start = [np.arange(task.n_rows, dtype=small)], task.n_rows
        for part in parts:
            if isinstance(part, Made):
                rows.append(np.arange(start, start + len(part.parents), dtype=small))
                start += len(part.parents)
            else:
                rows.append(part.astype(small))
        made = tuple(block.moved(lambda ids: ids.astype(small)) for block in blocks)
        return Plan(task.n_rows, np.concatenate(rows), made)


def _array(given: Any) -> Any:
    """What can only turn itself into an array, as one; everything else as it is."""
    return (
        np.asarray(given) if hasattr(given, "__array__") and not hasattr(given, "shape") else given
    )


def _check_table(X: Any, owner: str) -> None:
    shape = getattr(X, "shape", None)
    if shape is None:
        shape = np.shape(X[:1]) if isinstance(X, (list, tuple)) else (n_rows(X),)
        shape = (n_rows(X), *shape[1:])
    if len(shape) < 2:
        raise InvalidInput(
            f"X of {owner} must be two-dimensional: rows and columns. Got shape {shape}. Reshape your "
            "data with X.reshape(-1, 1) if it is one column, X.reshape(1, -1) if it is one row."
        )
    if 0 in shape[:2]:
        what = "sample" if shape[0] == 0 else "feature"
        raise InvalidInput(
            f"X of {owner} must have rows and columns. Got 0 {what}(s) (shape={tuple(shape)}) while a "
            "minimum of 1 is required."
        )
    if getattr(getattr(X, "dtype", None), "kind", "") == "c":
        raise InvalidInput(f"X of {owner} must hold real values. Complex data not supported.")
