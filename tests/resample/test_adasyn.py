import imblearn.over_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.resample.adasyn import ADASYN

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1, 2], [200, 70, 30]))
X = rng.normal(size=(300, 4)) + 0.9 * Y[:, None]


def slow_shares(X, y, label, k):
    """Share of other classes among the k nearest rows of each row of a class."""
    found = []
    for row in np.flatnonzero(y == label):
        distance = ((X - X[row]) ** 2).sum(axis=1)
        near = [int(i) for i in np.lexsort((np.arange(len(X)), distance)) if i != row][:k]
        found.append(sum(y[i] != label for i in near) / k)
    return np.array(found)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equals_imbalanced_learn_where_nothing_is_rounded(dtype):
    # only the row next to the other class has a neighbour there: it is the one parent
    table = np.arange(64.0).reshape(-1, 1).astype(dtype) ** 1.1
    y = np.repeat([0, 1], [40, 24])
    given_ = {"sampling_strategy": {1: 32}, "n_neighbors": 1, "random_state": 3}
    X_new, y_new = ADASYN(**given_).fit_resample(table, y)
    X_peer, y_peer = peer.ADASYN(**given_).fit_resample(table, y)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    assert X_new.dtype == dtype


def test_parents_are_those_of_imbalanced_learn_up_to_one_each():
    plan = ADASYN(random_state=0).plan(X, Y)
    for block, label in zip(plan.made, (1, 2), strict=True):
        share = slow_shares(X, Y, label, 5)
        wanted = 200 - np.count_nonzero(label == Y)
        quota = wanted * share / share.sum()
        children = np.bincount(block.parents, minlength=300)[label == Y]
        assert children.sum() == wanted  # the peer makes up to as many more or fewer as it has rows
        assert np.all(np.abs(children - quota) < 1)
        cut = np.floor(quota + 1e-9)
        rounded_up, rounded_down = children > cut, children == cut
        rest = quota - cut
        assert rest[rounded_up].min() >= rest[rounded_down].max() - 1e-9


def test_counts_are_exact_for_any_seed_and_class():
    peer_counts = np.bincount(peer.ADASYN(random_state=0).fit_resample(X, Y)[1])
    counts = np.bincount(ADASYN(random_state=0).fit_resample(X, Y)[1])
    assert counts.tolist() == [200, 200, 200]
    assert peer_counts.tolist() != [200, 200, 200]


def test_partners_are_neighbours_of_the_class_and_steps_stay_in_range():
    table = np.round(X)  # ties and repeated rows
    plan = ADASYN(n_neighbors=4, random_state=0).plan(table, Y)
    for block, label in zip(plan.made, (1, 2), strict=True):
        rows = np.flatnonzero(label == Y)
        for parent, partner in zip(block.parents.tolist(), block.partners.tolist(), strict=True):
            distance = ((table[rows] - table[parent]) ** 2).sum(axis=1)
            near = [row for row in rows[np.lexsort((rows, distance))] if row != parent][:4]
            assert partner in near
        assert 0 <= block.steps.min() <= block.steps.max() < 1


def test_one_generator_serves_all_classes():
    y = np.repeat([0, 1, 2], [100, 50, 50])
    first, second = ADASYN(random_state=0).plan(X[:200], y).made
    assert not np.array_equal(first.steps, second.steps)


@pytest.mark.parametrize("table", [sp.csr_matrix(X), sp.csc_array(X), pd.DataFrame(X)], ids=type)
def test_any_table_and_any_labels_give_the_same_rows(table):
    words = np.array(["ash", "elm", "oak"])[Y]
    X_new, y_new = ADASYN(random_state=0).fit_resample(table, words)
    expected, y_expected = ADASYN(random_state=0).fit_resample(X, Y)
    dense = X_new.toarray() if sp.issparse(X_new) else np.asarray(X_new)
    np.testing.assert_allclose(dense, expected, rtol=1e-12)
    np.testing.assert_array_equal(np.unique(y_new, return_inverse=True)[1], y_expected)


def test_an_engine_stands_in_for_a_number():
    engine = NearestNeighbors(n_neighbors=6)
    sampler = ADASYN(n_neighbors=engine, random_state=0)
    expected = ADASYN(random_state=0)
    np.testing.assert_array_equal(sampler.fit_resample(X, Y)[0], expected.fit_resample(X, Y)[0])
    assert not hasattr(engine, "n_samples_fit_")
    assert expected.nn_.n_neighbors == 6


def test_a_class_apart_is_refused_with_what_to_do():
    table = np.concatenate([rng.normal(size=(50, 2)), rng.normal(size=(20, 2)) + 100])
    y = np.repeat(["many", "few"], [50, 20])
    with pytest.raises(
        DoesNotApply, match=r"Got class 'few', .* Use SMOTE, or a larger n_neighbors"
    ):
        ADASYN().fit_resample(table, y)
    with pytest.raises(RuntimeError):  # as in imbalanced-learn
        ADASYN().fit_resample(table, y)


def test_too_few_rows():
    table, y = np.array([[0.0], [1.0], [2.0], [3.0], [2.5], [2.6]]), [0, 0, 0, 0, 1, 1]
    with pytest.warns(EvenkeelWarning) as caught:
        X_new, y_new = ADASYN(random_state=0, n_neighbors=7).fit_resample(table, y)
    assert [str(w.message).partition(",")[0] for w in caught] == [
        "The table has 6 rows",
        "Class 1 has 2 rows",
    ]
    assert sum(y_new) == 4
    assert np.all((X_new[6:] >= 2.5) & (X_new[6:] <= 2.6))
    with pytest.raises(DoesNotApply, match="Class 1 has 2 rows"):
        ADASYN(strict=True).fit_resample(table, y)


def test_a_class_of_one_row_is_repeated_with_a_warning():
    with pytest.warns(EvenkeelWarning, match="Class True has 1 row, .*no neighbours"):
        X_new, y_new = ADASYN(random_state=0).fit_resample(X, np.arange(300) == 7)
    assert y_new.sum() == 299
    assert np.all(X_new[y_new] == X[7])


def test_parameters_are_checked():
    with pytest.raises(InvalidInput, match=r"n_neighbors of ADASYN must be .* at least 1\. Got 0"):
        ADASYN(n_neighbors=0).fit_resample(X, Y)
    with pytest.raises(InvalidType, match="n_neighbors"):
        ADASYN(n_neighbors="five").fit_resample(X, Y)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 5), st.integers(11, 300))
def test_children_follow_the_share_of_other_classes(seed, columns, k, final):
    random = np.random.default_rng(seed)
    y = random.permutation(np.repeat([0, 1], [25, 10]))
    table = np.round(random.normal(size=(35, columns)) * 2)
    share = slow_shares(table, y, 1, k)
    sampler = ADASYN(sampling_strategy={1: final}, n_neighbors=k, random_state=seed)
    if not share.any():
        with pytest.raises(DoesNotApply):
            sampler.plan(table, y)
        return
    block = sampler.plan(table, y).made[0]
    children = np.bincount(block.parents, minlength=35)[y == 1]
    assert children.sum() == final - 10
    assert np.all(np.abs(children - (final - 10) * share / share.sum()) < 1)
    assert np.all(children[share == 0] == 0)
