"""The page about clusters: the commands of one machine run as written, and so does a Dask cluster."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
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


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="pip install 'evenkeel[ray]'")
def test_a_cluster_of_ray_as_on_the_page(table, monkeypatch):
    """Head, run and a token; the address is that of this machine's loopback."""
    for words in commands("A cluster of Ray"):
        if words[0] == "export":
            monkeypatch.setenv("RAY_AUTH_MODE", "token")
            monkeypatch.setenv("RAY_AUTH_TOKEN", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    port = free_port()
    asked = [
        [word.replace("10.0.0.5", "127.0.0.1").replace("6379", str(port)) for word in words]
        for words in commands("A cluster of Ray")
    ]
    head, worker = (words for words in asked if words[0] == "ray")
    run = next(words for words in asked if words[0] == "evenkeel")
    ray = shutil.which("ray", path=str(Path(sys.executable).parent))
    groups = []
    try:
        for words in (head, worker):
            # --block: the processes are then a group of ours, to be ended alone
            own = ("--block", "--num-cpus=1")
            groups.append(
                subprocess.Popen(
                    [ray, *words[1:], *own], start_new_session=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
            )  # fmt: skip
            wait_for(port)
        assert run_here(run, "there") == run_here([*run[:5], "--jobs", "1"], "here")
    finally:
        for group in groups:
            os.killpg(group.pid, signal.SIGTERM)
        for group in groups:
            group.wait(60)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="pip install distributed")
def test_a_cluster_of_dask_as_on_the_page(table):
    port = free_port()
    asked = [
        [word.replace("10.0.0.5", "127.0.0.1").replace("8786", str(port)) for word in words]
        for words in commands("A cluster of Dask")
    ]
    run = next(words for words in asked if words[0] == "evenkeel")
    scheduler, worker = (words for words in asked if words[0] == "dask")
    own = {"scheduler": ["--port", str(port)], "worker": []}
    started = []
    try:
        for words in (scheduler, worker):
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", *words, *own[words[1]], "--no-dashboard"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
            )  # fmt: skip
            wait_for(port)
        assert run_here(run, "there") == run_here([*run[:5], "--jobs", "1"], "here")
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return
