import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from evenkeel._rows import fresh_index, is_sparse, n_rows, take
from evenkeel.errors import InvalidType

ROWS = np.array([2, 0, 0])
VALUES = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
PICKED = VALUES[ROWS]


@pytest.mark.parametrize("dtype", [np.float32, np.int8, bool, object, "U3"])
def test_arrays_keep_their_type(dtype):
    got = take(VALUES.astype(dtype), ROWS)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, VALUES.astype(dtype)[ROWS])


def test_arrays_of_any_dimension():
    images = np.arange(24).reshape(3, 2, 2, 2)
    np.testing.assert_array_equal(take(images, ROWS), images[ROWS])
    np.testing.assert_array_equal(take(np.arange(3), ROWS), [2, 0, 0])


def test_lists_stay_lists_with_their_own_values():
    table = [["a", 1], ["b", None], ["c", 2.5]]
    assert take(table, ROWS) == [["c", 2.5], ["a", 1], ["a", 1]]
    assert take(("x", "y", "z"), ROWS) == ("z", "x", "x")


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_matrix, sp.csr_array, sp.csc_array])
def test_sparse_keeps_its_format(kind):
    X = kind(VALUES.astype(np.float32))
    got = take(X, ROWS)
    assert type(got) is kind
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got.toarray(), PICKED)
    assert is_sparse(X)
    assert not is_sparse(VALUES)


def test_coo_becomes_csr():
    np.testing.assert_array_equal(take(sp.coo_array(VALUES), ROWS).toarray(), PICKED)


def test_pandas_keeps_types_and_index():
    X = pd.DataFrame(
        {
            "half": np.array([1, 2, 3], np.float32),
            "kind": pd.Categorical(["u", "v", "u"], categories=["v", "u", "w"], ordered=True),
            "gap": pd.array([1, None, 3], dtype="Int64"),
            "day": pd.date_range("2024-01-01", periods=3, tz="UTC"),
            "text": ["a", "b", None],
        },
        index=pd.Index([10, 20, 30], name="id"),
    )
    got = take(X, ROWS)
    pd.testing.assert_frame_equal(got, X.iloc[ROWS])
    pd.testing.assert_series_equal(take(X["kind"], ROWS), X["kind"].iloc[ROWS])
    assert fresh_index(got).index.tolist() == [0, 1, 2]


def test_pandas_sparse_columns_and_numbered_names():
    X = pd.DataFrame(VALUES, dtype=pd.SparseDtype(float, 0))
    pd.testing.assert_frame_equal(take(X, ROWS), X.iloc[ROWS])


def test_polars_keeps_types():
    X = pl.DataFrame(
        {"a": [1, 2, 3], "kind": ["u", "v", "u"], "list": [[1], [], [2, 3]]},
        schema={"a": pl.UInt8, "kind": pl.Enum(["v", "u"]), "list": pl.List(pl.Int64)},
    )
    got = take(X, ROWS)
    assert got.schema == X.schema
    assert got.rows() == [X.row(row) for row in ROWS]
    assert take(X["kind"], ROWS).to_list() == ["u", "u", "u"]
    assert fresh_index(got) is got


def test_pyarrow_keeps_types():
    X = pa.table({"a": pa.array([1, 2, 3], pa.int8()), "b": ["x", None, "z"]})
    got = take(X, ROWS)
    assert got.schema == X.schema
    assert got.to_pydict() == {"a": [3, 1, 1], "b": ["z", "x", "x"]}


@pytest.mark.parametrize("kind", [pa.array, lambda words: pa.chunked_array([words[:1], words[1:]])])
def test_arrays_of_pyarrow_stay_what_they_are(kind):
    for values in (["x", None, "z"], [1, 2, 3]):
        X = kind(values)
        got = take(X, ROWS)
        assert type(got) is type(X)
        assert got.type == X.type
        assert got.to_pylist() == [values[2], values[0], values[0]]


@pytest.mark.parametrize(
    "X", [VALUES, VALUES.tolist(), sp.csr_array(VALUES), pd.DataFrame(VALUES), pl.DataFrame(VALUES)]
)
def test_n_rows(X):
    assert n_rows(X) == 3


def test_what_has_no_rows_is_refused():
    with pytest.raises(InvalidType, match=r"Call \.collect\(\) first"):
        n_rows(pl.LazyFrame({"a": [1]}))
    with pytest.raises(InvalidType, match="table in memory"):
        take(object(), ROWS)
    with pytest.raises(InvalidType, match="cannot be picked"):
        take({"a": 1}, ROWS)


@given(st.lists(st.integers(0, 4), max_size=12))
def test_every_kind_picks_the_same_rows(rows):
    values = np.arange(10.0).reshape(5, 2)
    at = np.array(rows, dtype=np.int32)
    for table in (sp.csr_array(values), pd.DataFrame(values), pl.DataFrame(values)):
        got = take(table, at)
        dense = got.toarray() if is_sparse(got) else got.to_numpy()
        np.testing.assert_array_equal(dense.reshape(-1, 2), values[at])
    assert take(values.tolist(), at) == values[at].tolist()
