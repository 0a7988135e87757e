"""Copies of rows, found value by value."""

import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.audit import audit, duplicate_ids
from evenkeel.table import read_table

CELL = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 2.5, float("nan")]))
ROWS = st.lists(st.tuples(CELL, st.sampled_from(["", "a", "b", None]), st.booleans()), max_size=30)


def slow_ids(rows):
    def plain(cell):
        return None if cell is None or cell != cell else cell

    seen = {}
    return [seen.setdefault(tuple(map(plain, row)), len(seen)) for row in rows]


@given(ROWS)
def test_ids_agree_with_a_slow_loop(rows):
    schema = {"x": pl.Float64, "y": pl.String, "z": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    assert duplicate_ids(frame).tolist() == slow_ids(rows)


def test_awkward_tables():
    assert duplicate_ids(pl.DataFrame({"row": [1, 1], "index": [2, 2]})).tolist() == [0, 0]
    assert duplicate_ids(
        pl.DataFrame({"c": pl.Series(["a", "a"], dtype=pl.Categorical)})
    ).tolist() == [0, 0]
    assert duplicate_ids(pl.DataFrame(schema={"a": pl.Int8})).tolist() == []
    text = pl.DataFrame({"a": ["x", "xy"], "b": ["yz", "z"]})
    assert duplicate_ids(text).tolist() == [0, 1]


def test_half_a_million_rows_in_a_moment():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(rng.integers(0, 60, (500_000, 3)).astype(float), schema=["a", "b", "c"])
    start = time.process_time()
    ids = duplicate_ids(frame)
    assert time.process_time() - start < 5
    assert ids.max() + 1 == len(np.unique(frame.to_numpy(), axis=0))


@pytest.fixture(scope="module")
def findings():
    columns = {
        "a": [1, 1, 1, 2, 2, 3, *range(10, 50)],
        "b": ["u", "u", "u", "v", "v", "w", *["z"] * 40],
        "y": [0, 0, 1, 0, 0, 0, *[0, 1] * 20],
    }
    return {finding.code: finding for finding in audit(read_table(columns, target="y"))}


def test_copies_within_a_class(findings):
    found = findings["duplicate-rows"]
    assert (found.level, found.rows, found.n_rows) == ("note", (3, 4), 2)
    assert found.message == (
        "2 rows with an exact copy in the same class, besides those that share their features with "
        "another class; 1 (2.17 %) could go without loss."
    )
    alone = read_table({"a": [1, 1, *range(20)], "b": [2, 2, *range(20)], "y": [0, 0, *[0, 1] * 10]},
                       target="y")  # fmt: skip
    found = {finding.code: finding for finding in audit(alone)}["duplicate-rows"]
    assert found.message.startswith("2 rows with an exact copy in the same class; 1 (")


def test_copies_across_classes(findings):
    found = findings["conflicting-rows"]
    assert (found.level, found.rows, found.n_rows) == ("warning", (0, 1, 2), 3)
    assert "4.76 % of class 1" in found.message


def test_an_identifier_does_not_hide_copies():
    columns = {"id": list(range(100)), "x": [1, 2] * 50, "z": [0.5] * 100, "y": [0, 1] * 50}
    codes = {finding.code: finding for finding in audit(read_table(columns, target="y"))}
    assert "apart from id" in codes["duplicate-rows"].message
    assert "duplicate-rows" not in {
        finding.code for finding in audit(read_table(columns, target="y", keep=["id"]))
    }


@pytest.mark.parametrize(("distinct", "level"), [(20, "warning"), (79, "warning"), (80, "note")])
def test_copies_among_the_rare_rows_are_told_as_what_they_leave(distinct, level):
    a = np.r_[np.arange(900.0), 2000 + np.arange(100) % distinct]
    table = read_table({"a": a, "b": a % 7, "y": ["no"] * 900 + ["yes"] * 100}, target="y")
    found = {f.code: f for f in audit(table)}["duplicate-rows"]
    assert found.level == level
    if level == "warning":
        spare = 100 - distinct
        assert found.message == (
            f"{spare} of the 100 rows of 'yes' ({spare} %) are exact copies of others: "
            f"{distinct} distinct ones are left."
        )
        assert f"the evidence is that of {distinct} rows" in found.todo
        assert found.rows[0] == 900
        assert found.n_rows == 100 - sum(np.bincount(np.arange(100) % distinct) == 1)
