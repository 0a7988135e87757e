"""Run evenkeel on the real tables and write what it printed to docs/results.md.

The tables are not part of the repository: ``EVENKEEL_DATA`` names their folder (default
``../shared/data`` beside the repository). ``python -m benchmarks.results mammography cover`` runs
only some and keeps the other rows of the page.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.page import put

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("EVENKEEL_DATA", ROOT.parent / "shared" / "data"))
STORE = ROOT / "docs" / "results.json"
PAGE = ROOT / "docs" / "results.md"

CASES: dict[str, str] = {
    "mammography": "tables/mammography.csv --target -1 --positive 1 --search 1",
    "oil-spill": "tables/oil-spill.csv --target -1 --positive 1 --drop 0 --search 1",
    "phoneme": "tables/phoneme.csv --target -1 --positive 1 --search 1",
    "pima": "tables/pima-indians-diabetes.csv --target -1 --positive 1 --search 1",
    "satimage class 4": "tables/satimage/sat.trn --test tables/satimage/sat.tst --target -1 --positive 4 --search 1",
    "adult": "tables/adult-train.csv --test tables/adult-test.csv --target -1 --search 1",
    "stroke": "tables/healthcare-dataset-stroke-data.csv --target stroke --search 1",
    "churn": "tables/Telco-Customer-Churn.csv --target Churn --search 1",
    "bank": "tables/bank-additional-full.csv --target y --drop duration --search 1",
    "readmission <30": "tables/dataset_diabetes.zip --target readmitted --positive '<30' "
    "--group patient_nbr --search 1",
    "readmission, three classes": "tables/dataset_diabetes.zip --target readmitted "
    "--group patient_nbr --quick",
    "NSL-KDD, five groups": "tables/nsl-kdd/KDDTrain+.txt.gz --test tables/nsl-kdd/KDDTest+.txt "
    "--names tables/nsl-kdd/field_names.csv --target -2 --drop -1 "
    "--map-target {root}/examples/nsl-kdd-groups.csv --quick",
    "SMS spam": "text/sms-spam/SMSSpamCollection --target 0 --positive spam --scenario spam --search 1",
    "cover": "large/10_cover.npz --target y --search 1",
    "celeba": "large/8_celeba.npz --target y --search 1",
}


def run_case(args: str) -> dict[str, Any]:
    """Run one command; the facts it printed, with its wall time and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        words = shlex.split(args.format(root=os.path.relpath(ROOT, DATA)))
        command = [sys.executable, "-m", "evenkeel", "run", *words, "--json"]
        before = time.perf_counter()
        with open(f"{folder}/out", "w+b") as out, open(f"{folder}/err", "w+b") as err:
            child = subprocess.Popen(
                [*command, "--out", f"{folder}/run"], cwd=DATA, stdout=out, stderr=err
            )
            _, status, usage = os.wait4(child.pid, 0)  # this child's peak alone, with its workers'
            child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - before
        if child.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(command)} failed:\n{Path(folder, 'err').read_text()}")
        facts: dict[str, Any] = json.loads(Path(folder, "out").read_text())
        peak = usage.ru_maxrss / 2**20
    return {"command": args, "seconds": round(seconds), "peak_gib": round(peak, 2)} | facts


def short(facts: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one run."""
    test, rows = facts["test"], {row["name"]: row for row in facts["remedies"]}
    best = rows[facts["chosen"]["remedy"]]
    return {
        "command": facts["command"], "rows": facts["data"]["rows"],
        "ratio": facts["data"]["imbalance_ratio"], "severity": facts["data"]["severity"],
        "baseline": rows["none"]["average_precision"], "chosen": facts["chosen"]["remedy"],
        "oof": best["average_precision"],
        "test": test["average_precision"], "low": test.get("average_precision_low"),
        "high": test.get("average_precision_high"), "policy": facts["policy"]["sentence"],
        "precision": test["precision"], "recall": test["recall"],
        "balanced_accuracy": test["balanced_accuracy"], "f1": test["f1"],
        "recall_count": test.get("recall_count"), "precision_count": test.get("precision_count"),
        "calibration": facts["calibration"]["ratio"], "seconds": facts["seconds"],
        "peak_gib": facts["peak_gib"],
    }  # fmt: skip


def page(found: dict[str, dict[str, Any]]) -> str:
    """The page in Markdown."""
    lines = [
        "Printed by `python -m benchmarks.results` (two cores); every row is one command: one",
        "configuration of each remedy (`--search 1`; the race below searches), all else at its",
        "default (seed 0, LightGBM, the shortlist of remedies). Average precision of the baseline (no remedy, calibrated, tuned threshold) is out of fold on the training",
        "rows; the test columns come from rows that nothing saw. Calibration is the mean predicted",
        "share over the observed one. For several classes all figures are macro one-against-rest.",
        "",
        "| table | rows | ratio | baseline AP | chosen | test AP [95 %] | decided for | precision | recall | F1 | balanced accuracy | calibration | seconds | peak GiB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, row in found.items():
        interval = "" if row["low"] is None else f" [{row['low']:.2f}, {row['high']:.2f}]"
        hits = "" if row["recall_count"] is None else " ({}/{})".format(*row["recall_count"])
        right = "" if row["precision_count"] is None else " ({}/{})".format(*row["precision_count"])
        policy = row["policy"].split(":")[0].split(";")[0]
        lines.append(
            f"| {name} | {row['rows']:,} | {row['ratio']:.3g} | {row['baseline']:.3f} | "
            f"{row['chosen']} | {row['test']:.3f}{interval} | {policy} | "
            f"{row['precision']:.2f}{right} | {row['recall']:.2f}{hits} | {row['f1']:.2f} | "
            f"{row['balanced_accuracy']:.3f} | {row['calibration']:.2f} | {row['seconds']} | "
            f"{row['peak_gib']} |"
        )
    lines += ["", "### Commands", "", "In the data folder:", "", "```"]
    lines += [f"evenkeel run {row['command'].format(root='.')}" for row in found.values()]
    return "\n".join([*lines, "```", ""])


def main() -> None:
    """Run the cases named on the command line, or all, and write the page."""
    wanted = sys.argv[1:] or list(CASES)
    unknown = sorted(set(wanted) - set(CASES))
    if unknown:
        raise SystemExit(f"Unknown: {', '.join(unknown)}. Known: {', '.join(CASES)}")
    if not DATA.is_dir():
        raise SystemExit(f"{DATA} is absent: set EVENKEEL_DATA to the folder of the real tables.")
    found = json.loads(STORE.read_text()) if STORE.is_file() else {}
    for name in wanted:
        found[name] = short(run_case(CASES[name]))
        print(name, json.dumps(found[name]), flush=True)
        ordered = {case: found[case] for case in CASES if case in found}
        STORE.write_text(json.dumps(ordered, indent=1) + "\n")
        put(PAGE, "runs", page(ordered))


if __name__ == "__main__":
    main()
