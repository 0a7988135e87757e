"""Losses, samplers and modules for a classifier: from names, classes and objects."""

from __future__ import annotations

import copy
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import losses, samplers
from evenkeel.nn.losses import LDAMLoss
from evenkeel.nn.losses.base import read_logits
from evenkeel.nn.mlp import TableMLP
from evenkeel.nn.samplers import BalancedSampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

OWNER = "TorchClassifier"
CROSS_ENTROPY = "cross-entropy"
_DATA = ("PlanDataset", "UndersampledSubset")  # beside the samplers, and none
FEWEST = 2  # epochs of a sampler that goes from one place to another


def found(spec: Any, slot: str) -> Any:
    """What ``"module:Name"`` names; anything else is itself.

    Raises
    ------
    InvalidInput
        Text of another form, no such module, or no such name in it.
    """
    if not isinstance(spec, str):
        return spec
    module, sign, name = spec.partition(":")
    try:
        if not sign:
            raise ImportError("there is no colon in it")
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InvalidInput(
            f"{slot} of {OWNER} must be an object, a class, or its name as 'module:Name'. "
            f"Got {spec!r}: {error}. {_near(name or spec, slot)}".rstrip()
        ) from error


def _near(word: str, slot: str) -> str:
    """The losses or samplers of this package whose name a word may stand for, in a question.

    >>> _near("focal", "loss")
    "Did you mean 'evenkeel.nn:FocalLoss' or 'evenkeel.nn:SigmoidFocalLoss'?"
    """
    kinds = {"loss": losses.__all__, "sampler": samplers.__all__}.get(slot, [])
    known = {_short(name): name for name in kinds if name[0].isupper() and name not in _DATA}
    held = [name for short, name in known.items() if _short(word) and _short(word) in short]
    held.sort(key=lambda name: (_short(name) != _short(word), name))
    near = held or [known[one] for one in get_close_matches(_short(word), known, n=2)]
    if slot == "loss" and not held and get_close_matches(word.lower(), [CROSS_ENTROPY]):
        return f"Did you mean {CROSS_ENTROPY!r}?"
    said = " or ".join(repr(f"evenkeel.nn:{name}") for name in near[:3])
    return f"Did you mean {said}?" if said else ""


def _short(name: str) -> str:
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    return plain.removesuffix("loss").removesuffix("sampler")


def make_module(spec: Any, options: Mapping[str, Any], n_features: int, n_classes: int) -> Any:
    """The network, not trained; one that is given as an object is copied."""
    kind = TableMLP if spec is None else found(spec, "module")
    if isinstance(kind, nn.Module):
        return copy.deepcopy(kind)
    if not callable(kind):
        raise InvalidType(
            f"module of {OWNER} must be a torch.nn.Module, its class, or a function that makes one. "
            f"Got {type(kind).__name__}."
        )
    made = kind(n_features, n_classes, **options)
    if not isinstance(made, nn.Module):
        raise InvalidType(
            f"module of {OWNER} must give a torch.nn.Module when called with the numbers of features "
            f"and classes. Got {type(made).__name__}."
        )
    return made


def filled(module: Any, weights: Mapping[str, NDArray[Any]]) -> Any:
    """The same network, with these weights as its own."""
    tensors = {name: torch.from_numpy(value.copy()) for name, value in weights.items()}
    module.load_state_dict(tensors, assign=True)
    return module


def class_logits(output: Any, n_rows: int, n_classes: int) -> torch.Tensor:
    """One logit for each class ``(n_rows, n_classes)``, from whatever a network returns.

    Raises
    ------
    InvalidInput, InvalidType
        Another shape, or no logits at all.
    """
    logits = read_logits(output, OWNER)
    if logits.shape != (n_rows, n_classes):
        one = logits.ndim < 2 or logits.shape[-1] == 1
        hint = (
            " Two classes have two logits: one less leaves nothing to choose from." if one else ""
        )
        raise InvalidInput(
            f"module of {OWNER} must give one logit for each of {n_classes} classes, of shape "
            f"{(n_rows, n_classes)} for these rows. Got {tuple(logits.shape)}.{hint}"
        )
    return logits


