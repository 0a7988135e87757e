import imblearn.under_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput
from evenkeel.resample.edited_nearest_neighbours import EditedNearestNeighbours

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))
kinds = pytest.mark.parametrize("kind", ["all", "mode"])


def agrees(votes, own, kind):
    if kind == "all":
        return all(vote == own for vote in votes)
    return all(votes.count(own) > votes.count(other) for other in set(votes) - {own})


def slow(X, y, k, kind, classes):
    kept = []
    for i in range(len(X)):
        order = sorted((((X[i] - X[j]) ** 2).sum(), j) for j in range(len(X)) if j != i)
        votes = [y[j] for _, j in order[:k]]
        if y[i] not in classes or agrees(votes, y[i], kind):
            kept.append(i)
    return sorted(kept, key=lambda i: (y[i], i))


DATA = {
    "normal": X,
    "grid": rng.integers(0, 4, (150, 3)).astype(float),
    "one column of integers": rng.integers(0, 60, (150, 1)),
    "repeated": np.repeat(X[:50], 3, axis=0)[rng.permutation(150)],
    "all equal": np.full((150, 2), 0.1),
    "float32": X.astype(np.float32),
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize("strategy", ["auto", "all", [1]], ids=str)
@kinds
def test_equals_the_slow_loop(values, strategy, kind):
    for k in (1, 2, 3):
        cleaner = EditedNearestNeighbours(sampling_strategy=strategy, n_neighbors=k, kind_sel=kind)
        X_new, y_new = cleaner.fit_resample(values, Y)
        expected = slow(values.astype(float), Y.tolist(), k, kind, cleaner.sampling_strategy_)
        assert cleaner.sample_indices_.tolist() == expected
        np.testing.assert_array_equal(X_new, values[expected])
        np.testing.assert_array_equal(y_new, Y[expected])


@settings(max_examples=30)
@given(st.data())
def test_equals_the_slow_loop_on_any_small_table(data):
    y = np.array(data.draw(st.permutations([0, 0, 0, 0, 1, 1, 2])))
    shape = st.tuples(st.just(7), st.integers(1, 3))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-2, 2)))
    k, kind = data.draw(st.integers(1, 4)), data.draw(st.sampled_from(["all", "mode"]))
    cleaner = EditedNearestNeighbours(n_neighbors=k, kind_sel=kind, sampling_strategy="all")
    cleaner.fit_resample(values, y)
    assert cleaner.sample_indices_.tolist() == slow(values, y.tolist(), k, kind, {0, 1, 2})


@kinds
@pytest.mark.parametrize("columns", [3, 20])
def test_equals_imbalanced_learn(kind, columns):
    values = np.random.default_rng(1).normal(size=(3_000, columns))
    y = (np.random.default_rng(2).random(3_000) < 0.1).astype(int)
    for k in (1, 3, 5):
        given_ = {"n_neighbors": k, "kind_sel": kind}
        ours, theirs = (
            EditedNearestNeighbours(**given_),
            peer.EditedNearestNeighbours(**given_),
        )
        ours.fit_resample(values, y)
        theirs.fit_resample(values, y)
        assert ours.sample_indices_.size < 3_000
        np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)


def test_a_tie_of_votes_is_no_majority_whatever_the_labels_are_called():
    values = np.array([[0.0], [0.2], [-0.3], [0.5], [9.0]])
    for names in ("abc", "cab", "bca"):  # the row at 0 sees one row of each class
        y = [names[0], names[0], names[1], names[2], names[2]]
        cleaner = EditedNearestNeighbours(kind_sel="mode", sampling_strategy=[names[0]])
        cleaner.fit_resample(values, y)
        assert set(cleaner.sample_indices_.tolist()) == {2, 3, 4}


@kinds
@pytest.mark.parametrize(
    ("table", "labels"),
    [
        (sp.csr_matrix(X), Y),
        (pd.DataFrame(X, columns=list("abc"), index=np.arange(150)[::-1]), Y),
        (X.tolist(), Y.tolist()),
        (X, np.array(["ham", "jam", "spam"])[Y]),
        (X, pd.Series(np.array(["ham", "jam", "spam"])[Y], dtype="category")),
        (X, Y > 0),
    ],
    ids=["csr", "pandas", "list", "words", "categories", "bools"],
)
def test_kinds_of_tables_and_labels(kind, table, labels):
    expected = EditedNearestNeighbours(kind_sel=kind)
    expected.fit_resample(X, np.unique(labels, return_inverse=True)[1])
    cleaner = EditedNearestNeighbours(kind_sel=kind)
    X_new, y_new = cleaner.fit_resample(table, labels)
    assert type(X_new) is type(table)
    np.testing.assert_array_equal(cleaner.sample_indices_, expected.sample_indices_)
    np.testing.assert_array_equal(y_new, np.asarray(labels)[expected.sample_indices_])


@kinds
def test_an_engine_decides(kind):
    plain, engine = (
        EditedNearestNeighbours(n_neighbors=given_, kind_sel=kind)
        for given_ in (2, NearestNeighbors(n_neighbors=3))
    )
    plain.fit_resample(X, Y)
    engine.fit_resample(X, Y)
    np.testing.assert_array_equal(engine.sample_indices_, plain.sample_indices_)
    assert not hasattr(engine.n_neighbors, "n_samples_fit_")  # fitted on a copy
    city = EditedNearestNeighbours(n_neighbors=NearestNeighbors(n_neighbors=3, metric="manhattan"))
    assert (
        city.fit_resample(X, Y)[1].size
        != EditedNearestNeighbours(n_neighbors=2).fit_resample(X, Y)[1].size
    )
    with pytest.raises(InvalidInput, match="must find at least two rows"):
        EditedNearestNeighbours(n_neighbors=NearestNeighbors(n_neighbors=1)).fit_resample(X, Y)


def test_too_few_rows_shrink_k_or_raise():
    values, y = np.array([[0.0], [1.0], [5.0]]), [0, 0, 1]
    with pytest.warns(EvenkeelWarning, match="The table has 3 rows, too few for n_neighbors=3"):
        assert EditedNearestNeighbours(kind_sel="all").fit_resample(values, y)[1] == [1]
    with pytest.raises(DoesNotApply, match="n_neighbors of EditedNearestNeighbours"):
        EditedNearestNeighbours(strict=True).fit_resample(values, y)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors of EditedNearestNeighbours must be a whole number of at"),
        ({"n_neighbors": "rnd"}, "an object with fit and kneighbors. Got 'rnd'"),
        ({"kind_sel": "most"}, "kind_sel of EditedNearestNeighbours must be one of 'all', 'mode'"),
    ],
)
def test_parameters_are_checked(given_, message):
    with pytest.raises(InvalidInput, match=message):
        EditedNearestNeighbours(**given_).fit_resample(X, Y)
