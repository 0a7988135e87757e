"""Resamplers beside imbalanced-learn: the same data, the same call, each in a process of its own.

``python -m benchmarks.resample`` runs all of it and writes the tables in docs/benchmarks.md;
``python -m benchmarks.resample --methods SMOTE,TomekLinks --data simulated`` runs some and keeps the
other rows. A peer is stopped after 15 minutes, or when it has taken ``--times`` times as long as
evenkeel; its ratio is then a lower bound. Times are the best of three calls (of one, where a call
takes over 10 seconds), peak memory is what the call adds to the process.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.page import put

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("EVENKEEL_DATA", ROOT.parent / "shared" / "data"))
STORE = ROOT / "docs" / "resample.json"
PAGE = ROOT / "docs" / "benchmarks.md"
LONGEST = 900.0
MOST_BYTES = 18 << 30

METHODS: dict[str, tuple[str, dict[str, Any], float, bool]] = {
    # name: module of the peer, parameters, target ratio at 30 and 39 columns, draws at random
    "TomekLinks": ("under_sampling", {}, 50, False),
    "EditedNearestNeighbours": ("under_sampling", {}, 50, False),
    "RepeatedEditedNearestNeighbours": ("under_sampling", {}, 20, False),
    "AllKNN": ("under_sampling", {}, 20, False),
    "NeighbourhoodCleaningRule": ("under_sampling", {}, 20, False),
    "OneSidedSelection": ("under_sampling", {"random_state": 0}, 20, True),
    "CondensedNearestNeighbour": ("under_sampling", {"random_state": 0}, 20, True),
    "SMOTEENN": ("combine", {"random_state": 0}, 1, True),
    "SMOTETomek": ("combine", {"random_state": 0}, 1, True),
    "SMOTE": ("over_sampling", {"random_state": 0}, 3, True),
    "BorderlineSMOTE": ("over_sampling", {"random_state": 0}, 3, True),
    "ADASYN": ("over_sampling", {"random_state": 0}, 3, True),
    "RandomOverSampler": ("over_sampling", {"random_state": 0}, 3, True),
    "RandomUnderSampler": ("under_sampling", {"random_state": 0}, 3, True),
    "SVMSMOTE": ("over_sampling", {"random_state": 0}, 2, True),
    "KMeansSMOTE": ("over_sampling", {"random_state": 0, "cluster_balance_threshold": 0.001}, 2, True),
    "NearMiss": ("under_sampling", {"version": 1}, 2, False),
    "NearMiss 2": ("under_sampling", {"version": 2}, 2, False),
    "NearMiss 3": ("under_sampling", {"version": 3}, 2, False),
    "ClusterCentroids": ("under_sampling", {"random_state": 0}, 2, True),
    "InstanceHardnessThreshold": ("under_sampling", {"random_state": 0}, 2, True),
}  # fmt: skip
MIXED = {"SMOTENC": "mixed", "SMOTEN": "categories"}
PLAIN = ("simulated", "celeba", "cover", "balanced")
GROWTH = ("TomekLinks", "EditedNearestNeighbours", "SMOTE", "RandomUnderSampler")
SIZES = (50_000, 200_000, 800_000, 1_600_000)


def simulated(n: int = 284_807, rare: int = 628) -> tuple[Any, Any]:
    """Thirty columns that shrink as principal components do, and a rare class that overlaps."""
    rng = np.random.default_rng(0)
    y = np.zeros(n, dtype=np.int64)
    y[rng.choice(n, rare, replace=False)] = 1
    scale = np.linspace(2.0, 0.3, 30)
    X = rng.standard_t(5, size=(n, 30)) * scale
    X[y == 1] += scale * rng.normal(0.5, 1.0, size=(rare, 30))
    return X, y


def mixed(n: int = 80_000, levels: int = 92_034) -> tuple[Any, Any]:
    """Four numbers, and four categories with 92,034 levels in all."""
    rng = np.random.default_rng(0)
    y = (rng.permutation(n) < 486).astype(np.int64)
    parts = np.array([0.6, 0.3, 0.09, 0.01])
    most = np.diff(np.round(np.append(0, np.cumsum(parts)) * levels).astype(int))
    X = np.empty((n, 8))
    X[:, :4] = rng.normal(size=(n, 4)) + 0.5 * y[:, None]
    for at, size in enumerate(most):
        X[:, 4 + at] = rng.permutation(np.resize(np.arange(size), n))
    return X, y


def balanced(n: int = 80_000) -> tuple[Any, Any]:
    """Two columns, and a class of 30 % that overlaps: no rows are rare, and a tree finds them all."""
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.3).astype(np.int64)
    return rng.normal(size=(n, 2)) + y[:, None], y


def table(name: str) -> tuple[Any, Any]:
    """Features and labels of one set."""
    if name.startswith("simulated"):
        rows = name.partition(" ")[2]
        return simulated(int(rows)) if rows else simulated()
    if name == "mixed":
        return mixed()
    if name == "balanced":
        return balanced()
    if name == "categories":
        X, y = mixed()
        return X[:, 4:], y
    with np.load(
        DATA / "large" / {"cover": "10_cover.npz", "celeba": "8_celeba.npz"}[name]
    ) as kept:
        X, y = kept["X"], kept["y"]
    return np.ascontiguousarray(X, dtype=np.float64), y.astype(np.int64)


def made(method: str, side: str) -> Any:
    """The resampler of one side, with the same parameters on both."""
    if method in MIXED:
        nominal = {"categorical_features": [4, 5, 6, 7]} if method == "SMOTENC" else {}
        where, given = "over_sampling", {"random_state": 0, "sampling_strategy": 0.5} | nominal
    else:
        where, given, _, _ = METHODS[method]
    module = "evenkeel.resample" if side == "evenkeel" else f"imblearn.{where}"
    return getattr(importlib.import_module(module), method.partition(" ")[0])(**given)


def call(method: str, side: str, data: str) -> dict[str, Any]:
    """Time and peak memory of ``fit_resample``, and what it returned."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))  # a peer may ask for 135 GiB
    X, y = table(data)
    warnings.simplefilter("ignore")
    small = np.flatnonzero(y == 1)[:40], np.flatnonzero(y == 0)[:400]
    with contextlib.suppress(Exception):  # first calls are not what is measured; too small for some
        made(method, side).fit_resample(X[np.concatenate(small)], y[np.concatenate(small)])
    seconds, base = [], resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    for _ in range(3):
        resampler = made(method, side)
        start = time.perf_counter()
        _, y_new = resampler.fit_resample(X, y)
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            peak = resident("VmHWM") - base
        if seconds[0] > 10:
            break
    kept = getattr(resampler, "sample_indices_", None)
    digest = (
        ""
        if kept is None
        else hashlib.sha256(np.sort(np.asarray(kept, np.int64)).tobytes()).hexdigest()
    )
    return {"seconds": min(seconds), "mib": peak, "rows": len(y_new), "kept": digest}


