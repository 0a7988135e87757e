import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from evenkeel._numbers import all_numbers, base, finite_part, levels, numbers_of
from evenkeel._rows import take
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType

COLUMNS = {
    "f4": np.array([0.1, 1.1, 2.1, 3.1], np.float32),
    "f8": np.array([0.1, 1.1, 2.1, 3.1]),
    "i2": np.array([-3, 1, 2, 7], np.int16),
    "u1": np.array([0, 1, 2, 255], np.uint8),
    "b": np.array([True, False, True, True]),
}
FRAMES = {
    "pandas": pd.DataFrame(COLUMNS, index=[9, 9, 4, 0]),
    "pandas nullable": pd.DataFrame(COLUMNS).astype(
        {"i2": "Int16", "f8": "Float64", "b": "boolean"}
    ),
    "pandas arrow": pd.DataFrame(COLUMNS).astype({"i2": "int16[pyarrow]", "f8": "double[pyarrow]"}),
    "polars": pl.DataFrame(COLUMNS),
    "pyarrow": pa.table(COLUMNS),
}


def schema(frame):
    return frame.dtypes.to_dict() if hasattr(frame, "iloc") else frame.schema


def column(frame, name):
    return np.asarray(frame[name], dtype=np.float64).tolist()


@pytest.mark.parametrize("X", FRAMES.values(), ids=FRAMES)
def test_frames_are_read_and_written_in_their_own_types(X):
    numbers = numbers_of(X)
    assert numbers.odd == []
    read = numbers.read(np.array([3, 1]))
    np.testing.assert_allclose(read, [[3.1, 3.1, 7, 255, 1], [1.1, 1.1, 1, 1, 0]], rtol=1e-6)
    made = numbers.settle(np.array([[0.7, 0.7, -2.9, 300.0, 0.5], [1 / 3, 1 / 3, 2.9, 2.9, 0.4]]))
    out = numbers.write(
        take(X, np.array([0, 1, 2])), [(np.array([2]), made[:1]), (np.array([0]), made[1:])]
    )
    assert schema(out) == schema(X)
    third = float(np.float32(1 / 3))
    np.testing.assert_allclose(column(out, "f4"), [third, np.float32(1.1), np.float32(0.7)], rtol=0)
    np.testing.assert_allclose(column(out, "f8"), [1 / 3, 1.1, 0.7], rtol=0)
    assert column(out, "i2") == [2, 1, -2]  # cut towards zero, as a cast does
    assert column(out, "u1") == [2, 1, 255]  # never wraps around
    assert column(out, "b") == [0, 0, 1]


def test_other_columns_are_left_alone():
    X = pl.DataFrame({"a": [1.0, 2.0], "word": ["x", "y"], "day": [None, None]})
    numbers = numbers_of(X)
    assert numbers.odd == ["word", "day"]
    out = numbers.write(X.clone(), [(np.array([1]), np.array([[5.0]]))])
    assert out.rows() == [(1.0, "x", None), (5.0, "y", None)]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [0.0, 1.0, 2.0]}),
        pl.DataFrame({"a": [1, None, 3], "b": [0.0, 1.0, 2.0]}),
    ],
)
def test_gaps_are_named_read_as_nan_and_stay_gaps(X):
    numbers = numbers_of(X)
    assert numbers.not_finite() == ["a"]
    np.testing.assert_array_equal(numbers.read(np.array([1])), [[np.nan, 1.0]])
    made = numbers.settle(np.array([[np.nan, 0.5], [2.9, 0.5]]))
    out = numbers.write(take(X, np.array([0, 1, 2])), [(np.array([0, 2]), made)])
    assert schema(out) == schema(X)
    gap = [value is None or value is pd.NA for value in out["a"].to_list()]
    assert gap == [True, True, False]
    assert out["a"].to_list()[2] == 2


