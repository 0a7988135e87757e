"""Groups as ``compare`` is given them: one code for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray


def asked_groups(groups: Any, n_rows: int) -> NDArray[np.int64] | None:
    """Codes ``(n_rows,)`` of the groups that were given, or None.

    Raises
    ------
    InvalidInput, InvalidType
        Ids of another length, or of mixed kinds.

    Examples
    --------
    >>> asked_groups(["b", "a", "b"], 3).tolist()
    [1, 0, 1]
    """
    if groups is None:
        return None
    ids = np.asarray(groups)
    if ids.shape != (n_rows,):
        raise InvalidInput(
            f"groups of compare must hold one id for each of the {n_rows:,} rows. Got shape "
            f"{ids.shape}."
        )
    if ids.dtype.kind in "fmM" and np.isnan(ids).any():  # NaN and NaT, which would be one group
        raise InvalidType(
            f"groups of compare must be ids without gaps. Got {np.isnan(ids).sum():,} that are missing. "
            "Give every row without a group an id of its own."
        )
    try:
        return np.asarray(np.unique(ids, return_inverse=True)[1])
    except TypeError as error:
        raise InvalidType(
            "groups of compare must be ids of one kind, numbers or texts, without gaps. Got a "
            "mixture. Give every row without a group an id of its own."
        ) from error
