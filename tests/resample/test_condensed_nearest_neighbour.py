import imblearn.under_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput
from evenkeel.resample.condensed_nearest_neighbour import CondensedNearestNeighbour

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))


def right(X, y, store, row, k):
    order = sorted((((X[row] - X[j]) ** 2).sum(), j) for j in store)
    votes = [y[j] for _, j in order[:k]]
    return 2 * votes.count(y[row]) > len(votes)  # two classes: more than the other has


def slow(X, y, k=1, n_seeds=1, seed=0):
    """Rows kept, class by class."""
    random, kept = np.random.RandomState(seed), []
    rare = min(sorted(set(y)), key=y.count)
    for label in sorted(set(y)):
        rows = [row for row in range(len(X)) if y[row] == label]
        if label == rare:
            kept += rows
            continue
        drawn = random.randint(0, len(rows), size=n_seeds)
        store = list(dict.fromkeys(rows[place] for place in drawn))
        others = [row for row in range(len(X)) if y[row] == rare]
        for row in rows:
            if row not in store and not right(X, y, others + store, row, k):
                store.append(row)
        kept += store
    return kept


DATA = {
    "normal": X,
    "grid": rng.integers(0, 4, (150, 3)).astype(float),
    "one column of integers": rng.integers(0, 60, (150, 1)),
    "repeated": np.repeat(X[:50], 3, axis=0)[rng.permutation(150)],
    "all equal": np.full((150, 2), 0.1),
    "float32": X.astype(np.float32),
    "far from zero": 1e8 + rng.integers(0, 9, (150, 2)),
    "clouds": (X + 2 * (Y == 0)[:, None]).round(1),
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize(("k", "n_seeds"), [(None, 1), (1, 4), (2, 1), (3, 2)])
def test_equals_the_slow_loop(values, k, n_seeds):
    expected = slow(values.astype(float), Y.tolist(), k or 1, n_seeds)
    for table in (values, sp.csr_array(values)):
        cleaner = CondensedNearestNeighbour(random_state=0, n_neighbors=k, n_seeds_S=n_seeds)
        _, y_new = cleaner.fit_resample(table, Y)
        assert cleaner.sample_indices_.tolist() == expected
        np.testing.assert_array_equal(y_new, Y[expected])


@settings(max_examples=30)
@given(st.data())
def test_equals_the_slow_loop_on_any_small_table(data):
    y = np.array(data.draw(st.permutations([0] * 6 + [1] * 3 + [2] * 4)))
    shape = st.tuples(st.just(13), st.integers(1, 3))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-2, 2)))
    k, n_seeds, seed = (data.draw(st.integers(1, top)) for top in (4, 3, 9))
    cleaner = CondensedNearestNeighbour(random_state=seed, n_neighbors=k, n_seeds_S=n_seeds)
    cleaner.fit_resample(values, y)
    assert cleaner.sample_indices_.tolist() == slow(values, y.tolist(), k, n_seeds, seed)


@pytest.mark.parametrize("columns", [2, 15])
def test_the_store_classifies_every_row_and_equals_imbalanced_learn(columns):
    values = np.random.default_rng(1).normal(size=(400, columns))
    y = np.repeat([0, 1], [340, 60])  # imbalanced-learn is right where the class comes first
    ours, theirs = (
        kind(random_state=3) for kind in (CondensedNearestNeighbour, peer.CondensedNearestNeighbour)
    )
    ours.fit_resample(values, y)
    theirs.fit_resample(values, y)
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)
    assert ours.sample_indices_.size < 380
    assert (ours.estimators_[0].predict(values) == y).all()


def test_the_order_of_class_blocks_changes_nothing():
    # imbalanced-learn keeps another set for each order: its skip list mixes two kinds of numbers
    values, y = np.random.default_rng(2).normal(size=(200, 3)), np.repeat([0, 1], [150, 50])
    order = np.r_[150:200, 0:150]
    for seed in range(5):
        kept = []
        for kind in (CondensedNearestNeighbour, peer.CondensedNearestNeighbour):
            first, second = kind(random_state=seed), kind(random_state=seed)
            first.fit_resample(values, y)
            second.fit_resample(values[order], y[order])
            same = set(first.sample_indices_) == set(order[second.sample_indices_])
            kept.append(same)
        assert kept == [True, False]


