"""Decisions on real tables, from one run each: ``python -m benchmarks.real_decisions`` writes docs/decisions.md.

The tables are not part of the repository: ``EVENKEEL_DATA`` names their folder (default
``../shared/data`` beside the repository). Each table is run once (no remedy, LightGBM, ``quick``);
every line after that is ``decide_again`` on the stored scores.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import evenkeel
from benchmarks.results import DATA, ROOT
from evenkeel import Policy, decide_again
from evenkeel.errors import InvalidInput

PAGE = ROOT / "docs" / "decisions.md"
POLICIES = {
    "cost 50 : 1": Policy(cost_fn=50, cost_fp=1),
    "cost 5 : 1": Policy(cost_fn=5, cost_fp=1),
    "5% of the rows": Policy.capacity("5%"),
    "precision at least 0.5": Policy.min_precision(0.5),
    "precision at least 0.5, 95 % sure": Policy.min_precision(0.5, confidence=0.95),
    "recall at least 0.9": Policy.min_recall(0.9),
    "recall at least 0.9, 95 % sure": Policy.min_recall(0.9, confidence=0.95),
    "F1": Policy.metric("f1"),
    "MCC": Policy.metric("mcc"),
    "bands 0.02, 0.4": Policy.bands(0.02, 0.4),
}
TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "mammography": ("tables/mammography.csv", {"target": -1, "positive": "1"}),
    "bank, without duration": (
        "tables/bank-additional-full.csv",
        {"target": "y", "positive": "yes", "drop": ("duration",)},
    ),
}
GROUPS = ("normal", "probe", "dos", "u2r", "r2l")
KDD_COSTS = {  # KDD Cup 1999: rows true, columns decided, in the order of GROUPS
    "normal": (0, 1, 2, 2, 2),
    "probe": (1, 0, 2, 2, 2),
    "dos": (2, 1, 0, 2, 2),
    "u2r": (3, 2, 2, 0, 2),
    "r2l": (4, 2, 2, 2, 0),
}


def rate(test: dict[str, Any], name: str) -> str:
    """A rate with counts and interval."""
    hits, rows = test[f"{name}_count"]
    if not rows:
        return f"- ({hits}/{rows})"
    return (
        f"{test[name]:.2f} ({hits}/{rows}) [{test[f'{name}_low']:.2f}, {test[f'{name}_high']:.2f}]"
    )


def two_classes(name: str, folder: Path) -> list[str]:
    """Every policy on one table."""
    file, options = TABLES[name]
    evenkeel.run(DATA / file, remedies=("none",), quick=True, out=folder, **options)
    lines = [
        f"## {name}", "",
        "| policy | threshold | alerts per 1,000 | precision, untouched rows | recall, untouched rows | seconds |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for title, policy in POLICIES.items():
        start = time.perf_counter()
        try:
            facts = decide_again(folder, policy)
        except InvalidInput as error:
            lines.append(f"| {title} | refused: {error} | | | | |")
            continue
        test, seconds = facts["test"], time.perf_counter() - start
        lines.append(
            f"| {title} | {facts['decision']['threshold']:.3g} | {test['alerts_per_1000']:.3g} | "
            f"{rate(test, 'precision')} | {rate(test, 'recall')} | {seconds:.2f} |"
        )
    return [*lines, ""]


def intrusions(folder: Path) -> list[str]:
    """NSL-KDD in five groups: the cost matrix of KDD Cup 1999, and least recalls."""
    tables = DATA / "tables" / "nsl-kdd"
    run = evenkeel.run(
        tables / "KDDTrain+.txt.gz", test=tables / "KDDTest+.txt", target=-2, drop=(-1,),
        names=str(tables / "field_names.csv"),
        map_target=str(ROOT / "examples" / "nsl-kdd-groups.csv"),
        remedies=("none",), quick=True, out=folder,
    )  # fmt: skip
    order = [str(row["label"]) for row in run.facts["data"]["classes"]]
    at = [GROUPS.index(label) for label in order]
    matrix = [[KDD_COSTS[label][column] for column in at] for label in order]
    policies = {
        "balanced accuracy": Policy.metric("balanced-accuracy"),
        "macro F1": Policy.metric("f1"),
        "cost matrix of KDD Cup 1999": Policy.matrix(matrix),
        "recall of u2r and r2l at least 0.8": Policy.min_recall({"u2r": 0.8, "r2l": 0.8}),
    }
    lines = [
        "## NSL-KDD, five groups", "",
        "The test file holds attacks that training never saw, so rates fall from one to the other.", "",
        f"| policy | {' | '.join(f'recall {label}' for label in order)} | mean cost (KDD Cup 1999) | seconds |",
        f"|---|{'---|' * len(order)}---|---|",
    ]  # fmt: skip
    for title, policy in policies.items():
        start = time.perf_counter()
        test = decide_again(folder, policy)["test"]
        seconds = time.perf_counter() - start
        table = test["confusion"]
        cost = sum(
            count * matrix[true][decided]
            for true, row in enumerate(table)
            for decided, count in enumerate(row)
        )
        recalls = (f"{row[at]:,}/{sum(row):,}" for at, row in enumerate(table))
        lines.append(
            f"| {title} | {' | '.join(recalls)} | {cost / test['rows']:.4f} | {seconds:.2f} |"
        )
    return [*lines, ""]


def main() -> None:
    """Write the page."""
    if not DATA.is_dir():
        raise SystemExit(f"{DATA} is absent: set EVENKEEL_DATA to the folder of the real tables.")
    lines = [
        "# Decisions on real tables", "",
        "Printed by `python -m benchmarks.real_decisions`: one run a table (no remedy, LightGBM,",
        "`--quick`), then another decision for each line from the stored scores. Rates are those of",
        "untouched rows, with counts and 95 % intervals. Several labels (yeast): `python -m",
        "benchmarks.multilabel`.", "",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for at, name in enumerate(TABLES):
            lines += two_classes(name, Path(folder, str(at)))
        lines += intrusions(Path(folder, "kdd"))
    PAGE.write_text("\n".join(lines).rstrip() + "\n")
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
