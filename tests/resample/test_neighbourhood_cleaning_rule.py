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
from evenkeel.resample.neighbourhood_cleaning_rule import NeighbourhoodCleaningRule

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))


def slow(X, y, k, classes, threshold):
    """The rows that stay; Laurikkala's two sets, found one row at a time."""
    smallest, gone = min(sorted(set(y)), key=y.count), set()
    large = {c for c in classes if y.count(c) > threshold * y.count(smallest)}
    for i in range(len(X)):
        order = sorted((((X[i] - X[j]) ** 2).sum(), j) for j in range(len(X)) if j != i)[:k]
        votes = [y[j] for _, j in order]
        won = all(votes.count(y[i]) > votes.count(other) for other in set(votes) - {y[i]})
        if y[i] in classes and not won:
            gone.add(i)
        if y[i] == smallest and not won:
            gone |= {j for _, j in order if y[j] in large}
    return [i for i in range(len(X)) if i not in gone]


DATA = {
    "normal": X,
    "grid": rng.integers(0, 4, (150, 3)).astype(float),
    "one column of integers": rng.integers(0, 60, (150, 1)),
    "repeated": np.repeat(X[:50], 3, axis=0)[rng.permutation(150)],
    "all equal": np.full((150, 2), 0.1),
    "float32": X.astype(np.float32),
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize("strategy", ["auto", "all", [0]], ids=str)
@pytest.mark.parametrize("threshold", [0.5, 2.0, 3.0])
def test_equals_the_slow_loop(values, strategy, threshold):
    for k in (1, 2, 3):
        cleaner = NeighbourhoodCleaningRule(
            sampling_strategy=strategy, n_neighbors=k, threshold_cleaning=threshold
        )
        X_new, y_new = cleaner.fit_resample(values, Y)
        classes = list(cleaner.sampling_strategy_)
        expected = slow(values.astype(float), Y.tolist(), k, classes, threshold)
        assert cleaner.sample_indices_.tolist() == expected
        np.testing.assert_array_equal(X_new, values[expected])
        np.testing.assert_array_equal(y_new, Y[expected])
        counts = {0: 90, 1: 40, 2: 20}
        assert cleaner.classes_to_clean_ == [c for c in classes if counts[c] > 20 * threshold]


@settings(max_examples=30)
@given(st.data())
def test_equals_the_slow_loop_on_any_small_table(data):
    y = np.array(data.draw(st.permutations([0] * 5 + [1] * 2 + [2] * 3)))
    shape = st.tuples(st.just(10), st.integers(1, 2))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-3, 3)))
    k = data.draw(st.integers(1, 4))
    cleaner = NeighbourhoodCleaningRule(n_neighbors=k, threshold_cleaning=1.5)
    cleaner.fit_resample(values, y)
    assert cleaner.sample_indices_.tolist() == slow(values, y.tolist(), k, [0, 2], 1.5)


def test_a_row_has_no_vote_for_itself():
    # two of the three nearest rows of the rare row at 5 are common; with itself, imbalanced-learn
    # counts two rare rows of three, and leaves the rows around it where they are
    values = np.array([[0.0], [1.0], [2.0], [4.8], [5.0], [5.3], [5.5], [9.0], [9.1], [9.2]])
    y = np.array([0, 0, 0, 0, 1, 1, 0, 0, 0, 0])
    cleaner, theirs = (
        kind(edited_nearest_neighbours=keeper, n_neighbors=3)
        for kind, keeper in (
            (NeighbourhoodCleaningRule, KeepsAll()),
            (peer.NeighbourhoodCleaningRule, KeepsAll()),
        )
    )
    cleaner.fit_resample(values, y)
    theirs.fit_resample(values, y)
    assert cleaner.sample_indices_.tolist() == [0, 1, 2, 4, 5, 7, 8, 9]
    assert theirs.sample_indices_.tolist() == list(range(10))


class KeepsAll:
    """A first step that drops nothing."""

    def get_params(self, *, deep=True):
        return {}

    def fit_resample(self, X, y):
        self.sample_indices_ = np.arange(len(y))
        return X, y


