"""Tensors and plain values in one safetensors file: nothing in it can act when it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from evenkeel.errors import DamagedRun

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEY = "evenkeel"


def pack(tensors: Mapping[str, Any], values: Mapping[str, Any]) -> bytes:
    """A file's content.

    Parameters
    ----------
    tensors
        Torch tensors by name.
    values
        What JSON can say.

    Examples
    --------
    >>> import torch
    >>> pack({"a": torch.zeros(2)}, {"n": 1})[:8] == b""
    False
    """
    from safetensors.torch import save

    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    return bytes(save(own, metadata={_KEY: json.dumps(values)}))


def unpack(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and values of a file that :func:`pack` made.

    Raises
    ------
    DamagedRun
        The file is missing, broken, or has another origin.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device="cpu") as file:
            values = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except KeyError as error:
        raise DamagedRun(f"{path} was not written by evenkeel.") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise DamagedRun(f"{path} cannot be read as a safetensors file: {error}.") from error
    if not isinstance(values, dict):
        raise DamagedRun(f"{path} was not written by evenkeel.")
    return tensors, values
