"""Killed at any moment, out of disk at any write: what is done is kept, and the end is the same."""

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenkeel.cli import main
from evenkeel.journal import LOCK
from evenkeel.store import JOURNAL

REMEDIES = ("--remedies", "class-weight", "--learner", "logistic")
ASK = ("run", "tx.csv", "--target", "y", *REMEDIES, "--quick", "--jobs", "1", "--quiet", "--out")
KILLS = 20

# One warm interpreter; every run is a fork of it, a process of its own that owes nothing to imports.
# "kill N" kills it at its N-th step of writing: an open, a sync, a rename, a removal.
SERVER = """
import json, os, signal, sys
import evenkeel.job, evenkeel.finished, evenkeel.report.page
from evenkeel.cli import main
import lightgbm, skops.io, altair, skrub
from evenkeel.report import preload
preload()

def mortal(name, left, owner=os):
    step = getattr(owner, name)
    def done(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **kwargs)
    setattr(owner, name, done)

print("ready", flush=True)
for line in sys.stdin:
    args, step = json.loads(line)
    child = os.fork()
    if child == 0:
        if step:
            left = [step]
            for name in ("open", "fsync", "rename", "replace", "unlink", "rmdir"):
                mortal(name, left)
        main(args)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Runs:
    """``evenkeel`` as processes of their own, started warm."""

    def __init__(self):
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.server.stdout.readline() == "ready\n"

    def start(self, *args, step=0):
        print(json.dumps([list(args), step]), file=self.server.stdin, flush=True)
        return int(self.server.stdout.readline())

    def end(self):
        return int(self.server.stdout.readline())

    def close(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a small table, and a whole run of it."""
    folder = tmp_path_factory.mktemp("survives")
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.15
    columns = {"a": rng.normal(size=400) + 1.5 * y, "b": rng.normal(size=400), "y": y.astype(int)}
    pl.DataFrame(columns).write_csv(folder / "tx.csv")
    return folder


@pytest.fixture(scope="module")
def runs(here):
    before = Path.cwd()
    os.chdir(here)
    made = Runs()
    yield made
    made.close()
    os.chdir(before)


@pytest.fixture(scope="module")
def whole(runs, here):
    """The bytes of metrics.json of a run that nobody disturbed, and the seconds that it took."""
    start = time.monotonic()
    runs.start(*ASK, "whole")
    assert runs.end() == 0
    return (here / "whole" / "metrics.json").read_bytes(), time.monotonic() - start


def kept(folder):
    return {path.name: path.read_bytes() for path in Path(folder, JOURNAL).glob("*.npz")}


def resume(folder):
    """The options to go on with a folder, or to begin where it does not exist yet."""
    return (*ASK, folder, "--resume") if Path(folder).exists() else (*ASK, folder)


def check_nothing_is_redone(folder, before):
    """Unless the run is over, each trial that was there is there, as it was."""
    after = kept(folder)
    assert before.items() <= after.items() or not Path(folder, JOURNAL).exists()


def is_done(folder):
    """Whether a run has said its last word; one killed at its first step has said none."""
    path = Path(folder, "run.json")
    return path.exists() and json.loads(path.read_bytes())["state"] == "done"


def finish(runs, folder, whole):
    """Go on to the end: the figures are those of the undisturbed run, and nothing else is left."""
    before, done = kept(folder), is_done(folder)
    if not done:
        runs.start(*resume(folder))
        assert runs.end() == 0
    check_nothing_is_redone(folder, before)
    assert Path(folder, "metrics.json").read_bytes() == whole
    left = {p.name for p in Path(folder).iterdir()}
    if done:  # killed while it dropped its journal, it has a rest of that
        left -= {JOURNAL}
    assert left == {p.name for p in Path("whole").iterdir()}


