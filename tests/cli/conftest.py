"""The command line in this process: what it answers, and what it leaves on the disk."""

import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from evenkeel.cli import main

QUICK = ("--quick", "--remedies", "class-weight", "--learner", "logistic", "--test-size", "0.2")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def make_payments(n=400, share=0.15, *, seed=0, **more):
    """A table with numbers, categories and a target 'y' of 'no' and 'yes'."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    columns = {
        "a": rng.normal(size=n) + 1.5 * y,
        "b": rng.normal(size=n),
        "c": rng.choice(["u", "v", "w"], n),
        "y": np.where(y, "yes", "no"),
    }
    return pl.DataFrame(columns | more)


def ask(*args, capsys):
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    told = capsys.readouterr()
    return Answer(left.value.code or 0, told.out, told.err)


def look_at_disk(folder="."):
    """Every file and its bytes, every folder."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        found[str(path)] = None
        if path.is_file():
            with open(path, "rb") as file:
                found[str(path)] = file.read()
    return found


@pytest.fixture(scope="session")
def payments():
    return make_payments


@pytest.fixture(scope="session")
def on_disk():
    return look_at_disk


@pytest.fixture(scope="session")
def quick():
    return QUICK


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Call the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: ask(*args, capsys=capsys)


@pytest.fixture
def refused(cli):
    """Bad input: exit code 2, one sentence, nothing written, nothing changed."""

    def call(*args):
        before = look_at_disk()
        answer = cli(*args)
        assert answer.code == 2, answer
        assert answer.out == ""
        assert answer.err.startswith("evenkeel: ")
        assert answer.err.endswith((".\n", "?\n", "See: evenkeel remedies\n")), answer.err
        assert answer.err.count("\n") == 1, "one sentence, on one line"
        assert look_at_disk() == before
        return answer.err

    return call


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished run on payments, made once; copy it before changing it."""
    folder = tmp_path_factory.mktemp("finished")
    make_payments().write_csv(folder / "tx.csv")
    out = ("--quiet", "--out", str(folder / "run"))
    with pytest.raises(SystemExit) as left:
        main(["run", str(folder / "tx.csv"), "--target", "y", *QUICK, *out])
    assert not left.value.code
    return folder / "run"


@pytest.fixture
def done(finished, cli):
    """A copy of the finished run in ./done, and its table in tx.csv."""
    shutil.copytree(finished, "done")
    shutil.copy(finished.parent / "tx.csv", "tx.csv")
    return Path("done")
