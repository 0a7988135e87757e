import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import evenkeel.plan as module
from evenkeel.errors import InvalidInput
from evenkeel.plan import Between, Given, Jittered, Plan, id_type

KINDS = {
    "float64": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "int16": lambda X: (100 * X).astype(np.int16),
    "list": lambda X: X.tolist(),
    "csr": sp.csr_matrix,
    "csc": sp.csc_array,
    "pandas": lambda X: pd.DataFrame(X, columns=list("abc")).astype({"a": np.float32, "b": int}),
    "polars": lambda X: pl.DataFrame(X, schema={"a": pl.Float32, "b": pl.Float64, "c": pl.Float64}),
    "pyarrow": lambda X: pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}),
}


def dense(X):
    if sp.issparse(X):
        return X.toarray()
    if isinstance(X, pa.Table):
        return np.column_stack([column.to_numpy() for column in X.columns])
    return np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X)


@st.composite
def plans(draw, n_rows):
    """A plan with a few blocks, whose parents may be made rows of earlier blocks."""
    ids, blocks = n_rows, []
    for _ in range(draw(st.integers(0, 3))):
        n = draw(st.integers(1, 6))
        rng = np.random.default_rng(draw(st.integers(0, 999)))
        parents = rng.integers(0, ids, n)
        kind = draw(st.sampled_from(["between", "jittered", "given"]))
        if kind == "between":
            blocks.append(Between(parents, rng.integers(0, ids, n), rng.random(n)))
        elif kind == "jittered":
            blocks.append(Jittered(parents, 3, rng.random((2, 3)), rng.integers(0, 2, n)))
        else:
            blocks.append(Given(parents, rng.random((n, 3))))
        ids += n
    rows = draw(st.lists(st.integers(0, ids - 1), min_size=1, max_size=20))
    return Plan(n_rows, np.array(rows), tuple(blocks))


TABLE = np.random.default_rng(0).normal(size=(8, 3))
LABELS = list("abababab")


def test_an_appended_row_by_hand():
    plan = Plan(2, np.array([1, 2, 0]), (Between(np.array([0]), np.array([1]), np.array([0.5])),))
    X, y, weight, nothing = plan.apply(np.array([[0.0], [4.0]]), ["a", "b"], np.array([1, 9]), None)
    assert X.ravel().tolist() == [4.0, 2.0, 0.0]
    assert y == ["b", "a", "a"]
    assert weight.tolist() == [9, 1, 1]
    assert nothing is None


@settings(deadline=None)
@given(plans(8), st.sampled_from(sorted(KINDS)), st.integers(1, 7), st.integers(0, 99))
def test_shuffled_batches_are_bit_equal_to_apply(plan, kind, size, seed):
    X = KINDS[kind](TABLE)
    whole, labels = plan.apply(X, LABELS)
    order = np.arange(plan.n_out)
    np.random.default_rng(seed).shuffle(order)
    parts = list(plan.batches(X, LABELS, size=size, seed=seed))
    assert [len(part[1]) for part in parts[:-1]] == [size] * (len(parts) - 1)
    together = np.concatenate([dense(part[0]) for part in parts])
    np.testing.assert_array_equal(together, dense(whole)[order])
    assert [label for part in parts for label in part[1]] == [labels[i] for i in order]


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_a_chain_equals_its_steps(data, kind):
    X = KINDS[kind](TABLE)
    first = data.draw(plans(8))
    second = data.draw(plans(first.n_out))
    third = data.draw(plans(second.n_out))
    chained = first.then(second).then(third)
    step = (X, LABELS)
    for plan in (first, second, third):
        step = plan.apply(*step)
    whole = chained.apply(X, LABELS)
    np.testing.assert_array_equal(dense(whole[0]), dense(step[0]))
    assert whole[1] == step[1]
    np.testing.assert_array_equal(chained.origin(), first.origin()[second.origin()[third.origin()]])


@settings(deadline=None)
@given(plans(8), st.data())
def test_take_and_origin_of_some_places(plan, data):
    at = np.array(data.draw(st.lists(st.integers(0, plan.n_out - 1), max_size=6)), dtype=int)
    some, labels = plan.take(at, TABLE, LABELS)
    whole, all_labels = plan.apply(TABLE, LABELS)
    np.testing.assert_array_equal(some, whole[at])
    assert labels == [all_labels[i] for i in at]
    np.testing.assert_array_equal(plan.origin(at), plan.origin()[at])
    assert set(plan.origin().tolist()) <= set(range(8))


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_types_and_input_are_kept(kind):
    X = KINDS[kind](TABLE)
    before = dense(X).copy()
    block = Between(np.array([0, 3]), np.array([1, 5]), np.array([0.25, 0.75]))
    X_new, _ = Plan(8, np.arange(10), (block,)).apply(X, LABELS)
    assert type(X_new) is type(X)
    for attribute in ("dtype", "dtypes", "schema", "format"):
        old, new = getattr(X, attribute, None), getattr(X_new, attribute, None)
        assert list(new) == list(old) if attribute == "dtypes" and old is not None else new == old
    np.testing.assert_array_equal(dense(X), before)
    made = before[[0, 3]].astype(float) + np.array([[0.25], [0.75]]) * (
        before[[1, 5]].astype(float) - before[[0, 3]]
    )
    expected = np.trunc(made) if kind == "int16" else made
    if kind == "pandas":
        expected[:, 1] = np.trunc(made[:, 1])
    np.testing.assert_allclose(dense(X_new)[8:], expected, rtol=1e-6)
    np.testing.assert_array_equal(dense(X_new)[:8], before)


