from collections import Counter

import imblearn.over_sampling as peer
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import DataConversionWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OrdinalEncoder

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.resample.smote_n import SMOTEN

rng = np.random.default_rng(0)
CODES = rng.integers(0, 5, (3000, 8))
Y = rng.permutation(np.repeat([0, 1, 2], [2900, 60, 40]))
LETTERS = np.array(list("abcde"), dtype=object)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("k", [1, 5])
def test_equals_imbalanced_learn_where_distances_are_not_tied(classes, k):
    y = np.where(classes > Y, Y, 0)
    given_ = {"sampling_strategy": {1: 400}, "random_state": 3, "k_neighbors": k}
    ours, theirs = SMOTEN(**given_), peer.SMOTEN(**given_)
    for X in (CODES, LETTERS[CODES]):
        X_new, y_new = ours.fit_resample(X, y)
        X_peer, y_peer = theirs.fit_resample(X, y)
        np.testing.assert_array_equal(X_new, X_peer)
        np.testing.assert_array_equal(y_new, y_peer)
    for known, expected in zip(
        ours.categorical_encoder_.categories_, theirs.categorical_encoder_.categories_, strict=True
    ):
        assert known.tolist() == expected.tolist()


def test_ties_go_to_the_least_category_as_in_imbalanced_learn():
    # each row has one neighbour: two votes, a tie wherever they differ
    X = np.array([["d"], ["d"], ["d"], ["b"], ["a"]], dtype=object)
    y = np.array([0, 0, 0, 1, 1])
    for sampler in (SMOTEN(k_neighbors=1, random_state=0), peer.SMOTEN(k_neighbors=1)):
        assert sampler.fit_resample(X, y)[0][5:].ravel().tolist() == ["a"]


KINDS = {
    "float32": lambda X: X.astype(np.float32),
    "list": lambda X: LETTERS[X].tolist(),
    "words": lambda X: LETTERS[X].astype(str),
    "objects": lambda X: LETTERS[X],
    "csr": sp.csr_matrix,
    "csc": sp.csc_array,
    "pandas": lambda X: pd.DataFrame(LETTERS[X]).astype("category"),
    "pandas numbers": lambda X: pd.DataFrame(X),
    "polars": lambda X: pl.DataFrame(LETTERS[X].tolist(), orient="row").cast(pl.Categorical),
    "pyarrow": lambda X: pa.table({str(j): LETTERS[X[:, j]] for j in range(X.shape[1])}),
}