def test_the_first_step_may_be_any_selector():
    enn = EditedNearestNeighbours(n_neighbors=5, sampling_strategy=["ham"])
    words = np.array(["ham", "jam", "spam"])[Y]
    cleaner = NeighbourhoodCleaningRule(edited_nearest_neighbours=enn, threshold_cleaning=99)
    cleaner.fit_resample(X, words)
    assert cleaner.classes_to_clean_ == []
    enn.fit_resample(X, words)
    np.testing.assert_array_equal(cleaner.sample_indices_, np.sort(enn.sample_indices_))
    np.testing.assert_array_equal(
        cleaner.edited_nearest_neighbours_.sample_indices_, enn.sample_indices_
    )
    theirs = peer.EditedNearestNeighbours(n_neighbors=5, sampling_strategy=["ham"])
    cleaner.set_params(edited_nearest_neighbours=theirs).fit_resample(X, words)
    np.testing.assert_array_equal(cleaner.sample_indices_, np.sort(enn.sample_indices_))


def test_without_the_second_step_it_equals_imbalanced_learn():
    values = np.random.default_rng(1).normal(size=(3_000, 5))
    y = (np.random.default_rng(2).random(3_000) < 0.1).astype(int)
    ours, theirs = (
        kind(threshold_cleaning=1e9)
        for kind in (NeighbourhoodCleaningRule, peer.NeighbourhoodCleaningRule)
    )
    ours.fit_resample(values, y)
    theirs.fit_resample(values, y)
    assert ours.sample_indices_.size < 3_000
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        (sp.csr_matrix(X), Y),
        (pd.DataFrame(X, columns=list("abc"), index=np.arange(150)[::-1]), Y),
        (X.tolist(), Y.tolist()),
        (X, np.array(["spam", "ham", "jam"])[Y]),
        (X, np.array(["spam", "ham", "jam"])[Y].astype(object)),
        (X, Y > 0),
    ],
    ids=["csr", "pandas", "list", "words", "objects", "bools"],
)
def test_kinds_of_tables_and_labels_in_any_order(table, labels):
    expected = NeighbourhoodCleaningRule()
    expected.fit_resample(X, Y if len(set(np.asarray(labels).tolist())) == 3 else Y > 0)
    cleaner = NeighbourhoodCleaningRule()
    X_new, y_new = cleaner.fit_resample(table, labels)
    assert type(X_new) is type(table)
    np.testing.assert_array_equal(cleaner.sample_indices_, expected.sample_indices_)
    np.testing.assert_array_equal(y_new, np.asarray(labels)[expected.sample_indices_])


def test_labels_of_several_types_stay_what_they_are():
    mixed = np.array([0, "ham", "jam"], dtype=object)[Y]
    cleaner, expected = (NeighbourhoodCleaningRule(sampling_strategy=[0]) for _ in range(2))
    cleaner.fit_resample(X, mixed)
    expected.fit_resample(X, Y)
    np.testing.assert_array_equal(cleaner.sample_indices_, expected.sample_indices_)


def test_an_engine_decides():
    plain = NeighbourhoodCleaningRule()
    engine = NeighbourhoodCleaningRule(n_neighbors=NearestNeighbors(n_neighbors=4))
    plain.fit_resample(X, Y)
    engine.fit_resample(X, Y)
    np.testing.assert_array_equal(engine.sample_indices_, plain.sample_indices_)


def test_too_few_rows_shrink_k_or_raise():
    values, y = np.array([[0.0], [1.0], [5.0]]), [0, 0, 1]
    with pytest.warns(EvenkeelWarning, match="too few for n_neighbors=3"):
        NeighbourhoodCleaningRule().fit_resample(values, y)
    with pytest.raises(DoesNotApply, match="n_neighbors of "):
        NeighbourhoodCleaningRule(strict=True).fit_resample(values, y)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"n_neighbors": "rnd"}, "n_neighbors of NeighbourhoodCleaningRule must be"),
        ({"threshold_cleaning": 0}, "threshold_cleaning .* must be a number above 0"),
        ({"edited_nearest_neighbours": 3}, "an object with fit_resample, or None. Got 3"),
    ],
)
def test_parameters_are_checked(given_, message):
    with pytest.raises(InvalidInput, match=message):
        NeighbourhoodCleaningRule(**given_).fit_resample(X, Y)
