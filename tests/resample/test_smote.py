import imblearn.over_sampling as peer
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.plan import Between
from evenkeel.resample import SMOTE

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 6))
Y = rng.permutation(np.repeat([0, 1, 2], [200, 70, 30]))
TWO = rng.permutation(np.repeat([0, 1], [270, 30]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("strategy", ["auto", 0.5, {0: 280, 1: 31}])
def test_equals_imbalanced_learn(dtype, strategy):
    table = X.astype(dtype)
    state = {"random_state": np.random.RandomState(7)}
    X_new, y_new = SMOTE(sampling_strategy=strategy, **state).fit_resample(table, TWO)
    state = {"random_state": np.random.RandomState(7)}
    X_peer, y_peer = peer.SMOTE(sampling_strategy=strategy, **state).fit_resample(table, TWO)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    assert X_new.dtype == dtype


@pytest.mark.parametrize("kind", ["sparse", "pandas", "whole numbers"])
def test_equals_imbalanced_learn_on_other_tables(kind):
    table = {
        "sparse": sp.csr_matrix(X * (X > 0.5)),
        "pandas": pd.DataFrame(X, columns=list("abcdef")).astype({"a": "float32"}),
        "whole numbers": (1000 * X).astype(np.int32),
    }[kind]
    X_new, y_new = SMOTE(random_state=3).fit_resample(table, TWO)
    X_peer, y_peer = peer.SMOTE(random_state=3).fit_resample(table, TWO)
    if kind == "sparse":
        X_new, X_peer = X_new.toarray(), X_peer.toarray()
    np.testing.assert_allclose(np.asarray(X_new), np.asarray(X_peer), rtol=1e-6)
    np.testing.assert_array_equal(y_new, y_peer)


def test_several_classes_share_one_generator():
    # a RandomState runs on from class to class in imbalanced-learn too
    ours = SMOTE(random_state=np.random.RandomState(5)).fit_resample(X, Y)
    theirs = peer.SMOTE(random_state=np.random.RandomState(5)).fit_resample(X, Y)
    np.testing.assert_array_equal(ours[0], theirs[0])
    # with a number, equally large classes must not get the same draws
    y = np.repeat([0, 1, 2], [200, 50, 50])
    plan = SMOTE(random_state=0).plan(X, y)
    first, second = plan.made
    assert not np.array_equal(first.steps, second.steps)
    assert not np.array_equal(first.parents - 200, second.parents - 250)


def test_made_rows_lie_between_a_row_and_one_of_its_neighbours():
    plan = SMOTE(random_state=0, k_neighbors=4).plan(X, Y)
    for block, label in zip(plan.made, (1, 2), strict=True):
        assert isinstance(block, Between)
        rows = np.flatnonzero(label == Y)
        distance = np.linalg.norm(X[rows, None] - X[None, rows], axis=2)
        np.fill_diagonal(distance, np.inf)
        nearest = rows[np.argsort(distance, axis=1, kind="stable")[:, :4]]
        place = {row: i for i, row in enumerate(rows.tolist())}
        for parent, partner in zip(block.parents.tolist(), block.partners.tolist(), strict=True):
            assert partner in nearest[place[parent]]
        assert block.steps.min() >= 0
        assert block.steps.max() < 1
    X_new, y_new = plan.apply(X, Y)
    np.testing.assert_array_equal(X_new[:300], X)
    for row, label in zip(X_new[300:], y_new[300:], strict=True):
        own = X[label == Y]
        assert np.all(row >= own.min(axis=0) - 1e-12)
        assert np.all(row <= own.max(axis=0) + 1e-12)


def test_any_engine_with_kneighbors_stands_in():
    engine = NearestNeighbors(n_neighbors=6)
    X_new, y_new = SMOTE(random_state=0, k_neighbors=engine).fit_resample(X, TWO)
    X_expected, y_expected = SMOTE(random_state=0).fit_resample(X, TWO)
    np.testing.assert_array_equal(X_new, X_expected)
    np.testing.assert_array_equal(y_new, y_expected)
    assert not hasattr(engine, "n_samples_fit_")


def test_repeated_rows_are_neighbours_and_no_row_is_its_own():
    table = np.repeat(rng.normal(size=(10, 2)), 3, axis=0)
    y = np.repeat([0, 1], [18, 12])
    plan = SMOTE(random_state=0, k_neighbors=2, sampling_strategy={1: 200}).plan(table, y)
    block = plan.made[0]
    assert np.all(block.parents != block.partners)
    # each row has two equals, so its two nearest neighbours are those
    np.testing.assert_array_equal(table[block.parents], table[block.partners])


def test_too_few_neighbours_shrink_k_with_a_warning():
    y = np.repeat([0, 1], [297, 3])
    with pytest.warns(EvenkeelWarning, match="Class 1 has 3 rows.*k_neighbors is 2 for it"):
        X_new, y_new = SMOTE(random_state=0).fit_resample(X, y)
    expected = SMOTE(random_state=0, k_neighbors=2).fit_resample(X, y)
    np.testing.assert_array_equal(X_new, expected[0])
    with pytest.raises(DoesNotApply, match="Class 1 has 3 rows"):
        SMOTE(strict=True).fit_resample(X, y)
    assert y_new.sum() == 297


def test_a_class_of_one_row_is_repeated_with_a_warning():
    y = np.repeat([0, 1], [299, 1])
    with pytest.warns(EvenkeelWarning, match="has 1 row, .*no neighbours"):
        X_new, y_new = SMOTE(random_state=0).fit_resample(X, y)
    assert y_new.sum() == 299
    assert np.all(X_new[y_new == 1] == X[299])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pl.DataFrame({"city": ["Oslo"] * 6, "age": range(6)}),
            "1 column of another kind: city. Use SMOTENC, which takes categories",
        ),
        (pd.DataFrame({"age": [1, None, 3, 4, 5, 6]}), "with NaN or infinite values: age. Impute"),
        ([["a"]] * 6, "SMOTEN: categories only"),
    ],
)
def test_other_columns_are_refused_by_name(table, message):
    with pytest.raises(DoesNotApply, match=message):
        SMOTE(k_neighbors=1).fit_resample(table, [0, 0, 0, 0, 1, 1])


