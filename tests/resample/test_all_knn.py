import imblearn.under_sampling as peer
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput
from evenkeel.resample.all_knn import AllKNN

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))
kinds = pytest.mark.parametrize("kind", ["all", "mode"])


def slow(X, y, most, kind, classes, allow_minority=False):
    left, smallest = list(range(len(X))), min(sorted(set(y)), key=y.count)
    for k in range(1, most + 1):
        kept = []
        for i in left:
            order = sorted((((X[i] - X[j]) ** 2).sum(), j) for j in left if j != i)
            votes = [y[j] for _, j in order[:k]]
            won = all(votes.count(y[i]) > votes.count(other) for other in set(votes) - {y[i]})
            if y[i] not in classes or (set(votes) == {y[i]} if kind == "all" else won):
                kept.append(i)
        left = kept
        counts = {label: sum(y[i] == label for i in left) for label in set(y)}
        few = any(counts[label] < y.count(smallest) for label in counts if label != smallest)
        if (few and not allow_minority) or min(counts.values()) == 0:
            break
    return sorted(left, key=lambda i: (y[i], i))


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
@pytest.mark.parametrize("allow", [False, True])
@kinds
def test_equals_the_slow_loop(values, allow, kind):
    for strategy in ("auto", "all"):
        cleaner = AllKNN(sampling_strategy=strategy, kind_sel=kind, allow_minority=allow)
        X_new, y_new = cleaner.fit_resample(values, Y)
        classes = cleaner.sampling_strategy_
        expected = slow(values.astype(float), Y.tolist(), 3, kind, classes, allow)
        assert cleaner.sample_indices_.tolist() == expected
        np.testing.assert_array_equal(X_new, values[expected])
        np.testing.assert_array_equal(y_new, Y[expected])


@settings(max_examples=30)
@given(st.data())
def test_equals_the_slow_loop_on_any_small_table(data):
    y = np.array(data.draw(st.permutations([0] * 6 + [1] * 3 + [2] * 2)))
    shape = st.tuples(st.just(11), st.integers(1, 2))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-3, 3)))
    kind, allow = data.draw(st.sampled_from(["all", "mode"])), data.draw(st.booleans())
    cleaner = AllKNN(n_neighbors=2, kind_sel=kind, allow_minority=allow)
    cleaner.fit_resample(values, y)
    expected = slow(values, y.tolist(), 2, kind, {0, 1}, allow)
    assert cleaner.sample_indices_.tolist() == expected


@pytest.mark.parametrize("allow", [False, True])
def test_equals_imbalanced_learn(allow):
    values = np.random.default_rng(1).normal(size=(3_000, 5))
    y = np.random.default_rng(2).choice(3, 3_000, p=[0.7, 0.2, 0.1])
    # named, because imbalanced-learn would spare another class once the classes change places
    given_ = {"sampling_strategy": [0, 1], "allow_minority": allow}
    ours, theirs = AllKNN(**given_), peer.AllKNN(**given_)
    ours.fit_resample(values, y)
    theirs.fit_resample(values, y)
    assert ours.sample_indices_.size < 3_000
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)


@kinds
def test_string_labels_sparse_tables_and_engines(kind):
    plain = AllKNN(kind_sel=kind)
    plain.fit_resample(X, Y)
    engine = NearestNeighbors(n_neighbors=4)
    words = np.array(["ham", "jam", "spam"])[Y]
    for given_, table, labels in ((3, X, words), (3, sp.csr_array(X), Y), (engine, X, words)):
        cleaner = AllKNN(kind_sel=kind, n_neighbors=given_)
        cleaner.fit_resample(table, labels)
        np.testing.assert_array_equal(cleaner.sample_indices_, plain.sample_indices_)


def test_the_metric_of_an_engine_counts():
    # imbalanced-learn only reads how many neighbours it has
    stretched = X * [1.0, 1e3, 1.0]
    engine = NearestNeighbors(n_neighbors=4, metric="seuclidean", metric_params={"V": [1, 1e6, 1]})
    scaled, plain = AllKNN(n_neighbors=engine), AllKNN()
    scaled.fit_resample(stretched, Y)
    plain.fit_resample(X, Y)
    np.testing.assert_array_equal(scaled.sample_indices_, plain.sample_indices_)


def test_the_smallest_class_at_first_is_spared_to_the_end():
    cleaner = AllKNN(allow_minority=True)
    cleaner.fit_resample(X, Y)
    counts = np.bincount(Y[cleaner.sample_indices_])
    assert list(cleaner.sampling_strategy_) == [0, 1]
    assert counts[1] < counts[2] == 20


def test_too_few_rows_shrink_k_or_raise():
    values, y = np.array([[0.0], [1.0], [5.0]]), [0, 0, 1]
    with pytest.warns(EvenkeelWarning, match="The table has 3 rows, too few for n_neighbors=3"):
        assert AllKNN().fit_resample(values, y)[1] == [1]
    with pytest.raises(DoesNotApply, match="n_neighbors of AllKNN"):
        AllKNN(strict=True).fit_resample(values, y)


@pytest.mark.parametrize("given_", [{"n_neighbors": "rnd"}, {"n_neighbors": 0}, {"kind_sel": 1}])
def test_parameters_are_checked(given_):
    with pytest.raises(InvalidInput, match="of AllKNN must be"):
        AllKNN(**given_).fit_resample(X, Y)
