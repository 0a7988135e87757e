import warnings

import imblearn.over_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN, KMeans
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.resample import SMOTE
from evenkeel.resample.kmeans_smote import KMeansSMOTE, _mean_distance

rng = np.random.default_rng(0)
# three places of class 1: narrow, wide, and one that class 0 rules; class 2 has a place of its own
PLACES = [(0, 0, 150, 1), (1, 20, 30, 0.2), (1, 40, 40, 2), (1, 0, 10, 1), (2, 60, 50, 1)]
X = np.concatenate([rng.normal(at, spread, size=(n, 2)) for _, at, n, spread in PLACES])
Y = np.concatenate([np.full(n, label) for label, _, n, _ in PLACES])
ORDER = rng.permutation(len(Y))
X, Y = X[ORDER], Y[ORDER]
FOUR = KMeans(4, n_init=3, random_state=0)


def slow_weights(X, y, cluster, label, k, least, exponent="auto"):
    """Share of each cluster in the rows to make, by loops."""
    found = {}
    for name in sorted(set(cluster.tolist())):
        inside = cluster == name
        rows = X[inside & (y == label)]
        n = len(rows)
        if n / inside.sum() < least or n <= k:
            continue
        total = sum(np.linalg.norm(a - b) for a in rows for b in rows)
        power = 0.16 * (np.log(n) / np.log(1.6)) ** 1.8 if exponent == "auto" else exponent
        found[name] = (total / (n * n - n)) ** power / n
    return {name: weight / sum(found.values()) for name, weight in found.items()}


@pytest.mark.parametrize("exponent", ["auto", 2, -1, 0])
def test_rows_follow_the_sparsity_of_the_clusters(exponent):
    sampler = KMeansSMOTE(kmeans_estimator=FOUR, density_exponent=exponent, random_state=0)
    plan = sampler.plan(X, Y)
    cluster = FOUR.fit_predict(X)
    wanted = {1: 70, 2: 100}
    for label, count in wanted.items():
        weights = slow_weights(X, Y, cluster, label, 2, count / 170 / 2, exponent)
        made = [cluster[b.parents[0]] for b in plan.made if Y[b.parents[0]] == label]
        sizes = [len(b.parents) for b in plan.made if Y[b.parents[0]] == label]
        assert sum(sizes) == count
        for name, weight in weights.items():
            size = sizes[made.index(name)] if name in made else 0
            assert abs(size - count * weight) < 1
    for block in plan.made:
        np.testing.assert_array_equal(cluster[block.parents], cluster[block.partners])
        np.testing.assert_array_equal(Y[block.parents], Y[block.partners])
        assert 0 <= block.steps.min() <= block.steps.max() < 1


def test_neighbours_lie_in_the_cluster():
    plan = KMeansSMOTE(kmeans_estimator=FOUR, k_neighbors=3, random_state=0).plan(X, Y)
    cluster = FOUR.fit_predict(X)
    for block in plan.made:
        first = block.parents[0]
        pool = np.flatnonzero((cluster == cluster[first]) & np.equal(Y, Y[first]))
        for parent, partner in zip(block.parents.tolist(), block.partners.tolist(), strict=True):
            near = sorted((row for row in pool if row != parent),
                          key=lambda row: np.linalg.norm(X[row] - X[parent]))  # fmt: skip
            assert partner in near[:3]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equals_imbalanced_learn_where_nothing_is_rounded_up(dtype):
    # one cluster takes part, so the peer's rounding adds no rows
    table, y = X.astype(dtype)[Y != 1], Y[Y != 1] == 2
    given_ = {"kmeans_estimator": KMeans(2, n_init=1, random_state=0)}
    ours = KMeansSMOTE(random_state=np.random.RandomState(5), **given_).fit_resample(table, y)
    theirs = peer.KMeansSMOTE(random_state=np.random.RandomState(5), **given_)
    np.testing.assert_allclose(ours[0], theirs.fit_resample(table, y)[0], rtol=1e-5)
    assert ours[0].dtype == dtype


def test_one_cluster_is_smote():
    sampler = KMeansSMOTE(kmeans_estimator=1, k_neighbors=5, random_state=42)
    X_new, y_new = sampler.fit_resample(X, Y == 2)
    X_expected, y_expected = SMOTE(random_state=42).fit_resample(X, Y == 2)
    np.testing.assert_array_equal(X_new, X_expected)
    np.testing.assert_array_equal(y_new, y_expected)
    assert sampler.nn_k_.n_neighbors == 6
    assert sampler.kmeans_estimator_.n_clusters == 1
    assert sampler.cluster_balance_threshold_ == -np.inf


def test_counts_are_exact_where_the_peer_makes_more():
    y = Y == 1
    given_ = {"kmeans_estimator": FOUR, "random_state": 0, "sampling_strategy": {True: 115}}
    assert KMeansSMOTE(**given_).fit_resample(X, y)[1].sum() == 115
    assert peer.KMeansSMOTE(**given_).fit_resample(X, y)[1].sum() > 115


