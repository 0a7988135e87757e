import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils import get_tags

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.resample import SMOTE, RandomOverSampler, RandomUnderSampler
from evenkeel.resample.chain import Chain
from evenkeel.resample.cluster_centroids import ClusterCentroids
from evenkeel.resample.edited_nearest_neighbours import EditedNearestNeighbours
from evenkeel.resample.near_miss import NearMiss
from evenkeel.resample.tomek_links import TomekLinks

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1, 2], [120, 50, 20]))
X = rng.normal(size=(190, 3)) + Y[:, None]
CHAINS = [
    [SMOTE(random_state=0), TomekLinks(sampling_strategy="all")],
    [RandomUnderSampler(random_state=0, sampling_strategy={0: 90}), SMOTE(random_state=1), EditedNearestNeighbours()],
    [NearMiss(sampling_strategy={0: 60}), TomekLinks()],
    [SMOTE(random_state=0), SMOTE(random_state=0, sampling_strategy={0: 150, 2: 140}), ClusterCentroids(random_state=0, sampling_strategy={0: 20})],
    [RandomOverSampler(random_state=0, shrinkage=0.5), RandomUnderSampler(random_state=2, sampling_strategy="all")],
]  # fmt: skip
each_chain = pytest.mark.parametrize("steps", CHAINS, ids=lambda steps: type(steps[-1]).__name__)


def one_after_another(steps, X, y):
    for step in steps:
        X, y = clone(step).fit_resample(X, y)
    return X, y


@each_chain
@pytest.mark.parametrize(
    "kind",
    [
        np.asarray, np.float32, lambda X: np.rint(100 * X).astype(np.int16), sp.csr_matrix,
        lambda X: pd.DataFrame(X, columns=list("abc")).astype({"a": "float32"}),
        lambda X: pl.DataFrame(X, schema=list("abc")),
    ],
    ids=["float64", "float32", "whole", "sparse", "pandas", "polars"],
)  # fmt: skip
def test_equals_the_steps_one_after_another(steps, kind):
    table = kind(X)
    X_new, y_new = Chain(steps).fit_resample(table, Y)
    X_expected, y_expected = one_after_another(steps, table, Y)
    assert type(X_new) is type(X_expected)
    dense = [
        part.toarray() if sp.issparse(part) else np.asarray(part) for part in (X_new, X_expected)
    ]
    np.testing.assert_array_equal(*dense)
    np.testing.assert_array_equal(y_new, y_expected)


@each_chain
def test_columns_follow_and_batches_are_the_same_bits(steps):
    plan = Chain(steps).plan(X, Y)
    X_new, y_new, origin = plan.apply(X, Y, np.arange(190))
    np.testing.assert_array_equal(Y[origin], y_new)
    shuffled = np.arange(plan.n_out)
    np.random.default_rng(3).shuffle(shuffled)
    parts = [part[0] for part in plan.batches(X, size=17, seed=3)]
    np.testing.assert_array_equal(np.concatenate(parts), X_new[shuffled])


def test_sample_indices_where_every_step_has_them():
    chosen = Chain(CHAINS[2])
    X_new, _ = chosen.fit_resample(X, Y)
    np.testing.assert_array_equal(X[chosen.sample_indices_], X_new)
    assert get_tags(chosen).sampler_tags.sample_indices
    chosen.set_params(steps=CHAINS[0]).fit_resample(X, Y)
    assert not hasattr(chosen, "sample_indices_")
    assert not get_tags(chosen).sampler_tags.sample_indices


def test_steps_without_a_seed_share_one_generator():
    both = Chain([SMOTE(), RandomUnderSampler(sampling_strategy="all")], random_state=5)
    random = np.random.RandomState(5)
    steps = [
        SMOTE(random_state=random),
        RandomUnderSampler(sampling_strategy="all", random_state=random),
    ]
    middle = steps[0].fit_resample(X, Y)
    np.testing.assert_array_equal(both.fit_resample(X, Y)[0], steps[1].fit_resample(*middle)[0])
    np.testing.assert_array_equal(both.fit_resample(X, Y)[0], clone(both).fit_resample(X, Y)[0])
    fixed = Chain([SMOTE(random_state=1)], random_state=5)
    np.testing.assert_array_equal(
        fixed.fit_resample(X, Y)[0], SMOTE(random_state=1).fit_resample(X, Y)[0]
    )
    assert both.steps[0].random_state is None


