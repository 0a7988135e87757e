import imblearn.over_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.resample.svm_smote import SVMSMOTE

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1, 2], [200, 70, 30]))
X = rng.normal(size=(300, 4)) + 1.2 * Y[:, None]
TWO = Y == 2


def slow_sides(X, y, label, m):
    """Support vectors of a class that are in danger, and those that are safe."""
    danger, safe = [], []
    for row in SVC().fit(X, y).support_:
        if y[row] != label:
            continue
        distance = ((X - X[row]) ** 2).sum(axis=1)
        near = [int(i) for i in np.lexsort((np.arange(len(X)), distance)) if i != row][:m]
        other = sum(y[i] != label for i in near)
        if other < m:
            (danger if other >= m / 2 else safe).append(int(row))
    return danger, safe


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("out_step", [0.5, 0, 1])
def test_equals_imbalanced_learn(dtype, out_step):
    # a RandomState runs on from draw to draw in the peer too; a number would start anew
    table, given_ = X.astype(dtype), {"out_step": out_step}
    ours = SVMSMOTE(random_state=np.random.RandomState(5), **given_)
    theirs = peer.SVMSMOTE(random_state=np.random.RandomState(5), **given_)
    X_new, y_new = ours.fit_resample(table, TWO)
    X_peer, y_peer = theirs.fit_resample(table, TWO)
    np.testing.assert_allclose(X_new, X_peer, rtol=1e-5 if dtype == np.float32 else 1e-10)
    np.testing.assert_array_equal(y_new, y_peer)
    assert X_new.dtype == dtype


@pytest.mark.parametrize("whole", [False, True])
def test_rows_in_danger_and_safe_rows(whole):
    table = np.round(X) if whole else X  # with ties and repeated rows
    plan = SVMSMOTE(random_state=0, m_neighbors=6, sampling_strategy={1: 900, 2: 900}).plan(
        table, Y
    )
    for label, blocks in ((1, plan.made[:2]), (2, plan.made[2:])):
        for block, rows in zip(blocks, slow_sides(table, Y, label, 6), strict=True):
            assert set(block.parents.tolist()) == set(rows)  # so many draws leave nobody out
            assert np.all(Y[block.partners] == label)
            assert np.all(block.parents != block.partners)


def test_made_rows_lie_on_the_declared_range():
    inwards, outwards = SVMSMOTE(random_state=0, out_step=0.3).plan(X, TWO).made
    assert 0 <= inwards.steps.min() <= inwards.steps.max() < 1
    assert -0.3 < outwards.steps.min() <= outwards.steps.max() <= 0
    X_new = SVMSMOTE(random_state=0, out_step=0.3).fit_resample(X, TWO)[0][300:]
    for block, made in ((inwards, X_new[: 240 - len(outwards.steps)]),
                        (outwards, X_new[240 - len(outwards.steps) :])):  # fmt: skip
        start, end = X[block.parents], X[block.partners]
        step = ((made - start) * (end - start)).sum(axis=1) / ((end - start) ** 2).sum(axis=1)
        np.testing.assert_allclose(step, block.steps, atol=1e-12)


def test_counts_are_exact_when_all_support_vectors_are_in_danger():
    # pairs of rows on a line, the classes in turn: one neighbour is the twin, the other a stranger
    table = (np.arange(40)[:, None] + [0, 0.1]).reshape(-1, 1)
    y = np.arange(80) // 2 % 2
    given_ = {"sampling_strategy": {1: 400}, "random_state": 0, "m_neighbors": 2}
    plan = SVMSMOTE(**given_).plan(table, y)
    assert [len(block.steps) for block in plan.made] == [360]
    assert plan.made[0].steps.min() >= 0
    assert len(peer.SVMSMOTE(**given_).fit_resample(table, y)[0]) < plan.n_out


def test_counts_are_exact_when_all_support_vectors_are_safe():
    y = np.repeat([0, 1], [200, 50])
    table = np.random.default_rng(3).normal(size=(250, 2)) + 100 * y[:, None]
    given_ = {"sampling_strategy": {1: 400}, "random_state": 0}
    plan = SVMSMOTE(**given_).plan(table, y)
    assert [len(block.steps) for block in plan.made] == [350]
    assert plan.made[0].steps.max() <= 0
    assert len(peer.SVMSMOTE(**given_).fit_resample(table, y)[0]) < plan.n_out


def test_the_machine_is_fitted_once_and_rows_are_asked_once(monkeypatch):
    import evenkeel.resample.interpolate as module

    asked = []
    find = module.neighbors
    monkeypatch.setattr(module, "neighbors", lambda *a, **k: asked.append(a[1]) or find(*a, **k))

    class Counted(SVC):
        fits = 0

        def fit(self, X, y):
            Counted.fits += 1
            return super().fit(X, y)

    sampler = SVMSMOTE(svm_estimator=Counted(), random_state=0)
    sampler.fit_resample(X, Y)
    assert Counted.fits == 1
    rare = [row for row in sampler.svm_estimator_.support_ if Y[row] > 0]
    assert asked[0].tolist() == rare
    assert all(len(rows) < len(rare) for rows in asked[1:])


