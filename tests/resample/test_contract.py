"""What every resampler of the catalogue promises, on tables of many shapes."""

import contextlib
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.catalogue import CATALOGUE
from evenkeel.errors import InvalidInput
from evenkeel.plan import Between
from evenkeel.remedy import _load

ROWS = {name: row for name, row in CATALOGUE.items() if row.changes == "rows"}
KNOWN = {
    "smote-nc": {"categorical_features": [0]},
    "kmeans-smote": {"kmeans_estimator": 3, "cluster_balance_threshold": 0.0},
}
REFUSES = {  # who may refuse which odd table; all others serve it
    "one row": {"svm-smote"},
    "equal rows": {"adasyn"},
    "all equal": set(),
    "one column": {"smote-nc"},
    "5,000 columns": set(),
    "two rows": set(),
    "huge": {"kmeans-smote", "svm-smote", "cluster-centroids"},
    "as huge as can be": {"kmeans-smote", "svm-smote", "cluster-centroids"},
}
PICKY = {"adasyn", "instance-hardness", "kmeans-smote", "smote-nc", "svm-smote"}  # of few rows
REACH = {"svm-smote": (-0.5, 1.0)}  # others go from the parent to the partner, and no further
DETERMINISTIC = (
    "tomek-links", "edited-nn", "repeated-edited-nn", "all-knn", "neighbourhood-cleaning", "near-miss",
)  # fmt: skip
every = pytest.mark.parametrize("name", ROWS)


def make(name, **more):
    from sklearn.linear_model import LogisticRegression

    given = dict(KNOWN.get(name, {}))
    if name == "instance-hardness":  # a forest is what users get, and slow
        given["estimator"] = LogisticRegression()
    resampler = _load(ROWS[name].target)(**ROWS[name].params, **given, **more)
    if "random_state" in resampler.get_params():
        resampler.set_params(random_state=0)
    return resampler


def table(n=120, d=3, share=0.2, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.zeros(n - classes * 6 + 6, int), np.repeat(np.arange(1, classes), 6)])
    y[: int(n * share)] = 1
    y = rng.permutation(y)
    return rng.normal(size=(n, d)) + 0.7 * y[:, None], y


def resampled(name, X, y, **more):
    """Rows, labels and the plan; None where the method says that it does not apply."""
    resampler = make(name, **more)
    with warnings.catch_warnings(record=True) as told, contextlib.suppress(InvalidInput):
        warnings.simplefilter("always")
        plan = resampler.plan(X, y)
        resampler.told_ = " ".join(str(warning.message) for warning in told)
        return (*plan.apply(X, y), plan, resampler)
    return None


@pytest.mark.parametrize("name", [*DETERMINISTIC, "condensed-nn", "one-sided-selection"])
@pytest.mark.parametrize("power", [-1000, 1022, 1023])
def test_the_unit_of_the_columns_does_not_matter(name, power):
    X, y = table()
    X = X / 2.0 ** np.ceil(np.log2(np.abs(X).max())) * 2  # magnitudes up to 2, so that 2^1023 fits
    plain, scaled = resampled(name, X, y), resampled(name, X * 2.0 ** (power - (power == 1023)), y)
    np.testing.assert_array_equal(scaled[3].sample_indices_, plain[3].sample_indices_)


@every
def test_selected_rows_are_the_rows_pointed_at_and_made_rows_lie_on_their_line(name):
    for classes in (2, 3):
        X, y = table(classes=classes)
        found = resampled(name, X, y)
        assert found is not None
        X_new, y_new, plan, resampler = found
        assert len(X_new) == len(y_new) == plan.n_out
        if hasattr(resampler, "sample_indices_"):
            at = resampler.sample_indices_
            np.testing.assert_array_equal(y[at], y_new)
            if not plan.made:
                np.testing.assert_array_equal(X[at], X_new)
        kept = plan.rows[plan.rows < len(X)]
        np.testing.assert_array_equal(X_new[plan.rows < len(X)], X[kept])
        low, high = REACH.get(name, (0.0, 1.0))
        for block in plan.made:
            if isinstance(block, Between):
                assert block.steps.min() >= low
                assert block.steps.max() <= high
                first = make_rows(plan, block, X)
                a, b = (row_of(plan, ids, X) for ids in (block.parents, block.partners))
                line = a + block.steps[:, None] * (b - a)
                np.testing.assert_allclose(first, line, rtol=1e-12, atol=1e-12)
                start = plan.starts[[one is block for one in plan.made].index(True)]
                at = np.flatnonzero((plan.rows >= start) & (plan.rows < start + len(line)))
                assert at.size or name in ("smote-enn", "smote-tomek"), "cleaning may drop rows"
                made = X_new[at][:, 1:] if name == "smote-nc" else X_new[at]  # a category is first
                np.testing.assert_allclose(
                    made, line[plan.rows[at] - start], rtol=1e-12, atol=1e-12
                )


