"""A fitted :class:`evenkeel.nn.TorchClassifier` as one safetensors file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.nn.weights_file import pack, unpack
from evenkeel.store import write_bytes

if TYPE_CHECKING:
    from collections.abc import Collection

KIND = "evenkeel TorchClassifier"
HELD = (
    "module_options_",
    "logit_scale_",
    "n_features_in_",
    "best_epoch_",
    "best_score_",
    "history_",
)


def write_classifier(model: Any, path: Any) -> None:
    """Write weights and configuration.

    Raises
    ------
    InvalidInput
        The module is no name.
    """
    if not isinstance(model.module, str | None):
        raise InvalidInput(
            "module of TorchClassifier must be 'module:Name', or None, to be saved. "
            f"Got {model.module!r}."
        )
    place = {
        "kind": KIND,
        "module": model.module,
        "classes": model.classes_.tolist(),
        "held": {name: getattr(model, name) for name in HELD},
    }
    tensors = {name: torch.from_numpy(value) for name, value in model.weights_.items()}
    write_bytes(Path(path), pack(tensors, place))


def read_classifier(path: Any, allowed: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights by name, and the configuration, with a module that is None or allowed.

    Raises
    ------
    DamagedRun
        The file is broken, holds something else, or wants a module that is not allowed.
    """
    tensors, place = unpack(Path(path))
    if place.get("kind") != KIND or {"module", "classes", "held"} - place.keys():
        raise DamagedRun(f"{path} holds no TorchClassifier.")
    if place["module"] is not None and place["module"] not in allowed:
        raise DamagedRun(
            f"{path} needs the module {place['module']!r}, which is not allowed: nothing was "
            f"imported. If you trust it, give allowed=[{place['module']!r}]."
        )
    return {name: value.numpy() for name, value in tensors.items()}, place
