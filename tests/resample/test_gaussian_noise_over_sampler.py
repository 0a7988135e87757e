import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample import RandomOverSampler
from evenkeel.resample.gaussian_noise_over_sampler import GaussianNoiseOverSampler

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3)) * [1.0, 10.0, 0.0] + [0, 5, 3]
Y = rng.permutation(np.repeat([0, 1, 2], [120, 60, 20]))


def test_noise_has_the_spread_of_the_formula():
    sampler = GaussianNoiseOverSampler(
        sampling_strategy={1: 40_000, 2: 20_000}, noise=0.3, random_state=0
    )
    X_new, y_new = sampler.fit_resample(X, Y)
    moved = X_new[200:] - X[sampler.sample_indices_[200:]]
    np.testing.assert_array_equal(Y[sampler.sample_indices_], y_new)
    for label in (1, 2):
        part = moved[y_new[200:] == label]
        expected = 0.3 * X[label == Y].std(axis=0)
        np.testing.assert_allclose(part.std(axis=0), expected, rtol=0.03)
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=0.05 * expected.max())
    assert np.all(moved[:, 2] == 0)  # a column that never varies stays as it is


def test_without_noise_it_repeats_rows_of_the_class():
    sampler = GaussianNoiseOverSampler(noise=0, random_state=0)
    X_new, y_new = sampler.fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X[sampler.sample_indices_])
    expected = RandomOverSampler(random_state=0).fit(X, Y).sampling_strategy_
    assert sampler.sampling_strategy_ == expected == {1: 60, 2: 100}
    assert np.bincount(y_new).tolist() == [120] * 3
    two = RandomOverSampler(random_state=0)
    two.fit_resample(X, Y == 2)  # the first draws are those of the random over-sampler
    sampler.fit_resample(X, Y == 2)
    np.testing.assert_array_equal(sampler.sample_indices_, two.sample_indices_)


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, pd.DataFrame, np.float32, list])
def test_any_table_is_moved_alike(kind):
    words = np.array(["ash", "elm", "oak"])[Y]
    table = X.astype(np.float32) if kind is np.float32 else kind(X)
    X_new, y_new = GaussianNoiseOverSampler(random_state=0).fit_resample(table, words)
    expected, y_expected = GaussianNoiseOverSampler(random_state=0).fit_resample(X, Y)
    dense = X_new.toarray() if sp.issparse(X_new) else np.asarray(X_new)
    np.testing.assert_allclose(dense, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(np.unique(y_new, return_inverse=True)[1], y_expected)
    assert getattr(X_new, "dtype", None) == getattr(table, "dtype", None)


def test_what_is_no_number_is_copied():
    table = pd.DataFrame(
        {
            "amount": np.where(rng.random(200) < 0.3, np.nan, rng.normal(50, 10, 200)),
            "kind": pd.Categorical(np.array(["a", "b", "c"])[rng.integers(0, 3, 200)]),
            "day": pd.date_range("2024-01-01", periods=200),
            "age": rng.integers(18, 90, 200),
            "is_new": rng.random(200) < 0.5,
        }
    )
    sampler = GaussianNoiseOverSampler(random_state=0)
    got, _ = sampler.fit_resample(table, Y)
    parents = table.iloc[sampler.sample_indices_].reset_index(drop=True)
    assert got.dtypes.equals(table.dtypes)
    copied = ["kind", "day", "is_new"]  # a step from no to yes is ten standard deviations away
    pd.testing.assert_frame_equal(got[copied], parents[copied])
    np.testing.assert_array_equal(got["amount"].isna(), parents["amount"].isna())
    moved = (got["amount"] - parents["amount"])[200:]
    assert 0.05 < moved.std() / table["amount"].std() < 0.2
    years = (got["age"] - parents["age"])[200:]
    assert 1 < years.std() < 4
    assert abs(years.mean()) < 0.5  # cut towards zero, they would lose half a year each


@pytest.mark.parametrize("kind", [np.array, sp.csr_matrix, lambda X: pl.DataFrame(X)])
def test_whole_numbers_are_rounded_to_the_nearest(kind):
    table = (np.arange(300) % 2).reshape(100, 3)
    y = np.repeat([0, 1], [70, 30])
    sampler = GaussianNoiseOverSampler(random_state=0)
    X_new = sampler.fit_resample(kind(table), y)[0]
    dense = X_new.toarray() if sp.issparse(X_new) else np.asarray(X_new)
    np.testing.assert_array_equal(dense, table[sampler.sample_indices_])
    much = GaussianNoiseOverSampler(random_state=0, noise=2.0).fit_resample(kind(table), y)[0]
    dense = much.toarray() if sp.issparse(much) else np.asarray(much)
    assert len(np.unique(dense)) > 3
    assert dense.dtype == table.dtype


def test_images_and_infinite_values():
    images = rng.random((200, 2, 3, 3))
    sampler = GaussianNoiseOverSampler(random_state=0)
    made = sampler.fit_resample(images, Y)[0]
    moved = made[200:] - images[sampler.sample_indices_[200:]]
    assert made.shape == (360, 2, 3, 3)
    np.testing.assert_allclose(moved.std(), 0.1 * images.std(), rtol=0.1)
    table = X.copy()
    table[::7, 0] = np.inf
    made = sampler.fit_resample(table, Y)[0]
    np.testing.assert_array_equal(np.isinf(made), np.isinf(table[sampler.sample_indices_]))
    assert not np.isnan(made).any()


def test_classes_get_draws_of_their_own():
    y = np.repeat([0, 1, 2], [100, 50, 50])
    first, second = GaussianNoiseOverSampler(random_state=0).plan(X, y).made
    assert not np.array_equal(first.parents - 100, second.parents - 150)
    assert first.seed != second.seed


def test_tiny_tables():
    one = GaussianNoiseOverSampler(random_state=0)
    X_new, _ = one.fit_resample([[1.0], [2.0], [5.0]], ["a", "a", "b"])
    assert X_new == [[1.0], [2.0], [5.0], [5.0]]
    assert np.all(one.fit_resample(np.ones((5, 2)), [0, 0, 0, 1, 1])[0] == 1)


def test_refusals():
    with pytest.raises(
        DoesNotApply, match=r"must have a column of numbers to move\. Got none among: w"
    ):
        GaussianNoiseOverSampler().fit_resample(pl.DataFrame({"w": ["a", "b", "c"]}), [0, 0, 1])
    with pytest.raises(DoesNotApply, match="Use random over-sampling"):
        GaussianNoiseOverSampler().fit_resample([["a"], ["b"], ["c"]], [0, 0, 1])
    with pytest.raises(
        InvalidInput, match=r"noise of GaussianNoiseOverSampler .* at least 0\. Got"
    ):
        GaussianNoiseOverSampler(noise=-0.1).fit_resample(X, Y)
    with pytest.raises(InvalidType, match="noise of GaussianNoiseOverSampler"):
        GaussianNoiseOverSampler(noise="much").fit_resample(X, Y)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(0, 2), st.booleans())
def test_made_rows_stay_near_their_parents(seed, columns, noise, whole):
    random = np.random.default_rng(seed)
    y = random.permutation(np.repeat([0, 1], [25, 10]))
    table = random.normal(size=(35, columns)) * 5
    table = np.round(table).astype(int) if whole else table
    sampler = GaussianNoiseOverSampler(noise=noise, random_state=seed)
    plan = sampler.plan(table, y)
    X_new, y_new = plan.apply(table, y)
    parents = table[plan.origin()]
    np.testing.assert_array_equal(X_new[:35], table)
    np.testing.assert_array_equal(y_new, y[plan.origin()])
    reach = 6 * noise * table[y == 1].std(axis=0) + 0.5 * whole
    assert np.all(np.abs(X_new - parents) <= reach + 1e-9)
    some = random.permutation(plan.n_out)[:7]
    np.testing.assert_array_equal(plan.take(some, table)[0], X_new[some])
