"""The journal: whole trials or none, of this course only, in the hands of one process."""

import hashlib
import io
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import CannotWrite, InvalidInput
from evenkeel.journal import LOCK, Journal


@given(
    key=st.text(max_size=40),
    status=st.sampled_from(["ok", "skipped"]),
    seconds=st.floats(0, 1e9),
    proba=st.lists(st.floats(0, 1), min_size=1, max_size=8),
)
def test_the_journal_gives_back_what_it_was_given(tmp_path_factory, key, status, seconds, proba):
    journal = Journal(tmp_path_factory.mktemp("run"))
    facts = {"status": status, "seconds": seconds, "reason": None}
    journal.add(key, facts, {"proba": np.array(proba)})
    found, arrays = journal.get(key)
    assert found == facts
    assert np.array_equal(arrays["proba"], proba)
    assert journal.get(key + "x") is None


@pytest.fixture
def noted(tmp_path):
    """A journal with one trial, and the file it is in."""
    journal = Journal(tmp_path, course="seed 0")
    journal.add("a", {"status": "ok"}, {"proba": np.arange(12.0).reshape(6, 2)})
    return journal, next((tmp_path / "journal").iterdir())


def test_any_flipped_byte_and_any_missing_end_is_found(noted):
    journal, path = noted
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert journal.get("a") is None, f"byte {at} of {len(whole)}"
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        assert journal.get("a") is None
    path.write_bytes(whole + b"x")
    assert journal.get("a") is None
    path.write_bytes(whole)
    assert np.array_equal(journal.get("a")[1]["proba"], np.arange(12.0).reshape(6, 2))


def test_a_file_under_the_name_of_another_trial_is_not_that_trial(noted):
    journal, path = noted
    path.rename(journal._path("b"))
    assert journal.get("b") is None


def test_trials_of_another_course_or_version_are_not_given_back(noted, tmp_path, monkeypatch):
    journal, _ = noted
    assert Journal(tmp_path, course="seed 1").get("a") is None
    assert Journal(tmp_path, course="seed 0").get("a") is not None
    monkeypatch.setattr("evenkeel.__version__", "0.0.9")
    assert journal.get("a") is None


def test_the_journal_never_unpickles(tmp_path):
    journal = Journal(tmp_path)
    journal.add("a", {}, {"proba": np.zeros(1)})
    path = next((tmp_path / "journal").iterdir())
    buffer = io.BytesIO()
    np.savez(buffer, note=np.array([{"key": "a"}], dtype=object))
    path.write_bytes(buffer.getvalue() + hashlib.sha256(buffer.getvalue()).digest())
    assert journal.get("a") is None


HOLD = """
import sys, time
from pathlib import Path
from evenkeel.journal import Journal
with Journal(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_number_of_the_first(other, tmp_path):
    said = f"Process {other.pid} is at work in {re.escape(str(tmp_path))}"
    with pytest.raises(InvalidInput, match=said), Journal(tmp_path):
        pass
    assert (tmp_path / "journal" / LOCK).exists(), "the lock of the first stays"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_the_lock_of_a_killed_process_holds_nobody_up(other, tmp_path, how):
    os.kill(other.pid, how)
    other.wait()
    assert (tmp_path / "journal" / LOCK).exists(), "killed: it could not clean up"
    with Journal(tmp_path) as journal:
        assert (tmp_path / "journal" / LOCK).read_text() == str(os.getpid())
        journal.add("a", {"status": "ok"}, {"proba": np.zeros(1)})
    assert [path.suffix for path in (tmp_path / "journal").iterdir()] == [".npz"]


def test_within_a_process_too_only_one_journal_writes(tmp_path):
    with Journal(tmp_path), pytest.raises(InvalidInput, match="one process at a time"):
        Journal(tmp_path).__enter__()
    assert not list(tmp_path.iterdir()), "nothing is left of a journal without trials"


def test_a_lock_that_goes_away_while_it_is_taken_is_taken_anew(tmp_path, monkeypatch):
    from evenkeel import journal

    lock, taken = journal._lock, []

    def slow(descriptor):
        lock(descriptor)
        if not taken:
            (tmp_path / "journal" / LOCK).unlink()  # its last holder leaves just now
        taken.append(descriptor)

    monkeypatch.setattr(journal, "_lock", slow)
    with Journal(tmp_path):
        assert len(taken) == 2
        with pytest.raises(InvalidInput, match="one process"):
            Journal(tmp_path).__enter__()


def test_a_folder_that_refuses_is_said_plainly(tmp_path):
    (tmp_path / "journal").write_text("a file in its place")
    with pytest.raises(CannotWrite, match="journal cannot be written"), Journal(tmp_path):
        pass
