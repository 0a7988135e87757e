"""What comparing costs on top of the fits: the race and the judging against the sum of fit seconds.

``python -m benchmarks.run_overhead [cover mammography payments] [--jobs N]`` runs the whole line on
each table, in this process unless more jobs are asked for, and prints two ratios: the comparison
(race, canary and judging) over what its trials took to fit and score, and the whole run over all its
fits, the last one included. The tables are read from ``EVENKEEL_DATA``; payments are simulated.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.results import DATA

TABLES: dict[str, dict[str, Any]] = {
    "cover": {"source": str(DATA / "large" / "10_cover.npz"), "target": "y"},
    "mammography": {"source": str(DATA / "tables" / "mammography.csv"), "target": -1},
    "payments": {"target": "is_fraud", "drop": ("note",)},
}
ROWS = 200_000


def measured(name: str, **options: Any) -> dict[str, float]:
    """Seconds of one run: its laps, the sum of its fits, and the whole with imports and writing."""
    start = time.perf_counter()
    from evenkeel.job import run

    schedule: Any = importlib.import_module("evenkeel.race.schedule")

    given = {**TABLES[name], **options}
    if name == "payments":
        from evenkeel.samples import payments

        given["source"] = payments(ROWS)
    fits: list[float] = []
    map_trials = schedule.map_trials

    def timed(*args: Any, **more: Any) -> Any:
        for outcome in map_trials(*args, **more):
            fits.append(outcome.seconds)
            yield outcome

    schedule.map_trials = timed
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(**given, out=Path(folder) / "run")
            whole = time.perf_counter() - start
            info = json.loads((Path(folder) / "run" / "run.json").read_text())
    finally:
        schedule.map_trials = map_trials
    return {**info["seconds"], "fits": sum(fits), "jobs": info["jobs"], "whole": whole}


def main() -> None:
    """Print laps and ratios for each table, and the peak memory of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=list(TABLES), help=f"of {', '.join(TABLES)}")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="three folds, one repeat, no search")
    asked = parser.parse_args()
    print("table         fits s  race s  judge s  last fit s  whole s  comparison/fits  whole/fits")
    for name in asked.tables:
        found = measured(name, jobs=asked.jobs, quick=asked.quick)
        share = found["fits"] / found["jobs"]
        compared = (found["race"] + found["judge"]) / share
        whole = found["whole"] / (share + found["last fit"])
        print(
            f"{name:<12}{found['fits']:8.1f}{found['race']:8.1f}{found['judge']:9.1f}"
            f"{found['last fit']:12.1f}{found['whole']:9.1f}{compared:17.3f}{whole:12.3f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
