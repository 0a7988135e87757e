import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import evenkeel.making as module
from evenkeel.errors import InvalidInput
from evenkeel.plan import Between, Elected, Given, Jittered, Plan, Votes, id_type

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


WORDS = np.array(["b", None, "a", "d", "b", "c", "a", "b"], dtype=object)
DIGITS = np.array([3, 1, 2, 3, 3, 1, 0, 2])
NUMBERS = np.random.default_rng(1).normal(size=(8, 2)).round(3)
MIXED = {  # two columns of numbers, two of categories
    "array": np.column_stack([NUMBERS, DIGITS, DIGITS[::-1]]),
    "int32": (100 * np.column_stack([NUMBERS, DIGITS, DIGITS[::-1]])).astype(np.int32),
    "numbers in csr": sp.csr_array(np.column_stack([NUMBERS, DIGITS, DIGITS[::-1]])),
    "objects": np.column_stack([NUMBERS.astype(object), WORDS, DIGITS]),
    "list": [[*pair, word, "x"] for pair, word in zip(NUMBERS.tolist(), WORDS, strict=True)],
    "pandas": pd.DataFrame(NUMBERS, columns=list("ab")).assign(
        c=pd.Categorical(WORDS), d=DIGITS.astype(np.int64) + 2**40
    ),
    "whole numbers in pandas": pd.DataFrame(NUMBERS).assign(c=DIGITS, d=DIGITS[::-1]),
    "polars": pl.DataFrame(NUMBERS, schema=["a", "b"]).with_columns(
        c=pl.Series(WORDS.tolist(), dtype=pl.Enum(list("dcba"))), d=pl.Series(WORDS.tolist()[::-1])
    ),
    "pyarrow": pa.table(
        {
            "a": NUMBERS[:, 0],
            "b": NUMBERS[:, 1],
            "c": pa.array(WORDS.tolist()).dictionary_encode(),
            "d": pa.array(DIGITS % 2 == 0),
        }
    ),
}


def cells(X):
    """Every value of a table, row by row; a gap is None."""
    if isinstance(X, pa.Table):
        rows = zip(*(column.to_pylist() for column in X.columns), strict=True)
    elif isinstance(X, pl.DataFrame):
        rows = X.iter_rows()
    elif isinstance(X, pd.DataFrame):
        rows = X.itertuples(index=False)
    else:
        rows = dense(X).tolist() if not isinstance(X, list) else X
    return [[None if value != value else value for value in row] for row in rows]


@st.composite
def voted_plans(draw, n_rows, always):
    """A plan whose blocks vote on some columns, or (unless ``always``) on none."""
    ids, blocks = n_rows, []
    for _ in range(draw(st.integers(1, 3))):
        n, k = draw(st.integers(1, 5)), draw(st.integers(1, 4))
        rng = np.random.default_rng(draw(st.integers(0, 999)))
        columns = draw(st.sampled_from([(2, 3), (2,), (3,), *([] if always else [()])]))
        lines = rng.integers(0, 3, n)
        seed = draw(st.sampled_from([None, 4]))
        votes = Votes(rng.integers(0, ids, (3, k)), lines, columns, seed) if columns else None
        parents = rng.integers(0, ids, n)
        if votes is not None and draw(st.booleans()):
            blocks.append(Elected(parents, votes))
        else:
            blocks.append(Between(parents, rng.integers(0, ids, n), rng.random(n), votes))
        ids += n
    rows = draw(st.lists(st.integers(0, ids - 1), min_size=1, max_size=12))
    return Plan(n_rows, np.array(rows), tuple(blocks))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(sorted(MIXED)), st.booleans())
def test_a_chain_of_votes_equals_its_steps(data, kind, always):
    X = MIXED[kind]
    before = cells(X)
    first = data.draw(voted_plans(8, always))
    second = data.draw(voted_plans(first.n_out, always))
    step = second.apply(*first.apply(X, LABELS))
    whole = first.then(second).apply(X, LABELS)
    assert cells(whole[0]) == cells(step[0])
    assert whole[1] == step[1]
    assert cells(X) == before


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(sorted(MIXED)), st.integers(1, 6))
def test_shuffled_batches_of_votes_are_equal_to_apply(data, kind, size):
    X = MIXED[kind]
    plan = data.draw(voted_plans(8, always=False))
    whole = cells(plan.apply(X, LABELS)[0])
    order = np.arange(plan.n_out)
    np.random.default_rng(3).shuffle(order)
    parts = [cells(part[0]) for part in plan.batches(X, LABELS, size=size, seed=3)]
    assert [row for part in parts for row in part] == [whole[place] for place in order]
    assert cells(plan.take(order[:3], X, LABELS)[0]) == [whole[place] for place in order[:3]]


@pytest.mark.parametrize("kind", MIXED)
def test_categories_keep_their_kind_and_come_from_the_voters(kind):
    X = MIXED[kind]
    votes = Votes(np.array([[3, 4, 0]]), np.array([0, 0]), (2, 3), 1)
    block = Between(np.array([5, 6]), np.array([3, 3]), np.array([0.0, 1.0]), votes)
    X_new, _ = Plan(8, np.arange(10), (block,)).apply(X, LABELS)
    assert type(X_new) is type(X)
    for attribute in ("dtype", "schema", "format"):
        assert getattr(X_new, attribute, None) == getattr(X, attribute, None)
    assert list(getattr(X_new, "dtypes", [])) == list(getattr(X, "dtypes", []))
    known, new = cells(X), cells(X_new)
    assert new[:8] == known
    assert [row[:2] for row in new[8:]] == [known[5][:2], known[3][:2]]
    held = [known[row][2] for row in (3, 4, 0)]
    assert {row[2] for row in new[8:]} == {max(held, key=held.count)}


