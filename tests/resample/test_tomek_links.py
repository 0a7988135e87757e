import imblearn.under_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import evenkeel.resample.tomek_links as module
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.resample.tomek_links import TomekLinks, tomek_links

pytestmark = pytest.mark.filterwarnings("ignore:.* leaves no row of class")

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 3))
Y = rng.permutation(np.repeat([0, 1, 2], [90, 40, 20]))
STRATEGIES = ["auto", "majority", "not minority", "not majority", "all", [1], [0, 2]]


def slow_links(X, y, rows=None):
    rows = range(len(X)) if rows is None else rows
    nearest = {}
    for i in rows:
        nearest[i] = min((((X[i] - X[j]) ** 2).sum(), j) for j in rows if j != i)[1]
    return [
        [i, j] for i, j in sorted(nearest.items()) if i < j and nearest[j] == i and y[i] != y[j]
    ]


DATA = {
    "normal": X,
    "grid": rng.integers(0, 4, (150, 3)).astype(float),
    "one column of integers": rng.integers(0, 60, (150, 1)),
    "repeated": np.repeat(X[:50], 3, axis=0)[rng.permutation(150)],
    "all equal": np.full((150, 2), 0.1),
    "float32": X.astype(np.float32),
}


@pytest.mark.parametrize("values", DATA.values(), ids=DATA)
@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_equals_the_slow_loop(values, strategy):
    links = slow_links(values.astype(float), Y)
    cleaner = TomekLinks(sampling_strategy=strategy)
    X_new, y_new = cleaner.fit_resample(values, Y)
    gone = {row for link in links for row in link if Y[row] in cleaner.sampling_strategy_}
    expected = [row for row in range(150) if row not in gone]
    assert cleaner.sample_indices_.tolist() == expected
    np.testing.assert_array_equal(X_new, values[expected])
    np.testing.assert_array_equal(y_new, Y[expected])


@settings(max_examples=30)
@given(st.data())
def test_links_are_those_of_the_slow_loop_on_any_small_table(data):
    n_rows = data.draw(st.integers(2, 14))
    shape = st.tuples(st.just(n_rows), st.integers(1, 3))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.integers(-2, 2)))
    y = data.draw(hnp.arrays(np.int64, n_rows, elements=st.integers(0, 2)))
    among = np.flatnonzero(data.draw(hnp.arrays(bool, n_rows)))
    assert tomek_links(values, y).tolist() == slow_links(values, y)
    found = tomek_links(values, y, among)
    assert (
        found.tolist() == slow_links(values, y, among.tolist())
        if among.size > 1
        else not found.size
    )


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
@pytest.mark.parametrize("columns", [3, 20])
def test_equals_imbalanced_learn(strategy, columns):
    values = np.random.default_rng(1).normal(size=(3_000, columns))
    y = np.random.default_rng(2).choice(3, 3_000, p=[0.8, 0.15, 0.05])
    ours, theirs = (kind(sampling_strategy=strategy) for kind in (TomekLinks, peer.TomekLinks))
    ours.fit_resample(values, y)
    theirs.fit_resample(values, y)
    assert ours.sample_indices_.size < 3_000
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)


def test_only_rows_that_may_be_linked_are_asked(monkeypatch):
    asked, ask = [], module.neighbors
    monkeypatch.setattr(
        module, "neighbors", lambda X, rows, *a, **k: asked.extend(rows) or ask(X, rows, *a, **k)
    )
    TomekLinks().fit_resample(X, Y)
    assert len(asked) < 60 + 60
    assert set(np.flatnonzero(Y > 0)) <= set(asked)


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        (sp.csr_matrix(X), Y),
        (sp.csc_array(X), Y),
        (pd.DataFrame(X, columns=list("abc"), index=np.arange(150)[::-1]), Y),
        (X.tolist(), Y.tolist()),
        (X, np.array(["ham", "jam", "spam"])[Y]),
        (X, Y.astype(bool)),
    ],
    ids=["csr", "csc", "pandas", "list", "words", "bools"],
)
def test_kinds_of_tables_and_labels(table, labels):
    expected = TomekLinks()
    expected.fit_resample(X, np.unique(labels, return_inverse=True)[1])
    cleaner = TomekLinks()
    X_new, y_new = cleaner.fit_resample(table, labels)
    assert type(X_new) is type(table)
    np.testing.assert_array_equal(cleaner.sample_indices_, expected.sample_indices_)
    np.testing.assert_array_equal(y_new, np.asarray(labels)[expected.sample_indices_])


def test_row_order_changes_nothing_but_order():
    order = np.random.default_rng(3).permutation(150)
    plain, moved = TomekLinks(), TomekLinks()
    plain.fit_resample(X, Y)
    moved.fit_resample(X[order], Y[order])
    np.testing.assert_array_equal(np.sort(order[moved.sample_indices_]), plain.sample_indices_)


@pytest.mark.parametrize(
    ("values", "y", "kept"),
    [
        ([[0.0], [1.0]], [0, 1], [0]),  # of equally large classes the first is the smallest
        ([[0.0], [0.0], [0.0]], [0, 0, 1], [0, 1, 2]),
        ([[0.0], [5.0], [5.0]], [0, 0, 1], [0, 2]),
    ],
)
def test_tiny_tables(values, y, kept):
    cleaner = TomekLinks()
    cleaner.fit_resample(np.array(values), y)
    assert cleaner.sample_indices_.tolist() == kept


def test_parameters_are_checked():
    assert (
        TomekLinks(n_jobs=1).fit_resample(X, Y)[0].shape == TomekLinks().fit_resample(X, Y)[0].shape
    )
    with pytest.raises(InvalidType, match="n_jobs of TomekLinks must be a whole number"):
        TomekLinks(n_jobs="two").fit_resample(X, Y)
    with pytest.raises(InvalidInput, match="n_jobs of TomekLinks must not be 0"):
        TomekLinks(n_jobs=0).fit_resample(X, Y)
    with pytest.raises(InvalidInput, match="a name or a list of classes"):
        TomekLinks(sampling_strategy={0: 10}).fit_resample(X, Y)
