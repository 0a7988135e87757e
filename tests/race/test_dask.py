"""Trials on a Dask cluster of this machine give the bits of the local run."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evenkeel.catalogue import find_remedy
from evenkeel.learners import make_learner
from evenkeel.place import Place
from evenkeel.race import Course, Trial, connected, map_trials, run_trial
from evenkeel.split import make_folds


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
