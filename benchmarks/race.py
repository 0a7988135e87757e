"""Every remedy, and what people do by hand, judged on the same untouched rows of real tables.

``python -m benchmarks.race`` runs all tables and puts the section "race" into docs/results.md; naming
tables runs those alone. What is done stands in docs/race.json and is not done again (``--again`` does).
``--shuffled`` prints what ``TunedThresholdClassifierCV`` costs with shuffled folds, which its default are not.
A miss costs as much as the table's imbalance ratio, a false alarm 1; every tool is fitted on the
same training rows and decides on the same test rows. By hand, as in tutorials: at 0.5, or with
scikit-learn's threshold search.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from benchmarks.page import put
from evenkeel._rows import take
from evenkeel.decide.classifier import DecidedClassifier
from evenkeel.intervals import mean_interval
from evenkeel.job import judge_of
from evenkeel.learners import Columns
from evenkeel.prepare import make_settings, prepare, read_tables
from evenkeel.race import DUMMY, Budget, fit_whole, judge_all, run_race
from evenkeel.ranking import average_precision

if TYPE_CHECKING:
    from collections.abc import Callable

    from evenkeel.prepare import Prepared

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("EVENKEEL_DATA", ROOT.parent / "shared" / "data"))
STORE = ROOT / "docs" / "race.json"
PAGE = ROOT / "docs" / "results.md"
BUDGET = 300.0  # seconds for a comparison

TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "mammography": ("tables/mammography.csv", {"target": -1, "positive": "1"}),
    "oil-spill": ("tables/oil-spill.csv", {"target": -1, "positive": "1", "drop": (0,)}),
    "phoneme": ("tables/phoneme.csv", {"target": -1, "positive": "1"}),
    "pima": ("tables/pima-indians-diabetes.csv", {"target": -1, "positive": "1"}),
    "satimage class 4": (
        "tables/satimage/sat.trn", {"target": -1, "positive": "4", "test": "tables/satimage/sat.tst"},
    ),
    "stroke": ("tables/healthcare-dataset-stroke-data.csv", {"target": "stroke"}),
    "bank": ("tables/bank-additional-full.csv", {"target": "y", "drop": ("duration",)}),
    "churn": ("tables/Telco-Customer-Churn.csv", {"target": "Churn"}),
    "readmission <30": (
        "tables/dataset_diabetes.zip",
        {"target": "readmitted", "positive": "<30", "group": "patient_nbr"},
    ),
    "NSL-KDD, r2l": (
        "tables/nsl-kdd/KDDTrain+.txt.gz",
        {
            "target": -2, "positive": "r2l", "drop": (-1,), "test": "tables/nsl-kdd/KDDTest+.txt",
            "names": "tables/nsl-kdd/field_names.csv",
            "map_target": str(ROOT / "examples" / "nsl-kdd-groups.csv"),
        },
    ),
    "cover": ("large/10_cover.npz", {"target": "y"}),
    "celeba": ("large/8_celeba.npz", {"target": "y"}),
}  # fmt: skip


TUNED = "histogram boosting, TunedThresholdClassifierCV"


def judged(y: Any, proba: Any, flagged: Any, ratio: float) -> dict[str, Any]:
    """Cost per 1,000 rows and average precision, with the cost of each row for paired intervals."""
    costs = 1000 * np.where(y == 1, ratio * (flagged == 0), flagged == 1).astype(np.float64)
    return {
        "cost": float(costs.mean()),
        "average_precision": float(average_precision(y, proba)),
        "rows": costs,
    }


def by_hand(
    ready: Prepared, ratio: float, *, cv: Any = None
) -> dict[str, Callable[[], tuple[Any, Any]]]:
    """What tutorials do, each giving probabilities and decisions for the test rows.

    ``cv`` are the folds of the tuned threshold; None for its default, five that are not shuffled.
    """
    X, y = ready.course.X, ready.course.y
    rows = ready.table if ready.tested is None else ready.tested
    later = take(rows.X, ready.split.test)

    def fitted(model: Any, output: str) -> tuple[Any, Any]:
        columns = Columns(output=output)
        model.fit(columns.fit_transform(X), y)
        seen = columns.transform(later)
        return model.predict_proba(seen)[:, 1], model.predict(seen)

    def smote_forest() -> tuple[Any, Any]:
        from imblearn.over_sampling import SMOTE
        from imblearn.pipeline import make_pipeline
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(random_state=0, n_jobs=2)
        return fitted(make_pipeline(SMOTE(random_state=0), forest), "dense")

    def unbalanced_lightgbm() -> tuple[Any, Any]:
        from lightgbm import LGBMClassifier

        model = LGBMClassifier(is_unbalance=True, random_state=0, n_jobs=2, verbose=-1)
        return fitted(model, "category")

    def balanced_forest() -> tuple[Any, Any]:
        from imblearn.ensemble import BalancedRandomForestClassifier

        return fitted(BalancedRandomForestClassifier(random_state=0, n_jobs=2), "dense")

    def tuned_boosting() -> tuple[Any, Any]:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.metrics import make_scorer
        from sklearn.model_selection import TunedThresholdClassifierCV

        def saved(true: Any, found: Any) -> float:
            return -float(np.where(true == 1, ratio * (found == 0), found == 1).mean())

        model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
        tuned = TunedThresholdClassifierCV(model, scoring=make_scorer(saved), cv=cv)
        return fitted(tuned, "category")

    return {
        "SMOTE + random forest at 0.5": smote_forest,
        "LightGBM is_unbalance at 0.5": unbalanced_lightgbm,
        "imbalanced-learn's balanced forest at 0.5": balanced_forest,
        TUNED: tuned_boosting,
    }


def read(name: str) -> tuple[Prepared, float]:
    """A table as all are given it, and its imbalance ratio."""
    file, options = TABLES[name]
    given = dict(options)
    for key in ("test", "names"):
        if key in given:
            given[key] = str(DATA / given[key])
    test = given.pop("test", None)
    table, _ = read_tables(DATA / file, None, make_settings(**given))
    ratio = float(round(table.counts[0] / table.counts[1]))
    if test is None:
        given["test_size"] = 0.2
    return prepare(DATA / file, test, make_settings(**given, cost_fn=ratio, cost_fp=1)), ratio


def shuffled_folds(name: str) -> str:
    """What the tuned threshold costs on one table where its folds are shuffled."""
    ready, ratio = read(name)
    rows = ready.table if ready.tested is None else ready.tested
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    proba, flagged = by_hand(ready, ratio, cv=folds)[TUNED]()
    found = judged(rows.y[ready.split.test], proba, flagged, ratio)
    return f"{name}: {found['cost']:.1f} ({found['average_precision']:.3f})"


def run_table(name: str, budget: float) -> dict[str, Any]:
    """All remedies and all tools on one table."""
    ready, ratio = read(name)
    rows = ready.table if ready.tested is None else ready.tested
    y, later = rows.y[ready.split.test], take(rows.X, ready.split.test)
    judge = judge_of(ready)
    start = time.perf_counter()
    results = run_race(
        ready.course, ready.pairs, jobs=2, budget=Budget(budget, jobs=2, objective=judge.objective)
    )
    comparison = judge_all(
        ready.course, results, ready.pairs, judge, classes=ready.table.classes, weak=ready.weak
    )
    seconds = time.perf_counter() - start
    found: dict[str, Any] = {
        "rows": ready.table.n_rows, "ratio": ratio, "positives": int(y.sum()),
        "chosen": comparison.chosen.name, "seconds": seconds, "budget": budget, "remedies": {}, "tools": {}, "failed": {},
        "left": [entry.name for entry in comparison.entries if not entry.ok],
    }  # fmt: skip
    for entry in comparison.entries:
        if entry.ok and entry.learner != DUMMY:
            assert entry.settled is not None
            fitted, _ = fit_whole(entry.name, entry.learner, ready.course)
            model = DecidedClassifier.of(fitted, entry.settled, classes=ready.table.classes)
            proba = model.predict_proba(later)
            flagged = model.decision_.apply(proba)
            found["remedies"][entry.name] = judged(y, proba[:, 1], flagged, ratio)
    for tool, call in by_hand(ready, ratio).items():
        start = time.perf_counter()
        try:
            proba, flagged = call()
        except (ValueError, MemoryError) as error:
            found["failed"][tool] = str(error).splitlines()[0][:80]
            continue
        found["tools"][tool] = judged(y, proba, flagged, ratio)
        found["tools"][tool]["seconds"] = time.perf_counter() - start
    compare_rows(found)
    return found


def compare_rows(found: dict[str, Any]) -> None:
    """Put the difference of the chosen to each of the others, with its 95 % interval, in place of rows."""
    mine = found["remedies"][found["chosen"]]["rows"][None, :]
    for one in (*found["remedies"].values(), *found["tools"].values()):
        theirs = one.pop("rows")[None, :]
        low, high = mean_interval(mine, other=theirs)
        one["chosen_minus"] = [float((mine - theirs).mean()), float(low), float(high)]


def outcome(difference: list[float]) -> str:
    """Win, tie or loss of what evenkeel chose: costs are better when lower."""
    return "win" if difference[2] < 0 else "loss" if difference[1] > 0 else "tie"


def page(done: dict[str, dict[str, Any]]) -> str:
    """The section in Markdown."""
    tools = list(next(iter(done.values()))["tools"] | next(iter(done.values()))["failed"])
    budgets = sorted({found.get("budget", BUDGET) for found in done.values()})
    long = [name for name, found in done.items() if found.get("budget", BUDGET) > budgets[0]]
    lines = [
        f"A miss costs the imbalance ratio, a false alarm 1; at most {budgets[0]:g} seconds for the comparison (two cores)"
        + (f", {budgets[-1]:g} for {' and '.join(long)}." if long else "."),
        "Cost per 1,000 untouched rows (lower is better), average precision in brackets; then the paired difference",
        "of what evenkeel chose to each way by hand, with its 95 % interval.",
        "",
        "| table | rows | ratio | test positives | chosen | cost (AP) | no remedy | best in hindsight | regret | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in done.items():
        best = min(found["remedies"], key=lambda remedy: found["remedies"][remedy]["cost"])
        chosen, none, top = (found["remedies"][k] for k in (found["chosen"], "none", best))
        regret = f"{100 * (chosen['cost'] / top['cost'] - 1):.1f} %"
        if len(found["remedies"]) == 1:  # nothing to regret where nothing else was measured
            best, regret = "nothing else was run:", "-"
        lines.append(
            f"| {name} | {found['rows']:,} | {found['ratio']:g} | {found['positives']:,} | {found['chosen']} | "
            f"{chosen['cost']:.1f} ({chosen['average_precision']:.3f}) | "
            f"{none['cost']:.1f} ({none['average_precision']:.3f}) | {best} {top['cost']:.1f} | "
            f"{regret} | {found['seconds']:.0f} |"
        )
    lines += ["", f"| table | {' | '.join(tools)} |", "|---|" + "---|" * len(tools)]
    score = {tool: {"win": 0, "tie": 0, "loss": 0} for tool in tools}
    for name, found in done.items():
        cells = []
        for tool in tools:
            if tool not in found["tools"]:
                cells.append(found["failed"][tool])
                continue
            other = found["tools"][tool]
            mean, low, high = other["chosen_minus"]
            verdict = outcome(other["chosen_minus"])
            score[tool][verdict] += 1
            cells.append(
                f"{other['cost']:.1f} ({other['average_precision']:.3f}), {mean:+.1f} "
                f"[{low:+.1f}, {high:+.1f}] {verdict}, {other['seconds']:.0f} s"
            )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    totals = ["{win} wins, {tie} ties, {loss} losses".format(**score[tool]) for tool in tools]
    lines.append(f"| evenkeel | {' | '.join(totals)} |")
    return "\n".join([*lines, "", *every_remedy(done)])


def every_remedy(done: dict[str, dict[str, Any]]) -> list[str]:
    """Cost of every remedy as a ratio to no remedy, calibrated, with the same kind of threshold."""
    remedies = list(dict.fromkeys(name for found in done.values() for name in found["remedies"]))
    remedies.remove("none")
    lines = [
        "Cost of every remedy on the untouched rows as a ratio to no remedy (below 1 is cheaper; - was not run or",
        "does not apply):", "", f"| table | {' | '.join(remedies)} |", "|---|" + "---|" * len(remedies),
    ]  # fmt: skip
    for name, found in done.items():
        base = found["remedies"]["none"]["cost"]
        cells = [
            f"{found['remedies'][remedy]['cost'] / base:.2f}"
            if remedy in found["remedies"]
            else "-"
            for remedy in remedies
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Run what was asked for and write the section of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES])
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds for each comparison")
    parser.add_argument("--shuffled", action="store_true", help="the tuned threshold alone")
    parser.add_argument("--again", action="store_true", help="do again what is done")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.shuffled:
        for name in given.tables or TABLES:
            print(shuffled_folds(name), flush=True)
        return
    done = json.loads(STORE.read_text()) if STORE.is_file() else {}
    for name in given.tables or TABLES:
        if name not in done or given.again:
            done[name] = run_table(name, given.budget)
            done = {table: done[table] for table in TABLES if table in done}
            STORE.write_text(json.dumps(done, indent=1) + "\n")
            put(PAGE, "race", page(done))
        print(name, done[name]["chosen"], round(done[name]["seconds"]), flush=True)


if __name__ == "__main__":
    main()
