"""Callbacks of a Lightning ``Trainer``: epochs of losses and samplers, metrics of rare classes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities import CombinedLoader
from torch.utils.data import DistributedSampler

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn.huggingface import make_compute_metrics
from evenkeel.nn.schedule import check_followers

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    from torch import Tensor

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
    sampler named here the rows are right all the same. A checkpoint that is written after ``fit`` has
    ended, in the middle of an epoch by ``max_steps``, goes on with the next epoch, as Lightning counts:
    ``ModelCheckpoint`` writes within ``fit`` and goes on with the next row. Samplers need no more for
    DDP: they are ``DistributedSampler`` objects, which Lightning leaves as they are.

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
        check_followers(followers, "LightningEpochCallback")
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
                _state(trainer, one, batches * _batch_size(trainer, one)) for one in self.samplers
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


def _state(trainer: Any, sampler: Any, done: int) -> dict[str, Any]:
    """The place after ``done`` rows of the sampler's epoch, or before the next one, if it is over."""
    epochs = trainer.fit_loop.epoch_progress.current.processed
    batches = trainer.fit_loop.epoch_loop.batch_progress.current.processed
    cut = epochs > sampler.epoch or batches >= trainer.num_training_batches
    if done < len(sampler) and not cut:
        return dict(sampler.state_dict(done=done))
    # Lightning never returns to an epoch that max_steps, limit_train_batches or an early stop cut
    # short. Loaders with workers fetch before it sets the epoch, and would find what is left of it.
    following = copy.copy(sampler)
    following.set_epoch(max(epochs, sampler.epoch + 1))
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


