from collections import Counter

import imblearn.under_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import Birch, KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.plan import Given
from evenkeel.resample.cluster_centroids import ClusterCentroids, first_centres

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4))
Y = rng.permutation(np.repeat([0, 1, 2], [300, 70, 30]))
WORDS = np.array(["many", "some", "few"])[Y]


@pytest.mark.parametrize("voting", ["auto", "soft", "hard"])
@pytest.mark.parametrize("strategy", ["auto", {0: 12, 1: 9}])
def test_equals_imbalanced_learn_with_the_same_clusterer(voting, strategy):
    given_ = {
        "estimator": KMeans(random_state=0), "voting": voting, "sampling_strategy": strategy
    }  # fmt: skip
    ours, theirs = ClusterCentroids(**given_), peer.ClusterCentroids(**given_)
    X_new, y_new = ours.fit_resample(X, Y)
    X_peer, y_peer = theirs.fit_resample(X, Y)
    assert len(np.unique(X_peer, axis=0)) == len(X_peer), "no row of the peer stands for two"
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    assert ours.voting_ == theirs.voting_
    assert ours.sampling_strategy_ == theirs.sampling_strategy_
    np.testing.assert_array_equal(
        ours.estimator_.cluster_centers_, theirs.estimator_.cluster_centers_
    )


def test_rows_of_hard_voting_are_distinct_where_the_peer_repeats_some():
    table = np.round(X, 0)[:, :2]
    params = {"voting": "hard", "random_state": 0, "estimator": KMeans(random_state=0)}
    ours = ClusterCentroids(**params)
    X_new, y_new = ours.fit_resample(table, WORDS)
    assert np.unique(ours.sample_indices_).size == 90
    np.testing.assert_array_equal(table[ours.sample_indices_], X_new)
    np.testing.assert_array_equal(WORDS[ours.sample_indices_], y_new)
    with pytest.warns(ConvergenceWarning):
        repeated = peer.ClusterCentroids(**params).fit_resample(table, WORDS)[0]
    assert len(np.unique(repeated, axis=0)) < 90


class Fixed(KMeans):
    """Gives the centres it was told, whatever the rows."""

    def __init__(self, centres=None, n_clusters=1):
        self.centres = centres
        self.n_clusters = n_clusters

    def fit(self, X, y=None):
        self.cluster_centers_ = np.asarray(self.centres, X.dtype)
        return self


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix])
def test_a_row_that_several_centres_want_goes_to_the_nearest(kind):
    table = np.array([[0.0], [4.0], [5.0], [9.0], [9.0], [50.0], [51.0], [52.0]])
    y = [0, 0, 0, 0, 0, 1, 1, 1]
    # 0.2 wants row 0, and so does 0.5, which is left with row 1; 8.9 wants row 3, the first of equals
    for centres, rows in (([[0.5], [0.2], [8.9]], [1, 0, 3]), ([[9.0], [9.0], [9.0]], [3, 4, 2])):
        hard = ClusterCentroids(estimator=Fixed(centres), voting="hard")
        hard.fit_resample(kind(table), y)
        assert hard.sample_indices_.tolist() == [*rows, 5, 6, 7]


def test_centres_take_label_and_columns_of_the_nearest_row():
    plan = ClusterCentroids(random_state=0).plan(X, WORDS)
    names = np.arange(400)
    X_new, y_new, parents = plan.apply(X, WORDS, names)
    assert Counter(y_new.tolist()) == {"few": 30, "many": 30, "some": 30}
    assert all(isinstance(block, Given) for block in plan.made)
    for centre, label, parent in zip(X_new, y_new, parents, strict=True):
        rows = np.flatnonzero(label == WORDS)
        if label == "few":
            np.testing.assert_array_equal(centre, X[parent])
        else:
            nearest = np.linalg.norm(X[rows] - centre, axis=1).min()
            assert np.isclose(np.linalg.norm(X[parent] - centre), nearest, rtol=1e-12)
            assert parent in rows


