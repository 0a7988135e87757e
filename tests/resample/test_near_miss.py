import imblearn.under_sampling as peer
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from evenkeel.errors import DoesNotApply, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.neighbors import NeighborSearch
from evenkeel.resample.near_miss import NearMiss

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 5))
Y = rng.permutation(np.repeat([0, 1, 2], [300, 70, 30]))
WORDS = np.array(["many", "some", "few"])[Y]
versions = pytest.mark.parametrize("version", [1, 2, 3])


def by_loop(X, y, version, k, k3, wanted):
    """Row numbers kept, by definition: one row after another, exact sums, ties by row number."""
    labels, counts = np.unique(y, return_counts=True)
    rare = np.flatnonzero(y == labels[counts.argmin()])
    distance = np.linalg.norm(X[:, None] - X[None], axis=2)
    kept = []
    for label in labels:
        rows = np.flatnonzero(y == label)
        if label in wanted:
            if version == 3:
                near = [rows[np.lexsort((rows, distance[r, rows]))[:k3]] for r in rare]
                rows = np.unique(np.concatenate(near))
            score = []
            for row in rows:
                others = np.sort(distance[row, rare[rare != row]])
                score.append((others[-k:] if version == 2 else others[:k]).sum())
            sign = -1 if version == 3 else 1
            rows = rows[np.lexsort((rows, sign * np.array(score)))][: wanted[label]]
        kept.extend(rows.tolist())
    return kept


@versions
@pytest.mark.parametrize("strategy", ["auto", "majority", {0: 41, 1: 30}])
@pytest.mark.parametrize("k", [1, 4])
def test_equals_imbalanced_learn(version, strategy, k):
    given_ = {
        "version": version,
        "sampling_strategy": strategy,
        "n_neighbors": k,
        "n_neighbors_ver3": 6,
    }
    ours, theirs = NearMiss(**given_), peer.NearMiss(**given_)
    X_new, y_new = ours.fit_resample(X, Y)
    X_peer, y_peer = theirs.fit_resample(X, Y)
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    assert ours.nn_.n_neighbors == theirs.nn_.n_neighbors == k


@settings(max_examples=30)
@given(
    st.integers(1, 3), st.integers(2, 40), st.integers(1, 8), st.integers(1, 3), st.booleans(),
    st.sampled_from([1e-150, 1.0, 1e150]), st.integers(0, 10**6),
)  # fmt: skip
def test_equals_a_loop_with_ties_and_any_magnitude(version, many, few, columns, whole, unit, seed):
    draw = np.random.default_rng(seed)
    table = (
        draw.integers(0, 3, (many + few, columns))
        if whole
        else draw.normal(size=(many + few, columns))
    )
    if not whole:
        table = table * unit
    y = draw.permutation(np.repeat(["b", "a"], [max(many, few), min(many, few)]))[: len(table)]
    low = min(many, few)
    k, count = int(draw.integers(1, low + 1)), int(draw.integers(0, low + 1))
    expected = by_loop(
        table / (1 if whole else unit), y, version, k, 3 if low > 2 else 1, {"b": count}
    )
    sampler = NearMiss(
        version=version,
        n_neighbors=k,
        n_neighbors_ver3=3 if low > 2 else 1,
        sampling_strategy={"b": count},
    )
    if len(expected) < count + low:
        with pytest.warns(EvenkeelWarning, match="fewer than"):
            sampler.fit_resample(table, y)
    else:
        sampler.fit_resample(table, y)
    assert sampler.sample_indices_.tolist() == expected


@versions
def test_the_smallest_class_may_be_chosen_from_too_and_no_row_counts_itself(version):
    wanted = {0: 40, 2: 12}
    kept = (
        NearMiss(version=version, sampling_strategy=wanted, n_neighbors_ver3=5)
        .fit(X, Y)
        .plan(X, Y)
        .rows
    )
    expected = by_loop(X, Y, version, 3, 5, wanted)
    listed = [row for row in expected if Y[row] != 2]
    assert [row for row in kept if Y[row] != 2] == listed
    assert [row for row in kept if Y[row] == 2] == [row for row in expected if Y[row] == 2]


@versions
def test_many_rows_are_pruned_exactly(version):
    table = np.random.default_rng(1).normal(size=(1000, 8)) * [1, 1, 1, 1, 1, 1, 1, 1000]
    table += 1e4  # far from the origin
    y = np.repeat([0, 1], [900, 100])
    for share in (0.9, 0.2):
        ours = NearMiss(version=version, sampling_strategy=share, n_neighbors_ver3=20)
        expected = by_loop(table, y, version, 3, 20, {0: int(100 / share)})
        if len(expected) < 100 + int(100 / share):
            with pytest.warns(EvenkeelWarning):
                ours.fit_resample(table, y)
        else:
            ours.fit_resample(table, y)
        assert ours.sample_indices_.tolist() == expected