def test_parameters_are_reached_by_name():
    named = Chain([("more", SMOTE()), ("less", TomekLinks())])
    assert named.get_params()["more__k_neighbors"] == 5
    assert set(named.get_params(deep=False)) == {"steps", "random_state"}
    named.set_params(
        more__k_neighbors=2, random_state=0, less=EditedNearestNeighbours(), less__n_neighbors=4
    )
    assert named.steps[0][1].k_neighbors == 2
    assert named.steps[1][1].n_neighbors == 4
    copy = clone(named)
    assert copy.get_params()["less__n_neighbors"] == 4
    assert copy.steps[0][1] is not named.steps[0][1]
    plain = Chain([TomekLinks(), SMOTE(), TomekLinks()])
    assert {"tomeklinks-1", "smote", "tomeklinks-2"} < set(plain.get_params())
    plain.set_params(smote=SMOTE(k_neighbors=1), smote__strict=True)
    assert plain.steps[1].get_params() == SMOTE(k_neighbors=1, strict=True).get_params()
    with pytest.raises(ValueError, match="Invalid parameter 'smoet'"):
        plain.set_params(smoet=1)


def test_fitted_names():
    fitted = Chain(CHAINS[1]).fit(pd.DataFrame(X, columns=list("abc")), Y)
    assert fitted.n_features_in_ == 3
    assert fitted.feature_names_in_.tolist() == list("abc")
    assert [type(step) for step in fitted.steps_] == [type(step) for step in CHAINS[1]]
    assert not hasattr(fitted.fit(X, Y), "feature_names_in_")
    assert fitted.sampling_strategy_ == {0: 90}


@settings(max_examples=15)
@given(st.lists(st.sampled_from(range(4)), min_size=1, max_size=4), st.integers(0, 100))
def test_any_sequence_equals_its_steps(kinds, seed):
    makers = [
        lambda i: SMOTE(random_state=i, k_neighbors=2), lambda i: TomekLinks(),
        lambda i: RandomUnderSampler(random_state=i), lambda i: RandomOverSampler(random_state=i),
    ]  # fmt: skip
    steps = [makers[kind](seed + place) for place, kind in enumerate(kinds)]
    X_new, y_new = Chain(steps).fit_resample(X, Y)
    X_expected, y_expected = one_after_another(steps, X, Y)
    np.testing.assert_array_equal(X_new, X_expected)
    np.testing.assert_array_equal(y_new, y_expected)


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        ([], InvalidInput, "at least one resampler"),
        (SMOTE(), InvalidType, "must be a list of resamplers"),
        ([("a", SMOTE()), ("a", TomekLinks())], InvalidInput, "different words"),
        ([("a__b", SMOTE())], InvalidInput, "without '__'"),
        ([("steps", SMOTE())], InvalidInput, "none of 'steps'"),
        ([("a", 3)], InvalidType, r"step 'a' of Chain must have plan\(X, y\)"),
    ],
)
def test_steps_are_checked(steps, error, message):
    with pytest.raises(error, match=message):
        Chain(steps).fit_resample(X, Y)


@pytest.mark.parametrize("off", [None, "passthrough"])
def test_a_grid_can_switch_a_step_off(off):
    both = Chain([("more", SMOTE(random_state=0)), ("clean", TomekLinks(sampling_strategy="all"))])
    for name, left in (
        ("clean", SMOTE(random_state=0)),
        ("more", TomekLinks(sampling_strategy="all")),
    ):
        found = clone(both).set_params(**{name: off}).fit_resample(X, Y)
        for new, same in zip(found, left.fit_resample(X, Y), strict=True):
            np.testing.assert_array_equal(new, same)
    with pytest.raises(InvalidInput, match="at least one resampler"):
        both.set_params(more=off, clean=off).fit_resample(X, Y)


def test_a_class_in_place_of_a_resampler_is_refused():
    chain = Chain([SMOTE])
    assert "SMOTE" in repr(chain)
    with pytest.raises(InvalidType, match=r"Got the class SMOTE\. Give SMOTE\(\)\."):
        chain.fit_resample(X, Y)
