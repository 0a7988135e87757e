"""Rows of a plan, made when a batch asks for them."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from evenkeel.errors import InvalidInput
from evenkeel.made import Jittered
from evenkeel.nn import BalancedSampler, PartialAugment, PlanDataset
from evenkeel.plan import Plan
from evenkeel.resample import SMOTE, SMOTENC, RandomOverSampler, RandomUnderSampler

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3)).astype(np.float32)
Y = np.repeat([0, 1], [170, 30])
SMOTED = SMOTE(random_state=0).plan(X, Y)
REPEATED = RandomOverSampler(random_state=0).plan(X, Y)


class Hub:
    """As much of a Hugging Face dataset as is used: rows are dicts, select gives another one."""

    column_names = ("x", "label")

    def __init__(self, rows=range(200), selects=0):
        self.rows, self.selects = list(rows), selects

    def __len__(self):
        return len(self.rows)

    def select(self, rows):
        return Hub([self.rows[row] for row in rows], self.selects + 1)

    def __getitem__(self, key):
        if isinstance(key, str):
            return [Y[row] for row in self.rows]
        return {"x": X[self.rows[key]].tolist(), "label": int(Y[self.rows[key]])}

    def __getitems__(self, keys):
        return [self[key] for key in keys]


class Pairs(Dataset):
    targets = Y

    def __init__(self, images=X):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, at):
        return torch.as_tensor(self.images[at]), int(Y[at])


class Pair(NamedTuple):
    x: torch.Tensor
    label: int


def batches(data):
    return list(DataLoader(data, batch_size=64))


@pytest.mark.parametrize("plan", [SMOTED, REPEATED], ids=["smote", "repeats"])
@pytest.mark.parametrize(
    "make",
    [
        lambda plan: PlanDataset(plan, X, Y),
        lambda plan: PlanDataset(plan, torch.from_numpy(X), torch.from_numpy(Y)),
        lambda plan: PlanDataset(plan, X, Y.tolist()),
        lambda plan: PlanDataset(plan, TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))),
        lambda plan: PlanDataset(plan, Pairs()),
    ],
    ids=["arrays", "tensors", "list", "dataset", "pairs"],
)
def test_batches_are_the_rows_of_fit_resample(plan, make):
    data = make(plan)
    expected_x, expected_y = plan.apply(X, Y)
    found = batches(data)
    np.testing.assert_array_equal(torch.cat([x for x, _ in found]), expected_x)
    np.testing.assert_array_equal(torch.cat([y for _, y in found]), expected_y)
    assert found[0][0].dtype == torch.float32
    np.testing.assert_array_equal(data.labels, expected_y)
    np.testing.assert_allclose(data.prior, [0.85, 0.15])
    np.testing.assert_allclose(data.drawn_prior, [0.5, 0.5])
    assert len(data) == plan.n_out == 340
    assert data[-1][1] == expected_y[-1]
    with pytest.raises(IndexError, match="340 is not a row of 340"):
        data[340]


def test_named_tuples_stay_named_tuples():
    pairs = [Pair(torch.from_numpy(x), int(y)) for x, y in zip(X, Y, strict=True)]
    expected = SMOTED.apply(X, Y)
    planned = PlanDataset(SMOTED, pairs)
    changed = PartialAugment(pairs, lambda x: x + 1, labels=Y)
    for row in (3, 339):
        assert isinstance(planned[row], Pair)
        np.testing.assert_array_equal(planned[row].x, expected[0][row])
        assert isinstance(changed[row], Pair)
        assert changed[row].label == expected[1][row]
    collated = next(iter(DataLoader(changed, batch_size=340)))
    assert collated.x.shape == (340, 3)
    assert collated.label.tolist() == changed.plan.apply(X, Y)[1].tolist()


def test_any_order_and_any_batch_give_the_same_rows():
    for data in (PlanDataset(SMOTED, X, Y), PlanDataset(SMOTED, Pairs())):
        at = RNG.permutation(340)[:70].tolist()
        for row, (x, y) in zip(at, data.__getitems__(at), strict=True):
            alone = data[row]
            np.testing.assert_array_equal(x, alone[0])
            assert y == alone[1]


def test_hugging_face_datasets_are_selected_and_dicts_are_made():
    taken = PlanDataset(RandomUnderSampler(random_state=0).plan(X, Y), Hub())
    assert taken._items.data.selects == 1
    assert [row["label"] for row in taken.__getitems__(range(60))] == taken.labels.tolist()
    made = PlanDataset(SMOTED, Hub(), feature="x")
    expected = SMOTED.apply(X, Y)
    for row in (0, 250, 339):
        assert made[row]["label"] == expected[1][row]
        np.testing.assert_array_equal(np.array(made[row]["x"], np.float32), expected[0][row])
    with pytest.raises(InvalidInput, match=r"feature of PlanDataset must be an entry.*Got None"):
        PlanDataset(SMOTED, Hub())[300]


def test_pictures_are_made_between_pictures_from_a_plan_on_embeddings():
    images = RNG.integers(0, 256, (200, 3, 4, 4)).astype(np.uint8)
    data = PlanDataset(SMOTED, Pairs(images))
    block = SMOTED.made[0]
    a, b = images[block.parents[5]].astype(float), images[block.partners[5]].astype(float)
    image, label = data[205]
    assert image.dtype == torch.uint8
    assert label == 1
    np.testing.assert_array_equal(image, np.rint(a + block.steps[5] * (b - a)))


def test_chains_of_made_rows_reach_down_to_the_data():
    first = SMOTED
    noise = Jittered(np.array([300, 5, 339]), 3, np.full((1, 3), 0.1), np.zeros(3, int))
    chain = first.then(Plan(340, np.arange(343), (noise,)))
    expected = chain.apply(X, Y)
    data = PlanDataset(chain, Pairs())
    for row in (341, 342, 340, 3, 250):
        np.testing.assert_allclose(data[row][0], expected[0][row], rtol=1e-6)
        assert data[row][1] == expected[1][row]


def test_memory_is_the_plan_and_samplers_take_its_labels():
    data = PlanDataset(SMOTED, X, Y)
    assert data.plan.nbytes <= 24 * 140 + 4 * 340
    assert np.bincount(data.labels[list(BalancedSampler(data))]).tolist() == [170, 170]


def test_what_cannot_be_served_is_said():
    with pytest.raises(InvalidInput, match="data of PlanDataset must have 200 rows"):
        PlanDataset(SMOTED, Pairs(X[:9]))
    with pytest.raises(InvalidInput, match="must have 200 rows"):
        PlanDataset(SMOTED, X[:9], Y[:9])
    with pytest.raises(InvalidInput, match="columns of PlanDataset must come with an array"):
        PlanDataset(SMOTED, Pairs(), Y)
    mixed = np.column_stack([X[:, :2], RNG.integers(0, 3, 200)])
    voted = SMOTENC([2], random_state=0).plan(mixed, Y)
    with pytest.raises(InvalidInput, match="must not vote on categories"):
        PlanDataset(voted, Pairs())
    with pytest.raises(InvalidInput, match="must be numbers where rows are made"):
        PlanDataset(SMOTED, [("word", 1)] * 200)[300]
    with pytest.raises(InvalidInput, match="numbers of one shape"):
        PlanDataset(SMOTED, [(np.zeros(at), 1) for at in range(200)])[300]
    with pytest.raises(
        InvalidInput, match="labels of PlanDataset must be given as its first column"
    ):
        _ = PlanDataset(SMOTED, X).labels
    assert PlanDataset(SMOTED, X)[300].shape == (3,)
