"""A module that notes which rows it is trained on; as a script, on two processes.

``python tests/nn/lightning_rows.py FOLDER`` writes the rows of each process and epoch.
"""

import json
import sys
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from evenkeel.nn import BalancedSampler, LightningMetricsCallback, PerClassBatchSampler

LABELS = [0] * 50 + [1] * 10


class Noting(pl.LightningModule):
    """Two weights; each batch is ``(row number, label)``."""

    def __init__(self, loss=None):
        super().__init__()
        self.layer = nn.Linear(1, 2)
        self.loss = nn.CrossEntropyLoss() if loss is None else loss
        self.seen = []

    def training_step(self, batch, batch_idx):
        rows, labels = batch
        self.seen.append((self.current_epoch, rows.long().tolist()))
        return self.loss(self.layer(rows[:, None] / 60), labels)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Scoring(Noting):
    """Scores its validation rows: the logit of class 1 is the row's number, less ``turn`` epochs."""

    turn = 0

    def validation_step(self, batch, batch_idx):
        rows, labels = batch
        score = rows + self.turn * self.current_epoch
        return {"logits": torch.stack([torch.full_like(rows, 54.5), score], 1), "labels": labels}


def validation(n=61, batch_size=7):
    """Rows 0 to 60; the last 11 are positive: an odd number, which two processes fill up."""
    rows = torch.arange(float(n))
    return DataLoader(TensorDataset(rows, (rows >= 50).long()), batch_size=batch_size)


def loader(sampler, batch_size=6, workers=0):
    rows = TensorDataset(torch.arange(60.0), torch.tensor(LABELS))
    return DataLoader(rows, batch_size=batch_size, sampler=sampler, num_workers=workers)


def trainer(folder, **changes):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    own = {"max_epochs": 2, "accelerator": "cpu", "enable_checkpointing": False}
    return pl.Trainer(**{**quiet, **own, "default_root_dir": folder, **changes})


def main(folder):
    warnings.simplefilter("ignore")
    made = {"balanced": BalancedSampler(LABELS, seed=3), "whole": PerClassBatchSampler(LABELS, 3)}
    of = trainer(folder, devices=2, strategy="ddp", max_epochs=2)
    for name, sampler in made.items():
        torch.manual_seed(0)
        module = Noting()
        of.fit_loop.epoch_progress.reset()
        of.fit(module, loader(sampler))
        path = Path(folder, f"{name}-{of.global_rank}.json")
        path.write_text(json.dumps(module.seen))
    of = trainer(
        folder, devices=2, strategy="ddp", max_epochs=1, callbacks=[LightningMetricsCallback()]
    )
    of.fit(Scoring(), loader(BalancedSampler(LABELS)), validation())
    logged = {name: value.item() for name, value in of.callback_metrics.items()}
    Path(folder, f"metrics-{of.global_rank}.json").write_text(json.dumps(logged))


if __name__ == "__main__":
    main(sys.argv[1])