def test_categories_that_floats_cannot_tell_apart_stay_apart():
    X = pd.DataFrame({"x": [0.5, 1.5, 2.5], "id": np.array([0, 1, 1]) + 2**60})
    votes = Votes(np.array([[0, 1, 2]]), np.array([0]), (1,))
    plan = Plan(3, np.array([3]), (Elected(np.array([0]), votes),))
    for table in (X, pl.from_pandas(X), pa.Table.from_pandas(X)):
        assert cells(plan.apply(table)[0]) == [[0.5, 2**60 + 1]]


def test_votes_may_be_on_a_column_that_a_later_block_computes_with():
    X = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 5.0]])
    votes = Votes(np.array([[0, 1, 2]]), np.array([0]), (1,))
    first = Plan(3, np.arange(4), (Between(np.array([2]), np.array([0]), np.array([0.5]), votes),))
    later = Plan(4, np.array([4]), (Between(np.array([3]), np.array([2]), np.array([0.5])),))
    assert first.apply(X)[0][3].tolist() == [1.0, 1.0]
    assert first.then(later).apply(X)[0].tolist() == [[1.5, 3.0]]


TABLE = np.random.default_rng(0).normal(size=(8, 3))
LABELS = list("abababab")
MADE = Plan(8, np.arange(9), (Between(np.array([7]), np.array([0]), np.array([0.5])),))


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


def test_summary_counts_the_rows_that_lie_nearest_to_another_class():
    X, y = np.array([[0.0], [1.0], [4.0], [6.0]]), ["a", "b", "a", "b"]
    block = Between(np.array([1, 1, 1]), np.array([3, 3, 3]), np.array([0.0, 0.5, 0.9]))
    plan = Plan(4, np.arange(7), (block,))  # at 1, 3.5 and 5.5
    for table in (X, sp.csr_array(X), X.astype(np.float32), pl.DataFrame({"x": X[:, 0], "w": y})):
        found = plan.summary(table, y)
        assert found["made_nearest_to_another_class"] == 1
        assert found["share_nearest_to_another_class"] == pytest.approx(1 / 3)
        assert found["most_uses_of_a_parent"] == 3
    gap = np.column_stack([X, [np.nan, 0, 0, 0]])
    assert plan.summary(gap, y)["made_nearest_to_another_class"] == 1
    words = pd.DataFrame({"word": y})
    assert plan.summary(words, y)["made_nearest_to_another_class"] is None
    assert plan.summary(words, y)["share_nearest_to_another_class"] is None
    kept = Plan(4, np.array([0, 1])).summary(X, y)
    assert kept["made_nearest_to_another_class"] == kept["share_nearest_to_another_class"] == 0
    with pytest.raises(InvalidInput, match="both X and y"):
        plan.summary(X)
    with pytest.raises(InvalidInput, match="must have 4 rows"):
        plan.summary(X[:3], y)


def test_summary_counts_what_happens():
    block = Between(np.array([1, 1, 3]), np.array([0, 0, 0]), np.zeros(3))
    plan = Plan(5, np.array([0, 0, 1, 5, 6, 7, 4]), (block,))
    found = plan.summary()
    assert (found["rows_before"], found["rows_after"]) == (5, 7)
    assert (found["dropped"], found["repeated"], found["made"]) == (2, 1, 3)
    assert (found["parents"], found["most_uses_of_a_parent"]) == (2, 2)
    assert Plan(2, np.array([0, 1])).summary()["most_uses_of_a_parent"] == 0


def test_summary_counts_made_rows_that_a_later_step_dropped():
    block = Between(np.array([1, 1, 3]), np.array([0, 0, 0]), np.zeros(3))
    first = Plan(4, np.arange(7), (block,))
    assert first.summary()["made_then_dropped"] == 0
    both = first.then(Plan(7, np.array([0, 1, 3, 6, 6])))  # row 2 goes, and two made rows
    found = both.summary()
    assert (found["dropped"], found["made"], found["made_then_dropped"]) == (1, 2, 2)


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
        (
            lambda: Plan(
                3,
                np.array([0]),
                (Elected(np.array([0]), Votes(np.array([[3]]), np.array([0]), (0,))),),
            ),
            "voters of Elected",
        ),
        (
            lambda: Plan(
                3,
                np.array([3]),
                (Elected(np.array([0]), Votes(np.array([[0]]), np.array([0]), (4,))),),
            ).apply(np.zeros((3, 2))),
            "a column at each position that holds categories, up to 4. Got 2",
        ),
        (lambda: Plan(3, np.array([0])).then(Plan(2, np.array([0]))), "a plan for 1 rows"),
        (lambda: Plan(3, np.array([0])).apply(np.zeros((2, 1)), [0, 1]), "must have 3 rows"),
        (lambda: Plan(3, np.array([0])).apply(np.zeros((3, 1)), [0, 1]), "Got 2"),
        (lambda: next(Plan(1, np.array([0])).batches([[1]], size=0)), "at least 1"),
        (lambda: next(MADE.batches(TABLE[:5])), "must have 8 rows, as the plan has. Got 5"),
        (lambda: next(MADE.batches(TABLE, LABELS[:5])), "must have 8 rows"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()
