"""How often 95 % intervals hold the truth where rows come in groups: by rows, and widened for groups.

``python -m benchmarks.grouped_coverage --put`` draws tables of groups of 5 to 10 rows, which share
the label and half of their noise, with two binormal scores of every row, and writes the shares into
docs/benchmarks.md. Truth comes from the normal distribution.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from benchmarks.page import put
from evenkeel.influence import average_precision_influence
from evenkeel.intervals import average_precision_interval, mean_interval
from evenkeel.widening import rate_interval, widen, widening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Interval = tuple[float, float]

GAIN, LAG, SHARE, CUT = (
    1.5,
    0.3,
    0.2,
    1.0,
)  # of the score, what the other lacks, of positives, flagged
COST_FN, COST_FP = 5.0, 1.0
GROUPS = (150, 60, 25)
MARK = "grouped coverage"
HEAD = """Intervals of 95 % that hold the truth, in a hundred of {draws:,} tables, by rows / for groups:

| groups | average precision | paired | cost | paired | recall | precision |
|---|---|---|---|---|---|---|"""


def grouped_table(seed: int, n_groups: int = 150) -> tuple[Ints, Floats, Floats, Ints]:
    """Labels, two scores and the group of each row."""
    rng = np.random.default_rng([77, seed])
    groups = np.repeat(np.arange(n_groups), rng.integers(5, 11, n_groups))
    y = (rng.random(n_groups) < SHARE).astype(np.int64)[groups]
    noise = (rng.normal(size=(3, n_groups))[:, groups] + rng.normal(size=(3, y.size))) / 2**0.5
    score = 0.8 * noise[0] + 0.6 * noise[1] + GAIN * y
    return y, score, 0.8 * noise[0] + 0.6 * noise[2] + (GAIN - LAG) * y, groups


def truths() -> dict[str, float]:
    """The figures in the population."""
    own, rival = (_average_precision(gain) for gain in (GAIN, GAIN - LAG))
    cost, cost_of_rival = (_cost(gain) for gain in (GAIN, GAIN - LAG))
    caught, alarms = float(norm.sf(CUT - GAIN)), float(norm.sf(CUT))
    return {
        "average precision": own,
        "average precision, paired": own - rival,
        "cost": cost,
        "cost, paired": cost - cost_of_rival,
        "recall": caught,
        "precision": SHARE * caught / (SHARE * caught + (1 - SHARE) * alarms),
    }


def intervals(seed: int, n_groups: int = 150) -> dict[str, tuple[Interval, Interval]]:
    """Each interval of one table, by rows and for groups."""
    y, score, other, groups = grouped_table(seed, n_groups)
    (value, pull), (rival, pull_of_rival) = (
        average_precision_influence(y, one) for one in (score, other)
    )
    spent, spent_by_rival = (
        np.where(y == 1, COST_FN * (one < CUT), COST_FP * (one >= CUT)) for one in (score, other)
    )
    saved, flagged = spent - spent_by_rival, score >= CUT

    def ranked(lag: Floats | None, point: float, by: Floats) -> tuple[Interval, Interval]:
        ends = average_precision_interval(y, score, other=lag, n_boot=300, seed=seed)
        return ends, widen(*ends, point, widening(by, groups, y, stratified=True))

    def meant(lag: Floats | None, rows: Floats) -> tuple[Interval, Interval]:
        ends = mean_interval(spent, other=lag, n_boot=300, seed=seed)
        mean = float(rows.mean())
        return ends, widen(*ends, mean, widening(rows - mean, groups, y))

    def rate(hit: NDArray[np.bool_], inside: NDArray[np.bool_]) -> tuple[Interval, Interval]:
        plain, wider = rate_interval(hit[inside]), rate_interval(hit[inside], groups[inside])
        return plain[:2], wider[:2]

    return {
        "average precision": ranked(None, value, pull),
        "average precision, paired": ranked(other, value - rival, pull - pull_of_rival),
        "cost": meant(None, spent),
        "cost, paired": meant(spent_by_rival, saved),
        "recall": rate(flagged, y == 1),
        "precision": rate(y == 1, flagged),
    }


def coverage(draws: int, n_groups: int = 150) -> dict[str, tuple[float, float]]:
    """Share of tables whose interval holds the truth, by rows and for groups."""
    true, held = truths(), []
    for seed in range(draws):
        y = grouped_table(seed, n_groups)[0]
        if y.min() < y.max():  # of few groups none may be positive
            found = intervals(seed, n_groups)
            held.append([[low <= true[name] <= high for low, high in found[name]] for name in true])
    return {name: tuple(row) for name, row in zip(true, np.mean(held, axis=0), strict=True)}


def _average_precision(gain: float) -> float:
    caught = (np.arange(100_001) + 0.5) / 100_001
    alarms = norm.sf(norm.isf(caught) + gain)
    return float(np.mean(SHARE * caught / (SHARE * caught + (1 - SHARE) * alarms)))


def _cost(gain: float) -> float:
    return float(COST_FN * SHARE * norm.cdf(CUT - gain) + COST_FP * (1 - SHARE) * norm.sf(CUT))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--put", action="store_true", help="write docs/benchmarks.md")
    asked = parser.parse_args()
    lines = HEAD.format(draws=asked.draws).splitlines()
    for n_groups in GROUPS:
        found = coverage(asked.draws, n_groups)
        cells = [f"{100 * rows:.0f} / {100 * groups:.0f}" for rows, groups in found.values()]
        lines.append(f"| {n_groups} | {' | '.join(cells)} |")
    print("\n".join(lines))
    if asked.put:
        put(Path(__file__).parent.parent / "docs" / "benchmarks.md", MARK, "\n".join(lines))


if __name__ == "__main__":
    main()