def test_sparse_columns_of_pandas():
    X = pd.DataFrame({"a": [0.0, 1, 0], "b": [2.0, 0, 0]}, dtype=pd.SparseDtype(float, 0))
    out = numbers_of(X).write(X.copy(), [(np.array([2]), np.array([[7.0, 0.0]]))])
    assert out.dtypes.tolist() == X.dtypes.tolist()
    assert out["a"].tolist() == [0, 1, 7]


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array])
def test_sparse_matrices(kind):
    X = kind(np.array([[0, 1.5], [2, 0], [0, 0]], np.float32))
    numbers = numbers_of(X)
    read = numbers.read(np.array([1, 0]))
    np.testing.assert_array_equal(read.toarray(), [[2, 0], [0, 1.5]])
    made = numbers.settle(read.astype(np.float64) * (1 / 3))
    assert made.dtype == np.float32
    out = numbers.write(
        take(X, np.array([2, 2, 2])), [(np.array([2]), made[:1]), (np.array([0]), made[1:])]
    )
    assert type(out) is kind
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.toarray(), [[0, 0.5], [0, 0], [2 / 3, 0]], rtol=1e-6)
    X.data[0] = np.nan
    assert len(numbers_of(X).not_finite()) == 1


def test_lists_are_written_in_place_of_their_rows():
    X = [[1, 2.5], [3, 4.0]]
    out = numbers_of(X).write([row[:] for row in X], [(np.array([0]), np.array([[9.0, 8.0]]))])
    assert out == [[9.0, 8.0], [3, 4.0]]


def test_objects_that_are_numbers_count_as_numbers():
    X = np.array([[1, 2.5], [True, 4]], dtype=object)
    np.testing.assert_array_equal(numbers_of(X).read(np.array([1])), [[1.0, 4.0]])
    assert numbers_of(np.array([["a", 1]], dtype=object)).odd == [0]


def test_not_finite_names_columns_across_blocks(monkeypatch):
    X = np.zeros((50, 4))
    X[49, 2], X[0, 1] = np.inf, np.nan
    assert numbers_of(X).not_finite() == [1, 2]
    monkeypatch.setattr(base, "BLOCK", 8)
    assert numbers_of(X).not_finite() == [1, 2]
    assert numbers_of(np.zeros((2, 2), int)).not_finite() == []


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pl.DataFrame({"city": ["a"], "n": [1]}), "1 column of another kind: city. Encode them"),
        (pd.DataFrame({"c": pd.Categorical(["a"])}), "another kind: c"),
        (pd.DataFrame({"t": pd.to_datetime(["2024-01-01"])}), "another kind: t"),
        (np.array([["a", "b"]]), "2 columns of another kind: 0, 1"),
        (pl.DataFrame({"n": [None, 1.0]}), "NaN or infinite values: n. Impute"),
        (np.array([[np.inf, 0.0]]), "infinite values: 0"),
    ],
)
def test_all_numbers_names_what_is_none(X, message):
    with pytest.raises(DoesNotApply, match=message.replace(".", r"\.")):
        all_numbers(X, "SMOTE")


def test_what_is_no_table_of_numbers_is_refused():
    with pytest.raises(InvalidInput, match="Reshape"):
        numbers_of(np.arange(3))
    for X in (np.zeros((2, 2), complex), sp.csr_array(np.zeros((2, 2), complex))):
        with pytest.raises(InvalidInput, match="Complex"):
            numbers_of(X)
    with pytest.raises(InvalidType, match="plain values"):
        numbers_of(np.array([[{}, 1]], dtype=object))


@pytest.mark.parametrize("X", [*FRAMES.values(), np.eye(4, order="F"), sp.csr_array(np.eye(4))])
def test_some_rows_alone_are_read_by_their_numbers(X):
    numbers = numbers_of(X)
    some = numbers.only(np.array([1, 3]), 4)
    read, expected = some.read(np.array([3, 1, 3])), numbers.read(np.array([3, 1, 3]))
    if sp.issparse(X):
        read, expected = read.toarray(), expected.toarray()
    np.testing.assert_array_equal(read, expected)


def test_width_sizes_blocks():
    assert numbers_of(np.zeros((3, 7))).width == 7
    assert numbers_of(np.zeros((3, 2, 5))).width == 10
    assert numbers_of(pl.DataFrame({"a": [1], "b": ["x"]})).width == 1
    assert numbers_of(sp.csr_array((3, 1600))).width == 100


