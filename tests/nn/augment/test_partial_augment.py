"""Copies of rare classes: how many, of which originals, made by what chance."""

import pickle
import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from evenkeel.augmented import Augmented
from evenkeel.distribution import Ratio
from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.nn import (
    BalancedSampler,
    GaussianNoise,
    InOrder,
    PartialAugment,
    PlanDataset,
    Sometimes,
    SpeedChange,
    check_prior,
)
from evenkeel.plan import Plan
from evenkeel.resample import SMOTE, RandomOverSampler

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], [30, 10, 4])
X = RNG.normal(size=(44, 3)).astype(np.float32)
TENSORS = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
NOISE = GaussianNoise(0.5)


def foreign(x):
    """A transform that draws from all three global generators."""
    drawn = random.random() + np.random.random() + float(torch.rand(()))  # noqa: NPY002
    return x + drawn


def global_state():
    return (
        random.getstate(),
        str(np.random.get_state()),  # noqa: NPY002
        torch.get_rng_state().tolist(),
        torch.initial_seed(),
    )


def stacked(data, **how):
    return torch.cat([x for x, _ in DataLoader(data, batch_size=8, **how)])


def test_only_rare_classes_get_copies_up_to_the_largest():
    data = PartialAugment(TENSORS, NOISE)
    assert np.bincount(data.labels).tolist() == [30, 30, 30]
    assert len(data) == 90
    for row in range(44):
        assert torch.equal(data[row][0], TENSORS[row][0])
    origin = data.plan.origin()
    np.testing.assert_array_equal(origin[:44], np.arange(44))
    np.testing.assert_array_equal(data.labels, Y[origin])
    for row in range(44, 90):
        x, y = data[row]
        assert y == Y[origin[row]] > 0
        assert x.dtype == torch.float32
        assert not torch.equal(x, TENSORS[int(origin[row])][0])


def test_originals_are_used_equally_often_and_never_beyond_the_limit():
    data = PartialAugment(TENSORS, NOISE, limit=2)
    uses = np.bincount(data.plan.origin()[44:], minlength=44)
    assert uses.max() == 2
    assert np.bincount(data.labels).tolist() == [30, 30, 12]
    uses = np.bincount(PartialAugment(TENSORS, NOISE).plan.origin()[44:], minlength=44)
    assert set(uses[40:]) == {6, 7}


@pytest.mark.parametrize(
    ("how", "counts"),
    [
        ({}, [30, 30, 30]),
        ({"classes": [2]}, [30, 10, 30]),
        ({"copies": 12}, [30, 12, 12]),
        ({"copies": {2: 9}}, [30, 10, 9]),
        ({"copies": Ratio(0.5)}, [30, 15, 15]),
        ({"copies": 12, "classes": {1}}, [30, 12, 4]),
        ({"copies": 40, "classes": [0]}, [40, 10, 4]),
        ({"copies": 4}, [30, 10, 4]),
    ],
)
def test_counts_are_those_that_were_asked_for(how, counts):
    data = PartialAugment(TENSORS, NOISE, **how)
    assert np.bincount(data.labels).tolist() == counts
    np.testing.assert_allclose(data.prior, np.array([30, 10, 4]) / 44)
    np.testing.assert_allclose(data.drawn_prior, np.array(counts) / sum(counts))


def test_the_limit_that_nobody_chose_is_told():
    data = TensorDataset(torch.zeros(101, 2), torch.tensor([0] * 100 + [1]))
    with pytest.warns(EvenkeelWarning, match=r"at most 20 copies.*1: 21 of 100.*limit="):
        short = PartialAugment(data, NOISE)
    assert len(short) == 121
    assert len(PartialAugment(data, NOISE, limit=5)) == 106
    assert len(PartialAugment(data, NOISE, limit=99)) == 200


