"""Share of a run's wall time that is not model fitting, and its peak memory.

``python -m benchmarks.run_overhead [TABLE]`` runs the whole line on a table (default: cover from
``EVENKEEL_DATA``, or simulated payments where that is absent) and prints the laps of ``run.json``.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.results import DATA


def main() -> None:
    """Print the laps, their sum, the share that is not fitting, and the peak memory."""
    start = time.perf_counter()
    from evenkeel.job import run

    cover = DATA / "large" / "10_cover.npz"
    if len(sys.argv) > 1 or cover.is_file():
        source, target = (sys.argv[1] if len(sys.argv) > 1 else str(cover)), "y"
        done_of: dict[str, Any] = {"source": source, "target": target}
    else:
        from evenkeel.samples import payments

        done_of = {"source": payments(200_000), "target": "is_fraud"}
    with tempfile.TemporaryDirectory() as folder:
        run(**done_of, out=Path(folder) / "run")
        total = time.perf_counter() - start
        info = json.loads((Path(folder) / "run" / "run.json").read_text())
    laps = info["seconds"]
    fitting = laps["race"] + laps["last fit"]
    for name, seconds in laps.items():
        print(f"{name:<10} {seconds:8.2f} s")
    print(f"{'whole':<10} {total:8.2f} s, imports and writing included")
    print(f"not model fitting: {100 * (1 - fitting / total):.1f} % of the wall time")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
