"""A cost matrix with the labels of its classes, as people keep it in a file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 1_000_000  # bytes; a matrix of 300 classes has fewer
_FORM = "one row for each true class under a header that names the decisions"


def read_cost_matrix(path: str | Path) -> tuple[tuple[float | str, ...], ...]:
    """Read a cost matrix from a CSV file, labels included.

    The header names the decisions. Each row holds what they cost for one true class, whose label may
    stand first; without labels the rows come in the order of the header. ::

        true,calm,storm
        calm,0,1
        storm,50,5

    Parameters
    ----------
    path
        Commas, semicolons or tabs between the cells.

    Returns
    -------
    tuple
        The labels of the decisions after an empty cell, then a row for each true class, its label
        first. A cost is a number, or (two classes) the name of a column of the table.

    Raises
    ------
    InvalidInput
        No such file, or no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"cost_matrix of run must be a file. There is no file {path}.")
    if path.stat().st_size > _MOST:
        raise _refused(path, f"more than {_MOST:,} bytes")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise _refused(path, "bytes that are no UTF-8 text") from None
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise _refused(path, "nothing")
    between = max(",;\t", key=lines[0].count)
    head, *rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=between)]
    n_classes, widths = len(rows), {len(row) for row in rows}
    if n_classes < 2 or widths not in ({n_classes}, {n_classes + 1}):
        raise _refused(path, f"{n_classes} rows of {listed(sorted(widths)) or 'no'} cells")
    labelled = widths == {n_classes + 1}
    decisions = head[-n_classes:] if labelled else head
    trues = [row[0] for row in rows] if labelled else decisions
    if len(decisions) != n_classes or len(set(decisions)) != n_classes:
        raise _refused(path, f"a header of {listed(map(repr, head))}")
    if set(trues) != set(decisions):
        raise _refused(path, f"rows of {listed(map(repr, trues))} under {listed(map(repr, head))}")
    costs = [tuple(map(_cost, row[labelled:])) for row in rows]
    return (
        ("", *decisions),
        *((true, *row) for true, row in zip(trues, costs, strict=True)),
    )


def in_order(matrix: Any, classes: Sequence[Any] | None) -> Any:
    """The costs alone, rows and columns in the order of the classes.

    Parameters
    ----------
    matrix
        With labels as ``read_cost_matrix`` gives them, or without: then it is left as it is.
    classes
        Labels in the order of the codes; None keeps the order of the rows.

    Raises
    ------
    InvalidInput
        The labels are not those of the classes.

    Examples
    --------
    >>> asked = (("", "storm", "calm"), ("storm", 5.0, 50.0), ("calm", 1.0, 0.0))
    >>> in_order(asked, ["calm", "storm"])
    ((0.0, 1.0), (50.0, 5.0))
    """
    if not matrix or len(matrix) < 3 or not isinstance(matrix[0][0], str):
        return matrix
    decisions = [str(label) for label in matrix[0][1:]]
    rows = {str(row[0]): dict(zip(decisions, row[1:], strict=True)) for row in matrix[1:]}
    wanted = list(rows) if classes is None else [str(label) for label in classes]
    if set(wanted) != set(decisions):
        raise InvalidInput(
            f"cost_matrix of run must name the classes {listed(map(repr, wanted), most=10)}. Got "
            f"{listed(map(repr, decisions), most=10)}."
        )
    return tuple(tuple(rows[true][decided] for decided in wanted) for true in wanted)


def _cost(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _refused(path: Path, got: str) -> InvalidInput:
    return InvalidInput(f"cost_matrix of run must hold {_FORM}. {path} has {got}.")
