"""Random numbers: the one generator of a call, and numbers that can be asked for by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


def generator_of(random_state: Any, owner: str) -> np.random.RandomState:
    """The one generator of a call.

    Parameters
    ----------
    random_state
        Seed from 0 to ``2^32 - 1``, a RandomState of numpy, or None for numpy's global one.
    owner
        Whose parameter it is, for the message.

    Raises
    ------
    InvalidInput
        Anything else.

    Examples
    --------
    >>> int(generator_of(0, "SMOTE").randint(100))
    44
    """
    from sklearn.utils import check_random_state

    try:
        found: np.random.RandomState = check_random_state(random_state)
    except ValueError as error:
        hint = ""
        if isinstance(random_state, np.random.Generator):
            hint = " Use np.random.RandomState(generator.bit_generator)."
        raise InvalidInput(
            f"random_state of {owner} must be a whole number from 0 to {2**32 - 1}, a RandomState of "
            f"numpy, or None. Got {random_state!r}.{hint}"
        ) from error
    return found


def fractions(seed: int, counter: NDArray[np.uint64]) -> Floats:
    """Uniform numbers in (0, 1): the upper 53 bits that SplitMix64 gives for each counter.

    Parameters
    ----------
    seed
        At least 0.
    counter
        Which numbers, of any shape.

    References
    ----------
    Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA,
    figure 13. doi:10.1145/2660193.2660195

    Examples
    --------
    >>> fractions(7, np.array([3, 0], np.uint64)).round(3).tolist()
    [0.604, 0.722]
    """
    start = _mix(np.array([seed], np.uint64) + _GOLDEN)
    bits = _mix(start + (counter + np.uint64(1)) * _GOLDEN)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53  # never 0 or 1


def normals(seed: int, rows: Ints, n_columns: int) -> Floats:
    """Standard normal numbers that can be asked for by row.

    Entry ``(i, j)`` is ``Phi^-1(u)``, with ``u`` the one of :func:`fractions` for the counter
    ``rows[i] * n_columns + j``.

    Parameters
    ----------
    seed
        At least 0.
    rows
        Row numbers ``(n,)``.
    n_columns
        Numbers in each row.

    Returns
    -------
    float64 array (n, n_columns)

    References
    ----------
    Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA,
    figure 13. doi:10.1145/2660193.2660195

    Examples
    --------
    >>> both = normals(7, np.array([5, 2]), 3)
    >>> bool((both[1] == normals(7, np.array([2]), 3)[0]).all())
    True
    """
    from scipy.special import ndtri

    first = np.asarray(rows).astype(np.uint64)[:, None] * np.uint64(n_columns)
    counter = np.asarray(first + np.arange(n_columns, dtype=np.uint64), np.uint64)
    return np.asarray(ndtri(fractions(seed, counter)))


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def _mix(bits: NDArray[Any]) -> NDArray[np.uint64]:
    for shift, factor in _MIX:
        bits = np.asarray((bits ^ (bits >> np.uint64(shift))) * np.uint64(factor), np.uint64)
    return np.asarray(bits ^ (bits >> np.uint64(31)), np.uint64)
