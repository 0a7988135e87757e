"""What holds for every sampler: order, ranks, resuming."""

import copy
import json
import pickle
import random
from collections import Counter

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, TensorDataset

from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.nn import (
    BalancedSampler,
    PerClassBatchSampler,
    ProgressiveSampler,
    UndersampledSubset,
)

LABELS = np.random.default_rng(0).choice(3, 20_003, p=[0.9, 0.08, 0.02])
ROWS = TensorDataset(torch.arange(len(LABELS)))
MAKERS = {
    "natural": lambda **more: BalancedSampler(LABELS, 0.0, **more),
    "root": lambda **more: BalancedSampler(LABELS, 0.5, **more),
    "balanced": lambda **more: BalancedSampler(LABELS, **more),
    "given": lambda **more: BalancedSampler(LABELS, shares=[0.2, 0.3, 0.5], n_draws=9_001, **more),
    "progressive": lambda **more: ProgressiveSampler(LABELS, n_epochs=4, **more),
    "per-class": lambda **more: PerClassBatchSampler(LABELS, 4, **more),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def order(sampler, epoch=1):
    sampler.set_epoch(epoch)
    return list(sampler)


def global_state():
    return (
        random.getstate(),
        str(np.random.get_state()),  # noqa: NPY002
        torch.get_rng_state().tolist(),
        torch.initial_seed(),
    )


@every
def test_the_order_is_a_function_of_seed_and_epoch(make):
    first = order(make(seed=7))
    torch.manual_seed(99)
    sampler = make(seed=7)
    order(sampler, 5)
    assert order(sampler) == first
    assert order(make(seed=8)) != first
    assert order(sampler, 2) != first
    assert len(first) == len(sampler)
    assert all(type(row) is int for row in first[:10])


@every
def test_no_global_random_state_is_read_or_written(make):
    before = global_state()
    first = order(make())
    assert global_state() == before
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    assert order(make()) == first


@every
@pytest.mark.parametrize("world", [2, 3, 4])
def test_the_ranks_together_draw_what_one_process_draws(make, world):
    single = order(make(num_replicas=1))
    samplers = [make(num_replicas=world, rank=rank) for rank in range(world)]
    ranks = [order(sampler) for sampler in samplers]
    assert len({len(rank) for rank in ranks}) == 1
    unit = samplers[0].unit
    blocks = [
        rank[start : start + unit]
        for start in range(0, len(ranks[0]), unit)
        for rank in ranks
    ]  # fmt: skip
    joined = [row for block in blocks for row in block]
    assert joined[: len(single)] == single
    assert joined[len(single) :] == single[: len(joined) - len(single)]
    assert len(joined) - len(single) < world * unit
    short = [order(make(num_replicas=world, rank=rank, drop_last=True)) for rank in range(world)]
    assert sum(map(len, short)) <= len(single)
    assert not Counter(row for rank in short for row in rank) - Counter(single)


@every
def test_lightning_leaves_it_alone_and_accelerate_shares_it_out(make):
    from accelerate.data_loader import BatchSamplerShard

    sampler = make(num_replicas=1)
    assert isinstance(sampler, DistributedSampler)
    size = sampler.unit if sampler.unit > 1 else 32
    shards = []
    for rank in range(2):
        own = make(num_replicas=1)
        own.set_epoch(1)
        shards.append(list(BatchSamplerShard(BatchSampler(own, size, True), 2, rank)))
    batches = [batch for pair in zip(*shards, strict=True) for batch in pair]
    whole = order(sampler)
    assert [row for batch in batches for row in batch] == whole[: len(batches) * size]
    assert len(batches) >= len(whole) // size - 1


@every
@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_goes_on_where_it_was_saved(make, workers):
    def loader(sampler):
        return DataLoader(ROWS, batch_size=480, sampler=sampler, num_workers=workers)

    whole = [batch[0].tolist() for batch in loader(at_epoch(make(seed=3), 2))]
    running = at_epoch(make(seed=3), 2)
    batches = iter(loader(running))
    used = [next(batches)[0].tolist() for _ in range(5)]
    saved = running.state_dict(done=5 * 480) if workers else running.state_dict()
    saved = json.loads(json.dumps(saved))
    resumed = make(seed=3)
    resumed.load_state_dict(saved)
    resumed.set_epoch(2)  # what a trainer does at the start of the epoch
    assert resumed.state_dict() == saved
    assert used + [batch[0].tolist() for batch in loader(resumed)] == whole
    assert [batch[0].tolist() for batch in loader(resumed)] == whole  # a position is used once


def at_epoch(sampler, epoch):
    sampler.set_epoch(epoch)
    return sampler


@every
def test_a_position_of_another_epoch_is_forgotten(make):
    running = at_epoch(make(), 1)
    draws = iter(running)
    for _ in range(50):
        next(draws)
    assert running.state_dict()["drawn"] == 50
    resumed = make()
    resumed.load_state_dict(running.state_dict())
    assert order(resumed, 2) == order(make(), 2)
    running.set_epoch(3)
    assert running.state_dict()["drawn"] == 0
    assert order(running, 3) == order(make(), 3)


@every
def test_iterators_carry_their_own_state_as_torchdata_asks(make):
    """StatefulDataLoader saves an iterator when it asks for a batch, ahead of those in use."""
    whole = order(make())
    draws = iter(at_epoch(make(), 1))
    used = [next(draws) for _ in range(8_900)]
    saved = draws.state_dict()
    for _ in range(5):
        next(draws)  # fetched ahead
    resumed = iter(at_epoch(make(), 1))
    next(resumed)
    resumed.load_state_dict(saved)
    assert used + list(resumed) == whole
    assert resumed.state_dict() == {"position": len(whole)}


@every
def test_other_numbers_of_processes_go_on_from_the_same_place(make):
    whole = order(make(num_replicas=1))
    unit = make().unit
    rank = at_epoch(make(num_replicas=2, rank=1), 1)
    saved = rank.state_dict(done=6 * unit)
    alone = make(num_replicas=1)
    alone.load_state_dict(saved)
    assert list(alone) == whole[12 * unit :]
    odd = at_epoch(make(num_replicas=1), 1).state_dict(done=5)
    with pytest.raises(InvalidInput, match=r"that 2 processes can share evenly\. Got 5 draws"):
        make(num_replicas=2, rank=0).load_state_dict(odd)


@every
def test_a_state_of_something_else_is_refused(make):
    saved = make().state_dict()
    with pytest.raises(
        InvalidInput, match="It is of other labels, rows in another order, or another"
    ):
        make(seed=1).load_state_dict(saved)
    with pytest.raises(InvalidInput, match="must be one that its state_dict"):
        make().load_state_dict({"epoch": 0})
    with pytest.raises(InvalidInput, match="must be one that its state_dict"):
        make().load_state_dict(None)
    with pytest.raises(InvalidInput, match="It is of another number of rows"):
        BalancedSampler([0, 1]).load_state_dict({**saved, "sampler": "BalancedSampler"})
    sampler = make()
    for wrong in ({"rows": 3, "epoch": 2}, {"drawn": -1, "epoch": 2}, {"epoch": -1}):
        with pytest.raises(InvalidInput):
            sampler.load_state_dict({**saved, **wrong})
    assert sampler.state_dict() == saved, "a refused state changes nothing"


def test_a_state_of_other_labels_shares_or_kind_is_refused():
    saved = BalancedSampler(LABELS).state_dict()
    with pytest.raises(InvalidInput, match="other labels"):
        BalancedSampler(LABELS[::-1]).load_state_dict(saved)
    with pytest.raises(InvalidInput, match="other shares of the classes"):
        BalancedSampler(LABELS, 0.5).load_state_dict(saved)
    with pytest.raises(InvalidInput, match="an epoch of another length"):
        BalancedSampler(LABELS, n_draws=50).load_state_dict(saved)
    with pytest.raises(InvalidInput, match="a sampler of another kind"):
        ProgressiveSampler(LABELS, 3).load_state_dict(saved)


@every
def test_copies_and_pickles_start_their_own_pass(make):
    sampler = at_epoch(make(), 1)
    next(iter(sampler))
    for twin in (copy.deepcopy(sampler), pickle.loads(pickle.dumps(sampler))):
        assert twin.state_dict()["drawn"] == 0
        assert list(twin) == order(make())


@every
def test_a_second_pass_without_set_epoch_is_told_once(make):
    sampler = make(n_batches=2) if make is MAKERS["per-class"] else make()
    assert len(list(sampler)) == len(sampler)
    with pytest.warns(EvenkeelWarning, match=r"epoch 0 again, in the same order. Call set_epoch"):
        list(sampler)
    list(sampler)


@every
def test_four_bytes_a_row_and_four_a_draw(make):
    sampler = make()
    held = [value for value in vars(sampler).values() if isinstance(value, np.ndarray)]
    held += [value for value in vars(sampler.class_rows).values() if isinstance(value, np.ndarray)]
    assert sum(value.nbytes for value in held) <= 8 * len(LABELS) + 200


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"power": 1.5}, InvalidInput, "power of BalancedSampler must be a number of at least 0 and at"),
        ({"n_draws": 0}, InvalidInput, "n_draws of BalancedSampler"),
        ({"n_draws": "many"}, InvalidType, "n_draws of BalancedSampler"),
        ({"seed": -1}, InvalidInput, "seed of BalancedSampler"),
        ({"rank": 1}, InvalidInput, "must come with num_replicas"),
        ({"num_replicas": 2, "rank": 2}, InvalidInput, "rank of BalancedSampler must be a whole number"),
        ({"num_replicas": 0}, InvalidInput, "num_replicas of BalancedSampler"),
        ({"n_classes": 2}, InvalidInput, "from 0 to 1, as n_classes says. Got 2"),
        ({"shares": {3: 1}}, InvalidInput, "must name classes of the labels"),
    ],
    ids=lambda value: str(value)[:24],
)  # fmt: skip
def test_arguments_that_do_not_fit(more, error, says):
    with pytest.raises(error, match=says):
        BalancedSampler(LABELS, **more)


def test_a_repr_says_what_is_drawn():
    labels = [0] * 90 + [1] * 10
    assert repr(BalancedSampler(labels, power=0.5)) == (
        "BalancedSampler(100 rows, 2 classes, 100 draws, power=0.5, seed=0, epoch=0)"
    )
    assert "shares=[0.3, 0.7], seed" in repr(BalancedSampler(labels, shares=[0.3, 0.7]))
    assert "20 draws, per_class=1, seed=3" in repr(
        PerClassBatchSampler(labels, n_batches=10, seed=3)
    )
    assert repr(UndersampledSubset(labels, labels=labels)) == "UndersampledSubset(20 of 100 rows)"


def test_epochs_and_positions_have_to_be_whole():
    sampler = BalancedSampler([0, 1])
    with pytest.raises(InvalidInput, match="epoch of BalancedSampler"):
        sampler.set_epoch(-1)
    with pytest.raises(InvalidInput, match="done of BalancedSampler"):
        sampler.state_dict(done=-3)
