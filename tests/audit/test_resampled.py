"""Files that were balanced before: copied, removed, interpolated rows."""

import numpy as np
import pytest
from imblearn.over_sampling import ADASYN, SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from evenkeel.audit import audit
from evenkeel.audit.resampled import line_share, repeated_classes
from evenkeel.table import read_table

SIGNS = {"balanced", "repeated-minority", "interpolated-minority"}
RNG = np.random.default_rng(0)


def made(n_rows=3000, n_columns=5, whole=False):
    X = RNG.normal(size=(n_rows, n_columns))
    y = (X[:, 0] + RNG.normal(size=n_rows) > 2).astype(int)
    return (np.round(X * 50) if whole else X), y


def signs(X, y):
    columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}
    table = read_table({**columns, "y": y}, target="y", positive=1)
    return {f.code for f in audit(table) if f.code in SIGNS}


@pytest.mark.parametrize("whole", [False, True])
def test_data_as_they_were_collected_show_no_sign(whole):
    assert signs(*made(whole=whole)) == set()


@pytest.mark.parametrize("n_columns", [2, 3, 8])
@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (SMOTE(random_state=0), {"balanced", "interpolated-minority"}),
        (SMOTE(sampling_strategy=0.5, random_state=0), {"interpolated-minority"}),
        (ADASYN(random_state=0), {"interpolated-minority"}),
        (RandomOverSampler(random_state=0), {"balanced", "repeated-minority"}),
        (RandomOverSampler(sampling_strategy=0.3, random_state=0), {"repeated-minority"}),
        (RandomUnderSampler(random_state=0), {"balanced"}),
    ],
)
def test_each_way_of_balancing_leaves_its_sign(sampler, expected, n_columns):
    X, y = sampler.fit_resample(*made(n_columns=n_columns))
    assert signs(X, y) == expected


def test_files_rounded_to_four_digits_still_show_it():
    X, y = SMOTE(random_state=0).fit_resample(*made(n_columns=6))
    rounded = np.array([float(f"{value:.4g}") for value in X.ravel()]).reshape(X.shape)
    assert "interpolated-minority" in signs(rounded, y)


def test_fractions_among_whole_numbers_give_made_rows_away():
    X, y = SMOTE(random_state=0).fit_resample(*made(whole=True, n_columns=3))
    assert "interpolated-minority" in signs(X, y)


def test_columns_that_depend_on_each_other_are_no_sign():
    whole = RNG.uniform(20, 100, 800)
    months = RNG.integers(1, 4, 800)
    share = line_share(np.column_stack([whole, whole * months]))
    assert share < 0.25
    rounded = np.column_stack([RNG.normal(30, 6, 500).round(1), RNG.normal(0.4, 0.2, 500).round(3)])
    assert line_share(rounded) == 0.0
    walk = np.column_stack([np.linspace(0, 1, 500), 2 * np.linspace(0, 1, 500), np.ones(500)])
    assert line_share(walk) == 0.0


def test_line_share_counts_made_rows():
    X = RNG.normal(size=(200, 4))
    assert line_share(X) == 0.0
    first, second = X[RNG.integers(0, 10, 600)], X[RNG.integers(0, 10, 600)]
    between = first + RNG.random((600, 1)) * (second - first)
    assert line_share(np.vstack([X[:10], between])) > 0.5
    assert line_share(X[:20]) == 0.0
    assert line_share(X[:, :1]) == 0.0


def test_classes_of_few_distinct_rows_are_compared_with_the_largest():
    y = np.repeat([0, 1], [900, 100])
    distinct, repeated = np.arange(900), 900 + np.arange(100) % 10
    counts = np.array([900, 100])
    assert repeated_classes(y, np.concatenate([distinct, repeated]), counts) == [(1, 0.9, 0.0)]
    often = np.concatenate([distinct % 90, repeated])
    assert repeated_classes(y, often, counts) == []