def make_loss(spec: Any, options: Mapping[str, Any], counts: Ints) -> nn.Module:
    """The loss, one number for each row.

    A class or function that takes ``counts`` is given those of the training rows, unless the options
    name ``counts``, ``weight`` or ``alpha``. An object is copied.
    """
    kind = nn.CrossEntropyLoss if spec == CROSS_ENTROPY else found(spec, "loss")
    if isinstance(kind, nn.Module):
        return _by_row(copy.deepcopy(kind))
    if not callable(kind):
        raise InvalidType(
            f"loss of {OWNER} must be a loss of evenkeel.nn or torch: an object, its class, or "
            f"'module:Name'. Got {kind!r}."
        )
    given = dict(options)
    if _takes(kind, "counts") and not given.keys() & {"counts", "weight", "alpha"}:
        given["counts"] = counts
    if str(getattr(kind, "__module__", "")).startswith("torch.") and "weight" in given:
        given["weight"] = _weight(given["weight"], len(counts))
    made = kind(**given)
    if not isinstance(made, nn.Module):
        raise InvalidType(
            f"loss of {OWNER} must make a torch.nn.Module. Got {type(made).__name__}."
        )
    return _by_row(made)


def _weight(weight: Any, n_classes: int) -> torch.Tensor | None:
    """Weights of the classes as torch's losses want them: a list is not enough for them."""
    if weight is None:
        return None
    try:
        made = torch.as_tensor(weight, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidType(
            f"weight in loss_options of {OWNER} must be numbers. Got {weight!r}."
        ) from error
    if made.shape != (n_classes,) or not bool((made.isfinite() & (made >= 0)).all()):
        raise InvalidInput(
            f"weight in loss_options of {OWNER} must hold one number of at least 0 for each of "
            f"{n_classes} classes. Got {made.tolist()}."
        )
    return made


def _by_row(loss: nn.Module) -> nn.Module:
    known = False
    parts: Any = loss.modules()
    for part in parts:
        if hasattr(part, "reading"):
            part.reading, known = replace(part.reading, reduction="none"), True
        elif hasattr(part, "reduction"):
            part.reduction, known = "none", True
    if not known:
        raise InvalidInput(
            f"loss of {OWNER} must have a reduction, so that rows can be weighed. "
            f"Got {type(loss).__name__}."
        )
    return loss


def margins_of(loss: nn.Module) -> LDAMLoss | None:
    """The loss of cosines inside, if there is one."""
    return next((part for part in loss.modules() if isinstance(part, LDAMLoss)), None)


def make_sampler(
    spec: Any, options: Mapping[str, Any], labels: Ints, *, n_classes: int, seed: int, epochs: int
) -> Any:
    """The order of the training rows, a function of the seed and the epoch; None: plain shuffling."""
    if spec is None:
        return BalancedSampler(labels, power=0.0, n_classes=n_classes, seed=seed)
    kind = found(spec, "sampler")
    if not callable(kind):
        raise InvalidType(
            f"sampler of {OWNER} must be a class, a function of the labels, or 'module:Name': the "
            f"rows it draws from are known when fit has put some aside. Got {type(kind).__name__}."
        )
    own = {"n_classes": n_classes, "seed": seed, "n_epochs": max(FEWEST, epochs)}
    return kind(
        labels, **{name: value for name, value in own.items() if _takes(kind, name)} | dict(options)
    )


def told_epochs(spec: Any, options: Mapping[str, Any], epochs: int) -> int | None:
    """How many epochs a sampler is told that there are; None where they are nothing to it."""
    if spec is None or "n_epochs" in options or not _takes(found(spec, "sampler"), "n_epochs"):
        return None
    return max(FEWEST, epochs)


def _takes(call: Any, name: str) -> bool:
    one = signature(call).parameters.get(name)
    return one is not None and one.kind is not Parameter.VAR_KEYWORD
