"""Tensors and plain values in one safetensors file: nothing in it can act when it is read."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evenkeel.errors import DamagedRun, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEY, _DIGEST = "evenkeel", "sha256"


def pack(tensors: Mapping[str, Any], values: Mapping[str, Any]) -> bytes:
    """A file's content.

    Parameters
    ----------
    tensors
        Torch tensors by name.
    values
        What JSON can say; numbers of numpy count as such.

    Raises
    ------
    InvalidInput
        Values that JSON cannot say.

    Examples
    --------
    >>> pack({"a": torch.zeros(2)}, {"n": 1})[:8] == b""
    False
    """
    from safetensors.torch import save

    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    try:
        text = json.dumps(values, default=_number)
    except (TypeError, ValueError, RecursionError) as error:  # ValueError: it holds itself
        raise InvalidInput(
            f"What is saved must be numbers, words, lists and dicts of them. {error}."
        ) from error
    return bytes(save(own, metadata={_KEY: text, _DIGEST: _digest(own, text)}))


def unpack(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and values of a file that :func:`pack` made.

    Raises
    ------
    DamagedRun
        The file is missing, broken or changed, or has another origin.
    """
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="pt", device="cpu") as file:
            held = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        whole = held.get(_DIGEST) == _digest(tensors, held.get(_KEY, ""))
        values = json.loads(held.get(_KEY, "null"))
    except Exception as error:  # whatever bytes may lead to
        raise DamagedRun(f"{path} cannot be read as a safetensors file: {error}.") from error
    if not isinstance(values, dict):
        raise DamagedRun(f"{path} was not written by evenkeel.")
    if not whole:
        raise DamagedRun(f"{path} was changed after evenkeel wrote it.")
    return tensors, values


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"Got {type(value).__name__}: {value!r}")


def _digest(tensors: Mapping[str, torch.Tensor], text: str) -> str:
    found = hashlib.sha256(text.encode())
    for name, value in sorted(tensors.items()):
        found.update(f"\0{name}\0{value.dtype}{tuple(value.shape)}\0".encode())
        found.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
