"""Names and labels that try to break out of a file, a page, a terminal or a column."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

SCRIPT = "<script>alert('x')</script>"
ODD = {"no": SCRIPT + '\n"quoted"', "yes": "ü,'\t</script> 🦆 [bold] \x1b[31mred"}
LABELS = {
    "text": ("no", "yes"),
    "booleans": (False, True),
    "whole numbers": (0, 1),
    "numbers that are whole": (0.0, 1.0),
    "fractions": (0.5, 1.5),
    "large numbers": (1, 2**62 + 1),
    "hostile text": tuple(ODD.values()),
}
NAMES = {
    "names of our own columns": {"a": "target", "b": "row", "c": "probability"},
    "names of the decision": {"a": "decision", "b": "remedy", "c": "repeat"},
    "the target is called probability": {"y": "probability"},
    "the target is called decision": {"y": "decision"},
    "the target is called row": {"y": "row"},
    "numbers": {"a": "0", "b": "-1", "c": "1e3"},
    "blanks": {"a": " ", "b": "  "},
    "nothing": {"a": ""},
    "scripts": {"a": SCRIPT, "b": 'a "quoted"\nname', "c": "ü🦆 [bold]x[/bold] \x1b[31mred"},
    "words of Python": {"a": "self", "b": "class", "c": "__class__"},
}


def whole_way(cli, frame, target, quick, *options):
    """Run, predict to both formats, write the page again; gives the facts."""
    frame.write_parquet("tx.parquet")
    run = cli("run", "tx.parquet", "--target", target, "--out", "run", "--json", *quick, *options)
    assert run.code == 0, run.err
    for suffix in ("csv", "parquet"):
        answer = cli("predict", "run", "tx.parquet", "-o", f"scored.{suffix}")
        assert answer.code == 0, answer.err
    assert cli("report", "run").code == 0
    return json.loads(run.out)


@pytest.mark.parametrize("kind", LABELS)
def test_labels_keep_their_kind_from_file_to_decision(cli, payments, quick, kind):
    no, yes = LABELS[kind]
    frame = payments()
    frame = frame.with_columns(y=pl.Series([yes if y == "yes" else no for y in frame["y"]]))
    facts = whole_way(cli, frame, "y", quick)
    assert [row["label"] for row in facts["data"]["classes"]] == [no, yes]
    assert facts["data"]["positive"] == yes
    scored = pl.read_parquet("scored.parquet")
    tested = pl.read_parquet("run/predictions_test.parquet")
    for column in (scored["decision"], tested["target"], tested["decision"]):
        assert set(column) <= {no, yes}
    assert set(tested["target"]) == {no, yes}
    if kind == "booleans":
        assert scored["decision"].dtype == pl.Boolean
    page = Path("run/report.html").read_text()
    assert SCRIPT not in page
    assert "\x1b" not in page


def test_one_number_against_the_rest(cli, payments, quick):
    three = pl.Series(np.random.default_rng(0).choice([1, 2, 3], 400, p=[0.5, 0.3, 0.2]))
    facts = whole_way(cli, payments().with_columns(y=three), "y", quick, "--positive", "3")
    assert str(facts["data"]["positive"]) == "3"
    assert set(pl.read_parquet("run/predictions_test.parquet")["target"]) == {"rest", "3"}
    assert set(pl.read_parquet("scored.parquet")["decision"]) <= {"rest", "3"}


@pytest.mark.parametrize("what", NAMES)
def test_columns_may_be_called_anything(cli, payments, quick, what):
    names = NAMES[what]
    frame = payments().rename(names)
    whole_way(cli, frame, names.get("y", "y"), quick)
    scored = pl.read_parquet("scored.parquet")
    assert scored.columns[-2:] == ["probability", "decision"]
    for name in frame.columns:
        kept = f"{name}_" if name in ("probability", "decision") else name
        if name:
            assert scored[kept].to_list() == frame[name].to_list(), "every cell is kept"
    scores = pl.read_parquet("run/predictions_oof.parquet")
    head = ["row", "target", "repeat", "fold", "remedy", "learner", "raw_no", "raw_yes"]
    assert scores.columns[:8] == head
    assert SCRIPT not in Path("run/report.html").read_text()


def test_every_name_of_the_scores_may_be_taken(cli, payments, quick):
    taken = ["row", "row_", "target", "target_", "repeat", "fold", "remedy", "learner", "raw_no"]
    taken += ["probability_no", "probability_no_", "raw_yes", "at"]
    rng = np.random.default_rng(1)
    frame = payments(**{name: rng.integers(0, 9, 400) for name in taken})
    whole_way(cli, frame, "y", quick)
    scores = pl.read_parquet("run/predictions_oof.parquet")
    first = scores.filter(pl.col("remedy") == "none").sort("row")
    for name in taken:
        among = [column for column in first.columns if column.rstrip("_") == name.rstrip("_")]
        values = frame[name].gather(first["row"])
        assert any(first[column].cast(pl.String).equals(values.cast(pl.String)) for column in among)


def test_nothing_that_moves_the_cursor_reaches_the_terminal(cli, payments, quick):
    names = NAMES["scripts"]
    frame = payments().rename(names)
    frame = frame.with_columns(y=frame["y"].replace_strict(ODD))
    frame.write_parquet("tx.parquet")
    answers = [
        cli("run", "tx.parquet", "--target", "y", "--out", "run", *quick),
        cli("check", "tx.parquet", "--target", "y"),
        cli("check", "tx.parquet", "--target", "x"),
        cli("check", "tx.parquet", "--target", "y", "--positive", "x\x1b[2J"),
        cli("check", "tx\x1b[2J.parquet", "--target", "y"),
    ]
    frame.with_columns(pl.lit("new\x1b[2J\r").alias(names["c"])).write_parquet("new.parquet")
    answers.append(cli("predict", "run", "new.parquet", "-o", "s.csv"))
    assert "new\\x1b[2J\\r" in answers[-1].out
    for answer in answers:
        text = (answer.out + answer.err).replace("\n", "")
        assert all(letter.isprintable() for letter in text), answer


def test_a_name_with_a_comma_is_quoted_and_commas_part_names(cli, refused, payments):
    payments().rename({"a": "a,b"}).write_parquet("tx.parquet")
    ask = ("check", "tx.parquet", "--target", "y", "--json")
    assert json.loads(cli(*ask, "--drop", '"a,b",c').out)["data"]["columns"] == 1
    assert json.loads(cli(*ask, "--drop", '"a,b"', "--drop", "c").out)["data"]["columns"] == 1
    assert "Got 'a'" in refused(*ask, "--drop", "a,b")


def test_a_target_that_is_called_minus_one_or_stands_last(cli, payments):
    payments().write_csv("tx.csv")
    for option in (("--target", "-1"), ("--target=-1",), ("--target", "3"), ("--target", "y")):
        facts = json.loads(cli("check", "tx.csv", *option, "--json").out)
        assert facts["data"]["target"] == "y"
    payments().rename({"a": "-1"}).with_columns(pl.col("y").alias("-1")).write_csv("odd.csv")
    facts = json.loads(cli("check", "odd.csv", "--target", "-1", "--drop", "y", "--json").out)
    assert facts["data"]["target"] == "-1", "a name goes before a position"


def test_folders_may_be_called_anything(cli, payments, quick):
    payments().write_csv("tx.csv")
    for out in ("runs/[x] *?", "runs/ü 🦆", "runs/caf\udce9"):
        run = cli("run", "tx.csv", "--target", "y", "--quiet", "--out", out, *quick)
        assert run == (0, "", ""), run
        assert cli("predict", out, "tx.csv", "-o", "scored.csv").code == 0
        assert json.loads(Path(out, "run.json").read_text())["settings"]["out"] == out


def test_a_file_name_that_is_no_text(cli, payments, quick):
    """Linux allows any byte in a name; JSON and terminals do not."""
    payments().write_csv("tx.csv")
    name = "caf\udce9.csv"
    Path("tx.csv").rename(name)
    answer = cli("run", name, "--target", "y", "--json", "--out", "run", *quick)
    assert answer.code in (0, 2), answer.err
    assert "Traceback" not in answer.err
    if answer.code == 0:
        assert json.loads(answer.out)["data"]["rows"] == 400
