"""Probabilities and margins of fitted classifiers in the order of the codes."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.svm import SVC

from evenkeel.answers import aligned, answers, codes_of, from_margins
from evenkeel.errors import InvalidInput, InvalidType

X = np.random.default_rng(0).normal(size=(60, 2)) + np.arange(60)[:, None] % 3
Y = np.arange(60) % 3


class Margins:
    """A fitted classifier that says what it is told."""

    classes_ = np.array([0, 1])

    def __init__(self, values, classes=(0, 1)):
        self.values, self.classes_ = values, np.array(classes)

    def decision_function(self, X):
        return np.asarray(self.values)


def test_probabilities_come_first_and_unseen_classes_get_nothing():
    model = LogisticRegression().fit(X, Y)
    found, is_margin = answers(model, X, 3)
    assert not is_margin
    np.testing.assert_array_equal(found, model.predict_proba(X))
    assert aligned([[0.4, 0.6]], [0, 2], 3).tolist() == [[0.4, 0.0, 0.6]]
    with pytest.raises(InvalidInput, match="one column for each of 2 classes"):
        aligned([[0.4, 0.3, 0.3]], [0, 2], 3)


def test_margins_of_two_and_of_several_classes():
    two = RidgeClassifier().fit(X[Y < 2], Y[Y < 2])
    found, is_margin = answers(two, X, 2)
    assert is_margin
    np.testing.assert_allclose(found[:, 1] - found[:, 0], two.decision_function(X))
    several = RidgeClassifier().fit(X, Y)
    np.testing.assert_array_equal(answers(several, X, 3)[0], several.decision_function(X))
    unseen = RidgeClassifier().fit(X[Y > 0], Y[Y > 0])
    found, _ = answers(unseen, X, 3)
    assert np.isneginf(found[:, 0]).all()
    assert (from_margins(found, 1.0)[:, 0] == 0.0).all()


def test_from_margins_is_softmax_in_a_unit_and_keeps_order():
    margins = np.array([[1.0, 2.0, 4.0], [-3.0, 0.0, 0.5]])
    expected = np.exp(margins / 2) / np.exp(margins / 2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(from_margins(margins, 2.0), expected)
    far = np.array([-1e4, -9999.0, -1.0, 0.0, 1e-6, 1.0, 9999.0, 1e4])
    p = from_margins(np.stack([-far, far], axis=1) / 2, 1e4)
    np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), far / 1e4, rtol=1e-5, atol=1e-15)
    assert (np.diff(p[:, 1]) > 0).all()
    assert np.isfinite(from_margins([[-1e6, 1e6]], 1.0)).all()


@pytest.mark.parametrize(
    ("model", "n_classes", "error", "words"),
    [
        (LinearRegression().fit(X, Y), 3, InvalidType, "LinearRegression has neither"),
        (Margins([[0.1, np.nan]]), 2, InvalidInput, "1 that are not"),
        (Margins([np.inf, 1.0]), 2, InvalidInput, "finite margins"),
        (Margins([[0.1, 0.2, 0.3]], (0, 1)), 2, InvalidInput, "Got 3 for 2 classes"),
        (SVC(decision_function_shape="ovo").fit(X, Y), 3, InvalidInput, "shape='ovr'"),
    ],
    ids=["regression", "nan", "inf", "columns", "pairs"],
)
def test_errors_say_what_must_be(model, n_classes, error, words):
    with pytest.raises(error, match=words):
        answers(model, X, n_classes)


def test_probabilities_of_one_column_are_refused_with_their_shape():
    with pytest.raises(InvalidInput, match=r"one column for each of 2 classes\. Got shape \(3,\)"):
        aligned([0.1, 0.2, 0.3], [0, 1], 2)


@pytest.mark.parametrize(
    ("classes", "n_classes", "labels", "codes"),
    [
        ([0, 2], 3, (), [0, 2]),
        ([0.0, 1.0], 2, (), [0, 1]),
        ([False, True], 2, ("no", "yes"), [0, 1]),
        (["ham", "spam"], 2, (), [0, 1]),
        (["fraud", "ok"], 2, ("ok", "fraud"), [1, 0]),
        ([1, 2], 2, (), [0, 1]),
        ([-1, 1], 2, (1, -1), [1, 0]),
        (["a", "c"], 3, ("a", "b", "c"), [0, 2]),
    ],
)
def test_columns_stand_for_codes_by_code_by_label_or_by_position(classes, n_classes, labels, codes):
    assert codes_of(classes, n_classes, labels).tolist() == codes
    assert codes_of(np.array(classes), n_classes, labels).tolist() == codes
    margins = Margins(np.arange(2.0 * len(codes)).reshape(2, -1), classes)
    found, is_margin = answers(margins, X[:2], n_classes, labels=labels)
    assert is_margin
    assert found[:, codes].tolist() == margins.values.tolist()


def test_labels_of_fewer_classes_that_are_not_named_are_refused():
    with pytest.raises(InvalidInput, match=r"fitted on 3 classes. Got 2: 'a', 'c'. Name them"):
        codes_of(["a", "c"], 3)
