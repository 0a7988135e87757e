"""`predict`: every column of the file, the probability and the decision; refusals that lose nothing."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest


def test_predict_keeps_every_input_column_and_adds_two(cli, done):
    for suffix in ("csv", "PARQUET"):
        answer = cli("predict", "done", "tx.csv", "-o", f"scored.{suffix}")
        assert answer.code == 0
        assert answer.out.splitlines()[1:] == [f"Wrote scored.{suffix}"]
    given, scored = pl.read_csv("tx.csv"), pl.read_csv("scored.csv")
    assert scored.columns == [*given.columns, "probability", "decision"]
    assert scored.select(given.columns).equals(given)
    assert set(scored["decision"]) == {"no", "yes"}
    alarms = scored["decision"].eq("yes").sum()
    told = (
        f"{scored.height:,} rows decided: {scored.height - alarms:,} for 'no', {alarms:,} for 'yes'"
    )
    assert answer.out.splitlines()[0] == told
    assert scored["probability"].is_between(0, 1).all()
    stored = json.loads((done / "decision.json").read_text())["decision"]
    alarm = scored["probability"] >= stored["threshold"]
    assert (alarm == (scored["decision"] == "yes")).all()
    other = pl.read_parquet("scored.PARQUET").drop("a", "b")
    assert other["probability"].to_list() == pytest.approx(scored["probability"].to_list())
    assert cli("predict", "done", "tx.csv", "-o", "scored.csv", "--quiet") == (0, "", "")


def test_predict_repeats_the_scores_of_the_untouched_rows(cli, done):
    assert cli("predict", "done", "tx.csv", "-o", "scored.parquet").code == 0
    tested = pl.read_parquet(done / "predictions_test.parquet")
    again = pl.read_parquet("scored.parquet")[tested["row"]]
    assert again["probability"].to_list() == pytest.approx(tested["probability"].to_list())
    assert again["decision"].to_list() == tested["decision"].to_list()


def test_predict_notes_extra_columns_and_unseen_values_and_refuses_missing_ones(
    cli, refused, done, payments
):
    new = payments().with_columns(c=pl.lit("new"), more=pl.lit(1)).drop("y")
    new.write_csv("new.csv")
    answer = cli("predict", "done", "new.csv", "-o", "scored.csv")
    assert answer.code == 0
    assert "columns that training did not have are ignored: more" in answer.out
    assert "c holds 1 value that training never saw: new (400 rows)" in answer.out
    assert pl.read_csv("scored.csv")["more"].to_list() == [1] * 400
    new.drop("a").write_csv("less.csv")
    said = refused("predict", "done", "less.csv", "-o", "less-scored.csv")
    assert "must hold the columns of training. It lacks 1: 'a'" in said
    new.with_columns(a=pl.lit("text")).write_csv("text.csv")
    assert "Column 'a' must hold numbers, as in training" in refused(
        "predict", "done", "text.csv", "-o", "s.csv"
    )


def test_predict_writes_where_it_may_and_over_nothing_that_it_reads(refused, done, payments):
    ask = ("predict", "done", "tx.csv", "-o")
    assert "must be a .csv or .parquet file. Got 'scored.xlsx'" in refused(*ask, "scored.xlsx")
    assert "must be a .csv or .parquet file" in refused(*ask, "scored")
    assert "nowhere does not" in refused(*ask, "nowhere/scored.csv")
    assert "must be a file of its own. tx.csv is one that is read" in refused(*ask, "tx.csv")
    assert "must be a file of its own" in refused(*ask, "done/predictions_test.parquet")
    Path("folder.csv").mkdir()
    assert "folder.csv is a folder" in refused(*ask, "folder.csv")
    nested = payments().with_columns(more=pl.Series([[1, 2]] * 400))
    nested.write_parquet("nested.parquet")
    said = refused("predict", "done", "nested.parquet", "-o", "scored.csv")
    assert "must be a .parquet file to hold 'more' (List(Int64))" in said


def test_costs_in_a_column_that_is_no_feature_reach_the_decision(cli, refused, payments, quick):
    amount = np.random.default_rng(0).gamma(2, 50, 400).round(2)
    payments(amount=amount).write_csv("tx.csv")
    options = ("--cost-fn", "amount", "--cost-fp", "10", "--drop", "amount", "--out", "run")
    assert cli("run", "tx.csv", "--target", "y", *quick, *options, "--quiet").code == 0
    assert cli("predict", "run", "tx.csv", "-o", "scored.csv").code == 0
    scored = pl.read_csv("scored.csv")
    tested = pl.read_parquet("run/predictions_test.parquet")
    assert scored["decision"].gather(tested["row"]).to_list() == tested["decision"].to_list()
    payments().write_csv("new.csv")
    assert "It lacks 1: 'amount'" in refused("predict", "run", "new.csv", "-o", "s.csv")
    payments(amount=-amount).write_csv("new.csv")
    assert "numbers of at least 0" in refused("predict", "run", "new.csv", "-o", "s.csv")


def test_parquet_holds_numbers_dates_and_booleans_as_such_and_csv_every_cell_as_it_was(
    cli, payments, quick
):
    table = payments().with_columns(
        day=pl.Series([f"2024-01-{1 + at % 28:02d}" for at in range(400)]),
        flag=pl.Series(["true", "false"] * 200),
        code=pl.Series([f"{at % 7:03d}" for at in range(400)]),
        much=pl.Series([f"{at * 1.5:.2f}" if at % 9 else "NA" for at in range(400)]),
    )
    table.write_csv("tx.csv")
    assert cli("run", "tx.csv", "--target", "y", *quick, "--quiet", "--out", "run").code == 0
    table.with_columns(note=pl.lit("01")).write_csv("new.csv")
    assert cli("predict", "run", "new.csv", "-o", "s.parquet", "--quiet").code == 0
    assert cli("predict", "run", "new.csv", "-o", "s.csv", "--quiet").code == 0
    typed = pl.read_parquet("s.parquet")
    assert typed["a"].dtype.is_float()
    assert typed["much"].dtype.is_float()
    assert typed["much"][0] is None
    assert typed["day"].dtype == pl.Datetime("us")
    assert typed["flag"].dtype == pl.Boolean
    assert typed.select("c", "code", "y", "note").dtypes == [pl.String] * 4
    assert typed["code"][:2].to_list() == ["000", "001"]
    cells = pl.read_csv("s.csv", infer_schema=False)
    given = pl.read_csv("new.csv", infer_schema=False)
    assert cells.select(given.columns).equals(given)
