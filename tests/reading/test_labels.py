"""Targets: labels cleaned, mapped, coded; and every way in which a target cannot be used."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.reading.labels import binary_classes, find_label, match_label, read_labels
from evenkeel.reading.target import coded, coded_like, labelled_rows, target_mapping


def labels_of(values, mapping=None, **options):
    return read_labels(pl.Series("y", values, **options), mapping)


@pytest.mark.parametrize(
    ("values", "expected", "codes"),
    [
        (["'-1'", "'1'", "'-1'"], (-1, 1), [0, 1, 0]),
        ([" <=50K", " >50K", "?"], ("<=50K", ">50K"), [0, 1, -1]),
        ([" <=50K.", " >50K.", None], ("<=50K", ">50K"), [0, 1, -1]),
        (["no", "no.", "yes"], ("no", "yes"), [0, 0, 1]),
        (["a.b", "c"], ("a.b", "c"), [0, 1]),
        (["1", "2", "10"], (1, 2, 10), [0, 1, 2]),
        (["01", "02"], ("01", "02"), [0, 1]),
        (["1.0", "0.0"], (0, 1), [1, 0]),
        ([0.0, 1.0, float("nan")], (0, 1), [0, 1, -1]),
        ([True, False], (False, True), [1, 0]),
        (["TRUE", "false"], (False, True), [1, 0]),
        (['"x"', "'\"y\"'"], ("x", "y"), [0, 1]),
        (["None", "NA", ""], ("None",), [0, -1, -1]),
        ([0.5, 1.5], (0.5, 1.5), [0, 1]),
        (["1_0", "2"], ("1_0", "2"), [0, 1]),
    ],
)
def test_labels_are_cleaned(values, expected, codes):
    found = labels_of(values)
    assert (found.values, found.codes.tolist()) == (expected, codes)


def test_what_was_taken_off_the_labels_is_shown():
    assert labels_of(["'a'", "'b'"]).notes == (
        "labels of 'y' are read without quotes: \"'a'\" is 'a'",
    )
    assert labels_of([" no.", " yes."]).notes[0].endswith("closing dots: ' no.' is 'no'")
    assert labels_of(["a", "b"]).notes == ()


def test_a_mapping_must_hold_every_label():
    found = labels_of(
        ["smurf", "normal", "pod"], {"smurf": "dos", "pod": "dos", "normal": "normal"}
    )
    assert (found.values, found.codes.tolist()) == (("dos", "normal"), [0, 1, 0])
    assert found.notes == ("3 labels of 'y' are mapped to 2: dos, normal",)
    with pytest.raises(InvalidInput, match=r"lacks 'pod' \(2 rows\), 'smurf' \(1 row\)"):
        labels_of(["smurf", "normal", "pod", "pod"], {"normal": "normal"})


def test_mappings_come_from_dicts_and_files(tmp_path):
    path = tmp_path / "map.csv"
    path.write_bytes(b"back,dos\rland,dos\rspy,r2l")
    assert target_mapping(path) == {"back": "dos", "land": "dos", "spy": "r2l"}
    path.write_text("a,x\nb,y\n")
    assert target_mapping(str(path)) == {"a": "x", "b": "y"}
    assert target_mapping({1: "no"}) == {"1": "no"}
    path.write_text("a,x\na,y\n")
    with pytest.raises(InvalidInput, match="gives 'a' two groups: 'x', 'y'"):
        target_mapping(path)
    path.write_text("a,x,z\nb,y,z\n")
    with pytest.raises(InvalidInput, match="must hold two columns"):
        target_mapping(path)


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        (["a"] * 3 + ["b"], None, ("a", "b")),
        ([1] * 3 + [0], None, (1, 0)),
        (["no", "yes"], None, ("no", "yes")),
        (["yes", "zero"], None, ("zero", "yes")),
        ([3, 7], None, (3, 7)),
        ([False, True], None, (False, True)),
        (["a", "b", "c", "a", "b", "c"], None, None),
        (["a", "b", "c"], "b", ("rest", "b")),
        (["a", "b", "a"], "a", ("b", "a")),
        ([1, 2, 3], "2", ("rest", 2)),
        (["rest", "b", "c"], "rest", ("other", "rest")),
        (["rest", "b", "c"], "b", ("other", "b")),
        (["Rest", "other", "c"], "c", ("all other", "c")),
        (["rest", "other", "all other"], "other", ("all other 2", "other")),
        ([0, 1, 1], "1.0", (0, 1)),
        ([0.25, 0.5, 0.75], "0.5", ("rest", 0.5)),
    ],
)
def test_the_positive_class(values, positive, expected):
    assert binary_classes(labels_of(values), positive) == expected


@pytest.mark.parametrize(
    ("values", "positive", "message"),
    [
        (["a", "a"], None, "at least two classes. All 2 rows are 'a'"),
        ([None, None], None, "at least two classes. None"),
        (["yes", "no"], "yse", r"Got 'yse'. Its labels: 'no', 'yes'. Did you mean 'yes'\?"),
        (np.linspace(0, 1, 30).tolist() * 3, None, "looks like a continuous number: 30 distinct"),
        (list(range(60)) * 4, None, "looks like a continuous number"),
        (list(range(60)), None, "looks like an identifier"),
        ([f"id{i}" for i in range(60)], None, "looks like an identifier: 60 distinct values in 60 rows"),
    ],
)  # fmt: skip
def test_targets_that_cannot_be_used(values, positive, message):
    with pytest.raises(InvalidInput, match=message):
        binary_classes(labels_of(values), positive)


def test_dates_are_no_labels():
    with pytest.raises(InvalidInput, match=r"must hold class labels. Got Date"):
        labels_of([dt.date(2024, 1, 1)])


def test_rows_without_a_label_are_counted():
    found = labels_of(["a", None, "b", "?"])
    with pytest.raises(InvalidInput, match=r"2 of 4 rows have none \(first: rows 1, 3, from 0\)"):
        labelled_rows(found, drop_missing_target=False)
    assert labelled_rows(found, drop_missing_target=True).tolist() == [True, False, True, False]


def test_an_unusual_positive_class_is_mentioned():
    assert coded(labels_of([0, 1, 1]), None)[2] == (
        "the positive class is 0, the rarer label; positive names another",
    )
    assert coded(labels_of([0, 0, 1]), None)[2] == ()


def test_later_labels_must_be_known():
    later = labels_of([" no.", " yes.", None])
    assert coded_like(later, ("no", "yes"), ("no", "yes"), "f").tolist() == [0, 1, -1]
    assert coded_like(labels_of([3, 1, 2]), (1, 2, 3), ("rest", 2), "f").tolist() == [0, 0, 1]
    with pytest.raises(
        InvalidInput, match=r"f holds 1 label that training never saw: 'x' \(2 rows\)"
    ):
        coded_like(labels_of(["x", "no", "x"]), ("no", "yes"), ("no", "yes"), "f")


def test_labels_are_found_as_people_write_them():
    assert find_label("1", (0, 1), "y") == 1
    assert match_label(" 'a' ", ("a", "b")) == "a"
    assert match_label("true", (False, True)) is True
    assert match_label(True, (0, 1)) is None
    assert match_label("z", ("a", "b")) is None


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=40))
def test_codes_and_values_agree_whatever_the_text(values):
    found = labels_of(values, dtype=pl.String)
    assert len(set(found.values)) == len(found.values)
    assert found.codes.min() >= -1
    assert found.codes.max() < len(found.values)
    again = dict(zip(values, found.codes.tolist(), strict=True))
    assert [again[value] for value in values] == found.codes.tolist()
    assert sum(found.counts.values()) == int((found.codes >= 0).sum())
