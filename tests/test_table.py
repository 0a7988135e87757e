"""read_table: roles of columns, classes, groups, times, costs, a second table read alike."""

import datetime as dt
import time

import numpy as np
import polars as pl
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.reading.roles import find_column
from evenkeel.table import read_table

COLUMNS = {
    "x": [1, 2, 3, 4, 5, 6],
    "card": ["b", "a", "b", None, None, "a"],
    "ts": ["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-05", "2024-01-04", "2024-01-06"],
    "loss": [1.5, 0, 2, 3, 4, 5],
    "y": ["no", "no", "yes", "no", "no", "no"],
}


def test_a_table_keeps_features_target_and_sides_apart():
    table = read_table(COLUMNS, target="y", group="card", time="ts", cost_columns=["loss"])
    assert table.X.columns == ["x", "loss"]
    assert (table.classes, table.task, table.positive) == (("no", "yes"), "binary", "yes")
    assert table.y.tolist() == [0, 0, 1, 0, 0, 0]
    assert table.counts.tolist() == [5, 1]
    assert table.rows.tolist() == list(range(6))
    assert table.groups.tolist() == [1, 0, 1, 2, 3, 0]
    assert table.group_values.to_list() == COLUMNS["card"]
    assert table.time.dtype == pl.Datetime("us")
    assert table.time[1] == dt.datetime(2024, 1, 1)  # noqa: DTZ001
    assert table.costs["loss"].tolist() == COLUMNS["loss"]
    assert (table.group_name, table.time_name, table.name) == ("card", "ts", "table")


def test_columns_may_be_named_by_position_and_kept():
    table = read_table(COLUMNS, target="-1", group=1, time="2", drop=[0], keep=["ts"])
    assert table.X.columns == ["ts", "loss"]
    assert table.keep == ("ts",)
    assert find_column(["-1", "b"], "-1", "target") == "-1"


def test_several_classes_and_one_against_the_rest():
    columns = {"x": list(range(9)), "y": ["b", "a", "c"] * 3}
    table = read_table(columns, target="y")
    assert (table.classes, table.task, table.positive) == (("a", "b", "c"), "multiclass", None)
    table = read_table(columns, target="y", positive="c")
    assert (table.classes, table.counts.tolist()) == (("rest", "c"), [6, 3])
    assert table.labels == ("a", "b", "c")


def test_rows_without_a_label_go_only_when_told_to():
    columns = {"x": ["1", "2", "3", "4"], "g": [1, 2, 3, 4], "y": ["a", "?", "b", "a"]}
    with pytest.raises(InvalidInput, match="--drop-missing-target"):
        read_table(columns, target="y")
    table = read_table(columns, target="y", drop_missing_target=True, group="g")
    assert table.rows.tolist() == [0, 2, 3]
    assert table.X["x"].to_list() == [1, 3, 4]
    assert table.group_values.to_list() == [1, 3, 4]
    assert (table.n_missing_target, table.n_rows) == (1, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": None}, "target must name a column"),
        ({"target": "Y_"}, r"target must be a column .* Got 'Y_'. Did you mean 'y'\?"),
        ({"target": 5}, "position 5, but there are 5 columns"),
        ({"drop": ["lossx"]}, r"drop must be .*Did you mean 'loss'\?"),
        ({"keep": ["nope"]}, "keep must be a column"),
        ({"group": "crd"}, "group must be a column"),
        ({"time": "y"}, "time must not be the target"),
        ({"group": "card", "time": "card"}, "group and time must be two columns"),
        ({"drop": ["y"]}, "drop must not be the target"),
        ({"drop": ["x"], "keep": ["x"]}, "keep and drop must not name one column"),
        ({"drop": ["x", "card", "ts", "loss"]}, "a column besides the target"),
        ({"time": "card"}, "time column 'card' must have no empty cells"),
        ({"cost_columns": ["card"]}, "cost column 'card' must hold numbers. Got String"),
        ({"positive": "maybe"}, "Got 'maybe'. Its labels: 'no', 'yes'"),
    ],
)
def test_bad_options_are_answered(options, message):
    with pytest.raises(InvalidInput, match=message):
        read_table(COLUMNS, **{"target": "y", **options})


