"""Identifiers, keys, constants, and the target under another name."""

import numpy as np
import polars as pl
import pytest

from evenkeel.audit import audit
from evenkeel.audit.columns import column_facts
from evenkeel.table import read_table

RNG = np.random.default_rng(0)
N = 1200


def findings_of(columns, code, **options):
    y = RNG.permutation([0] * (N - 200) + [1] * 200)
    table = read_table({**columns, "z": RNG.normal(size=N).round(2), "y": y}, target="y", **options)
    return [finding for finding in audit(table) if finding.code == code]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("customerID", [f"{i:04d}-XQ" for i in range(N)]),
        ("row", list(range(N))),
        ("down", list(range(N, 0, -1))),
        ("id", RNG.permutation(10**6)[:N]),
        ("number", RNG.permutation(10**6)[:N].astype(float)),
    ],
)
def test_identifiers_are_flagged(name, values):
    (found,) = findings_of({name: values}, "id-column")
    assert (found.columns, found.level) == ((name,), "warning")
    assert f"--keep {name}" in found.todo
    assert findings_of({name: values}, "id-column", keep=[name]) == []


@pytest.mark.parametrize(
    "values",
    [
        [f"message number {i}" for i in range(N)],
        RNG.normal(size=N),
        RNG.integers(0, 500, N),
        [f"k{i % 600}" for i in range(N)],
    ],
    ids=["free text", "continuous", "counts", "categories"],
)
def test_what_is_no_identifier_is_left_alone(values):
    assert findings_of({"x": values}, "id-column") == []


def test_small_tables_of_distinct_numbers_are_no_identifiers():
    assert column_facts(pl.DataFrame({"amount": RNG.permutation(1000)[:60]})).ids == ()


def test_keys_that_come_again_call_for_groups():
    values = RNG.integers(0, 700, N)
    (found,) = findings_of({"patient_nbr": values}, "entity-column")
    assert "--group patient_nbr" in found.todo
    assert findings_of({"patient_nbr": values}, "entity-column", group="patient_nbr") == []
    assert findings_of({"paid": values, "valid": values, "acid": values}, "entity-column") == []


def test_constant_columns():
    (found,) = findings_of(
        {"a": [1] * N, "b": [None] * N, "c": [None, *[1] * (N - 1)]}, "constant-column"
    )
    assert found.columns == ("a", "b")


def test_the_target_under_another_name_is_a_blocker():
    y = ["no"] * 900 + ["yes"] * 300
    columns = {
        "x": RNG.normal(size=N),
        "flag": [int(v == "yes") for v in y],
        "w": ["n"] * 600 + ["m"] * 600,
    }
    found = [f for f in audit(read_table({**columns, "y": y}, target="y")) if f.level == "blocker"]
    assert [(f.code, f.columns) for f in found] == [("target-copy", ("flag",))]
    kept = audit(read_table({**columns, "y": y}, target="y", keep=["flag"]))
    assert {f.level for f in kept if f.code == "target-copy"} == {"note"}


def test_a_copy_may_stand_in_gaps_and_have_several_classes():
    y = ["a"] * 600 + ["b"] * 300 + ["c"] * 300
    table = read_table(
        {"x": RNG.normal(size=N), "k": [None] * 600 + [5] * 300 + [9] * 300, "y": y}, target="y"
    )
    assert [f.columns for f in audit(table) if f.code == "target-copy"] == [("k",)]
