import numpy as np
import pytest
from sklearn.svm import SVC

from evenkeel.resample import support_vectors
from evenkeel.resample.support_vectors import fitted_svc

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1], [2800, 200]))
X = rng.normal(size=(3000, 5)) + 0.8 * Y[:, None]


@pytest.fixture
def _small_steps(monkeypatch):
    monkeypatch.setattr(support_vectors, "FEW", 800)
    monkeypatch.setattr(support_vectors, "BLOCK", 1 << 14)


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("names", [["no", "yes"], ["yes", "no"], [False, True]])
def test_equals_one_fit_of_the_whole_table(dtype, names):
    table, labels = X.astype(dtype) * [1, 10, 0.1, 1, 1] + 100, np.array(names)[Y]
    table = table.astype(dtype)
    machine, whole = fitted_svc(table, labels, 0), SVC().fit(table, labels)
    # a row on the margin may fall to either side within the tolerance of the machine
    assert len(np.setxor1d(machine.support_, whole.support_)) <= 0.01 * whole.support_.size
    decision, expected = machine.decision_function(table), whole.decision_function(table)
    np.testing.assert_allclose(decision, expected, atol=5e-3)
    np.testing.assert_array_equal(table[machine.support_], machine.support_vectors_)
    outside = np.setdiff1d(np.arange(3000), machine.support_)
    side = np.where(labels == machine.classes_[1], 1, -1)
    assert (side * decision)[outside].min() > 1 - 2e-3


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("shift", [0.0, 50.0])
def test_classes_that_overlap_fully_or_not_at_all(shift):
    table = rng.normal(size=(3000, 2)) + shift * Y[:, None]
    y = rng.permutation(Y) if shift == 0 else Y
    machine, whole = fitted_svc(table, y, 0), SVC().fit(table, y)
    np.testing.assert_allclose(
        machine.decision_function(table), whole.decision_function(table), atol=5e-3
    )


@pytest.mark.usefixtures("_small_steps")
def test_equal_rows_have_no_scale():
    table = np.ones((2000, 3))
    y = np.arange(2000) < 100
    assert fitted_svc(table, y, 0).support_.size >= 200


def test_small_tables_are_fitted_at_once():
    machine, whole = fitted_svc(X, Y, 0), SVC(random_state=0).fit(X, Y)
    np.testing.assert_array_equal(machine.support_, whole.support_)
    assert machine.get_params() == whole.get_params()
