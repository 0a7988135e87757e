"""What would make a Trainer's loss wrong in silence, told before training."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn
from torch.utils.data import WeightedRandomSampler

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn.guard import check_prior
from evenkeel.nn.huggingface.token_draws import token_draws
from evenkeel.nn.huggingface.training_labels import has_labels, training_labels
from evenkeel.nn.huggingface.unfollowed import Unfollowed
from evenkeel.nn.losses.base import Loss
from evenkeel.nn.losses.sigmoid import SigmoidLoss

if TYPE_CHECKING:
    from evenkeel.nn.prior_report import PriorReport

_IGNORED = -100  # the only label that Trainer leaves out of num_items_in_batch


def check_trainer(
    trainer: Any, *, labels: Any = None, strict: bool = False
) -> PriorReport | Unfollowed:
    """Look at loss, sampler and arguments of a Transformers ``Trainer`` before ``train()``.

    :class:`BalancedTrainerMixin` does it by itself.

    Parameters
    ----------
    trainer
        A ``Trainer``, built and not yet trained.
    labels
        Labels of the training rows, where the dataset does not show them.
    strict
        Raise rather than warn when loss and sampler both correct the imbalance.

    Returns
    -------
    PriorReport or Unfollowed
        The shares of the classes from the data to the loss; of tokens theirs, whatever classes the
        rows are drawn by. Where labels or loss cannot be followed (several labels to a row, labels
        that nobody shows, a function of one's own) an object that is false, has no figures, and says
        why when it is printed.

    Raises
    ------
    InvalidInput
        A loss that Trainer would scale wrongly (another reduction, another ``ignore_index``), one of
        torch that does not take what Trainer gives, one for another number of classes than the
        model, labels outside these; a schedule that nobody tells the epoch.

    Warns
    -----
    EvenkeelWarning
        ``label_smoothing_factor`` beside ``compute_loss_func``, which Trainer ignores;
        ``average_tokens_across_devices=False`` on several processes; a correction made twice.
    """
    loss, args = trainer.compute_loss_func, trainer.args
    n_classes = getattr(getattr(trainer.model, "config", None), "num_labels", None)
    if loss is not None:
        _check_arguments(args)
        _check_told(trainer, loss)
        for phase in getattr(loss, "phases", (loss,)):
            _check_loss(phase, n_classes)
    return _prior(trainer, loss, labels, n_classes, strict=strict)


def _check_arguments(args: Any) -> None:
    if args.label_smoothing_factor:
        warnings.warn(
            "label_smoothing_factor of TrainingArguments is ignored where compute_loss_func is given. "
            f"Got {args.label_smoothing_factor:g}. Give it to the loss: "
            f"label_smoothing={args.label_smoothing_factor:g}.",
            EvenkeelWarning,
            stacklevel=3,
        )
    if args.world_size > 1 and not args.average_tokens_across_devices:
        warnings.warn(
            "average_tokens_across_devices of TrainingArguments must be True for the loss to be that "
            "of the whole batch. Got False: each process divides by its own items.",
            EvenkeelWarning,
            stacklevel=3,
        )


def _check_told(trainer: Any, loss: Any) -> None:
    if not callable(getattr(loss, "set_epoch", None)):
        return
    held = (getattr(callback, "followers", ()) for callback in trainer.callback_handler.callbacks)
    if not any(follower is loss for followers in held for follower in followers):
        raise InvalidInput(
            f"compute_loss_func of Trainer, {type(loss).__name__}, must be told the epoch. Got no "
            "callback that does. Add callbacks=[EpochCallback(loss)]."
        )


def _check_loss(loss: Any, n_classes: int | None) -> None:
    name = type(loss).__name__
    if isinstance(loss, nn.Module) and type(loss).__module__.startswith("torch."):
        raise InvalidInput(
            "compute_loss_func of Trainer must take a model's output and num_items_in_batch. Got "
            f"torch's {name}, which does not. ClassWeightedLoss() without weights is the plain "
            "cross-entropy, WeightedBCE() its form for several labels."
        )
    if not isinstance(loss, Loss):
        return
    if loss.reading.reduction != "mean":
        raise InvalidInput(
            f"reduction of {name} must be 'mean' in a Trainer: it divides by the items of all "
            f"micro-batches and processes. Got {loss.reading.reduction!r}."
        )
    if loss.reading.ignore_index != _IGNORED:
        raise InvalidInput(
            f"ignore_index of {name} must be {_IGNORED} in a Trainer, which counts all other labels. "
            f"Got {loss.reading.ignore_index}. Write {_IGNORED} in the labels."
        )
    held: Any = getattr(loss, "prior_correction", None)
    if held is None or n_classes is None or (isinstance(loss, SigmoidLoss) and held.ndim == 1):
        return
    if len(held) != n_classes:
        raise InvalidInput(
            f"compute_loss_func of Trainer, {name}, must be for {n_classes} classes, the num_labels "
            f"of the model. Got one for {len(held)}."
        )


def _prior(
    trainer: Any, loss: Any, labels: Any, n_classes: int | None, *, strict: bool
) -> PriorReport | Unfollowed:
    plain = nn.CrossEntropyLoss() if loss is None else loss
    phases = getattr(plain, "phases", (plain,))
    data = trainer.train_dataset
    sampler = None if data is None else trainer._get_train_sampler(data)
    ours, drawn = hasattr(sampler, "drawn_prior"), isinstance(sampler, WeightedRandomSampler)
    if any(not hasattr(phase, "prior_correction") for phase in phases) and loss is not None:
        if ours or drawn:
            warnings.warn(
                "compute_loss_func of Trainer must have prior_correction, for one to see whether it "
                f"corrects the imbalance a second time. Got {_named(loss)} beside "
                f"{type(sampler).__name__}.",
                EvenkeelWarning,
                stacklevel=3,
            )
        return Unfollowed(
            f"{_named(loss)} has no prior_correction, so what it does to the classes cannot be known."
        )
    shown = training_labels(data, "check_trainer") if has_labels(data) else None
    classes = max(n_classes, 2) if n_classes else None
    told = labels if shown is None else shown
    if told is not None and len(told) and np.ndim(told[0]):
        unseen = _unseen(trainer, phases, told)
        if unseen is not None:
            return unseen
        by = sampler if ours or drawn else None
        return check_prior(token_draws(told, by, classes), plain, strict=strict)
    if shown is None and labels is not None and ours and _over_tokens(trainer, phases):
        return Unfollowed(
            "The loss is over tokens, whose labels train_dataset does not show: its classes are "
            f"others than those that {type(sampler).__name__} draws rows by."
        )
    if ours:
        return check_prior(sampler, plain, strict=strict)
    if told is None and not drawn:
        return Unfollowed("train_dataset shows no labels. Give labels=, one for each row.")
    given = training_labels(data, "check_trainer") if told is None else told
    given = given if labels is None else labels
    return check_prior(
        sampler if drawn else None, plain, labels=given, n_classes=classes, strict=strict
    )


def _unseen(trainer: Any, phases: Any, labels: Any) -> Unfollowed | None:
    """Why rows with several labels each cannot be followed; None for tokens, which can."""
    config = getattr(trainer.model, "config", None)
    several = getattr(config, "problem_type", None) == "multi_label_classification"
    first = np.asarray(next((row for row in labels if len(row)), labels[0]))
    if several or first.dtype.kind == "f" or any(isinstance(one, SigmoidLoss) for one in phases):
        return Unfollowed(
            "Rows have several labels each. Follow one at a time: check_prior(None, loss, "
            "labels=Y[:, 0])."
        )
    if first.ndim > 1:
        return Unfollowed(
            f"Rows have labels of shape {first.shape}, such as pixels. Follow them by "
            "check_prior(None, loss, labels=those_of_all_rows)."
        )
    return None


def _over_tokens(trainer: Any, phases: Any) -> bool:
    readings = [one.reading for one in phases if isinstance(one, Loss)]
    named = type(trainer.model).__name__.endswith("ForTokenClassification")
    sigmoid = any(isinstance(one, SigmoidLoss) for one in phases)  # whose classes come last anyway
    return named or (not sigmoid and any(reading.class_dim == -1 for reading in readings))


def _named(loss: Any) -> str:
    return getattr(loss, "__name__", None) or type(loss).__name__