@pytest.mark.parametrize("k", [1, 3])
def test_an_engine_decides_and_agrees_without_ties(k):
    plain = CondensedNearestNeighbour(random_state=0, n_neighbors=k)
    plain.fit_resample(X, np.array(["ham", "jam", "spam"])[Y])
    for engine in (KNeighborsClassifier(k), NearestNeighbors(n_neighbors=k)):
        cleaner = CondensedNearestNeighbour(random_state=0, n_neighbors=engine)
        cleaner.fit_resample(X, np.array(["ham", "jam", "spam"])[Y])
        np.testing.assert_array_equal(cleaner.sample_indices_, plain.sample_indices_)
        assert [type(fitted) for fitted in cleaner.estimators_] == [type(engine)] * 2
    assert [list(fitted.classes_) for fitted in plain.estimators_] == [
        ["ham", "spam"],
        ["jam", "spam"],
    ]


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        (sp.csc_matrix(X), Y),
        (pd.DataFrame(X, columns=list("abc"), index=np.arange(150)[::-1]), Y),
        (X.tolist(), Y.tolist()),
        (X, np.array(["ham", "jam", "spam"])[Y]),
        (X, Y > 0),
    ],
    ids=["csc", "pandas", "list", "words", "bools"],
)
def test_kinds_of_tables_and_labels(table, labels):
    expected = CondensedNearestNeighbour(random_state=0)
    expected.fit_resample(X, np.unique(labels, return_inverse=True)[1])
    cleaner = CondensedNearestNeighbour(random_state=0)
    X_new, y_new = cleaner.fit_resample(table, labels)
    assert type(X_new) is type(table)
    np.testing.assert_array_equal(cleaner.sample_indices_, expected.sample_indices_)
    np.testing.assert_array_equal(y_new, np.asarray(labels)[expected.sample_indices_])


def test_the_smallest_class_is_kept_whole_whatever_is_asked():
    # imbalanced-learn condenses it against itself, and leaves one row of it
    cleaner = CondensedNearestNeighbour(random_state=0, sampling_strategy="all")
    y_new = cleaner.fit_resample(X, Y)[1]
    assert (y_new == 2).sum() == 20
    assert len(cleaner.estimators_) == 2


def test_a_class_of_seeds_alone_and_a_rare_class_of_one_row():
    cleaner = CondensedNearestNeighbour(random_state=0, n_seeds_S=50)
    cleaner.fit_resample(X[:4], [0, 0, 1, 1])
    assert sorted(cleaner.sample_indices_.tolist()) == [0, 1, 2, 3]  # repeated seeds are kept once
    cleaner = CondensedNearestNeighbour(random_state=0)
    cleaner.fit_resample([[0.0], [1.0], [2.0], [9.0]], [0, 0, 0, 1])
    assert cleaner.sample_indices_.size == 2


def test_too_few_rows_shrink_k_or_raise():
    with pytest.warns(EvenkeelWarning, match="begins with 2 rows, too few for n_neighbors=3"):
        CondensedNearestNeighbour(n_neighbors=3).fit_resample(X[:5], [0, 0, 0, 0, 1])
    with pytest.raises(DoesNotApply, match=r"must be at most the rows of the store\. Got 3"):
        CondensedNearestNeighbour(n_neighbors=3, strict=True).fit_resample(X[:5], [0, 0, 0, 0, 1])


@pytest.mark.parametrize("given_", [{"n_neighbors": "rnd"}, {"n_neighbors": 0}, {"n_seeds_S": 0}])
def test_parameters_are_checked(given_):
    with pytest.raises(InvalidInput, match="of CondensedNearestNeighbour must be"):
        CondensedNearestNeighbour(**given_).fit_resample(X, Y)
