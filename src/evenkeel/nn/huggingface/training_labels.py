"""The labels of what a Trainer trains on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evenkeel.errors import InvalidInput
from evenkeel.nn.samplers.labels import ATTRIBUTES, COLUMNS, labels_of

_NAMES = (*COLUMNS, "label_ids")


def training_labels(dataset: Any, owner: str) -> Any:
    """One label for each row, as ``Trainer`` will see them.

    Parameters
    ----------
    dataset
        As :func:`labels_of` takes, or a list of dicts with ``label``, ``labels`` or ``label_ids``.
    owner
        Who asks, for the message.

    Raises
    ------
    InvalidInput
        A dataset without labels.

    Examples
    --------
    >>> training_labels([{"input_ids": [5, 6], "labels": 1}, {"input_ids": [7], "labels": 0}], "x")
    [1, 0]
    """
    if isinstance(dataset, (list, tuple)) and dataset and isinstance(dataset[0], Mapping):
        for name in _NAMES:
            if name in dataset[0]:
                return [item[name] for item in dataset]
        raise InvalidInput(
            f"train_dataset of {owner} must have labels: an entry {', '.join(_NAMES)}. Got the "
            f"entries {', '.join(dataset[0])}. Give labels= to the trainer, one for each row."
        )
    names = getattr(dataset, "column_names", None)
    if isinstance(names, list) and "label_ids" in names and not {*COLUMNS} & {*names}:
        return labels_of(dataset["label_ids"], owner)
    return labels_of(dataset, owner)


def check_one_each(labels: Any, owner: str) -> Any:
    """The same labels, or InvalidInput where a row has several."""
    if len(labels) and np.ndim(labels[0]):
        raise InvalidInput(
            f"labels of {owner} must be one class for each row. Got several to a row, of shape "
            f"{np.shape(labels[0])}. Give labels= with one number for each row, such as whether it "
            "has any rare label."
        )
    return labels


def has_labels(dataset: Any) -> bool:
    """Whether labels can be read without making the items.

    >>> has_labels([{"labels": 1}]), has_labels([{"input_ids": [1]}])
    (True, False)
    """
    if isinstance(dataset, (list, tuple)):
        return (
            bool(dataset)
            and isinstance(dataset[0], Mapping)
            and any(n in dataset[0] for n in _NAMES)
        )
    names = getattr(dataset, "column_names", None) or ()
    return bool({*_NAMES} & {*names}) or any(
        getattr(dataset, name, None) is not None and not callable(getattr(dataset, name))
        for name in ATTRIBUTES
    )
