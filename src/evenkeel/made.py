"""Blocks of made rows: each knows its parents and its own arithmetic.

A made row is a function of its block and its place in it alone, so rows can be made in any order
and in batches of any size, with the same bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evenkeel.chance import normals
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from evenkeel.votes import Votes

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Made(ABC):
    """Rows that a resampler made, ``(n_made,)``.

    Parameters
    ----------
    parents
        Id of each row's parent, ``(n_made,)``: it gives the label, the weight and every column that
        is not made.
    """

    parents: Ints

    ids: ClassVar[tuple[str, ...]] = ("parents",)  # fields that hold ids of rows

    def __post_init__(self) -> None:
        for name in (*self.ids, *self.aligned):
            if isinstance(getattr(self, name), (list, tuple)):
                object.__setattr__(self, name, np.asarray(getattr(self, name)))
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                view = value.view()
                view.flags.writeable = False
                object.__setattr__(self, field.name, view)
        for name in (*self.ids, *self.aligned):
            length = getattr(self, name).shape[0]
            if length != len(self.parents):
                raise InvalidInput(
                    f"{name} of {type(self).__name__} must hold one value for each of "
                    f"{len(self.parents):,} parents. Got {length:,}."
                )

    aligned: ClassVar[tuple[str, ...]] = ()  # fields with one entry for each made row

    @abstractmethod
    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Numbers of the rows at the given places.

        Parameters
        ----------
        get
            Gives the numbers of rows by id: an array ``(n, n_numeric)``, or CSR.
        at
            Places in this block, ``(n,)``.
        """

    @property
    def election(self) -> Votes | None:
        """The votes on columns that the block does not make; None where every such column is the parent's."""
        return None

    def references(self) -> Iterator[tuple[str, Ints]]:
        """Ids of the rows that the block is made from, ``(n,)``, under the name of their field."""
        for name in self.ids:
            yield name, getattr(self, name)
        if self.election is not None:
            yield "voters", self.election.voters.ravel()

    def moved(self, lift: Callable[[Ints], Ints]) -> Made:
        """The same block with its ids renamed."""
        new: dict[str, Any] = {name: lift(getattr(self, name)) for name in self.ids}
        if self.election is not None:
            voters = lift(self.election.voters.ravel()).reshape(self.election.voters.shape)
            new["votes"] = replace(self.election, voters=voters)
        return replace(self, **new)

    @property
    def nbytes(self) -> int:
        """Bytes that the block holds."""
        values = (getattr(self, field.name) for field in fields(self))
        own = sum(value.nbytes for value in values if isinstance(value, np.ndarray))
        return own + (self.election.nbytes if self.election is not None else 0)


@dataclass(frozen=True, eq=False)
class Between(Made):
    """Rows on the line from a parent to a partner: ``a + step * (b - a)``.

    Parameters
    ----------
    partners
        Id of the row at the other end, ``(n_made,)``.
    steps
        How far along, ``(n_made,)``: 0 is the parent, 1 the partner.
    votes
        Votes on the columns that are categories; None where there are none.
    """

    partners: Ints
    steps: Floats
    votes: Votes | None = None

    ids: ClassVar[tuple[str, ...]] = ("parents", "partners")
    aligned: ClassVar[tuple[str, ...]] = ("steps",)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_votes(self)

    @property
    def election(self) -> Votes | None:
        """The votes, if there are any."""
        return self.votes

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Interpolate."""
        start, end = _floats(get(self.parents[at])), _floats(get(self.partners[at]))
        steps = self.steps[at]
        if not isinstance(start, np.ndarray):
            made = (start + (end - start).multiply(steps[:, None])).tocsr()
            if not np.isinf(made.data).any():
                return made
            return type(start)(_far_apart(start.toarray(), end.toarray(), steps[:, None]))
        along = steps.reshape(-1, *[1] * (start.ndim - 1))
        try:
            with np.errstate(over="raise"):
                return _on_the_line(start, end, along)
        except FloatingPointError:
            return _far_apart(start, end, along)


@dataclass(frozen=True, eq=False)
class Elected(Made):
    """Copies of the parents with every category voted on.

    Parameters
    ----------
    votes
        Votes on the columns that are categories.
    """

    votes: Votes

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_votes(self)

    @property
    def election(self) -> Votes:
        """The votes."""
        return self.votes

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Copy."""
        return get(self.parents[at])


@dataclass(frozen=True, eq=False)
class Jittered(Made):
    """Copies of the parents with Gaussian noise: ``a + spread[group] * N(0, 1)``.

    The noise of a row depends on the seed and the row's place only.

    Parameters
    ----------
    seed
        Seed of the noise, at least 0.
    spread
        Standard deviation of the noise for each group and column, ``(n_groups, n_numeric)``.
    group
        Group of each made row, ``(n_made,)``.
    """

    seed: int
    spread: Floats
    group: Ints

    aligned: ClassVar[tuple[str, ...]] = ("group",)

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Copy and shake."""
        start = _floats(get(self.parents[at]))
        with np.errstate(over="ignore"):
            noise = normals(self.seed, at, self.spread.shape[1]) * self.spread[self.group[at]]
            if not isinstance(start, np.ndarray):
                return type(start)(noise) + start
            made = start + noise.reshape(start.shape)
        lost = np.isinf(made) & np.isfinite(start)
        return np.copysign(np.finfo(made.dtype).max, made, out=made, where=lost)


@dataclass(frozen=True, eq=False)
class Given(Made):
    """Rows whose numbers are known beforehand, such as centroids.

    Parameters
    ----------
    values
        Numbers of each row, ``(n_made, n_numeric)``.
    """

    values: Any

    aligned: ClassVar[tuple[str, ...]] = ("values",)

    def make(self, get: Callable[[Ints], Any], at: Ints) -> Any:
        """Look them up."""
        return self.values[at]


def _on_the_line(start: Any, end: Any, steps: Floats) -> Any:
    if start.dtype == np.float64 and start.ndim == 2:
        made = end - start  # the same sum, without its intermediate arrays
        made *= steps
        made += start
        return made
    return start + steps * (end - start)


def _far_apart(start: Any, end: Any, steps: Floats) -> Any:
    """The same, ``a (1 - step) + b step`` where the difference of the ends is infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        made = start + steps * (end - start)
        lost = ~np.isfinite(made) & np.isfinite(start) & np.isfinite(end)
        top = np.finfo(made.dtype).max
        return np.where(lost, (start * (1 - steps) + end * steps).clip(-top, top), made)


def _check_votes(block: Made) -> None:
    votes = block.election
    if votes is not None and len(votes.voter_of) != len(block.parents):
        raise InvalidInput(
            f"voter_of of {type(block).__name__} must hold one value for each of "
            f"{len(block.parents):,} parents. Got {len(votes.voter_of):,}."
        )


def _floats(values: Any) -> Any:
    """Differences of whole numbers overflow their type, and bools have none."""
    return values.astype(np.float64) if values.dtype.kind in "biu" else values
