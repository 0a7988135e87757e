"""Table 3 of the SMOTE paper beside the same experiment with evenkeel's SMOTE and a CART tree.

``python -m benchmarks.smote_paper`` runs it on the paper's tables that are at hand and puts the figures into
docs/results.md. The experiment (Chawla et al. 2002, sections 5.1-5.3): ten folds; in each training part the rare class
is grown by SMOTE (k = 5) by 0 to 500 %, and the majority is cut to ``100 / U`` rows per rare row of
the original, for U from 10 % to 2,000 %. Each U gives one tree and one point (false positives, true positives), averaged
over the folds; the area under these points, with (0, 0) and (1, 1) added, is the figure. The paper's tree is C4.5
release 8; ours is scikit-learn's CART with at least two rows in a leaf.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from benchmarks.page import put
from evenkeel.resample import SMOTE, RandomUnderSampler

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("EVENKEEL_DATA", ROOT.parent / "shared" / "data"))
PAGE = ROOT / "docs" / "results.md"

SHARES = (10, 15, 25, 50, 75, 100, 125, 150, 175, 200, 300, 400, 500, 600, 700, 800, 1000, 2000)
PAPER: dict[
    str, dict[int, int]
] = {  # percent of SMOTE rows: AUC times 10,000; 0 is plain under-sampling
    "Pima": {0: 7242, 100: 7307},
    "Phoneme": {0: 8622, 100: 8644, 200: 8661},
    "Satimage": {0: 8900, 100: 8957, 200: 8979, 300: 8963, 400: 8975, 500: 8960},
    "Oil": {0: 8524, 100: 8523, 200: 8368, 300: 8161, 400: 8339, 500: 8537},
    "Mammography": {0: 9260, 100: 9250, 200: 9265, 300: 9311, 400: 9330, 500: 9304},
}
SEEDS = 3


def load(name: str) -> tuple[Any, Any]:
    """Features and 0/1 labels of one of the paper's tables."""
    tables = DATA / "tables"
    if name == "Satimage":
        rows = np.vstack(
            [np.loadtxt(tables / "satimage" / part) for part in ("sat.trn", "sat.tst")]
        )
        return rows[:, :-1], (rows[:, -1] == 4).astype(np.int64)
    file = {
        "Pima": "pima-indians-diabetes.csv", "Phoneme": "phoneme.csv", "Oil": "oil-spill.csv",
        "Mammography": "mammography.csv",
    }[name]  # fmt: skip
    text = (tables / file).read_text().replace("'", "")
    rows = np.array([line.split(",") for line in text.split()], dtype=np.float64)
    first = 1 if name == "Oil" else 0  # a patch's number says nothing about it
    return rows[:, first:-1], (rows[:, -1] == rows[:, -1].max()).astype(np.int64)


def area(X: Any, y: Any, percent: int, seed: int) -> float:
    """Area under the points that under-sampling traces after SMOTE has made ``percent`` % of rare rows."""
    points = np.zeros((len(SHARES), 2))
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    for fold, (train, valid) in enumerate(folds.split(X, y)):
        rare = int(y[train].sum())
        grown, labels = X[train], y[train]
        if percent:
            wanted = {1: rare + rare * percent // 100}
            grown, labels = SMOTE(sampling_strategy=wanted, random_state=seed).fit_resample(
                grown, labels
            )
        common = int((labels == 0).sum())
        for at, share in enumerate(SHARES):
            kept = max(2, min(common, rare * 100 // share))
            under = RandomUnderSampler(sampling_strategy={0: kept}, random_state=100 * seed + fold)
            few, their = under.fit_resample(grown, labels)
            tree = DecisionTreeClassifier(min_samples_leaf=2, random_state=seed).fit(few, their)
            found = tree.predict(X[valid])
            points[at] += [found[y[valid] == 0].mean(), found[y[valid] == 1].mean()]
    points = np.vstack([[0, 0], points / 10, [1, 1]])
    points = points[np.lexsort((points[:, 1], points[:, 0]))]
    return float(np.trapezoid(points[:, 1], points[:, 0]))


def main() -> None:
    """Run all tables and write the section of the page."""
    percents = (0, 100, 200, 300, 400, 500)
    head = " | ".join("under-sampling" if not p else f"{p} % SMOTE" for p in percents)
    lines = [f"| table | | {head} |", "|---|---|" + "---|" * len(percents)]
    start = time.perf_counter()
    for name, printed in PAPER.items():
        X, y = load(name)
        ours = []
        for percent in percents:
            runs = [1e4 * area(X, y, percent, seed) for seed in range(SEEDS)]
            ours.append(f"{np.mean(runs):.0f} ± {np.std(runs, ddof=1):.0f}")
        theirs = [f"{printed[p]}" if p in printed else "" for p in percents]
        lines.append(f"| {name} | paper, C4.5 | {' | '.join(theirs)} |")
        lines.append(f"| | evenkeel, CART | {' | '.join(ours)} |")
        print("\n".join(lines[-2:]), flush=True)
    took = time.perf_counter() - start
    put(PAGE, "smote paper", "\n".join([*lines, "", f"{SEEDS} seeds, {took:.0f} seconds."]))


if __name__ == "__main__":
    main()
