"""Remedies of losses and batches: import strings in the slots of a network, wherever it stands."""

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("skorch")

from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evenkeel import compare
from evenkeel.catalogue import CATALOGUE, find_remedy, usual_remedies
from evenkeel.decide import Policy, diagnose, settle
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.export import load_model, save_model
from evenkeel.nn import TorchClassifier
from evenkeel.scores import fit_and_score, out_of_fold
from evenkeel.settings import Settings
from evenkeel.split import make_folds
from evenkeel.wrappers import bare

NETWORKS = [name for name, row in CATALOGUE.items() if row.changes in ("loss", "batches")]


@pytest.fixture(scope="module")
def rare():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [270, 30])
    return rng.normal(size=(300, 4)) + y[:, None], y


def network(**changes):
    return TorchClassifier(**{"max_epochs": 3, "random_state": 0} | changes)


@pytest.mark.parametrize("spec", NETWORKS)
def test_a_remedy_sets_its_slot_and_the_model_can_be_saved(tmp_path, rare, spec):
    X, y = rare
    row, base = find_remedy(spec), network()
    treated = row.treat(make_pipeline(StandardScaler(), base), seed=1)
    slot = {"loss": "loss", "batches": "sampler"}[row.changes]
    model = treated[-1]
    assert getattr(model, slot) == row.target
    assert getattr(base, slot) != row.target, "the estimator given is left as it was"
    treated.fit(X, y)
    assert model.prior_.twice is False
    moved = not np.allclose(model.prior_.reaches, [0.9, 0.1], atol=0.02)
    assert moved == row.corrects
    plain = find_remedy("none").treat(make_pipeline(StandardScaler(), base)).fit(X, y)
    assert not np.array_equal(plain.predict_proba(X), treated.predict_proba(X))
    save_model(bare(treated), tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert np.array_equal(again.predict_proba(X), treated.predict_proba(X))


@pytest.mark.parametrize("spec", NETWORKS)
def test_after_each_probabilities_are_on_the_populations_scale_again(spec):
    rng = np.random.default_rng(7)
    y = (rng.random(6000) < 0.095).astype(np.int64)
    X = rng.normal(size=(6000, 4))
    X[:, :2] += [1.2, 0.8] * y[:, None]
    treated = find_remedy(spec).treat(network(max_epochs=5), seed=0)
    folds = make_folds(y[:3000], n_folds=3, n_repeats=1)
    scores = out_of_fold(treated, X[:3000], y[:3000], folds, classes=(0, 1))
    raw, _ = fit_and_score(treated, X[:3000], y[:3000], X[3000:], 2)
    proba = settle(scores, Policy(cost_fn=30, cost_fp=1), n_boot=0).calibrator.apply(raw)
    assert y[3000:].sum() >= 200
    # Cosines spread as far as a network was trained, so what one calibrator learns from networks that
    # stopped at different epochs holds less well for another.
    least, most = (0.6, 1.6) if spec == "ldam" else (0.8, 1.25)
    assert least <= diagnose(y[3000:], proba)["o_e"] <= most


@pytest.mark.parametrize("spec", NETWORKS)
def test_knobs_reach_the_loss_or_the_sampler(rare, spec):
    row = find_remedy(spec)
    for name, knob in row.knobs.items():
        for value in knob.search:
            model = row.with_knobs(**{name: value}).treat(network(max_epochs=1))
            options = model.loss_options if row.changes == "loss" else model.sampler_options
            assert options[knob.parameter or name] == value
            model.fit(*rare)


def test_a_network_inside_a_wrapper_or_an_ensemble_is_found(rare):
    X, y = rare
    for spec in (
        "smote+focal",
        "focal+smote",
        "focal+class-weight",
        "focal+under-bagging(members=2)",
    ):
        treated = find_remedy(spec).treat(network(), seed=1)
        places = {
            name: value for name, value in treated.get_params().items() if name.endswith("__loss")
        }
        assert list(places.values()) == ["evenkeel.nn:FocalLoss"]
        assert treated.fit(X, y).predict_proba(X).shape == (300, 2)


@pytest.mark.parametrize(
    "learner", [LogisticRegression(), SGDClassifier()], ids=["logistic", "sgd"]
)
@pytest.mark.parametrize("spec", ["focal", "balanced-sampler"])
def test_other_learners_are_told_why_not(learner, spec):
    with pytest.raises(
        DoesNotApply, match=rf"{spec} changes how a network is trained, and \w+ is none"
    ):
        find_remedy(spec).treat(make_pipeline(StandardScaler(), learner))


@pytest.mark.parametrize(
    "spec",
    [
        "logit-adjusted+class-weight", "balanced-sampler+logit-adjusted",
        "class-weighted-loss+effective-number", "logit-adjusted+under-bagging",
    ],
)  # fmt: skip
def test_two_corrections_are_refused_by_name(spec):
    with pytest.raises(InvalidInput, match=r"correct\w* twice|correct twice"):
        find_remedy(spec)


def test_a_shortlist_with_a_network_has_its_losses():
    assert usual_remedies(("torch",))[-2:] == ("focal", "logit-adjusted")
    names = Settings(target="y", learners=("torch",)).remedy_names()
    assert {"focal", "logit-adjusted"} <= set(names)
    assert "focal" not in Settings(target="y").remedy_names()


def test_results_are_the_same_with_two_processes(rare):
    X, y = rare
    tables = [
        compare(X, y, estimator=network(), remedies=["focal", "balanced-sampler"], cv=2, jobs=jobs)
        .table.drop("seconds", "peak_bytes")
        for jobs in (1, 2)
    ]  # fmt: skip
    assert tables[0].equals(tables[1])
    assert tables[0]["status"].to_list() == ["ok"] * 4


def test_a_learner_that_is_no_network_skips_them_with_a_reason(rare):
    found = compare(*rare, estimator=LogisticRegression(), remedies=["focal"], cv=2)
    (skipped,) = [entry for entry in found.entries if entry.name == "focal"]
    assert skipped.status == "skipped"
    assert "LogisticRegression is none" in skipped.reason


WITHOUT_TORCH = """
import json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, Absent())
from evenkeel.catalogue import find_remedies, find_remedy
from evenkeel.learners import make_learner

names, said = find_remedies("all"), []
for make in (
    lambda: find_remedy("focal").treat(make_learner("logistic")),
    lambda: make_learner("torch"),
):
    try:
        make()
    except Exception as error:
        said.append([type(error).__name__, str(error)])
print(json.dumps([names, said]))
"""


def test_the_catalogue_needs_no_torch():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    names, said = json.loads(run.stdout)
    assert set(NETWORKS) <= set(names)
    assert [kind for kind, _ in said] == ["DoesNotApply", "MissingDependency"]
    assert "pip install 'evenkeel[torch]'" in said[1][1]
