"""What the rows at hand can offer: k shrinks with a warning or is an error; nothing is an error."""

from __future__ import annotations

import math
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._rows import is_sparse
from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.neighbors import neighbors_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

BETWEEN = ("evenkeel", "sklearn", "imblearn", "joblib")  # what a user's call passes through


class NothingOffered(DoesNotApply, RuntimeError):
    """No row to start from; a RuntimeError too, which users of imbalanced-learn expect here."""


def neighbors_offered(
    resampler: Any, name: str, n_rows: int, label: Any = None, *, within: str = ""
) -> int:
    """The neighbours that a row can have among ``n_rows`` rows, itself one of them.

    Parameters
    ----------
    resampler
        Its parameter ``name`` says how many are asked for; where it has a true ``strict``, too few
        are an error.
    n_rows
        Rows of the class, or of the table.
    label
        The class, for the message; None for the table.
    within
        The part of the class or table that the rows are in, for the message.

    Returns
    -------
    int
        ``min(asked, n_rows - 1)``.

    Raises
    ------
    DoesNotApply
        Too few rows, and ``strict``.
    """
    asked, owner = int(getattr(resampler, name)), type(resampler).__name__
    if n_rows > asked:
        return asked
    whose = "The table" if label is None else f"Class {label!r}"
    found = f"{whose} has {n_rows:,} row" + ("s" if n_rows > 1 else "")
    if within:
        found += f" in {within}"
    if getattr(resampler, "strict", False):
        raise DoesNotApply(
            f"{name} of {owner} must be below the rows that may be neighbours. Got {asked}. {found}. "
            f"Lower {name}, or leave the class out of sampling_strategy."
        )
    instead = f"{name} is {n_rows - 1} for it" if n_rows > 1 else "it has no neighbours"
    tell(f"{found}, too few for {name}={asked} of {owner}: {instead}.")
    return n_rows - 1


def tell(message: str, category: type[Warning] = EvenkeelWarning) -> None:
    """Warn at the line outside this package that the call came from."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _package(frame) in BETWEEN:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def check_engine(value: Any, name: str, owner: str) -> bool:
    """Whether a parameter is an object that finds neighbours, rather than their number.

    Raises
    ------
    InvalidType
        Such an object that cannot be fitted, or its class.
    """
    if not hasattr(value, "kneighbors"):
        return False
    if isinstance(value, type):
        raise InvalidType(
            f"{name} of {owner} must be a whole number of at least 1, or an object with fit and "
            f"kneighbors. Got the class {value.__name__}. Give {value.__name__}()."
        )
    if not hasattr(value, "fit"):
        raise InvalidType(
            f"{name} of {owner} must be a whole number of at least 1, or an object with fit and "
            f"kneighbors. Got {value!r}, which has no fit."
        )
    return True


def neighbors_found(
    engine: Any, name: str, owner: str, points: Any, rows: Ints | None = None
) -> Ints:
    """Neighbours by an object with ``kneighbors``, at least one for each row, ``(n, k)``.

    Parameters
    ----------
    engine
        As for :func:`evenkeel.neighbors.neighbors_by`; fitted in place.
    name, owner
        Whose parameter it is, for messages.
    points
        Numbers of all rows, ``(n_rows, n_columns)``.
    rows
        Row numbers to find neighbours of, ``(n,)``; None for all.

    Raises
    ------
    InvalidInput
        An engine that finds nothing but the row itself, or asks for more rows than there are.
    """
    try:
        index = neighbors_by(engine, points, rows)
    except (ValueError, TypeError) as error:  # too few rows; a classifier, whose fit asks for y
        raise InvalidInput(
            f"{name} of {owner} must be an object that finds neighbours among {points.shape[0]:,} "
            f"rows. Got {engine!r}: {error}"
        ) from error
    if index.shape[1] == 0:
        raise InvalidInput(
            f"{name} of {owner} must find at least two rows for each row, itself among them. Got "
            f"{engine!r}, which finds one. Set it to one neighbour more."
        )
    return index


def check_reach(points: Any, owner: str) -> None:
    """Raise unless the squares of distances between the points are finite.

    Parameters
    ----------
    points
        Finite numbers ``(n_rows, n_columns)``: an array or a sparse matrix.
    owner
        Who needs them, for the message.

    Raises
    ------
    DoesNotApply
        Values too far out.
    """
    values = points.data if is_sparse(points) else points
    if values.dtype.kind != "f" or not values.size:
        return
    largest = max(abs(float(values.max())), abs(float(values.min())))
    kept = np.float32 if values.dtype == np.float32 else np.float64  # what scikit-learn computes in
    most = math.sqrt(float(np.finfo(kept).max) / (16 * points.shape[1]))
    if largest > most:
        raise DoesNotApply(
            f"X of {owner} must lie within {most:.2g} of 0: squares of larger numbers are infinite. "
            f"Got {largest:.2g}. Divide the columns by a large number first."
        )
