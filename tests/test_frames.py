"""The tables of predictions: every row once, labels of their own kind, no column lost."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.frames import labels_series, oof_frame
from evenkeel.frames import test_frame as untouched_frame
from evenkeel.race import Comparison, Entry
from evenkeel.scores import Scores
from evenkeel.split import Split
from evenkeel.table import read_table


class Settled:
    def __init__(self, proba):
        self.proba = proba


def make(frame, *, n_repeats=2, **options):
    """A table, a split of its rows, and two remedies with scores (and one without)."""
    table = read_table(frame, target="y", **options)
    at = np.arange(table.n_rows)
    split = Split(at[at % 4 != 0], at[at % 4 == 0], "stratified")
    n, k = len(split.train), len(table.classes)
    rng = np.random.default_rng(0)
    entries = []
    for name in ("none", "smote"):
        raw = rng.dirichlet(np.ones(k), (n_repeats, n))
        scores = Scores(
            table.y[split.train], raw, rng.integers(0, 3, (n_repeats, n)), table.classes
        )
        entries.append(Entry(name, "m", "rows", scores=scores, settled=Settled(raw[..., ::-1])))
    failed = Entry("random-over", "m", "rows", status="failed", reason="no luck")
    compared = Comparison([*entries, failed], entries[0], "why", "roc-auc", table.classes)
    return table, split, compared


def frame(**more):
    n = 40
    base = {"a": np.arange(n) / 2, "t": ["x", "z"] * (n // 2), "y": [0, 0, 0, 1] * (n // 4)}
    return pl.DataFrame(base | more)


def test_every_training_row_stands_once_for_each_remedy_and_repeat():
    table, split, compared = make(frame())
    found = oof_frame(compared, table, split)
    assert found.columns == [
        "row", "mark", "target", "repeat", "fold", "remedy", "learner",
        "raw_0", "raw_1", "probability_0", "probability_1", "a",
    ]  # fmt: skip
    assert found.height == 2 * 2 * len(split.train)
    assert set(found["remedy"]) == {"none", "smote"}, "what has no scores has no rows"
    for entry in compared.entries[:2]:
        for repeat in range(2):
            part = found.filter((pl.col("remedy") == entry.name) & (pl.col("repeat") == repeat))
            assert part["row"].to_list() == split.train.tolist()
            assert np.array_equal(part["raw_1"].to_numpy(), entry.scores.raw[repeat, :, 1])
            assert np.array_equal(
                part["probability_1"].to_numpy(), entry.settled.proba[repeat, :, 1]
            )
            assert np.array_equal(part["fold"].to_numpy(), entry.scores.fold[repeat])
            assert part["target"].to_list() == table.y[split.train].tolist()
            assert part["a"].to_list() == (split.train / 2).tolist()


def test_time_and_group_stand_beside_the_numbers():
    when = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 9), "1d", eager=True)
    table_of = frame(when=when, shop=["u", "v"] * 20)
    table, split, compared = make(table_of, time="when", group="shop")
    found = oof_frame(compared, table, split)
    assert found["when"].dtype == pl.Datetime("us")
    one = found.filter((pl.col("remedy") == "none") & (pl.col("repeat") == 0))
    assert one["when"].to_list() == when.gather(split.train).to_list()
    pairs = set(
        zip(
            one["shop"].to_list(), ["u" if row % 2 == 0 else "v" for row in one["row"]], strict=True
        )
    )
    assert pairs == {("u", "u"), ("v", "v")}
    n_test = len(split.test)
    tested = untouched_frame(table, split.test, np.full((n_test, 2), 0.5), np.zeros(n_test, int))
    assert tested.columns == [
        "row",
        "mark",
        "target",
        "probability",
        "decision",
        "a",
        "when",
        "shop",
    ]
    for name in ("when", "shop"):
        assert tested[name].to_list() == pl.Series(table_of[name]).gather(split.test).to_list()


def test_a_column_that_is_called_decision_moves_aside():
    table, split, _ = make(frame(decision=range(40), probability=range(40)))
    n_test = len(split.test)
    found = untouched_frame(table, split.test, np.full((n_test, 2), 0.5), np.zeros(n_test, int))
    assert found["decision_"].to_list() == found["probability_"].to_list() == split.test.tolist()


@given(st.sets(st.sampled_from(
    ["row", "row_", "row__", "target", "target_", "repeat", "fold", "remedy", "learner", "at",
     "raw_0", "raw_0_", "probability_1", "probability_1_", "index", "literal", ""]
), min_size=1))  # fmt: skip
def test_no_column_is_lost_whatever_it_is_called(names):
    names = sorted(names - {""})
    given_ = {name: np.arange(40) * 100 + i for i, name in enumerate(names)}
    table, split, compared = make(frame(**given_), n_repeats=1)
    found = oof_frame(compared, table, split).filter(pl.col("remedy") == "none")
    assert len(set(found.columns)) == len(found.columns)
    assert found["row"].to_list() == split.train.tolist()
    held = [found[column].to_list() for column in found.columns]
    for i, _ in enumerate(names):
        assert (split.train * 100 + i).tolist() in held


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("no", "yes"), ("no", "yes")),
        ((False, True), (False, True)),
        ((-1, 2**62), (-1, 2**62)),
        ((0.5, 1.5), (0.5, 1.5)),
        (("rest", 3), ("rest", "3")),
        (("rest", True), ("rest", "True")),
    ],
    ids=str,
)
def test_labels_are_of_their_own_kind_and_of_text_where_they_are_mixed(labels, expected):
    codes = np.array([1, 0, 1])
    found = labels_series(labels, codes).to_list()
    assert found == [expected[code] for code in codes]
    assert [type(label) for label in found] == [type(expected[code]) for code in codes]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_untouched_rows_have_one_probability_or_one_for_each_class(n_classes):
    y = [0, 0, 1, n_classes - 1] * 10
    table, split, _ = make(frame(y=y))
    at = split.test
    p = np.random.default_rng(0).dirichlet(np.ones(n_classes), len(at))
    decided = p.argmax(axis=1)
    found = untouched_frame(table, at, p, decided)
    names = ["probability"] if n_classes == 2 else [f"probability_{c}" for c in range(n_classes)]
    assert found.columns == ["row", "mark", "target", *names, "decision", "a"]
    assert found["a"].to_list() == (at / 2).tolist()
    assert found["row"].to_list() == at.tolist()
    assert found["target"].to_list() == [table.classes[code] for code in table.y[at]]
    assert found["decision"].to_list() == [table.classes[code] for code in decided]
    assert np.array_equal(found[names[-1]].to_numpy(), p[:, -1])
