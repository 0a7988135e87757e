"""Labels come in many coats."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import BalancedSampler
from evenkeel.nn.samplers.labels import labels_of

LABELS = [0, 1, 0, 0, 2]


class Column:
    """What a Hugging Face dataset gives for a column: a sequence that slices to a list."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, at):
        return self.values[at]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class HubDataset:
    column_names = ("text", "label")

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, key):
        return Column(LABELS) if key == "label" else None


class Pictures(Dataset):
    def __init__(self, **held):
        self.__dict__.update(held)

    def __len__(self):
        return len(LABELS)

    def __getitem__(self, at):
        return at


SOURCES = {
    "list": LABELS,
    "array": np.array(LABELS),
    "int8": np.array(LABELS, np.int8),
    "floats": np.array(LABELS, float),
    "tensor": torch.tensor(LABELS),
    "pandas": pd.Series(LABELS),
    "polars": pl.Series(LABELS),
    "column": Column(LABELS),
    "hub": HubDataset(),
    "targets": Pictures(targets=LABELS),
    "labels": Pictures(labels=torch.tensor(LABELS)),
    "tensors": TensorDataset(torch.zeros(5, 2), torch.tensor(LABELS)),
    "subset": Subset(Pictures(targets=[9, *LABELS]), range(1, 6)),
    "parts": ConcatDataset([Subset(Pictures(targets=LABELS), range(3)), Pictures(targets=LABELS[3:])]),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_every_kind_of_labels_gives_the_same_order(name):
    expected = list(BalancedSampler(LABELS, seed=3))
    assert list(BalancedSampler(SOURCES[name], seed=3)) == expected
    np.testing.assert_array_equal(np.asarray(labels_of(SOURCES[name])), LABELS)


@pytest.mark.parametrize(
    "labels", [["no", "yes", "no"], np.array([False, True, False]), [5, -7, 5]]
)
def test_labels_are_words_bools_or_any_numbers(labels):
    assert sorted(BalancedSampler(labels, power=0)) == [0, 1, 2]


@pytest.mark.parametrize(
    "source",
    [Pictures(), 7, "label", Pictures(targets=None)],
    ids=["bare", "number", "word", "targets of None"],
)
def test_a_dataset_without_labels_is_refused(source):
    with pytest.raises(
        InvalidInput, match=r"labels of BalancedSampler must be one label.*Give the"
    ):
        BalancedSampler(source)


def test_a_list_of_dicts_is_told_how_to_give_its_labels():
    rows = [{"text": "a", "label": 0}, {"text": "b", "label": 1}]
    with pytest.raises(
        InvalidType, match=r"labels of BalancedSampler must.*text, label.*row\['label'\]"
    ):
        BalancedSampler(rows)
    assert len(BalancedSampler([row["label"] for row in rows])) == 2
