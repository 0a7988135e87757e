"""Ensembles beside imbalanced-learn: the same rows, the same number of members, a process each.

``python -m benchmarks.ensemble`` prints both tables; ``--write`` puts them into docs/benchmarks.md,
between its marks. ``--quick`` takes 30,000 rows and few members. Seconds are of the processor, one
thread on both sides, the least of ``--times`` calls; peak memory is what fitting adds to the
process. Average precision is of 30 % untouched rows, the mean over ``--seeds`` seeds. The second
table is evenkeel alone: groups of the majority against random parts of it, as many, with the same
learner.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
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
PAGE = ROOT / "docs" / "benchmarks.md"
FILES = {"cover": "large/10_cover.npz", "celeba": "large/8_celeba.npz"}
MEMBERS = {
    "BalancedRandomForestClassifier": 100,
    "BalancedBaggingClassifier": 10,
    "EasyEnsembleClassifier": 10,
    "RUSBoostClassifier": 50,
    "UnderBaggingClassifier": 10,
    "SelfPacedEnsembleClassifier": 10,
}
BESIDE = {
    "UnderBaggingClassifier": "BalancedBaggingClassifier",
    "SelfPacedEnsembleClassifier": None,
}
QUICK_ROWS = 30_000
GROUPS = 16


def table(name: str, *, quick: bool) -> tuple[Any, Any, Any, Any]:
    """Training and untouched rows of one set."""
    from sklearn.model_selection import train_test_split

    if name == "simulated":
        X, y = simulated()
    else:
        with np.load(DATA / FILES[name]) as kept:
            X, y = kept["X"].astype(np.float64), kept["y"].astype(np.int64)
    if quick and len(y) > QUICK_ROWS:
        some = np.random.default_rng(0).choice(len(y), QUICK_ROWS, replace=False)
        X, y = X[some], y[some]
    parts = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)
    return parts[0], parts[1], parts[2], parts[3]


def simulated(n: int = 40_000, rare: int = 400, kinds: int = 12) -> tuple[Any, Any]:
    """A majority of twelve far kinds, and a rare class that lies beside each of them."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(kinds, 6)) * 6
    aside = rng.normal(size=(kinds, 6))
    aside *= 2.0 / np.linalg.norm(aside, axis=1, keepdims=True)
    kind = rng.integers(0, kinds, n)
    y = (rng.permutation(n) < rare).astype(np.int64)
    X = centres[kind] + rng.normal(size=(n, 6)) + aside[kind] * y[:, None]
    return X, y


def made(method: str, side: str, members: int, seed: int) -> Any:
    """The ensemble of one side, with the same number of members, learner and threads."""
    given: dict[str, Any] = {"n_estimators": members, "random_state": seed}
    if side == "evenkeel":
        return getattr(importlib.import_module("evenkeel.ensemble"), method)(**given)
    if method == "UnderBaggingClassifier":
        from evenkeel.ensemble.gradient_boosting import gradient_boosting

        given["estimator"] = gradient_boosting()
    name = BESIDE.get(method) or method
    return getattr(importlib.import_module("imblearn.ensemble"), name)(**given)


