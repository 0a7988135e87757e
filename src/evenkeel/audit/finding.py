"""One thing the audit found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

Level = Literal["blocker", "warning", "note"]
SHOWN_ROWS = 20


@dataclass(frozen=True)
class Finding:
    """One thing the audit found.

    Parameters
    ----------
    code
        Its name, kebab-case.
    level
        ``"blocker"``: results would mean nothing; ``"warning"``: read before believing them;
        ``"note"``: good to know.
    message, todo
        What was found, and what to do.
    columns
        The columns concerned.
    rows
        Row numbers in the source, from 0, the first 20.
    n_rows
        How many rows are concerned.

    Examples
    --------
    >>> Finding("constant-column", "note", "b holds one value.", "Drop it.", ("b",)).n_rows
    0
    """

    code: str
    level: Level
    message: str
    todo: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    n_rows: int = 0


def some_rows(
    source: npt.NDArray[np.int64], at: npt.NDArray[Any] | Sequence[int]
) -> dict[str, Any]:
    """The row fields of a finding: the first row numbers in the source, and how many there are."""
    places = np.asarray(at, dtype=np.int64)
    first = tuple(int(row) for row in np.sort(source[places])[:SHOWN_ROWS])
    return {"rows": first, "n_rows": len(places)}


def percent(share: float) -> str:
    """A share as a person writes it.

    >>> percent(0.1234), percent(0.00173), percent(1.0)
    ('12.3 %', '0.173 %', '100 %')
    """
    value = f"{100 * share:.3g}"
    return f"{float(value):g} %"
