"""Two processes on one machine train the same as one: run by test_exact.py, with a file to write."""

import gc
import os
import sys
import warnings
from pathlib import Path

import torch
from tests.nn.huggingface.test_exact import Copied
from tests.nn.huggingface.tiny import EVERY, Stop, made, settings, step, trainer
from transformers import Trainer
from transformers.trainer_utils import get_last_checkpoint

from evenkeel.nn import BalancedSampler, BalancedTrainerMixin, FocalLoss

BATCH, ROWS = 2, 16  # four steps of two processes to an epoch


class Balanced(BalancedTrainerMixin, Trainer):
    """A trainer that draws classes equally often."""


def rows_seen(folder, *, after=None, resume=None):
    """Rows that this process saw, in order."""
    rows = made("class-weighted", ROWS)
    arguments = settings(
        folder, num_train_epochs=2, per_device_train_batch_size=BATCH, ddp_backend="gloo", seed=3
    )
    of = trainer(rows, arguments, kind=Balanced, compute_loss_func=FocalLoss())
    if after is not None:
        of.add_callback(Stop(after))
    rows.asked.clear()
    of.train(resume_from_checkpoint=resume)
    return rows.asked


def work(rank, out):
    """Everything that one of the two processes does."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    folder = Path(out).parent / "checkpoints"
    found = {
        f"{name} {micro}": step(folder, name, micro, processes=2, loss=loss())
        for name, loss in EVERY.items()
        for micro in (1, 4)
    }
    found["copied 4"] = step(folder, "class-weighted", 4, processes=2, kind=Copied)
    seen = rows_seen(folder)
    half = len(seen) // 2
    found[f"rows {rank}"] = [seen[:half], seen[half:]]
    rows_seen(folder, after=6)
    found[f"resumed {rank}"] = rows_seen(folder, resume=get_last_checkpoint(str(folder)))
    sampler = BalancedSampler(made("class-weighted", ROWS), n_classes=3, seed=3, num_replicas=1)
    found["drawn"] = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        found["drawn"].append(list(sampler))
    torch.save(found, f"{out}.{rank}")


def main(out):
    """Fork, so that the libraries are imported once."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1"}
    gc.freeze()  # Accelerate collects garbage after each training
    torch.multiprocessing.start_processes(work, (out,), nprocs=2, start_method="fork")
    both = [torch.load(f"{out}.{rank}", weights_only=True) for rank in range(2)]
    torch.save(both[0] | both[1], out)


if __name__ == "__main__":
    main(sys.argv[1])