@pytest.mark.parametrize(
    ("column", "codes", "first"),
    [
        (np.array([3, 1, 3, 2]), [2, 0, 2, 1], [1, 3, 0]),
        (np.array([0.5, np.nan, -1, np.nan]), [1, 2, 0, 2], [2, 0, 1]),
        (np.array([True, False]), [1, 0], [1, 0]),
        (np.array(["b", "a", "b"]), [1, 0, 1], [1, 0]),
        (np.array(["b", None, np.nan, "a"], dtype=object), [1, 2, 2, 0], [3, 0, 1]),
        (np.array(["b", 3, 0.5, "a", None], dtype=object), [3, 1, 0, 2, 4], [2, 1, 3, 0, 4]),
        (np.array(["2024-02-01", "NaT", "2024-01-01"], "M8[D]"), [1, 2, 0], [2, 0, 1]),
        (np.array([1.5, 0.5], np.float16), [1, 0], [1, 0]),
        (np.array([], dtype=object), [], []),
        (np.array([None, None], dtype=object), [0, 0], [0]),
    ],
)
def test_levels_are_in_order_with_the_gaps_last(column, codes, first):
    found = levels(column)
    assert (found[0].tolist(), found[1].tolist()) == (codes, first)
    assert found[0].dtype == np.int32


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["b", None, "a", "b"]),
        pl.Series(["b", None, "a", "b"], dtype=pl.Categorical),
        pl.Series(["b", None, "a", "b"], dtype=pl.Enum(["b", "c", "a"])),
        pl.Series([2, None, 1, 2]),
        pl.Series([2.0, np.nan, 1.0, 2.0]),
        pd.Series(["b", None, "a", "b"]),
        pd.Series(pd.Categorical(["b", None, "a", "b"], categories=["b", "c", "a"])),
        pd.Series([2, None, 1, 2], dtype="Int64"),
        pd.Series(["b", None, "a", "b"], dtype="string[pyarrow]"),
        pa.chunked_array([["b", None], ["a", "b"]]).dictionary_encode(),
        pa.chunked_array([pa.DictionaryArray.from_arrays([0, None, 1, 2], ["b", "a", "b"])]),
    ],
)
def test_levels_of_series_do_not_depend_on_their_library(column):
    codes, first = levels(nw.from_native(column, series_only=True))
    assert (codes.tolist(), first.tolist()) == ([1, 2, 0, 1], [2, 0, 1])


def test_values_that_cannot_be_told_apart_are_refused():
    lists = np.empty(2, dtype=object)
    lists[:] = [[1], [2]]
    for column in (lists, nw.from_native(pl.Series([[1], [2]]), series_only=True)):
        with pytest.raises(InvalidType, match="must hold plain values"):
            levels(column)


@pytest.mark.parametrize(
    "X",
    [
        np.array([[7, 0.5, 3], [8, 1.5, 3], [7, np.nan, 4]]),
        np.array([["7", 0.5, "3"], ["8", 1.5, "3"], ["7", np.nan, "4"]], dtype=object),
        [[7, 0.5, "x"], [8, 1.5, "x"], [7, None, "y"]],
        sp.csr_array(np.array([[7, 0.5, 3], [8, 1.5, 3], [7, np.nan, 4]])),
        pd.DataFrame({"a": [7, 8, 7], "b": [0.5, 1.5, None], "c": ["x", "x", "y"]}),
        pl.DataFrame({"a": [7, 8, 7], "b": [0.5, 1.5, None], "c": ["x", "x", "y"]}),
    ],
)
def test_labels_are_codes_even_where_they_are_numbers(X):
    numbers = numbers_of(X, labels=[0, 2])
    assert numbers.odd == []
    assert len(numbers.not_finite()) == 1
    assert [numbers.place_of(position) for position in (0, 1, 2)] == [None, 0, None]
    read = numbers.read(np.array([1, 0]))
    assert (read.toarray() if sp.issparse(read) else read).tolist() == [[1.5], [0.5]]
    for part in (numbers, numbers.only(np.array([1, 2]), 3)):
        assert part.codes(np.array([2, 1]), 0).tolist() == [0, 1]
        assert part.rows_with(part.codes(np.array([2, 1]), 2), 2)[0] == 2
        assert [str(value)[0] for value in part.values_of(0)] == ["7", "8"]


