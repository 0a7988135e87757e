"""Where trials run, through the command line: refusals, limits, Ctrl-C and kill -9, equal bytes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

RAY = pytest.mark.skipif(find_spec("ray") is None, reason="pip install 'evenkeel[ray]'")
FOUR = ("--quick", "--remedies", "class-weight,random-over", "--learner", "logistic", "--quiet")

# remedies of a user's own, in the folder where the command runs
OWN = """
import time
from pathlib import Path
import numpy as np
from sklearn.linear_model import LogisticRegression

class Steady(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        time.sleep(0.2)
        return super().fit(X, y, sample_weight)

class Once(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        if not Path("slept").exists():
            Path("slept").touch()
            time.sleep(600)
        return super().fit(X, y, sample_weight)

class Eater(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        np.ones(1 << 28)
        return super().fit(X, y, sample_weight)

class Own:
    def __init__(self, learner):
        self.learner = learner

    def treat(self, estimator):
        return self.learner

steady, once, large = Own(Steady()), Own(Once()), Own(Eater())
"""


@pytest.fixture
def tx(cli, payments):
    payments().write_csv("tx.csv")
    return ("run", "tx.csv", "--target", "y")


@pytest.fixture
def own(cli, monkeypatch):
    """A module with remedies; the command and its workers find it in this folder."""
    monkeypatch.syspath_prepend(".")
    Path("own.py").write_text(OWN)
    yield
    sys.modules.pop("own", None)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--backend", "rya"), "Did you mean 'ray'"),
        (("--address", "10.0.0.5:6379"), "must go with backend 'ray' or 'dask'"),
        (("--backend", "threading", "--trial-timeout", "5m"), "process of its own"),
        (("--trial-timeout", "soon"), "Got 'soon'"),
        (("--trial-memory", "much"), "must be a size such as 500m or 4g. Got 'much'"),
        (("--trial-memory", "5"), "at least"),
    ],
)
def test_a_place_that_cannot_be(refused, tx, options, says):
    assert says in refused(*tx, *FOUR, *options)


@pytest.mark.parametrize(
    ("backend", "module", "line"),
    [
        ("ray", "ray", "pip install 'evenkeel[ray]'"),
        ("dask", "distributed", "pip install distributed"),
    ],
)
def test_a_cluster_whose_library_is_missing(cli, on_disk, tx, monkeypatch, backend, module, line):
    monkeypatch.setitem(sys.modules, module, None)  # the import fails
    before = on_disk()
    for address in ((), ("--address", "127.0.0.1:1")):
        answer = cli(*tx, *FOUR, "--backend", backend, *address)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.endswith(f"Install it with: {line}\n")
        assert answer.err.count("\n") == 1
    assert on_disk() == before


@RAY
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of importing Ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere", "host:99999"])
def test_an_address_where_nothing_listens(refused, tx, address):
    asked = time.monotonic()
    said = refused(*tx, *FOUR, "--backend", "ray", "--address", address)
    assert "must be a Ray cluster that answers" in said
    assert repr(address) in said
    assert time.monotonic() - asked < 60, "Ray itself would try for two minutes"


@RAY
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_address_of_the_environment_is_the_same(refused, tx, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    assert "Got '127.0.0.1:1', where nothing listens" in refused(*tx, *FOUR, "--backend", "ray")


@RAY
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_listens_and_is_no_ray(refused, tx, monkeypatch):
    monkeypatch.setattr("evenkeel.race.ray_backend.PATIENCE", 2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        said = refused(*tx, *FOUR, "--backend", "ray", "--address", address)
    assert "took longer than 2 s" in said


def metrics(folder):
    return Path(folder, "metrics.json").read_bytes()


def test_threads_and_processes_write_the_same_bytes(cli, tx):
    here = (*tx, *FOUR, "--out")
    assert cli(*here, "one", "--jobs", "1").code == 0
    assert cli(*here, "threads", "--jobs", "2", "--backend", "threading").code == 0
    limits = ("--trial-memory", "2g", "--trial-timeout", "5m") if sys.platform == "linux" else ()
    assert cli(*here, "two", "--jobs", "2", *limits).code == 0
    assert metrics("one") == metrics("threads") == metrics("two")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process takes")
def test_limits_are_lines_of_the_table_and_others_go_on(cli, tx, own, monkeypatch):
    asked = (*tx, "--quick", "--learner", "logistic", "--quiet", "--jobs", "1", "--out", "run",
             "--remedies", "class-weight,own:once,own:large")  # fmt: skip

    def interrupt(*args, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("evenkeel.job.judge_all", interrupt)
        assert cli(*asked, "--trial-timeout", "10s", "--trial-memory", "500m").code == 130
    assert Path("slept").exists()
    assert len(list(Path("run").rglob("*.npz"))) == 12, (
        "three on three folds, one of each lost, the canary"
    )
    assert cli(*asked, "--trial-memory", "400m", "--resume").code == 0, "limits may change"
    table = json.loads(metrics("run"))["remedies"]
    why = {row["name"]: row.get("reason") for row in table}
    assert why["own:large"] == "ran out of memory"
    assert why["own:once"] is None, "what was lost ran again"
    assert why["class-weight"] is None


def children_of(pid):
    """Processes that a process started, with theirs, zombies apart."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(entry.name)] = int(parent)
    kin = {pid}
    while more := {child for child, parent in found.items() if parent in kin} - kin:
        kin |= more
    return kin - {pid}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_parent_ends_its_workers(tx, own, how):
    asked = (*tx, "--quick", "--remedies", "own:steady", "--learner", "logistic", "--quiet")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "evenkeel", *asked, "--jobs", "2", "--out", "run"],
        stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    end = time.monotonic() + 120
    while not list(Path("run").rglob("*.npz")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    workers = children_of(process.pid)
    assert len(workers) >= 2
    process.send_signal(how)
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    if how != signal.SIGKILL:
        assert process.returncode == 130
        assert said.splitlines()[-1].startswith(
            "evenkeel: interrupted. What is done is kept in run"
        )
    while any(Path(f"/proc/{pid}/stat").exists() and is_alive(pid) for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
