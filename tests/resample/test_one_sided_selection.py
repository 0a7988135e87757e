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
from evenkeel.resample.one_sided_selection import OneSidedSelection

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))


def near(X, row, among):
    return [j for _, j in sorted((((X[row] - X[j]) ** 2).sum(), j) for j in among if j != row)]


def slow(X, y, k, n_seeds, seed, classes):
    random, left = np.random.RandomState(seed), []
    rare = min(sorted(set(y)), key=y.count)
    others = [row for row in range(len(X)) if y[row] == rare]
    for label in sorted(set(y)):
        rows = [row for row in range(len(X)) if y[row] == label]
        if label == rare or label not in classes:
            left += rows
            continue
        drawn = random.randint(0, len(rows), size=n_seeds)
        seeds = list(dict.fromkeys(rows[place] for place in drawn))
        left += seeds
        for row in rows:
            if row not in seeds:
                votes = [y[j] for j in near(X, row, others + seeds)[:k]]
                if 2 * votes.count(label) <= len(votes):
                    left.append(row)
    nearest = {row: near(X, row, left)[0] for row in left}
    return [
        row
        for row in left
        if y[row] not in classes or nearest[nearest[row]] != row or y[nearest[row]] == y[row]
    ]


DATA = {
    "normal": X,
    "grid": rng.integers(0, 4, (150, 3)).astype(float),
    "one column of integers": rng.integers(0, 60, (150, 1)),
    "repeated": np.repeat(X[:50], 3, axis=0)[rng.permutation(150)],
    "all equal": np.full((150, 2), 0.1),
    "float32": X.astype(np.float32),
    "clouds": (X + 2 * (Y == 0)[:, None]).round(1),
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize("strategy", ["auto", "all", [0]], ids=str)
@pytest.mark.parametrize(("k", "n_seeds"), [(None, 1), (1, 4), (3, 2)])
def test_equals_the_slow_loop(values, strategy, k, n_seeds):
    cleaner = OneSidedSelection(
        sampling_strategy=strategy, random_state=0, n_neighbors=k, n_seeds_S=n_seeds
    )
    _, y_new = cleaner.fit_resample(values, Y)
    classes = cleaner.sampling_strategy_
    expected = slow(values.astype(float), Y.tolist(), k or 1, n_seeds, 0, classes)
    assert cleaner.sample_indices_.tolist() == expected
    np.testing.assert_array_equal(y_new, Y[expected])


@settings(max_examples=30)
@given(st.data())
def test_equals_the_slow_loop_on_any_small_table(data):
    y = np.array(data.draw(st.permutations([0] * 6 + [1] * 3 + [2] * 4)))
    shape = st.tuples(st.just(13), st.integers(1, 3))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-2, 2)))
    k, n_seeds, seed = (data.draw(st.integers(1, top)) for top in (4, 3, 9))
    cleaner = OneSidedSelection(random_state=seed, n_neighbors=k, n_seeds_S=n_seeds)
    cleaner.fit_resample(values, y)
    expected = slow(values, y.tolist(), k, n_seeds, seed, {0, 2})
    assert cleaner.sample_indices_.tolist() == expected


@pytest.mark.parametrize("k", [None, 3])
def test_equals_imbalanced_learn(k):
    values = np.random.default_rng(1).normal(size=(2_000, 4))
    y = np.random.default_rng(2).choice(3, 2_000, p=[0.7, 0.2, 0.1])
    ours, theirs = (
        kind(random_state=3, n_neighbors=k, n_seeds_S=3)
        for kind in (OneSidedSelection, peer.OneSidedSelection)
    )
    ours.fit_resample(values, y)
    theirs.fit_resample(values, y)
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)
    assert [list(fitted.classes_) for fitted in ours.estimators_] == [[0, 2], [1, 2]]


@pytest.mark.parametrize("k", [1, 3])
def test_an_engine_decides_and_agrees_without_ties(k):
    plain = OneSidedSelection(random_state=0, n_neighbors=k, n_seeds_S=2)
    plain.fit_resample(X, Y)
    for engine in (KNeighborsClassifier(k), NearestNeighbors(n_neighbors=k)):
        cleaner = OneSidedSelection(random_state=0, n_neighbors=engine, n_seeds_S=2)
        cleaner.fit_resample(X, np.array(["ham", "jam", "spam"])[Y])
        np.testing.assert_array_equal(cleaner.sample_indices_, plain.sample_indices_)


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        (sp.csr_matrix(X), Y),
        (pd.DataFrame(X, columns=list("abc"), index=np.arange(150)[::-1]), Y),
        (X.tolist(), Y.tolist()),
        (X, np.array(["ham", "jam", "spam"])[Y]),
        (X, Y > 0),
    ],
    ids=["csr", "pandas", "list", "words", "bools"],
)
def test_kinds_of_tables_and_labels(table, labels):
    expected = OneSidedSelection(random_state=0)
    expected.fit_resample(X, np.unique(labels, return_inverse=True)[1])
    cleaner = OneSidedSelection(random_state=0)
    X_new, y_new = cleaner.fit_resample(table, labels)
    assert type(X_new) is type(table)
    np.testing.assert_array_equal(cleaner.sample_indices_, expected.sample_indices_)
    np.testing.assert_array_equal(y_new, np.asarray(labels)[expected.sample_indices_])


def test_no_row_is_kept_twice_when_a_seed_is_drawn_twice():
    cleaner = OneSidedSelection(random_state=0, n_seeds_S=50)
    cleaner.fit_resample(X[:8], [0, 0, 0, 0, 0, 1, 1, 1])
    assert len(set(cleaner.sample_indices_.tolist())) == cleaner.sample_indices_.size


def test_too_few_rows_shrink_k_or_raise():
    with pytest.warns(EvenkeelWarning, match="begins with 2 rows, too few for n_neighbors=3"):
        OneSidedSelection(n_neighbors=3).fit_resample(X[:5], [0, 0, 0, 0, 1])
    with pytest.raises(DoesNotApply, match=r"must be at most the rows of the store\. Got 3"):
        OneSidedSelection(n_neighbors=3, strict=True).fit_resample(X[:5], [0, 0, 0, 0, 1])


@pytest.mark.parametrize("given_", [{"n_neighbors": "rnd"}, {"n_neighbors": 0}, {"n_seeds_S": 0}])
def test_parameters_are_checked(given_):
    with pytest.raises(InvalidInput, match="of OneSidedSelection must be"):
        OneSidedSelection(**given_).fit_resample(X, Y)