def test_objects_that_hold_numbers_and_gaps_in_a_frame():
    X = pd.DataFrame(
        {"a": np.array([1, 2.5, None], dtype=object), "b": np.array(["x", 1, 2], object)}
    )
    numbers = numbers_of(X)
    assert (numbers.odd, numbers.not_finite()) == (["b"], ["a"])
    np.testing.assert_array_equal(numbers.read(np.array([1, 2])), [[2.5], [np.nan]])


def test_finite_part():
    X = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, np.inf]])
    assert finite_part(X).tolist() == [[1.0], [1.0]]
    assert finite_part(sp.csr_array(X)).toarray().tolist() == [[1.0], [1.0]]
    assert finite_part(np.zeros((2, 2, 3))).shape == (2, 6)
    assert finite_part(np.zeros((2, 0))).shape == (2, 0)


IDS = np.random.default_rng(0).integers(2**60, 2**61, 8)  # past 2^53 floats skip whole numbers
GAP = np.arange(8) == 3


@pytest.mark.parametrize(
    "column",
    [
        pd.array(IDS, dtype="Int64"),
        pd.array(IDS, dtype="int64[pyarrow]"),
        pd.array(IDS.astype("u8"), dtype="UInt64"),
        pd.array(IDS % 2 == 0, dtype="boolean"),
        pd.array(IDS % 2 == 0, dtype="bool[pyarrow]"),
        pd.array(IDS / 2.0**60, dtype="Float64"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_rows_that_are_kept_keep_their_bits_beside_gaps(column):
    X = pd.DataFrame({"id": pd.Series(column).mask(GAP), "x": np.arange(8.0)})
    numbers = numbers_of(X)
    rows = np.array([5, 3])
    out = numbers.write(X.copy(), [(np.array([6, 1]), numbers.read(rows))])
    assert out.dtypes.equals(X.dtypes)
    kept = np.setdiff1d(np.arange(8), [6, 1])
    pd.testing.assert_frame_equal(out.iloc[kept], X.iloc[kept])
    assert out["id"].isna().tolist() == (GAP | (np.arange(8) == 1)).tolist()
    assert out["x"].tolist() == [0.0, 3.0, 2.0, 3.0, 4.0, 5.0, 5.0, 7.0]


@pytest.mark.parametrize("name", ["polars", "pyarrow", "pandas"])
def test_decimals_are_made_with_their_own_digits(name):
    price = pl.DataFrame({"price": ["1.25", "2.50", "9.99"]}).cast(pl.Decimal(10, 2))
    X = {"polars": price, "pyarrow": price.to_arrow(), "pandas": price.to_pandas(use_pyarrow_extension_array=True)}[name]  # fmt: skip
    numbers = numbers_of(X)
    assert numbers.read(np.arange(3)).ravel().tolist() == [1.25, 2.5, 9.99]
    out = numbers.write(take(X, np.arange(3)), [(np.array([1]), np.array([[3.14159]]))])
    found = nw.from_native(out)["price"].to_list()
    assert [str(value) for value in found] == ["1.25", "3.14", "9.99"]


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u4", "i8", "u8"])
def test_whole_numbers_stop_at_the_ends_of_their_type(dtype):
    info = np.iinfo(dtype)
    ends = base.settled(
        np.array([-1e300, float(info.min), float(info.max), 1e300]), np.dtype(dtype)
    )
    with np.errstate(all="raise"):
        cast = ends.astype(dtype)
    assert cast[:2].tolist() == [info.min] * 2
    assert cast[2] == cast[3]
    assert info.max - 2048 < int(cast[3]) <= info.max


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_floats_stop_at_the_ends_of_a_smaller_type(dtype):
    top = np.finfo(dtype).max
    with np.errstate(all="raise"):
        found = base.settled(np.array([1e300, -1e300, 1.5, np.nan, np.inf]), np.dtype(dtype)).astype(dtype)  # fmt: skip
    np.testing.assert_array_equal(found, np.array([top, -top, 1.5, np.nan, np.inf], dtype))


@pytest.mark.parametrize("row", [tuple, list, np.array])
@pytest.mark.parametrize("rows", [tuple, list])
def test_rows_of_any_kind_are_written_as_their_kind(rows, row):
    X = rows(map(row, [[1.0, 2.0], [3.0, 4.0]]))
    out = numbers_of(X).write(take(X, np.array([0, 1])), [(np.array([1]), np.array([[7.0, 8.0]]))])
    assert type(out) is rows
    assert [type(one) for one in out] == [type(one) for one in X]
    assert list(map(list, out)) == [[1.0, 2.0], [7.0, 8.0]]
    assert list(map(list, X)) == [[1.0, 2.0], [3.0, 4.0]], "what was given stays"


def test_tensors_are_written_in_their_own_memory_or_refused():
    torch = pytest.importorskip("torch")
    X = torch.arange(6.0).reshape(3, 2)
    out = numbers_of(X).write(take(X, np.arange(3)), [(np.array([2]), np.array([[8.0, 9.0]]))])
    assert isinstance(out, torch.Tensor)
    assert out.tolist() == [[0, 1], [2, 3], [8, 9]]
    with pytest.raises(InvalidType, match=r"X must be a table in memory\. Got Tensor"):
        numbers_of(X.requires_grad_())


@pytest.mark.parametrize(
    "kind", ["coo_matrix", "dok_matrix", "lil_matrix", "csr_array", "csc_array"]
)
def test_sparse_matrices_come_back_in_their_format(kind):
    X = getattr(sp, kind)(np.diag([1.0, 2.0, 3.0]))
    numbers = numbers_of(X)
    out = numbers.write(take(X, np.array([0, 2])), [(np.array([1]), numbers.read(np.array([1])))])
    assert type(out) is type(X)
    assert out.toarray().tolist() == [[1, 0, 0], [0, 2, 0]]


def test_gaps_in_chunks_of_words_and_foreign_byte_orders_are_levels():
    words = pa.chunked_array(
        [pa.array(["x", "y", "x"]).dictionary_encode(), pa.array(["z", None, "x"]).dictionary_encode()]
    )  # fmt: skip
    numbers = numbers_of(pa.table({"c": words}), labels=[0])
    assert numbers.values_of(0).tolist() == ["x", "y", "z", None]
    assert numbers.codes(np.arange(6), 0).tolist() == [0, 1, 0, 2, 3, 0]
    assert levels(np.array([3.0, 1.0, 3.0], ">f8"))[0].tolist() == [1, 0, 1]


@pytest.mark.parametrize("X", [np.zeros((4, 2, 2)), np.zeros((4, 2, 2)).tolist()], ids=["array", "list"])  # fmt: skip
def test_distances_need_two_dimensions(X):
    with pytest.raises(DoesNotApply, match=r"must be two-dimensional.*\(4, 2, 2\).*reshape"):
        all_numbers(X, "SMOTE")


def test_ragged_rows_are_refused():
    with pytest.raises(InvalidInput, match="rows of one length"):
        numbers_of([[1.0, 2.0], [3.0]])


def test_who_makes_no_rows_is_not_sent_to_smote_nc():
    X = pd.DataFrame({"city": ["Oslo", "Rome"]})
    with pytest.raises(DoesNotApply, match=r"Use SMOTENC, .*SMOTEN: categories only"):
        all_numbers(X, "SMOTE", makes=True)
    with pytest.raises(DoesNotApply, match="random under-sampling"):
        all_numbers(X, "TomekLinks")


@pytest.mark.parametrize("kind", [list, lambda rows: np.array(rows, object)])
def test_digits_in_words_are_no_numbers(kind):
    codes = [["68368", 1.5], ["43667", 2.5], ["01234", 3.5]]
    assert numbers_of(kind(codes)).odd == [0]
    with pytest.raises(DoesNotApply, match=r"1 column of another kind: 0\. Use SMOTENC"):
        all_numbers(kind(codes), "SMOTE", makes=True)
    assert numbers_of(kind([[b"1"], [2.0]])).odd == [0]
