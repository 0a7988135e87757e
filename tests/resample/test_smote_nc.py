import tracemalloc
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
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OneHotEncoder

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.learners import Columns
from evenkeel.resample import SMOTE, SMOTEN, RandomUnderSampler
from evenkeel.resample.smote_nc import SMOTENC

rng = np.random.default_rng(0)
N = 240
NUMBERS = rng.normal(size=(N, 3)) * [1.0, 5.0, 0.2]
CODES = rng.integers(0, 4, (N, 2))
X = np.column_stack([CODES[:, 0], NUMBERS, CODES[:, 1]])  # categories at both ends
Y = rng.permutation(np.repeat([0, 1], [190, 50]))
LETTERS = np.array(list("abcd"), dtype=object)
NAMES = ["first", "x", "y", "z", "last"]


def frame(values=LETTERS):
    columns = [values[CODES[:, 0]], *NUMBERS.T, values[CODES[:, 1]]]
    return pd.DataFrame(dict(zip(NAMES, columns, strict=True)))


@pytest.mark.parametrize("k", [1, 4, 5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equals_imbalanced_learn(k, dtype):
    given_ = {"categorical_features": [0, 4], "random_state": 3, "k_neighbors": k}
    ours, theirs = SMOTENC(**given_), peer.SMOTENC(**given_)
    table = X.astype(dtype)
    X_new, y_new = ours.fit_resample(table, Y)
    X_peer, y_peer = theirs.fit_resample(table, Y)
    assert X_new.dtype == dtype
    # the same parents, partners and steps, so the same distances
    np.testing.assert_allclose(X_new[:, 1:4], X_peer[:, 1:4], rtol=1e-6)
    np.testing.assert_array_equal(y_new, y_peer)
    assert ours.median_std_ == pytest.approx(theirs.median_std_)
    assert ours.sampling_strategy_ == theirs.sampling_strategy_
    np.testing.assert_array_equal(ours.categorical_features_, theirs.categorical_features_)
    np.testing.assert_array_equal(ours.continuous_features_, theirs.continuous_features_)
    votes = ours.plan(table, Y).made[0].election
    for column in (0, 4):
        for line, mine, other in zip(
            votes.voter_of, X_new[N:, column], X_peer[N:, column], strict=True
        ):
            counts = Counter(table[votes.voters[line], column].tolist())
            best = {value for value, n in counts.items() if n == max(counts.values())}
            assert mine in best
            assert other in best  # where votes are tied, both draw


def test_ties_are_drawn_evenly_as_in_imbalanced_learn():
    # every row of the class has the two others, of one category each, as its neighbours
    table = np.array([[0.0, 0], [1.0, 1], [0.5, 2]] + [[9.0, 3]] * 3000)
    y = np.repeat([1, 0], [3, 3000])
    for sampler in (SMOTENC([1], k_neighbors=2, random_state=0), peer.SMOTENC([1], k_neighbors=2)):
        made = sampler.fit_resample(table, y)[0][3003:, 1]
        np.testing.assert_allclose(np.bincount(made.astype(int)) / len(made), 1 / 3, atol=0.04)


def test_a_median_spread_of_0_leaves_categories_out_of_the_distance():
    table = np.array(
        [[0.0, 7, 0], [0, 7, 1], [0, 7, 0], [5, 7, 1], [6, 7, 1], [7, 7, 0], [8, 7, 0]]
    )
    sampler = SMOTENC([2], k_neighbors=1, sampling_strategy={1: 9}, random_state=0)
    made = sampler.plan(table, [1, 1, 1, 0, 0, 0, 0]).made[0]
    assert sampler.median_std_ == {1: 0.0}
    for parent, line in zip(made.parents, made.election.voter_of, strict=True):
        assert made.election.voters[line].tolist() == [1 if parent == 0 else 0]


KINDS = {
    "list": lambda: frame().to_numpy().tolist(),
    "objects": lambda: frame().to_numpy(),
    "csr": lambda: sp.csr_matrix(X),
    "csc": lambda: sp.csc_array(X),
    "pandas words": frame,
    "pandas objects": lambda: frame().astype(object),
    "pandas categories": lambda: frame().astype({"first": "category", "last": "category"}),
    "pandas numbers": lambda: frame(np.arange(4)),
    "polars": lambda: pl.from_pandas(frame()).with_columns(
        pl.col("first").cast(pl.Categorical), pl.col("last").cast(pl.Enum(list("dbca")))
    ),
    "pyarrow": lambda: pa.Table.from_pandas(frame()),
}


def as_numbers(table):
    if isinstance(table, pa.Table):
        table = table.to_pandas()
    elif sp.issparse(table):
        table = table.toarray()
    table = np.asarray(table, dtype=object)
    code = {letter: place for place, letter in enumerate(LETTERS)}
    return np.array([[code.get(value, value) for value in row] for row in table], float)


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_any_kind_come_back_as_they_were(kind):
    table = KINDS[kind]()
    expected, y_expected = SMOTENC([0, 4], random_state=0).fit_resample(X, Y)
    got, y_new = SMOTENC([0, 4], random_state=0).fit_resample(table, Y)
    assert type(got) is type(table)
    for attribute in ("dtype", "schema", "format"):
        assert getattr(got, attribute, None) == getattr(table, attribute, None)
    assert list(getattr(got, "dtypes", [])) == list(getattr(table, "dtypes", []))
    np.testing.assert_allclose(as_numbers(got), expected, rtol=1e-9)
    np.testing.assert_array_equal(y_new, y_expected)
    np.testing.assert_array_equal(as_numbers(table), X)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[0] == "p" and "numb" not in kind])
