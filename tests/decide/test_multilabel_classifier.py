import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel.decide import Policy
from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.decide.multilabel import choose_labels
from evenkeel.decide.multilabel_classifier import DecidedMultilabelClassifier
from evenkeel.errors import InvalidInput, InvalidType

X, Y = make_multilabel_classification(n_samples=300, n_classes=4, random_state=0)
SIMPLE = OneVsRestClassifier(LogisticRegression(max_iter=500))
ESTIMATORS = [
    SIMPLE,
    MultiOutputClassifier(LogisticRegression(max_iter=500)),
    ClassifierChain(LogisticRegression(max_iter=500), random_state=0),
    RandomForestClassifier(n_estimators=20, random_state=0, n_jobs=2),
    KNeighborsClassifier(n_neighbors=9),
    MLPClassifier(
        hidden_layer_sizes=(4,), solver="lbfgs", alpha=10, tol=0.01, max_iter=2000, random_state=0
    ),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda made: type(made).__name__)
def test_classifiers_of_several_labels_are_served(estimator):
    model = DecidedMultilabelClassifier(estimator).fit(X, Y)
    proba = model.predict_proba(X)
    assert proba.shape == Y.shape
    assert set(np.unique(model.predict(X)).tolist()) == {0, 1}
    assert (model.predict(X) == model.decision_.apply(proba)).all()
    held_out = model._calibrated(model.scores_)[0]
    assert held_out.mean(axis=0) == pytest.approx(Y.mean(axis=0), rel=0.05)
    # better than flagging everything
    assert get_scorer("f1_micro")(model, X, Y) > 2 * Y.mean() / (1 + Y.mean())
    again = DecidedMultilabelClassifier(clone(estimator)).fit(X, Y)
    assert (again.scores_ == model.scores_).all()


def test_scores_are_those_of_models_that_did_not_see_the_row():
    noise = np.random.default_rng(0).random((400, 5))
    labels = (np.random.default_rng(1).random((400, 3)) < 0.3).astype(int)
    forest = RandomForestClassifier(n_estimators=30, random_state=0)
    model = DecidedMultilabelClassifier(forest).fit(noise, labels)
    seen = forest.fit(noise, labels).predict_proba(noise)[0][:, 1]
    gap = [
        p[labels[:, 0] == 1].mean() - p[labels[:, 0] == 0].mean()
        for p in (seen, model.scores_[0, :, 0])
    ]
    assert gap[0] > 0.3
    assert abs(gap[1]) < 0.05


def test_copies_of_a_row_stay_in_one_fold():
    twice = np.vstack([X, X])
    labels = np.vstack([Y, 1 - Y])
    nearest = KNeighborsClassifier(n_neighbors=1)
    scores = DecidedMultilabelClassifier(nearest).fit(twice, labels).scores_[0]
    # the nearest row would be the copy with the other labels
    assert (scores[:300] == scores[300:]).all()


def test_groups_stay_in_one_fold():
    group = np.arange(300) // 3
    model = DecidedMultilabelClassifier(SIMPLE)
    part = model._folds(X, Y, group).part[0]
    assert (part.reshape(-1, 3) == part.reshape(-1, 3)[:, :1]).all()


@pytest.mark.parametrize("kind", ["pandas", "polars", "sparse", "bool", "list"])
def test_labels_of_every_kind_give_the_same_decisions(kind):
    names = ["a", "b", "c", "d"]
    given = {
        "pandas": pd.DataFrame(Y, columns=names),
        "polars": pl.DataFrame(Y, schema=names),
        "sparse": csr_array(Y),
        "bool": Y.astype(bool),
        "list": Y.tolist(),
    }[kind]
    model = DecidedMultilabelClassifier(SIMPLE).fit(X, given)
    plain = DecidedMultilabelClassifier(SIMPLE).fit(X, Y)
    assert (model.predict(X) == plain.predict(X)).all()
    named = kind in {"pandas", "polars"}
    assert model.labels_ == (tuple(names) if named else (0, 1, 2, 3))


def test_labels_that_hardly_vary_are_listed_and_the_rest_is_served():
    labels = np.column_stack([Y[:, :2], np.zeros(300), np.ones(300), np.arange(300) == 7])
    for estimator in (MultiOutputClassifier(LogisticRegression(max_iter=500)), ESTIMATORS[3]):
        model = DecidedMultilabelClassifier(estimator).fit(X, labels)
        decided = model.predict(X)
        assert not decided[:, 2].any()
        assert decided[:, 3].all()
        assert len(model.notes_) == 3
        assert model.predict_proba(X)[:, 2].max() < 0.01
        assert model.decisions_[4].threshold == 0.5


