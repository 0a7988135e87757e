"""Text tables and ARFF: header, names, encodings, ragged rows; and a round trip of random tables."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.reading.source import read_source
from evenkeel.reading.tidy import tidy


def written(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows_of(path, **options):
    raw = read_source(path, **options)
    return raw.frame.columns, tidy(raw.frame, decimal_comma=raw.decimal_comma).frame.rows()


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("x,y\n1,a\n2,b\n", ["x", "y"], [(1, "a"), (2, "b")]),
        ("x,y\r\n1,a\r\n2,b\r\n", ["x", "y"], [(1, "a"), (2, "b")]),
        ("x,y\r1,a\r2,b\r", ["x", "y"], [(1, "a"), (2, "b")]),
        ("\ufeffx,y\n1,a\n2,b\n", ["x", "y"], [(1, "a"), (2, "b")]),
        ("x;y\n1,5;a\n22,25;b\n", ["x", "y"], [(1.5, "a"), (22.25, "b")]),
        ("1 2  3\n 4 5 6 \n", ["column_1", "column_2", "column_3"], [(1, 2, 3), (4, 5, 6)]),
        ("x y\nr1 1 0\nr2 2 1\n", ["row_name", "x", "y"], [("r1", 1, 0), ("r2", 2, 1)]),
        ("x,y\n1,0,\n2,1,\n", ["x", "y"], [(1, 0), (2, 1)]),
        (",x\n0,5\n1,6\n", ["column_1", "x"], [(0, 5), (1, 6)]),
        ("x,x,y\n1,2,0\n3,4,1\n", ["x", "x_2", "y"], [(1, 2, 0), (3, 4, 1)]),
        ('x, "y"\n1, "a, b"\n2, "c"\n', ["x", "y"], [(1, "a, b"), (2, "c")]),
        ("x,y,z\n1,2,3\n4,5\n", ["x", "y", "z"], [(1, 2, 3), (4, 5, None)]),
        ("x,y\n\n1,2\n,\n3,4\n\n", ["x", "y"], [(1, 2), (3, 4)]),
        ("# by me\nx,y\n1,2\n3,4\n", ["x", "y"], [(1, 2), (3, 4)]),
        ('"x";"y"\n1;"a;b"\n2;"c"\n', ["x", "y"], [(1, "a;b"), (2, "c")]),
        ("sentence\nit is, well, fine\nnot so, no\n", ["sentence"], [("it is, well, fine",), ("not so, no",)]),
    ],
)  # fmt: skip
def test_tables_of_many_shapes(tmp_path, text, columns, rows):
    assert rows_of(written(tmp_path, text)) == (columns, rows)


def test_a_first_row_that_is_shorter_than_the_rest_is_no_obstacle(tmp_path):
    _, rows = rows_of(written(tmp_path, "1\n2,3\n4,5\n6,7\n8,9\n"), header=False)
    assert rows[:2] == [(1, None), (2, 3)]


def test_a_row_with_too_many_fields_is_named(tmp_path):
    text = "a,b\n" + "1,2\n" * 10 + "1,2,3\n" + "1,2\n" * 10
    with pytest.raises(InvalidInput, match=r"Line 12 of .* has 3 fields, but most have 2"):
        read_source(written(tmp_path, text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "cp1252"])
def test_other_encodings_are_understood_and_noted(tmp_path, encoding):
    raw = read_source(written(tmp_path, "x,y\nétude,1\nöl,2\n".encode(encoding)))
    assert raw.frame["x"].to_list() == ["étude", "öl"]
    assert bool(raw.notes) is (encoding != "utf-8")


def test_a_bad_byte_far_behind_the_sample_is_read_as_latin_1(tmp_path):
    raw = read_source(written(tmp_path, b"x,y\n" + b"abc,1\n" * 60_000 + b"\xe9,2\n"))
    assert raw.frame["x"][-1] == "é"


def test_names_replace_a_header_and_number_what_they_do_not_reach(tmp_path):
    path = written(tmp_path, "1,2,3\n4,5,6\n")
    assert read_source(path, names=["a", "b"]).frame.columns == ["a", "b", "column_3"]
    names = written(tmp_path, "dur,continuous\nproto,symbolic\n", "names.csv")
    assert read_source(path, names=names).frame.columns == ["dur", "proto", "column_3"]
    one_line = written(tmp_path, "a, 'b',c", "line.txt")
    assert read_source(path, names=str(one_line)).frame.columns == ["a", "b", "c"]
    titled = written(tmp_path, "u,v\n4,5\n", "titled.csv")
    raw = read_source(titled, names=["a", "b"])
    assert (raw.frame.columns, raw.frame.height) == (["a", "b"], 1)
    assert "header of the file was replaced" in raw.notes[0]
    with pytest.raises(InvalidInput, match="4 column names, but the rows have 3 fields"):
        read_source(path, names=["a", "b", "c", "d"])
    with pytest.raises(InvalidInput, match="names 'a' twice"):
        read_source(path, names=written(tmp_path, "a,b,a", "twice.txt"))


def test_no_header_and_known_columns(tmp_path):
    path = written(tmp_path, "x,y\n1,2\n")
    assert read_source(path, header=False).frame.height == 2
    headless = written(tmp_path, "5,6\n7,8\n", "b.csv")
    assert read_source(headless, known=("x", "y")).frame.columns == ["x", "y"]
    assert read_source(headless, known=("x", "y", "z")).frame.columns == ["column_1", "column_2"]


def test_arff_attributes_name_the_columns(tmp_path):
    text = (
        "% a comment\n@RELATION weather\n@attribute 'out look' {sunny,'over cast'}\n"
        "@ATTRIBUTE temp\tREAL\n@attribute y {no,yes}\n\n@DATA\n"
        "sunny,1.5,no\n% another\n'over cast',?,yes\n"
    )
    columns, rows = rows_of(written(tmp_path, text, "w.arff"))
    assert columns == ["out look", "temp", "y"]
    assert rows == [("sunny", 1.5, "no"), ("over cast", None, "yes")]
    for broken, message in (
        ("@relation r\n@attribute x real\n@data\n{0 1}\n", "sparse ARFF"),
        ("@relation r\n@attribute x real\n", "no @data line"),
        ("@relation r\n@data\n1\n", "without attributes"),
    ):
        with pytest.raises(InvalidInput, match=message):
            read_source(written(tmp_path, broken, "b.arff"))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)
CELLS = st.one_of(
    st.builds("w{}".format, WORDS),
    st.builds("a,b;{}\t|c".format, WORDS),
    st.sampled_from(['say "hi"', '"quoted"', "line\nbreak", "it's", "'tis", "x y"]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELLS, st.integers(-999, 999), st.floats(-9, 9)), min_size=2, max_size=30),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_random_tables_come_back_as_they_were_written(
    tmp_path_factory, rows, delimiter, quoting, end
):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(["word", "count", "size"])
    writer.writerows((word, count, f"{size:.6f}") for word, count, size in rows)
    path = tmp_path_factory.mktemp("round") / "t.csv"
    path.write_bytes(buffer.getvalue().encode())
    raw = read_source(path)
    found = tidy(raw.frame.drop("word"))
    assert raw.frame["word"].to_list() == [word for word, *_ in rows]
    assert found.frame["count"].to_list() == [count for _, count, _ in rows]
    assert found.frame["size"].to_list() == [float(f"{size:.6f}") for *_, size in rows]
    assert found.frame.schema == {"count": pl.Int64, "size": pl.Float64}
