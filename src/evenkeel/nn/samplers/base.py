"""What the samplers share: ranks, epochs, and resuming in the middle of one."""

from __future__ import annotations

import warnings
import zlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data.distributed import DistributedSampler

from evenkeel._checks import check_number
from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn.samplers.draws import Draws, Track
from evenkeel.nn.samplers.ranks import agree, check_shard, shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evenkeel.nn.samplers.class_rows import ClassRows

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]

_SAME = {  # entries of a state that have to be ours, and what it means when they are not
    "sampler": "a sampler of another kind",
    "rows": "another number of rows",
    "labels": "other labels, rows in another order, or another seed",
    "draws": "an epoch of another length",
    "quotas": "other shares of the classes",
}
_SHOWN = ("shares", "power", "n_epochs", "per_class")  # what members call their settings, for repr


class ClassSampler(DistributedSampler[int]):
    """Base of the samplers: an epoch is a list of row numbers that the hooks can give from any place.

    The list is a function of labels, seed and epoch only. Process r of W takes every W-th unit of it,
    from the r-th on; where it cannot be divided, units from its start are used again
    (``drop_last=False``) or its last units are left out.

    A member writes ``_quotas`` and ``_open``.

    Parameters
    ----------
    class_rows
        The rows of each class.
    n_draws
        Length of the list, a multiple of ``unit``.
    unit
        Draws that stay together on a process, at least 1.
    seed, num_replicas, rank, drop_last
        As for :class:`BalancedSampler`.
    """

    def __init__(
        self,
        class_rows: ClassRows,
        *,
        n_draws: int,
        unit: int = 1,
        seed: int,
        num_replicas: int | None,
        rank: int | None,
        drop_last: bool,
    ) -> None:
        check_shard(num_replicas, rank, type(self).__name__)
        self.class_rows, self.n_draws, self.unit = class_rows, n_draws, unit
        super().__init__(
            range(n_draws),  # type: ignore[arg-type]  # only its length is asked for
            num_replicas=1, rank=0, seed=seed, drop_last=drop_last,
        )  # fmt: skip
        self._asked = (num_replicas, rank)
        self._track: Track | None = None
        self._resume = 0
        self._agreed = False
        self._told = False  # whether anybody called set_epoch
        self._find_place()

    @abstractmethod
    def _quotas(self, epoch: int) -> Ints:
        """Draws of each class in an epoch, ``(n_classes,)``; they sum to ``n_draws``."""

    @abstractmethod
    def _open(self, epoch: int) -> Callable[[Ints], Ints]:
        """A function from places in the epoch, ``(n,)``, to row numbers ``(n,)``."""

    @property
    def classes(self) -> tuple[Any, ...]:
        """Labels of the classes, sorted."""
        return self.class_rows.classes

    @property
    def prior(self) -> Floats:
        """Share of each class among the rows, ``(n_classes,)``."""
        return self.class_rows.shares

    @property
    def drawn_prior(self) -> Floats:
        """Share of each class among the draws of this epoch, ``(n_classes,)``."""
        return self._quotas(self.epoch) / self.n_draws

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch: call it before each one, on every process.

        A position that was loaded for this epoch is kept; for any other epoch it is forgotten.
        """
        check_number(epoch, "epoch", type(self).__name__, low=0, whole=True)
        if epoch != self.epoch:
            self._resume = 0
            self._track = None
        self._told = True
        super().set_epoch(int(epoch))

    def __len__(self) -> int:
        self._find_place()
        return self.num_samples

    def __iter__(self) -> Draws:
        self._find_place()
        start, self._resume = self._resume, 0
        self._warn_of_repeats()
        self._track = None  # what it draws from goes before the next is made
        if self.num_replicas > 1 and not self._agreed:
            self.check_ranks(position=start)
        drawn = self._open(self.epoch)
        unit, step, rank, n = self.unit, self.num_replicas, self.rank, self.n_draws

        def draw(first: int, last: int) -> Ints:
            places = np.arange(first, last)
            if step > 1:
                whole, rest = places // unit, places % unit if unit > 1 else 0
                places = ((whole * step + rank) * unit + rest) % n
            return drawn(places)

        self._track = Track(draw, self.num_samples, start)
        return Draws.along(self._track)

    def state_dict(self, done: int | None = None) -> dict[str, Any]:
        """Where this epoch stands, as plain numbers.

        A sampler knows the rows that it has handed out, not those that were trained on, and it cannot
        see who fetches ahead: a ``DataLoader`` with workers does, and so does every loader that
        Accelerate has prepared, even without workers. There, give ``done``, or rows are lost in
        silence. Under Accelerate no state is needed: ``loader.set_epoch(epoch)`` and
        ``accelerator.skip_first_batches(loader, batches)`` go on exactly (docs/pytorch.md).

        Parameters
        ----------
        done
            Rows of this epoch that training has used on this process, counted from the start of the
            epoch, those before a resume too. None: all that were handed out, which is right for a
            plain ``DataLoader`` without workers only.
        """
        self._find_place()
        if done is None:
            done = self._resume if self._track is None else self._track.position
        check_number(done, "done", type(self).__name__, low=0, whole=True)
        return {
            **self._identity(self.epoch),
            "epoch": self.epoch,
            "drawn": min(int(done), self.num_samples) * self.num_replicas,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a saved state stood; with another number of processes too.

        Raises
        ------
        InvalidInput
            A state of other labels, another kind of sampler, other shares or another length, or a
            position that so many processes cannot share evenly.
        """
        owner = type(self).__name__
        held = state_dict if isinstance(state_dict, dict) else {}
        missing = [name for name in (*_SAME, "epoch", "drawn") if name not in held]
        if missing:
            raise InvalidInput(
                f"state_dict of {owner} must be one that its state_dict() gave. It lacks {missing}."
            )
        check_number(state_dict["epoch"], "epoch", owner, low=0, whole=True)
        check_number(state_dict["drawn"], "drawn", owner, low=0, whole=True)
        own = self._identity(int(state_dict["epoch"]))
        for name, meaning in _SAME.items():
            if state_dict[name] != own[name]:
                raise InvalidInput(
                    f"state_dict of {owner} must be of this sampler. It is of {meaning}: {name} is "
                    f"{state_dict[name]!r} there and {own[name]!r} here."
                )
        self._find_place()
        drawn = int(state_dict["drawn"])
        if drawn % self.num_replicas:
            raise InvalidInput(
                f"state_dict of {owner} must stand at a place that {self.num_replicas} processes can "
                f"share evenly. Got {drawn:,} draws. Resume with as many processes as saved it."
            )
        self.set_epoch(state_dict["epoch"])
        self._resume = drawn // self.num_replicas
        self._track = None
        self._agreed = False

    def check_ranks(self, *, position: int = 0) -> None:
        """Raise on every process unless all of them sample the same; every process has to call it.

        The first pass does so by itself, except in the global form (``num_replicas=1``), which has
        no way to know that other processes exist.
        """
        facts = {
            **self._identity(self.epoch),
            "seed": self.seed,
            "epoch": self.epoch,
            "position": position,
        }
        agree(facts, type(self).__name__)
        self._agreed = True

    def __repr__(self) -> str:
        own = {name: getattr(self, name, None) for name in (*_SHOWN, "seed", "epoch")}
        if own["shares"] is not None:  # given in place of power
            own |= {"shares": np.round(own["shares"], 4).tolist(), "power": None}
        shown = [f"{name}={value}" for name, value in own.items() if value is not None]
        rows, classes = len(self.class_rows.rows), len(self.classes)
        facts = [f"{rows:,} rows", f"{classes} classes", f"{self.n_draws:,} draws", *shown]
        return f"{type(self).__name__}({', '.join(facts)})"

    def __getstate__(self) -> dict[str, Any]:
        """Without the pass that is under way: a copy starts its own."""
        return {**self.__dict__, "_track": None}

    def _identity(self, epoch: int) -> dict[str, Any]:
        return {
            "sampler": type(self).__name__,
            "rows": len(self.class_rows.rows),
            "labels": self.class_rows.digest,
            "draws": self.n_draws,
            "quotas": zlib.crc32(self._quotas(epoch).astype(np.int64).tobytes()),
        }

    def _find_place(self) -> None:
        """Ranks are asked for late: trainers start their processes after samplers are made."""
        self.num_replicas, self.rank = shard(*self._asked)
        units = self.n_draws // self.unit
        each = units // self.num_replicas if self.drop_last else -(-units // self.num_replicas)
        self.num_samples = each * self.unit
        self.total_size = self.num_samples * self.num_replicas

    def _warn_of_repeats(self) -> None:
        track = self._track
        if track is None or self._told or track.position < track.total:
            return
        warnings.warn(
            f"{type(self).__name__} gives epoch {self.epoch} again, in the same order. Call "
            "set_epoch(epoch) before each epoch.",
            EvenkeelWarning,
            stacklevel=3,
        )
        self._told = True  # once is enough