class LightningMetricsCallback(Callback):
    """Log metrics of imbalanced classes on the validation rows, of all processes together.

    They are those of :func:`make_compute_metrics`: ``val_balanced_accuracy``,
    ``val_average_precision``, ``val_recall_<name>`` and the rest, made once from all scores and not
    as a mean over batches. Any of them can be the ``monitor`` of ``ModelCheckpoint`` and
    ``EarlyStopping``, with ``mode="max"``. The ``validation_step`` returns its scores:

    .. code-block:: python

        def validation_step(self, batch, batch_idx):
            features, labels = batch
            return {"logits": self(features), "labels": labels}

    Rows that a ``DistributedSampler`` repeats to fill the last batch count once.

    Parameters
    ----------
    names
        Of the classes or labels, in the order of the codes; None: the codes.
    prefix
        In front of the name of each metric. With several validation loaders,
        ``/dataloader_idx_<number>`` follows it, as in Lightning's own logs.
    ignore_index
        Label of items that do not count.

    Raises
    ------
    InvalidInput, InvalidType
        From the first batch: no logits and labels, shapes that do not fit, another number of names.
        At the end of an epoch: logits that are not finite, labels outside the classes.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> found = {}
    >>> module = SimpleNamespace(log_dict=lambda metrics, **how: found.update(metrics))
    >>> trainer = SimpleNamespace(world_size=1, sanity_checking=False, val_dataloaders=None)
    >>> scores = {"logits": torch.tensor([[2.0, 0.0], [0.0, 1.0]]), "labels": torch.tensor([0, 1])}
    >>> metrics = LightningMetricsCallback(["no", "yes"])
    >>> metrics.on_validation_batch_end(trainer, module, scores, None, 0)
    >>> metrics.on_validation_epoch_end(trainer, module)
    >>> found["val_recall_yes"], found["val_average_precision"]
    (1.0, 1.0)
    """

    def __init__(
        self, names: Sequence[Any] | None = None, *, prefix: str = "val_", ignore_index: int = -100
    ) -> None:
        self.prefix = prefix
        self.names = None if names is None else list(names)
        self.metrics = make_compute_metrics(self.names, ignore_index=ignore_index)
        self._seen: dict[int, list[tuple[Tensor, Tensor]]] = {}
        self._rows: dict[int, int] = {}

    def on_validation_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Forget what was seen before."""
        del trainer, pl_module
        self._seen, self._rows = {}, {}

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the scores of a batch."""
        del pl_module, batch, batch_idx
        logits, labels = _scores(outputs)
        before = self._rows.get(dataloader_idx, 0)
        self._rows[dataloader_idx] = before + len(labels)
        own = _rows_of_rank(trainer, dataloader_idx)
        if own is not None:
            logits, labels = (one[: max(0, own - before)] for one in (logits, labels))
        if logits.ndim > labels.ndim:
            logits, labels = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)
        _check_names(self.names, logits, labels)
        self._seen.setdefault(dataloader_idx, []).append((logits, labels))

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Log the metrics of the epoch; not of the few batches that Lightning tries out at first."""
        if trainer.sanity_checking:
            return
        for number, seen in sorted(self._seen.items()):
            logits, labels = (torch.cat(parts) for parts in zip(*seen, strict=True))
            if trainer.world_size > 1:
                logits, labels = (_of_all_ranks(one, pl_module) for one in (logits, labels))
            items = SimpleNamespace(predictions=logits.numpy(), label_ids=labels.numpy())
            last = f"/dataloader_idx_{number}" if len(self._seen) > 1 else ""
            found = {
                f"{self.prefix}{key}{last}": value for key, value in self.metrics(items).items()
            }
            pl_module.log_dict(found, add_dataloader_idx=False)


def _scores(outputs: Any) -> tuple[Tensor, Tensor]:
    """Logits with the classes last, in float32 on the CPU, and labels."""
    given = outputs if isinstance(outputs, Mapping) else {}
    scores, truth = given.get("logits"), given.get("labels")
    if not isinstance(scores, torch.Tensor) or not isinstance(truth, torch.Tensor):
        got = sorted(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__
        raise InvalidType(
            "validation_step with LightningMetricsCallback must return {'logits': ..., 'labels': ...}, "
            f"two tensors. Got {got}."
        )
    logits, labels = scores.detach().cpu(), truth.detach().cpu()
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if logits.ndim == labels.ndim + 1 and logits.shape[:-1] != labels.shape:
        logits = logits.movedim(1, -1) if logits.ndim > 1 else logits  # images: (B, C, *spatial)
    if not labels.ndim or labels.shape not in (logits.shape, logits.shape[:-1]):
        raise InvalidInput(
            "labels of validation_step with LightningMetricsCallback must have the shape of the logits "
            "without their classes, or for several labels that of the logits. Got "
            f"{tuple(labels.shape)} for logits {tuple(scores.shape)}."
        )
    return logits, labels


def _check_names(names: list[Any] | None, logits: Tensor, labels: Tensor) -> None:
    """Raise InvalidInput unless there is a name for each class or label; one logit is of two classes."""
    several = logits.ndim > labels.ndim or logits.ndim == 2
    wanted = max(2, logits.shape[-1] if several else 1)
    if names is not None and len(names) != wanted:
        raise InvalidInput(
            f"names of LightningMetricsCallback must be {wanted}, one for each class or label. "
            f"Got {len(names)}: {listed(names)}."
        )


def _rows_of_rank(trainer: Any, number: int) -> int | None:
    """Rows of this process that are no repeats, where the loader repeats some to fill up; or None."""
    if trainer.world_size == 1:
        return None
    sampler = getattr(CombinedLoader(trainer.val_dataloaders).flattened[number], "sampler", None)
    if not isinstance(sampler, DistributedSampler) or not hasattr(sampler, "total_size"):
        return None
    return len(range(sampler.rank, len(cast("Sized", sampler.dataset)), sampler.num_replicas))


def _of_all_ranks(part: Tensor, pl_module: Any) -> Tensor:
    """The rows of all processes, which may have different numbers of them."""
    here = torch.tensor(len(part), device=pl_module.device)
    counts = pl_module.all_gather(here).reshape(-1).tolist()
    padded = part.new_zeros((max(counts), *part.shape[1:]))
    padded[: len(part)] = part
    every = pl_module.all_gather(padded.to(pl_module.device)).cpu()
    return torch.cat([rows[:count] for rows, count in zip(every, counts, strict=True)])
