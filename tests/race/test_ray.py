"""Ray: the same bits as here, a worker that dies is replaced, an address that refuses is a sentence."""

import gc
import os
import signal
import threading
import time
import warnings
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evenkeel.catalogue import find_remedy
from evenkeel.errors import CannotGoOn, EvenkeelWarning, InvalidInput
from evenkeel.place import Place
from evenkeel.race import Course, Trial, map_trials, run_trial
from evenkeel.race.ray_backend import ENVIRONMENT
from evenkeel.split import make_folds

if find_spec("ray") is None:  # not imported yet: it reads its token mode from the environment then
    pytest.skip("Ray is an extra: pip install 'evenkeel[ray]'", allow_module_level=True)
# Ray leaves its log files and sockets to the interpreter, and forks beside its own threads
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:No worker of the race is up yet",  # after ten seconds, which a busy machine may need
)  # fmt: skip
RAY = Place("ray")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers that only this machine reaches, with a token from the environment."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_AUTH_MODE", "token")
        patched.setenv("RAY_AUTH_TOKEN", "0123456789abcdef0123456789abcdef")
        for name, setting in ENVIRONMENT.items():
            patched.setenv(name, setting)
        patched.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        patched.delenv("RAY_ADDRESS", raising=False)
        import ray

        started = ray.init(
            address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
            logging_level="ERROR", object_store_memory=100 << 20,
        )  # fmt: skip
        yield started.address_info["address"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # processes Ray never waits for
            ray.shutdown()
            del started
            gc.collect()


@pytest.fixture(scope="module")
def course():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [270, 30])
    X = rng.normal(size=(300, 4)) + y[:, None]
    names = ("none", "random-over")
    return Course(
        X, y, 2, make_folds(y, n_folds=3, n_repeats=1, seed=0),
        learners={"logistic": LogisticRegression()},
        remedies={name: find_remedy(name) for name in names}, seed=0,
    )  # fmt: skip


def trials():
    return [
        Trial(name, "logistic", 0, fold) for name in ("none", "random-over") for fold in range(3)
    ]


def test_a_worker_killed_in_the_middle_changes_no_bit(cluster, course, tmp_path):
    here = {o.trial: o.proba for o in map_trials(run_trial, trials(), course)}
    note = tmp_path / "pid"

    def slowly(trial, shared):  # by value: the workers do not import tests
        if trial.fold == 1 and trial.remedy == "none" and not note.exists():
            note.write_text(str(os.getpid()))
            time.sleep(60)
        return run_trial(trial, shared)

    def kill():
        while not note.exists() or not note.read_text():
            time.sleep(0.01)
        os.kill(int(note.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    there = {o.trial: o.proba for o in map_trials(slowly, trials(), course, place=RAY, jobs=0)}
    killer.join()
    assert here.keys() == there.keys()
    assert all(np.array_equal(here[trial], there[trial]) for trial in here)


def test_what_a_trial_does_is_one_line_and_its_own_error_comes_through(cluster, capfd):
    def run(trial, shared):
        if trial == 1:
            os._exit(1)
        if trial == 2:
            time.sleep(60)
        return trial * shared if trial < 4 else trial / 0

    place = Place("ray", trial_timeout=2)
    results = map_trials(run, range(5), 10, place=place, jobs=1, lost=lambda *why: why)
    found = [next(results) for _ in range(4)]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert found == [0, (1, "the process died (out of memory?)"), (2, "took longer than 2 s"), 30]
    assert capfd.readouterr().out == "", "--json stays one document"


@pytest.mark.parametrize("taken", [1, 2])
def test_a_cluster_in_use_is_told_from_one_that_is_slow(cluster, monkeypatch, taken):
    import ray

    class Holder:
        def hold(self):
            return True

    other = ray.remote(num_cpus=taken)(Holder).remote()
    assert ray.get(other.hold.remote())
    monkeypatch.setattr("evenkeel.race.crew.TOLD", 1.0)
    monkeypatch.setattr("evenkeel.race.crew.PATIENCE", 4.0 if taken == 2 else 60.0)
    try:
        if taken == 2:
            says = r"no processor of the cluster is free \(2 of 2 in use\)"
            with pytest.warns(EvenkeelWarning, match=says), pytest.raises(CannotGoOn, match=says):
                list(map_trials(pow, range(6), 2, place=RAY, jobs=0))
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", EvenkeelWarning)  # a worker takes a second to start
                found = list(map_trials(pow, range(6), 2, place=RAY, jobs=0))
            assert sorted(found) == [n * n for n in range(6)], "one worker did them all"
    finally:
        ray.kill(other)


def test_what_asks_python_to_exit_is_one_line(cluster):
    def run(trial, shared):
        if trial:
            raise (SystemExit(0) if trial == 1 else KeyboardInterrupt)
        return os.getpid()

    found = list(map_trials(run, [1, 2, 0, 0], 0, place=RAY, jobs=1, lost=lambda *why: why))
    assert found[:2] == [(1, "it asked Python to exit"), (2, "it raised KeyboardInterrupt")]
    assert found[2] == found[3]


def test_what_the_trials_share_must_arrive(cluster):
    class Cursed:
        def __reduce__(self):
            return (import_module, ("no_module_of_this_name",))

    with pytest.raises(CannotGoOn, match=r"cannot start: .*no_module_of_this_name"):
        list(map_trials(pow, range(3), Cursed(), place=RAY, jobs=1))


def test_a_wrong_token_is_refused_in_a_sentence_and_the_right_one_is_not(cluster, monkeypatch):
    from evenkeel.race.ray_backend import _probe

    _probe(cluster)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "f" * 32)
    with pytest.raises(InvalidInput, match=r"refuses the token|took longer than 12 s"):
        _probe(cluster)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "ray://127.0.0.1:1", "host:0"])
def test_an_address_where_nothing_listens_is_refused(address):
    from evenkeel.race.ray_backend import _probe

    with pytest.raises(InvalidInput, match="must be a Ray cluster that answers"):
        _probe(address)
