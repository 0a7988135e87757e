"""What comparing costs on top of the model fits: race, canary and judging against the sum of all fits.

``python -m benchmarks.run_overhead [cover mammography payments] [--quick] [--put]`` runs the whole
line on each table by one process and counts its processor time, in which other programs have no part.
A fit is that of a treated model, on a fold or inside the search. ``--put`` writes the table into
docs/benchmarks.md. The data are read from ``EVENKEEL_DATA``; payments are simulated.
"""

from __future__ import annotations

import argparse
import importlib
from collections import Counter, defaultdict
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks.page import put
from benchmarks.results import DATA, ROOT

TABLES: dict[str, dict[str, Any]] = {
    "cover": {"source": str(DATA / "large" / "10_cover.npz"), "target": "y"},
    "mammography": {"source": str(DATA / "tables" / "mammography.csv"), "target": -1},
    "payments": {"target": "is_fraud", "drop": ("note",)},
}
ROWS = 100_000
MARK = "overhead"
# where the time of a part is taken, the exact place that calls it
PARTS = {
    "evenkeel.job.run_race": "race",
    "evenkeel.race.trial.ready_rows": "columns",
    "evenkeel.race.trial.fit_and_score": "scoring",
    "evenkeel.wrappers.fit_weighted": "fits",
    "evenkeel.race.search.fit_weighted": "fits",
    "evenkeel.race.search._Inner._forecast": "scoring",
    "evenkeel.job.shuffled_labels": "canary",
    "evenkeel.job.judge_all": "judging",
}
SHOWN = ("search", "columns", "race", "canary", "judging")


class Clock:
    """Processor seconds by part; of parts within parts each counts what is its own."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._inside: list[str] = []
        self._since = 0.0

    def timed(self, part: str, function: Any) -> Any:
        """The function, counted; what a fit or the canary calls belongs to it.

        The last fit, outside the race, is no part of comparing.
        """

        def counted(*args: Any, **more: Any) -> Any:
            starts = part in ("race", "canary", "judging")
            if {"fits", "canary"} & {*self._inside} or not (starts or self._inside):
                return function(*args, **more)
            searching = part == "fits" and type(args[0]).__name__ == "Searched"
            self._turn()
            self._inside.append("search" if searching else part)
            self.calls[self._inside[-1]] += 1
            try:
                return function(*args, **more)
            finally:
                self._turn()
                self._inside.pop()

        return counted

    def _turn(self) -> None:
        """Give the part at work what passed since the last turn."""
        now = process_time()
        if self._inside:
            self.seconds[self._inside[-1]] += now - self._since
        self._since = now


def owner_of(place: str) -> tuple[Any, str]:
    """The module or class that a dotted name belongs to, and the last part of the name."""
    *path, function = place.split(".")
    modules = [part for part in path if part.islower() and not part.startswith("_")]
    owner: Any = importlib.import_module(".".join(modules))
    for part in path[len(modules) :]:
        owner = getattr(owner, part)
    return owner, function


def measured(name: str, **options: Any) -> Clock:
    """Where the processor time of one run goes, imports apart."""
    from evenkeel.job import run
    from evenkeel.samples import payments

    given = {**TABLES[name], **options, "jobs": 1}
    if name == "payments":
        given["source"] = payments(ROWS)
    clock, patches = Clock(), []
    for place, part in PARTS.items():
        owner, function = owner_of(place)
        patches.append(patch.object(owner, function, clock.timed(part, getattr(owner, function))))
    for one in patches:
        one.start()
    try:
        run(**given)
    finally:
        for one in patches:
            one.stop()
    return clock


def row(name: str, clock: Clock) -> str:
    """A line of the table."""
    fits, forecasts = clock.seconds["fits"], clock.seconds["scoring"]
    rest = [clock.seconds[part] for part in SHOWN]
    cells = [f"{seconds:.1f} ({seconds / fits:.1%})" for seconds in (forecasts, *rest)]
    return " | ".join(
        [
            f"| {name}",
            f"{clock.calls['fits']:,}",
            f"{fits:.1f}",
            *cells,
            f"{(forecasts + sum(rest)) / fits:.1%}",
            f"{sum(rest) / (fits + forecasts):.1%} |",
        ]
    )


def main() -> None:
    """Print where the time goes, table by table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=list(TABLES), help=f"of {', '.join(TABLES)}")
    parser.add_argument("--quick", action="store_true", help="three folds, one repeat, no search")
    parser.add_argument("--put", action="store_true", help="write docs/benchmarks.md")
    asked = parser.parse_args()
    measured("mammography", quick=True)  # imports, and what is compiled or cached on first use
    head = [
        "table", "fits", "in fits, s", "forecasts, s", *(f"{part}, s" for part in SHOWN),
        "over fits alone", "over fits and forecasts",
    ]  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    print("\n".join(lines), flush=True)
    for name in asked.tables:
        lines.append(row(name, measured(name, quick=asked.quick)))
        print(lines[-1], flush=True)
    if asked.put:
        put(
            Path(ROOT) / "docs" / "benchmarks.md",
            MARK,
            "\n".join([TITLE.format(" ".join(asked.tables)), *lines]),
        )


TITLE = """## Comparing (`python -m benchmarks.run_overhead {} --put`)

What comparing remedies takes on top of fitting their models, in processor seconds of one process with the
default remedies, folds, repeats and search. Forecasts: what the fitted models say of the rows that judge settings and
of the rows left out. Search: choosing settings, its fits and forecasts apart. At most 15 % is the aim.
"""

if __name__ == "__main__":
    main()