@pytest.mark.parametrize("transform", [NOISE, foreign, InOrder(foreign, NOISE)])
def test_a_copy_is_a_function_of_seed_epoch_and_number(transform):
    data = PartialAugment(TENSORS, transform, seed=3)
    first = stacked(data)
    torch.manual_seed(11)
    random.seed(11)
    np.random.seed(11)  # noqa: NPY002
    again = PartialAugment(TENSORS, transform, seed=3)
    for row in RNG.permutation(90).tolist():
        assert torch.equal(again[row][0], first[row])
    data.set_epoch(1)
    second = stacked(data)
    assert torch.equal(second[:44], first[:44])
    assert not (second[44:] == first[44:]).all(1).any()
    data.set_epoch(0)
    assert torch.equal(stacked(data), first)
    other = stacked(PartialAugment(TENSORS, transform, seed=4))
    assert not torch.equal(other[44:], first[44:])


@pytest.mark.parametrize("transform", [NOISE, foreign, Sometimes(foreign)])
def test_no_global_random_state_is_read_or_left_changed(transform):
    before = global_state()
    data = PartialAugment(TENSORS, transform)
    _ = [data[row] for row in range(90)]
    assert global_state() == before


def test_a_transform_that_fails_leaves_the_global_states_too():
    def broken(x):
        foreign(x)
        raise RuntimeError("broken")

    before = global_state()
    with pytest.raises(RuntimeError, match="broken"):
        PartialAugment(TENSORS, broken)[80]
    assert global_state() == before


def test_a_transform_that_writes_into_its_item_does_no_harm():
    def in_place(x):
        x += 1.0
        return x

    pairs = [(torch.full((2,), float(row)), int(y)) for row, y in enumerate(Y)]
    data = PartialAugment(pairs, in_place, labels=Y)
    both = data.__getitems__(list(range(90)))
    origin = data.plan.origin()
    assert [int(x[0]) for x, _ in both] == [*range(44), *(origin[44:] + 1).tolist()]
    assert [int(x[0]) for x, _ in pairs] == list(range(44))


def test_workers_make_the_same_and_follow_the_epoch_when_they_live_on():
    data = PartialAugment(TENSORS, foreign)
    loader = DataLoader(data, batch_size=8, num_workers=2, persistent_workers=True)
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        found = torch.cat([x for x, _ in loader])
        assert torch.equal(found, stacked(data))
    del loader


def test_copies_may_be_of_any_length_and_originals_stay():
    sounds = [(torch.randn(100 + row), int(y)) for row, y in enumerate(Y)]
    data = PartialAugment(sounds, SpeedChange((2.0, 2.0)), labels=Y)
    origin = data.plan.origin()
    for row in (43, 44, 89):
        sound, label = data[row]
        assert label == Y[origin[row]]
        assert len(sound) == (143 if row == 43 else round((100 + origin[row]) / 2))


def test_words_dicts_and_hugging_face_rows_are_served():
    class Hub(Dataset):
        column_names = ("text", "label")

        def __len__(self):
            return 6

        def __getitem__(self, key):
            if key == "label":
                return ["spam"] * 2 + ["ham"] * 4
            return {"text": f"word {key}", "label": self["label"][key], "id": key}

    data = PartialAugment(Hub(), str.upper, feature="text")
    made = [data[row] for row in (6, 7)]
    assert {one["text"] for one in made} == {"WORD 0", "WORD 1"}
    assert all(one["label"] == "spam" and one["text"][-1] == str(one["id"]) for one in made)
    assert data.labels[6:].tolist() == ["spam", "spam"]
    with pytest.raises(InvalidInput, match="feature of PartialAugment must be an entry"):
        _ = PartialAugment(Hub(), str.upper)[6]