def test_categories_are_found_by_type(kind):
    table = KINDS[kind]()
    sampler = SMOTENC(random_state=0)
    got, _ = sampler.fit_resample(table, Y)
    assert sampler.categorical_features_.tolist() == [0, 4]
    by_name = SMOTENC(["first", "last"], random_state=0).fit_resample(table, Y)[0]
    np.testing.assert_array_equal(as_numbers(got), as_numbers(by_name))


def test_takes_what_the_columns_of_a_learner_give():
    day = pd.date_range("2024-01-01", periods=N)
    table = Columns().fit_transform(frame().assign(day=day, flag=Y == 3))
    X_new, y_new = SMOTENC(random_state=0).fit_resample(table, Y)
    assert len(X_new) == len(y_new) == 2 * 190
    assert X_new.dtypes.to_dict() == table.dtypes.to_dict()
    assert set(X_new["last"]) == set("abcd")


def test_missing_categories_are_a_category_of_their_own():
    gaps = LETTERS.copy()
    gaps[0] = None
    for table in (frame(gaps).astype({"first": "category"}), pl.from_pandas(frame(gaps))):
        got, _ = SMOTENC([0, 4], random_state=0).fit_resample(table, Y)
        expected = SMOTENC([0, 4], random_state=0).fit_resample(X, Y)[0]
        first = pd.Series(got["first"].to_list(), dtype=object)
        np.testing.assert_array_equal(first.isna()[:N], expected[:N, 0] == 0)
        assert 0.1 < first.isna()[N:].mean() < 0.5
    numbers = np.where(X == 0, np.nan, X)
    got, _ = SMOTENC([0, 4], random_state=0).fit_resample(numbers, Y)
    assert 0.1 < np.isnan(got[N:, 0]).mean() < 0.5
    assert np.isfinite(got[:, 1:4]).all()


def test_numbers_that_are_categories_never_lose_digits():
    table = frame(np.arange(4) + 2**60)
    for kind in (table, pl.from_pandas(table), pa.Table.from_pandas(table)):
        got, _ = SMOTENC([0, 4], random_state=0).fit_resample(kind, Y)
        assert set(got["last"].to_pylist() if isinstance(got, pa.Table) else got["last"]) == {
            2**60 + j for j in range(4)
        }


