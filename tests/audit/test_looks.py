"""The audit as a whole: counts, groups, times, test files, order, speed, real files."""

import time

import numpy as np
import polars as pl
import pytest

from evenkeel.audit import NOT_DEPLOYMENT, audit
from evenkeel.table import read_table

RNG = np.random.default_rng(0)


def table_of(counts, **options):
    y = np.repeat(list(counts), list(counts.values()))
    X = {f"x{i}": RNG.normal(size=len(y)) for i in range(3)}
    extra = {name: values(len(y)) for name, values in options.pop("extra", {}).items()}
    return read_table({**X, **extra, "y": y}, target="y", **options)


def codes(findings):
    return {finding.code: finding for finding in findings}


@pytest.mark.parametrize(
    ("n", "level"),
    [(2, "blocker"), (9, "blocker"), (10, "warning"), (49, "warning"), (50, "note"), (199, "note"), (200, None)],
)  # fmt: skip
def test_too_few_positives(n, level):
    found = codes(audit(table_of({"no": 1000, "yes": n}))).get("few-positives")
    assert (found.level if found else None) == level
    if found:
        assert (found.n_rows, found.rows[0]) == (n, 1000)
        assert found.message == f"Class 'yes' has {n} rows."


def test_rare_classes_of_several_are_listed():
    found = codes(audit(table_of({"a": 1000, "b": 300, "c": 1, "d": 30})))
    assert found["single-row-class"].message == "One class has one row: 'c'."
    assert found["few-rows-of-class"].level == "warning"
    assert found["few-rows-of-class"].message == "'c' has 1 row, 'd' has 30 rows."
    assert (
        codes(audit(table_of({"a": 1000, "b": 5, "c": 3})))["few-rows-of-class"].level == "blocker"
    )


@pytest.mark.parametrize(("n_groups", "level"), [(1, "blocker"), (3, "warning"), (20, None)])
def test_groups_that_hold_a_whole_class(n_groups, level):
    def groups(n_rows):
        return [f"g{i % 40}" for i in range(n_rows - 300)] + [
            f"p{i % n_groups}" for i in range(300)
        ]

    table = table_of({0: 1000, 1: 300}, extra={"g": groups}, group="g")
    found = codes(audit(table)).get("group-holds-class")
    assert (found.level if found else None) == level


def test_rows_without_a_group_are_counted_and_stand_alone():
    def groups(n_rows):
        return [None if i % 10 == 0 else f"g{i % 300}" for i in range(n_rows)]

    table = table_of({0: 1000, 1: 300}, extra={"g": groups}, group="g")
    found = codes(audit(table))["group-gaps"]
    assert (found.level, found.n_rows, found.rows[:2]) == ("note", 130, (0, 10))
    assert (
        found.message
        == "130 rows (10 %) without a value of g: each stands alone, as a group of its own."
    )
    assert len(set(table.groups[::10])) == 130
    assert "group-gaps" not in codes(audit(table_of({0: 90, 1: 30}, extra={"g": range}, group="g")))


def test_a_class_that_the_last_fifth_does_not_hold():
    table = table_of({0: 1000, 1: 300}, extra={"t": lambda n: range(n, 0, -1)}, time="t")
    assert "class-missing-late" not in codes(audit(table_of({0: 1000, 1: 300})))
    assert codes(audit(table))["class-missing-late"].message.endswith("holds no 1.")


def test_missing_labels_are_counted():
    y = [None] * 100 + [0] * 700 + [1] * 200
    table = read_table({"x": RNG.normal(size=1000), "y": y}, target="y", drop_missing_target=True)
    found = codes(audit(table))["missing-labels"]
    assert (found.level, found.n_rows) == ("warning", 100)
    assert "100 rows (10 %) without a label" in found.message


def test_rows_are_those_of_the_source():
    x = [*RNG.normal(size=300), 0.5, 0.5]
    table = read_table(
        {"x": x, "y": [None] + [0] * 200 + [1] * 101}, target="y", drop_missing_target=True
    )
    assert codes(audit(table))["duplicate-rows"].rows == (300, 301)


def frame_of(n_negative, n_positive, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [n_negative, n_positive])
    return {"a": rng.normal(size=len(y)), "b": rng.normal(size=len(y)), "y": y}


@pytest.fixture(scope="module")
def train():
    return read_table(frame_of(2000, 250, 1), target="y")


@pytest.mark.parametrize(
    ("n_negative", "n_positive", "expected"),
    [
        (800, 100, set()),
        (800, 85, set()),
        (800, 300, {"test-prevalence"}),
        (400, 400, {"test-prevalence", "test-balanced"}),
        (500, 0, {"test-prevalence", "test-lacks-class"}),
    ],
)
def test_shares_of_a_test_file(train, n_negative, n_positive, expected):
    test = read_table(frame_of(n_negative, n_positive, 2), like=train)
    found = {code for code in codes(audit(train, test)) if code.startswith("test-")}
    assert found == expected
    assert bool(found & NOT_DEPLOYMENT) is bool(expected)


def test_a_test_file_that_repeats_rare_rows(train):
    columns = frame_of(800, 100, 3)
    columns["a"][800:] = columns["a"][800]
    columns["b"][800:] = np.repeat(columns["b"][800:820], 5)
    test = read_table(columns, like=train)
    found = codes(audit(train, test))["test-repeats"]
    assert found.message.startswith("80 % of the test rows of 1 are copies, but 0 % of the largest")


def test_rows_and_groups_shared_with_training():
    columns = {**frame_of(2000, 250, 1), "g": np.arange(2250) % 500}
    train = read_table(columns, target="y", group="g")
    part = {name: values[1990:2090] for name, values in columns.items()}
    other = {**frame_of(800, 100, 4), "g": np.arange(900) + 480}
    mixed = {name: np.concatenate([other[name], part[name]]) for name in other}
    found = codes(audit(train, read_table(mixed, like=train)))
    assert (found["test-shares-rows"].n_rows, found["test-shares-rows"].rows[0]) == (100, 900)
    assert found["test-shares-rows"].level == "warning"
    assert found["test-shares-groups"].n_rows == 120


def test_findings_are_ordered_and_the_same_every_time():
    columns = {**frame_of(990, 9, 5), "id": np.arange(999), "one": np.ones(999)}
    table = read_table(columns, target="y")
    found = audit(table)
    assert [f.level for f in found] == sorted(
        (f.level for f in found), key=["blocker", "warning", "note"].index
    )
    assert found == audit(table)


def test_tables_without_numbers_or_with_one_column_are_no_obstacle():
    words = read_table({"w": ["a", "b"] * 100, "y": [0] * 150 + [1] * 50}, target="y")
    assert audit(words)
    only_id = read_table({"id": list(range(400)), "y": [0] * 200 + [1] * 200}, target="y")
    assert "id-column" in codes(audit(only_id))


def test_a_hundred_thousand_rows_take_about_a_second():
    rng = np.random.default_rng(0)
    n_rows = 100_000
    columns = {f"n{i}": rng.normal(size=n_rows) for i in range(20)}
    columns |= {f"w{i}": pl.Series(rng.integers(0, 30, n_rows)).cast(pl.String) for i in range(10)}
    table = read_table({**columns, "y": rng.random(n_rows) < 0.01}, target="y")
    start = time.process_time()
    audit(table)
    assert time.process_time() - start < 8  # about 1 s on a quiet core
