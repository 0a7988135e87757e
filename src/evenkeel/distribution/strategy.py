"""How many rows of each class a resampler is asked for: every form of ``sampling_strategy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evenkeel._checks import check_choice, check_number, listed
from evenkeel.distribution.labels import encode
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    Kind = Literal["over", "under", "clean"]
    Counts = dict[Any, int]

NAMED = ("auto", "all", "minority", "not minority", "majority", "not majority")
_WHOSE = {"over": "an over-sampler", "under": "an under-sampler", "clean": "a cleaning method"}


@dataclass(frozen=True)
class Ratio:
    """A ``sampling_strategy`` for any number of classes: smaller to largest class, afterwards.

    An over-sampler raises each class to at least ``value`` times the largest one; an
    under-sampler cuts each class to at most ``1 / value`` times the smallest one. A class that is
    there already is left as it is.

    Parameters
    ----------
    value
        Rows of the smaller class for each row of the larger one, in (0, 1].

    Examples
    --------
    >>> wanted(Ratio(0.1), {"a": 9000, "b": 900, "c": 50}, kind="under")
    {'a': 500, 'b': 500, 'c': 50}
    """

    value: float


def wanted(
    strategy: Any,
    counts: Mapping[Any, int],
    *,
    kind: Kind = "over",
    y: Any = None,
    owner: str | None = None,
) -> Counts:
    """Rows that a ``sampling_strategy`` asks for, in the forms of imbalanced-learn.

    Parameters
    ----------
    strategy
        - ``"auto"`` (all but the largest class when over-sampling, all but the smallest
          otherwise), ``"all"``, ``"minority"``, ``"not minority"``, ``"majority"``,
          ``"not majority"``: equalise these classes;
        - a float in (0, 1], two classes only: smaller class over larger class, afterwards;
        - a mapping from class to its **final** count;
        - a list of classes (cleaning methods only);
        - a callable that turns the labels, an array ``(n_rows,)`` of what stands in ``y``, into such
          a mapping, or for a cleaning method into a list of classes;
        - a :class:`Ratio`, any number of classes.
    counts
        Rows of each class now.
    kind
        ``"over"``, ``"under"`` or ``"clean"``.
    y
        The target, of any kind that :func:`evenkeel.distribution.encode` takes, for a callable.
    owner
        Whose strategy it is, for messages; None for the kind of method.

    Returns
    -------
    dict
        Class to rows, in the order of ``counts``: rows **to make** (over), rows **to keep**
        (under), or the classes to clean with the count of the smallest class (clean).

    Raises
    ------
    InvalidInput
        A strategy that these counts or this kind of method cannot serve.
    InvalidType
        None of the forms above.

    Examples
    --------
    >>> wanted(0.5, {"no": 90, "yes": 10})
    {'yes': 35}
    >>> wanted("auto", {"no": 90, "yes": 10}, kind="under")
    {'no': 10}
    """
    if len(counts) < 2:
        raise InvalidInput(
            f"y needs to have more than 1 class. Got {'one class' if counts else 'none'}. There is "
            "nothing to balance."
        )
    asked = _Asked(counts, kind, owner or _WHOSE[kind]).final(strategy, y)
    if kind == "over":
        asked = {label: final - counts[label] for label, final in asked.items()}
    return {label: int(asked[label]) for label in counts if label in asked}


def wanted_ratio(counts: Mapping[Any, int], ratio: float, *, kind: Kind = "under") -> Counts:
    """Final counts that bring every class within a ratio, for any number of classes.

    Under-sampling caps each class at ``smallest / ratio``; over-sampling raises each class to
    ``largest * ratio``. Never more rows than there are to keep, never fewer than there are to add to.

    Parameters
    ----------
    counts
        Rows of each class.
    ratio
        Smaller to larger class afterwards, in (0, 1].
    kind
        ``"under"`` or ``"over"``.

    Returns
    -------
    dict
        Final rows of each class.

    Raises
    ------
    InvalidInput, InvalidType
        ``ratio`` outside (0, 1], or a cleaning method, which chooses no counts.

    Examples
    --------
    >>> wanted_ratio({"a": 9000, "b": 900, "c": 50}, 0.5)
    {'a': 100, 'b': 100, 'c': 50}
    """
    if kind == "clean":
        raise _no_counts(Ratio(ratio), _WHOSE[kind])
    check_number(ratio, "ratio", _WHOSE[kind], low=0, open_low=True, high=1)
    # a hair is added because 7 / 0.07 = 99.99999999999999 and 100 * 0.29 = 28.999999999999996
    hair = 1e-9
    if kind == "under":
        cap = int(min(counts.values()) / ratio + hair)
        return {label: min(count, cap) for label, count in counts.items()}
    floor = int(max(counts.values()) * ratio + hair)
    return {label: max(count, floor) for label, count in counts.items()}


@dataclass(frozen=True)
class _Asked:
    """A strategy read for these counts and this kind of method, whose name messages give."""

    counts: Mapping[Any, int]
    kind: Kind
    owner: str

    def final(self, strategy: Any, y: Any) -> Counts:
        """Final rows of each class (over, under), or the classes to clean."""
        if isinstance(strategy, str):
            return self._named(strategy)
        if isinstance(strategy, Ratio):
            if self.kind == "clean":
                raise _no_counts(strategy, self.owner)
            return wanted_ratio(self.counts, strategy.value, kind=self.kind)
        if isinstance(strategy, Mapping):
            return self._mapping(strategy)
        if isinstance(strategy, list):
            return self._listed(strategy)
        if isinstance(strategy, Real):
            return self._fraction(strategy)
        if callable(strategy):
            return self._called(strategy, y)
        raise InvalidType(
            f"sampling_strategy of {self.owner} must be a name, a number, a mapping, a list or a "
            f"callable. Got {strategy!r}."
        )

    def _named(self, name: str) -> Counts:
        barred = "majority" if self.kind == "over" else "minority"
        if name == barred:
            raise InvalidInput(
                f"sampling_strategy of {self.owner} must not be {barred!r}: "
                + (
                    "the largest class has no rows to gain."
                    if self.kind == "over"
                    else "the smallest class has none to lose."
                )
            )
        offered = [option for option in NAMED if option != barred]
        check_choice(name, offered, "sampling_strategy", self.owner)
        if name == "auto":
            name = "not majority" if self.kind == "over" else "not minority"
        counts = self.counts
        largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        level = counts[largest] if self.kind == "over" else counts[smallest]
        every = set(counts)
        chosen = {
            "all": every,
            "minority": {smallest},
            "not minority": every - {smallest},
            "majority": {largest},
            "not majority": every - {largest},
        }[name]
        return {label: level for label in counts if label in chosen}

    def _fraction(self, value: Real) -> Counts:
        counts = self.counts
        if self.kind == "clean":
            raise _no_counts(value, self.owner)
        check_number(value, "sampling_strategy", self.owner, low=0, open_low=True, high=1)
        ratio = float(value)
        if len(counts) != 2:
            raise InvalidInput(
                f"sampling_strategy of {self.owner} must be a number for two classes only. Got "
                f"{ratio:g} with {len(counts)} classes. Use Ratio({ratio:g}), or a mapping of final "
                "counts."
            )
        largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        stays = largest if self.kind == "over" else smallest
        other = next(label for label in counts if label != stays)
        if self.kind == "over":
            final = counts[other] + int(counts[largest] * ratio - counts[other])
            possible, verb = final > counts[other], "add"
        else:
            final = int(counts[smallest] / ratio)
            possible, verb = final <= counts[other], "drop"
        if not possible:
            now = counts[smallest] / counts[largest]
            raise InvalidInput(
                f"sampling_strategy of {self.owner} must be above the present ratio, {now:.4g}. Got "
                f"{ratio:g}, which leaves no rows to {verb}. Increase it."
            )
        return {other: final}

    def _mapping(self, final: Mapping[Any, int]) -> Counts:
        if self.kind == "clean":
            raise _no_counts(dict(final), self.owner)
        self._check_known(final)
        for label, count in final.items():
            name, now = f"sampling_strategy[{label!r}]", self.counts[label]
            if self.kind == "over":
                hint = f"An over-sampler only adds; the class has {now:,} rows."
                check_number(count, name, self.owner, low=now, whole=True, hint=hint)
            else:
                hint = f"An under-sampler only drops; the class has {now:,} rows."
                check_number(count, name, self.owner, low=0, high=now, whole=True, hint=hint)
        return dict(final)

    def _listed(self, labels: list[Any]) -> Counts:
        if self.kind != "clean":
            raise InvalidInput(
                f"sampling_strategy of {self.owner} must not be a list: it needs counts. Got "
                f"{labels!r}. Use a mapping of final counts; lists of classes are for cleaning methods."
            )
        self._check_known(labels)
        return {label: min(self.counts.values()) for label in labels}

    def _called(self, ask: Callable[[Any], Any], y: Any) -> Counts:
        found = ask(None if y is None else _labels(y))
        if self.kind == "clean":
            if isinstance(found, (Mapping, list, tuple, set, np.ndarray)):
                return self._listed(list(found))
            what = "a list of classes"
        else:
            if isinstance(found, Mapping):
                return self._mapping(found)
            what = "a mapping from class to final count"
        raise InvalidType(f"sampling_strategy of {self.owner} must return {what}. Got {found!r}.")

    def _check_known(self, labels: Any) -> None:
        strange = [label for label in labels if label not in self.counts]
        if strange:
            raise InvalidInput(
                f"sampling_strategy of {self.owner} must name classes of y. Got "
                f"{listed(map(repr, strange))}, absent from it. Its classes: "
                f"{listed(map(repr, self.counts))}."
            )


def _labels(y: Any) -> Any:
    """The label of each row as an array ``(n_rows,)``, whatever kind of target it comes from."""
    classes, codes = encode(y)
    same = len({type(label) for label in classes}) == 1
    return np.array([*classes, None], object)[:-1][codes] if not same else np.array(classes)[codes]


def _no_counts(value: Any, owner: str) -> InvalidInput:
    return InvalidInput(
        f"sampling_strategy of {owner} must be a name or a list of classes: the data decide how many "
        f"rows a cleaning method drops. Got {value!r}."
    )