@pytest.mark.parametrize(
    ("table", "columns", "error", "message"),
    [
        (
            frame().assign(x=np.nan),
            [0, 4],
            DoesNotApply,
            "1 with NaN or infinite values: x. Impute",
        ),
        (np.where(X[3, 2] == X, np.inf, X), [0, 4], DoesNotApply, "infinite values: 2"),
        (frame().to_numpy(), [0], DoesNotApply, "1 that are no numbers: 4. Name them in"),
        (frame(), ["x"], DoesNotApply, "2 that are no numbers: first, last"),
        (X, range(5), DoesNotApply, "not designed to work only with categorical.*Use SMOTEN"),
        (X, [], DoesNotApply, "not designed to work only with numerical.*n_features = 5"),
        (frame(np.arange(4)), "auto", DoesNotApply, "requires some categorical features"),
        (X, "auto", DoesNotApply, "should be a pandas.DataFrame"),
        (X, [9], InvalidInput, "all features must be in"),
    ],
)
def test_refusals_name_the_columns(table, columns, error, message):
    with pytest.raises(error, match=message):
        SMOTENC(columns).fit(table, Y)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"k_neighbors": 0}, InvalidInput, "k_neighbors of SMOTENC must be a whole number"),
        ({"categorical_encoder": 3}, InvalidType, "categorical_encoder of SMOTENC must be None"),
    ],
)
def test_parameters_are_checked(parameters, error, message):
    with pytest.raises(error, match=message):
        SMOTENC([0], **parameters).fit(X, Y)


def test_an_encoder_is_fitted_and_kept():
    sampler = SMOTENC([0, 4], random_state=0)
    sampler.fit_resample(frame(), Y)
    assert sampler.categorical_encoder_.sparse_output
    assert [list(known) for known in sampler.categorical_encoder_.categories_] == [list("abcd")] * 2
    encoder = OneHotEncoder(sparse_output=False)
    for table in (frame(), frame().to_numpy().tolist(), sp.csr_array(X)):
        sampler.set_params(categorical_encoder=encoder).fit_resample(table, Y)
        assert sampler.categorical_encoder_ is not encoder
        assert len(sampler.categorical_encoder_.categories_) == 2
    with pytest.raises(InvalidInput, match=r"one column per category.*made 6 columns of 8"):
        SMOTENC([0, 4], categorical_encoder=OneHotEncoder(drop="first")).fit_resample(X, Y)


def test_any_engine_can_find_the_neighbours():
    sampler = SMOTENC([0, 4], k_neighbors=NearestNeighbors(n_neighbors=6), random_state=0)
    np.testing.assert_array_equal(
        sampler.fit_resample(X, Y)[0], SMOTENC([0, 4], random_state=0).fit_resample(X, Y)[0]
    )
    assert sampler.nn_k_.n_samples_fit_ == 50


def test_too_few_rows():
    y = np.where(np.arange(N) == 7, "one", np.where(np.arange(N) < 4, "few", "many"))
    sampler = SMOTENC([0, 4], random_state=0)
    with pytest.warns(EvenkeelWarning) as seen:
        X_new, y_new = sampler.fit_resample(X, y)
    assert "Class 'few' has 4 rows, too few for k_neighbors=5 of SMOTENC" in str(seen[0].message)
    assert "it has no neighbours" in str(seen[1].message)
    assert (X_new[N:][y_new[N:] == "one"] == X[7]).all()
    assert len(set(Counter(y_new.tolist()).values())) == 1
    assert sampler.median_std_["one"] == 0
    with pytest.raises(DoesNotApply, match="Class 'few' has 4 rows"):
        SMOTENC([0, 4], strict=True).fit_resample(X, y)


def test_equally_large_classes_get_draws_of_their_own():
    y = np.where(np.arange(N) < 20, 1, np.where(np.arange(N) < 40, 2, 0))
    both = SMOTENC([0, 4], random_state=0).plan(X, y).made
    assert not np.array_equal(both[0].parents, both[1].parents - 20)
    assert both[0].election.seed != both[1].election.seed


def test_chains_and_batches_make_what_the_steps_make():
    first = SMOTENC([0, 4], random_state=0, sampling_strategy=0.8).plan(X, Y)
    step = first.apply(X, Y)
    later = [
        RandomUnderSampler(random_state=1).plan(*step),
        SMOTENC([4, 0], random_state=1).plan(*step),
        SMOTE(random_state=1).plan(*step),  # between rows whose categories were voted
        SMOTENC([1], random_state=1).plan(*step),  # votes on what lay between
    ]
    for plan in later:
        expected, y_expected = plan.apply(*step)
        chained = first.then(plan)
        got, y_new = chained.apply(X, Y)
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(y_new, y_expected)
        parts = [part[0] for part in chained.batches(X, size=37, seed=2)]
        order = np.arange(chained.n_out)
        np.random.default_rng(2).shuffle(order)
        np.testing.assert_array_equal(np.concatenate(parts), expected[order])