def test_the_default_comes_within_a_percent_of_k_means_to_the_end():
    table = np.random.default_rng(1).normal(size=(4000, 6))
    y = np.repeat([0, 1], [3900, 100])
    ours = ClusterCentroids(random_state=0)
    ours.fit_resample(table, y)
    full = KMeans(100, random_state=0).fit(table[:3900])
    assert ours.estimator_.inertia_ < 1.01 * full.inertia_
    assert ours.estimator_.n_iter_ <= 30
    sample = first_centres(table, 100, np.random.RandomState(0))
    assert {tuple(row) for row in sample} <= {tuple(row) for row in table}


def test_sample_indices_are_there_for_hard_voting_only():
    sampler = ClusterCentroids(random_state=0, voting="hard")
    assert get_tags(sampler).sampler_tags.sample_indices
    sampler.fit_resample(X, Y)
    assert sampler.sample_indices_.shape == (90,)
    sampler.set_params(voting="soft").fit_resample(X, Y)
    assert not get_tags(sampler).sampler_tags.sample_indices
    assert not hasattr(sampler, "sample_indices_")
    sparse = ClusterCentroids(random_state=0)
    got = sparse.fit_resample(sp.csr_matrix(X), Y)[0]
    assert sparse.voting_ == "hard"
    np.testing.assert_array_equal(got.toarray(), X[sparse.sample_indices_])


def test_types_and_seeds():
    table = X.astype(np.float32)
    first, again = (ClusterCentroids(random_state=3).fit_resample(table, Y)[0] for _ in range(2))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    frame = ClusterCentroids(random_state=3).fit_resample(pd.DataFrame(table), Y)[0]
    np.testing.assert_array_equal(frame.to_numpy(), first)
    assert (frame.dtypes == "float32").all()
    soft = ClusterCentroids(random_state=3, voting="soft").fit_resample(sp.csr_matrix(table), Y)[0]
    assert soft.shape == (90, 4)
    assert soft.dtype == np.float32
    batches = ClusterCentroids(estimator=MiniBatchKMeans(n_init=1), random_state=0)
    assert len(batches.fit_resample(table, Y)[0]) == 90
    assert batches.estimator.random_state is None
    own = ClusterCentroids(estimator=KMeans(random_state=5), random_state=0)
    own.fit_resample(X, Y)
    assert own.estimator_.random_state == 5


@settings(max_examples=25)
@given(st.integers(1, 30), st.integers(1, 10), st.integers(1, 2), st.booleans(), st.booleans())
def test_counts_are_exact_whatever_is_repeated(many, few, columns, hard, equal):
    table = np.random.default_rng(many).integers(0, 1 if equal else 3, (many + few, columns))
    y = np.repeat(["no", "yes"], [many, few])
    sampler = ClusterCentroids(random_state=0, voting="hard" if hard else "soft")
    X_new, y_new = sampler.fit_resample(table * 1.0, y)
    assert Counter(y_new.tolist()) == {"no": min(many, few), "yes": min(many, few)}
    assert X_new.min() >= table.min()
    assert X_new.max() <= table.max()
    if hard:
        assert np.unique(sampler.sample_indices_).size == len(X_new)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"voting": "sfot"}, InvalidInput, "Did you mean 'soft'"),
        ({"estimator": 3}, InvalidType, "must be a clusterer with fit"),
        ({"estimator": LogisticRegression()}, InvalidInput, "exposing a parameter `n_clusters`"),
        ({"estimator": Birch(n_clusters=3)}, RuntimeError, "Birch has none"),
        ({"estimator": Fixed([[0.0] * 4])}, InvalidInput, "must give the 30 centres"),
    ],
)
def test_parameters_are_checked(params, error, message):
    with pytest.raises(error, match=message):
        ClusterCentroids(**params).fit_resample(X, Y)


def test_no_rows_of_a_class():
    assert (
        ClusterCentroids(sampling_strategy={0: 0}).fit_resample(X, Y)[1].tolist()
        == [1] * 70 + [2] * 30
    )
