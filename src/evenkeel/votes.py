"""Votes of neighbours over the category of a made row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.chance import fractions
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Ints = NDArray[np.integer[Any]]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Votes:
    """Who votes for each made row, and on which columns. Votes are counted when rows are taken.

    The category that most voters hold wins. A tie is broken by the row's own draw, which depends on
    the seed, the row's place and the column only; without a seed the least category wins.

    Parameters
    ----------
    voters
        Ids of the rows that vote, ``(n_parents, k)``: one line for each distinct parent.
    voter_of
        The line of ``voters`` that votes for each made row, ``(n_made,)``.
    columns
        Positions of the columns that are voted on.
    seed
        Seed of the draws that break ties, at least 0; None where the least category wins.

    Raises
    ------
    InvalidInput
        A made row without voters.

    Examples
    --------
    >>> votes = Votes(np.array([[0, 1, 2]]), np.array([0]), columns=(3,))
    >>> codes = np.array([7, 4, 7])
    >>> votes.elect(lambda ids: codes[ids], np.array([0]), 3).tolist()
    [7]
    """

    voters: Ints
    voter_of: Ints
    columns: tuple[int, ...]
    seed: int | None = None

    def __post_init__(self) -> None:
        lines, n_lines = self.voter_of, len(self.voters)
        if self.voters.ndim != 2 or not self.voters.shape[1]:
            raise InvalidInput(
                "voters of Votes must have shape (n_parents, k), with k of at least 1. "
                f"Got {self.voters.shape}."
            )
        if lines.size and (int(lines.min()) < 0 or int(lines.max()) >= n_lines):
            raise InvalidInput(
                f"voter_of of Votes must be from 0 to {n_lines - 1:,}, the lines of voters. "
                f"Got {lines.min()} to {lines.max()}."
            )
        for name in ("voters", "voter_of"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def nbytes(self) -> int:
        """Bytes that the votes hold."""
        return int(self.voters.nbytes + self.voter_of.nbytes)

    def elect(self, get: Callable[[Ints], Array], at: Ints, position: int) -> Array:
        """What wins in one column for the rows at the given places.

        Parameters
        ----------
        get
            Gives the categories of rows by id, ``(n,)``, as codes or numbers.
        at
            Places in the block, ``(n,)``.
        position
            Which column.
        """
        lines = self.voter_of[at]
        if len(at) < len(self.voters):  # only the voters of these rows are asked
            voters, lines = self.voters[lines], np.arange(len(at))
        else:
            voters = self.voters
        ballots = get(voters.T.ravel()).reshape(voters.shape[1], -1)  # (k, n_lines)
        leads = _leading(ballots)
        best = leads.argmax(axis=0) if self.seed is not None else _least(ballots, leads)
        won = np.asarray(ballots[best, np.arange(ballots.shape[1])][lines])
        if self.seed is None:
            return won
        n_leading = np.count_nonzero(leads, axis=0)
        tied = np.flatnonzero(n_leading[lines] > 1)
        turn = self.columns.index(position)
        counter = at[tied].astype(np.uint64) * np.uint64(len(self.columns)) + np.uint64(turn)
        pick = (fractions(self.seed, counter) * n_leading[lines[tied]]).astype(np.intp)
        chosen = (leads[:, lines[tied]].cumsum(axis=0) > pick).argmax(axis=0)
        won[tied] = ballots[chosen, lines[tied]]
        return won


def _leading(ballots: Array) -> Bools:
    """The first ballot for each category that has the most votes, ``(k, n)``."""
    counts = np.ones(ballots.shape, np.int32)
    first = np.ones(ballots.shape, bool)
    for j in range(1, len(ballots)):
        for i in range(j):
            same = _same(ballots[i], ballots[j])
            counts[i] += same
            counts[j] += same
            first[j] &= ~same
    return np.asarray(first & (counts == counts.max(axis=0)))


def _same(one: Array, other: Array) -> Bools:
    same = one == other
    if one.dtype.kind == "f":  # two gaps are one category
        same |= np.isnan(one) & np.isnan(other)
    return np.asarray(same)


def _least(ballots: Array, leads: Bools) -> Ints:
    """Which leading ballot is for the least category, gaps last, ``(n,)``."""
    best, value = leads.argmax(axis=0), ballots[leads.argmax(axis=0), np.arange(ballots.shape[1])]
    for i, ballot in enumerate(ballots):
        less = ballot < value
        if ballot.dtype.kind == "f":
            less |= np.isnan(value) & ~np.isnan(ballot)
        less &= leads[i]
        best[less], value[less] = i, ballot[less]
    return np.asarray(best)