def test_memory_of_a_plan_and_of_many_levels():
    n, rare, levels = 4000, 300, 40_000
    rng = np.random.default_rng(3)
    table = np.column_stack([rng.normal(size=(n, 2)), rng.integers(0, levels, (n, 3))])
    y = (np.arange(n) < rare).astype(int)
    sampler = SMOTENC([2, 3, 4], random_state=0)
    plan = sampler.plan(table, y)
    made = n - 2 * rare
    assert plan.nbytes <= 4 * n + 24 * made + 4 * 5 * rare
    tracemalloc.start()
    sampler.fit_resample(table, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # (n, levels) alone would be 1.3 GB


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(1, 6), st.booleans())
def test_rows_lie_between_and_categories_are_the_voters(seed, k, repeated):
    rng = np.random.default_rng(seed)
    table = np.column_stack([rng.integers(0, 3, (30, 2)), rng.integers(0, 3, (30, 2))]).astype(
        float
    )
    table[:8] = table[0] if repeated else table[:8]
    y = np.repeat(["b", "a", "c"], [8, 12, 10])
    plan = SMOTENC([2, 3], k_neighbors=k, random_state=seed).plan(table, y)
    X_new, _ = plan.apply(table, y)
    places = iter(X_new[30:])
    for block in plan.made:
        lines = block.election.voter_of
        for parent, partner, line in zip(block.parents, block.partners, lines, strict=True):
            row, voters = next(places), block.election.voters[line]
            assert partner in voters
            assert parent not in voters
            assert len(set(voters.tolist())) == k
            assert set(y[voters]) == {y[parent]}
            low, high = np.sort(table[[parent, partner], :2], axis=0)
            assert ((low <= row[:2]) & (row[:2] <= high)).all()
            for j in (2, 3):
                counts = Counter(table[voters, j].tolist())
                assert counts[row[j]] == max(counts.values())


def test_names_of_labels_change_nothing_but_names():
    got, y_new = SMOTENC([0, 4], random_state=0).fit_resample(X, np.array(["apple", "bean"])[Y])
    expected, y_expected = SMOTENC([0, 4], random_state=0).fit_resample(X, Y)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(y_new == "bean", y_expected == 1)


@pytest.mark.parametrize(
    "odd",
    [pd.Series([1, "x"] * 20, dtype=object), pd.array([None, True, False, True] * 10, "boolean")],
    ids=["words beside numbers", "truth values with gaps"],
)
@pytest.mark.parametrize("kind", [SMOTENC, SMOTEN])
def test_what_scikit_learn_cannot_encode_is_served_all_the_same(kind, odd):
    table = pd.DataFrame({"a": np.arange(40.0), "odd": odd})
    more = {"categorical_features": ["odd"]} if kind is SMOTENC else {}
    sampler = kind(random_state=0, **more)
    made = sampler.fit_resample(table, np.repeat([0, 1], [28, 12]))[0]
    assert len(made) == 56
    pd.testing.assert_frame_equal(made[:40], table)
    assert set(made["odd"].dropna()) <= set(table["odd"].dropna())
    assert sampler.categorical_encoder_ is None or len(sampler.categorical_encoder_.categories_)


def test_columns_are_names_or_positions():
    for odd in (None, 3.5):
        with pytest.raises(InvalidType, match="categorical_features of SMOTENC must be 'auto'"):
            SMOTENC(odd).fit_resample(np.arange(40.0).reshape(20, 2), np.repeat([0, 1], 10))


@pytest.mark.parametrize("power", [0, 600])
def test_very_large_numbers_have_the_same_neighbours(power):
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.integers(0, 3, 60), rng.normal(size=(60, 2))])
    y = np.repeat([0, 1], [45, 15])
    plain = SMOTENC([0], random_state=0).plan(table, y)
    large = SMOTENC([0], random_state=0).plan(table * [1, 2.0**power, 2.0**power], y)
    np.testing.assert_array_equal(plain.made[0].partners, large.made[0].partners)