def row_of(plan, ids, X):
    """Rows by id, by the slow way: one block after another."""
    from evenkeel.making import Making

    return Making(plan.n_rows, plan.made, X).read(np.asarray(ids))


def make_rows(plan, block, X):
    start = plan.starts[[one is block for one in plan.made].index(True)]
    return row_of(plan, start + np.arange(len(block.parents)), X)


@every
def test_batches_in_any_order_are_bit_equal_to_the_whole(name):
    X, y = table()
    X_new, y_new, plan, _ = resampled(name, X, y)
    order = np.random.default_rng(0).permutation(plan.n_out)
    X_part, y_part = plan.take(order, X, y)
    np.testing.assert_array_equal(X_part, X_new[order])
    np.testing.assert_array_equal(y_part, y_new[order])
    batches = list(plan.batches(X, y, size=17))
    np.testing.assert_array_equal(np.concatenate([part for part, _ in batches]), X_new)


@every
def test_names_of_labels_change_nothing_but_names(name):
    X, y = table(classes=3)
    plain = resampled(name, X, y)
    for names in (np.array(["a", "b", "c"]), np.array([-7, 0, 9]), np.array([10.0, 20.0, 30.0])):
        named = resampled(name, X, names[y])
        np.testing.assert_array_equal(named[0], plain[0])
        np.testing.assert_array_equal(named[1], names[plain[1]])


@every
def test_the_same_seed_gives_the_same_rows_and_the_input_stays(name):
    X, y = table()
    before = X.copy()
    X.flags.writeable = y.flags.writeable = False
    first, again = resampled(name, X, y), resampled(name, X, y)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("name", DETERMINISTIC)
@settings(max_examples=10)
@given(seed=st.integers(0, 999), classes=st.integers(2, 4))
def test_the_order_of_rows_changes_nothing_but_order(name, seed, classes):
    X, y = table(classes=classes, seed=seed)
    order = np.random.default_rng(seed).permutation(len(y))
    kept = resampled(name, X, y)[3].sample_indices_
    again = resampled(name, X[order], y[order])[3].sample_indices_
    assert sorted(order[again].tolist()) == sorted(kept.tolist())


ODD = {
    "one row": lambda X, y: (X, np.where(np.arange(len(y)) == 3, 2, y)),
    "equal rows": lambda X, y: (
        np.repeat(X[:20], 6, axis=0), np.repeat(np.arange(20) % 4 == 0, 6).astype(int)
    ),
    "all equal": lambda X, y: (np.zeros_like(X), y),
    "one column": lambda X, y: (X[:, :1], y),
    "5,000 columns": lambda X, y: (np.tile(X, (1, 1700))[:, :5000], y),
    "two rows": lambda X, y: (X[:12], np.repeat([0, 1], [10, 2])),
    "huge": lambda X, y: (X * 1e200, y),
    "as huge as can be": lambda X, y: (X / np.abs(X).max() * 1.7e308, y),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:lbfgs failed")
@every
@pytest.mark.parametrize("shape", ODD)
def test_odd_tables_are_served_or_refused_in_a_sentence(name, shape):
    X, y = ODD[shape](*table())
    found = resampled(name, X, y)
    assert (found is None) == (name in REFUSES[shape])
    if found is not None:
        X_new, y_new, _, resampler = found
        assert np.isfinite(X_new).all()
        lost = set(np.unique(y)) - set(np.unique(y_new))
        assert not lost or "leaves no row of class" in resampler.told_, "no class goes silently"
        assert len(X_new) == len(y_new)


@every
@settings(max_examples=6)
@given(data=st.data())
def test_any_small_table_is_served_or_refused_in_a_sentence(name, data):
    n = data.draw(st.integers(4, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    X = rng.integers(
        0, data.draw(st.integers(1, 6)), size=(n, data.draw(st.integers(1, 4)))
    ).astype(float)
    y = rng.integers(0, data.draw(st.integers(2, 4)), n)
    y[:2] = 0, 1
    found = resampled(name, X, y)
    assert found is not None or name in PICKY
    if found is not None:
        np.testing.assert_array_equal(
            found[0][found[2].rows < n], X[found[2].rows[found[2].rows < n]]
        )
        assert set(found[1].tolist()) <= set(y.tolist())


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("smote-nc", "smote-n")])
def test_frames_come_back_as_frames(name):
    X, y = table()
    frame = pd.DataFrame(X, columns=list("abc"), index=np.arange(len(y)) + 1000)
    X_new, y_new, plan, _ = resampled(name, frame, pd.Series(y, index=frame.index))
    np.testing.assert_allclose(X_new.to_numpy(), resampled(name, X, y)[0])
    assert list(X_new.columns) == list("abc")
    if not plan.made and len(np.unique(plan.rows)) == plan.n_out:
        assert (X_new.index == frame.index[plan.rows]).all(), "rows keep their index"
        assert (X_new.index == y_new.index).all()
