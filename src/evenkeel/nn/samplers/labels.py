"""The labels of whatever a sampler is given: an array, a column, or a dataset that has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from evenkeel._checks import listed
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

ATTRIBUTES = ("targets", "labels")  # torchvision's name, and the other common one
COLUMNS = ("label", "labels")  # what Hugging Face datasets call them


def labels_of(source: Any, owner: str = "BalancedSampler") -> Any:
    """One label for each row, as something that numpy can read.

    Parameters
    ----------
    source
        Labels ``(n_rows,)``: a list, an array, a tensor, a series, a column of a Hugging Face
        dataset. Or a dataset that has them: an attribute ``targets`` or ``labels``, a column
        ``label`` or ``labels``, the last tensor of a ``TensorDataset``; a ``Subset`` or
        ``ConcatDataset`` of such.
    owner
        Who asks, for the message.

    Raises
    ------
    InvalidInput, InvalidType
        A dataset without labels, or a list of dicts.

    Examples
    --------
    >>> data = TensorDataset(torch.zeros(3, 2), torch.tensor([0, 1, 0]))
    >>> labels_of(Subset(data, [1, 2])).tolist()
    [1, 0]
    """
    if isinstance(source, torch.Tensor):
        return source.detach().cpu().numpy()
    if isinstance(source, (np.ndarray, list, tuple)):
        _check_plain(source, owner)
        return source
    if isinstance(source, Subset):
        return _array(labels_of(source.dataset, owner))[np.asarray(source.indices, np.int64)]
    if isinstance(source, ConcatDataset):
        return np.concatenate([_array(labels_of(part, owner)) for part in source.datasets])
    if isinstance(source, TensorDataset):
        return labels_of(source.tensors[-1], owner)
    held = _held(source)
    if held is not None:
        return labels_of(held, owner)
    if hasattr(source, "__array__") or hasattr(source, "__narwhals_series__"):
        return source
    if isinstance(source, Sequence) and not isinstance(source, str):
        return labels_of(source[:], owner) if type(source[:]) is not type(source) else list(source)
    if _is_series(source):
        return source
    raise InvalidInput(
        f"labels of {owner} must be one label for each row, or a dataset that has them (targets, "
        f"labels, or a column label). Got {type(source).__name__} without labels. Give the labels "
        "themselves."
    )


def _check_plain(source: Any, owner: str) -> None:
    if len(source) and isinstance(source[0], Mapping):
        entry = next((name for name in COLUMNS if name in source[0]), "label")
        raise InvalidType(
            f"labels of {owner} must be one label for each row. Got dicts with the entries "
            f"{listed(source[0])}. Give [row[{entry!r}] for row in rows]."
        )


def _held(source: Any) -> Any:
    """The labels that a data set carries, None where it carries none."""
    names = getattr(source, "column_names", None)
    for name in COLUMNS:
        if isinstance(names, (list, tuple)) and name in names:
            return source[name]
    for name in ATTRIBUTES:
        held = getattr(source, name, None)
        if held is not None and not callable(held):
            return held
    return None


def _array(labels: Any) -> NDArray[Any]:
    return np.asarray(labels)


def _is_series(source: Any) -> bool:
    import narwhals as nw

    return bool(nw.dependencies.is_into_series(source))
