"""Ctrl-C, kill -9, a full disk: what is done is kept, and the end is the same."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evenkeel.errors import InvalidInput
from evenkeel.store import JOURNAL

SLOWLY = """
import sys, time
import evenkeel.race.schedule as schedule
from evenkeel.cli import main

run_trial = schedule.run_trial
def slow(*args):
    time.sleep(0.2)
    return run_trial(*args)
schedule.run_trial = slow
main(sys.argv[1:])
"""


@pytest.fixture
def tx(cli, payments):
    payments().write_csv("tx.csv")
    return ("run", "tx.csv", "--target", "y")


def trials(folder):
    return sorted(Path(folder, JOURNAL).glob("*.npz"))


def stop_midway(ask, folder, how, *, more=2):
    """Start the command line, and send a signal as soon as two more trials are on the disk."""
    target = len(trials(folder)) + more
    process = subprocess.Popen(
        [sys.executable, "-c", SLOWLY, *ask], stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while len(trials(folder)) < target:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def test_interrupted_then_killed_then_resumed_it_ends_the_same(cli, tx, quick):
    ask = (*tx, *quick, "--jobs", "1", "--quiet", "--out")
    assert cli(*ask, "whole").code == 0

    code, err = stop_midway((*ask, "run"), "run", signal.SIGINT)
    assert code == 130
    assert err.startswith("evenkeel: interrupted")
    assert "--resume --out" in err
    assert "Traceback" not in err
    kept = {path: path.read_bytes() for path in trials("run")}
    assert len(kept) >= 2
    assert json.loads(Path("run/run.json").read_text())["state"] == "running"
    assert {path.name for path in Path("run").iterdir()} == {"run.json", JOURNAL}

    code, _ = stop_midway((*ask, "run", "--resume"), "run", signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert all(path.read_bytes() == content for path, content in kept.items()), "nothing is redone"

    assert cli(*ask, "run", "--resume") == (0, "", "")
    assert Path("run/metrics.json").read_bytes() == Path("whole/metrics.json").read_bytes()
    names = {path.name for path in Path("whole").iterdir()}
    assert {path.name for path in Path("run").iterdir()} == names, (
        "no journal, nothing half written"
    )


def test_an_interrupted_run_names_its_folder(cli, tx, quick, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("evenkeel.job.run_race", interrupt)
    answer = cli(*tx, *quick)
    assert answer.code == 130
    assert "What is done is kept in runs/tx-1: go on with the same command and" in answer.err
    assert answer.err.endswith("--resume --out runs/tx-1\n")
    scored = ("predict", "runs/tx-1", "tx.csv", "-o", "scored.csv")
    for asked in (("report", "runs/tx-1"), scored):
        answer = cli(*asked)
        assert answer.code == 2
        assert "is not finished. Go on with it by --resume --out runs/tx-1" in answer.err


def test_an_interrupt_while_the_files_are_written_names_the_folder(cli, tx, quick, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("evenkeel.finished.render_page", interrupt)
    answer = cli(*tx, *quick)
    assert answer.code == 130
    assert answer.err.endswith("--resume --out runs/tx-1\n")


def test_an_interrupt_before_anything_is_written_leaves_nothing(cli, tx, quick, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("evenkeel.job.prepare", interrupt)
    answer = cli(*tx, *quick)
    assert answer.code == 130
    assert answer.err == "evenkeel: interrupted. Nothing was written.\n"
    assert not Path("runs").exists()


def test_input_that_turns_out_bad_late_leaves_nothing(refused, tx, quick, monkeypatch):
    def impossible(*args, **kwargs):
        raise InvalidInput("The baseline could not be fitted.")

    monkeypatch.setattr("evenkeel.job.judge_all", impossible)
    Path("mine").mkdir()
    Path("runs").mkdir()
    for out in ((), ("--out", "new")):
        assert "could not be fitted" in refused(*tx, *quick, *out, "--quiet")


def test_a_disk_that_fills_up_keeps_what_is_done(cli, tx, quick, monkeypatch):
    calls = []

    def full(descriptor, sync=os.fsync):
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return sync(descriptor)

    ask = (*tx, *quick, "--out", "run", "--quiet")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        answer = cli(*ask)
    assert answer.code == 2
    assert "the disk is full. Free some space." in answer.err
    assert answer.err.count("\n") == 1
    assert len(trials("run")) == 2, "run.json, two trials, and the third found no room"
    assert not list(Path("run").rglob(".*")), "no half of a file"
    assert cli(*ask, "--resume") == (0, "", "")


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EROFS, "the disk is read-only. Name another folder with --out"),
        (errno.EACCES, "this user may not write there"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_folder_that_cannot_be_made(refused, tx, quick, monkeypatch, number, says):
    def forbidden(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", forbidden)
    for out in ((), ("--out", "elsewhere/run")):
        said = refused(*tx, *quick, *out)
        assert says in said
        assert "cannot be written" in said


def test_scores_that_find_no_room_leave_the_old_file(refused, done, monkeypatch):
    Path("scored.csv").write_text("old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "disk is full" in refused("predict", "done", "tx.csv", "-o", "scored.csv")
    assert "disk is full" in refused("report", "done")


def test_resume_goes_on_with_the_same_question_only(refused, cli, payments, tx, quick, done):
    payments().write_csv("tx.csv")
    ask = (*tx, *quick, "--out", "done", "--resume")
    assert "done is finished and stays as it is" in refused(*ask)
    run = done / "run.json"
    running = run.read_text().replace('"state": "done"', '"state": "running"')
    run.write_text(running)
    assert "Changed: seed: 0 before, 5 now." in refused(*ask, "--seed", "5")
    assert "Changed: metric: None before, 'f2' now." in refused(*ask, "--metric", "f2")
    payments(seed=1).write_csv("tx.csv")
    assert "Changed: the data." in refused(*ask)
    payments().write_csv("tx.csv")
    for broken in ("[]", "{}", '{"settings": 3}'):
        run.write_text(broken)
        assert "run.json" in refused(*ask)
    run.write_text('{"settings": {"target": "y", "jobs": "x"}}')
    assert "Changed: " in refused(*ask)
    run.write_text(running)
    assert cli(*ask, "--jobs", "1").code == 0, "where and how it is made may change"


def test_a_damaged_trial_runs_again(cli, tx, quick, monkeypatch):
    ask = (*tx, *quick, "--out", "run", "--quiet")
    with monkeypatch.context() as patched:

        def full(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        patched.setattr("evenkeel.finished.write_frame", full)
        cli(*ask)
    first = Path("run/metrics.json").read_bytes()
    for path, content in zip(trials("run"), (b"", b"PK\x03\x04 cut", None), strict=False):
        path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert cli(*ask, "--resume") == (0, "", "")
    assert Path("run/metrics.json").read_bytes() == first
