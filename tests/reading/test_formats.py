"""Parquet, Arrow, JSON Lines, numpy, and tables in memory give the same frame."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.reading import binary
from evenkeel.reading.memory import from_memory
from evenkeel.reading.source import read_source
from evenkeel.reading.tidy import tidy

FRAME = pl.DataFrame({"x": [1.5, None, 3.0], "word": ["a", "b", None], "y": [0, 1, 0]})


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.parquet", pl.DataFrame.write_parquet),
        ("t.feather", pl.DataFrame.write_ipc),
        ("t.arrows", pl.DataFrame.write_ipc_stream),
        ("t.jsonl", pl.DataFrame.write_ndjson),
        ("t.json", pl.DataFrame.write_json),
        ("parquet-without-a-suffix", pl.DataFrame.write_parquet),
    ],
)
def test_files_of_every_kind_give_the_same_frame(tmp_path, name, write):
    path = tmp_path / name
    write(FRAME, path)
    assert read_source(path).frame.equals(FRAME)
    assert read_source(str(path), names=["a", "b", "c"]).frame.columns == ["a", "b", "c"]


def test_folders_and_patterns_of_parquet_are_one_table(tmp_path):
    for part in (1, 2):
        folder = tmp_path / "all" / f"part={part}"
        folder.mkdir(parents=True)
        FRAME.write_parquet(folder / "a.parquet")
    (tmp_path / "all" / "_SUCCESS").touch()
    whole = read_source(tmp_path / "all")
    assert whole.name == "all"
    assert whole.frame["part"].to_list() == [1, 1, 1, 2, 2, 2]
    assert read_source(tmp_path / "all" / "*" / "*.parquet").frame.height == 6
    (tmp_path / "all" / "part=2" / "b.csv").write_text("x\n1\n")
    assert read_source(tmp_path / "all").frame.height == 6
    with pytest.raises(InvalidInput, match=r"b.csv is not a Parquet file"):
        read_source(tmp_path / "all" / "*" / "*")
    FRAME.rename({"x": "z"}).write_parquet(tmp_path / "all" / "part=2" / "c.parquet")
    with pytest.raises(InvalidInput, match="cannot be read as a set of Parquet files"):
        read_source(tmp_path / "all")


def test_a_parquet_file_may_not_declare_more_cells_than_fit(tmp_path, monkeypatch):
    FRAME.write_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr(binary, "MOST_CELLS", 8)
    with pytest.raises(InvalidInput, match="declares 3 rows x 3 columns"):
        read_source(tmp_path / "t.parquet")


def test_numpy_files_hold_x_and_y(tmp_path):
    X, y = np.arange(6, dtype=np.int16).reshape(3, 2), np.array([[0], [1], [0]])
    np.savez_compressed(tmp_path / "t.npz", y=y, X=X)
    raw = read_source(tmp_path / "t.npz")
    assert raw.frame.columns == ["column_1", "column_2", "y"]
    assert raw.frame.rows() == [(0, 1, 0), (2, 3, 1), (4, 5, 0)]
    np.savez(tmp_path / "only.npz", table=X)
    assert read_source(tmp_path / "only.npz").frame.columns == ["column_1", "column_2"]
    np.save(tmp_path / "t.npy", np.asfortranarray(X))
    assert read_source(tmp_path / "t.npy").frame.rows() == [(0, 1), (2, 3), (4, 5)]
    np.savez(tmp_path / "two.npz", a=X, b=X)
    with pytest.raises(InvalidInput, match=r"must hold the arrays X and y. It holds: a, b"):
        read_source(tmp_path / "two.npz")
    np.savez(tmp_path / "short.npz", X=X, y=y[:2])
    with pytest.raises(InvalidInput, match="one label for each of the 3 rows"):
        read_source(tmp_path / "short.npz")
    np.savez(tmp_path / "cube.npz", X=X.reshape(3, 1, 2), y=y)
    with pytest.raises(InvalidInput, match="must have 2 dimensions"):
        read_source(tmp_path / "cube.npz")
    np.savez(tmp_path / "sparse.npz", indices=y, indptr=y, shape=y, data=y)
    with pytest.raises(InvalidInput, match="sparse matrix"):
        read_source(tmp_path / "sparse.npz")


@pytest.mark.parametrize(
    "source",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.to_arrow(),
        FRAME.to_pandas(),
        {name: FRAME[name].to_list() for name in FRAME.columns},
        {name: FRAME[name].to_numpy() for name in FRAME.columns},
    ],
    ids=["polars", "lazy", "arrow", "pandas", "lists", "arrays"],
)
def test_tables_in_memory_give_the_same_frame(source):
    assert tidy(from_memory(source)).frame.equals(FRAME)


def test_awkward_pandas_columns():
    frame = pd.DataFrame(
        {
            "mixed": [1, "a", None],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "category": pd.Categorical(["u", "v", None]),
            "sparse": pd.arrays.SparseArray([0, 0, 1]),
            "when": pd.to_datetime(["2024-01-01", "2024-01-02", None], utc=True),
            "late": [pd.NA, "x", np.nan],
            7: [True, False, True],
        },
        index=[5, 5, 5],
    )
    before = frame.copy(deep=True)
    found = tidy(from_memory(frame)).frame
    pd.testing.assert_frame_equal(frame, before)
    assert found.columns == ["mixed", "nullable", "category", "sparse", "when", "late", "7"]
    assert found.row(0) == ("1", 1, "u", 0, dt.datetime(2024, 1, 1), None, True)  # noqa: DTZ001
    assert found.row(2) == (None, 3, None, 1, None, None, True)


def test_arrays_of_many_types():
    assert from_memory(np.array([["a", "1"], ["b", "2"]])).row(1) == ("b", "2")
    assert from_memory(np.array([[b"a"], [b"b"]])).row(1) == ("b",)
    assert from_memory(np.array([[1, "a"], [None, "b"]], dtype=object)).row(1) == (None, "b")
    assert from_memory(np.array([[1.5]], dtype=np.float16)).row(0) == (1.5,)
    named = np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")])
    assert from_memory(named).row(1, named=True) == {"a": 3, "b": 4.5}


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ([1, 2], InvalidType, "must be a path, a data frame"),
        (None, InvalidType, "Got NoneType"),
        (np.arange(3), InvalidInput, "must have 2 dimensions"),
        (np.array([[1j]]), InvalidInput, "numbers, text or dates"),
        ({"a": [1, 2], "b": [1]}, InvalidInput, "columns must have one length"),
        ({"a": object()}, InvalidType, "Column 'a' must be a list"),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            InvalidInput,
            "distinct column names.*'a' 2 times",
        ),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), InvalidInput, "'1' comes twice"),
        (pl.DataFrame({"a": []}), InvalidInput, "has no rows"),
        ({}, InvalidInput, "has no"),
    ],
)
def test_what_is_no_table_in_memory_is_refused(source, error, message):
    with pytest.raises(error, match=message):
        read_source(source)
