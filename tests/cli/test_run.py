"""`run` and `check` when all is well: what they print, write and answer."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl

FILES = {
    "report.html", "metrics.json", "decision.json", "run.json", "predictions_oof.parquet",
    "predictions_test.parquet", "model.skops", "MODEL_CARD.md",
}  # fmt: skip


def test_a_run_with_no_configuration_fits_on_one_screen(cli, payments, quick):
    payments().write_csv("tx 1.csv")
    answer = cli("run", "tx 1.csv", "--target", "y", *quick)
    assert answer.code == 0
    assert answer.err.count("\n") == 2, "that trials began, and that they are done"
    assert len(answer.out.splitlines()) <= 50
    assert {path.name for path in Path("runs/tx-1-1").iterdir()} == FILES
    assert "runs/tx-1-1" in answer.out
    assert re.search(r"recall \d+/\d+", answer.out)


def test_json_is_one_document(cli, payments, quick):
    payments().write_csv("tx.csv")
    answer = cli("run", "tx.csv", "--target", "y", "--json", "--out", "run", *quick)
    assert (answer.code, answer.err) == (0, "")
    again = cli("run", "tx.csv", "--target", "y", "--json", "--quiet", "--out", "quiet", *quick)
    assert again.out.replace('"quiet/', '"run/') == answer.out, "quiet leaves what was asked for"
    facts = json.loads(answer.out)
    written = json.loads(Path("run/metrics.json").read_text())
    assert facts == written | {"files": sorted(f"run/{name}" for name in FILES)}
    first = facts["remedies"][0]
    numbers = ("average_precision", "average_precision_low", "average_precision_high")
    assert all(isinstance(first[key], float) for key in numbers)
    assert {"name", "learner"} <= set(first)
    assert facts["chosen"]["remedy"] in {row["name"] for row in facts["remedies"]}
    assert {"policy", "threshold"} <= set(facts["decision"])
    assert np.sum(facts["test"]["confusion"]) == facts["test"]["rows"]
    assert facts["calibration"]["ratio"] > 0


def test_check_says_what_blocks_by_its_exit_code(cli, payments, on_disk):
    payments().write_csv("tx.csv")
    few = payments(share=0).with_columns(y=pl.Series(["yes"] * 8 + ["no"] * 392))
    few.write_csv("few.csv")
    before = on_disk()
    good = cli("check", "tx.csv", "--target", "y")
    assert (good.code, good.err) == (0, "")
    assert len(good.out.splitlines()) <= 50
    bad = cli("check", "few.csv", "--target", "y", "--json")
    assert bad.code == 1
    assert "blocker" in {finding["level"] for finding in json.loads(bad.out)["audit"]}
    assert on_disk() == before


def test_a_class_with_one_row_is_kept_and_listed(cli, payments, quick):
    labels = np.repeat(["a", "b", "c", "solo"], [200, 130, 69, 1])
    payments().with_columns(y=pl.Series(labels)).write_csv("tx.csv")
    answer = cli("run", "tx.csv", "--target", "y", "--json", "--out", "run", *quick)
    assert answer.code == 0, answer.err
    facts = json.loads(answer.out)
    assert {row["label"]: row["count"] for row in facts["data"]["classes"]}["solo"] == 1
    assert facts["split"]["train_counts"]["solo"] + facts["split"]["test_counts"]["solo"] == 1
    found = next(row for row in facts["audit"] if row["code"] == "single-row-class")
    assert "'solo'" in found["message"]
    assert found["rows"] == [399]
    assert "probability_solo" in pl.read_parquet("run/predictions_test.parquet").columns


def test_any_number_of_processes_gives_the_same_bytes_and_quiet_is_silent(cli, payments, quick):
    payments().write_csv("tx.csv")
    for jobs in (1, 2):
        options = ("--jobs", jobs, "--out", f"with-{jobs}", "--quiet")
        assert cli("run", "tx.csv", "--target", "y", *quick, *options) == (0, "", "")
    assert Path("with-1/metrics.json").read_bytes() == Path("with-2/metrics.json").read_bytes()


def test_a_budget_too_small_for_the_baseline_keeps_what_it_did_and_more_time_goes_on(
    cli, payments, quick
):
    payments().write_csv("tx.csv")
    ask = ("run", "tx.csv", "--target", "y", *quick, "--jobs", "1", "--out", "run", "--time-budget")
    answer = cli(*ask, "0.001s")
    assert answer.code == 2
    assert "--time-budget must be at least about" in answer.err
    assert "are gone, each of its 3 folds takes about" in answer.err
    assert "--quick" not in answer.err, "it was given"
    assert answer.err.endswith("--resume --out run.\n")
    assert answer.err.count("\n") == 2, "that trials began, and why they ended"
    kept = list(Path("run/journal").glob("*.npz"))
    assert len(kept) == 1, "the first fold"
    assert cli(*ask, "1h", "--resume", "--quiet") == (0, "", "")
    run = json.loads(Path("run/run.json").read_text())
    assert run["settings"]["time_budget"] == 3600.0
    assert {trial.split(" | ")[0] for trial in run["trials"]} == {"none", "class-weight"}
    assert run["not_run"] == run["dropped"] == []
