"""How many rows of each class a resampler is asked for: every form of ``sampling_strategy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from evenkeel._checks import check_choice, check_number, listed
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
    strategy: Any, counts: Mapping[Any, int], *, kind: Kind = "over", y: Any = None
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
        - a callable that turns ``y`` into such a mapping;
        - a :class:`Ratio`, any number of classes.
    counts
        Rows of each class now.
    kind
        ``"over"``, ``"under"`` or ``"clean"``.
    y
        The target, for a callable.

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
    if isinstance(strategy, str):
        asked = _named(strategy, counts, kind)
    elif isinstance(strategy, Ratio):
        asked = wanted_ratio(counts, strategy.value, kind=kind)
    elif isinstance(strategy, Mapping):
        asked = _mapping(strategy, counts, kind)
    elif isinstance(strategy, list):
        asked = _listed(strategy, counts, kind)
    elif isinstance(strategy, Real):
        asked = _fraction(strategy, counts, kind)
    elif callable(strategy):
        asked = _called(strategy, counts, kind, y)
    else:
        raise InvalidType(
            f"sampling_strategy of {_WHOSE[kind]} must be a name, a number, a mapping, a list or a "
            f"callable. Got {strategy!r}."
        )
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
    check_number(ratio, "ratio", _WHOSE[kind], low=0, open_low=True, high=1)
    if kind == "clean":
        raise _no_counts(Ratio(ratio))
    # a hair is added because 7 / 0.07 = 99.99999999999999 and 100 * 0.29 = 28.999999999999996
    hair = 1e-9
    if kind == "under":
        cap = int(min(counts.values()) / ratio + hair)
        return {label: min(count, cap) for label, count in counts.items()}
    floor = int(max(counts.values()) * ratio + hair)
    return {label: max(count, floor) for label, count in counts.items()}


def _named(name: str, counts: Mapping[Any, int], kind: Kind) -> Counts:
    check_choice(name, NAMED, "sampling_strategy", _WHOSE[kind])
    barred = "majority" if kind == "over" else "minority"
    if name == barred:
        raise InvalidInput(
            f"sampling_strategy of {_WHOSE[kind]} must not be {barred!r}: "
            + (
                "the largest class has no rows to gain."
                if kind == "over"
                else "the smallest class has none to lose."
            )
        )
    if name == "auto":
        name = "not majority" if kind == "over" else "not minority"
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    level = counts[largest] if kind == "over" else counts[smallest]
    every = set(counts)
    chosen = {
        "all": every,
        "minority": {smallest},
        "not minority": every - {smallest},
        "majority": {largest},
        "not majority": every - {largest},
    }[name]
    return {label: level for label in counts if label in chosen}


def _fraction(value: Real, counts: Mapping[Any, int], kind: Kind) -> Counts:
    check_number(value, "sampling_strategy", _WHOSE[kind], low=0, open_low=True, high=1)
    ratio = float(value)
    if kind == "clean":
        raise _no_counts(ratio)
    if len(counts) != 2:
        raise InvalidInput(
            f"sampling_strategy of {_WHOSE[kind]} must be a number for two classes only. Got "
            f"{ratio:g} with {len(counts)} classes. Use Ratio({ratio:g}), or a mapping of final counts."
        )
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    other = next(label for label in counts if label != (largest if kind == "over" else smallest))
    if kind == "over":
        final = counts[other] + int(counts[largest] * ratio - counts[other])
        possible, verb = final > counts[other], "add"
    else:
        final = int(counts[smallest] / ratio)
        possible, verb = final <= counts[other], "drop"
    if not possible:
        now = counts[smallest] / counts[largest]
        raise InvalidInput(
            f"sampling_strategy of {_WHOSE[kind]} must be above the present ratio, {now:.4g}. Got "
            f"{ratio:g}, which leaves no rows to {verb}. Increase it."
        )
    return {other: final}


def _mapping(final: Mapping[Any, int], counts: Mapping[Any, int], kind: Kind) -> Counts:
    if kind == "clean":
        raise _no_counts(dict(final))
    _check_known(final, counts, kind)
    for label, count in final.items():
        name = f"sampling_strategy[{label!r}]"
        if kind == "over":
            hint = f"An over-sampler only adds; the class has {counts[label]:,} rows."
            check_number(count, name, _WHOSE[kind], low=counts[label], whole=True, hint=hint)
        else:
            hint = f"An under-sampler only drops; the class has {counts[label]:,} rows."
            check_number(
                count, name, _WHOSE[kind], low=0, high=counts[label], whole=True, hint=hint
            )
    return dict(final)


def _listed(labels: list[Any], counts: Mapping[Any, int], kind: Kind) -> Counts:
    if kind != "clean":
        raise InvalidInput(
            f"sampling_strategy of {_WHOSE[kind]} must not be a list: it needs counts. Got {labels!r}. "
            "Use a mapping of final counts; lists of classes are for cleaning methods."
        )
    _check_known(labels, counts, kind)
    return {label: min(counts.values()) for label in labels}


def _called(
    ask: Callable[[Any], Mapping[Any, int]], counts: Mapping[Any, int], kind: Kind, y: Any
) -> Counts:
    final = ask(y)
    if not isinstance(final, Mapping):
        raise InvalidType(
            f"sampling_strategy of {_WHOSE[kind]} must return a mapping from class to final count. "
            f"Got {final!r}."
        )
    return _mapping(final, counts, kind)


def _check_known(labels: Any, counts: Mapping[Any, int], kind: Kind) -> None:
    strange = [label for label in labels if label not in counts]
    if strange:
        raise InvalidInput(
            f"sampling_strategy of {_WHOSE[kind]} must name classes of y. Got "
            f"{listed(map(repr, strange))}, absent from it. Its classes: {listed(map(repr, counts))}."
        )


def _no_counts(value: Any) -> InvalidInput:
    return InvalidInput(
        f"sampling_strategy of a cleaning method must be a name or a list of classes: the data decide "
        f"how many rows go. Got {value!r}."
    )