def call(method: str, side: str, data: str, given: argparse.Namespace) -> dict[str, Any]:
    """Seconds, peak memory and average precision of one ensemble."""
    from sklearn.metrics import average_precision_score

    warnings.simplefilter("ignore")
    X, X_new, y, y_new = table(data, quick=given.quick)
    members = max(2, MEMBERS[method] // 5) if given.quick else MEMBERS[method]
    few = np.concatenate([np.flatnonzero(y == 1)[:50], np.flatnonzero(y == 0)[:450]])
    made(method, side, 2, 0).fit(X[few], y[few]).predict_proba(X[few])  # imports are not measured
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # what loading left free is not to be used up first
    base = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    fits, scores, precision, peak, fitted = [], [], [], 0.0, 0
    for turn in range(max(given.times, given.seeds)):
        model = made(method, side, members, turn % given.seeds)
        start = time.process_time()
        model.fit(X, y)
        fits.append(time.process_time() - start)
        peak = peak or resident("VmHWM") - base
        start = time.process_time()
        proba = model.predict_proba(X_new)[:, 1]
        scores.append(time.process_time() - start)
        if turn < given.seeds:
            precision.append(float(average_precision_score(y_new, proba)))
        fitted = len(model.estimators_)
    return {
        "fit": min(fits), "score": min(scores), "mib": peak, "members": fitted,
        "precision": float(np.mean(precision)), "mean": float(proba.mean()),
        "prevalence": float(y_new.mean()),
    }  # fmt: skip


def resident(field: str) -> float:
    """Memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(field)


def measured(method: str, side: str, data: str, given: argparse.Namespace) -> dict[str, Any]:
    """The call in a process of its own, on one thread."""
    command = [sys.executable, "-m", "benchmarks.ensemble", "--call", method, side, data]
    command += ["--times", str(given.times), "--seeds", str(given.seeds)]
    command += ["--quick"] if given.quick else []
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | single, cwd=ROOT
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


HEAD = [
    "| ensemble | data | members | fit s, ours / theirs | times faster | score s | peak MiB | average precision | mean probability, ours / theirs (prevalence) |",
    "|---|---|---|---|---|---|---|---|---|",
]


def line(method: str, data: str, ours: dict[str, Any], peer: dict[str, Any] | None) -> str:
    """One row of the first table."""
    theirs = peer or {}

    def both(name: str, form: str) -> str:
        right = format(theirs[name], form) if theirs else "-"
        return f"{ours[name]:{form}} / {right}"

    if not theirs:
        ratio = "-"
    elif theirs["members"] == ours["members"]:
        ratio = f"{theirs['fit'] / ours['fit']:.1f}"
    else:  # it stopped early: per member
        each = theirs["fit"] / theirs["members"] / (ours["fit"] / ours["members"])
        ratio = f"{each:.1f} a member"
    return (
        f"| {method} | {data} | {both('members', 'd')} | {both('fit', '.2f')} | {ratio} | "
        f"{both('score', '.2f')} | {both('mib', '.0f')} | {both('precision', '.4f')} | "
        f"{both('mean', '.4f')} ({ours['prevalence']:.4f}) |"
    )


GROUP_HEAD = [
    "| data | members | random parts | groups, stacked | groups, sum | groups, mean | groups, max |",
    "|---|---|---|---|---|---|---|",
]


def group_line(data: str, given: argparse.Namespace) -> str:
    """One row of the second table: average precision, mean over the seeds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from evenkeel.ensemble import ClusteredEnsembleClassifier, UnderBaggingClassifier

    X, X_new, y, y_new = table(data.removesuffix(", logistic"), quick=given.quick)
    linear = data.endswith(", logistic")
    learner = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)) if linear else None
    cells = []
    for how in ("random", "stacked", "sum", "mean", "max"):
        found = []
        for seed in range(given.seeds):
            model: Any = (
                UnderBaggingClassifier(
                    learner, GROUPS, sampling_strategy="split", random_state=seed
                )
                if how == "random"
                else ClusteredEnsembleClassifier(learner, GROUPS, combine=how, random_state=seed)
            )
            proba = model.fit(X, y).predict_proba(X_new)[:, 1]
            found.append(average_precision_score(y_new, proba))
        cells.append(f"{np.mean(found):.4f}")
    return f"| {data} | {GROUPS} | {' | '.join(cells)} |"


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--call", nargs=3, metavar=("METHOD", "SIDE", "DATA"))
    parser.add_argument("--methods", default=",".join(MEMBERS))
    parser.add_argument("--data", default=",".join(FILES))
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-groups", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.call:
        method, side, data = given.call
        print(json.dumps(call(method, side, data, given)))
        return
    rows = list(HEAD)
    print("\n".join(HEAD), flush=True)
    for data in given.data.split(","):
        for method in given.methods.split(","):
            ours = measured(method, "evenkeel", data, given)
            alone = method in BESIDE and BESIDE[method] is None
            peer = None if alone else measured(method, "peer", data, given)
            rows.append(line(method, data, ours, peer))
            print(rows[-1], flush=True)
    if not given.no_groups:
        rows += ["", *GROUP_HEAD]
        print("\n".join(["", *GROUP_HEAD]), flush=True)
        for data in ["simulated", "simulated, logistic", *given.data.split(",")]:
            rows.append(group_line(data, given))
            print(rows[-1], flush=True)
    if given.write:
        put(PAGE, "ensemble", "\n".join(rows))


if __name__ == "__main__":
    main()
