"""Parts for PyTorch against their peers: losses, and samplers.

``python -m benchmarks.nn`` prints the tables in Markdown (``--quick``: fewer sizes of samplers;
``--losses`` or ``--samplers``: those alone; ``--device cuda``: losses there). For samplers it is the
time to build one from its labels, from there to the first index and to the end of the epoch, and
memory: that of a process of its own, above what the labels and weights take. The peer is
``WeightedRandomSampler`` with inverse-frequency weights, which refuses more than 2^24 rows;
``PerClassBatchSampler`` has none. Each time is the best of three, of one from 10^8 rows on.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import WeightedRandomSampler

from benchmarks.nn_losses import losses
from evenkeel.nn import BalancedSampler, PerClassBatchSampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SIZES = (10**5, 10**6, 10**7, 10**8)
SHARE, RUNS, LONG = 0.01, 3, 10**8
PER_CLASS = 16
MOST = 2**24  # categories of torch.multinomial


def labels(n: int) -> Any:
    """Two classes, one of them rare."""
    return (np.random.default_rng(0).random(n) < SHARE).astype(np.int64)


def ours(y: Any) -> Callable[[], Iterable[int]]:
    """Balanced classes by this package."""
    return lambda: BalancedSampler(y)


def batches(y: Any) -> Callable[[], Iterable[int]]:
    """Batches of 16 rows of each class."""
    return lambda: PerClassBatchSampler(y, PER_CLASS)


def peer(y: Any) -> Callable[[], Iterable[int]]:
    """Balanced classes by torch; the weights are the user's, so they are not timed."""
    weights = torch.from_numpy(1.0 / np.bincount(y))[torch.from_numpy(y)]
    return lambda: WeightedRandomSampler(weights, len(y))  # type: ignore[arg-type]  # a tensor is fine


SAMPLERS = {
    "BalancedSampler": ours,
    "PerClassBatchSampler": batches,
    "WeightedRandomSampler": peer,
}


def measured(name: str, n: int) -> dict[str, float]:
    """Seconds to build, to the first index from there, and of an epoch; megabytes at the peak."""
    torch.set_num_threads(1)
    make = SAMPLERS[name](labels(n))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best: dict[str, float] = {}
    for _ in range(RUNS if n < LONG else 1):
        start = time.perf_counter()
        sampler = make()
        built = time.perf_counter()
        draws = iter(sampler)
        next(draws)
        first = time.perf_counter()
        deque(draws, maxlen=0)
        took = {
            "build": built - start,
            "first": first - built,
            "epoch": time.perf_counter() - built,
        }
        best = {key: min(value, best.get(key, value)) for key, value in took.items()}
        del sampler, draws  # before the next one is built
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return best | {"memory": (peak - before) / 1024}


def apart(name: str, n: int) -> dict[str, float]:
    """The same in a fresh process, so that memory is this sampler's alone."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.nn", "--one", name, str(n)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def samplers(sizes: Iterable[int]) -> None:
    """The table of samplers."""
    print("| rows | sampler | build, ms | first index, ms | epoch, s | memory, MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for n in sizes:
        rows = {
            name: apart(name, n) for name in SAMPLERS if n <= MOST or SAMPLERS[name] is not peer
        }
        for name, row in rows.items():
            print(
                f"| {n:,} | {name} | {1e3 * row['build']:.1f} | {1e3 * row['first']:.1f} "
                f"| {row['epoch']:.3f} | {row['memory']:.0f} |"
            )
        if n > MOST:
            print(f"| {n:,} | WeightedRandomSampler | | | refuses more than 2^24 rows | |")
            continue
        one, other = rows["BalancedSampler"], rows["WeightedRandomSampler"]
        from_labels = (other["build"] + other["first"]) / (one["build"] + one["first"])
        print(
            f"| | WeightedRandomSampler / BalancedSampler | {from_labels:.1f} times to the first index "
            f"| {other['first'] / one['first']:.0f} times | {other['epoch'] / one['epoch']:.1f} times "
            f"| {other['memory'] / max(1, one['memory']):.1f} times |"
        )


def main(arguments: list[str]) -> None:
    """Print the tables."""
    if arguments[:1] == ["--one"]:
        print(json.dumps(measured(arguments[1], int(arguments[2]))))
        return
    if "--samplers" not in arguments:
        losses(arguments[arguments.index("--device") + 1] if "--device" in arguments else "cpu")
        print()
    if "--losses" not in arguments:
        samplers(SIZES[:2] if "--quick" in arguments else SIZES)


if __name__ == "__main__":
    main(sys.argv[1:])
