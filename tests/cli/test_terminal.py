"""What reaches the terminal: lists, help, one sentence for whatever goes wrong."""

import io
import json
import re
import sys
import warnings

import polars as pl
import pytest

from evenkeel.catalogue import CATALOGUE
from evenkeel.cli.terminal import Bar
from evenkeel.errors import EvenkeelWarning


def test_remedies_are_listed_whole(cli):
    answer = cli("remedies")
    assert answer.code == 0
    rows = json.loads(cli("remedies", "--json").out)
    assert [row["name"] for row in rows] == list(CATALOGUE)
    for row in rows:
        assert set(row) == {"name", "class", "changes", "knobs", "doc", "source"}
        for part in (row["name"], row["changes"], row["doc"], row["source"], *row["knobs"]):
            assert part in answer.out


def test_sample_writes_the_same_table_again(cli, refused):
    for suffix in ("csv", "parquet"):
        answer = cli("sample", "payments", "-o", f"tx.{suffix}", "--rows", "900", "--seed", "3")
        assert answer.code == 0
        assert f"Wrote tx.{suffix}: 900 rows" in answer.out
    first = pl.read_parquet("tx.parquet")
    assert first.height == pl.read_csv("tx.csv").height == 900
    cli("sample", "payments", "-o", "again.parquet", "--rows", "900", "--seed", "3")
    assert pl.read_parquet("again.parquet").equals(first)
    assert "Did you mean 'payments'?" in refused("sample", "paymets", "-o", "x.csv")
    assert ".csv or .parquet file" in refused("sample", "payments", "-o", "x.xlsx")
    assert "at least 100" in refused("sample", "payments", "-o", "x.csv", "--rows", "-5")


def test_help_and_version(cli):
    for command in ("check", "run", "predict", "report", "remedies", "sample"):
        assert command in cli("--help").out
        assert cli(command, "--help").code == 0
    assert re.fullmatch(r"evenkeel \d+\.\d+\.\d+\n", cli("--version").out)


def test_json_for_a_terminal_that_knows_no_unicode(cli, payments, monkeypatch):
    payments().rename({"a": "ä"}).write_csv("ü.csv")
    plain = cli("check", "ü.csv", "--target", "y", "--json").out
    assert "ü" in plain
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", ascii_only)
    cli("check", "ü.csv", "--target", "y", "--json")
    assert json.loads(ascii_only.buffer.getvalue()) == json.loads(plain)


def test_what_nobody_foresaw_is_called_our_fault(cli, payments, monkeypatch):
    payments().write_csv("tx.csv")

    def broken(*args, **kwargs):
        raise RuntimeError("the moon")

    monkeypatch.setattr("evenkeel.job.look", broken)
    answer = cli("check", "tx.csv", "--target", "y")
    assert answer.code == 70, "neither a blocker (1) nor bad input (2)"
    assert "Traceback" in answer.err
    last = answer.err.splitlines()[-1]
    assert last.startswith("evenkeel: a fault of evenkeel, not of yours: RuntimeError: the moon")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "out of memory"),
        (PermissionError(13, "Permission denied", "/data/tx.csv"), "/data/tx.csv: Permission"),
        (OSError("no\nluck"), r"no\nluck"),
    ],
    ids=["memory", "permission", "system"],
)
def test_what_the_machine_refuses_is_one_sentence(refused, monkeypatch, error, says):
    def broken(*args, **kwargs):
        raise error

    monkeypatch.setattr("evenkeel.job.look", broken)
    assert says in refused("check", "tx.csv", "--target", "y")


def test_our_warnings_are_sentences_and_those_of_others_are_not_shown(cli, payments, monkeypatch):
    payments().write_csv("tx.csv")

    def warns(*args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("LightGBM cannot be loaded.", EvenkeelWarning, stacklevel=1)
            warnings.warn("soon deprecated", FutureWarning, stacklevel=1)
        return {"data": {"classes": []}, "audit": []}

    monkeypatch.setattr("evenkeel.job.look", warns)
    answer = cli("check", "tx.csv", "--target", "y", "--json")
    assert answer.err == "evenkeel: LightGBM cannot be loaded.\n"


def test_a_log_gets_a_line_at_the_start_every_half_minute_and_at_the_end(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("evenkeel.cli.terminal.time.monotonic", lambda: now[0])
    with Bar(shown=True) as bar:
        bar.step(0, 200, "none")
        for done in range(1, 201):
            now[0] += 1.0
            bar.step(done, 200, "smo\x1bte")
        bar.step(200, 200, "smote")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "evenkeel: 200 trials to run, none first.",
        "evenkeel: 30 of 200 trials done after 30 s, smo\\x1bte last.",
        *(
            f"evenkeel: {n} of 200 trials done after {n // 60} min {n % 60} s, smo\\x1bte last."
            for n in (60, 90, 120, 150, 180)
        ),
        "evenkeel: all 200 trials done after 3 min 20 s; judging them now.",
    ]


def test_a_run_without_a_terminal_tells_where_it_is_unless_it_is_to_be_quiet(cli, payments, quick):
    payments().write_csv("tx.csv")
    ask = ("run", "tx.csv", "--target", "y", *quick)
    told = cli(*ask).err.splitlines()
    assert told[0] == "evenkeel: 9 trials to run, none first."
    assert re.fullmatch(r"evenkeel: all 9 trials done after \d+ s; judging them now\.", told[1])
    assert len(told) == 2
    assert cli(*ask, "--quiet").err == cli(*ask, "--json").err == ""


def test_the_bar_shows_time_left_on_a_terminal_only(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Bar(shown=True) as bar:
        for done in range(1, 4):
            bar.step(done, 3, "class-weight")
        assert not bar._bar.finished or bar._bar.tasks[0].completed == 3
    capsys.readouterr()
    with Bar(shown=False) as bar:
        bar.step(1, 3, "class-weight")
    assert capsys.readouterr() == ("", "")
