"""A small encoder, rows for it, and one training step of a Trainer."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback

from evenkeel.nn import (
    AsymmetricLoss,
    ClassWeightedLoss,
    FalseNegativeLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    SigmoidFocalLoss,
    VectorScalingLoss,
    WeightedBCE,
)

COUNTS = [50, 6, 20]
ROWS = 32
CLASSES = {
    "class-weighted": lambda: ClassWeightedLoss(COUNTS),
    "smoothed": lambda: ClassWeightedLoss(COUNTS, label_smoothing=0.1),
    "focal": lambda: FocalLoss(gamma=2.0, counts=COUNTS),
    "logit-adjusted": lambda: LogitAdjustedLoss(COUNTS),
    "ldam": lambda: LDAMLoss(COUNTS),
    "vector-scaling": lambda: VectorScalingLoss(COUNTS),
}
PAIRS = [[40, 10], [45, 5], [30, 20]]
LABELS = {
    "weighted-bce": lambda: WeightedBCE(PAIRS),
    "sigmoid-focal": lambda: SigmoidFocalLoss(gamma=2.0, counts=PAIRS),
    "asymmetric": lambda: AsymmetricLoss(),
}
BINARY = {"false-negative": lambda: FalseNegativeLoss(cost=5.0)}
TOKENS = {
    "tokens-class-weighted": lambda: ClassWeightedLoss(COUNTS, class_dim=-1),
    "tokens-focal": lambda: FocalLoss(gamma=1.0, class_dim=-1),
}
EVERY = {**CLASSES, **LABELS, **BINARY, **TOKENS}


class Rows(torch.utils.data.Dataset):
    """Rows of made tokens that remember which of them were asked for."""

    def __init__(self, labels, tokens, *, kind="classes"):
        self.labels, self.tokens, self.kind, self.asked = labels, tokens, kind, []

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, row):
        self.asked.append(int(row))
        return {"input_ids": self.tokens[row], "labels": self.labels[row]}


def made(name="class-weighted", n=ROWS, seed=0):
    """Rows that fit a loss: class codes, several labels, or a label for each token."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 9, n)
    tokens = [rng.integers(4, 30, length).tolist() for length in lengths]
    if name in LABELS:
        labels = (rng.random((n, 3)) < 0.3).astype(np.float32).tolist()
        return Rows(labels, tokens, kind="labels")
    if name in TOKENS:
        labels = [rng.choice([-100, 0, 1, 2], length).tolist() for length in lengths]
        return Rows(labels, tokens, kind="tokens")
    n_classes = 2 if name in BINARY else 3
    labels = rng.choice(n_classes, n, p=[0.7, 0.3] if n_classes == 2 else [0.7, 0.1, 0.2])
    return Rows(labels.tolist(), tokens, kind="binary" if name in BINARY else "classes")


def telling(n=400, seed=0):
    """Rows of two classes, one in eight positive, of which token 5 tells something."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < 0.125).astype(int)
    tokens = rng.integers(6, 12, (n, 5))
    tokens[rng.random(n) < np.where(labels == 1, 0.8, 0.2), 0] = 5
    return Rows(labels.tolist(), tokens.tolist(), kind="binary")


def collate(batch):
    """Pad to the longest of the batch."""
    longest = max(len(row["input_ids"]) for row in batch)
    ids = [row["input_ids"] + [0] * (longest - len(row["input_ids"])) for row in batch]
    mask = [[int(token > 0) for token in row] for row in ids]
    labels = [row["labels"] for row in batch]
    if isinstance(labels[0], list) and not isinstance(labels[0][0], float):
        labels = [row + [-100] * (longest - len(row)) for row in labels]
    return {
        "input_ids": torch.tensor(ids),
        "attention_mask": torch.tensor(mask),
        "labels": torch.tensor(labels),
    }


def model(kind="classes", n_classes=3, seed=0):
    """An encoder of one layer without dropout: the same rows give the same logits."""
    torch.manual_seed(seed)
    shape = BertConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=16, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, num_labels=2 if kind == "binary" else n_classes,
        initializer_range=0.5,
    )  # fmt: skip
    if kind == "labels":
        shape.problem_type = "multi_label_classification"
    return (BertForTokenClassification if kind == "tokens" else BertForSequenceClassification)(
        shape
    )


def settings(folder, **changes):
    """Arguments that print and save nothing, unless they are changed."""
    given = {
        "use_cpu": True, "report_to": "none", "disable_tqdm": True, "logging_strategy": "no",
        "save_strategy": "no", "max_grad_norm": 0.0, "lr_scheduler_type": "constant",
        "optim": "sgd", "learning_rate": 0.1, "dataloader_pin_memory": False, "weight_decay": 0.0,
    }  # fmt: skip
    return TrainingArguments(str(folder), **given | changes)


def trainer(rows, arguments, *, kind=Trainer, network=None, **more):
    """A trainer of these rows that prints nothing."""
    made_of = model(rows.kind) if network is None else network
    found = kind(made_of, arguments, train_dataset=rows, data_collator=collate, **more)
    found.remove_callback(PrinterCallback)
    return found


def step(folder, name, micro, *, processes=1, kind=Trainer, loss=None):
    """The change of all parameters in one optimiser step on the same 32 rows."""
    rows = made(name)
    arguments = settings(
        folder, max_steps=1, gradient_accumulation_steps=micro,
        per_device_train_batch_size=ROWS // micro // processes,
        **({"ddp_backend": "gloo"} if processes > 1 else {}),
    )  # fmt: skip
    of = trainer(rows, arguments, kind=kind, compute_loss_func=loss)
    before = flat(of.model)
    of.train()
    return flat(of.model) - before


def flat(network):
    """All parameters in a row."""
    return torch.cat([p.detach().clone().reshape(-1) for p in network.parameters()])


class Stop(TrainerCallback):
    """End the training after so many steps, as a machine that goes away would."""

    def __init__(self, after):
        self.after = after

    def on_step_end(self, args, state, control, **more):
        control.should_training_stop = state.global_step >= self.after
        control.should_save = control.should_training_stop