@pytest.mark.parametrize(
    ("values", "shown"), [([1, -2, 3], "-2 in row 1"), ([1, 2, None], "no number in row 2")]
)
def test_costs_are_numbers_of_at_least_zero(values, shown):
    with pytest.raises(InvalidInput, match=f"at least 0. Got {shown}"):
        read_table({"c": values, "y": [0, 1, 0]}, target="y", cost_columns=["c"])


def test_a_test_table_gets_columns_kinds_and_classes_of_training():
    train = read_table(
        COLUMNS, target="y", group="card", time="ts", cost_columns=["loss"], drop=["x"]
    )
    test = read_table(
        {"y": [" yes.", " yes."], "loss": ["1", "2"], "card": ["b", "z"], "more": [0, 0]},
        like=train,
        drop=["more", "x"],
    )
    assert test.classes == train.classes
    assert test.y.tolist() == [1, 1]
    assert test.X.columns == ["loss"]
    assert test.schema is train.schema
    assert (test.time, test.time_name) == (None, None)
    assert test.costs["loss"].tolist() == [1.0, 2.0]
    with pytest.raises(InvalidInput, match="It has 1 more: 'more'"):
        read_table({"y": ["yes"], "loss": [1], "more": [0]}, like=train)
    with pytest.raises(InvalidInput, match="It lacks 1: 'loss'"):
        read_table({"y": ["yes"], "card": ["a"]}, like=train)
    with pytest.raises(InvalidInput, match="1 label that training never saw: 'other'"):
        read_table({"y": ["other"], "loss": [1]}, like=train)


def test_a_mapping_carries_over_to_the_test_table():
    mapping = {"smurf": "dos", "pod": "dos", "normal": "normal", "worm": "dos"}
    train = read_table(
        {"x": [1, 2, 3], "y": ["smurf", "normal", "normal"]}, target="y", map_target=mapping
    )
    assert train.classes == ("normal", "dos")
    test = read_table({"x": [1, 2], "y": ["worm", "normal"]}, like=train)
    assert test.y.tolist() == [1, 0]


def test_the_hash_is_that_of_the_content():
    first = read_table(COLUMNS, target="y")
    assert first.hash == read_table(pl.DataFrame(COLUMNS), target=-1).hash
    assert len(first.hash) == 64
    others = [
        read_table({**COLUMNS, "x": [1, 2, 3, 4, 5, 7]}, target="y"),
        read_table({**COLUMNS, "card": ["b", "a", "b", None, "a", None]}, target="y"),
        read_table({**COLUMNS, "card": ["", "ba", "b", None, None, "a"]}, target="y"),
        read_table({**COLUMNS, "y": ["no", "yes", "no", "no", "no", "no"]}, target="y"),
        read_table(COLUMNS, target="y", drop=["x"]),
        read_table(COLUMNS, target="y", group="card"),
        read_table(COLUMNS, target="y", cost_columns=["x"], drop=["x"]),
    ]
    assert len({first.hash, *(table.hash for table in others)}) == 8


def test_the_source_is_left_alone():
    frame = pl.DataFrame(COLUMNS)
    array = np.array([[1.0, 0], [2, 1], [np.nan, 0]])
    array.setflags(write=False)
    read_table(frame, target="y")
    table = read_table(array, target=-1)
    assert frame.equals(pl.DataFrame(COLUMNS))
    assert table.X["column_1"].to_list() == [1.0, 2.0, None]
    assert np.isnan(array[2, 0])


def test_a_wide_table_is_read_in_a_moment(tmp_path):
    rng = np.random.default_rng(0)
    n_rows = 20_000
    columns = {f"n{i}": rng.normal(size=n_rows).round(4) for i in range(20)}
    columns |= {f"w{i}": rng.choice(["ab", "cd", "?"], n_rows) for i in range(20)}
    pl.DataFrame({**columns, "y": rng.integers(0, 2, n_rows)}).write_csv(tmp_path / "t.csv")
    start = time.process_time()
    table = read_table(tmp_path / "t.csv", target="y")
    assert time.process_time() - start < 3
    assert [str(dtype) for dtype in table.X.dtypes] == ["Float64"] * 20 + ["String"] * 20
