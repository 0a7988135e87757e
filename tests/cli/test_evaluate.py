"""`evaluate` and `decide --recalibrate`: what later truth says, and what is done about it."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenkeel.cli import main

SHORT = ("--quick", "--remedies", "none", "--learner", "logistic", "--quiet")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory, payments):
    """A run on 1,500 payments."""
    folder = tmp_path_factory.mktemp("earlier")
    payments(1500, 0.2, seed=4).write_csv(folder / "tx.csv")
    with pytest.raises(SystemExit) as left:
        main(["run", str(folder / "tx.csv"), "--target", "y", *SHORT, "--out", str(folder / "run")])
    assert not left.value.code
    return folder / "run"


@pytest.fixture
def run(earlier, cli):
    shutil.copytree(earlier, "run")
    return Path("run")


def drift(answer):
    assert answer.code == 0, answer
    return json.loads(answer.out)["drift"]


def test_rows_of_the_same_kind_ask_for_nothing(cli, run, payments):
    payments(1500, 0.2, seed=11).write_csv("later.csv")
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    answer = cli("evaluate", "run", "later.csv")
    assert answer.code == 0
    assert (
        "To do        nothing: prevalence, probabilities and ranking have not moved beyond chance"
        in answer.out
    )
    assert "Judged on    1,500 rows of later.csv" in answer.out
    assert "\nLater rows   recall " in answer.out
    assert "\nTest " not in answer.out, "these are no test rows"
    found = drift(cli("evaluate", "run", "later.csv", "--json"))
    share = (pl.read_csv("later.csv")["y"] == "yes").mean()
    assert found["classes"][0]["now"] == pytest.approx(share)
    assert found["classes"][0]["now_low"] < share < found["classes"][0]["now_high"]
    assert found["classes"][0]["left"] is found["classes"][0]["off"] is False
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_another_prevalence_asks_to_recalibrate_and_after_that_for_nothing(cli, run, payments):
    payments(1500, 0.45, seed=11).write_csv("la ter.csv")
    found = drift(cli("evaluate", "run", "la ter.csv", "--json"))
    assert found["todo"] == "recalibrate"
    assert found["classes"][0]["left"]
    assert found["classes"][0]["off"]
    assert not found["roc_auc_fell"]
    # from the scores alone, Saerens' EM sees most of the way
    assert 0.35 < found["classes"][0]["estimated"] < 0.55
    answer = cli("evaluate", "run", "la ter.csv")
    assert "--recalibrate 'la ter.csv'" in " ".join(answer.out.split())
    before = json.loads((run / "decision.json").read_text())
    others = {p.name: p.read_bytes() for p in run.iterdir() if p.name != "decision.json"}
    answer = cli("decide", "run", "--recalibrate", "la ter.csv")
    assert answer.code == 0
    assert "1,500 later rows of la ter.csv" in answer.out
    after = json.loads((run / "decision.json").read_text())
    assert after["decision"]["policy"] == before["decision"]["policy"], "the policy was kept"
    assert after["calibrator"] == before["calibrator"]
    assert after["adjustment"]["kind"] == "platt"
    assert {p.name: p.read_bytes() for p in run.iterdir() if p.name != "decision.json"} == others
    again = json.loads(cli("evaluate", "run", "la ter.csv", "--json").out)
    assert again["calibration"]["ratio"] == pytest.approx(1.0, abs=0.02)
    assert again["drift"]["todo"] == "nothing"
    payments(1500, 0.45, seed=12).write_csv("newer.csv")
    newer = json.loads(cli("evaluate", "run", "newer.csv", "--json").out)
    assert newer["calibration"]["ratio"] == pytest.approx(1.0, abs=0.15)
    assert newer["drift"]["todo"] == "nothing"
    assert cli("report", "run").code == 0
    assert cli("predict", "run", "newer.csv", "-o", "s.csv", "--quiet").code == 0
    assert pl.read_csv("s.csv")["probability"].mean() == pytest.approx(0.45, abs=0.05)


def test_a_prevalence_that_was_foreseen_asks_for_nothing(cli, run, payments):
    payments(3000, 0.05, seed=21).write_csv("later.csv")
    assert drift(cli("evaluate", "run", "later.csv", "--json"))["todo"] == "recalibrate"
    assert cli("decide", "run", "--deploy-prevalence", "0.05", "--quiet").code == 0
    found = drift(cli("evaluate", "run", "later.csv", "--json"))
    assert found["classes"][0]["then"] == pytest.approx(0.05)
    assert found["todo"] == "nothing"


def test_columns_that_lost_their_meaning_ask_to_retrain(cli, run, payments):
    later = payments(1500, 0.2, seed=11)
    mixed = np.random.default_rng(0).permutation(later["a"].to_numpy())
    later.with_columns(a=pl.Series(mixed)).write_csv("later.csv")
    found = drift(cli("evaluate", "run", "later.csv", "--json"))
    assert found["roc_auc_fell"]
    assert found["roc_auc_now"] == pytest.approx(0.5, abs=0.06)
    assert found["todo"] == "retrain"
    assert "To do        retrain: " in cli("evaluate", "run", "later.csv").out


def test_a_recalibration_with_another_policy(cli, refused, run, payments):
    amount = np.random.default_rng(0).gamma(2, 20, 1500)
    payments(1500, 0.4, seed=11, amount=amount).write_csv("later.csv")
    said = refused(
        "decide", "run", "--recalibrate", "later.csv", "--cost-fn", "amount", "--cost-fp", "4"
    )
    assert "must be a numeric column of the run's table" in said
    assert cli("decide", "run", "--recalibrate", "later.csv", "--min-recall", "0.9").code == 0
    stored = json.loads((run / "decision.json").read_text())["decision"]
    assert stored["prevalence"] == pytest.approx((pl.read_csv("later.csv")["y"] == "yes").mean())
    (_, _), (missed, caught) = stored["confusion"]
    assert caught / (missed + caught) >= 0.9


BAD = {
    "no outcome": (lambda t: t.drop("y"), "must hold the outcome of each row, in column 'y'"),
    "no rows": (lambda t: t.head(0), "no rows below it"),
    "one row": (lambda t: t.head(1), "at least"),
    "one class": (lambda t: t.filter(pl.col("y") == "no"), "at least"),
    "a new label": (lambda t: t.with_columns(y=pl.lit("maybe")), "training never saw: 'maybe'"),
    "no outcome known": (
        lambda t: t.with_columns(y=pl.lit(None, pl.String)),
        "None of 80 rows has one in column 'y'. To score rows without it: evenkeel predict",
    ),
    "a column less": (lambda t: t.drop("a"), "It lacks 1: 'a'"),
    "text for numbers": (
        lambda t: t.with_columns(a=pl.lit("x")),
        "must hold numbers, as in training",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_rows_that_tell_nothing(refused, run, payments, what):
    change, said = BAD[what]
    change(payments(80, 0.3, seed=3)).write_csv("later.csv")
    assert said in refused("evaluate", "run", "later.csv")
    assert said in refused("decide", "run", "--recalibrate", "later.csv")


def test_too_few_rows_to_calibrate_on(cli, refused, run, payments):
    payments(40, 0.2, seed=3).write_csv("later.csv")
    said = refused("decide", "run", "--recalibrate", "later.csv")
    assert "must hold at least 10 rows of each class. Got " in said
    assert cli("evaluate", "run", "later.csv").code == 0
    assert "There is no file no.csv" in refused("evaluate", "run", "no.csv")
    assert "nowhere is not a folder" in refused("evaluate", "nowhere", "later.csv")
    (run / "model.skops").unlink()
    assert "model.skops is missing" in refused("evaluate", "run", "later.csv")
    assert "model.skops is missing" in refused("decide", "run", "--recalibrate", "later.csv")


LABELS = {
    "text": (lambda y: pl.when(y).then(pl.lit("bad")).otherwise(pl.lit("good")), (), ["good", "bad"]),
    "whole numbers": (lambda y: y.cast(pl.Int8), (), [0, 1]),
    "booleans": (lambda y: y, (), [False, True]),
    "one against the rest": (
        lambda y: pl.when(y).then(pl.lit("bad")).when(pl.col("c") == "u").then(pl.lit("fair"))
        .otherwise(pl.lit("good")),
        ("--positive", "bad"),
        ["rest", "bad"],
    ),
    "groups": (
        lambda y: pl.when(y).then(pl.lit("<30")).when(pl.col("c") == "u").then(pl.lit(">30"))
        .otherwise(pl.lit("NO")),
        ("--map-target", "groups.csv"),
        ["no", "soon"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LABELS)
def test_outcomes_are_read_as_the_run_read_its_own(cli, payments, what):
    change, options, labels = LABELS[what]
    Path("groups.csv").write_text("<30,soon\n>30,no\nNO,no\n")
    for name, seed in (("tx.parquet", 0), ("later.parquet", 1)):
        table = payments(500, 0.25, seed=seed)
        table.with_columns(y=change(pl.col("y") == "yes")).write_parquet(name)
    assert cli("run", "tx.parquet", "--target", "y", *SHORT, *options, "--out", "run").code == 0
    stored = json.loads(Path("run/decision.json").read_text())
    assert [str(label) for label in stored["labels"]][1] == str(labels[1])
    told = json.loads(cli("evaluate", "run", "later.parquet", "--json").out)
    truth = payments(500, 0.25, seed=1)["y"] == "yes"
    assert told["test"]["positives"] == truth.sum()
    assert told["test"]["roc_auc"] > 0.75, "labels are not turned round"
    pl.read_parquet("later.parquet").cast({"y": pl.String}).write_csv("later.csv")
    same = json.loads(cli("evaluate", "run", "later.csv", "--json").out)
    assert same["test"] == told["test"], "and the same from text"
    assert cli("decide", "run", "--recalibrate", "later.csv", "--quiet").code == 0


def test_several_classes(cli):
    def table(seed, shares):
        rng = np.random.default_rng(seed)
        y = rng.choice(3, 900, p=shares)
        columns = {
            "a": rng.normal(size=900) + 2 * (y == 1),
            "b": rng.normal(size=900) + 2 * (y == 2),
        }
        return pl.DataFrame(columns | {"y": np.array(["calm", "busy", "storm"])[y]})

    table(0, [0.7, 0.2, 0.1]).write_csv("t.csv")
    table(1, [0.7, 0.2, 0.1]).write_csv("same.csv")
    table(2, [0.3, 0.3, 0.4]).write_csv("moved.csv")
    assert cli("run", "t.csv", "--target", "y", *SHORT, "--out", "run").code == 0
    same, moved = (
        drift(cli("evaluate", "run", f"{name}.csv", "--json")) for name in ("same", "moved")
    )
    assert same["todo"] == "nothing"
    assert moved["todo"] == "recalibrate"
    assert len(moved["classes"]) == 3
    assert cli("decide", "run", "--recalibrate", "moved.csv").code == 0
    again = drift(cli("evaluate", "run", "moved.csv", "--json"))
    assert again["todo"] == "nothing"


def test_few_rows_do_not_pass_for_proof(cli, run, payments):
    payments(40, 0.2, seed=3).write_csv("few.csv")
    answer = cli("evaluate", "run", "few.csv", "--json")
    drift = json.loads(answer.out)["drift"]
    assert drift["todo"] == "nothing"
    assert "of yes little could show" in drift["why"]


def test_rows_whose_outcome_is_not_known_yet_are_left_out_and_counted(cli, run, payments):
    later = payments(1500, 0.2, seed=11)
    known = pl.arange(1500) % 3 > 0
    later.with_columns(y=pl.when(known).then(pl.col("y"))).write_csv("partly.csv")
    later.filter(known).write_csv("known.csv")
    partly, whole = (
        json.loads(cli("evaluate", "run", f"{name}.csv", "--json").out)
        for name in ("partly", "known")
    )
    assert partly["test"] == whole["test"]
    assert partly["drift"]["classes"] == whole["drift"]["classes"]
    assert (partly["later"]["rows"], partly["later"]["unknown"]) == (1000, 500)
    assert whole["later"]["unknown"] == 0
    shown = " ".join(cli("evaluate", "run", "partly.csv").out.split())
    assert "500 of 1,500 rows have no outcome yet and are left out" in shown
    assert cli("decide", "run", "--recalibrate", "partly.csv").code == 0
    assert json.loads((run / "decision.json").read_text())["chosen_on"].startswith(
        "1,000 later rows"
    )


def test_rows_of_training_and_rows_that_recalibrated_do_not_pass_for_later_ones(
    cli, refused, run, payments
):
    trained = pl.read_parquet(run / "predictions_oof.parquet")["row"].unique()
    mixed = pl.concat([payments(1500, 0.2, seed=4), payments(500, 0.2, seed=11)])
    mixed.write_csv("mixed.csv")
    answer = cli("evaluate", "run", "mixed.csv", "--json")
    told = json.loads(answer.out)["later"]
    assert told["trained_on"] == len(trained)
    drifted = json.loads(answer.out)["drift"]
    assert drifted["todo"] == "nothing"
    assert "most of these rows were in the training table" in drifted["why"]
    assert told["calibrated_on"] == 0
    assert (
        f"{len(trained):,} of 2,000 rows of mixed.csv were in the training table, too" in answer.err
    )
    said = refused("decide", "run", "--recalibrate", "mixed.csv")
    assert f"Of 2,000 rows of mixed.csv the model was trained on {len(trained):,}, and " in said
    payments(800, 0.2, seed=12).write_csv("new.csv")
    assert cli("decide", "run", "--recalibrate", "new.csv", "--quiet") == (0, "", "")
    answer = cli("evaluate", "run", "new.csv", "--json")
    assert json.loads(answer.out)["later"]["calibrated_on"] == 800
    assert (
        "800 of 800 rows of new.csv are among those that the decision in force was calibrated"
        in answer.err
    )
    assert cli("decide", "run", "--metric", "f1", "--quiet").code == 0
    assert "seen" not in json.loads((run / "decision.json").read_text()), "of no decision before"


def test_the_runs_own_untouched_rows_are_none_to_recalibrate_on(cli, refused, run, payments):
    tested = pl.read_parquet(run / "predictions_test.parquet")["row"]
    own, later = payments(1500, 0.2, seed=4)[tested.to_list()], payments(1500, 0.2, seed=11)
    own.write_csv("own.csv")
    said = refused("decide", "run", "--recalibrate", "own.csv")
    assert f"{len(tested):,} are the untouched rows it was tested on" in said
    pl.concat([own, later]).write_csv("some.csv")
    answer = cli("decide", "run", "--recalibrate", "some.csv", "--quiet")
    assert answer.code == 0
    told = f"{len(tested):,} of them among the untouched rows of the run"
    assert told in answer.err
    assert told in json.loads((run / "decision.json").read_text())["chosen_on"]


def test_shares_and_costs_as_people_write_them(cli, refused, run):
    stored = {}
    for number, percent in (("0.5", "50%"), ("0.35", "35 %")):
        for given in (number, percent):
            assert cli("decide", "run", "--min-precision", given, "--quiet").code == 0
            stored[given] = json.loads((run / "decision.json").read_text())["decision"]
        assert stored[number] == stored[percent]
    assert (
        "--min-precision must be a number above 0 and at most 1. Got 80.0. Write 0.8 or 80%."
        in refused("decide", "run", "--min-precision", "80")
    )
    assert "--min-precision must be a share such as 0.8 or 80%. Got 'most'" in refused(
        "decide", "run", "--min-precision", "most"
    )
    Path("costs.csv").write_text("true,yes,no\nno,4,0\nyes,1,30\n")
    assert cli("decide", "run", "--cost-matrix", "costs.csv", "--quiet").code == 0
    matrix = json.loads((run / "decision.json").read_text())["decision"]
    options = ("--cost-fn", "30", "--cost-fp", "4", "--cost-tp", "1")
    assert cli("decide", "run", *options, "--quiet").code == 0
    costs = json.loads((run / "decision.json").read_text())["decision"]
    assert costs["threshold"] == matrix["threshold"]
    Path("costs.csv").write_text("true,b,a\na,4,0\nb,1,30\n")
    assert "--cost-matrix must name the classes 'no', 'yes'. Got 'b', 'a'." in refused(
        "decide", "run", "--cost-matrix", "costs.csv"
    )


def test_a_prevalence_is_estimated_from_rows_without_outcome(cli, refused, run, payments):
    payments(1500, 0.45, seed=11).drop("y").write_csv("la ter.csv")
    answer = cli("decide", "run", "--deploy-prevalence", "la ter.csv", "--json")
    assert answer.code == 0, answer
    facts = json.loads(answer.out)
    assert facts["decision"]["prevalence"] == pytest.approx(0.45, abs=0.04)
    told = facts["decision"]["notes"][-1]
    assert told.startswith(
        "that prevalence was estimated from the scores of 1,500 rows of la ter.csv"
    )
    stored = json.loads((run / "decision.json").read_text())
    assert stored["adjustment"]["kind"] == "prior-shift"
    assert stored["decision"]["prevalence"] == pytest.approx(facts["decision"]["prevalence"])
    scored = payments(1500, 0.45, seed=11)
    scored.write_csv("truth.csv")
    found = drift(cli("evaluate", "run", "truth.csv", "--json"))
    assert found["todo"] == "nothing", "the estimate put the probabilities where the truth lies"
    pl.DataFrame({"a": [1.0]}).write_csv("short.csv")
    assert "It lacks 2: 'b', 'c'" in refused("decide", "run", "--deploy-prevalence", "short.csv")
    said = refused("decide", "run", "--deploy-prevalence", "no-such.csv")
    assert "must be a share such as 0.002 or 0.2%, or a file of rows without outcome" in said
    assert "--recalibrate" in refused("decide", "run", "--deploy-prevalence", "truth.csv")


@pytest.mark.parametrize(
    ("a", "says"), [(-4.0, "none of its 1,500 rows is positive"), (-99.0, "All rows say the same")]
)
def test_rows_without_outcome_that_tell_no_prevalence(cli, refused, run, payments, a, says):
    payments(1500, 0.2, seed=11).drop("y").with_columns(a=pl.lit(a)).write_csv("none.csv")
    said = refused("decide", "run", "--deploy-prevalence", "none.csv")
    assert "--deploy-prevalence cannot be estimated from none.csv: " in said
    assert says in said
