import imblearn.under_sampling as peer
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import InvalidInput
from evenkeel.resample.repeated_edited_nearest_neighbours import RepeatedEditedNearestNeighbours

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))
kinds = pytest.mark.parametrize("kind", ["all", "mode"])


def slow(X, y, k, kind, classes, max_iter=100):
    """Rows left, class by class, and rounds run."""
    left, smallest, n_iter = list(range(len(X))), min(sorted(set(y)), key=y.count), 0
    while n_iter < max_iter:
        n_iter, kept = n_iter + 1, []
        for i in left:
            order = sorted((((X[i] - X[j]) ** 2).sum(), j) for j in left if j != i)
            votes = [y[j] for _, j in order[:k]]
            most = all(votes.count(y[i]) > votes.count(other) for other in set(votes) - {y[i]})
            if y[i] not in classes or (set(votes) == {y[i]} if kind == "all" else most):
                kept.append(i)
        same, left = len(kept) == len(left), kept
        counts = {label: sum(y[i] == label for i in left) for label in set(y)}
        few = any(counts[label] < y.count(smallest) for label in counts if label != smallest)
        if same or few or min(counts.values()) == 0:
            break
    return sorted(left, key=lambda i: (y[i], i)), n_iter


DATA = {
    "normal": X,
    "grid": rng.integers(0, 4, (150, 3)).astype(float),
    "one column of integers": rng.integers(0, 60, (150, 1)),
    "repeated": np.repeat(X[:50], 3, axis=0)[rng.permutation(150)],
    "all equal": np.full((150, 2), 0.1),
    "float32": X.astype(np.float32),
    "two clouds": (X + 3 * (Y == 0)[:, None]).round(1),
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize("strategy", ["auto", "all", [0]], ids=str)
@kinds
def test_equals_the_slow_loop(values, strategy, kind):
    cleaner = RepeatedEditedNearestNeighbours(sampling_strategy=strategy, kind_sel=kind)
    X_new, y_new = cleaner.fit_resample(values, Y)
    expected, n_iter = slow(values.astype(float), Y.tolist(), 3, kind, cleaner.sampling_strategy_)
    assert cleaner.sample_indices_.tolist() == expected
    assert cleaner.n_iter_ == n_iter
    np.testing.assert_array_equal(X_new, values[expected])
    np.testing.assert_array_equal(y_new, Y[expected])


@settings(max_examples=30)
@given(st.data())
def test_equals_the_slow_loop_on_any_small_table(data):
    y = np.array(data.draw(st.permutations([0] * 8 + [1] * 3)))
    shape = st.tuples(st.just(11), st.integers(1, 2))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-3, 3)))
    k, kind = data.draw(st.integers(1, 2)), data.draw(st.sampled_from(["all", "mode"]))
    rounds = data.draw(st.integers(1, 4))
    cleaner = RepeatedEditedNearestNeighbours(n_neighbors=k, kind_sel=kind, max_iter=rounds)
    cleaner.fit_resample(values, y)
    expected = slow(values, y.tolist(), k, kind, {0}, rounds)
    assert (cleaner.sample_indices_.tolist(), cleaner.n_iter_) == expected


@kinds
def test_equals_imbalanced_learn(kind):
    values = np.random.default_rng(1).normal(size=(3_000, 5))
    y = (np.random.default_rng(2).random(3_000) < 0.08).astype(int)
    ours, theirs = (
        RepeatedEditedNearestNeighbours(kind_sel=kind),
        peer.RepeatedEditedNearestNeighbours(kind_sel=kind),
    )
    X_new, y_new = ours.fit_resample(values, y)
    X_peer, y_peer = theirs.fit_resample(values, y)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    assert ours.n_iter_ == theirs.n_iter_ > 1


def test_indices_match_the_rows_also_when_the_first_round_drops_nothing():
    # imbalanced-learn applies its indices twice here, which shuffles them
    y = np.tile([0, 1, 0, 0], 20)
    values = X[:80] + 50 * y[:, None]
    cleaner, theirs = RepeatedEditedNearestNeighbours(), peer.RepeatedEditedNearestNeighbours()
    X_new, y_new = cleaner.fit_resample(values, y)
    assert cleaner.n_iter_ == 1
    np.testing.assert_array_equal(values[cleaner.sample_indices_], X_new)
    np.testing.assert_array_equal(y[cleaner.sample_indices_], y_new)
    X_peer, _ = theirs.fit_resample(values, y)
    np.testing.assert_array_equal(X_new, X_peer)
    assert not np.array_equal(values[theirs.sample_indices_], X_peer)


def test_a_class_that_shrinks_below_the_smallest_ends_it():
    cleaner = RepeatedEditedNearestNeighbours()
    values = np.arange(12.0)[:, None]
    y = np.array([0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1])
    cleaner.fit_resample(values, y)
    assert cleaner.n_iter_ == 1
    assert (y[cleaner.sample_indices_] == 0).sum() < 5


@kinds
def test_string_labels_sparse_tables_and_engines(kind):
    plain = RepeatedEditedNearestNeighbours(kind_sel=kind)
    plain.fit_resample(X, Y)
    engine = NearestNeighbors(n_neighbors=4)
    words = np.array(["ham", "jam", "spam"])[Y]
    for given_, table, labels in ((3, X, words), (3, sp.csr_array(X), Y), (engine, X, words)):
        cleaner = RepeatedEditedNearestNeighbours(kind_sel=kind, n_neighbors=given_)
        cleaner.fit_resample(table, labels)
        np.testing.assert_array_equal(cleaner.sample_indices_, plain.sample_indices_)
        assert cleaner.n_iter_ == plain.n_iter_


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors of RepeatedEditedNearestNeighbours must be"),
        ({"n_neighbors": None}, "kneighbors. Got None"),
        ({"max_iter": -1}, "max_iter of RepeatedEditedNearestNeighbours must be a whole number"),
        ({"kind_sel": "most"}, "must be one of 'all', 'mode'"),
    ],
)
def test_parameters_are_checked(given_, message):
    with pytest.raises(InvalidInput, match=message):
        RepeatedEditedNearestNeighbours(**given_).fit_resample(X, Y)
