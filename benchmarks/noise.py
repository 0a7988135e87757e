"""On pure noise nothing may look good: average precision that a comparison reports, against chance.

``python -m benchmarks.noise`` draws tables of 2,000 rows of noise with 8, 15 and 25 positives, compares
remedies on each as ``evenkeel.compare`` does, puts the section "noise" into docs/results.md, and holds the cross-validated average precision of every
remedy against permutations of the labels within the folds. A tool that copies rare rows before it
splits reports 0.83 here, where chance is 0.004.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.page import put
from evenkeel import compare
from evenkeel.race.canaries import by_chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGE = Path(__file__).parent.parent / "docs" / "results.md"
POSITIVES = (8, 15, 25)
REMEDIES = ("class-weight", "random-over", "random-under(ratio=0.1)", "smote(k=3)")
TAIL = 0.001


def noise(
    n_positives: int, seed: int, n_rows: int = 2000
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features that know nothing of the labels."""
    rng = np.random.default_rng([n_positives, seed])
    y = np.zeros(n_rows, np.int64)
    y[:n_positives] = 1
    return rng.normal(size=(n_rows, 10)), y


def reported(
    n_positives: int, seed: int, *, estimator: Any = None, remedies: Any = REMEDIES
) -> list[tuple[str, float, float, float]]:
    """(remedy, average precision, low, high): what a comparison reports, and its band by chance."""
    X, y = noise(n_positives, seed)
    found = []
    done = compare(X, y, estimator=estimator, remedies=list(remedies), force=True, seed=seed)
    for entry in done.entries[1:]:
        if entry.scores is None or entry.settled is None:
            continue
        rng = np.random.default_rng(seed)
        drawn = []
        for fold, proba in zip(entry.scores.fold, entry.settled.proba, strict=True):
            parts = [np.flatnonzero(fold == number) for number in np.unique(fold)]
            order = np.concatenate(parts)
            hits = [int(y[part].sum()) for part in parts]
            drawn.append(by_chance(proba[order, 1], [len(part) for part in parts], hits, rng))
        # The mean over repeats of the same labels spreads no more than one of them.
        low, high = np.quantile(np.concatenate(drawn), [TAIL, 1 - TAIL])
        figure = float(entry.figures["average_precision"])
        found.append((entry.name, figure, float(low), float(high)))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="average precision reported on pure noise")
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    lines = [
        "| positives | remedy | chance | mean of the seeds | largest | within the band |",
        "|---|---|---|---|---|---|",
    ]
    for n_positives in POSITIVES:
        rows = [reported(n_positives, seed) for seed in range(asked.seeds)]
        for at, (name, *_) in enumerate(rows[0]):
            figures = [row[at][1] for row in rows]
            inside = sum(row[at][1] <= row[at][3] for row in rows)
            lines.append(
                f"| {n_positives} | {name} | {n_positives / 2000:.4f} | {np.mean(figures):.4f} | "
                f"{max(figures):.4f} | {inside}/{len(rows)} |"
            )
            print(lines[-1], flush=True)
    put(PAGE, "noise", "\n".join(lines))


if __name__ == "__main__":
    main()
