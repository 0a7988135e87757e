import imblearn.over_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.resample.borderline_smote import BorderlineSMOTE

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1, 2], [200, 70, 30]))
X = rng.normal(size=(300, 4)) + 0.9 * Y[:, None]
KINDS = ["borderline-1", "borderline-2"]


def slow_danger(X, y, label, m):
    """Rows of a class with m/2 <= m' < m of other classes among their m nearest."""
    found = []
    for row in np.flatnonzero(y == label):
        distance = ((X - X[row]) ** 2).sum(axis=1)
        near = [int(i) for i in np.lexsort((np.arange(len(X)), distance)) if i != row][:m]
        other = sum(y[i] != label for i in near)
        if m / 2 <= other < m:
            found.append(int(row))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equals_imbalanced_learn(kind, dtype):
    # a RandomState runs on from draw to draw in the peer too; a number would start anew
    table = X.astype(dtype)
    ours = BorderlineSMOTE(kind=kind, random_state=np.random.RandomState(5))
    theirs = peer.BorderlineSMOTE(kind=kind, random_state=np.random.RandomState(5))
    X_new, y_new = ours.fit_resample(table, Y)
    X_peer, y_peer = theirs.fit_resample(table, Y)
    np.testing.assert_allclose(X_new, X_peer, rtol=1e-5 if dtype == np.float32 else 1e-12)
    np.testing.assert_array_equal(y_new, y_peer)
    assert X_new.dtype == dtype
    for label, rows in theirs.in_danger_indices.items():
        np.testing.assert_array_equal(ours.in_danger_indices[label], rows)


@pytest.mark.parametrize("table", [sp.csr_matrix(X), sp.csc_array(X), pd.DataFrame(X)], ids=type)
@pytest.mark.parametrize("kind", KINDS)
def test_any_table_and_any_labels_give_the_same_rows(table, kind):
    words = np.array(["oak", "elm", "ash"])[Y]  # their order is not that of the numbers
    X_new, y_new = BorderlineSMOTE(kind=kind, random_state=0).fit_resample(table, words)
    expected, y_expected = BorderlineSMOTE(kind=kind, random_state=0).fit_resample(X, words)
    dense = X_new.toarray() if sp.issparse(X_new) else np.asarray(X_new)
    np.testing.assert_allclose(dense, expected, rtol=1e-12)
    np.testing.assert_array_equal(y_new, y_expected)
    one = BorderlineSMOTE(kind=kind, sampling_strategy={2: 60}, random_state=0)
    named = BorderlineSMOTE(kind=kind, sampling_strategy={"ash": 60}, random_state=0)
    np.testing.assert_array_equal(one.fit_resample(X, Y)[0], named.fit_resample(X, words)[0])
    assert list(named.in_danger_indices) == ["ash"]


def test_one_generator_serves_all_classes():
    y = np.repeat([0, 1, 2], [100, 50, 50])
    table = np.random.default_rng(1).normal(size=(200, 2))
    table[150:] = table[100:150]  # both small classes look alike
    first, second = BorderlineSMOTE(random_state=0).plan(table, y).made
    assert not np.array_equal(first.steps, second.steps)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("m", [3, 10])
def test_rows_in_danger(whole, m):
    table = np.round(X) if whole else X  # with ties and repeated rows
    sampler = BorderlineSMOTE(m_neighbors=m, random_state=0)
    sampler.fit_resample(table, Y)
    for label in (1, 2):
        assert sampler.in_danger_indices[label].tolist() == slow_danger(table, Y, label, m)


def test_made_rows_lie_on_the_declared_range():
    plan = BorderlineSMOTE(kind="borderline-2", random_state=0).plan(X, Y)
    for block in plan.made:
        other = Y[block.partners] != Y[block.parents]
        assert other.any()
        assert block.steps.min() >= 0
        assert block.steps[other].max() < 0.5
        assert 0.5 < block.steps[~other].max() < 1
    plan = BorderlineSMOTE(random_state=0).plan(X, Y)
    for block in plan.made:
        np.testing.assert_array_equal(Y[block.partners], Y[block.parents])
        assert 0 <= block.steps.min() <= block.steps.max() < 1


