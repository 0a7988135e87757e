"""Tells losses and samplers which epoch of a Lightning ``Trainer`` begins, and keeps their place."""

from __future__ import annotations

import copy
from typing import Any

from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities import CombinedLoader

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput, InvalidType

KEY = "evenkeel samplers"


class LightningEpochCallback(Callback):
    """Call ``set_epoch`` of losses and samplers, and keep the place of samplers in checkpoints.

    Deferred re-weighting follows the epochs of the ``Trainer``, and a training that is resumed in the
    middle of an epoch goes on with the row that comes next:

    .. code-block:: python

        loss = DeferredReweighting(ClassWeightedLoss(), ClassWeightedLoss(counts), start=2)
        sampler = BalancedSampler(labels)
        Trainer(..., callbacks=[LightningEpochCallback(loss, sampler)])

    Lightning warns about any plain ``DataLoader`` when it resumes in the middle of an epoch; with the
    sampler named here the rows are right all the same. Samplers need no more for DDP: they are
    ``DistributedSampler`` objects, which Lightning leaves as they are.

    Parameters
    ----------
    *followers
        Objects with ``set_epoch(epoch)``; those with ``state_dict`` and ``num_replicas`` are samplers of
        the training loader.

    Raises
    ------
    InvalidType
        One without ``set_epoch``.
    InvalidInput
        When a checkpoint is written: a sampler that no training loader uses. When one is read: another
        number of samplers than wrote it, or other rows.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from evenkeel.nn import ClassWeightedLoss, DeferredReweighting
    >>> loss = DeferredReweighting(ClassWeightedLoss(), ClassWeightedLoss([90, 10]), start=2)
    >>> LightningEpochCallback(loss).on_train_epoch_start(SimpleNamespace(current_epoch=2), None)
    >>> int(loss.epoch), loss.active is loss.then
    (2, True)
    """

    def __init__(self, *followers: Any) -> None:
        for follower in followers:
            if not callable(getattr(follower, "set_epoch", None)):
                raise InvalidType(
                    "followers of LightningEpochCallback must have set_epoch, as DeferredReweighting "
                    f"and the samplers do. Got {type(follower).__name__}."
                )
        self.followers = followers

    @property
    def samplers(self) -> list[Any]:
        """Those of the followers that have a place in an epoch."""
        return [one for one in self.followers if hasattr(one, "num_replicas")]

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Set the epoch that training starts or resumes in; its own hook is skipped in mid-epoch."""
        self.on_train_epoch_start(trainer, pl_module)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Set the epoch that begins, counted from 0."""
        del pl_module
        for follower in self.followers:
            follower.set_epoch(trainer.current_epoch)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Keep where each sampler stands: after the batches that were trained on, not those fetched."""
        del pl_module
        if self.samplers:
            batches = trainer.fit_loop.epoch_loop.batch_progress.current.processed
            checkpoint[KEY] = [
                _state(one, batches * _batch_size(trainer, one)) for one in self.samplers
            ]

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Put each sampler where it stood."""
        del trainer, pl_module
        states = checkpoint.get(KEY, [])
        if len(states) != len(self.samplers):
            raise InvalidInput(
                f"followers of LightningEpochCallback must hold the {len(states)} samplers that the "
                f"checkpoint was written with. Got {len(self.samplers)}."
            )
        for sampler, state in zip(self.samplers, states, strict=True):
            sampler.load_state_dict(state)


def _state(sampler: Any, done: int) -> dict[str, Any]:
    if done < len(sampler):
        return dict(sampler.state_dict(done=done))
    # The epoch is over. Loaders with workers fetch before Lightning sets the epoch, and would find
    # nothing left of this one.
    following = copy.copy(sampler)
    following.set_epoch(sampler.epoch + 1)
    return dict(following.state_dict(done=0))


def _batch_size(trainer: Any, sampler: Any) -> int:
    loaders = CombinedLoader(trainer.train_dataloader).flattened
    for loader in loaders:
        if getattr(loader, "sampler", None) is sampler:
            return int(loader.batch_size)
    raise InvalidInput(
        "followers of LightningEpochCallback must be samplers of the training loaders. Got "
        f"{type(sampler).__name__}; the loaders have "
        f"{listed(type(getattr(one, 'sampler', one)).__name__ for one in loaders)}."
    )
