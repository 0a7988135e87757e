"""Network intrusions in five groups: a small neural network trained four ways, and LightGBM.

The connections are NSL-KDD (Tavallaee, Bagheri, Lu and Ghorbani 2009, doi:10.1109/CISDA.2009.5356528):
125,973 for training, of which 52 try to become root. All arms stand in one comparison: the same folds,
the same columns (one-hot, of one scale), probabilities calibrated and decisions settled on the other
folds.

``python -m examples.intrusions`` prints the table; ``--rows 30000`` leaves out connections of the three
large groups; ``--short`` is a form of some seconds on made connections.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from sklearn.pipeline import Pipeline

from evenkeel import compare
from evenkeel.learners import Columns, make_learner
from evenkeel.nn import TorchClassifier
from evenkeel.table import read_table

ARMS = {  # remedy, as the comparison names it: loss and sampler that the network is trained with
    "none": ("cross-entropy", None),
    "logit-adjusted": ("evenkeel.nn:LogitAdjustedLoss", None),
    "focal": ("evenkeel.nn:FocalLoss", None),
    "balanced-sampler": ("cross-entropy", "evenkeel.nn:BalancedSampler"),
}
TREES = "lightgbm"
SMALL = 2000  # groups of fewer connections are never thinned out


class Watched(TorchClassifier):
    """A network that notes how many rows it saw, and the most memory of the GPU."""

    seen: dict[Any, list[tuple[int, float]]] = {}  # noqa: RUF012  (of all copies, on purpose)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TorchClassifier:
        """Train, and note."""
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        super().fit(X, y, sample_weight)
        rows = len(self.history_) * (len(y) - self.validation_rows_.size)
        gpu = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
        self.seen.setdefault((self.loss, self.sampler), []).append((rows, gpu))
        return self


def connections(folder: Path, rows: int | None) -> tuple[pl.DataFrame, np.ndarray]:
    """The training file and the group of each connection; of large groups evenly fewer, if asked."""
    table = read_table(
        folder / "KDDTrain+.txt.gz", target=-2, drop=(-1,), names=folder / "field_names.csv",
        map_target=Path(__file__).with_name("nsl-kdd-groups.csv"),
    )  # fmt: skip
    groups = np.asarray(table.classes, dtype=object)[table.y]
    if rows is None or rows >= len(groups):
        return table.X, groups
    names, counts = np.unique(groups, return_counts=True)
    spare = counts[counts >= SMALL].sum()
    share = max(0.0, (rows - counts[counts < SMALL].sum()) / spare)
    rng = np.random.default_rng(0)
    kept = np.concatenate(
        [
            rng.permutation(np.flatnonzero(groups == name))[: n if n < SMALL else int(n * share)]
            for name, n in zip(names, counts, strict=True)
        ]
    )
    kept.sort()
    return table.X[kept], groups[kept]


def made_connections(n: int = 1000) -> tuple[pl.DataFrame, np.ndarray]:
    """Connections of three groups, the rarest one in twelve, told apart by two numbers and a word."""
    rng = np.random.default_rng(0)
    code = rng.choice(3, n, p=[0.7, 0.22, 0.08])
    X = rng.normal(size=(n, 4)) + np.eye(4)[code] * 2.5
    words = np.where(rng.random(n) < 0.8, np.array(["tcp", "udp", "icmp"])[code], "tcp")
    frame = pl.DataFrame(X, schema=["bytes", "count", "rate", "errors"])
    return frame.with_columns(protocol=words), np.array(["normal", "dos", "u2r"], dtype=object)[
        code
    ]


def network(asked: argparse.Namespace) -> Pipeline:
    """Columns as numbers of one scale, then the network."""
    model = Watched(
        device=asked.device, max_epochs=asked.epochs, patience=asked.patience,
        monitor="balanced_accuracy" if asked.monitor is None else asked.monitor,
        n_jobs=asked.threads, random_state=0,
    )  # fmt: skip
    return Pipeline([("columns", Columns(output="dense")), ("model", model)])


def table_of(found: Any) -> str:
    """Markdown: a row for each arm."""
    heads = (
        "arm", "macro average precision", "balanced accuracy", *(f"recall {name}" for name in found.classes),
        "rows", "rows seen", "seconds a fit", "peak MB", "GPU MB",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for entry in found.entries:
        if entry.learner == "prevalence" or not entry.ok:
            continue
        cells = [
            f"network, {entry.name}" if entry.name in ARMS else entry.name,
            *(f"{entry.figures[name]:.3f}" for name in ("average_precision", "balanced_accuracy")),
        ]
        for each in entry.figures["per_class"]:
            hits = round(each["recall"] * each["support"])
            cells.append(f"{each['recall']:.3f} ({hits:,}/{each['support']:,})")
        notes = np.array(Watched.seen.get(ARMS.get(entry.name), [(entry.cost["fit_rows"], 0.0)]))
        peak = entry.cost["peak_bytes"]
        cells += [f"{entry.cost['fit_rows']:,.0f}", f"{notes[:, 0].mean():,.0f}"]
        cells += [f"{entry.cost['seconds']:.1f}", "-" if peak is None else f"{peak / 2**20:,.0f}"]
        cells.append(f"{notes[:, 1].max():,.0f}" if notes[:, 1].any() else "-")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(given: list[str] | None = None) -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu")
    parser.add_argument("--rows", type=int, help="connections at most; small groups stay whole")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--patience", type=int, default=5)
    parser.add_argument("--monitor", help="what chooses the epoch; default balanced_accuracy")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="made connections, few epochs")
    asked = parser.parse_args(given)
    folder = Path(os.environ.get("EVENKEEL_DATA", "../shared/data"), "tables", "nsl-kdd")
    if asked.short:
        asked.epochs, asked.folds = 4, 2
    X, groups = made_connections() if asked.short else connections(folder, asked.rows)
    Watched.seen.clear()
    trees = make_learner(TREES).set_params(columns="passthrough")
    trees.name = TREES
    remedies = [*(name for name in ARMS if name != "none"), trees]
    found = compare(X, groups, estimator=network(asked), remedies=remedies, cv=asked.folds)
    print(table_of(found))
    print(f"\n{found.why}")


if __name__ == "__main__":
    main()