def test_a_single_label_that_varies_is_enough():
    labels = np.column_stack([Y[:, 0], np.zeros(300, dtype=int)])
    for estimator in ESTIMATORS[:4]:
        model = DecidedMultilabelClassifier(estimator).fit(X, labels)
        assert 0.1 < model.predict(X)[:, 0].mean() < 0.9


def test_other_decisions_need_no_other_fit():
    model = DecidedMultilabelClassifier(SIMPLE).fit(X, Y)
    micro = LabelPolicy.micro("f2")
    other = model.decide(micro)
    assert other.estimator_ is model.estimator_
    proba = model._calibrated(model.scores_)
    assert other.decision_ == choose_labels(micro, Y, proba, labels=(0, 1, 2, 3))
    assert other.predict(X).sum() > model.predict(X).sum()
    assert model.decision_.policy == LabelPolicy.macro("f1")


def test_cost_columns_come_from_the_frame():
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])])
    frame["loss"] = np.random.default_rng(0).integers(1, 9, 300)
    policy = {0: Policy(cost_fn="loss", cost_fp=1), 1: Policy.capacity("10%")}
    model = DecidedMultilabelClassifier(SIMPLE, policy).fit(frame, Y)
    decided = model.predict(frame)
    paid = {"loss": frame["loss"].to_numpy()}
    assert (decided == model.decision_.apply(model.predict_proba(frame), columns=paid)).all()
    assert (decided == model.predict(frame, columns=paid)).all()


def test_scikit_learn_judges_it():
    model = DecidedMultilabelClassifier(SIMPLE)
    assert cross_val_score(model, X, Y, scoring="f1_macro", cv=2).min() > 0.4
    assert cross_val_score(model, X, Y, scoring="average_precision", cv=2).min() > 0.4


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (Y[:, 0], r"must have shape \(n_rows, n_labels\).* use DecidedClassifier"),
        (Y * 2, r"must be class codes from 0 to 1. Got 0 to 2"),
        (np.where(Y, np.nan, 0.0), r"Y of DecidedMultilabelClassifier must be class codes"),
        (np.zeros_like(Y), r"must hold a label that some rows carry"),
        (Y[:3], r"at most the number of rows or groups"),
    ],
)
def test_labels_that_cannot_be_learnt_are_refused(labels, match):
    with pytest.raises(InvalidInput, match=match):
        DecidedMultilabelClassifier(SIMPLE).fit(X[: len(labels)], labels)


def test_estimators_and_policies_that_do_not_fit_are_refused():
    with pytest.raises(InvalidType, match=r"must have predict_proba. OneVsRestClassifier has none"):
        DecidedMultilabelClassifier(OneVsRestClassifier(LinearSVC())).fit(X, Y)
    with pytest.raises(InvalidInput, match=r"must name labels of Y. Got 9"):
        DecidedMultilabelClassifier(SIMPLE, {9: Policy.metric("f1")}).fit(X, Y)
    with pytest.raises(InvalidInput, match="cv of DecidedMultilabelClassifier"):
        DecidedMultilabelClassifier(SIMPLE, cv=1).fit(X, Y)


OTHER_VALUES = "this check gives labels in one dimension, or other values than 0 and 1"
EXPECTED = dict.fromkeys(
    [
        "check_estimators_dtypes", "check_complex_data", "check_dtype_object",
        "check_estimator_sparse_array", "check_estimator_sparse_matrix",
        "check_classifier_data_not_an_array", "check_classifiers_classes", "check_classifiers_one_label",
        "check_classifiers_regression_target",
        "check_classifier_not_supporting_multiclass", "check_fit2d_1feature",
    ],
    OTHER_VALUES,
) | {
    "check_classifiers_train": "it wants one label a row back",
    "check_classifier_multioutput": "it wants labels to be decided from 0.5 on",
}  # fmt: skip


@pytest.mark.parametrize("kind", [csr_array, csr_matrix])
def test_sparse_tables_are_served(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    Y = (X[:, :2] + rng.normal(size=(300, 2)) > 1).astype(int)
    whole = DecidedMultilabelClassifier(SIMPLE, cv=2).fit(X, Y)
    thin = DecidedMultilabelClassifier(SIMPLE, cv=2).fit(kind(X), Y)
    assert thin.predict_proba(kind(X)) == pytest.approx(whole.predict_proba(X), abs=1e-3)


@parametrize_with_checks(
    [DecidedMultilabelClassifier(SIMPLE, cv=2)], expected_failed_checks=lambda _: EXPECTED
)
def test_it_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def test_the_decision_itself_needs_no_scikit_learn():
    code = "import sys, evenkeel.decide.multilabel, evenkeel.strata; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
