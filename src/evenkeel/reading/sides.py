"""Columns beside the features: groups, times, costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput
from evenkeel.reading.moments import parse_time
from evenkeel.reading.tidy import tidy
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from evenkeel.reading.roles import Roles
    from evenkeel.reading.source import Raw


def read_sides(raw: Raw, roles: Roles, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Group, time and cost columns of the labelled rows."""
    import polars as pl

    wanted = [name for name in (roles.group, roles.time, *roles.costs) if name is not None]
    side = tidy(
        raw.frame.select(list(dict.fromkeys(wanted))), decimal_comma=raw.decimal_comma
    ).frame
    side = side[rows] if side.width else side
    found: dict[str, Any] = {"group_name": roles.group, "time_name": roles.time}
    if roles.group is not None:
        values = side[roles.group]
        codes = values.rank("dense").cast(pl.Int64).to_numpy(writable=True) - 1
        found |= {"group_values": values, "groups": _own_groups(codes, values)}
    if roles.time is not None:
        found["time"] = parse_time(side[roles.time], pl.Series(rows))
    found["costs"] = {name: _costs(side[name], rows) for name in roles.costs}
    return found


def _own_groups(codes: npt.NDArray[Any], values: pl.Series) -> npt.NDArray[np.int64]:
    """A row without a group is a group of its own."""
    missing = values.is_null().to_numpy()
    result = np.where(missing, 0, codes).astype(np.int64)
    first = int(result.max(initial=-1)) + 1
    result[missing] = first + np.arange(int(missing.sum()))
    return result


def _costs(column: pl.Series, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    if not column.dtype.is_numeric():
        raise InvalidInput(f"cost column {column.name!r} must hold numbers. Got {column.dtype}.")
    values = column.to_numpy().astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        shown = ["no number" if np.isnan(values[at]) else f"{values[at]:g}" for at in bad[:3]]
        cells = listed(f"{cell} in row {rows[at]:,}" for cell, at in zip(shown, bad, strict=False))
        raise InvalidInput(
            f"cost column {column.name!r} must hold numbers of at least 0. Got {cells} "
            f"({plural(len(bad), 'such cell')}; rows count from 0)."
        )
    return values
