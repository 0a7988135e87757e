"""Trials on a Dask cluster of this machine give the bits of the local run."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evenkeel.catalogue import find_remedy
from evenkeel.errors import CannotGoOn, EvenkeelWarning
from evenkeel.learners import make_learner
from evenkeel.place import Place
from evenkeel.race import Course, Trial, connected, map_trials, run_trial
from evenkeel.split import make_folds

distributed = pytest.importorskip("distributed")


@pytest.mark.filterwarnings("ignore")  # Dask's own, on ports and on processes that end
def test_scores_are_those_of_the_local_run():
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 6 == 0).astype(np.int64)
    course = Course(
        rng.normal(size=(300, 3)) + y[:, None], y, 2, make_folds(y, n_folds=2, n_repeats=1),
        learners={"logistic": LogisticRegression(), "prevalence": make_learner("prevalence")},
        remedies={name: find_remedy(name) for name in ("none", "smote")},
    )  # fmt: skip
    trials = [Trial(name, "logistic", 0, fold) for name in ("none", "smote") for fold in (0, 1)]
    here = {found.trial: found.proba for found in map_trials(run_trial, trials, course)}
    place = Place("dask")
    with connected(place, 2) as jobs:
        found = list(map_trials(run_trial, trials, course, place=place, jobs=jobs))
    there = {one.trial: one.proba for one in found}
    assert here.keys() == there.keys()
    assert all(np.array_equal(here[trial], there[trial]) for trial in trials)


@pytest.mark.filterwarnings("ignore:Port", "ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_without_a_free_thread_is_said_and_not_waited_for(monkeypatch):
    monkeypatch.setattr("evenkeel.race.crew.TOLD", 0.5)
    monkeypatch.setattr("evenkeel.race.crew.PATIENCE", 2.0)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        go_on = distributed.Event("go on")
        busy = client.submit(go_on.wait)
        says = r"no thread of the cluster is free \(all 1 are in use\)"
        with pytest.warns(EvenkeelWarning, match=says), pytest.raises(CannotGoOn, match=says):
            list(map_trials(pow, [2, 3], 2, place=Place("dask"), jobs=0))
        go_on.set()
        busy.result()
        assert list(map_trials(pow, [2, 3], 2, place=Place("dask"), jobs=0)) == [4, 9]


def test_what_asks_python_to_exit_costs_no_worker():
    def run(trial, shared):
        if trial == 1:
            raise KeyboardInterrupt
        return trial

    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
    ):  # fmt: skip
        place = Place("dask")
        found = list(map_trials(run, range(3), 0, place=place, lost=lambda *why: why))
    assert sorted(found, key=str) == [(1, "it raised KeyboardInterrupt"), 0, 2]
