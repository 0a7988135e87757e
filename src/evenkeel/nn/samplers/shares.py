"""Shares of the classes that are wanted, and whole numbers of draws that come nearest to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_number, listed
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def shares_at(power: float, counts: Ints) -> Floats:
    """Shares between natural and balanced: proportional to ``n_c^(1 - power)``.

    A class without rows has share 0.

    Parameters
    ----------
    power
        0 natural, 0.5 square root, 1 balanced.
    counts
        Rows of each class ``(n_classes,)``.

    References
    ----------
    Kang et al. 2020, "Decoupling representation and classifier for long-tailed recognition", ICLR,
    equation 1 with ``q = 1 - power``. arXiv:1910.09217

    Examples
    --------
    >>> shares_at(0.5, np.array([81, 9, 0])).tolist()
    [0.75, 0.25, 0.0]
    """
    raw = np.where(counts > 0, np.maximum(counts, 1.0) ** (1.0 - power), 0.0)
    return np.asarray(raw / raw.sum())


def given_shares(shares: Any, classes: tuple[Any, ...], counts: Ints, owner: str) -> Floats:
    """Shares that a user gave, checked and made to sum to 1.

    Parameters
    ----------
    shares
        A mapping from label to share, classes left out having none, or one number for each class
        ``(n_classes,)``; at least 0.
    classes, counts
        Labels and rows of the classes.
    owner
        Whose they are, for messages.

    Raises
    ------
    InvalidInput
        A label that does not occur, another number of classes, shares below 0, none above 0, or a
        share for a class without rows.
    InvalidType
        Something else than numbers.
    """
    if isinstance(shares, Mapping):
        unknown = [label for label in shares if label not in classes]
        if unknown:
            raise InvalidInput(
                f"shares of {owner} must name classes of the labels: {listed(classes)}. "
                f"Got {listed(unknown)}."
            )
        shares = [shares.get(label, 0.0) for label in classes]
    try:
        raw = np.asarray(shares, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidType(f"shares of {owner} must be numbers. Got {shares!r}.") from error
    if raw.shape != (len(classes),):
        raise InvalidInput(
            f"shares of {owner} must hold one share for each of {len(classes)} classes. "
            f"Got shape {raw.shape}."
        )
    if not np.isfinite(raw).all() or bool((raw < 0).any()) or not raw.any():
        raise InvalidInput(
            f"shares of {owner} must be finite and at least 0, some above 0. Got {raw.tolist()}."
        )
    empty = [label for label, share, n in zip(classes, raw, counts, strict=True) if share and not n]
    if empty:
        raise InvalidInput(
            f"shares of {owner} must be 0 for classes without rows. Got a share for {listed(empty)}."
        )
    return np.asarray(raw / raw.sum())


def apportion(shares: Floats, n_draws: int) -> Ints:
    """Draws of each class: the nearest whole numbers that sum to ``n_draws`` (largest remainders).

    Examples
    --------
    >>> apportion(np.array([0.5, 0.25, 0.25]), 7).tolist()
    [3, 2, 2]
    """
    exact = shares * n_draws
    whole = np.floor(exact).astype(np.int64)
    left = n_draws - int(whole.sum())
    most_left = np.argsort(whole - exact, kind="stable")[:left]
    whole[most_left] += 1
    return whole


def check_power(power: Any, owner: str) -> None:
    """Raise unless ``power`` is a number from 0 to 1."""
    check_number(power, "power", owner, low=0, high=1, hint="0 is natural, 1 is balanced.")
