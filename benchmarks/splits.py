"""One split of a small table proves little: the same two decisions on many splits of it.

``python -m benchmarks.splits`` draws 15 stratified test parts of a fifth, and puts the section "splits" into
docs/results.md. Two learners (evenkeel's LightGBM, scikit-learn's histogram boosting) are each decided for
by evenkeel (calibrated, exact search) and by ``TunedThresholdClassifierCV`` (100 thresholds), so that what the
learner does and what the decision does stand apart. A miss costs the imbalance ratio, a false alarm 1.
The intervals are Nadeau and Bengio's, for test parts that share training rows.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student
from sklearn.metrics import make_scorer
from sklearn.model_selection import StratifiedShuffleSplit, TunedThresholdClassifierCV

from benchmarks.page import put
from benchmarks.race import DATA, TABLES
from evenkeel import DecidedClassifier, Policy
from evenkeel._rows import take
from evenkeel.learners import make_learner
from evenkeel.prepare import make_settings, read_tables

PAGE = Path(__file__).parent.parent / "docs" / "results.md"
SMALL = ("oil-spill", "pima", "stroke", "phoneme", "mammography")
LEARNERS = {"lightgbm": "LightGBM", "hist": "histogram boosting"}
OURS = "LightGBM, evenkeel"


def deciders(learner: str, ratio: float) -> dict[str, Any]:
    """The learner with evenkeel's decision, and with scikit-learn's."""

    def saved(true: Any, found: Any) -> float:
        return -float(np.where(true == 1, ratio * (found == 0), found == 1).mean())

    tuned = TunedThresholdClassifierCV(make_learner(learner), scoring=make_scorer(saved))
    decided = DecidedClassifier(make_learner(learner), Policy(cost_fn=ratio, cost_fp=1))
    return {"evenkeel": decided, "TunedThresholdClassifierCV": tuned}


def costs(name: str, splits: int) -> dict[str, np.ndarray[Any, Any]]:
    """Cost per 1,000 test rows of every pair of learner and decision, one for each split."""
    file, options = TABLES[name]
    table, _ = read_tables(DATA / file, None, make_settings(**options))
    y = table.y
    ratio = float(table.counts[0] / table.counts[1])
    found: dict[str, list[float]] = {}
    for train, test in StratifiedShuffleSplit(splits, test_size=0.2, random_state=0).split(y, y):
        for learner, shown in LEARNERS.items():
            for decider, model in deciders(learner, ratio).items():
                flagged = model.fit(take(table.X, train), y[train]).predict(take(table.X, test))
                cost = 1000 * np.where(y[test] == 1, ratio * (flagged == 0), flagged == 1).mean()
                found.setdefault(f"{shown}, {decider}", []).append(cost)
    return {pair: np.array(values) for pair, values in found.items()}


TEST_TO_TRAIN = 0.2 / 0.8


def line(name: str, found: dict[str, np.ndarray[Any, Any]]) -> str:
    """Mean costs, and evenkeel's default against each of the others."""
    cells = []
    for pair, values in found.items():
        cell = f"{values.mean():.1f}"
        if pair != OURS:
            apart = found[OURS] - values
            half = (
                float(student.isf(0.025, apart.size - 1))
                * apart.std(ddof=1)
                * (1 / apart.size + TEST_TO_TRAIN) ** 0.5
            )
            cell += (
                f", {apart.mean():+.1f} [{apart.mean() - half:+.1f}, {apart.mean() + half:+.1f}]"
            )
        cells.append(cell)
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table and put it on the page."""
    parser = argparse.ArgumentParser(description="decisions on many splits of small tables")
    parser.add_argument("tables", nargs="*", default=list(SMALL), help=f"of {', '.join(SMALL)}")
    parser.add_argument("--splits", type=int, default=15)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    lines: list[str] = []
    for name in asked.tables:
        found = costs(name, asked.splits)
        if not lines:
            lines = [f"| table | {' | '.join(found)} |", "|---|" + "---|" * len(found)]
        lines.append(line(name, found))
        print(lines[-1], flush=True)
    if asked.tables == list(SMALL):
        put(PAGE, "splits", "\n".join(lines))


if __name__ == "__main__":
    main()
