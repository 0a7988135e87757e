"""Dates and times in text: ISO forms for any column, common forms for the time column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f")
_DAYS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d%b%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
)
_TWINS = {
    "%d/%m/%Y": "%m/%d/%Y",
    "%d-%m-%Y": "%m-%d-%Y",
}


def parse_iso(column: pl.Expr) -> pl.Expr:
    """ISO dates and datetimes as naive datetimes (UTC where a zone is given); others are null.

    >>> import polars as pl
    >>> frame = pl.DataFrame({"t": ["2024-02-29", "2024-01-02T10:00:00+02:00", "2024-13-01"]})
    >>> [str(moment) for moment in frame.select(parse_iso(pl.col("t")))["t"]]
    ['2024-02-29 00:00:00', '2024-01-02 08:00:00', 'None']
    """
    import polars as pl

    plain = column.str.replace("T", " ", literal=True).str.replace(r"Z$", "+00:00")
    naive = [
        plain.str.to_datetime("%Y-%m-%d" + clock, time_unit="us", strict=False) for clock in _CLOCKS
    ]
    zoned = [
        plain.str.to_datetime(
            "%Y-%m-%d" + clock + "%z", time_unit="us", time_zone="UTC", strict=False
        ).dt.replace_time_zone(None)
        for clock in _CLOCKS[1:]
    ]
    return pl.when(column.str.contains(ISO)).then(pl.coalesce(*naive, *zoned))


def parse_time(column: pl.Series, rows: pl.Series) -> pl.Series:
    """A clean column as a sortable time without nulls: a number or a datetime.

    Parameters
    ----------
    column
        Numbers (any epoch or counter), datetimes, or text in one common date format.
    rows
        Row numbers in the source, for messages.

    Raises
    ------
    InvalidInput
        Times are missing, cannot be parsed, or fit both day/month and month/day.
    """
    import polars as pl

    missing = column.is_null().arg_true()
    if len(missing):
        raise InvalidInput(
            f"time column {column.name!r} must have no empty cells. Got {len(missing):,}, first in "
            f"rows {listed(rows.gather(missing.head(3)), most=3)} (rows count from 0)."
        )
    if column.dtype.is_numeric() or column.dtype == pl.Datetime:
        return column
    if column.dtype == pl.Boolean:
        raise InvalidInput(f"time column {column.name!r} must hold times. Got true and false.")
    best = _best_format(column)
    bad = best.is_null().arg_true()
    if len(bad):
        cells = listed(f"{column[at]!r} in row {rows[at]:,}" for at in bad.head(3))
        raise InvalidInput(
            f"time column {column.name!r} must hold dates or times of one form. Got {cells} "
            f"({len(bad):,} of {len(column):,} do not parse; rows count from 0). "
            "YYYY-MM-DD HH:MM:SS and numbers are always understood."
        )
    return best


def _best_format(column: pl.Series) -> pl.Series:
    """The one day format that parses most cells."""
    import polars as pl

    forms = {"ISO": parse_iso(pl.col("t"))}
    plain = pl.col("t").str.replace("T", " ", literal=True)
    for day in _DAYS:
        clocks = [
            plain.str.to_datetime(day + clock, time_unit="us", strict=False) for clock in _CLOCKS
        ]
        forms[day] = pl.coalesce(*clocks)
    parsed = pl.DataFrame({"t": column}).select(**forms)
    counts = {day: len(parsed) - parsed[day].null_count() for day in forms}
    best = max(counts, key=lambda day: counts[day])
    twin = _TWINS.get(best)
    if twin and counts[twin] == counts[best] == len(column):
        raise InvalidInput(
            f"time column {column.name!r} fits both day/month and month/day ({column[0]!r}). "
            "Write its dates as YYYY-MM-DD."
        )
    return parsed[best].alias(column.name)
