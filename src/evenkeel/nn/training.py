"""One training: skorch's loop, with row weights, mixed precision, and the best epoch kept."""

from __future__ import annotations

import copy
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.dataset import unpack_data

from evenkeel.errors import InvalidInput
from evenkeel.nn.monitor import better, judge, probabilities
from evenkeel.nn.parts import OWNER, class_logits
from evenkeel.nn.training_rows import AT_ONCE, loader

if TYPE_CHECKING:
    from evenkeel.nn.training_rows import Rows
    from evenkeel.nn.training_state import TrainingState

_SHAPES = re.compile(
    r"shape|size|channels|dimension|elements"
)  # torch has no error of its own for it
HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Enough(Exception):
    """Ends the loop; skorch's own way would swallow Ctrl-C too."""


class Net(NeuralNet):  # type: ignore[misc]
    """skorch's loop over batches ``(x, (code, weight))``; the criterion gives one loss for each row."""

    def __init__(self, *args: Any, n_classes: int, amp: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.n_classes, self.amp = n_classes, amp

    def infer(self, x: Any, **fit_params: Any) -> Any:
        """Logits ``(B, C)``, in training and validation."""
        try:
            found = super().infer(x, **fit_params)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            if not _SHAPES.search(str(error)):
                raise
            raise InvalidInput(
                f"module of {OWNER} must take rows of the shape of X: {tuple(x.shape[1:])} each. Torch "
                f"says of them: {str(error).splitlines()[0]}."
            ) from error
        return class_logits(found, len(x), self.n_classes)

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Any:
        """Mean of row losses times row weights; logits of half precision are widened first."""
        code, weight = (part.to(self.device) for part in y_true)
        loss = self.criterion_(y_pred.float(), code)  # (B,)
        return (loss * weight).sum() / len(weight)

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """One forward and backward pass, under autocast where asked for."""
        self._set_training(True)
        x, y = unpack_data(batch)
        kind = torch.device(self.device).type
        with torch.autocast(kind, HALVES.get(self.amp or ""), enabled=self.amp is not None):
            logits = self.infer(x)
        loss = self.get_loss(logits, y, X=x, training=True)
        self.scaler().scale(loss).backward()
        return {"loss": loss, "y_pred": logits}

    def scaler(self) -> Any:
        """Scales float16 gradients so that small ones do not vanish; without float16 it does nothing."""
        if not hasattr(self, "_scaler"):
            self._scaler = torch.amp.GradScaler(self.device, enabled=self.amp == "fp16")
        return self._scaler

    def _step_optimizer(self, step_fn: Any) -> None:
        step_fn()
        self.scaler().step(self.optimizer_)
        self.scaler().update()


@dataclass(eq=False)
class Watch(Callback):  # type: ignore[misc]
    """Judges each epoch, keeps a copy of the best weights, saves the state and says when to stop.

    Parameters
    ----------
    monitor, patience, max_epochs
        As for :class:`evenkeel.nn.TorchClassifier`.
    valid
        Validation rows; None where there are none, and the last epoch is the best.
    sampler
        Is told each epoch, as are losses and augmented rows with ``set_epoch``.
    scale
        Logits are times this before they are probabilities.
    state
        Where the training is saved after each epoch, or None.

    Attributes
    ----------
    history
        One dict for each epoch: ``epoch``, ``train_loss``, ``valid_loss``, ``score``.
    best
        Weights of the best epoch so far.
    """

    monitor: str
    patience: int
    max_epochs: int
    valid: Rows | None
    sampler: Any
    scale: float = 1.0
    state: TrainingState | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen: list[torch.Tensor] = []

    @property
    def best_epoch(self) -> int:
        """The first epoch with the best score, from 0; -1 before any."""
        found, score = -1, None
        for row in self.history:
            if self.valid is None or found < 0 or better(self.monitor, row["score"], score):
                found, score = row["epoch"], row["score"]
        return found

    def done(self) -> bool:
        """Whether another epoch is of no use."""
        late = self.valid is not None and len(self.history) - 1 - self.best_epoch >= self.patience
        return len(self.history) >= self.max_epochs or (bool(self.history) and late)

    def on_epoch_begin(self, net: Any, *, dataset_train: Any = None, **more: Any) -> None:
        """Tell rows, sampler and losses which epoch begins."""
        if self.done():
            raise Enough
        epoch = len(self.history)
        for part in (dataset_train, self.sampler, *net.criterion_.modules()):
            if callable(getattr(part, "set_epoch", None)):
                part.set_epoch(epoch)
        self._seen = []

    def on_batch_end(self, net: Any, *, training: bool = False, **more: Any) -> None:
        """Keep the logits of validation rows."""
        if not training:
            self._seen.append(more["y_pred"].float())

    def on_epoch_end(self, net: Any, **more: Any) -> None:
        """Judge the epoch, and copy its weights where it is the best."""
        row: dict[str, Any] = {"epoch": len(self.history), "train_loss": _mean(net, "train")}
        row |= {"valid_loss": None, "score": None}
        if self.valid is not None:
            proba = probabilities(torch.cat(self._seen), self.scale)
            weight = self.valid.weight.cpu().numpy()
            row["valid_loss"] = _mean(net, "valid")
            row["score"] = judge(self.monitor, self.valid.labels, proba, weight)
        self.history.append(row)
        if self.best_epoch == row["epoch"]:  # deep: the tensors themselves go on training
            self.best = copy.deepcopy(net.module_.state_dict())
        if self.state is not None:
            self.state.save(net, self)


def _mean(net: Any, part: str) -> float:
    batches = net.history[-1]["batches"]
    sizes = np.array([one[f"{part}_batch_size"] for one in batches if f"{part}_loss" in one])
    losses = np.array([one[f"{part}_loss"] for one in batches if f"{part}_loss" in one])
    return float(np.average(losses, weights=sizes))


def run(net: Net, watch: Watch, data: Any, batch_size: int) -> None:
    """Train until it is enough; the net then holds the best weights."""

    def batches(dataset: Any, **options: Any) -> Any:
        del options
        return loader(dataset, batch_size, watch.sampler)

    net.set_params(
        iterator_train=batches,
        iterator_valid=lambda dataset, **options: loader(dataset, AT_ONCE),
        train_split=lambda dataset, y=None: (dataset, watch.valid),
        callbacks=[("watch", watch)],
        callbacks__print_log=None,
    )
    net.initialize()
    if watch.state is not None:
        watch.state.load(net, watch)
    with suppress(Enough):
        net.fit_loop(data, epochs=watch.max_epochs + 1)
    net.module_.load_state_dict(watch.best)
