"""Two processes that train together: what each is given, and what they are told when they differ."""

import json

import numpy as np
import pytest
import torch.distributed as dist
import torch.multiprocessing as mp

from evenkeel.errors import InvalidInput
from evenkeel.nn import BalancedSampler

LABELS = np.repeat([0, 1], [95, 6])


def _process(rank, folder):
    sampler = BalancedSampler(LABELS)  # made before the processes know of one another
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    told = {}
    others = {
        "labels": BalancedSampler(LABELS[::-1].copy() if rank else LABELS),
        "seed": BalancedSampler(LABELS, seed=rank),
        "epoch": BalancedSampler(LABELS),
        "position": BalancedSampler(LABELS),
        "quotas": BalancedSampler(LABELS, 1 - rank / 2),
    }
    others["epoch"].set_epoch(rank)
    others["position"].load_state_dict(sampler.state_dict(done=4 * rank))
    for name, other in others.items():
        try:
            iter(other)
        except InvalidInput as error:
            told[name] = str(error)
    whole = BalancedSampler(LABELS, num_replicas=1)
    try:
        BalancedSampler(LABELS, 1 - rank / 2, num_replicas=1).check_ranks()
    except InvalidInput as error:
        told["global"] = str(error)
    found = {"own": list(sampler), "whole": list(whole), "length": len(sampler), "told": told}
    (folder / f"{rank}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


def test_two_processes_share_the_draws_and_must_agree(tmp_path):
    mp.spawn(_process, (tmp_path,), nprocs=2)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    whole = list(BalancedSampler(LABELS))
    assert first["whole"] == second["whole"] == whole
    assert first["own"] == whole[::2]
    assert second["own"] == [*whole[1::2], whole[0]]
    assert first["length"] == second["length"] == 51
    for told in (first["told"], second["told"]):
        assert set(told) == {"labels", "seed", "epoch", "position", "quotas", "global"}
        assert told["epoch"] == (
            "epoch of BalancedSampler must be the same on all ranks. Got [0, 1], rank after rank. Give "
            "each process the same labels, seed and checkpoint, and call set_epoch on all."
        )
        assert "Got [0, 8]" in told["position"] or "Got [0, 4]" in told["position"]


def test_a_single_process_agrees_with_itself():
    BalancedSampler(LABELS, num_replicas=2, rank=0).check_ranks()
    with pytest.raises(InvalidInput, match="rank of BalancedSampler"):
        BalancedSampler(LABELS, num_replicas=2, rank=-1)