@versions
@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csc_array, pd.DataFrame, lambda X: X.tolist()])
def test_other_tables(version, kind):
    table = np.where(X > 0, X, 0)
    expected = NearMiss(version=version).fit(table, WORDS).plan(table, WORDS).rows
    np.testing.assert_array_equal(NearMiss(version=version).plan(kind(table), WORDS).rows, expected)
    # a class is chosen from by itself, whatever the classes are called; output in their order
    by_code = NearMiss(version=version).plan(table, Y).rows
    for word in np.unique(WORDS):
        np.testing.assert_array_equal(
            expected[WORDS[expected] == word], by_code[WORDS[by_code] == word]
        )


@versions
def test_float32_is_measured_in_float64(version):
    table = X.astype(np.float32)
    ours = NearMiss(version=version)
    assert ours.fit_resample(table, Y)[0].dtype == np.float32
    expected = by_loop(table.astype(np.float64), Y, version, 3, 3, {0: 30, 1: 30})
    assert ours.sample_indices_.tolist() == expected


@versions
def test_any_engine_with_kneighbors_stands_in(version):
    engine = NearestNeighbors(n_neighbors=4)
    for wanted in ("auto", {0: 30, 2: 20}):
        ours = NearMiss(
            version=version,
            n_neighbors=engine,
            n_neighbors_ver3=NearestNeighbors(n_neighbors=9),
            sampling_strategy=wanted,
        )
        plain = NearMiss(
            version=version, n_neighbors=4, n_neighbors_ver3=9, sampling_strategy=wanted
        )
        np.testing.assert_array_equal(ours.plan(X, Y).rows, plain.plan(X, Y).rows)
    assert not hasattr(engine, "n_samples_fit_")


def test_version_3_may_return_too_few_with_a_warning():
    with pytest.warns(
        EvenkeelWarning,
        match=r"2 nearest rows of class 0 to each row of class 2 are \d+ in all, fewer than the 200 wanted",
    ):
        y_new = NearMiss(version=3, n_neighbors_ver3=2, sampling_strategy={0: 200}).fit_resample(
            X, Y
        )[1]
    assert (y_new == 0).sum() <= 60


@versions
def test_too_few_neighbours_shrink_k_with_a_warning(version):
    y = np.repeat(["no", "yes"], [398, 2])
    with pytest.warns(
        EvenkeelWarning, match="n_neighbors of NearMiss asks for 3, and class 'yes' can offer 2"
    ):
        kept = NearMiss(version=version).plan(X, y).rows
    np.testing.assert_array_equal(kept, NearMiss(version=version, n_neighbors=2).plan(X, y).rows)
    with pytest.raises(DoesNotApply, match=r"class 'yes' can offer 2\. Lower n_neighbors"):
        NearMiss(version=version, strict=True).fit_resample(X, y)


@versions
def test_tiny_and_degenerate_tables(version):
    given_ = {"version": version, "n_neighbors": 1, "n_neighbors_ver3": 1}
    assert NearMiss(**given_).plan(np.zeros((6, 1)), [0, 0, 0, 0, 0, 1]).rows.tolist() == [0, 5]
    assert NearMiss(**given_).plan([[0.0], [1.0], [5.0]], [0, 0, 1]).rows.tolist() == [1, 2]
    with pytest.warns(EvenkeelWarning, match="can offer 0"):
        assert NearMiss(**given_, sampling_strategy="all").plan(
            [[0.0], [1.0], [5.0]], [0, 0, 1]
        ).rows.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"version": 4}, InvalidInput, r"version of NearMiss must be .* at most 3\. Got 4"),
        ({"n_neighbors": 0}, InvalidInput, "n_neighbors of NearMiss"),
        ({"n_neighbors_ver3": "3"}, InvalidInput, "n_neighbors_ver3 of NearMiss"),
        ({"n_jobs": 0}, InvalidInput, "n_jobs of NearMiss must not be 0"),
        ({"n_jobs": "two"}, InvalidType, "n_jobs of NearMiss"),
    ],
)
def test_parameters_are_checked(params, error, message):
    with pytest.raises(error, match=message):
        NearMiss(**params).fit_resample(X, Y)
    assert NearMiss(n_jobs=2).plan(X, Y).rows.tolist() == NearMiss().plan(X, Y).rows.tolist()


@pytest.mark.parametrize("name", ["n_neighbors", "n_neighbors_ver3"])
def test_an_engine_that_asks_for_more_than_there_is_is_refused(name):
    for engine in (NearestNeighbors(n_neighbors=1000), NeighborSearch(0)):
        with pytest.raises(
            InvalidInput, match=rf"^{name} of NearMiss must find from 1 to \d+ rows"
        ):
            NearMiss(version=3, **{name: engine}).fit_resample(X, Y)
    with pytest.raises(InvalidInput, match=rf"^{name} of NearMiss must be an object with fit\(X\)"):
        NearMiss(version=3, **{name: KNeighborsClassifier()}).fit_resample(X, Y)
