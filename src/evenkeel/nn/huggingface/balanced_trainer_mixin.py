"""A Transformers Trainer that draws its training rows by class."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.nn.huggingface.check_trainer import check_trainer
from evenkeel.nn.huggingface.training_labels import check_one_each, training_labels
from evenkeel.nn.samplers import BalancedSampler
from evenkeel.nn.samplers.base import ClassSampler

if TYPE_CHECKING:
    from evenkeel.nn.huggingface.unfollowed import Unfollowed
    from evenkeel.nn.prior_report import PriorReport

_OWNER = "BalancedTrainerMixin"


class BalancedTrainerMixin:
    """Give a ``Trainer`` a sampler of this package, and check loss and sampler before training.

    .. code-block:: python

        class BalancedTrainer(BalancedTrainerMixin, Trainer):
            pass


        BalancedTrainer(model, args, train_dataset=train, power=0.5).train()

    Each process makes the same list of rows and Accelerate shares out its batches, so that all
    processes together see the draw of one. The order follows from labels, seed and epoch: a training
    that is resumed in the middle of an epoch goes on with the rows that it had not seen. A loss with
    ``set_epoch``, such as :class:`DeferredReweighting`, is told the epoch too.

    Parameters
    ----------
    *args, **kwargs
        As the ``Trainer`` takes them.
    power
        0 natural, 0.5 square root, 1 balanced shares; see :class:`BalancedSampler`.
    labels
        Labels of the training rows ``(n_rows,)``, where the dataset does not show them.
    sampler
        In place of ``power``: a sampler of this package made with ``num_replicas=1``.
    strict
        Raise when loss and sampler both correct the imbalance, rather than warn.

    Attributes
    ----------
    prior_report
        What :func:`check_trainer` found when training began; None before. With one label to a
        sentence and a loss over its tokens, the shares are those of the tokens.

    Raises
    ------
    InvalidInput, InvalidType
        A dataset without labels, labels outside the model's classes or not one to a row, a sampler
        of other rows or of its own ranks; what :func:`check_trainer` raises.
    """

    args: Any
    model: Any
    train_dataset: Any
    compute_loss_func: Any
    prior_report: PriorReport | Unfollowed | None = None

    def __init__(
        self,
        *args: Any,
        power: float = 1.0,
        labels: Any = None,
        sampler: ClassSampler | None = None,
        strict: bool = False,
        **kwargs: Any,
    ) -> None:
        from evenkeel.nn.huggingface.epoch_callback import EpochCallback

        super().__init__(*args, **kwargs)
        self._power, self._labels, self._strict = power, labels, strict
        if sampler is not None and not isinstance(sampler, ClassSampler):
            raise InvalidType(
                f"sampler of {_OWNER} must be one of evenkeel.nn. Got {type(sampler).__name__}."
            )
        self._sampler = sampler
        if self.train_dataset is not None:
            told = [self._get_train_sampler()]
            if callable(getattr(self.compute_loss_func, "set_epoch", None)):
                told.append(self.compute_loss_func)
            self.add_callback(EpochCallback(*told))  # type: ignore[attr-defined]  # of Trainer

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Check loss and sampler, then train as ``Trainer`` does."""
        self.prior_report = check_trainer(self, labels=self._labels, strict=self._strict)
        return super().train(*args, **kwargs)  # type: ignore[misc]  # of Trainer

    def _get_train_sampler(self, train_dataset: Any = None) -> ClassSampler:
        dataset = self.train_dataset if train_dataset is None else train_dataset
        if self._sampler is None:
            self._sampler = self._made(dataset)
        n_rows = len(self._sampler.class_rows.rows)
        if not hasattr(dataset, "__len__") or n_rows != len(dataset):
            found = f"{len(dataset):,} rows" if hasattr(dataset, "__len__") else "no length"
            raise InvalidInput(
                f"train_dataset of {_OWNER} must have the {n_rows:,} rows that the sampler has "
                f"labels of. Got {found}."
            )
        if self.args.world_size > 1 and self._sampler._asked[0] != 1:
            raise InvalidInput(
                f"sampler of {_OWNER} must be the same on every process: Accelerate shares out its "
                "batches. Make it with num_replicas=1."
            )
        return self._sampler

    def _made(self, dataset: Any) -> BalancedSampler:
        args = self.args
        strategy = getattr(args, "train_sampling_strategy", "random")
        if strategy != "random":
            warnings.warn(
                f"train_sampling_strategy of TrainingArguments is not followed by {_OWNER}. Got "
                f"{strategy!r}.",
                EvenkeelWarning,
                stacklevel=4,
            )
        labels = self._labels if self._labels is not None else training_labels(dataset, _OWNER)
        n_classes = getattr(getattr(self.model, "config", None), "num_labels", None)
        return BalancedSampler(
            check_one_each(labels, _OWNER),
            self._power,
            n_classes=max(n_classes, 2) if n_classes else None,
            seed=args.seed if args.data_seed is None else args.data_seed,
            num_replicas=1,
        )
