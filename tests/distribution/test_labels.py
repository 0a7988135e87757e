import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.distribution import encode
from evenkeel.errors import InvalidInput, InvalidType

WORDS = ["ham", "spam", "ham", "eggs"]
KINDS = {
    "list": WORDS,
    "tuple": tuple(WORDS),
    "numpy": np.array(WORDS),
    "object": np.array(WORDS, dtype=object),
    "pandas": pd.Series(WORDS, index=[4, 4, 1, 0]),
    "category": pd.Series(WORDS, dtype="category"),
    "polars": pl.Series(WORDS),
    "polars enum": pl.Series(WORDS, dtype=pl.Enum(["spam", "ham", "eggs"])),
    "pyarrow": pa.chunked_array([WORDS]),
    "column": np.array(WORDS).reshape(-1, 1),
    "frame": pd.DataFrame({"y": WORDS}),
    "polars frame": pl.DataFrame({"y": WORDS}),
}


@pytest.mark.parametrize("y", KINDS.values(), ids=KINDS)
def test_words_of_any_kind(y):
    classes, codes = encode(y)
    assert classes == ("eggs", "ham", "spam")
    assert codes.dtype == np.int64
    assert codes.tolist() == [1, 2, 1, 0]


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.array([True, False]), (False, True)),
        (pl.Series([True, False]), (False, True)),
        (np.array([3, -1], np.int8), (-1, 3)),
        (np.array([100, -100], np.int8), (-100, 100)),
        (np.array([2**63 + 5, 2**63], np.uint64), (2**63, 2**63 + 5)),
        (np.array([10**15, 0]), (0, 10**15)),
        (np.array([1.0, 0.0]), (0.0, 1.0)),
        (np.array([1, 0], dtype=object), (0, 1)),
        (pd.Series([1, 0], dtype="Int64"), (0, 1)),
        (["b", 1], (1, "b")),
        ([b"b", b"a"], (b"a", b"b")),
    ],
)
def test_classes_are_sorted_plain_values(y, expected):
    classes, codes = encode(y)
    assert classes == expected
    assert [type(label) for label in classes] == [type(label) for label in expected]
    assert sorted(codes.tolist()) == [0, 1]


def test_one_hot_rows_are_the_numbers_of_their_columns():
    classes, codes = encode(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]))
    assert classes == (0, 1, 2)
    assert codes.tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    "y",
    [
        np.array([1.0, np.nan]),
        ["a", None],
        np.array(["a", np.nan], dtype=object),
        np.array([1, pd.NA], dtype=object),
        pd.Series(["a", None]),
        pd.Series([1, None], dtype="Int64"),
        pl.Series([True, None]),
        pl.Series([1.0, float("nan")]),
    ],
)
def test_missing_labels_are_counted(y):
    with pytest.raises(InvalidInput, match="Got 1 missing of 2"):
        encode(y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([], "no rows"),
        ([0.5, 1.0], r"fractions such as 0\.5"),
        ([np.inf, 1.0], "continuous"),
        (np.array([0.25, 1.0], dtype=object), "continuous"),
        (np.eye(3)[[0, 1]] + 1, "Multilabel"),
        (np.array([[1, 1], [0, 1]]), "Multilabel"),
        (np.zeros((2, 2, 2)), "one-dimensional"),
    ],
)
def test_what_is_no_target_is_refused(y, message):
    with pytest.raises(InvalidInput, match=message):
        encode(y)


@pytest.mark.parametrize("y", [[[1], [2, 3]], np.array([{}, {}], dtype=object)])
def test_what_holds_no_labels_is_refused(y):
    with pytest.raises(InvalidType):
        encode(y)


@given(st.lists(st.one_of(st.integers(-5, 5), st.integers()), min_size=1))
def test_codes_name_their_labels_integers(labels):
    classes, codes = encode(np.array(labels, dtype=object))
    assert [classes[code] for code in codes] == labels
    assert list(classes) == sorted(set(labels))


@given(st.lists(st.text(), min_size=1))
def test_codes_name_their_labels_text(labels):
    classes, codes = encode(labels)
    assert [classes[code] for code in codes] == labels
    assert list(classes) == sorted(set(labels))
