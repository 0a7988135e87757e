"""Deferred re-weighting: plain training first, the correcting loss for the last epochs."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

from evenkeel._checks import check_number
from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType


class DeferredReweighting(nn.Module):
    """One loss until an epoch, another from it on.

    ``first`` is plain (or LDAM), ``then`` the same with class weights: the network learns its features
    from the data as they are, and the classifier is corrected at the end, with the learning rate
    already low.

    .. code-block:: python

        criterion = DeferredReweighting(nn.CrossEntropyLoss(), ClassWeightedLoss(counts), start=160)
        for epoch in range(200):
            criterion.set_epoch(epoch)
            ...

    A loss cannot see epochs pass: without ``set_epoch`` before each of them, the first one too, ``then``
    never starts. A training step that comes before any ``set_epoch`` is warned of. In a ``Trainer``,
    :class:`EpochCallback` or :class:`LightningEpochCallback` makes the call.

    The epoch stands in ``state_dict()``, so a training that is resumed is in the phase that it was in.

    Parameters
    ----------
    first, then
        Losses: modules or functions of the same arguments.
    start
        First epoch of ``then``, at least 0.

    Attributes
    ----------
    epoch
        A buffer, so that checkpoints keep it and devices move it.
    phases
        Both losses, for :func:`evenkeel.nn.check_prior`.

    Raises
    ------
    InvalidInput
        ``start`` or an epoch below 0, or a loss that cannot be called.

    Warns
    -----
    EvenkeelWarning
        On a training step before anybody has called ``set_epoch`` or loaded a state, once.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga and Ma 2019, "Learning imbalanced datasets with label-distribution-aware
    margin loss", NeurIPS, algorithm 1. arXiv:1906.07413

    Examples
    --------
    >>> weighted = nn.CrossEntropyLoss(torch.tensor([0.5, 5.0]), reduction="sum")
    >>> criterion = DeferredReweighting(nn.CrossEntropyLoss(reduction="sum"), weighted, start=2)
    >>> logits, target = torch.zeros(1, 2), torch.tensor([1])
    >>> for epoch in (0, 2):
    ...     criterion.set_epoch(epoch)
    ...     print(round(criterion(logits, target).item(), 3))
    0.693
    3.466
    """

    epoch: torch.Tensor

    def __init__(self, first: Any, then: Any, *, start: int) -> None:
        super().__init__()
        check_number(start, "start", "DeferredReweighting", low=0, whole=True)
        for name, loss in (("first", first), ("then", then)):
            if not callable(loss):
                raise InvalidInput(
                    f"{name} of DeferredReweighting must be a loss: a module or a function. "
                    f"Got {loss!r}."
                )
        self.first, self.then, self.start = first, then, int(start)
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64))
        self._deferred = self._told = self.start == 0
        self._warned = False

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0."""
        check_number(epoch, "epoch", "DeferredReweighting", low=0, whole=True)
        self.epoch.fill_(int(epoch))
        self._deferred, self._told = int(epoch) >= self.start, True

    @property
    def active(self) -> Any:
        """The loss of this epoch."""
        return self.then if self._deferred else self.first

    @property
    def phases(self) -> tuple[Any, Any]:
        """Both losses, in order."""
        return self.first, self.then

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The loss of this epoch, of these arguments."""
        if not (self._told or self._warned) and self.training and torch.is_grad_enabled():
            self._warn()
        return self.active(*args, **kwargs)

    def extra_repr(self) -> str:
        """When the second loss starts, and the epoch that was told, for ``print``."""
        epoch = int(self.epoch) if self._told else "never told"
        return f"start={self.start}, epoch={epoch}"

    def _warn(self) -> None:
        warnings.warn(
            f"DeferredReweighting trains before it was told an epoch: its second loss, from epoch "
            f"{self.start} on, never starts unless set_epoch(epoch) is called before each epoch.",
            EvenkeelWarning,
            stacklevel=5,  # of the loop that called the module
        )
        self._warned = True

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._deferred, self._told = int(self.epoch) >= self.start, True


def check_followers(followers: tuple[Any, ...], owner: str) -> None:
    """Raise InvalidType unless each of what a callback is to tell the epoch has ``set_epoch``."""
    for follower in followers:
        if not callable(getattr(follower, "set_epoch", None)):
            raise InvalidType(
                f"followers of {owner} must have set_epoch, as DeferredReweighting and the samplers do. "
                f"Got {type(follower).__name__}."
            )