def test_the_table_is_clustered_once():
    class Counted(KMeans):
        fits = 0

        def fit_predict(self, X, y=None):
            Counted.fits += 1
            return super().fit_predict(X)

    KMeansSMOTE(kmeans_estimator=Counted(4, n_init=1, random_state=0)).fit_resample(X, Y)
    assert Counted.fits == 1


@pytest.mark.parametrize("exponent", ["auto", -1, 10.0])
def test_clusters_of_equal_rows(exponent):
    # mean distances of 0: nan in the peer
    table = np.repeat([[0.1, 0.7], [5.3, 5.1], [9.7, 9.2]], [20, 8, 8], axis=0)
    y = np.repeat([0, 1, 1], [20, 8, 8])
    sampler = KMeansSMOTE(kmeans_estimator=3, density_exponent=exponent, random_state=0)
    X_new, y_new = sampler.fit_resample(table, y)
    assert y_new.sum() == 20
    np.testing.assert_array_equal(np.unique(X_new[36:], axis=0), [[5.3, 5.1], [9.7, 9.2]])
    table[28] += 0.5  # now one of them has some spread, and all of the weight or none
    X_new = KMeansSMOTE(kmeans_estimator=3, density_exponent=exponent, random_state=0).fit_resample(
        table, y
    )[0][36:]
    assert np.all(X_new[:, 0] < 6) if exponent == -1 else np.all(X_new[:, 0] > 6)


def test_fewer_distinct_rows_than_clusters():
    table = np.zeros((30, 2))
    y = np.repeat([0, 1], [20, 10])
    sampler = KMeansSMOTE(kmeans_estimator=FOUR)
    with pytest.warns(Warning, match="distinct clusters"):
        X_new, y_new = sampler.fit_resample(table, y)
    assert y_new.sum() == 20
    assert not X_new.any()


def test_large_numbers_do_not_overflow():
    sampler = KMeansSMOTE(kmeans_estimator=FOUR, density_exponent=100, random_state=0)
    made = sampler.fit_resample(X * 1e6, Y)
    assert np.bincount(made[1]).tolist() == [150] * 3


def test_one_generator_serves_all_clusters():
    plan = KMeansSMOTE(
        kmeans_estimator=FOUR, density_exponent=0, random_state=0, sampling_strategy={1: 160}
    ).plan(X, Y)
    first, second = plan.made
    shared = min(len(first.steps), len(second.steps))
    assert not np.array_equal(first.steps[:shared], second.steps[:shared])


@pytest.mark.parametrize("table", [sp.csr_matrix(X), sp.csc_array(X), pd.DataFrame(X)], ids=type)
def test_any_table_and_any_labels_give_the_same_rows(table):
    words = np.array(["ash", "elm", "oak"])[Y]
    given_ = {"kmeans_estimator": FOUR, "random_state": 0}
    X_new, y_new = KMeansSMOTE(**given_).fit_resample(table, words)
    expected, y_expected = KMeansSMOTE(**given_).fit_resample(X, Y)
    dense = X_new.toarray() if sp.issparse(X_new) else np.asarray(X_new)
    np.testing.assert_allclose(dense, expected, rtol=1e-10)
    np.testing.assert_array_equal(np.unique(y_new, return_inverse=True)[1], y_expected)


def test_engines_and_other_clusterers():
    given_ = {"kmeans_estimator": FOUR, "random_state": 0}
    by = KMeansSMOTE(k_neighbors=NearestNeighbors(n_neighbors=3), **given_)
    np.testing.assert_array_equal(
        by.fit_resample(X, Y)[0], KMeansSMOTE(**given_).fit_resample(X, Y)[0]
    )
    # DBSCAN calls lonely rows noise: they are in no cluster
    sampler = KMeansSMOTE(kmeans_estimator=DBSCAN(eps=1.5, min_samples=4), random_state=0)
    plan = sampler.plan(X, Y)
    noise = np.flatnonzero(sampler.kmeans_estimator_.labels_ < 0)
    assert noise.size
    assert all(not np.isin(block.parents, noise).any() for block in plan.made)
    with pytest.raises(DoesNotApply, match="at most 40 rows, and k_neighbors of KMeansSMOTE asks"):
        KMeansSMOTE(k_neighbors=NearestNeighbors(n_neighbors=60), kmeans_estimator=FOUR,
                    sampling_strategy={1: 100}).fit_resample(X, Y)  # fmt: skip


def test_no_strong_cluster_is_refused():
    match = r"class 1: it has at most 1 of the rows of any cluster, below .*, 10\. Try lowering"
    with pytest.raises(DoesNotApply, match=match):
        KMeansSMOTE(kmeans_estimator=FOUR, cluster_balance_threshold=10).fit_resample(X, Y)
    with pytest.raises(RuntimeError):  # as in imbalanced-learn
        KMeansSMOTE(kmeans_estimator=FOUR, cluster_balance_threshold=10).fit_resample(X, Y)


