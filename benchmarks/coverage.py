"""How often 95 % intervals hold the truth, with 10 to 100 positives at a prevalence of 1 %.

``python -m benchmarks.coverage`` draws a binormal problem again and again: scores N(0, 1) of the
negatives and N(gain, 1) of the positives, and a second score of the same rows, correlated 0.64 with
the first and worse by 0.4. Truth comes from the normal distribution. The threshold of each draw lies
where true recall is between 0.3 and 0.95. The target is 93 % for every interval; at 800 draws one
standard error of a share of 95 % is 0.8 points.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from evenkeel.intervals import (
    average_precision_interval,
    decision_interval,
    mean_interval,
    roc_auc_interval,
    wilson,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Interval = tuple[float, float]
    Case = tuple[float, int, int]

POSITIVES = (10, 20, 50, 100)
PREVALENCE = 0.01
LAG = 0.4  # what the second score lacks
TARGET = 0.93
COST_FN, COST_FP = 50.0, 1.0
_GRID = 400_001


def average_precision(gain: float) -> float:
    """Average precision in the population: the mean precision where a positive is met."""
    # Midpoints of equal shares of the positives.
    caught = (np.arange(_GRID) + 0.5) / _GRID
    alarms = norm.sf(norm.isf(caught) + gain)
    return float(np.mean(PREVALENCE * caught / (PREVALENCE * caught + (1 - PREVALENCE) * alarms)))


def truth(gain: float, cut: float) -> dict[str, float]:
    """Rates in the population when scores from ``cut`` on are flagged."""
    caught, alarms = float(norm.sf(cut - gain)), float(norm.sf(cut))
    tp, fp = PREVALENCE * caught, (1 - PREVALENCE) * alarms
    return {
        "recall": caught,
        "specificity": 1.0 - alarms,
        "precision": tp / (tp + fp),
        "F1": 2 * tp / (tp + fp + PREVALENCE),
        "cost": COST_FN * (PREVALENCE - tp) + COST_FP * fp,
    }


def one_draw(case: Case) -> dict[str, tuple[Interval, float]]:
    """Every interval of one simulated table, with the truth."""
    gain, n_positives, seed = case
    rng = np.random.default_rng([n_positives, seed])
    y = np.zeros(round(n_positives / PREVALENCE), dtype=np.int64)
    y[:n_positives] = 1
    shared, mine, theirs = rng.normal(size=(3, y.size))
    score = 0.8 * shared + 0.6 * mine + gain * y
    other = 0.8 * shared + 0.6 * theirs + (gain - LAG) * y
    cut = gain + float(norm.isf(rng.uniform(0.3, 0.95)))
    flags, rivals = (score >= cut).astype(np.int64), (other >= cut).astype(np.int64)
    tp, fp = int(flags[y == 1].sum()), int(flags[y == 0].sum())
    costs, costs_of_rivals = (
        np.where(y == 1, COST_FN * (1 - decided), COST_FP * decided) for decided in (flags, rivals)
    )
    own, rival = truth(gain, cut), truth(gain - LAG, cut)
    area, area_of_rival = (float(norm.cdf(g / 2**0.5)) for g in (gain, gain - LAG))
    both = [np.stack([-line, line], axis=1) for line in (score, other)]
    ranked = _AREAS[gain], _AREAS[gain] - _AREAS[gain - LAG]
    return {
        "recall, Wilson": (wilson(tp, n_positives), own["recall"]),
        "specificity, Wilson": (wilson(y.size - n_positives - fp, y.size - n_positives), own["specificity"]),
        "precision, Wilson": (wilson(tp, tp + fp), own["precision"]),
        "average precision": (average_precision_interval(y, score, seed=seed), ranked[0]),
        "average precision, paired": (
            average_precision_interval(y, score, other=other, seed=seed),
            ranked[1],
        ),
        "ROC AUC, Newcombe": (roc_auc_interval(y, both[0]), area),
        "ROC AUC, paired": (roc_auc_interval(y, both[0], other=both[1]), area - area_of_rival),
        "F1": (decision_interval("f1", y, flags, seed=seed), own["F1"]),
        "F1, paired": (
            decision_interval("f1", y, flags, other=rivals, seed=seed),
            own["F1"] - rival["F1"],
        ),
        "cost": (mean_interval(costs, seed=seed), own["cost"]),
        "cost, paired": (
            mean_interval(costs, other=costs_of_rivals, seed=seed),
            own["cost"] - rival["cost"],
        ),
    }  # fmt: skip


def coverage(gain: float, n_positives: int, draws: int) -> dict[str, float]:
    """Share of draws in which each interval holds the truth."""
    cases = [(gain, n_positives, seed) for seed in range(draws)]
    with ProcessPoolExecutor(2, initializer=_know, initargs=(gain,)) as pool:
        found = list(pool.map(one_draw, cases, chunksize=20))
    return {
        name: float(
            np.mean([low <= true <= high for (low, high), true in (d[name] for d in found)])
        )
        for name in found[0]
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="measured coverage of 95 % intervals")
    parser.add_argument("--draws", type=int, default=800)
    parser.add_argument("--gain", type=float, default=2.0, help="distance of the classes")
    asked = parser.parse_args()
    start = time.perf_counter()
    print(f"Coverage of 95 % intervals, {asked.draws:,} draws, prevalence {PREVALENCE:.0%}, "
          f"gain {asked.gain:g} (average precision {average_precision(asked.gain):.3f})")  # fmt: skip
    table = {n: coverage(asked.gain, n, asked.draws) for n in POSITIVES}
    print(f"{'positives':<28}" + "".join(f"{n:>8}" for n in POSITIVES))
    for name in table[POSITIVES[0]]:
        cells = (table[n][name] for n in POSITIVES)
        print(f"{name:<28}" + "".join(f"{c:>7.1%}{' ' if c >= TARGET else '!'}" for c in cells))
    print(f"! below {TARGET:.0%}; {time.perf_counter() - start:.0f} s")


_AREAS: dict[float, float] = {}


def _know(gain: float) -> None:
    _AREAS.update({g: average_precision(g) for g in (gain, gain - LAG)})


if __name__ == "__main__":
    main()
