"""Which text columns are really numbers, booleans or dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel.reading.moments import ISO, parse_iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_INTEGER = r"^[+-]?\d+$"
# A code such as 00501 is no number; nor is an identifier too long for 64 bits.
_CODE = r"^[+-]?0\d"
# 1,234 may be a thousand: only another number of places shows that the comma is decimal.
_COMMA = r"^[+-]?\d*,(\d{1,2}|\d{4,})$"
_GLANCE = 500


def inferred(
    frame: pl.DataFrame, texts: Sequence[str], *, decimal_comma: bool = False
) -> list[pl.Expr]:
    """The casts that turn text columns into numbers, booleans and datetimes where every value fits.

    Parameters
    ----------
    frame
        Columns whose missing cells are already null.
    texts
        Names of its text columns.
    decimal_comma
        Read ``1,5`` as a number where the column shows that a comma is no thousands mark.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"x": ["1", "2.5"], "zip": ["01234", "99999"], "b": ["True", None]})
    >>> frame.with_columns(inferred(frame, ["x", "zip", "b"])).row(0)
    (1.0, '01234', True)
    """
    glances = {name: _glance(frame[name], decimal_comma=decimal_comma) for name in texts}
    numbers = [name for name in texts if glances[name] == "number"]
    casts = _numbers(frame, numbers)
    for name in texts:
        cast = _cast(frame[name], glances[name])
        if cast is not None:
            casts.append(cast)
    return casts


def _glance(text: pl.Series, *, decimal_comma: bool) -> str:
    """What the first values could be; only that is then checked on all of them."""
    import polars as pl

    first = text.head(_GLANCE).drop_nulls()
    if not len(first):
        first = text.drop_nulls().head(_GLANCE)
    if not len(first):
        return "empty"
    if first.cast(pl.Float64, strict=False).null_count() == 0:
        return "number"
    if first.str.to_lowercase().is_in(["true", "false"]).all():
        return "boolean"
    if first.str.contains(ISO).all():
        return "date"
    commas = first.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return "comma" if decimal_comma and commas.null_count() == 0 else "text"


def _numbers(frame: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    import polars as pl

    if not names:
        return []
    column = pl.col(*names)
    checks = {
        "filled": column.is_not_null().sum(),
        "float": column.cast(pl.Float64, strict=False).is_not_null().sum(),
        "int": column.cast(pl.Int64, strict=False).is_not_null().sum(),
        "digits": column.str.contains(_INTEGER).sum(),
        "code": column.str.contains(_CODE).any(),
    }
    found = {key: frame.select(check).row(0, named=True) for key, check in checks.items()}
    casts = []
    for name in names:
        filled = found["filled"][name]
        if found["code"][name]:
            continue
        if found["int"][name] == filled:
            casts.append(pl.col(name).cast(pl.Int64))
        elif found["float"][name] == filled != found["digits"][name]:
            casts.append(pl.col(name).cast(pl.Float64))
    return casts


def _cast(text: pl.Series, glance: str) -> pl.Expr | None:
    import polars as pl

    column = pl.col(text.name)
    if glance == "empty":
        return column.cast(pl.Float64)
    if glance == "date":
        return _if_all(text, parse_iso(column))
    if glance == "boolean":
        lower = column.str.to_lowercase()
        return _if_all(text, pl.when(lower.is_in(["true", "false"])).then(lower == "true"))
    if glance == "comma" and text.str.contains(_COMMA).any():
        return _if_all(
            text, column.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        )
    return None


def _if_all(text: pl.Series, cast: pl.Expr) -> pl.Expr | None:
    """The cast, when no value is lost by it."""
    lost = text.to_frame().select(cast).to_series().null_count() - text.null_count()
    return cast.alias(text.name) if lost == 0 else None