def test_too_few_rows():
    table = np.array([[0.0], [0.1], [0.2], [0.3], [9.0], [9.1]])
    y = [0, 0, 0, 0, 1, 1]
    two = KMeans(2, n_init=1, random_state=0)
    with pytest.warns(EvenkeelWarning, match="Class 1 has 2 rows in its largest cluster, too few"):
        X_new, _ = KMeansSMOTE(kmeans_estimator=two).fit_resample(table, y)
    assert np.all(X_new[6:] >= 9)
    assert len(X_new) == 8
    with pytest.raises(DoesNotApply, match="Class 1 has 2 rows in its largest cluster"):
        KMeansSMOTE(kmeans_estimator=two, strict=True).fit_resample(table, y)
    with pytest.warns(EvenkeelWarning, match="no neighbours"):
        X_new, _ = KMeansSMOTE(kmeans_estimator=two).fit_resample(table[:5], y[:5])
    np.testing.assert_array_equal(X_new[5:], [[9.0]] * 3)


def test_a_table_of_fewer_rows_than_clusters():
    table, y = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]]), [0, 0, 0, 1, 1]
    sampler = KMeansSMOTE(random_state=0)
    with pytest.warns(EvenkeelWarning, match="in its largest cluster, too few for k_neighbors=2"):
        X_new, y_new = sampler.fit_resample(table, y)
    assert sampler.kmeans_estimator_.n_clusters == 5
    assert sum(y_new) == 3
    assert np.all((X_new[5:] >= 9.0) & (X_new[5:] <= 9.1))


def test_parameters_are_checked():
    for name, value in (("k_neighbors", 0), ("kmeans_estimator", 0), ("density_exponent", "car"),
                        ("cluster_balance_threshold", "car"), ("n_jobs", 0.5)):  # fmt: skip
        with pytest.raises(InvalidInput, match=f"{name} of KMeansSMOTE must be"):
            KMeansSMOTE(**{name: value}).fit_resample(X, Y)
    for name in ("k_neighbors", "kmeans_estimator", "n_jobs"):
        with pytest.raises(InvalidType, match=f"{name} of KMeansSMOTE must be"):
            KMeansSMOTE(**{name: "five"}).fit_resample(X, Y)


def test_mean_distance_in_pieces_equals_a_loop(monkeypatch):
    import evenkeel.resample.kmeans_smote as module

    points = rng.normal(size=(300, 3)) + 1000
    pairs = [np.linalg.norm(a - b) for i, a in enumerate(points) for b in points[:i]]
    monkeypatch.setattr(module, "CHUNK", 0.05)  # twenty rows at a time
    for table in (points, sp.csr_matrix(points - 1000), (points - 1000).astype(np.float32)):
        assert _mean_distance(table, None) == pytest.approx(np.mean(pairs), rel=1e-6)


@settings(max_examples=25)
@given(
    st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 4), st.integers(1, 6), st.booleans()
)
def test_counts_are_exact(seed, columns, k, clusters, whole):
    random = np.random.default_rng(seed)
    y = random.permutation(np.repeat([0, 1, 2], [25, 10, 6]))
    table = random.normal(size=(41, columns)) + 3 * y[:, None]
    table = np.round(table) if whole else table
    sampler = KMeansSMOTE(kmeans_estimator=clusters, k_neighbors=k, random_state=seed,
                          cluster_balance_threshold=0.0)  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # too few rows for k; fewer distinct rows than clusters
        X_new, y_new = sampler.fit_resample(table, y)
    assert np.bincount(y_new).tolist() == [25] * 3
    for label in (1, 2):
        made, own = X_new[41:][y_new[41:] == label], table[y == label]
        assert np.all(made >= own.min(axis=0) - 1e-12)
        assert np.all(made <= own.max(axis=0) + 1e-12)


def test_a_clusterer_without_a_seed_gets_one_and_any_whole_number_is_a_number():
    clusterer = KMeans(3, n_init=1)
    sampler = KMeansSMOTE(random_state=0, kmeans_estimator=clusterer, cluster_balance_threshold=0.0)
    rng = np.random.default_rng(0)
    table, y = rng.normal(size=(90, 2)), np.repeat([0, 1], [70, 20])
    first, again = (sampler.fit_resample(table, y)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert clusterer.random_state is None
    plain = KMeansSMOTE(random_state=0, kmeans_estimator=3, cluster_balance_threshold=0.0)
    whole = plain.set_params(kmeans_estimator=np.int64(3)).fit_resample(table, y)[0]
    np.testing.assert_array_equal(whole, plain.set_params(kmeans_estimator=3).fit_resample(table, y)[0])  # fmt: skip
