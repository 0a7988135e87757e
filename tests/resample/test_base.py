"""What every resampler promises, whatever it does."""

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

import evenkeel.resample
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.resample import (
    SMOTE,
    SMOTENC,
    Chain,
    InstanceHardnessThreshold,
    KMeansSMOTE,
    NearMiss,
    RandomOverSampler,
    RandomUnderSampler,
    Ratio,
    Resampler,
    Task,
    TomekLinks,
)
from evenkeel.resample.base import RowMaker, RowSelector

MEMBERS = [
    RandomUnderSampler(random_state=0),
    RandomUnderSampler(random_state=0, replacement=True),
    RandomOverSampler(random_state=0),
    RandomOverSampler(random_state=0, shrinkage=0.5),
    SMOTE(random_state=0, k_neighbors=3),
]
# what is special about the others stands in their own tests, what is not in test_contract.py
OTHERS = [
    Chain([RandomUnderSampler(sampling_strategy="majority"), TomekLinks()], random_state=0),
    InstanceHardnessThreshold(estimator=LogisticRegression(), random_state=0),  # a forest is slow
    KMeansSMOTE(random_state=0, kmeans_estimator=3, cluster_balance_threshold=0.0),
    NearMiss(version=2),
    NearMiss(version=3),
    SMOTENC([1], random_state=0, k_neighbors=3),
]
BASES = (Resampler, RowMaker, RowSelector)


def every_other_resampler():
    """What the package exports and the lists above do not name, as it comes."""
    exported = [getattr(evenkeel.resample, name) for name in sorted(evenkeel.resample.__all__)]
    named = {type(member) for member in (*MEMBERS, *OTHERS)} - {NearMiss}
    for kind in exported:
        if issubclass(kind, Resampler) and kind not in named and kind not in BASES:
            own = kind().get_params()
            few = {"random_state": 0, "k_neighbors": 3}
            yield kind().set_params(**{name: few[name] for name in few if name in own})


each_member = pytest.mark.parametrize("member", MEMBERS, ids=repr)
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
Y = rng.permutation(np.repeat([0, 1, 2], [35, 15, 10]))
WORDS = np.array(["apple", "bean", "corn"])[Y]


def dense(table):
    if sp.issparse(table):
        return table.toarray()
    if isinstance(table, pa.Table):
        return np.column_stack([column.to_numpy() for column in table.columns])
    return np.asarray(table.to_numpy() if hasattr(table, "to_numpy") else table)


@parametrize_with_checks([*MEMBERS, *OTHERS, *every_other_resampler()])
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks use tables with too few rows for k
        check(estimator)


@each_member
def test_counts_are_what_was_wanted(member):
    y_new = clone(member).fit_resample(X, Y)[1]
    level = 10 if isinstance(member, RandomUnderSampler) else 35
    assert Counter(y_new.tolist()) == {0: level, 1: level, 2: level}
    cut = clone(member).set_params(sampling_strategy=Ratio(0.5))
    counts = Counter(cut.fit_resample(X, Y)[1].tolist())
    expected = [20, 15, 10] if isinstance(member, RandomUnderSampler) else [35, 17, 17]
    assert [counts[code] for code in range(3)] == expected
    assert repr(cut) == repr(clone(cut))


@each_member
def test_same_seed_same_rows_and_the_input_is_untouched(member):
    frozen, labels = X.copy(), Y.copy()
    frozen.flags.writeable = labels.flags.writeable = False
    first = clone(member).fit_resample(frozen, labels)
    again = clone(member).fit_resample(frozen, labels)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_array_equal(frozen, X)
    other = clone(member).set_params(random_state=1).fit_resample(X, Y)
    assert not np.array_equal(other[0], first[0])


@each_member
@pytest.mark.parametrize(
    "kind",
    [
        lambda X: X.astype(np.float32),
        lambda X: X.tolist(),
        sp.csr_matrix,
        sp.csc_array,
        lambda X: pd.DataFrame(X, columns=list("abcd")),
        lambda X: pl.DataFrame(X, schema=list("abcd")),
        lambda X: pa.table({name: X[:, j] for j, name in enumerate("abcd")}),
    ],
    ids=["float32", "list", "csr", "csc", "pandas", "polars", "pyarrow"],
)
def test_tables_of_any_kind_come_back_as_they_were(member, kind):
    table = kind(X)
    got, y_new = clone(member).fit_resample(table, Y)
    expected, y_expected = clone(member).fit_resample(X, Y)
    assert type(got) is type(table)
    assert getattr(got, "dtype", None) == getattr(table, "dtype", None)
    np.testing.assert_allclose(dense(got), expected, rtol=2e-6, atol=1e-6)
    np.testing.assert_array_equal(y_new, y_expected)


