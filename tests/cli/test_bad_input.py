"""Bad input to `run` and `check`: exit code 2, one clear sentence, nothing written or lost."""

import gzip
import re
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

BINARY = {
    "empty.csv": (b"", "empty.csv is empty"),
    "blank.csv": (b"\n\n \n", "holds no rows"),
    "header.csv": (b"a,b,y\n", "has a header and no rows below it"),
    "bytes.csv": (bytes(range(256)) * 40, "is a binary file"),
    "image.csv": (b"\x89PNG\r\n\x1a\n" + bytes(999), "is an image"),
    "model.pkl": (b"\x80\x04\x95" + bytes(99), "Python pickle, which is never loaded"),
    "cut.parquet": (b"PAR1 and then nothing", "cannot be read as Parquet"),
    "cut.csv.gz": (gzip.compress(b"a,y\n1,2\n" * 99)[:-9], "damaged gzip"),
    "cut.zip": (b"PK\x03\x04 and then nothing", "damaged zip"),
    "cut.npz": (b"\x93NUMPY and then nothing", "damaged numpy file"),
    "cut.jsonl": (b'{"a": 1, "y": ', "cannot be read as JSON Lines"),
}


def words(given):
    return " ".join(given) if isinstance(given, tuple) else ""


@pytest.mark.parametrize("name", BINARY)
def test_files_that_are_no_tables(refused, quick, name):
    content, says = BINARY[name]
    Path(name).write_bytes(content)
    assert says in refused("run", name, "--target", "y", *quick)
    assert says in refused("check", name, "--target", "y")


def test_a_missing_file_offers_the_near_one(refused, payments, quick):
    payments().write_csv("payments.csv")
    said = refused("run", "paymnets.csv", "--target", "y", *quick)
    assert said == "evenkeel: There is no file paymnets.csv. Did you mean 'payments.csv'?\n"


def test_a_folder_without_tables_and_a_file_that_may_not_be_read(refused, quick, monkeypatch):
    Path("folder").mkdir()
    assert "folder without .parquet files" in refused("run", "folder", "--target", "y", *quick)
    Path("tx.csv").write_text("a,y\n1,no\n")

    def forbidden(*args, **kwargs):
        raise PermissionError(13, "Permission denied", "tx.csv")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "tx.csv cannot be read: Permission denied" in refused("run", "tx.csv", "--target", "y")


