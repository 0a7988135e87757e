from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample.instance_hardness_threshold import InstanceHardnessThreshold

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1, 2], [200, 60, 20]))
X = rng.normal(size=(280, 3)) + Y[:, None]
WORDS = np.array(["many", "some", "few"])[Y]


def by_loop(X, codes, wanted, seed, cv=5):
    """The wanted rows with the highest probability of their class, ties by row number, in order."""
    random = np.random.RandomState(seed)
    own = np.empty(len(codes))
    for train, test in StratifiedKFold(cv, shuffle=True, random_state=random).split(X, codes):
        model = GaussianNB().fit(X[train], codes[train])
        own[test] = model.predict_proba(X[test])[np.arange(test.size), codes[test]]
    kept = []
    for code in range(codes.max() + 1):
        rows = np.flatnonzero(codes == code)
        best = sorted(rows, key=lambda row: (-own[row], row))[: wanted.get(code, rows.size)]
        kept += sorted(best)
    return kept


@pytest.mark.parametrize("wanted", [{0: 20, 1: 20}, {0: 37}, {0: 0, 2: 19}])
def test_keeps_exactly_the_easiest_rows(wanted):
    sampler = InstanceHardnessThreshold(
        estimator=GaussianNB(), sampling_strategy=wanted, random_state=4
    )
    X_new, y_new = sampler.fit_resample(X, Y)
    assert sampler.sample_indices_.tolist() == by_loop(X, Y, wanted, 4)
    np.testing.assert_array_equal(X[sampler.sample_indices_], X_new)
    counts = Counter(y_new.tolist())
    assert all(counts[code] == count for code, count in wanted.items())


@pytest.mark.parametrize(
    "names", [["many", "some", "few"], [-1, 1, 5], [1, 2, 3], [True, False], ["b", "a"]]
)
def test_label_names_change_nothing_but_names(names):
    # the peer takes the labels themselves for columns of the probabilities
    codes = np.minimum(Y, len(names) - 1)
    labels = np.array(names)[codes]
    place = np.argsort(np.argsort(names))[codes]
    wanted = {names[0]: 60}
    sampler = InstanceHardnessThreshold(
        estimator=GaussianNB(), sampling_strategy=wanted, random_state=0
    )
    sampler.fit_resample(X, labels)
    expected = by_loop(X, place, {int(np.argsort(np.argsort(names))[0]): 60}, 0)
    assert sampler.sample_indices_.tolist() == expected


def test_equal_probabilities_are_settled_by_row_number():
    class Prior(GaussianNB):
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    y = np.repeat(["no", "yes"], [30, 10])
    sampler = InstanceHardnessThreshold(estimator=Prior(), random_state=0)
    sampler.fit_resample(X[:40], y)
    assert sampler.sample_indices_.tolist() == [*range(10), *range(30, 40)]


def test_the_default_is_a_forest_whose_seed_is_that_of_the_call():
    first, again, other = (
        InstanceHardnessThreshold(random_state=seed, cv=2).fit(X, Y).plan(X, Y).rows
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    forests = [RandomForestClassifier(10, random_state=seed) for seed in (1, 2)]
    one, two = (
        InstanceHardnessThreshold(estimator=forest, random_state=0).plan(X, Y).rows
        for forest in forests
    )
    np.testing.assert_array_equal(one, two)
    assert forests[0].random_state == 1


def test_one_level_of_parallelism(monkeypatch):
    seen = []
    from evenkeel.resample import instance_hardness_threshold as module

    real = module.cross_val_predict

    def spy(estimator, *args, n_jobs, **rest):
        seen.append((n_jobs, estimator.get_params().get("n_jobs")))
        return real(estimator, *args, n_jobs=None, **rest)

    monkeypatch.setattr(module, "cross_val_predict", spy)
    InstanceHardnessThreshold(n_jobs=2, random_state=0, cv=2).plan(X, Y)
    InstanceHardnessThreshold(n_jobs=2, estimator=GaussianNB()).plan(X, Y)
    assert seen == [(None, 2), (2, None)]


def test_trees_of_large_tables_draw_a_share_of_the_rows(monkeypatch):
    from evenkeel.resample import instance_hardness_threshold as module

    sampler = InstanceHardnessThreshold(random_state=0, cv=2)
    sampler.plan(X, Y)
    assert sampler.estimator_.max_samples is None
    monkeypatch.setattr(module, "LEAST_DRAWN", 56)
    assert sampler.plan(X, Y).n_out == 60
    assert sampler.estimator_.max_samples == 0.2


@pytest.mark.parametrize(
    "kind", [np.float32, sp.csr_matrix, sp.csc_array, pd.DataFrame, pl.DataFrame, np.ndarray.tolist]
)
def test_tables_of_any_kind(kind):
    table = X.astype(np.float32) if kind is np.float32 else kind(X)
    expected = InstanceHardnessThreshold(random_state=0, cv=2).plan(X, WORDS).rows
    got = InstanceHardnessThreshold(random_state=0, cv=2).plan(table, WORDS)
    np.testing.assert_array_equal(got.rows, expected)


def test_columns_are_up_to_the_estimator():
    table = pd.DataFrame({"a": X[:, 0], "city": np.where(X[:, 1] > 0, "Oslo", "Rome")})
    with pytest.raises(DoesNotApply, match=r"Got others in: city\. Give an estimator"):
        InstanceHardnessThreshold().fit_resample(table, WORDS)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough"),
        LogisticRegression(),
    )
    got = InstanceHardnessThreshold(estimator=model, random_state=0).fit_resample(table, WORDS)[0]
    assert got["city"].dtype == table["city"].dtype
    assert len(got) == 60
    gaps = np.where(rng.random(X.shape) < 0.1, np.nan, X)
    assert len(InstanceHardnessThreshold(random_state=0, cv=2).fit_resample(gaps, Y)[0]) == 60


@settings(max_examples=10)
@given(st.integers(2, 20), st.integers(1, 4), st.integers(1, 2))
def test_counts_are_exact_in_tiny_and_degenerate_tables(many, few, columns):
    y = np.repeat(["no", "yes"], [many, few])
    table = np.zeros((many + few, columns))
    sampler = InstanceHardnessThreshold(
        estimator=RandomForestClassifier(2), cv=2, random_state=0
    )  # fmt: skip
    y_new = sampler.fit_resample(table, y)[1]
    assert set(Counter(y_new.tolist()).values()) == {min(many, few)}


def test_folds_may_be_given():
    folds = StratifiedKFold(5, shuffle=True, random_state=np.random.RandomState(4))
    sampler = InstanceHardnessThreshold(estimator=GaussianNB(), sampling_strategy={0: 37}, cv=folds)
    assert sampler.plan(X, Y).rows.tolist() == by_loop(X, Y, {0: 37}, 4)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"cv": 1},
            InvalidInput,
            "cv of InstanceHardnessThreshold must be a whole number of at least 2",
        ),
        ({"cv": 300}, InvalidInput, "at most 200, the rows of the largest class"),
        ({"estimator": 3}, InvalidType, "must be a classifier with predict_proba"),
        ({"n_jobs": "two"}, InvalidType, "n_jobs of InstanceHardnessThreshold"),
    ],
)
def test_parameters_are_checked(params, error, message):
    with pytest.raises(error, match=message):
        InstanceHardnessThreshold(**params).fit_resample(X, Y)
