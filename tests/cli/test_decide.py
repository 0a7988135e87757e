"""`decide`: another decision for a finished run, from its stored scores, without its model."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenkeel.cli import main

SHORT = ("--quick", "--remedies", "none", "--learner", "logistic", "--quiet")


@pytest.fixture(scope="module")
def dated(tmp_path_factory, payments):
    """A run in time, by card, with a capacity by day, on columns named like those of its scores."""
    folder = tmp_path_factory.mktemp("dated")
    n, rng = 900, np.random.default_rng(3)
    more = {
        "ts": pl.datetime_range(
            pl.datetime(2024, 1, 1), pl.datetime(2024, 3, 31), "144m", eager=True
        )[:n],
        "card": rng.integers(0, 300, n).astype(str),
        "target": rng.gamma(2, 50, n),
        "raw_yes": rng.gamma(2, 50, n),
        "probability": rng.gamma(2, 50, n),
    }
    payments(n, 0.2, **more).write_parquet(folder / "tx [1].parquet")
    out = ("--out", str(folder / "run [1]"), "--time", "ts", "--capacity", "2/day")
    with pytest.raises(SystemExit) as left:
        main(["run", str(folder / "tx [1].parquet"), "--target", "y", *SHORT, *out])
    assert not left.value.code
    return folder / "run [1]"


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A run on three classes."""
    folder = tmp_path_factory.mktemp("three")
    rng = np.random.default_rng(0)
    y = rng.choice(3, 900, p=[0.7, 0.2, 0.1])
    table = {"a": rng.normal(size=900) + 2 * (y == 1), "b": rng.normal(size=900) + 2 * (y == 2)}
    pl.DataFrame(table | {"y": np.array(["calm", "busy", "storm"])[y]}).write_csv(folder / "t.csv")
    with pytest.raises(SystemExit) as left:
        main(["run", str(folder / "t.csv"), "--target", "y", *SHORT, "--out", str(folder / "run")])
    assert not left.value.code
    return folder / "run"


def stored(folder="done"):
    return json.loads((Path(folder) / "decision.json").read_text())


def files(folder="done"):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(folder).iterdir()
        if path.name != "decision.json"
    }


ASKED = {
    "costs": (["--cost-fn", "30", "--cost-fp", "4"], "Cost: a miss 30, a false alarm 4"),
    "a share": (["--capacity", "10%"], "at most 10 % of the rows flagged"),
    "top": (["--top", "20"], "at most 20 rows of any table flagged"),
    "precision": (["--min-precision", "0.6"], "with a precision of at least 0.6"),
    "recall": (["--min-recall", "0.8"], "with a recall of at least 0.8"),
    "guaranteed": (
        ["--min-recall", "0.5", "--confidence", "0.9"],
        "guaranteed with 90 % confidence",
    ),
    "f2": (["--metric", "f2"], "The highest F2"),
    "g-mean": (["--metric", "g-mean"], "The highest G-mean"),
    "scenario": (["--scenario", "fraud"], "Scenario fraud"),
    "bands": (["--bands", "0.1,0.5"], "approve below 0.1, review up to 0.5, block"),
    "prevalence": (["--deploy-prevalence", "0.02"], "weighed to a prevalence of 0.02"),
}


@pytest.mark.parametrize("what", ASKED)
def test_a_new_decision_is_in_force_and_nothing_else_was_touched(cli, done, what):
    (done / "model.skops").unlink()
    before, first = files(), stored()
    options, said = ASKED[what]
    answer = cli("decide", "done", *options)
    assert answer.code == 0, answer
    assert answer.err == ""
    lines = answer.out.splitlines()
    assert lines[0].startswith("Before       Act when p >= ")
    assert said in " ".join(" ".join(line.split()) for line in lines)
    assert lines[-1] == (
        "In force from now on. The page tells of the one before until: evenkeel report done"
    )
    assert all(len(line) <= 100 for line in lines)
    assert files() == before
    now = stored()
    assert now["page_is_older"] is True
    assert now["history"][-1]["policy"] == "scenario general: the highest F1"
    assert (now["labels"], now["calibrator"]) == (first["labels"], first["calibrator"])
    answer = cli("report", "done")
    assert answer == (0, "Wrote done/report.html\n", "")
    now = stored()
    assert now["page_is_older"] is False
    card = (done / "MODEL_CARD.md").read_text()
    policy = said if what != "prevalence" else "The highest F1"
    assert policy.lower() in " ".join(card.split()).lower()
    assert cli("report", "done").code == 0, "and again"
    assert stored() == now