def resident(field: str) -> float:
    """Memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(field)


def measured(method: str, side: str, data: str, limit: float) -> dict[str, Any]:
    """The call in a process of its own; ``{"over": limit}`` when it was stopped."""
    command = [sys.executable, "-m", "benchmarks.resample", "--call", method, side, data]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=limit + 20, check=False
        )
    except subprocess.TimeoutExpired:
        return {"over": limit}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        return {"failed": last[:200]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(method: str, data: str, times: float) -> dict[str, Any]:
    """Both sides, one after the other."""
    ours = measured(method, "evenkeel", data, LONGEST)
    limit = min(LONGEST, max(30.0, times * ours.get("seconds", LONGEST)))
    return {"ours": ours, "peer": measured(method, "peer", data, limit)}


def line(method: str, data: str, found: dict[str, Any]) -> str:
    """One row of the page."""
    ours, peer = found["ours"], found["peer"]
    if "seconds" not in ours:
        return f"| {method} | {data} | {ours} | | | | |"
    if "seconds" in peer:
        theirs, ratio = f"{peer['seconds']:.2f}", f"{peer['seconds'] / ours['seconds']:.1f}"
        memory = f"{ours['mib']:.0f} / {peer['mib']:.0f}"
        alike = (
            "same rows"
            if ours["kept"] and ours["kept"] == peer["kept"]
            else (
                "" if ours["rows"] == peer["rows"] else f"{ours['rows']:,} / {peer['rows']:,} rows"
            )
        )
    else:
        stopped = "over" in peer
        theirs = f"> {peer['over']:.0f}" if stopped else "failed"
        ratio = f"> {peer['over'] / ours['seconds']:.0f}" if stopped else "-"
        memory, alike = f"{ours['mib']:.0f}", "" if stopped else peer["failed"]
    target = METHODS[method][2] if method in METHODS and data in ("simulated", "celeba") else 1
    return f"| {method} | {data} | {ours['seconds']:.2f} | {theirs} | {ratio} | {target:g} | {memory} | {alike} |"


def page(store: dict[str, dict[str, Any]]) -> str:
    """The section of docs/benchmarks.md."""
    head = ["| method | data | evenkeel s | imbalanced-learn s | times faster | target | peak MiB, ours / theirs | |",
            "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    order = [(m, d) for d in PLAIN for m in METHODS]
    order += list(MIXED.items())
    rows = [line(m, d, store[f"{m}/{d}"]) for m, d in order if f"{m}/{d}" in store]
    grown = ["", "Seconds as the table grows and the rare class stays at 628 rows (evenkeel alone):", "",
             "| method | " + " | ".join(f"{n:,} rows" for n in SIZES) + " |", "|---" * (len(SIZES) + 1) + "|"]  # fmt: skip
    for method in GROWTH:
        cells = [store.get(f"{method}/simulated {n}", {}).get("ours", {}) for n in SIZES]
        shown = [f"{cell['seconds']:.2f}" if "seconds" in cell else "" for cell in cells]
        grown.append(f"| {method} | " + " | ".join(shown) + " |")
    return "\n".join([*head, *rows, *grown])


def save(store: dict[str, dict[str, Any]]) -> None:
    """Write the figures and the section of the page between its marks."""
    STORE.write_text(json.dumps(store, indent=1, sort_keys=True) + "\n")
    put(PAGE, "resample", page(store))


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--call", nargs=3, metavar=("METHOD", "SIDE", "DATA"))
    parser.add_argument("--methods", default=",".join([*METHODS, *MIXED]))
    parser.add_argument("--data", default=",".join([*PLAIN, *MIXED.values(), "growth"]))
    parser.add_argument(
        "--times", type=float, default=100.0, help="stop a peer that is so much slower"
    )
    given = parser.parse_args()
    if given.call:
        print(json.dumps(call(*given.call)))
        return
    store = json.loads(STORE.read_text()) if STORE.is_file() else {}
    wanted, sets = given.methods.split(","), given.data.split(",")
    for data in (name for name in sets if name != "growth"):
        for method in (
            m for m in wanted if MIXED.get(m, data) == data and (m in MIXED or data in PLAIN)
        ):
            store[f"{method}/{data}"] = found = compare(method, data, given.times)
            print(line(method, data, found), flush=True)
            save(store)
    for method in (m for m in GROWTH if m in wanted and "growth" in sets):
        for n in SIZES:
            store[f"{method}/simulated {n}"] = found = {
                "ours": measured(method, "evenkeel", f"simulated {n}", LONGEST)
            }
            print(method, n, found, flush=True)
            save(store)


if __name__ == "__main__":
    main()
