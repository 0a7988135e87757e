"""Start-up time as a ratio to bare Python, and what is loaded.

``python -m benchmarks.startup`` prints the median of several fresh processes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

CASES = {
    "python -c pass": ["-c", "pass"],
    "import evenkeel": ["-c", "import evenkeel"],
    "evenkeel --help": ["-m", "evenkeel", "--help"],
}
ROUNDS = 9


def main() -> None:
    """Print a line for each case."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, args in CASES.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *args], check=True, capture_output=True)
            times[name].append(time.perf_counter() - start)
    bare = statistics.median(times["python -c pass"])
    for name, each in times.items():
        median = statistics.median(each)
        print(f"{name:<18} {median:6.3f} s   {median - bare:+.3f} s over bare Python")


if __name__ == "__main__":
    main()