@each_member
@pytest.mark.parametrize(
    ("labels", "read"),
    [
        (Y.tolist(), list),
        (WORDS, lambda y: np.unique(y, return_inverse=True)[1]),
        (WORDS.astype(object), lambda y: np.unique(y, return_inverse=True)[1]),
        (pd.Series(Y, name="y"), lambda y: y.to_numpy()),
        (pd.Series(WORDS, dtype="category"), lambda y: y.cat.codes.to_numpy()),
        (pd.DataFrame({"y": Y}), lambda y: y["y"].to_numpy()),
        (pl.Series("y", Y), lambda y: y.to_numpy()),
        (Y[:, None], np.ravel),
        (np.eye(3, dtype=int)[Y], lambda y: y.argmax(axis=1)),
        (Y.astype(np.int8), lambda y: y),
        (pa.array(Y), lambda y: y.to_numpy()),
        (pa.array(WORDS.tolist()), lambda y: np.unique(y.to_pylist(), return_inverse=True)[1]),
        (pa.chunked_array([Y[:20], Y[20:]]), lambda y: y.to_numpy()),
    ],
    ids=lambda part: type(part).__name__,
)
def test_targets_of_any_kind_come_back_as_they_were(member, labels, read):
    X_new, y_new = clone(member).fit_resample(X, labels)
    X_expected, y_expected = clone(member).fit_resample(X, Y)
    assert type(y_new) is type(labels)
    assert getattr(y_new, "dtype", None) == getattr(labels, "dtype", None)
    np.testing.assert_array_equal(read(y_new), y_expected)
    np.testing.assert_array_equal(X_new, X_expected)


@each_member
def test_plan_apply_is_fit_resample_and_carries_further_columns(member):
    rows, weight = np.arange(60), np.linspace(0, 1, 60)
    plan = clone(member).plan(X, Y)
    X_new, y_new, origin, weight_new = plan.apply(X, Y, rows, weight)
    X_expected, y_expected = clone(member).fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X_expected)
    np.testing.assert_array_equal(y_new, y_expected)
    np.testing.assert_array_equal(Y[origin], y_new)
    np.testing.assert_array_equal(weight[origin], weight_new)
    assert plan.rows.dtype == np.int32


@pytest.mark.parametrize("member", MEMBERS[:3], ids=repr)
def test_sample_indices_are_the_rows_returned(member):
    fitted = clone(member)
    X_new, y_new = fitted.fit_resample(X, WORDS)
    np.testing.assert_array_equal(X[fitted.sample_indices_], X_new)
    np.testing.assert_array_equal(WORDS[fitted.sample_indices_], y_new)
    assert not hasattr(SMOTE().fit(X, Y), "sample_indices_")


@pytest.mark.parametrize("member", MEMBERS[:3], ids=repr)
def test_random_methods_take_any_table(member):
    table = pd.DataFrame(
        {
            "gap": np.where(rng.random(60) < 0.3, np.nan, 1.0),
            "kind": pd.Categorical(WORDS),
            "day": pd.date_range("2024-01-01", periods=60, tz="Europe/Oslo"),
            "text": [f"row {i}" for i in range(60)],
            "whole": pd.array([None, *range(59)], dtype="Int64"),
        },
        index=np.arange(60)[::-1],
    )
    fitted = clone(member)
    got, y_new = fitted.fit_resample(table, pd.Series(Y, index=table.index))
    expected = table.iloc[fitted.sample_indices_]
    if expected.index.has_duplicates:
        expected = expected.reset_index(drop=True)
    pd.testing.assert_frame_equal(got, expected)
    assert y_new.index.equals(got.index)
    images = rng.random((60, 2, 3, 3))
    np.testing.assert_array_equal(
        clone(member).fit_resample(images, Y)[0], images[fitted.sample_indices_]
    )


@each_member
def test_label_names_change_nothing_but_names(member):
    X_new, y_new = clone(member).fit_resample(X, WORDS)
    X_expected, y_expected = clone(member).fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X_expected)
    np.testing.assert_array_equal(np.unique(y_new, return_inverse=True)[1], y_expected)


@each_member
def test_fitted_names(member):
    table = pd.DataFrame(X, columns=list("abcd"))
    fitted = clone(member).fit(table, WORDS)
    assert fitted.n_features_in_ == 4
    assert fitted.feature_names_in_.tolist() == list("abcd")
    keys = ["apple", "bean"] if isinstance(member, RandomUnderSampler) else ["bean", "corn"]
    assert list(fitted.sampling_strategy_) == keys
    polars = clone(member).fit(pl.DataFrame(X, schema=list("abcd")), WORDS)
    assert polars.feature_names_in_.tolist() == list("abcd")