def test_parameters_are_checked():
    with pytest.raises(InvalidInput, match=r"k_neighbors of SMOTE must be .* at least 1\. Got 0"):
        SMOTE(k_neighbors=0).fit_resample(X, Y)
    with pytest.raises(InvalidType, match="k_neighbors of SMOTE"):
        SMOTE(k_neighbors="five").fit_resample(X, Y)


def test_memory_is_at_most_24_bytes_a_made_row():
    plan = SMOTE(random_state=0, sampling_strategy={1: 50_000}).plan(X, TWO)
    assert plan.nbytes <= 24 * 50_000


@pytest.mark.parametrize("columns", [1, 5_000])
def test_few_and_many_columns(columns):
    table = np.random.default_rng(1).normal(size=(40, columns))
    y = np.repeat([0, 1], [30, 10])
    X_new, _ = SMOTE(random_state=0).fit_resample(table, y)
    X_peer, _ = peer.SMOTE(random_state=0).fit_resample(table, y)
    np.testing.assert_array_equal(X_new, X_peer)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 4), st.integers(6, 30), st.integers(6, 12), st.integers(1, 5), st.booleans())
def test_made_rows_stay_within_their_class(columns, n_many, n_few, k, whole):
    table = np.random.default_rng(n_many).normal(size=(n_many + n_few, columns)) * 5
    table = np.round(table) if whole else table
    y = np.repeat(["many", "few"], [n_many, n_few])
    plan = SMOTE(k_neighbors=k, sampling_strategy="not minority" if n_many < n_few else "auto",
                 random_state=0).plan(table, y)  # fmt: skip
    X_new, y_new = plan.apply(table, y)
    if not plan.made:
        assert len(X_new) == len(table)
        return
    block = plan.made[0]
    start, end = table[block.parents], table[block.partners]
    made = X_new[len(table) :]
    assert np.all(made >= np.minimum(start, end) - 1e-12)
    assert np.all(made <= np.maximum(start, end) + 1e-12)
    assert set(y_new[len(table) :].tolist()) == set(y[block.parents].tolist())
