"""A model of several labels: labels that do not vary, one label alone, every form of answer."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from evenkeel.decide.label_model import LabelModel, read_training
from evenkeel.errors import InvalidInput, InvalidType

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
Y = (X[:, :2] + rng.normal(size=(60, 2)) > 0).astype(int)


def test_a_label_that_does_not_vary_keeps_its_value():
    table = np.column_stack([np.ones(60, int), Y[:, 0], np.zeros(60, int), Y[:, 1]])
    found = LabelModel.fit(OneVsRestClassifier(LogisticRegression()), X, table)
    assert found.fitted.tolist() == [1, 3]
    scores = found.scores(X)
    assert (scores[:, 0] == 1).all()
    assert (scores[:, 2] == 0).all()
    for label, column in ((1, 0), (3, 1)):
        alone = LogisticRegression().fit(X, Y[:, column]).predict_proba(X)[:, 1]
        assert scores[:, label] == pytest.approx(alone)


@pytest.mark.parametrize("estimator", [
    OneVsRestClassifier(LogisticRegression()), MultiOutputClassifier(LogisticRegression()),
    RandomForestClassifier(10, random_state=0),
], ids=["one against rest", "an array for each label", "forest"])  # fmt: skip
def test_one_label_that_varies_and_every_form_of_answer(estimator):
    table = np.column_stack([Y[:, 0], np.zeros(60, int)])
    scores = LabelModel.fit(estimator, X, table).scores(X)
    assert scores.shape == (60, 2)
    assert (scores[:, 1] == 0).all()
    assert ((scores[:, 0] > 0.5) == Y[:, 0]).mean() > 0.7


def test_threads_are_taken_away_wherever_they_are_nested():
    model = OneVsRestClassifier(RandomForestClassifier(5, n_jobs=2, random_state=0), n_jobs=2)
    found = LabelModel.fit(model, X, Y).one_thread()
    assert found.estimator.n_jobs == found.estimator.estimator.n_jobs == 1


def test_estimators_and_folds_that_cannot_serve():
    with pytest.raises(InvalidType, match=r"must have predict_proba\. Perceptron has none"):
        LabelModel.fit(Perceptron(), X, Y)
    with pytest.raises(InvalidInput, match="a label that varies"):
        LabelModel.fit(LogisticRegression(), X, np.ones((60, 2), int))
    wrong = LabelModel(LogisticRegression().fit(X, Y[:, 0]), np.array([0, 1, 2]), np.zeros(3))
    with pytest.raises(InvalidInput, match=r"must give 3 labels for 60 rows. Got shape \(60, 2\)"):
        wrong.scores(X)


def test_targets_of_any_table_are_read_alike():
    for given, names in (
        (Y, (0, 1)), (Y.tolist(), (0, 1)), (sparse.csr_matrix(Y), (0, 1)), (Y.astype(bool), (0, 1)),
        (pd.DataFrame(Y, columns=["a", "b"]), ("a", "b")),
    ):  # fmt: skip
        rows, labels, codes = read_training(X, given)
        assert rows is X
        assert labels == names
        assert (codes == Y).all()


@pytest.mark.parametrize(("given", "said"), [
    (None, "the target y is None"), (Y[:, 0], r"Got \(60,\)"), (Y * 2, "0"), (np.ones((60, 2)), "Got one class"),
    (Y[:5], "inconsistent"),
], ids=["nothing", "one column", "twos", "no variation", "too few"])  # fmt: skip
def test_targets_that_are_none(given, said):
    with pytest.raises(ValueError, match=said):
        read_training(X, given)
    with pytest.raises(InvalidInput, match="0 feature"):
        read_training(X[:, :0], Y)