@each_member
@pytest.mark.parametrize(
    ("table", "labels", "error", "message"),
    [
        (X, np.zeros(60), InvalidInput, "Got one class"),
        (X, Y[:50], InvalidInput, "one label for each of 60 rows. Got 50"),
        (X, None, InvalidInput, "requires y to be passed"),
        (X, rng.random(60), InvalidInput, "continuous"),
        (X, rng.integers(0, 2, (60, 3)) | 1, InvalidInput, "Multilabel"),
        (X[:, 0], Y, InvalidInput, "two-dimensional"),
        (X[:, 0].tolist(), Y, InvalidInput, "two-dimensional"),
        (X[:, :0], Y, InvalidInput, "feature"),
        (X[:0], Y[:0], InvalidInput, "sample"),
        (X.astype(complex), Y, InvalidInput, "Complex"),
        (pl.LazyFrame({"a": [1]}), Y, InvalidType, "collect"),
    ],
)
def test_refusals(member, table, labels, error, message):
    with pytest.raises(error, match=message):
        clone(member).fit_resample(table, labels)


def test_a_new_selector_needs_one_hook():
    class EveryOther(RowSelector):
        def __init__(self, *, sampling_strategy="auto"):
            self.sampling_strategy = sampling_strategy

        def _keep(self, task: Task):
            return np.arange(0, task.n_rows, 2)

    fitted = EveryOther()
    X_new, _ = fitted.fit_resample(X, WORDS)
    np.testing.assert_array_equal(X_new, X[::2])
    np.testing.assert_array_equal(fitted.sample_indices_, np.arange(0, 60, 2))


class Hooked(RowSelector):
    """Gives back from its hook whatever it was told to."""

    def __init__(self, *, sampling_strategy="auto", kept=None):
        self.sampling_strategy = sampling_strategy
        self.kept = kept

    def _keep(self, task: Task):
        return self.kept


class HookedMaker(RowMaker):
    """The same for a maker."""

    def __init__(self, *, sampling_strategy="auto", kept=None):
        self.sampling_strategy = sampling_strategy
        self.kept = kept

    def _make(self, task: Task):
        yield self.kept


@pytest.mark.parametrize(("kind", "hook"), [(Hooked, "_keep"), (HookedMaker, "_make")])
def test_hooks_must_give_row_numbers(kind, hook):
    owner = f"{hook} of {kind.__name__} must return row numbers"
    with pytest.raises(InvalidType, match=rf"{owner}. Got a mask \(bool\); use np.flatnonzero"):
        kind(kept=np.abs(X[:, 0]) < 2).plan(X, Y)
    with pytest.raises(InvalidType, match=f"{owner}. Got float64"):
        kind(kept=np.array([1.0, 2.5])).plan(X, Y)
    for wrong in (-1, 60, 2**32):  # the last would be 0 in 32 bits
        with pytest.raises(InvalidInput, match=f"{owner} from 0 to 59. Got {min(0, wrong)} to"):
            kind(kept=np.array([0, wrong])).plan(X, Y)
    assert kind(kept=[]).plan(X, Y).n_out == (0 if kind is Hooked else 60)
    assert kind(kept=[3, 3]).plan(X, Y).rows[-2:].tolist() == [3, 3]


def test_blocks_must_name_whole_parents():
    from evenkeel.plan import Between

    block = Between(np.array([1.5]), np.array([2.0]), np.array([0.5]))
    with pytest.raises(InvalidType, match=r"_make of HookedMaker must .* Got float64"):
        HookedMaker(kept=block).plan(X, Y)


def test_a_new_maker_may_mix_blocks_and_repeated_rows():
    from evenkeel.plan import Given

    class Both(RowMaker):
        def __init__(self, *, sampling_strategy="auto"):
            self.sampling_strategy = sampling_strategy

        def _make(self, task: Task):
            yield Given(np.array([3]), np.full((1, 4), 7.0))
            yield np.array([5, 5])
            yield Given(np.array([4]), np.full((1, 4), 8.0))

    X_new, y_new = Both().fit_resample(X, Y)
    np.testing.assert_array_equal(X_new[:60], X)
    np.testing.assert_array_equal(X_new[60:], [np.full(4, 7.0), X[5], X[5], np.full(4, 8.0)])
    np.testing.assert_array_equal(y_new[60:], Y[[3, 5, 5, 4]])


def test_rows_of_are_the_rows_of_each_class():
    task = Task(None, np.array([1, 0, 2, 0]), ("a", "b", "c"), {}, np.random.RandomState(0))
    assert [rows.tolist() for rows in task.rows_of] == [[1, 3], [0], [2]]