def test_json_is_one_document_and_quiet_says_nothing(cli, done):
    answer = cli("decide", "done", "--metric", "f2", "--json")
    told = json.loads(answer.out)
    assert answer.code == 0
    assert told["policy"]["sentence"] == "the highest F2"
    assert told["decision"]["threshold"] == pytest.approx(stored()["decision"]["threshold"])
    assert told["before"].startswith("Act when p >= ")
    assert cli("decide", "done", "--metric", "f1", "--quiet") == (0, "", "")
    assert json.loads(cli("decide", "done", "--top", "5", "--json", "--quiet").out)["policy"]
    assert [past["policy"] for past in stored()["history"]][1:] == [
        "the highest F2", "the highest F1",
    ]  # fmt: skip


REFUSED = {
    "nothing": ([], "must say what decisions are for. Got nothing"),
    "an unknown column": (["--cost-fn", "aa", "--cost-fp", "4"], "Did you mean 'a'?"),
    "a column of text": (["--cost-fn", "c", "--cost-fp", "4"], "must be a numeric column"),
    "the target": (["--cost-fn", "y", "--cost-fp", "4"], "There are: a, b."),
    "one cost": (
        ["--cost-fn", "4"],
        "--cost-fn and --cost-fp must be given together. Got only --cost-fn",
    ),
    "no stakes": (["--cost-fn", "0", "--cost-fp", "0"], "make every decision equal"),
    "costs below 0": (["--cost-fn", "b", "--cost-fp", "4"], "must hold numbers of at least 0"),
    "NaN": (["--cost-fn", "nan", "--cost-fp", "4"], "number of at least 0"),
    "a day": (["--capacity", "3/day"], "needs a time column with dates; got none"),
    "a fortnight": (["--capacity", "3/fortnight"], "must be per hour, day, week, month"),
    "a recall": (
        ["--min-recall", "1", "--capacity", "5%"],
        "recall 1 is not reached at any threshold within the limit; the best is 0.",
    ),
    "no promise": (
        ["--min-recall", "0.99", "--confidence", "0.99"],
        "cannot be guaranteed at 99 % with",
    ),
    "a promise and a capacity": (
        ["--min-recall", "0.5", "--confidence", "0.9", "--capacity", "5%"],
        "Got a capacity too",
    ),
    "two goals": (["--metric", "f1", "--scenario", "spam"], "exclude each other"),
    "a ranking": (["--metric", "roc-auc"], "judges a ranking and cannot choose decisions"),
    "no metric": (["--metric", "f-one"], "--metric must be one of"),
    "one band": (["--bands", "0.1"], "must be two probabilities, rising"),
    "falling bands": (["--bands", "0.5,0.1"], "must rise"),
    "a prevalence of 1": (["--metric", "f1", "--deploy-prevalence", "1"], "above 0 and below 1"),
    "recall by class": (["--min-recall", "yes=0.5"], "needs several classes"),
    "no such file": (["--recalibrate", "later.csv"], "There is no file later.csv"),
    "two prevalences": (
        ["--recalibrate", "tx.csv", "--deploy-prevalence", "0.1"],
        "exclude each other",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_served_leaves_the_run_as_it_is(refused, done, what):
    options, said = REFUSED[what]
    told = refused("decide", "done", *options)
    assert said in told


def test_folders_and_options_that_are_none(refused, cli, done):
    assert "nowhere is not a folder" in refused("decide", "nowhere", "--metric", "f2")
    assert "tx.csv is not a folder" in refused("decide", "tx.csv", "--metric", "f2")
    Path("empty").mkdir()
    assert "run.json is missing" in refused("decide", "empty", "--metric", "f2")
    assert cli("decide", "done", "--threshold", "0.5").code == 2


def test_predict_follows_the_decision_in_force(cli, done):
    assert cli("decide", "done", "--bands", "0.1,0.5", "--quiet").code == 0
    assert cli("predict", "done", "tx.csv", "-o", "s.csv", "--quiet").code == 0
    scored = pl.read_csv("s.csv")
    p = scored["probability"].to_numpy()
    wanted = np.where(p < 0.1, "approve", np.where(p < 0.5, "review", "block"))
    assert scored["band"].to_list() == wanted.tolist()
    assert scored["decision"].to_list() == np.where(p >= 0.5, "yes", "no").tolist()
    assert cli("decide", "done", "--cost-fn", "30", "--cost-fp", "4", "--quiet").code == 0
    assert cli("predict", "done", "tx.csv", "-o", "c.csv", "--quiet").code == 0
    costly = pl.read_csv("c.csv")
    act = costly["decision"].to_numpy() == "yes"
    wanted = np.where(act, 4 * (1 - p), 30 * p)
    assert costly["expected_cost"].to_numpy() == pytest.approx(wanted)
    assert "band" not in costly.columns
    assert cli("decide", "done", "--top", "7", "--quiet").code == 0
    assert cli("predict", "done", "tx.csv", "-o", "t.csv", "--quiet").code == 0
    top = pl.read_csv("t.csv").filter(pl.col("decision") == "yes")
    assert top.height == 7
    assert top["probability"].min() == np.sort(p)[-7]


def test_probabilities_move_to_the_prevalence_of_deployment_and_back(cli, done):
    def scored():
        assert cli("predict", "done", "tx.csv", "-o", "s.parquet", "--quiet").code == 0
        return pl.read_parquet("s.parquet")["probability"].to_numpy()

    before = scored()
    share = stored()["decision"]["prevalence"]
    assert cli("decide", "done", "--deploy-prevalence", "0.01", "--quiet").code == 0
    ratio = (0.01 / share) / (0.99 / (1 - share))
    assert scored() == pytest.approx(before * ratio / (before * ratio + 1 - before))
    assert stored()["decision"]["prevalence"] == pytest.approx(0.01)
    assert cli("decide", "done", "--metric", "f1", "--quiet").code == 0
    assert scored() == pytest.approx(before)


def test_a_run_with_a_capacity_shows_alerts_a_day(cli, refused, dated):
    shutil.copytree(dated, "run [1]")
    facts = json.loads((dated / "metrics.json").read_text())
    assert facts["test"]["alerts_by_period"]["per"] == "day"
    assert facts["policy"]["sentence"] == "the highest recall with at most 2 alerts a day"
    answer = cli("decide", "run [1]", "--capacity", "1/day")
    assert answer.code == 0
    assert " alerts a day over 18 days (from " in answer.out
    file = stored("run [1]")["decision"]
    flagged = sum(row[1] for row in file["confusion"])
    assert flagged <= 720 * 90 / 900, "one a day of ten rows a day"
    answer = cli("decide", "run [1]", "--capacity", "8/week", "--json")
    assert json.loads(answer.out)["test"]["alerts_by_period"]["per"] == "week"
    assert "must be a numeric column" in refused(
        "decide", "run [1]", "--cost-fn", "ts", "--cost-fp", "4"
    )


@pytest.mark.parametrize("name", ["target", "raw_yes", "probability"])
def test_costs_in_columns_named_like_those_of_the_scores(cli, dated, name):
    shutil.copytree(dated, "run [1]")
    shutil.copy(dated.parent / "tx [1].parquet", "tx [1].parquet")
    options = ("--cost-fn", name, "--cost-fp", "40")
    assert cli("decide", "run [1]", *options, "--quiet").code == 0
    assert cli("predict", "run [1]", "tx [1].parquet", "-o", "s.parquet", "--quiet").code == 0
    scored, file = pl.read_parquet("s.parquet"), stored("run [1]")["decision"]
    paid = pl.read_parquet(Path("tx [1].parquet").read_bytes())[name].to_numpy()
    p = scored["probability"].to_numpy()
    stake = p * paid
    act = stake / (stake + (1 - p) * 40) >= file["threshold"]
    assert ((scored["decision"] == "yes").to_numpy() == act).all()
    assert scored["expected_cost"].to_numpy() == pytest.approx(np.where(act, (1 - p) * 40, stake))
    assert cli("report", "run [1]").code == 0


def test_several_classes_have_a_recall_each(cli, refused, three):
    shutil.copytree(three, "run")
    answer = cli("decide", "run", "--min-recall", "storm=0.9,busy=0.5")
    assert answer.code == 0
    table = np.array(stored("run")["decision"]["confusion"])
    labels = stored("run")["labels"]
    recall = dict(zip(labels, table.diagonal() / table.sum(axis=1), strict=True))
    assert recall["storm"] >= 0.9 - 1e-9
    assert recall["busy"] >= 0.5 - 1e-9
    assert "storm" in answer.out
    assert cli("report", "run").code == 0
    assert cli("decide", "run", "--scenario", "general", "--quiet").code == 0
    assert stored("run")["decision"]["policy"]["goal"] == "balanced-accuracy"
    for options, said in (
        (("--min-recall", "strom=0.5"), "Did you mean 'storm'?"),
        (("--min-recall", "0.5"), "needs two classes"),
        (("--capacity", "5%"), "needs two classes"),
        (("--bands", "0.1,0.2"), "needs two classes"),
        (("--cost-fn", "3", "--cost-fp", "1"), "Costs for 2 classes cannot decide between 3"),
        (("--deploy-prevalence", "0.1"), "needs two classes"),
        (("--min-recall", "calm=1,busy=1,storm=1"), "no offsets keep every minimum recall"),
    ):
        assert said in refused("decide", "run", *options)


def test_a_test_file_an_integer_target_and_a_counter_for_time(cli, refused, payments):
    table = payments(600, 0.2).with_columns(
        y=(pl.col("y") == "yes").cast(pl.Int64) + 1, step=pl.arange(600), card=pl.arange(600) // 3
    )
    table[:450].write_csv("train.csv")
    table[450:].write_csv("test.csv")
    for out, more in (
        ("file", ("--test", "test.csv")),
        ("steps", ("--time", "step", "--group", "card")),
    ):
        assert cli("run", "train.csv", "--target", "y", *SHORT, *more, "--out", out).code in {0, 3}
        assert cli("decide", out, "--cost-fn", "9", "--cost-fp", "1").code == 0
        assert stored(out)["labels"] == [1, 2]
        assert cli("report", out).code == 0
        assert "needs a time column with dates; got" in refused(
            "decide", out, "--capacity", "1/day"
        )


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")]
)
@pytest.mark.parametrize("asked", [("--metric", "f2"), ("--recalibrate", "tx.csv")])
def test_a_decision_that_cannot_be_written_leaves_the_old_one(
    refused, done, monkeypatch, payments, asked, number, says
):
    payments(seed=8).write_csv("tx.csv")

    def impossible(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.replace", impossible)
    monkeypatch.setattr("os.fsync", impossible)
    assert says in refused("decide", done, *asked)


def test_decisions_made_by_several_processes_at_once_are_all_in_the_history_or_refused(done):
    asked = ("f1", "f2", "mcc", "youden")
    at_once = [
        subprocess.Popen(
            [sys.executable, "-m", "evenkeel", "decide", str(done), "--metric", name],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for name in asked
    ]  # fmt: skip
    answers = [(process.communicate()[1], process.returncode) for process in at_once]
    made = [name for name, (_, code) in zip(asked, answers, strict=True) if code == 0]
    assert made
    assert {said for said, code in answers if code == 0} == {""}
    for said, code in answers:
        assert code == 0 or (code == 2 and "was changed while this one was made" in said)
    assert len(stored()["history"]) == len(made)
    assert stored()["decision"]["policy"]["goal"] in made
    assert not list(done.glob(".*")), "no half of a file"