@pytest.mark.parametrize("table", [sp.csr_matrix(X), sp.csc_array(X), pd.DataFrame(X)], ids=type)
def test_any_table_and_any_labels_give_the_same_rows(table):
    words = np.array(["ash", "elm", "oak"])[Y]
    X_new, y_new = SVMSMOTE(random_state=0).fit_resample(table, words)
    expected, y_expected = SVMSMOTE(random_state=0).fit_resample(X, Y)
    dense = X_new.toarray() if sp.issparse(X_new) else np.asarray(X_new)
    np.testing.assert_allclose(dense, expected, rtol=1e-10)
    np.testing.assert_array_equal(np.unique(y_new, return_inverse=True)[1], y_expected)


def test_weights_by_label_reach_the_machine():
    words = np.array(["ash", "elm", "oak"])[Y]
    machine = SVC(class_weight={"ash": 0.1, "oak": 5.0})
    sampler = SVMSMOTE(svm_estimator=machine, random_state=0)
    assert (
        np.bincount(np.unique(sampler.fit_resample(X, words)[1], return_inverse=True)[1]).tolist()
        == [200] * 3
    )
    assert sampler.svm_estimator_.classes_.tolist() == ["ash", "elm", "oak"]
    assert not hasattr(machine, "support_")


def test_engines_stand_in_for_numbers():
    k, m = NearestNeighbors(n_neighbors=6), NearestNeighbors(n_neighbors=11)
    sampler = SVMSMOTE(k_neighbors=k, m_neighbors=m, random_state=0)
    expected = SVMSMOTE(random_state=0)
    np.testing.assert_array_equal(sampler.fit_resample(X, Y)[0], expected.fit_resample(X, Y)[0])
    assert (expected.nn_k_.n_neighbors, expected.nn_m_.n_neighbors) == (6, 11)


def test_refusals_and_too_few_rows():
    with pytest.raises(RuntimeError, match="required to exposed a `support_` fitted attribute"):
        SVMSMOTE(svm_estimator=LogisticRegression()).fit_resample(X, Y)
    with pytest.raises(DoesNotApply, match="support vectors of class True are considered as noise"):
        SVMSMOTE().fit_resample(X, np.arange(300) == 7)
    table, y = np.array([[0.0], [1.0], [2.0], [3.0], [2.5], [2.6]]), [0, 0, 0, 0, 1, 1]
    with pytest.warns(EvenkeelWarning) as caught:
        _, y_new = SVMSMOTE(random_state=0).fit_resample(table, y)
    assert str(caught[0].message).startswith("The table has 6 rows")
    assert str(caught[1].message).startswith("Class 1 has 2 rows")
    assert sum(y_new) == 4
    with pytest.raises(DoesNotApply, match="m_neighbors of SVMSMOTE must be below"):
        SVMSMOTE(strict=True).fit_resample(table, y)


def test_parameters_are_checked():
    for name, value in (
        ("k_neighbors", 0),
        ("m_neighbors", 0),
        ("out_step", 1.5),
        ("out_step", -1),
    ):
        with pytest.raises(InvalidInput, match=f"{name} of SVMSMOTE must be"):
            SVMSMOTE(**{name: value}).fit_resample(X, Y)
    for name in ("k_neighbors", "m_neighbors", "svm_estimator", "out_step"):
        with pytest.raises(InvalidType, match=f"{name} of SVMSMOTE must be"):
            SVMSMOTE(**{name: "five"}).fit_resample(X, Y)


def test_nothing_wanted_fits_nothing():
    sampler = SVMSMOTE(svm_estimator=SVC())
    assert len(sampler.fit_resample(X[:20], np.arange(20) % 2)[0]) == 20
    assert not hasattr(sampler, "svm_estimator_")


@settings(max_examples=25)
@given(
    st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 5), st.integers(2, 8), st.booleans()
)
def test_counts_and_ranges_hold(seed, columns, k, m, whole):
    random = np.random.default_rng(seed)
    y = random.permutation(np.repeat(["many", "few"], [25, 10]))
    table = random.normal(size=(35, columns)) + 1.5 * (y == "few")[:, None]
    table = np.round(table) if whole else table
    sampler = SVMSMOTE(k_neighbors=k, m_neighbors=m, random_state=seed)
    try:
        plan = sampler.plan(table, y)
    except DoesNotApply:
        assert slow_sides(table, y, "few", m) == ([], [])
        return
    assert plan.n_out == 50
    for block in plan.made:
        assert set(y[block.parents]) | set(y[block.partners]) == {"few"}
        assert -0.5 < block.steps.min() <= block.steps.max() < 1
