"""The page about clusters: its options exist, and the commands of one machine run as written."""

import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evenkeel.cli import main

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cluster.md"
SMALL = ("--quick", "--remedies", "class-weight", "--learner", "logistic", "--quiet")


def commands(title):
    """The lines of the fenced blocks under a heading, comments apart."""
    part = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    under = next(text for text in part if text.startswith(title))
    blocks = re.findall(r"^```\n(.*?)^```$", under, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.15
    x = rng.normal(size=400) + y
    pl.DataFrame({"x": x, "is_fraud": y.astype(int)}).write_parquet("tx.parquet")
    return tmp_path


def run_here(command, out):
    """Run a command of evenkeel in a process of its own, small; gives its metrics.json."""
    where = [sys.executable, "-m", *command, *SMALL, "--out", out]
    ran = subprocess.run(where, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    return Path(out, "metrics.json").read_bytes()


def test_every_command_is_one_that_exists(capsys):
    for words in commands("This machine") + commands("A cluster of"):
        if words[0] == "evenkeel":
            with pytest.raises(SystemExit) as left:
                main([*words[1:], "--help"])
            assert not left.value.code
    told = capsys.readouterr().out
    for option in set(re.findall(r"`(--[a-z-]+)", PAGE.read_text())) - {"--memory-limit"}:
        assert option in told


def test_threads_as_on_the_page(table):
    here = next(words for words in commands("This machine") if "threading" in words)
    with pytest.raises(SystemExit) as left:
        main([*here[1:], *SMALL, "--out", "here"])
    assert not left.value.code
    assert Path("here", "metrics.json").exists()


@pytest.mark.slow
def test_the_commands_of_one_machine_write_the_same_bytes(table):
    asked = commands("This machine")
    if find_spec("ray") is None:
        asked = [words for words in asked if "ray" not in words]
    found = [run_here(words, f"out-{at}") for at, words in enumerate(asked)]
    assert len(set(found)) == 1
    assert len(found) >= 2