def as_codes(X):
    if isinstance(X, pa.Table):
        X = np.column_stack([column.to_pylist() for column in X.columns])
    X = np.asarray(X.toarray() if sp.issparse(X) else X)
    return (
        X.astype(int)
        if X.dtype.kind in "iuf"
        else np.searchsorted(LETTERS.astype(str), X.astype(str))
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_any_kind_come_back_as_they_were(kind):
    codes, y = CODES[:200], Y[:200] > 0
    y[:20] = True
    expected, y_expected = SMOTEN(random_state=0).fit_resample(codes, y)
    X = KINDS[kind](codes)
    got, y_new = SMOTEN(random_state=0).fit_resample(X, y)
    assert type(got) is type(X)
    assert getattr(got, "dtype", None) == getattr(X, "dtype", None)
    assert list(getattr(got, "dtypes", [])) == list(getattr(X, "dtypes", []))
    np.testing.assert_array_equal(as_codes(got), expected)
    np.testing.assert_array_equal(y_new, y_expected)


def test_a_sparse_matrix_is_warned_of():
    with pytest.warns(DataConversionWarning, match="not really efficient"):
        SMOTEN().fit_resample(sp.csr_array(CODES), Y)


def test_missing_values_are_one_category():
    X = np.array([[None], [np.nan], [None], ["a"], ["a"], ["a"], ["a"]], dtype=object)
    sampler = SMOTEN(k_neighbors=2, random_state=0)
    made = sampler.fit_resample(X, [1, 1, 1, 0, 0, 0, 0])[0][7:]
    assert made[0, 0] is None or made[0, 0] != made[0, 0]
    assert len(sampler.categorical_encoder_.categories_[0]) == 2
    frame = pl.DataFrame({"c": ["b", None, None, None, "b"], "n": [1, None, None, 2, 3]})
    assert SMOTEN(k_neighbors=1).fit_resample(frame, [0, 1, 1, 0, 0])[0].row(5) == (None, None)


@pytest.mark.parametrize("classes", [2, 3])
def test_any_engine_can_find_the_neighbours(classes):
    y = np.where(classes > Y, Y, 0)
    engine = NearestNeighbors(n_neighbors=6)
    ours = SMOTEN(k_neighbors=engine, random_state=0)
    np.testing.assert_array_equal(
        ours.fit_resample(CODES, y)[0], SMOTEN(random_state=0).fit_resample(CODES, y)[0]
    )
    assert ours.nn_k_ is not engine
    assert not hasattr(engine, "n_features_in_")


def test_an_encoder_is_fitted_and_kept():
    encoder = OrdinalEncoder(dtype=np.int64)
    for X in (CODES, CODES.tolist(), pd.DataFrame(CODES)):
        sampler = SMOTEN(encoder).fit(X, Y)
        sampler.fit_resample(X, Y)
        assert sampler.categorical_encoder is encoder
        assert sampler.categorical_encoder_.dtype is np.int64
        assert len(sampler.categorical_encoder_.categories_) == 8
    with pytest.raises(
        InvalidType, match="categorical_encoder of SMOTEN must be None or an encoder"
    ):
        SMOTEN("ordinal").fit(CODES, Y)


def test_too_few_rows():
    X, y = [["a"], ["a"], ["b"], ["c"]], ["no", "no", "no", "yes"]
    with pytest.warns(EvenkeelWarning, match="Class 'yes' has 1 row, too few"):
        X_new, _ = SMOTEN().fit_resample(X, y)
    assert X_new[4:] == [["c"], ["c"]]
    with pytest.raises(DoesNotApply, match="k_neighbors of SMOTEN must be below"):
        SMOTEN(strict=True).fit_resample(X, y)
    with pytest.raises(InvalidInput, match="k_neighbors of SMOTEN"):
        SMOTEN(k_neighbors=0).fit(X, y)


def test_memory_of_a_plan():
    plan = SMOTEN(random_state=0, sampling_strategy={1: 2900}).plan(CODES, Y)
    votes = plan.made[0].election
    assert votes.voters.shape == (60, 6)  # the row and its neighbours
    assert plan.nbytes <= 4 * 3000 + 24 * 2840 + 4 * 6 * 60


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(2, 4), st.integers(1, 4))
def test_each_category_is_held_by_most_of_its_voters(seed, n_classes, k):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, (40, 3))
    y = np.concatenate([np.arange(n_classes).repeat(5), np.zeros(40 - 5 * n_classes, int)])
    plan = SMOTEN(k_neighbors=k, random_state=seed).plan(X, y)
    X_new, y_new = plan.apply(X, y)
    places = iter(X_new[40:])
    for block in plan.made:
        for parent, line in zip(block.parents, block.election.voter_of, strict=True):
            row, voters = next(places), block.election.voters[line]
            assert voters[0] == parent
            assert set(y[voters]) == {y[parent]}
            for j in range(3):
                counts = Counter(X[voters, j].tolist())
                best = [value for value, n in counts.items() if n == max(counts.values())]
                assert row[j] == min(best)
    assert len(set(Counter(y_new.tolist()).values())) == 1


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([b"x", b"y"] * 14),
        pl.Series([b"x", b"y"] * 14),
        pl.Series([None] * 28, dtype=pl.Null),
        pl.Series([None] * 28, dtype=pl.String),
    ],
)
def test_bytes_and_nothing_but_gaps_are_categories_too(column):
    frame = column.to_frame("a")
    X_new = SMOTEN(random_state=0).fit_resample(frame, np.repeat([0, 1], [20, 8]))[0]
    assert len(X_new) == 40
    assert set(X_new["a"].to_list()) == set(column.to_list())
