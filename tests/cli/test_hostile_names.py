"""Names and labels that try to break out of a file, a page, a terminal or a column."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

SCRIPT = "<script>alert('x')</script>"
ODD = {"no": SCRIPT + '\n"quoted"', "yes": "ü,'\t</script> 🦆 [bold] \x1b[31mred"}
LABELS = {
    "booleans": (False, True),
    "large numbers": (1, 2**62 + 1),
    "fractions": (0.5, 1.5),
    "hostile text": tuple(ODD.values()),
}
NAMES = [
    "target", "row", "row_", "remedy", "repeat", "fold", "probability", "decision", "raw_no",
    "raw_no_", "probability_no", "at", "0", "-1", "1e3", " ", "self", "__class__", SCRIPT,
    'a "quoted"\nname', "ü🦆 [bold]x[/bold] \x1b[31mred", "a,b",
]  # fmt: skip


def whole_way(cli, frame, target, quick, *options):
    """Run and predict; gives the facts."""
    frame.write_parquet("tx.parquet")
    run = cli("run", "tx.parquet", "--target", target, "--out", "run", "--json", *quick, *options)
    assert run.code == 0, run.err
    answer = cli("predict", "run", "tx.parquet", "-o", "scored.parquet")
    assert answer.code == 0, answer.err
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
    assert scored["decision"].dtype == frame["y"].dtype
    page = Path("run/report.html").read_text()
    assert SCRIPT not in page
    assert "\x1b" not in page


def test_one_number_against_the_rest(cli, payments, quick):
    three = pl.Series(np.random.default_rng(0).choice([1, 2, 3], 400, p=[0.5, 0.3, 0.2]))
    facts = whole_way(cli, payments().with_columns(y=three), "y", quick, "--positive", "3")
    assert str(facts["data"]["positive"]) == "3"
    assert set(pl.read_parquet("run/predictions_test.parquet")["target"]) == {"rest", "3"}
    assert set(pl.read_parquet("scored.parquet")["decision"]) <= {"rest", "3"}


def test_columns_may_be_called_anything(cli, payments, quick):
    rng = np.random.default_rng(1)
    frame = payments(**{name: rng.integers(0, 9, 400) for name in NAMES}).drop("a", "b")
    whole_way(cli, frame, "y", quick)
    scored = pl.read_parquet("scored.parquet")
    assert scored.columns[-2:] == ["probability", "decision"]
    for name in frame.columns:
        kept = f"{name}_" if name in ("probability", "decision") else name
        assert scored[kept].to_list() == frame[name].to_list(), "every cell is kept"
    assert cli("predict", "run", "tx.parquet", "-o", "scored.csv").code == 0
    assert cli("report", "run").code == 0
    assert SCRIPT not in Path("run/report.html").read_text()
    scores = pl.read_parquet("run/predictions_oof.parquet")
    head = ["row", "mark", "target", "repeat", "fold", "remedy", "learner", "raw_no", "raw_yes"]
    assert scores.columns[:9] == head
    mine = scores.filter(pl.col("remedy") == "none").sort("row")
    for name in NAMES:
        cells = frame[name].gather(mine["row"]).to_list()
        assert any(mine[column].to_list() == cells for column in mine.columns), name


@pytest.mark.parametrize("target", ["probability", "decision", "row"])
def test_the_target_may_be_called_like_what_is_written_beside_it(cli, done, payments, target):
    """The rows to score may hold the true labels, under any name."""
    payments().with_columns(pl.col("y").alias(target)).write_csv("tx.csv")
    answer = cli("predict", "done", "tx.csv", "-o", "scored.parquet")
    assert answer.code == 0
    kept = target if target == "row" else f"{target}_"
    assert pl.read_parquet("scored.parquet")[kept].to_list() == payments()["y"].to_list()
    if kept != target:
        assert f"column '{target}' of the file is written as '{kept}'" in answer.out


def test_a_column_without_a_name(cli, payments, quick):
    whole_way(cli, payments().rename({"a": ""}), "y", quick)


def test_nothing_that_moves_the_cursor_reaches_the_terminal(cli, payments, quick):
    names = dict(zip("abc", NAMES[-4:-1], strict=True))
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
    frame.with_columns(pl.lit("new\x1b[2J\rrow").alias(names["c"])).write_parquet("new.parquet")
    answers.append(cli("predict", "run", "new.parquet", "-o", "s.csv"))
    assert "new\\x1b[2J\\rrow" in answers[-1].out
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


def test_a_folder_may_be_called_anything(cli, payments, quick):
    payments().write_csv("tx.csv")
    out = "runs/[x] *? ü 🦆 caf\udce9"
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