def test_a_zip_that_would_fill_the_memory(refused, quick):
    with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"a,y\n" + b"0,0\n" * (30 << 20))
    assert "decompression bomb" in refused("run", "bomb.zip", "--target", "y", *quick)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", "is_y"), "target must be a column of the table. Got 'is_y'"),
        (("--target", "7"), "Got position 7, but there are 4 columns"),
        (("--target", "y", "--positive", "maybe"), "Its labels: 'no', 'yes'"),
        (("--target", "y", "--positive", "Yes"), "Did you mean 'yes'?"),
        (("--target", "a"), "looks like a continuous number: 400 distinct values in 400 rows"),
        (("--target", "y", "--drop", "aa"), "drop must be a column"),
        (("--target", "y", "--keep", "aa"), "keep must be a column"),
        (("--target", "y", "--group", "shop"), "group must be a column"),
        (("--target", "y", "--time", "ts"), "time must be a column"),
        (("--target", "y", "--time", "c"), "must hold dates or times"),
        (("--target", "y", "--drop", "y"), "drop must not be the target"),
        (("--target", "y", "--drop", "a,b,c"), "must have a column besides the target"),
        (("--target", "y", "--names", "names.txt"), "There is no file names.txt"),
        (("--target", "y", "--map-target", "map.csv"), "There is no file map.csv"),
        (("--target", "y", "--test", "test.csv"), "There is no file test.csv"),
    ],
    ids=words,
)
def test_columns_and_labels_that_are_not_there(refused, payments, quick, options, says):
    payments().write_csv("tx.csv")
    assert says in refused("run", "tx.csv", *options, *quick)
    if "--keep" not in options:
        assert says in refused("check", "tx.csv", *options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--remedies", "smot"), "Did you mean 'smote'"),
        (("--remedies", "smote(q=3)"), "knob of smote must be one of 'k', 'ratio'. Got 'q'"),
        (("--remedies", "smote(k=0)"), "k of smote must be a whole number of at least 1"),
        (("--remedies", "smote(k"), "must be written name or name(knob=number)"),
        (("--remedies", "none+smote"), "'none' stands alone"),
        (("--remedies", ""), "must name at least one remedy"),
        (("--remedies", "cost-weight"), "'cost-weight' of run must go with costs"),
        (("--learner", "lightgmb"), "Did you mean 'lightgbm'?"),
        (("--learner", "prevalence"), "--learner must be one of 'lightgbm', 'logistic'"),
        (("--learner", ","), "learners of run must name at least one of lightgbm, logistic"),
        (("--metric", "auc"), "Did you mean 'roc-auc'?"),
        (("--metric", "cost"), "--metric must go with costs when it is 'cost'"),
        (("--scenario", "frauds"), "Did you mean 'fraud'?"),
        (("--cost-fn", "-3", "--cost-fp", "1"), "must be a number of at least 0. Got -3"),
        (("--cost-fn", "3", "--cost-fp", "nan"), "must be a number of at least 0. Got nan"),
        (("--cost-fn", "inf", "--cost-fp", "1"), "must be a number of at least 0. Got inf"),
        (
            ("--cost-fn", "12 euro", "--cost-fp", "1"),
            "must be a column of the table. Got '12 euro'",
        ),
        (("--cost-fn", "c", "--cost-fp", "1"), "cost column 'c' must hold numbers"),
        (("--cost-fn", "b", "--cost-fp", "1"), "cost column 'b' must hold numbers of at least 0"),
        (("--cost-fn", "3"), "must be given together. Got only --cost-fn"),
        (("--cost-fp", "3"), "must be given together. Got only --cost-fp"),
        (("--cost-fn", "0", "--cost-fp", "0"), "make every decision equal"),
        (("--seed", "-1"), "--seed must be a whole number of at least 0"),
        (("--jobs", "0"), "--jobs must be a whole number of at least 1"),
        (("--test-size", "0"), "--test-size must be a number above 0 and below 1"),
        (("--test-size", "nan"), "--test-size must be a number above 0 and below 1"),
        (("--time-budget", "soon"), "must be a time such as 90s, 10m or 1h30m. Got 'soon'"),
        (("--time-budget", "-5s"), "must be a time such as 90s, 10m or 1h30m. Got '-5s'"),
        (("--out", ""), "--out must name a folder"),
        (("--out", "tx.csv"), "tx.csv exists"),
        (("--resume",), "name it with --out"),
        (("--resume", "--out", "runs/none"), "runs/none holds none"),
    ],
    ids=words,
)
def test_options_that_cannot_be_used(refused, payments, options, says):
    payments().write_csv("tx.csv")
    assert says in refused("run", "tx.csv", "--target", "y", *options)


@pytest.mark.parametrize(
    "options",
    [("--seed", "seven"), ("--jobs", "many"), ("--postive", "yes"), ("--test-size", "half")],
    ids=" ".join,
)
def test_options_of_another_kind_or_name_show_how_to_get_help(cli, payments, on_disk, options):
    payments().write_csv("tx.csv")
    before = on_disk()
    answer = cli("run", "tx.csv", "--target", "y", *options)
    assert answer.code == 2
    assert "evenkeel run --help" in answer.err
    assert "Traceback" not in answer.err
    assert on_disk() == before


def test_what_is_missing_is_named(cli):
    assert "Missing option '--target'" in cli("run", "tx.csv").err
    assert "No such command 'train'" in cli("train").err


def test_targets_that_hold_nothing_to_learn(refused, payments, quick):
    same = payments().with_columns(y=pl.lit("no"))
    same.write_csv("one.csv")
    assert "All 400 rows are 'no'" in refused("run", "one.csv", "--target", "y", *quick)
    ids = payments().with_columns(y=pl.format("tx-{}", pl.int_range(400)))
    ids.write_csv("ids.csv")
    assert "looks like an identifier" in refused("run", "ids.csv", "--target", "y", *quick)


