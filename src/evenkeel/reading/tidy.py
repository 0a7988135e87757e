"""Cells become values: padding goes, missing markers become null, columns get one of four kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.infer import inferred
from evenkeel.reading.moments import parse_iso
from evenkeel.reading.sniff import MISSING
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

KINDS = ("number", "boolean", "text", "datetime")


@dataclass(frozen=True)
class Tidy:
    """Clean columns, each a number, a boolean, a text or a datetime, and what was done to them."""

    frame: pl.DataFrame
    notes: tuple[str, ...]


def tidy(frame: pl.DataFrame, *, decimal_comma: bool = False) -> Tidy:
    """Give every column a kind.

    Text is stripped, and the missing markers (empty, ``?``, ``NA``, ``N/A``, ``nan``, ``null``, ...)
    become null. A text column in which all that is left are numbers (``true``/``false``, ISO dates)
    becomes numbers (booleans, datetimes); codes with leading zeros stay text. NaN and infinities
    become null.

    Parameters
    ----------
    frame
        Columns of any plain type.
    decimal_comma
        Read ``1,5`` as a number.

    Raises
    ------
    InvalidInput
        A column holds lists, records, bytes or objects.

    Examples
    --------
    >>> import polars as pl
    >>> tidy(pl.DataFrame({"x": [" 1", "?", "2.5"]})).frame["x"].to_list()
    [1.0, None, 2.5]
    """
    plain, notes = _plain(frame)
    cleaned = plain.with_columns(_stripped(name) for name in _texts(plain))
    notes += _missing_notes(plain, cleaned)
    typed = cleaned.with_columns(inferred(cleaned, _texts(cleaned), decimal_comma=decimal_comma))
    turned = [name for name in _texts(cleaned) if typed[name].dtype.is_numeric()]
    gone = [n for n in turned if cleaned[n].null_count() > plain[n].null_count()]
    if gone:
        notes.append(f"numbers once the missing markers are set aside: {listed(gone)}")
    return Tidy(*_finite(typed, notes))


def kind_of(dtype: pl.DataType) -> str:
    """The kind of a clean column.

    >>> import polars as pl
    >>> kind_of(pl.Int16())
    'number'
    """
    import polars as pl

    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    return "datetime" if dtype.is_temporal() else "text"


def cast_like(
    frame: pl.DataFrame, kinds: Mapping[str, str], *, decimal_comma: bool = False
) -> Tidy:
    """Give the columns of a later table the kinds that an earlier one had.

    Parameters
    ----------
    frame
        The later table, with all columns in ``kinds``.
    kinds
        Column to ``"number"``, ``"boolean"``, ``"text"`` or ``"datetime"``.
    decimal_comma
        Read ``1,5`` as a number.

    Raises
    ------
    InvalidInput
        A cell cannot be read as the kind of its column; names the first cells and their rows.
    """
    import polars as pl

    keep_text = [name for name, kind in kinds.items() if kind == "text"]
    plain, notes = _plain(frame.select(list(kinds)))
    texts = plain.select(
        _stripped(name) if plain.schema[name] == pl.String else pl.col(name).cast(pl.String)
        for name in keep_text
    )
    others = tidy(plain.drop(keep_text), decimal_comma=decimal_comma)
    columns = [
        texts[name] if kind == "text" else _as_kind(others.frame[name], kind, plain[name])
        for name, kind in kinds.items()
    ]
    return Tidy(pl.DataFrame(columns), (*notes, *others.notes))


def _as_kind(column: pl.Series, kind: str, before: pl.Series) -> pl.Series:
    import polars as pl

    have = kind_of(column.dtype)
    if have == kind:
        return column
    if column.null_count() == len(column):
        empty = {"number": pl.Float64(), "boolean": pl.Boolean(), "datetime": pl.Datetime("us")}
        return column.cast(empty[kind])
    if kind == "number" and have == "boolean" and before.dtype == pl.Boolean:
        return column.cast(pl.Int8)
    if kind == "boolean" and have == "number" and column.drop_nulls().is_in([0, 1]).all():
        return column.cast(pl.Boolean)
    as_text = column.cast(pl.String)
    fitting = _parsed(as_text, kind)
    bad = (column.is_not_null() & fitting.is_null()).arg_true().to_list()
    if not bad:
        return fitting
    cells = listed(f"{as_text[at]!r} in row {at:,}" for at in bad[:3])
    raise InvalidInput(
        f"Column {column.name!r} must hold {_PLURAL[kind]}, as in training. Got {cells} "
        f"({plural(len(bad), 'such cell')}; rows count from 0)."
    )


_PLURAL = {"number": "numbers", "boolean": "true or false", "datetime": "dates (YYYY-MM-DD)"}


def _parsed(text: pl.Series, kind: str) -> pl.Series:
    import polars as pl

    if kind == "number":
        return text.cast(pl.Float64, strict=False)
    if kind == "boolean":
        return text.str.to_lowercase().is_in(["true", "false"]).replace({False: None})
    return pl.DataFrame({"t": text}).select(parse_iso(pl.col("t")))["t"]


def _texts(frame: pl.DataFrame) -> list[str]:
    import polars as pl

    return [name for name, dtype in frame.schema.items() if dtype == pl.String]


def _stripped(name: str) -> pl.Expr:
    import polars as pl

    text = pl.col(name).str.strip_chars()
    return pl.when(~text.is_in(["", *sorted(MISSING)])).then(text).alias(name)


def _plain(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Bring the storage types of polars down to numbers, booleans, strings and datetimes."""
    import polars as pl

    casts, nested = [], []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Categorical | pl.Enum):
            casts.append(column.cast(pl.String))
        elif isinstance(dtype, pl.Decimal | pl.Null) or dtype in {pl.Int128, pl.Float16}:
            casts.append(column.cast(pl.Float64))
        elif isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
            casts.append(column.dt.convert_time_zone("UTC").dt.replace_time_zone(None))
        elif dtype == pl.Date:
            casts.append(column.cast(pl.Datetime("us")))
        elif isinstance(dtype, pl.Duration):
            casts.append(column.dt.total_microseconds() / 1e6)
        elif dtype == pl.Time:
            casts.append(column.cast(pl.Int64) / 1e9)
        elif dtype.is_nested() or dtype in {pl.Binary, pl.Object, pl.Unknown}:
            nested.append(f"{name} ({dtype})")
    if nested:
        raise InvalidInput(
            f"Columns must hold numbers, text, dates or booleans. Got {listed(nested)}. "
            "Drop them, or turn each into plain columns first."
        )
    return frame.with_columns(casts), []


def _missing_notes(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """Say which markers were read as missing; empty cells need no word."""
    import polars as pl

    texts = _texts(before)
    changed = [n for n in texts if after[n].null_count() > before[n].null_count()]
    if not changed:
        return []
    gone = before.select(
        pl.col(name).str.strip_chars().filter(after[name].is_null()).drop_nulls().unique().implode()
        for name in changed
    ).row(0)
    markers = sorted({marker for values in gone for marker in values})
    shown = ", ".join(repr(marker) if marker else "blank" for marker in markers[:5])
    cells = sum(after[name].null_count() - before[name].null_count() for name in changed)
    return [f"{shown} read as missing in {listed(changed)} ({plural(cells, 'cell')})"]


def _finite(frame: pl.DataFrame, notes: Sequence[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    import polars as pl

    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    if not floats:
        return frame, tuple(notes)
    infinite = frame.select(pl.col(*floats).is_infinite().sum()).row(0, named=True)
    hit = [name for name, count in infinite.items() if count]
    cleaned = frame.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats
    )
    if not hit:
        return cleaned, tuple(notes)
    total = sum(infinite.values())
    return cleaned, (*notes, f"infinity read as missing in {listed(hit)} ({plural(total, 'cell')})")
