"""Tables for other programs: they come back the same, or are refused before anything is written."""

import polars as pl
import pytest

from evenkeel.errors import CannotWrite, InvalidInput
from evenkeel.export import check_table_path, write_table

PLAIN = pl.DataFrame({"ü,\n": ['a "b"', None], "n": [1.5, -2.0], "flag": [True, False]})


@pytest.mark.parametrize("name", ["x.csv", "x.CSV", "x.parquet", "x.y.Parquet", "ü [1].csv"])
def test_a_table_comes_back(tmp_path, name):
    path = tmp_path / name
    write_table(PLAIN, path)
    read = pl.read_csv if path.suffix.lower() == ".csv" else pl.read_parquet
    assert read(path.read_bytes()).equals(PLAIN)
    write_table(PLAIN[:1], path)
    assert read(path.read_bytes()).height == 1, "a file of the name is replaced"


@pytest.mark.parametrize("name", ["x", "x.xlsx", "x.csv.gz", ".csv", "none/x.csv", "folder.csv"])
def test_places_that_cannot_hold_a_table(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    for call in (check_table_path, lambda path: write_table(PLAIN, path)):
        with pytest.raises(InvalidInput, match="out must"):
            call(tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.csv"]


@pytest.mark.parametrize(
    "series",
    [
        pl.Series("odd", [[1], [2]]),
        pl.Series("odd", [{"a": 1}, {"a": 2}]),
        pl.Series("odd", [b"\xff", b""]),
        pl.Series("odd", [1, 2]).cast(pl.Duration("us")),
    ],
    ids=lambda series: str(series.dtype),
)
def test_csv_refuses_what_it_cannot_hold_and_parquet_takes_it(tmp_path, series):
    frame = PLAIN.with_columns(series)
    with pytest.raises(InvalidInput, match=r"must be a \.parquet file to hold 'odd'"):
        write_table(frame, tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())
    write_table(frame, tmp_path / "x.parquet")
    assert pl.read_parquet(tmp_path / "x.parquet").equals(frame)


def test_a_disk_that_refuses(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CannotWrite, match="the disk is full"):
        write_table(PLAIN, tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())
