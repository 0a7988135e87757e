"""What every resampler does: check, encode, count what is wanted, plan, keep types."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils.validation import validate_data

from evenkeel._numbers import Numbers, all_numbers
from evenkeel._rows import n_rows
from evenkeel.chance import generator_of
from evenkeel.distribution import encode, wanted
from evenkeel.errors import InvalidInput
from evenkeel.plan import Made, Plan, id_type
from evenkeel.resample.checks import as_rows, check_table, row_numbers
from evenkeel.resample.tags import ResamplerTags, SamplerTags, TableTags

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
        X, y = as_rows(X), as_rows(y)
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
        plan = self._decide(self._task(as_rows(X), as_rows(y)))
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
        return all_numbers(X, type(self).__name__, makes=self._kind == "over")

    def _task(self, X: Any, y: Any) -> Task:
        owner = type(self).__name__
        self._check_parameters()
        if y is None:
            raise InvalidInput(f"{owner} requires y to be passed, but the target y is None.")
        check_table(X, owner)
        validate_data(self, X, skip_check_array=True)  # n_features_in_, feature_names_in_
        numbers = self._numbers(X) if self._measures() else None
        classes, codes = encode(y)
        if len(codes) != n_rows(X):
            raise InvalidInput(
                f"y of {owner} must have one label for each of {n_rows(X):,} rows. Got {len(codes):,}."
            )
        counts = dict(zip(classes, np.bincount(codes).tolist(), strict=True))
        self.sampling_strategy_ = wanted(
            self.sampling_strategy, counts, kind=self._kind, y=y, owner=owner
        )
        code_of = {label: code for code, label in enumerate(classes)}
        asked = {code_of[label]: count for label, count in self.sampling_strategy_.items()}
        random = generator_of(getattr(self, "random_state", None), owner)
        return Task(X, codes, classes, asked, random, numbers)

    @property
    def _sampling_type(self) -> str:
        """What the ensembles of imbalanced-learn ask a resampler for."""
        return f"{self._kind}-sampling"

    def __sklearn_tags__(self) -> Any:
        plain = super().__sklearn_tags__()
        tags = ResamplerTags(**{part.name: getattr(plain, part.name) for part in fields(plain)})
        tags.sampler_tags = SamplerTags(self._points_at_rows)
        known = plain.input_tags
        tags.input_tags = TableTags(
            **{part.name: getattr(known, part.name) for part in fields(known)}
        )
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = not self._measures()
        tags.input_tags.string = not self._measures()
        return tags


class RowSelector(Resampler):
    """A resampler that only chooses rows: derive from it, and write :meth:`_keep`.

    ``_keep(task)`` gets a :class:`Task` and returns the row numbers to keep, whole numbers
    ``(n_out,)`` from 0 to ``task.n_rows - 1`` in output order, repeats allowed; of a mask, give
    ``np.flatnonzero(mask)``. Checks, kinds of tables, ``plan`` and ``sample_indices_`` are there
    already.

    ``__init__`` only stores its parameters, each under its own name, and one of them must be
    ``sampling_strategy``: what it asks for is in ``task.wanted``. With a parameter ``random_state``,
    ``task.random`` is the generator made from it. A class attribute ``_kind`` of ``"clean"`` says
    that the method, not the caller, decides how many rows go; ``task.wanted`` then holds the classes
    to clean. ``_check_parameters(self)`` raises for parameters out of range; a method that takes
    distances has ``_measures(self)`` return True, and finds its columns in ``task.numbers``.

    Examples
    --------
    >>> class DropFar(RowSelector):
    ...     _kind = "clean"
    ...
    ...     def __init__(self, *, sampling_strategy="auto", limit=3.0):
    ...         self.sampling_strategy = sampling_strategy
    ...         self.limit = limit
    ...
    ...     def _measures(self):
    ...         return True
    ...
    ...     def _keep(self, task):
    ...         values = task.numbers.every(task.n_rows)
    ...         near = (np.abs(values) <= self.limit).all(axis=1)
    ...         return np.flatnonzero(near | ~np.isin(task.codes, list(task.wanted)))
    >>> DropFar().fit_resample([[1.0], [7.0], [2.0], [9.0]], ["no", "no", "no", "yes"])
    ([[1.0], [2.0], [9.0]], ['no', 'no', 'yes'])
    """

    _kind: ClassVar[Literal["over", "under", "clean"]] = "under"
    _points_at_rows = True

    @abstractmethod
    def _keep(self, task: Task) -> Ints:
        """Row numbers to keep, ``(n_out,)``, in output order."""

    def _decide(self, task: Task) -> Plan:
        kept = row_numbers(self._keep(task), task.n_rows, f"_keep of {type(self).__name__}")
        return Plan(task.n_rows, kept.astype(id_type(task.n_rows)))


class RowMaker(Resampler):
    """A resampler that keeps every row and adds to them: derive from it, and write :meth:`_make`.

    ``_make(task)`` gets a :class:`Task` and yields what to add, in output order: blocks of made rows
    (:class:`evenkeel.plan.Between` for rows on lines between two rows, ``Jittered`` for copies with
    noise, ``Given`` for known values, ``Elected`` for voted categories), or row numbers ``(n,)`` of
    rows to repeat. ``task.wanted`` says how many rows each class, by code, is to gain.

    Parameters are stored as for :class:`RowSelector`.

    Examples
    --------
    >>> from evenkeel.plan import Between
    >>> class Midpoints(RowMaker):
    ...     def __init__(self, *, sampling_strategy="auto", random_state=None):
    ...         self.sampling_strategy = sampling_strategy
    ...         self.random_state = random_state
    ...
    ...     def _measures(self):
    ...         return True
    ...
    ...     def _make(self, task):
    ...         for code, count in task.wanted.items():
    ...             ends = task.random.choice(task.rows_of[code], size=(2, count))
    ...             yield Between(ends[0], ends[1], np.full(count, 0.5))
    >>> X, y = [[0.0], [1.0], [2.0], [4.0], [6.0]], ["no", "no", "no", "yes", "yes"]
    >>> Midpoints(random_state=0).fit_resample(X, y)[0][5:]
    [[5.0]]
    """

    _kind = "over"

    @abstractmethod
    def _make(self, task: Task) -> Iterator[Made | Ints]:
        """What to add, in output order: blocks of made rows, or numbers of rows to repeat."""

    def _decide(self, task: Task) -> Plan:
        name = f"_make of {type(self).__name__}"
        parts = [
            part if isinstance(part, Made) else row_numbers(part, task.n_rows, name)
            for part in self._make(task)
        ]
        blocks = [part for part in parts if isinstance(part, Made)]
        n_ids = task.n_rows + sum(len(block.parents) for block in blocks)
        small = id_type(n_ids)
        rows, start = [np.arange(task.n_rows, dtype=small)], task.n_rows
        for part in parts:
            if isinstance(part, Made):
                rows.append(np.arange(start, start + len(part.parents), dtype=small))
                start += len(part.parents)
            else:
                rows.append(part.astype(small))
        made = tuple(
            block.moved(lambda ids: row_numbers(ids, n_ids, name).astype(small)) for block in blocks
        )
        return Plan(task.n_rows, np.concatenate(rows), made)
