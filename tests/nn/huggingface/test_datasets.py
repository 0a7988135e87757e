"""Datasets of Hugging Face themselves, and no doubles of them."""

import os

os.environ["HF_DATASETS_OFFLINE"] = "1"

import numpy as np
import pytest

pytest.importorskip("transformers")
pytest.importorskip("datasets")

import datasets
import torch
from tests.nn.huggingface.tiny import collate, model, settings
from torch.utils.data import DataLoader
from transformers import Trainer

from evenkeel.errors import InvalidInput
from evenkeel.nn import (
    BalancedSampler,
    BalancedTrainerMixin,
    ClassWeightedLoss,
    PartialAugment,
    PlanDataset,
    UndersampledSubset,
    check_trainer,
)
from evenkeel.nn.samplers.labels import labels_of
from evenkeel.resample import SMOTE, RandomUnderSampler

RNG = np.random.default_rng(0)
Y = RNG.permutation(np.repeat([0, 1, 2], [24, 4, 8]))
X = RNG.normal(size=(36, 3)).astype(np.float32)
FLOATS = datasets.List(datasets.Value("float32"))


def table(name="label", kind=None):
    columns = {"x": FLOATS, name: datasets.Value("int64") if kind is None else kind}
    features = datasets.Features(columns)
    return datasets.Dataset.from_dict({"x": X.tolist(), name: Y.tolist()}, features=features)


NAMED = datasets.ClassLabel(names=["a", "b", "c"])
BACK = np.argsort(RNG.permutation(36))
SOURCES = {
    "dataset": table(),
    "labels": table("labels"),
    "column": table()["label"],
    "list": table()["label"][:],
    "named classes": table(kind=NAMED),
    "selected": table().select(np.argsort(BACK)).select(BACK),
    "torch": table().with_format("torch"),
    "torch's column": table().with_format("torch")["label"],
    "numpy": table().with_format("numpy"),
    "pandas": table().with_format("pandas")["label"],
    "in parts": datasets.concatenate_datasets([table().select(range(9)), table().select(range(9, 36))]),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_labels_are_read_from_a_column(source):
    np.testing.assert_array_equal(np.asarray(labels_of(source)), Y)
    assert list(BalancedSampler(source, seed=3)) == list(BalancedSampler(Y, seed=3))


def test_a_dataset_without_labels_is_refused():
    with pytest.raises(InvalidInput, match=r"Got Dataset without labels"):
        BalancedSampler(table().remove_columns("label"))


def test_a_plan_that_makes_no_rows_selects():
    plan = RandomUnderSampler(random_state=0).plan(X, Y)
    data = PlanDataset(plan, table())
    assert isinstance(data._items.data, datasets.Dataset)
    assert data._items.data["label"][:] == data.labels.tolist()
    assert np.bincount(data.labels).tolist() == [4, 4, 4]
    for batch in (data.__getitems__([11, 0]), [data[11], data[0]]):
        expected = [table()[int(plan.rows[place])] for place in (11, 0)]
        assert batch == expected
    loaded = next(iter(DataLoader(PlanDataset(plan, table().with_format("torch")), batch_size=12)))
    np.testing.assert_array_equal(loaded["x"], X[plan.rows])


@pytest.mark.parametrize("kind", [None, "torch", "numpy"])
def test_rows_are_made_of_any_format(kind):
    plan = SMOTE(random_state=0, k_neighbors=3).plan(X, Y)
    data = PlanDataset(plan, table().with_format(kind), feature="x")
    expected = plan.apply(X, Y)
    for row, item in zip((0, 40, 71), data.__getitems__([0, 40, 71]), strict=True):
        np.testing.assert_allclose(np.asarray(item["x"], np.float32), expected[0][row], rtol=1e-6)
        assert item["label"] == expected[1][row]
        assert type(item["x"]) is type(table().with_format(kind)[0]["x"])
    assert np.bincount(data.labels).tolist() == [24, 24, 24]


def test_copies_are_changed_in_one_entry():
    more = PartialAugment(table(), lambda x: [value + 1 for value in x], feature="x", classes=[1])
    row = int(more.plan.origin()[-1])
    assert more[len(more) - 1] == {
        "x": [value + 1 for value in table()[row]["x"]],
        "label": 1,
    }
    assert more[3] == table()[3]


def test_a_thinned_dataset_is_a_selection():
    subset = UndersampledSubset(table(), seed=1)
    assert subset.labels.tolist() == table().select(subset.indices)["label"][:]
    assert subset[5] == table()[subset.indices[5]]


class Balanced(BalancedTrainerMixin, Trainer):
    pass


def words(name="label"):
    rows = {"input_ids": [[5, 6 + at % 9, 7] for at in range(36)], name: Y.tolist()}
    return datasets.Dataset.from_dict(rows).add_column("row", list(range(36)))


@pytest.mark.parametrize("name", ["label", "labels"])
def test_a_trainer_draws_its_rows_by_class(name, tmp_path):
    seen = []

    def noting(batch):
        seen.extend(row["row"] for row in batch)
        return collate([{"input_ids": row["input_ids"], "labels": row[name]} for row in batch])

    arguments = settings(
        tmp_path, num_train_epochs=2, per_device_train_batch_size=12, seed=5,
        remove_unused_columns=False,
    )  # fmt: skip
    trainer = Balanced(model(), arguments, train_dataset=words(name), data_collator=noting)
    trainer.train()
    sampler = BalancedSampler(Y, seed=5, n_classes=3)
    for epoch in range(2):
        sampler.set_epoch(epoch)
        rows = seen[36 * epoch : 36 * epoch + 36]
        assert rows == list(sampler)
        assert np.bincount(Y[rows]).tolist() == [12, 12, 12]
    assert trainer.prior_report.natural.round(3).tolist() == [0.667, 0.111, 0.222]


def test_columns_that_a_model_does_not_take_are_left_out(tmp_path):
    arguments = settings(tmp_path, max_steps=2, per_device_train_batch_size=6)
    loss = ClassWeightedLoss(np.bincount(Y))
    keys = []

    def noting(batch):
        keys.extend(batch[0])
        return collate(batch)

    trainer = Balanced(
        model(), arguments, train_dataset=words("labels"), data_collator=noting,
        compute_loss_func=loss, power=0.0,
    )  # fmt: skip
    before = trainer.model.classifier.weight.detach().clone()
    trainer.train()
    assert set(keys) == {"input_ids", "labels"}
    assert not torch.equal(trainer.model.classifier.weight, before)
    plain = Trainer(model(), arguments, train_dataset=words("labels"), compute_loss_func=loss)
    assert check_trainer(plain).natural.round(3).tolist() == [0.667, 0.111, 0.222]
