"""The run directory: whole or not there, verified when read, resumed without repeating anything."""

import contextlib
import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evenkeel.store as store
from evenkeel.errors import CannotWrite, DamagedRun, InvalidInput
from evenkeel.journal import Journal
from evenkeel.store import (
    NEEDED,
    discard,
    new_folder,
    open_run,
    read_json,
    seal,
    write_bytes,
    write_frame,
    write_json,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sealed(tmp_path):
    folder = new_folder(tmp_path / "run", "tx", resume=False)
    Journal(folder).add("a", {"status": "ok"}, {"proba": np.zeros(2)})
    for name in sorted(NEEDED):
        write_bytes(folder / name, name.encode())
    seal(folder, {"settings": {}})
    return folder


def test_runs_are_numbered_after_their_table_and_never_reuse_a_number(here):
    assert new_folder(None, "tx", resume=False) == Path("runs/tx-1")
    Path("runs/tx-9").mkdir()
    Path("runs/tx-old").mkdir()
    Path("runs/tx-1/file").touch()
    assert new_folder(None, "tx", resume=False) == Path("runs/tx-10")
    assert new_folder(None, "../../etc/pass wd", resume=False) == Path("runs/etc-pass-wd-1")
    assert new_folder(None, "🦆", resume=False) == Path("runs/table-1")
    assert len(new_folder(None, "x" * 400, resume=False).name) < 120


@given(name=st.text(max_size=60))
def test_no_name_of_a_table_leads_out_of_runs(tmp_path_factory, name):
    with contextlib.chdir(tmp_path_factory.mktemp("x")):
        folder = new_folder(None, name, resume=False)
        assert [path.name for path in Path().rglob("*")] == ["runs", folder.name]
        assert folder == Path("runs", folder.name)


def test_a_number_that_someone_takes_meanwhile_is_passed_over(here, monkeypatch):
    Path("runs").mkdir()
    mkdir = Path.mkdir

    def taken(self, *args, **kwargs):
        if self.name == "tx-1":
            raise FileExistsError
        mkdir(self, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", taken)
    assert new_folder(None, "tx", resume=False) == Path("runs/tx-2")


def test_a_named_folder_is_made_with_its_parents_or_must_be_empty(here):
    assert new_folder("a/b/c", "tx", resume=False).is_dir()
    assert new_folder("a/b/c", "tx", resume=False) == Path("a/b/c"), "empty is as good as new"
    Path("a/b/c/file").touch()
    Path("a/link").symlink_to("nowhere")
    for out in ("a/b/c", "a/b/c/file", "a/link"):
        with pytest.raises(InvalidInput, match=f"{out} exists"):
            new_folder(out, "tx", resume=False)
    with pytest.raises(InvalidInput, match="must name a folder"):
        new_folder(" ", "tx", resume=False)
    with pytest.raises(CannotWrite, match="Not a directory"):
        new_folder("a/b/c/file/below", "tx", resume=False)
    Path("runs").touch()
    with pytest.raises(CannotWrite, match="runs cannot be written"):
        new_folder(None, "tx", resume=False)


def test_only_an_unfinished_run_is_resumed(sealed, tmp_path):
    with pytest.raises(InvalidInput, match="name it with --out"):
        new_folder(None, "tx", resume=True)
    with pytest.raises(InvalidInput, match="holds none"):
        new_folder(tmp_path / "none", "tx", resume=True)
    with pytest.raises(InvalidInput, match="is finished and stays as it is"):
        new_folder(sealed, "tx", resume=True)
    write_json(sealed / "run.json", {"state": "running"})
    assert new_folder(sealed, "tx", resume=True) == sealed


def test_a_file_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def broken(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(CannotWrite, match="the disk is full"):
            write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"

    def interrupt(descriptor):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_bytes(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path):
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "mine").symlink_to(tmp_path / "theirs")
    write_bytes(tmp_path / "mine", b"mine")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert not (tmp_path / "mine").is_symlink()


def test_json_holds_any_text_and_no_nan(tmp_path):
    path = tmp_path / "x.json"
    document = {"ü": "</script>\n\x00", "name": "caf\udce9", "n": [1, 0.1, None, True]}
    write_json(path, document)
    assert read_json(path) == document
    assert path.read_bytes().endswith(b"}\n")
    assert "ü".encode() in path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"x": float("nan")})
    assert read_json(path) == document


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a": 1} 2', b"[" * 100_000])
def test_json_that_cannot_be_read(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DamagedRun, match=r"x\.json cannot be read as JSON"):
        read_json(tmp_path / "x.json")


def test_a_frame_comes_back(tmp_path):
    frame = pl.DataFrame({"ü": [1.5, None], "t": ["a", "b"]})
    write_frame(tmp_path / "x.parquet", frame)
    assert pl.read_parquet(tmp_path / "x.parquet").equals(frame)


def test_a_sealed_run_lists_its_files_and_drops_what_a_kill_left(tmp_path, sealed):
    run = open_run(sealed)
    assert set(run["files"]) == set(NEEDED)
    assert run["state"] == "done"
    assert not (sealed / "journal").exists()
    (sealed / ".metrics.json.0123abcd").touch()
    (sealed / ".hidden").touch()
    seal(sealed, {"settings": {}})
    assert not (sealed / ".metrics.json.0123abcd").exists()
    assert (sealed / ".hidden").exists(), "not ours to delete"


def test_an_open_run_is_what_was_sealed(sealed):
    (sealed / "report.html").write_text("made again")
    (sealed / "notes.txt").write_text("mine")
    open_run(sealed)
    write_bytes(sealed / "metrics.json", b"altered")
    with pytest.raises(DamagedRun, match=r"metrics\.json is not what the run wrote"):
        open_run(sealed)
    (sealed / "metrics.json").unlink()
    with pytest.raises(DamagedRun, match=r"metrics\.json is missing"):
        open_run(sealed)


@pytest.mark.parametrize("name", ["../x", "/etc/hostname", "", ".", "..", "a/b"])
def test_run_json_cannot_make_us_read_elsewhere(sealed, name, monkeypatch):
    run = json.loads((sealed / "run.json").read_text())
    run["files"][name] = "0" * 64
    write_json(sealed / "run.json", run)
    read = []
    digest = store._digest
    monkeypatch.setattr(store, "_digest", lambda path: read.append(path) or digest(path))
    with pytest.raises(DamagedRun, match=r"no file of the run|is missing"):
        open_run(sealed)
    assert all(path.parent == sealed for path in read)


def test_what_is_no_run(tmp_path):
    with pytest.raises(InvalidInput, match="is not a folder"):
        open_run(tmp_path / "none")
    for content in ("{}", "[]", '{"format": "evenkeel.run/2"}'):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(DamagedRun, match="not the description of an evenkeel run"):
            open_run(tmp_path)


def test_a_run_taken_back_leaves_only_what_is_not_ours(tmp_path):
    for mine in ((), ("notes.txt",)):
        folder = new_folder(tmp_path / "run", "tx", resume=False)
        for name in mine:
            (folder / name).write_text("mine")
        write_json(folder / "run.json", {"state": "running"})
        Journal(folder).add("a", {}, {"proba": np.zeros(1)})
        discard(folder)
        assert folder.exists() == bool(mine)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
