"""A fitted :class:`evenkeel.nn.TorchClassifier` as one safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.nn.device import apart
from evenkeel.nn.parts import OWNER, filled, found, make_module
from evenkeel.nn.weights_file import pack, unpack
from evenkeel.reading.unpack import existing
from evenkeel.store import write_bytes

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

KIND = "evenkeel TorchClassifier"
FARTHEST = 1e30  # float64 holds any float32 times this


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_scale(value: Any) -> bool:
    return _is_number(value) and 0.0 < value < FARTHEST


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, dict) and all(one is None or _is_number(one) for one in row.values())
        for row in value
    )


HELD = {  # what is kept of a training, and how each is to look
    "module_options_": lambda value: isinstance(value, dict),
    "logit_scale_": _is_scale,
    "n_features_in_": lambda value: _is_whole(value) and value > 0,
    "best_epoch_": _is_whole,
    "best_score_": lambda value: value is None or _is_number(value),
    "history_": _is_history,
}


def write_classifier(model: Any, path: Any) -> None:
    """Write weights and configuration.

    Raises
    ------
    InvalidInput
        The module is no name, its options are not plain values, or labels are neither numbers nor
        words.
    """
    if not isinstance(model.module, str | None):
        got = (
            model.module.__name__ if isinstance(model.module, type) else type(model.module).__name__
        )
        raise InvalidInput(
            f"module of {OWNER} must be 'module:Name', or None, to be saved. Got a {got}. Name a class, "
            "or a function (n_features, n_classes) in a file of yours that makes the same layers: "
            "model.set_params(module='my_networks:make'). The weights stay, nothing is trained again."
        )
    classes = model.classes_.tolist()
    if _labels(classes) is None:
        raise InvalidInput(
            f"labels of {OWNER} must be numbers or words, to be saved. Got {classes[0]!r}."
        )
    try:
        pack({}, model.module_options_)
    except InvalidInput as error:
        raise InvalidInput(
            f"module_options of {OWNER} must be plain values, to be saved. {error} Give lists and "
            "numbers in place of arrays, and names in place of objects."
        ) from error
    place = {
        "kind": KIND,
        "module": model.module,
        "classes": classes,
        "held": {name: getattr(model, name) for name in HELD},
    }
    tensors = {name: torch.from_numpy(value) for name, value in model.weights_.items()}
    write_bytes(Path(path), pack(tensors, place))


def read_classifier(kind: type[Any], path: Any, allowed: Collection[str]) -> Any:
    """The classifier that a file holds; its network was built once, so it will predict.

    Raises
    ------
    DamagedRun
        The file is broken, holds something else, or wants a module that is not allowed.
    InvalidInput
        There is no such file, or the module is allowed and cannot be imported.
    """
    tensors, place = unpack(existing(Path(path)))
    if place.get("kind") != KIND:
        raise DamagedRun(f"{path} holds no {OWNER}.")
    name, held, labels = place.get("module"), place.get("held"), _labels(place.get("classes"))
    if not isinstance(name, str | None) or not isinstance(held, dict) or labels is None:
        raise DamagedRun(f"{path} holds no whole {OWNER}: module, held values or labels are wrong.")
    for entry, good in HELD.items():
        if entry not in held or not good(held[entry]):
            raise DamagedRun(
                f"{path} holds no whole {OWNER}: {entry} is {str(held.get(entry))[:80]}."
            )
    if name is not None and name not in ([allowed] if isinstance(allowed, str) else allowed):
        raise DamagedRun(
            f"{path} needs the module {name!r}, which is not allowed: nothing was "
            f"imported. If you trust it, give allowed=[{name!r}]."
        )
    model = kind(name, module_options=held["module_options_"])
    model.__dict__.update({entry: held[entry] for entry in HELD})
    model.classes_ = labels
    found(name, "module")  # that it cannot be imported here says nothing of the file
    try:
        model.weights_ = _checked(model, tensors)
    except Exception as error:  # whatever a module may say of options and weights of another
        raise DamagedRun(f"{path} holds no whole {OWNER}: {_first_line(error)}") from error
    return model


def build(model: Any) -> Any:
    """The network of a fitted classifier, without its weights."""
    with torch.device("meta" if model.module is None else "cpu"):  # whatever its options say
        return make_module(
            model.module, model.module_options_, model.n_features_in_, len(model.classes_)
        )


def _checked(model: Any, tensors: dict[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    """The weights as arrays; an error of any kind where the network cannot compute with them."""
    for name, value in tensors.items():
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"{name} is not finite.")
    weights = {name: value.numpy() for name, value in tensors.items()}
    with apart(torch.device("cpu"), 1):  # modules draw their first weights
        module = build(model)
        kinds = {name: value.dtype for name, value in module.state_dict().items()}
        for name, value in tensors.items():
            if value.dtype != kinds.get(name, value.dtype):
                raise ValueError(f"{name} is {value.dtype} and must be {kinds[name]}.")
        filled(module, weights)
    return weights


def _labels(classes: Any) -> NDArray[Any] | None:
    """Labels of one kind, sorted, each once; None where they are not."""
    if not isinstance(classes, list) or len(classes) < 2 or len({*map(type, classes)}) > 1:
        return None
    if not isinstance(classes[0], bool | int | float | str):
        return None
    labels = np.array(classes)
    if labels.dtype.kind not in "biufU" or (
        labels.dtype.kind == "f" and not np.isfinite(labels).all()
    ):
        return None
    return labels if bool((labels[:-1] < labels[1:]).all()) else None


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
