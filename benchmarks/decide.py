"""What decisions cost on rows nothing saw, against scikit-learn's tuned threshold; and how long they take.

``python -m benchmarks.decide`` prints the tables in Markdown (``--quick``: a shorter form). The
peers are ``TunedThresholdClassifierCV`` with its defaults (100 thresholds) and with 1,000, on the
same rows, model and number of folds; the scorer is the one that users write.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV

import evenkeel
from evenkeel import DecidedClassifier, Policy
from evenkeel.confusion import DECISION_METRICS, from_counts
from evenkeel.decide import threshold_curve
from evenkeel.samples import payments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PREVALENCES = (0.002, 0.01, 0.05)
COSTS = (50.0, 500.0)  # of a miss; a false alarm costs 1
GRIDS = (100, 1000)
N_TRAIN, N_NEW, N_FOLDS = 40_000, 200_000, 5
N_SCORES = 10_000_000
SEARCH_LIMIT, CURVES_LIMIT, COMMAND_LIMIT = 3.0, 6.0, 1.0  # seconds
N_RUN = 300_000
ASKED = ("--cost-fn amount --cost-fp 4", "--metric f1", "--min-recall 0.9 --confidence 0.95", "--capacity 200/day")  # fmt: skip


def rows(n: int, prevalence: float, seed: int) -> tuple[Floats, Ints]:
    """Ten features that overlap."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(np.int64)
    return rng.normal(size=(n, 10)) + 0.75 * y[:, None], y


def models() -> dict[str, Any]:
    """The classifiers, by name."""
    from lightgbm import LGBMClassifier

    boosted = LGBMClassifier(n_estimators=50, num_leaves=15, n_jobs=1, verbose=-1, random_state=0)
    return {"logistic": LogisticRegression(), "LightGBM": boosted}


def cost_of(miss: float) -> Callable[[Ints, Ints], float]:
    """The total cost of decisions, as users write it for ``make_scorer``."""

    def cost(y: Ints, decided: Ints) -> float:
        misses = np.count_nonzero((y == 1) & (decided == 0))
        return float(miss * misses + np.count_nonzero((y == 0) & (decided == 1)))

    return cost


def costs_on_new_rows(model: Any, prevalence: float, seed: int) -> dict[tuple[float, str], float]:
    """Cost per 1,000 new rows by cost of a miss and by who decided."""
    X, y = rows(N_TRAIN, prevalence, seed)
    X_new, y_new = rows(N_NEW, prevalence, 1000 + seed)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    ours = DecidedClassifier(model, Policy(cost_fn=COSTS[0], cost_fp=1), cv=folds).fit(X, y)
    found = {}
    for miss in COSTS:
        cost = cost_of(miss)
        decided = {"evenkeel": ours.decide(Policy(cost_fn=miss, cost_fp=1)).predict(X_new)}
        scoring = make_scorer(cost, greater_is_better=False)
        for grid in GRIDS:
            peer = TunedThresholdClassifierCV(model, scoring=scoring, cv=folds, thresholds=grid)
            decided[f"grid {grid}"] = peer.fit(X, y).predict(X_new)
        decided["flag all"] = np.ones_like(y_new)
        for name, labels in decided.items():
            found[miss, name] = 1000.0 * cost(y_new, np.asarray(labels)) / N_NEW
    return found


def cost_table(seeds: int) -> Iterator[str]:
    """Markdown rows: mean costs, and the ratio to each peer with its standard error over seeds."""
    heads = [
        "prevalence",
        "miss : alarm",
        "model",
        "evenkeel",
        "100 thresholds",
        "1,000 thresholds",
    ]
    heads += ["flag everything", "ratio to 100", "ratio to 1,000"]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for prevalence, (name, model) in product(PREVALENCES, models().items()):
        seen = [costs_on_new_rows(model, prevalence, seed) for seed in range(seeds)]
        for miss in COSTS:
            by = {
                who: np.array([found[miss, who] for found in seen])
                for who in ("evenkeel", "grid 100", "grid 1000", "flag all")
            }
            ratios = [_ratio(by["evenkeel"] / by[f"grid {grid}"]) for grid in GRIDS]
            means = " | ".join(f"{values.mean():,.1f}" for values in by.values())
            yield f"| {prevalence:.1%} | {miss:g} : 1 | {name} | {means} | {' | '.join(ratios)} |"


def _ratio(values: Floats) -> str:
    error = values.std(ddof=1) / np.sqrt(values.size)
    return f"{values.mean():.3f} ± {error:.3f}"


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


def curves_seconds(n: int) -> float:
    """Wall time of the curve and of every decision metric at every distinct score."""
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 12.0, n)
    y = (rng.random(n) < p).astype(np.int64)
    start = time.perf_counter()
    counts = threshold_curve(y, p).counts
    for name in DECISION_METRICS:
        from_counts(name, counts)
    return time.perf_counter() - start


def command_seconds(n: int = N_RUN) -> dict[str, float]:
    """Wall time of ``evenkeel decide`` on a run of so many payments, best of three."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        table, run = Path(folder) / "payments.parquet", Path(folder) / "run"
        payments(n, seed=7).write_parquet(table)
        evenkeel.run(
            table, target="is_fraud", positive="1", time="ts", drop=("card", "note"),
            quick=True, remedies=("none",), out=run,
        )  # fmt: skip
        for asked in ASKED:
            times = []
            for _ in range(3):
                start = time.perf_counter()
                command = [sys.executable, "-m", "evenkeel", "decide", str(run), *asked.split()]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                times.append(time.perf_counter() - start)
            found[asked] = min(times)
    return found


def main() -> None:
    """Print the tables."""
    quick = "--quick" in sys.argv[1:]
    seeds, n = (2, N_SCORES // 10) if quick else (5, N_SCORES)
    print(
        f"Mean cost per 1,000 new rows ({N_TRAIN:,} training rows, {seeds} seeds; ratios below 1 are "
        "cheaper, ± one standard error)\n"
    )
    for line in cost_table(seeds):
        print(line, flush=True)
    print(f"\n| {n:,} scores | seconds | limit for {N_SCORES:,} |\n|---|---|---|")
    for name, seconds in search_seconds(n).items():
        print(f"| exact search, {name} | {seconds:.2f} | {SEARCH_LIMIT:g} |")
    print(f"| all curves | {curves_seconds(n):.2f} | {CURVES_LIMIT:g} |")
    print(f"\n| a run of {N_RUN:,} rows | seconds | limit |\n|---|---|---|")
    for name, seconds in command_seconds().items():
        print(f"| `evenkeel decide RUN {name}` | {seconds:.2f} | {COMMAND_LIMIT:g} |", flush=True)


if __name__ == "__main__":
    main()
