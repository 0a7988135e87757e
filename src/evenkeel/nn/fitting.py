"""From a classifier's parameters and rows to a trained network."""

from __future__ import annotations

import re
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel._checks import check_choice, check_number
from evenkeel.errors import InvalidInput
from evenkeel.nn.guard import check_prior
from evenkeel.nn.monitor import MONITORS
from evenkeel.nn.parts import OWNER, make_loss, make_module, make_sampler, margins_of, told_epochs
from evenkeel.nn.training import Net, Watch, run
from evenkeel.nn.training_rows import Rows, check_units, judges, usual_batch_size, validation_rows
from evenkeel.nn.training_state import TrainingState, fingerprint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.nn.torch_classifier import TorchClassifier

    Ints = NDArray[np.int64]

AMPS = ("bf16", "fp16")
_FREE = ("max_epochs", "patience", "device", "n_jobs", "checkpoint", "strict", "random_state")


def check_parameters(model: TorchClassifier) -> None:
    """Raise unless every parameter that is a number or a choice is in its range."""
    check_choice(model.monitor, MONITORS, "monitor", OWNER)
    if model.amp is not None:
        check_choice(model.amp, AMPS, "amp", OWNER)
    check_number(model.validation, "validation", OWNER, low=0.0, high=1.0, open_high=True)
    for name in ("patience", "max_epochs", "n_jobs"):
        check_number(getattr(model, name), name, OWNER, low=1, whole=True)
    if model.batch_size is not None:
        check_number(model.batch_size, "batch_size", OWNER, low=1, whole=True)
    check_number(model.lr, "lr", OWNER, low=0.0, open_low=True)
    check_number(model.weight_decay, "weight_decay", OWNER, low=0.0)
    if model.checkpoint is not None and not isinstance(model.random_state, Integral):
        raise InvalidInput(
            f"random_state of {OWNER} must be a whole number with a checkpoint, or a training "
            f"could not go on from it. Got {model.random_state!r}."
        )
    if model.amp == "fp16" and model._device().type != "cuda":
        raise InvalidInput(
            f"amp of {OWNER} must be 'bf16' or None on the CPU. Got 'fp16', which needs CUDA."
        )


def train(
    model: TorchClassifier, X: NDArray[Any], codes: Ints, weight: NDArray[np.float64], seed: int
) -> None:
    """Train, and set what was learnt.

    Parameters
    ----------
    model
        Parameters are read, learnt attributes are set.
    X, codes, weight
        Rows ``(n_rows, ...)``, class codes and row weights ``(n_rows,)``.
    seed
        Of everything that torch's generator does not draw.

    Raises
    ------
    InvalidInput
        A class without rows to train on, a training that diverged.

    Warns
    -----
    EvenkeelWarning
        What :func:`judges` and :func:`check_units` warn of.
    """
    device, n_classes = model._device(), len(model.classes_)
    aside = validation_rows(X, codes, model.validation, seed)
    if model.validation:
        aside = judges(aside, codes, model.classes_)
    kept = np.setdiff1d(np.arange(len(codes)), aside)
    _check_mass(weight[kept], codes[kept], n_classes)
    if model.module is None:
        check_units(X[kept])
    light = (weight / weight[kept].mean()).astype(np.float32)
    rows = Rows(X[kept], codes[kept], light[kept], device)
    valid = Rows(X[aside], codes[aside], light[aside], device) if aside.size else None
    data = rows if model.augment is None else model.augment(rows)
    labels = np.asarray(getattr(data, "labels", rows.labels))
    counts = np.bincount(labels, minlength=n_classes)
    loss = make_loss(model.loss, model.loss_options or {}, counts)
    sampler = make_sampler(
        model.sampler, model.sampler_options or {}, labels,
        n_classes=n_classes, seed=seed, epochs=model.max_epochs,
    )  # fmt: skip
    model.prior_ = check_prior(
        sampler, loss, labels=labels, n_classes=n_classes, strict=model.strict
    )
    margins = margins_of(loss)
    model.logit_scale_ = 1.0 if margins is None else float(margins.scale)
    model.module_options_ = dict(model.module_options or {})
    if model.module is None and margins is not None:
        model.module_options_.setdefault("head", "cosine")
    module = make_module(model.module, model.module_options_, model.n_features_in_, n_classes)
    watch = Watch(
        model.monitor, model.patience, model.max_epochs, valid, sampler, model.logit_scale_,
        _state(model, X, codes, weight, seed),
    )  # fmt: skip
    net = Net(
        module, loss, n_classes=n_classes, amp=model.amp, optimizer=torch.optim.AdamW, lr=model.lr,
        optimizer__weight_decay=model.weight_decay, device=device, verbose=0,
    )  # fmt: skip
    given = usual_batch_size(len(labels)) if model.batch_size is None else model.batch_size
    run(net, watch, data, int(getattr(sampler, "batch_size", given)))
    _learnt(model, net, watch, aside)


def _check_mass(weight: NDArray[np.float64], codes: Ints, n_classes: int) -> None:
    mass = np.bincount(codes, weights=weight, minlength=n_classes)
    if mass.min() == 0.0:
        raise InvalidInput(
            f"sample_weight of {OWNER} must leave every class some weight. Got a sum of zero for class "
            f"number {int(mass.argmin())}."
        )


def _state(
    model: TorchClassifier, X: Any, codes: Ints, weight: Any, seed: int
) -> TrainingState | None:
    if model.checkpoint is None:
        return None
    settings = {
        name: re.sub(
            r" at 0x[0-9a-f]+", "", repr(value)
        )  # the same function lies elsewhere next time
        for name, value in model.get_params().items()
        if name not in _FREE
    }
    epochs = told_epochs(model.sampler, model.sampler_options or {}, model.max_epochs)
    return TrainingState(
        model.checkpoint, fingerprint({**settings, "seed": seed}, X, codes, weight), epochs
    )


def _learnt(model: TorchClassifier, net: Net, watch: Watch, aside: Ints) -> None:
    state = net.module_.state_dict()
    # of their own: views would keep the memory of the whole network, and of the device
    model.weights_ = {name: value.cpu().numpy().copy() for name, value in state.items()}
    if not all(np.isfinite(value).all() for value in model.weights_.values()):
        raise InvalidInput(
            f"The training of {OWNER} diverged: weights are not finite. Lower lr, or scale the columns "
            "to mean 0 and standard deviation 1."
        )
    model.history_ = list(watch.history)
    model.best_epoch_ = watch.best_epoch
    model.best_score_ = watch.history[watch.best_epoch]["score"]
    model.validation_rows_ = aside
