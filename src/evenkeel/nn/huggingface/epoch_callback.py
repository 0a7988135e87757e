"""Tells schedules and samplers which epoch begins."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from evenkeel.nn.schedule import check_followers


class EpochCallback(TrainerCallback):
    """Call ``set_epoch`` of losses and samplers when an epoch of the ``Trainer`` begins.

    With it, deferred re-weighting follows the epochs of a ``Trainer``:

    .. code-block:: python

        loss = DeferredReweighting(ClassWeightedLoss(), ClassWeightedLoss(counts), start=2)
        Trainer(..., compute_loss_func=loss, callbacks=[EpochCallback(loss)])

    The epoch is that of the trainer's state, which stands in every checkpoint: a training that is
    resumed is in the phase that it was in. It also reaches a sampler where ``Trainer`` does not, in
    the first epoch after a resume on several processes.

    Parameters
    ----------
    *followers
        Objects with ``set_epoch(epoch)``.

    Raises
    ------
    InvalidType
        One without ``set_epoch``.

    Examples
    --------
    >>> from evenkeel.nn import ClassWeightedLoss, DeferredReweighting
    >>> from transformers import TrainerState
    >>> loss = DeferredReweighting(ClassWeightedLoss(), ClassWeightedLoss([90, 10]), start=2)
    >>> EpochCallback(loss).on_epoch_begin(None, TrainerState(epoch=2.0), None)
    >>> int(loss.epoch), loss.active is loss.then
    (2, True)
    """

    def __init__(self, *followers: Any) -> None:
        check_followers(followers, "EpochCallback")
        self.followers = followers

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Set the epoch that training starts or resumes in."""
        self.on_epoch_begin(args, state, control, **more)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Set the epoch that begins, counted from 0."""
        del args, control, more
        for follower in self.followers:
            follower.set_epoch(int(state.epoch or 0))