def test_the_plan_serves_arrays_with_any_columns():
    data = PartialAugment(TENSORS, NOISE, seed=5)
    groups, weights = np.arange(44), RNG.random(44)
    made, labels, own, held = data.plan.apply(X, Y, groups, weights)
    np.testing.assert_array_equal(labels, data.labels)
    np.testing.assert_array_equal(own, data.plan.origin())
    np.testing.assert_array_equal(held, weights[own])
    np.testing.assert_array_equal(torch.from_numpy(made), stacked(data))
    arrays = PlanDataset(data.plan, X, Y, weights)
    arrays.set_epoch(2)
    data.set_epoch(2)
    assert torch.equal(arrays[70][0], data[70][0])


def test_pictures_in_arrays_are_made_in_batches():
    images = RNG.integers(0, 256, (44, 1, 4, 4)).astype(np.uint8)
    data = PartialAugment(TensorDataset(torch.from_numpy(images), torch.from_numpy(Y)), NOISE)
    whole = data.plan.apply(images, Y)[0]
    assert whole.dtype == np.uint8
    parts = np.concatenate([part for part, _ in data.plan.batches(images, Y, size=7)])
    np.testing.assert_array_equal(parts, whole)
    assert all(torch.equal(data[row][0], torch.from_numpy(whole)[row]) for row in (0, 50, 89))


def test_plans_join_before_and_after():
    smote = SMOTE(random_state=0, k_neighbors=2).plan(X, Y)
    step = Augmented(np.array([0, 85, 89]), lambda x, key: x * 2.0, seed=0)
    chain = smote.then(Plan(90, np.arange(93), (step,)))
    expected = chain.apply(X, Y)
    data = PlanDataset(chain, TENSORS)
    for row in (0, 60, 90, 91, 92):
        np.testing.assert_allclose(data[row][0], expected[0][row], rtol=1e-6)
        assert data[row][1] == expected[1][row]
    np.testing.assert_allclose(expected[0][90:], 2.0 * expected[0][[0, 85, 89]], rtol=1e-6)
    copies = PartialAugment(TENSORS, NOISE, copies={2: 12})
    more = RandomOverSampler(random_state=0).plan(copies.plan.origin()[:, None], copies.labels)
    both = PlanDataset(copies.plan.then(more), TENSORS)
    assert np.bincount(both.labels).tolist() == [30, 30, 30]
    repeated = int(np.flatnonzero(both.plan.rows[54:] >= 44)[0]) + 54
    assert torch.equal(both[repeated][0], copies[int(both.plan.rows[repeated])][0])


def test_samplers_and_the_guard_see_the_copies():
    data = PartialAugment(TENSORS, NOISE)
    sampler = BalancedSampler(data, 0.0)
    assert np.bincount(data.labels[list(sampler)]).tolist() == [30, 30, 30]
    weight = torch.tensor([44 / 90, 44 / 30, 44 / 12])
    with pytest.warns(EvenkeelWarning, match="PartialAugment and CrossEntropyLoss both correct"):
        check_prior(DataLoader(data), torch.nn.CrossEntropyLoss(weight))


def test_it_can_be_pickled_with_transforms_of_its_own():
    data = PartialAugment(TENSORS, InOrder(NOISE, Sometimes(NOISE, 0.5)), seed=2)
    again = pickle.loads(pickle.dumps(data))
    at_first = stacked(data)
    assert torch.equal(stacked(again), at_first)
    again.set_epoch(1)  # a copy has an epoch of its own, which its workers follow
    loader = DataLoader(again, batch_size=8, num_workers=1, persistent_workers=True)
    first = torch.cat([x for x, _ in loader])
    again.set_epoch(2)
    assert not torch.equal(torch.cat([x for x, _ in loader]), first)
    assert not torch.equal(first, at_first)