def test_a_read_only_table_is_fine():
    X = TABLE.copy()
    X.flags.writeable = False
    block = Between(np.array([0]), np.array([1]), np.array([0.5]))
    X_new, _ = Plan(8, np.array([8, 0]), (block,)).apply(X, LABELS)
    assert X_new.flags.writeable


def test_pandas_index_follows_rows_unless_some_are_made_or_repeated():
    X = pd.DataFrame(TABLE, index=list("stuvwxyz"))
    y = pd.Series(LABELS, index=X.index, name="y")
    X_new, y_new = Plan(8, np.array([5, 2])).apply(X, y)
    assert X_new.index.tolist() == y_new.index.tolist() == ["x", "u"]
    X_new, y_new = Plan(8, np.array([5, 5])).apply(X, y)
    assert X_new.index.tolist() == y_new.index.tolist() == [0, 1]
    block = Between(np.array([0]), np.array([1]), np.array([0.5]))
    X_new, y_new = Plan(8, np.array([5, 8]), (block,)).apply(X, y)
    assert X_new.index.tolist() == y_new.index.tolist() == [0, 1]


def test_a_plan_made_on_one_view_applies_to_another():
    block = Between(np.array([0]), np.array([1]), np.array([0.5]))
    plan = Plan(2, np.array([0, 2]), (block,))
    X = pl.DataFrame({"city": ["Oslo", "Rome"], "n": [2, 4], "gap": [None, 1.0]})
    X_new, _ = plan.apply(X, [0, 1])
    assert X_new.rows() == [("Oslo", 2, None), ("Oslo", 3, None)]


def test_small_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(2)
    block = Between(rng.integers(0, 8, 40), rng.integers(0, 8, 40), rng.random(40))
    plan = Plan(8, rng.permutation(48), (block,))
    for kind in ("float32", "csr", "polars"):
        X = KINDS[kind](TABLE)
        whole = dense(plan.apply(X, LABELS)[0])
        with monkeypatch.context() as patch:
            patch.setattr(module, "BLOCK", 9)
            np.testing.assert_array_equal(dense(plan.apply(X, LABELS)[0]), whole)


def test_memory_is_at_most_24_bytes_a_made_row():
    n, made = 1000, 100_000
    small = id_type(n + made)
    ids = np.zeros(made, small)
    block = Between(ids, ids, np.zeros(made))
    plan = Plan(n, np.arange(n + made, dtype=small), (block,))
    assert plan.nbytes - n * small.itemsize <= 24 * made
    assert plan.summary()["bytes"] == plan.nbytes


def test_summary_counts_what_happens():
    block = Between(np.array([1, 1, 3]), np.array([0, 0, 0]), np.zeros(3))
    plan = Plan(5, np.array([0, 0, 1, 5, 6, 7, 4]), (block,))
    found = plan.summary()
    assert (found["rows_before"], found["rows_after"]) == (5, 7)
    assert (found["dropped"], found["repeated"], found["made"]) == (2, 1, 3)
    assert (found["parents"], found["most_uses_of_a_parent"]) == (2, 2)
    assert Plan(2, np.array([0, 1])).summary()["most_uses_of_a_parent"] == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Plan(3, np.array([3])), "rows of Plan must be whole numbers from 0 to 2"),
        (lambda: Plan(3, np.array([-1])), "Got -1"),
        (lambda: Plan(3, np.array([0.0])), "Got float64"),
        (lambda: Plan(3, np.array([[0]])), "shape"),
        (
            lambda: Plan(3, np.array([0]), (Given(np.array([3]), np.zeros((1, 1))),)),
            "parents of Given",
        ),
        (
            lambda: Plan(3, np.array([0]), (Between(np.array([0]), np.array([9]), np.zeros(1)),)),
            "partners of Between",
        ),
        (lambda: Plan(3, np.array([0])).then(Plan(2, np.array([0]))), "a plan for 1 rows"),
        (lambda: Plan(3, np.array([0])).apply(np.zeros((2, 1)), [0, 1]), "must have 3 rows"),
        (lambda: Plan(3, np.array([0])).apply(np.zeros((3, 1)), [0, 1]), "Got 2"),
        (lambda: next(Plan(1, np.array([0])).batches([[1]], size=0)), "at least 1"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()