def test_several_classes_refuse_what_needs_two_before_anything_is_fitted(refused, payments, quick):
    three = np.repeat(["a", "b", "c"], [200, 140, 60])
    payments().with_columns(y=pl.Series(three)).write_csv("tx.csv")
    ask = ("run", "tx.csv", "--target", "y", *quick)
    assert "must go with two classes. Got 3" in refused(*ask, "--cost-fn", "3", "--cost-fp", "1")
    assert "needs a positive class" in refused(*ask, "--scenario", "fraud")
    for metric in ("precision", "recall", "specificity", "youden"):
        assert f"Got '{metric}'" in refused(*ask, "--metric", metric)


def test_a_test_file_that_cannot_judge_is_refused_before_anything_is_fitted(
    refused, payments, quick, monkeypatch
):
    payments().write_csv("tx.csv")
    new = payments(100, seed=1)
    new.filter(pl.col("y") == "no").write_csv("same.csv")
    new.drop("y").write_csv("blind.csv")
    new.drop("a").write_csv("less.csv")
    new.with_columns(y=pl.lit("odd")).write_csv("odd.csv")
    monkeypatch.setattr("evenkeel.job.run_race", None)
    ask = ("run", "tx.csv", "--target", "y", *quick, "--test")
    said = refused(*ask, "same.csv")
    assert "same.csv" in said
    assert "two classes" in said
    assert "'y'" in refused(*ask, "blind.csv")
    assert "It lacks 1: 'a'" in refused(*ask, "less.csv")
    assert "label that training never saw: 'odd'" in refused(*ask, "odd.csv")


def test_missing_labels_are_counted_and_left_out_on_request(refused, cli, payments, quick):
    label = pl.when(pl.int_range(400) % 50 == 0).then(None).otherwise(pl.col("y"))
    payments().with_columns(y=label).write_csv("tx.csv")
    said = refused("run", "tx.csv", "--target", "y", *quick)
    assert "8 of 400 rows have none (first: rows 0, 50, 100" in said
    assert "--drop-missing-target" in said
    answer = cli("run", "tx.csv", "--target", "y", "--drop-missing-target", *quick)
    assert answer.code == 0
    assert "392 rows" in answer.out


def test_fewer_than_10_positives_need_force_and_then_say_so(refused, cli, payments, quick):
    few = payments(share=0).with_columns(y=pl.Series(["yes"] * 8 + ["no"] * 392))
    few.write_csv("tx.csv")
    said = refused("run", "tx.csv", "--target", "y", *quick)
    assert "at least 10 rows of the rare class" in said
    assert "Got 8. Collect more, or go on with --force." in said
    answer = cli("run", "tx.csv", "--target", "y", "--force", *quick)
    assert answer.code == 3
    assert "Weak evidence: 8 positives" in answer.out


def test_10_to_49_positives_finish_with_3_and_keep_the_baseline(cli, payments, quick):
    weak = payments(share=0).with_columns(y=pl.Series(["yes"] * 49 + ["no"] * 351))
    weak.write_csv("tx.csv")
    answer = cli("run", "tx.csv", "--target", "y", *quick)
    assert answer.code == 3
    assert re.search(r"Chosen +none with logistic: Too few positives", answer.out)


def test_a_time_that_does_not_parse_names_its_rows(refused, payments, quick):
    when = pl.date_range(pl.date(2020, 1, 1), pl.date(2021, 2, 3), eager=True)[:400]
    frame = payments().with_columns(ts=when.cast(str))
    broken = frame.with_columns(
        ts=pl.when(pl.int_range(400) == 7).then(pl.lit("soon")).otherwise("ts")
    )
    broken.write_csv("tx.csv")
    said = refused("run", "tx.csv", "--target", "y", "--time", "ts", *quick)
    assert "'soon' in row 7" in said


def test_an_output_folder_that_holds_something_is_left_alone(refused, payments, quick):
    payments().write_csv("tx.csv")
    Path("runs/jan").mkdir(parents=True)
    Path("runs/jan/notes.txt").write_text("mine")
    said = refused("run", "tx.csv", "--target", "y", "--out", "runs/jan", *quick)
    assert "runs/jan exists: name another with --out, or go on with it by --resume" in said
    said = refused("run", "tx.csv", "--target", "y", "--out", "runs/jan", "--resume", *quick)
    assert "runs/jan holds none" in said