def test_nobody_in_danger_adds_nothing_with_a_warning():
    table = np.concatenate([rng.normal(size=(50, 2)), rng.normal(size=(20, 2)) + 100])
    y = np.repeat(["many", "few"], [50, 20])
    sampler = BorderlineSMOTE(random_state=0)
    with pytest.warns(EvenkeelWarning, match="No row of class 'few' is in danger"):
        X_new, y_new = sampler.fit_resample(table, y)
    np.testing.assert_array_equal(X_new, table)
    np.testing.assert_array_equal(y_new, y)
    assert sampler.in_danger_indices == {}


@pytest.mark.parametrize("kind", KINDS)
def test_engines_stand_in_for_numbers(kind):
    given_ = {"kind": kind, "random_state": 0}
    k, m = NearestNeighbors(n_neighbors=6), NearestNeighbors(n_neighbors=11)
    sampler = BorderlineSMOTE(k_neighbors=k, m_neighbors=m, **given_)
    expected = BorderlineSMOTE(**given_)
    np.testing.assert_array_equal(sampler.fit_resample(X, Y)[0], expected.fit_resample(X, Y)[0])
    assert not hasattr(k, "n_samples_fit_")
    assert sampler.nn_m_.n_samples_fit_ == 300
    assert (expected.nn_k_.n_neighbors, expected.nn_m_.n_neighbors) == (6, 11)


def test_too_few_rows():
    table = np.array([[0.0], [1.0], [2.0], [3.0], [2.5], [2.6]])
    y = [0, 0, 0, 0, 1, 1]
    with pytest.warns(EvenkeelWarning) as caught:
        X_new, y_new = BorderlineSMOTE(random_state=0).fit_resample(table, y)
    assert [str(w.message).partition(",")[0] for w in caught] == [
        "The table has 6 rows",
        "Class 1 has 2 rows",
    ]
    assert sum(y_new) == 4
    assert np.all((X_new[6:] >= 2.5) & (X_new[6:] <= 2.6))
    with pytest.raises(DoesNotApply, match="m_neighbors of BorderlineSMOTE must be below"):
        BorderlineSMOTE(strict=True).fit_resample(table, y)
    with pytest.raises(DoesNotApply, match="Class 1 has 2 rows"):
        BorderlineSMOTE(strict=True, m_neighbors=3).fit_resample(table, y)


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_of_one_row_is_all_noise(kind):
    with pytest.warns(EvenkeelWarning, match="in danger"):
        X_new, _ = BorderlineSMOTE(kind=kind, random_state=0).fit_resample(X, np.arange(300) == 7)
    assert len(X_new) == 300


def test_parameters_are_checked():
    for name in ("k_neighbors", "m_neighbors"):
        with pytest.raises(InvalidInput, match=rf"{name} of BorderlineSMOTE .* at least 1\. Got 0"):
            BorderlineSMOTE(**{name: 0}).fit_resample(X, Y)
        with pytest.raises(InvalidType, match=name):
            BorderlineSMOTE(**{name: "ten"}).fit_resample(X, Y)
    with pytest.raises(InvalidInput, match="kind of BorderlineSMOTE must be one of 'borderline-1'"):
        BorderlineSMOTE(kind="borderline").fit_resample(X, Y)


@settings(max_examples=25)
@given(
    st.integers(0, 10**6),
    st.integers(1, 3),
    st.sampled_from(KINDS),
    st.booleans(),
    st.integers(1, 4),
    st.integers(2, 6),
)
def test_every_made_row_starts_in_danger(seed, columns, kind, whole, k, m):
    random = np.random.default_rng(seed)
    y = random.permutation(np.repeat([0, 1], [25, 10]))
    table = random.normal(size=(35, columns)) * 2
    table = np.round(table) if whole else table
    danger = slow_danger(table, y, 1, m)
    sampler = BorderlineSMOTE(kind=kind, k_neighbors=k, m_neighbors=m, random_state=seed)
    if not danger:
        with pytest.warns(EvenkeelWarning):
            assert sampler.plan(table, y).n_out == 35
        return
    plan = sampler.plan(table, y)
    assert plan.n_out == 50
    assert set(plan.made[0].parents.tolist()) <= set(danger)
    assert np.all(plan.made[0].parents != plan.made[0].partners)
