"""A training on disk after each epoch: tensors and plain values, so that it can go on exactly."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.nn.weights_file import pack, unpack
from evenkeel.store import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "evenkeel training"


def fingerprint(settings: Mapping[str, Any], *arrays: Any) -> str:
    """A digest of settings and data: a state goes on only with the same ones."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for array in arrays:
        values = np.ascontiguousarray(array)
        digest.update(f"{values.shape}{values.dtype}".encode())
        digest.update(values.view(np.uint8).data if values.size else b"")
    return digest.hexdigest()


class TrainingState:
    """Weights, the best weights, optimiser, random state, history and place of one training.

    Parameters
    ----------
    path
        A safetensors file; written in one step after each epoch, read when training starts.
    digest
        What :func:`fingerprint` gives.
    epochs
        ``max_epochs``, where the sampler's shares depend on it.
    """

    def __init__(self, path: Any, digest: str, epochs: int | None = None) -> None:
        self.path, self.digest, self.epochs = Path(path), digest, epochs

    def save(self, net: Any, watch: Any) -> None:
        """Write all that the next epoch depends on."""
        steps = net.optimizer_.state_dict()["state"]
        parts: dict[str, Mapping[str, Any]] = {
            "module": net.module_.state_dict(),
            "best": watch.best,
            "loss": net.criterion_.state_dict(),
            "optimizer": {
                f"{at}.{name}": value for at, one in steps.items() for name, value in one.items()
            },
            "random": {"cpu": torch.get_rng_state()},
        }
        if torch.device(net.device).type == "cuda":
            parts["random"] = {**parts["random"], "cuda": torch.cuda.get_rng_state(net.device)}
        tensors = {
            f"{part}.{name}": value for part, held in parts.items() for name, value in held.items()
        }
        place = {
            "kind": KIND,
            "digest": self.digest,
            "epochs": self.epochs,
            "history": watch.history,
            "sampler": watch.sampler.state_dict() if hasattr(watch.sampler, "state_dict") else None,
            "scaler": net.scaler().state_dict(),
        }
        write_bytes(self.path, pack(tensors, place))

    def load(self, net: Any, watch: Any) -> None:
        """Put everything back, where the file exists.

        Raises
        ------
        InvalidInput
            A state of other data or settings, or of a sampler that was told other epochs.
        DamagedRun
            The file cannot be read.
        """
        if not self.path.exists():
            return
        tensors, place = unpack(self.path)
        if place.get("kind") != KIND:
            raise DamagedRun(f"{self.path} holds no training of TorchClassifier.")
        if place["digest"] != self.digest:
            raise InvalidInput(
                "checkpoint of TorchClassifier must be of the same rows, labels, weights and "
                f"settings. {self.path} is of others. Give another file, or delete this one."
            )
        if place.get("epochs") != self.epochs:
            raise InvalidInput(
                f"max_epochs of TorchClassifier must be {place.get('epochs')} to go on from "
                f"{self.path}: the shares that its sampler draws depend on it. Got {self.epochs}. "
                "Give that, or sampler_options={'n_epochs': ...} from the start, or delete the file."
            )
        parts: dict[str, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts.setdefault(part, {})[rest] = value
        net.module_.load_state_dict(parts["module"])
        net.criterion_.load_state_dict(parts.get("loss", {}))
        _load_steps(net.optimizer_, parts.get("optimizer", {}))
        net.scaler().load_state_dict(place["scaler"])
        torch.set_rng_state(parts["random"]["cpu"])
        if "cuda" in parts["random"] and torch.device(net.device).type == "cuda":
            torch.cuda.set_rng_state(parts["random"]["cuda"], net.device)
        if place["sampler"] is not None:
            watch.sampler.load_state_dict(place["sampler"])
        watch.history[:] = place["history"]
        watch.best = parts["best"]


def _load_steps(optimizer: Any, values: Mapping[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in values.items():
        at, _, key = name.partition(".")
        state.setdefault(int(at), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
