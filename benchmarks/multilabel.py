"""Several labels on real data: thresholds of 0.5 against macro and micro policies, on held-out rows.

``EVENKEEL_DATA=... python -m benchmarks.multilabel`` reads the yeast table (14 labels) and prints
macro-F1 and micro-F1 for a logistic regression and a forest, over five splits. Each row of the table
is the same fitted model; only the decisions differ.
"""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.io import arff
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.decide.multilabel_classifier import DecidedMultilabelClassifier
from evenkeel.strata import label_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("EVENKEEL_DATA", ROOT.parent / "shared" / "data"))
LABELS = 14
SPLITS = 5
POLICIES = {"macro F1": LabelPolicy.macro("f1"), "micro F1": LabelPolicy.micro("f1")}


def yeast() -> tuple[Floats, Ints]:
    """Features ``(2417, 103)`` and labels ``(2417, 14)``."""
    rows, _ = arff.loadarff(str(DATA / "multilabel" / "yeast.arff"))
    table = np.array([[float(cell) for cell in row] for row in rows.tolist()])
    return table[:, :-LABELS], table[:, -LABELS:].astype(np.int64)


def learners() -> dict[str, Any]:
    """The models that are compared under several decisions."""
    logistic = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return {
        "logistic": OneVsRestClassifier(logistic),
        "forest": RandomForestClassifier(
            n_estimators=200, min_samples_leaf=3, n_jobs=2, random_state=0
        ),
    }


def split_scores(estimator: Any, X: Floats, Y: Ints, test: NDArray[np.bool_]) -> dict[str, Any]:
    """Macro-F1 and micro-F1 on the test rows under each way to decide, and seconds to decide."""
    model = DecidedMultilabelClassifier(estimator).fit(X[~test], Y[~test])
    raw = model.model_.scores(X[test])
    decided = {"0.5, not calibrated": (raw >= 0.5).astype(np.int64)}
    decided["0.5, calibrated"] = (model.predict_proba(X[test]) >= 0.5).astype(np.int64)
    start = time.perf_counter()
    for name, policy in POLICIES.items():
        decided[name] = model.decide(policy).predict(X[test])
    seconds = time.perf_counter() - start
    found = {
        name: [
            f1_score(Y[test], each, average=kind, zero_division=0.0) for kind in ("macro", "micro")
        ]
        for name, each in decided.items()
    }
    return {"scores": found, "seconds": seconds / len(POLICIES)}


def main() -> None:
    """Print the table."""
    if not (DATA / "multilabel" / "yeast.arff").is_file():
        raise SystemExit(
            f"Skipped: {DATA / 'multilabel' / 'yeast.arff'} is absent. Set EVENKEEL_DATA to the "
            "folder of the real tables."
        )
    warnings.simplefilter("error")
    X, Y = yeast()
    print(
        f"yeast: {len(X):,} rows, {LABELS} labels with {Y.sum(axis=0).min()} to {Y.sum(axis=0).max()} rows"
    )
    fold = label_folds(Y, n_folds=SPLITS, seed=1)[0]
    print(f"mean (standard deviation) over {SPLITS} held-out parts\n")
    print(f"{'learner':<10} {'decided by':<22} {'macro-F1':>15} {'micro-F1':>15}")
    for learner, estimator in learners().items():
        found = [split_scores(estimator, X, Y, fold == part) for part in range(SPLITS)]
        for name in found[0]["scores"]:
            values = np.array([each["scores"][name] for each in found])
            cells = [f"{values[:, k].mean():.3f} ({values[:, k].std():.3f})" for k in (0, 1)]
            print(f"{learner:<10} {name:<22} {cells[0]:>15} {cells[1]:>15}")
        seconds = np.mean([each["seconds"] for each in found])
        print(f"{learner:<10} seconds for a new decision on all labels: {seconds:.2f}\n")


if __name__ == "__main__":
    main()
