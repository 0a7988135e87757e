"""Exact threshold search: time on 10 million scores, and cost against a grid of 100 thresholds.

``python -m benchmarks.threshold`` prints both. The peer is scikit-learn's
``TunedThresholdClassifierCV`` with its defaults, on the same rows, model and number of folds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide import Policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

N_SCORES = 10_000_000
LIMIT = 3.0  # seconds
COST_FN, COST_FP = 500.0, 1.0
PREVALENCE = 0.01
SEEDS = 5


def search_seconds(n: int = N_SCORES) -> dict[str, float]:
    """Wall time of the exact search for several policies, in seconds, best of three."""
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 12.0, n)
    y = (rng.random(n) < p).astype(np.int64)
    policies = {
        "cost 122:4": Policy(cost_fn=122, cost_fp=4),
        "F1": Policy.metric("f1"),
        "recall >= 0.9": Policy.min_recall(0.9),
    }
    found = {}
    for name, policy in policies.items():
        times = []
        for _ in range(3):
            start = time.perf_counter()
            policy.choose(y, p, n_boot=0)
            times.append(time.perf_counter() - start)
        found[name] = min(times)
    return found


def rows(n: int, seed: int) -> tuple[Floats, Ints]:
    """Ten features that overlap, 1 % positives."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < PREVALENCE).astype(np.int64)
    return rng.normal(size=(n, 10)) + 0.75 * y[:, None], y


def cost(y: Ints, decided: Any) -> float:
    """Total cost of decisions."""
    decided = np.asarray(decided)
    misses = np.count_nonzero((y == 1) & (decided == 0))
    alarms = np.count_nonzero((y == 0) & (decided == 1))
    return COST_FN * misses + COST_FP * alarms


def costs_on_new_rows(seed: int) -> tuple[float, float]:
    """Cost of scikit-learn's tuned threshold and of the exact one, on 200,000 new rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import TunedThresholdClassifierCV, cross_val_predict

    X, y = rows(60_000, seed)
    X_new, y_new = rows(200_000, 1000 + seed)
    model = LogisticRegression().fit(X, y)
    scoring = make_scorer(cost, greater_is_better=False)
    peer = TunedThresholdClassifierCV(LogisticRegression(), scoring=scoring, cv=5).fit(X, y)
    proba = cross_val_predict(LogisticRegression(), X, y, cv=5, method="predict_proba")
    decision = Policy(cost_fn=COST_FN, cost_fp=COST_FP).choose(y, proba)
    exact = decision.apply(model.predict_proba(X_new))
    return cost(y_new, peer.predict(X_new)), cost(y_new, exact)


def main() -> None:
    """Print both tables."""
    print(f"Exact search on {N_SCORES:,} scores (limit {LIMIT:g} s)")
    for name, seconds in search_seconds().items():
        print(f"  {name:<14} {seconds:5.2f} s   {seconds / LIMIT:4.0%} of the limit")
    print(f"Cost on 200,000 new rows at {PREVALENCE:.0%} positives, {COST_FN:g}:{COST_FP:g}")
    pairs = np.array([costs_on_new_rows(seed) for seed in range(SEEDS)])
    for grid, exact in pairs:
        print(
            f"  100-point grid {grid:9,.0f}   exact {exact:9,.0f}   saved {1 - exact / grid:5.1%}"
        )
    saved = 1.0 - pairs[:, 1].sum() / pairs[:, 0].sum()
    print(f"  in all: the exact threshold costs {saved:.1%} less")


if __name__ == "__main__":
    main()