def killed_at_random(runs, whole, kills, how, seed):
    """Kill run after run after a random share of the time that a whole one takes; go on with each."""
    figures, seconds = whole
    chance = random.Random(seed)
    folder, finished, survived = f"random-{how}", 0, 0
    for _ in range(kills):
        before = kept(folder)
        child = runs.start(*resume(folder))
        time.sleep(chance.random() * seconds)
        with contextlib.suppress(ProcessLookupError):  # it was faster
            os.kill(child, how)
        code = runs.end()
        assert code in (-how, 0, 130), code
        survived += code != 0
        check_nothing_is_redone(folder, before)
        if is_done(folder):
            finish(runs, folder, figures)
            finished += 1
            folder = f"random-{how}-{finished}"
    finish(runs, folder, figures)
    return survived


def test_killed_at_twenty_random_moments_it_ends_the_same(runs, whole):
    assert killed_at_random(runs, whole, KILLS, signal.SIGKILL, seed=1) >= KILLS // 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_interrupted_or_terminated_it_ends_the_same(runs, whole, how):
    killed_at_random(runs, whole, 3, how, seed=int(how))


def killed_at_steps(runs, whole, steps, folder):
    """Kill at each of these steps of writing, going on every time; returns whether it ever ended."""
    for step in steps:
        before = kept(folder)
        runs.start(*resume(folder), step=step)
        code = runs.end()
        check_nothing_is_redone(folder, before)
        if code == 0:
            break
        assert code == -signal.SIGKILL
    finish(runs, folder, whole[0])


def test_killed_while_files_are_written_it_ends_the_same(runs, whole):
    killed_at_steps(runs, whole, (2, 5, 9, 14, 20, 27), "steps")


@pytest.mark.slow
def test_killed_at_every_step_of_writing_it_ends_the_same(runs, whole):
    for step in range(1, 400):
        folder = f"step-{step}"
        runs.start(*ASK, folder, step=step)
        code = runs.end()
        finish(runs, folder, whole[0])
        shutil.rmtree(folder)
        if code == 0:
            break
    assert 20 < step < 399


def test_a_killed_run_says_who_is_at_work_only_while_somebody_is(runs, whole, capsys):
    child = runs.start(*ASK, "busy")
    end = time.monotonic() + 60
    while not kept("busy"):
        assert time.monotonic() < end
        time.sleep(0.005)
    os.kill(child, signal.SIGSTOP)
    with pytest.raises(SystemExit) as left:
        main([*ASK, "busy", "--resume"])
    assert left.value.code == 2
    assert f"Process {child} is at work in busy." in capsys.readouterr().err
    os.kill(child, signal.SIGKILL)
    runs.end()
    assert Path("busy", JOURNAL, LOCK).read_text() == str(child)
    finish(runs, "busy", whole[0])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_disk_that_refuses_at_any_write_keeps_what_is_done(
    runs, whole, number, monkeypatch, capsys
):
    folder, writes = f"refused-{number}", 0
    for allowed in (0, 1, 2, 3, 5, 8, 13, 21):
        left = [allowed]

        def sync(descriptor, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(number, os.strerror(number))

        before = kept(folder)
        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", sync)
            with pytest.raises(SystemExit) as stopped:
                main([*resume(folder)])
        said = capsys.readouterr().err
        check_nothing_is_redone(folder, before)
        if not stopped.value.code:
            break
        writes += 1
        assert stopped.value.code == 2
        assert "cannot be written: the disk is" in said
        assert said.count("\n") == 1
        assert not list(Path(folder).rglob(".*")), "no half of a file"
        assert allowed == 0 or f"--resume --out {folder}" in said
    assert writes >= 3
    finish(runs, folder, whole[0])


@pytest.mark.slow
def test_a_disk_that_is_really_full(runs, whole, tmp_path):
    """A small file system of its own, where this user may mount one."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("mounting a file system needs another user")
    try:
        folder = str(tmp_path / "run")
        runs.start(*ASK, folder)
        assert runs.end() == 2
        assert kept(folder), "what fitted is kept"
        subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path)], check=True)
        finish(runs, folder, whole[0])
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
