"""Hostile and damaged files: one sentence, nothing on disk, nothing executed."""

import gzip
import io
import os
import pickle
import zipfile

import numpy as np
import polars as pl
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.reading import binary, unpack
from evenkeel.reading.source import read_source

CSV = "x,y\n1,0\n2,1\n"


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_gzip_and_zip_are_read_and_the_largest_table_is_chosen(tmp_path):
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(CSV.encode()))
    assert read_source(packed).frame.shape == (2, 2)
    assert read_source(packed).name == "a"
    members = {
        "__MACOSX/._t.csv": "junk" * 99,
        "s/map.csv": "a,b\n",
        "s/t.csv": CSV,
        "read.me": CSV * 9,
    }
    raw = read_source(zipped(tmp_path / "t.zip", members))
    assert raw.frame.columns == ["x", "y"]
    assert raw.notes[0] == "read 't.csv' from the zip archive; left alone: map.csv, read.me"


def test_a_packed_parquet_file_is_read(tmp_path):
    buffer = io.BytesIO()
    pl.DataFrame({"x": [1], "y": [2]}).write_parquet(buffer)
    assert read_source(zipped(tmp_path / "t.zip", {"t.parquet": buffer.getvalue()})).frame.row(
        0
    ) == (1, 2)


@pytest.mark.parametrize("kind", ["gz", "zip", "npz"])
def test_decompression_bombs_are_refused_before_they_fill_the_memory(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(unpack, "FREE_BYTES", 2**20)
    monkeypatch.setattr(binary, "FREE_BYTES", 2**20)
    path = tmp_path / f"bomb.{kind}"
    zeros = bytes(8 * 2**20)
    if kind == "gz":
        path.write_bytes(gzip.compress(zeros))
    elif kind == "zip":
        zipped(path, {"t.csv": zeros})
    else:
        np.savez_compressed(path, X=np.zeros((1024, 1024)), y=np.zeros(1024))
    with pytest.raises(InvalidInput, match="looks like a decompression bomb"):
        read_source(path)


def test_no_more_is_unpacked_than_the_limit(monkeypatch):
    monkeypatch.setattr(unpack, "FREE_BYTES", 100)
    monkeypatch.setattr(unpack, "_CHUNK", 10)

    class Endless:
        given = 0

        def read(self, size, /):
            self.given += size
            return b"0" * size

    stream = Endless()
    with pytest.raises(InvalidInput, match="bomb"):
        unpack.read_limited(stream, 1, "it")
    assert stream.given <= 260


def test_names_that_climb_out_of_the_archive_are_harmless(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    raw = read_source(zipped(inner / "t.zip", {"../../evil.csv": CSV, "/abs.csv": "x"}))
    assert raw.frame.shape == (2, 2)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "t.zip"]


def test_python_objects_in_numpy_files_are_never_unpickled(tmp_path):
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(ran),))

    path = tmp_path / "evil.npz"
    np.savez(path, X=np.array([[Evil()], [1]], dtype=object), y=np.array([0, 1]))
    with pytest.raises(InvalidInput, match=r"'X' in .*evil.npz holds Python objects"):
        read_source(path)
    np.save(tmp_path / "evil.npy", np.array([[Evil()]], dtype=object))
    with pytest.raises(InvalidInput, match="holds Python objects"):
        read_source(tmp_path / "evil.npy")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InvalidInput, match="pickle, which is never loaded"):
        read_source(tmp_path / "evil.pkl")
    assert not ran.exists()


def test_an_array_that_declares_more_than_it_holds_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 10)}
    )
    path = zipped(tmp_path / "t.npz", {"X.npy": header.getvalue() + bytes(16), "y.npy": b""})
    with pytest.raises(InvalidInput, match=r"declares .* values and holds fewer"):
        read_source(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "holds no rows"),
        (b"x,y\n", "has a header and no rows below it"),
        (bytes(range(256)) * 20, "is a binary file"),
        (b"x,y\n1,\x00\n", "is a binary file"),
        (b"PAR1" + bytes(64), "cannot be read as Parquet"),
        (b"ARROW1" + bytes(64), "cannot be read as Arrow"),
        (b'{"x": 1,', "cannot be read as JSON Lines"),
        (b'{"x":' + b"[" * 10_000, "cannot be read as JSON Lines"),
        (b"PK\x03\x04" + bytes(64), "damaged zip archive"),
        (b"\x93NUMPY\x01\x00", "damaged numpy file"),
        (b"\x93NUMPY\x01\x00\x04\x00{'(\n", "damaged numpy file"),
        (gzip.compress(b"x,y\n1,2\n" * 1000, mtime=0)[:-10], "damaged gzip file"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (gzip.compress(gzip.compress(b"x,y\n1,2\n", mtime=0), mtime=0), "archive inside an archive"),
        (b"7z\xbc\xaf\x27\x1c", "Unpack it first"),
        (b"\xd0\xcf\x11\xe0", "Save the sheet as CSV"),
        (b"\x89PNG\r\n", "an image, not a table"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_said_in_one_sentence(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=message) as caught:
        read_source(path)
    assert "\n" not in str(caught.value)


def test_office_documents_encrypted_and_empty_archives_are_named(tmp_path):
    with pytest.raises(InvalidInput, match="Office document"):
        read_source(zipped(tmp_path / "b.xlsx", {"[Content_Types].xml": "", "xl/s.xml": ""}))
    with pytest.raises(InvalidInput, match="holds no file"):
        read_source(zipped(tmp_path / "e.zip", {}))
    path = zipped(tmp_path / "c.zip", {"t.csv": CSV})
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(InvalidInput, match=r"'t.csv' in .* is encrypted"):
        read_source(path)


def test_missing_files_are_answered_with_near_names(tmp_path):
    (tmp_path / "payments.csv").write_text(CSV)
    with pytest.raises(InvalidInput, match=r"no file .*paymets.csv. Did you mean 'payments.csv'\?"):
        read_source(tmp_path / "paymets.csv")
    with pytest.raises(InvalidInput, match=r"folder .* does not exist either"):
        read_source(tmp_path / "no" / "t.csv")
    with pytest.raises(InvalidInput, match=r"folder without .parquet files"):
        read_source(tmp_path)
    with pytest.raises(InvalidInput, match="matches no file"):
        read_source(tmp_path / "*.parquet")
    with pytest.raises(InvalidInput, match="not a regular file"):
        read_source("/dev/null")
