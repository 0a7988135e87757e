import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.resample import GaussianNoiseOverSampler, RandomOverSampler
from evenkeel.resample.spread import spread, unit_of

rng = np.random.default_rng(0)
X = rng.normal(size=(50, 4)) + np.array([0, 5, 100, 0])


@settings(max_examples=25)
@given(st.integers(0, 999), st.booleans())
def test_it_is_the_standard_deviation_without_gaps(seed, gaps):
    values = np.random.default_rng(seed).normal(size=(30, 3)) * 10
    if not gaps:
        np.testing.assert_array_equal(spread(values), values.std(axis=0))
        return
    values[np.random.default_rng(seed).random(values.shape) < 0.3] = np.nan
    np.testing.assert_allclose(spread(values), np.nanstd(values, axis=0), rtol=1e-13)


@pytest.mark.parametrize("power", [-1000, -450, 450, 1000])
def test_very_large_and_small_numbers_keep_their_bits(power):
    np.testing.assert_array_equal(spread(X * 2.0**power), spread(X) * 2.0**power)
    sparse = sp.csr_array(np.where(X > 0, X, 0.0))
    np.testing.assert_array_equal(spread(sparse * 2.0**power), spread(sparse) * 2.0**power)


def test_columns_without_spread_or_numbers_and_images():
    assert spread(np.array([[1.0, np.nan], [1.0, np.inf]])).tolist() == [0.0, 0.0]
    assert spread(X.reshape(50, 2, 2)).tolist() == spread(X).tolist()
    assert spread(sp.csr_array((3, 2))).tolist() == [0.0, 0.0]
    assert unit_of(1.0) == 1.0 == unit_of(0.0)


@pytest.mark.parametrize("sampler", [GaussianNoiseOverSampler(), RandomOverSampler(shrinkage=1.0)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_noise_stays_finite_to_the_end_of_the_type(sampler, dtype):
    y = np.repeat([0, 1], [40, 10])
    for share in (1e-3, 0.99):
        table = (np.sign(X) * float(np.finfo(dtype).max) * share).astype(dtype)
        made = sampler.set_params(random_state=0).fit_resample(table, y)[0]
        assert made.dtype == dtype
        assert np.isfinite(made).all()
