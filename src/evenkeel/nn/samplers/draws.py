"""A stream of row numbers that knows how far it has come."""

from __future__ import annotations

import itertools
from operator import length_hint
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    Draw = Callable[[int, int], NDArray[np.integer[Any]]]

BLOCK = 1 << 14  # numbers made at once: they and their arithmetic stay in the cache


class Track:
    """Where a stream stands.

    Parameters
    ----------
    draw
        Gives the numbers from one place to another.
    total
        Numbers in the stream.
    start
        Place of the first one that is asked for.
    """

    def __init__(self, draw: Draw, total: int, start: int) -> None:
        self.total = total
        self._draw: Draw | None = draw
        self._made = start
        self._block: Iterator[int] = iter(())

    @property
    def position(self) -> int:
        """Place of the next number."""
        return self._made - length_hint(self._block)

    def jump(self, position: int) -> None:
        """Go on from another place; nothing is made for those in between."""
        for _ in self._block:
            pass
        self._made = position

    def blocks(self) -> Iterator[Iterator[int]]:
        """The stream, block after block."""
        while self._made < self.total:
            assert self._draw is not None
            stop = min(self._made + BLOCK, self.total)
            self._block = iter(self._draw(self._made, stop).tolist())
            self._made = stop
            yield self._block
        self._draw = None  # what it draws from may be large


class Draws(itertools.chain[int]):
    """Row numbers one by one, at the speed of a list, with a position to save.

    It has the ``state_dict`` and ``load_state_dict`` that torchdata's StatefulDataLoader looks for
    in iterators, so batches that workers fetched ahead are not counted as seen.
    """

    track: Track

    @classmethod
    def along(cls, track: Track) -> Draws:
        """The stream of a track."""
        draws = cast("Draws", cls.from_iterable(track.blocks()))
        draws.track = track
        return draws

    def state_dict(self) -> dict[str, Any]:
        """The position of the next number."""
        return {"position": self.track.position}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a position; before the stream has ended."""
        self.track.jump(int(state_dict["position"]))
