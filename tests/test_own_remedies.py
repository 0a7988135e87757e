"""Remedies of the user's own: objects, classes by module and name, samplers of other libraries."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import SMOTE as PeerSMOTE
from imblearn.pipeline import make_pipeline as peer_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel import compare, run
from evenkeel.catalogue import find_remedies, find_remedy
from evenkeel.catalogue.own import as_texts, named, own_remedy
from evenkeel.errors import DamagedRun, DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.finished import Run
from evenkeel.foreign_resampled import ForeignResampled
from evenkeel.resample import SMOTE, RandomUnderSampler
from evenkeel.resampled import Resampled
from evenkeel.same_units import SameUnits
from evenkeel.wrappers import bare

X, Y = make_classification(n_samples=600, weights=[0.9], random_state=0)


class Bagged:
    """A remedy with nothing but treat."""

    def treat(self, estimator):
        return BaggingClassifier(estimator, 3, random_state=0)


class Told(Bagged):
    changes = "weights"
    name = "told"

    def treat(self, estimator, *, seed, costs=None):
        return BaggingClassifier(estimator, 2, random_state=seed)


class Needy(Bagged):
    def __init__(self, ratio):
        self.ratio = ratio


class Stranger(ClassifierMixin, BaseEstimator):
    """A type that no model file may hold."""

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine_for_tests.py").write_text(
        "from sklearn.naive_bayes import GaussianNB\n"
        "from sklearn.ensemble import BaggingClassifier\n"
        "class Bagged:\n"
        "    def treat(self, estimator):\n"
        "        return BaggingClassifier(estimator, 3, random_state=0)\n"
        "bayes = GaussianNB(var_smoothing=0.5)\n"
    )
    (tmp_path / "broken_for_tests.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_everything_that_treats_resamples_or_classifies_is_raced_like_a_row_of_the_catalogue():
    given = ["smote", SMOTETomek(), SMOTE(), PeerSMOTE(), Bagged(), Bagged, Told(),
             peer_pipeline(StandardScaler(), PeerSMOTE(), LogisticRegression()), GaussianNB()]  # fmt: skip
    for learner in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())):
        found = compare(X, Y, estimator=learner, remedies=given, cv=3)
        names = [entry.name for entry in found.entries[2:]]
        assert names == ["smote", "smote-tomek", "smote-2", "smote-3", "bagged", "bagged-2", "told",
                         "pipeline", "gaussian-nb"]  # fmt: skip
        assert all(entry.ok for entry in found.entries), [e.reason for e in found.entries]
        changes = {entry.name: entry.changes for entry in found.entries}
        assert (changes["smote-tomek"], changes["bagged"], changes["told"]) == (
            "rows", "learner", "weights",
        )  # fmt: skip


def test_processes_find_a_class_of_this_file():
    one, two = (
        compare(X, Y, estimator=LogisticRegression(), remedies=[Bagged()], cv=3, jobs=jobs)
        for jobs in (1, 2)
    )
    assert np.array_equal(one.entries[2].scores.raw, two.entries[2].scores.raw)


def test_a_sampler_is_seeded_unless_it_has_a_seed_and_is_left_as_it_was():
    sampler = SMOTETomek()
    treated = own_remedy(sampler).treat(LogisticRegression(), seed=7)
    assert (treated.sampler.random_state, sampler.random_state) == (7, None)
    kept = own_remedy(SMOTETomek(random_state=2)).treat(LogisticRegression(), seed=7)
    assert kept.sampler.random_state == 2
    ours = own_remedy(SMOTE()).treat(LogisticRegression(), seed=7)
    assert isinstance(ours, Resampled)
    assert isinstance(ours.view, SameUnits), "distances in the same units, as in the catalogue"
    assert own_remedy(RandomUnderSampler()).treat(LogisticRegression()).view is None


def test_only_the_last_step_of_a_learner_is_given_away():
    learner = make_pipeline(StandardScaler(), LogisticRegression())
    treated = own_remedy(Bagged()).treat(learner)
    assert isinstance(treated, Pipeline)
    assert isinstance(treated[-1].estimator, LogisticRegression)


def test_the_peers_sampler_fits_on_what_the_peers_pipeline_fits_on():
    sampler = PeerSMOTE(random_state=1)
    ours = ForeignResampled(LogisticRegression(), sampler).fit(X, Y)
    theirs = peer_pipeline(sampler, LogisticRegression()).fit(X, Y)
    assert np.array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.n_rows_ == 2 * np.bincount(Y).max()
    left = bare(theirs)
    assert type(left) is Pipeline
    assert [type(step) for _, step in left.steps] == [LogisticRegression]
    assert np.array_equal(left.predict_proba(X), theirs.predict_proba(X))
    with pytest.raises(DoesNotApply, match="Row weights and columns do not apply after SMOTE"):
        ForeignResampled(LogisticRegression(), sampler).fit(X, Y, sample_weight=np.ones(len(Y)))


@parametrize_with_checks(
    [ForeignResampled(LogisticRegression(), PeerSMOTE(k_neighbors=1, random_state=0))],
    expected_failed_checks=lambda estimator: {
        f"check_{name}": "no row weights: a sampler of another library does not say whose rows"
        for name in (
            "sample_weight_equivalence_on_dense_data",
            "sample_weight_equivalence_on_sparse_data",
            "sample_weights_pandas_series",
            "sample_weights_not_an_array",
            "sample_weights_list",
            "all_zero_sample_weights_error",
            "sample_weights_shape",
            "sample_weights_not_overwritten",
            "classifiers_one_label_sample_weights",
        )
    },
)
def test_it_is_an_estimator_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("thing", [3, None, LogisticRegression, Bagged, GaussianNB()], ids=repr)
def test_what_is_a_remedy_and_what_is_none(thing):
    if thing in (3, None):
        with pytest.raises(InvalidType, match="remedies of compare must be a list of names, or of"):
            named([thing])
    else:
        assert named([thing])[0].treat(LogisticRegression()).fit(X, Y).classes_.tolist() == [0, 1]


def test_a_class_that_needs_arguments_is_refused_and_its_object_is_not():
    with pytest.raises(InvalidType, match=r"Needy needs some: .*ratio.* Give the object"):
        named([Needy])
    assert named([Needy(2)])[0].name == "needy"
    assert pickle.loads(pickle.dumps(named([Needy(2)])[0])).thing.ratio == 2


def test_a_module_of_the_current_folder_is_found(folder):
    assert find_remedies("smote,mine_for_tests:Bagged") == [
        "none",
        "smote",
        "mine_for_tests:Bagged",
    ]
    assert find_remedy("mine_for_tests:bayes").thing.var_smoothing == 0.5
    with pytest.raises(InvalidInput, match=r"It has no 'Baged'. Did you mean 'Bagged'"):
        find_remedy("mine_for_tests:Baged")
    with pytest.raises(InvalidInput, match=r"cannot be imported \(ZeroDivisionError"):
        find_remedy("broken_for_tests:Bagged")


def rows():
    frame = pd.DataFrame(X[:, :5], columns=list("abcde"))
    return frame.assign(y=Y)


def test_a_run_holds_the_name_of_a_remedy_and_goes_on_with_it(folder):
    options = {"target": "y", "quick": True, "learners": "logistic", "out": folder / "r"}
    done = run(rows(), remedies=["mine_for_tests:Bagged"], **options)
    assert done.info["settings"]["remedies"] == ("mine_for_tests:Bagged",)
    assert "mine_for_tests:Bagged" in done.table["name"].to_list()
    assert Run.load(folder / "r").facts == done.facts


def test_a_run_says_of_an_object_that_it_was_one(folder):
    options = {"target": "y", "quick": True, "learners": "logistic"}
    done = run(rows(), remedies=["smote", GaussianNB()], out=folder / "r", **options)
    assert done.info["settings"]["remedies"] == ("smote", "gaussian-nb (object)")
    assert "gaussian-nb (object)" in done.table["name"].to_list()
    with pytest.raises(InvalidInput, match="must be given as the object that it was"):
        run(rows(), remedies=["gaussian-nb (object)"], **options)
    with pytest.raises(InvalidInput, match="must have different names"):
        as_texts([Told(), Told()])


def test_a_changed_row_of_the_catalogue_is_run_as_it_was_given():
    options = {"target": "y", "quick": True, "learners": "logistic"}
    row = find_remedy("smote")
    changed = replace(row, params={"sampling_strategy": 0.2})
    assert as_texts([row, find_remedy("smote(k=3)+class-weight")]) == (
        ("smote", "smote(k=3)+class-weight"), {},
    )  # fmt: skip
    texts, objects = as_texts([changed, replace(row, name="mine")])
    assert texts == ("smote (object)", "mine (object)")
    assert objects["smote (object)"].thing is changed
    done = run(rows(), remedies=["smote", changed], **options)
    again = run(rows(), remedies=[replace(changed, name="mine")], **options)
    figure = {row["name"]: row["average_precision"] for row in done.facts["remedies"]}
    mine = {row["name"]: row["average_precision"] for row in again.facts["remedies"]}
    assert figure["smote (object)"] == mine["mine (object)"] != figure["smote"]
    forest = replace(find_remedy("balanced-forest"), name="grove")
    assert as_texts([forest])[1]["grove (object)"].own_learner


def test_a_model_that_no_file_can_hold_is_said_before_and_the_run_is_kept(folder, monkeypatch):
    with pytest.warns(EvenkeelWarning, match=r"Should stranger \(object\) be chosen, .*Stranger"):
        done = run(rows(), remedies=[Stranger()], target="y", quick=True, learners="logistic")
    done.model.estimator_ = Stranger().fit(X, Y)
    with pytest.warns(EvenkeelWarning, match="is kept without its model: .*Stranger"):
        done.save(folder / "kept")
    assert (folder / "kept" / "report.html").exists()
    with pytest.raises(DamagedRun, match=r"was kept without its model: .*Stranger"):
        Run.load(folder / "kept")