def test_a_second_pass_without_set_epoch_is_told_once():
    words = r"PartialAugment gives epoch 0 again.*Call set_epoch\(epoch\) before each epoch"
    data = PartialAugment(TENSORS, NOISE)
    for row in range(90):
        _ = data[row]
    with pytest.warns(EvenkeelWarning, match=words):
        _ = data[0]
    stacked(data)
    told = PartialAugment(TENSORS, NOISE)
    told.set_epoch(0)
    plain = PlanDataset(
        RandomOverSampler(random_state=0).plan(X, Y), X, Y
    )  # the same in each epoch
    for loader in (DataLoader(told, 8), DataLoader(plain, 8)):
        for _ in range(3):
            list(loader)


def test_passes_of_workers_count_too():
    data = PartialAugment(TENSORS, NOISE)
    list(DataLoader(data, batch_size=8, num_workers=1))
    assert int(data._handed) == 90
    with pytest.raises(EvenkeelWarning, match="gives epoch 0 again"):  # warnings are errors here
        list(DataLoader(data, batch_size=8, num_workers=1))
    list(DataLoader(data, batch_size=8, num_workers=2))


def test_a_repr_says_what_is_made_and_how():
    data = PartialAugment(TENSORS, GaussianNoise(0.1), limit=1)
    data.set_epoch(2)
    assert repr(data) == (
        "PartialAugment(58 rows, 14 of them copies by GaussianNoise(scale=0.1), epoch=2)"
    )
    smote = SMOTE(random_state=0, k_neighbors=2).plan(X, Y)
    assert repr(PlanDataset(smote, X, Y)) == "PlanDataset(90 rows, 46 of them made)"


def test_what_cannot_be_served_is_said():
    with pytest.raises(InvalidType, match="transform of PartialAugment must be callable"):
        PartialAugment(TENSORS, "noise")
    with pytest.raises(InvalidInput, match=r"must be of labels that occur: 0, 1, 2\. Got 7"):
        PartialAugment(TENSORS, NOISE, classes=[7])
    with pytest.raises(InvalidInput, match="limit of PartialAugment must be"):
        PartialAugment(TENSORS, NOISE, limit=0)
    with pytest.raises(InvalidInput, match="copies of PartialAugment must be one of 'balance'"):
        PartialAugment(TENSORS, NOISE, copies="balanced")
    with pytest.raises(InvalidInput, match="copies of PartialAugment must be for the classes"):
        PartialAugment(TENSORS, NOISE, classes=[2], copies={1: 20})
    with pytest.raises(InvalidInput, match=r"copies\[2\] of PartialAugment must be .* at least 4"):
        PartialAugment(TENSORS, NOISE, copies={2: 1})
    with pytest.raises(InvalidInput, match="copies of PartialAugment must be of labels that occur"):
        PartialAugment(TENSORS, NOISE, copies={9: 50})
    with pytest.raises(InvalidType, match="copies of PartialAugment must be 'balance', a whole"):
        PartialAugment(TENSORS, NOISE, copies=0.5)
    with pytest.raises(InvalidInput, match=r"classes of PartialAugment.* Got 'b'"):
        PartialAugment([(0, "a"), (0, "b")], NOISE, "b", labels=["a", "b"])
    with pytest.raises(InvalidType, match=r"must be a list of labels\. Got 2: \[2\]"):
        PartialAugment(TENSORS, NOISE, classes=2)
    with pytest.raises(InvalidInput, match=r"final count.* Got 3, and each .*2: 4\).*limit=3"):
        PartialAugment(TENSORS, NOISE, copies=3)
    with pytest.raises(InvalidInput, match=r"each class has more \(0: 30\)"):
        PartialAugment(TENSORS, NOISE, classes=[0], copies=12)
    with pytest.raises(InvalidInput, match="labels of PartialAugment must be one for each of 44"):
        PartialAugment(TENSORS, NOISE, labels=[0, 1])
    with pytest.raises(InvalidInput, match="without labels"):
        PartialAugment(type("Bare", (), {"__len__": lambda self: 3})(), NOISE)
    with pytest.raises(InvalidInput, match="epoch of PartialAugment must be"):
        PartialAugment(TENSORS, NOISE).set_epoch(-1)
