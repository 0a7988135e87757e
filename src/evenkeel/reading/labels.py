"""The target column: labels cleaned, mapped, counted and coded."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import did_you_mean, listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.sniff import MISSING
from evenkeel.reading.words import free_name, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import polars as pl

    Label = str | int | float | bool

MOST_CLASSES = 50
_YES = ("yes", "y", "true", "t", "1", "positive", "pos")
_NO = ("no", "n", "false", "f", "0", "-1", "negative", "neg", "normal", "none")
_QUOTES = "'\"`"
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Labels:
    """The distinct labels of a target column, in the order of ``values``, and one code per row.

    ``codes`` has shape (n_rows,) and points into ``values``; -1 where the label is missing.
    """

    name: str
    values: tuple[Label, ...]
    codes: npt.NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[Label, int]:
        """Rows of each label."""
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))
        return {label: int(count) for label, count in zip(self.values, found, strict=True)}


def read_labels(column: pl.Series, mapping: Mapping[str, str] | None = None) -> Labels:
    """Clean the labels of a column: padding, quotes and closing dots go, whole numbers are numbers.

    Parameters
    ----------
    column
        The target as it was read, of shape (n_rows,).
    mapping
        Label to group, both as text; must hold every label that occurs.

    Raises
    ------
    InvalidInput
        The column holds dates or nested values, or the mapping lacks labels.

    Examples
    --------
    >>> import polars as pl
    >>> found = read_labels(pl.Series("income", [" <=50K.", " >50K."]))
    >>> found.values
    ('<=50K', '>50K')
    >>> found.notes
    ("labels of 'income' are read without padding and closing dots: ' <=50K.' is '<=50K'",)
    """
    import polars as pl

    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    if column.dtype.is_temporal() or column.dtype.is_nested() or column.dtype == pl.Binary:
        raise InvalidInput(f"target {column.name!r} must hold class labels. Got {column.dtype}.")
    if isinstance(column.dtype, pl.Decimal) or column.dtype.is_float():
        column = column.cast(pl.Float64).fill_nan(None)
    distinct = column.drop_nulls().unique().to_list()
    notes: list[str] = []
    if column.dtype == pl.String:
        clean = _clean(distinct, column.name, notes)
    else:
        clean = {value: value for value in distinct}
    if mapping is not None:
        clean = _mapped(clean, mapping, column, notes)
    native = _native({value for value in clean.values() if value is not None})
    values = _ordered(set(native.values()))
    place = {value: at for at, value in enumerate(values)}
    found = [-1 if clean[raw] is None else place[native[clean[raw]]] for raw in distinct]
    codes = np.full(len(column), -1, dtype=np.int64)
    if distinct:
        old = pl.Series(distinct, dtype=column.dtype)
        coded = column.replace_strict(old, found, default=-1, return_dtype=pl.Int64)
        codes = coded.fill_null(-1).to_numpy().astype(np.int64)
    return Labels(column.name, values, codes, tuple(notes))


def find_label(wanted: Any, values: Sequence[Label], name: str) -> Label:
    """The label that a person means: equal, or written the same.

    >>> find_label("1", (0, 1), "y")
    1
    """
    found = match_label(wanted, values)
    if found is not None:
        return found
    hint = did_you_mean(str(wanted), map(str, values[:1000]))
    raise InvalidInput(
        f"positive must be a label of target {name!r}. Got {wanted!r}. "
        f"Its labels: {listed((repr(value) for value in values), most=20)}."
        + (f" {hint}" if hint else "")
    )


def match_label(wanted: Any, values: Sequence[Label]) -> Label | None:
    """The label that is equal or written the same, or None.

    >>> match_label("1.0", (0, 1)), match_label("2", (0, 1))
    (1, None)
    """
    for value in values:
        if value == wanted and isinstance(value, bool) == isinstance(wanted, bool):
            return value
    text = plain_text(str(wanted))
    spelled = {str(value): value for value in values}
    if text not in spelled and re.fullmatch(r"[+-]?\d+\.0*", text):
        text = str(int(float(text)))
    if text not in spelled and all(isinstance(value, bool) for value in values):
        text = text.title()
    return spelled.get(text)


def binary_classes(labels: Labels, positive: Any | None) -> tuple[Label, Label] | None:
    """Negative and positive class, or None where the target stays multiclass.

    A named positive class makes any target one against the rest. Without one, the rarer of two
    labels is positive; of two equally frequent ones, the one that says yes, else the larger.

    Raises
    ------
    InvalidInput
        There is one label only, the positive one does not occur, or the target is continuous or an
        identifier.
    """
    counts, values = labels.counts, labels.values
    if positive is not None:
        chosen = find_label(positive, values, labels.name)
    _refuse_single(labels)
    if positive is not None:
        others = [value for value in values if value != chosen]
        rest = free_name(("rest", "other", "all other"), values)
        return (others[0] if len(others) == 1 else rest), chosen
    _refuse_continuous(labels)
    if len(values) > 2:
        return None
    low, high = sorted(values, key=lambda value: (counts[value], -_yes(value)), reverse=True)
    if counts[low] == counts[high] and _yes(low) == _yes(high):
        low, high = values
    return low, high


def looks_negative(label: Label) -> bool:
    """The label reads like the absence of something."""
    return str(label).lower() in _NO


def _yes(value: Label) -> int:
    return int(str(value).lower() in _YES)


def _refuse_single(labels: Labels) -> None:
    if len(labels.values) < 2:
        held = (
            f"All {len(labels.codes):,} rows are {labels.values[0]!r}" if labels.values else "None"
        )
        raise InvalidInput(
            f"target {labels.name!r} must hold at least two classes. {held}. "
            "Without a second class there is nothing to tell apart."
        )


def _refuse_continuous(labels: Labels) -> None:
    n_values, n_rows = len(labels.values), int((labels.codes >= 0).sum())
    fractions = any(isinstance(v, float) and not v.is_integer() for v in labels.values)
    if n_values == 2 or (n_values <= MOST_CLASSES and n_values <= n_rows / 2 and not fractions):
        return
    numeric = all(isinstance(value, (int, float)) for value in labels.values)
    kind = (
        "a continuous number" if fractions or (numeric and n_values < n_rows) else "an identifier"
    )
    sample = listed((repr(value) for value in labels.values), most=4)
    raise InvalidInput(
        f"target {labels.name!r} looks like {kind}: {n_values:,} distinct values in {n_rows:,} rows "
        f"({sample}). evenkeel classifies into at most {MOST_CLASSES} classes: choose another "
        "column, name one value with positive, or group the values with map_target."
    )


def plain_text(value: str) -> str:
    """A label without padding and quotes around it.

    >>> plain_text(" '-1' ")
    '-1'
    """
    text = value.strip()
    while len(text) >= 2 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1].strip()
    return text


def _clean(distinct: Sequence[str], name: str, notes: list[str]) -> dict[Any, Any]:
    """Each raw text to its label; None for the missing markers."""
    plain = {raw: plain_text(raw) for raw in distinct}
    kept = {raw: text for raw, text in plain.items() if text not in MISSING}
    if kept and _closing_dots(set(kept.values())):
        kept = {raw: text.removesuffix(".") for raw, text in kept.items()}
    changes = {
        "padding": next((raw for raw in sorted(kept) if raw != raw.strip()), None),
        "quotes": next((raw for raw in sorted(kept) if raw.strip() != plain_text(raw)), None),
        "closing dots": next((raw for raw in sorted(kept) if kept[raw] != plain[raw]), None),
    }
    what = [words for words, raw in changes.items() if raw is not None]
    if what:
        raw = next(raw for words, raw in reversed(changes.items()) if raw is not None)
        notes.append(
            f"labels of {name!r} are read without {' and '.join(what)}: {raw!r} is {kept[raw]!r}"
        )
    return {raw: kept.get(raw) for raw in distinct}


def _closing_dots(texts: set[str]) -> bool:
    """All labels end in a dot, or one stands beside the same label without it."""
    words = {text for text in texts if not re.fullmatch(r"[+-]?\d*\.?", text)}
    dotted = {text for text in words if text.endswith(".") and len(text) > 1}
    both = any(text.removesuffix(".") in words for text in dotted)
    return bool(dotted) and (dotted == words == texts or both)


def _mapped(
    clean: dict[Any, Any], mapping: Mapping[str, str], column: pl.Series, notes: list[str]
) -> dict[Any, Any]:
    lacking = {
        raw: label
        for raw, label in clean.items()
        if label is not None and str(label) not in mapping
    }
    if lacking:
        counts = Counter(dict(column.value_counts().iter_rows()))
        words = [
            f"{label!r} ({plural(counts[raw], 'row')})"
            for raw, label in sorted(lacking.items(), key=str)
        ]
        raise InvalidInput(
            f"map_target must hold every label of target {column.name!r}. It lacks "
            f"{listed(words, most=10)}. Add a line label,group for each."
        )
    mapped = {raw: None if label is None else mapping[str(label)] for raw, label in clean.items()}
    before = len({label for label in clean.values() if label is not None})
    after = sorted({str(group) for group in mapped.values() if group is not None})
    notes.append(f"{before} labels of {column.name!r} are mapped to {len(after)}: {listed(after)}")
    return mapped


def _native(values: set[Any]) -> dict[Any, Any]:
    """Text that only holds whole numbers, true/false or numbers becomes that; 1.0 becomes 1."""
    texts = {value: str(value) for value in values}
    if all(isinstance(value, bool) for value in values):
        return {value: value for value in values}
    if values and all(text.lower() in {"true", "false"} for text in texts.values()):
        return {value: text.lower() == "true" for value, text in texts.items()}
    if any(re.match(r"[+-]?0\d", text) for text in texts.values()):
        return {value: value for value in values}
    if not all(_PLAIN_NUMBER.fullmatch(text) for text in texts.values()):
        return {value: value for value in values}
    numbers = {value: float(text) for value, text in texts.items()}
    if all(number.is_integer() for number in numbers.values()):
        return {value: _whole(text, numbers[value]) for value, text in texts.items()}
    return dict(numbers)


def _whole(text: str, number: float) -> int:
    try:
        return int(text)
    except ValueError:
        return int(number)


def _ordered(values: set[Any]) -> tuple[Any, ...]:
    kinds = {isinstance(value, str) for value in values}
    return tuple(sorted(values, key=str) if True in kinds else sorted(values))
